/**
 * The work of the short check, done in a thread of its own so that the generator goes on asking at its planned times. One thread does the work of all
 * visitors, who in the world have a processor each: a queue here is charged to the shield, never to its advantage.
 */
import { Worker } from 'node:worker_threads'

export interface WorkOrder {
  readonly id: number
  readonly text: string
  readonly bits: number
}

export interface WorkDone {
  readonly id: number
  readonly found: number
  readonly tried: number
}

export class WorkThread {
  readonly #waiting = new Map<number, (found: number, tried: number) => void>()
  #thread: Worker | null = null
  #orders = 0

  solve(text: string, bits: number, done: (found: number, tried: number) => void): void {
    this.#thread ??= this.#begin()
    const id = this.#orders++
    this.#waiting.set(id, done)
    this.#thread.postMessage({ id, text, bits } satisfies WorkOrder)
  }

  /** Whoever still waits is not told. */
  end(): void {
    this.#waiting.clear()
    void this.#thread?.terminate()
    this.#thread = null
  }

  #begin(): Worker {
    const thread = new Worker(new URL('work.ts', import.meta.url))
    thread.unref()
    thread.on('message', ({ id, found, tried }: WorkDone) => {
      const done = this.#waiting.get(id)
      this.#waiting.delete(id)
      done?.(found, tried)
    })
    return thread
  }
}
