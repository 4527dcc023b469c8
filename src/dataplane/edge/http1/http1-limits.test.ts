import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Request } from '../../request.ts'
import type { EdgeSettings } from '../options.ts'
import type { Http1RequestBody } from './http1-request-body.ts'
import { KeepingSink, LoopbackEdge, until } from './loopback.testing.ts'

function edge(t: TestContext, onRequest: (request: Request) => void, settings: Partial<EdgeSettings> = {}): LoopbackEdge {
  const made = new LoopbackEdge(onRequest, settings)
  t.after(() => made.stop())
  return made
}

const answer = ({ reply }: Request) => reply.sendWhole(200, [], Buffer.from('ok'))

/** Reads the content; a broken one is answered with its reason. */
function read(request: Request): KeepingSink {
  const sink = new KeepingSink()
  sink.whenOver = () => request.reply.sendWhole(sink.broken === null ? 200 : 408, [], Buffer.from(`<${sink.broken ?? sink.text.length}>`))
  request.body!.start(sink)
  return sink
}

test('slowloris: a head must be whole ten seconds after its first byte, however steadily it drips, while another visitor is served', async (t) => {
  const it = edge(t, answer)
  const slow = await it.connect()
  slow.send('GET / HTTP/1.1\r\nHost: a\r\n')
  await until(() => it.context.counts.bytesIn > 0)
  for (let second = 0; second < 10; second++) {
    const before = it.context.counts.bytesIn
    it.pass(1_000)
    slow.send('X: y\r\n')
    await until(() => it.context.counts.bytesIn > before || slow.gone)
  }
  const other = await it.connect()
  other.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await other.receives('ok')
  assert.equal(slow.received, '')
  it.pass(1_500)
  await slow.receives('HTTP/1.1 408 Request Timeout')
  await slow.ends()
  assert.deepEqual(it.refusals, [{ reason: 'header-timeout', status: 408 }])
})

test('when it is crowded three seconds are enough, and idle connections last one', async (t) => {
  const it = edge(t, answer)
  const idle = await it.connect()
  idle.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await idle.receives('ok')
  const slow = await it.connect()
  slow.send('GET / HT')
  await until(() => it.context.counts.bytesIn > 30)
  it.pass(2_000)
  it.context.crowded = true
  it.pass(1_000)
  await idle.ends()
  assert.equal(slow.ended, false)
  it.pass(1_500)
  await slow.receives('408')
})

test('a connection on which nothing is sent is closed without a word after the head deadline', async (t) => {
  const it = edge(t, answer)
  const silent = await it.connect()
  it.pass(9_500)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(silent.ended, false)
  it.pass(2_000)
  await silent.ends()
  assert.equal(silent.received, '')
  assert.deepEqual(it.refusals, [{ reason: 'header-timeout', status: 0 }])
})

test('an idle connection is kept for fifteen seconds, and its end is no refusal', async (t) => {
  const it = edge(t, answer)
  const visitor = await it.connect()
  visitor.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await visitor.receives('ok')
  it.pass(14_000)
  visitor.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await visitor.receives('okHTTP')
  it.pass(14_000)
  assert.equal(visitor.ended, false)
  it.pass(2_500)
  await visitor.ends()
  assert.deepEqual(it.refusals, [])
})

test('a draining shield closes idle connections within about a second', async (t) => {
  const it = edge(t, answer)
  const visitor = await it.connect()
  visitor.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await visitor.receives('ok')
  it.context.draining = true
  it.pass(1_500)
  await visitor.ends()
})

test('R.U.D.Y.: content below 500 bytes a second is cut, and the visitor is told', async (t) => {
  const it = edge(t, read)
  const slow = await it.connect()
  slow.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
  await until(() => it.requests.length === 1)
  for (let second = 0; second < 4; second++) {
    const before = it.context.counts.bytesIn
    slow.send('x'.repeat(100))
    await until(() => it.context.counts.bytesIn > before)
    it.pass(1_000)
  }
  assert.equal(slow.received, '')
  it.pass(2_500)
  await slow.receives('<body-too-slow>')
  await slow.ends()
  assert.match(slow.received, /^HTTP\/1\.1 408 .*connection: close/s)
})

test('content that the shield does not take is not held against the visitor', async (t) => {
  const sink = new KeepingSink()
  sink.room = false
  const it = edge(t, ({ body }) => body!.start(sink))
  const visitor = await it.connect()
  visitor.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab')
  await until(() => sink.pieces === 1)
  it.pass(300_000)
  assert.equal(sink.broken, null)
  it.requests[0].body!.resume()
  it.pass(3_000)
  visitor.send('cd')
  await until(() => sink.text === 'abcd')
})

test('a steady upload lives past the body deadline, one that is only just above the least rate does not', async (t) => {
  const sinks: KeepingSink[] = []
  const it = edge(t, (request) => sinks.push(read(request)), { bodyBytes: 1e9 })
  const good = await it.connect()
  good.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n')
  const poor = await it.connect()
  poor.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n')
  await until(() => sinks.length === 2)
  let sentGood = 0
  for (let second = 0; second < 80; second++) {
    good.send('x'.repeat(10_000))
    sentGood += 10_000
    if (poor.received === '') poor.send('x'.repeat(600))
    const sent = sentGood + (poor.received === '' ? (second + 1) * 600 : 0)
    await until(() => Math.max(...sinks.map((s) => s.text.length)) === sentGood && (poor.received !== '' || sinks.reduce((sum, s) => sum + s.text.length, 0) === sent))
    it.pass(1_000)
  }
  await poor.receives('<body-timeout>')
  assert.equal(good.received, '')
  assert.equal(sinks.filter((s) => s.broken === null).length, 1)
})

test('no upload lasts longer than bodyLongestMs', async (t) => {
  const it = edge(t, read, { bodyLongestMs: 10_000, bodyMinBytesPerSecond: 1 })
  const visitor = await it.connect()
  visitor.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n')
  for (let i = 0; i < 3; i++) {
    const before = it.context.counts.bytesIn
    visitor.send('x'.repeat(200_000))
    await until(() => it.context.counts.bytesIn >= before + 200_000)
    it.pass(4_000)
  }
  await visitor.receives('<body-timeout>')
})

test('content above the limit: declared, it is never read; chunked, it stops there; a route may raise the limit before start', async (t) => {
  const it = edge(
    t,
    (request) => {
      const body = request.body as Http1RequestBody
      if (request.target === '/upload') body.maxBodyBytes = 2_000
      read(request)
    },
    { bodyBytes: 1_000 },
  )
  const declared = await it.connect()
  declared.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n')
  await declared.receives('<body-too-large>')
  assert.ok(!declared.received.includes('100 Continue'))
  await declared.ends()
  const chunked = await it.connect()
  chunked.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n${'x'.repeat(1_000)}\r\n1\r\nx\r\n0\r\n\r\n`)
  await chunked.receives('<body-too-large>')
  await chunked.ends()
  const upload = await it.connect()
  upload.send(`POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1500\r\n\r\n${'x'.repeat(1_500)}`)
  await upload.receives('<1500>')
})

test('a body that broke and that nobody answers ends the connection after the linger time', async (t) => {
  const sink = new KeepingSink()
  const it = edge(t, ({ body }) => body!.start(sink), { bodyBytes: 10 })
  const visitor = await it.connect()
  visitor.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n')
  await until(() => sink.broken === 'body-too-large')
  it.pass(6_500)
  await visitor.ends()
  assert.deepEqual(it.closed, [{ target: '/', gone: true, reason: 'body-too-large' }])
})

test('slow read: an answer of which nothing is taken is cut after the window; one that is taken steadily is not', async (t) => {
  const big = Buffer.alloc(64 * 1_048_576, 'x')
  const it = edge(t, ({ reply }) => reply.sendWhole(200, [], big))
  const stuck = await it.connect()
  stuck.socket.pause()
  stuck.send('GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n')
  const steady = await it.connect()
  steady.send('GET /steady HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => it.requests.length === 2 && steady.received.length > 0)
  steady.socket.pause()
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  for (let second = 0; second < 30; second++) {
    const before = steady.received.length
    steady.socket.resume()
    await until(() => steady.received.length > before)
    if (steady.received.length < big.length) steady.socket.pause()
    it.pass(1_000)
  }
  await until(() => it.closed.some((c) => c.target === '/stuck'))
  assert.deepEqual(it.closed.filter((c) => c.gone), [{ target: '/stuck', gone: true, reason: 'reader-too-slow' }])
  stuck.leave()
  steady.leave()
})

test('a lingering connection is closed in the end although the visitor keeps it open', async (t) => {
  const it = edge(t, answer)
  const visitor = await it.connect()
  visitor.send('nonsense\r\n\r\n')
  await visitor.receives('HTTP/1.1 400')
  await visitor.ends()
  assert.equal(it.open, 1)
  it.pass(6_500)
  await until(() => it.open === 0)
})

test('an upgraded connection may be silent for its idle time and no longer', async (t) => {
  const it = edge(t, ({ reply }) => {
    reply.sendInformational(101, ['upgrade', 'x'])
    reply.takeOver()!.resume()
  })
  const visitor = await it.connect()
  visitor.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
  await visitor.receives('101')
  it.pass(200_000)
  const before = it.context.counts.bytesIn
  visitor.send('ping')
  await until(() => it.context.counts.bytesIn > before)
  it.pass(200_000)
  assert.equal(visitor.ended, false)
  it.pass(101_500)
  await visitor.ends()
})

test('a head that comes byte by byte is read all the same', async (t) => {
  const it = edge(t, answer)
  const visitor = await it.connect()
  for (const byte of 'GET /slow HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n') {
    const before = it.context.counts.bytesIn
    visitor.send(byte)
    await until(() => it.context.counts.bytesIn > before)
  }
  await visitor.receives('ok')
  assert.equal(it.requests[0].target, '/slow')
})

test('a head that never ends is refused at its limit without waiting', async (t) => {
  const it = edge(t, answer)
  const visitor = await it.connect()
  for (let i = 0; i < 20; i++) visitor.send('a'.repeat(1_000))
  await visitor.receives('HTTP/1.1 501')
  const path = await it.connect()
  path.send(`GET /${'a'.repeat(4_000)}`)
  await until(() => it.context.counts.bytesIn > 24_000)
  path.send('a'.repeat(5_000))
  await path.receives('HTTP/1.1 414')
})
