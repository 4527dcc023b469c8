/**
 * An origin that answers the addresses of a log as the log says: the same status, content of the logged length (bounded), and the cache
 * headers that a site of that kind and year sends. The content of an address is a function of the address alone, so a wrong answer shows.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LoggedRequest } from './combined-log.ts'

const LONGEST_BYTES = 200_000
const LAST_MODIFIED = 'Tue, 12 May 2015 08:00:00 GMT'

interface Page {
  readonly status: number
  readonly body: Buffer
  readonly etag: string
  readonly type: string
  readonly cacheControl: string
  /** Written in pieces without Content-Length, as programs do. */
  readonly chunked: boolean
}

export class LoggedOrigin {
  readonly #pages: ReadonlyMap<string, Page>
  readonly #server: Server
  answered = 0
  bytes = 0

  private constructor(pages: ReadonlyMap<string, Page>) {
    this.#pages = pages
    this.#server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => this.#answer(request, response))
  }

  static async start(log: readonly LoggedRequest[]): Promise<LoggedOrigin> {
    const origin = new LoggedOrigin(pagesOf(log))
    await new Promise<void>((resolve) => {
      origin.#server.listen(0, '127.0.0.1', resolve)
    })
    return origin
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get addresses(): number {
    return this.#pages.size
  }

  etagOf(target: string): string {
    return this.#pages.get(target)!.etag
  }

  lengthOf(target: string): number {
    return this.#pages.get(target)!.body.length
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.answered++
    request.resume()
    const page = this.#pages.get(request.url ?? '')
    if (page === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not in the log\n')
      return
    }
    if (request.method === 'OPTIONS') {
      response.writeHead(500, { 'content-type': 'text/html; charset=iso-8859-1' }).end('<h1>Internal Server Error</h1>')
      return
    }
    if (page.cacheControl !== '') response.setHeader('cache-control', page.cacheControl)
    if (page.status === 301) response.setHeader('location', `${request.url}/`)
    if (page.status === 200) {
      response.setHeader('etag', page.etag)
      response.setHeader('last-modified', LAST_MODIFIED)
      if (request.method !== 'POST' && request.headers['if-none-match'] === page.etag) {
        response.writeHead(304).end()
        return
      }
      if (!page.chunked) response.setHeader('accept-ranges', 'bytes')
      const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
      if (range !== null && !page.chunked && request.method === 'GET') {
        this.#answerPart(response, page, Number(range[1]), range[2] === '' ? page.body.length - 1 : Number(range[2]))
        return
      }
    }
    response.setHeader('content-type', page.type)
    this.bytes += page.body.length
    if (page.chunked) {
      response.writeHead(page.status)
      const middle = page.body.length >> 1
      response.write(page.body.subarray(0, middle))
      response.end(page.body.subarray(middle))
    } else response.writeHead(page.status, { 'content-length': page.body.length }).end(page.body)
  }

  #answerPart(response: ServerResponse, page: Page, first: number, last: number): void {
    if (first >= page.body.length) {
      // As Apache: an error answer carries no validators.
      for (const name of ['etag', 'last-modified', 'cache-control', 'accept-ranges']) response.removeHeader(name)
      response.writeHead(416, { 'content-range': `bytes */${page.body.length}`, 'content-length': 0 }).end()
      return
    }
    const part = page.body.subarray(first, Math.min(last, page.body.length - 1) + 1)
    this.bytes += part.length
    response.writeHead(206, { 'content-type': page.type, 'content-range': `bytes ${first}-${first + part.length - 1}/${page.body.length}`, 'content-length': part.length }).end(part)
  }
}

/** What most lines of the log say of an address; 304, 206 and 416 say nothing of it but that it is there. */
function pagesOf(log: readonly LoggedRequest[]): Map<string, Page> {
  const seen = new Map<string, Map<string, number>>()
  for (const { method, target, status, bytes } of log) {
    const counts = seen.get(target) ?? new Map<string, number>()
    seen.set(target, counts)
    if (method === 'OPTIONS' || status === 304 || status === 206 || status === 416) continue
    const name = `${status} ${bytes}`
    // A HEAD tells the status, not the length.
    counts.set(name, (counts.get(name) ?? 0) + (method === 'HEAD' || bytes === 0 ? 0.001 : 1))
  }
  const pages = new Map<string, Page>()
  for (const [target, counts] of seen) {
    const most = [...counts].toSorted((a, b) => b[1] - a[1])[0]
    const [status, bytes] = most === undefined ? [200, 20_000] : most[0].split(' ').map(Number)
    const body = contentOf(target, Math.min(LONGEST_BYTES, bytes))
    const kind = kindOf(target)
    pages.set(target, {
      status, body, etag: `"${createHash('sha256').update(target).digest('hex').slice(0, 16)}"`, type: status === 200 ? kind.type : 'text/html; charset=iso-8859-1',
      cacheControl: status === 200 ? kind.cacheControl : status === 403 ? 'no-cache' : '', chunked: status === 200 && kind.chunked,
    })
  }
  return pages
}

function contentOf(target: string, bytes: number): Buffer {
  return Buffer.alloc(bytes, createHash('sha256').update(`content of ${target}`).digest())
}

function kindOf(target: string): { readonly type: string; readonly cacheControl: string; readonly chunked: boolean } {
  const [path, query] = target.split('?')
  const end = /\.([a-z0-9]{1,5})$/i.exec(path)?.[1]?.toLowerCase() ?? ''
  if (/^(png|jpe?g|gif|ico)$/.test(end)) return { type: `image/${end}`, cacheControl: 'max-age=86400', chunked: false }
  if (end === 'css' || end === 'js') return { type: end === 'css' ? 'text/css' : 'application/javascript', cacheControl: 'max-age=3600', chunked: false }
  if (/flav=(rss20|atom)/.test(query ?? '') || /^(rss|atom|xml)$/.test(end)) return { type: 'application/xml', cacheControl: 'max-age=300', chunked: true }
  // Files for download: only Last-Modified, as a plain web server sends them.
  if (/^(pdf|gz|tgz|bz2|zip|py|sh|txt|c|h)$/.test(end)) return { type: 'application/octet-stream', cacheControl: '', chunked: false }
  return { type: 'text/html; charset=utf-8', cacheControl: 'max-age=60', chunked: true }
}
