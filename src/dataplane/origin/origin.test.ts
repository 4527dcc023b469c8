import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { firstValue } from '../../kernel/header-list.ts'
import type { Origin } from './origin.ts'
import type { OriginSettings } from './options.ts'
import { FedBody, RecordingSink, answering, callOf, rawOrigin, simulatedOrigin, until } from './origin.testing.ts'

const cleanups: (() => Promise<void>)[] = []
after(async () => {
  for (const cleanup of cleanups) await cleanup()
})

async function against(onSocket: Parameters<typeof rawOrigin>[0], over: Partial<OriginSettings> = {}) {
  const raw = await rawOrigin(onSocket)
  const { origin, clock } = simulatedOrigin([raw.url], over)
  cleanups.push(() => origin.destroy(), () => raw.close())
  return { raw, origin, clock }
}

/** However it closes. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())))
}

async function get(origin: Origin, over: Parameters<typeof callOf>[1] = {}): Promise<RecordingSink> {
  const sink = new RecordingSink()
  origin.forward(callOf(sink, over))
  await sink.over
  return sink
}

function untouched(sink: RecordingSink): void {
  assert.equal(sink.ends + sink.errors, 1, 'exactly one end')
  assert.ok(sink.heads <= 1, 'at most one head')
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nX-A: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nhi'

test('an answer arrives with its fields in order, repeats kept and names in lower case', async () => {
  const { origin } = await against(answering(OK))
  const sink = await get(origin)
  untouched(sink)
  assert.equal(sink.status, 200)
  assert.deepEqual(sink.headers, ['content-length', '2', 'x-a', '1', 'x-a', '2', 'set-cookie', 'a=1', 'set-cookie', 'b=2'])
  assert.equal(sink.text, 'hi')
  assert.equal(origin.inFlight, 0)
  assert.equal(origin.upstreams()[0].inFlight, 0)
})

test('the request on the wire has the visitor\'s host, our forwarding fields and one framing', async () => {
  let seen = ''
  const { origin } = await against((socket) => {
    socket.on('data', (data) => {
      seen += data.toString('latin1')
      if (seen.endsWith('\r\n\r\nbody')) socket.write(OK)
    })
  })
  await get(origin, { method: 'POST', headers: ['content-length', '99', 'transfer-encoding', 'chunked', 'x-forwarded-for', '6.6.6.6', 'te', 'trailers'], body: Buffer.from('body') })
  assert.equal(
    seen,
    'POST / HTTP/1.1\r\nhost: www.example.org\r\nte: trailers\r\nconnection: te\r\nx-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: https\r\n' +
      'x-forwarded-host: www.example.org\r\nvia: 1.1 polder-0a1b2c3d\r\nx-request-id: 0123456789abcdef0123456789abcdef\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody',
  )
})

test('a visitor of HTTP/1.0 who names no host: the origin is asked by its own name, never with an empty Host', async () => {
  let seen = ''
  const { raw, origin } = await against((socket) => socket.on('data', (data) => ((seen += data.toString('latin1')), socket.write(OK))))
  await get(origin, { host: '' })
  assert.match(seen, new RegExp(`\\r\\nhost: 127\\.0\\.0\\.1:${raw.port}\\r\\n`))
  assert.doesNotMatch(seen, /: *\r\n/)
})

test('values are latin1 both ways', async () => {
  let seen = ''
  const { origin } = await against((socket) => socket.on('data', (data) => ((seen += data.toString('latin1')), socket.write(Buffer.from('HTTP/1.1 200 OK\r\nX-N: caf\xe9\r\nContent-Length: 0\r\n\r\n', 'latin1')))))
  const sink = await get(origin, { headers: ['x-n', 'caf\xe9'] })
  assert.equal(firstValue(sink.headers, 'x-n'), 'caf\xe9')
  assert.match(seen, /x-n: caf\xe9\r\n/)
})

test('chunked answers give content and trailers, framing fields stay behind', async () => {
  const { origin } = await against(answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Age\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nX-Sum: 5\r\nAge: 9\r\n\r\n'))
  const sink = await get(origin)
  assert.equal(sink.text, 'abcde')
  assert.equal(sink.trailersExpected, true)
  assert.deepEqual(sink.headers, [])
  assert.deepEqual(sink.trailers, ['x-sum', '5'])
})

test('an answer without length ends with the connection', async () => {
  const { origin } = await against((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nX: y\r\n\r\nuntil the end')))
  const sink = await get(origin)
  assert.equal(sink.ends, 1)
  assert.equal(sink.text, 'until the end')
})

test('HTTP/1.0 origins are understood', async () => {
  const { origin } = await against((socket) => socket.on('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nold')))
  assert.equal((await get(origin)).text, 'old')
})

test('HEAD, 204 and 304 end without content and keep the connection', async () => {
  const { origin, raw } = await against(
    answering('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 5\r\n\r\n', OK),
  )
  const head = await get(origin, { method: 'HEAD' })
  assert.equal(head.ends, 1)
  assert.equal(head.bytes, 0)
  assert.equal(firstValue(head.headers, 'content-length'), '5')
  assert.equal((await get(origin)).status, 204)
  assert.equal((await get(origin)).status, 304)
  assert.equal(raw.accepted, 1)
  assert.equal((await get(origin)).text, 'hi')
})

test('103 comes before the final answer, and too many of them are a bad answer', async () => {
  const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'
  const { origin } = await against(answering(hint + hint + OK, hint.repeat(40) + OK))
  const sink = await get(origin)
  assert.equal(sink.informational.length, 2)
  assert.deepEqual(sink.informational[0], { status: 103, headers: ['link', '</a.css>; rel=preload'] })
  assert.equal(sink.text, 'hi')
  const flood = await get(origin)
  untouched(flood)
  assert.equal(flood.reason, 'origin-bad-answer')
})

const bad: [string, string][] = [
  ['garbage', 'hello, I am not a web server\r\n\r\n'],
  ['a NUL in a value', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'],
  ['a bare CR in a value', 'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n'],
  ['a control character in a value', 'HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 0\r\n\r\n'],
  ['a DEL in a value', 'HTTP/1.1 200 OK\r\nX: a\x7fb\r\nContent-Length: 0\r\n\r\n'],
  ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n'],
  ['a name with a bracket', 'HTTP/1.1 200 OK\r\nX[: a\r\nContent-Length: 0\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['a list of lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab'],
  ['a signed length', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab'],
  ['a huge length', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nab'],
  ['length and chunked', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n'],
  ['a coding other than chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['chunked not last', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nxx'],
  ['status 999', 'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n'],
  ['status 099', 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'],
  ['101 without upgrade', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ['HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a header section too large', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}\r\nContent-Length: 0\r\n\r\n`],
  ['very many fields', `HTTP/1.1 200 OK\r\n${'X-Abcdefgh: 12345678\r\n'.repeat(8_000)}\r\n`],
]
for (const [name, answer] of bad) {
  test(`${name} from the origin is a bad answer, told once, and the connection is not used again`, async () => {
    const { origin, raw } = await against(answering(Buffer.from(answer, 'latin1')))
    const sink = await get(origin)
    untouched(sink)
    assert.equal(sink.reason, 'origin-bad-answer', sink.detail)
    assert.equal(sink.retryable, false)
    assert.equal(sink.heads, 0)
    assert.equal(origin.inFlight, 0)
    for (const socket of raw.sockets) await closed(socket)
  })
}

test('a bad chunk size within the answer ends it as cut, after the head', async () => {
  const { origin } = await against(answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n'))
  const sink = await get(origin)
  untouched(sink)
  assert.equal(sink.status, 200)
  assert.equal(sink.reason, 'origin-bad-answer')
})

test('an answer cut by a reset or an early close is an error, never a clean end', async () => {
  const partials: [string, boolean][] = [
    ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc', false],
    ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nabc', false],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc', false],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n', false],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n', false],
    ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc', true],
    ['HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc', true],
  ]
  for (const [text, reset] of partials) {
    const { origin, raw } = await against((socket) => {
      socket.on('data', () => {
        socket.write(text, () => {
          if (!reset) socket.end()
        })
      })
    })
    const sink = new RecordingSink()
    origin.forward(callOf(sink))
    if (reset) {
      await sink.head
      await until(() => sink.bytes >= 3)
      for (const socket of raw.sockets) socket.resetAndDestroy()
    }
    await sink.over
    untouched(sink)
    assert.equal(sink.ends, 0, text)
    assert.equal(sink.reason, 'origin-reset', `${text} ${sink.detail}`)
    assert.equal(sink.retryable, false)
  }
})

test('nothing listens: refused, at once, and worth another try later', async () => {
  const { origin, raw } = await against(() => {})
  await raw.close()
  const sink = await get(origin)
  assert.equal(sink.reason, 'origin-refused')
  assert.equal(sink.retryable, true)
})

test('an origin that hangs is timed out, its connection closed, and a late answer is not heard', async () => {
  let asked: () => void = () => {}
  const request = new Promise<void>((resolve) => (asked = resolve))
  const { origin, clock, raw } = await against((socket) => socket.once('data', () => asked()))
  const sink = new RecordingSink()
  origin.forward(callOf(sink))
  await request
  clock.advanceMs(29_999)
  origin.sweep()
  assert.equal(sink.errors, 0)
  clock.advanceMs(1)
  origin.sweep()
  assert.equal(sink.reason, 'origin-timeout')
  assert.equal(sink.detail, 'no answer in time')
  assert.equal(sink.retryable, false)
  for (const socket of raw.sockets) {
    socket.write(OK)
    await closed(socket)
  }
  untouched(sink)
  assert.equal(sink.heads, 0)
})

test('a route class may have its own first-byte time', async () => {
  let asked: () => void = () => {}
  const request = new Promise<void>((resolve) => (asked = resolve))
  const { origin, clock } = await against((socket) => socket.once('data', () => asked()), { firstByteTimeoutByClass: ['search=5s'] })
  const sink = new RecordingSink()
  origin.forward(callOf(sink, { routeClass: 'search' }))
  await request
  clock.advanceMs(5_000)
  origin.sweep()
  assert.equal(sink.reason, 'origin-timeout')
})

test('silence within an answer is cut, but not while the visitor is the slow one', async () => {
  const { origin, clock } = await against((socket) => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc')))
  const slowVisitor = new RecordingSink()
  slowVisitor.ready = false
  const handle = origin.forward(callOf(slowVisitor))
  await until(() => slowVisitor.bytes >= 3)
  clock.advanceMs(600_000)
  origin.sweep()
  assert.equal(slowVisitor.errors, 0)
  slowVisitor.ready = true
  handle.resume()
  clock.advanceMs(29_999)
  origin.sweep()
  assert.equal(slowVisitor.errors, 0)
  clock.advanceMs(1)
  origin.sweep()
  assert.equal(slowVisitor.reason, 'origin-timeout')
  assert.equal(slowVisitor.detail, 'answer stalled')
})

test('an origin that trickles for ever meets the total time; a stream does not', async () => {
  for (const routeClass of ['page', 'stream'] as const) {
    const { origin, clock, raw } = await against((socket) => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n.')))
    const sink = new RecordingSink()
    const handle = origin.forward(callOf(sink, { routeClass }))
    await sink.head
    for (let s = 0; s < 361 && sink.errors === 0; s++) {
      const before = sink.bytes
      for (const socket of raw.sockets) socket.write('.')
      await until(() => sink.bytes !== before)
      origin.sweep()
      clock.advanceMs(10_000)
      origin.sweep()
    }
    assert.equal(sink.reason, routeClass === 'page' ? 'origin-timeout' : '')
    handle.abort()
  }
})

test('the caller\'s own deadline wins over the settings', async () => {
  const { origin, clock } = await against(() => {})
  const sink = new RecordingSink()
  origin.forward(callOf(sink, { deadlineMs: 1_500 }))
  clock.advanceMs(1_500)
  origin.sweep()
  assert.equal(sink.reason, 'origin-timeout')
})

test('a keep-alive connection closed as the request goes out is tried once more, on a fresh one', async () => {
  const { origin, raw } = await against(answering(OK, null, OK))
  await get(origin)
  const sink = await get(origin)
  untouched(sink)
  assert.equal(sink.status, 200)
  assert.equal(origin.retries, 1)
  assert.equal(raw.accepted, 2)
})

test('a second break is not tried again', async () => {
  const { origin, raw } = await against(answering(null))
  const sink = await get(origin)
  untouched(sink)
  assert.equal(sink.reason, 'origin-reset')
  assert.equal(raw.accepted, 2)
  assert.equal(sink.retryable, true)
})

test('a POST that may have been received is never sent twice, a declared idempotent one is', async () => {
  const { origin, raw } = await against(answering(null, null, OK))
  const sink = await get(origin, { method: 'POST', body: Buffer.from('x') })
  assert.equal(sink.reason, 'origin-reset')
  assert.equal(sink.retryable, false)
  assert.equal(raw.accepted, 1)
  const again = await get(origin, { method: 'POST', body: Buffer.from('x'), idempotent: true })
  assert.equal(again.status, 200)
  assert.equal(raw.accepted, 3)
})

test('after the first byte of an answer there is no second try', async () => {
  const { origin, raw } = await against((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab')))
  const sink = await get(origin)
  assert.equal(sink.reason, 'origin-reset')
  assert.equal(raw.accepted, 1)
})

test('retries stay within a tenth of the requests', async () => {
  const { origin } = await against(answering(null))
  for (let i = 0; i < 60; i++) await get(origin)
  assert.ok(origin.retries <= 10 + 6, `${origin.retries}`)
  assert.ok(origin.retries >= 10)
})

test('a dead upstream is replaced by the other one within the same request, with an unread body too', async () => {
  const dead = await rawOrigin(() => {})
  await dead.close()
  let seen = ''
  const alive = await rawOrigin((socket) => socket.on('data', (data) => ((seen += data.toString()), /hello(\r\n0\r\n\r\n)?$/.test(seen) && socket.write(OK))))
  const { origin } = simulatedOrigin([dead.url, alive.url])
  cleanups.push(() => origin.destroy(), () => alive.close())
  for (let i = 0; i < 20; i++) {
    seen = ''
    const body = new FedBody(-1)
    body.onResume = () => {
      body.onResume = null
      body.sink?.onData(Buffer.from('hello'))
      body.sink?.onEnd(null)
    }
    const sink = await get(origin, { method: 'POST', body })
    assert.equal(sink.status, 200, sink.detail)
    assert.match(seen, /(transfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n|content-length: 5\r\nconnection: close\r\n\r\nhello)$/)
  }
  assert.equal(origin.upstreams()[0].state, 'ejected')
  assert.equal(origin.upstreams()[1].state, 'healthy')
})

test('with the only upstream failing, a few probes go through and the rest fails at once; the first success ends it', async () => {
  const { origin, raw } = await against(answering(null), { panicInFlight: 2, retryShare: 0 })
  for (let i = 0; i < 5; i++) assert.equal((await get(origin)).reason, 'origin-reset')
  assert.equal(origin.upstreams()[0].state, 'ejected')
  const sinks = [1, 2, 3, 4].map(() => new RecordingSink())
  for (const sink of sinks) origin.forward(callOf(sink))
  await Promise.all(sinks.map((sink) => sink.over))
  assert.deepEqual(sinks.map((sink) => sink.reason), ['origin-reset', 'origin-reset', 'origin-down', 'origin-down'])
  assert.equal(raw.accepted, 7)
})

test('a request that was here before is refused as a loop', async () => {
  const { origin, raw } = await against(answering(OK))
  const sink = await get(origin, { headers: ['via', '1.1 other, 1.1 polder-0a1b2c3d'] })
  assert.equal(sink.reason, 'loop-detected')
  assert.equal(raw.accepted, 0)
})

test('abort is heard by nobody, at every stage', async () => {
  const { origin, raw } = await against((socket) => socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc')))
  const early = new RecordingSink()
  origin.forward(callOf(early)).abort()
  const within = new RecordingSink()
  const handle = origin.forward(callOf(within))
  await within.head
  handle.abort()
  handle.abort()
  handle.resume()
  const inside = new RecordingSink()
  const abortInHead = origin.forward(callOf({ onHead: () => abortInHead.abort(), onData: () => (inside.heads++, true), onEnd: () => inside.ends++, onError: () => inside.errors++ }))
  for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  await Promise.all([...raw.sockets].map(closed))
  for (const sink of [early, within, inside]) assert.equal(sink.ends + sink.errors, 0)
  assert.equal(inside.heads, 0)
  assert.equal(origin.inFlight, 0)
  assert.equal(origin.upstreams()[0].inFlight, 0)
})

test('an aborted request that never went out leaves the connection to the next', async () => {
  const { origin, raw } = await against(answering(OK))
  await get(origin)
  const sink = new RecordingSink()
  origin.forward(callOf(sink)).abort()
  assert.equal((await get(origin)).status, 200)
  assert.equal(raw.accepted <= 2, true)
})

test('an early 413 stops the upload and reaches the visitor', async () => {
  const { origin } = await against((socket) => socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig')))
  const body = new FedBody(1_000_000)
  body.onResume = () => setImmediate(() => body.sink?.onData(Buffer.alloc(1_000)))
  const sink = await get(origin, { method: 'POST', body })
  untouched(sink)
  assert.equal(sink.status, 413)
  assert.equal(sink.text, 'big')
  assert.ok(body.discarded >= 1)
})

test('the connection of an early answer is not used again, and the upload stops with its head', async () => {
  const { origin, raw } = await against((socket) => socket.on('data', (data) => socket.write(data.includes('POST') ? 'HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\n' : OK)))
  const body = new FedBody(1_000)
  const sink = new RecordingSink()
  origin.forward(callOf(sink, { method: 'POST', body }))
  await sink.head
  assert.equal(body.discarded, 1)
  assert.equal(body.sink?.onData(Buffer.alloc(10)), true, 'late content is let go')
  for (const socket of raw.sockets) socket.write('big')
  await sink.over
  assert.equal(sink.text, 'big')
  assert.equal((await get(origin)).text, 'hi')
  assert.equal(raw.accepted, 2)
})

test('a connection that the origin wants closed is not used again, also when the origin leaves it open', async () => {
  const { origin, raw } = await against(answering('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi'), { connections: 1 })
  const sinks = await Promise.all([get(origin), get(origin)])
  assert.deepEqual(sinks.map((sink) => sink.text), ['hi', 'hi'])
  assert.equal(raw.accepted, 2)
})

test('what cannot become HTTP is refused before its end', async () => {
  const { origin } = await against(answering('SSH-2.0-OpenSSH'))
  assert.equal((await get(origin)).reason, 'origin-bad-answer')
})

test('places are kept straight whatever the order in which exchanges end', async () => {
  const { origin, clock, raw } = await against(() => {}, { connections: 8 })
  const sinks = [0, 1, 2, 3, 4].map(() => new RecordingSink())
  const handles = sinks.map((sink) => origin.forward(callOf(sink)))
  for (const i of [0, 4, 1]) handles[i].abort()
  assert.equal(origin.inFlight, 2)
  await until(() => raw.accepted >= 5)
  clock.advanceMs(1_000)
  const late = new RecordingSink()
  origin.forward(callOf(late))
  await new Promise(setImmediate)
  clock.advanceMs(29_000)
  origin.sweep()
  assert.deepEqual(sinks.map((sink) => sink.errors), [0, 0, 1, 1, 0])
  assert.equal(late.errors, 0)
  assert.equal(origin.inFlight, 1)
})

test('a visitor who breaks off within the upload ends it with that reason, and the origin sees a cut request', async () => {
  const { origin, raw } = await against((socket) => socket.resume())
  const body = new FedBody(100)
  const sink = new RecordingSink()
  origin.forward(callOf(sink, { method: 'POST', body }))
  await body.started
  body.sink?.onData(Buffer.alloc(10))
  await until(() => raw.sockets.size > 0)
  body.sink?.onError('client-aborted')
  await sink.over
  untouched(sink)
  assert.equal(sink.reason, 'client-aborted')
  for (const socket of raw.sockets) await closed(socket)
})

test('a slow visitor\'s upload is not blamed on the origin', async () => {
  const { origin, clock } = await against(() => {})
  const body = new FedBody(100)
  const sink = new RecordingSink()
  const handle = origin.forward(callOf(sink, { method: 'POST', body }))
  await body.started
  body.sink?.onData(Buffer.alloc(10))
  for (let i = 0; i < 5; i++) await new Promise(setImmediate)
  clock.advanceMs(29_000)
  origin.sweep()
  clock.advanceMs(29_000)
  origin.sweep()
  assert.equal(sink.errors, 0)
  handle.abort()
})

test('a content-length of zero is sent as such, and the content is not asked for', async () => {
  let seen = ''
  const { origin } = await against((socket) => socket.on('data', (data) => ((seen += data.toString()), socket.write(OK))))
  const body = new FedBody(0)
  assert.equal((await get(origin, { method: 'POST', body })).status, 200)
  assert.match(seen, /content-length: 0\r\n\r\n$/)
  assert.equal(body.sink, null)
})

test('closing lets running exchanges end, destroying cuts them with a reason', async () => {
  const { origin } = await against(answering(OK))
  const sink = new RecordingSink()
  origin.forward(callOf(sink))
  await Promise.all([origin.close(), sink.over])
  assert.equal(sink.status, 200)
  assert.equal((await get(origin)).reason, 'draining')
  const second = await against(() => {})
  const cut = new RecordingSink()
  second.origin.forward(callOf(cut))
  await second.origin.destroy()
  assert.equal(cut.reason, 'draining')
  untouched(cut)
})
