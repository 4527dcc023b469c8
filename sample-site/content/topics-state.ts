import type { Topic } from './topic.ts';

export const STATE_TOPICS: readonly Topic[] = [
  {
    id: 'foreign', name: 'Foreign affairs', committee: 'Foreign Affairs',
    subjects: [
      'lake navigation treaties', 'consular assistance', 'election observation', 'trade with Vostmark', 'arms exports',
      'border traffic', 'press freedom abroad', 'development cooperation', 'sanctions', 'the treaty on the Karst Lakes',
    ],
    actors: [
      'the foreign ministry', 'the consular service', 'the union of ferry crews', 'the treaty secretariat',
      'the institute for international law', 'the exporters’ federation', 'the association of journalists',
    ],
    measures: [
      'ask for consular access without delay', 'publish every export licence within a month',
      'lay the dispute before the treaty court', 'send observers to the frontier crossings',
      'keep humanitarian traffic outside all measures', 'report to the house each quarter',
    ],
    problems: [
      'consular visits were refused eleven times', 'the treaty knows no deadline for an answer',
      'licences are published a year after the goods have left', 'crews sail without knowing which rules apply',
      'two ministries keep separate lists', 'journalists were turned back at the frontier',
    ],
  },
  {
    id: 'budget', name: 'Budget and control', committee: 'Budget and Control',
    subjects: [
      'the national budget', 'procurement', 'the audit of accounts', 'state guarantees', 'tax arrears', 'regional funds',
      'the pension reserve', 'subsidy control', 'lottery income', 'the cost of consultants',
    ],
    actors: [
      'the court of audit', 'the ministry of finance', 'the tax administration', 'the budget office',
      'the anti-fraud unit', 'the association of municipalities', 'the procurement authority',
    ],
    measures: [
      'publish each contract above twenty thousand crowns', 'close subsidy schemes that nobody has evaluated in eight years',
      'limit consultants to a tenth of staff cost', 'write off arrears below the cost of collecting them',
      'let the budget office cost amendments before the vote', 'return unspent regional funds to the regions',
    ],
    problems: [
      'a quarter of contracts was extended without competition', 'the reserve is valued by a method given up elsewhere',
      'accounts arrived after the vote on them', 'nobody could name the owner of forty schemes',
      'collecting small arrears costs more than it brings', 'guarantees do not appear in the deficit',
    ],
  },
  {
    id: 'health', name: 'Health and care', committee: 'Health and Care',
    subjects: [
      'waiting times', 'rural maternity care', 'medicine shortages', 'dental care for children', 'hospital mergers',
      'home care', 'ambulance response', 'mental health at school', 'patient records', 'night nursing',
    ],
    actors: [
      'the patients’ ombudsman', 'the nurses’ union', 'the hospital federation', 'the medicines agency',
      'the college of family doctors', 'the care inspectorate', 'the health insurers',
    ],
    measures: [
      'keep a three-month stock of forty essential medicines', 'reach every home within fifteen minutes by ambulance or boat',
      'let patients see who opened their record', 'fund a midwife post on each larger island',
      'forbid mergers that leave a district without emergency care', 'pay travel time in home care',
    ],
    problems: [
      'waiting times for hip surgery passed nine months', 'shortages were known six weeks before pharmacies heard',
      'mothers travel two hours by boat', 'home-care staff are paid for visits, not for the road between them',
      'records were opened by staff who had no reason to', 'night shifts are filled from agencies at double the price',
    ],
  },
  {
    id: 'justice', name: 'Justice and rights', committee: 'Justice and Rights',
    subjects: [
      'legal aid', 'prison overcrowding', 'victims’ rights', 'police cameras', 'juvenile courts', 'freedom of information',
      'guardianship', 'court fees', 'demonstrations', 'expert witnesses',
    ],
    actors: [
      'the council for the judiciary', 'the bar association', 'the data protection authority', 'the police union',
      'the prison inspectorate', 'the victims’ fund', 'the public prosecutor',
    ],
    measures: [
      'answer information requests within twenty days', 'delete camera images after four weeks',
      'set court fees by income', 'hear children in an ordinary room', 'give victims one named contact',
      'publish judgments without names within a week',
    ],
    problems: [
      'two thirds of requests are answered late', 'cells built for one hold two', 'legal aid pays rates fixed eleven years ago',
      'camera images were kept without a term', 'victims learn of a release from the newspaper',
      'three districts have no family judge',
    ],
  },
  {
    id: 'digital', name: 'Digital affairs', committee: 'Digital Affairs',
    subjects: [
      'the resilience of public websites', 'the electronic identity', 'algorithm registers', 'broadband on the islands',
      'open data', 'the safety of connected devices', 'electronic invoices', 'phone masts', 'public software', 'the cable to Skerra',
    ],
    actors: [
      'the cyber security centre', 'the data protection authority', 'the telecom regulator', 'the state archive',
      'the association of municipalities', 'the digital council', 'the university of Aldermouth',
    ],
    measures: [
      'keep public information readable during an attack', 'publish the source of software paid for by the state',
      'offer every service on paper too', 'register each algorithm before it is used',
      'lay a second cable to the islands', 'test the restore of back-ups once a year',
    ],
    problems: [
      'four ministries could not say which systems they run', 'the islands hang on a single cable',
      'back-ups were made but never restored', 'services were moved online without a counter',
      'one supplier holds the keys of nine registers', 'attacks on public websites doubled in a year',
    ],
  },
  {
    id: 'petitions', name: 'Petitions', committee: 'Petitions',
    subjects: [
      'noise from the night freight line', 'the school bus to Coldwell', 'access to the beach at Sandwick Bay',
      'a pedestrian bridge at Ropewalk', 'the opening hours of registry offices', 'street lighting in Three Ashes',
      'the naming of the new dock', 'lead pipes in older homes', 'the post office on Long Holm', 'dogs on the coastal path',
    ],
    actors: [
      'the petitioners', 'the municipality', 'the national ombudsman', 'the road agency', 'the residents’ group',
      'the post company', 'the competent ministry',
    ],
    measures: [
      'hear the petitioners in public', 'answer within three months', 'inspect the site with the residents',
      'publish the measurements on which the refusal rests', 'restore the service for a trial year', 'pay the costs of the expert',
    ],
    problems: [
      'letters went unanswered for fourteen months', 'the measurements were made on a public holiday',
      'the decision cites a rule that had lapsed', 'residents heard of the closure from a notice on the door',
      'nobody had visited the place', 'the cost estimate counted the same work twice',
    ],
  },
];
