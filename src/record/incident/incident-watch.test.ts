import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ShieldState, shieldStates } from '../../contract/plan.ts'
import { IncidentWatch, type WatchVerdict } from './incident-watch.ts'

const settings = { openAfterStrainMs: 300_000, closeAfterCalmMs: 1_800_000 }

/** Obeys the verdicts, as the room does. */
function run(states: ReadonlyArray<ShieldState | null>, open: { automatic: boolean } | null = null) {
  const watch = new IncidentWatch()
  const verdicts: Array<{ at: number; verdict: WatchVerdict; wasOpen: boolean }> = []
  let now = open
  for (const [i, state] of states.entries()) {
    const verdict = watch.step(i * 1_000, state, now, settings)
    if (verdict !== null) verdicts.push({ at: i, verdict, wasOpen: now !== null })
    if (verdict === 'open') now = { automatic: true }
    if (verdict === 'close') now = null
  }
  return { verdicts, watch, open: now }
}
const times = (n: number, state: ShieldState | null): Array<ShieldState | null> => Array.from({ length: n }, () => state)

test('an attack opens at once, strain after five minutes of it, watching never', () => {
  assert.deepEqual(run([...times(5, 'NORMAL'), 'ATTACK']).verdicts.map((one) => one.at), [5])
  assert.deepEqual(run(['EMERGENCY']).verdicts.map((one) => one.at), [0])
  assert.deepEqual(run(times(290, 'STRAIN')).verdicts, [])
  assert.deepEqual(run(times(400, 'STRAIN')).verdicts.map((one) => one.at), [300])
  assert.deepEqual(run([...times(200, 'STRAIN'), 'WATCH', ...times(290, 'STRAIN')]).verdicts, [])
  assert.deepEqual(run(times(9_000, 'WATCH')).verdicts, [])
})

test('half an hour of NORMAL closes what Polder opened; a wave in between starts the count anew; what a person opened stays', () => {
  assert.deepEqual(run(times(1_900, 'NORMAL'), { automatic: true }).verdicts.map((one) => [one.at, one.verdict]), [[1_800, 'close']])
  assert.deepEqual(run([...times(1_700, 'NORMAL'), 'WATCH', ...times(1_750, 'NORMAL')], { automatic: true }).verdicts, [])
  assert.deepEqual(run(times(4_000, 'NORMAL'), { automatic: false }).verdicts, [])
})

test('what is not heard counts for neither', () => {
  assert.deepEqual(run(times(4_000, null), { automatic: true }).verdicts, [])
  // Five seconds of silence are no break, a minute is.
  assert.equal(run([...times(1_000, 'NORMAL'), ...times(5, null), ...times(800, 'NORMAL')], { automatic: true }).verdicts.length, 1)
  assert.equal(run([...times(1_000, 'NORMAL'), ...times(60, null), ...times(1_700, 'NORMAL')], { automatic: true }).verdicts.length, 0)
})

test('after a person closed it, the same attack does not open another', () => {
  const watch = new IncidentWatch()
  watch.closedByHand()
  for (let i = 0; i < 100; i++) assert.equal(watch.step(i * 1_000, 'ATTACK', null, settings), null)
  assert.equal(watch.step(100_000, 'WATCH', null, settings), null)
  assert.equal(watch.step(101_000, 'ATTACK', null, settings), 'open')
})

test('never two open at once, whatever the states', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom<ShieldState | null>(...shieldStates, null), fc.integer({ min: 1, max: 2_500 })), { maxLength: 12 }), (parts) => {
    for (const { verdict, wasOpen } of run(parts.flatMap(([state, n]) => times(n, state))).verdicts) assert.equal(verdict === 'open', !wasOpen)
  }), { numRuns: 60 })
})
