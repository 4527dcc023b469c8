/** The small half of HTTP the console needs: strict headers on every answer, bodies with a bound, JSON that is an object. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ConsoleRefusal, type ConsoleRefusalCode, LONGEST_CONSOLE_BODY_BYTES } from '../../contract/console.ts'

const BODY_WITHIN_MS = 10_000
/** Everything is a file of ours; nothing is ever loaded from anywhere else. */
export const CONSOLE_POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export class HttpRefusal extends Error {
  readonly status: number
  readonly refusal: ConsoleRefusal

  constructor(status: number, code: ConsoleRefusalCode, sentence: string, retryAfterSeconds?: number) {
    super(sentence)
    this.status = status
    this.refusal = { code, sentence, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
  }
}

export function setStrictHeaders(response: ServerResponse, secure: boolean): void {
  response.setHeader('content-security-policy', CONSOLE_POLICY)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('x-frame-options', 'DENY')
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()')
  response.setHeader('cache-control', 'no-store')
  if (secure) response.setHeader('strict-transport-security', 'max-age=31536000')
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const bytes = Buffer.from(JSON.stringify(value))
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length }).end(bytes)
}

export function sendRefusal(response: ServerResponse, refused: HttpRefusal): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  if (refused.refusal.retryAfterSeconds !== undefined) response.setHeader('retry-after', String(refused.refusal.retryAfterSeconds))
  // A body that was not read to its end must not be taken for the next request.
  if (refused.status === 413 || refused.status === 408) response.setHeader('connection', 'close')
  sendJson(response, refused.status, refused.refusal)
}

export type Fields = Readonly<Record<string, unknown>>

/** The fields of a JSON object. @throws HttpRefusal. */
export async function readFields(request: IncomingMessage): Promise<Fields> {
  if (!/^application\/json(\s*;.*)?$/i.test(request.headers['content-type'] ?? '')) throw new HttpRefusal(415, 'bad-request', 'a change is sent as application/json')
  if (Number(request.headers['content-length'] ?? 0) > LONGEST_CONSOLE_BODY_BYTES) throw tooLong()
  const parts: Buffer[] = []
  let bytes = 0
  const timer = setTimeout(() => request.destroy(), BODY_WITHIN_MS)
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > LONGEST_CONSOLE_BODY_BYTES) throw tooLong()
      parts.push(part)
    }
  } catch (error) {
    if (error instanceof HttpRefusal) throw error
    throw new HttpRefusal(408, 'bad-request', 'the body did not come whole')
  } finally {
    clearTimeout(timer)
  }
  let raw: unknown
  try {
    raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)))
  } catch {
    throw new HttpRefusal(400, 'bad-request', 'the body is not JSON')
  }
  if (!isFields(raw)) throw new HttpRefusal(400, 'bad-request', 'the body must be one JSON object')
  return raw
}

function tooLong(): HttpRefusal {
  return new HttpRefusal(413, 'too-long', `a body has at most ${LONGEST_CONSOLE_BODY_BYTES} bytes`)
}

export function isFields(raw: unknown): raw is Fields {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw)
}

/** @throws HttpRefusal when it is no text, or longer. */
export function textField(fields: Fields, name: string, most: number): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (typeof value !== 'string' || value.length === 0) throw new HttpRefusal(400, 'bad-request', `${name} must be text`)
  if (value.length > most) throw new HttpRefusal(400, 'bad-request', `${name} has ${value.length} characters; at most ${most}`)
  return value
}

/** @throws HttpRefusal. */
export function numberParameter(query: URLSearchParams, name: string, otherwise: number | null): number {
  const text = query.get(name)
  if (text === null && otherwise !== null) return otherwise
  const value = text === null || !/^\d{1,15}$/.test(text) ? Number.NaN : Number(text)
  if (Number.isNaN(value)) throw new HttpRefusal(400, 'bad-request', `${name} must be a whole number`)
  return value
}

export function cookieOf(request: IncomingMessage, name: string): string {
  for (const part of (request.headers.cookie ?? '').slice(0, 8_192).split(';')) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return ''
}
