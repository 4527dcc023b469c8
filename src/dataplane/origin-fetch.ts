/**
 * The slow half of a request's life: share another's fetch or make one; read the content; wait for admission; ask the origin; answer, and fill the store.
 * One object per request that needs the origin, or per refresh behind a stale answer (then nobody is answered).
 *
 * What it must never do: hold an origin slot while a visitor is read or written slowly (content is gathered before, stored answers are collected
 * at the origin's speed); give the slot back before the origin's work ended or was aborted; end a request twice; let a failed origin win over a copy we have.
 */
import type { Reason } from '../contract/reason.ts'
import type { RouteClass, VisitorClass } from '../contract/route-class.ts'
import { firstValue, hasHeader, type HeaderList } from '../kernel/header-list.ts'
import type { Applicant, Refusal } from './admission/admission.ts'
import type { AdmissionSlot } from './admission/admission-slot.ts'
import { type Cache, wantsPart } from './cache/cache.ts'
import { forwardStatus } from './cache/cache-status.ts'
import { isConditional, isNotModified, notModifiedHeaders } from './cache/conditional.ts'
import type { WaitOutcome } from './cache/coalesce.ts'
import type { Lookup } from './cache/lookup.ts'
import type { CachePolicy } from './cache/policy.ts'
import { isOriginError } from './cache/stale.ts'
import type { StoreWriter } from './cache/store-fill.ts'
import type { CacheEntry } from './cache/stored-response.ts'
import type { OriginCall, OriginHandle, OriginSink, UpgradeCall } from './origin/call.ts'
import type { Pipeline } from './pipeline.ts'
import { PreparedAnswer, type Request, type RequestBody } from './request.ts'
import { newRequestId } from './request-id.ts'
import type { Route } from './routing/route-table.ts'
import { GatheredBody } from './upload/gathered-body.ts'

/** How long a visitor waits for the disk to say whether it has a last good copy: the home page must answer within 50 ms when the origin is dead. */
const RECALL_MS = 1_000
/** Of a failed origin's error page, kept while the disk is asked for something better. */
const ERROR_PAGE_BYTES = 262_144

export class OriginFetch implements Applicant, OriginSink {
  readonly routeClass: RouteClass
  readonly visitorClass: VisitorClass
  readonly client: { readonly key: number }
  readonly sourceSlot: number
  readonly deadlineMs = Number.POSITIVE_INFINITY
  ticket = -1
  bookedMs = 0

  readonly #pipeline: Pipeline
  readonly #request: Request
  readonly #route: Route<CachePolicy>
  #lookup: Lookup
  /** False for a refresh behind a stale answer, and once the visitor has gone. */
  #visitor: boolean
  /** We hold the claim on this key: others wait for what becomes of it. */
  #flying = false
  #sharedAgain = false
  #gathered: GatheredBody | null = null
  #body: RequestBody | Uint8Array | null = null
  #slot: AdmissionSlot | null = null
  #handle: OriginHandle | null = null
  #sentAtMs = 0
  #headAtMs = 0
  /** Origin time in which we did not read because the visitor did not: not the origin's fault. */
  #paused = false
  #writer: StoreWriter | null = null
  /** Answer from the store once the whole is there: the visitor asked for a part, or is slower than the origin. */
  #answerLater = false
  #sentBytes = 0
  /** What the origin sends is not wanted: a better answer went out. */
  #discarding = false
  #errorPage: { readonly status: number; readonly headers: HeaderList; readonly chunks: Uint8Array[]; bytes: number; whole: boolean; judged: boolean } | null = null

  private constructor(pipeline: Pipeline, request: Request, route: Route<CachePolicy>, lookup: Lookup, visitor: boolean) {
    this.#pipeline = pipeline
    this.#request = request
    this.#route = route
    this.#lookup = lookup
    this.#visitor = visitor
    this.routeClass = request.routeClass
    this.visitorClass = visitor ? request.visitorClass : 'known'
    this.client = request.client
    this.sourceSlot = visitor ? request.sourceSlot : -1
  }

  static forVisitor(pipeline: Pipeline, request: Request, route: Route<CachePolicy>, lookup: Lookup): void {
    const fetch = new OriginFetch(pipeline, request, route, lookup, true)
    request.reply.onClose = (gone) => fetch.#guard(() => fetch.#onReplyClosed(gone))
    fetch.#share()
  }

  /** Fetches behind a stale answer; the claim is ours already. */
  static behind(pipeline: Pipeline, request: Request, route: Route<CachePolicy>, lookup: Lookup): void {
    const fetch = new OriginFetch(pipeline, request, route, lookup, false)
    fetch.#flying = true
    fetch.#apply()
  }

  get #cache(): Cache {
    return this.#pipeline.cache
  }

  #now(): ReturnType<Pipeline['clock']['monotonicMs']> {
    return this.#pipeline.clock.monotonicMs()
  }

  // 1. Share another's fetch, or make our own

  #share(): void {
    const now = this.#now()
    const claim = this.#request.upgrade !== '' && this.#route.upgrade ? 'alone' : this.#cache.claim(this.#lookup, (outcome) => this.#guard(() => this.#onOthersFetch(outcome)), now)
    if (claim === 'mine') this.#flying = true
    else if (claim === 'waiting') return
    else if (claim === 'full') {
      this.#fallBack('queue-full', 5)
      return
    }
    this.#gather()
  }

  #onOthersFetch(outcome: WaitOutcome): void {
    if (!this.#visitor) return
    const now = this.#now()
    if (outcome === 'failed') {
      // Perhaps only its visitor went away: one of those who waited tries again for all, once; when that fails too, the origin is down.
      if (this.#sharedAgain || this.#cache.onError(this.#lookup, now) !== null) this.#fallBack('origin-down', 5)
      else this.#shareAgain()
      return
    }
    if (outcome === 'stored') {
      const again = this.#cache.lookup(this.#request, this.#lookup.policy, now, false)
      if (again.kind === 'fresh' || again.kind === 'stale') {
        this.#pipeline.tally.collapsed++
        this.#finishWith(again.entry!, again.kind === 'fresh' ? 'served-fresh' : 'served-stale', 'collapsed')
        return
      }
      this.#lookup = again
      if (again.kind === 'only-if-cached') {
        this.#refuse('only-if-cached', 0)
        return
      }
      // Another variant was stored than the one wanted here.
      if (!this.#sharedAgain) {
        this.#shareAgain()
        return
      }
    }
    this.#gather()
  }

  /** Once per request, so that no chain of waits can form. */
  #shareAgain(): void {
    this.#sharedAgain = true
    this.#share()
  }

  // 2. Read the content before a place at the origin is taken

  #gather(): void {
    const body = this.#request.body
    if (body === null || (this.#request.upgrade !== '' && this.#route.upgrade)) {
      this.#apply()
      return
    }
    if (this.#route.maxBodyBytes !== null) body.maxBodyBytes = this.#route.maxBodyBytes
    this.#gathered = new GatheredBody(body, this.#pipeline.gatherBudget, {
      onReady: (whole) => {
        this.#body = whole ?? this.#gathered
        this.#guard(() => this.#apply())
      },
      onFailed: (reason) => this.#guard(() => this.#refuse(reason, 0)),
    })
    this.#gathered.gather()
  }

  // 3. Wait for a place

  #apply(): void {
    const answer = this.#pipeline.admission.admit(this)
    if (answer === null) return
    if ('reason' in answer) this.onRefused(answer)
    else this.onSlot(answer)
  }

  onRefused(refusal: Refusal): void {
    this.#guard(() => this.#fallBack(refusal.reason, refusal.retryAfterSeconds))
  }

  onSlot(slot: AdmissionSlot): void {
    this.#slot = slot
    this.#guard(() => this.#ask())
  }

  // 4. Ask the origin

  #ask(): void {
    const request = this.#request
    this.#sentAtMs = this.#now()
    if (request.id === '') request.id = newRequestId()
    const call: OriginCall = {
      method: request.method, target: this.#lookup.originTarget, headers: this.#cache.originHeaders(request, this.#lookup), body: this.#body,
      host: request.host, scheme: request.scheme, clientAddress: request.client.text, peerAddress: '', trustedHop: false, requestId: request.id,
      routeClass: this.routeClass, deadlineMs: this.#route.timeoutMs ?? 0, sink: this,
    }
    const origin = this.#pipeline.origin
    if (request.upgrade !== '' && this.#route.upgrade) {
      const upgrade: UpgradeCall = { ...call, protocol: request.upgrade, takeOver: () => request.reply.takeOver() }
      this.#handle = origin.upgrade(upgrade)
    } else this.#handle = origin.forward(call)
  }

  onInformational(status: number, headers: HeaderList): void {
    if (this.#visitor) this.#request.reply.sendInformational(status, headers)
  }

  onHead(status: number, headers: HeaderList): void {
    this.#guard(() => this.#onHead(status, headers))
  }

  #onHead(status: number, headers: HeaderList): void {
    const now = this.#now()
    this.#headAtMs = now
    const request = this.#request
    const lookup = this.#lookup
    const cache = this.#cache
    const delayMs = now - this.#sentAtMs
    if (lookup.fill && lookup.kind === 'validate' && status === 304) {
      const entry = cache.validated(request, lookup, headers, delayMs)
      this.#flying = false
      this.#discarding = true
      if (entry !== null) this.#finishWith(entry, 'served-revalidated', 'revalidated')
      else this.#refuse('origin-bad-answer', 1)
      return
    }
    if (isOriginError(status) && (request.method === 'GET' || request.method === 'HEAD')) {
      const entry = cache.onError(lookup, now)
      if (entry !== null) {
        this.#landFailed()
        this.#discarding = true
        this.#finishWith(entry, 'served-stale', 'origin-error')
        return
      }
      if (this.#visitor && request.method === 'GET' && lookup.kind !== 'bypass') {
        this.#errorPage = { status, headers, chunks: [], bytes: 0, whole: false, judged: false }
        cache.recall(request, lookup, now, RECALL_MS, (found) => this.#guard(() => this.#judgeErrorPage(found)))
        return
      }
    }
    this.#begin(status, headers, delayMs)
  }

  /** The origin failed and the disk was asked for a better answer. */
  #judgeErrorPage(found: CacheEntry | null): void {
    const page = this.#errorPage
    if (page === null || page.judged) return
    page.judged = true
    if (found !== null && this.#visitor) {
      this.#landFailed()
      this.#discarding = true
      page.chunks.length = 0
      this.#finishWith(found, 'served-last-good', 'last-good')
      if (this.#paused) this.#resume()
      return
    }
    this.#errorPage = null
    this.#begin(page.status, page.headers, this.#headAtMs - this.#sentAtMs)
    for (const chunk of page.chunks) this.#pass(chunk)
    if (page.whole) this.#end(null)
    else if (this.#paused) this.#resume()
  }

  // 5. Answer, and fill the store

  #begin(status: number, headers: HeaderList, delayMs: number): void {
    const request = this.#request
    const lookup = this.#lookup
    const cache = this.#cache
    let detail = ''
    if (request.method === 'GET') {
      const begun = cache.begin(request, lookup, status, headers, delayMs)
      if (typeof begun === 'string') {
        detail = begun
        this.#flying = false
      } else this.#writer = begun
    } else {
      if (request.method === 'HEAD') cache.headAnswered(request, lookup, status, headers, delayMs)
      else cache.unsafeAnswered(request, lookup, status, headers)
      this.#landFailed()
    }
    if (!this.#visitor) return
    if (this.#writer !== null && this.#visitorHasIt(this.#writer)) {
      this.#notModified(headers)
      return
    }
    if (this.#writer !== null && this.#writer.lengthKnown && wantsPart(request.headers)) {
      this.#answerLater = true
      return
    }
    request.status = status
    const stored = this.#writer !== null && this.#writer.failed === null
    const out = [...headers]
    if (!hasHeader(headers, 'date')) out.push('date', new Date(this.#pipeline.clock.wallMs()).toUTCString())
    out.push('cache-status', forwardStatus({ why: lookup.why, status, stored, detail }))
    request.reply.onDrain = () => this.#guard(() => this.#onDrain())
    request.reply.start(status, out, lengthOf(headers))
  }

  /** The visitor's own condition did not go to the origin, because the store wants the whole; it holds of what came. */
  #visitorHasIt({ status, decision }: StoreWriter): boolean {
    return isConditional(this.#request.headers) && isNotModified(this.#request.headers, { status, ...decision }, this.#pipeline.clock.wallMs())
  }

  /** The visitor is done; the store goes on filling. */
  #notModified(headers: HeaderList): void {
    this.#visitor = false
    const out = notModifiedHeaders(headers)
    if (!hasHeader(headers, 'date')) out.push('date', new Date(this.#pipeline.clock.wallMs()).toUTCString())
    out.push('cache-status', forwardStatus({ why: this.#lookup.why, status: this.#writer!.status, stored: true, detail: '' }))
    this.#pipeline.send(this.#request, new PreparedAnswer(304, out, null), 'served-origin')
  }

  onData(chunk: Uint8Array): boolean {
    let wants = true
    this.#guard(() => {
      wants = this.#onData(chunk)
    })
    return wants
  }

  #onData(chunk: Uint8Array): boolean {
    if (this.#discarding) return true
    const page = this.#errorPage
    if (page !== null) {
      page.chunks.push(chunk)
      page.bytes += chunk.length
      if (page.bytes < ERROR_PAGE_BYTES) return true
      this.#paused = true
      return false
    }
    return this.#pass(chunk)
  }

  #pass(chunk: Uint8Array): boolean {
    const writer = this.#writer
    if (writer !== null && !writer.write(chunk)) {
      this.#writer = null
      this.#flying = false
      if (this.#answerLater) {
        this.#fail('origin-bad-answer')
        return true
      }
    }
    if (!this.#visitor) return true
    if (this.#answerLater) return true
    this.#sentBytes += chunk.length
    if (this.#request.reply.write(chunk)) return true
    if (this.#writer !== null && this.#writer.lengthKnown) {
      // The store collects at the origin's speed; this visitor gets the rest from there, and the slot is free early.
      this.#answerLater = true
      return true
    }
    this.#paused = true
    return false
  }

  #onDrain(): void {
    if (this.#paused) this.#resume()
  }

  #resume(): void {
    this.#paused = false
    this.#handle?.resume()
  }

  onEnd(trailers: HeaderList | null): void {
    this.#guard(() => {
      const page = this.#errorPage
      this.#releaseSlot(page?.status ?? this.#request.status)
      if (page !== null) page.whole = true
      else this.#end(trailers)
    })
  }

  #end(trailers: HeaderList | null): void {
    this.#releaseSlot(this.#request.status)
    if (this.#discarding) return
    const writer = this.#writer
    this.#writer = null
    let whole: Uint8Array | null = null
    if (writer !== null) {
      const stored = writer.commit()
      this.#flying = false
      if (stored !== null) this.#pipeline.tally.stored++
      whole = stored?.body ?? null
    }
    if (!this.#visitor) return
    const { reply } = this.#request
    if (!this.#answerLater) {
      reply.end(trailers)
      return
    }
    if (reply.started) {
      // Slower than the origin: the rest comes out of shared memory.
      if (whole === null) reply.abort('origin-bad-answer')
      else {
        const rest = whole.subarray(this.#sentBytes)
        this.#sentBytes = whole.length
        if (rest.length > 0) reply.write(rest)
        reply.end(trailers)
      }
      return
    }
    const again = this.#cache.lookup(this.#request, this.#lookup.policy, this.#now(), true)
    if (again.entry !== null && whole !== null) this.#finishWith(again.entry, 'served-origin', 'stored')
    else this.#fallBack('origin-bad-answer', 1)
  }

  onError(reason: Reason, _detail: string, _retryable: boolean): void {
    this.#guard(() => this.#fail(reason))
  }

  #fail(reason: Reason): void {
    this.#releaseAfterFailure(reason)
    this.#handle?.abort()
    if (this.#discarding) return
    if (this.#errorPage !== null) {
      this.#errorPage.whole = true
      return
    }
    this.#fallBack(reason, reason === 'origin-down' || reason === 'limit-shed' ? 5 : 0)
  }

  // 6. When the origin cannot: a copy in memory, a copy on disk, an honest page

  #fallBack(reason: Reason, retryAfterSeconds: number): void {
    this.#landFailed()
    const request = this.#request
    if (!this.#visitor) return
    if (request.reply.started) {
      request.reply.abort(reason)
      this.#endRequest(reason)
      return
    }
    const now = this.#now()
    const reading = (request.method === 'GET' || request.method === 'HEAD') && this.#lookup.kind !== 'bypass'
    const entry = reading ? this.#cache.onError(this.#lookup, now) : null
    if (entry !== null) this.#finishWith(entry, 'served-stale', reason)
    else if (!reading) this.#refuse(reason, retryAfterSeconds)
    else {
      this.#cache.recall(request, this.#lookup, now, RECALL_MS, (found) =>
        this.#guard(() => {
          if (!this.#visitor) return
          if (found === null) this.#refuse(reason, retryAfterSeconds)
          else this.#finishWith(found, 'served-last-good', 'last-good')
        }),
      )
    }
  }

  #finishWith(entry: CacheEntry, reason: Reason, detail: string): void {
    if (!this.#visitor) return
    this.#visitor = false
    this.#pipeline.send(this.#request, this.#cache.answer(this.#request, entry, this.#lookup.policy, this.#now(), detail), reason)
  }

  #refuse(reason: Reason, retryAfterSeconds: number): void {
    this.#landFailed()
    if (!this.#visitor) return
    this.#visitor = false
    this.#pipeline.refuse(this.#request, reason, retryAfterSeconds)
  }

  // The visitor's end of it

  #onReplyClosed(gone: boolean): void {
    const request = this.#request
    this.#gathered?.release()
    if (!this.#visitor) return
    this.#visitor = false
    request.bytesSent = this.#sentBytes
    if (!gone) {
      this.#endRequest('served-origin')
      return
    }
    this.#endRequest('client-aborted')
    // Others wait for this fetch, or what is nearly stored serves the next visitor: it goes on without its own.
    const wanted = this.#flying && this.#cache.waitersOf(this.#lookup) > 0
    if (wanted || (this.#writer !== null && this.#writer.lengthKnown)) {
      if (this.#paused) this.#resume()
      return
    }
    if (this.#pipeline.admission.cancel(this)) this.#landFailed()
    else if (this.#handle !== null) {
      this.#handle.abort()
      this.#slot?.ignore(this.#now() - this.#sentAtMs)
      this.#landFailed()
    }
  }

  #endRequest(reason: Reason): void {
    this.#request.bytesSent = this.#sentBytes
    this.#pipeline.ended(this.#request, reason)
  }

  /** Whatever we held for others is over without an answer. */
  #landFailed(): void {
    this.#writer?.abandon()
    this.#writer = null
    if (!this.#flying) return
    this.#flying = false
    this.#cache.failed(this.#lookup)
  }

  #releaseSlot(status: number): void {
    if (this.#slot === null || this.#slot.finished) return
    const now = this.#now()
    if (status === 503 || status === 429) this.#slot.dropped(now - this.#sentAtMs)
    else if (status >= 500) this.#slot.ignore(now - this.#sentAtMs)
    // A long download's time is the visitor's line, not the origin's work: its header counts.
    else this.#slot.success((this.#headAtMs || now) - this.#sentAtMs)
  }

  #releaseAfterFailure(reason: Reason): void {
    if (this.#slot === null || this.#slot.finished) return
    const usedMs = this.#now() - this.#sentAtMs
    if (reason.startsWith('origin-') && reason !== 'origin-bad-answer') this.#slot.dropped(usedMs)
    else this.#slot.ignore(usedMs)
  }

  /** A fault of ours ends this request, gives back what it holds, and goes no further. */
  #guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#visitor = false
      try {
        this.#handle?.abort()
        this.#slot?.ignore()
        this.#landFailed()
      } finally {
        this.#pipeline.fault(this.#request, error)
      }
    }
  }
}

function lengthOf(headers: HeaderList): number {
  const text = firstValue(headers, 'content-length')
  return text === undefined ? -1 : Number(text)
}
