/** Buckets per doubling: neighbours differ by 2^(1/8), so a quantile is off by at most 4.5 %. */
const PER_OCTAVE = 8
/** Lowest bucket ends at 2^-4 ms (62 µs), highest begins at 2^18 ms (4.4 min): 22 octaves. */
const LOWEST_OCTAVE = -4
const BUCKETS = 22 * PER_OCTAVE

/** Counts of durations in logarithmic buckets, 704 bytes, for quantiles without keeping samples. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #total = 0

  add(ms: number): void {
    let at = ms > 0 ? Math.floor((Math.log2(ms) - LOWEST_OCTAVE) * PER_OCTAVE) + 1 : 0
    if (at < 0) at = 0
    else if (at >= BUCKETS) at = BUCKETS - 1
    this.#counts[at]++
    this.#total++
  }

  get total(): number {
    return this.#total
  }

  /** The value below which a share `q` (0 to 1) of the durations lies, in ms; 0 when there are none. */
  quantile(q: number): number {
    if (this.#total === 0) return 0
    const wanted = Math.max(1, Math.ceil(q * this.#total))
    let seen = 0
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.#counts[i]
      if (seen >= wanted) return 2 ** ((i - 0.5) / PER_OCTAVE + LOWEST_OCTAVE)
    }
    return 0
  }

  clear(): void {
    this.#counts.fill(0)
    this.#total = 0
  }
}
