import type { Condition, FeatureAttribute, Rule, RuleAction } from '../../contract/plan.ts'
import { CidrSet } from '../../kernel/cidr-set.ts'
import { fallsInShare, hashText } from '../../kernel/hash.ts'
import { Glob } from '../../kernel/glob.ts'

const strictnessOf: Readonly<Record<RuleAction, number>> = Object.freeze({ allow: -1, observe: 0, tag: 1, 'cache-only': 2, challenge: 3, limit: 4, block: 5 })

/** Rules stricter than a tag stop requests, and so have canaries. */
export const strictnessOfTag = strictnessOf.tag

/** Per worker; the design allows 5 over all matches of a rule. */
const CANARIES_PER_SECOND = 5

export type CompiledCondition =
  | { readonly kind: 'path' | 'host'; readonly glob: Glob }
  | { readonly kind: 'method'; readonly methods: readonly string[] }
  | { readonly kind: 'prefix'; readonly prefixes: CidrSet }
  | { readonly kind: 'feature'; readonly feature: FeatureAttribute; readonly equals: number }
  | { readonly kind: 'page-only'; readonly pages: number }
  | { readonly kind: 'query-present' | 'unproven' }

/** A rule ready to match, with its counts since the last vitals. */
export class CompiledRule {
  readonly id: string
  readonly action: RuleAction
  readonly strictness: number
  readonly dryRun: boolean
  readonly automatic: boolean
  /** One of its conditions is about the path. */
  readonly namesPath: boolean
  /** Infinity when it does not expire. */
  readonly expiresAtWallMs: number
  readonly limitPerSecond: number
  readonly canaryShare: number
  readonly #canarySalt: number
  readonly conditions: readonly CompiledCondition[]
  matched = 0
  positive = 0
  canaryTried = 0
  canaryPassed = 0
  #tokens = 0
  #filledAtMs = -1
  #canaryWindowMs = -1_000
  #canaries = 0

  constructor(rule: Rule) {
    this.id = rule.id
    this.action = rule.action
    this.strictness = strictnessOf[rule.action]
    this.dryRun = rule.dryRun
    this.automatic = rule.origin === 'automatic'
    this.namesPath = rule.when.some((condition) => condition.attribute === 'path')
    this.expiresAtWallMs = rule.expiresAtWallMs ?? Number.POSITIVE_INFINITY
    this.limitPerSecond = rule.limitPerSecond ?? 0
    this.canaryShare = rule.canaryShare ?? 0
    this.#canarySalt = hashText(rule.id, 0)
    // Cheap conditions first: a mismatch then costs one compare.
    this.conditions = rule.when.map(compileCondition).sort((a, b) => cost[a.kind] - cost[b.kind])
  }

  /** A newer plan says the rule again: what was counted and used up goes on, or every plan would refill its bucket and lose the counts of a second. */
  inherit(old: CompiledRule): void {
    this.matched = old.matched
    this.positive = old.positive
    this.canaryTried = old.canaryTried
    this.canaryPassed = old.canaryPassed
    this.#tokens = old.#tokens
    this.#filledAtMs = old.#filledAtMs
    this.#canaryWindowMs = old.#canaryWindowMs
    this.#canaries = old.#canaries
  }

  /**
   * Whether this match is let through to measure harm: a small share of the clients, the same ones each time, and at most a few requests a second,
   * so that a single source that falls in the share wins nothing (contract/plan.ts).
   */
  passesAsCanary(clientKey: number, nowMs: number): boolean {
    if (!this.#isCanary(clientKey)) return false
    if (nowMs - this.#canaryWindowMs >= 1_000) {
      this.#canaryWindowMs = nowMs
      this.#canaries = 0
    }
    if (this.#canaries >= CANARIES_PER_SECOND) return false
    this.#canaries++
    this.canaryTried++
    return true
  }

  /** A client of the share met the challenge of this rule: had it passed as a canary, it would have been one a second too many. */
  countChallenged(clientKey: number): void {
    if (this.#isCanary(clientKey)) this.canaryTried++
  }

  /** Such a client passed the challenge. */
  countPassed(clientKey: number): void {
    if (this.#isCanary(clientKey)) this.canaryPassed++
  }

  #isCanary(clientKey: number): boolean {
    return this.canaryShare > 0 && fallsInShare(clientKey, this.#canarySalt, this.canaryShare)
  }

  /** For `limit`: whether this match may pass, by a token bucket of one second's worth. `share`: this worker's part of the rate (1 / workers). */
  takeToken(nowMs: number, share: number): boolean {
    const perSecond = this.limitPerSecond * share
    const burst = Math.max(1, perSecond)
    this.#tokens = this.#filledAtMs < 0 ? burst : Math.min(burst, this.#tokens + ((nowMs - this.#filledAtMs) / 1_000) * perSecond)
    this.#filledAtMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

export interface RuleSet {
  readonly allow: readonly CompiledRule[]
  readonly others: readonly CompiledRule[]
  /** Some rule in force puts a challenge before visitors. */
  readonly challenges: boolean
}

export const noRules: RuleSet = Object.freeze({ allow: Object.freeze([]), others: Object.freeze([]), challenges: false })

/** Operator's rules stand before automatic ones of the same strictness. `old`: the set these replace. @throws RangeError for a prefix that is none. */
export function compileRules(operator: readonly Rule[], automatic: readonly Rule[], old: RuleSet = noRules): RuleSet {
  const compiled = [...operator, ...automatic].filter((rule) => rule.when.length > 0).map((rule) => new CompiledRule(rule))
  if (old !== noRules) {
    const known = new Map([...old.allow, ...old.others].map((rule) => [rule.id, rule]))
    for (const rule of compiled) {
      const before = known.get(rule.id)
      if (before !== undefined) rule.inherit(before)
    }
  }
  return {
    allow: compiled.filter((rule) => rule.action === 'allow' && !rule.dryRun),
    others: compiled.filter((rule) => rule.action !== 'allow'),
    challenges: compiled.some((rule) => rule.action === 'challenge' && !rule.dryRun),
  }
}

const cost = { method: 0, 'query-present': 0, 'page-only': 1, unproven: 1, path: 2, host: 2, prefix: 3, feature: 4 } as const

function compileCondition(condition: Condition): CompiledCondition {
  switch (condition.attribute) {
    case 'path':
    case 'host':
      return { kind: condition.attribute, glob: new Glob(condition.glob) }
    case 'method':
      return { kind: 'method', methods: condition.oneOf }
    case 'prefix':
      return { kind: 'prefix', prefixes: new CidrSet(condition.cidrs) }
    case 'page-only':
      return { kind: 'page-only', pages: condition.pages }
    case 'query-present':
    case 'unproven':
      return { kind: condition.attribute }
    default:
      return { kind: 'feature', feature: condition.attribute, equals: condition.equals }
  }
}
