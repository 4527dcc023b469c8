/**
 * How long a rule lives. Every automatic rule ends by itself: after its time unless it is still needed, step by step when the flood fades,
 * and then it sleeps for a day, so that the next pulse of the same flood meets it within a tick. It never outlives an hour unrenewed.
 * Source: algorithms, TTL and decay; ACC-Turbo (SIGCOMM 2022) on pulse waves.
 */
import { HOUR_MS } from '../../kernel/units.ts'

export const LONGEST_TTL_MS = HOUR_MS
/** A rule that a person stepped down is not raised by itself for so long: as long as one that was found to harm (algorithms: 10-minute deny-list). */
export const HELD_MS = 600_000
/** One step down per so much time without need. */
const DECAY_STEP_MS = 30_000
export const DORMANT_MS = 24 * HOUR_MS
/** Matches above so many times the expected mean the flood is there. */
const NEEDED_RATIO = 5
/** A rule for something normal traffic hardly ever does would otherwise be "needed" by a single visitor. */
const NEEDED_PER_SECOND = 1

/** Still far more than normal traffic explains. */
export function isNeeded(matchedPerSecond: number, expectedPerSecond: number): boolean {
  return matchedPerSecond > Math.max(NEEDED_PER_SECOND, NEEDED_RATIO * expectedPerSecond)
}

export interface Life {
  readonly ttlMs: number
  readonly expiresAtWallMs: number
}

export function bornLife(nowWallMs: number, ttlMs: number): Life {
  const ttl = Math.min(ttlMs, LONGEST_TTL_MS)
  return { ttlMs: ttl, expiresAtWallMs: nowWallMs + ttl }
}

/** A life never reaches further than its own time: after the machine's clock went back it would else last hours. */
export function withinReach(life: Life, nowWallMs: number): Life {
  const most = nowWallMs + LONGEST_TTL_MS
  return life.expiresAtWallMs <= most ? life : { ttlMs: life.ttlMs, expiresAtWallMs: most }
}

/** Renewed in the last quarter of its time, for twice as long. */
export function renewedLife(life: Life, nowWallMs: number): Life {
  if (life.expiresAtWallMs - nowWallMs > life.ttlMs / 4) return life
  return bornLife(nowWallMs, life.ttlMs * 2)
}

/** Steps to go down by now, after so long without need. */
export function decaySteps(idleMs: number): number {
  return Math.floor(idleMs / DECAY_STEP_MS)
}
