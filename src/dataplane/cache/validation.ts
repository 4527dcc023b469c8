import { firstValue } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import { isWeak } from './entity-tag.ts'
import { isHopByHop } from './stored-headers.ts'
import type { StoredResponse } from './stored-response.ts'

/** Asking the origin whether a stored answer still holds, and what its 304 changes (RFC 9111 sections 4.3.1, 4.3.4 and 3.2). */

/** Appends the conditions for this copy to a request. Nothing when it has no validator. */
export function addValidators(headers: string[], stored: StoredResponse): void {
  if (stored.etag !== '') headers.push('if-none-match', stored.etag)
  if (!Number.isNaN(stored.lastModifiedMs)) {
    const text = firstValue(stored.headers, 'last-modified')
    if (text !== undefined) headers.push('if-modified-since', text)
  }
}

/**
 * Fields that describe the stored bytes themselves: a 304 sends none of them, so it cannot change them (RFC 9111 section 3.2).
 * ETag belongs here too: the bytes kept are those that the stored tag names.
 */
const ABOUT_THE_BYTES: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'content-md5', 'content-range', 'etag'])

/** The stored header section brought up to date by a 304. A field of the 304 replaces all stored lines of its name. */
export function mergedHeaders(stored: HeaderList, update: HeaderList): string[] {
  const listed = connectionNames(update)
  const replaced = new Set<string>()
  for (let i = 0; i < update.length; i += 2) if (updates(update[i], listed)) replaced.add(update[i])
  const merged: string[] = []
  for (let i = 0; i < stored.length; i += 2) if (!replaced.has(stored[i])) merged.push(stored[i], stored[i + 1])
  for (let i = 0; i < update.length; i += 2) if (updates(update[i], listed)) merged.push(update[i], update[i + 1])
  return merged
}

function updates(name: string, listed: ReadonlySet<string>): boolean {
  // A cookie set with a 304 is for the one who asked, never for the copy.
  return name !== 'set-cookie' && !ABOUT_THE_BYTES.has(name) && !isHopByHop(name) && !listed.has(name)
}

/**
 * A 304 that names another strong tag than the one we asked about speaks of bytes that we do not have.
 * RFC 9111 section 4.3.4 then forbids to update; a weak tag cannot prove the difference.
 */
export function speaksOfOtherBytes(stored: StoredResponse, update: HeaderList): boolean {
  const tag = firstValue(update, 'etag')
  return tag !== undefined && stored.etag !== '' && !isWeak(tag) && !isWeak(stored.etag) && tag !== stored.etag
}

function connectionNames(headers: HeaderList): ReadonlySet<string> {
  const names = new Set<string>()
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'connection') for (const name of headers[i + 1].split(',')) names.add(name.trim().toLowerCase())
  }
  return names
}
