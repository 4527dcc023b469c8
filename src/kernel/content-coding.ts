/** The content codings of HTTP (RFC 9110 section 8.4.1), undone with a bound: a few bytes must not become a gigabyte. */
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'

/** Content without its coding; null when the coding is unknown, broken, or more than `maxBytes` would come out. */
export function decodeContent(body: Uint8Array, coding: string, maxBytes: number): Uint8Array | null {
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
