import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Reason } from '../../../contract/reason.ts'
import { SimulatedClock, systemClock } from '../../../kernel/clock.ts'
import { defaultsOf } from '../../../kernel/option.ts'
import type { BodySink, ClientAddress, Request } from '../../request.ts'
import type { ConnectionFacts, EdgeContext } from '../connection-context.ts'
import { edgeOptions, type EdgeSettings } from '../options.ts'
import { deadlinesOf } from './connection-deadlines.ts'
import { serveHttp1 } from './http1-connection.ts'

const peer: ClientAddress = { family: 4, text: '127.0.0.1', high: 0x7f000001, low: 0, key: 7 }

/** An edge on loopback whose clock only the test moves. */
export class LoopbackEdge {
  readonly clock = new SimulatedClock()
  readonly refusals: Array<{ reason: Reason; status: number }> = []
  readonly requests: Request[] = []
  /** What onClose said, in order. */
  readonly closed: Array<{ target: string; gone: boolean; reason: Reason }> = []
  readonly facts: ConnectionFacts[] = []
  readonly context: EdgeContext
  /** What a listener may do with the socket first. */
  beforeServing: ((socket: Socket) => void) | null = null
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(onRequest: (request: Request) => void, settings: Partial<EdgeSettings> = {}) {
    this.context = {
      clock: this.clock,
      settings: { ...defaultsOf(edgeOptions), ...settings },
      scheme: 'http',
      hashKey: 1,
      draining: false,
      crowded: false,
      counts: { openConnections: 0, openRequests: 0, acceptedConnections: 0, refusedConnections: 0, bytesIn: 0, bytesOut: 0 },
      onRefusal: (_client, reason, status) => this.refusals.push({ reason, status }),
      onRequest: (request) => {
        this.requests.push(request)
        request.reply.onClose = (gone) => this.closed.push({ target: request.target, gone, reason: request.reason })
        onRequest(request)
      },
    }
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const facts: ConnectionFacts = { peer, tls: null, trustedHop: false, activity: { activeRequests: 0, completedRequests: 0 } }
      this.facts.push(facts)
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      if (this.beforeServing !== null) this.beforeServing(socket)
      serveHttp1(socket, facts, this.context, (_headers, of) => of.peer)
    })
  }

  async connect(): Promise<Visitor> {
    if (!this.#server.listening) {
      this.#server.listen(0, '127.0.0.1')
      await once(this.#server, 'listening')
    }
    const before = this.facts.length
    const socket = connect({ port: (this.#server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    await once(socket, 'connect')
    await until(() => this.facts.length > before)
    return new Visitor(socket)
  }

  /** Connections not yet closed on the shield's side. */
  get open(): number {
    return this.#sockets.size
  }

  /** Moves the clock in steps as small as the deadlines' own and lets them act. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 250) {
      this.clock.advanceMs(Math.min(250, left))
      deadlinesOf(this.clock).tick()
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** A raw socket that remembers what it got. */
export class Visitor {
  readonly socket: Socket
  received = ''
  ended = false
  reset = false
  gone = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes) => (this.received += bytes.toString('latin1')))
    socket.on('end', () => (this.ended = true))
    socket.on('error', () => (this.reset = true))
    socket.on('close', () => (this.gone = true))
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  async receives(text: string): Promise<void> {
    await until(() => this.received.includes(text), () => `waited for ${JSON.stringify(text)}, got ${JSON.stringify(this.received.slice(0, 2_000))}`)
  }

  async ends(): Promise<void> {
    await until(() => this.ended || this.gone, () => `the connection stayed open; got ${JSON.stringify(this.received.slice(0, 500))}`)
  }

  leave(): void {
    this.socket.destroy()
  }
}

/** Turns the event loop until `holds`; fails after 4 s of real time. */
export async function until(holds: () => boolean, saying: () => string = () => 'it did not come'): Promise<void> {
  for (const began = systemClock.monotonicMs(); !holds(); ) {
    if (systemClock.monotonicMs() - began > 4_000) throw new Error(saying())
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** A sink that keeps everything; `room` false: it asks to be left alone after every piece. */
export class KeepingSink implements BodySink {
  text = ''
  pieces = 0
  ended = false
  trailers: readonly string[] | null = null
  broken: Reason | null = null
  room = true
  whenOver: (() => void) | null = null

  onData(chunk: Uint8Array): boolean {
    this.text += Buffer.from(chunk).toString('latin1')
    this.pieces++
    return this.room
  }

  onEnd(trailers: readonly string[] | null): void {
    this.ended = true
    this.trailers = trailers
    if (this.whenOver !== null) this.whenOver()
  }

  onError(reason: Reason): void {
    this.broken = reason
    if (this.whenOver !== null) this.whenOver()
  }
}
