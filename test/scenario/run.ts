/** Runs a scenario against the real control loop on a simulated clock and writes down what happened. */
import type { ShieldState } from '../../src/contract/plan.ts'
import { SAMPLE_WORDS } from '../../src/contract/sample.ts'
import { Baseline } from '../../src/controlplane/detection/baseline.ts'
import { detectionOptions } from '../../src/controlplane/detection/options.ts'
import { ClientFacts } from '../../src/controlplane/detection/client-facts.ts'
import { RequestWindow } from '../../src/controlplane/detection/request-window.ts'
import type { ControlEvent, RuleRecord } from '../../src/controlplane/evidence.ts'
import { fieldIndex } from '../../src/controlplane/evidence.ts'
import { ControlLoop, type LoopSettings } from '../../src/controlplane/loop.ts'
import { mitigationOptions } from '../../src/controlplane/mitigation/options.ts'
import { defaultsOf } from '../../src/kernel/option.ts'
import { SeededRandom } from '../../src/kernel/random.ts'
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/units.ts'
import { calmPlan } from '../../src/contract/plan.ts'
import { everyday } from './visitors.ts'
import { World } from './world.ts'

/** Wednesday noon. */
const START_MS = Date.UTC(2024, 5, 5, 12)
export const settings: LoopSettings = { detection: defaultsOf(detectionOptions), mitigation: defaultsOf(mitigationOptions) }

let learned: { rows: Uint32Array[]; ratePerSecond: number } | null = null

/** A week of everyday traffic, learned in one go: half an hour is simulated, its rows and minutes are dealt out over all hours. */
export function seededBaseline(): Baseline {
  learned ??= simulateEveryday()
  const random = new SeededRandom(77)
  const baseline = new Baseline(random)
  for (let hour = 0; hour < 168; hour++) {
    const at = START_MS - 7 * 24 * HOUR_MS + hour * HOUR_MS
    for (let minute = 0; minute < 60; minute++) baseline.learnMinute(at + minute * MINUTE_MS, learned.ratePerSecond * (0.9 + 0.2 * random.next()))
    for (let i = 0; i < 128; i++) baseline.learnRow(at, learned.rows[random.below(learned.rows.length)])
  }
  return baseline
}

/** Rows of half an hour of everyday traffic, in order of time, with the word of hindsight in their flags. */
export function everydayRows(): readonly Uint32Array[] {
  learned ??= simulateEveryday()
  return learned.rows
}

function simulateEveryday(): { rows: Uint32Array[]; ratePerSecond: number } {
  const world = new World(new SeededRandom(4_711))
  const actor = everyday()
  const window = new RequestWindow(10, 64)
  const facts = new ClientFacts(8_192)
  const rows: Uint32Array[] = []
  let seen = 0
  let counted = 0
  for (let second = 1; second <= 1_800; second++) {
    const { samples } = world.run(calmPlan, START_MS, [actor])
    if (second > 120) window.takeOldest(8, (words) => rows.push(words.slice()))
    window.begin(second, 1, samples[0].seen)
    const { words } = samples[0]
    for (let at = 0; at < words.length; at += SAMPLE_WORDS) {
      window.add(words, at)
      facts.see(words[at + fieldIndex.clientKey], second, words[at + fieldIndex.clientRequests], words[at + fieldIndex.clientPages], words[at + fieldIndex.clientStatics], words[at + fieldIndex.clientEchoes], false)
    }
    window.judge(facts, second)
    if (second > 300) {
      seen += samples[0].seen
      counted++
    }
  }
  return { rows, ratePerSecond: seen / counted }
}

export interface Outcome {
  readonly states: ReadonlyArray<readonly [second: number, state: ShieldState]>
  readonly events: readonly ControlEvent[]
  readonly rules: readonly RuleRecord[]
  readonly world: World
  /** Share of the cohort's requests that rules refused from that second on. */
  refusedShare(cohort: string): number
  /** Share of the cohort's clients ever refused. */
  refusedClients(cohort: string): number
  /** First second at which a refusing rule was in the plan, or Infinity. */
  readonly mitigatedAt: number
  readonly highest: ShieldState
  readonly slowestTickMs: number
  readonly loop: ControlLoop
  /** Legitimate requests served per offered, second by second. */
  readonly goodput: readonly number[]
}

export interface ScenarioOptions {
  readonly seed: number
  readonly seconds: number
  readonly actors: ReadonlyArray<(world: World) => void>
  /** null: none, as on the first day. */
  readonly baseline?: Baseline | null
  readonly settings?: LoopSettings
  readonly before?: (world: World) => void
  readonly logEvents?: boolean
}

export function runScenario(options: ScenarioOptions): Outcome {
  const world = new World(new SeededRandom(options.seed))
  const loop = new ControlLoop(options.settings ?? settings, options.seed, options.baseline === null ? undefined : (options.baseline ?? seededBaseline()))
  const states: Array<readonly [number, ShieldState]> = [[0, 'NORMAL']]
  const events: ControlEvent[] = []
  const goodput: number[] = []
  let plan = calmPlan
  let mitigatedAt = Number.POSITIVE_INFINITY
  let slowestTickMs = 0
  const legit = (): [number, number] => {
    let offered = 0
    let served = 0
    for (const [cohort, counts] of world.counts) {
      if (cohort === 'bots' || cohort === 'mimics' || cohort === 'impostor') continue
      offered += counts.offered
      served += counts.served
    }
    return [offered, served]
  }
  let rules: readonly RuleRecord[] = []
  for (let second = 1; second <= options.seconds; second++) {
    const now = START_MS + second * 1_000
    const [offeredBefore, servedBefore] = legit()
    options.before?.(world)
    const { samples, vitals } = world.run(plan, now, options.actors)
    const [offered, served] = legit()
    goodput.push(offered === offeredBefore ? 1 : (served - servedBefore) / (offered - offeredBefore))
    const started = performance.now()
    const result = loop.tick(now, { samples, vitals, commands: [] })
    slowestTickMs = Math.max(slowestTickMs, performance.now() - started)
    plan = result.plan
    rules = result.views.rules
    for (const event of result.events) {
      events.push(event)
      if (options.logEvents === true) process.stdout.write(`${second} ${event.code} ${event.sentence}\n`)
    }
    if (states.at(-1)![1] !== result.views.state) states.push([second, result.views.state])
    if (plan.rules.some((rule) => rule.origin === 'automatic' && (rule.action === 'challenge' || rule.action === 'limit' || rule.action === 'block'))) mitigatedAt = Math.min(mitigatedAt, second)
  }
  const order = ['NORMAL', 'WATCH', 'STRAIN', 'ATTACK', 'EMERGENCY'] as const
  return {
    states,
    events,
    rules,
    world,
    refusedShare: (cohort) => (world.counts.get(cohort)?.refused ?? 0) / Math.max(1, world.counts.get(cohort)?.offered ?? 0),
    refusedClients: (cohort) => (world.counts.get(cohort)?.refusedClients.size ?? 0) / Math.max(1, world.counts.get(cohort)?.clients.size ?? 0),
    mitigatedAt,
    highest: order[Math.max(...states.map(([, state]) => order.indexOf(state)))],
    slowestTickMs,
    loop,
    goodput,
  }
}
