import type { Reason } from '../../../contract/reason.ts'
import type { HeaderList } from '../../../kernel/header-list.ts'
import {
  BAD_LINE, MAX_FIELDS, TOO_MANY_FIELDS, fieldName, fieldNameId, fieldValueEnd, fieldValueStart, scan, scanFieldLines, tokenLower,
} from './field-lines.ts'
import { readHost } from './host-syntax.ts'
import {
  LAST_SPECIAL_NAME, NAME_CONNECTION, NAME_CONTENT_LENGTH, NAME_EXPECT, NAME_HOST, NAME_PROXY_CONNECTION, NAME_TE, NAME_TRANSFER_ENCODING, NAME_UPGRADE,
} from './known-names.ts'
import { LONGEST_METHOD, methods } from './methods.ts'

/**
 * The head of an HTTP/1 request, read strictly: what two parsers could read differently is refused, never mended.
 * Why: request smuggling lives on such differences. It reads strictly left to right, so the verdict on a head does not depend on its packets.
 * It must never accept what llhttp in strict mode rejects, nor frame a message differently (test/fuzz).
 * Source: RFC 9112 sections 2 to 6, RFC 9110 sections 5 to 10.
 */
export interface HeadLimits {
  readonly requestLineBytes: number
  readonly headBytes: number
  readonly headerFields: number
}

export const HEAD_INCOMPLETE = 0
export const HEAD_COMPLETE = 1
export const HEAD_REFUSED = 2

/** The result of one parse; reused, so read it before the next. Text fields may keep the whole head alive: copy what is kept for long. */
export class RequestHead {
  /** Offset after the empty line. */
  end = 0
  method = ''
  target = ''
  /** 10 or 11. */
  version = 11
  headers: HeaderList = NO_FIELDS
  host = ''
  /** Content-Length, or -1 when there is none. */
  contentLength = -1
  chunked = false
  keepAlive = true
  /** The Upgrade field when Connection names it, else ''. */
  upgrade = ''
  expectContinue = false
  /** The visitor says it can read trailers (`TE: trailers`). */
  takesTrailers = false
  /** Why and with what status, after HEAD_REFUSED. */
  reason: Reason = 'bad-request'
  status = 400

  /**
   * Parses the head at bytes[start, end). HEAD_INCOMPLETE: call again with more bytes and the same start; nothing was kept.
   * After HEAD_REFUSED the rest of the connection cannot be trusted and must be closed.
   */
  parse(bytes: Buffer, start: number, end: number, limits: HeadLimits): number {
    const headLimit = start + limits.headBytes
    const limit = end < headLimit ? end : headLimit
    let at = start

    // RFC 9112 section 2.2: one empty line before the request line is forgiven.
    if (at < limit && bytes[at] === CR) {
      if (at + 1 < limit && bytes[at + 1] !== LF) return this.#refuse('bad-request', 400)
      at += 2
    }
    const lineStart = at
    const lineLimit = lineStart + limits.requestLineBytes
    const lineEnd = limit < lineLimit ? limit : lineLimit
    if (at >= lineEnd) return this.#incomplete(limit, headLimit, lineEnd, lineLimit)

    const first = bytes[at]
    if (first === 71 && at + 3 < lineEnd && bytes[at + 1] === 69 && bytes[at + 2] === 84 && bytes[at + 3] === SP) {
      this.method = 'GET'
      at += 4
    } else {
      const most = at + LONGEST_METHOD + 1
      while (at < lineEnd && at < most && tokenLower[bytes[at]] !== 0) at++
      if (at === lineEnd && at < most) return this.#incomplete(limit, headLimit, lineEnd, lineLimit)
      if (at === most) return this.#refuse('method-not-allowed', 501)
      if (bytes[at] !== SP || at === lineStart) return this.#refuse('bad-request', 400)
      const text = bytes.toString('latin1', lineStart, at)
      const method = methods.get(text)
      if (method === undefined) return this.#refuse('method-not-allowed', text === 'CONNECT' || text === 'TRACE' ? 405 : 501)
      this.method = method
      at++
    }

    const targetStart = at
    while (at < lineEnd && targetByte[bytes[at]] === 1) at++
    if (at >= lineEnd) return this.#incomplete(limit, headLimit, lineEnd, lineLimit)
    if (bytes[at] !== SP || at === targetStart) return this.#refuse('bad-request', 400)
    const targetEnd = at
    at++

    // "HTTP/x.y" CR LF; every byte that is here must fit, the last two fields may still be on their way.
    for (let i = 0; i < 10; i++, at++) {
      if (at >= lineEnd) return this.#incomplete(limit, headLimit, lineEnd, lineLimit)
      const byte = bytes[at]
      const fits = i === 5 || i === 7 ? byte >= 48 && byte <= 57 : byte === versionForm[i]
      if (!fits) return this.#refuse('bad-request', 400)
    }
    const major = bytes[at - 5]
    const minor = bytes[at - 3]
    if (major !== 49 || minor > 49) return this.#refuse('version-not-supported', 505)
    this.version = minor === 49 ? 11 : 10

    const most = limits.headerFields < MAX_FIELDS ? limits.headerFields : MAX_FIELDS
    const after = scanFieldLines(bytes, at, limit, most)
    if (after < 0) {
      if (after === BAD_LINE) return this.#refuse('bad-request', 400)
      if (after === TOO_MANY_FIELDS || limit === headLimit) return this.#refuse('header-too-large', 431)
      return HEAD_INCOMPLETE
    }
    this.end = after
    const text = bytes.toString('latin1', lineStart, after)
    this.target = text.slice(targetStart - lineStart, targetEnd - lineStart)
    return this.#fields(text, lineStart)
  }

  /** The bytes ran out: more may come, unless a limit is what stopped us. */
  #incomplete(limit: number, headLimit: number, lineEnd: number, lineLimit: number): number {
    if (lineEnd === lineLimit) return this.#refuse('uri-too-long', 414)
    if (limit === headLimit) return this.#refuse('header-too-large', 431)
    return HEAD_INCOMPLETE
  }

  #refuse(reason: Reason, status: number): number {
    this.reason = reason
    this.status = status
    return HEAD_REFUSED
  }

  #fields(text: string, base: number): number {
    const headers: string[] = []
    let host: string | null = null
    let hostAt = -1
    let codings = 0
    let close = false
    let keep = false
    let upgrades = false
    let expects = false
    this.contentLength = -1
    this.chunked = false
    this.upgrade = ''
    this.takesTrailers = false

    for (let i = 0; i < scan.fields; i++) {
      const value = text.slice(fieldValueStart[i] - base, fieldValueEnd[i] - base)
      headers.push(fieldName(i, text, base), value)
      const id = fieldNameId[i]
      if (id === 0 || id > LAST_SPECIAL_NAME) continue
      switch (id) {
        case NAME_HOST:
          if (hostAt !== -1) return this.#refuse('bad-request', 400)
          hostAt = headers.length - 1
          host = value === lastHostText ? lastHost : readAndRememberHost(value)
          if (host === null) return this.#refuse('bad-request', 400)
          break
        case NAME_CONTENT_LENGTH:
          if (this.contentLength !== -1) return this.#refuse('bad-request', 400)
          this.contentLength = readContentLength(value)
          if (this.contentLength === -1) return this.#refuse('bad-request', 400)
          break
        case NAME_TRANSFER_ENCODING:
          // White space after the coding: some parsers then do not see it as chunked (llhttp with a tab, for one).
          if (++codings > 1 || this.version === 10 || text.charCodeAt(fieldValueEnd[i] - base) !== CR) return this.#refuse('bad-request', 400)
          if (value !== 'chunked' && value.toLowerCase() !== 'chunked') return this.#refuse('bad-request', otherCodings.test(value) ? 501 : 400)
          this.chunked = true
          break
        case NAME_CONNECTION:
          if (value === 'keep-alive') keep = true
          else if (value === 'close') close = true
          else {
            const lower = value.toLowerCase()
            if (namesToken(lower, 'close')) close = true
            if (namesToken(lower, 'keep-alive')) keep = true
            if (namesToken(lower, 'upgrade')) upgrades = true
          }
          break
        case NAME_PROXY_CONNECTION:
          // No standard, but llhttp and some origins obey it; closing is what nobody can take for something else.
          if (namesToken(value.toLowerCase(), 'close') || namesToken(value.toLowerCase(), 'upgrade')) close = true
          break
        case NAME_EXPECT:
          if (value.toLowerCase() !== '100-continue') return this.#refuse('expectation-failed', 417)
          expects = true
          break
        case NAME_UPGRADE:
          this.upgrade = this.upgrade === '' ? value : `${this.upgrade}, ${value}`
          break
        case NAME_TE:
          if (namesToken(value.toLowerCase(), 'trailers')) this.takesTrailers = true
          break
      }
    }
    if (this.chunked && this.contentLength !== -1) return this.#refuse('bad-request', 400)
    if (this.version === 11) {
      if (host === null) return this.#refuse('bad-request', 400)
      this.keepAlive = !close
      if (!upgrades) this.upgrade = ''
      this.expectContinue = expects && (this.chunked || this.contentLength > 0)
    } else {
      // HTTP/1.0 knows no Upgrade (RFC 9110 section 7.8), but some parsers hand over the rest of the connection: nothing follows that could be read twice.
      this.keepAlive = keep && !close && !upgrades
      this.upgrade = ''
      this.takesTrailers = false
      this.expectContinue = false
    }
    this.host = host ?? ''
    this.headers = headers
    if (this.target.charCodeAt(0) === SLASH) return HEAD_COMPLETE
    return this.#otherForms(headers, hostAt)
  }

  /** Absolute-form is reduced to origin-form and its authority replaces Host (RFC 9112 section 3.2.2); asterisk-form only for OPTIONS. */
  #otherForms(headers: string[], hostAt: number): number {
    if (this.target === '*') return this.method === 'OPTIONS' ? HEAD_COMPLETE : this.#refuse('bad-request', 400)
    const parts = absoluteForm.exec(this.target)
    const host = parts === null ? null : readHost(parts[1])
    if (parts === null || host === null) return this.#refuse('bad-request', 400)
    const rest = parts[2]
    if (rest === '') this.target = this.method === 'OPTIONS' ? '*' : '/'
    else this.target = rest.charCodeAt(0) === SLASH ? rest : `/${rest}`
    this.host = host
    if (hostAt === -1) headers.push('host', parts[1])
    else headers[hostAt] = parts[1]
    return HEAD_COMPLETE
  }
}

const CR = 13
const LF = 10
const SP = 32
const SLASH = 47
const NO_FIELDS: HeaderList = Object.freeze([])
const versionForm = Uint8Array.from('HTTP/x.x\r\n', (c) => c.charCodeAt(0))

/** Visible ASCII except '#': a fragment never belongs on the wire, and bytes above 0x7F are read as UTF-8 by some and latin1 by others. */
const targetByte = new Uint8Array(256).fill(1, 0x21, 0x7f)
targetByte[0x23] = 0

const absoluteForm = /^https?:\/\/([^/?]*)(.*)$/i
/** Codings we do not undo (gzip, compress, deflate, names not yet invented), alone or before chunked: 501. Anything else in Transfer-Encoding is an attack: 400. */
const otherCodings = /^(?!chunked\b|identity\b)[a-z0-9-]+(?:, ?chunked)?$/i

let lastHostText = ''
let lastHost: string | null = null

/** Most requests of a worker name one of very few hosts: the last answer is kept. */
function readAndRememberHost(value: string): string | null {
  const host = readHost(value)
  if (host === null) return null
  // Rebuilt so that the memory of one head is not kept alive by it.
  lastHostText = Buffer.from(value, 'latin1').toString('latin1')
  lastHost = host === value ? lastHostText : host
  return lastHost
}

/** 1 to 15 digits and nothing else (RFC 9110 section 8.6), else -1. 15 digits are below 2^53. */
function readContentLength(value: string): number {
  const length = value.length
  if (length === 0 || length > 15) return -1
  let number = 0
  for (let i = 0; i < length; i++) {
    const digit = value.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number
}

/** True when the comma list `lower` holds `token` (RFC 9110 section 5.6.1), with or without parameters. */
export function namesToken(lower: string, token: string): boolean {
  for (let at = lower.indexOf(token); at !== -1; at = lower.indexOf(token, at + 1)) {
    let before = at - 1
    while (before >= 0 && isBlank(lower.charCodeAt(before))) before--
    let after = at + token.length
    while (after < lower.length && isBlank(lower.charCodeAt(after))) after++
    const opens = before < 0 || lower.charCodeAt(before) === 44
    const closes = after === lower.length || lower.charCodeAt(after) === 44 || lower.charCodeAt(after) === 59
    if (opens && closes) return true
  }
  return false
}

function isBlank(code: number): boolean {
  return code === SP || code === 9
}

