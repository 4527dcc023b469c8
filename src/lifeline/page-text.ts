/**
 * The content of an answer as text and back, without ever changing a byte that is not ours: one character stands for one byte (latin1), so that a page in any
 * encoding that holds ASCII comes out as it went in.
 */
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
