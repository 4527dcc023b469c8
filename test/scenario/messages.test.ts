/** Issue 2, Edge: every kind of HTTP message passes through the whole of Polder, two workers and a real origin, as both sides meant it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { after, before, test } from 'node:test'
import { PolderProcess } from '../support/polder-process.ts'
import { exchange, openWire } from '../support/raw-exchange.ts'
import { type ScriptedOrigin, startScriptedOrigin } from '../support/scripted-origin.ts'

let origin: ScriptedOrigin
let polder: PolderProcess
let host = ''

before(async () => {
  origin = await startScriptedOrigin((request, response) => {
    const url = new URL(request.url!, 'http://origin')
    switch (url.pathname) {
      case '/trailers':
        response.writeHead(200, { 'content-type': 'text/plain', trailer: 'x-sum', 'cache-control': 'no-store' })
        response.write('first ')
        response.write('second')
        response.addTrailers({ 'x-sum': 'abc' })
        response.end()
        return
      case '/echo': {
        const parts: Buffer[] = []
        request.on('data', (chunk: Buffer) => parts.push(chunk))
        request.on('end', () => {
          const body = Buffer.concat(parts)
          response.setHeader('content-type', 'application/json')
          response.end(JSON.stringify({
            bytes: body.length, sha: createHash('sha256').update(body).digest('hex'), trailers: request.trailers, te: request.headers['transfer-encoding'] ?? '', length: request.headers['content-length'] ?? '',
          }))
        })
        return
      }
      case '/early':
        // Answers from the head alone; then reads on, as nginx and HAProxy do, since closing on unread content may take the answer away with it.
        response.writeHead(403, { 'content-type': 'text/plain', 'content-length': 7 }).write('not you')
        request.resume().on('end', () => response.end()).on('error', () => {})
        return
      case '/slow':
      case '/slow/er':
        return
      case '/reset':
        request.socket.resetAndDestroy()
        return
      case '/cut':
        response.writeHead(200, { 'content-length': '1000', 'content-type': 'text/plain', 'cache-control': 'no-store' })
        response.write('only this')
        setTimeout(() => request.socket.destroy(), 20)
        return
      case '/hints':
        response.writeEarlyHints({ link: '</site.css>; rel=preload; as=style' })
        setTimeout(() => response.writeHead(200, { 'cache-control': 'no-store' }).end('page'), 10)
        return
      case '/large-head':
        response.writeHead(200, { 'x-large': 'v'.repeat(30_000), 'cache-control': 'no-store' }).end('ok')
        return
      case '/file':
        response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '26', 'cache-control': 'max-age=60', etag: '"f1"', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' })
        response.end(request.method === 'HEAD' ? undefined : 'abcdefghijklmnopqrstuvwxyz')
        return
      default:
        response.setHeader('allow', 'GET, HEAD, OPTIONS')
        response.end(`${request.method} ${request.url}`)
    }
  })
  origin.server.on('upgrade', (request, socket, head) => {
    origin.received.push({ method: 'UPGRADE', target: request.url!, headers: request.headers as Record<string, string> })
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    socket.write(frame('hello', false))
    if (head.length > 0) socket.write(frame(unframe(head), false))
    socket.on('data', (chunk: Buffer) => socket.write(frame(unframe(chunk).toUpperCase(), false)))
    socket.on('error', () => {})
  })
  polder = await PolderProcess.start(`listen: [127.0.0.1:0, { address: "127.0.0.1:0", tls: true }]
origin: { upstreams: [${origin.url}], firstByteTimeoutMs: 3s }
workers: 2
routes:
  - { path: /ws, upgrade: true }
  - { path: /slow/er, timeoutMs: 150ms }
`)
  host = new URL(polder.url).host
})

after(async () => {
  await polder?.stop()
  await origin?.close()
})

/** A WebSocket text frame (RFC 6455 section 5.2), masked as a client's must be. */
function frame(text: string, masked: boolean): Buffer {
  const body = Buffer.from(text)
  if (!masked) return Buffer.concat([Buffer.from([0x81, body.length]), body])
  const mask = Buffer.from([1, 2, 3, 4])
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length]), mask, body.map((byte, i) => byte ^ mask[i % 4])])
}

function unframe(bytes: Buffer): string {
  const length = bytes[1] & 0x7f
  if ((bytes[1] & 0x80) === 0) return bytes.toString('latin1', 2, 2 + length)
  const mask = bytes.subarray(2, 6)
  return Buffer.from(bytes.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4])).toString('latin1')
}

const get = (target: string, more = '', method = 'GET'): string => `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n', answer.indexOf('HTTP/1.1 2')) + 4)

test('a WebSocket: the handshake is the origin\'s, and frames go both ways', async () => {
  const wire = await openWire(polder.url)
  wire.send(`GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://${host}\r\n\r\n`)
  const answer = await wire.until('hello')
  assert.match(answer, /^HTTP\/1\.1 101 /)
  // The example of RFC 6455 section 1.3.
  assert.match(answer, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i)
  wire.send(frame('ping from the visitor', true))
  await wire.until('PING FROM THE VISITOR')
  const seen = origin.received.find((one) => one.method === 'UPGRADE')!
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1')
  assert.match(seen.headers['x-request-id'], /^[0-9a-f]{32}$/)
  wire.socket.destroy()
})

test('a WebSocket where the route does not allow it is answered as a plain request, never joined', async () => {
  const before = origin.received.filter((one) => one.method === 'UPGRADE').length
  const wire = await openWire(polder.url)
  wire.send(`GET /other HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
  const answer = await wire.until('GET /other')
  wire.socket.destroy()
  assert.match(answer, /^HTTP\/1\.1 200 /)
  assert.equal(origin.received.filter((one) => one.method === 'UPGRADE').length, before)
})

test('Expect: 100-continue is answered by the shield, and the content reaches the origin', async () => {
  const wire = await openWire(polder.url)
  wire.send(`POST /echo HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`)
  await wire.until('HTTP/1.1 100 Continue\r\n\r\n')
  wire.send('hello')
  const answer = await wire.until(null)
  assert.match(answer, /"bytes":5/)
  assert.equal(origin.received.findLast((one) => one.target === '/echo')!.headers['expect'], undefined)
})

test('an expectation nobody knows is 417', async () => {
  assert.match(await exchange(polder.url, get('/echo', 'Expect: 200-ok\r\n')), /^HTTP\/1\.1 417 /)
})

test('chunked content and its trailers reach the origin; so do the origin\'s trailers the visitor', async () => {
  const sent = await exchange(polder.url, `POST /echo HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: x-end\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nx-end: yes\r\n\r\n`)
  assert.match(sent, /"bytes":11/)
  const back = await exchange(polder.url, get('/trailers', 'TE: trailers\r\n'))
  assert.match(back, /transfer-encoding: chunked/i)
  assert.match(back, /x-sum: abc\r\n\r\n$/)
})

test('trailers of content too large to be gathered reach the origin', async () => {
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  const sent = await exchange(polder.url, `POST /echo HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: x-end\r\n\r\n${chunk.repeat(12)}0\r\nx-end: yes\r\n\r\n`)
  assert.match(sent, /"bytes":786432/)
  assert.match(sent, /"trailers":\{"x-end":"yes"\}/)
})

test('early hints reach the visitor before the answer', async () => {
  const answer = await exchange(polder.url, get('/hints'))
  assert.match(answer, /^HTTP\/1\.1 103 /)
  assert.match(answer, /link: <\/site\.css>/i)
  assert.match(answer, /HTTP\/1\.1 200 /)
})

test('an early answer reaches a visitor who is still sending', async () => {
  const wire = await openWire(polder.url)
  wire.socket.on('error', () => {})
  wire.send(`POST /early HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(300_000)}`)
  wire.send('x'.repeat(600_000))
  assert.match(await wire.until('not you'), /^HTTP\/1\.1 403 /)
  wire.socket.destroy()
})

test('HEAD says the length and sends nothing; after a GET it comes from the store', async () => {
  const first = await exchange(polder.url, get('/file', '', 'HEAD'))
  assert.match(first, /content-length: 26/i)
  assert.equal(bodyOf(first), '')
  await exchange(polder.url, get('/file'))
  const asked = origin.count('/file')
  const second = await exchange(polder.url, get('/file', '', 'HEAD'))
  assert.match(second, /cache-status: Polder; hit/i)
  assert.match(second, /content-length: 26/i)
  assert.equal(bodyOf(second), '')
  assert.equal(origin.count('/file'), asked)
  const session = connectHttp2(polder.urls[1], { rejectUnauthorized: false })
  for (const method of ['GET', 'HEAD', 'HEAD']) {
    const stream = session.request({ ':path': '/file', ':method': method }).resume()
    const [fields] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    assert.equal(fields['content-length'], '26', `${method} over HTTP/2`)
  }
  session.destroy()
})

test('parts come out of a stored whole, by both workers, without asking the origin', async () => {
  await exchange(polder.url, get('/file'))
  const asked = origin.count('/file')
  for (let i = 0; i < 12; i++) {
    const part = await exchange(polder.url, get('/file', 'Range: bytes=3-5\r\n'))
    assert.match(part, /^HTTP\/1\.1 206 /)
    assert.match(part, /content-range: bytes 3-5\/26/i)
    assert.equal(bodyOf(part), 'def')
  }
  assert.match(await exchange(polder.url, get('/file', 'Range: bytes=-2\r\n')), /\r\n\r\nyz$/)
  assert.match(await exchange(polder.url, get('/file', 'Range: bytes=26-\r\n')), /^HTTP\/1\.1 416 [^]*content-range: bytes \*\/26/i)
  assert.match(await exchange(polder.url, get('/file', 'Range: bytes=0-1\r\nIf-Range: "other"\r\n')), /^HTTP\/1\.1 200 /)
  assert.match(await exchange(polder.url, get('/file', 'Range: bytes=0-1,5-6\r\n')), /^HTTP\/1\.1 206 [^]*multipart\/byteranges/i)
  assert.match(await exchange(polder.url, get('/file', 'If-None-Match: "f1"\r\n')), /^HTTP\/1\.1 304 /)
  assert.equal(origin.count('/file'), asked)
})

test('OPTIONS goes to the origin, OPTIONS * is the shield\'s own', async () => {
  assert.match(await exchange(polder.url, get('/page', '', 'OPTIONS')), /OPTIONS \/page$/)
  const before = origin.received.length
  const all = await exchange(polder.url, get('*', '', 'OPTIONS'))
  assert.match(all, /^HTTP\/1\.1 204 /)
  assert.match(all, /allow: GET/i)
  assert.equal(origin.received.length, before)
})

test('HTTP/1.0 gets an answer that ends with the connection, never chunks', async () => {
  const answer = await exchange(polder.url, `GET /trailers HTTP/1.0\r\nHost: ${host}\r\n\r\n`)
  assert.doesNotMatch(answer, /transfer-encoding/i)
  assert.ok(answer.endsWith('first second'), answer)
})

test('an origin that does not begin in time is 504 with its reason, sooner where the route says so', async () => {
  const from = performance.now()
  assert.match(await exchange(polder.url, get('/slow/er')), /^HTTP\/1\.1 504 /)
  assert.ok(performance.now() - from < 2_900)
  const again = performance.now()
  const answer = await exchange(polder.url, get('/slow'), { withinMs: 20_000 })
  const tookMs = performance.now() - again
  assert.match(answer, /^HTTP\/1\.1 504 /)
  assert.match(answer, /origin-timeout/)
  assert.ok(tookMs > 2_900 && tookMs < 15_000, `${tookMs} ms`)
})

test('resets of the origin are 502 with their reason, forty in a row do no harm to the next request', async () => {
  for (let i = 0; i < 4; i++) assert.match(await exchange(polder.url, get('/reset', '', 'POST')), /^HTTP\/1\.1 50[23] /)
  await Promise.all(Array.from({ length: 36 }, (_, i) => exchange(polder.url, get(`/reset?${i}`))))
  let answer = ''
  for (let i = 0; i < 60 && !answer.startsWith('HTTP/1.1 200'); i++) {
    answer = await exchange(polder.url, get(`/after-resets-${i}`))
    if (!answer.startsWith('HTTP/1.1 200')) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.match(answer, /^HTTP\/1\.1 200 /)
})

test('an answer the origin cut is seen to be cut', async () => {
  const answer = await exchange(polder.url, get('/cut'))
  assert.match(answer, /content-length: 1000/i)
  assert.ok(answer.endsWith('only this'))
})

test('a large head of the origin passes, a large head of a visitor is refused by name', async () => {
  assert.match(await exchange(polder.url, get('/large-head')), /x-large: v{30000}\r\n/i)
  assert.match(await exchange(polder.url, get('/page', `x-large: ${'v'.repeat(17_000)}\r\n`)), /^HTTP\/1\.1 431 /)
  assert.match(await exchange(polder.url, get(`/${'p'.repeat(9_000)}`)), /^HTTP\/1\.1 414 /)
})

test('over HTTP/2: content and trailers both ways, early hints, OPTIONS *, and the reason of a late origin', async () => {
  const session = connectHttp2(polder.urls[1], { rejectUnauthorized: false })
  const ask = async (fields: Record<string, string>, body = '', trailers: Record<string, string> | null = null): Promise<{ status: number; fields: IncomingHttpHeaders; text: string; trailers: IncomingHttpHeaders; hints: string }> => {
    const stream = session.request(fields, { endStream: body === '' && trailers === null, waitForTrailers: trailers !== null })
    let text = ''
    let hints = ''
    let got: IncomingHttpHeaders = {}
    let after: IncomingHttpHeaders = {}
    stream.on('headers', (informational) => {
      hints += String(informational['link'] ?? '')
    })
    stream.on('response', (head) => {
      got = head
    })
    stream.on('trailers', (last) => {
      after = last
    })
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    if (trailers !== null) stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    if (body !== '' || trailers !== null) stream.end(body)
    await once(stream, 'end')
    return { status: Number(got[':status']), fields: got, text, trailers: after, hints }
  }
  try {
    const sent = await ask({ ':path': '/echo', ':method': 'POST' }, 'x'.repeat(300_000), { 'x-end': 'yes' })
    assert.equal(sent.status, 200)
    assert.match(sent.text, /"bytes":300000[^]*"trailers":\{"x-end":"yes"\}/)
    const back = await ask({ ':path': '/trailers', te: 'trailers' })
    assert.equal(back.text, 'first second')
    assert.equal(back.trailers['x-sum'], 'abc')
    assert.match((await ask({ ':path': '/hints' })).hints, /site\.css/)
    assert.equal((await ask({ ':path': '*', ':method': 'OPTIONS' })).status, 204)
    const late = await ask({ ':path': '/slow/er' })
    assert.equal(late.status, 504)
    assert.equal(late.fields['polder-reason'], 'origin-timeout')
  } finally {
    session.destroy()
  }
})
