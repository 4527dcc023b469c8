/**
 * All rules and their lives: born from proposals, checked while they act, stepped down, put to sleep, woken; and what the operator says of them.
 * It must never let the harm of all refusing rules exceed its cap, keep an automatic rule without expiry, or raise one that was found to harm.
 */
import type { OperatorAct } from '../../contract/operator-act.ts'
import type { Rule, RuleAction } from '../../contract/plan.ts'
import type { RuleMatches } from '../../contract/vitals.ts'
import { addBits } from '../../kernel/bitset.ts'
import type { OptionValues } from '../../kernel/option.ts'
import { type ControlEvent, type RuleRecord, type Rung, type WindowRows, ladder } from '../evidence.ts'
import { BookRule } from './book-rule.ts'
import type { KeptOrders } from './kept-orders.ts'
import { type LadderContext, actsOnVisitors, climb, refuses, startingRung, stepDown } from './ladder.ts'
import { DORMANT_MS, HELD_MS, bornLife, decaySteps, isNeeded, renewedLife, withinReach } from './lifetime.ts'
import { type LiveMeasure, liveHarm, measureLive } from './live-check.ts'
import type { TextOf } from './match-rows.ts'
import { type DeskReach, OperatorDesk } from './operator-desk.ts'
import type { mitigationOptions } from './options.ts'
import type { Proposal } from './synthesise.ts'

/** A pattern found to harm is not raised again for so long (algorithms: 10-minute deny-list). */
const DENIED_MS = 600_000
const MAX_ASLEEP = 32
const MAX_DENIED = 256
/** A rule whose normal matches are next to none still lets this many a second through. */
const SMALLEST_LIMIT_PER_SECOND = 0.5
/** Canary counts of overlapping windows would count one client many times: one window in ten ticks is added up. */
const CANARY_EVERY_TICKS = 10

export interface BookContext {
  readonly nowWallMs: number
  /** A clock that never jumps, in ms. */
  readonly nowMs: number
  readonly tick: number
  readonly window: WindowRows
  readonly textOf: TextOf
  /** STRAIN or above: only then may a sleeping rule wake. */
  readonly inIncident: boolean
  readonly ladder: LadderContext
  readonly options: OptionValues<typeof mitigationOptions>
}

export class RuleBook {
  readonly #rules = new Map<string, BookRule>()
  readonly #deniedUntilMs = new Map<string, number>()
  readonly #desk = new OperatorDesk()
  #events: ControlEvent[] = []

  /** New proposals: rules are born or raised as far as their gates, the caps and the operator allow. */
  consider(proposals: readonly Proposal[], context: BookContext): ControlEvent[] {
    for (const proposal of proposals) {
      if (this.#desk.isVetoed(proposal.id, context.nowWallMs)) continue
      const wanted = this.#allowedRung(proposal, startingRung(proposal.when, proposal.evidence, context.ladder), context)
      if (wanted === 'observe') continue
      const known = this.#rules.get(proposal.id)
      if (known === undefined || known.stage === 'vetoed') this.#bear(proposal, wanted, context)
      else if (known.origin === 'automatic' && known.stage !== 'pinned') this.#raise(known, proposal, wanted, context)
    }
    return this.#takeEvents()
  }

  /** Once a tick: what every rule did, whether it harms, whether it is still needed. `matches`: the data plane's counts since the last tick. */
  update(matches: Readonly<Record<string, RuleMatches>>, context: BookContext): ControlEvent[] {
    for (const rule of this.#rules.values()) {
      const counted = Object.hasOwn(matches, rule.id) ? matches[rule.id] : undefined
      rule.count(counted?.matched ?? 0, counted?.positive ?? 0, context.nowMs)
      if (rule.stage === 'vetoed') continue
      const measure = measureLive(rule.id, rule.when, rule.action, context.options.canaryShare, context.window, rule.inForce, context.textOf)
      rule.rows = measure.rows
      rule.needed = isNeeded(measure.matchedPerSecond, rule.evidence?.expectedPerSecond ?? 0)
      if (rule.origin === 'automatic') this.#live(rule, measure, counted, context)
    }
    this.#forget(context)
    return this.#takeEvents()
  }

  /** What a person decided. Unknown rules and impossible acts are answered with an event, never an exception. */
  act(act: OperatorAct, context: BookContext): ControlEvent[] {
    const reach: DeskReach = {
      below: (rung) => stepDown(rung, context.ladder.challengeAvailable),
      within: (rule, rung) => this.#withinHarm(rule, rung, context),
    }
    this.#events.push(...this.#desk.take(act, this.#rules, context.nowWallMs, context.nowMs, reach))
    return this.#takeEvents()
  }

  /** What people ordered and still holds, for the file that outlives this thread. */
  keptOrders(nowWallMs: number): KeptOrders {
    return { ...this.#desk.kept(nowWallMs), rules: [...this.#rules.values()].flatMap((rule) => rule.toKept() ?? []) }
  }

  /** Before the first tick. */
  restoreOrders(orders: KeptOrders, nowWallMs: number, nowMs: number): void {
    this.#desk.restore(orders)
    for (const kept of orders.rules) if (!this.#desk.isVetoed(kept.id, nowWallMs)) this.#rules.set(kept.id, BookRule.restored(kept, nowWallMs, nowMs))
  }

  /** The enforcement view, strictest first, ties by id: the same book always gives the same plan. */
  planRules(nowWallMs: number, options: OptionValues<typeof mitigationOptions>): Rule[] {
    return [...this.#rules.values()]
      .filter((rule) => rule.inForce && (rule.life === null || rule.stage === 'pinned' || rule.life.expiresAtWallMs > nowWallMs))
      .map((rule) => rule.toPlanRule(nowWallMs, this.#isDryRun(rule, options.dryRun), options.canaryShare))
      .sort((a, b) => rank(b.action) - rank(a.action) || (a.id < b.id ? -1 : 1))
  }

  records(options: OptionValues<typeof mitigationOptions>): RuleRecord[] {
    return [...this.#rules.values()].map((rule) => rule.toRecord(this.#isDryRun(rule, options.dryRun)))
  }

  canaryOf(ruleId: string): { tried: number; passed: number } {
    const rule = this.#rules.get(ruleId)
    return { tried: rule?.canaryTried ?? 0, passed: rule?.canaryPassed ?? 0 }
  }

  /** Over all automatic rules that ask something of visitors. */
  get canaryTotals(): { tried: number; passed: number } {
    let tried = 0
    let passed = 0
    for (const rule of this.#rules.values()) {
      if (!rule.inForce || rule.origin !== 'automatic') continue
      tried += rule.canaryTried
      passed += rule.canaryPassed
    }
    return { tried, passed }
  }

  /** Rules that act on visitors are matching far more than normal traffic explains: the flood is there, even if the origin no longer feels it. */
  get rulesNeeded(): boolean {
    for (const rule of this.#rules.values()) if (rule.inForce && rule.needed && !rule.dryRun && rule.action !== 'allow' && actsOnVisitors(rule.action)) return true
    return false
  }

  /** Window rows that rules acting on visitors deal with already. */
  coveredRows(window: WindowRows): Uint32Array {
    const covered = new Uint32Array(window.present.length)
    for (const rule of this.#rules.values()) {
      if (rule.inForce && rule.rows !== null && rule.action !== 'allow' && actsOnVisitors(rule.action)) addBits(covered, rule.rows)
    }
    return covered
  }

  /** Rows that rules refuse at this moment, dry runs left out. */
  refusedRows(window: WindowRows, dryRun: boolean): Uint32Array {
    const refused = new Uint32Array(window.present.length)
    for (const rule of this.#rules.values()) {
      if (rule.inForce && rule.rows !== null && rule.action !== 'allow' && refuses(rule.action) && !this.#isDryRun(rule, dryRun)) addBits(refused, rule.rows)
    }
    return refused
  }

  #bear(proposal: Proposal, rung: Rung, context: BookContext): void {
    let active = 0
    for (const rule of this.#rules.values()) if (rule.inForce && rule.origin === 'automatic') active++
    if (active >= context.options.maxAutomaticRules) return
    const rule = new BookRule(proposal.id, 'automatic', proposal.when, proposal.sentence, rung, bornLife(context.nowWallMs, context.options.ruleTtlMs), proposal.evidence, context.nowWallMs, context.nowMs)
    rule.limitPerSecond = Math.max(SMALLEST_LIMIT_PER_SECOND, proposal.evidence.expectedPerSecond)
    this.#rules.set(rule.id, rule)
    this.#tell(rule, context, 'rule-born', `made at ${rung}: explains ${percent(proposal.evidence.excessShare)} of the suspicious excess, touches at most ${percent(proposal.evidence.harm.upperShare)} of normal requests`)
  }

  #raise(rule: BookRule, proposal: Proposal, rung: Rung, context: BookContext): void {
    rule.evidence = proposal.evidence
    if (!rule.inForce) return this.#wake(rule, context)
    if (rule.action === 'allow') return
    const within = this.#withinHarm(rule, rule.action, context)
    if (within !== rule.action) return this.#moveTo(rule, within, context, 'rule-lowered', `lowered to ${within}: by a new measure it touches more normal requests, too many together with the other rules`)
    if (ladder.indexOf(rung) <= ladder.indexOf(rule.action) || rule.heldUntilWallMs > context.nowWallMs) return
    this.#moveTo(rule, rung, context, 'rule-raised', `raised to ${rung}: all its gates pass`)
  }

  /** What the gates allow, cut down by what was found harmful before and by the cap on the harm of all. */
  #allowedRung(proposal: Proposal, rung: Rung, context: BookContext): Rung {
    const soft: Rung = context.ladder.challengeAvailable ? 'challenge' : 'tag'
    if ((this.#deniedUntilMs.get(proposal.id) ?? 0) > context.nowMs) return 'observe'
    if (refuses(rung) && this.#refusedHarm(proposal.id) + proposal.evidence.harm.upperShare > context.options.blockHarmOfAllShare) return soft
    return rung
  }

  #refusedHarm(exceptId: string): number {
    let sum = 0
    for (const rule of this.#rules.values()) {
      if (rule.id !== exceptId && rule.inForce && rule.origin === 'automatic' && rule.action !== 'allow' && refuses(rule.action)) sum += rule.evidence?.harm.upperShare ?? 0
    }
    return sum
  }

  #live(rule: BookRule, measure: LiveMeasure, counted: RuleMatches | undefined, context: BookContext): void {
    if (context.tick % CANARY_EVERY_TICKS === 0 && rule.action !== 'allow' && actsOnVisitors(rule.action)) {
      rule.canaryTried += measure.canaryTried
      rule.canaryPassed += measure.canaryPassed
    }
    if (rule.life !== null) rule.life = withinReach(rule.life, context.nowWallMs)
    if (rule.heldUntilWallMs <= context.nowWallMs) rule.heldUntilWallMs = 0
    // After the machine's clock went back it would else be held for hours.
    else rule.heldUntilWallMs = Math.min(rule.heldUntilWallMs, context.nowWallMs + HELD_MS)
    if (rule.stage === 'pinned') return this.#pinnedLife(rule, context)
    if (rule.stage === 'dormant') {
      if (rule.needed && context.inIncident) this.#wake(rule, context)
      return
    }
    const harm = liveHarm(measure, counted?.matched ?? 0, counted?.positive ?? 0)
    if (harm !== null && rule.action !== 'allow' && rule.action !== 'observe') return this.#lowerForHarm(rule, harm.sentence, context)
    if (rule.needed) this.#keep(rule, context)
    else this.#decay(rule, context)
  }

  #lowerForHarm(rule: BookRule, sentence: string, context: BookContext): void {
    if (this.#deniedUntilMs.size >= MAX_DENIED) this.#deniedUntilMs.delete(this.#deniedUntilMs.keys().next().value as string)
    this.#deniedUntilMs.set(rule.id, context.nowMs + DENIED_MS)
    rule.canaryTried = rule.canaryPassed = 0
    const below = stepDown(rule.action as Rung, context.ladder.challengeAvailable)
    rule.peak = below
    this.#moveTo(rule, below, context, 'rule-harmful', `lowered to ${below} and not raised for ten minutes: ${sentence}`)
  }

  #keep(rule: BookRule, context: BookContext): void {
    rule.neededAtMs = context.nowMs
    if (rule.decayed > 0) {
      rule.decayed = 0
      rule.stage = 'active'
      const back = this.#withinHarm(rule, rule.peak, context)
      if (rule.action !== back) this.#moveTo(rule, back, context, 'rule-returned', `back to ${back}: its flood returned`)
    }
    if (rule.life !== null) rule.life = renewedLife(rule.life, context.nowWallMs)
    const denied = (this.#deniedUntilMs.get(rule.id) ?? 0) > context.nowMs
    if (rule.action === 'allow' || denied || rule.heldUntilWallMs > context.nowWallMs) return
    // A flood that gets through the challenge (by waiting, or by working) may keep the origin critical: then the fast lane is open to a rule in force too.
    if (context.ladder.critical && actsOnVisitors(rule.action) && rule.evidence !== null && rule.life !== null) {
      const fast = this.#withinHarm(rule, startingRung(rule.when, rule.evidence, context.ladder), context)
      if (ladder.indexOf(fast) > ladder.indexOf(rule.action)) return this.#moveTo(rule, fast, context, 'rule-raised', `raised to ${fast}: the origin is critical in spite of it, and all its gates passed`)
    }
    const above = this.#withinHarm(rule, climb(rule.action, context.nowMs - rule.onRungSinceMs, { tried: rule.canaryTried, passed: rule.canaryPassed }, context.ladder), context)
    if (ladder.indexOf(above) > ladder.indexOf(rule.action)) {
      rule.peak = above
      this.#moveTo(rule, above, context, 'rule-raised', `raised to ${above}: none of ${rule.canaryTried} clients let through behaved like a visitor`)
    }
  }

  #withinHarm(rule: BookRule, rung: Rung, context: BookContext): Rung {
    if (!refuses(rung) || this.#refusedHarm(rule.id) + (rule.evidence?.harm.upperShare ?? 1) <= context.options.blockHarmOfAllShare) return rung
    return context.ladder.challengeAvailable ? 'challenge' : 'tag'
  }

  #decay(rule: BookRule, context: BookContext): void {
    const expired = rule.life !== null && rule.life.expiresAtWallMs <= context.nowWallMs
    const steps = decaySteps(context.nowMs - rule.neededAtMs)
    while (rule.decayed < steps && rule.action !== 'observe') {
      rule.decayed++
      rule.stage = 'decaying'
      const below = stepDown(rule.action as Rung, context.ladder.challengeAvailable)
      this.#moveTo(rule, below, context, 'rule-decays', `lowered to ${below}: its flood has faded`)
    }
    if (expired || (rule.action === 'observe' && steps > rule.decayed)) {
      rule.stage = 'dormant'
      rule.rows = null
      rule.asleepSinceWallMs = context.nowWallMs
      this.#tell(rule, context, 'rule-asleep', 'asleep: it no longer acts, and wakes when its flood returns within a day')
    }
  }

  #wake(rule: BookRule, context: BookContext): void {
    if (this.#desk.isVetoed(rule.id, context.nowWallMs)) return
    const denied = (this.#deniedUntilMs.get(rule.id) ?? 0) > context.nowMs
    rule.stage = 'active'
    rule.decayed = 0
    rule.neededAtMs = context.nowMs
    rule.life = bornLife(context.nowWallMs, context.options.ruleTtlMs)
    const rung = denied ? 'tag' : this.#withinHarm(rule, rule.peak, context)
    this.#moveTo(rule, rung, context, 'rule-woken', `awake at ${rung}: its flood returned`)
  }

  #pinnedLife(rule: BookRule, context: BookContext): void {
    if (rule.pinnedUntilWallMs === null || rule.pinnedUntilWallMs > context.nowWallMs) return
    rule.stage = 'active'
    rule.pinnedUntilWallMs = null
    rule.life = bornLife(context.nowWallMs, context.options.ruleTtlMs)
    this.#tell(rule, context, 'rule-unpinned', 'the pin ran out')
  }

  /** Away with operator's rules that ran out and sleepers older than a day or too many. */
  #forget(context: BookContext): void {
    const asleep: BookRule[] = []
    for (const rule of this.#rules.values()) {
      const over = rule.origin === 'operator' && rule.life !== null && rule.life.expiresAtWallMs <= context.nowWallMs
      const tooOld = rule.stage === 'dormant' && context.nowWallMs - rule.asleepSinceWallMs > DORMANT_MS
      if (over || tooOld || (rule.stage === 'vetoed' && !this.#desk.isVetoed(rule.id, context.nowWallMs))) {
        this.#rules.delete(rule.id)
        this.#tell(rule, context, 'rule-gone', over ? 'its time is over' : 'forgotten')
      } else if (rule.stage === 'dormant') asleep.push(rule)
    }
    asleep.sort((a, b) => a.asleepSinceWallMs - b.asleepSinceWallMs)
    for (const rule of asleep.slice(0, Math.max(0, asleep.length - MAX_ASLEEP))) this.#rules.delete(rule.id)
    for (const [id, until] of this.#deniedUntilMs) if (until <= context.nowMs) this.#deniedUntilMs.delete(id)
  }

  #isDryRun(rule: BookRule, all: boolean): boolean {
    return rule.dryRun || this.#desk.isDryRun(rule.action) || (rule.origin === 'automatic' && (all || this.#desk.dryRunAll))
  }

  #moveTo(rule: BookRule, rung: Rung, context: BookContext, code: string, sentence: string): void {
    rule.action = rung
    if (ladder.indexOf(rung) > ladder.indexOf(rule.peak)) rule.peak = rung
    rule.onRungSinceMs = context.nowMs
    this.#tell(rule, context, code, sentence)
  }

  #tell(rule: BookRule, context: BookContext, code: string, sentence: string): void {
    rule.note(context.nowWallMs, code, sentence)
    this.#events.push({ atWallMs: context.nowWallMs, code, sentence: rule.inAList(sentence), ruleId: rule.id, action: rule.action })
  }

  #takeEvents(): ControlEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }
}

function rank(action: RuleAction): number {
  return action === 'allow' ? ladder.length : ladder.indexOf(action)
}

function percent(share: number): string {
  const points = share * 100
  return `${points.toFixed(points < 1 ? 2 : points < 10 ? 1 : 0)} %`
}
