/**
 * Connections of one worker to one upstream: at most `connections`, the last one used first, so that the others grow old and close.
 * Requests that find none wait in order; how many may wait is the Origin's business.
 * A connection that became free is used again only after the running turn of the event loop: what the origin sent unasked shows first.
 */
import type { MonotonicMs } from '../../kernel/clock.ts'
import { faults } from './fault.ts'
import type { Fault } from './fault.ts'
import { H1Connection } from './h1-connection.ts'
import type { ConnectOptions, ConnectionPool } from './h1-connection.ts'
import { H1Try } from './h1-try.ts'
import type { Transport, TransportSettings, WireReceiver, WireRequest, WireTry } from './transport.ts'
import type { UpstreamSpec } from './upstream-url.ts'

/** Taken off the origin's Keep-Alive hint, so that we close first. */
const HINT_MARGIN_MS = 1_000

export class H1Transport implements Transport, ConnectionPool {
  readonly answerHeadBytes: number
  readonly #settings: TransportSettings
  readonly #spec: UpstreamSpec
  readonly #all = new Set<H1Connection>()
  readonly #free: H1Connection[] = []
  /** Became free in this turn of the event loop. */
  #rested: H1Connection[] = []
  readonly #connecting = new Set<H1Connection>()
  #waiting: H1Try[] = []
  /** First of #waiting that was not served yet. */
  #waitingFrom = 0
  #restScheduled = false
  #now: MonotonicMs
  #tlsSession: Buffer | null = null
  #closed = false
  #onIdle: (() => void) | null = null

  constructor(spec: UpstreamSpec, settings: TransportSettings, now: MonotonicMs) {
    this.#spec = spec
    this.#now = now
    this.#settings = settings
    this.answerHeadBytes = settings.answerHeadBytes
  }

  send(request: WireRequest, receiver: WireReceiver): WireTry {
    const attempt = new H1Try(request, receiver)
    const connection = this.#takeFree()
    if (connection !== null) this.#begin(attempt, connection)
    else {
      this.#waiting.push(attempt)
      this.#connectForWaiting()
    }
    return attempt
  }

  get openConnections(): number {
    return this.#all.size - this.#connecting.size
  }

  /** Closes what was idle too long and what does not connect. */
  sweep(now: MonotonicMs): void {
    this.#now = now
    const { connectTimeoutMs, keepAliveMs } = this.#settings
    for (const connection of this.#connecting) {
      if (now - connection.connectStartedMs < connectTimeoutMs) continue
      connection.timedOut = true
      connection.destroy()
    }
    this.#forgetAbandoned()
    // Hints differ, so the whole list is looked at, at most `connections` long.
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const connection = this.#free[i]
      const hint = connection.keepAliveHintMs
      const limit = hint === 0 ? keepAliveMs : Math.max(hint - HINT_MARGIN_MS, 0)
      if (now - connection.freeSinceMs >= limit) connection.destroy()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const connection of this.#free.slice()) connection.destroy()
    if (this.#busy) await new Promise<void>((resolve) => (this.#onIdle = resolve))
    await this.destroy()
  }

  async destroy(): Promise<void> {
    this.#closed = true
    const waiting = this.#waiting.slice(this.#waitingFrom)
    this.#waiting = []
    this.#waitingFrom = 0
    for (const connection of Array.from(this.#all)) connection.destroy()
    for (const attempt of waiting) attempt.onFault(faults.closed)
  }

  onConnected(connection: H1Connection): void {
    this.#connecting.delete(connection)
    this.#offer(connection)
  }

  onFree(connection: H1Connection): void {
    connection.freeSinceMs = this.#now
    this.#rested.push(connection)
    if (this.#restScheduled) return
    this.#restScheduled = true
    setImmediate(this.#endOfTurn)
  }

  onGone(connection: H1Connection, cause: Fault | null): void {
    this.#all.delete(connection)
    const connecting = this.#connecting.delete(connection)
    const at = this.#free.indexOf(connection)
    if (at !== -1) this.#free.splice(at, 1)
    if (connecting && cause !== null) this.#nextWaiting()?.onFault(connection.timedOut ? faults.connectTimeout : cause)
    this.#connectForWaiting()
    this.#tellIdle()
  }

  onTlsSession(session: Buffer): void {
    this.#tlsSession = session
  }

  readonly #endOfTurn = (): void => {
    this.#restScheduled = false
    const rested = this.#rested
    this.#rested = []
    for (const connection of rested) if (connection.usable) this.#offer(connection)
    this.#connectForWaiting()
    this.#tellIdle()
  }

  #offer(connection: H1Connection): void {
    const attempt = this.#nextWaiting()
    if (attempt !== null) this.#begin(attempt, connection)
    else if (this.#closed) connection.destroy()
    else {
      connection.freeSinceMs = this.#now
      connection.unref()
      this.#free.push(connection)
    }
  }

  #begin(attempt: H1Try, connection: H1Connection): void {
    if (attempt.beginOn(connection)) return
    // Told after `send` returned.
    queueMicrotask(() => attempt.onFault(faults.badRequest))
    this.#offer(connection)
  }

  #takeFree(): H1Connection | null {
    for (let connection = this.#free.pop(); connection !== undefined; connection = this.#free.pop()) {
      if (!connection.usable) continue
      connection.ref()
      return connection
    }
    return null
  }

  #nextWaiting(): H1Try | null {
    while (this.#waitingFrom < this.#waiting.length) {
      const attempt = this.#waiting[this.#waitingFrom++]
      if (this.#waitingFrom === this.#waiting.length) {
        this.#waiting = []
        this.#waitingFrom = 0
      }
      if (!attempt.over) return attempt
    }
    return null
  }

  /** Those that gave up while they waited must not pile up behind a full house. */
  #forgetAbandoned(): void {
    if (this.#waiting.length === 0) return
    this.#waiting = this.#waiting.filter((attempt, i) => i >= this.#waitingFrom && !attempt.over)
    this.#waitingFrom = 0
  }

  /** One new connection per waiting request, up to the limit; those about to become free count as well. */
  #connectForWaiting(): void {
    while (this.#waiting.length - this.#waitingFrom > this.#connecting.size + this.#rested.length && this.#all.size < this.#settings.connections) {
      const connection = new H1Connection(this, this.#connectOptions())
      connection.connectStartedMs = this.#now
      this.#all.add(connection)
      this.#connecting.add(connection)
    }
  }

  #connectOptions(): ConnectOptions {
    const { hostname, port, socketPath, protocol } = this.#spec
    const { tlsServerName, tlsVerify, tlsCa } = this.#settings
    const name = tlsServerName !== '' ? tlsServerName : hostname
    const secure =
      protocol === 'http:'
        ? null
        : {
            // An address cannot be asked for by name (RFC 6066 section 3); its certificate is then checked for the address.
            ...(isAddress(name) ? {} : { servername: name }),
            rejectUnauthorized: tlsVerify,
            ALPNProtocols: ['http/1.1'],
            ...(tlsCa === null ? {} : { ca: tlsCa }),
            ...(this.#tlsSession === null ? {} : { session: this.#tlsSession }),
          }
    return socketPath === '' ? { host: hostname, port, tls: secure } : { path: socketPath, tls: secure }
  }

  get #busy(): boolean {
    return this.#all.size > this.#free.length || this.#waitingFrom < this.#waiting.length
  }

  #tellIdle(): void {
    if (this.#onIdle === null || this.#busy) return
    const tell = this.#onIdle
    this.#onIdle = null
    tell()
  }
}

function isAddress(name: string): boolean {
  return name.includes(':') || /^[0-9.]+$/.test(name)
}
