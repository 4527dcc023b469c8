/**
 * What the parts of the control plane say to each other: why something was decided, what it may harm, how long it lasts.
 * Plain data and the few definitions both detection and mitigation need; sentences are for a tired reader and stand on their own.
 */
import type { RuleAction } from '../contract/plan.ts'
import { positiveBehaviour, sampleFields, sampleFlags } from '../contract/sample.ts'

export type {
  ControlEvent, EvidenceCode, EvidenceItem, ExcessPicture, Expectation, GateCode, GateVerdict, HarmBound, HealthSign, OriginHealth, RuleEffect, RuleEvidence, RuleHistoryEntry, RuleRecord, RuleStage,
} from '../contract/control.ts'

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
  /** Addresses are kept as IPv4 /24 and IPv6 /48 only: a narrower prefix then matches its whole /24 or /48, which can only overstate harm. */
  readonly shortAddresses?: boolean
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
  /** Client is by now page-only as a refusing rule would mean it. */
  readonly pageOnly: Uint32Array
  /** Client got one page at least and nothing else: enough for the back of the queue. */
  readonly onePageOnly: Uint32Array
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
export function behavesLikeVisitor(requests: number, pages: number, statics: number, echoes: number): boolean {
  if (pages < 1) return false
  return statics >= pages * positiveBehaviour.staticsPerPage || (echoes < requests && echoes >= pages * positiveBehaviour.echoesPerPage)
}

/** It got at least one page, fetched nothing that belongs to it, and brought back no cookie it was given. */
export function behavesLikeTool(requests: number, pages: number, statics: number, echoes: number): boolean {
  return pages >= 1 && statics === 0 && (echoes === 0 || echoes >= requests)
}

/** Full ladder, mildest first; the plan's actions and the kernel above them. */
export const ladder = ['observe', 'tag', 'cache-only', 'challenge', 'limit', 'block'] as const satisfies readonly RuleAction[]
export type Rung = (typeof ladder)[number]
