import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Duplex } from 'node:stream'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import fc from 'fast-check'
import { PreparedAnswer, type Request } from '../../request.ts'
import type { WallMs } from '../../../kernel/clock.ts'
import { makeDevelopmentCertificate } from '../development-certificate.ts'
import type { EdgeSettings } from '../options.ts'
import { serveHttp1 } from './http1-connection.ts'
import { KeepingSink, LoopbackEdge, Visitor, until } from './loopback.testing.ts'
import { readIntoSharedBuffer } from './shared-read-buffer.ts'

function edge(t: TestContext, onRequest: (request: Request) => void, settings: Partial<EdgeSettings> = {}): LoopbackEdge {
  const made = new LoopbackEdge(onRequest, settings)
  t.after(() => made.stop())
  return made
}

const bytes = (text: string) => Buffer.from(text, 'latin1')
const get = (target: string, fields = '') => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`
const post = (target: string, content: string, fields = '') => `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n${fields}\r\n${content}`

/** Answers with the target, and with the content when there is some. */
function echo(request: Request): void {
  const answer = (content: string) => request.reply.sendWhole(200, [], bytes(`<${request.target}:${content}>`))
  if (request.body === null) return answer('')
  const sink = new KeepingSink()
  sink.whenOver = () => answer(sink.broken ?? sink.text)
  request.body.start(sink)
}

test('one connection serves one request after the other, and counts go back to nothing', async (t) => {
  const prepared = new PreparedAnswer(403, ['x', 'y'], bytes('no'))
  const it = edge(t, (request) => request.reply.sendPrepared(prepared))
  const visitor = await it.connect()
  const answer = 'HTTP/1.1 403 Forbidden\r\nx: y\r\ncontent-length: 2\r\n\r\nno'
  visitor.send(get('/1'))
  await visitor.receives(answer)
  visitor.send(get('/2'))
  await visitor.receives(answer + answer)
  assert.deepEqual(it.closed.map((c) => c.gone), [false, false])
  assert.equal(it.context.counts.openRequests, 0)
  assert.deepEqual({ ...it.facts[0].activity }, { activeRequests: 0, completedRequests: 2 })
  assert.equal(it.context.counts.bytesOut, 2 * answer.length)
})

test('on this Node plain connections read into the shared buffer, and what was put back before is read first', async (t) => {
  let seen = false
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    seen = readIntoSharedBuffer(socket, () => true)
    socket.destroy()
  })
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  await until(() => seen)
  const it = edge(t, echo)
  it.beforeServing = (socket) => socket.unshift(bytes(get('/put-back')))
  const visitor = await it.connect()
  await visitor.receives('</put-back:>')
  visitor.send(get('/next'))
  await visitor.receives('</next:>')
})

test('over TLS: kept open, sent ahead, uploaded, streamed, and ended with a goodbye so that nothing can be cut off unseen', async (t) => {
  const { certPem, keyPem } = makeDevelopmentCertificate(['localhost'], Date.now() as WallMs)
  const it = edge(t, ({ target, reply, body }) => {
    if (target === '/big') return reply.sendWhole(200, [], Buffer.alloc(3_000_000, 'b'))
    if (target !== '/stream') return echo(it.requests.at(-1)!)
    assert.equal(body, null)
    reply.start(200, [], -1)
    reply.write(bytes('one'))
    return setImmediate(() => reply.end(null))
  })
  const server = createTlsServer({ cert: certPem, key: keyPem, allowHalfOpen: true }, (socket) => {
    const tls = { serverName: '', protocol: 'http/1.1' as const, resumed: false, ja4: '', ja4Hash: 0 }
    serveHttp1(socket, { peer: { family: 4, text: '', high: 1, low: 0, key: 1 }, tls, trustedHop: false, activity: { activeRequests: 0, completedRequests: 0 } }, it.context, (_, facts) => facts.peer)
  })
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const visitor = new Visitor(connectTls({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', rejectUnauthorized: false }))
  visitor.send(get('/1') + post('/2', 'x'.repeat(200_000)) + get('/stream') + get('/big') + get('/last', 'Connection: close\r\n'))
  await visitor.ends()
  const expected = [
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n</1:>',
    `HTTP/1.1 200 OK\r\ncontent-length: 200005\r\n\r\n</2:${'x'.repeat(200_000)}>`,
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n',
    `HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n${'b'.repeat(3_000_000)}`,
    'HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\n</last:>',
  ].join('')
  assert.ok(visitor.received === expected, `${visitor.received.length} bytes, not the ${expected.length} expected`)
  assert.equal(visitor.ended, true)
  assert.equal(it.context.counts.openRequests, 0)
})

test('bodies in memory shared between threads go out like others, small and large', async (t) => {
  const shared = (length: number) => new Uint8Array(new SharedArrayBuffer(length)).fill(115)
  const small = new PreparedAnswer(200, [], shared(10))
  const large = new PreparedAnswer(200, [], shared(300_000))
  const it = edge(t, ({ target, reply }) => {
    if (target === '/small') reply.sendPrepared(small)
    else if (target === '/large') reply.sendPrepared(large)
    else if (target === '/whole') reply.sendWhole(200, [], shared(100_000))
    else {
      reply.start(200, [], -1)
      reply.write(shared(3))
      reply.write(shared(70_000))
      reply.end(null)
    }
  })
  const visitor = await it.connect()
  visitor.send(get('/small') + get('/large') + get('/whole') + get('/streamed', 'Connection: close\r\n'))
  await visitor.ends()
  assert.equal(visitor.received.replaceAll(/[^s]/g, '').length, 10 + 300_000 + 100_000 + 70_003 + 'connection: close transfer-encoding'.replaceAll(/[^s]/g, '').length)
})

test('requests sent ahead are answered in order and never two at once', async (t) => {
  let open = 0
  let most = 0
  const it = edge(t, (request) => {
    most = Math.max(most, ++open)
    setImmediate(() => {
      open--
      echo(request)
    })
  })
  const visitor = await it.connect()
  visitor.send(get('/1') + post('/2', 'hello') + get('/3') + get('/4', 'Connection: close\r\n') + get('/5'))
  await visitor.receives('</4:>')
  await visitor.ends()
  assert.deepEqual(it.requests.map((r) => r.target), ['/1', '/2', '/3', '/4'])
  assert.match(visitor.received, /<\/1:>.*<\/2:hello>.*<\/3:>.*connection: close\r\n\r\n<\/4:>$/s)
  assert.equal(most, 1)
})

test('reading stops while much is sent ahead of a slow answer', async (t) => {
  let answer = () => {}
  const it = edge(t, (request) => {
    if (request.target === '/slow') answer = () => echo(request)
    else echo(request)
  })
  const visitor = await it.connect()
  visitor.send(get('/slow'))
  await until(() => it.requests.length === 1)
  const flood = get('/x').repeat(2_000)
  for (let i = 0; i < 100; i++) visitor.send(flood)
  await until(() => it.context.counts.bytesIn > 1_000)
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(it.context.counts.bytesIn < 300_000, `${it.context.counts.bytesIn} bytes were read`)
  assert.equal(it.requests.length, 1)
  answer()
  await until(() => it.requests.length > 2_000)
  visitor.leave()
})

test('a body is pulled: nothing comes before start, a full sink stops it, resume goes on, trailers come last', async (t) => {
  const sink = new KeepingSink()
  sink.room = false
  const it = edge(t, () => {})
  const visitor = await it.connect()
  visitor.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\nX-Sum: 6\r\n\r\n')
  await until(() => it.requests.length === 1)
  const body = it.requests[0].body!
  assert.equal(body.declaredBytes, -1)
  assert.equal(sink.pieces, 0)
  body.start(sink)
  await until(() => sink.pieces === 1)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(sink.text, 'abc')
  body.resume()
  await until(() => sink.pieces === 2)
  assert.equal(sink.ended, false)
  body.resume()
  await until(() => sink.ended)
  assert.deepEqual(sink.trailers, ['x-sum', '6'])
  it.requests[0].reply.sendWhole(200, [], bytes('done'))
  await visitor.receives('done')
})

test('a large upload into a slow sink is held back, whole and in order', async (t) => {
  const sink = new KeepingSink()
  sink.room = false
  const content = Array.from({ length: 40_000 }, (_, i) => `${i};`.padStart(16, '.')).join('')
  const it = edge(t, (request) => request.body!.start(sink))
  const visitor = await it.connect()
  visitor.send(post('/', content))
  await until(() => sink.pieces === 1)
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(sink.pieces, 1)
  assert.ok(it.context.counts.bytesIn < 300_000, `${it.context.counts.bytesIn} bytes were read`)
  while (!sink.ended) {
    const before = sink.pieces
    it.requests[0].body!.resume()
    await until(() => sink.pieces > before || sink.ended)
  }
  assert.equal(sink.text, content)
})

test('100 Continue is sent when the content is wanted, never when it is not, and not when it came anyway', async (t) => {
  const it = edge(t, (request) => {
    if (request.target === '/no') request.reply.sendWhole(403, [], bytes('no'))
    else setImmediate(() => echo(request))
  })
  const wanted = await it.connect()
  wanted.send('POST /yes HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n')
  await wanted.receives('HTTP/1.1 100 Continue\r\n\r\n')
  wanted.send('hi')
  await wanted.receives('</yes:hi>')
  const unwanted = await it.connect()
  unwanted.send('POST /no HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n')
  await unwanted.receives('no')
  await unwanted.ends()
  assert.match(unwanted.received, /^HTTP\/1\.1 403 Forbidden\r\n.*connection: close\r\n/s)
  const hasty = await it.connect()
  hasty.send(post('/yes', 'hi', 'Expect: 100-continue\r\n'))
  await hasty.receives('</yes:hi>')
  assert.ok(!hasty.received.includes('100 Continue'))
})

test('an early answer to small content drops the content and keeps the connection', async (t) => {
  const it = edge(t, (request) => request.reply.sendWhole(200, [], bytes(`<${request.target}>`)))
  const visitor = await it.connect()
  visitor.send('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe')
  await visitor.receives('</a>')
  visitor.send(`llo${get('/b')}`)
  await visitor.receives('</b>')
  visitor.send('POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
  await visitor.receives('</c>')
  visitor.send(`0\r\n\r\n${get('/d')}`)
  await visitor.receives('</d>')
})

test('an early answer to large content closes, and the visitor can still read it while he sends', async (t) => {
  const it = edge(t, (request) => request.reply.sendWhole(413, [], bytes('too much')))
  const visitor = await it.connect()
  visitor.send(`POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n${'x'.repeat(1_000_000)}`)
  await visitor.receives('too much')
  await visitor.ends()
  assert.match(visitor.received, /connection: close/)
  visitor.send('x'.repeat(1_000_000))
  visitor.send('x'.repeat(1_000_000))
  await until(() => it.context.counts.bytesIn > 2_500_000)
  assert.equal(visitor.reset, false)
})

test('a sink that stopped at the last byte does not hold up the next request once the answer is given', async (t) => {
  const sink = new KeepingSink()
  sink.room = false
  const it = edge(t, (request) => (request.body === null ? echo(request) : request.body.start(sink)))
  const visitor = await it.connect()
  visitor.send(post('/a', 'hello') + get('/b'))
  await until(() => sink.text === 'hello')
  it.requests[0].reply.sendWhole(200, [], bytes('done'))
  await visitor.receives('</b:>')
  assert.equal(sink.ended, false)
})

test('broken chunks after an early answer end the connection', async (t) => {
  const it = edge(t, (request) => request.reply.sendWhole(200, [], bytes('early')))
  const visitor = await it.connect()
  visitor.send('POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
  await visitor.receives('early')
  visitor.send(`zz\r\n${get('/next')}`)
  await visitor.ends()
  assert.equal(it.requests.length, 1)
})

test('broken framing of a body reaches the sink, and the answer to it ends the connection', async (t) => {
  const it = edge(t, echo)
  const visitor = await it.connect()
  visitor.send(`POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n${get('/next')}`)
  await visitor.receives('</c:bad-request>')
  await visitor.ends()
  assert.match(visitor.received, /connection: close/)
  assert.equal(it.requests.length, 1)
})

test('answers without content carry none: HEAD, 204, 304', async (t) => {
  const prepared = new PreparedAnswer(200, [], bytes('content'))
  const it = edge(t, ({ method, target, reply }) => {
    if (target === '/prepared') reply.sendPrepared(prepared)
    else if (target === '/204') reply.sendWhole(204, [], bytes('x'))
    else if (target === '/304') reply.sendWhole(304, ['content-length', '99'], null)
    else if (target === '/length') reply.sendWhole(200, ['content-length', '77'], null)
    else {
      reply.start(200, method === 'HEAD' ? ['content-length', '55'] : [], -1)
      reply.write(bytes('unseen'))
      reply.end(null)
    }
  })
  const visitor = await it.connect()
  for (const target of ['/prepared', '/204', '/304', '/length', '/streamed']) visitor.send(get(target).replace('GET', 'HEAD'))
  visitor.send(get('/204') + get('/304') + get('/prepared', 'Connection: close\r\n'))
  await visitor.ends()
  assert.equal(
    visitor.received,
    'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 77\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 55\r\n\r\n' +
      'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\ncontent',
  )
})

test('streamed answers: chunked, of known length, until the end in HTTP/1.0; trailers only for those who take them', async (t) => {
  const it = edge(t, ({ target, reply }) => {
    reply.start(200, [], target === '/length' ? 6 : -1)
    reply.write(bytes('one'))
    setImmediate(() => {
      reply.write(bytes('two'))
      reply.end(['x-sum', '6', 'content-length', '1'])
    })
  })
  const visitor = await it.connect()
  visitor.send(get('/chunked') + get('/length') + get('/trailers', 'TE: trailers\r\n') + get('/10').replace('1.1', '1.0'))
  await visitor.ends()
  assert.equal(
    visitor.received,
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n' +
      'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nonetwo' +
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\nx-sum: 6\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nonetwo',
  )
})

test('HTTP/1.0 stays open only when asked to and when the length is known', async (t) => {
  const it = edge(t, echo)
  const visitor = await it.connect()
  visitor.send('GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
  await visitor.receives('</a:>')
  assert.match(visitor.received, /connection: keep-alive\r\n/)
  visitor.send('GET /b HTTP/1.0\r\n\r\n')
  await visitor.receives('</b:>')
  await visitor.ends()
})

test('an answer longer or shorter than announced is cut, so that it cannot be taken for whole', async (t) => {
  const it = edge(t, ({ target, reply }) => {
    reply.start(200, [], 5)
    reply.write(bytes('abc'))
    if (target === '/long') assert.equal(reply.write(bytes('defg')), false)
    reply.end(null)
  })
  for (const target of ['/long', '/short']) {
    const visitor = await it.connect()
    visitor.send(get(target) + get('/next'))
    await visitor.ends()
    assert.ok(!visitor.received.includes('defg'))
  }
  assert.deepEqual(it.closed.map(({ gone, reason }) => [gone, reason]), [[true, 'origin-bad-answer'], [true, 'origin-bad-answer']])
})

test('an aborted answer ends with the connection; without a length even as a reset', async (t) => {
  const it = edge(t, ({ reply }) => {
    reply.start(200, [], -1)
    reply.write(bytes('part'))
    setImmediate(() => reply.abort('origin-reset'))
  })
  const modern = await it.connect()
  modern.send(get('/'))
  await modern.ends()
  assert.ok(!modern.received.includes('0\r\n\r\n'))
  const old = await it.connect()
  old.send('GET / HTTP/1.0\r\n\r\n')
  await until(() => old.gone || old.reset)
  assert.equal(old.reset, true)
})

test('a late call on an answer that is over does nothing to the next one', async (t) => {
  const it = edge(t, echo)
  const visitor = await it.connect()
  visitor.send(get('/a'))
  await visitor.receives('</a:>')
  const { reply } = it.requests[0]
  reply.sendWhole(200, [], bytes('late'))
  reply.start(200, [], -1)
  assert.equal(reply.write(bytes('late')), false)
  reply.end(null)
  reply.abort('origin-reset')
  assert.equal(reply.takeOver(), null)
  visitor.send(get('/b'))
  await visitor.receives('</b:>')
  assert.ok(!visitor.received.includes('late'))
})

test('103 goes out before the answer, never to HTTP/1.0', async (t) => {
  const it = edge(t, (request) => {
    request.reply.sendInformational(103, ['link', '</a.css>; rel=preload'])
    echo(request)
  })
  const visitor = await it.connect()
  visitor.send(`${get('/a')}GET /b HTTP/1.0\r\n\r\n`)
  await visitor.ends()
  assert.match(visitor.received, /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  assert.equal(visitor.received.split(' 103 ').length, 2)
})

test('an upgrade hands over the raw connection both ways, with what was sent ahead', async (t) => {
  let raw: Duplex | null = null
  const it = edge(t, ({ reply, upgrade }) => {
    assert.equal(upgrade, 'websocket')
    reply.sendInformational(101, ['upgrade', 'websocket'])
    raw = reply.takeOver()
    raw!.on('data', (chunk: Buffer) => raw!.write(`[${chunk.toString()}]`))
    raw!.on('end', () => raw!.end('bye'))
  })
  const visitor = await it.connect()
  visitor.send(`${get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')}ahead`)
  await visitor.receives('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n[ahead]')
  visitor.send('more')
  await visitor.receives('[more]')
  assert.equal(it.context.counts.openRequests, 1)
  visitor.socket.end()
  await visitor.receives('bye')
  await until(() => it.closed.length === 1)
  assert.equal(it.context.counts.openRequests, 0)
})

test('an upgraded connection that the shield ends is closed for the visitor, and the other way round', async (t) => {
  const raws: Duplex[] = []
  const it = edge(t, ({ reply }) => {
    reply.sendInformational(101, ['upgrade', 'x'])
    const raw = reply.takeOver()!
    raw.on('end', () => raw.end())
    raw.resume()
    raws.push(raw)
  })
  const first = await it.connect()
  first.send(get('/', 'Connection: Upgrade\r\nUpgrade: x\r\n'))
  await first.receives('101')
  raws[0].destroy()
  await first.ends()
  const second = await it.connect()
  second.send(get('/', 'Connection: Upgrade\r\nUpgrade: x\r\n'))
  await second.receives('101')
  second.leave()
  await until(() => raws[1].destroyed)
  await until(() => it.closed.length === 2)
})

test('takeOver is not possible without an upgrade, with content, or after the answer began', async (t) => {
  const seen: unknown[] = []
  const it = edge(t, (request) => {
    seen.push(request.reply.takeOver())
    echo(request)
  })
  const visitor = await it.connect()
  visitor.send(get('/') + post('/u', 'x', 'Connection: Upgrade\r\nUpgrade: x\r\n'))
  await visitor.receives('</u:x>')
  assert.deepEqual(seen, [null, null])
})

test('a visitor who leaves while his request is under way is told to body and answer, once each', async (t) => {
  const sink = new KeepingSink()
  const it = edge(t, ({ body }) => body?.start(sink))
  const uploading = await it.connect()
  uploading.send('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhel')
  await until(() => sink.text === 'hel')
  uploading.leave()
  await until(() => it.closed.length === 1)
  assert.equal(sink.broken, 'client-aborted')
  const waiting = await it.connect()
  waiting.send(get('/b'))
  await until(() => it.requests.length === 2)
  waiting.socket.end()
  await until(() => it.closed.length === 2)
  assert.deepEqual(it.closed, [{ target: '/a', gone: true, reason: 'client-aborted' }, { target: '/b', gone: true, reason: 'client-aborted' }])
  assert.equal(it.context.counts.openRequests, 0)
})

test('who closes his side with the request still gets an answer that was ready', async (t) => {
  const it = edge(t, (request) => (request.target === '/ready' ? echo(request) : undefined))
  const visitor = await it.connect()
  visitor.socket.end(get('/ready'))
  await visitor.ends()
  assert.match(visitor.received, /<\/ready:>$/)
  assert.equal(visitor.reset, false)
})

test('a slow reader makes write say no, and onDrain says when to go on; all arrives', async (t) => {
  const chunk = Buffer.alloc(65_536, 'z')
  let refused = 0
  const it = edge(t, ({ reply }) => {
    let left = 200
    const pump = () => {
      while (left > 0) {
        left--
        if (!reply.write(chunk)) {
          refused++
          return
        }
      }
      reply.end(null)
    }
    reply.onDrain = pump
    reply.start(200, [], 200 * chunk.length)
    pump()
  })
  const visitor = await it.connect()
  visitor.send(get('/'))
  await until(() => visitor.received.length > 200 * chunk.length)
  assert.ok(refused >= 1, 'write never said no')
  await until(() => it.closed.length === 1)
  assert.equal(it.closed[0].gone, false)
})

test('bytes that change right after writeView arrive as they were, chunked or not, however slow the reader', async (t) => {
  const sizeOf = (number: number) => (number % 3 === 0 ? 100 : 65_536 - number)
  const expected = Array.from({ length: 150 }, (_, i) => String.fromCharCode(65 + (i % 26)).repeat(sizeOf(i))).join('')
  for (const framed of [true, false]) {
    const view = Buffer.alloc(65_536)
    const it = edge(t, ({ reply }) => {
      let number = 0
      const pump = () => {
        while (number < 150) {
          // Sizes below and above what is copied into Node's pool.
          const size = sizeOf(number)
          view.fill(65 + (number % 26))
          number++
          const wants = reply.writeView(view.subarray(0, size))
          view.fill(33)
          if (!wants) return
        }
        reply.end(null)
      }
      reply.onDrain = pump
      reply.start(200, [], framed ? expected.length : -1)
      pump()
    })
    const visitor = await it.connect()
    visitor.send(get('/'))
    await until(() => (framed ? visitor.received.length > expected.length : visitor.received.endsWith('0\r\n\r\n')))
    await until(() => it.closed.length === 1)
    const content = visitor.received.slice(visitor.received.indexOf('\r\n\r\n') + 4)
    const whole = framed ? content : content.replaceAll(/[0-9a-f]+\r\n([A-Z]+)\r\n/g, '$1').replace(/0\r\n\r\n$/, '')
    assert.ok(whole === expected, `${whole.length} bytes, wanted ${expected.length}`)
  }
})

test('the last answer of a connection says so: by number of requests, and when the shield drains', async (t) => {
  const it = edge(t, echo, { requestsPerConnection: 2 })
  const counted = await it.connect()
  counted.send(get('/1') + get('/2') + get('/3'))
  await counted.ends()
  assert.equal(it.requests.length, 2)
  assert.match(counted.received, /connection: close\r\n\r\n<\/2:>$/)
  const drained = await it.connect()
  it.context.draining = true
  drained.send(get('/4'))
  await drained.ends()
  assert.match(drained.received, /connection: close\r\n\r\n<\/4:>$/)
})

test('a refusal is answered, counted and lingers so that the answer arrives', async (t) => {
  const it = edge(t, echo)
  const visitor = await it.connect()
  visitor.send(`GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n${'x'.repeat(500_000)}`)
  await visitor.receives('polder-reason: bad-request')
  await visitor.ends()
  assert.match(visitor.received, /^HTTP\/1\.1 400 Bad Request\r\ndate: Tue, 14 Nov 2023 22:13:20 GMT\r\n.*connection: close\r\n/s)
  assert.equal(visitor.reset, false)
  assert.deepEqual(it.refusals, [{ reason: 'bad-request', status: 400 }])
  assert.equal(it.requests.length, 0)
})

test('any cut of the stream into packets, with sinks that stop at any piece, gives the same answers', async (t) => {
  const stream = bytes(
    get('/1') + post('/2', 'hello world') + 'POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX: y\r\n\r\n' + post('/drop', 'dropped') + get('/4', 'Connection: close\r\n'),
  )
  let stops: boolean[] = []
  const it = edge(t, (request) => {
    if (request.target === '/drop') return request.reply.sendWhole(200, [], bytes('<dropped>'))
    if (request.body === null) return echo(request)
    const body = request.body
    const sink = new KeepingSink()
    const take = sink.onData.bind(sink)
    sink.onData = (chunk) => {
      take(chunk)
      if (stops.pop() !== true) return true
      setImmediate(() => body.resume())
      return false
    }
    sink.whenOver = () => request.reply.sendWhole(200, [], bytes(`<${request.target}:${sink.broken ?? sink.text}>`))
    if (stops.pop() === true) setImmediate(() => body.start(sink))
    else body.start(sink)
    return undefined
  })
  const expected = ['</1:>', '</2:hello world>', '</3:abc0123456789abcdef>', '<dropped>', '</4:>']
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 8 }), fc.array(fc.boolean(), { maxLength: 8 }), async (cuts, chosen) => {
      stops = [...chosen]
      const visitor = await it.connect()
      let from = 0
      for (const cut of [...cuts.toSorted((a, b) => a - b), stream.length]) {
        if (cut > from) visitor.socket.write(stream.subarray(from, cut))
        from = Math.max(from, cut)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await visitor.ends()
      assert.deepEqual(visitor.received.match(/<[^>]*>/g), expected)
    }),
    { numRuns: 60 },
  )
})
