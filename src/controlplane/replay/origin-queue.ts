/**
 * The origin of a replay: a fluid queue in front of a server of fixed capacity. Each second it takes in work, finishes at most `capacity`, keeps at most half a
 * second's worth waiting (as admission would) and turns the rest away. Honest about what it is: no cache, no reloads, no fairness between visitors except that
 * those tagged by rules are turned away first. Pessimistic, so that relief can only come from rules.
 * Work is counted in page requests: a search costs four, a picture or script a twentieth (the suite's origin: page 20 ms, search 80 ms, static 1 ms).
 */
import type { RouteClass } from '../../contract/route-class.ts'
import type { AdmissionVitals, OriginVitals, Vitals } from '../../contract/vitals.ts'

export const workOf: Readonly<Record<RouteClass, number>> = Object.freeze({ page: 1, static: 0.05, api: 1, feed: 0.5, search: 4, write: 2, stream: 1 })

const QUEUE_SECONDS = 0.5
const UNLOADED_MS = 20

export interface QueuedRequest {
  readonly routeClass: RouteClass
  readonly tagged: boolean
}

export class OriginQueue {
  readonly capacityPerSecond: number
  #waiting = 0

  constructor(capacityPerSecond: number) {
    if (!(capacityPerSecond > 0)) throw new RangeError(`an origin needs a capacity above 0, not ${capacityPerSecond}`)
    this.capacityPerSecond = capacityPerSecond
  }

  get waitMs(): number {
    return (this.#waiting / this.capacityPerSecond) * 1_000
  }

  /**
   * One second's requests in order of arrival. `chance` in [0, 1) decides who is turned away when not all can be kept. Returns who is served, and the second's vitals.
   */
  serve(requests: readonly QueuedRequest[], seconds: number, chance: () => number): { readonly served: readonly boolean[]; readonly vitals: Pick<Vitals, 'admission' | 'origin'> } {
    const room = Math.max(0, this.capacityPerSecond * (seconds + QUEUE_SECONDS) - this.#waiting)
    let wanted = 0
    let tagged = 0
    for (const one of requests) {
      wanted += workOf[one.routeClass]
      if (one.tagged) tagged += workOf[one.routeClass]
    }
    const over = Math.max(0, wanted - room)
    const taggedAway = tagged === 0 ? 0 : Math.min(1, over / tagged)
    const othersAway = wanted - tagged <= 0 ? 0 : Math.max(0, over - tagged) / (wanted - tagged)
    const counts = new Map<RouteClass, { admitted: number; rejected: number }>()
    let taken = 0
    const served = requests.map((one) => {
      const away = one.tagged ? taggedAway : othersAway
      const serve = away === 0 || chance() >= away
      const sums = counts.get(one.routeClass) ?? { admitted: 0, rejected: 0 }
      counts.set(one.routeClass, sums)
      if (serve) {
        sums.admitted++
        taken += workOf[one.routeClass]
      } else sums.rejected++
      return serve
    })
    this.#waiting = Math.min(this.capacityPerSecond * QUEUE_SECONDS, Math.max(0, this.#waiting + taken - this.capacityPerSecond * seconds))
    const admission: Partial<Record<RouteClass, AdmissionVitals>> = {}
    const origin: Partial<Record<RouteClass, OriginVitals>> = {}
    const rttMs = UNLOADED_MS * (over > 0 ? 1.5 : 1)
    for (const [name, sums] of counts) {
      admission[name] = { ...sums, inFlight: 0, limit: 0, waiting: 0, waitP90Ms: this.waitMs }
      origin[name] = { answers: sums.admitted, serverErrors: 0, timeouts: 0, connectFailures: 0, latencyP50Ms: rttMs, latencyP99Ms: rttMs, shortRttMs: rttMs, longRttMs: UNLOADED_MS }
    }
    return { served, vitals: { admission, origin } }
  }
}
