/**
 * READ SECOND: the life of an attack, once a second. What was asked, how the origin feels, what stands out, what it is, what to do, what it did.
 * Pure: the same samples, vitals, acts and times give the same plans, so that an incident can be replayed. It never throws; a step that fails is told,
 * and a calm plan with the operator's own rules goes out. Rate makes it watch, the origin's health makes it act, a rule needs all gates.
 */
import type { ExploreQuestion, ExploreReply } from '../contract/explore.ts'
import type { ControlEvent, ControlView, ExcessPicture, Expectation, NetworkPicture, OriginHealth, Watchfulness } from '../contract/control.ts'
import type { OperatorAct } from '../contract/operator-act.ts'
import { type KnownCrawlers, type Plan, type ShieldState, type SourceDrop, calmPlan } from '../contract/plan.ts'
import type { SampleBatch } from '../contract/sample.ts'
import type { RuleMatches, Vitals } from '../contract/vitals.ts'
import type { OptionValues } from '../kernel/option.ts'
import { SeededRandom } from '../kernel/random.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { type Baseline, noExpectation } from './detection/baseline.ts'
import type { Verdict } from './detection/crowd-or-attack.ts'
import type { detectionOptions } from './detection/options.ts'
import { OriginHealthMeter, unknownHealth } from './detection/origin-health.ts'
import { ShieldStateMachine, stateRank } from './detection/state.ts'
import { TrafficObserver } from './detection/traffic-observer.ts'
import { explore } from './explore.ts'
import type { KeptOrders } from './mitigation/kept-orders.ts'
import { atMost, type LadderContext, showsAttack } from './mitigation/ladder.ts'
import type { mitigationOptions } from './mitigation/options.ts'
import { type BookContext, RuleBook } from './mitigation/rule-book.ts'
import { SourceDrops } from './mitigation/source-drops.ts'
import { type Proposal, synthesise } from './mitigation/synthesise.ts'
import { measureNetworks } from './network-data/measure-networks.ts'
import type { NetworkLookup } from './network-data/network-data.ts'
import { watchful } from './posture.ts'

export interface LoopSettings {
  readonly detection: OptionValues<typeof detectionOptions>
  readonly mitigation: OptionValues<typeof mitigationOptions>
}

export interface TickInputs {
  readonly vitals: readonly Vitals[]
  readonly samples: readonly SampleBatch[]
  readonly commands: readonly OperatorAct[]
  /** Passed on with the plan (crawlers/crawler-register.ts). */
  readonly crawlers?: KnownCrawlers | undefined
}

export type { ControlView }

export interface TickResult {
  readonly plan: Plan
  /** False when the data plane already has this plan. */
  readonly changed: boolean
  readonly events: readonly ControlEvent[]
  readonly views: ControlView
}

/** Rules are sought every other tick: a window moves slower than that (algorithms: every 2 s). */
const SYNTHESIS_TICKS = 2
const FRESH_MS = 15_000
/** The posture falls back by itself when no plan renews it. */
const POSTURE_MS = 10_000
const REPUBLISH_MS = 5_000
/** A tick covers at most this much time, however late it comes: after a pause the past is not made up for. */
const LONGEST_TICK_MS = 10_000
const SHORTEST_TICK_MS = 100
/** Less than this above the expected is no excess worth a name, on any site. */
const MIN_EXCESS_PER_SECOND = 5
/** Of the excess at which traffic stands out (z at its limit): below it, the reason has gone (algorithms: 20 %). */
const GONE_SHARE = 0.2
/** Samples wanted when calm, and when looking closely. */
const CALM_SAMPLES_PER_SECOND = 500
const CLOSE_SAMPLES_PER_SECOND = 4_000

export class ControlLoop {
  #settings: LoopSettings
  /** The settings of detection as the posture of the moment makes them. */
  #detection: LoopSettings['detection']
  readonly #observer: TrafficObserver
  readonly #healthMeter = new OriginHealthMeter()
  readonly #stateMachine = new ShieldStateMachine()
  readonly #book = new RuleBook()
  readonly #sourceDrops = new SourceDrops()
  #nowMs = 0
  #lastWallMs = Number.NaN
  #stateSinceWallMs = 0
  #stateSinceMs = 0
  #outTicks = 0
  #calm = true
  #wellServed = true
  #plan: Plan = calmPlan
  #events: ControlEvent[] = []
  #health: OriginHealth = unknownHealth
  #expectation: Expectation = noExpectation
  #z = 0
  #excess: ExcessPicture | null = null
  #verdict: Verdict = { items: [], logLikelihood: 0 }
  #proposals: readonly Proposal[] = []
  #drops: readonly SourceDrop[] = []
  #crawlers: KnownCrawlers | undefined
  #networks: NetworkPicture | null = null
  /** Countries and networks by address, when the operator has files of them: for the view alone, never for a decision. */
  networkLookup: NetworkLookup | null = null
  /** What the calendar asks for. */
  posture: Watchfulness | null = null

  /** `seed` drives every choice by chance; `baseline` what is known already (detection/baseline-file.ts). */
  constructor(settings: LoopSettings, seed: number, baseline?: Baseline) {
    this.#settings = settings
    this.#detection = settings.detection
    this.#observer = new TrafficObserver(new SeededRandom(seed), baseline)
  }

  get baseline(): Baseline {
    return this.#observer.baseline
  }

  keptOrders(nowWallMs: number): KeptOrders {
    return this.#book.keptOrders(nowWallMs)
  }

  restoreOrders(orders: KeptOrders, nowWallMs: number): void {
    this.#book.restoreOrders(orders, nowWallMs, this.#nowMs)
  }

  applySettings(settings: LoopSettings): void {
    this.#settings = settings
  }

  /** What the newest samples hold, for people; changes nothing. @throws never for what was asked, only for a fault of ours. */
  explore(question: ExploreQuestion): ExploreReply {
    return explore(question, { window: this.#observer.window, baseline: this.#observer.baseline, textOf: this.#observer.texts.textOf, networks: this.networkLookup })
  }

  /** One look at the world. `nowWallMs` should grow by about a second; whatever it does, the answer is a plan. */
  tick(nowWallMs: number, inputs: TickInputs): TickResult {
    this.#events = []
    this.#crawlers = inputs.crawlers
    if (this.posture !== null && (this.posture.untilWallMs <= nowWallMs || this.posture.sensitivity >= 1)) this.posture = null
    this.#detection = this.posture === null ? this.#settings.detection : watchful(this.#settings.detection, this.posture.sensitivity)
    const seconds = this.#advance(nowWallMs)
    const vitals = [...inputs.vitals].sort((a, b) => a.worker - b.worker || a.fromWallMs - b.fromWallMs)
    const failed = !(
      this.#step('see the traffic', nowWallMs, () => this.#seeTraffic(nowWallMs, seconds, inputs.samples, vitals)) &&
      this.#step('feel the origin', nowWallMs, () => this.#feelOrigin(vitals)) &&
      this.#step('weigh the evidence', nowWallMs, () => this.#weighEvidence()) &&
      this.#step('check the rules', nowWallMs, () => this.#checkRules(nowWallMs, vitals)) &&
      this.#step('write rules', nowWallMs, () => this.#writeRules()) &&
      this.#step('change the state', nowWallMs, () => this.#changeState(nowWallMs)) &&
      this.#step('put rules in force', nowWallMs, () => this.#enforce(nowWallMs))
    )
    for (const act of inputs.commands) this.#step('obey the operator', nowWallMs, () => this.#events.push(...this.#book.act(act, this.#context(nowWallMs))))
    const changed = this.#publish(nowWallMs, failed)
    return { plan: this.#plan, changed, events: this.#events, views: this.#view(nowWallMs) }
  }

  #advance(nowWallMs: number): number {
    const elapsed = Number.isNaN(this.#lastWallMs) ? SECOND_MS : nowWallMs - this.#lastWallMs
    if (elapsed < 0) this.#events.push({ atWallMs: nowWallMs, code: 'clock-went-back', sentence: `the machine's clock went back by ${Math.round(-elapsed / SECOND_MS)} s; counted as one second` })
    this.#lastWallMs = nowWallMs
    const ms = elapsed < 0 ? SECOND_MS : Math.min(LONGEST_TICK_MS, Math.max(SHORTEST_TICK_MS, elapsed))
    this.#nowMs += ms
    return ms / SECOND_MS
  }

  #seeTraffic(nowWallMs: number, seconds: number, samples: readonly SampleBatch[], vitals: readonly Vitals[]): void {
    this.#observer.observe(nowWallMs, seconds, samples, vitals, this.#calm, this.#wellServed)
    this.#expectation = this.#observer.expectation(nowWallMs)
    this.#z = this.#observer.zScore(this.#expectation)
  }

  #feelOrigin(vitals: readonly Vitals[]): void {
    this.#health = this.#healthMeter.assess(vitals, this.#detection, this.#stateMachine.state === 'NORMAL')
  }

  /** Only when something stands out: in calm times there is no excess to speak of. */
  #weighEvidence(): void {
    const look = this.#stateMachine.state !== 'NORMAL' || this.#z > 3 || this.#health.strained
    this.#excess = look ? this.#observer.measureExcess(this.#expectation) : null
    this.#networks = this.#excess === null || this.networkLookup === null ? null : measureNetworks(this.#observer.window, this.#observer.heavyRanges(), this.networkLookup)
    this.#verdict = this.#excess === null ? { items: [], logLikelihood: 0 } : this.#observer.weighEvidence(this.#excess, this.#book.canaryTotals)
  }

  #checkRules(nowWallMs: number, vitals: readonly Vitals[]): void {
    this.#events.push(...this.#book.update(sumMatches(vitals), this.#context(nowWallMs)))
  }

  #writeRules(): void {
    const watching = this.#stateMachine.state !== 'NORMAL' || this.#health.strained
    if (!watching || this.#excess === null || this.#excess.perSecond < MIN_EXCESS_PER_SECOND) {
      this.#proposals = []
      return
    }
    if (this.#observer.tick % SYNTHESIS_TICKS !== 0 && !this.#isFresh() && !this.#gateFourStale()) return
    const { mitigation } = this.#settings
    this.#proposals = synthesise({
      window: this.#observer.window,
      baseline: this.#observer.baseline,
      normalProvenShare: this.#observer.shares.proven,
      normalProtectedShare: this.#observer.shares.protected,
      expectedPerSecond: this.#excess.expectedPerSecond,
      values: this.#observer.heavyValues(),
      ranges: this.#observer.heavyRanges(),
      originStrained: this.#mayAct(),
      covered: this.#book.coveredRows(this.#observer.window),
      maxRules: mitigation.maxAutomaticRules,
      blockHarmShare: mitigation.blockHarmShare,
      canaryOf: (ruleId) => this.#book.canaryOf(ruleId),
      textOf: this.#observer.texts.textOf,
    })
  }

  /** G4: the origin is strained, or it was when this incident began and the flood is still there. */
  #mayAct(): boolean {
    return this.#health.strained || (stateRank(this.#stateMachine.state) >= stateRank('ATTACK') && this.#book.rulesNeeded)
  }

  /** Young incidents without a rule are looked at every tick: a second saved is a second of mitigation. */
  #isFresh(): boolean {
    return this.#proposals.length === 0 && this.#nowMs - this.#stateSinceMs < FRESH_MS
  }

  #gateFourStale(): boolean {
    return this.#proposals.some((proposal) => proposal.evidence.gates.some((gate) => gate.gate === 'G4-origin-strained' && gate.passed !== this.#mayAct()))
  }

  #changeState(nowWallMs: number): void {
    const detection = this.#detection
    const excess = this.#excess?.perSecond ?? 0
    const out = this.#z > detection.watchZ && excess >= MIN_EXCESS_PER_SECOND
    this.#outTicks = ((this.#outTicks << 1) | (out ? 1 : 0)) & 0b11111
    const trigger = this.#expectation.ratePerSecond * (Math.exp(detection.watchZ * 1.4826 * this.#expectation.madLog) - 1)
    const ladder = this.#ladder()
    const change = this.#stateMachine.step(
      this.#nowMs,
      {
        originStrained: this.#health.strained,
        originCritical: this.#health.critical,
        originWell: this.#health.well,
        standsOut: countOnes(this.#outTicks) >= 2,
        excessGone: excess < Math.max(MIN_EXCESS_PER_SECOND, GONE_SHARE * trigger),
        rulesPass: this.#proposals.some((proposal) => showsAttack(proposal.when, proposal.evidence, ladder)),
        rulesNeeded: this.#book.rulesNeeded,
        evidence: this.#verdict.logLikelihood,
      },
      detection.calmDwellMs,
    )
    if (change !== null) {
      this.#stateSinceWallMs = nowWallMs
      this.#stateSinceMs = this.#nowMs
      this.#events.push({ atWallMs: nowWallMs, code: change.code, sentence: `${change.from} to ${change.to}: ${change.sentence}${this.#because()}`, from: change.from, to: change.to })
    }
    this.#wellServed = this.#health.well && stateRank(this.#stateMachine.state) <= stateRank('WATCH')
    this.#calm = this.#wellServed && this.#stateMachine.state === 'NORMAL' && this.#outTicks === 0
  }

  #because(): string {
    const reasons = [...this.#health.signs.map((sign) => sign.sentence), ...this.#verdict.items.filter((item) => item.logLikelihood > 0.5).map((item) => item.sentence)]
    return reasons.length === 0 ? '' : `; ${reasons.join('; ')}`
  }

  /**
   * Rules act from ATTACK on (a proposal that passes all gates leads there in this very tick). Under STRAIN they may send to the back of the queue:
   * bots that ask once each can never be known well enough for more.
   */
  #enforce(nowWallMs: number): void {
    const context = this.#context(nowWallMs)
    if (this.#stateMachine.state === 'STRAIN') this.#events.push(...this.#book.consider(this.#proposals, { ...context, ladder: { ...context.ladder, strongestStep: atMost('tag', context.ladder.strongestStep) } }))
    else if (stateRank(this.#stateMachine.state) > stateRank('STRAIN')) this.#events.push(...this.#book.consider(this.#proposals, context))
    const refused = this.#book.refusedRows(this.#observer.window, this.#settings.mitigation.dryRun)
    this.#drops = this.#settings.mitigation.kernelDrop ? this.#sourceDrops.update(this.#observer.window, refused, 'source', this.#observer.tick, nowWallMs) : []
  }

  #context(nowWallMs: number): BookContext {
    const { mitigation } = this.#settings
    return {
      nowWallMs,
      nowMs: this.#nowMs,
      tick: this.#observer.tick,
      window: this.#observer.window,
      textOf: this.#observer.texts.textOf,
      inIncident: stateRank(this.#stateMachine.state) >= stateRank('STRAIN'),
      ladder: this.#ladder(),
      options: mitigation,
    }
  }

  #ladder(): LadderContext {
    const { challengeAvailable, challengeHarmShare, strongestStep } = this.#settings.mitigation
    return { coldStart: this.#observer.baseline.coldStart, critical: this.#health.critical, challengeAvailable, challengeHarmShare, strongestStep }
  }

  /** A new version only when something changed, or when the posture would run out. */
  #publish(nowWallMs: number, failed: boolean): boolean {
    const state = failed ? 'NORMAL' : this.#stateMachine.state
    const rules = this.#rulesToPublish(nowWallMs, failed)
    const sampleShare = this.#sampleShare(state)
    const preferStale = stateRank(state) >= stateRank('STRAIN')
    const old = this.#plan
    const same =
      old.version > 0 && old.state === state && old.preferStale === preferStale && old.sampleShare === sampleShare && old.crawlers?.version === this.#crawlers?.version && old.crawlers?.wantClaims === this.#crawlers?.wantClaims && JSON.stringify([old.rules, old.drops ?? []]) === JSON.stringify([rules, this.#drops])
    if (same && nowWallMs >= old.publishedAtWallMs && nowWallMs - old.publishedAtWallMs < REPUBLISH_MS) return false
    this.#plan = Object.freeze({
      // Also higher than any plan of an earlier life of this thread.
      version: Math.max(old.version + 1, Math.floor(nowWallMs)),
      publishedAtWallMs: nowWallMs,
      state,
      rules,
      sampleShare,
      preferStale,
      postureExpiresAtWallMs: nowWallMs + POSTURE_MS,
      ...(this.#drops.length > 0 && !failed ? { drops: this.#drops } : {}),
      ...(this.#crawlers === undefined ? {} : { crawlers: this.#crawlers }),
    })
    return true
  }

  #rulesToPublish(nowWallMs: number, failed: boolean): Plan['rules'] {
    let rules: Plan['rules'] = []
    this.#step('list the rules', nowWallMs, () => {
      rules = this.#book.planRules(nowWallMs, this.#settings.mitigation).filter((rule) => !failed || rule.origin === 'operator')
    })
    return rules
  }

  /** Powers of two, and kept until off by more than a factor of two: a plan must not change with every gust. */
  #sampleShare(state: ShieldState): number {
    const wanted = (state === 'NORMAL' ? CALM_SAMPLES_PER_SECOND : CLOSE_SAMPLES_PER_SECOND) / Math.max(1, this.#observer.ratePerSecond)
    const share = wanted >= 1 ? 1 : 2 ** Math.floor(Math.log2(wanted))
    const old = this.#plan.sampleShare
    return state === this.#plan.state && share <= old * 2 && share >= old / 2 ? old : Math.max(share, 1 / 1_024)
  }

  #view(nowWallMs: number): ControlView {
    const { baseline } = this.#observer
    return {
      atWallMs: nowWallMs,
      state: this.#stateMachine.state,
      stateSinceWallMs: this.#stateSinceWallMs,
      ratePerSecond: this.#observer.ratePerSecond,
      expectation: this.#expectation,
      z: this.#z,
      health: this.#health,
      excess: this.#excess,
      ...(this.#networks === null ? {} : { networks: this.#networks }),
      ...(this.posture === null ? {} : { posture: this.posture }),
      evidence: this.#verdict.items,
      logLikelihood: this.#verdict.logLikelihood,
      rules: this.#book.records(this.#settings.mitigation),
      candidates: this.#proposals,
      baseline: { minutesLearned: baseline.minutesLearned, rows: baseline.rowsHeld, coldStart: baseline.coldStart },
      bytes: this.#observer.bytes,
    }
  }

  /** Runs one step; when it throws, says so and returns false. */
  #step(name: string, nowWallMs: number, run: () => void): boolean {
    try {
      run()
      return true
    } catch (error) {
      this.#events.push({ atWallMs: nowWallMs, code: 'control-step-failed', sentence: `could not ${name}: ${error instanceof Error ? error.message : String(error)}; a calm plan goes out` })
      return false
    }
  }
}

function sumMatches(vitals: readonly Vitals[]): Record<string, RuleMatches> {
  const sums: Record<string, RuleMatches> = {}
  for (const v of vitals) {
    for (const [id, m] of Object.entries(v.ruleMatches)) {
      const sum = Object.hasOwn(sums, id) ? sums[id] : { matched: 0, positive: 0, canaryTried: 0, canaryPassed: 0 }
      sums[id] = { matched: sum.matched + m.matched, positive: sum.positive + m.positive, canaryTried: sum.canaryTried + m.canaryTried, canaryPassed: sum.canaryPassed + m.canaryPassed }
    }
  }
  return sums
}

function countOnes(bits: number): number {
  let count = 0
  for (let b = bits; b !== 0; b &= b - 1) count++
  return count
}
