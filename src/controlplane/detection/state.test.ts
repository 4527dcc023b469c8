import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { shieldStates } from '../../contract/plan.ts'
import { ShieldStateMachine, type StateInputs, stateRank, transitions } from './state.ts'

const calm: StateInputs = { originStrained: false, originCritical: false, originWell: true, standsOut: false, excessGone: true, rulesPass: false, rulesNeeded: false, evidence: 0 }
const flood: StateInputs = { originStrained: true, originCritical: true, originWell: false, standsOut: true, excessGone: false, rulesPass: true, rulesNeeded: true, evidence: 5 }
const DWELL = 60_000

const anyInputs: fc.Arbitrary<StateInputs> = fc.record({
  originStrained: fc.boolean(),
  originCritical: fc.boolean(),
  originWell: fc.boolean(),
  standsOut: fc.boolean(),
  excessGone: fc.boolean(),
  rulesPass: fc.boolean(),
  rulesNeeded: fc.boolean(),
  evidence: fc.double({ min: -10, max: 10, noNaN: true }),
})

test('a flood on a strained origin is met step by step: one second each, three into EMERGENCY', () => {
  const machine = new ShieldStateMachine()
  const path: string[] = []
  for (let ms = 0; ms <= 8_000; ms += 1_000) {
    machine.step(ms, flood, DWELL)
    path.push(machine.state)
  }
  assert.deepEqual(path, ['WATCH', 'STRAIN', 'ATTACK', 'ATTACK', 'ATTACK', 'EMERGENCY', 'EMERGENCY', 'EMERGENCY', 'EMERGENCY'])
})

test('invariant 4: while the origin is well, nothing rises above WATCH, whatever is asked of it', () => {
  fc.assert(
    fc.property(fc.array(anyInputs, { maxLength: 200 }), (series) => {
      const machine = new ShieldStateMachine()
      series.forEach((inputs, i) => {
        machine.step(i * 1_000, { ...inputs, originStrained: false, originCritical: false, originWell: true }, DWELL)
        assert.ok(stateRank(machine.state) <= stateRank('WATCH'))
      })
    }),
  )
})

test('invariant 7: the state moves by one, and not more than once a second', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyInputs, fc.integer({ min: 1, max: 5_000 })), { maxLength: 200 }), (series) => {
      const machine = new ShieldStateMachine()
      let now = 0
      let changedAt = Number.NEGATIVE_INFINITY
      for (const [inputs, ms] of series) {
        now += ms
        const before = stateRank(machine.state)
        const change = machine.step(now, inputs, DWELL)
        const moved = stateRank(machine.state) - before
        assert.ok(Math.abs(moved) <= 1)
        assert.equal(change !== null, moved !== 0)
        if (moved !== 0) {
          assert.ok(now - changedAt >= 1_000)
          changedAt = now
        }
      }
    }),
  )
})

test('invariant 7: strain that comes and goes faster than the dwell raises once and never lowers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 59 }), fc.integer({ min: 1, max: 58 }), (periodSeconds, onSeconds) => {
      const machine = new ShieldStateMachine()
      let downs = 0
      for (let second = 0; second < 600; second++) {
        const before = stateRank(machine.state)
        machine.step(second * 1_000, second % periodSeconds < Math.min(onSeconds, periodSeconds - 1) ? { ...flood, rulesPass: false, evidence: 0, originCritical: false } : calm, DWELL)
        if (stateRank(machine.state) < before) downs++
      }
      assert.equal(downs, 0)
    }),
    { numRuns: 40 },
  )
})

test('after the flood it takes a minute of health per step down', () => {
  const machine = new ShieldStateMachine()
  for (let ms = 0; ms <= 3_000; ms += 1_000) machine.step(ms, flood, DWELL)
  const path: Array<[number, string]> = []
  for (let second = 4; second < 300; second++) {
    const change = machine.step(second * 1_000, calm, DWELL)
    if (change !== null) path.push([second, change.to])
  }
  assert.deepEqual(path, [[64, 'STRAIN'], [124, 'WATCH'], [184, 'NORMAL']])
})

test('an origin that is well because rules hold the flood back does not end the attack', () => {
  const machine = new ShieldStateMachine()
  for (let ms = 0; ms <= 3_000; ms += 1_000) machine.step(ms, { ...flood, originCritical: false }, DWELL)
  for (let second = 4; second < 600; second++) machine.step(second * 1_000, { ...calm, excessGone: false, rulesNeeded: true, standsOut: true }, DWELL)
  assert.equal(machine.state, 'ATTACK')
})

test('a crowd that stays for hours on an origin that is well again leads back to WATCH', () => {
  const machine = new ShieldStateMachine()
  const crowd = { ...flood, originCritical: false, rulesPass: false, rulesNeeded: false, evidence: -3 }
  for (let second = 0; second < 10; second++) machine.step(second * 1_000, crowd, DWELL)
  assert.equal(machine.state, 'STRAIN')
  for (let second = 10; second < 100; second++) machine.step(second * 1_000, { ...crowd, originStrained: false, originWell: true }, DWELL)
  assert.equal(machine.state, 'WATCH')
})

test('an attack that can no longer be shown is called strain, even while the origin suffers', () => {
  const machine = new ShieldStateMachine()
  for (let ms = 0; ms <= 3_000; ms += 1_000) machine.step(ms, { ...flood, originCritical: false }, DWELL)
  assert.equal(machine.state, 'ATTACK')
  for (let second = 4; second < 70; second++) machine.step(second * 1_000, { ...flood, originCritical: false, rulesPass: false, rulesNeeded: false, evidence: 1 }, DWELL)
  assert.equal(machine.state, 'STRAIN')
})

test('the table names only neighbours, and every state but the first has a way down', () => {
  for (const { from, to } of transitions) assert.equal(Math.abs(stateRank(from) - stateRank(to)), 1)
  for (const state of shieldStates.slice(1)) assert.ok(transitions.some(({ from, to }) => from === state && stateRank(to) < stateRank(from)))
})
