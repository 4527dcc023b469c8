/** What the tests of this folder share: raw origins on loopback, a recording sink, and calls. */
import { once } from 'node:events'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Reason } from '../../contract/reason.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { SeededRandom } from '../../kernel/random.ts'
import type { BodySink, RequestBody } from '../request.ts'
import type { OriginCall, OriginSink } from './call.ts'
import { originOptions } from './options.ts'
import type { OriginSettings } from './options.ts'
import { Origin } from './origin.ts'

export interface RawOrigin {
  readonly port: number
  readonly url: string
  readonly sockets: Set<net.Socket>
  accepted: number
  close(): Promise<void>
}

/** A TCP server that hands every socket to `onSocket`. */
export async function rawOrigin(onSocket: (socket: net.Socket, nth: number) => void): Promise<RawOrigin> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: false }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    onSocket(socket, origin.accepted++)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const origin: RawOrigin = {
    port,
    url: `http://127.0.0.1:${port}`,
    sockets,
    accepted: 0,
    async close() {
      for (const socket of sockets) socket.destroy()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
  return origin
}

/** Answers each request head on a connection with `answers[nth]` (the last one again when they run out). */
export function answering(...answers: (string | Buffer | null)[]): (socket: net.Socket) => void {
  let nth = 0
  return (socket) => {
    let text = ''
    socket.on('data', (data) => {
      text += data.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        text = text.slice(end + 4)
        const answer = answers[Math.min(nth++, answers.length - 1)]
        if (answer === null) socket.resetAndDestroy()
        else socket.write(answer)
      }
    })
  }
}

export class RecordingSink implements OriginSink {
  readonly informational: { status: number; headers: HeaderList }[] = []
  status = 0
  headers: HeaderList = []
  trailersExpected = false
  readonly chunks: Uint8Array[] = []
  bytes = 0
  trailers: HeaderList | null = null
  reason: Reason | '' = ''
  detail = ''
  retryable = false
  ends = 0
  errors = 0
  heads = 0
  keep = true
  /** Set false to answer false to the next chunk. */
  ready = true
  onChunk: ((chunk: Uint8Array) => void) | null = null
  readonly over: Promise<void>
  readonly head: Promise<void>
  #settle: () => void = () => {}
  #headSeen: () => void = () => {}

  constructor() {
    this.over = new Promise((resolve) => (this.#settle = resolve))
    this.head = new Promise((resolve) => (this.#headSeen = resolve))
  }

  onInformational(status: number, headers: HeaderList): void {
    this.informational.push({ status, headers })
  }

  onHead(status: number, headers: HeaderList, trailersExpected: boolean): void {
    this.heads++
    this.status = status
    this.headers = headers
    this.trailersExpected = trailersExpected
    this.#headSeen()
  }

  onData(chunk: Uint8Array): boolean {
    if (this.keep) this.chunks.push(Buffer.from(chunk))
    this.bytes += chunk.length
    this.onChunk?.(chunk)
    return this.ready
  }

  onEnd(trailers: HeaderList | null): void {
    this.ends++
    this.trailers = trailers
    this.#settle()
  }

  onError(reason: Reason, detail: string, retryable: boolean): void {
    this.errors++
    this.reason = reason
    this.detail = detail
    this.retryable = retryable
    this.#settle()
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1')
  }
}

export function callOf(sink: OriginSink, over: Partial<OriginCall> = {}): OriginCall {
  return {
    method: 'GET',
    target: '/',
    headers: ['user-agent', 'test', 'accept', '*/*'],
    body: null,
    host: 'www.example.org',
    scheme: 'https',
    clientAddress: '192.0.2.7',
    peerAddress: '',
    trustedHop: false,
    requestId: '0123456789abcdef0123456789abcdef',
    routeClass: 'page',
    deadlineMs: 0,
    sink,
    ...over,
  }
}

export function settingsOf(upstreams: readonly string[], over: Partial<OriginSettings> = {}): OriginSettings {
  return { ...defaultsOf(originOptions), upstreams, ...over }
}

/** An Origin on a simulated clock: deadlines come only by `clock.advanceMs` and `origin.sweep()`. */
export function simulatedOrigin(upstreams: readonly string[], over: Partial<OriginSettings> = {}): { origin: Origin; clock: SimulatedClock } {
  const clock = new SimulatedClock()
  return { origin: new Origin(settingsOf(upstreams, over), { clock, random: new SeededRandom(7), instanceId: '0a1b2c3d', sweepMs: 0 }), clock }
}

/** A request's content fed by the test. Counts how it was treated. */
export class FedBody implements RequestBody {
  readonly declaredBytes: number
  maxBodyBytes = Number.MAX_SAFE_INTEGER
  sink: BodySink | null = null
  resumed = 0
  discarded = 0
  readonly started: Promise<void>
  onResume: (() => void) | null = null
  #begin: () => void = () => {}

  constructor(declaredBytes: number) {
    this.declaredBytes = declaredBytes
    this.started = new Promise((resolve) => (this.#begin = resolve))
  }

  start(sink: BodySink): void {
    this.sink = sink
    this.#begin()
    this.onResume?.()
  }

  resume(): void {
    this.resumed++
    this.onResume?.()
  }

  discard(): void {
    this.discarded++
  }
}

/** Turns the event loop until `holds`; fails after 5 s. */
export async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 5_000; !holds(); ) {
    if (performance.now() > end) throw new Error(`never held: ${holds.toString()}`)
    await new Promise(setImmediate)
  }
}
