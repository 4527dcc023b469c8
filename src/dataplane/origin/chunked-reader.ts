/**
 * Chunked content, taken apart strictly as it arrives (RFC 9112 section 7.1). Holds no content: only the size line or trailer section in progress.
 * Refuses sizes without digits or above 2^48, bare LF, extensions or trailers beyond the limits.
 */
import { readTrailers } from './answer-head.ts'
import { faults } from './fault.ts'
import type { Fault } from './fault.ts'

/** One size line with its extensions. Node's own limit for all extensions together is 16 KiB; a sane origin sends none. */
const MAX_SIZE_LINE_BYTES = 1_024
/** 12 hexadecimal digits: 2^48 bytes. */
const MAX_SIZE_DIGITS = 12

const SIZE = 0
const EXTENSION = 1
const SIZE_LF = 2
const DATA = 3
const DATA_CR = 4
const DATA_LF = 5
const TRAILERS = 6
const DONE = 7

export interface ChunkedSink {
  onContent(chunk: Uint8Array): void
}

export class ChunkedReader {
  readonly #maxTrailerBytes: number
  #state = SIZE
  #left = 0
  #digits = 0
  #lineBytes = 0
  #trailer = ''
  trailers: string[] = []

  constructor(maxTrailerBytes: number) {
    this.#maxTrailerBytes = maxTrailerBytes
  }

  get done(): boolean {
    return this.#state === DONE
  }

  /**
   * Reads on. Content is handed over as views of `bytes`. Returns how many bytes belong to this message (all, unless it ended within), or what is wrong.
   * The sink may decide to end it all; then the rest is read for nothing, which does no harm.
   */
  read(bytes: Buffer, from: number, sink: ChunkedSink): number | Fault {
    let at = from
    while (at < bytes.length && this.#state !== DONE) {
      if (this.#state === DATA) {
        const take = Math.min(this.#left, bytes.length - at)
        sink.onContent(bytes.subarray(at, at + take))
        at += take
        this.#left -= take
        if (this.#left === 0) this.#state = DATA_CR
      } else if (this.#state === TRAILERS) {
        const taken = this.#readTrailers(bytes, at)
        if (typeof taken !== 'number') return taken
        at = taken
      } else {
        const fault = this.#readLine(bytes[at++])
        if (fault !== null) return fault
      }
    }
    return at
  }

  #readLine(byte: number): Fault | null {
    switch (this.#state) {
      case SIZE: {
        const value = hexValue(byte)
        if (value !== -1) {
          if (++this.#digits > MAX_SIZE_DIGITS) return faults.badChunk
          this.#left = this.#left * 16 + value
          return null
        }
        if (this.#digits === 0) return faults.badChunk
        if (byte === 0x0d) this.#state = SIZE_LF
        else if (byte === 0x3b || byte === 0x20 || byte === 0x09) this.#state = EXTENSION
        else return faults.badChunk
        return null
      }
      case EXTENSION:
        if (++this.#lineBytes > MAX_SIZE_LINE_BYTES) return faults.badChunk
        if (byte === 0x0d) this.#state = SIZE_LF
        else if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) return faults.badChunk
        return null
      case SIZE_LF:
        if (byte !== 0x0a) return faults.badChunk
        this.#state = this.#left === 0 ? TRAILERS : DATA
        this.#digits = this.#lineBytes = 0
        return null
      case DATA_CR:
        if (byte !== 0x0d) return faults.badChunk
        this.#state = DATA_LF
        return null
      default:
        if (byte !== 0x0a) return faults.badChunk
        this.#state = SIZE
        return null
    }
  }

  /** Collects until the empty line. Usually it is there at once. */
  #readTrailers(bytes: Buffer, at: number): number | Fault {
    if (this.#trailer === '' && bytes.length - at >= 2 && bytes[at] === 0x0d && bytes[at + 1] === 0x0a) {
      this.#state = DONE
      return at + 2
    }
    const before = this.#trailer.length
    this.#trailer += bytes.toString('latin1', at)
    if (this.#trailer.startsWith('\r\n')) {
      this.#state = DONE
      return at + 2 - before
    }
    const end = this.#trailer.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if ((end === -1 ? this.#trailer.length : end) > this.#maxTrailerBytes) return faults.headTooLarge
    if (end === -1) return bytes.length
    const fields = readTrailers(this.#trailer.slice(0, end))
    if (!Array.isArray(fields)) return fields
    this.trailers = fields
    this.#state = DONE
    return at + end + 4 - before
  }
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37
  return -1
}
