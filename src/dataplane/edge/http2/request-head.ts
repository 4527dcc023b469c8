/**
 * Turns the header fields of an HTTP/2 stream into what every step of Polder sees, or refuses them.
 * The request may be sent on as HTTP/1: a character that is harmless in a length-prefixed HTTP/2 field (CR, LF, a space in the path, a second
 * Host) would split or bend the HTTP/1 message. So everything is checked here again, whatever the protocol library checks.
 * It never repairs: what is not plainly right is refused.
 * Sources: RFC 9113 sections 8.2, 8.3, 10.3; RFC 9110 section 5.5; J. Kettle, "HTTP/2: The Sequel is Always Worse" (downgrade smuggling).
 */
import type { Reason } from '../../../contract/reason.ts'
import { readHost } from '../http1/host-syntax.ts'
import { methods } from '../http1/methods.ts'

const fieldName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
// Visible, space, tab and obs-text; no CR, LF, NUL or other controls; no white space at the ends (RFC 9113 section 8.2.1)
const fieldValue = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/
const pathForm = /^\/[\x21\x22\x24-\x7e]*$/
const digits = /^[0-9]{1,15}$/

const CONNECTION_FIELDS: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings'])
const NEVER_IN_TRAILERS: ReadonlySet<string> = new Set([...CONNECTION_FIELDS, 'content-length', 'host', 'te', 'trailer', 'content-encoding', 'content-type', 'content-range', 'authorization', 'cookie', 'expect', 'cache-control'])

/** The fields that frame a connection, not a message: they have no meaning in HTTP/2 in either direction. */
export function isConnectionField(name: string): boolean {
  return CONNECTION_FIELDS.has(name)
}

export interface HeadLimits {
  readonly requestLineBytes: number
  readonly headBytes: number
  readonly headerFields: number
}

/** Reads one header section at a time; the fields hold what the last successful `read` found. */
export class RequestHead {
  method = ''
  target = ''
  host = ''
  headers: string[] = []
  /** -1 when not said. */
  contentLength = -1
  expectsContinue = false
  /** Size as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113 section 6.5.2), of refused ones too; never less than HPACK needs on the wire. */
  fieldBytes = 0

  /** `raw`: name, value, … in order of arrival, pseudo fields first. Null when it is a good request, else why not. */
  read(raw: readonly string[], scheme: 'http' | 'https', limits: HeadLimits): Reason | null {
    let method: string | undefined
    let path: string | undefined
    let host: string | null = null
    let seenScheme: string | undefined
    let bytes = 0
    for (let at = 0; at < raw.length; at += 2) bytes += raw[at]!.length + raw[at + 1]!.length + 32
    this.fieldBytes = bytes
    if (bytes > limits.headBytes || raw.length / 2 > limits.headerFields + 4) return 'header-too-large'
    let i = 0
    for (; i < raw.length && raw[i]!.charCodeAt(0) === 58; i += 2) {
      const value = raw[i + 1]!
      switch (raw[i]) {
        case ':method':
          if (method !== undefined) return 'bad-request'
          method = value
          break
        case ':path':
          if (path !== undefined) return 'bad-request'
          path = value
          break
        case ':authority':
          if (host !== null) return 'bad-request'
          host = readHost(value)
          if (host === null) return 'bad-request'
          break
        case ':scheme':
          if (seenScheme !== undefined || value !== scheme) return 'bad-request'
          seenScheme = value
          break
        default:
          return 'bad-request'
      }
    }
    if (method === undefined) return 'bad-request'
    const known = methods.get(method)
    if (known === undefined) return 'method-not-allowed'
    if (path === undefined || seenScheme === undefined) return 'bad-request'
    if (!pathForm.test(path) && !(path === '*' && known === 'OPTIONS')) return 'bad-request'

    if (path.length > limits.requestLineBytes) return 'uri-too-long'

    const headers: string[] = host === null ? [] : ['host', host]
    let cookieAt = -1
    this.contentLength = -1
    this.expectsContinue = false
    for (; i < raw.length; i += 2) {
      const name = raw[i]!
      const value = raw[i + 1]!
      if (!fieldName.test(name) || !fieldValue.test(value)) return 'bad-request'
      switch (name) {
        case 'host':
          if (host === null) {
            host = readHost(value)
            if (host === null) return 'bad-request'
            break
          }
          if (readHost(value) !== host || hostRepeated(raw)) return 'bad-request'
          continue
        case 'content-length':
          if (this.contentLength !== -1 || !digits.test(value)) return 'bad-request'
          this.contentLength = Number(value)
          break
        case 'te':
          if (value !== 'trailers') return 'bad-request'
          break
        case 'expect':
          if (value.toLowerCase() !== '100-continue') return 'expectation-failed'
          this.expectsContinue = true
          break
        case 'cookie':
          // Crumbs (RFC 9113 section 8.2.3) are one field for everybody behind us
          if (cookieAt !== -1) {
            headers[cookieAt] = `${headers[cookieAt]}; ${value}`
            continue
          }
          cookieAt = headers.length + 1
          break
        default:
          if (CONNECTION_FIELDS.has(name)) return 'bad-request'
      }
      headers.push(name, value)
    }
    if (host === null) return 'bad-request'
    this.method = known
    this.target = path
    this.host = host
    this.headers = headers
    return null
  }
}

function hostRepeated(raw: readonly string[]): boolean {
  let count = 0
  for (let i = 0; i < raw.length; i += 2) if (raw[i] === 'host') count++
  return count > 1
}

/** Checks a trailer section; null when it must be refused. */
export function readTrailers(raw: readonly string[]): string[] | null {
  const trailers: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    const value = raw[i + 1]!
    if (!fieldName.test(name) || !fieldValue.test(value) || NEVER_IN_TRAILERS.has(name)) return null
    trailers.push(name, value)
  }
  return trailers
}
