import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { oneMonthAfterMs } from './one-month-after.ts'
import { momentOfReadingMs, timeText, wallReadingMs } from '../../kernel/zoned-time.ts'

const utc = (text: string): number => Date.parse(`${text}Z`)
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 19)

test('a month ends on the same day of the next month, or on its last day', () => {
  assert.equal(iso(oneMonthAfterMs(utc('2026-11-26T18:45:12'), 'UTC')), '2026-12-26T18:45:12')
  assert.equal(iso(oneMonthAfterMs(utc('2027-01-31T10:00:00'), 'UTC')), '2027-02-28T10:00:00')
  assert.equal(iso(oneMonthAfterMs(utc('2028-01-31T10:00:00'), 'UTC')), '2028-02-29T10:00:00')
  assert.equal(iso(oneMonthAfterMs(utc('2026-12-31T23:59:59'), 'UTC')), '2027-01-31T23:59:59')
  assert.equal(iso(oneMonthAfterMs(utc('2027-03-31T00:00:00'), 'UTC')), '2027-04-30T00:00:00')
})

test('where the date differs between UTC and the zone, the earlier end counts', () => {
  // 1 March 00:30 in Brussels is 28 February in UTC.
  assert.equal(iso(oneMonthAfterMs(utc('2027-02-28T23:30:00'), 'Europe/Brussels')), '2027-03-28T23:30:00')
  // 28 February 23:30 in the Azores is 1 March in UTC; clocks go forward on 28 March 2027.
  assert.equal(iso(oneMonthAfterMs(utc('2027-03-01T00:30:00'), 'Atlantic/Azores')), '2027-03-28T23:30:00')
})

test('a month over the change of clocks keeps the time of day of the place', () => {
  // 20 March 2027 12:00 in Brussels (+1) to 20 April 12:00 (+2): an hour earlier in UTC.
  assert.equal(iso(oneMonthAfterMs(utc('2027-03-20T11:00:00'), 'Europe/Brussels')), '2027-04-20T10:00:00')
  // Autumn: the place's end is later in UTC, so that of UTC counts.
  assert.equal(iso(oneMonthAfterMs(utc('2026-10-20T10:00:00'), 'Europe/Brussels')), '2026-11-20T10:00:00')
})

test('a month is 28 to 31 days long, and a reading of the clock leads back to its moment', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), fc.constantFrom('UTC', 'Europe/Brussels', 'Europe/Athens', 'Atlantic/Azores', 'Europe/Dublin'), (at, zone) => {
    const days = (oneMonthAfterMs(at, zone) - at) / 86_400_000
    assert.ok(days >= 27.9 && days <= 31.1, `${days} days`)
    const reading = wallReadingMs(at, zone)
    const back = momentOfReadingMs(reading, zone)
    // In the hour that happens twice, the first of the two.
    assert.ok(back === at || (back === at - 3_600_000 && wallReadingMs(back, zone) === reading))
  }), { numRuns: 300 })
})

test('times are said in UTC and in the place', () => {
  assert.equal(timeText(utc('2026-11-23T18:40:12'), 'UTC'), '2026-11-23 18:40:12 UTC')
  assert.equal(timeText(utc('2026-11-23T18:40:12'), 'Europe/Brussels'), '2026-11-23 18:40:12 UTC (19:40:12 Europe/Brussels)')
  assert.equal(timeText(utc('2026-11-23T23:40:12'), 'Europe/Brussels'), '2026-11-23 23:40:12 UTC (2026-11-24 00:40:12 Europe/Brussels)')
})
