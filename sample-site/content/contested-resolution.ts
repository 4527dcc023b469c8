/** The papers of the contested vote, written by hand: the resolution of last night and the bill of tonight. */
export const CONTESTED_RESOLUTION = {
  title: 'Resolution on the detention of ferry crews by the authorities of Vostmark',
  summary:
    'Condemns the detention of nineteen crew members of three ferries, demands consular access, and asks the government to bring the dispute before the court of the treaty on the Karst Lakes.',
  body: [
    '## Considerations',
    'A. On three days in April vessels of the Vostmark frontier guard boarded the ferries Heron, Marsh Warbler and Constance on the Karst Lakes, inside the channel which the treaty leaves open to the ships of both shores.',
    'B. Nineteen members of the crews have been held since. None has been brought before a judge. Eleven requests for consular visits were refused; to the last two there was no answer.',
    'C. The treaty on the Karst Lakes knows no right to board a passenger vessel except to save life. The secretariat of the treaty, asked by both sides, has said so in writing.',
    'D. The crossing carries nine hundred people on a working day, many of them schoolchildren and patients. Since April it has carried fewer than two hundred.',
    'E. Opinions differ in this house on the means. They do not differ on the wish to see the crews at home.',
    '## The house',
    '1. Condemns the boarding of the three vessels and the detention of their crews as acts without basis in the treaty.',
    '2. Demands that the crews be released, and that until then they be visited by a consul and by a doctor of their choice.',
    '3. Asks the government to bring the dispute before the court of the treaty within three weeks.',
    '4. Asks the government to lay before the house a list of the officials responsible, and to propose measures against them that leave humanitarian traffic and ordinary travellers untouched.',
    '5. Asks the government to pay the wages of the crews to their families for as long as the detention lasts.',
    '6. Thanks the pilots, the volunteers of the lake rescue and the treaty secretariat.',
    '7. Instructs its President to forward this resolution to the government, to the secretariat of the treaty and to the assembly of Vostmark.',
    '## Procedure',
    'Tabled by Petra Lindqvist on behalf of the Foreign Affairs Committee. Paragraph 4 was put to a separate vote at the request of the Civic Union group and was kept. The final vote was taken by roll call.',
  ].join('\n\n'),
} as const;

export const CROSSINGS_BILL = {
  title: 'Bill on the protection of crews and passengers on lake crossings (Lake Crossings Bill)',
  summary:
    'Lets the harbour authority suspend sailings at an hour’s notice, compensates crews for lost days, and obliges the foreign ministry to report weekly on crew members held abroad.',
  body: [
    '## Explanatory statement',
    'The events of April showed that nobody had the power to stop a sailing in time, and that a crew which refuses to sail for fear of arrest loses its wage. This bill mends both. It does not forbid the crossing, and it expires after one year.',
    'The government was asked to act by a majority of the Foreign Affairs Committee and by the union of ferry crews. The council of state had seven remarks; five were followed.',
    '## Text of the bill',
    'Article 1. The harbour authority may suspend sailings on the Karst Lakes for up to seventy-two hours where the safety of crews or passengers so requires. It shall give notice of at least one hour and state its reasons on its website and by radio.',
    'Article 2. A suspension may be renewed twice. Any further renewal needs the consent of the house, which decides within four days.',
    'Article 3. Members of a crew shall receive their full wage for each day on which sailing is suspended, and for each day on which they decline to sail after a warning of the harbour authority. The state shall repay the operator.',
    'Article 4. The foreign ministry shall report to the house every week on each member of a crew held abroad: place, state of health, visits requested and visits allowed. Names are published only with the consent of the family.',
    'Article 5. Pupils and patients shall be carried by another route at the expense of the state while sailings are suspended.',
    'Article 6. This Act enters into force on the day after its publication and lapses one year later.',
    '## Financial note',
    'The budget office puts the cost at 31 million crowns for the year, of which nineteen for wages, eight for other transport and four for reserves. If sailings are not suspended the Act costs nothing.',
    '## Procedure',
    'Urgent procedure agreed by the conference of group leaders. Thirty-eight amendments are before the house.',
  ].join('\n\n'),
} as const;
