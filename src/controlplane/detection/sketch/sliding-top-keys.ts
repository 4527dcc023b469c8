import { SpaceSaving } from './space-saving.ts'
import type { HeavyKey } from './space-saving.ts'

/**
 * Heavy keys of the last window, in two panes of half a window each: an answer always covers between one and two panes.
 * Sliding, not tumbling, so that a flood across a boundary is never seen in halves (Ben-Basat et al., "Memento", CoNEXT 2018);
 * two panes instead of Memento's overflow queue: one update per request and the same bound over what is covered.
 */
export class SlidingTopKeys {
  #current: SpaceSaving
  #previous: SpaceSaving

  constructor(slots: number) {
    this.#current = new SpaceSaving(slots)
    this.#previous = new SpaceSaving(slots)
  }

  add(key: number, weight = 1): void {
    this.#current.add(key, weight)
  }

  /** Begins a new pane; what is older than two panes is forgotten. */
  turn(): void {
    const oldest = this.#previous
    this.#previous = this.#current
    this.#current = oldest
    this.#current.clear()
  }

  get total(): number {
    return this.#current.total + this.#previous.total
  }

  /** true <= estimate <= true + total/slots, over the covered panes. */
  estimate(key: number): number {
    return this.#current.estimate(key) + this.#previous.estimate(key)
  }

  /** Every key heavier than total/slots can be found with threshold 0; heaviest first, ties by key. */
  heavierThan(threshold: number, limit: number): HeavyKey[] {
    const found = new Map<number, HeavyKey>()
    for (const pane of [this.#current, this.#previous]) {
      for (const { key } of pane.heavierThan(threshold / 2)) {
        if (found.has(key)) continue
        const count = this.estimate(key)
        const atLeast = this.#current.atLeast(key) + this.#previous.atLeast(key)
        if (count >= threshold) found.set(key, { key, count, error: count - atLeast })
      }
    }
    return [...found.values()].sort((a, b) => b.count - a.count || a.key - b.key).slice(0, limit)
  }

  get bytes(): number {
    return this.#current.bytes + this.#previous.bytes
  }
}
