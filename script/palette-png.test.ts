import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { inFewColours } from './palette-png.ts'

function chunk(name: string, content: Buffer): Buffer {
  const whole = Buffer.alloc(12 + content.length)
  whole.writeUInt32BE(content.length, 0)
  whole.write(name, 4, 'latin1')
  content.copy(whole, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + content.length)), 8 + content.length)
  return whole
}

/** Each row with the filter of its number, 0 to 4 in turn. */
function rgb(width: number, height: number, colourAt: (x: number, y: number) => readonly [number, number, number]): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const row = width * 3
  const bytes = Buffer.alloc((row + 1) * height)
  const value = (at: number, y: number): number => (at < 0 || y < 0 ? 0 : colourAt(Math.floor(at / 3), y)[at % 3])
  for (let y = 0; y < height; y++) {
    bytes[y * (row + 1)] = y % 5
    for (let at = 0; at < row; at++) {
      const [left, up, corner] = [value(at - 3, y), value(at, y - 1), at < 3 ? 0 : value(at - 3, y - 1)]
      const guess = left + up - corner
      const nearest = [left, up, corner].reduce((a, b) => (Math.abs(guess - b) < Math.abs(guess - a) ? b : a))
      bytes[y * (row + 1) + 1 + at] = value(at, y) - [0, left, up, (left + up) >> 1, nearest][y % 5]
    }
  }
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', head), chunk('IDAT', deflateSync(bytes)), chunk('IEND', Buffer.alloc(0))])
}

/** The colours of a picture in few colours, row by row. */
function coloursOf(png: Buffer): Array<readonly [number, number, number]> {
  const width = png.readUInt32BE(16)
  const found = new Map<string, Buffer>()
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const length = png.readUInt32BE(at)
    assert.equal(png.readUInt32BE(at + 8 + length), crc32(png.subarray(at + 4, at + 8 + length)))
    found.set(png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length))
  }
  const palette = found.get('PLTE')!
  assert.ok(palette.length <= 768)
  return [...inflateSync(found.get('IDAT')!)].filter((_, place) => place % (width + 1) !== 0).map((place) => [palette[place * 3], palette[place * 3 + 1], palette[place * 3 + 2]])
}

test('a picture of few colours keeps each of them, whatever filters its rows have', () => {
  const colourAt = (x: number, y: number): readonly [number, number, number] => [(x * 37) % 4 * 60, (y * 11) % 3 * 90, (x + y) % 2 * 255]
  const seen = coloursOf(inFewColours(rgb(9, 10, colourAt)))
  assert.deepEqual(seen, Array.from({ length: 90 }, (_, place) => colourAt(place % 9, Math.floor(place / 9))))
})

test('of very many colours 256 are left, none far from what it was, and the ground stays exactly', () => {
  const colourAt = (x: number, y: number): readonly [number, number, number] => (y < 60 ? [252, 252, 251] : [x * 4, (y - 60) * 6, 128])
  const seen = coloursOf(inFewColours(rgb(64, 100, colourAt)))
  for (const [place, [red, green, blue]] of seen.entries()) {
    const [x, y] = [place % 64, Math.floor(place / 64)]
    const was = colourAt(x, y)
    if (y < 60) assert.deepEqual([red, green, blue], was)
    assert.ok(Math.hypot(red - was[0], green - was[1], blue - was[2]) < 40, `${x},${y}: ${red} ${green} ${blue} was ${was.join(' ')}`)
  }
})

test('what is no such PNG is refused', () => {
  assert.throws(() => inFewColours(Buffer.from('GIF89a, which this is not')), /no PNG/)
  assert.throws(() => inFewColours(inFewColours(rgb(2, 2, () => [1, 2, 3]))), /colour type 3/)
})
