/**
 * The content of an answer as text and back, without ever changing a byte that is not ours: one character stands for one byte (latin1), so that a page in any
 * encoding that holds ASCII comes out as it went in. And the content codings of HTTP, undone with a bound.
 */
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { firstValue, type HeaderList } from '../kernel/header-list.ts'

export function bytesAsText(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
}

export function textAsBytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** An address taken from such a text: its bytes as UTF-8, which is what browsers make of nearly every page today. */
export function addressText(value: string): string {
  // oxlint-disable-next-line no-control-regex -- ASCII needs no second look
  if (/^[\u0000-\u007f]*$/.test(value) || /[^\u0000-\u00ff]/.test(value)) return value
  const text = Buffer.from(value, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? value : text
}

/** Media type in lower case, without parameters. */
export function mediaTypeOf(headers: HeaderList): string {
  return (firstValue(headers, 'content-type') ?? '').split(';')[0].trim().toLowerCase()
}

export function isHtml(mediaType: string): boolean {
  return mediaType === 'text/html' || mediaType === 'application/xhtml+xml'
}

/** Content without its coding; null when the coding is unknown, broken, or more than `maxBytes` would come out. */
export function decoded(body: Uint8Array, coding: string, maxBytes: number): Uint8Array | null {
  const options = { maxOutputLength: maxBytes }
  try {
    switch (coding.trim().toLowerCase()) {
      case '':
      case 'identity':
        return body
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(body, options)
      case 'br':
        return brotliDecompressSync(body, options)
      case 'zstd':
        return zstdDecompressSync(body, options)
      case 'deflate':
        return inflateSync(body, options)
      default:
        return null
    }
  } catch {
    return null
  }
}
