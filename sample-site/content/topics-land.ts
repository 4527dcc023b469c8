import type { Topic } from './topic.ts';

export const LAND_TOPICS: readonly Topic[] = [
  {
    id: 'water', name: 'Water and environment', committee: 'Environment and Water',
    subjects: [
      'dyke maintenance', 'river water quality', 'drinking-water reserves', 'peatland restoration', 'sewage overflows',
      'coastal erosion', 'groundwater extraction permits', 'nitrate limits', 'flood insurance', 'the Lindmere sluices',
    ],
    actors: [
      'the water boards', 'the national flood warden', 'the Lindmere basin authority', 'the association of anglers',
      'the hydrological institute', 'the drinking-water companies', 'the environment inspectorate',
    ],
    measures: [
      'publish the inspection results of every primary dyke each spring', 'let no extraction permit run longer than ten years',
      'pay landowners for storing water in wet winters', 'measure sewage overflows every quarter of an hour',
      'replace the oldest pumps before the next winter season', 'give each basin one responsible office',
    ],
    problems: [
      'three of the nine pumping stations are older than their design life', 'the permits were issued before the drought was known',
      'measurements are taken only four times a year', 'two authorities each believed the other was in charge',
      'summer flow in the Orrin has fallen for the fifth year in a row', 'repairs wait for a procurement that takes two seasons',
    ],
  },
  {
    id: 'transport', name: 'Transport and ports', committee: 'Transport and Ports',
    subjects: [
      'ferry services to the Outer Isles', 'night trains', 'bridge inspections', 'port dues', 'bus contracts',
      'level crossings', 'inland shipping', 'cycling routes to school', 'pilotage', 'winter road clearance',
    ],
    actors: [
      'the harbour authority', 'the ferry users’ council', 'the rail regulator', 'the union of bus drivers',
      'the road agency', 'the shippers’ federation', 'the island mayors',
    ],
    measures: [
      'guarantee one return sailing a day in every season', 'publish the condition of each bridge with a date of repair',
      'carry bicycles free of charge outside the morning peak', 'let municipalities end a bus contract after repeated failure',
      'close unguarded crossings within six years', 'base port dues on emissions in port',
    ],
    problems: [
      'a fifth of winter sailings was cancelled at less than two hours’ notice', 'spare parts for the older trains are no longer made',
      'tenders drew a single bidder', 'inspections were recorded on paper and never added up',
      'timetables of bus and ferry are drawn up by separate offices', 'the quay at Port Ormond is too shallow for the new vessels',
    ],
  },
  {
    id: 'agriculture', name: 'Agriculture and fisheries', committee: 'Agriculture and Fisheries',
    subjects: [
      'herring quotas', 'young farmers', 'animal transport', 'seed certification', 'farm succession', 'bycatch',
      'hill grazing', 'pesticide registers', 'school milk', 'the price of feed',
    ],
    actors: [
      'the fisheries institute', 'the farm cooperative', 'the union of smallholders', 'the veterinary service',
      'the island crofters', 'the auction of Port Ormond', 'the agricultural chamber',
    ],
    measures: [
      'set quotas for three years instead of one', 'reserve a tenth of state land for first-time farmers',
      'pay for cameras on vessels that volunteer', 'shorten animal transports to eight hours',
      'open the pesticide register to the public', 'let small abattoirs share an inspector',
    ],
    problems: [
      'half of all farmers will reach pension age within twelve years', 'the survey vessel lay idle for a season',
      'small boats lost their quota to trading', 'land prices have doubled while yields have not',
      'the nearest abattoir is a day’s sailing away', 'the support scheme asks for forms in four systems',
    ],
  },
  {
    id: 'housing', name: 'Housing and regions', committee: 'Housing and Regions',
    subjects: [
      'social rent', 'empty homes', 'foundations on peat', 'building permits', 'holiday lets', 'student rooms',
      'insulation grants', 'village halls', 'land registration', 'homeless shelters',
    ],
    actors: [
      'the tenants’ union', 'the association of municipalities', 'the land registry', 'the housing corporations',
      'the federation of builders', 'the national ombudsman', 'the village councils',
    ],
    measures: [
      'let councils tax homes that stand empty for a year', 'publish waiting times for each municipality every month',
      'lend foundation repair at cost price', 'decide on small permits within four weeks',
      'cap the number of holiday lets in villages under stress', 'keep village halls out of the sale of public property',
    ],
    problems: [
      'a couple on median income can afford one home in nine', 'permits for four homes and for four hundred follow the same path',
      'grants reach owners who would have paid themselves', 'the register does not know who owns a third of the empty homes',
      'cracks were reported in six hundred houses on peat', 'shelters in the capital turned people away on forty nights',
    ],
  },
  {
    id: 'energy', name: 'Economy and energy', committee: 'Economy and Energy',
    subjects: [
      'grid connections', 'offshore wind leases', 'energy bills', 'late payment', 'district heating', 'shop closing hours',
      'minimum wages', 'small-business credit', 'tidal power', 'company registers',
    ],
    actors: [
      'the grid operator', 'the chamber of commerce', 'the consumer council', 'the central bank', 'the trades council',
      'the competition authority', 'the energy regulator',
    ],
    measures: [
      'connect homes before warehouses', 'oblige large buyers to pay within thirty days', 'cap standing charges for small users',
      'share the lease income with coastal districts', 'let heat customers change supplier', 'open the register of owners to journalists',
    ],
    problems: [
      'projects wait six years for a connection', 'large buyers pay on average after seventy-one days',
      'heat customers have no second supplier', 'standing charges rose while consumption fell',
      'lease income goes to the treasury without a trace', 'inspectors visit a firm once in twenty years',
    ],
  },
  {
    id: 'education', name: 'Education and culture', committee: 'Education and Culture',
    subjects: [
      'reading skills', 'teacher shortages', 'public libraries', 'school meals', 'minority languages', 'apprenticeships',
      'museum collections', 'music schools', 'public broadcasting', 'university housing',
    ],
    actors: [
      'the school inspectorate', 'the teachers’ union', 'the library association', 'the student council',
      'the national museum', 'the broadcasting council', 'the parents’ federation',
    ],
    measures: [
      'keep one library open in every municipality', 'pay teachers for moving to the islands',
      'teach the northern dialect on request of ten families', 'return objects whose origin is disputed',
      'count apprenticeships as work experience', 'serve one warm meal a day in primary schools',
    ],
    problems: [
      'one pupil in five leaves primary school reading below level', 'three hundred posts were vacant in September',
      'branches close when the last librarian retires', 'the museum has catalogued a third of its stores',
      'music lessons cost twice as much in rural districts', 'schools hear of budget changes after the school year has begun',
    ],
  },
];
