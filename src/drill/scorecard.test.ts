import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recording } from './recording.ts'
import { scoreRun } from './scorecard.ts'
import type { Cohort, OutcomeName } from './world.ts'

const phases = { warmMs: 10_000, attackMs: 30_000, afterMs: 5_000 }

/** Twenty visitors' requests a second; `outcomeAt` says what becomes of each. */
function visitors(outcomeAt: (atMs: number, i: number) => OutcomeName, cohort: Cohort = 'human'): Recording {
  const recording = new Recording()
  const client = recording.addClient(cohort)
  for (let i = 0; i < 20 * 45; i++) {
    const outcome = outcomeAt(i * 50, i)
    recording.add(i * 50, outcome === 'right' ? 30 : outcome === 'late' ? 2_500 : 5, client, cohort, outcome, outcome === 'right' ? 200 : 503)
  }
  return recording
}

test('the time to mitigation is the first instant from which five seconds hold', () => {
  const card = scoreRun(visitors((at) => (at >= 10_000 && at < 14_000 ? 'busy' : at >= 16_000 && at < 16_500 ? 'busy' : 'right')).columns(), phases, [], 0)
  // Windows of 2 s: one that holds 0.1 s of the trouble has 95 % and passes.
  assert.ok(card.mitigatedAfterMs >= 6_300 && card.mitigatedAfterMs <= 6_500, String(card.mitigatedAfterMs))
  assert.equal(card.goodput.before, 1)
  assert.ok(card.goodput.afterMitigation > 0.99)
})

test('each pulse has a time of its own; one that the run has no room for has none', () => {
  const card = scoreRun(visitors((at) => ((at >= 10_000 && at < 14_000) || (at >= 26_000 && at < 27_000) ? 'busy' : 'right')).columns(), phases, [], 0, [0, 16_000, 28_000])
  assert.equal(card.pulsesMitigatedAfterMs!.length, 2)
  const [first, second] = card.pulsesMitigatedAfterMs!
  // Windows of 2 s: one that holds 0.1 s of the trouble has 95 % and passes.
  assert.ok(first >= 3_800 && first <= 4_000, String(first))
  assert.ok(second >= 800 && second <= 1_000, String(second))
  assert.equal(scoreRun(visitors(() => 'right').columns(), phases, [], 0).pulsesMitigatedAfterMs, undefined)
})

test('a site that never comes back is never mitigated, and an attack that nobody feels is mitigated at once', () => {
  assert.equal(scoreRun(visitors((at) => (at >= 10_000 ? 'busy' : 'right')).columns(), phases, [], 0).mitigatedAfterMs, Number.POSITIVE_INFINITY)
  assert.equal(scoreRun(visitors(() => 'right').columns(), phases, [], 0).mitigatedAfterMs, 0)
})

test('a quick failure is ten seconds long, and a late answer is no goodput', () => {
  const card = scoreRun(visitors((at, i) => (at < 10_000 ? 'right' : i % 10 === 0 ? 'busy' : i % 10 === 1 ? 'late' : 'right')).columns(), phases, [], 0)
  assert.ok(Math.abs(card.goodput.attack - 0.8) < 0.01)
  assert.equal(card.latency.p95Ms, 10_000)
  assert.equal(card.latencyOfRight.p95Ms, 2_500)
})

test('harm is counted per cohort: requests, and clients that were ever blocked', () => {
  const recording = visitors((at) => (at === 20_000 ? 'blocked' : 'right'), 'nat-office')
  const other = recording.addClient('feed')
  recording.add(21_000, 20, other, 'feed', 'right', 200)
  const attacker = recording.addClient('attack')
  for (let i = 0; i < 50; i++) recording.add(15_000 + i, 5, attacker, 'attack', 'blocked', 403)
  const card = scoreRun(recording.columns(), phases, [], 0)
  assert.deepEqual(card.harm.map((one) => [one.cohort, one.blocked, one.clients, one.clientsEverBlocked]), [['nat-office', 1, 1, 1], ['feed', 0, 1, 0]])
  assert.deepEqual(card.attack, { sent: 50, right: 0, passed: 0, blocked: 50, busy: 0, failed: 0 })
})

test('what the generator withheld is neither offered nor sent', () => {
  const card = scoreRun(visitors((_at, i) => (i % 2 === 0 ? 'withheld' : 'right')).columns(), phases, [], 0)
  assert.equal(card.goodput.attack, 1)
})

test('the attackers\' share of the origin\'s work is that of the attack window', () => {
  const second = (atWallMs: number, attackerWorkMs: number) => ({ atWallMs, visitors: 1, attackers: 10, visitorWorkMs: 100, attackerWorkMs, turnedAway: 0 })
  const card = scoreRun(visitors(() => 'right').columns(), phases, [second(1_000, 5_000), second(15_000, 300), second(16_000, 300), second(44_000, 5_000)], 0)
  assert.deepEqual(card.origin, { attackersPerSecond: 10, attackerWorkShare: 0.75 })
})

test('a check that is passed is no block, one that is not is a visitor who gave up, and its time counts', () => {
  const recording = visitors(() => 'right')
  const patient = recording.addClient('human-no-js')
  const impatient = recording.addClient('human')
  recording.add(5_000, 300, patient, 'human-no-js', 'right', 200, 1)
  recording.add(15_000, 5_100, patient, 'human-no-js', 'late', 200, 1)
  recording.add(16_000, 300, impatient, 'human', 'right', 200, 1)
  recording.add(17_000, 10_000, impatient, 'human', 'gave-up', 0, 2)
  const attacker = recording.addClient('attack')
  recording.add(18_000, 5_100, attacker, 'attack', 'late', 200, 1)
  const card = scoreRun(recording.columns(), phases, [], 0)
  assert.deepEqual(card.challenge, { requests: 3, clients: 2, passed: 2, clientsGaveUp: 1, passMedianMs: 5_100 })
  assert.deepEqual(card.harm.map((one) => one.clientsEverBlocked), [0, 0])
  assert.ok(card.goodput.attack < 1 && card.goodput.before === 1)
  assert.deepEqual([card.attack.right, card.attack.passed], [1, 1])
})
