import { firstValue } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { WallMs } from '../../kernel/clock.ts'
import { parseHttpDate } from '../../kernel/http-date.ts'
import { stronglyEqual } from './entity-tag.ts'
import type { StoredResponse } from './stored-response.ts'

/**
 * Parts of a stored whole answer (RFC 9110 section 14).
 * Many small or overlapping ranges make a server send more than it stores (CVE-2011-3192): more than `maxRanges`, or overlap, is refused with 416.
 */
export interface ByteRange {
  readonly first: number
  /** Included. */
  readonly last: number
}

/** 'whole': send everything (no range, not bytes, malformed, or If-Range does not hold). 'refused': 416. */
export type RangeChoice = 'whole' | 'refused' | readonly ByteRange[]

export function chooseRanges(requestHeaders: HeaderList, stored: StoredResponse, nowWallMs: WallMs, maxRanges: number): RangeChoice {
  const text = firstValue(requestHeaders, 'range')
  if (text === undefined || stored.status !== 200) return 'whole'
  if (!ifRangeHolds(requestHeaders, stored, nowWallMs)) return 'whole'
  return parseRanges(text, stored.body.length, maxRanges)
}

/** Pure reading of a Range value against a length. */
export function parseRanges(text: string, length: number, maxRanges: number): RangeChoice {
  const match = /^bytes=(.*)$/i.exec(text.trim())
  if (match === null) return 'whole'
  // Counting commas before splitting: the work done for a refused request stays small.
  let parts = 1
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === 0x2c) parts++
  if (parts > maxRanges + 8) return 'refused'
  const ranges: ByteRange[] = []
  let asked = 0
  for (const part of match[1].split(',')) {
    const spec = part.trim()
    if (spec === '') continue
    const range = /^(\d*)-(\d*)$/.exec(spec)
    if (range === null || (range[1] === '' && range[2] === '')) return 'whole'
    asked++
    if (range[1] === '') {
      const suffix = Number(range[2])
      if (suffix > 0 && length > 0) ranges.push({ first: Math.max(0, length - suffix), last: length - 1 })
      continue
    }
    const first = Number(range[1])
    const last = range[2] === '' ? length - 1 : Math.min(Number(range[2]), length - 1)
    if (range[2] !== '' && Number(range[2]) < first) return 'whole'
    if (first < length) ranges.push({ first, last })
  }
  if (asked === 0) return 'whole'
  if (asked > maxRanges || ranges.length === 0 || overlap(ranges)) return 'refused'
  return ranges
}

function overlap(ranges: readonly ByteRange[]): boolean {
  const sorted = ranges.toSorted((a, b) => a.first - b.first)
  for (let i = 1; i < sorted.length; i++) if (sorted[i].first <= sorted[i - 1].last) return true
  return false
}

/** If-Range needs a strong validator (RFC 9110 section 13.1.5); a date counts as strong when the answer was made at least a second after it. */
function ifRangeHolds(requestHeaders: HeaderList, stored: StoredResponse, nowWallMs: WallMs): boolean {
  const condition = firstValue(requestHeaders, 'if-range')
  if (condition === undefined) return true
  if (condition.includes('"')) return stronglyEqual(condition, stored.etag)
  const conditionMs = parseHttpDate(condition, nowWallMs)
  return conditionMs === stored.lastModifiedMs && stored.dateMs - stored.lastModifiedMs >= 1_000
}

export interface PartialContent {
  /** Headers that replace content-type, content-length and content-range of the stored answer. */
  readonly contentType: string | undefined
  readonly contentRange: string | undefined
  readonly body: Uint8Array
}

/** The 206 content. One range is a view of the stored bytes; several are copied into multipart/byteranges with `boundary`. */
export function partialContent(stored: StoredResponse, ranges: readonly ByteRange[], boundary: string): PartialContent {
  const length = stored.body.length
  const type = firstValue(stored.headers, 'content-type')
  if (ranges.length === 1) {
    const { first, last } = ranges[0]
    return { contentType: type, contentRange: `bytes ${first}-${last}/${length}`, body: stored.body.subarray(first, last + 1) }
  }
  const pieces: Uint8Array[] = []
  for (const { first, last } of ranges) {
    const typeLine = type === undefined ? '' : `Content-Type: ${type}\r\n`
    pieces.push(Buffer.from(`\r\n--${boundary}\r\n${typeLine}Content-Range: bytes ${first}-${last}/${length}\r\n\r\n`, 'latin1'))
    pieces.push(stored.body.subarray(first, last + 1))
  }
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'))
  return { contentType: `multipart/byteranges; boundary=${boundary}`, contentRange: undefined, body: Buffer.concat(pieces) }
}
