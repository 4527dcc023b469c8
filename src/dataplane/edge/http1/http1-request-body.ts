import type { Reason } from '../../../contract/reason.ts'
import type { MonotonicMs } from '../../../kernel/clock.ts'
import type { BodySink, RequestBody } from '../../request.ts'
import type { EdgeSettings } from '../options.ts'
import { CHUNK_BROKEN, CHUNK_DATA, CHUNK_END, ChunkedDecoder } from './chunked-decoder.ts'

/** What a body needs of its connection. */
export interface BodyOwner {
  /** The body can take bytes again, or is complete without having been given more. */
  bodyWantsInput(): void
  sendContinue(): void
  nowMs(): MonotonicMs
}

const WAITING = 0
const FLOWING = 1
const PAUSED = 2
const DROPPING = 3
const COMPLETE = 4
const BROKEN = 5

/**
 * Content of one HTTP/1 request. Bytes go straight from the connection's read buffer to the sink; nothing is kept here.
 * After the answer is complete the sink hears nothing more: what is left is dropped.
 */
export class Http1RequestBody implements RequestBody {
  readonly declaredBytes: number
  /**
   * Most content let through, chunk framing not counted: the setting `bodyBytes`, unless whoever knows the route writes another number here
   * before `start`. Above it the sink gets onError('body-too-large').
   */
  maxBodyBytes: number
  receivedBytes = 0
  #state = WAITING
  #sink: BodySink | null = null
  readonly #owner: BodyOwner
  readonly #decoder: ChunkedDecoder | null
  #remaining: number
  #awaitsContinue: boolean
  /** While dropping: content that may still come before the connection is rather closed. */
  #dropLeft = 0
  #flowingSinceMs = 0
  #flowedMs = 0
  #windowSinceMs = 0
  #windowBytes = 0
  #brokenAtMs = 0
  #brokenBy: Reason = 'bad-request'

  /** `declaredBytes` -1: chunked. */
  constructor(owner: BodyOwner, declaredBytes: number, awaitsContinue: boolean, settings: EdgeSettings) {
    this.#owner = owner
    this.declaredBytes = declaredBytes
    this.maxBodyBytes = settings.bodyBytes
    this.#remaining = declaredBytes
    this.#decoder = declaredBytes === -1 ? new ChunkedDecoder(settings.chunkExtensionBytes, settings.trailerBytes, settings.headerFields) : null
    this.#awaitsContinue = awaitsContinue
  }

  get complete(): boolean {
    return this.#state === COMPLETE
  }

  get broken(): boolean {
    return this.#state === BROKEN
  }

  /** Bytes would be used now if there were any. */
  get wantsInput(): boolean {
    return this.#state === FLOWING || this.#state === DROPPING
  }

  get paused(): boolean {
    return this.#state === PAUSED || this.#state === BROKEN
  }

  start(sink: BodySink): void {
    if (this.#state !== WAITING) return
    this.#sink = sink
    if (this.declaredBytes > this.maxBodyBytes) {
      this.#break('body-too-large')
      return
    }
    if (this.#awaitsContinue) {
      this.#awaitsContinue = false
      this.#owner.sendContinue()
    }
    this.#flow(FLOWING)
  }

  resume(): void {
    if (this.#state !== PAUSED) return
    if (this.#remaining === 0) this.#endLate()
    else this.#flow(FLOWING)
  }

  discard(): void {
    if (this.#state === COMPLETE || this.#state === BROKEN || this.#state === DROPPING) return
    this.#sink = null
    if (this.#awaitsContinue) return
    this.#dropLeft = DROP_BYTES
    if (this.#remaining === 0) this.#endLate()
    else if (this.#remaining <= DROP_BYTES) this.#flow(DROPPING)
    // More than we care to read: nothing is read any more, and the connection ends with the answer.
    else this.#state = WAITING
  }

  /** Whether the connection can serve another request after an answer that does not wait for the rest of this content. */
  get mayLeaveConnectionOpen(): boolean {
    if (this.#state === COMPLETE) return true
    if (this.#state === BROKEN || this.#awaitsContinue) return false
    return this.#state === FLOWING || this.#state === PAUSED || this.#remaining <= DROP_BYTES
  }

  /** The answer is complete: drops what still comes. Returns false when that is more than is worth reading, and the connection must close. */
  dropRest(): boolean {
    this.discard()
    return this.#state === COMPLETE || this.#state === DROPPING
  }

  /** Takes what it can of bytes[position, end) and returns the first position not taken. */
  take(bytes: Buffer, position: number, end: number): number {
    if (this.#awaitsContinue && position < end) this.#awaitsContinue = false
    return this.#decoder === null ? this.#takeDeclared(bytes, position, end) : this.#takeChunks(this.#decoder, bytes, position, end)
  }

  #takeDeclared(bytes: Buffer, position: number, end: number): number {
    if (!this.wantsInput || position === end) return position
    const take = end - position < this.#remaining ? end - position : this.#remaining
    this.#remaining -= take
    this.#deliver(bytes, position, position + take)
    if (this.#remaining === 0 && (this.#state === FLOWING || this.#state === DROPPING)) this.#end()
    return position + take
  }

  #takeChunks(decoder: ChunkedDecoder, bytes: Buffer, position: number, end: number): number {
    let at = position
    while (at < end && this.wantsInput) {
      const event = decoder.next(bytes, at, end)
      if (event === CHUNK_BROKEN) {
        this.#break('bad-request')
        return end
      }
      at = decoder.position
      if (event === CHUNK_DATA) this.#deliver(bytes, decoder.dataStart, decoder.dataEnd)
      else if (event === CHUNK_END) this.#end()
    }
    return at
  }

  #deliver(bytes: Buffer, from: number, to: number): void {
    const length = to - from
    this.receivedBytes += length
    this.#windowBytes += length
    if (this.#state === DROPPING) {
      this.#dropLeft -= length
      if (this.#dropLeft < 0) this.#break('body-too-large')
    } else if (this.receivedBytes > this.maxBodyBytes) this.#break('body-too-large')
    else if (!this.#sink!.onData(bytes.subarray(from, to)) && this.#state === FLOWING) {
      this.#state = PAUSED
      this.#flowedMs += this.#owner.nowMs() - this.#flowingSinceMs
    }
  }

  #flow(state: typeof FLOWING | typeof DROPPING): void {
    const now = this.#owner.nowMs()
    if (this.#state === FLOWING) this.#flowedMs += now - this.#flowingSinceMs
    this.#state = state
    this.#flowingSinceMs = now
    this.#windowSinceMs = now
    this.#windowBytes = 0
    this.#owner.bodyWantsInput()
  }

  /** All bytes had come, but the sink wanted to be left alone. */
  #endLate(): void {
    this.#end()
    this.#owner.bodyWantsInput()
  }

  #end(): void {
    this.#state = COMPLETE
    const sink = this.#sink
    this.#sink = null
    if (sink !== null) sink.onEnd(this.#decoder === null ? null : this.#decoder.trailers)
  }

  #break(reason: Reason): void {
    this.#state = BROKEN
    this.#brokenBy = reason
    this.#brokenAtMs = this.#owner.nowMs()
    const sink = this.#sink
    this.#sink = null
    if (sink !== null) sink.onError(reason)
  }

  /** The connection ended. */
  fail(reason: Reason): void {
    if (this.#state !== COMPLETE && this.#state !== BROKEN) this.#break(reason)
  }

  /**
   * Holds the visitor to the rates. Returns why the whole connection must be cut (nobody answered after the body broke), or null.
   * Only time in which we were willing to read counts.
   */
  look(now: MonotonicMs, settings: EdgeSettings): Reason | null {
    if (this.#state === BROKEN) return now - this.#brokenAtMs > settings.lingerMs ? this.#brokenBy : null
    if (this.#state !== FLOWING && this.#state !== DROPPING) return null
    const flowed = this.#flowedMs + now - this.#flowingSinceMs
    const earnedMs = (this.receivedBytes / settings.bodyGoodBytesPerSecond) * 1_000
    if (flowed > settings.bodyLongestMs || flowed > settings.bodyDeadlineMs + earnedMs) this.#break('body-timeout')
    else {
      const window = now - this.#windowSinceMs
      if (window < settings.bodyGraceMs) return null
      if (this.#windowBytes * 1_000 < settings.bodyMinBytesPerSecond * window) this.#break('body-too-slow')
      this.#windowSinceMs = now
      this.#windowBytes = 0
    }
    return null
  }
}

/** Content read and thrown away to keep a connection: about what is on its way anyway when an early answer arrives; design note, early responses. */
const DROP_BYTES = 65_536
