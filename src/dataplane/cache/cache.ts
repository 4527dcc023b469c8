import type { Clock, MonotonicMs } from '../../kernel/clock.ts'
import { hashText } from '../../kernel/hash.ts'
import { hasHeader } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { PreparedAnswer, Request } from '../request.ts'
import { answerFrom } from './answer.ts'
import { RESPONSES_PER_MESSAGE } from './bus.ts'
import type { CacheBus, CacheMessage } from './bus.ts'
import { decideStore } from './cacheability.ts'
import type { NotStorableReason } from './cacheability.ts'
import { Flights } from './coalesce.ts'
import type { ClaimResult, Waiter } from './coalesce.ts'
import { DoubtLimit } from './doubt-limit.ts'
import { refreshByHead, refreshed } from './freshen.ts'
import { keysToInvalidate } from './invalidation.ts'
import { lookUp, refreshLookup } from './lookup.ts'
import type { Lookup } from './lookup.ts'
import { MemoryIndex } from './memory-index.ts'
import { headersForStorableFetch, selectingHeaders } from './origin-request.ts'
import type { CachePolicy } from './policy.ts'
import { Recalls } from './recall.ts'
import type { CacheShared } from './cache-shared.ts'
import { isOriginError, mayServeOnError } from './stale.ts'
import { StoreWriter } from './store-fill.ts'
import { CacheEntry, storedFlags } from './stored-response.ts'
import type { StoredResponse } from './stored-response.ts'
import { UncacheableMarks } from './uncacheable-marks.ts'
import { varyKeyOf } from './vary.ts'

/**
 * The shared HTTP cache as one worker sees it (RFC 9111, 5861, 9211). The order of calls for one request:
 *
 *   lookup ─ fresh ──────────────▶ answer
 *          ├ stale ──────────────▶ answer, then refreshBehind: the lookup it returns is fetched behind like 'mine' (null: somebody does it)
 *          ├ only-if-cached ─────▶ 504
 *          ├ bypass ─────────────▶ origin as asked; afterwards unsafeAnswered for unsafe methods
 *          └ miss, validate ─────▶ claim(lookup, waiter)
 *                'waiting': the waiter is called: 'stored' → lookup again (and claim again, if that does not serve); 'not-storable', 'timeout' → origin alone; 'failed' → onError, else an error
 *                'full':    onError(lookup) or refuse
 *                'mine', 'alone': ask the origin for lookup.originTarget with originHeaders(request, lookup), then exactly one of
 *                    304 to our validators → validated        (then answer with the entry returned)
 *                    any other answer      → begin → StoreWriter: write each chunk, commit or abandon; or a reason why not
 *                    5xx, no answer        → failed, and onError gives the copy to show, if any
 *
 * What it must never do: give a visitor an answer that was made for another (lookup.ts, cacheability.ts), exceed its memory (shared.ts), or
 * stop serving when the store thread is gone: then nothing new is kept for long, and everything else goes on.
 */

/** A copy that has no lifetime is renewed at most this often, so that personal-looking traffic is not copied each time. */
const LAST_GOOD_RENEW_MS = 60_000
/** Images kept for one second, per worker; the edge makes one contiguous wire image of each with a small body, outside the memory budget. */
const MAX_PREPARED_BYTES = 16 * 1_048_576
/** Bodies above this are not part of the wire image (http1/prepared-image.ts). */
const INLINE_BODY_BYTES = 16_384
/** Header section and objects of one image. */
const PREPARED_HEAD_BYTES = 2_048

export interface CacheParts {
  /** 0-based, below 32,000. */
  readonly worker: number
  readonly shared: CacheShared
  readonly bus: CacheBus
  readonly clock: Clock
}

export class Cache {
  readonly #worker: number
  readonly #shared: CacheShared
  readonly #bus: CacheBus
  readonly #clock: Clock
  readonly #index = new MemoryIndex()
  readonly #flights: Flights
  readonly #marks = new UncacheableMarks()
  readonly #recalls: Recalls
  readonly #doubts = new DoubtLimit()
  #nextId: number
  readonly #prepared = new Set<CacheEntry>()
  #preparedBytes = 0
  #nowMs = 0 as MonotonicMs
  #markMs = 5_000
  /** One function for all lookups. */
  readonly #isMarked = (flightKey: string): boolean => this.#marks.has(flightKey, this.#nowMs, this.#markMs)

  constructor(parts: CacheParts) {
    this.#worker = parts.worker
    this.#shared = parts.shared
    this.#bus = parts.bus
    this.#clock = parts.clock
    this.#flights = new Flights(parts.shared, parts.bus, parts.worker)
    this.#recalls = new Recalls(parts.bus, parts.worker)
    // Ids are unique over workers and over restarts of one worker: 12 bits of worker, 8 bits of start time in seconds, 33 bits of count.
    this.#nextId = (parts.worker & 0xfff) * 2 ** 41 + (Math.floor(parts.clock.wallMs() / 1_000) & 0xff) * 2 ** 33 + 1
    parts.shared.noteWorker(parts.worker)
    parts.bus.onMessage = (message) => this.#receive(message)
  }

  /** Call whenever the line to the store thread is (again) there: asks for all that is stored. Answers already held are not doubled. */
  joined(): void {
    this.#bus.broadcast({ kind: 'snapshot-wanted', from: this.#worker })
  }

  get entries(): number {
    return this.#index.size
  }

  /** A stored answer by id, for a visitor who waited for the whole to get a part of it. */
  entryOf(id: number): CacheEntry | null {
    return this.#index.get(id) ?? null
  }

  get flights(): number {
    return this.#flights.size
  }

  /** `preferStale`: the plan's wish while the origin is strained. */
  lookup(request: Request, policy: CachePolicy, nowMs: MonotonicMs, preferStale: boolean): Lookup {
    this.#nowMs = nowMs
    this.#markMs = policy.settings.uncacheableMarkMs
    const found = lookUp(request, policy, this.#index, nowMs, preferStale, this.#isMarked)
    if (found.kind === 'fresh' || found.kind === 'stale') {
      this.#shared.countHit((found.entry as CacheEntry).stored.hash)
      return found
    }
    this.#seal(found)
    return found
  }

  #seal(lookup: Lookup): void {
    lookup.hash = hashText(lookup.key, this.#shared.hashKey)
    lookup.epoch = this.#shared.epochOf(lookup.hash)
  }

  /** A stored answer for this visitor: whole, 304, 206, 416 or HEAD. `detail`: a token for Cache-Status, '' on a plain hit. */
  answer(request: Request, entry: CacheEntry, policy: CachePolicy, nowMs: MonotonicMs, detail = ''): PreparedAnswer {
    const before = entry.prepared
    const before304 = entry.prepared304
    const keep = this.#preparedBytes < MAX_PREPARED_BYTES
    const answer = answerFrom(entry, request, nowMs, this.#clock.wallMs(), policy.settings.maxRanges, detail, keep)
    if (entry.prepared !== before || entry.prepared304 !== before304) this.#keepImage(entry)
    return answer
  }

  /** Who fetches? See the file head. */
  claim(lookup: Lookup, waiter: Waiter, nowMs: MonotonicMs): ClaimResult {
    const { waitMs, maxWaitersPerKey } = lookup.policy.settings
    if (lookup.alone || !lookup.fill) return 'alone'
    const result = this.#flights.claim(lookup.flightKey, lookup.hash, waiter, nowMs, waitMs, maxWaitersPerKey)
    if (result !== 'mine' || !this.#cameMeanwhile(lookup, nowMs)) return result
    this.#flights.finish(lookup.flightKey, 'stored')
    waiter('stored')
    return 'waiting'
  }

  /** After a stale answer was served: the lookup to fetch behind it, in nobody's name; null when it is being fetched or cannot be. */
  refreshBehind(stale: Lookup, nowMs: MonotonicMs): Lookup | null {
    const lookup = refreshLookup(stale)
    if (lookup === null) return null
    this.#seal(lookup)
    if (this.#marks.has(lookup.flightKey, nowMs, this.#markMs)) return null
    if (this.#flights.claim(lookup.flightKey, lookup.hash, null, nowMs, 0, 0) !== 'mine') return null
    if (!this.#cameMeanwhile(lookup, nowMs)) return lookup
    this.#flights.finish(lookup.flightKey, 'stored')
    return null
  }

  /** Another worker stored a fresh answer after this lookup; its message was on the way when it gave the claim back to us. */
  #cameMeanwhile(lookup: Lookup, nowMs: MonotonicMs): boolean {
    if (this.#bus.catchUp() === 0) return false
    for (const entry of this.#index.variants(lookup.key) ?? []) if (entry !== lookup.entry && entry.isFresh(nowMs)) return true
    return false
  }

  /** How many other requests of this worker wait for this fetch: whether to finish it when its own visitor has gone. */
  waitersOf(lookup: Lookup): number {
    return this.#flights.waitersOf(lookup.flightKey)
  }

  /** The header section for the origin; hop-by-hop fields are the caller's business. */
  originHeaders(request: Request, lookup: Lookup): HeaderList {
    if (!lookup.fill) return request.headers
    const validate = lookup.kind === 'validate' ? (lookup.entry as CacheEntry).stored : null
    return headersForStorableFetch(request.headers, validate, lookup.anonymous, lookup.policy)
  }

  /**
   * The origin's header section came. Returns a writer, or why the answer is not stored (the flight is over then).
   * `delayMs`: since the request was sent to the origin.
   */
  begin(request: Request, lookup: Lookup, status: number, headers: HeaderList, delayMs: number): StoreWriter | NotStorableReason {
    const reason = lookup.fill ? this.#tryBegin(request, lookup, status, headers, delayMs) : lookup.requestNoStore && lookup.kind !== 'bypass' ? 'request-no-store' : 'bypass'
    // Fetched across an invalidation: this answer may be old, the next one is not. Those who wait look again.
    if (reason === 'invalidated') this.#flights.finish(lookup.flightKey, 'stored')
    else if (typeof reason === 'string') this.#notStorable(lookup)
    return reason
  }

  #tryBegin(request: Request, lookup: Lookup, status: number, headers: HeaderList, delayMs: number): StoreWriter | NotStorableReason {
    const nowWallMs = this.#clock.wallMs()
    const facts = {
      method: request.method, hasBody: request.body !== null, hasQuery: request.query !== '', hasAuthorization: lookup.hasAuthorization,
      cookies: lookup.cookies, noStore: lookup.requestNoStore,
    }
    const decision = decideStore(facts, status, headers, nowWallMs, delayMs, lookup.policy)
    if (decision.notStorable !== null) return decision.notStorable
    if (this.#shared.epochOf(lookup.hash) !== lookup.epoch) return 'invalidated'
    const entry = lookup.entry
    const nowMs = this.#clock.monotonicMs()
    if (entry !== null && this.#index.has(entry.stored.id)) {
      if (isOriginError(status) && mayServeOnError(entry, nowMs, lookup.policy)) return 'good-copy-kept'
      const renewable = entry.stored.storedAtWallMs + LAST_GOOD_RENEW_MS > nowWallMs && !entry.invalidated
      const both = decision.flags & entry.stored.flags & storedFlags.lastGoodOnly
      if (both !== 0 && renewable && (decision.flags & storedFlags.validator) === 0) return 'good-copy-kept'
    }
    const varyKey = varyKeyOf(decision.varyNames, selectingHeaders(request.headers, lookup.anonymous), lookup.policy)
    const writer = new StoreWriter(lookup, decision, status, headers, nowWallMs, varyKey, this.#nextId++, this.#worker, this.#shared, this.#ended)
    if (writer.failed !== null) return writer.failed === 'too-large' ? 'too-large' : 'memory'
    // A copy without lifetime serves nobody but this visitor: do not let others wait for it.
    if ((decision.flags & storedFlags.lastGoodOnly) !== 0) this.#notStorable(lookup)
    return writer
  }

  readonly #ended = (writer: StoreWriter, stored: StoredResponse | null): void => {
    const lookup = writer.lookup
    if (stored === null) {
      if (writer.failed === 'too-large' || writer.failed === 'memory') this.#notStorable(lookup)
      else this.#flights.finish(lookup.flightKey, 'failed')
      return
    }
    if (this.#shared.epochOf(lookup.hash) !== stored.epoch) {
      this.#shared.release(stored.accountedBytes)
      this.#flights.finish(lookup.flightKey, 'stored')
      return
    }
    this.#publish(stored, 0, lookup)
    this.#flights.finish(lookup.flightKey, 'stored')
  }

  /** The origin said 304 to our validators. Returns the entry to answer with; null when the copy is gone (ask again without conditions). */
  validated(request: Request, lookup: Lookup, headers: HeaderList, delayMs: number): CacheEntry | null {
    const entry = lookup.entry
    if (entry === null) {
      this.failed(lookup)
      return null
    }
    const next = refreshed(entry, request, lookup, headers, this.#clock.wallMs(), delayMs, this.#nextId++, this.#shared.replicas)
    return this.#replace(entry, next, lookup)
  }

  /** The origin answered a HEAD: brings the stored GET up to date or makes it doubtful (RFC 9111 section 4.3.5). */
  headAnswered(request: Request, lookup: Lookup, status: number, headers: HeaderList, delayMs: number): void {
    const entry = lookup.entry
    if (entry === null || status !== 200 || request.method !== 'HEAD' || lookup.hasAuthorization || lookup.cookies !== 'none') return
    const next = refreshByHead(entry, request, lookup, headers, this.#clock.wallMs(), delayMs, this.#nextId++, this.#shared.replicas)
    if (next === 'differs') this.#invalidate([lookup.key])
    else this.#replace(entry, next, lookup)
  }

  /** `next` null: not to be kept any more (the update says no-store, private …). */
  #replace(entry: CacheEntry, next: StoredResponse | null, lookup: Lookup): CacheEntry | null {
    const nowMs = this.#clock.monotonicMs()
    if (next === null) {
      this.#drop([entry.stored.id])
      this.#bus.broadcast({ kind: 'evict', ids: [entry.stored.id] })
      this.#notStorable(lookup)
      return entry
    }
    // Only its visitor's own cookies or credentials kept the 304 from renewing it: the copy stays as it was.
    if (next === entry.stored) {
      this.#flights.finish(lookup.flightKey, 'stored')
      return entry
    }
    if (this.#shared.epochOf(lookup.hash) !== lookup.epoch) {
      this.#flights.finish(lookup.flightKey, 'stored')
      return new CacheEntry(next, nowMs, this.#clock.wallMs())
    }
    const grown = next.accountedBytes - entry.stored.accountedBytes
    if (grown > 0) this.#shared.reserveAnyway(grown)
    this.#publish(next, entry.stored.id, lookup)
    this.#flights.finish(lookup.flightKey, 'stored')
    return this.#index.get(next.id) ?? new CacheEntry(next, nowMs, this.#clock.wallMs())
  }

  /** The fetch gave no answer, or a 5xx that a good copy replaces. Ends the flight; waiters are told. */
  failed(lookup: Lookup): void {
    this.#flights.finish(lookup.flightKey, 'failed')
  }

  /** The copy to show while the origin fails, or null. */
  onError(lookup: Lookup, nowMs: MonotonicMs): CacheEntry | null {
    const entry = lookup.entry
    if (entry === null) return null
    const current = this.#index.get(entry.stored.id) ?? entry
    return mayServeOnError(current, nowMs, lookup.policy) ? current : null
  }

  /** Asks the store thread for a last good copy on disk; `callback` gets the entry to show or null, at the latest after `waitMs`. */
  recall(request: Request, lookup: Lookup, nowMs: MonotonicMs, waitMs: number, callback: (entry: CacheEntry | null) => void): void {
    this.#recalls.ask(lookup.key, lookup.hash, nowMs + waitMs, (found) => {
      const laterMs = this.#clock.monotonicMs()
      const again = found ? lookUp(request, lookup.policy, this.#index, laterMs, true, this.#isMarked) : null
      callback(again === null ? null : this.onError(again, laterMs))
    })
  }

  /** After the origin's answer to any method that is not safe. */
  unsafeAnswered(request: Request, lookup: Lookup, status: number, headers: HeaderList): void {
    const keys = keysToInvalidate(request.method, request.scheme, request.host, lookup.originTarget, status, headers)
    if (keys.length > 0) this.#invalidate(this.#doubts.now(keys, this.#clock.monotonicMs()))
  }

  /** The operator's purge, here and everywhere: keys that begin with `prefix` (`https://example.org/news`). */
  purge(prefix: string): void {
    this.#purge(prefix)
    this.#bus.broadcast({ kind: 'purge', prefix })
  }

  /** Call about ten times a second. */
  tick(nowMs: MonotonicMs): void {
    this.#nowMs = nowMs
    this.#flights.tick(nowMs)
    this.#recalls.tick(nowMs)
    this.#invalidate(this.#doubts.tick(nowMs))
    this.#dropOldImages(nowMs)
  }

  #keepImage(entry: CacheEntry): void {
    if (this.#prepared.has(entry)) return
    this.#prepared.add(entry)
    this.#preparedBytes += imageBytesOf(entry)
  }

  /** Images of answers not asked for this second would hold memory that no budget counts. */
  #dropOldImages(nowMs: MonotonicMs): void {
    for (const entry of this.#prepared) {
      const ageS = Math.floor(entry.ageMs(nowMs) / 1_000)
      if (entry.preparedAgeS !== ageS) entry.prepared = null
      if (entry.prepared304AgeS !== ageS) entry.prepared304 = null
      if (entry.prepared !== null || entry.prepared304 !== null) continue
      this.#prepared.delete(entry)
      this.#preparedBytes -= imageBytesOf(entry)
    }
  }

  #notStorable(lookup: Lookup): void {
    // One odd request (an Accept that gives 406, say) must not make a page that is known to be storable go unshared.
    const known = lookup.entry !== null && (lookup.entry.stored.flags & storedFlags.lastGoodOnly) === 0
    if (lookup.flightKey !== '' && !known) this.#marks.add(lookup.flightKey, this.#clock.monotonicMs(), this.#markMs)
    this.#flights.finish(lookup.flightKey, 'not-storable')
  }

  #publish(stored: StoredResponse, reuses: number, lookup: Lookup): void {
    if ((stored.flags & storedFlags.lastGoodOnly) === 0) this.#marks.delete(lookup.flightKey)
    this.#insert(stored, lookup.policy.settings.maxVariantsPerKey)
    if (reuses !== 0) this.#index.remove(reuses)
    this.#bus.broadcast({ kind: 'add', from: this.#worker, response: stored, reuses })
  }

  #insert(stored: StoredResponse, maxVariants: number): void {
    if (this.#index.has(stored.id)) return
    this.#index.add(new CacheEntry(stored, this.#clock.monotonicMs(), this.#clock.wallMs()), maxVariants)
  }

  #invalidate(keys: readonly string[]): void {
    if (keys.length === 0) return
    for (const key of keys) this.#shared.bumpEpoch(hashText(key, this.#shared.hashKey))
    this.#mark(keys)
    this.#bus.broadcast({ kind: 'invalidate', from: this.#worker, keys })
  }

  #mark(keys: readonly string[]): void {
    for (const key of keys) for (const entry of this.#index.variants(key) ?? []) entry.invalidated = true
  }

  #purge(prefix: string): void {
    for (const hash of this.#flights.hashesOf(prefix)) this.#shared.bumpEpoch(hash)
    for (const entry of this.#index.entries()) if (entry.stored.key.startsWith(prefix)) this.#index.remove(entry.stored.id)
  }

  #drop(ids: readonly number[]): void {
    for (const id of ids) this.#index.remove(id)
  }

  #sendInventory(): void {
    const all = Array.from(this.#index.entries(), (entry) => entry.stored)
    for (let i = 0; i < all.length; i += RESPONSES_PER_MESSAGE) {
      this.#bus.broadcast({ kind: 'inventory', responses: all.slice(i, i + RESPONSES_PER_MESSAGE) })
    }
  }

  #receive(message: CacheMessage): void {
    switch (message.kind) {
      case 'add':
        // Fetched before an invalidation that we know of.
        if (this.#shared.epochOf(message.response.hash) !== message.response.epoch) return
        this.#insert(message.response, Infinity)
        if (message.reuses !== 0) this.#index.remove(message.reuses)
        return
      case 'evict':
        return this.#drop(message.ids)
      case 'invalidate':
        return this.#mark(message.keys)
      case 'released':
        return this.#flights.released(message.flightKey, message.outcome)
      case 'purge':
        return this.#purge(message.prefix)
      case 'recalled':
        return this.#recalls.answered(message.key, message.found)
      case 'snapshot':
        if (message.to === this.#worker) for (const response of message.responses) this.#insert(response, Infinity)
        return
      case 'inventory-wanted':
        return this.#sendInventory()
      case 'inventory':
      case 'recall':
      case 'snapshot-wanted':
        return
    }
  }
}

function imageBytesOf(entry: CacheEntry): number {
  const bytes = entry.stored.body.length
  return PREPARED_HEAD_BYTES + (bytes <= INLINE_BODY_BYTES ? bytes : 0)
}

/** True when the request asks for less than the whole answer, so that it is served from the store once the whole is there. */
export function wantsPart(headers: HeaderList): boolean {
  return hasHeader(headers, 'range') || hasHeader(headers, 'if-none-match') || hasHeader(headers, 'if-modified-since')
}
