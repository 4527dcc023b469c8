/**
 * Numbers as an operator writes them: `10s`, `1MiB`, `5%`, `20/s`. A bare number has the unit in the option's name.
 * Never guesses: what can be read two ways (8MB, 1,000) is refused with both readings or the right spelling.
 */
import type { NumberOption } from '../kernel/option.ts'
import { Refusal, wrongKind } from './refusal.ts'

type Kind = NumberOption['kind']

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const byteUnits: Readonly<Record<string, number>> = { b: 1, kib: 1_024, mib: 1_048_576, gib: 1_073_741_824, tib: 1_099_511_627_776 }
const rateUnits: Readonly<Record<string, number>> = { '/s': 1, '/m': 60, '/h': 3_600 }

/** Words people write for our units, so that the mend can name the right one. */
const durationWords: Readonly<Record<string, string>> = {
  msec: 'ms', millis: 'ms', millisecond: 'ms', milliseconds: 'ms', sec: 's', secs: 's', second: 's', seconds: 's',
  min: 'm', mins: 'm', minute: 'm', minutes: 'm', hr: 'h', hrs: 'h', hour: 'h', hours: 'h', day: 'd', days: 'd',
}
const byteWords: Readonly<Record<string, string>> = {
  k: 'KiB', kb: 'KiB', m: 'MiB', mb: 'MiB', g: 'GiB', gb: 'GiB', t: 'TiB', tb: 'TiB', bytes: 'B', byte: 'B', ki: 'KiB', mi: 'MiB', gi: 'GiB',
}
const rateWords: Readonly<Record<string, string>> = {
  '/sec': '/s', '/second': '/s', 'r/s': '/s', '/min': '/m', '/minute': '/m', 'r/m': '/m', '/hour': '/h', rps: '/s', 'per second': '/s', 'per minute': '/m',
}

export const numberForms: Readonly<Record<Kind, string>> = {
  count: 'a number, for example 100',
  durationMs: 'a duration, for example 500ms, 10s, 2m, 1h or 1d (a bare number is milliseconds)',
  bytes: 'a size, for example 512B, 64KiB, 1MiB or 2GiB (a bare number is bytes)',
  perSecond: 'a rate, for example 20/s or 90/m (a bare number is per second)',
  share: 'a share, for example 5% or 0.05',
}

/** Patterns for editors (JSON Schema); the parser below is the judge. */
export const numberPatterns: Readonly<Record<Kind, string>> = {
  count: '^[0-9]+(\\.[0-9]+)?$',
  durationMs: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$',
  bytes: '^[0-9]+(\\.[0-9]+)?([BbKkMmGgTt]|[Kk]i[Bb]|[Mm]i[Bb]|[Gg]i[Bb]|[Tt]i[Bb])$',
  perSecond: '^[0-9]+(\\.[0-9]+)?/(s|m|h)$',
  share: '^[0-9]+(\\.[0-9]+)?%$',
}

/** The largest unit that divides without remainder: 10000 is `10s`, 90000 is `90s`, 1048576 is `1MiB`, 0.05 is `5%`. */
export function formatNumber(kind: Kind, value: number): string {
  switch (kind) {
    case 'durationMs':
      return inLargestUnit(value, [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000]], 'ms')
    case 'bytes':
      return inLargestUnit(value, [['TiB', 1_099_511_627_776], ['GiB', 1_073_741_824], ['MiB', 1_048_576], ['KiB', 1_024]], 'B')
    case 'share':
      return `${trimmed(value * 100)}%`
    case 'perSecond':
      return `${trimmed(value)}/s`
    case 'count':
      return trimmed(value)
  }
}

export function formatRange(option: NumberOption): string {
  return `${formatNumber(option.kind, option.min)} to ${formatNumber(option.kind, option.max)}`
}

/** The value in the option's own unit (ms, bytes, per second, 0 to 1), or why not. */
export function parseQuantity(option: NumberOption, raw: unknown): number | Refusal {
  const allowed = formatRange(option)
  if (typeof raw === 'number') return inRange(option, raw, true, allowed)
  if (typeof raw !== 'string') return wrongKind(raw, numberForms[option.kind])

  const match = /^([+-]?)(\d+(?:\.\d+)?|\.\d+)(.*)$/.exec(raw.trim())
  if (match === null) return new Refusal('wrong-form', `is not ${numberForms[option.kind]}`, allowed)
  const [, sign, digits, rest] = match as unknown as [string, string, string, string]
  const unit = rest.trim()
  if (sign === '-') return new Refusal('out-of-range', 'must not be negative', allowed)
  const amount = Number(digits)
  if (unit === '') return inRange(option, amount, true, allowed)
  const grouped = /^[,_' ](\d{3}([,_' ]\d{3})*)$/.test(rest)
  if (grouped) return new Refusal('wrong-form', 'groups its digits, which can be read two ways', allowed, `did you mean ${digits}${rest.replaceAll(/\D/g, '')}?`)
  return withUnit(option, amount, digits, unit, allowed)
}

function withUnit(option: NumberOption, amount: number, digits: string, unit: string, allowed: string): number | Refusal {
  const lower = unit.toLowerCase()
  switch (option.kind) {
    case 'durationMs': {
      const scale = durationUnits[unit]
      if (scale !== undefined) return inRange(option, amount * scale, false, allowed)
      const whole = compoundMs(`${digits}${unit}`)
      if (whole !== null) return new Refusal('wrong-form', 'joins several units; write one', allowed, `did you mean ${formatNumber('durationMs', whole)}?`)
      const meant = durationWords[lower] ?? (durationUnits[lower] === undefined ? undefined : lower)
      return wrongUnit(option, unit, allowed, meant === undefined ? '' : `${digits}${meant}`)
    }
    case 'bytes': {
      const scale = byteUnits[lower]
      if (scale !== undefined) return inRange(option, amount * scale, false, allowed)
      const meant = byteWords[lower]
      return wrongUnit(option, unit, allowed, meant === undefined ? '' : `${digits}${meant}`)
    }
    case 'perSecond': {
      const spaceless = lower.replaceAll(' ', '')
      const scale = rateUnits[spaceless]
      if (scale !== undefined) return inRange(option, amount / scale, false, allowed)
      const meant = rateWords[lower]
      return wrongUnit(option, unit, allowed, meant === undefined ? '' : `${digits}${meant}`)
    }
    case 'share':
      if (unit === '%') return inRange(option, amount / 100, false, allowed)
      return wrongUnit(option, unit, allowed, /^(percent|pct)/.test(lower) ? `${digits}%` : '')
    case 'count': {
      const thousands: Readonly<Record<string, number>> = { k: 1_000, m: 1_000_000 }
      const scale = thousands[lower]
      return wrongUnit(option, unit, allowed, scale === undefined ? '' : String(amount * scale))
    }
  }
}

/** `1h30m` in ms, or null. */
function compoundMs(text: string): number | null {
  if (!/^(\d+(ms|s|m|h|d)\s*){2,5}$/.test(text)) return null
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) sum += Number(amount) * durationUnits[unit!]!
  return sum
}

function wrongUnit(option: NumberOption, unit: string, allowed: string, meant: string): Refusal {
  const both = option.kind === 'bytes' && /^[kmgt]b?$/i.test(unit) ? ' (it can mean steps of 1000 or of 1024)' : ''
  const known = option.kind === 'count' ? 'this is a plain number without a unit' : `write ${numberForms[option.kind]}`
  return new Refusal('wrong-unit', `has the unit "${clipped(unit)}"${both}; ${known}`, allowed, meant === '' ? '' : `did you mean ${meant}?`)
}

function inRange(option: NumberOption, exact: number, bare: boolean, allowed: string): number | Refusal {
  const { kind, min, max } = option
  if (!Number.isFinite(exact)) return new Refusal('out-of-range', 'is not a finite number', allowed)
  const fraction = option.fraction ?? (kind === 'share' || kind === 'perSecond')
  const value = fraction ? exact : Math.abs(exact - Math.round(exact)) < 1e-9 ? Math.round(exact) : exact
  if (value >= min && value <= max) {
    if (fraction || Number.isInteger(value)) return value
    return new Refusal('wrong-form', `must be a whole number${kind === 'count' ? '' : ` of ${kind === 'bytes' ? 'bytes' : 'milliseconds'}`}`, allowed)
  }
  const shown = formatNumber(kind, value)
  const side = value < min ? `is below the least allowed, ${formatNumber(kind, min)}` : `is above the most allowed, ${formatNumber(kind, max)}`
  return new Refusal('out-of-range', bare && kind !== 'count' ? `means ${shown}, which ${side}` : side, allowed, bare ? forgottenUnit(option, value) : '')
}

/** A bare 10 where 1s to 2m is allowed was meant as seconds; a bare 5 where a share is wanted was meant as percent. */
function forgottenUnit(option: NumberOption, value: number): string {
  const readings: ReadonlyArray<readonly [string, number]> =
    option.kind === 'durationMs' ? [['s', 1_000], ['m', 60_000], ['h', 3_600_000]]
    : option.kind === 'bytes' ? [['KiB', 1_024], ['MiB', 1_048_576], ['GiB', 1_073_741_824]]
    : option.kind === 'share' ? [['%', 0.01]]
    : []
  if (value <= 0) return ''
  for (const [unit, scale] of readings) {
    const read = value * scale
    if (read >= option.min && read <= option.max) return `did you mean ${trimmed(value)}${unit}?`
  }
  return ''
}

function inLargestUnit(value: number, units: ReadonlyArray<readonly [string, number]>, smallest: string): string {
  if (value !== 0) for (const [name, size] of units) if (value % size === 0) return `${value / size}${name}`
  return `${trimmed(value)}${smallest}`
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(12)))
}

function clipped(text: string): string {
  return text.length > 20 ? `${text.slice(0, 20)}...` : text
}
