import type { EndedCounts } from './vitals.ts'
import type { NetworkShare } from './control.ts'
import type { ShieldState } from './plan.ts'
import type { Reason } from './reason.ts'
import type { RouteClass } from './route-class.ts'

/**
 * The data of a journal entry of kind 'measure': what happened in one span of time. Counts are whole and exact. The spans of one run of the shield follow each
 * other without gap or overlap, and one ends whenever the state leaves NORMAL; so sums over entries are sums over time. Figures of an incident and the plots of
 * its reports come from here alone.
 */
export interface Measure {
  readonly fromWallMs: number
  readonly toWallMs: number
  /** The strictest in the span; null: the control plane was not heard. */
  readonly state: ShieldState | null
  readonly received: number
  readonly ended: EndedCounts
  readonly bytesOut: number
  /** The busiest second of the span. */
  readonly peak: { readonly requestsPerSecond: number; readonly bitsPerSecondOut: number }
  /** Seconds in which the control plane was heard, and what it said of the origin in them. */
  readonly health: { readonly heardSeconds: number; readonly strainedSeconds: number; readonly criticalSeconds: number }
  /** At the end of the span; null: nothing is known of what is usual, or the control plane was not heard. */
  readonly expected: { readonly perSecond: number; readonly upperPerSecond: number } | null
  readonly origin: readonly MeasuredOrigin[]
  /** Rules that matched in the span, most matches first, at most twelve. */
  readonly rules: readonly MeasuredRule[]
  /** Of the suspicious excess, from samples, heaviest first; null without files of countries and networks, or when nothing stood out. */
  readonly networks: { readonly countries: readonly NetworkShare[]; readonly networks: readonly NetworkShare[]; readonly suspiciousRequests: number } | null
  /** One row a second; empty for a span in which all was calm. */
  readonly seconds: readonly MeasureSecond[]
}

/**
 * `[endedAtMs after fromWallMs, received, served, refused, lost, bits out, above, well]`. `above`: more was asked than the expected band allows (1), not (0),
 * not known (-1). `well`: nothing was wrong with the origin (1), something was (0), not known (-1).
 */
export type MeasureSecond = readonly [endedAtMs: number, received: number, served: number, refused: number, lost: number, bitsOut: number, above: number, well: number]

export interface MeasuredOrigin {
  readonly routeClass: RouteClass
  readonly answers: number
  readonly serverErrors: number
  readonly timeouts: number
  readonly connectFailures: number
  /** Weighed by answers over the seconds of the span. */
  readonly latencyP50Ms: number
  /** Of the worst second. */
  readonly latencyP99Ms: number
  readonly admitted: number
  readonly rejected: number
}

export interface MeasuredRule {
  readonly id: string
  readonly origin: 'operator' | 'automatic'
  readonly sentence: string
  readonly action: string
  readonly dryRun: boolean
  /** In the span. */
  readonly matched: number
  /** Of these, from clients that behave like visitors. */
  readonly positive: number
  /** Upper bound of the share of normal requests it touches; null: a rule of a person, which promised nothing. */
  readonly harmUpperShare: number | null
}

/**
 * What became of a request, by the reason it ended with. served: got what it asked for. refused: a rule or a limit on its source turned it away, or it was no
 * proper request. lost: the shield or the origin could not. asked: shown the short check or the waiting room, and free to go on. left: the visitor went away.
 */
export type Fate = 'served' | 'refused' | 'lost' | 'asked' | 'left'

export const fateOf: Readonly<Record<Reason, Fate>> = Object.freeze({
  'served-origin': 'served',
  'served-fresh': 'served',
  'served-revalidated': 'served',
  'served-stale': 'served',
  'served-last-good': 'served',
  'rule-block': 'refused',
  'rule-limit': 'refused',
  'rule-challenge': 'asked',
  'source-limit': 'refused',
  'queue-full': 'lost',
  'queue-timeout': 'lost',
  'queue-superseded': 'lost',
  'limit-shed': 'lost',
  'origin-refused': 'lost',
  'origin-timeout': 'lost',
  'origin-reset': 'lost',
  'origin-bad-answer': 'lost',
  'origin-down': 'lost',
  'bad-request': 'refused',
  'header-too-large': 'refused',
  'uri-too-long': 'refused',
  'body-too-large': 'refused',
  'length-required': 'refused',
  'method-not-allowed': 'refused',
  'expectation-failed': 'refused',
  'unknown-host': 'refused',
  'range-refused': 'refused',
  'header-timeout': 'refused',
  'body-timeout': 'refused',
  'body-too-slow': 'refused',
  'reader-too-slow': 'left',
  'client-aborted': 'left',
  'connection-limit': 'refused',
  'h2-abuse': 'refused',
  'loop-detected': 'refused',
  'upgrade-refused': 'refused',
  draining: 'lost',
  'shield-error': 'lost',
  'version-not-supported': 'refused',
  'only-if-cached': 'refused',
  'waiting-room': 'asked',
  'challenge-passed': 'asked',
  'posture-shed': 'lost',
  'tls-refused': 'refused',
  'proxy-header-refused': 'refused',
})
