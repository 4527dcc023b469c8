/**
 * What the parts of the control plane say to each other: why something was decided, what it may harm, how long it lasts.
 * Plain data and the few definitions both detection and mitigation need; sentences are for a tired reader and stand on their own.
 */
import type { Condition, RuleAction, ShieldState } from '../contract/plan.ts'
import { positiveBehaviour, sampleFields, sampleFlags } from '../contract/sample.ts'

export type SampleField = (typeof sampleFields)[number]

/** Where a field stands in a record of contract/sample.ts. */
export const fieldIndex = Object.freeze(Object.fromEntries(sampleFields.map((name, index) => [name, index]))) as Readonly<Record<SampleField, number>>

/** Sampled requests as columns, so that one condition is one pass over one array. Bit i of a bitset stands for row i. */
export interface RequestRows {
  readonly capacity: number
  /** One array per field of contract/sample.ts. */
  readonly columns: readonly Uint32Array[]
  /** Rows that hold a request. */
  readonly present: Uint32Array
}

/** The newest sampled requests with what each client turned out to be; weights say how many requests a set of rows stands for. */
export interface WindowRows extends RequestRows {
  /** Always admitted (allow-list, verified crawler, exempt path): no part of any excess. */
  readonly protected: Uint32Array
  /** Client behaves like a visitor, as known by now. */
  readonly proven: Uint32Array
  /** Client got a page, or sent a form, and showed nothing a visitor shows. */
  readonly judged: Uint32Array
  /** Judged, or silent for two ticks. */
  readonly suspicious: Uint32Array
  /** Client is by now page-only as a rule would mean it. */
  readonly pageOnly: Uint32Array
  weigh(bits: Uint32Array, newestTicks?: number): number
  weighCommon(a: Uint32Array, b: Uint32Array, newestTicks?: number): number
  /** Requests that are not protected. */
  open(newestTicks?: number): number
  /** Rows of the newest ticks. */
  newest(ticks: number): Uint32Array
  seen(newestTicks?: number): number
  seconds(newestTicks?: number): number
}

/** Fields whose heavy values may become conditions of a rule. */
export const itemFields = [
  'userAgent',
  'userAgentShape',
  'headerOrder',
  'acceptCombo',
  'httpVersion',
  'tlsFingerprint',
  'pathTemplate',
  'queryShape',
  'refererClass',
  'method',
] as const satisfies readonly SampleField[]
export type ItemField = (typeof itemFields)[number]

export interface HeavyValue {
  readonly field: ItemField
  readonly value: number
}

/** An address range as numbers and as a rule writes it. */
export interface HeavyRange {
  readonly family: 4 | 6
  readonly bits: number
  readonly high: number
  readonly low: number
  readonly cidr: string
}

/** A page-only client had this many pages (algorithms: behaviour evidence needs three). */
export const PAGE_ONLY_PAGES = 3

/** Flags under which nothing may ever act on a request. */
export const PROTECTED_FLAGS = sampleFlags.allowListed | sampleFlags.verifiedCrawler | sampleFlags.exemptPath

/** Positive behaviour by a client's counters (contract/sample.ts). */
export function behavesLikeVisitor(pages: number, statics: number, echoes: number): boolean {
  if (echoes >= 1 && echoes >= pages * positiveBehaviour.echoesPerPage) return true
  return statics >= 1 && pages >= 1 && statics >= pages * positiveBehaviour.staticsPerPage
}

/** One reason for or against an attack. Positive speaks for an attack, negative for a crowd; in natural logarithms. */
export interface EvidenceItem {
  readonly code: EvidenceCode
  readonly value: number
  readonly expectation: number
  readonly logLikelihood: number
  readonly sentence: string
}

export type EvidenceCode =
  | 'page-only-share'
  | 'cookie-echo'
  | 'fingerprint-concentration'
  | 'requests-per-client'
  | 'ramp'
  | 'new-networks'
  | 'client-faults'
  | 'error-share'
  | 'canary-passes'

/** How many real visitors a rule may touch, said beforehand. */
export interface HarmBound {
  /** Requests of the held-out sample the rule would have matched. */
  readonly hits: number
  readonly sampled: number
  /** Clopper-Pearson upper bound of the share of normal requests it touches. */
  readonly upperShare: number
  /** One-sided error probability of that bound. */
  readonly level: number
}

export type GateCode = 'G1-purity' | 'G2-collateral' | 'G3-coverage' | 'G4-origin-strained' | 'G5-visitors' | 'G6-allow-list'

export interface GateVerdict {
  readonly gate: GateCode
  readonly passed: boolean
  readonly value: number
  readonly limit: number
  readonly sentence: string
}

export interface RuleEvidence {
  readonly gates: readonly GateVerdict[]
  readonly harm: HarmBound
  /** Matches per second that normal traffic explains. */
  readonly expectedPerSecond: number
  /** Matches per second when the rule was made or last verified. */
  readonly matchedPerSecond: number
  /** Share of the suspicious excess that this rule explains. */
  readonly excessShare: number
}

/** Full ladder, mildest first; the plan's actions and the kernel above them. */
export const ladder = ['observe', 'tag', 'cache-only', 'challenge', 'limit', 'block'] as const satisfies readonly RuleAction[]
export type Rung = (typeof ladder)[number]

export type RuleStage = 'active' | 'decaying' | 'dormant' | 'pinned' | 'vetoed'

export interface RuleHistoryEntry {
  readonly atWallMs: number
  readonly code: string
  readonly sentence: string
}

/** All that is known of a rule: what an operator may ask about it. The plan carries only its enforcement view. */
export interface RuleRecord {
  readonly id: string
  readonly origin: 'operator' | 'automatic'
  readonly sentence: string
  readonly when: readonly Condition[]
  readonly action: Rung | 'allow'
  readonly stage: RuleStage
  readonly dryRun: boolean
  readonly bornAtWallMs: number
  readonly expiresAtWallMs: number | null
  readonly who: string
  readonly why: string
  readonly evidence: RuleEvidence | null
  readonly since: RuleEffect
  readonly history: readonly RuleHistoryEntry[]
}

/** What a rule did since it was born, counted by the data plane. */
export interface RuleEffect {
  readonly matched: number
  readonly positive: number
  readonly canaryTried: number
  readonly canaryPassed: number
}

/** Something the operator, the journal and the incident report must hear of. */
export interface ControlEvent {
  readonly atWallMs: number
  readonly code: string
  readonly sentence: string
  readonly ruleId?: string
  readonly from?: ShieldState
  readonly to?: ShieldState
}
