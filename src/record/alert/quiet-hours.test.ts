import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isQuiet, parseQuietHours, timeInWords } from './quiet-hours.ts'

const at = (iso: string): number => Date.parse(iso)
const quiet = (text: string, iso: string, zone = 'Europe/Brussels'): boolean => isQuiet([parseQuietHours(text)!], at(iso), zone)

test('an evening goes on over midnight, and its days are those on which it begins', () => {
  // 2026-11-27 is a Friday; Brussels is UTC+1.
  assert.equal(quiet('Fri 22:00-06:30', '2026-11-27T20:59:59Z'), false)
  assert.equal(quiet('Fri 22:00-06:30', '2026-11-27T21:00:00Z'), true)
  assert.equal(quiet('Fri 22:00-06:30', '2026-11-28T05:29:59Z'), true)
  assert.equal(quiet('Fri 22:00-06:30', '2026-11-28T05:30:00Z'), false)
  assert.equal(quiet('Fri 22:00-06:30', '2026-11-27T04:00:00Z'), false, 'the night before begins on a Thursday')
  assert.equal(quiet('Mon-Thu 22:00-06:30', '2026-11-27T04:00:00Z'), true)
  assert.equal(quiet('Sat,Sun 00:00-24:00', '2026-11-28T12:00:00Z'), true)
  assert.equal(quiet('Sat,Sun 00:00-24:00', '2026-11-29T23:00:00Z'), false)
  assert.equal(quiet('Sat-Mon 00:00-24:00', '2026-11-29T23:00:00Z'), true, 'days may go over the end of the week')
})

test('hours are those of the clock on the wall on both sides of a change of summer time', () => {
  // Brussels: 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
  for (const [day, before, after] of [['2026-03-29', '2026-03-28T21:00:00Z', '2026-03-29T04:30:00Z'], ['2026-10-25', '2026-10-24T20:00:00Z', '2026-10-25T05:30:00Z']] as const) {
    assert.equal(quiet('22:00-06:30', new Date(at(before) - 1_000).toISOString()), false, day)
    assert.equal(quiet('22:00-06:30', before), true, day)
    assert.equal(quiet('22:00-06:30', new Date(at(after) - 1_000).toISOString()), true, day)
    assert.equal(quiet('22:00-06:30', after), false, day)
  }
  // The hour that comes twice is quiet twice; the hour that is skipped never is.
  assert.deepEqual(['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00Z'].map((iso) => quiet('02:00-03:00', iso)), [true, true, false])
  assert.deepEqual(['2026-03-29T00:30:00Z', '2026-03-29T01:30:00Z'].map((iso) => quiet('02:00-03:00', iso)), [false, false])
})

test('over a whole week the quiet minutes are as many as the entry says', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 1_439 }), fc.integer({ min: 0, max: 1_439 }), (from, to) => {
    fc.pre(from !== to)
    const clock = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
    const hours = parseQuietHours(`${clock(from)}-${clock(to)}`)!
    let minutes = 0
    for (let minute = 0; minute < 1_440; minute++) if (isQuiet([hours], at('2026-06-10T00:00:00Z') + minute * 60_000, 'UTC')) minutes++
    assert.equal(minutes, from < to ? to - from : 1_440 - from + to)
  }), { numRuns: 10 })
})

test('what cannot be read is refused', () => {
  for (const text of ['', '22-6', '24:00-06:00', '22:00-24:30', '22:61-06:00', 'Fry 22:00-06:00', 'Mon-Tue-Wed 22:00-06:00', '06:00-06:00', '22:00-06:00 UTC']) assert.equal(parseQuietHours(text), null, text)
})

test('times are written in the zone of the people, with UTC beside', () => {
  assert.equal(timeInWords(at('2026-07-01T12:04:05Z'), 'Europe/Brussels'), '2026-07-01 14:04:05 (Europe/Brussels; 12:04:05 UTC)')
  assert.equal(timeInWords(at('2026-07-01T12:04:05Z'), 'UTC'), '2026-07-01 12:04:05 UTC')
})
