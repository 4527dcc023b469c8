import type { HeaderList } from '../../../kernel/header-list.ts'
import { NEED_MORE, fieldName, fieldValueEnd, fieldValueStart, scan, scanFieldLines, tokenLower } from './field-lines.ts'

/**
 * Takes the chunked coding off a request body, strictly.
 * Chunk extensions are checked (`;name`, `;name=token`, `;name="text"` without white space around) and dropped, never passed on: RFC 9112 section 7.1.1
 * makes us read them, and lenient reading of them (a bare LF inside, for one) has been a smuggling way (CVE-2025-22871 and its kin). They are bounded
 * per body so that nobody sends a gigabyte of them for one byte of content.
 * It must never deliver a byte that a stricter parser would not. Source: RFC 9112 section 7.1.
 */
export const CHUNK_MORE = 0
/** Content lies at bytes[dataStart, dataEnd); call again with `position`. */
export const CHUNK_DATA = 1
/** The body is complete; `position` is the first byte after it, `trailers` is set. */
export const CHUNK_END = 2
export const CHUNK_BROKEN = 3

export class ChunkedDecoder {
  dataStart = 0
  dataEnd = 0
  /** Next byte to read, after every call. */
  position = 0
  /** Trailer fields that may be passed on, or null. */
  trailers: HeaderList | null = null

  #state = SIZE
  #digits = 0
  #size = 0
  #extensionBytesLeft: number
  #trailerSection: Buffer | null = null
  #trailerLength = 0
  readonly #trailerBytes: number
  readonly #trailerFields: number

  /** `extensionBytes`: most bytes of chunk extensions in the whole body. `trailerBytes`, `trailerFields`: most in its trailer section. */
  constructor(extensionBytes: number, trailerBytes: number, trailerFields: number) {
    this.#extensionBytesLeft = extensionBytes
    this.#trailerBytes = trailerBytes
    this.#trailerFields = trailerFields
  }

  /** Reads from bytes[position, end) up to the next event. */
  next(bytes: Buffer, position: number, end: number): number {
    let at = position
    while (at < end) {
      const byte = bytes[at]
      switch (this.#state) {
        case SIZE: {
          const digit = hexDigit[byte]
          if (digit !== 255) {
            if (++this.#digits > MOST_SIZE_DIGITS) return CHUNK_BROKEN
            this.#size = this.#size * 16 + digit
          } else if (this.#digits === 0) return CHUNK_BROKEN
          else if (byte === CR) this.#state = SIZE_LF
          else if (byte === SEMICOLON) this.#state = EXT_NAME_START
          else return CHUNK_BROKEN
          at++
          break
        }
        case SIZE_LF:
          if (byte !== LF) return CHUNK_BROKEN
          at++
          this.#digits = 0
          this.#state = this.#size === 0 ? TRAILERS : DATA
          break
        case DATA: {
          const take = end - at < this.#size ? end - at : this.#size
          this.dataStart = at
          this.dataEnd = at + take
          this.position = at + take
          this.#size -= take
          if (this.#size === 0) this.#state = DATA_CR
          return CHUNK_DATA
        }
        case DATA_CR:
          if (byte !== CR) return CHUNK_BROKEN
          at++
          this.#state = DATA_LF
          break
        case DATA_LF:
          if (byte !== LF) return CHUNK_BROKEN
          at++
          this.#state = SIZE
          break
        case TRAILERS:
          return this.#readTrailers(bytes, at, end)
        default:
          if (--this.#extensionBytesLeft < 0 || !this.#extension(byte)) return CHUNK_BROKEN
          at++
      }
    }
    this.position = at
    return CHUNK_MORE
  }

  #extension(byte: number): boolean {
    const token = tokenLower[byte] !== 0
    switch (this.#state) {
      case EXT_NAME_START:
        this.#state = EXT_NAME
        return token
      case EXT_NAME:
        if (token) return true
        if (byte === EQUALS) this.#state = EXT_VALUE_START
        else return this.#extensionEnd(byte)
        return true
      case EXT_VALUE_START:
        this.#state = byte === QUOTE ? EXT_QUOTED : EXT_VALUE
        return token || byte === QUOTE
      case EXT_VALUE:
        return token || this.#extensionEnd(byte)
      case EXT_QUOTED:
        // No quoted pairs: nobody needs them here, and an escaped quote is one more thing to read in two ways.
        if (byte === QUOTE) this.#state = EXT_QUOTED_END
        return byte === 9 || (byte >= 0x20 && byte < 0x7f && byte !== BACKSLASH)
      default:
        return this.#extensionEnd(byte)
    }
  }

  #extensionEnd(byte: number): boolean {
    if (byte === CR) this.#state = SIZE_LF
    else if (byte === SEMICOLON) this.#state = EXT_NAME_START
    else return false
    return true
  }

  #readTrailers(bytes: Buffer, at: number, end: number): number {
    // Nearly always there are none and the empty line is here whole.
    if (this.#trailerLength === 0 && bytes[at] === CR && at + 1 < end) {
      if (bytes[at + 1] !== LF) return CHUNK_BROKEN
      this.position = at + 2
      return CHUNK_END
    }
    const before = this.#trailerLength
    const room = this.#trailerBytes - before
    const take = end - at < room ? end - at : room
    const section = (this.#trailerSection ??= Buffer.allocUnsafe(this.#trailerBytes))
    bytes.copy(section, before, at, at + take)
    this.#trailerLength = before + take
    const after = scanFieldLines(section, 0, this.#trailerLength, this.#trailerFields)
    if (after === NEED_MORE && take < room) {
      this.position = at + take
      return CHUNK_MORE
    }
    if (after < 0) return CHUNK_BROKEN
    this.position = at + after - before
    const text = section.toString('latin1', 0, after)
    const kept: string[] = []
    for (let i = 0; i < scan.fields; i++) {
      const name = fieldName(i, text, 0)
      if (breaksTrailers.has(name)) return CHUNK_BROKEN
      if (!neverInTrailers.has(name)) kept.push(name, text.slice(fieldValueStart[i], fieldValueEnd[i]))
    }
    this.trailers = kept.length === 0 ? null : kept
    this.#trailerSection = null
    return CHUNK_END
  }
}

/** 2^32 - 1 bytes in one chunk; more digits only help to overflow somebody's integer. */
const MOST_SIZE_DIGITS = 8
const SIZE = 0
const SIZE_LF = 1
const DATA = 2
const DATA_CR = 3
const DATA_LF = 4
const TRAILERS = 5
const EXT_NAME_START = 6
const EXT_NAME = 7
const EXT_VALUE_START = 8
const EXT_VALUE = 9
const EXT_QUOTED = 10
const EXT_QUOTED_END = 11

const CR = 13
const LF = 10
const SEMICOLON = 59
const EQUALS = 61
const QUOTE = 34
const BACKSLASH = 92

const hexDigit = new Uint8Array(256).fill(255)
for (let i = 0; i < 10; i++) hexDigit[48 + i] = i
for (let i = 0; i < 6; i++) hexDigit[65 + i] = hexDigit[97 + i] = 10 + i

/**
 * Fields that steer framing, routing, authentication, caching or how the content is read, and so may not come after it
 * (RFC 9110 section 6.5.1). They are dropped, not refused, because a trailer is optional information.
 */
export const neverInTrailers: ReadonlySet<string> = new Set([
  'age', 'authorization', 'cache-control', 'connection', 'content-encoding', 'content-length', 'content-location', 'content-range', 'content-type', 'cookie',
  'date', 'expect', 'expires', 'forwarded', 'host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'keep-alive',
  'location', 'max-forwards', 'pragma', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'range', 'retry-after', 'set-cookie', 'te',
  'trailer', 'transfer-encoding', 'upgrade', 'vary', 'via', 'warning', 'www-authenticate', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto',
  'x-real-ip',
])

/** Fields that frame messages or steer the connection break the body: some parsers obey them even here (llhttp does), and nobody else sends them here. */
const breaksTrailers: ReadonlySet<string> = new Set(['connection', 'content-length', 'proxy-connection', 'transfer-encoding', 'upgrade'])
