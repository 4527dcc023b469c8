import { systemClock, type Clock, type MonotonicMs } from '../../../kernel/clock.ts'
import { TimingWheel } from '../../../kernel/timing-wheel.ts'

/** What wants to be looked at once a second: it compares the time with its own limits, so that a request on its way through sets no timer at all. */
export interface Timed {
  look(now: MonotonicMs): void
}

const LOOK_EVERY_MS = 1_000
const RESOLUTION_MS = 250

/**
 * Looks at every HTTP/1 connection of a thread once a second (at the latest 250 ms later), spread over the second by when each began.
 * One timer for all; a simulated clock has none, its owner calls `tick`.
 */
export class ConnectionDeadlines {
  readonly #clock: Clock
  readonly #wheel: TimingWheel<Entry>
  readonly #look: (entry: Entry) => void
  #now: MonotonicMs

  constructor(clock: Clock) {
    this.#clock = clock
    this.#now = clock.monotonicMs()
    this.#wheel = new TimingWheel(this.#now, RESOLUTION_MS, 8)
    this.#look = (entry) => {
      this.#wheel.schedule(entry.id, this.#now + LOOK_EVERY_MS)
      entry.timed.look(this.#now)
    }
    if (clock === systemClock) setInterval(() => this.tick(), RESOLUTION_MS).unref()
  }

  get size(): number {
    return this.#wheel.size
  }

  /** Begins to look at `timed`; null when there is no room for one more. */
  add(timed: Timed): Entry | null {
    const entry: Entry = { timed, id: -1 }
    entry.id = this.#wheel.add(entry, this.#clock.monotonicMs() + LOOK_EVERY_MS)
    return entry.id === -1 ? null : entry
  }

  remove(entry: Entry): void {
    this.#wheel.remove(entry.id)
    entry.id = -1
  }

  tick(): void {
    this.#now = this.#clock.monotonicMs()
    this.#wheel.advance(this.#now, this.#look)
  }
}

export interface Entry {
  readonly timed: Timed
  id: number
}

const deadlines = new WeakMap<Clock, ConnectionDeadlines>()

/** The deadlines that run on `clock`: one per thread for the system's clock, one per simulated clock. */
export function deadlinesOf(clock: Clock): ConnectionDeadlines {
  let found = deadlines.get(clock)
  if (found === undefined) deadlines.set(clock, (found = new ConnectionDeadlines(clock)))
  return found
}
