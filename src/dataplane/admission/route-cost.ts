import { limiterAt, limiterWord, ROUTES } from './limit-memory.ts'

/**
 * What one request of a route class costs the origin: smoothed milliseconds, one value for the whole process.
 * Why: fairness in requests would let a search count like an icon; the queue and the clients' budgets count origin time instead.
 * Lossy between workers; never 0, never NaN.
 */
/** Share of a new answer: about the last 100 count. */
const NEW_SHARE = 0.01
/** Before the first answer: a page of the scenario suite. */
const FIRST_MS = 20
/** Stored in microseconds, whole. */
const UNITS_PER_MS = 1_000
const MAX_MS = 60_000

/** Sets the first costs in zeroed memory; once, in the main thread. */
export function initialiseRouteCosts(words: Int32Array): void {
  for (let route = 0; route < ROUTES; route++) words[limiterAt(route) + limiterWord.cost] = FIRST_MS * UNITS_PER_MS
}

export class RouteCost {
  readonly #words: Int32Array

  constructor(words: Int32Array) {
    this.#words = words
  }

  costMs(route: number): number {
    return this.#words[limiterAt(route) + limiterWord.cost] / UNITS_PER_MS
  }

  record(route: number, originMs: number): void {
    if (!(originMs >= 0)) return
    const at = limiterAt(route) + limiterWord.cost
    const cost = this.#words[at]
    this.#words[at] = Math.max(1, Math.round(cost + (Math.min(originMs, MAX_MS) * UNITS_PER_MS - cost) * NEW_SHARE))
  }
}
