/**
 * A small origin under attack: what it was asked is counted by the first part of the path, with the most at once.
 *
 * /page/...    public for a minute, 300 bytes; /page/big is 1 MiB
 * /live/...    no-store
 * /search?q=   no-store, after 100 ms
 * /missing/... 404, no word about caching
 * /form        reads the content
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const SEARCH_MS = 100
const SMALL = Buffer.alloc(300, 'a page\n')
const BIG = Buffer.alloc(1_048_576, 'a big page\n')

export interface KindCount {
  asked: number
  inFlight: number
  peak: number
}

export class AttackOrigin {
  readonly #server: Server
  readonly #kinds = new Map<string, KindCount>()
  upgrades = 0

  private constructor() {
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => this.#answer(request, response))
    this.#server.on('upgrade', (_request, socket) => {
      this.upgrades++
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    })
  }

  static async start(): Promise<AttackOrigin> {
    const origin = new AttackOrigin()
    await new Promise<void>((resolve) => {
      origin.#server.listen(0, '127.0.0.1', resolve)
    })
    return origin
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  of(kind: string): KindCount {
    let counts = this.#kinds.get(kind)
    if (counts === undefined) this.#kinds.set(kind, (counts = { asked: 0, inFlight: 0, peak: 0 }))
    return counts
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = /^\/([a-z]*)/.exec(request.url!)![1]
    // A tool may look with GET whether the form is still there.
    const kind = path === 'form' && request.method !== 'POST' ? 'live' : path
    const counts = this.of(kind)
    counts.asked++
    counts.inFlight++
    if (counts.inFlight > counts.peak) counts.peak = counts.inFlight
    response.once('close', () => {
      counts.inFlight--
    })
    const send = (status: number, cacheControl: string, body: Buffer): void => {
      if (response.destroyed) return
      response.writeHead(status, { 'content-type': 'text/plain', 'content-length': body.length, ...(cacheControl === '' ? {} : { 'cache-control': cacheControl }) }).end(body)
    }
    request.resume()
    request.on('end', () => {
      if (kind === 'page') send(200, 'public, max-age=60', request.url === '/page/big' ? BIG : SMALL)
      else if (kind === 'missing') send(404, '', SMALL)
      else if (kind === 'search') setTimeout(() => send(200, 'no-store', SMALL), SEARCH_MS)
      else send(200, 'no-store', SMALL)
    })
  }
}
