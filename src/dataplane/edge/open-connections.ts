/**
 * Lists of connections that come and go thousands of times a second, without a table of their own.
 * Why not a Map: after some deletions it moves to a new table, and the old one, grown old and dead, still points to the next and to whoever was open
 * then. The collector of young objects takes that for life: under a flood of short connections four in ten of them were kept and copied until the next
 * full collection; see docs/decisions/0020-refusing-short-connections.md.
 * Both are told to forget by the connection itself, and hold nothing of it afterwards.
 */

export interface Placed {
  /** Where it stands in the list; -1: in none. */
  place: number
}

/** In no order; size, adding and removing cost the same whatever is in it. */
export class OpenConnections<T extends Placed> {
  readonly #all: T[] = []

  get size(): number {
    return this.#all.length
  }

  add(one: T): void {
    one.place = this.#all.length
    this.#all.push(one)
  }

  /** Harmless when it is not in it. */
  remove(one: T): void {
    if (one.place === -1) return
    const last = this.#all.pop()!
    if (last !== one) {
      this.#all[one.place] = last
      last.place = one.place
    }
    one.place = -1
  }

  /** `visit` may remove the one it is given. */
  each(visit: (one: T) => void): void {
    for (let i = this.#all.length - 1; i >= 0; i--) if (i < this.#all.length) visit(this.#all[i]!)
  }
}

export interface Queued<T> {
  before: T | null
  after: T | null
  queue: object | null
}

/** Oldest first. A connection stands in at most one. */
export class AgeQueue<T extends Queued<T>> {
  #oldest: T | null = null
  #newest: T | null = null

  get oldest(): T | null {
    return this.#oldest
  }

  add(one: T): void {
    one.queue = this
    one.before = this.#newest
    if (this.#newest === null) this.#oldest = one
    else this.#newest.after = one
    this.#newest = one
  }

  has(one: T): boolean {
    return one.queue === this
  }

  /** Harmless when it is not in it. */
  remove(one: T): void {
    if (one.queue !== this) return
    if (one.before === null) this.#oldest = one.after
    else one.before.after = one.after
    if (one.after === null) this.#newest = one.before
    else one.after.before = one.before
    one.before = one.after = one.queue = null
  }
}
