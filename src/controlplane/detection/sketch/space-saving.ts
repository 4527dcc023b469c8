import { mix32 } from '../../../kernel/hash.ts'

const EMPTY = -1

export interface HeavyKey {
  readonly key: number
  /** At least the true weight of the key, at most `error` more than it. */
  readonly count: number
  readonly error: number
}

/**
 * The heaviest keys of a stream in fixed memory.
 * Guarantee with m slots and total weight N: true <= estimate <= true + N/m, and every key heavier than N/m is held.
 * Source: Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k elements in data streams", ICDT 2005.
 * A binary heap on the counts instead of the paper's bucket list, because weights are fractions here (one sample stands for several requests).
 */
export class SpaceSaving {
  readonly slots: number
  #keys: Uint32Array
  #counts: Float64Array
  #errors: Float64Array
  /** heap[0] is the slot with the smallest count; place[slot] is its index in the heap. */
  #heap: Int32Array
  #place: Int32Array
  #index: Int32Array
  #indexMask: number
  #used = 0
  #total = 0

  constructor(slots: number) {
    if (!Number.isInteger(slots) || slots < 1 || slots > 65_536) throw new RangeError(`slots must be 1 to 65,536, not ${slots}`)
    this.slots = slots
    this.#keys = new Uint32Array(slots)
    this.#counts = new Float64Array(slots)
    this.#errors = new Float64Array(slots)
    this.#heap = new Int32Array(slots)
    this.#place = new Int32Array(slots)
    let size = 4
    while (size < slots * 2) size *= 2
    this.#index = new Int32Array(size).fill(EMPTY)
    this.#indexMask = size - 1
  }

  get total(): number {
    return this.#total
  }

  get used(): number {
    return this.#used
  }

  /** What an absent key may weigh at most. */
  get smallestCount(): number {
    return this.#used < this.slots ? 0 : this.#counts[this.#heap[0]]
  }

  /** Adds weight (> 0) to an unsigned 32-bit key; returns the slot that now holds it, so that a caller can keep facts beside it. */
  add(key: number, weight = 1): number {
    this.#total += weight
    let slot = this.slotOf(key)
    if (slot !== EMPTY) {
      this.#counts[slot] += weight
      this.#siftDown(this.#place[slot])
      return slot
    }
    if (this.#used < this.slots) {
      slot = this.#used++
      this.#keys[slot] = key
      this.#counts[slot] = weight
      this.#errors[slot] = 0
      this.#heap[slot] = slot
      this.#place[slot] = slot
      this.#siftUp(slot)
    } else {
      slot = this.#heap[0]
      this.#unlink(this.#keys[slot])
      this.#keys[slot] = key
      this.#errors[slot] = this.#counts[slot]
      this.#counts[slot] += weight
      this.#siftDown(0)
    }
    this.#link(key, slot)
    return slot
  }

  /** Slot of a held key, or -1. */
  slotOf(key: number): number {
    let at = mix32(key) & this.#indexMask
    for (;;) {
      const slot = this.#index[at]
      if (slot === EMPTY || this.#keys[slot] === key) return slot
      at = (at + 1) & this.#indexMask
    }
  }

  keyAt(slot: number): number {
    return this.#keys[slot]
  }

  /** Never below the true weight. */
  estimate(key: number): number {
    const slot = this.slotOf(key)
    return slot === EMPTY ? this.smallestCount : this.#counts[slot]
  }

  /** Never above the true weight. */
  atLeast(key: number): number {
    const slot = this.slotOf(key)
    return slot === EMPTY ? 0 : this.#counts[slot] - this.#errors[slot]
  }

  /** Keys whose estimate reaches `threshold`, heaviest first; equal counts by key, so that the answer does not depend on arrival. */
  heavierThan(threshold: number, limit = this.slots): HeavyKey[] {
    const found: HeavyKey[] = []
    for (let slot = 0; slot < this.#used; slot++) {
      if (this.#counts[slot] >= threshold) found.push({ key: this.#keys[slot], count: this.#counts[slot], error: this.#errors[slot] })
    }
    found.sort((a, b) => b.count - a.count || a.key - b.key)
    return found.length > limit ? found.slice(0, limit) : found
  }

  clear(): void {
    this.#used = 0
    this.#total = 0
    this.#index.fill(EMPTY)
  }

  get bytes(): number {
    return this.slots * (4 + 8 + 8 + 4 + 4) + this.#index.byteLength
  }

  #link(key: number, slot: number): void {
    let at = mix32(key) & this.#indexMask
    while (this.#index[at] !== EMPTY) at = (at + 1) & this.#indexMask
    this.#index[at] = slot
  }

  /** Backward-shift deletion keeps probe chains short without tombstones (Knuth, TAOCP 3, 6.4 algorithm R). */
  #unlink(key: number): void {
    const index = this.#index
    const mask = this.#indexMask
    let hole = mix32(key) & mask
    while (this.#keys[index[hole]] !== key) hole = (hole + 1) & mask
    let at = hole
    for (;;) {
      at = (at + 1) & mask
      const slot = index[at]
      if (slot === EMPTY) break
      const home = mix32(this.#keys[slot]) & mask
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        index[hole] = slot
        hole = at
      }
    }
    index[hole] = EMPTY
  }

  #siftDown(from: number): void {
    const heap = this.#heap
    const counts = this.#counts
    const slot = heap[from]
    const count = counts[slot]
    let at = from
    for (;;) {
      let child = at * 2 + 1
      if (child >= this.#used) break
      if (child + 1 < this.#used && counts[heap[child + 1]] < counts[heap[child]]) child++
      if (counts[heap[child]] >= count) break
      heap[at] = heap[child]
      this.#place[heap[at]] = at
      at = child
    }
    heap[at] = slot
    this.#place[slot] = at
  }

  #siftUp(from: number): void {
    const heap = this.#heap
    const counts = this.#counts
    const slot = heap[from]
    const count = counts[slot]
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (counts[heap[parent]] <= count) break
      heap[at] = heap[parent]
      this.#place[heap[at]] = at
      at = parent
    }
    heap[at] = slot
    this.#place[slot] = at
  }
}
