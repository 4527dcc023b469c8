/**
 * A site with every kind of answer that a real one gives, for the soak and the slow attacks. Loopback only. Argument: port.
 *   /page/N   cacheable, 2 to 40 KiB, ETag, short life, stale-while-revalidate       /live/N  1 KiB, no-store
 *   /big      1 MiB, cacheable      /slow  1 KiB after 0.3 s in pieces      /set  Set-Cookie      /fail  500      /cut  breaks off
 *   POST anywhere: reads the content and says how long it was; the rest is 404
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { SERVER_ADDRESS } from '../measure/loopback.ts'

const text = Buffer.alloc(1_048_576, 'The sea is held back by a dike. ')

function serve(request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '/').split('?')[0]
  if (request.method === 'POST') {
    let bytes = 0
    request.on('data', (chunk: Buffer) => (bytes += chunk.length))
    request.on('end', () => answer(response, 200, { 'cache-control': 'no-store' }, Buffer.from(String(bytes))))
    return
  }
  request.resume()
  const number = Number(path.slice(path.lastIndexOf('/') + 1)) || 0
  if (path.startsWith('/page/')) {
    const tag = `"${number}"`
    if (request.headers['if-none-match'] === tag) return answer(response, 304, { etag: tag, 'cache-control': 'max-age=20, stale-while-revalidate=60' }, null)
    return answer(response, 200, { etag: tag, 'cache-control': 'max-age=20, stale-while-revalidate=60', vary: 'accept-encoding' }, text.subarray(0, 2_048 + ((number * 7_919) % 38) * 1_024))
  }
  if (path.startsWith('/live/')) return answer(response, 200, { 'cache-control': 'no-store' }, text.subarray(0, 1_024))
  if (path === '/big') return answer(response, 200, { 'cache-control': 'max-age=60' }, text)
  if (path === '/set') return answer(response, 200, { 'set-cookie': `session=${number}`, 'cache-control': 'max-age=60' }, text.subarray(0, 512))
  if (path === '/fail') return answer(response, 500, {}, Buffer.from('broken'))
  if (path === '/cut') {
    response.writeHead(200, { 'content-length': 10_000, 'cache-control': 'no-store' })
    response.write(text.subarray(0, 1_000), () => response.destroy())
    return
  }
  if (path === '/slow') {
    response.writeHead(200, { 'cache-control': 'no-store' })
    response.write(text.subarray(0, 512))
    setTimeout(() => response.end(text.subarray(0, 512)), 300)
    return
  }
  answer(response, 404, { 'cache-control': 'max-age=5' }, Buffer.from('not here'))
}

function answer(response: ServerResponse, status: number, headers: Record<string, string>, body: Buffer | null): void {
  response.writeHead(status, body === null ? headers : { ...headers, 'content-type': 'text/html', 'content-length': body.length })
  response.end(body)
}

createServer({ keepAliveTimeout: 60_000 }, serve).listen(Number(process.argv[2]), SERVER_ADDRESS, 4_096)
