import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Reason } from '../../../contract/reason.ts'
import type { MonotonicMs } from '../../../kernel/clock.ts'
import type { HeaderList } from '../../../kernel/header-list.ts'
import { Request, type ClientAddress } from '../../request.ts'
import { schemeOf } from '../client-address.ts'
import type { ConnectionFacts, EdgeContext } from '../connection-context.ts'
import { deadlinesOf, type Entry, type Timed } from './connection-deadlines.ts'
import { ConnectionOutput } from './connection-output.ts'
import { Http1Reply, type ReplyOwner } from './http1-reply.ts'
import { Http1RequestBody, type BodyOwner } from './http1-request-body.ts'
import { RawConnection, type RawOwner } from './raw-connection.ts'
import { refusalAnswer } from './refusal-answer.ts'
import { HEAD_INCOMPLETE, HEAD_REFUSED, RequestHead } from './request-head.ts'
import { readIntoSharedBuffer } from './shared-read-buffer.ts'

/**
 * One HTTP/1 connection from accept to close: requests strictly one after the other, however they were sent.
 * Why one at a time: a visitor who pipelines gets no more of the shield at once than one who waits. What came too early stays in one bounded buffer
 * and reading stops. It must never guess where a message ends: after a refusal, a broken body or too much unread content the connection closes,
 * lingering so that the visitor can read the answer instead of a reset.
 * A visitor who closes his side while his request is under way is taken as gone (as nginx does): what he asked for should not hold a place in the queue.
 * Source: RFC 9112 sections 9.3 to 9.6; design note algorithms (c).
 */
export type AddressOf = (headers: HeaderList, facts: ConnectionFacts) => ClientAddress

/** Nothing received yet. */
const FRESH = 0
/** Between requests. */
const IDLE = 1
/** Part of a head is here. */
const HEAD = 2
/** A request is with the pipeline, its answer not complete. */
const EXCHANGE = 3
/** Answered; the rest of the content is read and dropped. */
const DROPPING = 4
/** Answered for the last time; open until the visitor has read it. */
const LINGERING = 5
/** Taken over after 101. */
const RAW = 6
const CLOSED = 7

/**
 * Serves HTTP/1 on a connected socket until it closes. The socket must come from a server with `allowHalfOpen: true` (a visitor may close his side
 * and still read) and `noDelay: true`; PROXY protocol and TLS handshake are done. The caller counts connections; requests, bytes and
 * `facts.activity` are counted here.
 */
export function serveHttp1(socket: Socket | TLSSocket, facts: ConnectionFacts, context: EdgeContext, addressOf: AddressOf): Http1Connection {
  const connection = new Http1Connection(socket, facts, context, addressOf)
  connection.listen()
  return connection
}

export class Http1Connection implements BodyOwner, ReplyOwner, RawOwner, Timed {
  readonly output: ConnectionOutput
  readonly #socket: CarrierSocket
  readonly #facts: ConnectionFacts
  readonly #context: EdgeContext
  readonly #addressOf: AddressOf
  #deadline: Entry | null = null
  #phase = FRESH
  #sinceMs: MonotonicMs
  /** Bytes received and not yet used: part of a head, or what was sent ahead. Our own copy. */
  #stash: Buffer | null = null
  #running = false
  /** More bytes followed the head of the present request in the same read. */
  #sentAhead = false
  #reading = true
  #request: Request | null = null
  #reply: Http1Reply | null = null
  #body: Http1RequestBody | null = null
  #raw: RawConnection | null = null

  constructor(socket: Socket | TLSSocket, facts: ConnectionFacts, context: EdgeContext, addressOf: AddressOf) {
    this.#socket = socket as CarrierSocket
    this.#facts = facts
    this.#context = context
    this.#addressOf = addressOf
    this.#sinceMs = context.clock.monotonicMs()
    this.output = new ConnectionOutput(socket, context.counts, context.settings, facts.tls === null ? 0 : TLS_UNDERWAY_BYTES)
  }

  listen(): void {
    const socket = this.#socket
    socket[CONNECTION] = this
    if (this.#facts.tls === null) readIntoSharedBuffer(socket, (length, bytes) => this.#read(bytes as Buffer, length))
    // Needed in both cases: what the listener read and put back (PROXY protocol) comes this way.
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.on('drain', onDrain)
    this.#deadline = deadlinesOf(this.#context.clock).add(this)
    if (this.#deadline === null) socket.destroy()
    else socket.resume()
  }

  #read(bytes: Buffer, length: number): boolean {
    this.feed(bytes, length)
    return this.#reading
  }

  /** Takes what the visitor sent: the first `length` bytes. They may be reused after the call. */
  feed(bytes: Buffer, length: number): void {
    this.#context.counts.bytesIn += length
    if (this.#phase === LINGERING || this.#phase === CLOSED) return
    const stash = this.#stash
    if (stash === null) this.#run(bytes, length)
    else {
      const joined = Buffer.allocUnsafe(stash.length + length)
      joined.set(stash)
      bytes.copy(joined, stash.length, 0, length)
      // An incomplete head is read again only when a line ended or a limit is near: a byte at a time costs no more than a line at a time.
      if (this.#phase === HEAD && joined.indexOf(LF, stash.length) === -1 && joined.length < this.#bytesWithoutVerdict(stash)) this.#stash = joined
      else {
        this.#stash = null
        this.#run(joined, joined.length)
      }
    }
    this.#steerReading()
  }

  /** How long an incomplete head may grow without a line end before a limit can be broken. */
  #bytesWithoutVerdict(stash: Buffer): number {
    const { requestLineBytes, headBytes } = this.#context.settings
    return requestLineBytes > headBytes || stash.includes(LF) ? headBytes : requestLineBytes
  }

  /** Goes on with what was sent ahead. */
  resumeStash(): void {
    const stash = this.#stash
    if (stash !== null && !this.#running) {
      this.#stash = null
      this.#run(stash, stash.length)
    }
    this.#steerReading()
  }

  #run(bytes: Buffer, end: number): void {
    this.#running = true
    let at = 0
    while (at < end) {
      if (this.#phase <= HEAD) {
        const result = head.parse(bytes, at, end, this.#context.settings)
        if (result === HEAD_INCOMPLETE) {
          if (this.#phase !== HEAD) this.#enter(HEAD)
          break
        }
        if (result === HEAD_REFUSED) {
          this.#refuse(head.reason, head.status)
          break
        }
        at = head.end
        this.#sentAhead = at < end
        this.#open()
      } else if (this.#phase === EXCHANGE || this.#phase === DROPPING) {
        const body = this.#body
        if (body === null || body.complete) break
        const before = at
        // Not known before the body has taken its part; an answer inside that call must think of the worse.
        this.#sentAhead = true
        at = body.take(bytes, at, end)
        this.#sentAhead = at < end
        if (this.#phase === DROPPING) this.#afterDropping(body)
        else if (at === before) break
      } else if (this.#phase === RAW) {
        this.#raw!.push(Buffer.from(bytes.subarray(at, end)))
        at = end
      } else break
    }
    this.#running = false
    if (at < end && this.#phase < LINGERING) this.#stash = Buffer.from(bytes.subarray(at, end))
  }

  #open(): void {
    const context = this.#context
    const now = context.clock.monotonicMs()
    this.#phase = EXCHANGE
    this.#sinceMs = now
    const reply = new Http1Reply(this, this.output, head)
    const body = head.chunked || head.contentLength > 0 ? new Http1RequestBody(this, head.contentLength, head.expectContinue, context.settings) : null
    const client = this.#addressOf(head.headers, this.#facts)
    const scheme = schemeOf(head.headers, this.#facts, context.scheme, context.settings.trustedProxyHeader)
    const request = new Request(
      head.method, head.target, head.host, scheme, head.version, head.headers, client, this.#facts.tls, body, reply, now, head.upgrade,
    )
    this.#reply = reply
    this.#body = body
    this.#request = request
    this.#facts.activity.activeRequests++
    context.counts.openRequests++
    context.onRequest(request)
  }

  #enter(phase: number): void {
    this.#phase = phase
    this.#sinceMs = this.#context.clock.monotonicMs()
  }

  #refuse(reason: Reason, status: number): void {
    this.#context.onRefusal(this.#facts.peer, reason, status)
    this.output.writeBytes(refusalAnswer(status, reason, this.#context.clock.wallMs()))
    this.#linger()
  }

  // The visitor's content

  bodyWantsInput(): void {
    if (this.#running) return
    if (this.#stash !== null || this.#phase === DROPPING) process.nextTick(goOn, this)
    this.#steerReading()
  }

  sendContinue(): void {
    if (this.#phase === EXCHANGE && !this.#reply!.started) this.output.writeText('HTTP/1.1 100 Continue\r\n\r\n')
  }

  nowMs(): MonotonicMs {
    return this.#context.clock.monotonicMs()
  }

  #afterDropping(body: Http1RequestBody): void {
    if (body.complete) this.#becomeIdle()
    else if (body.broken) this.#linger()
  }

  // The answer

  mayStayOpen(): boolean {
    const context = this.#context
    if (context.draining || this.#facts.activity.completedRequests + 1 >= context.settings.requestsPerConnection) return false
    // What follows a request for another protocol before our answer may be meant in that protocol: only the visitor could say.
    if (this.#request!.upgrade !== '' && (this.#body !== null || this.#sentAhead || this.#stash !== null)) return false
    return this.#body === null || this.#body.mayLeaveConnectionOpen
  }

  replyWritten(): void {
    if (this.output.flushed) this.settle()
    else this.output.whenFlushed(() => this.settle())
  }

  /** The whole answer is with the kernel. */
  settle(): void {
    if (this.#phase !== EXCHANGE) return
    const reply = this.#reply!
    const body = this.#body
    const drops = body !== null && !body.complete && reply.keepsOpen && body.dropRest() && !body.complete
    const unread = body !== null && !body.complete
    if (drops) this.#enter(DROPPING)
    else if (!reply.keepsOpen || unread) {
      if (unread || this.#sentAhead || this.#stash !== null) this.#linger()
      else this.#closeNow()
    } else this.#becomeIdle()
    this.#endRequest(false, drops ? body : null)
    if (!this.#running) this.#steerReading()
  }

  #becomeIdle(): void {
    this.#phase = IDLE
    this.#body = null
    if (this.#running) return
    this.#sinceMs = this.#context.clock.monotonicMs()
    if (this.#stash !== null) process.nextTick(goOn, this)
  }

  #endRequest(gone: boolean, keptBody: Http1RequestBody | null): void {
    const reply = this.#reply!
    this.#request = null
    this.#reply = null
    this.#body = keptBody
    this.#facts.activity.activeRequests--
    if (!gone) this.#facts.activity.completedRequests++
    this.#context.counts.openRequests--
    reply.finished = true
    if (reply.onClose !== null) reply.onClose(gone)
  }

  /** Ends connection and request at once, so that the visitor sees that the answer is not whole. */
  cut(reason: Reason): void {
    if (this.#phase === CLOSED) return
    const reply = this.#reply
    this.#phase = CLOSED
    this.#stash = null
    if (reply !== null && reply.endsWithConnection && this.#facts.tls === null) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
    this.#ended(reason)
  }

  #closeNow(): void {
    this.#enter(CLOSED)
    // TLS says goodbye first; a plain socket with nothing left on either side can go without a half-close.
    if (this.#facts.tls === null && this.#socket.writableLength === 0) this.#socket.destroy()
    else this.#socket.destroySoon()
  }

  #linger(): void {
    this.#enter(LINGERING)
    this.#stash = null
    this.#socket.end()
  }

  #ended(reason: Reason): void {
    const raw = this.#raw
    const body = this.#body
    this.#raw = null
    if (this.#reply !== null) this.#reply.finished = true
    if (this.#request !== null) {
      // For whoever ends the request in onClose; one that was ended before keeps its reason.
      if (raw === null && !this.#request.ended) this.#request.reason = reason
      if (body !== null) body.fail(reason)
      this.#endRequest(raw === null, null)
    }
    if (raw !== null) raw.destroy()
  }

  // Upgrade

  takeOver(): Duplex | null {
    if (this.#phase !== EXCHANGE || this.#body !== null || this.#request!.upgrade === '') return null
    this.#enter(RAW)
    this.#raw = new RawConnection(this)
    if (!this.#running) process.nextTick(goOn, this)
    return this.#raw
  }

  rawWantsInput(): void {
    if (!this.#running) this.#steerReading()
  }

  rawWrite(chunk: Uint8Array, done: (error?: Error | null) => void): void {
    this.#sinceMs = this.#context.clock.monotonicMs()
    this.output.writeBytes(chunk)
    if (this.output.hasRoom()) done()
    else this.output.whenFlushed(done)
  }

  rawEnd(done: (error?: Error | null) => void): void {
    this.#socket.end(done)
  }

  rawDestroy(): void {
    if (this.#phase === RAW) this.#socket.destroy()
  }

  // The socket

  drained(): void {
    const reply = this.#reply
    if (reply === null || !reply.owesDrain) return
    reply.owesDrain = false
    if (reply.onDrain !== null) reply.onDrain()
  }

  visitorEnded(): void {
    if (this.#phase === RAW) this.#raw!.push(null)
    else if (this.#phase === EXCHANGE) {
      // The answer is written and only on its way: let him have it.
      if (this.#reply!.finished) this.#reply!.keepsOpen = false
      else this.cut('client-aborted')
    } else {
      if (this.#phase === HEAD) this.#context.onRefusal(this.#facts.peer, 'client-aborted', 0)
      this.#closeNow()
    }
  }

  socketClosed(): void {
    this.#phase = CLOSED
    this.#stash = null
    if (this.#deadline !== null) deadlinesOf(this.#context.clock).remove(this.#deadline)
    this.#deadline = null
    this.#ended('client-aborted')
  }

  #steerReading(): void {
    if (this.#phase === CLOSED) return
    const wanted = this.#wantsInput()
    if (wanted === this.#reading) return
    this.#reading = wanted
    if (wanted) this.#socket.resume()
    else this.#socket.pause()
  }

  #wantsInput(): boolean {
    if (this.#phase === EXCHANGE) {
      const body = this.#body
      // Without content left to read, one more read may bring what was sent ahead, or the news that the visitor is gone.
      if (body === null || body.complete) return this.#stash === null
      return body.wantsInput || (this.#stash === null && !body.paused)
    }
    if (this.#phase === RAW) return !this.#raw!.readableEnded && this.#raw!.readableLength < this.#raw!.readableHighWaterMark
    return true
  }

  // Time

  look(now: MonotonicMs): void {
    const settings = this.#context.settings
    if (this.output.isStuck(now, settings)) {
      if (this.#phase === CLOSED) this.#socket.destroy()
      else {
        // An answer handed over whole was counted when it was: its slow reader would show nowhere.
        if (this.#request === null || this.#request.ended) this.#context.onRefusal(this.#facts.peer, 'reader-too-slow', 0)
        this.cut('reader-too-slow')
      }
      return
    }
    const elapsed = now - this.#sinceMs
    const crowded = this.#context.crowded
    switch (this.#phase) {
      case FRESH:
      case HEAD:
        if (elapsed <= (crowded ? settings.headerDeadlineCrowdedMs : settings.headerDeadlineMs)) return
        if (this.#phase === HEAD) this.#refuse('header-timeout', 408)
        else {
          this.#context.onRefusal(this.#facts.peer, 'header-timeout', 0)
          this.#closeNow()
        }
        return
      case IDLE:
        if (this.#context.draining || elapsed > (crowded ? settings.keepAliveIdleCrowdedMs : settings.keepAliveIdleMs)) this.#closeNow()
        return
      case EXCHANGE:
      case DROPPING: {
        const body = this.#body
        const reason = body === null ? null : body.look(now, settings)
        if (reason !== null) this.cut(reason)
        else if (this.#phase === DROPPING) this.#afterDropping(body!)
        this.#steerReading()
        return
      }
      case LINGERING:
        if (elapsed > settings.lingerMs) this.#socket.destroy()
        return
      case RAW:
        if (elapsed > settings.upgradedIdleMs) this.#socket.destroy()
        return
      case CLOSED:
        // TLS waits for its goodbye to be written; that must not take for ever.
        if (elapsed > settings.lingerMs && this.#socket.writableLength === 0) this.#socket.destroy()
    }
  }
}

const LF = 10
/**
 * A TLS socket never has everything with the kernel at once: it encrypts and writes in a later turn. Up to here an answer counts as handed over, so that
 * the next request need not wait for that turn; more than one TLS record, less than a send buffer.
 */
const TLS_UNDERWAY_BYTES = 32_768
/** The parser's result is used up before the next parse, so one is enough for the thread. */
const head = new RequestHead()

const CONNECTION = Symbol('connection')
type CarrierSocket = Socket & { [CONNECTION]: Http1Connection }

function onData(this: CarrierSocket, bytes: Buffer): void {
  this[CONNECTION].feed(bytes, bytes.length)
}
function onEnd(this: CarrierSocket): void {
  this[CONNECTION].visitorEnded()
}
function onDrain(this: CarrierSocket): void {
  this[CONNECTION].drained()
}
function onClose(this: CarrierSocket): void {
  this[CONNECTION].socketClosed()
}
/** 'close' follows and says all that matters. */
function onError(): void {}

function goOn(connection: Http1Connection): void {
  connection.resumeStash()
}
