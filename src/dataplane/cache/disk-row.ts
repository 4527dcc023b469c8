import { createHash } from 'node:crypto'
import { hashText } from '../../kernel/hash.ts'
import { storedFlags } from './stored-response.ts'
import type { StoredResponse } from './stored-response.ts'

/** One row of the disk store. The checksum is over everything else, so a row is whole or it is nothing. */
export interface DiskRow {
  readonly key: string
  readonly varyKey: string
  readonly status: number
  readonly storedAt: number
  readonly meta: string
  readonly body: Uint8Array
  readonly checksum: Uint8Array
}

/** What is kept besides key, status and body. Validators and lifetime travel along; ids and epochs are this process's own. */
type Meta = Omit<StoredResponse, 'id' | 'key' | 'varyKey' | 'hash' | 'status' | 'body' | 'epoch' | 'lastModifiedMs'> & {
  readonly lastModifiedMs: number | null
}

export function encodeRow(response: StoredResponse): DiskRow {
  const { id: _id, key, varyKey, hash: _hash, status, body, epoch: _epoch, ...rest } = response
  const meta = JSON.stringify({ ...rest, lastModifiedMs: Number.isNaN(rest.lastModifiedMs) ? null : rest.lastModifiedMs } satisfies Meta)
  const storedAt = Math.round(response.storedAtWallMs)
  return { key, varyKey, status, storedAt, meta, body, checksum: checksumOf(key, varyKey, status, storedAt, meta, body) }
}

/** Null when the row is not what was written. The body lies on shared memory again. */
export function decodeRow(row: DiskRow, hashKey: number): StoredResponse | null {
  try {
    if (Buffer.compare(checksumOf(row.key, row.varyKey, row.status, row.storedAt, row.meta, row.body), row.checksum) !== 0) return null
    const meta = JSON.parse(row.meta) as Meta
    const body = new Uint8Array(new SharedArrayBuffer(row.body.length))
    body.set(row.body)
    return {
      ...meta,
      id: 0,
      key: row.key,
      varyKey: row.varyKey,
      hash: hashText(row.key, hashKey),
      status: row.status,
      body,
      epoch: 0,
      flags: meta.flags | storedFlags.disk,
      lastModifiedMs: meta.lastModifiedMs ?? NaN,
    }
  } catch {
    return null
  }
}

function checksumOf(key: string, varyKey: string, status: number, storedAt: number, meta: string, body: Uint8Array): Uint8Array {
  return createHash('sha256').update(`${key.length}\n${key}\n${varyKey.length}\n${varyKey}\n${status}\n${storedAt}\n${meta.length}\n${meta}`).update(body).digest()
}
