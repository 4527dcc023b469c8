/**
 * A token bucket in two words of somebody else's memory: in any time T never more than burst + rate × T is taken (invariant 11).
 *
 * Why: one client's use of the origin has a budget, kept in the source table beside its counters.
 * When: `take` says whether the budget covers a cost; `charge` books a cost that already happened, down to one burst of debt.
 * Never: gain by rounding (refills round down and keep the rest of the time), never NaN.
 *
 * The level counts what is missing from a full bucket, so that all-zero memory is a full bucket.
 * Two workers taking at the same instant may both succeed: the bound then holds per worker, not for the process.
 */
/** Hundredths of a token: costs are milliseconds of origin time, sub-millisecond answers must not be free. */
const UNITS = 100
const MISSING_MAX = 0x7fff_ffff

export class TokenBucket {
  readonly #words: Int32Array

  constructor(words: Int32Array) {
    this.#words = words
  }

  /** Tokens available at `nowMs` in the bucket whose words are at `level` and `time`. Negative: in debt. */
  available(level: number, time: number, nowMs: number, ratePerSecond: number, burst: number): number {
    return burst - this.#refill(level, time, nowMs, ratePerSecond) / UNITS
  }

  /** Takes `cost` tokens if they are there. */
  take(level: number, time: number, nowMs: number, ratePerSecond: number, burst: number, cost: number): boolean {
    const missing = this.#refill(level, time, nowMs, ratePerSecond)
    const next = missing + Math.ceil(cost * UNITS)
    if (!(next <= burst * UNITS)) return false
    this.#words[level] = next
    return true
  }

  /** Takes `cost` tokens whether they are there or not (negative: gives back), with at most one burst of debt. */
  charge(level: number, time: number, nowMs: number, ratePerSecond: number, burst: number, cost: number): void {
    const missing = this.#refill(level, time, nowMs, ratePerSecond)
    const next = missing + Math.ceil(cost * UNITS)
    this.#words[level] = Math.max(0, Math.min(next, burst * UNITS * 2, MISSING_MAX))
  }

  #refill(level: number, time: number, nowMs: number, ratePerSecond: number): number {
    const words = this.#words
    const missing = words[level]
    const now = Math.floor(nowMs) | 0
    if (missing <= 0) {
      words[time] = now
      return 0
    }
    const elapsedMs = (now - words[time]) | 0
    if (elapsedMs <= 0) return missing
    const refill = Math.floor((elapsedMs * ratePerSecond * UNITS) / 1_000)
    if (refill >= missing) {
      words[level] = 0
      words[time] = now
      return 0
    }
    if (refill === 0) return missing
    // Only the time that paid for whole units is used up, rounded up to whole milliseconds.
    const usedMs = Math.min(elapsedMs, Math.ceil((refill * 1_000) / (ratePerSecond * UNITS)))
    words[level] = missing - refill
    words[time] = (words[time] + usedMs) | 0
    return missing - refill
  }
}
