import { combinedValue } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import { withoutIgnoredCookies } from './cookies.ts'
import type { CachePolicy } from './policy.ts'

/**
 * Which request headers select among stored answers (RFC 9111 section 4.1).
 * A value is compared in a normal form; where that form is coarser than white space, the origin is asked with the very same form
 * (origin-request.ts), so that what is stored under it was made for it.
 */

/** Lower case names in Vary, sorted and once each; null for `*` (never reusable). An empty list when there is no Vary. */
export function varyNamesOf(headers: HeaderList): readonly string[] | null {
  let names: string[] | null = null
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'vary') continue
    for (const part of headers[i + 1].split(',')) {
      const name = part.trim().toLowerCase()
      if (name === '*') return null
      if (name === '') continue
      names ??= []
      if (!names.includes(name)) names.push(name)
    }
  }
  return names === null ? NO_NAMES : names.sort()
}

const NO_NAMES: readonly string[] = Object.freeze([])

/** One string for all selecting headers of a request; '' when `names` is empty. Two requests select alike exactly when it is equal. */
export function varyKeyOf(names: readonly string[], headers: HeaderList, policy: CachePolicy): string {
  let key = ''
  for (let i = 0; i < names.length; i++) key += `${selectingValue(names[i], headers, policy)}\n`
  return key
}

/** Normal form of one selecting header; a missing header differs from an empty one. */
function selectingValue(name: string, headers: HeaderList, policy: CachePolicy): string {
  // RFC 9113 section 8.2.3: crumbs of one cookie header are joined by "; ".
  if (name === 'cookie') {
    const cookies = joined(headers, 'cookie', '; ')
    return cookies === undefined ? MISSING : withoutIgnoredCookies(cookies, policy) || MISSING
  }
  const value = combinedValue(headers, name)
  if (value === undefined) {
    return name === 'accept-encoding' && policy.settings.normaliseAcceptEncoding ? canonicalAcceptEncoding(undefined) : MISSING
  }
  if (name === 'accept-encoding' && policy.settings.normaliseAcceptEncoding) return canonicalAcceptEncoding(value)
  if (name === 'accept-language' && policy.settings.normaliseAcceptLanguage) return canonicalAcceptLanguage(value)
  return name === 'authorization' ? value : withoutListSpace(value)
}

const MISSING = '\u0000'

function joined(headers: HeaderList, name: string, separator: string): string | undefined {
  let all: string | undefined
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) all = all === undefined ? headers[i + 1] : all + separator + headers[i + 1]
  return all
}

const CODINGS = ['zstd', 'br', 'gzip'] as const
const ENCODING_FORMS: readonly string[] = Object.freeze(
  Array.from({ length: 1 << CODINGS.length }, (_, bits) => {
    const named = CODINGS.filter((_, i) => (bits >> i) & 1)
    return named.length === 0 ? 'identity' : named.join(', ')
  }),
)
const KNOWN_ENCODING_VALUES = new Map<string, string>()
/** Values seen before; more spellings than this are worked out each time. */
const MAX_KNOWN_ENCODING_VALUES = 512

/** One of eight spellings: which of zstd, br and gzip the visitor takes, weights left out (RFC 9110 section 12.5.3). */
export function canonicalAcceptEncoding(value: string | undefined): string {
  if (value === undefined) return ENCODING_FORMS[0]
  const known = KNOWN_ENCODING_VALUES.get(value)
  if (known !== undefined) return known
  const form = acceptEncodingForm(value)
  if (KNOWN_ENCODING_VALUES.size < MAX_KNOWN_ENCODING_VALUES && value.length <= 128) KNOWN_ENCODING_VALUES.set(value, form)
  return form
}

function acceptEncodingForm(value: string): string {
  let named = 0
  let refused = 0
  let any = false
  for (const part of value.split(',')) {
    const [coding, ...parameters] = part.split(';')
    const zero = parameters.some((parameter) => /^\s*q\s*=\s*0(\.0*)?\s*$/i.test(parameter))
    let name = coding.trim().toLowerCase()
    if (name === 'x-gzip') name = 'gzip'
    if (name === '*') any = !zero
    const index = (CODINGS as readonly string[]).indexOf(name)
    if (index === -1) continue
    if (zero) refused |= 1 << index
    else named |= 1 << index
  }
  if (any) named |= 0b111 & ~refused
  return ENCODING_FORMS[named & ~refused]
}

/** Lower case, no spaces, heavier first, same weight alphabetically; weights of 1 left out. */
export function canonicalAcceptLanguage(value: string): string {
  const ranges: Array<readonly [tag: string, weight: number]> = []
  for (const part of value.split(',')) {
    const [tag, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    if (tag === '') continue
    let weight = 1
    for (const parameter of parameters) {
      const match = /^q\s*=\s*([01](?:\.\d{0,3})?)$/.exec(parameter)
      // Not a weight: keep the header as it is rather than guess what the origin makes of it.
      if (match === null) return withoutListSpace(value)
      weight = Math.min(1, Number(match[1]))
    }
    ranges.push([tag, weight])
  }
  ranges.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
  return ranges.map(([tag, weight]) => (weight === 1 ? tag : `${tag};q=${weight}`)).join(',')
}

/** White space around commas removed, outside quotes (RFC 9111 section 4.1 lets a cache do this). */
function withoutListSpace(value: string): string {
  if (value.indexOf(',') === -1) return value
  if (value.indexOf('"') !== -1) return value
  return value.split(',').map((part) => part.trim()).join(',')
}
