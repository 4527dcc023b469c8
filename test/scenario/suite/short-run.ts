/**
 * The fixed suite in short form, for every run of the tests: real sockets, a third of the rates and of the origin, 8 to 12 s a scenario, Polder as shipped.
 * It holds what must hold on a busy machine too. Times to mitigate, pulses that return and recovery need the full size: script/bench scenarios.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type RunResult, runScenario } from '../../../bench/scenarios/run-scenario.ts'
import { polderPeer } from '../../../bench/scenarios/peers/polder.ts'
import { actsOnVisitors } from '../../../src/controlplane/mitigation/ladder.ts'
import { type Phases, type ScenarioId, shortPhases } from '../../../src/drill/scenarios.ts'

const SHARE = 1 / 3
/** The last of the nine seconds of an attack in which mitigation must act: detection and rule take four to five seconds on a quiet machine. */
const LAST_SECONDS = 3

/** Where no rule is waited for. */
const briefPhases: Phases = { ...shortPhases, warmMs: 2_000, attackMs: 6_000 }

/** A run for which the machine had no time is made again so often; the best of them counts. */
const TRIES = 3

/** `brief`: six seconds of it instead of nine. */
export async function shortRun(scenario: ScenarioId, brief = false): Promise<RunResult> {
  return whileStalled(() => runScenario({ scenario, peer: polderPeer, form: 'default', seed: 1, share: SHARE, phases: brief ? briefPhases : shortPhases, serverCores: '', generatorCores: '', workers: 1 }))
}

/** Runs again while the generator itself was stalled. */
export async function whileStalled(run: () => Promise<RunResult>): Promise<RunResult> {
  let best = await run()
  for (let tries = 1; tries < TRIES && best.generator.worstLatenessMs > STALL_MS; tries++) {
    const again = await run()
    if (again.generator.worstLatenessMs < best.generator.worstLatenessMs) best = again
  }
  return best
}

/** Nobody but attackers was refused by a rule or a limit of its own: not one request. */
export function assertNobodyBlocked(result: RunResult): void {
  assert.deepEqual(result.score.harm.filter((one) => one.blocked > 0).map((one) => `${one.cohort}: ${one.blocked} requests of ${one.clientsEverBlocked} clients`), [], told(result))
}

/** Goodput at the end of the attack. */
function endGoodput(result: RunResult): number {
  const until = Math.floor((result.phases.warmMs + result.phases.attackMs) / 1_000)
  const seconds = result.score.seconds.slice(until - LAST_SECONDS, until)
  return seconds.reduce((sum, one) => sum + one.right, 0) / seconds.reduce((sum, one) => sum + one.offered, 0)
}

/** When the generator itself was later than this, what visitors got says nothing about the shield: then it is told and not judged. */
const STALL_MS = 500

/** false, and told: what happened in time says nothing about the shield. */
function isJudged(t: TestContext, { generator }: RunResult, what: string): boolean {
  if (generator.worstLatenessMs <= STALL_MS) return true
  t.diagnostic(`the generator was up to ${generator.worstLatenessMs.toFixed(0)} ms late; ${what} is not judged`)
  return false
}

/** A rule that acts was born, and it refused something of the flood. */
export function assertRuleMetFlood(t: TestContext, result: RunResult): void {
  if (!isJudged(t, result, `${actingRules(result).length} rules, ${result.score.attack.blocked} requests refused:`)) return
  assert.ok(actingRules(result).length > 0, told(result))
  assert.ok(result.score.attack.blocked > 0, told(result))
}

export function assertServedAtEnd(t: TestContext, result: RunResult, floor: number): void {
  if (!isJudged(t, result, `goodput ${endGoodput(result).toFixed(2)}`)) return
  assert.ok(endGoodput(result) >= floor, `goodput ${endGoodput(result).toFixed(2)} at the end of the attack, at least ${floor} wanted\n${told(result)}`)
}

/** Rules that challenge, limit or block. */
export function actingRules(result: RunResult): string[] {
  return result.events.filter((event) => /^rule-(?:born|raised|woken)$/.test(event.code) && event.action !== null && event.action !== 'allow' && actsOnVisitors(event.action)).map((event) => event.sentence)
}

export function told(result: RunResult): string {
  const { goodput, attack } = result.score
  return `${result.scenario}: ${JSON.stringify({ goodput, attack, detectedAfterMs: result.detectedAfterMs, mitigatedAfterMs: result.score.mitigatedAfterMs, generator: result.generator })}\n${result.events.map((event) => `${event.code} ${event.sentence}`).join('\n')}`
}
