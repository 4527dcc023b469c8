/**
 * The head of an answer, read strictly (RFC 9112 sections 4 to 6).
 * Why strict: what two parsers read differently lets one visitor's answer end in another's (response splitting, desync).
 * Refuses rather than repairs: bare CR or LF, folded fields, blanks before the colon, forbidden characters, two lengths, length beside chunked, codings we cannot undo.
 */
import { combinedValue } from '../../kernel/header-list.ts'
import { faults } from './fault.ts'
import type { Fault } from './fault.ts'

/** How the content of an answer ends. */
type AnswerFraming = 'none' | 'length' | 'chunked' | 'close'

export interface AnswerHead {
  readonly status: number
  /** Lower-case names, latin1 values without outer blanks, in order, repeats kept. */
  readonly headers: string[]
  readonly framing: AnswerFraming
  /** For framing `length`. */
  readonly contentBytes: number
  /** The connection may carry another request after this answer. */
  readonly reusable: boolean
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/
/** Names seen before, as written → lower case: spares the check and the new string. Filled once, then fixed. */
const knownNames = new Map<string, string>()
const KNOWN_NAMES_MAX = 512

/**
 * @param text from the status line to before the empty line, latin1, without the final CRLF CRLF
 * @param method of the request: an answer to HEAD has no content
 */
export function readAnswerHead(text: string, method: string): AnswerHead | Fault {
  let lineEnd = text.indexOf('\r\n')
  if (lineEnd === -1) lineEnd = text.length
  // HTTP/1.x SP 3DIGIT [SP reason]
  if (!text.startsWith('HTTP/1.') || text.charCodeAt(8) !== 0x20 || (lineEnd > 12 && text.charCodeAt(12) !== 0x20)) return faults.badSyntax
  const minor = text.charCodeAt(7) - 0x30
  if (minor !== 0 && minor !== 1) return faults.badSyntax
  const status = digit(text, 9) * 100 + digit(text, 10) * 10 + digit(text, 11)
  // Also catches what is no digit: NaN fails both comparisons.
  if (!(status >= 100 && status <= 599) || lineEnd < 12) return status >= 0 ? faults.badStatus : faults.badSyntax
  if (FORBIDDEN.test(text.slice(12, lineEnd))) return faults.badField

  const headers: string[] = []
  let contentBytes = -1
  let chunked = false
  let connection = ''
  for (let at = lineEnd + 2; at < text.length; at = lineEnd + 2) {
    lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) lineEnd = text.length
    const colon = text.indexOf(':', at)
    if (colon === -1 || colon >= lineEnd) return faults.badSyntax
    const name = fieldName(text.slice(at, colon))
    if (name === null) return faults.badSyntax
    const value = fieldValue(text, colon + 1, lineEnd)
    if (value === null) return faults.badField
    headers.push(name, value)
    if (name === 'content-length') {
      // At most 15 digits: exact as a number.
      if (contentBytes !== -1 || value.length > 15 || !isDecimal(value)) return faults.badLength
      contentBytes = Number(value)
    } else if (name === 'transfer-encoding') {
      if (chunked || minor === 0 || value.toLowerCase() !== 'chunked') return faults.badCoding
      chunked = true
    } else if (name === 'connection') connection = connection === '' ? value.toLowerCase() : `${connection},${value.toLowerCase()}`
  }
  if (chunked && contentBytes !== -1) return faults.badLength

  let reusable = minor === 1
  if (connection !== '') {
    if (hasToken(connection, 'close')) reusable = false
    else if (minor === 0) reusable = hasToken(connection, 'keep-alive')
  }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) {
    // Content announced where none may be: it may come all the same, and must not be read as the next answer.
    if (status === 204 && (contentBytes > 0 || chunked)) reusable = false
    return { status, headers, framing: 'none', contentBytes: 0, reusable }
  }
  if (chunked) return { status, headers, framing: 'chunked', contentBytes: -1, reusable }
  if (contentBytes !== -1) return { status, headers, framing: contentBytes === 0 ? 'none' : 'length', contentBytes, reusable }
  return { status, headers, framing: 'close', contentBytes: -1, reusable: false }
}

/** Trailer fields: lines each ended by CRLF, without the final empty line. */
export function readTrailers(text: string): string[] | Fault {
  const fields: string[] = []
  for (let at = 0; at < text.length; ) {
    let lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) lineEnd = text.length
    const colon = text.indexOf(':', at)
    if (colon === -1 || colon >= lineEnd) return faults.badSyntax
    const name = fieldName(text.slice(at, colon))
    if (name === null) return faults.badSyntax
    const value = fieldValue(text, colon + 1, lineEnd)
    if (value === null) return faults.badField
    fields.push(name, value)
    at = lineEnd + 2
  }
  return fields
}

/** A 101 must name what was asked for (RFC 9110 section 7.8). */
export function agreesToSwitch(headers: readonly string[], protocol: string): boolean {
  const upgrade = combinedValue(headers, 'upgrade')
  const connection = combinedValue(headers, 'connection')
  return upgrade !== undefined && upgrade.toLowerCase() === protocol.toLowerCase() && connection !== undefined && /(^|[ \t,])upgrade($|[ \t,])/i.test(connection)
}

/** `Keep-Alive: timeout=5` in ms, 0 when there is none. */
export function keepAliveHint(headers: readonly string[]): number {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'keep-alive') continue
    const match = /timeout=(\d{1,6})/i.exec(headers[i + 1])
    return match === null ? 0 : Number(match[1]) * 1_000
  }
  return 0
}

function fieldName(written: string): string | null {
  const known = knownNames.get(written)
  if (known !== undefined) return known
  if (!TOKEN.test(written)) return null
  const name = written.toLowerCase()
  if (knownNames.size < KNOWN_NAMES_MAX && written.length <= 64) knownNames.set(written, name)
  return name
}

function fieldValue(text: string, from: number, to: number): string | null {
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  const value = text.slice(from, to)
  return FORBIDDEN.test(value) ? null : value
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 0x30
  return value >= 0 && value <= 9 ? value : Number.NaN
}

function isDecimal(value: string): boolean {
  if (value === '') return false
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code < 0x30 || code > 0x39) return false
  }
  return true
}

function hasToken(list: string, token: string): boolean {
  if (list === token) return true
  return list.split(',').some((part) => part.trim() === token)
}
