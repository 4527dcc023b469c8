/** The political groups of the house, from left to right as they sit, with seats that add up to 151. */
export interface Group {
  readonly id: string;
  readonly name: string;
  readonly short: string;
  readonly seats: number;
  /** Fill used in charts and portraits; text is never set in this colour. */
  readonly colour: string;
  readonly about: string;
}

export const GROUPS: readonly Group[] = [
  {
    id: 'green-commons', name: 'Green Commons', short: 'GC', seats: 19, colour: '#3f8f4f',
    about: 'Founded by the water campaigners of the Lindmere basin; sits on the far left of the chamber.',
  },
  {
    id: 'labour-solidarity', name: 'Labour and Solidarity', short: 'LS', seats: 36, colour: '#c0392f',
    about: 'Grew out of the dockers’ and railway unions; in government since the last election.',
  },
  {
    id: 'liberal-alliance', name: 'Liberal Alliance', short: 'LA', seats: 22, colour: '#d9a21b',
    about: 'A merger of two city parties; junior partner in the coalition.',
  },
  {
    id: 'independents', name: 'Independents', short: 'IND', seats: 6, colour: '#7d7f87',
    about: 'Members elected on district lists who share an office but no whip.',
  },
  {
    id: 'farmers-islands', name: 'Farmers’ and Islands’ League', short: 'FIL', seats: 14, colour: '#8a6a3c',
    about: 'Speaks for the outer islands and the upland districts; supports the coalition case by case.',
  },
  {
    id: 'civic-union', name: 'Civic Union', short: 'CU', seats: 41, colour: '#2f62a8',
    about: 'The largest group in the house and the main opposition party.',
  },
  {
    id: 'national-heritage', name: 'National Heritage Party', short: 'NHP', seats: 13, colour: '#7b62b3',
    about: 'Entered parliament six years ago; sits on the far right of the chamber.',
  },
];
