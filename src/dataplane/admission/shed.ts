/**
 * Saying no early, and saying when to come back.
 *
 * Why: a request that will certainly not be served in time is better refused at once, with an honest time, than after a wait.
 * When: only if no slot is free (invariant 8). A client beyond its budget of origin time is put behind everybody else, refused only if it is there already
 * (deprioritise before drop: ACC-Turbo 2022). A newcomer is refused at once when twice as many wait before it as can be served before it must give up.
 * Never: refuse while a slot is free; promise a time the queue cannot keep; send all back at the same second.
 */
/** Fewer waiting than this are always let in: rates measured over so few say nothing. */
const ALWAYS_WAIT = 16
const RETRY_MIN_SECONDS = 1
const RETRY_MAX_SECONDS = 120
/** Retries are spread over this much more than the estimate. */
const RETRY_SPREAD = 0.5

/** True when a request would wait in vain. `waitingAhead`: in its visitor and route class; `drainPerSecond`: requests of that group served lately. */
export function wouldWaitInVain(waitingAhead: number, drainPerSecond: number, maxWaitMs: number): boolean {
  return waitingAhead >= ALWAYS_WAIT && waitingAhead > (2 * drainPerSecond * maxWaitMs) / 1_000
}

/**
 * Whole seconds after which a retry has a fair chance: those who wait and those refused in one second (who come back too), divided by what is served per
 * second. At ten times the capacity that is ten seconds: as many as tries are needed on average. `chance` in [0, 1) spreads the retries.
 */
export function retryAfterSeconds(waiting: number, refusedPerSecond: number, drainPerSecond: number, chance: number): number {
  const seconds = (waiting + refusedPerSecond) / Math.max(drainPerSecond, 0.1)
  const spread = seconds * (1 + RETRY_SPREAD * chance)
  return Math.ceil(Math.max(RETRY_MIN_SECONDS, Math.min(RETRY_MAX_SECONDS, spread)) + chance)
}

/** Events per second, smoothed over about five seconds, without a timer. */
export class Rate {
  #perSecond = 0
  #pending = 0
  #sinceMs: number

  constructor(nowMs: number) {
    this.#sinceMs = nowMs
  }

  count(nowMs: number): void {
    this.#pending++
    if (nowMs - this.#sinceMs >= 500) this.#fold(nowMs)
  }

  perSecond(nowMs: number): number {
    if (nowMs - this.#sinceMs >= 500) this.#fold(nowMs)
    return this.#perSecond
  }

  #fold(nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs
    const share = 1 - Math.exp(-elapsedMs / 5_000)
    this.#perSecond += ((this.#pending * 1_000) / elapsedMs - this.#perSecond) * share
    this.#pending = 0
    this.#sinceMs = nowMs
  }
}
