import type { RouteClass } from '../../contract/route-class.ts'
import { routeClasses } from '../../contract/route-class.ts'
import type { OriginVitals } from '../../contract/vitals.ts'
import type { Fault } from './fault.ts'
import { LatencyHistogram } from './latency-histogram.ts'

/** Samples the short average looks back on. Chosen: at 100 answers a second it follows within 0.1 s, one slow answer moves it by a tenth. */
const SHORT_WINDOW = 10
/** Netflix Gradient2: long window 600 samples, plain mean for the first 10. */
const LONG_WINDOW = 600
const WARM_UP = 10
/** Gradient2: when the long average is more than twice the short one it is stale (the origin recovered) and is pulled down by 5 % a sample. */
const RECOVERY_RATIO = 2
const RECOVERY_FACTOR = 0.95

class ClassMeter {
  answers = 0
  serverErrors = 0
  timeouts = 0
  connectFailures = 0
  readonly latency = new LatencyHistogram()
  shortRttMs = 0
  longRttMs = 0
  seen = 0

  sample(latencyMs: number): void {
    this.latency.add(latencyMs)
    this.seen++
    this.shortRttMs += (latencyMs - this.shortRttMs) / Math.min(this.seen, SHORT_WINDOW)
    this.longRttMs += (latencyMs - this.longRttMs) / (this.seen <= WARM_UP ? this.seen : LONG_WINDOW)
    if (this.longRttMs > this.shortRttMs * RECOVERY_RATIO) this.longRttMs *= RECOVERY_FACTOR
  }
}

/** Latency to the first byte and failures of the origin, per route class, of one worker. Memory is fixed. */
export class OriginMeter {
  readonly #meters: Readonly<Record<RouteClass, ClassMeter>>

  constructor() {
    const meters = {} as Record<RouteClass, ClassMeter>
    for (const name of routeClasses) meters[name] = new ClassMeter()
    this.#meters = meters
  }

  /** A final head came, `latencyMs` after the request was handed over. */
  answered(routeClass: RouteClass, status: number, latencyMs: number): void {
    const meter = this.#meters[routeClass]
    meter.answers++
    if (status >= 500) meter.serverErrors++
    meter.sample(latencyMs)
  }

  /** A try failed through the upstream's fault; also when a second try then worked. */
  failed(routeClass: RouteClass, fault: Fault): void {
    const meter = this.#meters[routeClass]
    if (fault.kind === 'timeout') meter.timeouts++
    else if (fault.kind === 'connect') meter.connectFailures++
    else if (fault.upstreamAtFault) meter.serverErrors++
  }

  /** Vitals since the last read; classes without traffic in that time are left out. Counts and histogram begin anew, the two averages go on. */
  read(): Partial<Record<RouteClass, OriginVitals>> {
    const vitals: Partial<Record<RouteClass, OriginVitals>> = {}
    for (const name of routeClasses) {
      const meter = this.#meters[name]
      if (meter.answers + meter.serverErrors + meter.timeouts + meter.connectFailures === 0) continue
      vitals[name] = {
        answers: meter.answers,
        serverErrors: meter.serverErrors,
        timeouts: meter.timeouts,
        connectFailures: meter.connectFailures,
        latencyP50Ms: meter.latency.quantile(0.5),
        latencyP99Ms: meter.latency.quantile(0.99),
        shortRttMs: meter.shortRttMs,
        longRttMs: meter.longRttMs,
      }
      meter.answers = meter.serverErrors = meter.timeouts = meter.connectFailures = 0
      meter.latency.clear()
    }
    return vitals
  }
}
