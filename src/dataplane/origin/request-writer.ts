import type { HeaderList } from '../../kernel/header-list.ts'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Request targets: visible ASCII and bytes above 127, no blank and no control character. */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/
const goodNames = new Set<string>()
const GOOD_NAMES_MAX = 512

/**
 * The head of a request as it goes on the wire (to be written as latin1), or null when a part of it could break the framing:
 * the edge has checked before, but this is the last place where a CR, LF or a character above 255 can be stopped.
 * @param framing lines that end in CRLF: content-length, transfer-encoding, connection; '' for none
 */
export function requestHead(method: string, target: string, headers: HeaderList, framing: string): string | null {
  if (!isName(method) || !TARGET.test(target)) return null
  let head = `${method} ${target} HTTP/1.1\r\n`
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1]
    if (!isName(headers[i]) || FORBIDDEN.test(value)) return null
    head += `${headers[i]}: ${value}\r\n`
  }
  return `${head}${framing}\r\n`
}

/** Trailer section and end of a chunked content. Fields that cannot be written are left out. */
export function lastChunk(trailers: HeaderList | null): string {
  let end = '0\r\n'
  if (trailers !== null) {
    for (let i = 0; i < trailers.length; i += 2) {
      if (isName(trailers[i]) && !FORBIDDEN.test(trailers[i + 1])) end += `${trailers[i]}: ${trailers[i + 1]}\r\n`
    }
  }
  return `${end}\r\n`
}

function isName(name: string): boolean {
  if (goodNames.has(name)) return true
  if (!TOKEN.test(name)) return false
  if (goodNames.size < GOOD_NAMES_MAX && name.length <= 64) goodNames.add(name)
  return true
}
