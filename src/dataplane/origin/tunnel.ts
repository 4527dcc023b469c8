import type { Duplex } from 'node:stream'

/** The origin's end of a tunnel. */
export interface TunnelEnd {
  write(bytes: Uint8Array): boolean
  resume(): void
  closeTunnel(): void
}

/**
 * Two connections joined after `101 Switching Protocols`: bytes go through unread, the slower side slows the other down, the end of one ends the other.
 */
export class Tunnel {
  readonly #visitor: Duplex
  readonly #traffic: { onTraffic(): void }
  #closed = false

  constructor(visitor: Duplex, origin: TunnelEnd, traffic: { onTraffic(): void }) {
    this.#visitor = visitor
    this.#traffic = traffic
    visitor.on('data', (chunk: Uint8Array) => {
      if (this.#closed) return
      traffic.onTraffic()
      if (!origin.write(chunk)) visitor.pause()
    })
    visitor.on('drain', () => {
      if (!this.#closed) origin.resume()
    })
    visitor.once('end', () => origin.closeTunnel())
    visitor.once('close', () => origin.closeTunnel())
    // A reset by the visitor is an end like any other; 'close' follows.
    visitor.on('error', () => {})
    visitor.resume()
  }

  /** Returns false until the visitor has read on. */
  fromOrigin(bytes: Uint8Array): boolean {
    if (this.#closed) return true
    this.#traffic.onTraffic()
    return this.#visitor.write(bytes)
  }

  onOriginDrain(): void {
    if (!this.#closed) this.#visitor.resume()
  }

  /** @param flush what is still on its way to the visitor arrives first */
  close(flush: boolean): void {
    if (this.#closed) return
    this.#closed = true
    if (flush) this.#visitor.end()
    else this.#visitor.destroy()
  }
}
