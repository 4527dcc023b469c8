/** Milliseconds on a clock that never jumps. Only differences mean anything. */
export type MonotonicMs = number & { readonly __monotonicMs: never }
/** Milliseconds since 1970-01-01 UTC; may jump when the machine's time is set. */
export type WallMs = number & { readonly __wallMs: never }

/** The only way the rest of Polder learns the time, so that an incident can be replayed on a simulated clock. */
export interface Clock {
  monotonicMs(): MonotonicMs
  wallMs(): WallMs
}

export const systemClock: Clock = Object.freeze({
  monotonicMs: () => performance.now() as MonotonicMs,
  wallMs: () => Date.now() as WallMs,
})

/** A clock that moves only when told to; both times move together. */
export class SimulatedClock implements Clock {
  #monotonic: number
  #wall: number

  constructor(startWallMs = 1_700_000_000_000) {
    this.#monotonic = 0
    this.#wall = startWallMs
  }

  monotonicMs(): MonotonicMs {
    return this.#monotonic as MonotonicMs
  }

  wallMs(): WallMs {
    return this.#wall as WallMs
  }

  advanceMs(byMs: number): void {
    if (!(byMs >= 0)) throw new RangeError(`a clock does not go back: ${byMs} ms`)
    this.#monotonic += byMs
    this.#wall += byMs
  }
}
