/** Numbers, spans and times as a tired reader wants them; the same on every machine. Times are those of the reader's clock, or UTC when asked for. */
import { signal } from '@preact/signals'

/** What a browser keeps for this page; nothing where it may not, or where there is no browser. */
function kept(): string | null {
  try {
    return globalThis.localStorage?.getItem('polder-utc') ?? null
  } catch {
    return null
  }
}

/** Times in UTC instead of the reader's own zone; reports and the command line speak UTC. */
export const utc = signal(kept() === '1')

export function setUtc(on: boolean): void {
  utc.value = on
  try {
    localStorage.setItem('polder-utc', on ? '1' : '0')
  } catch {
    // It holds until the page is closed.
  }
}

/** `1234567` as `1,234,567`; small rates keep one digit. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return '?'
  const small = Math.abs(value) < 10 && !Number.isInteger(value)
  const text = small ? value.toFixed(1) : String(Math.round(value))
  return small ? text : text.replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
}

/** A number and its unit stay on one line. */
const NBSP = '\u00A0'

export function percent(share: number): string {
  if (!Number.isFinite(share)) return '?'
  const points = share * 100
  return `${points === 0 ? '0' : points < 0.01 ? '<0.01' : points < 1 ? points.toFixed(2) : points < 10 ? points.toFixed(1) : points.toFixed(0)}${NBSP}%`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let left = value
  while (left >= 1_024 && unit < units.length - 1) {
    left /= 1_024
    unit++
  }
  return `${unit === 0 || left >= 100 ? Math.round(left) : left.toFixed(1)}${NBSP}${units[unit]}`
}

/** Two parts at most: `2 h 5 min`, `40 s`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 60) return `${seconds}${NBSP}s`
  const parts: ReadonlyArray<readonly [number, string]> = [[Math.floor(seconds / 86_400), 'd'], [Math.floor(seconds / 3_600) % 24, 'h'], [Math.floor(seconds / 60) % 60, 'min'], [seconds % 60, 's']]
  const first = parts.findIndex(([value]) => value > 0)
  return parts.slice(first, first + 2).filter(([value], place) => value > 0 && !(first < 2 && place === 1 && parts[first + 1][1] === 's')).map(([value, unit]) => `${value}${NBSP}${unit}`).join(NBSP)
}

const two = (value: number): string => String(value).padStart(2, '0')

function partsOf(wallMs: number): { day: string; time: string; seconds: string } {
  const date = new Date(wallMs)
  if (utc.value) {
    const text = date.toISOString()
    return { day: text.slice(0, 10), time: text.slice(11, 16), seconds: text.slice(17, 19) }
  }
  return { day: `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`, time: `${two(date.getHours())}:${two(date.getMinutes())}`, seconds: two(date.getSeconds()) }
}

/** `20:14`, with the date when it is not the day of `nowWallMs`. */
export function timeOfDay(wallMs: number, nowWallMs: number = Date.now()): string {
  const { day, time } = partsOf(wallMs)
  return day === partsOf(nowWallMs).day ? time : `${day} ${time}`
}

/** `20:14:05`, with the date when it is not today's. */
export function clockTime(wallMs: number, nowWallMs: number = Date.now()): string {
  const { day, time, seconds } = partsOf(wallMs)
  return day === partsOf(nowWallMs).day ? `${time}:${seconds}` : `${day} ${time}:${seconds}`
}

/** `2026-11-23 20:14`. */
export function dayAndTime(wallMs: number): string {
  const { day, time } = partsOf(wallMs)
  return `${day} ${time}`
}

/** For <input type="datetime-local">. */
export function inputTime(wallMs: number): string {
  const { day, time } = partsOf(wallMs)
  return `${day}T${time}`
}

/** What such an input holds, in ms; null when it is empty. */
export function fromInputTime(text: string): number | null {
  const wallMs = Date.parse(utc.value ? `${text}Z` : text)
  return Number.isFinite(wallMs) ? wallMs : null
}

/** `fr` as `French`. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames('en', { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}

export function zoneName(): string {
  if (utc.value) return 'UTC'
  return new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(new Date()).find((part) => part.type === 'timeZoneName')?.value ?? ''
}

/** From stranger's text into one line: no control or direction-changing characters, at most `most` characters. The browser escapes the rest. */
export function shown(text: string, most = 200): string {
  // oxlint-disable-next-line no-control-regex -- these are what must not be shown
  const clean = text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g, '\uFFFD')
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean
}
