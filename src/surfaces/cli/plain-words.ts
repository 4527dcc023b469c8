/** Numbers, times, conditions and states as a tired reader wants them. English only, no locale of the machine. */
import type { Condition, RuleAction, ShieldState } from '../../contract/plan.ts'
import type { Reason } from '../../contract/reason.ts'

/** `1234567` as `1,234,567`; small rates keep one digit. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return '?'
  const rounded = Math.abs(value) < 10 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value))
  return rounded.replaceAll(/\B(?=(?:\d{3})+(?!\d))/g, rounded.includes('.') ? '' : ',')
}

export function percent(share: number): string {
  if (!Number.isFinite(share)) return '?'
  const points = share * 100
  return `${points === 0 ? '0' : points < 0.01 ? '<0.01' : points < 1 ? points.toFixed(2) : points < 10 ? points.toFixed(1) : points.toFixed(0)} %`
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let left = value
  while (left >= 1_024 && unit < units.length - 1) {
    left /= 1_024
    unit++
  }
  return `${unit === 0 || left >= 100 ? Math.round(left) : left.toFixed(1)} ${units[unit]}`
}

/** `2 h 5 min`, `40 s`: two parts at most. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  const parts: ReadonlyArray<readonly [number, string]> = [[Math.floor(seconds / 86_400), 'd'], [Math.floor(seconds / 3_600) % 24, 'h'], [Math.floor(seconds / 60) % 60, 'min'], [seconds % 60, 's']]
  const first = parts.findIndex(([value]) => value > 0)
  return parts.slice(first, first + 2).filter(([value]) => value > 0).map(([value, unit]) => `${value} ${unit}`).join(' ')
}

/** Time of day in UTC, with the date when it is not today's. */
export function clockTime(wallMs: number, nowWallMs: number): string {
  const text = new Date(wallMs).toISOString()
  return text.slice(0, 10) === new Date(nowWallMs).toISOString().slice(0, 10) ? text.slice(11, 19) : `${text.slice(0, 10)} ${text.slice(11, 19)}`
}

/** `90s`, `5m`, `1h`, `2d` in ms; null when it is none. */
export function parseSpan(text: string): number | null {
  const match = /^(\d{1,6})\s*(s|m|min|h|d)$/.exec(text.trim())
  if (match === null) return null
  const ms = Number(match[1]) * { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 's' | 'm' | 'min' | 'h' | 'd']
  return ms > 0 ? ms : null
}

const stateWords: Readonly<Record<ShieldState, string>> = {
  NORMAL: 'Traffic is as usual.',
  WATCH: 'More is asked than usual, or it looks different; the origin is well, so nobody is touched.',
  STRAIN: 'The origin suffers. Stored copies are shown first and who waits is served fairly; nothing is proven against anyone.',
  ATTACK: 'An attack is under way and is being pushed back.',
  EMERGENCY: 'The origin is failing under an attack: everything that can be refused with little harm is refused.',
}

export function stateInWords(state: ShieldState): string {
  return stateWords[state]
}

const actionWords: Readonly<Record<RuleAction, string>> = {
  allow: 'always let in',
  observe: 'only counted',
  tag: 'served last',
  'cache-only': 'given stored answers only',
  challenge: 'asked to prove themselves',
  limit: 'let through at a limited rate',
  block: 'refused',
}

/** What happens to requests that match. */
export function actionInWords(action: RuleAction): string {
  return actionWords[action]
}

const attributeWords: Readonly<Record<string, string>> = {
  userAgent: 'the user agent',
  userAgentShape: 'the user agent, numbers aside,',
  headerOrder: 'the order of the header fields',
  acceptCombo: 'the languages and encodings asked for',
  httpVersion: 'the HTTP version',
  tlsFingerprint: 'the TLS fingerprint (JA4)',
  pathTemplate: 'the path, numbers aside,',
  queryShape: 'the form of the query',
  referer: 'the page it came from',
  refererClass: 'where it came from',
}

export function conditionInWords(condition: Condition): string {
  switch (condition.attribute) {
    case 'path':
      return `the path is ${condition.glob}`
    case 'host':
      return `the host is ${condition.glob}`
    case 'method':
      return `the method is ${condition.oneOf.join(' or ')}`
    case 'prefix': {
      const shown = condition.cidrs.slice(0, 5).join(', ')
      return `the address is in ${shown}${condition.cidrs.length > 5 ? ` and ${condition.cidrs.length - 5} more` : ''}`
    }
    case 'page-only':
      return `the client has had ${condition.pages} pages or more and fetched no picture, script or style, and echoed no cookie`
    case 'unproven':
      return 'the client has not behaved like a visitor so far'
    case 'query-present':
      return 'there is a query (?…)'
    case 'httpVersion':
      return `the HTTP version is ${condition.equals === 20 ? '2' : condition.equals === 11 ? '1.1' : condition.equals === 10 ? '1.0' : String(condition.equals)}`
    case 'refererClass':
      return ['it names no page it came from', 'it came from a page of this site', 'it came from a page of another site'][condition.equals] ?? `referer class ${condition.equals}`
    default: {
      const what = attributeWords[condition.attribute] ?? condition.attribute
      if (condition.text !== undefined && condition.text !== '') return `${what} is "${condition.text}"`
      return condition.attribute === 'queryShape' && condition.equals === 0 ? 'there is no query' : `${what} has the fingerprint ${condition.equals.toString(16).padStart(8, '0')}`
    }
  }
}

/** Where the answer came from, for one look; null: it was refused. */
export function servedFrom(reason: Reason): 'cache' | 'origin' | 'old copies' | null {
  if (reason === 'served-fresh') return 'cache'
  if (reason === 'served-origin' || reason === 'served-revalidated' || reason === 'challenge-passed') return 'origin'
  return reason === 'served-stale' || reason === 'served-last-good' ? 'old copies' : null
}
