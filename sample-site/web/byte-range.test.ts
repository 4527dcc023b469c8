import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseByteRange } from './byte-range.ts';

test('a closed, an open and a suffix range are read', () => {
  assert.deepEqual(parseByteRange('bytes=0-9', 100), { start: 0, end: 9 });
  assert.deepEqual(parseByteRange('bytes=90-', 100), { start: 90, end: 99 });
  assert.deepEqual(parseByteRange('bytes=-5', 100), { start: 95, end: 99 });
});

test('a range beyond the end is cut or refused', () => {
  assert.deepEqual(parseByteRange('bytes=50-999', 100), { start: 50, end: 99 });
  assert.equal(parseByteRange('bytes=100-', 100), 'unsatisfiable');
  assert.equal(parseByteRange('bytes=-0', 100), 'unsatisfiable');
});

test('what is no single byte range is ignored', () => {
  for (const header of ['bytes=5-2', 'bytes=-', 'bytes=0-1,4-5', 'lines=0-1', 'bytes=a-b', '']) {
    assert.equal(parseByteRange(header, 100), undefined, header);
  }
});

test('any answer lies inside the body', () => {
  fc.assert(
    fc.property(fc.option(fc.nat(300), { nil: '' }), fc.option(fc.nat(300), { nil: '' }), fc.integer({ min: 1, max: 200 }), (first, last, bytes) => {
      const range = parseByteRange(`bytes=${first}-${last}`, bytes);
      if (range === undefined || range === 'unsatisfiable') return;
      assert.ok(range.start >= 0 && range.start <= range.end && range.end < bytes);
    }),
  );
});
