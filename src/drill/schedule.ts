/** What is to happen when, in order of time; a binary heap. Equal times keep the order in which they were planned. */
export class Schedule {
  readonly #times: number[] = []
  readonly #orders: number[] = []
  readonly #runs: Array<() => void> = []
  #order = 0

  get nextMs(): number {
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]
  }

  add(atMs: number, run: () => void): void {
    let i = this.#times.length
    this.#set(i, atMs, this.#order++, run)
    for (;;) {
      const parent = (i - 1) >> 1
      if (i === 0 || !this.#before(i, parent)) return
      this.#swap(i, parent)
      i = parent
    }
  }

  /** Runs all that is due, including what is added meanwhile. */
  runUntil(nowMs: number): void {
    while (this.nextMs <= nowMs) this.#take()()
  }

  #take(): () => void {
    const run = this.#runs[0]
    const last = this.#times.length - 1
    this.#swap(0, last)
    this.#times.pop()
    this.#orders.pop()
    this.#runs.pop()
    let i = 0
    for (;;) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < last && this.#before(child, least)) least = child
      if (least === i) return run
      this.#swap(i, least)
      i = least
    }
  }

  #before(a: number, b: number): boolean {
    return this.#times[a] < this.#times[b] || (this.#times[a] === this.#times[b] && this.#orders[a] < this.#orders[b])
  }

  #set(i: number, atMs: number, order: number, run: () => void): void {
    this.#times[i] = atMs
    this.#orders[i] = order
    this.#runs[i] = run
  }

  #swap(a: number, b: number): void {
    const [time, order, run] = [this.#times[a], this.#orders[a], this.#runs[a]]
    this.#set(a, this.#times[b], this.#orders[b], this.#runs[b])
    this.#set(b, time, order, run)
  }
}
