import type { LifelineReads } from '../../contract/lifeline.ts'
import type { Request } from '../request.ts'

/**
 * Which pages are read, for the lifeline's coverage: one read in SAMPLE stands for all, so that a hot page costs a decrement. Addresses only, for seconds; who read is
 * not noted, and the lifeline writes down no address that only a reader named (lifeline/reads.ts). Bounded: what finds no room between two messages is counted together.
 */
const SAMPLE = 8
const MOST_ADDRESSES = 1_024
const LONGEST_KEY = 2_048

export class ReadCounter {
  readonly #counts = new Map<string, number>()
  #others = 0
  /** So that the first read of a quiet site counts too. */
  #untilNext = 1

  /** A page was answered with 200 to somebody who wanted to read it. */
  count(request: Request): void {
    if (--this.#untilNext > 0) return
    this.#untilNext = SAMPLE
    const key = request.host + request.target
    const count = this.#counts.get(key)
    if (count !== undefined) this.#counts.set(key, count + SAMPLE)
    else if (this.#counts.size < MOST_ADDRESSES && key.length <= LONGEST_KEY) this.#counts.set(key, SAMPLE)
    else this.#others += SAMPLE
  }

  /** What was counted since the last call, or null when nobody read. */
  take(): LifelineReads | null {
    if (this.#counts.size === 0 && this.#others === 0) return null
    const taken = { counts: [...this.#counts], others: this.#others }
    this.#counts.clear()
    this.#others = 0
    return taken
  }
}
