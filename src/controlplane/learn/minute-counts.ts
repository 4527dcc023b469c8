/**
 * Requests per minute over any number of logs, in any order: two servers' logs of the same hour add up, a gap in the logs is no silence.
 * Memory grows with the days covered (8 KiB a day, a year is 3 MiB), never with requests.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../kernel/units.ts'

const MINUTES_PER_DAY = 1_440
/** Longer without a single line in any log: not logged, rather than not visited. */
export const GAP_MS = 6 * HOUR_MS
/** Days a log may span. Anything beyond is a broken clock. */
const MOST_DAYS = 4_000

export class MinuteCounts {
  readonly #days = new Map<number, Float64Array>()
  #lastDay = Number.NaN
  #last: Float64Array = new Float64Array(0)

  /** False when the time is so far from the others that it cannot be true. */
  add(wallMs: number, requests: number): boolean {
    const day = Math.floor(wallMs / DAY_MS)
    if (day !== this.#lastDay) {
      let counts = this.#days.get(day)
      if (counts === undefined) {
        if (this.#days.size >= MOST_DAYS) return false
        counts = new Float64Array(MINUTES_PER_DAY)
        this.#days.set(day, counts)
      }
      this.#last = counts
      this.#lastDay = day
    }
    this.#last[Math.floor((wallMs - day * DAY_MS) / MINUTE_MS)] += requests
    return true
  }

  /**
   * Whole minutes in order of time, silent ones between busy ones too. The first and the last of a stretch without gap are left out: they are cut.
   * Returns how many gaps there were.
   */
  eachWhole(receive: (wallMs: number, requests: number) => void): number {
    let gaps = 0
    let previous = Number.NaN
    let held: readonly [number, number] | null = null
    for (const [minute, requests] of this.#busy()) {
      if (Number.isNaN(previous) || (minute - previous) * MINUTE_MS > GAP_MS) {
        if (!Number.isNaN(previous)) gaps++
        held = null
      } else {
        if (held !== null) receive(held[0] * MINUTE_MS, held[1])
        for (let silent = previous + 1; silent < minute; silent++) receive(silent * MINUTE_MS, 0)
        held = [minute, requests]
      }
      previous = minute
    }
    return gaps
  }

  *#busy(): Generator<readonly [number, number]> {
    for (const day of [...this.#days.keys()].sort((a, b) => a - b)) {
      const counts = this.#days.get(day)!
      for (let minute = 0; minute < MINUTES_PER_DAY; minute++) if (counts[minute] > 0) yield [day * MINUTES_PER_DAY + minute, counts[minute]]
    }
  }
}
