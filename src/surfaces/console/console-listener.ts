/**
 * The console's own listener: http on loopback, https with the operator's certificate, or http behind a proxy that is named. Anywhere else it does not open:
 * passwords would travel for everybody to read. It shares no socket and no thread with the site; connections and their time are bounded.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { createServer as createProbe, type AddressInfo, type Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import { HttpRefusal, sendJson, sendRefusal, setStrictHeaders } from './http-answer.ts'
import type { BuiltPage } from './built-pages.ts'
import type { ConsoleApi } from './console-api.ts'
import { type ConsoleSettings, exposure, isLoopback, readConsoleListen } from './options.ts'
import { stampOf } from './private-file.ts'
import { WhoAsks } from './who-asks.ts'

const MOST_CONNECTIONS = 512
/** Of one address, unless it is this machine or a proxy: nobody keeps the others out. */
const MOST_PER_ADDRESS = 64
const TIMES = Object.freeze({ requestTimeout: 15_000, headersTimeout: 10_000, keepAliveTimeout: 30_000, connectionsCheckingInterval: 2_000, maxHeaderSize: 16_384 })

export interface ListenerParts {
  readonly api: ConsoleApi
  readonly pages: ReadonlyMap<string, BuiltPage>
  onTrouble(sentence: string): void
}

export class ConsoleListener {
  readonly #parts: ListenerParts
  #server: Server | TlsServer | null = null
  #sockets = new Map<Socket, string>()
  #url = ''
  #files = ''
  #settings: ConsoleSettings | null = null

  constructor(parts: ListenerParts) {
    this.#parts = parts
  }

  /** Where it listens, or ''. */
  get url(): string {
    return this.#url
  }

  /** Resolves when it listens, or when it was told why not. `takesOver`: another process of ours may still listen there. Nothing happens when nothing changed. */
  async apply(settings: ConsoleSettings, takesOver: boolean): Promise<void> {
    const old = this.#settings
    this.#settings = settings
    const same = old !== null && (['listen', 'tlsCertFile', 'tlsKeyFile'] as const).every((key) => old[key] === settings[key]) && JSON.stringify([old.hosts, old.trustedProxies]) === JSON.stringify([settings.hosts, settings.trustedProxies])
    if (same && (this.#server !== null || settings.listen === '')) return
    await this.close()
    const at = settings.listen === '' ? null : readConsoleListen(settings.listen)
    if (at === null) return
    const exposed = exposure(at.host, settings)
    if (exposed !== null) {
      this.#parts.onTrouble(`the console is not served: ${exposed}`)
      return
    }
    try {
      if (!takesOver) await mustBeFree(at.host, at.port)
      await this.#open(at.host, at.port, settings)
    } catch (error) {
      this.#parts.onTrouble(`the console cannot be served at ${settings.listen}: ${(error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'another program listens there already' : (error as Error).message}; it is tried again every few seconds`)
    }
  }

  get isOpen(): boolean {
    return this.#server !== null
  }

  /** Takes up a certificate that was replaced on the disk. Call it now and then. */
  renewCertificate(): void {
    const settings = this.#settings
    if (this.#server === null || settings === null || settings.tlsCertFile === '') return
    const files = stampOf(settings.tlsCertFile) + stampOf(settings.tlsKeyFile)
    if (files === this.#files) return
    this.#files = files
    try {
      ;(this.#server as TlsServer).setSecureContext(certificate(settings))
    } catch (error) {
      this.#parts.onTrouble(`the console's new certificate cannot be used (${(error as Error).message}); the old one stays`)
    }
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#server = null
    this.#url = ''
    if (server === null) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of this.#sockets.keys()) socket.destroySoon()
    const timer = setTimeout(() => server.closeAllConnections(), 500)
    await closed
    clearTimeout(timer)
  }

  #open(host: string, port: number, settings: ConsoleSettings): Promise<void> {
    const who = new WhoAsks(settings.trustedProxies, settings.hosts, host)
    const answer: RequestListener = (request, response) => void this.#answer(request, response, who)
    const secure = settings.tlsCertFile !== ''
    if (secure) this.#files = stampOf(settings.tlsCertFile) + stampOf(settings.tlsKeyFile)
    const server = secure ? createTlsServer({ ...TIMES, ...certificate(settings), minVersion: 'TLSv1.2', handshakeTimeout: 5_000 }, answer) : createServer(TIMES, answer)
    server.maxConnections = MOST_CONNECTIONS
    server.maxRequestsPerSocket = 10_000
    server.on('clientError', (_error, socket) => socket.destroy())
    server.on('tlsClientError', () => {})
    server.on('connection', (socket: Socket) => {
      const from = socket.remoteAddress ?? ''
      let count = 0
      for (const other of this.#sockets.values()) if (other === from) count++
      if (count >= MOST_PER_ADDRESS && !isLoopback(from) && settings.trustedProxies.length === 0) {
        socket.destroy()
        return
      }
      this.#sockets.set(socket, from)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port, reusePort: process.platform === 'linux' }, () => {
        server.off('error', reject)
        server.on('error', () => {})
        this.#server = server
        const at = server.address() as AddressInfo
        this.#url = `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${at.port}`
        resolve()
      })
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse, who: WhoAsks): Promise<void> {
    response.on('error', () => {})
    try {
      setStrictHeaders(response, false)
      const asker = who.read(request)
      setStrictHeaders(response, asker.secure)
      const target = request.url ?? '/'
      if (target.length > 4_096) throw new HttpRefusal(414, 'too-long', 'the address is too long')
      const url = URL.parse(target, 'http://console.invalid')
      if (url === null || !target.startsWith('/')) throw new HttpRefusal(400, 'bad-request', 'the address is not one')
      if (url.pathname.startsWith('/api/')) await this.#parts.api.handle(request, response, asker, who, url, url.pathname.slice(5))
      else this.#page(request, response, url.pathname)
    } catch (error) {
      if (error instanceof HttpRefusal) sendRefusal(response, error)
      else {
        this.#parts.onTrouble(`a request of the console failed: ${(error as Error).stack ?? String(error)}`)
        if (response.headersSent) response.destroy()
        else sendJson(response, 500, { code: 'failed', sentence: 'the console itself failed; the log says how' })
      }
    }
  }

  #page(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new HttpRefusal(405, 'bad-request', 'pages can only be read')
    const page = this.#parts.pages.get(path)
    if (page === undefined) throw new HttpRefusal(404, 'not-found', 'there is nothing of that name here; the console is at /')
    response.setHeader('cache-control', page.hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    response.setHeader('etag', page.tag)
    response.setHeader('vary', 'accept-encoding')
    if (request.headers['if-none-match'] === page.tag) {
      response.writeHead(304).end()
      return
    }
    const gzip = page.gzip !== null && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
    const bytes = gzip ? page.gzip! : page.bytes
    if (gzip) response.setHeader('content-encoding', 'gzip')
    response.writeHead(200, { 'content-type': page.type, 'content-length': bytes.length })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  }
}

function certificate(settings: ConsoleSettings): { cert: Buffer; key: Buffer } {
  const pair = { cert: readFileSync(settings.tlsCertFile), key: readFileSync(settings.tlsKeyFile) }
  // Throws with a reason when the two do not belong together.
  createSecureContext(pair)
  return pair
}

/** With SO_REUSEPORT two programs could share the port without a word. */
function mustBeFree(host: string, port: number): Promise<void> {
  if (port === 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const probe = createProbe()
    probe.once('error', reject)
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()))
  })
}
