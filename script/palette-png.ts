/**
 * A picture of a page in at most 256 colours, a third of its bytes: a page has few colours, and the shades at the edges of its letters lie close together.
 * Colours are chosen by median cut (Heckbert, "Color image quantization for frame buffer display", SIGGRAPH 1982) over what occurs, weighted by how often.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const MOST_COLOURS = 256

interface Raster {
  readonly width: number
  readonly height: number
  /** 0xRRGGBB, row by row. */
  readonly pixels: Uint32Array
}

interface Shade {
  readonly colour: number
  readonly count: number
}

/** `png`: 8 bits a channel, RGB or RGBA without transparency, not interlaced, as Chromium writes it. @throws for any other. */
export function inFewColours(png: Buffer): Buffer {
  const raster = decode(png)
  const counts = new Map<number, number>()
  for (const colour of raster.pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const palette: number[] = []
  const places = new Map<number, number>()
  for (const box of cut([...counts].map(([colour, count]) => ({ colour, count })))) {
    for (const shade of box) places.set(shade.colour, palette.length)
    palette.push(middleOf(box))
  }
  return encode(raster, palette, places)
}

function decode(png: Buffer): Raster {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error('this is no PNG')
  const [width, height, depth, kind, interlaced] = [png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25], png[28]]
  if (depth !== 8 || (kind !== 2 && kind !== 6) || interlaced !== 0) throw new Error(`a PNG of depth ${depth}, colour type ${kind}, interlace ${interlaced} is not read here`)
  const parts: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  const bytes = inflateSync(Buffer.concat(parts))
  const step = kind === 2 ? 3 : 4
  const row = width * step
  const pixels = new Uint32Array(width * height)
  let above = new Uint8Array(row)
  for (let y = 0; y < height; y++) {
    const from = y * (row + 1)
    const line = new Uint8Array(bytes.subarray(from + 1, from + 1 + row))
    unfilter(bytes[from], line, above, step)
    for (let x = 0; x < width; x++) pixels[y * width + x] = (line[x * step] << 16) | (line[x * step + 1] << 8) | line[x * step + 2]
    above = line
  }
  return { width, height, pixels }
}

/** PNG (third edition), section 9: Filtering. */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, step: number): void {
  for (let at = 0; at < line.length; at++) {
    const left = at >= step ? line[at - step] : 0
    const up = above[at]
    const corner = at >= step ? above[at - step] : 0
    if (filter === 1) line[at] += left
    else if (filter === 2) line[at] += up
    else if (filter === 3) line[at] += (left + up) >> 1
    else if (filter === 4) line[at] += paeth(left, up, corner)
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [byLeft, byUp, byCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  if (byLeft <= byUp && byLeft <= byCorner) return left
  return byUp <= byCorner ? up : corner
}

const channel = (colour: number, which: number): number => (colour >> (16 - 8 * which)) & 0xff

/** The widest channel of a box, and how much is to be gained by cutting it there. */
function widest(box: readonly Shade[]): { readonly which: number; readonly gain: number } {
  let [which, width] = [0, 0]
  for (let one = 0; one < 3; one++) {
    let [low, high] = [255, 0]
    for (const { colour } of box) {
      low = Math.min(low, channel(colour, one))
      high = Math.max(high, channel(colour, one))
    }
    if (high - low > width) [which, width] = [one, high - low]
  }
  // The root keeps the ground of the page, which is most of it, from taking every cut.
  return { which, gain: width * Math.sqrt(box.reduce((sum, shade) => sum + shade.count, 0)) }
}

function cut(shades: readonly Shade[]): ReadonlyArray<readonly Shade[]> {
  const boxes = [{ shades, ...widest(shades) }]
  while (boxes.length < MOST_COLOURS) {
    const best = boxes.reduce((a, b) => (b.gain > a.gain ? b : a))
    if (best.gain === 0) break
    const sorted = best.shades.toSorted((a, b) => channel(a.colour, best.which) - channel(b.colour, best.which))
    const half = sorted.reduce((sum, shade) => sum + shade.count, 0) / 2
    let [place, seen] = [0, 0]
    while (place < sorted.length - 1 && (seen += sorted[place].count) < half) place++
    const end = Math.min(sorted.length - 1, Math.max(1, place))
    boxes.splice(boxes.indexOf(best), 1, ...[sorted.slice(0, end), sorted.slice(end)].map((part) => ({ shades: part, ...widest(part) })))
  }
  return boxes.map((box) => box.shades)
}

/** Of a box with one colour in it that is most of it, that colour: large even areas stay as they are. */
function middleOf(box: readonly Shade[]): number {
  const total = box.reduce((sum, shade) => sum + shade.count, 0)
  const most = box.reduce((a, b) => (b.count > a.count ? b : a))
  if (most.count > total / 2) return most.colour
  const mean = (which: number): number => Math.round(box.reduce((sum, shade) => sum + channel(shade.colour, which) * shade.count, 0) / total)
  return (mean(0) << 16) | (mean(1) << 8) | mean(2)
}

function encode({ width, height, pixels }: Raster, palette: readonly number[], places: ReadonlyMap<number, number>): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3, 0, 0, 0], 8)
  const lines = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) lines[y * (width + 1) + 1 + x] = places.get(pixels[y * width + x])!
  const colours = Buffer.from(palette.flatMap((colour) => [channel(colour, 0), channel(colour, 1), channel(colour, 2)]))
  return Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('PLTE', colours), chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })), chunk('IEND', Buffer.alloc(0))])
}

function chunk(name: string, content: Buffer): Buffer {
  const whole = Buffer.alloc(12 + content.length)
  whole.writeUInt32BE(content.length, 0)
  whole.write(name, 4, 'latin1')
  content.copy(whole, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + content.length)), 8 + content.length)
  return whole
}
