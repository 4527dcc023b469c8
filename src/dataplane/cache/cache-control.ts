import type { HeaderList } from '../../kernel/header-list.ts'

/**
 * Cache-Control and its relatives, read once per answer (RFC 9111 section 5.2; RFC 8246; RFC 5861).
 * When a directive is malformed or said twice, the reading that keeps less is taken: the smaller lifetime, 0 for nonsense (RFC 9111 section 4.2.1).
 * `private="field"` counts as plain private: a page with one personal header is not worth the risk.
 */
export class CacheControl {
  /** False when the header is absent or empty. */
  present = false
  noStore = false
  noCache = false
  /** Lower case names of no-cache="…"; such fields are not stored. */
  noCacheFields: string[] | null = null
  isPrivate = false
  isPublic = false
  mustRevalidate = false
  proxyRevalidate = false
  mustUnderstand = false
  onlyIfCached = false
  /** Seconds; -1 when not said. */
  maxAgeS = -1
  sMaxAgeS = -1
  staleWhileRevalidateS = -1
  staleIfErrorS = -1
  minFreshS = -1
  /** Seconds; Infinity for max-stale without a value; -1 when not said. */
  maxStaleS = -1
}

/** RFC 9111 section 1.2.2: larger values count as 2^31. */
const MAX_DELTA_S = 2_147_483_648

/**
 * Reads every line of header `name` (lower case). `device`: our token in the targets of Surrogate-Control; '' for a structured field, whose
 * parameters mean nothing (RFC 9213 section 2.1); null for the plain syntax.
 */
export function readCacheControl(headers: HeaderList, name: string, device: string | null = null): CacheControl {
  const control = new CacheControl()
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) readLine(headers[i + 1], control, device)
  return control
}

function readLine(text: string, control: CacheControl, device: string | null): void {
  let at = 0
  while (at < text.length) {
    const end = endOfMember(text, at)
    readDirective(text.slice(at, end), control, device)
    at = end + 1
  }
}

/** Index of the comma that ends the member starting at `from`, or the length; commas within quotes do not count. */
function endOfMember(text: string, from: number): number {
  let quoted = false
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (quoted) {
      if (c === 0x5c) i++
      else if (c === 0x22) quoted = false
    } else if (c === 0x22) quoted = true
    else if (c === 0x2c) return i
  }
  return text.length
}

function readDirective(raw: string, control: CacheControl, device: string | null): void {
  let directive = raw.trim()
  if (directive === '') return
  if (device !== null) {
    const semicolon = directive.indexOf(';')
    if (semicolon !== -1) {
      const target = directive.slice(semicolon + 1).trim()
      if (device !== '' && target !== '' && target !== device) return
      directive = directive.slice(0, semicolon).trim()
    }
  }
  control.present = true
  const equals = directive.indexOf('=')
  const name = (equals === -1 ? directive : directive.slice(0, equals)).trim().toLowerCase()
  const value = equals === -1 ? null : directive.slice(equals + 1)
  switch (name) {
    case 'no-store':
    case 'no-store-remote':
      control.noStore = true
      break
    case 'no-cache':
      if (value === null) control.noCache = true
      else {
        const fields = unquote(value).toLowerCase().split(',').map((field) => field.trim()).filter((field) => field !== '')
        if (fields.length === 0) control.noCache = true
        else control.noCacheFields = control.noCacheFields === null ? fields : control.noCacheFields.concat(fields)
      }
      break
    case 'private':
      control.isPrivate = true
      break
    case 'public':
      control.isPublic = true
      break
    case 'must-revalidate':
      control.mustRevalidate = true
      break
    case 'proxy-revalidate':
      control.proxyRevalidate = true
      break
    case 'must-understand':
      control.mustUnderstand = true
      break
    case 'only-if-cached':
      control.onlyIfCached = true
      break
    case 'max-age':
      control.maxAgeS = smaller(control.maxAgeS, seconds(value, 0))
      break
    case 's-maxage':
      control.sMaxAgeS = smaller(control.sMaxAgeS, seconds(value, 0))
      break
    case 'stale-while-revalidate':
      control.staleWhileRevalidateS = smaller(control.staleWhileRevalidateS, seconds(value, 0))
      break
    case 'stale-if-error':
      control.staleIfErrorS = smaller(control.staleIfErrorS, seconds(value, 0))
      break
    case 'min-fresh':
      control.minFreshS = seconds(value, 0)
      break
    case 'max-stale':
      control.maxStaleS = value === null ? Infinity : seconds(value, 0)
      break
  }
}

function smaller(before: number, now: number): number {
  return before === -1 ? now : Math.min(before, now)
}

function unquote(value: string): string {
  const text = value.trim()
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}

/** delta-seconds, quoted or not; `nonsense` when it is none. White space around `=` is nonsense too. */
function seconds(value: string | null, nonsense: number): number {
  if (value === null) return nonsense
  const text = value.startsWith('"') ? unquote(value) : value
  if (!/^\d+$/.test(text)) return nonsense
  return Math.min(Number(text), MAX_DELTA_S)
}
