/**
 * Is a visitor fast enough? Bytes that move buy time at the lowest rate allowed, time that passes spends it, and nobody can save up more than
 * the larger of the grace and 20 s: so neither dripping (R.U.D.Y., slow read) nor sending fast and then holding the line works, and a short
 * hole in a mobile network is forgiven. Pure: the caller says what moved and how much time passed while the visitor could have moved it.
 */
const MOST_SAVED_MS = 20_000

export class Pace {
  #creditMs: number
  readonly #mostMs: number
  readonly #msPerByte: number

  constructor(minBytesPerSecond: number, graceMs: number) {
    this.#creditMs = graceMs
    this.#mostMs = Math.max(graceMs, MOST_SAVED_MS)
    this.#msPerByte = 1_000 / minBytesPerSecond
  }

  /** True: too slow. */
  step(bytes: number, elapsedMs: number): boolean {
    this.#creditMs = Math.min(this.#mostMs, this.#creditMs + bytes * this.#msPerByte) - elapsedMs
    return this.#creditMs < 0
  }
}
