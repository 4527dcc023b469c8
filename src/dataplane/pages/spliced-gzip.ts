/**
 * A gzip stream (RFC 1952) out of parts compressed beforehand and a few bytes that differ each time, which travel uncompressed (RFC 1951, stored blocks).
 * A challenge page is then one copy and one checksum instead of one compression: 3 µs instead of 63 in a flood. Where the part between is long and repeats
 * itself (a kept form and its list of languages) it may be compressed as well.
 */
import { constants, crc32, deflateRawSync } from 'node:zlib'

const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
const MOST_STORED = 0xffff

export class SplicedPage {
  readonly #before: Buffer
  readonly #after: Buffer
  readonly #beforeRaw: Buffer
  readonly #afterRaw: Buffer
  readonly #beforeCrc: number

  constructor(before: string, after: string) {
    this.#before = Buffer.from(before)
    this.#after = Buffer.from(after)
    // A sync flush ends on a whole byte and leaves the stream open.
    this.#beforeRaw = Buffer.concat([HEADER, deflateRawSync(this.#before, { level: 9, finishFlush: constants.Z_SYNC_FLUSH })])
    this.#afterRaw = deflateRawSync(this.#after, { level: 9 })
    this.#beforeCrc = crc32(this.#before)
  }

  /** The page with `middle` between its parts. */
  plain(middle: string): Buffer {
    return Buffer.concat([this.#before, Buffer.from(middle), this.#after])
  }

  gzip(middle: string, compressed = false): Buffer {
    if (compressed) return this.#gzipCompressed(Buffer.from(middle))
    const bytes = Buffer.byteLength(middle)
    const blocks = Math.ceil(bytes / MOST_STORED)
    const out = Buffer.allocUnsafe(this.#beforeRaw.length + bytes + blocks * 5 + this.#afterRaw.length + 8)
    let at = this.#beforeRaw.copy(out)
    const text = blocks === 1 ? null : Buffer.from(middle)
    const middleAt = at + 5
    for (let from = 0; from < bytes; from += MOST_STORED) {
      const length = Math.min(MOST_STORED, bytes - from)
      out[at] = 0
      out.writeUInt16LE(length, at + 1)
      out.writeUInt16LE(~length & 0xffff, at + 3)
      at += 5
      at += text === null ? out.write(middle, at) : text.copy(out, at, from, from + length)
    }
    at += this.#afterRaw.copy(out, at)
    const crc = crc32(this.#after, crc32(text ?? out.subarray(middleAt, middleAt + bytes), this.#beforeCrc))
    out.writeUInt32LE(crc, at)
    out.writeUInt32LE((this.#before.length + bytes + this.#after.length) >>> 0, at + 4)
    return out
  }

  #gzipCompressed(middle: Buffer): Buffer {
    const crc = crc32(this.#after, crc32(middle, this.#beforeCrc))
    const end = Buffer.allocUnsafe(8)
    end.writeUInt32LE(crc, 0)
    end.writeUInt32LE((this.#before.length + middle.length + this.#after.length) >>> 0, 4)
    return Buffer.concat([this.#beforeRaw, deflateRawSync(middle, { level: 1, finishFlush: constants.Z_SYNC_FLUSH }), this.#afterRaw, end])
  }
}
