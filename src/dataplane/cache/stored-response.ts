import type { MonotonicMs } from '../../kernel/clock.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { PreparedAnswer } from '../request.ts'

/** What was decided about an answer when it was stored. Bits of StoredResponse.flags. */
export const storedFlags = Object.freeze({
  /** Declared for a shared cache: public, s-maxage, or a targeted header with a lifetime. May be given to visitors with a session. */
  shared: 1,
  mustRevalidate: 2,
  /** proxy-revalidate said in words. */
  proxyRevalidate: 4,
  noCache: 8,
  /** s-maxage was said: implies proxy-revalidate (RFC 9111 section 5.2.2.10). */
  sMaxAge: 16,
  /** Freshness was guessed (heuristic or negative), not said. */
  guessed: 32,
  /** Made for a request with Authorization: never on disk. */
  authorized: 64,
  /** May be written to disk as a last good copy. */
  disk: 128,
  /** Has a validator: etag or last-modified. */
  validator: 256,
  /** No lifetime at all: kept as a last good copy only. */
  lastGoodOnly: 512,
})

/**
 * One stored answer as it travels between threads: plain data, structured-cloneable; the body lies on a SharedArrayBuffer, so
 * that every worker reads the same bytes. Never changed once sent.
 */
export interface StoredResponse {
  /** Unique in the process: worker index and a running number. */
  readonly id: number
  readonly key: string
  /** Keyed 32-bit hash of key. */
  readonly hash: number
  readonly status: number
  /** As stored: no hop-by-hop field, no Age; Date and Content-Length always present where they may be. */
  readonly headers: HeaderList
  /** Whole content, on a SharedArrayBuffer; empty for 204. */
  readonly body: Uint8Array
  /** What it counts for in the memory budget. */
  readonly accountedBytes: number
  /** When the answer was made, on our wall clock: response time minus corrected initial age. */
  readonly bornAtWallMs: number
  /** When it was stored or last validated. */
  readonly storedAtWallMs: number
  readonly lifetimeMs: number
  readonly flags: number
  /** Directives of RFC 5861 in ms; -1 when not said. */
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly etag: string
  /** ms since 1970, NaN when there is none. */
  readonly lastModifiedMs: number
  /** Date of the answer, or when it came. */
  readonly dateMs: number
  readonly varyNames: readonly string[]
  readonly varyKey: string
  /** Invalidation count of its slot when the fetch began. */
  readonly epoch: number
}

/** A worker's own view of a stored answer: the shared data and what only this worker knows. */
export class CacheEntry {
  readonly stored: StoredResponse
  /** On this worker's clock. */
  readonly bornMs: number
  readonly freshUntilMs: number
  /** An unsafe method touched the address: ask the origin before showing it, unless the origin fails. */
  invalidated = false
  /** The whole answer to a plain GET for the second `preparedAgeS`. */
  prepared: PreparedAnswer | null = null
  preparedAgeS = -1
  prepared304: PreparedAnswer | null = null
  prepared304AgeS = -1

  constructor(stored: StoredResponse, nowMs: MonotonicMs, nowWallMs: number) {
    this.stored = stored
    this.bornMs = nowMs - Math.max(0, nowWallMs - stored.bornAtWallMs)
    this.freshUntilMs = this.bornMs + stored.lifetimeMs
  }

  ageMs(nowMs: MonotonicMs): number {
    return Math.max(0, nowMs - this.bornMs)
  }

  isFresh(nowMs: MonotonicMs): boolean {
    return nowMs < this.freshUntilMs && !this.invalidated && (this.stored.flags & storedFlags.noCache) === 0
  }

  /** Milliseconds since it stopped being fresh; negative while fresh. */
  stalenessMs(nowMs: MonotonicMs): number {
    return nowMs - this.freshUntilMs
  }
}
