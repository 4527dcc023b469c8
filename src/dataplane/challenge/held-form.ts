/**
 * The fields of a form that was sent, so that the challenge page can send them again. Only what a page can send again unchanged is kept:
 * application/x-www-form-urlencoded in UTF-8, up to 64 KiB. Anything else is refused here (null), and the page says that it was not sent.
 */
import { firstValue } from '../../kernel/header-list.ts'
import type { Request } from '../request.ts'

export const MOST_HELD_BYTES = 65_536
const MOST_FIELDS = 500

export function canBeHeld(request: Request): boolean {
  const { body } = request
  if (body === null) return true
  if (body.declaredBytes < 0 || body.declaredBytes > MOST_HELD_BYTES) return false
  const type = (firstValue(request.headers, 'content-type') ?? '').toLowerCase()
  return /^application\/x-www-form-urlencoded(?:;\s*charset="?utf-8"?)?\s*$/.test(type) && firstValue(request.headers, 'content-encoding') === undefined
}

/** Name and value pairs in their order; null when they could not be sent again as they came. */
export function readFields(body: Uint8Array): ReadonlyArray<readonly [name: string, value: string]> | null {
  if (body.length === 0) return []
  const fields: Array<readonly [string, string]> = []
  for (const pair of Buffer.from(body).toString('latin1').split('&')) {
    if (pair === '') continue
    if (fields.length === MOST_FIELDS) return null
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1))
    // A browser fills a field of this name by itself, and drops nameless ones.
    if (name === null || value === null || name === '' || name === '_charset_') return null
    // A NUL cannot stand in a page, and a browser sends every line end as CR LF.
    if (/\0|\r(?!\n)|(?<!\r)\n/.test(name + value)) return null
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
