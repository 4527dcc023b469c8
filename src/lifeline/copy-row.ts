import { createHash } from 'node:crypto'
import type { LifelineCopy } from '../contract/lifeline.ts'
import { withoutSessionIds } from './session-ids.ts'

/** One kept copy as a row; the checksum is over everything else, so that a torn or rotten row is nothing, never half a page. */
export interface CopyRow {
  readonly key: string
  readonly status: number
  readonly storedAt: number
  readonly headers: string
  readonly body: Uint8Array
  readonly checksum: Uint8Array
}

/** Fields that belong to the content. Everything else spoke of one answer, or of a cookie. */
const KEPT_FIELDS: ReadonlySet<string> = new Set([
  'content-type', 'content-language', 'content-disposition', 'location', 'last-modified', 'etag', 'content-security-policy', 'x-content-type-options', 'x-frame-options',
  'referrer-policy', 'permissions-policy', 'cross-origin-resource-policy', 'cross-origin-opener-policy', 'cross-origin-embedder-policy', 'access-control-allow-origin', 'link', 'x-robots-tag',
])

export function keptHeaders(headers: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i], headers[i + 1]]
    if (!KEPT_FIELDS.has(name) || (name === 'access-control-allow-origin' && value !== '*')) continue
    kept.push(name, name === 'location' ? withoutSessionIds(value) : value)
  }
  return kept
}

export function encodeCopy(copy: LifelineCopy): CopyRow {
  const headers = JSON.stringify(copy.headers)
  const storedAt = Math.round(copy.storedAtWallMs)
  return { key: copy.key, status: copy.status, storedAt, headers, body: copy.body, checksum: checksumOf(copy.key, copy.status, storedAt, headers, copy.body) }
}

/** Null when the row is not what was written. */
export function decodeCopy(row: CopyRow): LifelineCopy | null {
  try {
    if (Buffer.compare(checksumOf(row.key, row.status, row.storedAt, row.headers, row.body), row.checksum) !== 0) return null
    return { key: row.key, status: row.status, storedAtWallMs: row.storedAt, headers: JSON.parse(row.headers) as string[], body: row.body }
  } catch {
    return null
  }
}

function checksumOf(key: string, status: number, storedAt: number, headers: string, body: Uint8Array): Uint8Array {
  return createHash('sha256').update(`${key.length}\n${key}\n${status}\n${storedAt}\n${headers.length}\n${headers}`).update(body).digest()
}
