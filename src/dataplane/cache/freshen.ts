import { firstValue } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { WallMs } from '../../kernel/clock.ts'
import { parseHttpDate } from '../../kernel/http-date.ts'
import type { Request } from '../request.ts'
import { initialAgeMs, readAgeMs } from './age.ts'
import { decideStore } from './cacheability.ts'
import type { Lookup } from './lookup.ts'
import { overheadBytesOf } from './store-fill.ts'
import { accountedBytesFor } from './store-writer.ts'
import { headersToStore } from './stored-headers.ts'
import { storedFlags } from './stored-response.ts'
import type { CacheEntry, StoredResponse } from './stored-response.ts'
import { mergedHeaders, speaksOfOtherBytes } from './validation.ts'

/**
 * A stored answer with its header section brought up to date (RFC 9111 sections 3.2, 4.3.4, 4.3.5); the bytes stay where they are.
 * The merged section is judged like a new answer: a 304 may make a copy private or no-store, and then it goes.
 */

/** The copy after a 304; null when it must not be kept. */
export function refreshed(entry: CacheEntry, request: Request, lookup: Lookup, update: HeaderList, nowWallMs: WallMs, delayMs: number, id: number, replicas: number): StoredResponse | null {
  // Another strong tag: the origin vouches for bytes that are not ours. Show ours this once, ask for all of it next time.
  if (speaksOfOtherBytes(entry.stored, update)) return withLifetime(entry.stored, id, lookup)
  return judged(entry.stored, mergedHeaders(entry.stored.headers, update), update, request, lookup, nowWallMs, delayMs, id, replicas)
}

/** The copy after a 200 to HEAD; 'differs' when the HEAD speaks of other content; null when it must not be kept. */
export function refreshByHead(
  entry: CacheEntry, request: Request, lookup: Lookup, update: HeaderList, nowWallMs: WallMs, delayMs: number, id: number, replicas: number,
): StoredResponse | 'differs' | null {
  const stored = entry.stored
  const tag = firstValue(update, 'etag')
  if ((tag ?? '') !== '' && stored.etag !== '' && tag !== stored.etag) return 'differs'
  const modified = firstValue(update, 'last-modified')
  if (modified !== undefined && !Number.isNaN(stored.lastModifiedMs) && parseHttpDate(modified, nowWallMs) !== stored.lastModifiedMs) return 'differs'
  const length = firstValue(update, 'content-length')
  if (length !== undefined && length !== String(stored.body.length)) return 'differs'
  return judged(stored, mergedHeaders(stored.headers, update), update, request, lookup, nowWallMs, delayMs, id, replicas)
}

function judged(
  stored: StoredResponse, merged: HeaderList, update: HeaderList, request: Request, lookup: Lookup, nowWallMs: WallMs, delayMs: number, id: number, replicas: number,
): StoredResponse | null {
  const facts = {
    method: 'GET', hasBody: false, hasQuery: request.query !== '', hasAuthorization: lookup.hasAuthorization || (stored.flags & storedFlags.authorized) !== 0,
    cookies: lookup.cookies, noStore: false,
  }
  const decision = decideStore(facts, stored.status, merged, nowWallMs, delayMs, lookup.policy)
  if (decision.notStorable !== null) {
    // The copy itself may stay where only this visitor's cookies or credentials are in the way.
    return decision.notStorable === 'cookie' || decision.notStorable === 'authorization' ? stored : null
  }
  // Age of the copy starts with the 304 (RFC 9111 section 4.3.4); its own Age header counts, the stored one does not.
  const date = firstValue(update, 'date')
  const ageMs = initialAgeMs(readAgeMs(update), date === undefined ? NaN : parseHttpDate(date, nowWallMs), nowWallMs, delayMs)
  const headers = headersToStore(merged, decision.omitFields, '', stored.body.length, stored.status)
  return {
    ...stored,
    id,
    headers,
    accountedBytes: Math.max(stored.accountedBytes, accountedBytesFor(stored.body.length, overheadBytesOf(headers, stored.key, replicas))),
    bornAtWallMs: nowWallMs - (Number.isFinite(ageMs) ? ageMs : decision.lifetimeMs),
    storedAtWallMs: nowWallMs,
    lifetimeMs: decision.lifetimeMs,
    flags: decision.flags,
    staleWhileRevalidateMs: decision.staleWhileRevalidateMs,
    staleIfErrorMs: decision.staleIfErrorMs,
    lastModifiedMs: decision.lastModifiedMs,
    dateMs: decision.dateMs,
    epoch: lookup.epoch,
  }
}

/** The same copy, to be asked for whole next time: no validator is sent for it any more. */
function withLifetime(stored: StoredResponse, id: number, lookup: Lookup): StoredResponse {
  return { ...stored, id, lifetimeMs: 0, flags: stored.flags & ~storedFlags.validator, epoch: lookup.epoch }
}
