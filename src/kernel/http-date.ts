import type { WallMs } from './clock.ts'

/**
 * HTTP dates (RFC 9110 section 5.6.7): IMF-fixdate is what is written, the two obsolete forms are read.
 * Anything else is not a date: a lenient reader would let a careless or hostile origin choose a lifetime by accident.
 */
const IMF = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/
const RFC_850 = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d{2})-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/
const ASCTIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
/** RFC 9110 section 5.6.7: a two-digit year that seems more than 50 years ahead belongs to the past. */
const TWO_DIGIT_YEAR_AHEAD = 50

/** Milliseconds since 1970, or NaN when the text is not an HTTP date. `nowMs` decides the century of a two-digit year. */
export function parseHttpDate(text: string, nowMs: WallMs): number {
  let m = IMF.exec(text)
  if (m !== null) return instant(+m[4], m[3], +m[2], +m[5], +m[6], +m[7])
  m = RFC_850.exec(text)
  if (m !== null) {
    const thisYear = new Date(nowMs).getUTCFullYear()
    let year = thisYear - (thisYear % 100) + +m[3]
    if (year > thisYear + TWO_DIGIT_YEAR_AHEAD) year -= 100
    return instant(year, m[2], +m[1], +m[4], +m[5], +m[6])
  }
  m = ASCTIME.exec(text)
  if (m !== null) return instant(+m[6], m[1], +m[2], +m[3], +m[4], +m[5])
  return NaN
}

function instant(year: number, month: string, day: number, hour: number, minute: number, second: number): number {
  const monthIndex = MONTHS.indexOf(month) / 3
  if (day < 1 || hour > 23 || minute > 59 || second > 60) return NaN
  const ms = Date.UTC(year, monthIndex, day, hour, minute, Math.min(second, 59))
  return new Date(ms).getUTCDate() === day ? ms : NaN
}

let lastSecond = NaN
let lastText = ''

/** IMF-fixdate of a moment. The text of the latest second is kept: it is asked for once per answer. */
export function formatHttpDate(ms: WallMs): string {
  const second = Math.floor(ms / 1_000)
  if (second !== lastSecond) {
    lastSecond = second
    lastText = new Date(second * 1_000).toUTCString()
  }
  return lastText
}
