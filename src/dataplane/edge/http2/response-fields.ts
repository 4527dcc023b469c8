import type { Reason } from '../../../contract/reason.ts'
import type { WallMs } from '../../../kernel/clock.ts'
import type { HeaderList } from '../../../kernel/header-list.ts'
import { PreparedAnswer } from '../../request.ts'
import { isConnectionField } from './request-head.ts'

// What node:http2 would let through to break the field list apart, or what a reader downstream could
const unsafeValue = /[\0\r\n]/

/** True when an answer of this status never carries content, whatever is written (RFC 9110 sections 15.3.5 and 15.4.5). */
export function isContentless(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

/**
 * The field section of an answer as node:http2 takes it. `contentBytes` -1 when not known or when the given content-length must stand (HEAD, 304).
 */
export function responseFields(status: number, headers: HeaderList, contentBytes: number): string[] {
  const fields: string[] = [':status', String(status)]
  const dropLength = contentBytes >= 0 || status === 204
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    if ((dropLength && name === 'content-length') || isConnectionField(name) || unsafeValue.test(headers[i + 1]!)) continue
    fields.push(name, headers[i + 1]!)
  }
  if (contentBytes >= 0 && !isContentless(status)) fields.push('content-length', String(contentBytes))
  return fields
}

let dateSecond = -1
let date = ''

/** Fields of the edge's own short answers; a Date is required in them (RFC 9110 section 6.6.1). */
export function refusalFields(reason: Reason, now: WallMs): HeaderList {
  const second = Math.floor(now / 1_000)
  if (second !== dateSecond) {
    dateSecond = second
    date = new Date(second * 1_000).toUTCString()
  }
  return ['date', date, 'content-type', 'text/plain', 'polder-reason', reason]
}

const prepared = new WeakMap<PreparedAnswer, string[]>()

/** The same for an answer that is sent many times: made once. */
export function preparedFields(answer: PreparedAnswer): string[] {
  let fields = prepared.get(answer)
  if (fields === undefined) {
    fields = responseFields(answer.status, answer.headers, answer.body === null ? -1 : answer.body.length)
    prepared.set(answer, fields)
  }
  return fields
}

/** A trailer section or an informational answer as node:http2 takes it: an object; repeated names as a list. */
export function fieldObject(headers: HeaderList): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    const value = headers[i + 1]!
    if (isConnectionField(name) || name.charCodeAt(0) === 58 || unsafeValue.test(value)) continue
    const before = fields[name]
    if (before === undefined) fields[name] = value
    else if (typeof before === 'string') fields[name] = [before, value]
    else before.push(value)
  }
  return fields
}
