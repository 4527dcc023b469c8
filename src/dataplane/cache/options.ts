import type { OptionTable, OptionValues } from '../../kernel/option.ts'
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS } from '../../kernel/units.ts'

/**
 * Settings of the shared cache. Where the RFC leaves a choice, the default protects the visitor first (no personal page
 * for anybody else), then the origin (no lever to empty or pass the cache), then freshness.
 */
export const cacheOptions = {
  memoryBytes: {
    kind: 'bytes', min: 4 * MIB, max: 64 * 1024 * MIB, default: 256 * MIB, applies: 'restart',
    sentence: 'Memory for stored answers, once for all worker threads; a worker refuses to store rather than go 2 % above it.',
  },
  maxObjectBytes: {
    kind: 'bytes', min: 1_024, max: 1_024 * MIB, default: 8 * MIB, applies: 'live',
    sentence: 'An answer whose content is larger passes through and is not stored.',
  },
  maxVariantsPerKey: {
    kind: 'count', min: 1, max: 256, default: 16, applies: 'live',
    sentence: 'How many answers that differ by Vary are kept for one address; the oldest goes first.',
  },
  requestDirectives: {
    kind: 'choice', choices: ['ignore', 'honour'], default: 'ignore', applies: 'live',
    sentence: 'Whether Cache-Control and Pragma of a visitor (no-cache, max-age, min-fresh, max-stale) change what is served. `ignore`, because any flood can send no-cache and so pass the cache; no-store still keeps the answer to that request out of the store, and only-if-cached still answers 504.',
    source: 'RFC 9111 section 5.2.1: request directives are advisory; Varnish and nginx ignore them too',
  },
  heuristicShare: {
    kind: 'share', min: 0, max: 1, default: 0.1, applies: 'live',
    sentence: 'When an answer says nothing about freshness but has Last-Modified: fresh for this share of the time since then. 0 switches it off.',
    source: 'RFC 9111 section 4.2.2: a typical setting is 10 %',
  },
  heuristicMaxMs: {
    kind: 'durationMs', min: 0, max: 7 * DAY_MS, default: HOUR_MS, applies: 'live',
    sentence: 'Upper bound of that guessed freshness.',
  },
  negativeMs: {
    kind: 'durationMs', min: 0, max: MINUTE_MS, default: 2_000, applies: 'live',
    sentence: 'How long a 404, 405, 410, 414 or 501 that says nothing about freshness is answered from memory; stops floods of missing pages. 0 switches it off.',
    source: 'design note algorithms (c): 1 to 5 s',
  },
  serverErrorMaxMs: {
    kind: 'durationMs', min: 0, max: MINUTE_MS, default: 5_000, applies: 'live',
    sentence: 'A 5xx answer that declares itself fresh is kept no longer than this, and never replaces a good copy.',
  },
  neverOlderThanMs: {
    kind: 'durationMs', min: 0, max: 90 * DAY_MS, default: DAY_MS, applies: 'live',
    sentence: 'When the origin fails, a stored copy may be shown until this long after it stopped being fresh. 0: never show a stale copy.',
  },
  staleWhileRevalidateMs: {
    kind: 'durationMs', min: 0, max: DAY_MS, default: 0, applies: 'live',
    sentence: 'Show a copy this long after its freshness while a new one is fetched behind, also where the origin did not say stale-while-revalidate.',
    source: 'RFC 5861 section 3',
  },
  staleDespite: {
    kind: 'choice', choices: ['nothing', 's-maxage', 'must-revalidate'], default: 's-maxage', applies: 'live',
    sentence: 'Which words of the origin against stale copies are overruled when the origin is down. `s-maxage`: its built-in proxy-revalidate is overruled, because sites write it to mean a lifetime; must-revalidate, proxy-revalidate and no-cache are kept. `nothing`: RFC 9111 to the letter.',
    source: 'RFC 9111 sections 4.2.4 and 5.2.2.10',
  },
  keepLastGood: {
    kind: 'flag', default: true, applies: 'live',
    sentence: 'Keep a copy of public pages that say nothing about freshness, to be shown only while the origin fails.',
  },
  targetedControls: {
    kind: 'textList', default: ['cdn-cache-control', 'surrogate-control'], form: 'header names, most important first', maxItems: 8, applies: 'live',
    sentence: 'Answer headers that are addressed to a cache like this one and replace Cache-Control and Expires for it.',
    source: 'RFC 9213 section 2.2; Edge Architecture Specification (W3C Note 2001)',
    check: headerNameProblem,
  },
  sessionCookies: {
    kind: 'textList', default: ['*sess*', '*sid', '*auth*', '*token*', '*login*', '*logged*', '*jwt*', '*user*', '*account*', '*remember*', '__host-*', '__secure-*'], form: 'cookie names, lower case, * for any text', maxItems: 64, applies: 'live',
    sentence: 'A request with such a cookie is sent to the origin unless the stored answer is declared shared (public, s-maxage or a targeted header).',
  },
  ignoredCookies: {
    kind: 'textList', default: ['_ga', '_ga_*', '_gid', '_gat*', '_gcl_*', '_fbp', '_pk_*', '_hj*', 'matomo_*', 'polder_*'], form: 'cookie names, lower case, * for any text', maxItems: 64, applies: 'live',
    sentence: 'Cookies that never change a page. They are taken out of requests whose answer may be stored, so that the origin cannot answer to them.',
  },
  normaliseAcceptEncoding: {
    kind: 'flag', default: true, applies: 'live',
    sentence: 'Ask the origin with one of eight spellings of Accept-Encoding, so that Vary: Accept-Encoding gives few copies.',
  },
  normaliseAcceptLanguage: {
    kind: 'flag', default: true, applies: 'live',
    sentence: 'Treat Accept-Language values as equal when they differ only in case, spaces or the order of languages with the same weight; the origin is asked with that one spelling.',
    source: 'RFC 9110 section 12.5.4; RFC 9111 section 4.1',
  },
  maxWaitersPerKey: {
    kind: 'count', min: 1, max: 100_000, default: 4_096, applies: 'live',
    sentence: 'How many requests of one worker may wait for one fetch; more are told to try the stale copy or come back.',
  },
  waitMs: {
    kind: 'durationMs', min: 100, max: 5 * MINUTE_MS, default: 10_000, applies: 'live',
    sentence: 'How long a request waits for another request\'s fetch of the same page before it asks the origin itself.',
  },
  uncacheableMarkMs: {
    kind: 'durationMs', min: 1_000, max: 10 * MINUTE_MS, default: 5_000, applies: 'live',
    sentence: 'How long requests do not wait for each other after a page turned out not to be storable.',
  },
  maxRanges: {
    kind: 'count', min: 1, max: 16, default: 4, applies: 'live',
    sentence: 'A request for more ranges than this, or for overlapping ones, is answered 416.',
    source: 'RFC 9110 section 14.2; CVE-2011-3192',
  },
  diskBytes: {
    kind: 'bytes', min: 0, max: 1_024 * 1_024 * MIB, default: 512 * MIB, applies: 'restart',
    sentence: 'Room on disk for last good copies of public pages. 0: no disk store.',
  },
  diskPath: {
    kind: 'text', default: '', form: 'path of a file', applies: 'restart',
    sentence: 'File of the disk store; empty: no disk store.',
  },
} as const satisfies OptionTable

export type CacheSettings = OptionValues<typeof cacheOptions>

function headerNameProblem(name: string): string | null {
  return /^[a-z0-9-]+$/.test(name) ? null : 'a header name in lower case'
}

/** What an operator may say for one group of addresses; the rest comes from the settings above. */
export const cacheRouteOptions = {
  cache: {
    kind: 'choice', choices: ['rfc', 'off'], default: 'rfc', applies: 'live',
    sentence: '`off`: these addresses are never stored and never served from the store.',
  },
  freshMs: {
    kind: 'durationMs', min: 0, max: 30 * DAY_MS, default: 0, applies: 'live',
    sentence: 'Overrides the lifetime of storable 200, 301, 308, 404 and 410 answers; never makes an answer with private, no-store or Set-Cookie storable. 0: what the answer says.',
  },
  queryKeys: {
    kind: 'textList', default: [], form: 'query keys exactly as written in the address', maxItems: 256, applies: 'live',
    sentence: 'Query keys that matter here (used when dropUnknownQueryKeys is on).',
  },
  dropUnknownQueryKeys: {
    kind: 'flag', default: false, applies: 'live',
    sentence: 'Leave out all query keys not listed, both from the cache key and from the request to the origin, so that ?<random> cannot pass the cache.',
  },
  sortQueryKeys: {
    kind: 'flag', default: false, applies: 'live',
    sentence: 'Put query keys in alphabetical order, in the cache key and towards the origin.',
  },
  stripSetCookie: {
    kind: 'flag', default: false, applies: 'live',
    sentence: 'Remove Set-Cookie from storable answers here, so that they can be stored; only for pages on which no cookie is needed.',
  },
} as const satisfies OptionTable

export type CacheRouteSettings = OptionValues<typeof cacheRouteOptions>
