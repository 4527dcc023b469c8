/** Sends exact bytes to a server on loopback and reads its HTTP/1 answers strictly: for messages no client library would send. */
import { connect as tcpConnect, type Socket } from 'node:net'
import { connect as tlsConnect } from 'node:tls'

export interface RawAnswer {
  readonly status: number
  /** Lower-case names; repeated fields joined by ", ". */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

export interface RawOptions {
  /** Local address, 127.x.y.z: another visitor for Polder. */
  readonly from?: string
  /** Handshake with the listener's development certificate. */
  readonly alpn?: string
}

export class RawConnection {
  readonly socket: Socket
  readonly answers: RawAnswer[] = []
  closed = false
  /** What the server sent that is no HTTP/1 answer. */
  broken = ''
  #held: Buffer = Buffer.alloc(0)
  #methods: string[] = []
  readonly #waiting = new Set<() => void>()

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
      this.#read()
      this.#wake()
    })
    const onEnd = (): void => {
      this.closed = true
      this.#wake()
    }
    socket.on('error', onEnd)
    socket.on('end', onEnd)
    socket.on('close', onEnd)
  }

  /** @throws RangeError when `url` is not on loopback. */
  static async open(url: string, { from = '127.0.0.1', alpn = 'http/1.1' }: RawOptions = {}): Promise<RawConnection> {
    const { hostname, port, protocol } = new URL(url)
    if (!/^127\.\d+\.\d+\.\d+$/.test(hostname) || !/^127\.\d+\.\d+\.\d+$/.test(from)) throw new RangeError(`${url} from ${from} is not on loopback`)
    const where = { host: hostname, port: Number(port), localAddress: from }
    const secure = protocol === 'https:'
    const socket = secure ? tlsConnect({ ...where, rejectUnauthorized: false, ALPNProtocols: [alpn] }) : tcpConnect(where)
    await new Promise<void>((resolve, reject) => {
      socket.once(secure ? 'secureConnect' : 'connect', resolve)
      socket.once('error', reject)
    })
    socket.setNoDelay(true)
    return new RawConnection(socket)
  }

  /** `method` of the request sent, when its answer has no content for it (HEAD). */
  send(bytes: string | Uint8Array, method = 'GET'): void {
    this.#methods.push(method)
    if (!this.socket.destroyed) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** True when `done` held before the server closed and before `withinMs`. */
  async until(done: () => boolean, withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs
    while (!done()) {
      const leftMs = deadline - performance.now()
      if (this.closed || leftMs <= 0) return false
      await new Promise<void>((resolve) => {
        const timer = setTimeout(wake, leftMs)
        const waiting = this.#waiting
        function wake(): void {
          clearTimeout(timer)
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
      })
    }
    return true
  }

  /** Sends one request and returns its answer. @throws when it is not whole within `withinMs`. */
  async ask(bytes: string, { method = 'GET', withinMs = 8_000 } = {}): Promise<RawAnswer> {
    const before = this.answers.length
    this.send(bytes, method)
    await this.until(() => this.answers.length > before, withinMs)
    const answer = this.answers[before]
    if (answer === undefined) throw new Error(`no answer (${this.closed ? 'closed' : 'open'}, ${this.#held.length} bytes) to ${JSON.stringify(bytes.slice(0, 200))}`)
    return answer
  }

  destroy(): void {
    this.socket.destroy()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  #read(): void {
    while (this.#held.length > 0) {
      const end = this.#held.indexOf('\r\n\r\n')
      if (end === -1) return
      const [line, ...fields] = this.#held.toString('latin1', 0, end).split('\r\n')
      const found = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)
      if (found === null) {
        this.broken = this.#held.toString('latin1')
        return
      }
      const status = Number(found[1])
      const headers = new Map<string, string>()
      for (const field of fields) {
        const colon = field.indexOf(':')
        const name = field.slice(0, colon).toLowerCase()
        const value = field.slice(colon + 1).trim()
        headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
      }
      const rest = this.#held.subarray(end + 4)
      const none = status < 200 || status === 204 || status === 304 || (status >= 200 && this.#methods[this.answers.length] === 'HEAD')
      const read = none ? { body: Buffer.alloc(0), used: 0 } : headers.get('transfer-encoding') === 'chunked' ? readChunks(rest) : readLength(rest, headers.get('content-length'))
      if (read === null) return
      this.#held = rest.subarray(read.used)
      if (status >= 200) this.answers.push({ status, headers, body: read.body })
    }
  }
}

function readLength(bytes: Buffer, length: string | undefined): { body: Buffer; used: number } | null {
  const size = Number(length ?? 0)
  return bytes.length < size ? null : { body: Buffer.from(bytes.subarray(0, size)), used: size }
}

function readChunks(bytes: Buffer): { body: Buffer; used: number } | null {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return null
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const from = lineEnd + 2
    if (size === 0) {
      const end = bytes.indexOf('\r\n\r\n', lineEnd)
      return end === -1 ? null : { body: Buffer.concat(parts), used: end + 4 }
    }
    if (bytes.length < from + size + 2) return null
    parts.push(bytes.subarray(from, from + size))
    at = from + size + 2
  }
}
