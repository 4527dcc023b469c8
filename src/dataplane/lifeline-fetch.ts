/**
 * One question of the lifeline, asked in nobody's name: no cookie, no credentials, no visitor's header. It passes what a request to the origin passes, the
 * admission and our strict client, as the last in line; no rule, no tap and no statistic of visitors sees it, and nothing of it enters the cache. Nor does anything
 * come from there: what is in memory was made for whoever asked first, and a header of theirs that the origin reflects would lie in the copy for weeks.
 * Never: take a place at the origin while the shield is not calm, hold more than `maxBytes`, or touch a visitor's request.
 */
import type { LifelineAnswer, LifelineAsk, LifelineOutcome } from '../contract/lifeline.ts'
import type { Reason } from '../contract/reason.ts'
import type { RouteClass, VisitorClass } from '../contract/route-class.ts'
import { firstValue, type HeaderList } from '../kernel/header-list.ts'
import type { Applicant, Refusal } from './admission/admission.ts'
import type { AdmissionSlot } from './admission/admission-slot.ts'
import { whyNotKept } from './cache/lifeline-keep.ts'
import type { CachePolicy } from './cache/policy.ts'
import type { FetchHost } from './fetch-host.ts'
import type { OriginHandle, OriginSink } from './origin/call.ts'
import { Request, type ClientAddress, type Reply } from './request.ts'
import { newRequestId } from './request-id.ts'
import { classOf, type Route } from './routing/route-table.ts'

const USER_AGENT = 'Mozilla/5.0 (compatible; polder-lifeline; keeps a copy of this site for its own visitors)'
/** 127.0.0.1, as the origin is told; the key belongs to no visitor. */
const NOBODY: ClientAddress = Object.freeze({ family: 4, text: '127.0.0.1', high: 0x7f000001, low: 0, key: 0 })
/** Nobody waits for this answer; the lifeline reads it as it comes. */
const NO_REPLY = null as unknown as Reply

/** What the question needs to know of the site's settings. */
export interface LifelineRoutes {
  find(request: Request): { readonly route: Route<CachePolicy>; readonly policy: CachePolicy }
}

export class LifelineFetch implements Applicant, OriginSink {
  readonly routeClass: RouteClass
  readonly visitorClass: VisitorClass = 'tagged'
  readonly client = NOBODY
  readonly sourceSlot = -1
  readonly deadlineMs = Number.POSITIVE_INFINITY
  ticket = -1
  bookedMs = 0

  readonly #host: FetchHost
  readonly #ask: LifelineAsk
  readonly #request: Request
  readonly #route: Route<CachePolicy>
  readonly #policy: CachePolicy
  readonly #done: (answer: LifelineAnswer) => void
  #slot: AdmissionSlot | null = null
  #handle: OriginHandle | null = null
  #sentAtMs = 0
  #originMs = -1
  #status = 0
  #headers: HeaderList = []
  #chunks: Uint8Array[] = []
  #bytes = 0
  #ended = false

  private constructor(host: FetchHost, ask: LifelineAsk, routes: LifelineRoutes, done: (answer: LifelineAnswer) => void) {
    this.#host = host
    this.#ask = ask
    this.#done = done
    this.#request = new Request('GET', ask.target, ask.host, ask.scheme, 11, headersOf(ask), NOBODY, null, null, NO_REPLY, host.clock.monotonicMs(), '')
    const { route, policy } = routes.find(this.#request)
    this.#route = route
    this.#policy = policy
    this.routeClass = classOf(this.#request, route)
  }

  /** `done` is called exactly once, perhaps before this returns. */
  static start(host: FetchHost, ask: LifelineAsk, routes: LifelineRoutes, calm: boolean, done: (answer: LifelineAnswer) => void): void {
    let fetch: LifelineFetch | null = null
    try {
      fetch = new LifelineFetch(host, ask, routes, done)
      if (calm) fetch.#apply()
      else fetch.#end('put-off', 'not-calm')
    } catch (error) {
      // A mistake of ours costs this page, not the worker and its visitors.
      const why = `shield-error: ${(error as Error).message}`
      if (fetch === null) done({ ticket: ask.ticket, outcome: 'failed', why, status: 0, headers: [], body: null, originMs: -1 })
      else {
        fetch.#slot?.ignore()
        fetch.#end('failed', why)
      }
    }
  }

  #apply(): void {
    const answer = this.#host.admission.admit(this)
    if (answer === null) return
    if ('reason' in answer) this.onRefused(answer)
    else this.onSlot(answer)
  }

  onRefused(refusal: Refusal): void {
    this.#end('put-off', refusal.reason)
  }

  onSlot(slot: AdmissionSlot): void {
    this.#slot = slot
    this.#sentAtMs = this.#host.clock.monotonicMs()
    const { host, scheme, target } = this.#ask
    this.#handle = this.#host.origin.forward({
      method: 'GET', target, headers: this.#request.headers, body: null, host, scheme, clientAddress: NOBODY.text, peerAddress: '', trustedHop: false, requestId: newRequestId(),
      routeClass: this.routeClass, deadlineMs: this.#route.timeoutMs ?? 0, unmetered: true, sink: this,
    })
    if (this.#ended) this.#handle.abort()
  }

  onHead(status: number, headers: HeaderList): void {
    this.#originMs = this.#host.clock.monotonicMs() - this.#sentAtMs
    this.#status = status
    this.#headers = headers
    if (status === 304 && (this.#ask.etag !== '' || this.#ask.lastModified !== '')) {
      // The same page, but public no more (RFC 9110 15.4.5: a 304 carries the Cache-Control that a 200 would have).
      const why = whyNotKept(200, headers, this.#ask.publicPath, this.#host.clock.wallMs(), this.#policy)
      if (why === 'private' || why === 'no-store' || why === 'route-off') this.#stop('not-kept', why)
      return
    }
    if (status >= 500 || status === 429) this.#stop('failed', `status-${status}`)
    else {
      const why = whyNotKept(status, headers, this.#ask.publicPath, this.#host.clock.wallMs(), this.#policy)
      const declared = Number(firstValue(headers, 'content-length') ?? 0)
      if (why !== '') this.#stop('not-kept', why)
      else if (declared > this.#ask.maxBytes) this.#stop('not-kept', 'too-large')
    }
  }

  onData(chunk: Uint8Array): boolean {
    if (this.#ended) return true
    this.#bytes += chunk.length
    // The bytes are valid during the call only, and a Buffer's own slice would be a view.
    if (this.#bytes <= this.#ask.maxBytes) this.#chunks.push(Uint8Array.prototype.slice.call(chunk))
    else this.#stop('not-kept', 'too-large')
    return true
  }

  onEnd(): void {
    // Another mix of pages than visitors ask for: nothing to learn about the limit.
    this.#slot?.ignore()
    this.#end(this.#status === 304 ? 'not-modified' : 'answered', '')
  }

  onError(reason: Reason): void {
    if (reason === 'origin-bad-answer') this.#slot?.ignore(this.#host.clock.monotonicMs() - this.#sentAtMs)
    else this.#slot?.dropped(this.#host.clock.monotonicMs() - this.#sentAtMs)
    this.#end('failed', reason)
  }

  /** We know enough: the rest is not read. */
  #stop(outcome: LifelineOutcome, why: string): void {
    if (this.#ended) return
    const usedMs = this.#host.clock.monotonicMs() - this.#sentAtMs
    if (this.#status === 503 || this.#status === 429) this.#slot?.dropped(usedMs)
    else this.#slot?.ignore()
    this.#end(outcome, why)
    this.#handle?.abort()
  }

  #end(outcome: LifelineOutcome, why: string): void {
    if (this.#ended) return
    this.#ended = true
    const body = outcome === 'answered' ? inOne(this.#chunks) : null
    this.#chunks = []
    this.#done({ ticket: this.#ask.ticket, outcome, why, status: this.#status, headers: this.#headers, body, originMs: this.#originMs })
  }
}

/** In a buffer of its own, so that it can be handed over to the other thread instead of being copied. */
function inOne(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

/** Like a browser without a past. Identity: the copy is kept as text, and pressing it would cost the origin's processor. */
function headersOf(ask: LifelineAsk): HeaderList {
  const headers = ['host', ask.host, 'user-agent', USER_AGENT, 'accept', 'text/html,application/xhtml+xml,*/*;q=0.8', 'accept-encoding', 'identity']
  if (ask.etag !== '') headers.push('if-none-match', ask.etag)
  if (ask.lastModified !== '') headers.push('if-modified-since', ask.lastModified)
  return headers
}
