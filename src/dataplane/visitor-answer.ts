/**
 * The visitor's end of an origin fetch: what they have been sent, and whether they are still there. A refresh behind a stale answer has none from the start.
 * A visitor who is slower than the origin is served from the stored whole once it is there, so that the origin's slot is free early.
 */
import type { Reason } from '../contract/reason.ts'
import { firstValue, hasHeader, type HeaderList } from '../kernel/header-list.ts'
import { forwardStatus } from './cache/cache-status.ts'
import { isConditional, isNotModified, notModifiedHeaders } from './cache/conditional.ts'
import type { Lookup } from './cache/lookup.ts'
import type { StoreWriter } from './cache/store-fill.ts'
import type { CacheEntry } from './cache/stored-response.ts'
import type { FetchHost } from './fetch-host.ts'
import { PreparedAnswer, type Request } from './request.ts'

export class VisitorAnswer {
  /** False once the answer is complete, the visitor has gone, or for a refresh that answers nobody. */
  waiting: boolean
  /** The rest, or all, comes from the store when the whole is there. */
  fromStore = false
  readonly #host: FetchHost
  readonly #request: Request
  #sentBytes = 0

  constructor(host: FetchHost, request: Request, waiting: boolean) {
    this.#host = host
    this.#request = request
    this.waiting = waiting
  }

  get sentBytes(): number {
    return this.#sentBytes
  }

  get started(): boolean {
    return this.#request.reply.started
  }

  /** The origin's head goes out. `detail`: why the answer is not stored, '' when it is. */
  start(status: number, headers: HeaderList, lookup: Lookup, stored: boolean, detail: string, trailersExpected: boolean, onDrain: () => void): void {
    const out = [...headers]
    if (!hasHeader(headers, 'date')) out.push('date', this.#date())
    out.push('cache-status', forwardStatus({ why: lookup.why, status, stored, detail }))
    this.#request.status = status
    this.#request.reply.onDrain = onDrain
    this.#request.reply.start(status, out, lengthOf(headers), trailersExpected)
  }

  /** False: the visitor is slower than we are. */
  write(chunk: Uint8Array): boolean {
    this.#sentBytes += chunk.length
    return this.#request.reply.writeView(chunk)
  }

  end(trailers: HeaderList | null): void {
    this.#request.reply.end(trailers)
  }

  /** The part not sent yet, out of shared memory. */
  endFrom(whole: Uint8Array, trailers: HeaderList | null): void {
    const rest = whole.subarray(this.#sentBytes)
    this.#sentBytes = whole.length
    if (rest.length > 0) this.#request.reply.write(rest)
    this.#request.reply.end(trailers)
  }

  /** Whether the visitor's own condition, which did not go to the origin because the store wants the whole, holds of what came. */
  hasAlready({ status, decision }: StoreWriter): boolean {
    return isConditional(this.#request.headers) && isNotModified(this.#request.headers, { status, ...decision }, this.#host.clock.wallMs())
  }

  notModified(headers: HeaderList, lookup: Lookup, status: number): void {
    this.waiting = false
    const out = notModifiedHeaders(headers)
    if (!hasHeader(headers, 'date')) out.push('date', this.#date())
    out.push('cache-status', forwardStatus({ why: lookup.why, status, stored: true, detail: '' }))
    this.#host.send(this.#request, new PreparedAnswer(304, out, null), 'served-origin')
  }

  /** A stored answer in place of the origin's. */
  sendStored(entry: CacheEntry, lookup: Lookup, reason: Reason, detail: string): void {
    if (!this.waiting) return
    this.waiting = false
    const { cache, clock, lastGood } = this.#host
    const now = clock.monotonicMs()
    const dated = reason === 'served-stale' || reason === 'served-last-good' ? lastGood.dated(this.#request, entry, isClosed(detail), now) : null
    this.#host.send(this.#request, dated ?? cache.answer(this.#request, entry, lookup.policy, now, detail), reason)
  }

  /** The lifeline's copy in place of an error. */
  sendLastGood(answer: PreparedAnswer): void {
    if (!this.waiting) return
    this.waiting = false
    this.#host.send(this.#request, answer, 'served-last-good')
  }

  refuse(reason: Reason, retryAfterSeconds: number): void {
    if (!this.waiting) return
    this.waiting = false
    this.#host.refuse(this.#request, reason, retryAfterSeconds)
  }

  /** As `refuse`, or a place in the waiting room. */
  turnAway(reason: Reason, retryAfterSeconds: number): void {
    if (!this.waiting) return
    this.waiting = false
    this.#host.turnAway(this.#request, reason, retryAfterSeconds)
  }

  /** Cuts an answer that has begun, so that the visitor can see that it is not whole. */
  cut(reason: Reason): void {
    this.waiting = false
    this.#request.reply.abort(reason)
    this.#count(reason)
  }

  /** The edge says that the answer is out (`gone` false) or the visitor is (`gone` true). */
  closed(gone: boolean): void {
    this.waiting = false
    // When the edge cut the visitor (reader-too-slow …) it has said so in the request.
    const { reason } = this.#request
    this.#count(gone && reason === 'served-origin' ? 'client-aborted' : reason)
  }

  #count(reason: Reason): void {
    this.#request.bytesSent = this.#sentBytes
    this.#host.ended(this.#request, reason)
  }

  #date(): string {
    return new Date(this.#host.clock.wallMs()).toUTCString()
  }
}

/** `detail`: why a copy is shown. An overloaded origin still takes forms; one that fails does not. */
export function isClosed(detail: string): boolean {
  return detail === 'last-good' || detail.startsWith('origin-')
}

function lengthOf(headers: HeaderList): number {
  const text = firstValue(headers, 'content-length')
  return text === undefined ? -1 : Number(text)
}
