/**
 * One HTTP/2 connection: node:http2's session with every limit said, its streams turned into requests, and the watch over what it costs.
 * Frames are node:http2's (nghttp2) matter. What the library does not bound is bounded here: rates of content both ways, idle time, resets and
 * control frames (session-budget.ts), once a second for all connections of a listener, without a timer per stream.
 * It must never throw into the library's callbacks, and never count our own resets against the visitor.
 * What node:http2 does not let us do: send the two-step GOAWAY (RFC 9113 section 6.8), so at drain a request that is already on the wire may be
 * refused unprocessed and is to be sent again by the visitor; see an unfinished header section, so its deadline is the idle limit.
 */
import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Reason } from '../../../contract/reason.ts'
import type { MonotonicMs } from '../../../kernel/clock.ts'
import { Request } from '../../request.ts'
import { type AddressOf, schemeOf } from '../client-address.ts'
import type { ConnectionFacts, EdgeContext } from '../connection-context.ts'
import type { EdgeSettings } from '../options.ts'
import { Http2Body, type ContentMeter } from './http2-body.ts'
import { Http2Exchange, type ExchangeOwner } from './http2-exchange.ts'
import { RequestHead } from './request-head.ts'
import { refusalFields } from './response-fields.ts'
import { SessionBudget } from './session-budget.ts'

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_PROTOCOL_ERROR } = constants
const END_STREAM = 1
const PSEUDO_FIELDS = 4
const PING_FRAME_BYTES = 17
/** Six settings of six bytes each and the frame's header. */
const SETTINGS_FRAME_BYTES = 45
const PRIORITY_FRAME_BYTES = 14

/** Resets of the bytes read last are counted every so many requests. */
const STILLBORN_LOOK = 32

const CLOSED_BY_US = new Error('the connection was closed by the shield')

const REFUSAL_STATUS: Readonly<Partial<Record<Reason, number>>> = Object.freeze({ 'header-too-large': 431, 'uri-too-long': 414, 'expectation-failed': 417, 'method-not-allowed': 405 })

const head = new RequestHead()

/** All limits of node:http2 said, so that none is left at a default that an update may change. */
function sessionOptions(settings: EdgeSettings): Parameters<typeof performServerHandshake>[1] {
  return {
    maxDeflateDynamicTableSize: 4_096,
    maxSettings: 32,
    maxSessionMemory: settings.h2SessionMemoryMegabytes,
    // One above: the library resets in silence, we answer 431
    maxHeaderListPairs: settings.headerFields + PSEUDO_FIELDS + 1,
    maxOutstandingPings: 1,
    maxReservedRemoteStreams: 0,
    maxSendHeaderBlockLength: 131_072,
    maxSessionInvalidFrames: settings.h2InvalidFrames,
    maxSessionRejectedStreams: settings.h2RejectedStreams,
    peerMaxConcurrentStreams: settings.h2Streams,
    streamResetBurst: settings.h2StreamResetBurst,
    streamResetRate: settings.h2StreamResetsPerSecond,
    paddingStrategy: constants.PADDING_STRATEGY_NONE,
    strictFieldWhitespaceValidation: true,
    // The origin decides what it sends; a repeated field is not ours to refuse
    strictSingleValueFields: false,
    settings: {
      headerTableSize: 4_096,
      enablePush: false,
      initialWindowSize: settings.h2StreamWindowBytes,
      maxFrameSize: 16_384,
      maxConcurrentStreams: settings.h2Streams,
      maxHeaderListSize: settings.headBytes,
      enableConnectProtocol: false,
    },
  } as Parameters<typeof performServerHandshake>[1]
}

export class Http2Connection implements ExchangeOwner, ContentMeter {
  readonly settings: EdgeSettings
  readonly #context: EdgeContext
  readonly #facts: ConnectionFacts
  readonly #addressOf: AddressOf
  readonly #socket: Socket
  readonly #session: ServerHttp2Session
  readonly #budget: SessionBudget
  readonly #exchanges = new Set<Http2Exchange>()
  readonly #openedAtMs: MonotonicMs
  #busyAtMs: MonotonicMs
  #sweptAtMs: MonotonicMs
  #requests = 0
  #countedIn = 0
  #countedOut = 0
  /** We have ended it: nothing more is served, and what the library says of it is no news. */
  #over = false
  /** It was closed for what it did, not for want of room. */
  abusive = false
  /** The visitor ended it with an error code: its own trouble, told politely (RFC 9113 6.8), which the library reports as an error of the session. */
  #endedByVisitor = false
  /** Opened by the bytes read last, in order, and not yet handed on. */
  #arrived: Array<readonly [request: Request, exchange: Http2Exchange]> = []
  /** Streams of this connection that we refused: their resets are ours, but they are the visitor's errors. */
  readonly #bad = new WeakSet<Http2Exchange>()

  constructor(socket: Socket, facts: ConnectionFacts, context: EdgeContext, addressOf: AddressOf, onClose: (connection: Http2Connection) => void) {
    const now = context.clock.monotonicMs()
    this.settings = context.settings
    this.#context = context
    this.#facts = facts
    this.#addressOf = addressOf
    this.#socket = socket
    this.#budget = new SessionBudget(context.settings, now)
    this.#openedAtMs = now
    this.#busyAtMs = now
    this.#sweptAtMs = now
    const session = performServerHandshake(socket, sessionOptions(context.settings))
    this.#session = session
    session.setLocalWindowSize(context.settings.h2ConnectionWindowBytes)
    session.on('stream', (stream: ServerHttp2Stream, _fields: unknown, flags: number, raw?: string[]) => this.#onStream(stream, flags, raw ?? []))
    session.on('ping', () => this.#onControlFrame(PING_FRAME_BYTES))
    session.on('remoteSettings', () => this.#onControlFrame(SETTINGS_FRAME_BYTES))
    // Not in the type definitions, but what counts PRIORITY frames of streams that are not open
    ;(session as NodeJS.EventEmitter).on('priority', () => this.#onControlFrame(PRIORITY_FRAME_BYTES))
    session.on('goaway', (code: number) => (this.#endedByVisitor ||= code !== 0))
    session.on('error', (error: Error & { code?: string }) => this.#onError(error))
    session.on('close', () => {
      this.#countBytes()
      onClose(this)
    })
  }

  /** No new requests; those under way are finished, then the connection closes. */
  drain(): void {
    if (!this.#session.destroyed) this.#session.close()
  }

  /** Closes at once, whatever is under way. */
  destroy(): void {
    this.#over = true
    if (!this.#session.destroyed) this.#session.destroy(CLOSED_BY_US, this.#exchanges.size > 0 ? NGHTTP2_CANCEL : NGHTTP2_NO_ERROR)
    this.#socket.destroySoon()
  }

  /** Once a second: `crowded` when connections run short. */
  sweep(now: MonotonicMs, crowded: boolean): void {
    if (this.#session.destroyed) return
    const elapsed = now - this.#sweptAtMs
    this.#sweptAtMs = now
    for (const exchange of this.#exchanges) {
      const broken = exchange.body?.look(elapsed) ?? null
      if (broken !== null && !exchange.finished) exchange.cutWith(broken, NGHTTP2_CANCEL)
      else if (exchange.drainsTooSlowly(elapsed)) {
        // As for HTTP/1: what was handed over whole is counted as served already.
        if (exchange.finished) this.#context.onRefusal(this.#facts.peer, 'reader-too-slow', 0)
        exchange.cutWith('reader-too-slow', NGHTTP2_CANCEL)
      }
    }
    this.#countBytes()
    if (this.#budget.unexplainedBytes(this.#countedIn, this.#countedOut, now)) {
      this.#abuse()
      return
    }
    if (this.#exchanges.size > 0) {
      this.#busyAtMs = now
      return
    }
    const { headerDeadlineMs, headerDeadlineCrowdedMs, h2IdleMs } = this.settings
    const first = crowded ? headerDeadlineCrowdedMs : headerDeadlineMs
    if (this.#requests === 0 && now - this.#openedAtMs > first) {
      this.#context.onRefusal(this.#facts.peer, 'header-timeout', 0)
      this.destroy()
    } else if (this.#requests > 0 && now - this.#busyAtMs > (crowded ? Math.min(h2IdleMs, headerDeadlineCrowdedMs) : h2IdleMs)) this.drain()
  }

  contentArrived(bytes: number): void {
    this.#budget.contentArrived(bytes)
  }

  brokenContent(exchange: Http2Exchange): void {
    this.#bad.add(exchange)
    exchange.cutWith('bad-request', NGHTTP2_PROTOCOL_ERROR)
  }

  exchangeClosed(exchange: Http2Exchange): void {
    const wasOpen = this.#exchanges.delete(exchange)
    const { stream, whole } = exchange
    if (wasOpen) {
      this.#facts.activity.activeRequests--
      this.#context.counts.openRequests--
      if (whole) this.#facts.activity.completedRequests++
    }
    if (!whole && !this.#session.destroyed) this.#judgeEnd(exchange, stream.rstCode)
    exchange.body?.fail(exchange.cut ?? 'client-aborted')
    const onClose = exchange.onClose
    exchange.onClose = null
    if (onClose !== null) onClose(!whole)
  }

  #judgeEnd(exchange: Http2Exchange, code: number): void {
    let abuse = false
    if (this.#bad.has(exchange)) abuse = this.#budget.streamError()
    else if (exchange.cut !== null) return
    else if (code === NGHTTP2_CANCEL || code === NGHTTP2_NO_ERROR) abuse = this.#budget.streamReset()
    else abuse = this.#budget.streamError()
    if (abuse) this.#abuse()
  }

  #onStream(stream: ServerHttp2Stream, flags: number, raw: string[]): void {
    const now = this.#context.clock.monotonicMs()
    const reason = head.read(raw, this.#context.scheme, this.settings)
    const exchange = new Http2Exchange(stream, this, head.method === 'HEAD' && reason === null)
    const hasContent = (flags & END_STREAM) === 0
    this.#budget.streamOpened(head.fieldBytes, hasContent ? this.settings.h2StreamWindowBytes : 0)
    this.#requests++
    // Reset before we came to it: its close is counted, nobody else need know
    if (stream.destroyed || stream.closed || this.#over) return
    const refusal = reason ?? (!hasContent && head.contentLength > 0 ? 'bad-request' : null)
    if (refusal !== null) {
      this.#refuse(exchange, refusal)
      return
    }
    if (hasContent) exchange.body = new Http2Body(exchange, this, head.contentLength, head.expectsContinue)
    const scheme = schemeOf(head.headers, this.#facts, this.#context.scheme, this.settings.trustedProxyHeader)
    const request = new Request(
      head.method, head.target, head.host, scheme, 20, head.headers,
      this.#addressOf(head.headers, this.#facts), this.#facts.tls, exchange.body, exchange, now, '',
    )
    const waiting = this.#arrived.push([request, exchange])
    if (waiting === 1) setImmediate(() => this.#handOn())
    else if (waiting % STILLBORN_LOOK === 0 && this.#stillborn() > this.settings.h2StreamResetBurst) this.#abuseNow()
  }

  /** Opened and given up by the same bytes. */
  #stillborn(): number {
    let given = 0
    for (const [, { stream }] of this.#arrived) if (stream.closed || stream.destroyed) given++
    return given
  }

  /**
   * After all that was read at once: a stream that was opened and reset in one breath never comes to the pipeline, so a rapid reset takes no place in a
   * queue and no line of a cache (CVE-2023-44487). Its reset was counted where it closed.
   */
  #handOn(): void {
    const arrived = this.#arrived
    this.#arrived = []
    for (const [request, exchange] of arrived) {
      const { stream } = exchange
      if (this.#over || stream.destroyed || stream.closed) continue
      this.#exchanges.add(exchange)
      this.#facts.activity.activeRequests++
      this.#context.counts.openRequests++
      this.#context.onRequest(request)
    }
  }

  /** The request never comes to the pipeline. What an honest client may run into is answered, what only a broken one sends is reset. */
  #refuse(exchange: Http2Exchange, reason: Reason): void {
    const status = REFUSAL_STATUS[reason]
    this.#context.onRefusal(this.#facts.peer, reason, status ?? 400)
    if (status === undefined) this.brokenContent(exchange)
    else exchange.sendWhole(status, refusalFields(reason, this.#context.clock.wallMs()), Buffer.from(`${status} (${reason})\n`, 'latin1'))
  }

  #onControlFrame(bytes: number): void {
    if (this.#budget.controlFrame(this.#context.clock.monotonicMs(), bytes)) this.#abuse()
  }

  /**
   * More resets in one breath than the setting allows: the rest of what was read is not even looked at. The library would open a stream for each request
   * in it first (750 in 32 KiB, 18 ms; measured), and only then say that the burst was too large.
   */
  #abuseNow(): void {
    this.#abuse()
    if (!this.#session.destroyed) this.#session.destroy(CLOSED_BY_US, NGHTTP2_ENHANCE_YOUR_CALM)
  }

  #abuse(): void {
    if (this.#over) return
    this.#over = true
    this.abusive = true
    this.#context.onRefusal(this.#facts.peer, 'h2-abuse', 0)
    // Not inside the library's callback, where it would free what it still uses
    setImmediate(() => {
      if (!this.#session.destroyed) this.#session.destroy(CLOSED_BY_US, NGHTTP2_ENHANCE_YOUR_CALM)
      this.#socket.destroySoon()
    })
  }

  #onError(error: Error & { code?: string }): void {
    if (this.#over || error.code?.startsWith('ERR_HTTP2') !== true) return
    this.#over = true
    if (this.#endedByVisitor && error.code === 'ERR_HTTP2_SESSION_ERROR') return
    // The library ended the connection: too many resets, invalid frames, a flood it knows; without any request it was hardly HTTP/2
    const abuse = this.#requests > 0 || error.code === 'ERR_HTTP2_TOO_MANY_INVALID_FRAMES'
    this.abusive = abuse
    this.#context.onRefusal(this.#facts.peer, abuse ? 'h2-abuse' : 'bad-request', 0)
  }

  #countBytes(): void {
    const { counts } = this.#context
    const { bytesRead, bytesWritten } = this.#socket
    counts.bytesIn += bytesRead - this.#countedIn
    counts.bytesOut += bytesWritten - this.#countedOut
    this.#countedIn = bytesRead
    this.#countedOut = bytesWritten
  }
}
