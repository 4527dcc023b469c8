/**
 * Answers that wait for readers slower than the origin: too long to be kept for them, and not storable.
 * Why: such an answer would hold its place at the origin for as long as its reader likes, and some twenty readers of one large page at 1 KiB/s would
 * shut everybody out. Acts when the origin has been made to wait for GRACE_TICKS: the place is given back, since the origin is not at work but at rest.
 * Then only the connection to the origin is held, and of those few per worker: beyond MOST_HELD the slowest reader of all is cut.
 * It must never cut anybody while there is room, nor a stream that is meant to stay open. Source: design note algorithms (c), slow read.
 */
export interface SlowAnswer {
  /** Bytes handed to the reader so far. */
  readonly sentBytes: number
  giveSlotBack(): void
  cutReader(): void
}

const TICK_MS = 500
/** Two seconds: a reader on an ordinary line has taken some MiB by then, and the fair queue lets nobody wait longer than that either. */
const GRACE_TICKS = 4
/** Of the 128 connections a worker may have to one upstream: a quarter. */
const MOST_HELD = 32

export class SlowReaders {
  /** Ticks since the origin was first made to wait. */
  readonly #ticks = new Map<SlowAnswer, number>()
  readonly #held = new Set<SlowAnswer>()
  #timer: NodeJS.Timeout | null = null

  get held(): number {
    return this.#held.size
  }

  /** The origin is made to wait for this reader; calls after the first change nothing. */
  expect(answer: SlowAnswer): void {
    if (this.#ticks.has(answer)) return
    this.#ticks.set(answer, 0)
    this.#timer ??= setInterval(() => this.tick(), TICK_MS).unref()
  }

  /** Its exchange with the origin is over. */
  forget(answer: SlowAnswer): void {
    if (!this.#ticks.delete(answer)) return
    this.#held.delete(answer)
    if (this.#ticks.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  tick(): void {
    // What is cut forgets itself while we walk.
    for (const [answer, ticks] of this.#ticks) {
      this.#ticks.set(answer, ticks + 1)
      if (ticks + 1 < GRACE_TICKS || this.#held.has(answer)) continue
      this.#held.add(answer)
      answer.giveSlotBack()
      if (this.#held.size > MOST_HELD) this.#cutSlowest()
    }
  }

  #cutSlowest(): void {
    let slowest: SlowAnswer | null = null
    let least = Number.POSITIVE_INFINITY
    for (const answer of this.#held) {
      const perTick = answer.sentBytes / this.#ticks.get(answer)!
      if (perTick >= least) continue
      least = perTick
      slowest = answer
    }
    if (slowest === null) return
    this.forget(slowest)
    slowest.cutReader()
  }
}
