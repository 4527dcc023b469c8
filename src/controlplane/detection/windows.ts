const PLACES = 64
const COARSE_SECONDS = 10

/**
 * How many requests came lately: the last 64 ticks of about a second, and the last 64 spans of 10 seconds.
 * Counts stand with the seconds they cover, so a late tick makes a longer span and never a false peak.
 */
export class RateWindows {
  readonly #requests = new Float64Array(PLACES)
  readonly #seconds = new Float64Array(PLACES)
  readonly #coarseRates = new Float64Array(PLACES)
  #next = 0
  #coarseNext = 0
  #coarseFilled = 0
  #openRequests = 0
  #openSeconds = 0

  push(requests: number, seconds: number): void {
    this.#requests[this.#next] = requests
    this.#seconds[this.#next] = seconds
    this.#next = (this.#next + 1) % PLACES
    this.#openRequests += requests
    this.#openSeconds += seconds
    if (this.#openSeconds >= COARSE_SECONDS) {
      this.#coarseRates[this.#coarseNext] = this.#openRequests / this.#openSeconds
      this.#coarseNext = (this.#coarseNext + 1) % PLACES
      this.#coarseFilled = Math.min(PLACES, this.#coarseFilled + 1)
      this.#openRequests = 0
      this.#openSeconds = 0
    }
  }

  /** Requests per second over the newest ticks that cover about `seconds`, leaving out the newest `skipSeconds`; 0 without data. */
  ratePerSecond(seconds: number, skipSeconds = 0): number {
    let requests = 0
    let covered = 0
    let skipped = 0
    for (let i = 1; i <= PLACES && covered < seconds; i++) {
      const at = (this.#next - i + PLACES) % PLACES
      if (skipped < skipSeconds) {
        skipped += this.#seconds[at]
        continue
      }
      requests += this.#requests[at]
      covered += this.#seconds[at]
    }
    return covered === 0 ? 0 : requests / covered
  }

  /** Median 10-second rate of the last ten minutes without the last `skipSpans` spans: what is normal when nothing else is known. -1 without data. */
  calmRatePerSecond(skipSpans = 6): number {
    const rates: number[] = []
    for (let i = 1 + skipSpans; i <= this.#coarseFilled; i++) rates.push(this.#coarseRates[(this.#coarseNext - i + PLACES) % PLACES])
    if (rates.length === 0) return -1
    rates.sort((a, b) => a - b)
    return rates[rates.length >> 1]
  }
}
