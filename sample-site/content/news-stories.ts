import type { SceneKind } from '../pictures/paint-scene.ts';

/**
 * The written news. The slots {yes}, {no} and {abstain} take the figures of the contested vote, so that text and
 * roll call never disagree. `clock` is the hour of publication on the day.
 */
export interface NewsStory {
  readonly slug: string;
  readonly daysAgo: number;
  readonly clock: string;
  readonly section: string;
  readonly title: string;
  readonly lead: string;
  readonly paragraphs: readonly string[];
  readonly picture?: { readonly scene: SceneKind; readonly tone: 0 | 1; readonly alt: string };
  /** Set on the one item that is about the contested vote. */
  readonly contested?: true;
}

export const CONTESTED_SLUG = 'resolution-on-detained-ferry-crews-adopted';

export const NEWS_STORIES: readonly NewsStory[] = [
  {
    slug: 'tonight-final-vote-lake-crossings-bill', daysAgo: 0, clock: '07:30', section: 'Plenary',
    title: 'Tonight: final vote on the Lake Crossings Bill',
    lead: 'The house votes at 19:30 on emergency rules for ferries on the Karst Lakes. The debate is public and can be followed from the gallery and on this site.',
    paragraphs: [
      'The bill gives the harbour authority the power to suspend sailings at an hour’s notice, pays crews for the days on which they cannot sail, and obliges the foreign ministry to report every week on crew members held abroad. It was drafted in nine days, which the committee called “fast, and not comfortable”.',
      'Thirty-eight amendments remain. The most disputed, by Walter Greve (National Heritage), would have stopped all traffic with Vostmark for a year; the committee advised against it by fourteen votes to three. A second, by Josip Haldane (Farmers’ and Islands’ League), would extend the compensation to island shops that live from the crossing.',
      'The gallery opens at 18:45. Seats cannot be reserved. The result of the vote, with the vote of each member, is published here a few minutes after the President has announced it. We expect many visitors tonight: the text of the bill, the agenda and the result are all on pages that load on a slow telephone.',
    ],
    picture: { scene: 'night', tone: 0, alt: 'The old town at night under a full moon, its lit windows reflected in still water.' },
  },
  {
    slug: CONTESTED_SLUG, daysAgo: 1, clock: '22:10', section: 'Plenary',
    title: 'Divided house adopts resolution on detained ferry crews',
    lead: 'After seven hours of debate parliament condemned the detention of nineteen crew members by the authorities of Vostmark, by {yes} votes to {no}, with {abstain} abstentions.',
    paragraphs: [
      'The resolution calls the boarding of three lake ferries in the spring “an act without basis in the treaty of the Karst Lakes”, demands consular access without delay, and asks the government to bring the dispute before the treaty court. It also asks for a list of the officials responsible, the paragraph that divided the house.',
      'Petra Lindqvist (Liberal Alliance), who chairs the Foreign Affairs Committee, said that families had waited long enough. “Eleven requests for a visit, eleven refusals. A parliament that cannot say this aloud has little else to say.” Tomas Brekke (Labour and Solidarity) reminded members that the crews are members of a trade union, “and so, in a manner of speaking, are we”.',
      'Henrik Sable (Civic Union) voted against. He feared that naming officials would close the last open channel: “I want them home, not in a communiqué.” Josip Haldane (Farmers’ and Islands’ League) asked who would buy the herring in the meantime. The National Heritage Party voted against the text as too weak; the Civic Union left its members free.',
      'The ministry of foreign affairs of Vostmark called the debate “an unfriendly act” before it had ended. The President of the Parliament, Ilse Vandermoor, answered from the chair that the house decides on its own agenda.',
      'The resolution now goes to the government, which has three weeks to answer. The bill on the crossings themselves is on the agenda of the following sitting.',
    ],
    picture: { scene: 'lake', tone: 0, alt: 'A wide lake at dusk under a red sky, hills on the far shore.' },
    contested: true,
  },
  {
    slug: 'site-notice-busy-evenings', daysAgo: 1, clock: '12:00', section: 'Notice',
    title: 'If this site is slow during a vote',
    lead: 'On evenings with a large vote this site receives forty times its usual number of visitors. A few hints.',
    paragraphs: [
      'The agenda and the results are plain pages: reload them rather than the search, which is the heaviest thing we have. The telephone line of the registry is staffed until the end of the sitting, and the result is read out on public radio at the full hour.',
      'We keep no advertising and no trackers on this site, so nothing is lost when you switch off scripts.',
    ],
  },
  {
    slug: 'crews-families-received-by-president', daysAgo: 2, clock: '16:20', section: 'President',
    title: 'President receives families of the detained crews',
    lead: 'Twenty-six relatives of the crews held since April were received in the Chart Room on the eve of the debate.',
    paragraphs: [
      'The meeting was closed to the press at the families’ request. In a short statement afterwards Ilse Vandermoor said that she had heard “nothing about foreign policy and a good deal about birthdays”.',
      'The families asked for three things: a fixed day for telephone calls, the delivery of winter clothing, and an interpreter of their own choice at any hearing. The President passed the requests to the consular service the same afternoon.',
      'The Chart Room, on the first floor, holds the maps on which the frontier in the lakes was drawn. One of the visitors, a retired pilot, pointed out an error in them.',
    ],
    picture: { scene: 'harbour', tone: 0, alt: 'Cranes and warehouses along a quay in the early morning.' },
  },
  {
    slug: 'dykes-report-third-of-pumps-past-design-life', daysAgo: 4, clock: '10:00', section: 'Committees',
    title: 'A third of the pumps is past its design life, report says',
    lead: 'The Environment and Water Committee asks for the replacement of three pumping stations before next winter.',
    paragraphs: [
      'The stations at Upper Sluice, Greywater and Fenwright were built for forty years and have run for fifty-two. Together they keep 61,000 people dry. “They work,” says rapporteur Amina Okonjo (Green Commons), “in the way that a candle works.”',
      'The water boards told the committee that parts for the oldest motors are now made to order by a retired engineer in Carrow. He is seventy-eight and has no apprentice.',
      'Replacing the three stations would cost 112 million crowns. The ministry accepts the finding and disputes the date. The plenary debates the report next month.',
    ],
    picture: { scene: 'hills', tone: 1, alt: 'Low fields below hills in mist.' },
  },
  {
    slug: 'written-questions-record-year', daysAgo: 6, clock: '09:15', section: 'Figures',
    title: 'Members asked more questions than ever, and waited longer',
    lead: 'The registry counted 2,914 written questions in the past parliamentary year. The median answer took thirty-three days; the rules allow twenty-one.',
    paragraphs: [
      'Health and care led the list, followed by transport and by housing. One member asked two hundred and eight questions, the largest number since counting began; four members asked none.',
      'The slowest answer took fourteen months and consisted of one sentence. It has been referred to the Petitions Committee as an example.',
    ],
  },
  {
    slug: 'library-opens-debates-since-1871', daysAgo: 8, clock: '11:00', section: 'Library',
    title: 'Debates since 1871 can be read by anyone',
    lead: 'The library has finished photographing the bound volumes. The last shelf held an unpaid bill for coal.',
    paragraphs: [
      'Four people worked for six years on 418 volumes. The pages were not cut, so each volume was photographed at an opening of ninety degrees under glass. The pictures and the recognised text are free of rights.',
      'The early volumes are not dull. In 1884 a member spoke for three hours against the electric light, which failed during his second hour. The stenographer recorded “darkness, and some laughter”.',
      'Readers who find a misread word can report it through the contact form. Please give the volume and the page.',
    ],
    picture: { scene: 'city', tone: 0, alt: 'Roofs and towers of an old town against an evening sky.' },
  },
  {
    slug: 'ferry-timetable-winter-hearing', daysAgo: 11, clock: '14:30', section: 'Committees',
    title: 'Islanders tell committee what a cancelled ferry costs',
    lead: 'A baker, a pharmacist and the head of a school of eleven pupils spoke at the hearing on winter sailings.',
    paragraphs: [
      'A fifth of last winter’s sailings was cancelled with less than two hours’ notice. For the baker of Tirnay that meant 900 loaves; for the pharmacist, insulin carried across in a fishing boat.',
      'The operator pointed to weather, to a crew shortage and to a vessel that spent six weeks in dock. The Transport and Ports Committee will propose one guaranteed return sailing a day, whatever the season.',
    ],
    picture: { scene: 'lake', tone: 1, alt: 'Grey water and low islands under a pale sun.' },
  },
  {
    slug: 'budget-office-opens-its-model', daysAgo: 14, clock: '09:00', section: 'Budget',
    title: 'Budget office opens the model it calculates with',
    lead: 'Anyone can now check how the cost of an amendment is computed, and some already have.',
    paragraphs: [
      'The model is a little over nine thousand lines and was written by a staff of seven. Within a day of publication a secondary-school class in Milden had found an error in the rounding of child benefit. It was worth four hundred thousand crowns, and has been mended.',
      'The class is invited to the public gallery. The teacher asked us to mention that it was homework.',
    ],
  },
  {
    slug: 'night-nursing-bill-sent-back', daysAgo: 18, clock: '18:45', section: 'Plenary',
    title: 'Night nursing bill goes back to committee',
    lead: 'An unusual majority of left and right found the financing of the bill too thin to vote on.',
    paragraphs: [
      'The Health and Care Committee has six weeks to find 48 million crowns or a smaller promise. The minister asked for neither, and got the first.',
      'In the debate, nurses from three hospitals sat in the gallery in their working clothes. Applause from the gallery is not allowed. The President looked at the clock for the length of it.',
    ],
  },
  {
    slug: 'school-visits-return', daysAgo: 22, clock: '08:30', section: 'Visit',
    title: 'School visits: new dates until the summer',
    lead: 'Four groups a day, in three languages, and from now on with a real debate in the old chamber.',
    paragraphs: [
      'Pupils receive a bill, ten amendments and forty minutes. The bills are real ones from the archive, and the results often differ from what the house decided. A class from Applecross abolished the dog tax, which parliament had failed to do on five occasions.',
      'Teachers can ask for a date through the contact form. Travel from the islands is paid.',
    ],
    picture: { scene: 'city', tone: 1, alt: 'The towers of the old town in clear morning light.' },
  },
  {
    slug: 'second-cable-to-skerra', daysAgo: 27, clock: '13:00', section: 'Committees',
    title: 'One anchor, four days without telephone: second cable for Skerra',
    lead: 'The Digital Affairs Committee backs a second sea cable to the Outer Isles by a different route.',
    paragraphs: [
      'Last February an anchor cut the only cable. Payment terminals, the emergency number and the register office were out for four days; the lighthouse, which nobody had connected to anything, went on.',
      'The second cable would land at Sandwick Bay. The regulator considers a radio link cheaper; the islanders consider the regulator a mainlander.',
    ],
    picture: { scene: 'harbour', tone: 1, alt: 'A working harbour with two cranes, seen across the water.' },
  },
  {
    slug: 'petition-freight-noise-upheld', daysAgo: 33, clock: '15:10', section: 'Petitions',
    title: 'Petition on night freight upheld after nine years',
    lead: 'Residents along the line measured the noise themselves. The committee found their figures better than the official ones.',
    paragraphs: [
      'The official measurements were made on a public holiday, when no freight runs. “One has to admire the tidiness of it,” said Noor Castellan, who chairs the Petitions Committee.',
      'The infrastructure manager must now build screens along four kilometres, and pay for the microphones.',
    ],
  },
  {
    slug: 'accessible-chamber-works-finished', daysAgo: 41, clock: '10:20', section: 'House',
    title: 'Every seat in the chamber can now be reached without steps',
    lead: 'The works took two summers and moved three hundred square metres of oak by eleven centimetres.',
    paragraphs: [
      'The lectern lowers to 74 centimetres. A loop for hearing aids runs under the public gallery, and debates are interpreted into sign language on the first Tuesday of each month.',
      'The old steps are kept in the cellar. The heritage office insisted, and visited twice to count them.',
    ],
    picture: { scene: 'hills', tone: 0, alt: 'Green fields before a line of hills, in late summer.' },
  },
];
