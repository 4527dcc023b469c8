/**
 * A process of its own that opens many keep-alive connections from many loopback sources, asks once on each, and holds them.
 * Arguments: port, connections, path. Says a line of JSON when all were answered; each line on standard input makes it ask once more on each.
 */
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

const [port, count, path] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]]
/** Fewer than maxConnectionsPerSource (64). */
const PER_SOURCE = 40
const OPENING_AT_ONCE = 200
const ANSWER_MS = 30_000
const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

class Held {
  readonly socket: Socket
  #text = ''
  #answered: ((status: number) => void) | null = null
  closed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#hear(chunk.toString('latin1')))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      this.#answered?.(0)
    })
  }

  /** Status of the whole answer; 0 when the connection is gone, -1 after ANSWER_MS. */
  ask(): Promise<number> {
    if (this.closed) return Promise.resolve(0)
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answered?.(-1), ANSWER_MS)
      this.#answered = (status) => {
        clearTimeout(timer)
        this.#answered = null
        resolve(status)
      }
      this.#text = ''
      this.socket.write(request)
    })
  }

  #hear(text: string): void {
    this.#text += text
    const split = this.#text.indexOf('\r\n\r\n')
    const length = /^content-length: *(\d+)/im.exec(this.#text)
    if (split === -1 || length === null || this.#text.length < split + 4 + Number(length[1])) return
    this.#answered?.(Number(this.#text.slice(9, 12)))
  }
}

function open(index: number): Promise<Held | null> {
  const source = Math.floor(index / PER_SOURCE)
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: `127.1.${1 + Math.floor(source / 250)}.${1 + (source % 250)}` })
    socket.once('error', () => resolve(null))
    socket.once('connect', () => resolve(new Held(socket)))
  })
}

async function openAll(): Promise<Held[]> {
  const held: Held[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: OPENING_AT_ONCE }, async () => {
      for (let index = next++; index < count; index = next++) {
        const one = await open(index)
        if (one !== null) held.push(one)
      }
    }),
  )
  return held
}

async function askAll(held: readonly Held[]): Promise<void> {
  const from = performance.now()
  const statuses = await Promise.all(held.map((one) => one.ask()))
  const answered = statuses.filter((status) => status === 200).length
  process.stdout.write(`${JSON.stringify({ opened: held.length, answered, open: held.filter((one) => !one.closed).length, ms: Math.round(performance.now() - from) })}\n`)
}

const held = await openAll()
await askAll(held)
createInterface({ input: process.stdin })
  .on('line', () => void askAll(held))
  .on('close', () => process.exit())
