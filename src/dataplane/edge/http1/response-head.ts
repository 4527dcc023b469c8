import { STATUS_CODES } from 'node:http'
import type { HeaderList } from '../../../kernel/header-list.ts'

/**
 * Writes the head of an answer. The fields come from an origin that may be broken or taken over: a name or value that could end a line early
 * is left out, so that no answer can be split, and every field that frames the message is ours alone.
 * Source: RFC 9112 sections 4 to 6 and 11.1 (response splitting), RFC 9110 section 8.6.
 */

/** How the end of the content is told, for `writeHead`: a length of 0 or more, or one of these. */
export const FRAMED_BY_CHUNKS = -1
export const FRAMED_BY_CLOSE = -2
/** No content by definition (204, 1xx) and no length to tell. */
export const NO_CONTENT = -3
/** No content although the fields tell a length (HEAD, 304): a well-formed content-length is kept. */
export const LENGTH_AS_GIVEN = -4

export type ConnectionField = '' | 'connection: close\r\n' | 'connection: keep-alive\r\n' | 'connection: upgrade\r\n'

/** The head as latin1 text, empty line included. */
export function writeHead(status: number, headers: HeaderList, framing: number, connection: ConnectionField): string {
  let head = statusLine(status)
  let lengthGiven = false
  for (let i = 0; i < headers.length; i += 2) {
    const name = safeName(headers[i])
    const value = headers[i + 1]
    if (name === '' || unsafeValue.test(value)) continue
    if (framingNames.has(name)) {
      if (name === 'content-length') {
        if (framing !== LENGTH_AS_GIVEN || lengthGiven || !digits.test(value)) continue
        lengthGiven = true
      } else if (name !== 'upgrade' || status !== 101) continue
    }
    head += `${name}: ${value}\r\n`
  }
  if (framing >= 0) head += `content-length: ${framing}\r\n`
  else if (framing === FRAMED_BY_CHUNKS) head += 'transfer-encoding: chunked\r\n'
  return `${head}${connection}\r\n`
}

/** Trailer fields as they follow the last chunk, without the final empty line. */
export function writeTrailers(trailers: HeaderList, never: ReadonlySet<string>): string {
  let text = ''
  for (let i = 0; i < trailers.length; i += 2) {
    const name = safeName(trailers[i])
    if (name === '' || never.has(name) || unsafeValue.test(trailers[i + 1])) continue
    text += `${name}: ${trailers[i + 1]}\r\n`
  }
  return text
}

/** The name in lower case, or '' when it cannot be one. */
function safeName(name: string): string {
  if (goodNames.has(name)) return name
  if (unsafeName.test(name)) {
    const lower = name.toLowerCase()
    return unsafeName.test(lower) ? '' : lower
  }
  if (goodNames.size < GOOD_NAMES_MAX && name.length <= 64) goodNames.add(name)
  return name
}

/** Names that were looked at before; filled once, then fixed. */
const goodNames = new Set<string>()
const GOOD_NAMES_MAX = 512

function statusLine(status: number): string {
  const known = statusLines[status]
  if (known !== undefined) return known
  // Three digits or nothing: a status outside of that cannot be written without breaking the line's grammar.
  return status >= 100 && status <= 999 && Number.isInteger(status) ? `HTTP/1.1 ${status} \r\n` : 'HTTP/1.1 502 Bad Gateway\r\n'
}

const statusLines: string[] = []
for (let status = 100; status < 600; status++) {
  const phrase = STATUS_CODES[status]
  if (phrase !== undefined) statusLines[status] = `HTTP/1.1 ${status} ${phrase}\r\n`
}

/** Everything but a token in lower case. */
const unsafeName = /^$|[^!#$%&'*+\-.^_`|~0-9a-z]/
/** Everything but HTAB, SP, visible ASCII and obs-text; also what does not fit latin1 and would be cut down to another byte, a CR or LF maybe. */
const unsafeValue = /[^\t\x20-\x7e\x80-\xff]/
const digits = /^[0-9]{1,15}$/
const framingNames: ReadonlySet<string> = new Set(['connection', 'content-length', 'keep-alive', 'proxy-connection', 'trailer', 'transfer-encoding', 'upgrade'])
