/** Waiting times in 48 buckets growing by a quarter from 0.1 ms to about 3.6 s; a quantile is the upper edge of its bucket. Fixed memory, reset when read. */
const BUCKETS = 48
const FIRST_MS = 0.1
const GROWTH_LOG = Math.log(1.25)

export class WaitHistogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0

  record(waitMs: number): void {
    const bucket = waitMs <= FIRST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(waitMs / FIRST_MS) / GROWTH_LOG))
    this.#counts[bucket]++
    this.#count++
  }

  /** 0 when nothing was recorded or the quantile did not wait. */
  quantileMs(share: number): number {
    let left = Math.ceil(this.#count * share)
    if (left === 0) return 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket]
      if (left <= 0) return bucket === 0 ? 0 : FIRST_MS * Math.exp(bucket * GROWTH_LOG)
    }
    return FIRST_MS * Math.exp((BUCKETS - 1) * GROWTH_LOG)
  }

  reset(): void {
    this.#counts.fill(0)
    this.#count = 0
  }
}
