import { Duplex } from 'node:stream'

/** What a taken-over connection needs of the HTTP/1 connection under it. */
export interface RawOwner {
  rawWantsInput(): void
  rawWrite(chunk: Uint8Array, done: (error?: Error | null) => void): void
  rawEnd(done: (error?: Error | null) => void): void
  rawDestroy(): void
}

/** Both ways of a connection after `101 Switching Protocols`; the edge goes on counting its bytes and minding its idle time. */
export class RawConnection extends Duplex {
  readonly #owner: RawOwner

  constructor(owner: RawOwner) {
    super({ allowHalfOpen: true })
    this.#owner = owner
  }

  override _read(): void {
    this.#owner.rawWantsInput()
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#owner.rawWrite(chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#owner.rawEnd(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#owner.rawDestroy()
    done(error)
  }
}
