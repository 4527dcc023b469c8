import { SeededRandom } from '../content/seeded-random.ts';
import { writePng } from './write-png.ts';

export type SceneKind = 'lake' | 'hills' | 'harbour' | 'city' | 'night';
type Colour = readonly [number, number, number];

interface Palette {
  readonly top: Colour;
  readonly horizon: Colour;
  readonly land: Colour;
  readonly light: Colour;
}

const PALETTES: Readonly<Record<SceneKind, readonly Palette[]>> = {
  lake: [
    { top: [58, 52, 92], horizon: [233, 133, 96], land: [44, 40, 62], light: [255, 214, 150] },
    { top: [96, 118, 138], horizon: [205, 209, 205], land: [66, 80, 88], light: [240, 238, 226] },
  ],
  hills: [
    { top: [134, 176, 196], horizon: [236, 232, 206], land: [58, 98, 72], light: [255, 246, 214] },
    { top: [154, 170, 178], horizon: [226, 222, 206], land: [76, 102, 78], light: [250, 240, 214] },
  ],
  harbour: [
    { top: [92, 132, 160], horizon: [244, 208, 170], land: [48, 60, 74], light: [255, 232, 190] },
    { top: [70, 96, 120], horizon: [226, 186, 158], land: [40, 48, 62], light: [255, 226, 190] },
  ],
  city: [
    { top: [82, 88, 130], horizon: [238, 178, 138], land: [46, 44, 66], light: [255, 222, 160] },
    { top: [120, 160, 190], horizon: [246, 226, 196], land: [72, 72, 86], light: [255, 244, 210] },
  ],
  night: [{ top: [10, 16, 36], horizon: [44, 58, 92], land: [12, 16, 28], light: [240, 236, 214] }],
};

/** Where sky meets ground or water, as a share of the height. */
const HORIZON_SHARE = 0.62;

/** A landscape as PNG, `width` x `width` * 9 / 16 pixels, in one of the kind's tones of light. Same label, same view. */
export function paintScene(kind: SceneKind, tone: number, label: string, width: number): Buffer {
  const random = new SeededRandom(3, `scene ${label}`);
  const height = Math.round((width * 9) / 16);
  const palette = PALETTES[kind][tone % PALETTES[kind].length];
  const horizon = Math.round(height * HORIZON_SHARE);
  const sky = paintSky(random, palette, width, horizon);
  const water = kind !== 'hills';
  const layers = kind === 'hills' ? 6 : 3;
  for (let layer = 0; layer < layers; layer += 1) {
    const ridge = ridgeLine(random, kind === 'hills' ? 0.1 : 0.07, layer / layers);
    const tone = mix(palette.horizon, palette.land, (layer + 1) / layers);
    fillBelow(sky, width, horizon, (x) => horizon * (1 - ridge(x / width) * (1 - layer / (layers + 1))), tone);
  }
  if (kind === 'city' || kind === 'night' || kind === 'harbour') paintRoofs(random, sky, width, horizon, palette, kind);
  const pixels = new Uint8Array(width * height * 3);
  pixels.set(sky.subarray(0, width * horizon * 3));
  if (water) mirror(pixels, width, height, horizon, palette, random);
  else paintFields(pixels, width, height, horizon, palette, random);
  return writePng(width, height, pixels);
}

function paintSky(random: SeededRandom, palette: Palette, width: number, horizon: number): Uint8Array {
  const sky = new Uint8Array(width * horizon * 3);
  const sunX = width * (0.2 + random.next() * 0.6);
  const sunY = horizon * (0.35 + random.next() * 0.35);
  const radius = width * 0.028;
  for (let y = 0; y < horizon; y += 1) {
    const base = mix(palette.top, palette.horizon, Math.pow(y / horizon, 1.25));
    for (let x = 0; x < width; x += 1) {
      const distance = Math.hypot(x - sunX, y - sunY) / radius;
      const glow = distance < 1 ? 1 : Math.min(0.55, 1.1 / (1 + distance * 0.55));
      put(sky, (y * width + x) * 3, mix(base, palette.light, distance < 1 ? 1 : glow * 0.75));
    }
  }
  return sky;
}

/** Heights in 0..1 along the picture: three waves of different length. */
function ridgeLine(random: SeededRandom, height: number, nearness: number): (share: number) => number {
  const phases = [random.next() * 7, random.next() * 7, random.next() * 7];
  const lift = 0.34 - nearness * 0.26;
  return (share) =>
    lift + height * (Math.sin(share * 5 + phases[0]) + 0.5 * Math.sin(share * 13 + phases[1]) + 0.22 * Math.sin(share * 37 + phases[2]));
}

function fillBelow(sky: Uint8Array, width: number, horizon: number, top: (x: number) => number, tone: Colour): void {
  for (let x = 0; x < width; x += 1) {
    for (let y = Math.max(0, Math.round(top(x))); y < horizon; y += 1) put(sky, (y * width + x) * 3, tone);
  }
}

function paintRoofs(random: SeededRandom, sky: Uint8Array, width: number, horizon: number, palette: Palette, kind: SceneKind): void {
  const unit = width / 100;
  const dark = mix(palette.land, [0, 0, 0], 0.25);
  const window: Colour = kind === 'night' ? [246, 206, 120] : mix(palette.light, palette.land, 0.35);
  for (let left = unit * 4; left < width * 0.96;) {
    const tower = kind !== 'harbour' && random.chance(0.13);
    const wide = unit * (tower ? 2.2 + random.next() : 3.2 + random.next() * 4);
    const high = unit * (tower ? 11 + random.next() * 5 : 3 + random.next() * 3.5);
    const roof = tower ? unit * (6 + random.next() * 5) : unit * (0.8 + random.next() * 2);
    box(sky, width, horizon, left, horizon - high, wide, high, dark);
    for (let step = 0; step < roof; step += 1) {
      const half = (wide / 2) * (1 - step / roof);
      box(sky, width, horizon, left + wide / 2 - half, horizon - high - step, half * 2, 1, dark);
    }
    for (let row = 1; row < high / unit - 1; row += 1.6) {
      for (let column = 0.7; column < wide / unit - 0.8; column += 1.3) {
        if (random.chance(0.4)) box(sky, width, horizon, left + column * unit, horizon - high + row * unit, unit * 0.5, unit * 0.7, window);
      }
    }
    left += wide + unit * (random.next() * (kind === 'harbour' ? 6 : 1) - (kind === 'harbour' ? 0 : 0.4));
  }
  if (kind === 'harbour') for (const share of [0.3, 0.62]) crane(sky, width, horizon, width * share, unit, dark);
}

function crane(sky: Uint8Array, width: number, horizon: number, left: number, unit: number, tone: Colour): void {
  box(sky, width, horizon, left, horizon - unit * 22, unit * 0.9, unit * 22, tone);
  box(sky, width, horizon, left + unit * 4, horizon - unit * 22, unit * 0.9, unit * 22, tone);
  box(sky, width, horizon, left - unit * 3, horizon - unit * 22, unit * 20, unit * 1.1, tone);
  for (let step = 0; step < unit * 6; step += 1) box(sky, width, horizon, left + unit * 2 + step * 2, horizon - unit * 28 + step, unit * 0.5, 2, tone);
  box(sky, width, horizon, left + unit * 13, horizon - unit * 21, unit * 0.25, unit * 9, tone);
}

function box(
  sky: Uint8Array, width: number, horizon: number, left: number, top: number, wide: number, high: number, tone: Colour,
): void {
  const right = Math.min(width, Math.round(left + wide));
  const bottom = Math.min(horizon, Math.round(top + high));
  for (let y = Math.max(0, Math.round(top)); y < bottom; y += 1) {
    for (let x = Math.max(0, Math.round(left)); x < right; x += 1) put(sky, (y * width + x) * 3, tone);
  }
}

/** Water: the sky upside down, darker, with long ripples. */
function mirror(pixels: Uint8Array, width: number, height: number, horizon: number, palette: Palette, random: SeededRandom): void {
  const phase = random.next() * 9;
  for (let y = horizon; y < height; y += 1) {
    const depth = (y - horizon) / (height - horizon);
    const source = Math.max(0, horizon - 1 - Math.round((y - horizon) * 1.35));
    const sway = Math.round(Math.sin((y / height) * 260 + phase) * width * 0.004 * (0.3 + depth));
    for (let x = 0; x < width; x += 1) {
      const from = (source * width + Math.min(width - 1, Math.max(0, x + sway))) * 3;
      const seen: Colour = [pixels[from], pixels[from + 1], pixels[from + 2]];
      put(pixels, (y * width + x) * 3, mix(seen, palette.land, 0.22 + depth * 0.35));
    }
  }
}

/** Land: furrows that widen towards the viewer. */
function paintFields(pixels: Uint8Array, width: number, height: number, horizon: number, palette: Palette, random: SeededRandom): void {
  const lean = random.next() - 0.5;
  for (let y = horizon; y < height; y += 1) {
    const depth = (y - horizon + 1) / (height - horizon);
    for (let x = 0; x < width; x += 1) {
      const furrow = Math.sin(((x / width - 0.5 + lean) / (0.12 + depth)) * 46);
      put(pixels, (y * width + x) * 3, mix(palette.land, palette.light, 0.1 + depth * 0.16 + furrow * 0.05));
    }
  }
}

function mix(from: Colour, to: Colour, share: number): Colour {
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share, from[2] + (to[2] - from[2]) * share];
}

function put(pixels: Uint8Array, at: number, colour: Colour): void {
  pixels[at] = colour[0];
  pixels[at + 1] = colour[1];
  pixels[at + 2] = colour[2];
}
