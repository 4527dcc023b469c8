/**
 * A month in law is a calendar month: it ends on the day with the same number, or on the last day of a month that has no such day. Polder's clock ends at the
 * same time of that day, which is never later than the law's end (the last hour of that day, and the next working day after a weekend or public holiday:
 * Regulation (EEC, Euratom) No 1182/71, Article 3). The date may differ between UTC and the institution's zone: the earlier end counts.
 */
import { DAY_MS } from '../../kernel/units.ts'
import { momentOfReadingMs, wallReadingMs } from '../../kernel/zoned-time.ts'

export function oneMonthAfterMs(fromWallMs: number, timeZone: string): number {
  return Math.min(monthLaterMs(fromWallMs, 'UTC'), monthLaterMs(fromWallMs, timeZone))
}

function monthLaterMs(fromWallMs: number, timeZone: string): number {
  const reading = new Date(wallReadingMs(fromWallMs, timeZone))
  const year = reading.getUTCFullYear()
  const month = reading.getUTCMonth()
  const lastDay = new Date(Date.UTC(year, month + 2, 0)).getUTCDate()
  const midnight = Date.UTC(year, month + 1, Math.min(reading.getUTCDate(), lastDay))
  return momentOfReadingMs(midnight + (((reading.getTime() % DAY_MS) + DAY_MS) % DAY_MS), timeZone)
}
