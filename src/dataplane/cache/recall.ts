import type { MonotonicMs } from '../../kernel/clock.ts'
import type { CacheBus } from './bus.ts'

/** Requests of this worker that wait for a last good copy from disk. Bounded: beyond MAX_WAITING the answer is "none" at once. */
const MAX_WAITING = 1_024

interface Waiting {
  readonly untilMs: number
  readonly callbacks: Array<(found: boolean) => void>
}

export class Recalls {
  readonly #waiting = new Map<string, Waiting>()
  readonly #bus: CacheBus
  readonly #worker: number

  constructor(bus: CacheBus, worker: number) {
    this.#bus = bus
    this.#worker = worker
  }

  ask(key: string, hash: number, untilMs: number, callback: (found: boolean) => void): void {
    const waiting = this.#waiting.get(key)
    if (waiting !== undefined) {
      if (waiting.callbacks.length >= MAX_WAITING) callback(false)
      else waiting.callbacks.push(callback)
      return
    }
    if (this.#waiting.size >= MAX_WAITING) {
      callback(false)
      return
    }
    this.#waiting.set(key, { untilMs, callbacks: [callback] })
    this.#bus.broadcast({ kind: 'recall', from: this.#worker, key, hash })
  }

  answered(key: string, found: boolean): void {
    const waiting = this.#waiting.get(key)
    if (waiting === undefined) return
    this.#waiting.delete(key)
    for (const callback of waiting.callbacks) callback(found)
  }

  tick(nowMs: MonotonicMs): void {
    for (const [key, waiting] of this.#waiting) if (waiting.untilMs <= nowMs) this.answered(key, false)
  }
}
