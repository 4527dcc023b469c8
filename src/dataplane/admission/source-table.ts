import { combineHash, mix32 } from '../../kernel/hash.ts'
import type { ClientAddress } from '../request.ts'

/**
 * What each client address did in the last minutes, for a million addresses, in memory that never grows.
 *
 * Why: fairness, cost budgets and detection need per-client counts, and an attacker chooses how many clients there are.
 * How: 8-way set-associative, 32 bytes a slot, shared by all edge workers without locks. Counters halve every two minutes.
 * A newcomer takes the slot of the oldest client seen at most twice; when all eight were seen more often, of the one with the
 * least requests / (1 + age). So one-shot addresses only ever push out each other (invariant 15).
 * Never: allocate per client, throw on any input, trust a count to be exact. Workers race on a slot; a lost count is accepted,
 * an index out of bounds or a NaN is impossible because every field is a whole number in a fixed array.
 *
 * Slot (8 words): 0 fingerprint (0 = empty), 1 last seen (ms, wraps), 2 requests | pages, 3 statics | errors, 4 echoes | validated tokens,
 * 5 origin cost in the last minutes (ms), 6 cost budget left and 7 its time (see token-bucket.ts).
 */
export const SLOT_WORDS = 8
export const SLOT_BYTES = SLOT_WORDS * 4
export const BUDGET_LEVEL_WORD = 6
export const BUDGET_TIME_WORD = 7

const WAYS = 8
/** Counters halve once in this time: 2^17 ms, about 131 s, so that ageing is a shift. */
export const HALVING_SHIFT = 17
/** Validated tokens live 30 minutes (design note (e), Challenge): they halve every 16th halving, 35 minutes. */
const TOKEN_HALVING_SHIFT = HALVING_SHIFT + 4
/** Up to this many requests a client may be a one-shot key and is displaced first. */
const PASSING_REQUESTS = 2
const COUNTER_MAX = 0xffff
const COST_MAX = 0xffff_ffff

/** Bytes for at least `slots` slots, rounded up to a power of two. */
export function sourceTableBytes(slots: number): number {
  return Math.max(WAYS, 2 ** Math.ceil(Math.log2(slots))) * SLOT_BYTES
}

export class SourceTable {
  readonly words: Int32Array
  readonly slots: number
  readonly #halves: Uint16Array
  readonly #setMask: number
  readonly #key: number

  /** `key`: drawn at start, the same for all workers; it keeps colliding addresses from being computed outside. */
  constructor(memory: SharedArrayBuffer, key: number) {
    this.words = new Int32Array(memory)
    this.#halves = new Uint16Array(memory)
    this.slots = memory.byteLength / SLOT_BYTES
    if (!Number.isInteger(Math.log2(this.slots)) || this.slots < WAYS) {
      throw new RangeError(`a source table needs a power of two of slots (at least ${WAYS}), not ${this.slots}`)
    }
    this.#setMask = this.slots / WAYS - 1
    this.#key = key | 0
  }

  /** Second hash of the address, independent of `address.key`; never 0. */
  fingerprint(address: ClientAddress): number {
    return (combineHash(combineHash(mix32(this.#key ^ address.family), address.high), address.low) | 0) || 1
  }

  /** Counts one request of this client and returns its slot. The counters are aged to `nowMs` (any clock common to the workers). */
  touch(address: ClientAddress, nowMs: number): number {
    const words = this.words
    const mark = this.fingerprint(address)
    const now = nowMs | 0
    const first = (address.key & this.#setMask) * WAYS
    for (let slot = first; slot < first + WAYS; slot++) {
      if (words[slot * SLOT_WORDS] === mark) {
        this.#age(slot, now)
        const requests = slot * 16 + 4
        const count = this.#halves[requests]
        if (count < COUNTER_MAX) this.#halves[requests] = count + 1
        return slot
      }
    }
    return this.#take(this.#victim(first, now), mark, now)
  }

  /** The slot of a client seen before, or -1. Changes nothing. */
  find(address: ClientAddress): number {
    const mark = this.fingerprint(address)
    const first = (address.key & this.#setMask) * WAYS
    for (let slot = first; slot < first + WAYS; slot++) if (this.words[slot * SLOT_WORDS] === mark) return slot
    return -1
  }

  countPage(slot: number): void {
    this.#increment(slot * 16 + 5)
  }
  countStatic(slot: number): void {
    this.#increment(slot * 16 + 6)
  }
  countError(slot: number): void {
    this.#increment(slot * 16 + 7)
  }
  /** A request that brought back a cookie or clearance of ours. */
  countEcho(slot: number): void {
    this.#increment(slot * 16 + 8)
  }
  /** Call once for each clearance first seen valid from this address: these are what gives a shared address its weight. */
  countValidatedToken(slot: number): void {
    this.#increment(slot * 16 + 9)
  }
  /** Adds origin time; `mark` (words[slot * 8] when the request was touched) guards against a slot that changed hands. */
  chargeCost(slot: number, mark: number, costMs: number): void {
    if (!this.holds(slot, mark) || !(costMs > 0)) return
    const at = slot * SLOT_WORDS + 5
    this.words[at] = Math.min(COST_MAX, (this.words[at] >>> 0) + Math.ceil(Math.min(costMs, COUNTER_MAX)))
  }

  /** True while the slot still belongs to the client with this fingerprint. */
  holds(slot: number, mark: number): boolean {
    return slot >= 0 && slot < this.slots && this.words[slot * SLOT_WORDS] === mark
  }
  markOf(slot: number): number {
    return slot >= 0 && slot < this.slots ? this.words[slot * SLOT_WORDS] : 0
  }
  requests(slot: number): number {
    return this.#halves[slot * 16 + 4]
  }
  pages(slot: number): number {
    return this.#halves[slot * 16 + 5]
  }
  statics(slot: number): number {
    return this.#halves[slot * 16 + 6]
  }
  errors(slot: number): number {
    return this.#halves[slot * 16 + 7]
  }
  echoes(slot: number): number {
    return this.#halves[slot * 16 + 8]
  }
  validatedTokens(slot: number): number {
    return this.#halves[slot * 16 + 9]
  }
  costMs(slot: number): number {
    return this.words[slot * SLOT_WORDS + 5] >>> 0
  }
  lastSeenMs(slot: number): number {
    return this.words[slot * SLOT_WORDS + 1] >>> 0
  }

  /** w = min(1 + log2(1 + validated tokens), 16): a weight nobody gains by rotating user agents (design note (e), NAT weight). */
  natWeight(slot: number): number {
    if (slot < 0 || slot >= this.slots) return 1
    const tokens = this.#halves[slot * 16 + 9]
    return tokens === 0 ? 1 : Math.min(16, 1 + Math.log2(1 + tokens))
  }

  #increment(half: number): void {
    const count = this.#halves[half]
    if (count < COUNTER_MAX) this.#halves[half] = count + 1
  }

  #age(slot: number, now: number): void {
    const at = slot * SLOT_WORDS
    const last = this.words[at + 1]
    if (((now - last) | 0) <= 0) return // another worker was later
    this.words[at + 1] = now
    const halvings = (now >>> HALVING_SHIFT) - (last >>> HALVING_SHIFT)
    if (halvings === 0) return
    const halves = this.#halves
    const shift = halvings < 0 || halvings > 16 ? 16 : halvings
    for (let half = slot * 16 + 4; half < slot * 16 + 9; half++) halves[half] >>>= shift
    this.words[at + 5] = shift === 16 ? 0 : this.words[at + 5] >>> shift
    const tokenHalvings = (now >>> TOKEN_HALVING_SHIFT) - (last >>> TOKEN_HALVING_SHIFT)
    if (tokenHalvings !== 0) halves[slot * 16 + 9] >>>= tokenHalvings < 0 || tokenHalvings > 16 ? 16 : tokenHalvings
  }

  #victim(first: number, now: number): number {
    const words = this.words
    let victim = first
    let least = Infinity
    for (let slot = first; slot < first + WAYS; slot++) {
      const at = slot * SLOT_WORDS
      if (words[at] === 0) return slot
      const ageMs = Math.max(0, (now - words[at + 1]) | 0)
      const requests = this.#halves[slot * 16 + 4] >>> Math.min(16, ageMs >>> HALVING_SHIFT)
      // Passing clients score below zero, the oldest lowest.
      const score = requests <= PASSING_REQUESTS && this.#halves[slot * 16 + 9] === 0 ? -1 - ageMs : (requests * 1_000) / (1_000 + ageMs)
      if (score < least) {
        least = score
        victim = slot
      }
    }
    return victim
  }

  #take(slot: number, mark: number, now: number): number {
    const words = this.words
    const at = slot * SLOT_WORDS
    words[at + 1] = now
    words[at + 2] = 0
    words[at + 3] = 0
    words[at + 4] = 0
    words[at + 5] = 0
    words[at + BUDGET_LEVEL_WORD] = 0
    words[at + BUDGET_TIME_WORD] = 0
    words[at] = mark
    this.#halves[slot * 16 + 4] = 1
    return slot
  }
}
