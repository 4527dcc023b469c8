import { wrapPngAsIcon, writePng } from './write-png.ts';

const EDGE = 32;
const SEA = [18, 57, 74] as const;
const STONE = [244, 239, 226] as const;
const BRASS = [230, 185, 79] as const;
const FOAM = [143, 193, 207] as const;

/** The lighthouse of the emblem in 32 x 32 pixels, as an .ico file. */
export function paintFavicon(): Buffer {
  const pixels = new Uint8Array(EDGE * EDGE * 3);
  for (let y = 0; y < EDGE; y += 1) {
    for (let x = 0; x < EDGE; x += 1) pixels.set(colourAt(x, y), (y * EDGE + x) * 3);
  }
  return wrapPngAsIcon(writePng(EDGE, EDGE, pixels), EDGE);
}

function colourAt(x: number, y: number): readonly [number, number, number] {
  const fromAxis = Math.abs(x - 15.5);
  if (y >= 24 && Math.abs(y - (26 + Math.sin((x / EDGE) * Math.PI * 4))) < 1) return FOAM;
  if (y >= 9 && y < 23 && fromAxis < 2 + (y - 9) * 0.16) return y >= 13 && y < 16 ? BRASS : STONE;
  if (y >= 7 && y < 9 && fromAxis < 3.5) return BRASS;
  if (y >= 4 && y < 7 && fromAxis < 1.8) return BRASS;
  if (y >= 4 && y < 7 && fromAxis > 4 && fromAxis - 4 > Math.abs(y - 5.5) * 2 && fromAxis < 12) return FOAM;
  return SEA;
}
