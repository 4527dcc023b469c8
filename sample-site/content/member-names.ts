/** Name stock for the generated members. Mixed on purpose: no single country’s register reads like this. */
const WOMEN: readonly string[] = [
  'Adela', 'Agnes', 'Aisha', 'Alma', 'Anouk', 'Astrid', 'Beata', 'Carla', 'Clara', 'Dagmar', 'Delphine',
  'Edda', 'Eleni', 'Esther', 'Farida', 'Fiona', 'Gerda', 'Greta', 'Hana', 'Hedwig', 'Ida', 'Ingrid', 'Iris',
  'Jasmin', 'Judith', 'Kaja', 'Katrin', 'Leonie', 'Magda', 'Mathilde', 'Mirela', 'Nadia', 'Odile', 'Olga',
  'Paulina', 'Priya', 'Ragnhild', 'Renata', 'Rosa', 'Salma', 'Selma', 'Silvia', 'Tamar', 'Thea', 'Ursula',
  'Vera', 'Wanda', 'Yara', 'Zdenka',
];

const MEN: readonly string[] = [
  'Albin', 'Anders', 'Arno', 'Basil', 'Bram', 'Bruno', 'Cedric', 'Daniyar', 'Dominic', 'Edmund', 'Elias',
  'Emeka', 'Felix', 'Gideon', 'Harald', 'Hugo', 'Imran', 'Jakub', 'Johan', 'Karim', 'Leif', 'Lucian',
  'Maarten', 'Marek', 'Nikolas', 'Nils', 'Oskar', 'Pieter', 'Rasmus', 'Rufus', 'Sander', 'Stefan', 'Teodor',
  'Tobias', 'Valentin', 'Viktor', 'Wim', 'Yusuf', 'Zoltan',
];

export const FIRST_NAMES: readonly string[] = [...WOMEN, ...MEN];

/** Names drawn with a beard now and then, and seldom with long hair. */
export const BEARDED_NAMES: ReadonlySet<string> = new Set([...MEN, 'Tomas', 'Josip', 'Walter', 'Henrik']);

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
