/**
 * Run by paced.ts. A request is due every 1/rate seconds. It is sent when due on a connection that is free, or on a new one: it never waits for an
 * earlier answer, so a slow server cannot slow the questions down (coordinated omission). Latency is counted from the moment it was sent
 * to the last byte of its answer; how late the sending was is told apart.
 * Arguments: port, path, requests per second, seconds, status expected, http|https, source address, keep|close.
 */
import { type Socket, connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { HOST_NAME } from '../measure/ask.ts'
import { SERVER_ADDRESS } from '../measure/loopback.ts'
import { quantile } from '../measure/statistics.ts'
import { AnswerReader } from './answer-reader.ts'

const [port, path, perSecond, seconds, status, scheme, from, connections] = process.argv.slice(2)
const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${HOST_NAME}\r\n${connections === 'close' ? 'Connection: close\r\n' : ''}\r\n`)
/** After this an answer counts as failed. */
const PATIENCE_MS = 5_000
const TICK_MS = 0.5

interface Lane {
  readonly socket: Socket
  readonly reader: AnswerReader
  sentAtMs: number
  open: boolean
}

const free: Lane[] = []
const busy = new Set<Lane>()
const latencies: number[] = []
const lateness: number[] = []
let sent = 0
let failed = 0
const failures: Record<string, number> = {}

function fail(how: string): void {
  failed++
  failures[how] = (failures[how] ?? 0) + 1
}

function newLane(): Lane {
  const plain = connect({ host: SERVER_ADDRESS, port: Number(port), localAddress: from, noDelay: true })
  const socket = scheme === 'https' ? connectTls({ socket: plain, servername: HOST_NAME, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }) : plain
  plain.on('error', () => undefined)
  const lane: Lane = { socket, reader: new AnswerReader(), sentAtMs: 0, open: true }
  socket.on('data', (chunk: Buffer) => {
    const done = lane.reader.read(chunk)
    if (done === 'more' || !busy.has(lane)) return
    busy.delete(lane)
    if (done === 'broken' || lane.reader.status !== Number(status)) fail(String(lane.reader.status))
    else latencies.push(performance.now() - lane.sentAtMs)
    if (done === 'broken' || lane.reader.closes || connections === 'close') socket.destroy()
    else free.push(lane)
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    lane.open = false
    if (busy.delete(lane)) fail(performance.now() - lane.sentAtMs >= PATIENCE_MS ? 'timeout' : 'closed')
  })
  return lane
}

function send(dueMs: number, now: number): void {
  let lane = free.pop()
  while (lane !== undefined && !lane.open) lane = free.pop()
  lane ??= newLane()
  lane.sentAtMs = now
  lane.reader.reset()
  busy.add(lane)
  lane.socket.write(request)
  lateness.push(now - dueMs)
  sent++
}

const start = performance.now() + 50
const gap = 1_000 / Number(perSecond)
const total = Math.round(Number(perSecond) * Number(seconds))
await new Promise<void>((resolve) => {
  const tick = (): void => {
    const now = performance.now()
    while (sent < total && start + sent * gap <= now) send(start + sent * gap, performance.now())
    for (const lane of busy) {
      if (now - lane.sentAtMs < PATIENCE_MS) break
      lane.socket.destroy()
    }
    if (sent < total || busy.size > 0) setTimeout(tick, TICK_MS)
    else resolve()
  }
  tick()
})

const round = (value: number): number => Math.round(value * 1_000) / 1_000
const at = (share: number): number => (latencies.length === 0 ? PATIENCE_MS : round(quantile(latencies, share)))
process.stdout.write(
  JSON.stringify({
    sent, answered: latencies.length, failed, failures, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1),
    lateP99Ms: round(quantile(lateness, 0.99)), seconds: round((performance.now() - start) / 1_000),
  }),
)
process.exit()
