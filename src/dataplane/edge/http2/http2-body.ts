import type { Reason } from '../../../contract/reason.ts'
import type { BodySink, RequestBody } from '../../request.ts'
import { Pace } from '../pace.ts'
import { exchangeOf, type ExchangeStream, type Http2Exchange } from './http2-exchange.ts'
import { readTrailers } from './request-head.ts'

/** What the session counts of content. */
export interface ContentMeter {
  contentArrived(bytes: number): void
  /** The visitor broke the framing of its content: the stream must be reset. */
  brokenContent(exchange: Http2Exchange): void
}

/** Not asked for yet. */
const WAITING = 0
const FLOWING = 1
/** The sink wants to be left alone. */
const PAUSED = 2
/** Not wanted (any more). */
const DROPPED = 3
/** All here and handed on. */
const DONE = 4
/** The sink was told why there is no more; whoever serves the request may still answer. */
const BROKEN = 5

/** Content of one stream. Until `start` at most one stream window of it arrives, and the library holds it. */
export class Http2Body implements RequestBody {
  readonly declaredBytes: number
  maxBodyBytes: number
  received = 0
  readonly #exchange: Http2Exchange
  readonly #meter: ContentMeter
  readonly #expectsContinue: boolean
  #state = WAITING
  #sink: BodySink | null = null
  #trailers: string[] | null = null
  /** Empty content ends by itself, before anybody asks for it. */
  #endedBefore = false
  #pace: Pace | null = null
  #flowedMs = 0
  #brokenMs = 0
  #receivedAtSweep = 0

  constructor(exchange: Http2Exchange, meter: ContentMeter, declaredBytes: number, expectsContinue: boolean) {
    this.declaredBytes = declaredBytes
    this.maxBodyBytes = exchange.owner.settings.bodyBytes
    this.#exchange = exchange
    this.#meter = meter
    this.#expectsContinue = expectsContinue
    exchange.stream.on('trailers', onTrailers)
    exchange.stream.on('end', onEnd)
  }

  /** Everything the visitor had to send is here and was handed on. */
  get complete(): boolean {
    return this.#state === DONE
  }

  start(sink: BodySink): void {
    if (this.#state !== WAITING) return
    this.#state = FLOWING
    this.#sink = sink
    const { stream } = this.#exchange
    if (stream.destroyed || stream.closed) {
      // Never from inside start: the caller is not ready for it
      process.nextTick(() => this.fail(this.#exchange.cut ?? 'client-aborted'))
      return
    }
    if (this.declaredBytes > this.maxBodyBytes) {
      this.fail('body-too-large')
      return
    }
    if (this.#expectsContinue && !this.#exchange.started) this.#exchange.sendContinue()
    const { bodyMinBytesPerSecond, bodyGraceMs } = this.#exchange.owner.settings
    this.#pace = new Pace(bodyMinBytesPerSecond, bodyGraceMs)
    if (this.#endedBefore) process.nextTick(() => this.end())
    else stream.on('data', onData)
  }

  resume(): void {
    if (this.#state !== PAUSED) return
    this.#state = FLOWING
    this.#exchange.stream.resume()
  }

  discard(): void {
    if (this.#state >= DROPPED) return
    const wasReading = this.#state === FLOWING
    this.#state = DROPPED
    this.#sink = null
    // What is under way fills the window and stops; the stream is closed when the answer is out
    if (wasReading) this.#exchange.stream.pause()
  }

  /** The content will not come whole; the sink is told once. */
  fail(reason: Reason): void {
    if (this.#state >= DROPPED) return
    const wasReading = this.#state === FLOWING
    this.#state = BROKEN
    const sink = this.#sink
    this.#sink = null
    if (wasReading && !this.#exchange.stream.destroyed) this.#exchange.stream.pause()
    sink?.onError(reason)
  }

  data(chunk: Buffer): void {
    this.received += chunk.length
    this.#meter.contentArrived(chunk.length)
    if (this.#state !== FLOWING) return
    if (this.declaredBytes !== -1 && this.received > this.declaredBytes) {
      this.#refuse()
      return
    }
    if (this.received > this.maxBodyBytes) {
      this.fail('body-too-large')
      return
    }
    if (!this.#sink!.onData(chunk) && this.#state === FLOWING) {
      this.#state = PAUSED
      this.#exchange.stream.pause()
    }
  }

  end(): void {
    // A stream that the visitor resets also "ends"; its close tells them apart
    if (this.#state >= DROPPED || this.#exchange.stream.aborted || this.#exchange.stream.rstCode !== 0) return
    if (this.#state === WAITING) {
      this.#endedBefore = true
      return
    }
    if (this.declaredBytes !== -1 && this.received !== this.declaredBytes) {
      this.#refuse()
      return
    }
    this.#state = DONE
    const sink = this.#sink
    this.#sink = null
    sink?.onEnd(this.#trailers)
  }

  trailers(raw: readonly string[]): void {
    this.#trailers = readTrailers(raw)
    if (this.#trailers === null) this.#refuse()
  }

  /**
   * Holds the visitor to the rates, as for HTTP/1: tells the sink, so that the request can still be answered. Returns why the stream must be cut
   * when nobody did, or null. Time while we hold the visitor back does not count.
   */
  look(elapsedMs: number): Reason | null {
    const { settings } = this.#exchange.owner
    if (this.#state === BROKEN) {
      this.#brokenMs += elapsedMs
      return this.#brokenMs > settings.lingerMs ? 'body-timeout' : null
    }
    if (this.#state !== FLOWING || this.#pace === null) return null
    const moved = this.received - this.#receivedAtSweep
    this.#receivedAtSweep = this.received
    this.#flowedMs += elapsedMs
    const earnedMs = (this.received / settings.bodyGoodBytesPerSecond) * 1_000
    if (this.#flowedMs > settings.bodyLongestMs || this.#flowedMs > settings.bodyDeadlineMs + earnedMs) this.fail('body-timeout')
    else if (this.#pace.step(moved, elapsedMs)) this.fail('body-too-slow')
    return null
  }

  #refuse(): void {
    this.fail('bad-request')
    this.#meter.brokenContent(this.#exchange)
  }
}

function onData(this: ExchangeStream, chunk: Buffer): void {
  this[exchangeOf]!.body!.data(chunk)
}

function onEnd(this: ExchangeStream): void {
  this[exchangeOf]!.body!.end()
}

function onTrailers(this: ExchangeStream, _fields: unknown, _flags: number, raw?: readonly string[]): void {
  this[exchangeOf]!.body!.trailers(raw ?? [])
}
