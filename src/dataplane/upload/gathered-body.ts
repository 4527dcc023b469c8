/**
 * Reads a request's content before the request takes a place at the origin, so that a visitor who sends one byte a second (R.U.D.Y.) holds a
 * socket and never an origin slot. Small content is gathered whole; of larger content the beginning is kept and the rest is streamed afterwards,
 * with backpressure. All gathering together has a bound: beyond it content is streamed from the start.
 */
import type { Reason } from '../../contract/reason.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { BodySink, RequestBody } from '../request.ts'

/** Kept of one request: nginx keeps 16 KiB, a form with a small attachment has 200 KiB. */
export const GATHER_BYTES = 262_144
/** All requests of one worker together. */
export const GATHER_TOTAL_BYTES = 64 * 1_048_576

/** Bytes held by all gathered bodies of one worker. */
export class GatherBudget {
  usedBytes = 0
}

export interface GatherHooks {
  /** The content is whole (`whole` set) or has a beginning worth asking the origin with (`whole` null: use this object as the body). */
  onReady(whole: Uint8Array | null): void
  onFailed(reason: Reason): void
}

/** First a sink that gathers, then the body that the origin reads: what was gathered, then the rest. */
export class GatheredBody implements BodySink, RequestBody {
  readonly declaredBytes: number
  maxBodyBytes: number
  readonly #body: RequestBody
  readonly #budget: GatherBudget
  readonly #hooks: GatherHooks
  #chunks: Uint8Array[] = []
  #bytes = 0
  #sink: BodySink | null = null
  #handedOver = false
  #wants = false
  #ended = false
  #trailers: HeaderList | null = null
  #failed: Reason | null = null

  constructor(body: RequestBody, budget: GatherBudget, hooks: GatherHooks) {
    this.declaredBytes = body.declaredBytes
    this.maxBodyBytes = body.maxBodyBytes
    this.#body = body
    this.#budget = budget
    this.#hooks = hooks
  }

  /** Starts reading. */
  gather(): void {
    this.#body.start(this)
  }

  // As a sink of the visitor's content

  onData(chunk: Uint8Array): boolean {
    if (this.#sink !== null) return this.#sink.onData(chunk)
    // The edge reuses its read buffer: keep a copy.
    this.#chunks.push(Uint8Array.prototype.slice.call(chunk))
    this.#bytes += chunk.length
    this.#budget.usedBytes += chunk.length
    if (this.#bytes < GATHER_BYTES && this.#budget.usedBytes < GATHER_TOTAL_BYTES) return true
    this.#hand(null)
    // The origin may have begun to read within this call: then it has said whether it wants more, and its `resume` came too early to be heard.
    return this.#wants
  }

  onEnd(trailers: HeaderList | null): void {
    this.#ended = true
    this.#trailers = trailers
    if (this.#sink !== null) this.#sink.onEnd(trailers)
    else if (!this.#handedOver) {
      const whole = Buffer.concat(this.#chunks)
      this.release()
      this.#hand(whole)
    }
  }

  onError(reason: Reason): void {
    this.#failed = reason
    this.release()
    if (this.#sink !== null) this.#sink.onError(reason)
    else if (!this.#handedOver) {
      this.#handedOver = true
      this.#hooks.onFailed(reason)
    }
  }

  // As the content that the origin reads

  start(sink: BodySink): void {
    this.#sink = sink
    const chunks = this.#chunks
    this.release()
    let wants = true
    for (const chunk of chunks) wants = sink.onData(chunk) && wants
    this.#wants = wants
    if (this.#failed !== null) sink.onError(this.#failed)
    else if (this.#ended) sink.onEnd(this.#trailers)
    else if (wants) this.#body.resume()
  }

  resume(): void {
    this.#body.resume()
  }

  discard(): void {
    this.release()
    this.#body.discard()
  }

  /** Gives the memory back; called when the request ends however it ends. */
  release(): void {
    this.#budget.usedBytes -= this.#bytes
    this.#bytes = 0
    this.#chunks = []
  }

  #hand(whole: Uint8Array | null): void {
    if (this.#handedOver) return
    this.#handedOver = true
    this.#hooks.onReady(whole)
  }
}
