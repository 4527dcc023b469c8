/** Name stock for the generated members. Mixed on purpose: no single country's register reads like this. */
export const FIRST_NAMES: readonly string[] = [
  'Adela', 'Agnes', 'Aisha', 'Albin', 'Alma', 'Anders', 'Anouk', 'Arno', 'Astrid', 'Basil', 'Beata', 'Bram',
  'Bruno', 'Carla', 'Cedric', 'Clara', 'Dagmar', 'Daniyar', 'Delphine', 'Dominic', 'Edda', 'Edmund', 'Eleni',
  'Elias', 'Emeka', 'Esther', 'Farida', 'Felix', 'Fiona', 'Gerda', 'Gideon', 'Greta', 'Hana', 'Harald', 'Hedwig',
  'Hugo', 'Ida', 'Imran', 'Ingrid', 'Iris', 'Jakub', 'Jasmin', 'Johan', 'Judith', 'Kaja', 'Karim', 'Katrin',
  'Leif', 'Leonie', 'Lucian', 'Maarten', 'Magda', 'Marek', 'Mathilde', 'Mirela', 'Nadia', 'Nikolas', 'Nils',
  'Odile', 'Olga', 'Oskar', 'Paulina', 'Pieter', 'Priya', 'Ragnhild', 'Rasmus', 'Renata', 'Rosa', 'Rufus',
  'Salma', 'Sander', 'Selma', 'Silvia', 'Stefan', 'Tamar', 'Teodor', 'Thea', 'Tobias', 'Ursula', 'Valentin',
  'Vera', 'Viktor', 'Wanda', 'Wim', 'Yara', 'Yusuf', 'Zdenka', 'Zoltan',
];

export const LAST_NAMES: readonly string[] = [
  'Abernal', 'Aldersey', 'Ambrose', 'Arkwell', 'Baird', 'Barendse', 'Belling', 'Birkeland', 'Bosgrove', 'Brandt',
  'Brennick', 'Calloway', 'Carstens', 'Chidi', 'Cordwain', 'Crane', 'Dahlberg', 'Darrow', 'Demir', 'Dravik',
  'Eastman', 'Edelkamp', 'Ekberg', 'Ellery', 'Falk', 'Fenner', 'Ferrand', 'Fosse', 'Galloway', 'Garde', 'Gilmour',
  'Graaf', 'Grimsby', 'Hagen', 'Halloran', 'Harker', 'Hasek', 'Hollis', 'Horvat', 'Ilves', 'Jansson', 'Jarrow',
  'Kallas', 'Karim', 'Keller', 'Kerrigan', 'Kovac', 'Kramer', 'Lagarde', 'Lanyon', 'Larkin', 'Lindholm', 'Lorne',
  'Maddern', 'Marchetti', 'Merrow', 'Mikkelsen', 'Moravec', 'Nagy', 'Nerland', 'Nwosu', 'Oakeshott', 'Odell',
  'Orlov', 'Osterman', 'Paget', 'Pasternak', 'Penrose', 'Pohl', 'Quill', 'Rahman', 'Ravn', 'Redfern', 'Reinholt',
  'Roper', 'Rowntree', 'Sandoval', 'Sarpong', 'Schell', 'Selby', 'Skagen', 'Sorley', 'Stavros', 'Strand', 'Sunde',
  'Talbot', 'Tanaka', 'Tern', 'Thorne', 'Tiller', 'Torvald', 'Ueland', 'Vance', 'Varga', 'Verhoeven', 'Voss',
  'Wadden', 'Weatherby', 'Westlake', 'Wick', 'Winter', 'Wolff', 'Yarrow', 'Zeller', 'Ziegler',
];

/** Members the written news names: they keep name, group and office in every run. */
export const NAMED_MEMBERS: readonly {
  readonly name: string;
  readonly groupId: string;
  readonly districtId: string;
  readonly office: string;
}[] = [
  { name: 'Ilse Vandermoor', groupId: 'civic-union', districtId: 'capital', office: 'President of the Parliament' },
  { name: 'Tomas Brekke', groupId: 'labour-solidarity', districtId: 'southbank', office: 'Leader of the Labour and Solidarity group' },
  { name: 'Amina Okonjo', groupId: 'green-commons', districtId: 'lindmere', office: 'Chair of the Environment and Water Committee' },
  { name: 'Petra Lindqvist', groupId: 'liberal-alliance', districtId: 'capital', office: 'Chair of the Foreign Affairs Committee' },
  { name: 'Josip Haldane', groupId: 'farmers-islands', districtId: 'outer-isles', office: 'Leader of the Farmers’ and Islands’ League' },
  { name: 'Walter Greve', groupId: 'national-heritage', districtId: 'northmark', office: 'Leader of the National Heritage group' },
  { name: 'Noor Castellan', groupId: 'independents', districtId: 'vale', office: 'Chair of the Petitions Committee' },
  { name: 'Henrik Sable', groupId: 'civic-union', districtId: 'estuary', office: 'Leader of the Civic Union group' },
];

export const PROFESSIONS: readonly string[] = [
  'secondary-school teacher', 'harbour pilot', 'family doctor', 'electrician', 'district judge', 'dairy farmer',
  'structural engineer', 'nurse', 'journalist', 'economist', 'midwife', 'lock keeper', 'social worker', 'bookseller',
  'ferry captain', 'tax inspector', 'chemist', 'town planner', 'librarian', 'train driver', 'software developer',
  'notary', 'veterinary surgeon', 'shop steward', 'historian', 'fisheries biologist', 'carpenter', 'pharmacist',
];
