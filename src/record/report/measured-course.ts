/**
 * Reads journal entries of an incident's time, once, in order: what was measured (for the plots) and which rules acted (for indicators). It computes no figure of
 * the incident: those come with it. Memory is bounded: neighbouring spans are joined when there are too many, and rules beyond the bound are counted, not kept.
 */
import type { JournalEntry } from '../../contract/journal.ts'
import { fateOf, type Fate, type Measure } from '../../contract/measure.ts'
import type { Condition } from '../../contract/plan.ts'
import type { Reason } from '../../contract/reason.ts'

/** A plot on paper tells no more apart; joined pairwise beyond. */
const MOST_SPANS = 480
const MOST_RULES = 500

export interface CourseSpan {
  readonly fromWallMs: number
  readonly toWallMs: number
  /** Highest average of the spans joined here, per second. */
  readonly received: number
  readonly served: number
  readonly refused: number
  readonly lost: number
  readonly expected: number | null
  /** Milliseconds, of all route classes; null: the origin was not asked. */
  readonly latencyP50Ms: number | null
  readonly latencyP99Ms: number | null
}

export interface CourseRule {
  readonly id: string
  readonly sentence: string
  readonly origin: 'operator' | 'automatic'
  readonly action: string
  /** Requests it matched while it acted (not in dry run). */
  readonly matched: number
  readonly matchedInDryRun: number
  readonly positive: number
  readonly firstWallMs: number
  readonly lastWallMs: number
  readonly from: readonly [number, number]
  /** null: the journal does not say; such a rule is named, but no indicator is made of it. */
  readonly when: readonly Condition[] | null
}

export class MeasuredCourse {
  readonly #fromWallMs: number
  readonly #toWallMs: number
  #spans: CourseSpan[] = []
  #rules = new Map<string, CourseRule>()
  #conditions = new Map<string, readonly Condition[]>()
  #firstSeq = 0
  #lastSeq = 0
  #measures = 0
  #rulesBeyond = 0

  constructor(fromWallMs: number, toWallMs: number) {
    this.#fromWallMs = fromWallMs
    this.#toWallMs = toWallMs
  }

  add(entry: JournalEntry): void {
    if (entry.kind === 'rule') this.#addConditions(entry.data)
    if (entry.kind !== 'measure' || !isMeasure(entry.data)) return
    const measure = entry.data
    if (measure.toWallMs <= this.#fromWallMs || measure.fromWallMs >= this.#toWallMs) return
    if (this.#measures === 0) this.#firstSeq = entry.seq
    this.#lastSeq = entry.seq
    this.#measures++
    this.#spans.push(spanOf(measure))
    if (this.#spans.length > MOST_SPANS) this.#spans = joinPairs(this.#spans)
    for (const rule of measure.rules) this.#addRule(rule, measure, entry.seq)
  }

  /** Conditions learned elsewhere (the running shield's rules); the journal's word wins. */
  know(id: string, when: readonly Condition[]): void {
    if (!this.#conditions.has(id)) this.#conditions.set(id, when)
  }

  get spans(): readonly CourseSpan[] {
    return this.#spans
  }

  /** Most matches first. */
  rules(): CourseRule[] {
    return [...this.#rules.values()].map((rule) => ({ ...rule, when: this.#conditions.get(rule.id) ?? null })).sort((a, b) => b.matched - a.matched || (a.id < b.id ? -1 : 1))
  }

  get rulesBeyond(): number {
    return this.#rulesBeyond
  }

  /** Journal entries behind the plots. */
  get from(): ReadonlyArray<readonly [number, number]> {
    return this.#measures === 0 ? [] : [[this.#firstSeq, this.#lastSeq]]
  }

  #addRule(rule: Measure['rules'][number], measure: Measure, seq: number): void {
    const before = this.#rules.get(rule.id)
    if (before === undefined && this.#rules.size >= MOST_RULES) {
      this.#rulesBeyond++
      return
    }
    this.#rules.set(rule.id, {
      id: rule.id, sentence: rule.sentence, origin: rule.origin, action: rule.action, when: null,
      matched: (before?.matched ?? 0) + (rule.dryRun ? 0 : rule.matched),
      matchedInDryRun: (before?.matchedInDryRun ?? 0) + (rule.dryRun ? rule.matched : 0),
      positive: (before?.positive ?? 0) + rule.positive,
      firstWallMs: before?.firstWallMs ?? measure.fromWallMs,
      lastWallMs: measure.toWallMs,
      from: [before?.from[0] ?? seq, seq],
    })
  }

  #addConditions(data: unknown): void {
    for (const one of [data, isRecord(data) ? data['rule'] : null]) {
      if (!isRecord(one) || !Array.isArray(one['when']) || !one['when'].every((each) => isRecord(each) && typeof each['attribute'] === 'string')) continue
      const id = one['id'] ?? one['ruleId']
      if (typeof id === 'string' && (this.#conditions.has(id) || this.#conditions.size < MOST_RULES)) this.#conditions.set(id, one['when'] as readonly Condition[])
    }
  }
}

function spanOf(measure: Measure): CourseSpan {
  const seconds = Math.max((measure.toWallMs - measure.fromWallMs) / 1_000, 0.001)
  const fates: Record<Fate, number> = { served: 0, refused: 0, lost: 0, asked: 0, left: 0 }
  for (const [reason, n] of Object.entries(measure.ended) as Array<[Reason, number]>) if (Object.hasOwn(fateOf, reason)) fates[fateOf[reason]] += n
  const asked = measure.origin.filter((one) => one.answers > 0)
  const answers = asked.reduce((sum, one) => sum + one.answers, 0)
  return {
    fromWallMs: measure.fromWallMs,
    toWallMs: measure.toWallMs,
    received: measure.received / seconds,
    served: fates.served / seconds,
    refused: fates.refused / seconds,
    lost: fates.lost / seconds,
    expected: measure.expected?.perSecond ?? null,
    latencyP50Ms: answers === 0 ? null : asked.reduce((sum, one) => sum + one.latencyP50Ms * one.answers, 0) / answers,
    latencyP99Ms: answers === 0 ? null : Math.max(...asked.map((one) => one.latencyP99Ms)),
  }
}

function joinPairs(spans: readonly CourseSpan[]): CourseSpan[] {
  const joined: CourseSpan[] = []
  for (let i = 0; i < spans.length; i += 2) {
    const one = spans[i]!
    const other = spans[i + 1]
    if (other === undefined) joined.push(one)
    else {
      joined.push({
        fromWallMs: one.fromWallMs,
        toWallMs: other.toWallMs,
        received: Math.max(one.received, other.received),
        served: Math.max(one.served, other.served),
        refused: Math.max(one.refused, other.refused),
        lost: Math.max(one.lost, other.lost),
        expected: higher(one.expected, other.expected),
        latencyP50Ms: higher(one.latencyP50Ms, other.latencyP50Ms),
        latencyP99Ms: higher(one.latencyP99Ms, other.latencyP99Ms),
      })
    }
  }
  return joined
}

function higher(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isMeasure(data: unknown): data is Measure {
  return isRecord(data) && Number.isFinite(data['fromWallMs']) && Number.isFinite(data['toWallMs']) && Number.isFinite(data['received']) && isRecord(data['ended']) && Array.isArray(data['origin']) && Array.isArray(data['rules'])
}
