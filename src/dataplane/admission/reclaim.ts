import { limiterAt, limiterWord, ROUTES, rowAt, rowWord, TOTAL, workersIn } from './limit-memory.ts'

/**
 * What a dead worker leaves behind, and how it is made good. All of this runs in the main thread.
 *
 * A worker holds slots in its row; after its death they are subtracted. Taking a slot is two steps (count for all, count in the row), so a death exactly
 * between them leaves a slot that is in nobody's row: SlotAudit finds those. Until then one slot fewer is used, never one too many.
 */
const L = limiterWord
const READINGS = 64

/** Returns every slot a dead worker held, and its lock. Returns how many slots. */
export function reclaimRow(words: Int32Array, worker: number): number {
  const row = rowAt(worker)
  let returned = 0
  for (let limiter = 0; limiter <= TOTAL; limiter++) {
    const held = Atomics.exchange(words, row + rowWord.inFlight + limiter, 0)
    Atomics.sub(words, limiterAt(limiter) + L.inFlight, held)
    if (limiter < ROUTES) returned += held
    Atomics.compareExchange(words, limiterAt(limiter) + L.lock, worker + 1, 0)
  }
  let waiting = 0
  for (let route = 0; route < ROUTES; route++) waiting += Atomics.exchange(words, row + rowWord.waiting + route, 0)
  Atomics.sub(words, limiterAt(TOTAL) + L.waitingAll, waiting)
  Atomics.store(words, row + rowWord.wakePending, 0)
  return returned
}

/**
 * Compares what is counted for all with the sum of the rows. A difference seen at two audits in a row, at least a second apart, is a lost slot:
 * no living worker stays that long between the two steps.
 */
export class SlotAudit {
  readonly #words: Int32Array
  readonly #suspected = new Int32Array(TOTAL + 1)

  constructor(words: Int32Array) {
    this.#words = words
  }

  /** Call about once a second. Returns how many slots were put right. */
  audit(): number {
    let mended = 0
    for (let limiter = 0; limiter <= TOTAL; limiter++) {
      const drift = this.#drift(limiter)
      if (drift !== 0 && drift === this.#suspected[limiter]) {
        Atomics.sub(this.#words, limiterAt(limiter) + L.inFlight, drift)
        this.#suspected[limiter] = 0
        if (limiter < TOTAL) mended += Math.abs(drift)
      } else this.#suspected[limiter] = drift
    }
    return mended
  }

  /** The smallest difference of several readings: those of workers that are just between two steps vary. */
  #drift(limiter: number): number {
    let least = Infinity
    for (let reading = 0; reading < READINGS && least !== 0; reading++) {
      let drift = Atomics.load(this.#words, limiterAt(limiter) + L.inFlight)
      for (let worker = 0; worker < workersIn(this.#words); worker++) drift -= Atomics.load(this.#words, rowAt(worker) + rowWord.inFlight + limiter)
      if (Math.abs(drift) < Math.abs(least)) least = drift
    }
    return least
  }
}
