/**
 * The fields of a form that was sent, so that the challenge page can send them again. Only what a page can send again unchanged is kept: urlencoded or
 * multipart without files, in UTF-8, up to 64 KiB. Anything else is refused here (null), and the page says that it was not sent.
 */
import { firstValue } from '../../kernel/header-list.ts'
import type { Request } from '../request.ts'
import { boundaryOf, readParts } from './held-multipart.ts'

export const MOST_HELD_BYTES = 65_536
const MOST_FIELDS = 500
const urlencodedForm = /^application\/x-www-form-urlencoded(?:;\s*charset="?utf-8"?)?\s*$/i

export interface HeldForm {
  readonly multipart: boolean
  /** Name and value pairs in their order; a value of null is a file field in which nothing was chosen. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string | null]>
}

export function canBeHeld(request: Request): boolean {
  const { body } = request
  if (body === null) return true
  if (body.declaredBytes < 0 || body.declaredBytes > MOST_HELD_BYTES) return false
  const type = typeOf(request)
  return (urlencodedForm.test(type) || boundaryOf(type) !== null) && firstValue(request.headers, 'content-encoding') === undefined
}

/** Null when it could not be sent again as it came. Only for a request of which canBeHeld. */
export function readForm(request: Request, body: Uint8Array): HeldForm | null {
  const boundary = boundaryOf(typeOf(request))
  const fields = boundary === null ? readUrlencoded(body) : readParts(body, boundary)
  return fields === null || !fields.every(goesOutUnchanged) ? null : { multipart: boundary !== null, fields }
}

function typeOf(request: Request): string {
  return firstValue(request.headers, 'content-type') ?? ''
}

function goesOutUnchanged([name, value]: readonly [string, string | null]): boolean {
  // A browser fills a field of this name by itself, and drops nameless ones. A NUL cannot stand in a page, and a browser sends every line end as CR LF.
  return name !== '' && name !== '_charset_' && !/\0|\r(?!\n)|(?<!\r)\n/.test(value === null ? name : name + value)
}

function readUrlencoded(body: Uint8Array): ReadonlyArray<readonly [name: string, value: string]> | null {
  const fields: Array<readonly [string, string]> = []
  for (const pair of Buffer.from(body).toString('latin1').split('&')) {
    if (pair === '') continue
    if (fields.length === MOST_FIELDS) return null
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1))
    if (name === null || value === null) return null
    fields.push([name, value])
  }
  return fields
}

/** Null for anything but ASCII and percent-encoded UTF-8. */
function decode(text: string): string | null {
  if (/[^ -~]/.test(text)) return null
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}
