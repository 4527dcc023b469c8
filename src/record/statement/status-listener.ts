/**
 * Serves the status page from memory: a handful of files, GET and HEAD, nothing else. It shares no socket, no cache and no thread with the site it speaks of.
 * It must not be a way in: no path reaches the disk, no header is trusted, connections and their time are bounded.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { SECOND_MS } from '../../kernel/units.ts'
import { type StatusFile, STATUS_POLICY } from './status-files.ts'

const MOST_CONNECTIONS = 2_000
const CACHE_SECONDS = 10
const UNREAD_MS = 10 * SECOND_MS

export class StatusListener {
  #server: Server | null = null
  #address = ''
  #files: ReadonlyMap<string, StatusFile & { readonly bytes: Buffer; readonly tag: string }> = new Map()
  readonly #onTrouble: (sentence: string) => void
  /** Told once, however often it is tried again. */
  #told = ''

  constructor(onTrouble: (sentence: string) => void) {
    this.#onTrouble = onTrouble
  }

  /** Where it listens, or ''. */
  get address(): string {
    return this.#address
  }

  show(files: ReadonlyMap<string, StatusFile>, version: string): void {
    this.#files = new Map([...files].map(([name, file]) => [name, { ...file, bytes: Buffer.from(file.body), tag: `"${version}"` }]))
  }

  /** `at` null: nowhere. Resolves when it listens, or could not, which is told. */
  async listen(at: { readonly host: string; readonly port: number } | null): Promise<void> {
    await this.close()
    if (at === null) return
    const server = createServer({ requestTimeout: 10 * SECOND_MS, headersTimeout: 5 * SECOND_MS, keepAliveTimeout: 5 * SECOND_MS, connectionsCheckingInterval: 2 * SECOND_MS, maxHeaderSize: 8_192, keepAlive: false }, (request, response) => this.#answer(request, response))
    server.maxConnections = MOST_CONNECTIONS
    server.maxRequestsPerSocket = 100
    // Who does not take what was written: Node has no bound of its own, and a few thousand such readers would keep everybody else out.
    server.timeout = UNREAD_MS
    server.on('clientError', (_error, socket) => socket.destroy())
    await new Promise<void>((resolve) => {
      server.once('error', (error) => {
        const trouble = `the status page cannot be served at ${at.host}:${at.port} (${(error as NodeJS.ErrnoException).code ?? error.message}); its files are still written, and it is tried again`
        if (trouble !== this.#told) this.#onTrouble(trouble)
        this.#told = trouble
        resolve()
      })
      server.listen(at.port, at.host, () => {
        server.removeAllListeners('error')
        server.on('error', () => {})
        this.#server = server
        this.#told = ''
        const address = server.address()
        this.#address = typeof address === 'object' && address !== null ? `${at.host.includes(':') ? `[${at.host}]` : at.host}:${address.port}` : ''
        resolve()
      })
    })
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#server = null
    this.#address = ''
    if (server === null) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = request
    const path = url.split('?', 1)[0]!
    const file = this.#files.get(path === '/' ? 'index.html' : path.slice(1))
    const headers: Record<string, string | number> = {
      'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'content-security-policy': `${STATUS_POLICY}; frame-ancestors 'none'`, 'cache-control': `public, max-age=${CACHE_SECONDS}`,
    }
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { ...headers, allow: 'GET, HEAD', 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end('This page can only be read.\n')
      return
    }
    if (file === undefined) {
      response.writeHead(404, { ...headers, 'content-type': 'text/plain; charset=utf-8' }).end('There is nothing here. The status page is at /\n')
      return
    }
    headers['etag'] = file.tag
    if (request.headers['if-none-match'] === file.tag) {
      response.writeHead(304, headers).end()
      return
    }
    response.writeHead(200, { ...headers, 'content-type': file.contentType, 'content-length': file.bytes.length })
    response.end(method === 'HEAD' ? undefined : file.bytes)
  }
}
