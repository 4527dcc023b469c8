/** How a figure is written: value with unit, how sure it is, and the journal entries it comes from. */
import type { Figure } from '../../contract/incident.ts'
import { timeText } from '../../kernel/zoned-time.ts'

export type FigureMark = Figure['kind']
export type EntryNumbers = Figure['from']

/** Said beside each number; docs/operator/reporting.md explains them. */
export const markWords: Readonly<Record<FigureMark, string>> = Object.freeze({ exact: 'exact', sampled: 'sampled', estimated: 'estimated', 'not-known': 'not known' })

export const NOT_KNOWN = 'not known'

export function figureText(figure: Figure, timeZone: string): string {
  const { value, unit } = figure
  if (value === null || figure.kind === 'not-known' || !Number.isFinite(value)) return NOT_KNOWN
  switch (unit) {
    case 'time':
      return timeText(value, timeZone)
    case 'seconds':
      return durationText(value)
    case 'per-second':
      return `${numberText(value)} per second`
    case 'requests':
      return `${numberText(value)} requests`
    case 'share':
      return `${significant(value * 100)} %`
    case 'ms':
      return value >= 10_000 ? `${significant(value / 1_000)} s` : `${numberText(value)} ms`
    case 'bits-per-second':
      return bitsText(value)
    case 'count':
      return numberText(value)
  }
}

/** `3 h 20 min 5 s`. */
export function durationText(seconds: number): string {
  const whole = Math.round(Math.abs(seconds))
  const parts: string[] = []
  for (const [size, name] of [[86_400, 'd'], [3_600, 'h'], [60, 'min'], [1, 's']] as const) {
    const n = Math.floor(whole / size) % (size === 86_400 ? Number.MAX_SAFE_INTEGER : size === 3_600 ? 24 : 60)
    if (n > 0) parts.push(`${n} ${name}`)
  }
  return parts.length === 0 ? '0 s' : parts.join(' ')
}

/** Groups of three by a narrow space, as in the standards; fractions only below 100. */
export function numberText(value: number): string {
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 100) / 100
  const [whole, fraction] = String(Math.abs(rounded)).split('.') as [string, string?]
  const grouped = whole.replaceAll(/\B(?=(?:\d{3})+(?!\d))/g, '\u202F')
  return `${rounded < 0 ? '-' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}

function significant(value: number): string {
  if (value === 0) return '0'
  return Math.abs(value) >= 100 ? numberText(value) : String(Number(value.toPrecision(3)))
}

function bitsText(bits: number): string {
  for (const [size, unit] of [[1e9, 'Gbit/s'], [1e6, 'Mbit/s'], [1e3, 'kbit/s']] as const) if (Math.abs(bits) >= size) return `${significant(bits / size)} ${unit}`
  return `${numberText(bits)} bit/s`
}

/** `#12, #14 to #90`; '' when there are none. */
export function entriesText(from: EntryNumbers): string {
  return from.map((one) => (typeof one === 'number' ? `#${one}` : one[0] === one[1] ? `#${one[0]}` : `#${one[0]} to #${one[1]}`)).join(', ')
}
