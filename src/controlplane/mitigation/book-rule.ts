import type { Condition, Rule } from '../../contract/plan.ts'
import type { RuleHistoryEntry, RuleRecord, RuleStage, Rung, RuleEvidence } from '../evidence.ts'
import type { KeptRule } from './kept-orders.ts'
import { HELD_MS, type Life, LONGEST_TTL_MS } from './lifetime.ts'

const HISTORY_ENTRIES = 32
const SECOND_MS = 1_000
const RATE_OVER_SECONDS = 3
/** Less is told as nothing. */
const SMALLEST_RATE = 0.05

/** What an act of a person may change of a rule. */
export type RuleStand = Pick<BookRule, 'action' | 'peak' | 'stage' | 'life' | 'limitPerSecond' | 'pinnedUntilWallMs' | 'heldUntilWallMs' | 'decayed'>

/** One rule as the book keeps it. The book alone changes it. */
export class BookRule {
  readonly id: string
  readonly origin: 'operator' | 'automatic'
  readonly when: readonly Condition[]
  readonly sentence: string
  readonly bornAtWallMs: number
  action: Rung | 'allow'
  /** Where it stood before it decayed: it returns there when its flood returns. */
  peak: Rung
  stage: RuleStage = 'active'
  life: Life | null
  evidence: RuleEvidence | null
  limitPerSecond: number | undefined
  dryRun = false
  who = 'polder'
  why = ''
  pinnedUntilWallMs: number | null = null
  /** Stepped down by a person: not raised by itself before then; 0: nothing holds it. */
  heldUntilWallMs = 0
  onRungSinceMs: number
  neededAtMs: number
  decayed = 0
  asleepSinceWallMs = 0
  matched = 0
  positive = 0
  canaryTried = 0
  canaryPassed = 0
  matchesPerSecond = 0
  #countedAtMs = Number.NaN
  needed = true
  /** Window rows it matches now; null when asleep or not to be told from samples. */
  rows: Uint32Array | null = null
  readonly history: RuleHistoryEntry[] = []

  constructor(id: string, origin: 'operator' | 'automatic', when: readonly Condition[], sentence: string, action: Rung | 'allow', life: Life | null, evidence: RuleEvidence | null, nowWallMs: number, nowMs: number) {
    this.id = id
    this.origin = origin
    this.when = when
    this.sentence = sentence
    this.action = action
    this.peak = action === 'allow' ? 'observe' : action
    this.life = life
    this.evidence = evidence
    this.bornAtWallMs = nowWallMs
    this.onRungSinceMs = nowMs
    this.neededAtMs = nowMs
  }

  /** A rule that a person ordered, out of the file; the gates look at it anew like at any other, unless it is pinned. */
  static restored(kept: KeptRule, nowWallMs: number, nowMs: number): BookRule {
    const life = kept.expiresAtWallMs === null ? null : { ttlMs: kept.ttlMs ?? LONGEST_TTL_MS, expiresAtWallMs: kept.expiresAtWallMs }
    const rule = new BookRule(kept.id, kept.origin, kept.when, kept.sentence, kept.action, life, kept.evidence, kept.bornAtWallMs, nowMs)
    rule.peak = kept.peak
    if (kept.limitPerSecond !== null) rule.limitPerSecond = kept.limitPerSecond
    rule.dryRun = kept.dryRun
    if (kept.pinned) rule.stage = 'pinned'
    rule.pinnedUntilWallMs = kept.pinnedUntilWallMs
    rule.heldUntilWallMs = Math.min(kept.heldUntilWallMs ?? 0, nowWallMs + HELD_MS)
    rule.who = kept.who
    rule.why = kept.why
    rule.note(nowWallMs, 'operator-kept', `kept over a restart (${kept.who}: ${kept.why})`)
    return rule
  }

  /** Null when no person ordered anything about it, or when it no longer acts. */
  toKept(): KeptRule | null {
    if (!this.inForce || (this.origin === 'automatic' && this.who === 'polder')) return null
    return {
      id: this.id, origin: this.origin, when: this.when, sentence: this.sentence, action: this.action, peak: this.peak, limitPerSecond: this.limitPerSecond ?? null, dryRun: this.dryRun,
      pinned: this.stage === 'pinned', pinnedUntilWallMs: this.pinnedUntilWallMs, heldUntilWallMs: this.heldUntilWallMs === 0 ? null : this.heldUntilWallMs, ttlMs: this.life?.ttlMs ?? null, expiresAtWallMs: this.life?.expiresAtWallMs ?? null,
      bornAtWallMs: this.bornAtWallMs, who: this.who, why: this.why, evidence: this.evidence,
    }
  }

  get stand(): RuleStand {
    return { action: this.action, peak: this.peak, stage: this.stage, life: this.life, limitPerSecond: this.limitPerSecond, pinnedUntilWallMs: this.pinnedUntilWallMs, heldUntilWallMs: this.heldUntilWallMs, decayed: this.decayed }
  }

  /** `sentence` (`what: why`) for a list about many rules: what became of it, which rule that is in words, why, and the name that `polder rules` takes. */
  inAList(sentence: string): string {
    const at = sentence.indexOf(': ')
    const [what, why] = at === -1 ? [sentence, ''] : [sentence.slice(0, at), sentence.slice(at)]
    return `${what}: ${this.sentence}${why} (${this.id})`
  }

  /** In the plan: neither asleep nor vetoed. */
  get inForce(): boolean {
    return this.stage === 'active' || this.stage === 'decaying' || this.stage === 'pinned'
  }

  /** What the data plane counted since the last tick. The rate follows within some seconds, so that a figure that people read does not jump. */
  count(matched: number, positive: number, nowMs: number): void {
    this.matched += matched
    this.positive += positive
    const seconds = (nowMs - this.#countedAtMs) / SECOND_MS
    if (seconds > 0) {
      const rate = this.matchesPerSecond + (matched / seconds - this.matchesPerSecond) * (1 - Math.exp(-seconds / RATE_OVER_SECONDS))
      this.matchesPerSecond = rate < SMALLEST_RATE ? 0 : rate
    }
    this.#countedAtMs = nowMs
  }

  note(atWallMs: number, code: string, sentence: string): void {
    if (this.history.length === HISTORY_ENTRIES) this.history.splice(1, 1) // its birth stays
    this.history.push({ atWallMs, code, action: this.action, sentence })
  }

  /** The enforcement view. A pinned automatic rule is published an hour ahead at most, so that it too ends when the control plane is dead. */
  toPlanRule(nowWallMs: number, dryRun: boolean, canaryShare: number): Rule {
    const pinned = this.stage === 'pinned' ? Math.min(this.pinnedUntilWallMs ?? Number.POSITIVE_INFINITY, nowWallMs + LONGEST_TTL_MS) : 0
    const expiresAtWallMs = this.origin === 'operator' ? (this.life?.expiresAtWallMs ?? null) : Math.max(pinned, this.life?.expiresAtWallMs ?? 0)
    return {
      id: this.id,
      origin: this.origin,
      action: this.action,
      when: this.when,
      dryRun,
      expiresAtWallMs,
      ...(this.limitPerSecond === undefined ? {} : { limitPerSecond: this.limitPerSecond }),
      ...(this.origin === 'automatic' ? { canaryShare } : {}),
    }
  }

  toRecord(dryRun: boolean): RuleRecord {
    return {
      id: this.id,
      origin: this.origin,
      sentence: this.sentence,
      when: this.when,
      action: this.action,
      stage: this.stage,
      dryRun,
      bornAtWallMs: this.bornAtWallMs,
      expiresAtWallMs: this.stage === 'pinned' ? this.pinnedUntilWallMs : (this.life?.expiresAtWallMs ?? null),
      ...(this.heldUntilWallMs === 0 ? {} : { heldUntilWallMs: this.heldUntilWallMs }),
      who: this.who,
      why: this.why,
      evidence: this.evidence,
      since: { matched: this.matched, positive: this.positive, canaryTried: this.canaryTried, canaryPassed: this.canaryPassed },
      matchesPerSecond: this.matchesPerSecond,
      history: [...this.history],
    }
  }
}
