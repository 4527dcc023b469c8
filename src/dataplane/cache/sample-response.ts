import { storedFlags } from './stored-response.ts'
import type { StoredResponse } from './stored-response.ts'

/** For tests: a stored public page. */
export function sampleResponse(key: string, text: string, changes: Partial<StoredResponse> = {}): StoredResponse {
  const bytes = Buffer.from(text, 'latin1')
  const body = new Uint8Array(new SharedArrayBuffer(bytes.length))
  body.set(bytes)
  return {
    id: 1, key, hash: 0, status: 200, headers: ['content-type', 'text/html', 'date', 'Tue, 14 Nov 2023 22:13:20 GMT', 'content-length', String(body.length)], body,
    accountedBytes: body.length + 1_536, bornAtWallMs: 1_700_000_000_000, storedAtWallMs: 1_700_000_000_000, lifetimeMs: 60_000, flags: storedFlags.disk | storedFlags.shared,
    staleWhileRevalidateMs: -1, staleIfErrorMs: -1, etag: '"1"', lastModifiedMs: NaN, dateMs: 1_700_000_000_000, varyNames: [], varyKey: '', epoch: 0, ...changes,
  }
}
