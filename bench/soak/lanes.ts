/** Every kind of traffic of the soak. A session ends by itself within a few seconds, whatever the server does. */
import { connect as connectH2 } from 'node:http2'
import { type Socket, connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { AnswerReader } from '../load/answer-reader.ts'
import { HOST_NAME } from '../measure/ask.ts'
import { SERVER_ADDRESS } from '../measure/loopback.ts'

export interface LaneContext {
  readonly port: number
  readonly tlsPort: number
  asked(): void
  heard(status: number): void
  failed(): void
}

export interface Kind {
  readonly id: string
  readonly name: string
  readonly lanes: number
  /** Share of all requests, relative to the others. */
  readonly share: number
  readonly requestsPerSession: number
  session(context: LaneContext): Promise<void>
}

const PATIENCE_MS = 15_000
const PAGES = 3_000

const random = (below: number): number => Math.floor(Math.random() * below)
/** A few pages are read by most, as on any site. */
const popularPage = (): string => `/page/${Math.floor(PAGES * Math.random() ** 3)}`
/** Visitors from everywhere: the shield is told that 127.0.0.1 is a proxy it can trust. */
const someAddress = (): string => `${1 + random(220)}.${random(256)}.${random(256)}.${random(256)}`
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function head(method: string, path: string, more = ''): string {
  return `${method} ${path} HTTP/1.1\r\nHost: ${HOST_NAME}\r\nX-Forwarded-For: ${someAddress()}\r\nAccept-Encoding: gzip\r\n${more}\r\n`
}

function open(context: LaneContext, tls: boolean): Socket {
  const plain = connect({ host: SERVER_ADDRESS, port: tls ? context.tlsPort : context.port, noDelay: true })
  const socket = tls ? connectTls({ socket: plain, servername: HOST_NAME, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }) : plain
  plain.on('error', () => undefined)
  socket.on('error', () => undefined)
  return socket
}

/** Sends the bytes and waits for one answer; false when the connection is of no more use. */
function exchange(context: LaneContext, socket: Socket, bytes: string | Buffer, isInterim = false): Promise<boolean> {
  context.asked()
  return new Promise((resolve) => {
    const reader = new AnswerReader()
    let skip = isInterim
    const end = (usable: boolean, status: number): void => {
      clearTimeout(timer)
      socket.off('data', onData)
      socket.off('close', onClose)
      if (status === 0) context.failed()
      else context.heard(status)
      resolve(usable)
    }
    const onData = (chunk: Buffer): void => {
      let rest = chunk
      if (skip && chunk.toString('latin1', 0, 12) === 'HTTP/1.1 100') {
        skip = false
        rest = chunk.subarray(chunk.indexOf('\r\n\r\n') + 4)
        if (rest.length === 0) return
      }
      const done = reader.read(rest)
      if (done === 'whole') end(!reader.closes, reader.status)
      else if (done === 'broken') end(false, 0)
    }
    const onClose = (): void => end(false, 0)
    const timer = setTimeout(() => end(false, 0), PATIENCE_MS)
    socket.on('data', onData)
    socket.on('close', onClose)
    socket.write(bytes)
  })
}

async function many(context: LaneContext, tls: boolean, times: number, next: () => string | Buffer): Promise<void> {
  const socket = open(context, tls)
  for (let i = 0; i < times; i++) if (!(await exchange(context, socket, next()))) break
  socket.destroy()
}

const get = (path: () => string, more = '') => (): string => head('GET', path(), more)

async function aborted(context: LaneContext): Promise<void> {
  const socket = open(context, false)
  context.asked()
  socket.write(head('GET', Math.random() < 0.5 ? '/big' : '/slow'))
  await Promise.race([new Promise((resolve) => socket.once('data', resolve)), pause(50 + random(200))])
  socket.destroy()
  context.heard(200)
}

async function slow(context: LaneContext): Promise<void> {
  const socket = open(context, false)
  const bytes = head('GET', popularPage())
  const steps = 6
  for (let i = 0; i < steps - 1; i++) {
    socket.write(bytes.slice((i * bytes.length) / steps, ((i + 1) * bytes.length) / steps))
    await pause(300)
  }
  await exchange(context, socket, bytes.slice(((steps - 1) * bytes.length) / steps))
  socket.destroy()
}

/** Begins, and goes away without an end; the shield must let go of it by itself. */
async function unfinished(context: LaneContext): Promise<void> {
  const socket = open(context, Math.random() < 0.5)
  context.asked()
  socket.write(head('POST', '/form', 'Content-Length: 5000\r\n') + 'x'.repeat(random(4_000)))
  await pause(200 + random(2_000))
  socket.destroy()
  context.heard(200)
}

async function upload(context: LaneContext): Promise<void> {
  const socket = open(context, false)
  const content = 'x'.repeat(65_536)
  const chunked = `${(content.length).toString(16)}\r\n${content}\r\n0\r\n\r\n`
  if (await exchange(context, socket, `${head('POST', '/form', `Content-Length: ${content.length}\r\n`)}${content}`)) {
    await exchange(context, socket, `${head('POST', '/form', 'Transfer-Encoding: chunked\r\n')}${chunked}`)
  }
  socket.destroy()
}

function http2(context: LaneContext): Promise<void> {
  return new Promise((resolve) => {
    const session = connectH2(`https://${SERVER_ADDRESS}:${context.tlsPort}`, { rejectUnauthorized: false, servername: HOST_NAME })
    const timer = setTimeout(() => session.destroy(), PATIENCE_MS)
    session.on('error', () => context.failed())
    session.on('close', () => {
      clearTimeout(timer)
      resolve()
    })
    let left = 20
    for (let i = 0; i < 20; i++) {
      const path = i % 10 === 9 ? '/blocked' : i % 3 === 0 ? `/live/${random(1_000)}` : popularPage()
      context.asked()
      const stream = session.request({ ':path': path, ':authority': HOST_NAME, 'x-forwarded-for': someAddress(), 'accept-encoding': 'gzip' })
      let status = 0
      stream.on('response', (fields) => (status = Number(fields[':status'])))
      stream.on('error', () => undefined)
      stream.on('close', () => {
        if (i === 7) context.heard(200)
        else if (status === 0) context.failed()
        else context.heard(status)
        if (--left === 0) session.close()
      })
      stream.resume()
      stream.end()
      if (i === 7) stream.close(8)
    }
  })
}

export const kinds: readonly Kind[] = [
  { id: 'cached', name: 'cached, keep-alive', lanes: 16, share: 40, requestsPerSession: 40, session: (c) => many(c, false, 40, get(popularPage)) },
  { id: 'tls', name: 'cached, TLS, short', lanes: 4, share: 6, requestsPerSession: 4, session: (c) => many(c, true, 4, get(popularPage)) },
  { id: 'h2', name: 'HTTP/2, mixed', lanes: 4, share: 15, requestsPerSession: 20, session: http2 },
  { id: 'proxied', name: 'proxied', lanes: 8, share: 12, requestsPerSession: 20, session: (c) => many(c, false, 20, get(() => `/live/${random(100_000)}`)) },
  { id: 'not-found', name: 'not found', lanes: 4, share: 6, requestsPerSession: 10, session: (c) => many(c, false, 10, get(() => `/nowhere/${random(1_000_000_000)}?x=${random(1_000_000)}`)) },
  { id: 'blocked', name: 'blocked, one each', lanes: 6, share: 8, requestsPerSession: 1, session: (c) => many(c, false, 1, get(() => '/blocked', 'Connection: close\r\n')) },
  { id: 'conditional', name: 'conditional and range', lanes: 4, share: 5, requestsPerSession: 10, session: (c) => many(c, false, 10, () => { const n = random(200); return head('GET', `/page/${n}`, n % 2 === 0 ? `If-None-Match: "${n}"\r\n` : 'Range: bytes=100-1100\r\n') }) },
  { id: 'cookies', name: 'cookies', lanes: 2, share: 2, requestsPerSession: 10, session: (c) => many(c, false, 10, get(() => '/set', `Cookie: session=${random(1_000_000)}\r\n`)) },
  { id: 'uploads', name: 'uploads', lanes: 4, share: 2, requestsPerSession: 2, session: upload },
  { id: 'large', name: 'large answers', lanes: 2, share: 0.5, requestsPerSession: 2, session: (c) => many(c, false, 2, get(() => '/big')) },
  { id: 'broken-off', name: 'broken off by the visitor', lanes: 6, share: 1.5, requestsPerSession: 1, session: aborted },
  { id: 'unfinished', name: 'unfinished uploads', lanes: 6, share: 0.3, requestsPerSession: 1, session: unfinished },
  { id: 'slow-senders', name: 'slow senders', lanes: 12, share: 0.4, requestsPerSession: 1, session: slow },
  { id: 'bad', name: 'bad requests', lanes: 2, share: 1, requestsPerSession: 1, session: (c) => many(c, false, 1, () => 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n') },
  { id: 'origin-fails', name: 'origin fails', lanes: 2, share: 0.2, requestsPerSession: 1, session: (c) => many(c, false, 1, get(() => (Math.random() < 0.5 ? '/fail' : '/cut'))) },
]
