import { EventEmitter } from 'node:events'
import { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { argv, exit } from 'node:process'
import { parseArgs } from 'node:util'
import { Duplex } from 'node:stream'
import type { ConnectionFacts, EdgeContext } from '../../src/dataplane/edge/connection-context.ts'
import { serveHttp1 } from '../../src/dataplane/edge/http1/http1-connection.ts'
import { edgeOptions } from '../../src/dataplane/edge/options.ts'
import type { BodySink, ClientAddress, Request } from '../../src/dataplane/request.ts'
import { SimulatedClock } from '../../src/kernel/clock.ts'
import { defaultsOf } from '../../src/kernel/option.ts'
import { SeededRandom } from '../../src/kernel/random.ts'
import { Http1Inputs, escapeStream, readSeeds } from './http1-inputs.ts'

/**
 * Our HTTP/1 codec against llhttp (node:http, strict): the same bytes to both, cut into the same packets at random places.
 * A difference is a request that we take and llhttp does not, or that we read in another way: method, target, header fields, content, where it ends.
 * Taking less is fine: being strict is what we are for.
 */
export interface Seen {
  method: string
  target: string
  headers: string[]
  content: string
  complete: boolean
}

export interface FuzzSummary {
  inputs: number
  /** Requests both sides took. */
  requests: number
  /** Inputs of which llhttp took a request that we refused: strictness, counted so that it can be watched. */
  stricter: number
  differences: Array<{ input: Buffer; what: string }>
  seconds: number
}

// llhttp

class OracleMessage extends IncomingMessage {
  seen: Seen = { method: '', target: '', headers: [], content: '', complete: false }

  /** Called by node:http for every piece of content, and with null at the end; nothing is buffered. */
  override push(chunk: Buffer | null): boolean {
    if (chunk === null) this.seen.complete = true
    else this.seen.content += chunk.toString('latin1')
    return true
  }
}

let oracleSeen: Seen[] = []
const oracle = new Server({ IncomingMessage: OracleMessage, insecureHTTPParser: false, maxHeaderSize: 16_384 })
oracle.on('request', (request: OracleMessage) => {
  request.seen.method = request.method ?? ''
  request.seen.target = request.url ?? ''
  request.seen.headers = request.rawHeaders
  oracleSeen.push(request.seen)
})
oracle.on('clientError', () => {})

class OracleSocket extends Duplex {
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done()
  }
}

/** `cuts`: rising offsets at which the stream is cut into packets. */
function forEachPacket(input: Buffer, cuts: readonly number[], send: (packet: Buffer) => void): void {
  let from = 0
  for (const cut of cuts) {
    if (cut > from) send(input.subarray(from, cut))
    from = Math.max(from, cut)
  }
  if (from < input.length) send(input.subarray(from))
}

export function readByLlhttp(input: Buffer, cuts: readonly number[]): Seen[] {
  oracleSeen = []
  const socket = new OracleSocket()
  oracle.emit('connection', socket)
  forEachPacket(input, cuts, (packet) => socket.emit('data', packet))
  const seen = oracleSeen
  socket.emit('close')
  return seen
}

// Ours

let ourSeen: Seen[] = []
let answersEarly = false

class Collector implements BodySink {
  readonly #request: Request
  readonly #seen: Seen

  constructor(request: Request, seen: Seen) {
    this.#request = request
    this.#seen = seen
  }

  onData(chunk: Uint8Array): boolean {
    this.#seen.content += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')
    return true
  }

  onEnd(): void {
    this.#seen.complete = true
    this.#request.reply.sendWhole(204, [], null)
  }

  onError(): void {
    this.#request.reply.sendWhole(400, [], null)
  }
}

class FakeSocket extends EventEmitter {
  writableLength = 0
  writableHighWaterMark = 65_536
  closed = false
  write(): boolean {
    return true
  }
  cork(): void {}
  uncork(): void {}
  pause(): this {
    return this
  }
  resume(): this {
    return this
  }
  end(): void {}
  destroy(): void {
    this.closed = true
  }
}

const peer: ClientAddress = { family: 4, text: '127.0.0.1', high: 0x7f000001, low: 0, key: 1 }
const context: EdgeContext = {
  clock: new SimulatedClock(),
  settings: { ...defaultsOf(edgeOptions), requestsPerConnection: 1_000_000 },
  scheme: 'http',
  hashKey: 1,
  draining: false,
  crowded: false,
  counts: { openConnections: 0, openRequests: 0, acceptedConnections: 0, refusedConnections: 0, bytesIn: 0, bytesOut: 0 },
  onRefusal() {},
  onRequest(request) {
    const seen: Seen = { method: request.method, target: request.target, headers: request.headers as string[], content: '', complete: false }
    ourSeen.push(seen)
    if (answersEarly) request.reply.sendWhole(204, [], null)
    else if (request.body !== null) request.body.start(new Collector(request, seen))
    else {
      seen.complete = true
      request.reply.sendWhole(204, [], null)
    }
  },
}
const peerOf = (_headers: unknown, facts: ConnectionFacts) => facts.peer

/** `early`: every request is answered before its content is read, so that the content is dropped and only its end matters. */
export function readByUs(input: Buffer, cuts: readonly number[], early: boolean): Seen[] {
  ourSeen = []
  answersEarly = early
  const socket = new FakeSocket()
  const facts: ConnectionFacts = { peer, tls: null, trustedHop: false, activity: { activeRequests: 0, completedRequests: 0 } }
  const connection = serveHttp1(socket as unknown as Socket, facts, context, peerOf)
  forEachPacket(input, cuts, (packet) => connection.feed(packet, packet.length))
  const seen = ourSeen
  socket.emit('close')
  return seen
}

const absoluteForm = /^https?:\/\/[^/?]*/i

/** What is different between what we read and what llhttp reads, or null. */
export function difference(ours: readonly Seen[], theirs: readonly Seen[], early: boolean): string | null {
  if (ours.length > theirs.length) return `we took ${ours.length} requests, llhttp ${theirs.length}`
  for (let i = 0; i < ours.length; i++) {
    const our = ours[i]
    const their = theirs[i]
    if (our.method !== their.method) return `request ${i}: method ${our.method}, llhttp ${their.method}`
    let target = their.target
    const absolute = absoluteForm.exec(target)
    if (absolute !== null) {
      target = target.slice(absolute[0].length)
      if (target === '') target = their.method === 'OPTIONS' ? '*' : '/'
      else if (target.startsWith('?')) target = `/${target}`
    }
    if (our.target !== target) return `request ${i}: target ${our.target}, llhttp ${target}`
    if (!sameFields(our.headers, their.headers, absolute !== null)) return `request ${i}: fields ${JSON.stringify(our.headers)}, llhttp ${JSON.stringify(their.headers)}`
    if (early) continue
    if (our.complete ? !their.complete || our.content !== their.content : !their.content.startsWith(our.content)) {
      return `request ${i}: content ${JSON.stringify(our.content)} complete ${our.complete}, llhttp ${JSON.stringify(their.content)} complete ${their.complete}`
    }
    if (!our.complete && i < ours.length - 1) return `request ${i} is not complete and another follows`
  }
  return null
}

function sameFields(ours: readonly string[], theirs: readonly string[], hostReplaced: boolean): boolean {
  // HTTP/1.0 in absolute-form may have no Host; ours then has one more field at the end.
  const ownHost = hostReplaced && ours.length === theirs.length + 2
  if (ours.length !== theirs.length && !ownHost) return false
  for (let i = 0; i < theirs.length; i += 2) {
    if (ours[i] !== theirs[i].toLowerCase()) return false
    if (ours[i + 1] !== theirs[i + 1] && !(hostReplaced && ours[i] === 'host')) return false
  }
  return true
}

export async function fuzzHttp1(inputs: number, seed: number, progress: ((summary: FuzzSummary) => void) | null): Promise<FuzzSummary> {
  const random = new SeededRandom(seed)
  const source = new Http1Inputs(random, readSeeds().map((kept) => kept.bytes))
  const summary: FuzzSummary = { inputs: 0, requests: 0, stricter: 0, differences: [], seconds: 0 }
  const began = performance.now()
  while (summary.inputs < inputs && summary.differences.length < MOST_DIFFERENCES) {
    const input = source.next()
    const cuts: number[] = []
    for (let n = random.below(4); n > 0; n--) cuts.push(random.below(input.length + 1))
    cuts.sort((a, b) => a - b)
    const early = random.below(4) === 0
    const ours = readByUs(input, cuts, early)
    const theirs = readByLlhttp(input, cuts)
    const what = difference(ours, theirs, early)
    if (what !== null) summary.differences.push({ input, what })
    summary.inputs++
    summary.requests += ours.length
    if (ours.length < theirs.length) summary.stricter++
    // node:http leaves work for later ticks (destroyed messages); let it go before it piles up.
    if (summary.inputs % 200 === 0) await new Promise((resolve) => setImmediate(resolve))
    if (progress !== null && summary.inputs % 100_000 === 0) {
      summary.seconds = (performance.now() - began) / 1_000
      progress(summary)
    }
  }
  summary.seconds = (performance.now() - began) / 1_000
  return summary
}

const MOST_DIFFERENCES = 20

if (argv[1] !== undefined && import.meta.filename === argv[1]) {
  const { values } = parseArgs({ options: { inputs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } } })
  const line = (s: FuzzSummary) => `${s.inputs} inputs, ${s.requests} requests taken by both, ${s.stricter} inputs where we are stricter, ${s.differences.length} differences, ${Math.round(s.inputs / s.seconds)} inputs/s`
  const summary = await fuzzHttp1(Number(values.inputs), Number(values.seed), (s) => console.log(line(s)))
  console.log(line(summary))
  for (const { input, what } of summary.differences) console.log(`\n${what}\n${escapeStream(input)}`)
  exit(summary.differences.length === 0 ? 0 : 1)
}
