/**
 * Is it quiet now? Asked anew each time with the time of day that people's clocks show (the IANA zone, through Intl), never computed ahead: an hour that is
 * skipped or comes twice when summer time begins or ends is quiet when the clock says so. An entry whose end is not after its start goes on past midnight,
 * and its days are those on which it begins.
 */
const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const

export const quietForm = '22:00-06:30, every day; or with days: "Mon-Fri 18:00-08:00", "Sat,Sun 00:00-24:00"'

export interface QuietHours {
  /** From Monday. */
  readonly days: readonly boolean[]
  readonly fromMinute: number
  /** Not after `fromMinute`: on the next day. */
  readonly toMinute: number
}

/** null: cannot be read. */
export function parseQuietHours(text: string): QuietHours | null {
  const match = /^(?:([A-Za-z,-]+)\s+)?(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)$/.exec(text.trim())
  if (match === null) return null
  const days = match[1] === undefined ? dayNames.map(() => true) : parseDays(match[1])
  const fromMinute = minuteOf(match[2], match[3])
  const toMinute = minuteOf(match[4], match[5])
  if (days === null || fromMinute === null || toMinute === null || fromMinute === 1_440 || fromMinute === toMinute) return null
  return { days, fromMinute, toMinute }
}

function minuteOf(hour: string, minute: string): number | null {
  const total = Number(hour) * 60 + Number(minute)
  return Number(minute) < 60 && total <= 1_440 ? total : null
}

function parseDays(text: string): boolean[] | null {
  const days = dayNames.map(() => false)
  for (const part of text.split(',')) {
    const [from, to = from, ...rest] = part.split('-').map((name) => dayNames.findIndex((day) => day.toLowerCase() === name.toLowerCase()))
    if (rest.length > 0 || from === -1 || to === -1) return null
    for (let day = from; ; day = (day + 1) % 7) {
      days[day] = true
      if (day === to) break
    }
  }
  return days
}

export function isQuiet(hours: readonly QuietHours[], wallMs: number, timeZone: string): boolean {
  if (hours.length === 0) return false
  const { day, minute } = clockOf(wallMs, timeZone)
  const before = (day + 6) % 7
  return hours.some(({ days, fromMinute, toMinute }) =>
    fromMinute < toMinute ? days[day] && minute >= fromMinute && minute < toMinute : (days[day] && minute >= fromMinute) || (days[before] && minute < toMinute))
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** One per zone: making one costs a hundred times what using it costs. Zones come from the settings, so there are few. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
  formats.set(timeZone, made)
  return made
}

function partsOf(wallMs: number, timeZone: string): Record<string, string> {
  return Object.fromEntries(formatOf(timeZone).formatToParts(wallMs).map((part) => [part.type, part.value]))
}

function clockOf(wallMs: number, timeZone: string): { day: number; minute: number } {
  const parts = partsOf(wallMs, timeZone)
  return { day: dayNames.indexOf(parts['weekday'] as (typeof dayNames)[number]), minute: Number(parts['hour']) * 60 + Number(parts['minute']) }
}

/** `2026-11-23 15:04:05 (Europe/Brussels; 14:04:05 UTC)`. */
export function timeInWords(wallMs: number, timeZone: string): string {
  const utc = new Date(wallMs).toISOString()
  if (timeZone === 'UTC') return `${utc.slice(0, 10)} ${utc.slice(11, 19)} UTC`
  const parts = partsOf(wallMs, timeZone)
  return `${parts['year']}-${parts['month']}-${parts['day']} ${parts['hour']}:${parts['minute']}:${parts['second']} (${timeZone}; ${utc.slice(11, 19)} UTC)`
}
