/**
 * What people decide about rules: pin, unpin, veto, extend, step-down, expire, take-back, add, dry-run. Their word stands above the gates, and stays with the rule: who, why, until when.
 * An act that cannot be carried out is answered with an event that says why; it changes nothing.
 */
import type { ActOnRule, AddRule, OperatorAct, TakeBack } from '../../contract/operator-act.ts'
import type { RuleAction } from '../../contract/plan.ts'
import type { ControlEvent, Rung } from '../evidence.ts'
import { BookRule } from './book-rule.ts'
import type { KeptOrders } from './kept-orders.ts'
import { bornLife, HELD_MS, LONGEST_TTL_MS } from './lifetime.ts'
import { type TakenAct, TakenActs } from './taken-acts.ts'

const REFUSED = 'operator-refused'
const MAX_VETOES = 256
const MAX_OPERATOR_RULES = 256
/** A block of an operator's own says no limit: stepped down to one it lets this many a second through. */
const LIMIT_AFTER_BLOCK_PER_SECOND = 1

/** What the desk asks the book about the ladder. */
export interface DeskReach {
  /** The next milder step there is here. */
  below(rung: Rung): Rung
  /** A step, cut down so that the harm of all stays within its cap. */
  within(rule: BookRule, rung: Rung): Rung
}

export class OperatorDesk {
  readonly #vetoedUntilWallMs = new Map<string, number>()
  readonly #dryRunSteps = new Set<RuleAction>()
  readonly #taken = new TakenActs()
  dryRunAll = false

  isVetoed(ruleId: string, nowWallMs: number): boolean {
    return (this.#vetoedUntilWallMs.get(ruleId) ?? 0) > nowWallMs
  }

  isDryRun(step: RuleAction): boolean {
    return this.#dryRunSteps.has(step)
  }

  /** Vetoes that still hold and dry-runs, for the file. */
  kept(nowWallMs: number): Omit<KeptOrders, 'rules'> {
    return {
      dryRunAll: this.dryRunAll,
      dryRunSteps: [...this.#dryRunSteps].sort(),
      vetoes: [...this.#vetoedUntilWallMs].filter(([, until]) => until > nowWallMs).map(([ruleId, until]) => ({ ruleId, untilWallMs: until === Number.POSITIVE_INFINITY ? null : until })),
    }
  }

  restore(orders: KeptOrders): void {
    this.dryRunAll = orders.dryRunAll
    for (const step of orders.dryRunSteps) this.#dryRunSteps.add(step)
    for (const { ruleId, untilWallMs } of orders.vetoes.slice(0, MAX_VETOES)) this.#vetoedUntilWallMs.set(ruleId, untilWallMs ?? Number.POSITIVE_INFINITY)
  }

  take(act: OperatorAct, rules: Map<string, BookRule>, nowWallMs: number, nowMs: number, reach: DeskReach): ControlEvent[] {
    if (act.kind === 'take-back') return [this.#takeBack(act, rules, nowWallMs, nowMs, reach)]
    if (act.kind === 'add') return [this.#add(act, rules, nowWallMs, nowMs)]
    if (act.kind === 'dry-run' && typeof act.of === 'object' && 'rule' in act.of) {
      const rule = rules.get(act.of.rule)
      if (rule === undefined) return [refused(nowWallMs, act.of.rule, 'there is no such rule')]
      rule.dryRun = act.on
      return [done(rule, act, nowWallMs, nowMs, act.on ? 'only counts from now on' : 'acts again')]
    }
    if (act.kind === 'dry-run') {
      if (act.of === 'all') this.dryRunAll = act.on
      else if ('step' in act.of && act.on) this.#dryRunSteps.add(act.of.step)
      else if ('step' in act.of) this.#dryRunSteps.delete(act.of.step)
      const what = act.of === 'all' ? 'every automatic rule' : `the step "${'step' in act.of ? act.of.step : ''}"`
      return [{ atWallMs: nowWallMs, code: 'operator-dry-run', sentence: `${what} ${act.on ? 'only counts from now on' : 'acts again'} (${act.who}: ${act.why})` }]
    }
    const known = rules.get(act.ruleId)
    const before = { stand: known?.stand ?? null, vetoedUntilWallMs: this.#vetoedUntilWallMs.get(act.ruleId) ?? 0 }
    const event = this.#onRule(act, rules, nowWallMs, nowMs, reach)
    if (event.code !== REFUSED) this.#taken.note({ act, atWallMs: event.atWallMs, rule: known ?? null, before, after: known?.stand ?? null })
    return [event]
  }

  #onRule(act: ActOnRule, rules: Map<string, BookRule>, nowWallMs: number, nowMs: number, reach: DeskReach): ControlEvent {
    const rule = rules.get(act.ruleId)
    if (act.kind === 'veto') {
      if (this.#vetoedUntilWallMs.size >= MAX_VETOES) this.#vetoedUntilWallMs.delete(this.#vetoedUntilWallMs.keys().next().value as string)
      this.#vetoedUntilWallMs.set(act.ruleId, act.untilWallMs ?? Number.POSITIVE_INFINITY)
      if (rule === undefined) return { atWallMs: nowWallMs, code: 'operator-veto', sentence: `${act.ruleId}: will not be made (${act.who}: ${act.why})`, ruleId: act.ruleId }
      rule.stage = 'vetoed'
      rule.rows = null
      return done(rule, act, nowWallMs, nowMs, 'vetoed: it no longer acts')
    }
    if (rule === undefined && act.kind === 'unpin' && this.#vetoedUntilWallMs.delete(act.ruleId)) return { atWallMs: nowWallMs, code: 'operator-unpin', sentence: `${act.ruleId}: may be made again (${act.who}: ${act.why})`, ruleId: act.ruleId }
    if (rule === undefined) return refused(nowWallMs, act.ruleId, 'there is no such rule')
    switch (act.kind) {
      case 'pin':
        if (rule.stage === 'dormant') rule.action = rule.peak
        if (rule.stage === 'vetoed') this.#vetoedUntilWallMs.delete(rule.id)
        rule.stage = 'pinned'
        rule.pinnedUntilWallMs = act.untilWallMs
        return done(rule, act, nowWallMs, nowMs, `pinned at ${rule.action}${act.untilWallMs === null ? '' : ' for a time'}: the gates no longer lower it`)
      case 'unpin':
        if (rule.stage !== 'pinned' && rule.stage !== 'vetoed') return refused(nowWallMs, rule.id, 'it is neither pinned nor vetoed')
        this.#vetoedUntilWallMs.delete(rule.id)
        rule.stage = 'active'
        rule.pinnedUntilWallMs = null
        if (rule.origin === 'automatic') rule.life = bornLife(nowWallMs, rule.life?.ttlMs ?? LONGEST_TTL_MS)
        return done(rule, act, nowWallMs, nowMs, 'back to its own life')
      case 'extend': {
        if (rule.life === null) return refused(nowWallMs, rule.id, 'it has no end to extend')
        if (act.untilWallMs === null) return refused(nowWallMs, rule.id, 'extending needs an end; pin it to keep it')
        const latest = rule.origin === 'automatic' ? nowWallMs + LONGEST_TTL_MS : Number.POSITIVE_INFINITY
        const until = Math.min(latest, Math.max(rule.life.expiresAtWallMs, act.untilWallMs))
        rule.life = { ttlMs: rule.life.ttlMs, expiresAtWallMs: until }
        return done(rule, act, nowWallMs, nowMs, until < act.untilWallMs ? 'extended by an hour, the most for an automatic rule; pin it to keep it longer' : 'extended')
      }
      case 'step-down': {
        const { action } = rule
        if (!rule.inForce) return refused(nowWallMs, rule.id, rule.stage === 'vetoed' ? 'it is vetoed: it does not act' : 'it is asleep: it does not act')
        const below = action === 'allow' ? action : reach.below(action)
        if (below === action || below === 'allow') return refused(nowWallMs, rule.id, action === 'allow' ? 'a rule that lets through has no milder step' : `${action} is the mildest step`)
        rule.action = rule.peak = below
        if (below === 'limit') rule.limitPerSecond ??= LIMIT_AFTER_BLOCK_PER_SECOND
        if (rule.origin === 'operator') return done(rule, act, nowWallMs, nowMs, `stepped down from ${action} to ${below}${below === 'limit' ? `, ${rule.limitPerSecond} a second` : ''}`)
        rule.heldUntilWallMs = nowWallMs + HELD_MS
        // Proof for the step above is gathered anew, on this one.
        rule.canaryTried = rule.canaryPassed = 0
        return done(rule, act, nowWallMs, nowMs, `stepped down from ${action} to ${below}; not raised by itself for ten minutes`)
      }
      case 'expire':
        rules.delete(rule.id)
        return done(rule, act, nowWallMs, nowMs, 'ended')
      default:
        return refused(nowWallMs, act.ruleId, `there is no act "${String((act as { kind: unknown }).kind)}"`)
    }
  }

  /** Everything is as before the act, or nothing changes and the sentence says why. */
  #takeBack(act: TakeBack, rules: Map<string, BookRule>, nowWallMs: number, nowMs: number, reach: DeskReach): ControlEvent {
    const taken = this.#taken.find(act, nowWallMs)
    if (typeof taken === 'string') return refused(nowWallMs, act.ruleId, taken)
    const { before, rule } = taken
    const problem = this.#cannotReturn(taken, rules, nowWallMs)
    if (problem !== null) return refused(nowWallMs, act.ruleId, problem)
    this.#taken.forget(taken)
    if (taken.act.kind === 'veto' || taken.act.kind === 'unpin' || taken.act.kind === 'pin') {
      if (before.vetoedUntilWallMs > nowWallMs) this.#vetoedUntilWallMs.set(act.ruleId, before.vetoedUntilWallMs)
      else this.#vetoedUntilWallMs.delete(act.ruleId)
    }
    const sentence = `${words[taken.act.kind]} of ${taken.act.who} is taken back`
    if (rule === null || before.stand === null) return { atWallMs: nowWallMs, code: 'operator-take-back', sentence: `${act.ruleId}: ${sentence} (${act.who}: ${act.why})`, ruleId: act.ruleId }
    if (taken.act.kind === 'extend') rule.life = before.stand.life
    else Object.assign(rule, before.stand)
    if (taken.act.kind === 'expire') rules.set(rule.id, rule)
    if (rule.stage === 'vetoed') rule.rows = null
    // What others do to visitors meanwhile counts too.
    if (taken.act.kind === 'step-down' && rule.origin === 'automatic' && rule.action !== 'allow') rule.action = reach.within(rule, rule.action)
    return done(rule, act, nowWallMs, nowMs, `${sentence}: ${rule.inForce ? `it is at ${rule.action}` : rule.stage === 'vetoed' ? 'it is vetoed' : 'it is asleep'}`)
  }

  /** Why what was so before cannot be so again; null when it can. */
  #cannotReturn({ act, rule, before, after }: TakenAct, rules: Map<string, BookRule>, nowWallMs: number): string | null {
    if (act.kind === 'expire') {
      if (rules.has(act.ruleId)) return 'it has come back by itself'
      if (this.isVetoed(act.ruleId, nowWallMs)) return 'it is vetoed by now'
      if (rule !== null && rule.stage !== 'pinned' && rule.life !== null && rule.life.expiresAtWallMs <= nowWallMs) return 'its time is over by now'
      return rule?.origin === 'operator' && ownRules(rules) >= MAX_OPERATOR_RULES ? `there are ${MAX_OPERATOR_RULES} rules of operators already` : null
    }
    if (rule === null) return null
    if (rules.get(act.ruleId) !== rule) return 'it is gone by now'
    if (act.kind === 'extend') return rule.life === null ? 'it has no end any more' : null
    if (after !== null && (rule.stage !== after.stage || rule.action !== after.action)) return `it has moved on since: it is ${rule.stage}, at ${rule.action}`
    if (before.stand?.stage === 'vetoed' && before.vetoedUntilWallMs <= nowWallMs) return 'the veto of before is over by now'
    if (before.stand?.stage === 'pinned' && (before.stand.pinnedUntilWallMs ?? Number.POSITIVE_INFINITY) <= nowWallMs) return 'the pin of before is over by now'
    return null
  }

  #add(act: AddRule, rules: Map<string, BookRule>, nowWallMs: number, nowMs: number): ControlEvent {
    if (rules.has(act.ruleId)) return refused(nowWallMs, act.ruleId, 'a rule of that name exists')
    if (act.when.length === 0) return refused(nowWallMs, act.ruleId, 'a rule without conditions would match everything')
    if (act.untilWallMs !== null && act.untilWallMs <= nowWallMs) return refused(nowWallMs, act.ruleId, 'its end is in the past')
    if (ownRules(rules) >= MAX_OPERATOR_RULES) return refused(nowWallMs, act.ruleId, `there are ${MAX_OPERATOR_RULES} rules of operators already`)
    const life = act.untilWallMs === null ? null : { ttlMs: act.untilWallMs - nowWallMs, expiresAtWallMs: act.untilWallMs }
    const rule = new BookRule(act.ruleId, 'operator', act.when, act.why, act.action, life, null, nowWallMs, nowMs)
    if (act.limitPerSecond !== undefined) rule.limitPerSecond = act.limitPerSecond
    rules.set(rule.id, rule)
    return done(rule, act, nowWallMs, nowMs, `added at ${act.action}`)
  }
}

const words: Readonly<Record<ActOnRule['kind'], string>> = Object.freeze({ pin: 'the pin', unpin: 'the unpinning', veto: 'the veto', extend: 'the extension', 'step-down': 'the step down', expire: 'the end' })

function ownRules(rules: ReadonlyMap<string, BookRule>): number {
  let own = 0
  for (const rule of rules.values()) if (rule.origin === 'operator') own++
  return own
}

function done(rule: BookRule, act: OperatorAct, nowWallMs: number, nowMs: number, sentence: string): ControlEvent {
  rule.who = act.who
  rule.why = act.why
  rule.onRungSinceMs = nowMs
  rule.neededAtMs = nowMs
  const signature = ` (${act.who}: ${act.why})`
  rule.note(nowWallMs, `operator-${act.kind}`, sentence + signature)
  return { atWallMs: nowWallMs, code: `operator-${act.kind}`, sentence: rule.inAList(sentence) + (rule.sentence === act.why ? ` (${act.who})` : signature), ruleId: rule.id, action: rule.action }
}

function refused(nowWallMs: number, ruleId: string, why: string): ControlEvent {
  return { atWallMs: nowWallMs, code: REFUSED, sentence: `${ruleId}: ${why}`, ruleId }
}
