/** Bytes to a server on loopback, bytes back: for what no client library shows, such as 1xx answers, trailers and half-closed connections. */
import { connect, type Socket } from 'node:net'

/** Far more than an answer takes on a busy machine; only what goes wrong waits this long. */
const PATIENCE_MS = 20_000

export interface Wire {
  readonly socket: Socket
  /** Everything the server has sent, as latin1. */
  text(): string
  send(bytes: string | Uint8Array): void
  /** Resolves with the text once it holds `wanted`, or once the server closed when `wanted` is null. @throws with the text when that does not come. */
  until(wanted: string | null, withinMs?: number): Promise<string>
}

/** `from`: local address, 127.x.y.z: another visitor for Polder. */
export function openWire(url: string, from = ''): Promise<Wire> {
  const { hostname, port } = new URL(url)
  const host = hostname.replaceAll(/[[\]]/g, '')
  const socket = connect({ host, port: Number(port), ...(from === '' ? {} : { localAddress: from }) })
  let text = ''
  let closed = false
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const one of waiting) one()
  }
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    wake()
  })
  const onEnd = (): void => {
    closed = true
    wake()
  }
  socket.on('end', onEnd)
  socket.on('close', onEnd)
  const wire: Wire = {
    socket,
    text: () => text,
    send: (bytes) => void socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    until: (wanted, withinMs = PATIENCE_MS) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const holds = wanted === null ? closed : text.includes(wanted)
          if (!holds && !closed) return
          clearTimeout(timer)
          waiting.delete(look)
          if (holds) resolve(text)
          else reject(new Error(`closed before ${JSON.stringify(wanted)} came: ${JSON.stringify(text.slice(0, 2_000))}`))
        }
        const timer = setTimeout(() => {
          waiting.delete(look)
          reject(new Error(`${wanted === null ? 'the end' : JSON.stringify(wanted)} did not come within ${withinMs} ms: ${JSON.stringify(text.slice(0, 2_000))}`))
        }, withinMs)
        waiting.add(look)
        look()
      }),
  }
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      onEnd()
      reject(error)
    })
    socket.once('connect', () => resolve(wire))
  })
}

/** Sends one message on a connection of its own and returns all that came until the server closed it. */
export async function exchange(url: string, bytes: string, { from = '', withinMs = PATIENCE_MS } = {}): Promise<string> {
  const wire = await openWire(url, from)
  try {
    wire.send(bytes)
    return await wire.until(null, withinMs)
  } finally {
    wire.socket.destroy()
  }
}
