import { firstValue } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { WallMs } from '../../kernel/clock.ts'
import { formatHttpDate } from '../../kernel/http-date.ts'
import type { StoreDecision } from './cacheability.ts'
import type { Lookup } from './lookup.ts'
import type { CacheShared } from './cache-shared.ts'
import { headersToStore } from './stored-headers.ts'
import { BodyCollector, accountedBytesFor } from './store-writer.ts'
import type { AbandonReason } from './store-writer.ts'
import type { StoredResponse } from './stored-response.ts'

/**
 * Cost of one stored answer in each thread's index: objects, Map slots, and per piece of text its object. Measured with 50,000 answers of 11 fields and
 * 336 bytes of text after structured cloning: 1,740 bytes of heap each; this counts 1,696 and 256 for the shared block's own bookkeeping.
 */
const REPLICA_BYTES = 900
const TEXT_BYTES = 20
const BLOCK_BYTES = 256

/** What of a stored answer is not its content, as counted against the memory budget. `replicas`: indexes that hold it. */
export function overheadBytesOf(headers: HeaderList, key: string, replicas: number): number {
  let bytes = REPLICA_BYTES + TEXT_BYTES + key.length
  for (let i = 0; i < headers.length; i++) bytes += TEXT_BYTES + headers[i].length
  return BLOCK_BYTES + bytes * replicas
}

/**
 * One answer on its way into the store. The pipeline writes each chunk here and to the visitor, then calls `commit` or `abandon`, exactly once.
 * `onEnd` is the cache's; it ends the flight.
 */
export class StoreWriter {
  readonly lookup: Lookup
  readonly decision: StoreDecision
  readonly status: number
  /** Content-Length was said and fits: a visitor who wants a part may wait for the whole. */
  readonly lengthKnown: boolean
  readonly #headers: HeaderList
  readonly #responseAtWallMs: WallMs
  readonly #overheadBytes: number
  readonly #collector: BodyCollector
  readonly #onEnd: (writer: StoreWriter, stored: StoredResponse | null) => void
  readonly #id: number
  readonly #varyKey: string
  #ended = false

  constructor(
    lookup: Lookup, decision: StoreDecision, status: number, headers: HeaderList, responseAtWallMs: WallMs, varyKey: string, id: number,
    worker: number, shared: CacheShared, onEnd: (writer: StoreWriter, stored: StoredResponse | null) => void,
  ) {
    this.lookup = lookup
    this.decision = decision
    this.status = status
    this.#headers = headers
    this.#responseAtWallMs = responseAtWallMs
    this.#varyKey = varyKey
    this.#id = id
    this.#onEnd = onEnd
    const declared = declaredLength(headers, status)
    this.#overheadBytes = overheadBytesOf(headers, lookup.key, shared.replicas)
    this.#collector = new BodyCollector(shared, worker, declared, lookup.policy.settings.maxObjectBytes, this.#overheadBytes)
    this.lengthKnown = declared !== -1 && this.#collector.failed === null
  }

  /** Why the answer will not be stored, or null as long as it may be. */
  get failed(): AbandonReason | null {
    return this.#collector.failed
  }

  /** Copies a chunk. False: not stored (any more); go on serving the visitor, further calls are harmless. */
  write(chunk: Uint8Array): boolean {
    if (this.#ended) return false
    if (this.#collector.write(chunk)) return true
    this.#end(null)
    return false
  }

  /** The origin's answer is complete. Returns what was stored, or null. */
  commit(): StoredResponse | null {
    if (this.#ended) return null
    const body = this.#collector.finish(this.#overheadBytes)
    if (body === null) {
      this.#end(null)
      return null
    }
    const { decision, lookup } = this
    const stored: StoredResponse = {
      id: this.#id,
      key: lookup.key,
      hash: lookup.hash,
      status: this.status,
      headers: headersToStore(this.#headers, decision.omitFields, formatHttpDate(this.#responseAtWallMs), body.length, this.status),
      body,
      accountedBytes: accountedBytesFor(body.length, this.#overheadBytes),
      bornAtWallMs: this.#responseAtWallMs - decision.initialAgeMs,
      storedAtWallMs: this.#responseAtWallMs,
      lifetimeMs: decision.lifetimeMs,
      flags: decision.flags,
      staleWhileRevalidateMs: decision.staleWhileRevalidateMs,
      staleIfErrorMs: decision.staleIfErrorMs,
      etag: decision.etag,
      lastModifiedMs: decision.lastModifiedMs,
      dateMs: decision.dateMs,
      varyNames: decision.varyNames,
      varyKey: this.#varyKey,
      epoch: lookup.epoch,
    }
    this.#end(stored)
    return stored
  }

  /** The answer broke off, or the visitor went and nobody else waits. Nothing is stored. */
  abandon(): void {
    if (this.#ended) return
    this.#collector.fail('aborted')
    this.#end(null)
  }

  #end(stored: StoredResponse | null): void {
    this.#ended = true
    this.#onEnd(this, stored)
  }
}

function declaredLength(headers: HeaderList, status: number): number {
  if (status === 204) return 0
  const text = firstValue(headers, 'content-length')
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : -1
}
