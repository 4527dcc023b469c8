import type { MonotonicMs } from '../kernel/clock.ts'

/**
 * How fast the crawl may ask. Why: it must never be what strains the origin. Additive increase, multiplicative decrease (Chiu and Jain, 1989) on the
 * origin's latency against its own calm baseline, as TCP Vegas does with round trips; and a bound on the share of time the origin works for us,
 * which holds also when the baseline is wrong. Never more than one request at a time (crawler.ts).
 * Steps up by a fortieth of the bound per second, down by half at the first sign, at most once in HOLD_MS, because answers that were already under way tell nothing new.
 */

/** Latency counts as raised from this factor and this many ms above the baseline on. */
const RAISED_FACTOR = 1.5
const RAISED_MS = 5
const SMOOTHING = 0.2
/** The baseline follows a lasting change within some hundreds of answers, and a quicker origin at once. */
const BASELINE_RISE = 0.005
const HOLD_MS = 2_000
const FIRST_SHARE = 0.1
const STEP_SHARE_PER_SECOND = 1 / 40
const LEAST_PER_SECOND = 0.05
/** Answers of one kind before their latency is judged. */
const WARM_UP = 8

interface Latency {
  answers: number
  smoothedMs: number
  baselineMs: number
}

export class GentlePace {
  #maxPerSecond: number
  #busyShare: number
  #perSecond: number
  #risenAtMs = Number.NaN
  #heldUntilMs = Number.NEGATIVE_INFINITY
  #nextMs = Number.NEGATIVE_INFINITY
  readonly #kinds = new Map<string, Latency>()

  constructor(maxPerSecond: number, busyShare: number) {
    this.#maxPerSecond = maxPerSecond
    this.#busyShare = busyShare
    this.#perSecond = maxPerSecond * FIRST_SHARE
  }

  applySettings(maxPerSecond: number, busyShare: number): void {
    this.#maxPerSecond = maxPerSecond
    this.#busyShare = busyShare
    this.#perSecond = Math.min(this.#perSecond, maxPerSecond)
  }

  get perSecond(): number {
    return this.#perSecond
  }

  /** How long to wait before the next request; 0: now. */
  waitMs(nowMs: MonotonicMs): number {
    return Math.max(0, this.#nextMs - nowMs)
  }

  started(nowMs: MonotonicMs): void {
    this.#nextMs = nowMs + 1_000 / this.#perSecond
  }

  /** `kind`: what is compared with its like (a search page is no style sheet). `originMs` -1: the origin was not asked. */
  answered(kind: string, originMs: number, nowMs: MonotonicMs): void {
    if (originMs < 0) return
    this.#nextMs = Math.max(this.#nextMs, nowMs + originMs * (1 / this.#busyShare - 1))
    if (this.#isRaised(kind, originMs)) this.#slower(nowMs)
    else this.#faster(nowMs)
  }

  /** The origin failed or turned us away. */
  failed(nowMs: MonotonicMs): void {
    this.#slower(nowMs)
  }

  #isRaised(kind: string, originMs: number): boolean {
    const latency = this.#kinds.get(kind)
    if (latency === undefined) {
      this.#kinds.set(kind, { answers: 1, smoothedMs: originMs, baselineMs: originMs })
      return false
    }
    latency.answers++
    latency.smoothedMs += (originMs - latency.smoothedMs) * SMOOTHING
    const gap = latency.smoothedMs - latency.baselineMs
    latency.baselineMs += gap * (gap < 0 || latency.answers <= WARM_UP ? SMOOTHING : BASELINE_RISE)
    return latency.answers > WARM_UP && latency.smoothedMs > latency.baselineMs * RAISED_FACTOR + RAISED_MS
  }

  #slower(nowMs: MonotonicMs): void {
    this.#risenAtMs = nowMs
    if (nowMs < this.#heldUntilMs) return
    this.#heldUntilMs = nowMs + HOLD_MS
    this.#perSecond = Math.max(LEAST_PER_SECOND, this.#perSecond / 2)
  }

  #faster(nowMs: MonotonicMs): void {
    const sinceMs = Number.isNaN(this.#risenAtMs) ? 0 : Math.min(1_000, nowMs - this.#risenAtMs)
    this.#risenAtMs = nowMs
    if (nowMs < this.#heldUntilMs) return
    this.#perSecond = Math.min(this.#maxPerSecond, this.#perSecond + (this.#maxPerSecond * STEP_SHARE_PER_SECOND * sinceMs) / 1_000)
  }
}
