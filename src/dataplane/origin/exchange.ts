/**
 * One request towards the origin from hand-over to its one end: tries, deadlines, at most one retry.
 * A retry only when it can do no harm (RFC 9110 section 9.2.2): nothing of an answer came, and either not a byte of the request left,
 * or the method is idempotent, the content can be sent again and the connection broke. Never after a timeout: the origin may be working on it.
 * Must never call the sink after its end, nor after abort; and gives back its place at the upstream exactly once.
 */
import type { Duplex } from 'node:stream'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { MonotonicMs } from '../../kernel/clock.ts'
import type { OriginCall, OriginHandle, UpgradeCall } from './call.ts'
import { faults } from './fault.ts'
import type { Fault } from './fault.ts'
import { answerHeaders, trailerFields } from './hop-by-hop.ts'
import type { HeaderPolicy } from './hop-by-hop.ts'
import type { Transport, WireReceiver, WireRequest, WireTry } from './transport.ts'
import type { Upstream } from './upstream.ts'

/** What an exchange needs of its Origin. */
export interface ExchangeHost {
  readonly policy: HeaderPolicy
  now(): MonotonicMs
  /** Another upstream for a second try, or null when none is to be made. */
  pickForRetry(failed: Upstream, fault: Fault): Upstream | null
  onTryFailed(exchange: Exchange, upstream: Upstream, fault: Fault): void
  onAnswered(exchange: Exchange, upstream: Upstream, status: number, now: MonotonicMs): void
  onOver(exchange: Exchange): void
  readonly tunnelIdleMs: number
}

/** Time limits of one exchange in ms; total 0 means none. */
export interface Deadlines {
  readonly firstByteMs: number
  readonly idleMs: number
  readonly totalMs: number
}

export class Exchange implements WireReceiver, WireRequest, OriginHandle {
  readonly call: OriginCall
  readonly method: string
  readonly target: string
  readonly headers: string[]
  readonly body: OriginCall['body']
  readonly protocol: string
  readonly startedMs: MonotonicMs
  readonly #host: ExchangeHost
  readonly #deadlines: Deadlines
  #upstream: Upstream
  #try: WireTry | null = null
  #retried = false
  #sending = false
  #answered = false
  #over = false
  #switched = false
  #paused = false
  /** Content came since the last sweep: spares a clock read per chunk. */
  #flowing = false
  /** Start of the silence that a deadline measures. */
  #quietSince: MonotonicMs
  #uploadedBytes = 0
  /** Index in the Origin's list of running exchanges. */
  slot = -1

  constructor(host: ExchangeHost, call: OriginCall, headers: string[], upstream: Upstream, deadlines: Deadlines, now: MonotonicMs) {
    this.#host = host
    this.call = call
    this.method = call.method
    this.target = call.target
    this.headers = headers
    this.body = call.body
    this.protocol = 'protocol' in call ? (call as UpgradeCall).protocol : ''
    this.#upstream = upstream
    this.#deadlines = deadlines
    this.startedMs = now
    this.#quietSince = now
  }

  start(): void {
    this.#upstream.begin(this.#quietSince)
    this.#try = this.#transportOf(this.#upstream).send(this, this)
  }

  abort(): void {
    if (this.#over) return
    this.#finish()
    this.#try?.abort()
  }

  resume(): void {
    if (this.#over || !this.#paused) return
    this.#paused = false
    this.#quietSince = this.#host.now()
    this.#try?.resume()
  }

  /** Called about ten times a second. */
  checkDeadlines(now: MonotonicMs): void {
    if (this.#over) return
    const { firstByteMs, idleMs, totalMs } = this.#deadlines
    if (this.#switched) {
      if (this.#flowing) {
        this.#flowing = false
        this.#quietSince = now
      } else if (now - this.#quietSince >= this.#host.tunnelIdleMs) this.#cut(faults.tunnelIdle)
      return
    }
    if (totalMs > 0 && now - this.startedMs >= totalMs) return this.#cut(faults.totalTimeout)
    if (this.#answered) {
      if (this.#flowing) {
        this.#flowing = false
        this.#quietSince = now
      } else if (!this.#paused && now - this.#quietSince >= idleMs) this.#cut(faults.idleTimeout)
      return
    }
    const attempt = this.#try
    if (attempt !== null && attempt.uploading && (attempt.waitsForVisitor || attempt.uploadedBytes !== this.#uploadedBytes)) {
      // The visitor is slow (the edge watches that) or content is flowing: the origin is not to blame.
      this.#uploadedBytes = attempt.uploadedBytes
      this.#quietSince = now
      return
    }
    if (now - this.#quietSince >= firstByteMs) this.#cut(this.#sending ? faults.firstByteTimeout : faults.noConnection)
  }

  /** The Origin is being destroyed. */
  fail(fault: Fault): void {
    if (!this.#over) this.#cut(fault)
  }

  onSending(): void {
    this.#sending = true
  }

  onInformational(status: number, headers: HeaderList): void {
    if (this.#over) return
    this.call.sink.onInformational?.(status, answerHeaders(headers, this.#host.policy))
  }

  onHead(status: number, headers: HeaderList): void {
    if (this.#over) return
    this.#answered = true
    const now = this.#host.now()
    this.#quietSince = now
    this.#host.onAnswered(this, this.#upstream, status, now)
    // RFC 9112 section 9.3: an error answer before the content is whole means that the rest is not wanted; a redirect does as well.
    if (status >= 300) this.#try?.stopUpload()
    this.call.sink.onHead(status, answerHeaders(headers, this.#host.policy), announcesTrailers(headers))
  }

  onData(chunk: Uint8Array): boolean {
    if (this.#over) return true
    if (this.call.sink.onData(chunk)) {
      this.#flowing = true
      return true
    }
    this.#paused = true
    return false
  }

  onSwitch(headers: HeaderList): Duplex | null {
    if (this.#over) return null
    const visitor = (this.call as UpgradeCall).takeOver()
    if (visitor === null) return null
    this.#answered = true
    this.#switched = true
    const now = this.#host.now()
    this.#quietSince = now
    this.#host.onAnswered(this, this.#upstream, 101, now)
    this.#upstream.end()
    this.#upstream.tunnels++
    let head = 'HTTP/1.1 101 Switching Protocols\r\n'
    const kept = answerHeaders(headers, this.#host.policy)
    for (let i = 0; i < kept.length; i += 2) head += `${kept[i]}: ${kept[i + 1]}\r\n`
    visitor.write(`${head}connection: upgrade\r\nupgrade: ${this.protocol}\r\n\r\n`, 'latin1')
    return visitor
  }

  onTraffic(): void {
    this.#flowing = true
  }

  #transportOf(upstream: Upstream): Transport {
    return this.protocol === '' ? upstream.transport : upstream.tunnelTransport
  }

  onEnd(trailers: HeaderList): void {
    if (this.#over) return
    this.#finish()
    this.call.sink.onEnd(trailers.length === 0 ? null : trailerFields(trailers))
  }

  onFault(fault: Fault): void {
    if (this.#over) return
    const failed = this.#upstream
    if (fault.upstreamAtFault) this.#host.onTryFailed(this, failed, fault)
    if (!this.#retried && this.#mayRepeat(fault)) {
      const next = this.#host.pickForRetry(failed, fault)
      if (next !== null) {
        failed.end()
        this.#retried = true
        this.#upstream = next
        this.#sending = false
        next.begin(this.#host.now())
        this.#try = this.#transportOf(next).send(this, this)
        return
      }
    }
    this.#end(fault)
  }

  #mayRepeat(fault: Fault): boolean {
    if (this.#answered) return false
    if (fault.beforeSending) return true
    if (fault.kind !== 'reset') return false
    if (this.body !== null && !(this.body instanceof Uint8Array)) return false
    const { idempotent } = this.call
    if (idempotent !== undefined) return idempotent
    return this.body === null && (this.method === 'GET' || this.method === 'HEAD' || this.method === 'OPTIONS')
  }

  /** A deadline passed or the Origin closes: the try ends from our side. */
  #cut(fault: Fault): void {
    this.#try?.abort()
    if (fault.upstreamAtFault) this.#host.onTryFailed(this, this.#upstream, fault)
    this.#end(fault)
  }

  #end(fault: Fault): void {
    const answered = this.#answered
    this.#finish()
    this.call.sink.onError(fault.reason, fault.detail, !answered && fault.upstreamAtFault && this.#mayRepeat(fault))
  }

  #finish(): void {
    this.#over = true
    if (this.#switched) this.#upstream.tunnels--
    else this.#upstream.end()
    // No effect when the content was read whole.
    if (this.body !== null && !(this.body instanceof Uint8Array)) this.body.discard()
    this.#host.onOver(this)
  }
}

function announcesTrailers(headers: HeaderList): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === 'trailer') return true
  return false
}
