/**
 * The fields of a form sent as multipart/form-data (RFC 7578, in the shape that browsers write: WHATWG HTML, "multipart form data"), so that the challenge
 * page can send them again. A page cannot send a file again without a script: a form with a file in it is refused here (null), and the page says that it was
 * not sent. A file field in which nothing was chosen is no file: browsers send it with an empty name, and the page has the same empty field.
 * Strict, because what is kept must be what the site would have read: anything that no browser writes (nested parts, further fields, other charsets,
 * text before or after) is refused. One pass; never throws.
 */

/** RFC 2046 5.1.1: 1 to 70 of these characters, no space at the end; browsers write them bare. */
const typeForm = /^multipart\/form-data;\s*boundary=(?:"([0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-])"|([0-9A-Za-z'+_.-]{1,70}))\s*$/i
/** A quote, CR and LF in a name travel as %22, %0D and %0A, and a browser does not decode them: such names go out as they came in. */
const headForm = /^content-disposition: form-data; name="([^"\r\n\0]+)"(; filename=""\r\ncontent-type: application\/octet-stream)?$/i
const MOST_HEAD_BYTES = 1_024
const MOST_FIELDS = 500
const CR_LF = 0x0d0a
const DASHES = 0x2d2d
const HEAD_END = Buffer.from('\r\n\r\n')
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Null for any other type. */
export function boundaryOf(contentType: string): string | null {
  const found = typeForm.exec(contentType)
  return found === null ? null : (found[1] ?? found[2])
}

/** Names and values in their order, null for a file field without a file; null in place of all when they could not be sent again as they came. */
export function readParts(body: Uint8Array, boundary: string): ReadonlyArray<readonly [name: string, value: string | null]> | null {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  if (!bytes.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))) return null
  const fields: Array<readonly [string, string | null]> = []
  let at = delimiter.length - 2
  while (at + 2 <= bytes.length) {
    const next = bytes.readUInt16BE(at)
    at += 2
    if (next === DASHES) return at === bytes.length || (at + 2 === bytes.length && bytes.readUInt16BE(at) === CR_LF) ? fields : null
    if (next !== CR_LF || fields.length === MOST_FIELDS) return null
    const headEnd = bytes.indexOf(HEAD_END, at)
    if (headEnd === -1 || headEnd - at > MOST_HEAD_BYTES) return null
    const head = headForm.exec(decode(bytes.subarray(at, headEnd)) ?? '')
    const from = headEnd + HEAD_END.length
    at = bytes.indexOf(delimiter, from)
    if (head === null || at === -1) return null
    const value = decode(bytes.subarray(from, at))
    if (value === null || (head[2] !== undefined && value !== '')) return null
    fields.push([head[1], head[2] === undefined ? value : null])
    at += delimiter.length
  }
  return null
}

/** Null for anything but UTF-8. */
function decode(bytes: Uint8Array): string | null {
  try {
    return text.decode(bytes)
  } catch {
    return null
  }
}
