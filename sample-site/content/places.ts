/** The electoral districts of Exampleland and towns inside them. All invented. */
export interface District {
  readonly id: string;
  readonly name: string;
  readonly towns: readonly string[];
}

export const DISTRICTS: readonly District[] = [
  { id: 'capital', name: 'Aldermouth', towns: ['Aldermouth Quays', 'Old Mint', 'Tannery Hill', 'Saint Brannoc'] },
  { id: 'lindmere', name: 'Lindmere', towns: ['Lindmere', 'Upper Sluice', 'Reedham Bridge', 'Carrow'] },
  { id: 'northmark', name: 'Northmark', towns: ['Hallberg', 'Stonegate', 'Vessen', 'Kjelsted'] },
  { id: 'harrowdale', name: 'Harrowdale', towns: ['Harrow', 'Milden', 'Three Ashes', 'Coldwell'] },
  { id: 'estuary', name: 'The Estuary', towns: ['Port Ormond', 'Saltings', 'Greywater', 'Mudlark Point'] },
  { id: 'outer-isles', name: 'Outer Isles', towns: ['Skerra', 'Tirnay', 'Long Holm', 'Sandwick Bay'] },
  { id: 'eastfold', name: 'Eastfold', towns: ['Brackley', 'Fenwright', 'Dunmarket', 'Osier'] },
  { id: 'kestrel', name: 'Kestrel Heights', towns: ['Kestrel', 'Upper Vale', 'Marrowstone', 'Quarry End'] },
  { id: 'southbank', name: 'Southbank', towns: ['Castellan', 'Ropewalk', 'Fairhaven', 'New Dock'] },
  { id: 'vale', name: 'Vale of Orrin', towns: ['Orrin', 'Applecross', 'Winterbourne', 'Beacon'] },
];

export const PLACES: readonly string[] = DISTRICTS.flatMap((district) => [district.name, ...district.towns]);
