import type { Reason } from './reason.ts'
import type { RouteClass } from './route-class.ts'

/** A worker's counts for about one second. All numbers are since the last vitals unless they say otherwise. */
export interface Vitals {
  readonly worker: number
  readonly fromWallMs: number
  readonly toWallMs: number
  readonly planVersion: number
  readonly received: number
  readonly ended: Readonly<Partial<Record<Reason, number>>>
  readonly bytesIn: number
  readonly bytesOut: number
  readonly openConnections: number
  readonly eventLoopLagP99Ms: number
  readonly ruleMatches: Readonly<Record<string, RuleMatches>>
  readonly admission: Readonly<Partial<Record<RouteClass, AdmissionVitals>>>
  readonly origin: Readonly<Partial<Record<RouteClass, OriginVitals>>>
  readonly cache: CacheVitals
  /** Requests by time from first byte to last byte handed over, per way of ending; counts per bound of durationBoundsMs, one more for above. */
  readonly durations: Readonly<Record<DurationGroup, readonly number[]>>
}

/** Upper bounds of the duration histogram, in ms. */
export const durationBoundsMs = Object.freeze([0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000])
export const durationGroups = ['cache', 'origin', 'refused'] as const
export type DurationGroup = (typeof durationGroups)[number]

/** The memory store as this worker sees it; `entries` and `bytes` are now, over the whole process. */
export interface CacheVitals {
  readonly entries: number
  readonly bytes: number
  readonly stored: number
  readonly collapsed: number
}

export interface RuleMatches {
  readonly matched: number
  /** Of these, from clients with positive behaviour (sub-resources fetched, cookie echoed, clearance). */
  readonly positive: number
  readonly canaryPassed: number
  readonly canaryTried: number
}

export interface AdmissionVitals {
  readonly admitted: number
  readonly rejected: number
  /** Now, over the whole process. */
  readonly inFlight: number
  readonly limit: number
  readonly waiting: number
  readonly waitP90Ms: number
  /** Visitors in the waiting room of this class now, over the whole process; left out when nobody is. */
  readonly inLine?: number
}

export interface OriginVitals {
  readonly answers: number
  readonly serverErrors: number
  readonly timeouts: number
  readonly connectFailures: number
  readonly latencyP50Ms: number
  readonly latencyP99Ms: number
  /** Smoothed short and long round trip (Gradient2): their ratio says whether the origin slows down. */
  readonly shortRttMs: number
  readonly longRttMs: number
}

/** Requests that ended, by reason. */
export type EndedCounts = Readonly<Partial<Record<Reason, number>>>

export interface TrafficCounts {
  readonly received: number
  readonly ended: EndedCounts
  readonly bytesOut: number
}
