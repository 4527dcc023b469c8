/**
 * Is a visitor fast enough? Over each window of `graceMs` at least the lowest rate must have moved: dripping (R.U.D.Y., slow read) fails, and so
 * does sending fast and then holding the line. The same rule as for HTTP/1. Pure: the caller says what moved in how much time in which the
 * visitor could have moved something.
 */
export class Pace {
  readonly #minBytesPerSecond: number
  readonly #graceMs: number
  #windowMs = 0
  #windowBytes = 0

  constructor(minBytesPerSecond: number, graceMs: number) {
    this.#minBytesPerSecond = minBytesPerSecond
    this.#graceMs = graceMs
  }

  /** True: too slow. */
  step(bytes: number, elapsedMs: number): boolean {
    this.#windowMs += elapsedMs
    this.#windowBytes += bytes
    if (this.#windowMs < this.#graceMs) return false
    const slow = this.#windowBytes * 1_000 < this.#minBytesPerSecond * this.#windowMs
    this.#windowMs = 0
    this.#windowBytes = 0
    return slow
  }
}
