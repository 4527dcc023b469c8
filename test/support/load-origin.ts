/** A small origin for load tests: each address behaves as its name says, and what it was asked is counted. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * /page            cacheable for a minute
 * /live            no-store
 * /slow/MS/...     cacheable, answered after MS milliseconds
 * /slow-live/MS    no-store, answered after MS milliseconds
 * /sized/BYTES/... cacheable, that long
 */
export class LoadOrigin {
  readonly #server: Server
  answered = 0
  inFlight = 0

  private constructor() {
    this.#server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => this.#answer(request, response))
  }

  static async start(): Promise<LoadOrigin> {
    const origin = new LoadOrigin()
    await new Promise<void>((resolve) => {
      origin.#server.listen(0, '127.0.0.1', resolve)
    })
    return origin
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.inFlight++
    response.once('close', () => {
      this.inFlight--
    })
    request.resume()
    const [, kind, number] = (request.url ?? '').split('/')
    const body = kind === 'sized' ? Buffer.alloc(Number(number), request.url!) : Buffer.from(`this is ${request.url}\n`)
    const cacheControl = kind.includes('live') ? 'no-store' : 'public, max-age=60'
    const send = (): void => {
      this.answered++
      if (!response.destroyed) response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': cacheControl, 'content-length': body.length }).end(body)
    }
    if (kind.startsWith('slow')) setTimeout(send, Number(number))
    else send()
  }
}
