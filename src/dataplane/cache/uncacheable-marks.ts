import type { MonotonicMs } from '../../kernel/clock.ts'

/**
 * "This page turned out not to be storable": while the mark lasts, requests for it do not wait for each other (hit-for-miss).
 * Why: otherwise every visitor of a personal page would queue behind the one before. A mark never stops an answer from being stored.
 * Two generations, swapped by time, so that the memory is bounded and nothing has to be swept.
 */
export class UncacheableMarks {
  #young = new Set<string>()
  #old = new Set<string>()
  #swappedAtMs = 0
  readonly #maxKeys: number

  constructor(maxKeys = 8_192) {
    this.#maxKeys = maxKeys
  }

  /** A mark lasts between one and two `markMs`. */
  has(key: string, nowMs: MonotonicMs, markMs: number): boolean {
    this.#age(nowMs, markMs)
    return this.#young.has(key) || this.#old.has(key)
  }

  add(key: string, nowMs: MonotonicMs, markMs: number): void {
    this.#age(nowMs, markMs)
    if (this.#young.size >= this.#maxKeys) this.#swap(nowMs)
    this.#young.add(key)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  #age(nowMs: MonotonicMs, markMs: number): void {
    if (nowMs - this.#swappedAtMs < markMs) return
    if (nowMs - this.#swappedAtMs >= 2 * markMs) this.#young = new Set()
    this.#swap(nowMs)
  }

  #swap(nowMs: MonotonicMs): void {
    this.#old = this.#young
    this.#young = new Set()
    this.#swappedAtMs = nowMs
  }
}
