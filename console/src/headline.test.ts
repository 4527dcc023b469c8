/** The sentence that somebody reads who reads only one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { phases, pointAt, rulesAt, statusAt, type World } from '../mock/world.ts'
import { bytes, count, percent, setUtc, shown, span, timeOfDay } from './format.ts'
import { headline, strainedSince } from './headline.ts'

/** Numbers stay with their units: no break between them. */
const plain = (text: string): string => text.replaceAll('\u00A0', ' ')

setUtc(true)
const NOW = Date.UTC(2026, 10, 23, 20, 20)
const flood: World = { phase: 'flood', floodAtWallMs: Date.UTC(2026, 10, 23, 20, 14), floodEndsAtWallMs: NOW + 3_600_000, hostile: false }
const status = statusAt(flood, NOW, rulesAt(flood, NOW))
const point = pointAt(flood, NOW)
const points = Array.from({ length: 900 }, (_, place) => pointAt(flood, NOW - (899 - place) * 1_000))

test('in a flood that is held: who is served, since when the origin is slow, what holds the excess, whom it touches at most', () => {
  assert.equal(plain(headline(status, point, points)), 'Serving everyone. Origin slow since 20:14. 3 rules hold 94 % of the excess; at most 0.02 % of visitors touched.')
})

test('a rule by hand has no evidence: what the others hold is said to be the least', () => {
  const [first, ...others] = status.control.view!.rules
  const rules = [{ ...first, origin: 'operator' as const, evidence: null }, ...others]
  assert.match(plain(headline({ ...status, control: { ...status.control, view: { ...status.control.view!, rules } } }, point, points)), /3 rules hold at least 23 % of the excess/)
})

test('in calm it says that nothing stands out', () => {
  const calm: World = { ...flood, floodAtWallMs: NOW + 9e9, floodEndsAtWallMs: NOW + 9.1e9 }
  assert.equal(headline(statusAt(calm, NOW, []), pointAt(calm, NOW), []), 'Serving everyone. Origin well. Nothing stands out.')
})

test('the worst comes first, and never "everyone" when answers fail, visitors wait or nobody is served', () => {
  assert.match(headline({ ...status, workers: { ...status.workers, ready: 0 } }, point, points), /^Visitors are not served/)
  assert.match(plain(headline(status, { ...point, served: 50, failed: 50 }, points)), /^Overloaded by an attack: 50 % of all requests get an answer\./)
  assert.match(plain(headline(status, { ...point, served: 97, failed: 3 }, points)), /^Serving; 3\.0 % of answers fail/)
  assert.match(headline(status, { ...point, failed: 0, waiting: 12 }, points), /^Serving; 12 visitors wait in line/)
})

test('rules that only count, sleep or are vetoed hold nothing', () => {
  for (const change of [{ dryRun: true }, { stage: 'dormant' }, { stage: 'vetoed' }] as const) {
    const rules = status.control.view!.rules.map((rule) => ({ ...rule, ...change }))
    assert.doesNotMatch(headline({ ...status, control: { ...status.control, view: { ...status.control.view!, rules } } }, point, points), /rules? (hold|act)/)
  }
})

test('since when the origin is slow comes from the points without a break', () => {
  assert.equal(timeOfDay(strainedSince(points, NOW), NOW), '20:14')
  assert.equal(strainedSince([], NOW), NOW)
  assert.equal(phases.length, 3)
})

test('numbers, spans and shares read as people say them', () => {
  assert.deepEqual([count(1_234_567), count(4.25), count(1_000.4), count(Number.NaN), count(0)], ['1,234,567', '4.3', '1,000', '?', '0'])
  assert.deepEqual([percent(0), percent(0.00001), percent(0.0002), percent(0.054), percent(0.94)], ['0 %', '<0.01 %', '0.02 %', '5.4 %', '94 %'].map((text) => text.replace(' ', '\u00A0')))
  assert.deepEqual([span(40_000), span(90_000), span(7_500_000), span(93_600_000), span(-5)].map(plain), ['40 s', '1 min 30 s', '2 h 5 min', '1 d 2 h', '0 s'])
  assert.deepEqual([bytes(1_023), bytes(81_000_000)].map(plain), ['1023 B', '77.2 MiB'])
})

test('a stranger\'s text cannot hide, turn or break the line', () => {
  assert.equal(shown('a\u202Eb\u0000c\nd\u200Fe'), 'a\uFFFDb\uFFFDc\uFFFDd\uFFFDe')
  assert.equal(shown('x'.repeat(300), 10), `${'x'.repeat(9)}…`)
})
