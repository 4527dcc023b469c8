import { SimulatedClock } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'

/** For tests: events in order of simulated time. The same events in, the same order out. */
export class Simulation {
  readonly clock = new SimulatedClock()
  readonly #heap: Array<{ atMs: number; order: number; run: () => void }> = []
  #order = 0

  get nowMs(): number {
    return this.clock.monotonicMs()
  }

  after(delayMs: number, run: () => void): void {
    const heap = this.#heap
    const event = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run }
    let child = heap.push(event) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!before(event, heap[parent])) break
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = event
  }

  /** Runs every event until `untilMs`, bounded by `maxEvents`. */
  runUntil(untilMs: number, maxEvents = 20_000_000): void {
    for (let events = 0; this.#heap.length > 0 && this.#heap[0].atMs <= untilMs; events++) {
      if (events >= maxEvents) throw new Error(`more than ${maxEvents} events before ${untilMs} ms`)
      const event = this.#pop()
      this.clock.advanceMs(Math.max(0, event.atMs - this.nowMs))
      event.run()
    }
    this.clock.advanceMs(Math.max(0, untilMs - this.nowMs))
  }

  #pop(): { atMs: number; order: number; run: () => void } {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop() as (typeof heap)[0]
    if (heap.length === 0) return first
    let parent = 0
    for (;;) {
      let child = parent * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++
      if (!before(heap[child], last)) break
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
    return first
  }
}

function before(a: { atMs: number; order: number }, b: { atMs: number; order: number }): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next())
}

/** For tests: an origin of `servers` equal workers and an endless line in front of them (M/M/c). Both may change while it runs. */
export class SimulatedOrigin {
  servers: number
  serviceMs: number
  busy = 0
  served = 0
  maxInside = 0
  readonly #simulation: Simulation
  readonly #random: Random
  readonly #line: Array<{ meanMs: number; done: () => void }> = []
  #lineHead = 0

  constructor(simulation: Simulation, random: Random, servers: number, serviceMs: number) {
    this.#simulation = simulation
    this.#random = random
    this.servers = servers
    this.serviceMs = serviceMs
  }

  get inside(): number {
    return this.busy + this.#line.length - this.#lineHead
  }

  /** Calls `done` when the answer is there. `meanMs`: another mean service time for this request. */
  ask(done: () => void, meanMs = 0): void {
    this.#line.push({ meanMs, done })
    this.maxInside = Math.max(this.maxInside, this.inside)
    this.#begin()
  }

  #begin(): void {
    while (this.busy < this.servers && this.#lineHead < this.#line.length) {
      const { meanMs, done } = this.#line[this.#lineHead]
      this.#lineHead++
      if (this.#lineHead > 4_096) {
        this.#line.splice(0, this.#lineHead)
        this.#lineHead = 0
      }
      this.busy++
      this.#simulation.after(exponential(this.#random, meanMs || this.serviceMs), () => {
        this.busy--
        this.served++
        this.#begin()
        done()
      })
    }
  }
}

