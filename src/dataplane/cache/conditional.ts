import { combinedValue, firstValue, hasHeader } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { WallMs } from '../../kernel/clock.ts'
import { parseHttpDate } from '../../kernel/http-date.ts'
import { listMatches } from './entity-tag.ts'
import type { StoredResponse } from './stored-response.ts'

/**
 * The visitor's own condition, answered from the store (RFC 9110 section 13.2.2, RFC 9111 section 4.3.2).
 * If-Match and If-Unmodified-Since are for the origin; a cache does not evaluate them.
 */

/** True when the stored answer, or one on its way into the store, may be replaced by 304: the visitor already has it. */
export function isNotModified(requestHeaders: HeaderList, stored: Pick<StoredResponse, 'status' | 'etag' | 'lastModifiedMs' | 'dateMs'>, nowWallMs: WallMs): boolean {
  if (stored.status !== 200 && stored.status !== 203) return false
  if (hasHeader(requestHeaders, 'if-none-match')) {
    return listMatches(combinedValue(requestHeaders, 'if-none-match') as string, stored.etag)
  }
  const since = firstValue(requestHeaders, 'if-modified-since')
  if (since === undefined) return false
  const sinceMs = parseHttpDate(since, nowWallMs)
  if (Number.isNaN(sinceMs)) return false
  if (!Number.isNaN(stored.lastModifiedMs)) return stored.lastModifiedMs <= sinceMs
  // RFC 9111 section 4.3.2: without Last-Modified, the Date of the stored answer, or when it came, is compared.
  return stored.dateMs <= sinceMs
}

export function isConditional(headers: HeaderList): boolean {
  return hasHeader(headers, 'if-none-match') || hasHeader(headers, 'if-modified-since')
}

/** Fields of a 304 (RFC 9110 section 15.4.5): what a cache downstream needs to refresh its copy, nothing about the content. */
const NOT_MODIFIED_FIELDS: ReadonlySet<string> = new Set([
  'cache-control', 'cdn-cache-control', 'content-location', 'date', 'etag', 'expires', 'vary', 'last-modified',
  'access-control-allow-origin', 'access-control-allow-credentials', 'access-control-expose-headers',
])

export function notModifiedHeaders(stored: HeaderList): string[] {
  const kept: string[] = []
  for (let i = 0; i < stored.length; i += 2) if (NOT_MODIFIED_FIELDS.has(stored[i])) kept.push(stored[i], stored[i + 1])
  return kept
}
