import type { Random } from '../../../kernel/random.ts'

/**
 * Decides which of `capacity` places a newcomer takes, so that every one seen so far is held with the same chance.
 * Holds no items itself: the caller owns the rows. Source: Vitter, "Random sampling with a reservoir", algorithm R, TOMS 1985.
 */
export class Reservoir {
  readonly capacity: number
  /** A cap on the memory of the past: once this many were offered, newcomers keep the chance capacity/memory and the old fade out. */
  readonly memory: number
  readonly #random: Random
  #offered = 0

  constructor(capacity: number, random: Random, memory = Number.POSITIVE_INFINITY) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`capacity must be at least 1, not ${capacity}`)
    if (memory < capacity) throw new RangeError(`memory ${memory} is smaller than capacity ${capacity}`)
    this.capacity = capacity
    this.memory = memory
    this.#random = random
  }

  get offered(): number {
    return this.#offered
  }

  get filled(): number {
    return Math.min(this.#offered, this.capacity)
  }

  /** The place the newcomer takes, or -1 when it is not kept. */
  offer(): number {
    if (this.#offered < this.capacity) return this.#offered++
    if (this.#offered < this.memory) this.#offered++
    const at = Math.floor(this.#random.next() * this.#offered)
    return at < this.capacity ? at : -1
  }

  /** After a restart: as if so many had been offered. */
  resume(offered: number): void {
    this.#offered = Math.min(Math.max(0, Math.floor(offered)), this.memory)
  }

  clear(): void {
    this.#offered = 0
  }
}
