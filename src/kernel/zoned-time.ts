/** Wall time in a named zone, without a library: Intl knows the rules, this file only reads its answer. */
import { DAY_MS, SECOND_MS } from './units.ts'

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let found = formatters.get(timeZone)
  if (found === undefined) {
    found = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })
    formatters.set(timeZone, found)
  }
  return found
}

/** The reading of a clock on the wall there, as if it were UTC: milliseconds since 1970. */
export function wallReadingMs(atWallMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return atWallMs
  const part: Record<string, number> = {}
  for (const { type, value } of formatterOf(timeZone).formatToParts(atWallMs)) part[type] = Number(value)
  const whole = Date.UTC(part['year']!, part['month']! - 1, part['day']!, part['hour']!, part['minute']!, part['second']!)
  return whole + (((atWallMs % SECOND_MS) + SECOND_MS) % SECOND_MS)
}

/** The moment at which the clock there shows this reading; the first of two when clocks go back, the moment of the jump's offset when they skip it. */
export function momentOfReadingMs(readingMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return readingMs
  const dayBefore = readingMs - DAY_MS
  const offsetBefore = wallReadingMs(dayBefore, timeZone) - dayBefore
  const first = readingMs - offsetBefore
  if (wallReadingMs(first, timeZone) === readingMs) return first
  return readingMs - (wallReadingMs(first, timeZone) - first)
}

/** `2026-11-23 18:40:05 UTC`, and the local reading beside it when another zone is set. */
export function timeText(atWallMs: number, timeZone: string): string {
  const utc = `${readingText(atWallMs)} UTC`
  if (timeZone === 'UTC') return utc
  const local = readingText(wallReadingMs(atWallMs, timeZone))
  const shown = local.slice(0, 10) === utc.slice(0, 10) ? local.slice(11) : local
  return `${utc} (${shown} ${timeZone})`
}

/** To the minute, as the clocks there show it: `2026-11-23 19:40 (Europe/Brussels)`. */
export function minuteText(atWallMs: number, timeZone: string): string {
  const reading = readingText(wallReadingMs(atWallMs, timeZone)).slice(0, 16)
  return timeZone === 'UTC' ? `${reading} UTC` : `${reading} (${timeZone})`
}

function readingText(readingMs: number): string {
  return new Date(readingMs).toISOString().slice(0, 19).replace('T', ' ')
}
