import type { StoredResponse } from './stored-response.ts'

/** What the cache parts of the threads tell each other. Plain data; bodies travel as views of shared memory, so nothing is copied. */
export type CacheMessage =
  /** A new answer, or a validated one that keeps the bytes of `reuses` (0: none). `from` is a worker index, or STORE_THREAD. */
  | { readonly kind: 'add'; readonly from: number; readonly response: StoredResponse; readonly reuses: number }
  | { readonly kind: 'evict'; readonly ids: readonly number[] }
  | { readonly kind: 'invalidate'; readonly from: number; readonly keys: readonly string[] }
  /** A fetch ended: those who wait for it in other workers look again. */
  | { readonly kind: 'released'; readonly from: number; readonly flightKey: string; readonly outcome: FlightOutcome }
  /** The operator's purge: everything whose key starts with `prefix` is dropped, in memory and on disk. */
  | { readonly kind: 'purge'; readonly prefix: string }
  /** A worker asks the store thread for a last good copy from disk. */
  | { readonly kind: 'recall'; readonly from: number; readonly key: string; readonly hash: number }
  | { readonly kind: 'recalled'; readonly key: string; readonly found: boolean }
  /** A worker that starts late asks for all that is stored. */
  | { readonly kind: 'snapshot-wanted'; readonly from: number }
  /** A store thread that starts late asks what the workers hold, to take over the accounts. */
  | { readonly kind: 'inventory-wanted' }
  | { readonly kind: 'inventory'; readonly responses: readonly StoredResponse[] }
  | { readonly kind: 'snapshot'; readonly to: number; readonly responses: readonly StoredResponse[] }

/** Stored answers in one message, so that a long list does not hold up its reader. */
export const RESPONSES_PER_MESSAGE = 500

/** How a fetch for the store ended. 'stored' means: look again. */
export type FlightOutcome = 'stored' | 'not-storable' | 'failed'

/** The store thread's place in `from`. */
export const STORE_THREAD = -1

/** One thread's end of the bus. `broadcast` reaches all others, not the sender. Messages of one sender arrive in order. */
export interface CacheBus {
  broadcast(message: CacheMessage): void
  onMessage: ((message: CacheMessage) => void) | null
  /** Hears at once what was sent already and waits for its turn in the event loop. Returns how many messages it was. */
  catchUp(): number
}

/** A bus within one thread, delivering when `deliver` is called (or at once): for tests and for a process with one worker. */
export class LocalBus {
  readonly #ends: LocalBusEnd[] = []
  readonly #queue: Array<{ to: LocalBusEnd; message: CacheMessage }> = []
  readonly #immediate: boolean

  constructor(immediate: boolean) {
    this.#immediate = immediate
  }

  connect(): CacheBus {
    const end = new LocalBusEnd(this)
    this.#ends.push(end)
    return end
  }

  /** Used by the ends. */
  post(from: LocalBusEnd, message: CacheMessage): void {
    for (const to of this.#ends) {
      if (to === from) continue
      if (this.#immediate) to.onMessage?.(message)
      else this.#queue.push({ to, message })
    }
  }

  deliverTo(end: LocalBusEnd): number {
    let delivered = 0
    for (let i = 0; i < this.#queue.length; ) {
      if (this.#queue[i].to !== end) {
        i++
        continue
      }
      const [next] = this.#queue.splice(i, 1)
      end.onMessage?.(next.message)
      delivered++
    }
    return delivered
  }

  /** Delivers up to `count` waiting messages, oldest first. Returns how many are left. */
  deliver(count = Infinity): number {
    for (let i = 0; i < count && this.#queue.length > 0; i++) {
      const next = this.#queue.shift() as { to: LocalBusEnd; message: CacheMessage }
      next.to.onMessage?.(next.message)
    }
    return this.#queue.length
  }
}

class LocalBusEnd implements CacheBus {
  onMessage: ((message: CacheMessage) => void) | null = null
  readonly #bus: LocalBus

  constructor(bus: LocalBus) {
    this.#bus = bus
  }

  broadcast(message: CacheMessage): void {
    this.#bus.post(this, message)
  }

  catchUp(): number {
    return this.#bus.deliverTo(this)
  }
}
