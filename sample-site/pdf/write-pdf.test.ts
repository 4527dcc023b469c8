import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writePdf } from './write-pdf.ts';
import type { PdfBlock } from './write-pdf.ts';

const META = { title: 'A (short) title', author: 'Zoë \\ Registry', date: new Date('2026-03-10T09:00:00Z'), footer: 'R 2026/0001' };
const LONG: PdfBlock[] = [
  { kind: 'title', text: 'Report on dykes' },
  { kind: 'page-break', text: '' },
  ...Array.from({ length: 60 }, (_, index): PdfBlock => ({ kind: index % 7 === 0 ? 'heading' : 'text', text: `Paragraph ${index}: “quoted” – and so on. `.repeat(6) })),
];

test('every entry of the cross-reference table points at its object', () => {
  const file = writePdf(META, LONG).toString('latin1');
  const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(file)?.[1]);
  assert.equal(file.slice(start, start + 4), 'xref');
  const entries = [...file.slice(start).matchAll(/(\d{10}) 00000 n /g)].map(([, offset]) => Number(offset));
  assert.ok(entries.length > 10);
  for (const [index, offset] of entries.entries()) {
    assert.equal(file.slice(offset, offset + `${index + 1} 0 obj`.length), `${index + 1} 0 obj`);
  }
});

test('streams are as long as they say, and pages as many', () => {
  const file = writePdf(META, LONG).toString('latin1');
  const streams = [...file.matchAll(/<< \/Length (\d+) >>\nstream\n/g)];
  assert.equal(streams.length, Number(/\/Count (\d+)/.exec(file)?.[1]));
  assert.ok(streams.length >= 3);
  for (const stream of streams) {
    const end = stream.index + stream[0].length + Number(stream[1]);
    assert.equal(file.slice(end, end + 10), '\nendstream');
  }
});

test('no line runs below the foot of the page', () => {
  const file = writePdf(META, LONG).toString('latin1');
  const heights = [...file.matchAll(/1 0 0 1 68 ([\d.]+) Tm/g)].map(([, y]) => Number(y));
  assert.ok(heights.every((y) => y >= 50 && y < 842));
});

test('the same paper gives the same bytes', () => {
  assert.deepEqual(writePdf(META, LONG), writePdf(META, LONG));
});
