/**
 * An origin with the habits that cache poisoning lives on: it says back whatever it was asked with, calls it public, and answers errors that say they may be kept.
 *
 * /reflect/...   public for a minute: method, target, every field, content
 * /personal/...  max-age but not public: the same
 * /silent/...    no word about caching: the same
 * /limits/...    an error that may be kept when the request is odd: 431 above 6 KB of fields, 400 for X-Meta, 405 for X-HTTP-Method-Override, 500 for X-Break, 403 for X-Block; else a page
 * /etag/...      304 to the validator "guessed", else a page with "good"
 * /ranged/...    206 to Range, else a page
 * /cookie/...    public, and sets a cookie of its own for everyone
 * /moved/...     301 to what X-Forwarded-Host or Host says, public
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PoisonOrigin {
  readonly url: string
  readonly asked: ReadonlyArray<{ readonly method: string; readonly target: string; readonly fields: string }>
  close(): Promise<void>
}

const PUBLIC = 'public, max-age=60'
const PAGE = 'a page like every other\n'.repeat(4)

export async function openPoisonOrigin(): Promise<PoisonOrigin> {
  const asked: Array<{ method: string; target: string; fields: string }> = []
  let cookies = 0
  const answer = (request: IncomingMessage, content: string, response: ServerResponse): void => {
    const fields = request.rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\n`)).join('')
    asked.push({ method: request.method!, target: request.url!, fields })
    const send = (status: number, cacheControl: string, body: string, more: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body), ...(cacheControl === '' ? {} : { 'cache-control': cacheControl }), ...more }).end(body)
    }
    const { headers } = request
    const told = `${request.method} ${request.url}\n${fields}\n${content}`
    switch (request.url!.split('/')[1]) {
      case 'personal':
        return send(200, 'max-age=60', told)
      case 'silent':
        return send(200, '', told)
      case 'limits':
        if (fields.length > 6_000) return send(431, PUBLIC, 'too large\n')
        if (headers['x-meta'] !== undefined) return send(400, PUBLIC, 'bad request\n')
        if (headers['x-http-method-override'] !== undefined) return send(405, PUBLIC, 'not allowed\n')
        if (headers['x-break'] !== undefined) return send(500, PUBLIC, 'broken\n')
        if (headers['x-block'] !== undefined) return send(403, PUBLIC, 'blocked\n')
        return send(200, PUBLIC, PAGE)
      case 'etag':
        if (headers['if-none-match'] === '"guessed"') {
          response.writeHead(304, { etag: '"guessed"', 'cache-control': PUBLIC }).end()
          return
        }
        return send(200, PUBLIC, PAGE, { etag: '"good"' })
      case 'ranged':
        if (headers.range !== undefined) return send(206, PUBLIC, PAGE.slice(0, 4), { 'content-range': `bytes 0-3/${PAGE.length}`, etag: '"good"' })
        return send(200, PUBLIC, PAGE, { etag: '"good"' })
      case 'cookie':
        return send(200, PUBLIC, PAGE, { 'set-cookie': `session=${++cookies}` })
      case 'moved':
        return send(301, PUBLIC, '', { location: `https://${String(headers['x-forwarded-host'] ?? headers.host)}/` })
      default:
        return send(200, PUBLIC, told)
    }
  }
  const server = createServer({ keepAliveTimeout: 60_000, maxHeaderSize: 65_536 }, (request, response) => {
    let content = ''
    request.on('data', (chunk: Buffer) => {
      content += chunk.toString('latin1')
    })
    request.on('end', () => answer(request, content, response))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}
