import type { ConsoleFigures } from '../../contract/console.ts'
import type { LifelineState } from '../../contract/lifeline.ts'
import type { ShieldState } from '../../contract/plan.ts'
import type { Reason } from '../../contract/reason.ts'
import type { RecordState } from '../../contract/record.ts'
import type { RouteClass } from '../../contract/route-class.ts'
import type { StoreState, UpstreamState } from '../../contract/thread.ts'
import { type AdmissionVitals, durationBoundsMs, type DurationGroup, durationGroups, type OriginVitals, type RuleMatches, type Vitals } from '../../contract/vitals.ts'

/** Rule ids kept for counters; automatic rules come and go, so the oldest are forgotten. */
const MAX_RULES = 256

/** Vitals of all workers added up since the process started: what a scraper reads. Fixed label sets, fixed size. */
export class Totals {
  received = 0
  bytesIn = 0
  bytesOut = 0
  stored = 0
  collapsed = 0
  readonly ended = new Map<Reason, number>()
  readonly durations: Record<DurationGroup, number[]>
  readonly rules = new Map<string, RuleMatches>()
  readonly originAnswers = new Map<RouteClass, { answers: number; serverErrors: number; timeouts: number; connectFailures: number }>()
  readonly admitted = new Map<RouteClass, { admitted: number; rejected: number }>()
  /** Per class ever used; a class without requests in the last second is left out of its vitals, but not of the graphs. */
  readonly places = new Map<RouteClass, { inFlight: number; limit: number; inLine: number }>()
  readonly last = new Map<number, Vitals>()
  readonly upstreams = new Map<number, readonly UpstreamState[]>()
  store: StoreState | null = null
  record: RecordState | null = null
  /** At most a minute old, while the lifeline lives. */
  lifeline: LifelineState | null = null
  /** null: no console runs. */
  console: ConsoleFigures | null = null
  /** null: not heard since the start. */
  state: ShieldState | null = null
  planVersion = 0
  /** Last word of the control plane, wall ms; 0 before the first. */
  controlHeardAtWallMs = 0
  controlDeaths = 0
  restarts = 0

  constructor() {
    const empty = (): number[] => Array.from({ length: durationBoundsMs.length + 1 }, () => 0)
    this.durations = { cache: empty(), origin: empty(), refused: empty() }
  }

  add(vitals: Vitals, upstreams: readonly UpstreamState[]): void {
    this.last.set(vitals.worker, vitals)
    this.upstreams.set(vitals.worker, upstreams)
    this.received += vitals.received
    this.bytesIn += vitals.bytesIn
    this.bytesOut += vitals.bytesOut
    this.stored += vitals.cache.stored
    this.collapsed += vitals.cache.collapsed
    this.planVersion = Math.max(this.planVersion, vitals.planVersion)
    for (const [reason, count] of Object.entries(vitals.ended)) this.ended.set(reason as Reason, (this.ended.get(reason as Reason) ?? 0) + count)
    for (const group of durationGroups) {
      const sums = this.durations[group]
      vitals.durations[group].forEach((count, i) => {
        sums[i] += count
      })
    }
    for (const [id, matches] of Object.entries(vitals.ruleMatches)) {
      const old = this.rules.get(id)
      if (old === undefined && this.rules.size >= MAX_RULES) this.rules.delete(this.rules.keys().next().value!)
      this.rules.set(id, {
        matched: (old?.matched ?? 0) + matches.matched,
        positive: (old?.positive ?? 0) + matches.positive,
        canaryPassed: (old?.canaryPassed ?? 0) + matches.canaryPassed,
        canaryTried: (old?.canaryTried ?? 0) + matches.canaryTried,
      })
    }
    for (const [name, one] of Object.entries(vitals.origin) as Array<[RouteClass, OriginVitals]>) {
      const sum = this.originAnswers.get(name) ?? { answers: 0, serverErrors: 0, timeouts: 0, connectFailures: 0 }
      sum.answers += one.answers
      sum.serverErrors += one.serverErrors
      sum.timeouts += one.timeouts
      sum.connectFailures += one.connectFailures
      this.originAnswers.set(name, sum)
    }
    for (const place of this.places.values()) place.inFlight = place.inLine = 0
    for (const [name, one] of Object.entries(vitals.admission) as Array<[RouteClass, AdmissionVitals]>) {
      this.places.set(name, { inFlight: one.inFlight, limit: one.limit, inLine: one.inLine ?? 0 })
      const sum = this.admitted.get(name) ?? { admitted: 0, rejected: 0 }
      sum.admitted += one.admitted
      sum.rejected += one.rejected
      this.admitted.set(name, sum)
    }
  }
}
