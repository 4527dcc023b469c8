import type { Reason } from '../../../contract/reason.ts'
import type { BodySink, RequestBody } from '../../request.ts'
import { Pace } from '../pace.ts'
import { exchangeOf, type ExchangeStream, type Http2Exchange } from './http2-exchange.ts'
import { readTrailers } from './request-head.ts'

/** What the session counts of content. */
export interface ContentMeter {
  contentArrived(bytes: number): void
  badStream(exchange: Http2Exchange): void
}

/** Content of one stream. Until `start` at most one stream window of it arrives, and the library holds it. */
export class Http2Body implements RequestBody {
  readonly declaredBytes: number
  /** Everything the visitor had to send is here. */
  complete = false
  received = 0
  readonly #exchange: Http2Exchange
  readonly #meter: ContentMeter
  readonly #expectsContinue: boolean
  #sink: BodySink | null = null
  #paused = false
  #ended = false
  #trailers: string[] | null = null
  #pace: Pace | null = null
  #receivedAtSweep = 0

  constructor(exchange: Http2Exchange, meter: ContentMeter, declaredBytes: number, expectsContinue: boolean) {
    this.#exchange = exchange
    this.#meter = meter
    this.declaredBytes = declaredBytes
    this.#expectsContinue = expectsContinue
    exchange.stream.on('trailers', onTrailers)
  }

  start(sink: BodySink): void {
    if (this.#sink !== null || this.#ended) return
    this.#sink = sink
    const { stream } = this.#exchange
    if (stream.destroyed || stream.closed) {
      // Never from inside start: the caller is not ready for the answer
      process.nextTick(() => this.fail(this.#exchange.cut ?? 'client-aborted'))
      return
    }
    if (this.#expectsContinue && !this.#exchange.started && this.received === 0) {
      try {
        stream.additionalHeaders({ ':status': '100' })
      } catch {
        // The visitor waits in vain and times out; the content may come anyway
      }
    }
    const { bodyMinBytesPerSecond, bodyGraceMs } = this.#exchange.owner.settings
    this.#pace = new Pace(bodyMinBytesPerSecond, bodyGraceMs)
    stream.on('end', onEnd)
    stream.on('data', onData)
  }

  resume(): void {
    if (!this.#paused || this.#ended) return
    this.#paused = false
    this.#exchange.stream.resume()
  }

  discard(): void {
    if (this.#ended) return
    this.#ended = true
    this.#sink = null
    const { stream } = this.#exchange
    // What is under way fills the window and stops; the stream is closed when the answer is out
    if (!stream.destroyed && this.#pace !== null) stream.pause()
  }

  data(chunk: Buffer): void {
    this.received += chunk.length
    this.#meter.contentArrived(chunk.length)
    if (this.declaredBytes !== -1 && this.received > this.declaredBytes) {
      this.#refuse()
      return
    }
    const sink = this.#sink
    if (sink !== null && !sink.onData(chunk) && !this.#ended) {
      this.#paused = true
      this.#exchange.stream.pause()
    }
  }

  end(): void {
    // A stream that the visitor resets also "ends"; its close tells them apart
    if (this.complete || this.#exchange.stream.aborted || this.#exchange.stream.rstCode !== 0) return
    if (this.declaredBytes !== -1 && this.received !== this.declaredBytes) {
      this.#refuse()
      return
    }
    this.complete = true
    const sink = this.#sink
    if (this.#ended) return
    this.#ended = true
    this.#sink = null
    sink?.onEnd(this.#trailers)
  }

  trailers(raw: readonly string[]): void {
    this.#trailers = readTrailers(raw)
    if (this.#trailers === null) this.#refuse()
  }

  /** The content will not come whole. */
  fail(reason: Reason): void {
    if (this.#ended) return
    this.#ended = true
    const sink = this.#sink
    this.#sink = null
    sink?.onError(reason)
  }

  /** True: content comes in too slowly. Time while we hold the visitor back does not count. */
  arrivesTooSlowly(elapsedMs: number): boolean {
    if (this.#pace === null || this.#ended || this.#paused) return false
    const moved = this.received - this.#receivedAtSweep
    this.#receivedAtSweep = this.received
    return this.#pace.step(moved, elapsedMs)
  }

  #refuse(): void {
    this.#meter.badStream(this.#exchange)
    this.fail('bad-request')
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
