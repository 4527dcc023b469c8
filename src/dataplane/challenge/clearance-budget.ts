/**
 * How many requests each live clearance has made, in fixed memory shared by all workers: 2^17 places of 8 bytes (1 MiB) in sets of eight.
 * A clearance is known by its nonce; a set that is full gives up its oldest. So the count is approximate in one direction only: workers that race may lose
 * a count, and a clearance pushed out begins again at nought, which takes more than 100,000 people cleared within half an hour, or as many solved challenges.
 * Never: allocate, throw, refuse a clearance because of another one.
 *
 * Place (2 words): 0 fingerprint (0 = empty), 1 minute of its first use << 16 | requests.
 */
import { combineHash } from '../../kernel/hash.ts'

const WAYS = 8
const PLACES = 131_072
export const CLEARANCE_BUDGET_BYTES = PLACES * 8
const MINUTE_MS = 60_000
const MOST = 0xffff

export type Spent = 'first' | 'within' | 'over'

export class ClearanceBudget {
  readonly #words: Uint32Array
  readonly #key: number

  /** `key`: unpredictable, the same in all workers; it keeps colliding nonces from being searched. */
  constructor(memory: SharedArrayBuffer, key: number) {
    this.#words = new Uint32Array(memory)
    this.#key = key
  }

  /** Counts one request. `first`: not seen before (or forgotten). */
  spend(nonceHigh: number, nonceLow: number, budget: number, nowWallMs: number): Spent {
    const words = this.#words
    const place = combineHash(combineHash(this.#key, nonceHigh), nonceLow)
    const mark = combineHash(combineHash(~this.#key, nonceLow), nonceHigh) || 1
    const minute = Math.floor(nowWallMs / MINUTE_MS) & 0xffff
    const first = (place % (PLACES / WAYS)) * WAYS * 2
    let oldest = first
    let oldestAge = -1
    for (let at = first; at < first + WAYS * 2; at += 2) {
      if (words[at] === mark) {
        const count = words[at + 1] & MOST
        if (count >= budget) return 'over'
        words[at + 1]++
        return 'within'
      }
      const age = words[at] === 0 ? 0x1_0000 : (minute - (words[at + 1] >>> 16)) & 0xffff
      if (age > oldestAge) {
        oldestAge = age
        oldest = at
      }
    }
    words[oldest + 1] = ((minute << 16) | 1) >>> 0
    words[oldest] = mark
    return 'first'
  }
}
