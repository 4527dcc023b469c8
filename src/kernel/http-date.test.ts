import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { WallMs } from './clock.ts'
import { formatHttpDate, parseHttpDate } from './http-date.ts'

const now = Date.UTC(2026, 10, 20) as WallMs
const example = Date.UTC(1994, 10, 6, 8, 49, 37)

test('the three forms of RFC 9110 are the same moment', () => {
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT', now), example)
  assert.equal(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT', now), example)
  assert.equal(parseHttpDate('Sun Nov  6 08:49:37 1994', now), example)
})

test('a two-digit year is at most 50 years ahead', () => {
  assert.equal(parseHttpDate('Thursday, 18-Aug-50 02:01:18 GMT', now), Date.UTC(2050, 7, 18, 2, 1, 18))
  assert.equal(parseHttpDate('Thursday, 18-Aug-77 02:01:18 GMT', now), Date.UTC(1977, 7, 18, 2, 1, 18))
})

test('what is not an HTTP date is not guessed at', () => {
  for (const text of ['', '0', '-1', 'Sun, 06 Nov 1994 08:49:37 UTC', 'Sun, 6 Nov 1994 08:49:37 GMT', 'Sun, 31 Feb 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 25:49:37 GMT', '2026-11-20T00:00:00Z']) {
    assert.ok(Number.isNaN(parseHttpDate(text, now)), text)
  }
})

test('writing and reading a date loses only the milliseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
      assert.equal(parseHttpDate(formatHttpDate(ms as WallMs), now), ms - (ms % 1_000))
    }),
  )
})
