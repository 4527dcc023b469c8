import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, inflateSync } from 'node:zlib';
import { generateMembers } from '../content/members.ts';
import { hemicycleSvg } from './hemicycle.ts';
import { paintFavicon } from './paint-favicon.ts';
import { paintScene } from './paint-scene.ts';
import { portraitSvg } from './portrait.ts';
import { writePng } from './write-png.ts';

test('a picture written as PNG holds its pixels and valid checksums', () => {
  const pixels = new Uint8Array(5 * 4 * 3).map((_, index) => (index * 37) % 256);
  const png = writePng(5, 4, pixels);
  const chunks = chunksOf(png);
  assert.deepEqual(chunks.map(({ type }) => type), ['IHDR', 'IDAT', 'IEND']);
  assert.ok(chunks.every(({ valid }) => valid));
  assert.deepEqual(unfilter(inflateSync(chunks[1].data), 5, 4), Buffer.from(pixels));
  assert.throws(() => writePng(5, 5, pixels), RangeError);
});

test('a scene is the same each time, and another one for another label', () => {
  assert.deepEqual(paintScene('city', 0, 'a', 64), paintScene('city', 0, 'a', 64));
  assert.notDeepEqual(paintScene('city', 0, 'a', 64), paintScene('city', 0, 'b', 64));
});

test('the icon holds one PNG where its directory says', () => {
  const icon = paintFavicon();
  assert.equal(icon.readUInt32LE(14) + icon.readUInt32LE(18), icon.length);
  assert.equal(icon.toString('latin1', 23, 26), 'PNG');
});

test('every member has a face of their own and a seat in the chamber', () => {
  const members = generateMembers(1, 2026);
  assert.equal(new Set(members.map((member) => portraitSvg(member).replace(member.name, ''))).size, members.length);
  const chamber = hemicycleSvg(members, () => ({ fill: '#000' }), 'label');
  const places = [...chamber.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => `${x},${y}`);
  assert.equal(new Set(places).size, members.length);
});

function chunksOf(png: Buffer): { type: string; data: Buffer; valid: boolean }[] {
  const chunks = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const body = png.subarray(at + 4, at + 8 + length);
    chunks.push({ type: body.toString('latin1', 0, 4), data: body.subarray(4), valid: crc32(body) === png.readUInt32BE(at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function unfilter(raw: Buffer, width: number, height: number): Buffer {
  const stride = width * 3;
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row += 1) {
    for (let index = 0; index < stride; index += 1) {
      const above = row === 0 ? 0 : pixels[(row - 1) * stride + index];
      pixels[row * stride + index] = raw[row * (stride + 1) + 1 + index] + above;
    }
  }
  return pixels;
}
