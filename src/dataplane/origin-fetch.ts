/**
 * The slow half of a request's life: share another's fetch or make one; read the content; wait for admission; ask the origin; answer, and fill the store.
 * One object per request that needs the origin, or per refresh behind a stale answer (then nobody is answered).
 *
 * What it must never do: hold an origin slot while a visitor is read or written slowly (content is gathered before, stored answers are collected
 * at the origin's speed, and who makes the origin wait loses the slot: slow-readers.ts); give the slot back while the origin works; end a request twice; let a failed origin win over a copy we have.
 */
import type { Reason } from '../contract/reason.ts'
import type { RouteClass, VisitorClass } from '../contract/route-class.ts'
import type { HeaderList } from '../kernel/header-list.ts'
import type { Applicant, Refusal } from './admission/admission.ts'
import type { AdmissionSlot } from './admission/admission-slot.ts'
import { wantsPart } from './cache/cache.ts'
import type { WaitOutcome } from './cache/coalesce.ts'
import type { Lookup } from './cache/lookup.ts'
import type { CachePolicy } from './cache/policy.ts'
import { isOriginError } from './cache/stale.ts'
import type { StoreWriter } from './cache/store-fill.ts'
import { CacheEntry } from './cache/stored-response.ts'
import type { FetchHost } from './fetch-host.ts'
import { HeldErrorPage } from './held-error-page.ts'
import type { OriginCall, OriginHandle, OriginSink, UpgradeCall } from './origin/call.ts'
import { PreparedAnswer, type Request, type RequestBody } from './request.ts'
import { newRequestId } from './request-id.ts'
import type { Route } from './routing/route-table.ts'
import type { SlowAnswer } from './slow-readers.ts'
import { GatheredBody } from './upload/gathered-body.ts'
import { isClosed, VisitorAnswer } from './visitor-answer.ts'

/** How long a visitor waits for the disk to say whether it has a last good copy: a local read, even a loaded machine answers in milliseconds. */
const RECALL_MS = 1_000
/** Said to somebody who waits for a turn and cannot be shown the waiting room's page. */
const WAIT_SECONDS = 5

export class OriginFetch implements Applicant, OriginSink, SlowAnswer {
  readonly routeClass: RouteClass
  visitorClass: VisitorClass
  readonly client: { readonly key: number }
  readonly sourceSlot: number
  readonly deadlineMs = Number.POSITIVE_INFINITY
  ticket = -1
  bookedMs = 0

  readonly #host: FetchHost
  readonly #request: Request
  readonly #route: Route<CachePolicy>
  readonly #visitor: VisitorAnswer
  #lookup: Lookup
  /** We hold the claim on this key: others wait for what becomes of it. */
  #flying = false
  #sharedAgain = false
  #gathered: GatheredBody | null = null
  #body: RequestBody | Uint8Array | null = null
  #slot: AdmissionSlot | null = null
  #handle: OriginHandle | null = null
  #sentAtMs = 0
  #headAtMs = 0
  #trailersExpected = false
  /** The origin is not read, because the visitor does not read. */
  #paused = false
  #writer: StoreWriter | null = null
  /** What the origin sends is not wanted: a better answer went out. */
  #discarding = false
  #errorPage: HeldErrorPage | null = null

  private constructor(host: FetchHost, request: Request, route: Route<CachePolicy>, lookup: Lookup, forVisitor: boolean) {
    this.#host = host
    this.#request = request
    this.#route = route
    this.#lookup = lookup
    this.#visitor = new VisitorAnswer(host, request, forVisitor)
    this.routeClass = request.routeClass
    this.visitorClass = forVisitor ? request.visitorClass : 'known'
    this.client = request.client
    this.sourceSlot = forVisitor ? request.sourceSlot : -1
  }

  static forVisitor(host: FetchHost, request: Request, route: Route<CachePolicy>, lookup: Lookup): void {
    const fetch = new OriginFetch(host, request, route, lookup, true)
    const onClose = (gone: boolean): void => fetch.#guard(() => fetch.#onReplyClosed(gone))
    request.reply.onClose = onClose
    fetch.#share()
  }

  /** Fetches behind a stale answer; the claim is ours already. */
  static behind(host: FetchHost, request: Request, route: Route<CachePolicy>, lookup: Lookup): void {
    const fetch = new OriginFetch(host, request, route, lookup, false)
    fetch.#flying = true
    fetch.#apply()
  }

  // 1. Share another's fetch, or make our own

  #share(): void {
    const claim = this.#changesProtocol ? 'alone' : this.#host.cache.claim(this.#lookup, (outcome) => this.#guard(() => this.#onOthersFetch(outcome)), this.#now())
    if (claim === 'mine') this.#flying = true
    else if (claim === 'waiting') return
    else if (claim === 'full') {
      this.#fallBack('queue-full', 5)
      return
    }
    this.#gather()
  }

  /** Once per request, so that no chain of waits can form. */
  #shareAgain(): void {
    this.#sharedAgain = true
    this.#share()
  }

  #onOthersFetch(outcome: WaitOutcome): void {
    if (!this.#visitor.waiting) return
    const { cache, tally } = this.#host
    if (outcome === 'failed') {
      // Perhaps only its visitor went away: one of those who waited tries again for all, once; when that fails too, the origin is down.
      if (this.#sharedAgain || cache.onError(this.#lookup, this.#now()) !== null) this.#fallBack(this.#host.waitingRoom.isOpenFor(this.#request) ? 'waiting-room' : 'origin-down', 5)
      else this.#shareAgain()
      return
    }
    if (outcome === 'stored') {
      const again = cache.lookup(this.#request, this.#lookup.policy, this.#now(), false)
      this.#lookup = again
      if (again.kind === 'fresh' || again.kind === 'stale') {
        tally.collapsed++
        this.#visitor.sendStored(again.entry!, again, again.kind === 'fresh' ? 'served-fresh' : 'served-stale', 'collapsed')
        return
      }
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

  // 2. Read the content before a place at the origin is taken

  #gather(): void {
    const { body } = this.#request
    if (body === null || this.#changesProtocol) {
      this.#apply()
      return
    }
    if (this.#route.maxBodyBytes !== null) body.maxBodyBytes = this.#route.maxBodyBytes
    const gathered = new GatheredBody(body, this.#host.gatherBudget, {
      onReady: (whole) => {
        this.#body = whole ?? gathered
        this.#guard(() => this.#apply())
      },
      onFailed: (reason) => this.#guard(() => this.#refuse(reason, 0)),
    })
    this.#gathered = gathered
    gathered.gather()
  }

  // 3. Wait for a place

  #apply(): void {
    if (this.#visitor.waiting) {
      if (!this.#host.waitingRoom.mayGo(this.#request)) {
        this.#fallBack('waiting-room', WAIT_SECONDS)
        return
      }
      this.visitorClass = this.#request.visitorClass
    }
    this.#enter()
  }

  #enter(): void {
    const answer = this.#host.admission.admit(this)
    if (answer === null) return
    if ('reason' in answer) this.onRefused(answer)
    else this.onSlot(answer)
  }

  onRefused(refusal: Refusal): void {
    this.#guard(() => {
      // Whose turn has come waits on, rather than being sent back to the waiting room for a moment.
      if (refusal.reason === 'queue-timeout' && this.#visitor.waiting && this.#host.waitingRoom.mayStay(this.#request)) this.#enter()
      else this.#fallBack(refusal.reason, refusal.retryAfterSeconds)
    })
  }

  onSlot(slot: AdmissionSlot): void {
    this.#slot = slot
    if (this.#visitor.waiting) this.#host.waitingRoom.entered(this.#request)
    this.#guard(() => this.#ask())
  }

  // 4. Ask the origin

  #ask(): void {
    const request = this.#request
    const { cache, origin } = this.#host
    this.#sentAtMs = this.#now()
    if (request.id === '') request.id = newRequestId()
    const call: OriginCall = {
      method: request.method, target: this.#lookup.originTarget, headers: cache.originHeaders(request, this.#lookup), body: this.#body,
      host: request.host, scheme: request.scheme, clientAddress: request.client.text, peerAddress: '', trustedHop: false, requestId: request.id,
      routeClass: this.routeClass, deadlineMs: this.#route.timeoutMs ?? 0, sink: this,
    }
    if (this.#changesProtocol) {
      const upgrade: UpgradeCall = { ...call, protocol: request.upgrade, takeOver: () => request.reply.takeOver() }
      this.#handle = origin.upgrade(upgrade)
    } else this.#handle = origin.forward(call)
  }

  onInformational(status: number, headers: HeaderList): void {
    if (this.#visitor.waiting) this.#request.reply.sendInformational(status, headers)
  }

  onHead(status: number, headers: HeaderList, trailersExpected: boolean): void {
    this.#trailersExpected = trailersExpected
    this.#guard(() => this.#onHead(status, headers))
  }

  #onHead(status: number, headers: HeaderList): void {
    const now = this.#now()
    this.#headAtMs = now
    const request = this.#request
    const lookup = this.#lookup
    const { cache } = this.#host
    if (lookup.fill && lookup.kind === 'validate' && status === 304) {
      const entry = cache.validated(request, lookup, headers, now - this.#sentAtMs)
      this.#flying = false
      this.#discarding = true
      if (entry === null) this.#refuse('origin-bad-answer', 1)
      else this.#visitor.sendStored(entry, lookup, 'served-revalidated', 'revalidated')
      return
    }
    if (isOriginError(status) && (request.method === 'GET' || request.method === 'HEAD')) {
      const entry = cache.onError(lookup, now)
      if (entry !== null) {
        this.#serveInstead(entry, 'served-stale', 'origin-error')
        return
      }
      if (this.#visitor.waiting && request.method === 'GET' && lookup.kind !== 'bypass') {
        this.#errorPage = new HeldErrorPage(status, headers)
        cache.recall(request, lookup, now, RECALL_MS, (found) =>
          this.#guard(() => {
            if (found !== null) this.#judgeErrorPage(found)
            else this.#host.lastGood.recall(request, true, this.#now(), RECALL_MS, (answer) => this.#guard(() => this.#judgeErrorPage(answer)))
          }),
        )
        return
      }
    }
    this.#begin(status, headers)
  }

  /** The origin failed and the disk was asked for a better answer. */
  #judgeErrorPage(found: CacheEntry | PreparedAnswer | null): void {
    const page = this.#errorPage
    if (page === null) return
    this.#errorPage = null
    if (found instanceof PreparedAnswer && this.#visitor.waiting) {
      this.#landFailed()
      this.#discarding = true
      this.#visitor.sendLastGood(found)
    } else if (found instanceof CacheEntry && this.#visitor.waiting) this.#serveInstead(found, 'served-last-good', 'last-good')
    else if (page.end === 'broken') this.#fallBack('origin-reset', 0)
    else {
      this.#begin(page.status, page.headers)
      for (const chunk of page.chunks) this.#pass(chunk)
      if (page.end === 'whole') this.#end(null)
    }
    if (this.#paused) this.#resume()
  }

  #serveInstead(entry: CacheEntry, reason: Reason, detail: string): void {
    this.#landFailed()
    this.#discarding = true
    this.#visitor.sendStored(entry, this.#lookup, reason, detail)
  }

  // 5. Answer, and fill the store

  #begin(status: number, headers: HeaderList): void {
    const request = this.#request
    const lookup = this.#lookup
    const { cache } = this.#host
    let detail = ''
    if (request.method === 'GET') {
      const begun = cache.begin(request, lookup, status, headers, this.#headAtMs - this.#sentAtMs)
      if (typeof begun === 'string') {
        detail = begun
        this.#flying = false
      } else this.#writer = begun
    } else {
      if (request.method === 'HEAD') cache.headAnswered(request, lookup, status, headers, this.#headAtMs - this.#sentAtMs)
      else cache.unsafeAnswered(request, lookup, status, headers)
      this.#landFailed()
    }
    const visitor = this.#visitor
    if (!visitor.waiting) return
    const writer = this.#writer
    if (writer !== null && visitor.hasAlready(writer)) visitor.notModified(headers, lookup, status)
    else if (writer !== null && writer.lengthKnown && wantsPart(request.headers)) visitor.fromStore = true
    else visitor.start(status, headers, lookup, writer !== null && writer.failed === null, detail, this.#trailersExpected, () => this.#guard(() => this.#onDrain()))
  }

  onData(chunk: Uint8Array): boolean {
    try {
      if (this.#discarding) return true
      if (this.#errorPage === null) return this.#pass(chunk)
      if (this.#errorPage.add(chunk)) return true
      this.#paused = true
      return false
    } catch (error) {
      this.#onFault(error)
      return true
    }
  }

  #pass(chunk: Uint8Array): boolean {
    const visitor = this.#visitor
    if (this.#writer !== null && !this.#writer.write(chunk)) {
      this.#writer = null
      this.#flying = false
      if (visitor.fromStore) {
        this.#fail('origin-bad-answer')
        return true
      }
    }
    if (!visitor.waiting || visitor.fromStore || visitor.write(chunk)) return true
    if (this.#writer !== null && this.#writer.lengthKnown) {
      visitor.fromStore = true
      return true
    }
    this.#paused = true
    // A stream is meant to stay open, and has places of its own.
    if (this.routeClass !== 'stream' && this.#slot?.finished === false) this.#host.slowReaders.expect(this)
    return false
  }

  #onDrain(): void {
    if (this.#paused) this.#resume()
  }

  // As an answer whose reader is slow

  get sentBytes(): number {
    return this.#visitor.sentBytes
  }

  giveSlotBack(): void {
    this.#guard(() => {
      this.#finishSlot(this.#request.status)
      // Nobody else shall wait for this reader.
      this.#landFailed()
    })
  }

  cutReader(): void {
    this.#guard(() => {
      this.#landFailed()
      this.#visitor.cut('reader-too-slow')
      this.#handle?.abort()
    })
  }

  #resume(): void {
    this.#paused = false
    this.#handle?.resume()
  }

  onEnd(trailers: HeaderList | null): void {
    this.#guard(() => {
      const page = this.#errorPage
      this.#releaseSlot(page?.status ?? this.#request.status)
      if (page === null) this.#end(trailers)
      else page.end = 'whole'
    })
  }

  #end(trailers: HeaderList | null): void {
    if (this.#discarding) return
    const whole = this.#store()
    const visitor = this.#visitor
    if (!visitor.waiting) return
    if (!visitor.fromStore) visitor.end(trailers)
    else if (visitor.started) {
      if (whole === null) visitor.cut('origin-bad-answer')
      else visitor.endFrom(whole, trailers)
    } else {
      const again = this.#host.cache.lookup(this.#request, this.#lookup.policy, this.#now(), true)
      if (again.entry !== null && whole !== null) visitor.sendStored(again.entry, again, 'served-origin', 'stored')
      else this.#fallBack('origin-bad-answer', 1)
    }
  }

  /** The answer is whole: stored if it may be. Returns its content when it was. */
  #store(): Uint8Array | null {
    const writer = this.#writer
    if (writer === null) return null
    this.#writer = null
    const stored = writer.commit()
    this.#flying = false
    if (stored === null) return null
    this.#host.tally.stored++
    return stored.body
  }

  onError(reason: Reason, _detail: string, _retryable: boolean): void {
    this.#guard(() => this.#fail(reason))
  }

  #fail(reason: Reason): void {
    this.#releaseAfterFailure(reason)
    this.#handle?.abort()
    if (this.#discarding) return
    if (this.#errorPage === null) this.#fallBack(reason, reason === 'origin-down' || reason === 'limit-shed' ? 5 : 0)
    else this.#errorPage.end = 'broken'
  }

  // 6. When the origin cannot: a copy in memory, a copy on disk, an honest page

  #fallBack(reason: Reason, retryAfterSeconds: number): void {
    this.#landFailed()
    const visitor = this.#visitor
    if (!visitor.waiting) return
    if (visitor.started) {
      visitor.cut(reason)
      return
    }
    const { method } = this.#request
    if ((method !== 'GET' && method !== 'HEAD') || this.#lookup.kind === 'bypass') {
      visitor.turnAway(reason, retryAfterSeconds)
      return
    }
    const now = this.#now()
    const entry = this.#host.cache.onError(this.#lookup, now)
    if (entry !== null) {
      visitor.sendStored(entry, this.#lookup, 'served-stale', reason)
      return
    }
    this.#host.cache.recall(this.#request, this.#lookup, now, RECALL_MS, (found) =>
      this.#guard(() => {
        if (found !== null) visitor.sendStored(found, this.#lookup, 'served-last-good', isClosed(reason) ? 'last-good' : reason)
        else
          this.#host.lastGood.recall(this.#request, isClosed(reason), this.#now(), RECALL_MS, (answer) =>
            this.#guard(() => {
              if (answer === null) visitor.turnAway(reason, retryAfterSeconds)
              else visitor.sendLastGood(answer)
            }),
          )
      }),
    )
  }

  #refuse(reason: Reason, retryAfterSeconds: number): void {
    this.#landFailed()
    this.#visitor.refuse(reason, retryAfterSeconds)
  }

  // 7. Let go of what is held

  #onReplyClosed(gone: boolean): void {
    this.#gathered?.release()
    if (!this.#visitor.waiting) return
    this.#visitor.closed(gone)
    if (!gone) return
    // Others wait for this fetch, or what is nearly stored serves the next visitor: it goes on without its own.
    const wanted = this.#flying && this.#host.cache.waitersOf(this.#lookup) > 0
    if (wanted || (this.#writer !== null && this.#writer.lengthKnown)) {
      if (this.#paused) this.#resume()
      return
    }
    if (this.#host.admission.cancel(this)) this.#landFailed()
    else if (this.#handle !== null) {
      this.#handle.abort()
      this.#host.slowReaders.forget(this)
      this.#slot?.ignore(this.#now() - this.#sentAtMs)
      this.#landFailed()
    }
  }

  /** Whatever we held for others is over without an answer. */
  #landFailed(): void {
    this.#writer?.abandon()
    this.#writer = null
    if (!this.#flying) return
    this.#flying = false
    this.#host.cache.failed(this.#lookup)
  }

  #releaseSlot(status: number): void {
    this.#host.slowReaders.forget(this)
    this.#finishSlot(status)
  }

  #finishSlot(status: number): void {
    if (this.#slot === null || this.#slot.finished) return
    if (status === 503 || status === 429) this.#slot.dropped(this.#now() - this.#sentAtMs)
    else if (status >= 500) this.#slot.ignore(this.#now() - this.#sentAtMs)
    // A long download's time is the visitor's line, not the origin's work: its header counts.
    else this.#slot.success((this.#headAtMs || this.#now()) - this.#sentAtMs)
  }

  #releaseAfterFailure(reason: Reason): void {
    this.#host.slowReaders.forget(this)
    if (this.#slot === null || this.#slot.finished) return
    const usedMs = this.#now() - this.#sentAtMs
    if (reason.startsWith('origin-') && reason !== 'origin-bad-answer') this.#slot.dropped(usedMs)
    else this.#slot.ignore(usedMs)
  }

  get #changesProtocol(): boolean {
    return this.#request.upgrade !== '' && this.#route.upgrade
  }

  #now(): ReturnType<FetchHost['clock']['monotonicMs']> {
    return this.#host.clock.monotonicMs()
  }

  #guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#onFault(error)
    }
  }

  /** A fault of ours ends this request, gives back what it holds, and goes no further. */
  #onFault(error: unknown): void {
    this.#visitor.waiting = false
    try {
      this.#handle?.abort()
      this.#host.slowReaders.forget(this)
      this.#slot?.ignore()
      this.#landFailed()
    } finally {
      this.#host.fault(this.#request, error)
    }
  }
}
