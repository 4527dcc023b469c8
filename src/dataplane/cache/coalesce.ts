import type { MonotonicMs } from '../../kernel/clock.ts'
import { hashText } from '../../kernel/hash.ts'
import type { CacheBus, FlightOutcome } from './bus.ts'
import type { CacheShared } from './cache-shared.ts'

/**
 * One origin fetch per key for the whole process, however many requests want it.
 * Within a worker a Map of flights; between workers a claim in the shared block and a `released` message.
 * A waiter is told the outcome and looks into the store again; it is never handed another request's answer, so every rule about who may
 * see what is asked again for each of them. Waiting has a bound in number and in time, and ends when the fetching worker dies.
 * A claim is given back in shared memory, its outcome comes as a message: whoever finds a claim given back reads the messages first
 * (`catchUp`), or a crowd of waiters would go to the origin for a page that is stored already.
 */
export type ClaimResult =
  /** You fetch. Finish with `finish`, whatever happens. */
  | 'mine'
  /** `onOutcome` will be called once. */
  | 'waiting'
  /** Fetch on your own; nobody waits for you. */
  | 'alone'
  /** Too many wait already: use a stale copy or refuse. */
  | 'full'

/** 'timeout': the fetch takes too long. A worker that dies has failed. */
export type WaitOutcome = FlightOutcome | 'timeout'
export type Waiter = (outcome: WaitOutcome) => void

class Flight {
  readonly key: string
  readonly hash: number
  /** Our own claim, or that of another worker. */
  readonly claim: number
  readonly own: boolean
  readonly waiters: Waiter[] = []
  readonly deadlines: number[] = []
  /** Ticks that found the claim given back, and no word of the outcome. */
  orphaned = 0

  constructor(key: string, hash: number, claim: number, own: boolean) {
    this.key = key
    this.hash = hash
    this.claim = claim
    this.own = own
  }
}

export class Flights {
  readonly #flights = new Map<string, Flight>()
  readonly #shared: CacheShared
  readonly #bus: CacheBus
  readonly #worker: number

  constructor(shared: CacheShared, bus: CacheBus, worker: number) {
    this.#shared = shared
    this.#bus = bus
    this.#worker = worker
  }

  get size(): number {
    return this.#flights.size
  }

  /** `waiter` null: do not wait, only try to be the one (refresh behind a stale answer). */
  claim(key: string, hash: number, waiter: Waiter | null, nowMs: MonotonicMs, waitMs: number, maxWaiters: number): ClaimResult {
    let flight = this.#flights.get(key)
    if (flight === undefined) {
      const tag = this.#tagOf(key)
      let claim = this.#shared.claim(hash, tag, this.#worker)
      const holder = claim === 0 ? this.#shared.claimOf(hash) : 0
      // Given back between the two looks.
      if (claim === 0 && holder === 0) claim = this.#shared.claim(hash, tag, this.#worker)
      if (claim > 0) {
        this.#flights.set(key, new Flight(key, hash, claim, true))
        return 'mine'
      }
      if (claim === -1 || holder === 0) return 'alone'
      if (waiter === null) return 'full'
      flight = new Flight(key, hash, holder, false)
      this.#flights.set(key, flight)
    }
    if (waiter === null || flight.waiters.length >= maxWaiters) return 'full'
    flight.waiters.push(waiter)
    flight.deadlines.push(nowMs + waitMs)
    return 'waiting'
  }

  /** Hashes of the fetches under way for keys that begin with `prefix`. */
  hashesOf(prefix: string): number[] {
    const hashes: number[] = []
    // A flight key is one letter, a space, the primary key, and what selects a variant.
    for (const flight of this.#flights.values()) if (flight.key.startsWith(prefix, 2)) hashes.push(flight.hash)
    return hashes
  }

  /** How many wait for this fetch in this worker. */
  waitersOf(key: string): number {
    return this.#flights.get(key)?.waiters.length ?? 0
  }

  /** Ends our own fetch and tells everybody who waits. Safe to call twice. */
  finish(key: string, outcome: FlightOutcome): void {
    const flight = this.#flights.get(key)
    if (flight === undefined || !flight.own) return
    this.#flights.delete(key)
    this.#shared.unclaim(flight.hash, flight.claim)
    this.#bus.broadcast({ kind: 'released', from: this.#worker, flightKey: key, outcome })
    wake(flight, outcome)
  }

  /** Another worker's fetch ended. */
  released(key: string, outcome: FlightOutcome): void {
    const flight = this.#flights.get(key)
    if (flight === undefined || flight.own) return
    this.#flights.delete(key)
    wake(flight, outcome)
  }

  /** Call some ten times a second: ends waits that are too long, and those for a worker that is gone. */
  tick(nowMs: MonotonicMs): void {
    this.#bus.catchUp()
    for (const flight of this.#flights.values()) {
      if (!flight.own && this.#shared.claimOf(flight.hash) !== flight.claim) {
        // Its worker may be between giving back and telling.
        if (++flight.orphaned < 2) continue
        this.#flights.delete(flight.key)
        wake(flight, 'failed')
        continue
      }
      // Deadlines are in order of arrival.
      let over = 0
      while (over < flight.deadlines.length && flight.deadlines[over] <= nowMs) over++
      if (over === 0) continue
      flight.deadlines.splice(0, over)
      for (const waiter of flight.waiters.splice(0, over)) waiter('timeout')
      if (!flight.own && flight.waiters.length === 0) this.#flights.delete(flight.key)
    }
  }

  #tagOf(key: string): number {
    return hashText(key, ~this.#shared.hashKey) | 1
  }
}

function wake(flight: Flight, outcome: WaitOutcome): void {
  const waiters = flight.waiters.splice(0)
  flight.deadlines.length = 0
  for (const waiter of waiters) waiter(outcome)
}
