import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Reason } from '../../../contract/reason.ts'
import type { HeaderList } from '../../../kernel/header-list.ts'
import { firstValue, hasHeader } from '../../../kernel/header-list.ts'
import type { PreparedAnswer, Reply } from '../../request.ts'
import { Pace } from '../pace.ts'
import type { EdgeSettings } from '../options.ts'
import type { Http2Body } from './http2-body.ts'
import { fieldObject, isContentless, preparedFields, responseFields } from './response-fields.ts'

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants
const CUT = new Error('the answer was cut')
const END_NOW = Object.freeze({ endStream: true, sendDate: false })
const CONTENT_FOLLOWS = Object.freeze({ sendDate: false })
const TRAILERS_FOLLOW = Object.freeze({ sendDate: false, waitForTrailers: true })

/**
 * A whole body goes out in pieces of this size, so that the drain rate of a slow reader can be seen; also about what a stream's window lets through.
 */
const PIECE_BYTES = 65_536

/** Finds the exchange of a stream inside shared listeners: no closure per request. */
export const exchangeOf = Symbol('exchange')
export type ExchangeStream = ServerHttp2Stream & { [exchangeOf]?: Http2Exchange }

/** What the session wants to hear of its exchanges. */
export interface ExchangeOwner {
  readonly settings: EdgeSettings
  exchangeClosed(exchange: Http2Exchange): void
}

/** One stream: its answer, and what the session's sweep needs to judge the visitor's pace. */
export class Http2Exchange implements Reply {
  started = false
  finished = false
  onDrain: (() => void) | null = null
  onClose: ((gone: boolean) => void) | null = null
  readonly stream: ExchangeStream
  readonly owner: ExchangeOwner
  readonly head: boolean
  body: Http2Body | null = null
  /** Why we ended it, when it was we who did. */
  cut: Reason | null = null
  /** True once everything of the answer was written. */
  #ended = false
  #trailers: HeaderList | null = null
  #waitsForTrailers = false
  #listensForDrain = false
  #rest: Uint8Array | null = null
  #contentless = false
  #written = 0
  #pace: Pace | null = null
  #drainedAtSweep = 0

  constructor(stream: ServerHttp2Stream, owner: ExchangeOwner, head: boolean) {
    this.stream = stream
    this.owner = owner
    this.head = head
    this.stream[exchangeOf] = this
    stream.on('error', ignoreError)
    stream.on('close', onStreamClose)
  }

  /** The answer left whole. */
  get whole(): boolean {
    return this.#ended && this.cut === null && this.stream.writableFinished && this.stream.rstCode === NGHTTP2_NO_ERROR
  }

  sendPrepared(answer: PreparedAnswer): void {
    this.#send(answer.status, preparedFields(answer), answer.body)
  }

  sendWhole(status: number, headers: HeaderList, body: Uint8Array | null): void {
    this.#send(status, responseFields(status, headers, body === null ? -1 : body.length), body)
  }

  sendInformational(status: number, headers: HeaderList): void {
    if (this.started || this.finished || this.#unusable() || status < 102 || status > 199) return
    const fields = fieldObject(headers)
    fields[':status'] = String(status)
    try {
      this.stream.additionalHeaders(fields)
    } catch {
      // A hint: the answer itself says what is wrong with it
    }
  }

  /** The visitor waits for our word before it sends the content. */
  sendContinue(): void {
    try {
      this.stream.additionalHeaders({ ':status': '100' })
    } catch {
      // The stream just ended; its close says so
    }
  }

  start(status: number, headers: HeaderList, bodyBytes: number, trailersExpected = false): void {
    if (this.started || this.finished) return
    this.started = true
    this.#contentless = this.head || isContentless(status) || bodyBytes === 0
    if (this.#unusable()) return
    this.#waitsForTrailers = !this.#contentless && (trailersExpected || announcesTrailers(headers))
    const fields = responseFields(status, headers, this.head && bodyBytes === 0 ? -1 : bodyBytes)
    this.#respond(fields, this.#contentless ? END_NOW : this.#waitsForTrailers ? TRAILERS_FOLLOW : CONTENT_FOLLOWS)
  }

  write(chunk: Uint8Array): boolean {
    if (this.#contentless || !this.started || this.finished || this.#unusable()) return true
    this.#written += chunk.length
    if (this.stream.write(chunk)) return true
    this.#awaitDrain()
    return false
  }

  writeView(view: Uint8Array): boolean {
    return this.write(Buffer.from(view))
  }

  end(trailers: HeaderList | null): void {
    if (!this.started || this.finished) return
    this.finished = true
    this.#ended = true
    if (this.#contentless || this.#unusable()) return
    if (this.#waitsForTrailers) {
      this.#trailers = trailers
      this.stream.on('wantTrailers', onWantTrailers)
    }
    this.stream.end()
  }

  abort(reason: Reason): void {
    if (this.#ended && this.#rest === null) return
    this.finished = true
    this.cutWith(reason)
  }

  takeOver(): null {
    return null
  }

  /** Resets the stream; the visitor sees that the answer is not whole. */
  cutWith(reason: Reason, code: number = NGHTTP2_INTERNAL_ERROR): void {
    if (this.cut !== null) return
    this.cut = reason
    this.#rest = null
    if (this.stream.destroyed) return
    // close() would end a begun answer with END_STREAM, so that half of it looks whole; destroy() resets
    if (this.stream.headersSent) this.stream.destroy(CUT)
    else this.stream.close(code)
  }

  /** True: the visitor takes the answer too slowly. */
  drainsTooSlowly(elapsedMs: number): boolean {
    if (!this.started || this.stream.destroyed || this.stream.writableLength === 0) {
      this.#pace = null
      return false
    }
    const drained = this.#written - this.stream.writableLength
    if (this.#pace === null) {
      const { readerMinBytesPerSecond, readerGraceMs } = this.owner.settings
      // One piece may take as long as the lowest rate allows before it shows as drained
      this.#pace = new Pace(readerMinBytesPerSecond, Math.max(readerGraceMs, (PIECE_BYTES * 1_000) / readerMinBytesPerSecond))
      this.#drainedAtSweep = drained
      return false
    }
    const moved = drained - this.#drainedAtSweep
    this.#drainedAtSweep = drained
    return this.#pace.step(moved, elapsedMs)
  }

  wantTrailers(): void {
    const trailers = this.#trailers === null ? {} : fieldObject(this.#trailers)
    try {
      this.stream.sendTrailers(trailers)
    } catch {
      this.cutWith('shield-error')
    }
  }

  drained(): void {
    if (this.#rest !== null) {
      this.#pump()
      return
    }
    const onDrain = this.onDrain
    if (onDrain !== null && !this.finished) onDrain()
  }

  #send(status: number, fields: string[], body: Uint8Array | null): void {
    if (this.started || this.finished) return
    this.started = true
    this.finished = true
    this.#ended = true
    if (this.#unusable()) return
    if (body === null || body.length === 0 || this.head || isContentless(status)) {
      this.#respond(fields, END_NOW)
      return
    }
    if (!this.#respond(fields, CONTENT_FOLLOWS)) return
    if (body.length <= PIECE_BYTES) {
      this.#written = body.length
      this.stream.end(body)
      return
    }
    this.#rest = body
    this.#pump()
  }

  #pump(): void {
    let rest = this.#rest
    while (rest !== null && !this.#unusable()) {
      const piece = rest.length > PIECE_BYTES ? rest.subarray(0, PIECE_BYTES) : rest
      rest = rest.length > PIECE_BYTES ? rest.subarray(PIECE_BYTES) : null
      this.#rest = rest
      this.#written += piece.length
      if (rest === null) this.stream.end(piece)
      else if (!this.stream.write(piece)) {
        this.#awaitDrain()
        return
      }
    }
  }

  #respond(fields: string[], options: { readonly endStream?: boolean; readonly sendDate: boolean; readonly waitForTrailers?: boolean }): boolean {
    if (this.body !== null) this.stream.on('finish', onAnswerSent)
    try {
      this.stream.respond(fields, options)
      return true
    } catch {
      // The origin's fields cannot be said in HTTP/2 (a name that is no token, a status outside 200 to 599)
      this.finished = true
      this.cutWith('origin-bad-answer')
      return false
    }
  }

  #awaitDrain(): void {
    if (this.#listensForDrain) return
    this.#listensForDrain = true
    this.stream.on('drain', onStreamDrain)
  }

  #unusable(): boolean {
    return this.stream.destroyed || this.stream.closed
  }
}

function announcesTrailers(headers: HeaderList): boolean {
  if (hasHeader(headers, 'trailer')) return true
  return firstValue(headers, 'content-type')?.startsWith('application/grpc') === true
}

function ignoreError(): void {
  // 'close' follows and says what there is to say
}

function onStreamClose(this: ExchangeStream): void {
  const exchange = this[exchangeOf]!
  exchange.finished = true
  exchange.owner.exchangeClosed(exchange)
}

function onStreamDrain(this: ExchangeStream): void {
  this[exchangeOf]!.drained()
}

function onWantTrailers(this: ExchangeStream): void {
  this[exchangeOf]!.wantTrailers()
}

/** The answer is complete before the request: the rest is not wanted (RFC 9113 section 8.1). */
function onAnswerSent(this: ExchangeStream): void {
  if (!this.destroyed && !this.closed && this[exchangeOf]!.body?.complete === false) this.close(NGHTTP2_NO_ERROR)
}
