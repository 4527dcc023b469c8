import type { Member } from '../content/members.ts';

export interface SeatPaint {
  readonly fill: string;
  /** Hollow seats tell absent from present without colour. */
  readonly hollow?: boolean;
}

const ROWS = 6;
const INNER_RADIUS = 92;
const ROW_STEP = 26;
const CENTRE_X = 250;
const CENTRE_Y = 246;

/** The chamber seen from above, one dot per member, left to right by angle. Decorative: the table says it in words. */
export function hemicycleSvg(members: readonly Member[], paint: (member: Member) => SeatPaint, label: string): string {
  const seats = seatPlaces(members.length);
  const dots = members.map((member, index) => {
    const { x, y } = seats[index];
    const { fill, hollow } = paint(member);
    const style = hollow ? `fill="none" stroke="${fill}" stroke-width="2"` : `fill="${fill}"`;
    return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${hollow ? 6.2 : 7.2}" ${style}/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" class="hemicycle" viewBox="0 0 500 262" role="img" aria-label="${label}">${dots.join('')}</svg>`;
}

/** Places in rings whose seat numbers follow their length, sorted so that neighbours in a group sit together. */
function seatPlaces(count: number): { x: number; y: number }[] {
  const radii = Array.from({ length: ROWS }, (_, row) => INNER_RADIUS + row * ROW_STEP);
  const totalLength = radii.reduce((sum, radius) => sum + radius, 0);
  const perRow = radii.map((radius) => Math.floor((count * radius) / totalLength));
  let missing = count - perRow.reduce((sum, seats) => sum + seats, 0);
  for (let row = ROWS - 1; missing > 0; row = (row + ROWS - 1) % ROWS, missing -= 1) perRow[row] += 1;
  const places: { x: number; y: number; angle: number; radius: number }[] = [];
  for (const [row, radius] of radii.entries()) {
    for (let seat = 0; seat < perRow[row]; seat += 1) {
      const angle = Math.PI - (Math.PI * (seat + 0.5)) / perRow[row];
      places.push({ x: CENTRE_X + radius * Math.cos(angle), y: CENTRE_Y - radius * Math.sin(angle), angle, radius });
    }
  }
  return places.sort((left, right) => right.angle - left.angle || left.radius - right.radius);
}
