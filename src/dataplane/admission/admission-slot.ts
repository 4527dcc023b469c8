/**
 * The right to have one request in flight to the origin. Exactly three ways to finish; the first one counts, later calls do nothing (invariant 21).
 * Finish it when the origin's work has ended or was aborted, not when the visitor left: a reset stream still costs the origin (CVE-2023-44487).
 */
export type SlotEnd = 'answered' | 'ignored' | 'dropped'

export interface SlotOwner {
  finishSlot(slot: AdmissionSlot, end: SlotEnd, originMs: number): void
}

export class AdmissionSlot {
  readonly route: number
  readonly sourceSlot: number
  readonly sourceMark: number
  /** Origin time booked on the client's budget beforehand, ms. */
  readonly chargedMs: number
  readonly weight: number
  readonly #owner: SlotOwner
  #finished = false

  constructor(owner: SlotOwner, route: number, sourceSlot: number, sourceMark: number, chargedMs: number, weight: number) {
    this.#owner = owner
    this.route = route
    this.sourceSlot = sourceSlot
    this.sourceMark = sourceMark
    this.chargedMs = chargedMs
    this.weight = weight
  }

  get finished(): boolean {
    return this.#finished
  }

  /** The origin answered after `originMs` (to the end of its header for streams, of its body otherwise). Returns false when finished before. */
  success(originMs: number): boolean {
    return this.#finish('answered', originMs)
  }

  /** Nothing can be learned: the visitor left, an answer without origin work, a 5xx that is a bug rather than overload. `originMs`: what it used, for the budget. */
  ignore(originMs = 0): boolean {
    return this.#finish('ignored', originMs)
  }

  /** The origin could not: time-out, refused or reset connection, 503, 429. */
  dropped(originMs = 0): boolean {
    return this.#finish('dropped', originMs)
  }

  #finish(end: SlotEnd, originMs: number): boolean {
    if (this.#finished) return false
    this.#finished = true
    this.#owner.finishSlot(this, end, originMs)
    return true
  }
}
