/**
 * One listening socket of one worker: accepts, guards, finds out who speaks (PROXY protocol), ends TLS, and hands the connection to its protocol.
 * Every worker opens its own socket on the same port (SO_REUSEPORT: the kernel spreads connections, no lock is shared) or adopts one that
 * systemd or an earlier process of Polder handed over. Deadlines before the first request are absolute and looked at once a second here.
 * It must never throw into an accept, and never drop a connection without a reason code, except while the process closes.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Reason } from '../../contract/reason.ts'
import type { MonotonicMs } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import type { ClientAddress, TlsFacts } from '../request.ts'
import type { CertificateSet, CertificateStore } from './certificates.ts'
import { clientAddress, makeAddressOf, TrustedHops, unknownClient, type AddressOf } from './client-address.ts'
import type { ConnectionFacts, EdgeContext } from './connection-context.ts'
import { ConnectionGuard, GuardedConnection, guardTableBytes } from './connection-guard.ts'
import { openFileLimit } from './file-limit.ts'
import { fingerprintOf, HELLO_MOST_BYTES, isWholeHello } from './fingerprint.ts'
import { NEED_MORE, readFirstBytes, REFUSED } from './first-bytes.ts'
import { HandshakeLimit } from './handshake-limit.ts'
import { serveHttp1 } from './http1/http1-connection.ts'
import { Http2Connection } from './http2/http2-session.ts'
import { AgeQueue, OpenConnections, type Placed, type Queued } from './open-connections.ts'
import type { EdgeSettings } from './options.ts'
import { readProxyHeader } from './proxy-protocol.ts'
import { TlsTerminator } from './tls.ts'

export interface ListenerSpec {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly protocol: 'http' | 'https'
  readonly reusePort: boolean
  /** A listening socket that this process inherited; host, port and reusePort are then what it is. */
  readonly fd?: number
  readonly proxyProtocol: boolean
  readonly backlog: number
  /** Required for https. The store stays its owner's: it may serve several listeners and outlives them. */
  readonly tls?: { readonly certificates: CertificateStore; readonly ticketKeys: Uint8Array }
}

/** Serves one HTTP/1 connection from its first byte to its end. */
export type ServeHttp1 = (socket: Socket | TLSSocket, facts: ConnectionFacts, context: EdgeContext, addressOf: AddressOf) => void

/** What all listeners of one worker share. */
export interface EdgeParts {
  readonly guard: ConnectionGuard
  readonly handshakes: HandshakeLimit
  readonly serveHttp1: ServeHttp1
}

/** Where this worker stands among the others; alone when not said. */
export interface EdgePlace {
  /** Shared memory of guardTableBytes(workers), the same for all workers. */
  readonly table: SharedArrayBuffer
  readonly worker: number
}

export function makeEdgeParts(settings: EdgeSettings, hashKey: number, random: Random, place: EdgePlace = { table: new SharedArrayBuffer(guardTableBytes(1)), worker: 0 }, serve: ServeHttp1 = serveHttp1): EdgeParts {
  return { guard: new ConnectionGuard(settings, random, place.table, place.worker, openFileLimit()), handshakes: new HandshakeLimit(settings, hashKey), serveHttp1: serve }
}

export interface Listener {
  readonly address: string
  readonly port: number
  /** Descriptor of the listening socket, -1 when the system has none. A process that takes over inherits it, so that no connection is lost between the two. */
  readonly fd: number
  /** Open connections of this listener. */
  readonly connections: number
  /** Connections this listener turned away or gave up before their first request, by reason. */
  readonly refused: Readonly<Partial<Record<Reason, number>>>
  /** New settings: for new connections at once, for open ones the guard's bounds only. */
  replaceContext(context: EdgeContext): void
  setTicketKeys(keys: Uint8Array): void
  /** Closes the listening socket; connections that wait in it and were not accepted go to its other owners, or are reset. */
  stopAccepting(): void
  /** Stops accepting, lets requests under way finish, closes idle connections, and after `deadlineMs` cuts the rest. Resolves to the number cut. */
  drain(deadlineMs: number): Promise<number>
  /** Closes everything at once. */
  close(): Promise<void>
  /** Looks at every deadline; happens by itself once a second. */
  sweep(now: MonotonicMs): void
}

const SWEEP_MS = 1_000
/** At drain an HTTP/1 connection learns of it with its next answer; one that asks nothing for so long is closed. */
const DRAIN_IDLE_MS = 1_000

/**
 * Opens a listening socket.
 * @throws Error with the system's code (EADDRINUSE, EACCES, …) and the address in its message.
 */
export async function openListener(spec: ListenerSpec, context: EdgeContext, parts: EdgeParts): Promise<Listener> {
  if (spec.protocol === 'https' && spec.tls === undefined) throw new Error('an https listener needs certificates')
  const listener = new EdgeListener(spec, context, parts)
  await listener.listen()
  return listener
}

class EdgeConnection extends GuardedConnection implements Placed, Queued<EdgeConnection> {
  readonly socket: Socket
  readonly context: EdgeContext
  http2: Http2Connection | null = null
  peer: ClientAddress
  trusted: boolean
  ja4 = ''
  ja4Hash = 0
  /** A TLS handshake of it is counted in the handshake limit. */
  shaking = false
  place = -1
  before: EdgeConnection | null = null
  after: EdgeConnection | null = null
  queue: object | null = null

  constructor(socket: Socket, context: EdgeContext, now: MonotonicMs, peer: ClientAddress, trusted: boolean) {
    super(now, () => socket.destroy())
    this.socket = socket
    this.context = context
    this.peer = peer
    this.trusted = trusted
  }
}

class EdgeListener implements Listener {
  readonly #spec: ListenerSpec
  readonly #parts: EdgeParts
  readonly #server: Server
  readonly #tls: TlsTerminator | null
  readonly #connections = new OpenConnections<EdgeConnection>()
  /** Oldest first, so that a look stops at the first that still has time. */
  readonly #unnamed = new AgeQueue<EdgeConnection>()
  readonly #shaking = new AgeQueue<EdgeConnection>()
  readonly #refused: Partial<Record<Reason, number>> = {}
  readonly #forgetStore: () => void
  readonly #sweepTimer: NodeJS.Timeout
  #context: EdgeContext
  #hops: TrustedHops
  #addressOf: AddressOf
  #drainingSinceMs: MonotonicMs | null = null
  #whenEmpty: (() => void) | null = null
  #address = ''
  #port = 0

  constructor(spec: ListenerSpec, context: EdgeContext, parts: EdgeParts) {
    this.#spec = spec
    this.#parts = parts
    this.#context = context
    this.#hops = new TrustedHops(context.settings.trustedProxies)
    this.#addressOf = makeAddressOf(context.settings.trustedProxyHeader, this.#hops, context.hashKey)
    this.#tls = spec.tls === undefined ? null : new TlsTerminator(spec.tls.certificates.current, spec.tls.ticketKeys, context.settings, (socket) => this.#onSecure(socket), (socket) => this.#onTlsFailure(socket))
    this.#forgetStore = spec.tls === undefined ? () => {} : spec.tls.certificates.onSwap((set: CertificateSet) => this.#tls?.setCertificates(set))
    // Half-open: a visitor may end its side after the request and still wait for the answer
    this.#server = createServer({ allowHalfOpen: true, noDelay: true })
    this.#server.on('connection', (socket: Socket) => this.#onConnection(socket))
    this.#sweepTimer = setInterval(() => this.sweep(this.#context.clock.monotonicMs()), SWEEP_MS).unref()
  }

  listen(): Promise<void> {
    const { host, port, reusePort, backlog, fd } = this.#spec
    return new Promise((resolve, reject) => {
      const onError = (error: Error & { code?: string }): void => {
        clearInterval(this.#sweepTimer)
        this.#forgetStore()
        const where = fd === undefined ? `${host.includes(':') ? `[${host}]` : host}:${port}` : `inherited descriptor ${fd}`
        reject(Object.assign(new Error(`cannot listen on ${where}: ${error.message}`, { cause: error }), { code: error.code }))
      }
      this.#server.once('error', onError)
      this.#server.listen(fd === undefined ? { host, port, reusePort, exclusive: true, backlog } : { fd, backlog }, () => {
        this.#server.removeListener('error', onError)
        // Out of descriptors: the connection waits in the kernel's queue and is accepted when one is free
        this.#server.on('error', () => this.#count('connection-limit'))
        const address = this.#server.address()
        if (address !== null && typeof address === 'object') {
          this.#address = address.address
          this.#port = address.port
        }
        resolve()
      })
    })
  }

  get address(): string {
    return this.#address
  }

  get port(): number {
    return this.#port
  }

  get fd(): number {
    // Not in the documented interface, but the only way to hand the socket to the next process
    const handle = (this.#server as Server & { _handle?: { fd?: number } | null })._handle
    return handle?.fd ?? -1
  }

  get connections(): number {
    return this.#connections.size
  }

  get refused(): Readonly<Partial<Record<Reason, number>>> {
    return this.#refused
  }

  replaceContext(context: EdgeContext): void {
    const before = this.#context.settings
    this.#context = context
    const { settings } = context
    this.#parts.guard.configure(settings)
    this.#parts.handshakes.configure(settings)
    this.#tls?.configure(settings)
    if (settings.trustedProxies !== before.trustedProxies) this.#hops = new TrustedHops(settings.trustedProxies)
    this.#addressOf = makeAddressOf(settings.trustedProxyHeader, this.#hops, context.hashKey)
  }

  setTicketKeys(keys: Uint8Array): void {
    this.#tls?.setTicketKeys(keys)
  }

  stopAccepting(): void {
    if (this.#server.listening) this.#server.close()
  }

  drain(deadlineMs: number): Promise<number> {
    this.stopAccepting()
    this.#drainingSinceMs = this.#context.clock.monotonicMs()
    this.#context.draining = true
    this.#connections.each((connection) => {
      connection.context.draining = true
      connection.http2?.drain()
    })
    return new Promise((resolve) => {
      let cut = 0
      const timer = setTimeout(() => {
        cut = this.#connections.size
        this.#destroyAll()
      }, deadlineMs)
      this.#whenEmpty = () => {
        clearTimeout(timer)
        this.#whenEmpty = null
        this.#end()
        resolve(cut)
      }
      if (this.#connections.size === 0) this.#whenEmpty()
    })
  }

  async close(): Promise<void> {
    this.#destroyAll()
    this.#end()
    if (!this.#server.listening) return
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  #end(): void {
    clearInterval(this.#sweepTimer)
    this.#forgetStore()
  }

  #destroyAll(): void {
    this.#connections.each((connection) => {
      connection.http2?.destroy()
      connection.socket.destroy()
    })
  }

  #onConnection(socket: Socket): void {
    const context = this.#context
    const now = context.clock.monotonicMs()
    const { counts } = context
    counts.acceptedConnections++
    socket.on('error', ignoreError)
    const peer = clientAddress(socket.remoteAddress ?? '', context.hashKey) ?? unknownClient(context.hashKey)
    const trusted = this.#hops.has(peer)
    const connection = new EdgeConnection(socket, context, now, peer, trusted)
    if (!this.#parts.guard.admit(connection, now)) {
      this.#refuse(connection, 'connection-limit')
      return
    }
    counts.openConnections++
    this.#connections.add(connection)
    ;(socket as CarrierSocket)[CONNECTION] = connection
    socket.on('close', () => this.#onClose(connection))
    if (!this.#spec.proxyProtocol) this.#onNamed(connection, now)
    else if (trusted) this.#readProxy(connection)
    else this.#refuse(connection, 'proxy-header-refused')
  }

  #onClose(connection: EdgeConnection): void {
    connection.context.counts.openConnections--
    this.#parts.guard.release(connection)
    this.#connections.remove(connection)
    this.#unnamed.remove(connection)
    this.#endHandshake(connection)
    if (this.#connections.size === 0) this.#whenEmpty?.()
  }

  /** The peer must be a trusted hop: what it says is believed. */
  #readProxy(connection: EdgeConnection): void {
    const { socket } = connection
    this.#unnamed.add(connection)
    const look = (bytes: Buffer): number => {
      const header = readProxyHeader(bytes)
      if (header.kind === 'more') return NEED_MORE
      if (header.kind === 'bad') return REFUSED
      if (header.source === null) return header.bytes
      const client = clientAddress(header.source, connection.context.hashKey)
      if (client === null) return REFUSED
      connection.peer = client
      connection.trusted = this.#hops.has(client)
      return header.bytes
    }
    const done = (): void => {
      this.#unnamed.remove(connection)
      this.#onNamed(connection, connection.context.clock.monotonicMs())
    }
    readFirstBytes(socket, look, done, () => this.#refuse(connection, 'proxy-header-refused'))
  }

  #onNamed(connection: EdgeConnection, now: MonotonicMs): void {
    if (!connection.trusted && !this.#parts.guard.assign(connection, connection.peer, now)) {
      this.#refuse(connection, 'connection-limit')
      return
    }
    if (this.#tls === null) {
      this.#serve(connection, connection.socket, null)
      return
    }
    if (!connection.trusted && !this.#parts.handshakes.begin(connection.peer, now)) {
      this.#refuse(connection, 'tls-refused')
      return
    }
    connection.shaking = !connection.trusted
    this.#shaking.add(connection)
    if (connection.context.settings.tlsFingerprint === 'on') this.#takeFingerprint(connection)
    else this.#tls.accept(connection.socket)
  }

  /** Reads the ClientHello, puts it back and goes on; a hello that is too long or not one is TLS's to judge. */
  #takeFingerprint(connection: EdgeConnection): void {
    const look = (bytes: Buffer): number => {
      if (!isWholeHello(bytes) && bytes.length < HELLO_MOST_BYTES) return NEED_MORE
      const found = fingerprintOf(bytes, connection.context.hashKey)
      connection.ja4 = found.ja4
      connection.ja4Hash = found.ja4Hash
      return 0
    }
    readFirstBytes(connection.socket, look, () => this.#tls!.accept(connection.socket), () => this.#refuse(connection, 'tls-refused'))
  }

  #onSecure(tlsSocket: TLSSocket): void {
    const connection = this.#connectionOf(tlsSocket)
    if (connection === undefined) {
      tlsSocket.destroy()
      return
    }
    this.#endHandshake(connection)
    tlsSocket.on('error', ignoreError)
    const { servername } = tlsSocket as TLSSocket & { servername?: string | false | null }
    this.#serve(connection, tlsSocket, {
      serverName: typeof servername === 'string' ? servername.toLowerCase() : '',
      protocol: tlsSocket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1',
      resumed: tlsSocket.isSessionReused(),
      ja4: connection.ja4,
      ja4Hash: connection.ja4Hash,
    })
  }

  #onTlsFailure(tlsSocket: TLSSocket): void {
    tlsSocket.on('error', ignoreError)
    tlsSocket.destroy()
    const connection = this.#connectionOf(tlsSocket)
    if (connection !== undefined && this.#shaking.has(connection)) this.#refuse(connection, 'tls-refused')
  }

  #connectionOf(tlsSocket: TLSSocket): EdgeConnection | undefined {
    // The socket inside is not in the documented interface; node:tls keeps it here for as long as there is a TLSSocket
    const inner = (tlsSocket as TLSSocket & { _parent?: Socket })._parent
    const connection = inner === undefined ? undefined : (inner as CarrierSocket)[CONNECTION]
    return connection === undefined || connection.place === -1 ? undefined : connection
  }

  #endHandshake(connection: EdgeConnection): void {
    this.#shaking.remove(connection)
    if (!connection.shaking) return
    connection.shaking = false
    this.#parts.handshakes.finish()
  }

  #serve(connection: EdgeConnection, socket: Socket | TLSSocket, tls: TlsFacts | null): void {
    const facts: ConnectionFacts = { peer: connection.peer, tls, trustedHop: connection.trusted, activity: connection }
    const { context } = connection
    if (tls?.protocol !== 'h2') {
      this.#parts.serveHttp1(socket, facts, context, this.#addressOf)
      // Paused while the PROXY header was put aside
      if (socket.isPaused()) socket.resume()
      return
    }
    // HTTP/2 ends both ways at once: a half-closed connection is of no use
    socket.allowHalfOpen = false
    connection.socket.allowHalfOpen = false
    connection.http2 = new Http2Connection(socket, facts, context, this.#addressOf, () => {
      if (connection.http2?.abusive === true && !connection.trusted) this.#parts.handshakes.punish(connection.peer, context.clock.monotonicMs())
      connection.http2 = null
      connection.socket.destroySoon()
    })
    if (context.draining) connection.http2.drain()
  }

  #refuse(connection: EdgeConnection, reason: Reason): void {
    this.#count(reason)
    connection.context.counts.refusedConnections++
    connection.context.onRefusal(connection.peer, reason, 0)
    // A reset: nothing stays behind in the kernel, not even TIME_WAIT
    connection.socket.resetAndDestroy()
  }

  #count(reason: Reason): void {
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1
  }

  sweep(now: MonotonicMs): void {
    const { crowded } = this.#parts.guard
    this.#context.crowded = crowded
    const { proxyHeaderDeadlineMs, tlsHandshakeDeadlineMs } = this.#context.settings
    this.#expire(this.#unnamed, now, proxyHeaderDeadlineMs, 'proxy-header-refused')
    this.#expire(this.#shaking, now, tlsHandshakeDeadlineMs + proxyHeaderDeadlineMs * Number(this.#spec.proxyProtocol), 'tls-refused')
    const drainingIdle = this.#drainingSinceMs !== null && now - this.#drainingSinceMs >= DRAIN_IDLE_MS
    this.#connections.each((connection) => {
      connection.context.crowded = crowded
      if (connection.http2 !== null) connection.http2.sweep(now, crowded)
      else if (drainingIdle && connection.activeRequests === 0) connection.socket.destroySoon()
    })
  }

  #expire(waiting: AgeQueue<EdgeConnection>, now: MonotonicMs, deadlineMs: number, reason: Reason): void {
    for (let connection = waiting.oldest; connection !== null && now - connection.openedAtMs >= deadlineMs; connection = waiting.oldest) {
      waiting.remove(connection)
      this.#refuse(connection, reason)
    }
  }
}

const CONNECTION = Symbol('connection')
type CarrierSocket = Socket & { [CONNECTION]?: EdgeConnection }

function ignoreError(): void {
  // 'close' follows; who serves the connection has its own listener
}
