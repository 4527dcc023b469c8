import { firstValue, hasHeader } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import { parseHttpDate } from '../../kernel/http-date.ts'
import type { WallMs } from '../../kernel/clock.ts'
import type { CacheControl } from './cache-control.ts'
import type { CachePolicy } from './policy.ts'

/**
 * How long an answer stays fresh (RFC 9111 section 4.2.1), decided once, when it arrives.
 * Order: the operator's word for the route, s-maxage, max-age, Expires, then a guess where the RFC allows one.
 */
export type FreshnessSource = 'route' | 's-maxage' | 'max-age' | 'expires' | 'heuristic' | 'negative' | 'none'

export interface Freshness {
  readonly lifetimeMs: number
  readonly source: FreshnessSource
}

/** RFC 9110 section 15.1 without 206 (never stored here): statuses for which a guess is allowed. */
const HEURISTIC_STATUS: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
/** "There is nothing here": answered from memory for a moment, so that a flood of missing pages does not reach the origin. */
const NEGATIVE_STATUS: ReadonlySet<number> = new Set([404, 405, 410, 414, 501])
const ROUTE_STATUS: ReadonlySet<number> = new Set([200, 301, 308, 404, 410])

const NONE: Freshness = Object.freeze({ lifetimeMs: 0, source: 'none' })

/** `targeted`: control comes from a targeted header, so Expires does not count (RFC 9213 section 2.2). */
export function freshnessOf(
  status: number,
  headers: HeaderList,
  control: CacheControl,
  targeted: boolean,
  hasQuery: boolean,
  responseAtWallMs: WallMs,
  policy: CachePolicy,
): Freshness {
  const stated = statedFreshness(status, headers, control, targeted, responseAtWallMs, policy)
  if (stated === null) return guessedFreshness(status, headers, control, hasQuery, responseAtWallMs, policy)
  if (status >= 500 && stated.lifetimeMs > policy.settings.serverErrorMaxMs) {
    return { lifetimeMs: policy.settings.serverErrorMaxMs, source: stated.source }
  }
  return stated
}

function statedFreshness(
  status: number,
  headers: HeaderList,
  control: CacheControl,
  targeted: boolean,
  responseAtWallMs: WallMs,
  policy: CachePolicy,
): Freshness | null {
  if (policy.route.freshMs > 0 && ROUTE_STATUS.has(status)) return { lifetimeMs: policy.route.freshMs, source: 'route' }
  if (control.sMaxAgeS >= 0) return { lifetimeMs: control.sMaxAgeS * 1_000, source: 's-maxage' }
  if (control.maxAgeS >= 0) return { lifetimeMs: control.maxAgeS * 1_000, source: 'max-age' }
  if (targeted) return null
  const expires = firstValue(headers, 'expires')
  if (expires === undefined) return null
  const expiresMs = parseHttpDate(expires, responseAtWallMs)
  if (Number.isNaN(expiresMs) || repeats(headers, 'expires')) return { lifetimeMs: 0, source: 'expires' }
  return { lifetimeMs: Math.max(0, expiresMs - dateOf(headers, responseAtWallMs)), source: 'expires' }
}

function guessedFreshness(
  status: number,
  headers: HeaderList,
  control: CacheControl,
  hasQuery: boolean,
  responseAtWallMs: WallMs,
  policy: CachePolicy,
): Freshness {
  if (control.noCache || pragmaSaysNoCache(headers, control)) return NONE
  if (!HEURISTIC_STATUS.has(status) && !control.isPublic) return NONE
  const { heuristicShare, heuristicMaxMs, negativeMs } = policy.settings
  const lastModified = firstValue(headers, 'last-modified')
  // An address with a query is most often made for the asking (RFC 7234 section 4.2.2): no guess.
  if (lastModified !== undefined && heuristicShare > 0 && !hasQuery) {
    const sinceMs = dateOf(headers, responseAtWallMs) - parseHttpDate(lastModified, responseAtWallMs)
    if (sinceMs > 0) return { lifetimeMs: Math.min(sinceMs * heuristicShare, heuristicMaxMs), source: 'heuristic' }
  }
  if (NEGATIVE_STATUS.has(status) && negativeMs > 0 && !control.mustRevalidate) return { lifetimeMs: negativeMs, source: 'negative' }
  return NONE
}

/** Pragma counts only when Cache-Control is absent (RFC 9111 section 5.4, read towards the answer as careless origins mean it). */
function pragmaSaysNoCache(headers: HeaderList, control: CacheControl): boolean {
  if (control.present || !hasHeader(headers, 'pragma')) return false
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === 'pragma' && /(^|,)\s*no-cache\s*(,|$)/i.test(headers[i + 1])) return true
  return false
}

function repeats(headers: HeaderList, name: string): boolean {
  const first = firstValue(headers, name)
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name && headers[i + 1] !== first) return true
  return false
}

/** The Date of an answer in ms, or `fallbackMs` when it has none that can be read. */
export function dateOf(headers: HeaderList, fallbackMs: WallMs): number {
  const date = firstValue(headers, 'date')
  if (date === undefined) return fallbackMs
  const ms = parseHttpDate(date, fallbackMs)
  return Number.isNaN(ms) ? fallbackMs : ms
}
