/**
 * How many turns to call now, and how long the rest will wait: plain arithmetic over what admission says.
 *
 * Somebody who is called comes when their page next asks. So as many are called ahead as the origin can take until then; nobody while those called already
 * wait for a slot. It must never call by the clock alone: without free capacity the line stands still.
 */
/** Room at the origin for one route class, over all workers. */
export interface Spare {
  freeSlots: number
  /** Requests in the fair queue now. */
  waiting: number
  /** What the origin can take: limit / time per request. */
  perSecond: number
}

/** Who is near the front asks this often, s: short enough for a fluent line, long enough for a screen reader to say the page's first words. */
export const NEAR_FRONT_S = 2
const FAR_BACK_S = 30
/**
 * Called ahead, s; and a queue this long, s, is enough. Simulated with a third of the visitors leaving just before their turn: the origin is busy 81 to 94 %
 * of the time with 3 and 1, 68 to 85 % with 2 and 0.2; nobody is overtaken by more than the turns of 3.5 s.
 */
const AHEAD_S = 3
const QUEUE_S = 1
const LONGEST_ESTIMATE_S = 4 * 3_600

/** `awaited`: called and not seen yet. `insidePerSecond`: requests of those whose turn came before; the rest of the capacity is for new turns. */
export function turnsDue({ freeSlots, waiting, perSecond }: Readonly<Spare>, awaited: number, insidePerSecond: number): number {
  if (waiting > perSecond * QUEUE_S) return 0
  return Math.max(0, Math.ceil(freeSlots + Math.max(0, perSecond - insidePerSecond) * AHEAD_S - awaited))
}

/** Whole seconds until the turn of somebody with so many before them, rounded so that it does not sound surer than it is. */
export function estimateSeconds(ahead: number, turnsPerSecond: number): number {
  const seconds = Math.min(LONGEST_ESTIMATE_S, Math.max(NEAR_FRONT_S, (ahead + 1) / Math.max(turnsPerSecond, 1e-3)))
  if (seconds <= 10) return Math.ceil(seconds)
  if (seconds <= 60) return Math.ceil(seconds / 10) * 10
  return Math.ceil(seconds / 60) * 60
}

/** When the page asks again: after a third of the wait, so that a long wait costs few answers and few interruptions of a screen reader. */
export function refreshSeconds(estimate: number): number {
  return Math.max(NEAR_FRONT_S, Math.min(FAR_BACK_S, Math.floor(estimate / 3)))
}
