import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DAY_MS, HOUR_MS } from '../../kernel/units.ts'
import { readIcs } from './read-ics.ts'

const calendar = (...lines: readonly string[]): string => ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...lines, 'END:VCALENDAR', ''].join('\r\n')
const event = (uid: string, ...lines: readonly string[]): string[] => ['BEGIN:VEVENT', `UID:${uid}`, 'DTSTAMP:20260101T000000Z', ...lines, 'END:VEVENT']
const from = Date.UTC(2026, 9, 1)
const to = Date.UTC(2026, 11, 1)
const starts = (text: string, zone = 'Europe/Brussels'): string[] => readIcs(text, from, to, zone).events.map((one) => new Date(one.fromWallMs).toISOString())

test('a weekly sitting keeps its hour on the wall over the change of daylight saving time, to the minute', () => {
  const text = calendar(...event('1', 'DTSTART;TZID=Europe/Brussels:20261013T150000', 'DTEND;TZID=Europe/Brussels:20261013T170000', 'RRULE:FREQ=WEEKLY;COUNT=4', 'SUMMARY:Plenary'))
  assert.deepEqual(starts(text), ['2026-10-13T13:00:00.000Z', '2026-10-20T13:00:00.000Z', '2026-10-27T14:00:00.000Z', '2026-11-03T14:00:00.000Z'])
})

test('a cancelled sitting, an exception and a moved one are taken as the calendar says', () => {
  const text = calendar(
    ...event('1', 'DTSTART;TZID=Europe/Brussels:20261013T150000', 'DTEND;TZID=Europe/Brussels:20261013T170000', 'RRULE:FREQ=WEEKLY;COUNT=4', 'EXDATE;TZID=Europe/Brussels:20261020T150000', 'SUMMARY:Plenary'),
    ...event('1', 'RECURRENCE-ID;TZID=Europe/Brussels:20261027T150000', 'DTSTART;TZID=Europe/Brussels:20261028T090000', 'DTEND;TZID=Europe/Brussels:20261028T100000', 'SUMMARY:Plenary (moved)'),
    ...event('2', 'DTSTART:20261105T100000Z', 'STATUS:CANCELLED', 'SUMMARY:Called off'),
  )
  const { events } = readIcs(text, from, to, 'UTC')
  assert.deepEqual(events.map((one) => [one.title, new Date(one.fromWallMs).toISOString()]), [
    ['Plenary', '2026-10-13T13:00:00.000Z'], ['Plenary (moved)', '2026-10-28T08:00:00.000Z'], ['Plenary', '2026-11-03T14:00:00.000Z'],
  ])
})

test('whole days and times without a zone are those of the zone in the settings', () => {
  const text = calendar(...event('1', 'DTSTART;VALUE=DATE:20261110', 'SUMMARY:Day'), ...event('2', 'DTSTART:20261111T100000', 'DTEND:20261111T110000', 'SUMMARY:Floating'))
  const { events } = readIcs(text, from, to, 'Europe/Athens')
  assert.deepEqual(events.map((one) => [new Date(one.fromWallMs).toISOString(), (one.toWallMs - one.fromWallMs) / HOUR_MS]), [['2026-11-09T22:00:00.000Z', 24], ['2026-11-11T08:00:00.000Z', 1]])
})

test('a vote that goes on over the edge of the time looked at is seen', () => {
  const text = calendar(...event('1', `DTSTART:${stamp(from - DAY_MS)}`, `DTEND:${stamp(from + HOUR_MS)}`, 'SUMMARY:Long debate'))
  assert.equal(starts(text).length, 1)
})

test('titles lose what steers a terminal, and categories are read', () => {
  const { events } = readIcs(calendar(...event('1', 'DTSTART:20261105T100000Z', 'SUMMARY;LANGUAGE=en:Vote \u001b[31mon\u202e it', 'CATEGORIES:Plenary,Vote')), from, to, 'UTC')
  assert.deepEqual([events[0]!.title, events[0]!.categories], ['Vote [31mon it', ['Plenary', 'Vote']])
})

test('a repetition without reason is left out with a sentence, and the rest of the file is taken', () => {
  for (const rule of ['FREQ=SECONDLY', 'FREQ=MINUTELY;BYSECOND=0,1,2', 'FREQ=DAILY;INTERVAL=0', 'FREQ=WEEKLY;BYDAY=XX', 'FREQ=DAILY;COUNT=1000000000', 'nonsense']) {
    const text = calendar(...event('bomb', 'DTSTART:19700101T000000Z', `RRULE:${rule}`, 'SUMMARY:Bomb'), ...event('2', 'DTSTART:20261105T100000Z', 'SUMMARY:Vote'))
    const { events, troubles } = readIcs(text, from, to, 'UTC')
    assert.deepEqual(events.filter((one) => one.title === 'Vote').length, 1, rule)
    assert.match(troubles.join(), /"Bomb" was left out/, rule)
  }
})

test('an event that lasts for ever is left out with a sentence', () => {
  const { events, troubles } = readIcs(calendar(...event('1', 'DTSTART:20261001T000000Z', 'DTEND:20991231T000000Z', 'SUMMARY:Legislature')), from, to, 'UTC')
  assert.deepEqual([events.length, troubles.length], [0, 1])
  assert.match(troubles[0]!, /lasts \d+ days; at most 60/)
})

test('what is no calendar, is cut off or has too many events is refused as a whole', () => {
  assert.throws(() => readIcs('<html>', from, to, 'UTC'), /does not begin with BEGIN:VCALENDAR/)
  assert.throws(() => readIcs(calendar(...event('1', 'DTSTART:20261105T100000Z')).slice(0, -20), from, to, 'UTC'), /cut off/)
  assert.throws(() => readIcs(calendar(...Array.from({ length: 20_001 }, (_, i) => event(String(i), 'DTSTART:20261105T100000Z')).flat()), from, to, 'UTC'), /20001 events; at most 20000/)
})

test('whatever stands in a file, it gives events within bounds or an Error with a sentence', () => {
  const line = fc.oneof(
    fc.constantFrom('BEGIN:VEVENT', 'END:VEVENT', 'BEGIN:VTIMEZONE', 'END:VTIMEZONE', 'BEGIN:VALARM', 'UID:1', 'SUMMARY:x', 'RRULE:FREQ=DAILY;COUNT=3', 'RRULE:FREQ=YEARLY', 'EXDATE:20261010', 'DTSTART:20261010T100000Z', 'DTSTART;TZID=Nowhere/Land:20261010T100000', 'DTSTART;VALUE=DATE:20261010', 'DTEND:20261001T100000Z', 'DURATION:-P1D', 'RECURRENCE-ID:20261010T100000Z', 'DTSTART:99999999T999999Z', 'TZID:__proto__', 'UID:__proto__', 'UID:constructor'),
    fc.string(),
  )
  fc.assert(fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
    let reading
    try {
      reading = readIcs(calendar(...lines), from, to, 'Europe/Brussels')
    } catch (error) {
      assert.ok(error instanceof Error && error.message.length > 5)
      return
    }
    for (const one of reading.events) assert.ok(one.title !== '' && Number.isFinite(one.fromWallMs) && one.toWallMs >= one.fromWallMs && one.toWallMs > from && one.fromWallMs < to)
  }), { numRuns: 300 })
})

test('five thousand events with repetitions over a change of daylight saving time, right to the minute', () => {
  const many = Array.from({ length: 5_000 }, (_, i) => event(String(i), `DTSTART;TZID=Europe/Brussels:202609${String(1 + (i % 28)).padStart(2, '0')}T${String(8 + (i % 10)).padStart(2, '0')}3000`, 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY', `SUMMARY:Committee ${i}`)).flat()
  const { events, troubles } = readIcs(calendar(...many), Date.UTC(2026, 9, 20), Date.UTC(2026, 10, 1), 'UTC')
  assert.deepEqual(troubles, [])
  assert.ok(events.length > 8_000)
  const wall = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Brussels', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  for (const one of events) assert.equal(wall.format(one.fromWallMs), `${String(8 + (Number(one.title.slice(10)) % 10)).padStart(2, '0')}:30`, one.title)
})

test('an event that began long before the time looked at is there as long as it goes on, also when it repeats or was made longer once', () => {
  const start = Date.UTC(2026, 9, 20, 12)
  const fair = (lasts: string, ...more: string[]) => readIcs(calendar(...event('1', 'DTSTART:20261001T080000Z', `DURATION:${lasts}`, 'SUMMARY:Fair', ...more)), start, start + 3_600_000, 'UTC').events.map((one) => one.title)
  assert.deepEqual([fair('P19DT5H'), fair('P19DT3H')], [['Fair'], []])
  assert.deepEqual(fair('P6D', 'RRULE:FREQ=WEEKLY'), ['Fair'], 'the third week’s began on the 15th')
  assert.deepEqual(fair('PT1H', 'RRULE:FREQ=DAILY;COUNT=5'), [])
  const moved = calendar(...event('1', 'DTSTART:20261001T080000Z', 'DURATION:PT1H', 'SUMMARY:Fair', 'RRULE:FREQ=WEEKLY'), ...event('1', 'RECURRENCE-ID:20261008T080000Z', 'DTSTART:20261008T080000Z', 'DURATION:P20D', 'SUMMARY:Long fair'))
  assert.deepEqual(readIcs(moved, start, start + 3_600_000, 'UTC').events.map((one) => one.title), ['Long fair'])
})

function stamp(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]/g, '').replace('.000', '')
}
