import { knownNames } from './known-names.ts'

/**
 * Scans header or trailer field lines, byte by byte and strictly left to right, so that the verdict never depends on how the bytes were cut into packets.
 * It must never accept a line another parser could read differently: bare CR or LF, a fold, white space before the colon, control characters, NUL.
 * Source: RFC 9110 section 5, RFC 9112 sections 2.2 and 5.
 */
export const NEED_MORE = -1
export const BAD_LINE = -2
export const TOO_MANY_FIELDS = -3

/** Most fields a scan can record; the setting cannot be above it. */
export const MAX_FIELDS = 512

/** Where the fields of the last scan lie. One per thread, overwritten by every scan, read at once after it. */
export const fieldNameId = new Int16Array(MAX_FIELDS)
const fieldNameStart = new Int32Array(MAX_FIELDS)
const fieldNameEnd = new Int32Array(MAX_FIELDS)
export const fieldValueStart = new Int32Array(MAX_FIELDS)
export const fieldValueEnd = new Int32Array(MAX_FIELDS)
export const scan = { fields: 0 }

/** Lower case of a token byte (RFC 9110 section 5.6.2), 0 for every other byte. */
export const tokenLower = new Uint8Array(256)
for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") tokenLower[c.charCodeAt(0)] = c.charCodeAt(0)
for (let c = 65; c <= 90; c++) tokenLower[c] = c + 32

/** 1 for a byte a field value may hold: HTAB, SP, visible ASCII, obs-text. */
const valueByte = new Uint8Array(256).fill(1, 0x20)
valueByte[0x09] = 1
valueByte[0x7f] = 0

const CR = 13
const LF = 10
const SP = 32
const TAB = 9
const COLON = 58

/**
 * Scans from `position` (the start of a line) to the empty line that ends the section, looking at nothing at or after `limit`.
 * Returns the offset after that empty line, or NEED_MORE, BAD_LINE, TOO_MANY_FIELDS. The values recorded are without outer white space.
 */
export function scanFieldLines(bytes: Uint8Array, position: number, limit: number, maxFields: number): number {
  let at = position
  let fields = 0
  for (;;) {
    if (at >= limit) return NEED_MORE
    if (bytes[at] === CR) {
      if (at + 1 >= limit) return NEED_MORE
      if (bytes[at + 1] !== LF) return BAD_LINE
      scan.fields = fields
      return at + 2
    }
    if (fields === maxFields) return TOO_MANY_FIELDS

    const nameStart = at
    let hash = knownNames.seed
    let lower = 0
    while (at < limit && (lower = tokenLower[bytes[at]]) !== 0) {
      hash = Math.imul(hash ^ lower, 0x01000193)
      at++
    }
    if (at >= limit) return NEED_MORE
    if (bytes[at] !== COLON || at === nameStart) return BAD_LINE
    fieldNameStart[fields] = nameStart
    fieldNameEnd[fields] = at
    fieldNameId[fields] = knownNames.find(bytes, nameStart, at, hash)
    at++

    let byte = 0
    while (at < limit && ((byte = bytes[at]) === SP || byte === TAB)) at++
    const valueStart = at
    while (at < limit && valueByte[bytes[at]] === 1) at++
    if (at >= limit) return NEED_MORE
    if (bytes[at] !== CR) return BAD_LINE
    if (at + 1 >= limit) return NEED_MORE
    if (bytes[at + 1] !== LF) return BAD_LINE
    let valueEnd = at
    while (valueEnd > valueStart && ((byte = bytes[valueEnd - 1]) === SP || byte === TAB)) valueEnd--
    fieldValueStart[fields] = valueStart
    fieldValueEnd[fields] = valueEnd
    fields++
    at += 2
  }
}

/** Name of field `index` of the last scan, lower case. `text` is the latin1 text of the scanned bytes from offset `base` on. */
export function fieldName(index: number, text: string, base: number): string {
  const id = fieldNameId[index]
  if (id !== 0) return knownNames.names[id]
  return text.slice(fieldNameStart[index] - base, fieldNameEnd[index] - base).toLowerCase()
}
