import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ControlView } from '../contract/control.ts'
import { fateOf } from '../contract/measure.ts'
import type { Measure } from '../contract/measure.ts'
import { type ShieldState, shieldStates } from '../contract/plan.ts'
import { reasons } from '../contract/reason.ts'
import type { ShieldSecond } from '../contract/record.ts'
import { MeasureMeter, usualSpans } from './measure-meter.ts'

const START = Date.UTC(2026, 10, 23, 14, 0, 0)
const settings = { watchZ: 6, ...usualSpans }

function view(atWallMs: number, state: ShieldState, more: Partial<ControlView> = {}): ControlView {
  return {
    atWallMs, state, stateSinceWallMs: START, ratePerSecond: 40, z: 0,
    expectation: { source: 'all-hours', ratePerSecond: 40, medianLog: 3.7, madLog: 0.1 },
    health: { strained: state !== 'NORMAL', critical: false, well: state === 'NORMAL', signs: [] },
    excess: null, evidence: [], logLikelihood: 0, rules: [], candidates: [], baseline: { minutesLearned: 9_000, rows: 1, coldStart: false }, bytes: 1, ...more,
  }
}

function second(index: number, received: number, state: ShieldState | null, more: Partial<ShieldSecond> = {}): ShieldSecond {
  const atWallMs = START + (index + 1) * 1_000
  return { atWallMs, traffic: { received, ended: { 'served-fresh': received }, bytesOut: received * 1_000, seconds: 1 }, origin: [], upstreams: [], view: state === null ? null : view(atWallMs, state), events: [], ...more }
}

test('every reason has a fate', () => {
  assert.deepEqual(Object.keys(fateOf).sort(), [...reasons].sort())
})

test('a minute in calm, ten seconds otherwise, and a cut at the change of state', () => {
  const meter = new MeasureMeter(settings)
  const measures: Measure[] = []
  for (let i = 0; i < 70; i++) measures.push(...meter.second(second(i, 40, i < 65 ? 'NORMAL' : 'ATTACK'), false))
  for (let i = 70; i < 90; i++) measures.push(...meter.second(second(i, 40, 'ATTACK'), false))
  assert.deepEqual(measures.map((one) => [(one.toWallMs - one.fromWallMs) / 1_000, one.state]), [[60, 'NORMAL'], [5, 'NORMAL'], [10, 'ATTACK'], [10, 'ATTACK']])
  assert.equal(measures[0].seconds.length, 0, 'calm needs no rows')
  assert.equal(measures[2].seconds.length, 10)
  assert.equal(measures[2].health.strainedSeconds, 10)
  const open = new MeasureMeter(settings)
  assert.equal([...Array(20).keys()].flatMap((i) => open.second(second(i, 40, 'NORMAL'), true)).length, 2, 'an open incident is measured every ten seconds')
})

test('nothing is lost and nothing counted twice, whatever the states and counts', () => {
  fc.assert(fc.property(fc.array(fc.record({ received: fc.nat(5_000), state: fc.option(fc.constantFrom(...shieldStates)), close: fc.boolean() }), { minLength: 1, maxLength: 200 }), (world) => {
    const meter = new MeasureMeter(settings)
    const measures = world.flatMap(({ received, state, close }, i) => meter.second(second(i, received, state), close))
    const rest = meter.rest()
    if (rest !== null) measures.push(rest)
    assert.equal(measures.reduce((sum, one) => sum + one.received, 0), world.reduce((sum, one) => sum + one.received, 0))
    assert.equal(measures.reduce((sum, one) => sum + (one.ended['served-fresh'] ?? 0), 0), world.reduce((sum, one) => sum + one.received, 0))
    assert.equal(measures[0].fromWallMs, START)
    assert.equal(measures.at(-1)!.toWallMs, START + world.length * 1_000)
    for (const [i, one] of measures.entries()) {
      if (i > 0) assert.equal(one.fromWallMs, measures[i - 1].toWallMs)
      assert.ok(one.seconds.length === 0 || one.seconds.reduce((sum, row) => sum + row[1], 0) === one.received)
      assert.ok(one.state === null || one.health.heardSeconds > 0)
    }
  }), { numRuns: 100 })
})

test('a second above the band is seen, and what is not known is said to be unknown', () => {
  const meter = new MeasureMeter(settings)
  const measures: Measure[] = []
  for (let i = 0; i < 60; i++) measures.push(...meter.second(second(i, i === 30 ? 900 : 40, i === 10 ? null : 'NORMAL', i === 11 ? { view: view(0, 'NORMAL') } : {}), true))
  const rows = measures.flatMap((one) => one.seconds)
  // 40 × exp(6 × 1.4826 × 0.1) = 97
  assert.equal(rows.filter((row) => row[6] === 1).length, 1)
  const rise = measures.find((one) => one.peak.requestsPerSecond === 900)!
  assert.ok(Math.abs(rise.expected!.upperPerSecond - 97.4) < 0.5)
})

test('rules are counted by what they did in the span, not since they were born', () => {
  const rule = (matched: number) => ({ id: 'r-1', origin: 'automatic' as const, sentence: 'agent "x"', when: [], action: 'block' as const, stage: 'active' as const, dryRun: false, bornAtWallMs: START, expiresAtWallMs: null, who: 'polder', why: '', evidence: null, since: { matched, positive: 0, canaryTried: 0, canaryPassed: 0 }, history: [] })
  const meter = new MeasureMeter(settings)
  const measures: Measure[] = []
  // Met when it had already matched 1,000; then 10 more a second; at second 15 the control plane is new and counts from zero.
  for (let i = 0; i < 20; i++) measures.push(...meter.second(second(i, 40, 'ATTACK', { view: view(START + (i + 1) * 1_000, 'ATTACK', { rules: [rule(i < 15 ? 1_000 + i * 10 : (i - 14) * 10)] }) }), true))
  assert.deepEqual(measures.map((one) => one.rules[0].matched), [90, 100])
})

test('a clock set back or a pause ends the span where it was last heard', () => {
  const meter = new MeasureMeter(settings)
  for (let i = 0; i < 5; i++) assert.deepEqual(meter.second(second(i, 1, 'NORMAL'), false), [])
  const [cut] = meter.second(second(500, 1, 'NORMAL'), false)
  assert.equal(cut.toWallMs, START + 5_000)
  const [back] = meter.second(second(3, 1, 'NORMAL'), false)
  assert.equal(back.fromWallMs, START + 500_000)
})
