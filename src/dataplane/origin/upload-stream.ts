import { Readable } from 'node:stream'
import type { HeaderList } from '../../kernel/header-list.ts'
import type { Reason } from '../../contract/reason.ts'
import type { BodySink, RequestBody } from '../request.ts'

/** Content kept between the visitor and the origin: one read of the edge. */
const HIGH_WATER_BYTES = 65_536

/** Told when the visitor's side of the content fails. */
export interface UploadOwner {
  onVisitorFault(reason: Reason): void
}

/**
 * A RequestBody as the Readable that undici wants. Nothing is asked of the visitor before undici reads (a connection is there);
 * every chunk is copied once, because the edge reads into the same buffer again. Trailers end here: undici cannot send them.
 */
export class UploadStream extends Readable implements BodySink {
  readonly #body: RequestBody
  readonly #owner: UploadOwner
  #started = false
  #over = false
  /** Asked for more and waiting for the visitor. */
  waiting = false

  constructor(body: RequestBody, owner: UploadOwner) {
    super({ highWaterMark: HIGH_WATER_BYTES })
    this.#body = body
    this.#owner = owner
  }

  override _read(): void {
    if (this.#over) return
    this.waiting = true
    if (this.#started) this.#body.resume()
    else {
      this.#started = true
      this.#body.start(this)
    }
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#over) {
      this.#over = true
      // Never started: it may still go to another upstream.
      if (this.#started) this.#body.discard()
    }
    this.waiting = false
    // Never an 'error' event: undici stops listening before it destroys us, and the owner is told in other ways.
    done(null)
  }

  onData(chunk: Uint8Array): boolean {
    if (this.#over) return true
    this.waiting = false
    return this.push(Buffer.from(chunk))
  }

  onEnd(_trailers: HeaderList | null): void {
    if (this.#over) return
    this.#over = true
    this.waiting = false
    this.push(null)
  }

  onError(reason: Reason): void {
    if (this.#over) return
    this.#over = true
    this.waiting = false
    this.#owner.onVisitorFault(reason)
  }

  /** No more of it: the origin has answered. */
  stop(): void {
    if (this.#over) return
    this.#over = true
    this.waiting = false
    this.#body.discard()
  }
}
