import { firstValue, hasHeader } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { WallMs } from '../../kernel/clock.ts'
import { parseHttpDate } from '../../kernel/http-date.ts'
import { initialAgeMs, readAgeMs } from './age.ts'
import { readCacheControl } from './cache-control.ts'
import type { CacheControl } from './cache-control.ts'
import type { CookieClass } from './cookies.ts'
import { dateOf, freshnessOf } from './freshness.ts'
import type { CachePolicy } from './policy.ts'
import { storedFlags } from './stored-response.ts'
import { varyNamesOf } from './vary.ts'

/**
 * May this answer be stored, and what may be done with it later? (RFC 9111 section 3; RFC 9213.)
 * Why one file: a personal page shown to another visitor is the worst thing a cache can do, so the whole decision is in one place,
 * taken once, from the answer's own words. It never looks at the path or its extension (`/account.css` is whatever its headers say).
 *
 * Beyond the RFC, on the safe side:
 * - an answer to a request with a cookie is stored only if it is declared shared (public, s-maxage, targeted lifetime);
 * - so is an answer to a request with Authorization; must-revalidate alone, which the RFC accepts, is too often written without that thought;
 * - Set-Cookie is never stored: the answer is not storable, or the operator had the header removed for the route;
 * - `private="field"` counts as private;
 * - an error that blames how the request was made (400, 403, 431 ...) is never stored, whatever it says of itself: one visitor's odd header would
 *   take the page from everybody (H. V. Nguyen et al., "Your Cache Has Fallen", CCS 2019).
 */
export type NotStorableReason =
  | 'bypass'
  | 'method'
  | 'request-body'
  | 'request-no-store'
  | 'route-off'
  | 'status'
  | 'partial'
  | 'no-store'
  | 'private'
  | 'set-cookie'
  | 'authorization'
  | 'cookie'
  | 'vary-star'
  | 'content-range'
  | 'no-freshness'
  | 'no-cache-no-validator'
  | 'age'
  | 'too-large'
  | 'memory'
  | 'invalidated'
  | 'good-copy-kept'

/** What the decision needs to know about the request. */
export interface RequestFacts {
  readonly method: string
  readonly hasBody: boolean
  readonly hasQuery: boolean
  readonly hasAuthorization: boolean
  readonly cookies: CookieClass
  readonly noStore: boolean
}

export interface StoreDecision {
  readonly notStorable: NotStorableReason | null
  readonly flags: number
  readonly lifetimeMs: number
  readonly initialAgeMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly varyNames: readonly string[]
  readonly etag: string
  readonly lastModifiedMs: number
  readonly dateMs: number
  /** Fields not to store because of no-cache="…". */
  readonly omitFields: readonly string[] | null
}

/** RFC 9110 statuses whose meaning this cache knows; others need must-understand not to be said. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422,
  425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505,
])
/** Say that this request was wrong, not that the page is so: what made it wrong is mostly not in the key. */
const BLAMES_REQUEST: ReadonlySet<number> = new Set([
  400, 401, 402, 403, 406, 407, 408, 409, 411, 412, 413, 415, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 494, 505, 511,
])
/** Only these are kept as last good copies. */
const LAST_GOOD_STATUS: ReadonlySet<number> = new Set([200, 203, 301, 308])
const NO_FIELDS: readonly string[] = Object.freeze([])
/** Our name in Surrogate-Capability and in the targets of Surrogate-Control. */
export const SURROGATE_DEVICE = 'polder'

const refusals = new Map<NotStorableReason, StoreDecision>()

function refuse(reason: NotStorableReason): StoreDecision {
  let refusal = refusals.get(reason)
  if (refusal === undefined) {
    refusal = Object.freeze({
      notStorable: reason, flags: 0, lifetimeMs: 0, initialAgeMs: 0, staleWhileRevalidateMs: -1, staleIfErrorMs: -1,
      varyNames: NO_FIELDS, etag: '', lastModifiedMs: NaN, dateMs: NaN, omitFields: null,
    })
    refusals.set(reason, refusal)
  }
  return refusal
}

/** Pure. `responseAtWallMs`: our clock when the header section was complete; `delayMs`: since the request was sent. */
export function decideStore(
  request: RequestFacts,
  status: number,
  headers: HeaderList,
  responseAtWallMs: WallMs,
  delayMs: number,
  policy: CachePolicy,
): StoreDecision {
  if (policy.route.cache === 'off') return refuse('route-off')
  if (request.method !== 'GET') return refuse('method')
  if (request.hasBody) return refuse('request-body')
  if (request.noStore) return refuse('request-no-store')
  if (status < 200 || status > 599 || status === 304) return refuse('status')
  if (status === 206 || status === 416) return refuse('partial')
  if (BLAMES_REQUEST.has(status)) return refuse('status')

  const { control, targeted } = controlOf(headers, policy)
  const understood = UNDERSTOOD.has(status)
  // must-understand replaces no-store for caches that know the status, and forbids storing to those that do not (RFC 9111 section 5.2.2.3).
  if (control.mustUnderstand && !understood) return refuse('status')
  if (control.noStore && !(control.mustUnderstand && understood)) return refuse('no-store')
  if (control.isPrivate) return refuse('private')
  if (hasHeader(headers, 'set-cookie') && !policy.route.stripSetCookie) return refuse('set-cookie')
  // Content-Range belongs to 206; on another status it says that the content is not what it seems to be.
  if (status === 200 && rangeInDisguise(headers)) return refuse('content-range')

  const shared = control.isPublic || control.sMaxAgeS >= 0 || (targeted && control.maxAgeS >= 0)
  if (request.hasAuthorization && !shared) return refuse('authorization')
  if (request.cookies !== 'none' && !shared) return refuse('cookie')

  let varyNames = varyNamesOf(headers)
  if (varyNames === null) return refuse('vary-star')
  varyNames = withOrigin(varyNames, headers)

  const ageMs = initialAgeMs(readAgeMs(headers), headerDate(headers, responseAtWallMs), responseAtWallMs, delayMs)
  const freshness = freshnessOf(status, headers, control, targeted, request.hasQuery, responseAtWallMs, policy)
  const etag = firstValue(headers, 'etag') ?? ''
  const lastModified = firstValue(headers, 'last-modified')
  const lastModifiedMs = lastModified === undefined ? NaN : parseHttpDate(lastModified, responseAtWallMs)
  const hasValidator = etag !== '' || !Number.isNaN(lastModifiedMs)
  const isFresh = freshness.lifetimeMs > ageMs && !control.noCache

  let flags = 0
  if (shared) flags |= storedFlags.shared
  if (control.mustRevalidate) flags |= storedFlags.mustRevalidate
  if (control.proxyRevalidate) flags |= storedFlags.proxyRevalidate
  if (control.noCache) flags |= storedFlags.noCache
  if (control.sMaxAgeS >= 0) flags |= storedFlags.sMaxAge
  if (freshness.source === 'heuristic' || freshness.source === 'negative') flags |= storedFlags.guessed
  if (request.hasAuthorization) flags |= storedFlags.authorized
  if (hasValidator) flags |= storedFlags.validator

  if (!isFresh) {
    if (status >= 500) return refuse('no-freshness')
    const mayServeStale = !control.noCache && !control.mustRevalidate && !control.proxyRevalidate
    const lastGood = policy.settings.keepLastGood && LAST_GOOD_STATUS.has(status) && mayServeStale
    if (!lastGood) {
      if (control.noCache && !hasValidator) return refuse('no-cache-no-validator')
      if (!hasValidator || !LAST_GOOD_STATUS.has(status)) return refuse('no-freshness')
    }
    flags |= storedFlags.lastGoodOnly
  }
  // On disk only what everybody may read: a public 200 or a permanent redirect, made for nobody in particular.
  if ((status === 200 || status === 301 || status === 308) && !request.hasAuthorization && request.cookies === 'none' && !control.noCache && !control.mustRevalidate && !control.proxyRevalidate) {
    flags |= storedFlags.disk
  }
  return {
    notStorable: null,
    flags,
    lifetimeMs: freshness.lifetimeMs,
    initialAgeMs: Number.isFinite(ageMs) ? ageMs : freshness.lifetimeMs,
    staleWhileRevalidateMs: control.staleWhileRevalidateS === -1 ? -1 : control.staleWhileRevalidateS * 1_000,
    staleIfErrorMs: control.staleIfErrorS === -1 ? -1 : control.staleIfErrorS * 1_000,
    varyNames,
    etag,
    lastModifiedMs,
    dateMs: dateOf(headers, responseAtWallMs),
    omitFields: control.noCacheFields,
  }
}

/** The control that counts for us: the first targeted header present, or Cache-Control (RFC 9213 section 2.2). */
function controlOf(headers: HeaderList, policy: CachePolicy): { readonly control: CacheControl; readonly targeted: boolean } {
  const names = policy.settings.targetedControls
  for (let i = 0; i < names.length; i++) {
    if (!hasHeader(headers, names[i])) continue
    const control = readCacheControl(headers, names[i], names[i] === 'surrogate-control' ? SURROGATE_DEVICE : '')
    if (control.present) return { control, targeted: true }
  }
  return { control: readCacheControl(headers, 'cache-control'), targeted: false }
}

/** An answer that names one allowed origin was made for that origin, whether it says Vary or not. */
function withOrigin(names: readonly string[], headers: HeaderList): readonly string[] {
  const allowed = firstValue(headers, 'access-control-allow-origin')
  if (allowed === undefined || allowed === '*' || names.includes('origin')) return names
  return [...names, 'origin'].sort()
}

function rangeInDisguise(headers: HeaderList): boolean {
  const range = firstValue(headers, 'content-range')
  return range !== undefined && /^\s*bytes\b/i.test(range)
}

function headerDate(headers: HeaderList, responseAtWallMs: WallMs): number {
  const date = firstValue(headers, 'date')
  return date === undefined ? NaN : parseHttpDate(date, responseAtWallMs)
}
