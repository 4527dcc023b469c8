import { firstValue, hasHeader } from '../../kernel/header-list.ts'
import type { MonotonicMs, WallMs } from '../../kernel/clock.ts'
import { PreparedAnswer } from '../request.ts'
import type { Request } from '../request.ts'
import { hitStatus } from './cache-status.ts'
import { isNotModified, notModifiedHeaders } from './conditional.ts'
import { chooseRanges, partialContent } from './range.ts'
import type { CacheEntry, StoredResponse } from './stored-response.ts'

/**
 * A stored answer made ready for one visitor: whole, 304, part or 416.
 * The whole answer and the 304 are kept for as long as their text holds, which is one second, because Age is in them; so a hot page costs
 * one lookup and one write. `keep` false: memory for such images is used up for this second, make it and forget it.
 */
export function answerFrom(
  entry: CacheEntry,
  request: Request,
  nowMs: MonotonicMs,
  nowWallMs: WallMs,
  maxRanges: number,
  detail: string,
  keep: boolean,
): PreparedAnswer {
  const headers = request.headers
  const conditional = hasHeader(headers, 'if-none-match') || hasHeader(headers, 'if-modified-since')
  if (conditional && isNotModified(headers, entry.stored, nowWallMs)) return notModified(entry, nowMs, detail, keep)
  // Range means something only for GET (RFC 9110 section 14.2).
  if (request.method === 'GET' && hasHeader(headers, 'range')) {
    const choice = chooseRanges(headers, entry.stored, nowWallMs, maxRanges)
    if (choice === 'refused') return refusedRange(entry.stored, entry, nowMs, detail)
    if (choice !== 'whole') {
      const part = partialContent(entry.stored, choice, boundaryOf(entry.stored))
      const list = withoutContentFields(entry.stored.headers)
      if (part.contentType !== undefined) list.push('content-type', part.contentType)
      if (part.contentRange !== undefined) list.push('content-range', part.contentRange)
      list.push('content-length', String(part.body.length))
      return new PreparedAnswer(206, withState(list, entry, nowMs, detail), part.body)
    }
  }
  // The same for HEAD: its length is told from the content, and the reply sends none (RFC 9110 section 9.3.2).
  return whole(entry, nowMs, detail, keep)
}

function whole(entry: CacheEntry, nowMs: MonotonicMs, detail: string, keep: boolean): PreparedAnswer {
  const ageS = ageSeconds(entry, nowMs)
  if (detail === '' && entry.prepared !== null && entry.preparedAgeS === ageS) return entry.prepared
  const stored = entry.stored
  const answer = new PreparedAnswer(stored.status, withState([...stored.headers], entry, nowMs, detail), stored.status === 204 ? null : stored.body)
  if (detail === '' && keep) {
    entry.prepared = answer
    entry.preparedAgeS = ageS
  }
  return answer
}

function notModified(entry: CacheEntry, nowMs: MonotonicMs, detail: string, keep: boolean): PreparedAnswer {
  const ageS = ageSeconds(entry, nowMs)
  if (detail === '' && entry.prepared304 !== null && entry.prepared304AgeS === ageS) return entry.prepared304
  const answer = new PreparedAnswer(304, withState(notModifiedHeaders(entry.stored.headers), entry, nowMs, detail), null)
  if (detail === '' && keep) {
    entry.prepared304 = answer
    entry.prepared304AgeS = ageS
  }
  return answer
}

function refusedRange(stored: StoredResponse, entry: CacheEntry, nowMs: MonotonicMs, detail: string): PreparedAnswer {
  const date = firstValue(stored.headers, 'date') as string
  return new PreparedAnswer(416, withState(['date', date, 'content-range', `bytes */${stored.body.length}`, 'content-length', '0'], entry, nowMs, detail), NOTHING)
}

const NOTHING = new Uint8Array(0)

/** Appends Age (RFC 9111 section 5.1) and Cache-Status to a list made for this answer. */
function withState(list: string[], entry: CacheEntry, nowMs: MonotonicMs, detail: string): string[] {
  const ageS = ageSeconds(entry, nowMs)
  list.push('age', String(ageS), 'cache-status', hitStatus(Math.floor(entry.stored.lifetimeMs / 1_000) - ageS, detail))
  return list
}

function ageSeconds(entry: CacheEntry, nowMs: MonotonicMs): number {
  return Math.floor(entry.ageMs(nowMs) / 1_000)
}

function withoutContentFields(headers: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]
    if (name !== 'content-type' && name !== 'content-length' && name !== 'content-range') kept.push(name, headers[i + 1])
  }
  return kept
}

/** Keyed through the hash, so that a writer of content cannot know it beforehand. */
function boundaryOf(stored: StoredResponse): string {
  return `polder-${(stored.hash >>> 0).toString(16).padStart(8, '0')}-${stored.id.toString(36)}-${stored.body.length.toString(36)}`
}
