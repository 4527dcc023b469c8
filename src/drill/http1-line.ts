/**
 * One HTTP/1.1 connection of the drill: writes a request exactly as given, reads just enough of the answer to say whether it is the right one.
 * Own code because the order and case of header fields is what is being drilled, and because a generator must cost little.
 */
import type { Socket } from 'node:net'

export interface Heard {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** First bytes of the content; all of a refusal's page where `keepsRefusals` says so. */
  readonly start: string
  readonly bytes: number
}

const START_BYTES = 160
const HEAD_BYTES = 32_768
const REFUSAL_BYTES = 65_536
const TOO_MANY_REQUESTS = 429

type Stage = 'idle' | 'head' | 'length' | 'chunks' | 'until-close'

export class Http1Line {
  readonly #socket: Socket
  readonly #onClosed: () => void
  #stage: Stage = 'idle'
  #pending = ''
  #status = 0
  #headers: ReadonlyMap<string, string> = new Map()
  #start = ''
  #bytes = 0
  #left = 0
  #keep = false
  #head = false
  #done: ((heard: Heard | null) => void) | null = null
  #closed = false
  /** Monotonic ms of the run; kept by the owner. */
  deadlineMs = Number.POSITIVE_INFINITY
  idleSinceMs = 0
  /** Keep the whole page of a 429: a browser reads it. */
  keepsRefusals = false

  constructor(socket: Socket, onClosed: () => void) {
    this.#socket = socket
    this.#onClosed = onClosed
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => undefined)
    socket.on('end', () => this.#socket.destroy())
    socket.on('close', () => this.#over())
  }

  get idle(): boolean {
    return this.#done === null && !this.#closed
  }

  get #kept(): number {
    return this.keepsRefusals && this.#status === TOO_MANY_REQUESTS ? REFUSAL_BYTES : START_BYTES
  }

  /** Only while idle. `done` hears null when the connection broke or `end` was called. */
  send(bytes: string, head: boolean, done: (heard: Heard | null) => void): void {
    this.#stage = 'head'
    this.#pending = ''
    this.#start = ''
    this.#bytes = 0
    this.#head = head
    this.#done = done
    this.#socket.write(bytes, 'latin1')
  }

  end(): void {
    this.#over()
  }

  #read(chunk: Buffer): void {
    if (this.#done === null) return
    if (this.#stage === 'length' || this.#stage === 'until-close') {
      this.#content(chunk.toString('latin1', 0, Math.min(chunk.length, this.#kept)), chunk.length)
      return
    }
    this.#pending += chunk.toString('latin1')
    if (this.#stage === 'head') this.#readHead()
    if (this.#stage === 'chunks') this.#readChunks()
  }

  #readHead(): void {
    for (;;) {
      const end = this.#pending.indexOf('\r\n\r\n')
      if (end === -1) {
        if (this.#pending.length > HEAD_BYTES) this.end()
        return
      }
      const lines = this.#pending.slice(0, end).split('\r\n')
      this.#pending = this.#pending.slice(end + 4)
      this.#status = Number(lines[0].slice(9, 12))
      if (this.#status >= 200) {
        this.#begin(lines)
        return
      }
    }
  }

  #begin(lines: readonly string[]): void {
    const headers = new Map<string, string>()
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(':')
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
    }
    this.#headers = headers
    const connection = headers.get('connection')?.toLowerCase() ?? ''
    this.#keep = !connection.includes('close') && lines[0].startsWith('HTTP/1.1')
    const length = headers.get('content-length')
    const rest = this.#pending
    if (this.#head || this.#status === 204 || this.#status === 304) this.#finish()
    else if (headers.get('transfer-encoding') !== undefined) this.#stage = 'chunks'
    else {
      this.#stage = length === undefined ? 'until-close' : 'length'
      this.#left = length === undefined ? Number.POSITIVE_INFINITY : Number(length)
      this.#pending = ''
      this.#content(rest, rest.length)
    }
  }

  #content(start: string, bytes: number): void {
    if (this.#start.length < this.#kept) this.#start += start
    this.#bytes += bytes
    this.#left -= bytes
    if (this.#left <= 0) this.#finish()
  }

  #readChunks(): void {
    for (;;) {
      const eol = this.#pending.indexOf('\r\n')
      if (eol === -1) return
      const size = Number.parseInt(this.#pending.slice(0, eol), 16)
      if (!(size >= 0)) return this.end()
      if (this.#pending.length < eol + 4 + size) return
      const data = this.#pending.slice(eol + 2, eol + 2 + size)
      this.#pending = this.#pending.slice(eol + 4 + size)
      if (size === 0) return this.#finish()
      if (this.#start.length < this.#kept) this.#start += data
      this.#bytes += size
    }
  }

  #finish(): void {
    // Closed before it is told, so that nobody sends the next request into a connection that ends.
    if (!this.#keep) this.#close()
    this.#tell({ status: this.#status, headers: this.#headers, start: this.#start, bytes: this.#bytes })
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.destroy()
    this.#onClosed()
  }

  #tell(heard: Heard | null): void {
    const done = this.#done
    this.#done = null
    this.#stage = 'idle'
    this.deadlineMs = Number.POSITIVE_INFINITY
    done?.(heard)
  }

  #over(): void {
    if (this.#closed) return
    this.#close()
    if (this.#stage === 'until-close') this.#tell({ status: this.#status, headers: this.#headers, start: this.#start, bytes: this.#bytes })
    else this.#tell(null)
  }
}
