import type { Condition } from './plan.ts'

/** Breaking a window of traffic down by attribute: what a person asks in the console, and what the control plane answers from its samples. */

export interface KeptTop {
  readonly attribute: ExploreAttribute
  readonly rows: readonly ExploreRow[]
}

export const exploreAttributes = Object.freeze([
  'prefix', 'country', 'asn', 'userAgent', 'userAgentShape', 'headerOrder', 'acceptCombo', 'tlsFingerprint', 'httpVersion', 'method', 'path', 'pathTemplate', 'queryShape', 'referer', 'refererClass', 'pathClass', 'behaviour',
  /** How requests ended, by reason: counted, not sampled, and with nothing else to filter by. */
  'outcome',
] as const)
export type ExploreAttribute = (typeof exploreAttributes)[number]

export interface ExploreFilter {
  readonly attribute: ExploreAttribute
  /** As a row said it. */
  readonly value: string
}

export interface ExploreWish {
  /** `now`: the newest seconds of samples. A span of the past: from what was kept every ten seconds, the heaviest values only, without filters. */
  readonly window: 'now' | { readonly from: number; readonly to: number }
  readonly by: ExploreAttribute
  /** All must hold; at most eight. */
  readonly where: readonly ExploreFilter[]
}

export interface ExploreRow {
  readonly value: string
  /** For people; may hold what an attacker wrote. */
  readonly label: string
  /** Estimated from samples, over the window. */
  readonly requests: number
  readonly share: number
  /** Of the requests of normal times; -1: not known. */
  readonly normalShare: number
  /** Of these requests, the share whose clients behave like visitors; -1: not known. */
  readonly positiveShare: number
}

export interface ExploreAnswer {
  /** Heaviest first, at most 50. */
  readonly rows: readonly ExploreRow[]
  /** Requests that the filters let through. */
  readonly total: number
  /** Sampled requests behind it. */
  readonly sampled: number
  readonly seconds: number
  /** Sampled requests of normal times that the filters let through, of how many known. */
  readonly normalSampled: number
  readonly normalKnown: number
  /** What one should know before believing it, or ''. */
  readonly sentence: string
}

/** The rule that could be made of a selection, and whom it would have touched. */
export interface ExploreHarm {
  readonly hits: number
  readonly sampled: number
  readonly upperShare: number
  readonly sentence: string
  /** Empty: no rule can be made of this selection, and the sentence says why. */
  readonly when: readonly Condition[]
  /** Of the newest seconds of traffic. */
  readonly now: { readonly perSecond: number; readonly share: number; readonly positiveShare: number }
}

/** To the control plane. `tops`: the heaviest values of each attribute, for keeping. */
export type ExploreQuestion =
  | { readonly kind: 'rows'; readonly by: ExploreAttribute; readonly where: readonly ExploreFilter[] }
  | { readonly kind: 'harm'; readonly where: readonly ExploreFilter[] }
  | { readonly kind: 'tops' }
/** `ok` false: the sentence says what is wrong with the question. */
export type ExploreReply = { readonly ok: true; readonly answer: ExploreAnswer | ExploreHarm | readonly KeptTop[] } | { readonly ok: false; readonly sentence: string }
