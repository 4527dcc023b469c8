/**
 * What a drill may never exceed, whatever a scenario asks for: enough to drown a small origin on one machine, not enough to harm the machine.
 * Constants on purpose: no option raises them (algorithms, fixed suite: hard caps).
 */
export const drillLimits = Object.freeze({
  requestsPerSecond: 3_000,
  attackRequests: 130_000,
  sockets: 2_000,
  wallMs: 120_000,
})

/** Sockets kept for visitors, so that an attack that holds all of its own does not shut them out in the generator instead of at the server. */
const VISITOR_SOCKETS = 600

/** Counts what goes out and says no past the limits. What was withheld is part of the result: a run that hit a limit says so. */
export class Governor {
  withheldRequests = 0
  withheldSockets = 0
  #attackRequests = 0
  #sockets = 0
  #attackSockets = 0
  /** Requests per tenth of a second; eleven of them cover any second. */
  readonly #tenths = new Uint32Array(11)
  #tenth = 0

  get attackRequests(): number {
    return this.#attackRequests
  }

  /** One more request now? Counted when granted. */
  maySend(attack: boolean, nowMs: number): boolean {
    for (const now = Math.floor(nowMs / 100); this.#tenth < now; ) {
      if (now - this.#tenth > this.#tenths.length) this.#tenth = now - this.#tenths.length
      this.#tenths[++this.#tenth % this.#tenths.length] = 0
    }
    const inSecond = this.#tenths.reduce((sum, count) => sum + count, 0)
    if (nowMs > drillLimits.wallMs || inSecond >= drillLimits.requestsPerSecond || (attack && this.#attackRequests >= drillLimits.attackRequests)) {
      this.withheldRequests++
      return false
    }
    this.#tenths[this.#tenth % this.#tenths.length]++
    if (attack) this.#attackRequests++
    return true
  }

  /** One more socket now? Counted when granted; give it back with `closed`. */
  mayOpen(attack: boolean): boolean {
    if (this.#sockets >= drillLimits.sockets || (attack && this.#attackSockets >= drillLimits.sockets - VISITOR_SOCKETS)) {
      this.withheldSockets++
      return false
    }
    this.#sockets++
    if (attack) this.#attackSockets++
    return true
  }

  closed(attack: boolean): void {
    this.#sockets--
    if (attack) this.#attackSockets--
  }
}
