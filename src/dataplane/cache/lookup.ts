import { hasHeader } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { MonotonicMs } from '../../kernel/clock.ts'
import type { Request } from '../request.ts'
import { readCacheControl } from './cache-control.ts'
import type { CacheControl } from './cache-control.ts'
import type { ForwardReason } from './cache-status.ts'
import { cookieClassOf } from './cookies.ts'
import type { CookieClass } from './cookies.ts'
import { canonicalTarget, primaryKey } from './key.ts'
import type { MemoryIndex } from './memory-index.ts'
import type { CachePolicy } from './policy.ts'
import { mayServeWhileRevalidating } from './stale.ts'
import { storedFlags } from './stored-response.ts'
import type { CacheEntry } from './stored-response.ts'
import { varyKeyOf } from './vary.ts'

/**
 * What the store can do for one request. Decides who may see a stored answer, so it must never look at anything but the answer's own
 * declared words and the request: an answer made for a request without cookies may go to anybody its Vary selects; a visitor with a session
 * gets it only if the origin declared it shared (design: cookies.ts).
 */
export type LookupKind =
  /** Serve `entry`. */
  | 'fresh'
  /** Serve `entry` now, refresh it behind (claim without waiter). */
  | 'stale'
  /** Ask the origin, with the conditions of `entry`. */
  | 'validate'
  /** Ask the origin. */
  | 'miss'
  /** Ask the origin as the visitor asked; nothing is stored. */
  | 'bypass'
  /** The visitor wants a stored answer or none: 504. */
  | 'only-if-cached'

/** One per request; fields are set once. */
export class Lookup {
  readonly kind: LookupKind
  readonly key: string
  /** Target for the origin: differs from the visitor's when query keys were dropped or sorted. Always ask the origin with this one. */
  readonly originTarget: string
  readonly policy: CachePolicy
  readonly cookies: CookieClass
  readonly hasAuthorization: boolean
  readonly requestNoStore: boolean
  /** The stored answer that serves, that is validated, or that may stand in when the origin fails; null when there is none. */
  readonly entry: CacheEntry | null
  /** For Cache-Status when the request is forwarded. */
  readonly why: ForwardReason
  /** The origin is asked for the whole answer in a form fit for the store (use originHeaders). */
  readonly fill: boolean
  /** Requests with the same flightKey may share one fetch. (Of 'fresh' and 'stale': only the selecting part, see refreshLookup.) */
  readonly flightKey: string
  /** Not worth waiting for each other: marked as not storable, or a copy without lifetime. */
  readonly alone: boolean
  /** A fetch behind a stale answer: the origin is asked in nobody's name, without cookies and credentials. */
  readonly anonymous: boolean
  /** Set by the cache: hash of key, and the invalidation count when the fetch began. */
  hash = 0
  epoch = 0

  constructor(
    kind: LookupKind, key: string, originTarget: string, policy: CachePolicy, cookies: CookieClass, hasAuthorization: boolean,
    requestNoStore: boolean, entry: CacheEntry | null, why: ForwardReason, fill: boolean, flightKey: string, alone: boolean, anonymous = false,
  ) {
    this.kind = kind
    this.key = key
    this.originTarget = originTarget
    this.policy = policy
    this.cookies = cookies
    this.hasAuthorization = hasAuthorization
    this.requestNoStore = requestNoStore
    this.entry = entry
    this.why = why
    this.fill = fill
    this.flightKey = flightKey
    this.alone = alone
    this.anonymous = anonymous
  }
}

export type IsMarked = (flightKey: string) => boolean

export function lookUp(
  request: Request,
  policy: CachePolicy,
  index: MemoryIndex,
  nowMs: MonotonicMs,
  preferStale: boolean,
  isMarked: IsMarked,
): Lookup {
  const target = canonicalTarget(request.target, request.path, request.query, policy)
  const key = primaryKey(request.scheme, request.host, target)
  const method = request.method
  if (method !== 'GET' && method !== 'HEAD') return pass(key, target, policy, 'method')
  // A GET with content asks something that the key does not say.
  if (request.body !== null || request.upgrade !== '' || policy.route.cache === 'off' || overridesMethod(request.headers)) {
    return pass(key, target, policy, 'bypass')
  }

  const facts = readRequest(request.headers, policy)
  const variants = index.variants(key)
  const names = variants === undefined ? NO_NAMES : variants[0].stored.varyNames
  const varyKey = names.length === 0 ? '' : varyKeyOf(names, request.headers, policy)
  const entry = variants === undefined ? null : select(variants, varyKey)

  const session = (facts.cookies === 'session' || facts.hasAuthorization) && !(entry !== null && (entry.stored.flags & storedFlags.shared) !== 0)
  if (entry !== null && !session) {
    const use = useOf(entry, facts, policy, nowMs, preferStale)
    if (use !== 'validate') return new Lookup(use, key, target, policy, facts.cookies, facts.hasAuthorization, facts.noStore, entry, 'stale', false, varyKey, false)
  }
  if (facts.onlyIfCached) return new Lookup('only-if-cached', key, target, policy, facts.cookies, facts.hasAuthorization, facts.noStore, null, 'request', false, '', false)

  // Visitors with a cookie or credentials never share a fetch with those without: the origin may answer them differently.
  const flightKey = `${facts.hasAuthorization ? 'a' : facts.cookies === 'none' ? 'n' : 'c'} ${key} ${varyKey}`
  const marked = isMarked(flightKey)
  const special = marked || facts.noStore || facts.hasAuthorization || (session && entry !== null)
  // Marked or personal: let the visitor's own conditions and range through, since nothing will be stored anyway.
  const fill = method === 'GET' && !facts.noStore && !(special && facts.conditional)
  const validates = entry !== null && !session && (entry.stored.flags & storedFlags.validator) !== 0
  const alone = marked || facts.noStore || facts.hasAuthorization || method === 'HEAD' || facts.forced || (session && entry !== null) ||
    (entry !== null && (entry.stored.flags & (storedFlags.lastGoodOnly | storedFlags.noCache)) !== 0 && !entry.invalidated)
  const why: ForwardReason = entry !== null ? (facts.forced ? 'request' : session ? 'bypass' : 'stale') : variants === undefined ? 'uri-miss' : 'vary-miss'
  return new Lookup(validates && fill ? 'validate' : 'miss', key, target, policy, facts.cookies, facts.hasAuthorization, facts.noStore, entry, why, fill, flightKey, alone)
}

/**
 * The lookup of the fetch behind a stale answer: in nobody's name, so that its answer is as public as the copy it replaces.
 * Null when the copy is selected by Cookie or Authorization: then only its owner may renew it, by an ordinary request.
 */
export function refreshLookup(stale: Lookup): Lookup | null {
  const entry = stale.entry as CacheEntry
  const names = entry.stored.varyNames
  if (names.includes('cookie') || names.includes('authorization')) return null
  const validates = (entry.stored.flags & storedFlags.validator) !== 0
  return new Lookup(
    validates ? 'validate' : 'miss', stale.key, stale.originTarget, stale.policy, 'none', false, false, entry, 'stale', true, `n ${stale.key} ${stale.flightKey}`, false, true,
  )
}

const NO_NAMES: readonly string[] = Object.freeze([])

function pass(key: string, target: string, policy: CachePolicy, why: ForwardReason): Lookup {
  return new Lookup('bypass', key, target, policy, 'none', false, true, null, why, false, '', true)
}

/** Newest first, so the first match is the most recent one (RFC 9111 section 4.1). */
function select(variants: readonly CacheEntry[], varyKey: string): CacheEntry | null {
  for (let i = 0; i < variants.length; i++) if (variants[i].stored.varyKey === varyKey) return variants[i]
  return null
}

interface RequestReading {
  readonly cookies: CookieClass
  readonly hasAuthorization: boolean
  readonly noStore: boolean
  readonly onlyIfCached: boolean
  /** Has conditions or a range of its own. */
  readonly conditional: boolean
  /** Directives to honour, or null. */
  readonly control: CacheControl | null
  /** The visitor's directives forbid to use even a fresh copy unasked. */
  readonly forced: boolean
}

const PLAIN: RequestReading = Object.freeze({
  cookies: 'none', hasAuthorization: false, noStore: false, onlyIfCached: false, conditional: false, control: null, forced: false,
})

/** One pass over the names; most requests have none of these fields and share one frozen reading. */
function readRequest(headers: HeaderList, policy: CachePolicy): RequestReading {
  let interesting = false
  for (let i = 0; i < headers.length; i += 2) {
    if (INTERESTING.has(headers[i])) {
      interesting = true
      break
    }
  }
  if (!interesting) return PLAIN
  const control = hasHeader(headers, 'cache-control') ? readCacheControl(headers, 'cache-control') : null
  const honour = policy.settings.requestDirectives === 'honour'
  const pragma = honour && (control === null || !control.present) && hasPragmaNoCache(headers)
  return {
    cookies: cookieClassOf(headers, policy),
    hasAuthorization: hasHeader(headers, 'authorization'),
    noStore: control !== null && control.noStore,
    onlyIfCached: control !== null && control.onlyIfCached,
    conditional: hasHeader(headers, 'range') || hasHeader(headers, 'if-none-match') || hasHeader(headers, 'if-modified-since'),
    control: honour ? control : null,
    forced: pragma || (honour && control !== null && (control.noCache || control.noStore || control.maxAgeS === 0)),
  }
}

const INTERESTING: ReadonlySet<string> = new Set(['cache-control', 'pragma', 'cookie', 'authorization', 'range', 'if-none-match', 'if-modified-since'])

function hasPragmaNoCache(headers: HeaderList): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === 'pragma' && /no-cache/i.test(headers[i + 1])) return true
  return false
}

/** Some frameworks read the method from a header: such a request is not what its line says. */
function overridesMethod(headers: HeaderList): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]
    if (name.length >= 13 && (name === 'x-http-method-override' || name === 'x-http-method' || name === 'x-method-override')) return true
  }
  return false
}

function useOf(entry: CacheEntry, facts: RequestReading, policy: CachePolicy, nowMs: MonotonicMs, preferStale: boolean): 'fresh' | 'stale' | 'validate' {
  if (facts.forced) return 'validate'
  const control = facts.control
  if (entry.isFresh(nowMs)) {
    if (control === null) return 'fresh'
    if (control.maxAgeS >= 0 && entry.ageMs(nowMs) > control.maxAgeS * 1_000) return 'validate'
    if (control.minFreshS >= 0 && entry.freshUntilMs - nowMs < control.minFreshS * 1_000) return 'validate'
    return 'fresh'
  }
  if (control !== null && control.maxStaleS >= 0 && entry.stalenessMs(nowMs) <= control.maxStaleS * 1_000 && mayServeWhileRevalidating(entry, nowMs, policy, true)) {
    return 'stale'
  }
  return mayServeWhileRevalidating(entry, nowMs, policy, preferStale) ? 'stale' : 'validate'
}
