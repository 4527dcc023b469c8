import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { SimulatedClock } from '../../../kernel/clock.ts'
import type { Request } from '../../request.ts'
import { openHarness, type Harness, type HarnessOptions } from '../edge.testing.ts'
import { fieldBlock, FLAG, FRAME, frame, FrameReader, GET_FIELDS, PREFACE, request, u32 } from './raw-frames.ts'

/**
 * What an attacker's own HTTP/2 stack sends, against a real listener. In every case the limit acts, what was begun is told to the pipeline as gone,
 * and a second visitor is served throughout.
 */

let open: Harness[] = []
async function harness(options: HarnessOptions = {}): Promise<Harness> {
  // The second visitor comes from the attacker's own address here: what that costs is the penalty's own test.
  const made = await openHarness({ ...options, settings: { abusePenaltyMs: 0, ...options.settings } })
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()))
  open = []
})

const POST_FIELDS: ReadonlyArray<readonly [string, string]> = [[':method', 'POST'], ...GET_FIELDS.slice(1)]
const streamId = (i: number): number => 1 + 2 * i

interface Attacker {
  readonly socket: TLSSocket
  readonly reader: FrameReader
}

async function attacker(h: Harness): Promise<Attacker> {
  const socket = await h.tls({ ALPNProtocols: ['h2'] })
  const reader = new FrameReader(socket)
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0)]))
  await reader.until((frames) => frames.some((one) => one.type === FRAME.settings))
  return { socket, reader }
}

async function tick(times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Holds every request but those for /second. */
function holding(gone: boolean[]): (request: Request) => void {
  return (held) => {
    if (held.path === '/second') {
      held.reply.sendWhole(200, [], Buffer.from('served'))
      return
    }
    held.reply.onClose = (value) => gone.push(value)
  }
}

async function secondVisitor(h: Harness): Promise<void> {
  const session = await h.h2()
  const stream = session.request({ ':path': '/second' })
  const [headers] = (await once(stream, 'response')) as [{ ':status': number }]
  assert.equal(headers[':status'], 200)
  stream.resume()
}

/** Sends until the server closes the connection or `most` writes are out; false when it stays open though everything was read and looked at. */
async function flood(h: Harness, { socket, reader }: Attacker, most: number, bytes: (i: number) => Buffer, clock?: SimulatedClock): Promise<boolean> {
  let sent = 0
  for (let i = 0; i < most && !reader.closed && !socket.destroyed; i++) {
    const chunk = bytes(i)
    sent += chunk.length
    socket.write(chunk)
    if (i % 40 === 39) {
      await tick(3)
      clock?.advanceMs(200)
      if (clock !== undefined) h.listener.sweep(clock.monotonicMs())
    }
  }
  while (!reader.closed && h.refusals.length === 0) {
    await tick()
    if (clock === undefined) continue
    h.listener.sweep(clock.monotonicMs())
    if (h.refusals.length === 0 && h.context.counts.bytesIn >= sent + PREFACE.length + 9) return false
  }
  await reader.until(() => false)
  while (h.refusals.length === 0 || h.listener.connections > 0) await tick()
  return true
}

const reset = (i: number): Buffer => frame(FRAME.reset, 0, streamId(i), u32(8))

describe('HTTP/2 attacks', () => {
  it('Rapid Reset: the connection is closed within the burst, the origin work of every stream is told to be gone', async () => {
    const gone: boolean[] = []
    const h = await harness({ handler: holding(gone) })
    const bad = await attacker(h)
    assert.equal(await flood(h, bad, 2_000, (i) => Buffer.concat([request(streamId(i)), reset(i)])), true)
    await secondVisitor(h)
    const begun = h.requests.filter((one) => one.path !== '/second').length
    // 100 at once and 20 a second
    assert.ok(begun <= 130, `${begun} requests reached the pipeline`)
    assert.deepEqual(gone, Array.from({ length: begun }, () => true))
    assert.deepEqual(h.refusals.map((one) => one.reason), ['h2-abuse'])
    assert.equal(h.context.counts.openRequests, 0)
  })

  it('after abuse the address gets no new TLS connection for a while, and what is open goes on', async () => {
    const clock = new SimulatedClock()
    const h = await harness({ clock, handler: ({ reply }) => reply.sendWhole(200, [], null), settings: { abusePenaltyMs: 2_000 } })
    const reader = await h.h2()
    const bad = await attacker(h)
    bad.socket.write(Buffer.concat(Array.from({ length: 300 }, (_, i) => Buffer.concat([request(streamId(i)), reset(i)]))))
    await bad.reader.until(() => false)
    while (h.listener.connections > 1) await tick()
    await assert.rejects(attacker(h))
    const still = reader.request({ ':path': '/second' })
    const [fields] = (await once(still, 'response')) as [Record<string, unknown>]
    assert.equal(fields[':status'], 200)
    clock.advanceMs(3_001)
    await attacker(h)
  })

  it('Rapid Reset, slowly enough for the burst: cut by its share of given-up streams', async () => {
    const gone: boolean[] = []
    const h = await harness({ handler: holding(gone), settings: { h2StreamResetBurst: 100_000, h2StreamResetsPerSecond: 100_000 } })
    const bad = await attacker(h)
    let closed = false
    for (let i = 0; i < 1_000 && !closed; i++) {
      bad.socket.write(request(streamId(i)))
      while (h.requests.length <= i && !bad.reader.closed) await tick()
      bad.socket.write(reset(i))
      while (gone.length <= i && !bad.reader.closed) await tick()
      closed = bad.reader.closed
    }
    assert.equal(closed, true)
    assert.ok(gone.length >= 199 && gone.length <= 210, `${gone.length} streams`)
    assert.deepEqual(h.refusals.map((one) => one.reason), ['h2-abuse'])
    await secondVisitor(h)
  })

  const madeYouReset: ReadonlyArray<readonly [name: string, bytes: (i: number) => Buffer]> = [
    ['a window of nothing', (i) => Buffer.concat([request(streamId(i)), frame(FRAME.windowUpdate, 0, streamId(i), u32(0))])],
    ['a window that overflows', (i) => Buffer.concat([request(streamId(i)), frame(FRAME.windowUpdate, 0, streamId(i), u32(0x7fffffff))])],
    ['content after the end', (i) => Buffer.concat([request(streamId(i)), frame(FRAME.data, 0, streamId(i), Buffer.from('x'))])],
    ['fields after the end', (i) => Buffer.concat([request(streamId(i)), request(streamId(i))])],
    ['a priority of the wrong length', (i) => Buffer.concat([request(streamId(i)), frame(FRAME.priority, 0, streamId(i), Buffer.of(1))])],
    ['more content than declared', (i) => Buffer.concat([request(streamId(i), [...POST_FIELDS, ['content-length', '1']], false), frame(FRAME.data, 0, streamId(i), Buffer.from('xyz'))])],
    ['less content than declared', (i) => Buffer.concat([request(streamId(i), [...POST_FIELDS, ['content-length', '9']], false), frame(FRAME.data, FLAG.endStream, streamId(i), Buffer.from('xyz'))])],
    ['trailers with a pseudo field', (i) => Buffer.concat([request(streamId(i), POST_FIELDS, false), frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, streamId(i), fieldBlock([[':path', '/']]))])],
    ['an upper-case name', (i) => request(streamId(i), [...GET_FIELDS, ['X-A', 'b']])],
    ['a transfer-encoding', (i) => request(streamId(i), [...GET_FIELDS, ['transfer-encoding', 'chunked']])],
    ['a host that differs', (i) => request(streamId(i), [...GET_FIELDS, ['host', 'other.example']])],
  ]
  for (const [name, bytes] of madeYouReset) {
    it(`MadeYouReset by ${name}: closed after at most 100 streams, nothing stays with the pipeline`, async () => {
      const gone: boolean[] = []
      const h = await harness({ handler: (held) => {
        held.body?.start({ onData: () => true, onEnd: () => {}, onError: () => {} })
        holding(gone)(held)
      } })
      const bad = await attacker(h)
      assert.equal(await flood(h, bad, 1_000, bytes), true)
      await secondVisitor(h)
      const begun = h.requests.filter((one) => one.path !== '/second').length
      assert.ok(begun <= 105, `${begun} requests reached the pipeline`)
      assert.deepEqual(gone, Array.from({ length: begun }, () => true))
      assert.ok(h.refusals.length <= 105)
      assert.equal(h.refusals.at(-1)?.reason, 'h2-abuse')
      assert.equal(h.context.counts.openRequests, 0)
    })
  }

  const floods: ReadonlyArray<readonly [name: string, bytes: (i: number) => Buffer]> = [
    ['PING', () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', () => frame(FRAME.settings, 0, 0)],
    ['SETTINGS acknowledgements', () => frame(FRAME.settings, FLAG.ack, 0)],
    ['PING acknowledgements', () => frame(FRAME.ping, FLAG.ack, 0, Buffer.alloc(8))],
    ['PRIORITY of streams that are not open', (i) => frame(FRAME.priority, 0, 1_001 + 2 * i, Buffer.concat([u32(0), Buffer.of(1)]))],
    ['PRIORITY of an open stream', (i) => (i === 0 ? request(1) : frame(FRAME.priority, 0, 1, Buffer.concat([u32(0), Buffer.of(1)])))],
    ['unknown frames', () => frame(0x55, 0, 0, Buffer.alloc(8))],
    ['WINDOW_UPDATE', () => frame(FRAME.windowUpdate, 0, 0, u32(1))],
    ['empty DATA', (i) => (i === 0 ? request(1, POST_FIELDS, false) : frame(FRAME.data, 0, 1))],
    ['CONTINUATION', (i) => (i === 0 ? frame(FRAME.headers, FLAG.endStream, 1, fieldBlock(GET_FIELDS)) : frame(FRAME.continuation, 0, 1, fieldBlock([['x-a', 'b']])))],
    ['empty CONTINUATION', (i) => (i === 0 ? frame(FRAME.headers, FLAG.endStream, 1, fieldBlock(GET_FIELDS)) : frame(FRAME.continuation, 0, 1))],
    ['streams above the limit', (i) => request(streamId(i))],
  ]
  for (const [name, bytes] of floods) {
    it(`a flood of ${name} is cut within some hundred frames`, async () => {
      const clock = new SimulatedClock()
      const h = await harness({ clock, handler: holding([]) })
      assert.equal(await flood(h, await attacker(h), 1_200, bytes, clock), true)
      assert.ok(['h2-abuse', 'bad-request'].includes(h.refusals[0]?.reason ?? ''), JSON.stringify(h.refusals))
      assert.ok(h.context.counts.bytesIn < 60_000, `${h.context.counts.bytesIn} bytes were read`)
      await secondVisitor(h)
    })
  }

  it('padded DATA without content cannot keep a connection busy beyond its window', async () => {
    const clock = new SimulatedClock()
    const h = await harness({ clock, handler: holding([]) })
    const bad = await attacker(h)
    const bytes = (i: number): Buffer => (i === 0 ? request(1, POST_FIELDS, false) : frame(FRAME.data, FLAG.padded, 1, Buffer.concat([Buffer.of(254), Buffer.alloc(254)])))
    assert.equal(await flood(h, bad, 3_000, bytes, clock), true)
    assert.ok(h.context.counts.bytesIn < 2 * 65_536, `${h.context.counts.bytesIn} bytes were read`)
  })

  it('a header section above 16 KiB, or of more than 128 fields, is answered 431 or reset and never becomes a request', async () => {
    const h = await harness({ handler: holding([]) })
    const bad = await attacker(h)
    const many = Array.from({ length: 400 }, (_, i) => [`x-${i}`, 'y'] as const)
    bad.socket.write(request(1, [...GET_FIELDS, ...many]))
    bad.socket.write(request(3, [...GET_FIELDS, ...many.slice(0, 129)]))
    const long = fieldBlock([...GET_FIELDS, ['x', 'y'.repeat(9_000)], ['z', 'y'.repeat(9_000)]])
    bad.socket.write(Buffer.concat([frame(FRAME.headers, FLAG.endStream, 5, long.subarray(0, 16_000)), frame(FRAME.continuation, FLAG.endHeaders, 5, long.subarray(16_000))]))
    for (const stream of [1, 3, 5]) await bad.reader.until((frames) => frames.some((one) => one.stream === stream))
    assert.equal(h.requests.length, 0)
    assert.deepEqual(h.refusals.map((one) => [one.reason, one.status]), [['header-too-large', 431], ['header-too-large', 431]])
    await secondVisitor(h)
  })

  it('a header section that is begun and not finished ends at the header deadline', async () => {
    const clock = new SimulatedClock()
    const h = await harness({ clock })
    const bad = await attacker(h)
    bad.socket.write(frame(FRAME.headers, FLAG.endStream, 1, fieldBlock(GET_FIELDS)))
    await tick(20)
    clock.advanceMs(10_100)
    h.listener.sweep(clock.monotonicMs())
    await bad.reader.until(() => false)
    assert.deepEqual(h.refusals.map((one) => one.reason), ['header-timeout'])
  })

  it('what is not HTTP/2 after ALPN h2 is a bad request', async () => {
    const h = await harness()
    const socket = await h.tls({ ALPNProtocols: ['h2'] })
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await new FrameReader(socket).until(() => false)
    for (let i = 0; i < 100 && h.refusals.length === 0; i++) await tick()
    assert.deepEqual(h.refusals.map((one) => one.reason), ['bad-request'])
  })

  // The library leaves a field out that has a character no field may have, and goes on with the rest
  const leftOut: ReadonlyArray<readonly [name: string, field: readonly [string, string]]> = [
    ['CR LF in a value', ['x', 'a\r\nhost: evil']],
    ['LF in a value', ['x', 'a\nb']],
    ['NUL in a value', ['x', 'a\0b']],
    ['CR LF in a name', ['x\r\ntransfer-encoding: chunked\r\ny', 'b']],
    ['a colon in a name', ['transfer-encoding: chunked', 'b']],
  ]
  for (const [name, field] of leftOut) {
    it(`a field with ${name} never reaches the pipeline`, async () => {
      const h = await harness()
      const bad = await attacker(h)
      bad.socket.write(request(1, [...GET_FIELDS, field, ['after', 'x']]))
      await bad.reader.until((frames) => frames.some((one) => one.stream === 1 || one.type === FRAME.goaway))
      for (const one of h.requests) assert.deepEqual(one.headers, ['host', 'localhost', 'after', 'x'])
    })
  }

  const smuggling: ReadonlyArray<readonly [name: string, fields: ReadonlyArray<readonly [string, string]>]> = [
    ['a request in the path', [[':method', 'GET'], [':scheme', 'https'], [':authority', 'localhost'], [':path', '/ HTTP/1.1\r\nhost: x\r\n\r\nGET /a']]],
    ['a space in the path', [[':method', 'GET'], [':scheme', 'https'], [':authority', 'localhost'], [':path', '/a b']]],
    ['a request in the method', [[':method', 'GET / HTTP/1.1\r\n\r\nGET'], [':scheme', 'https'], [':authority', 'localhost'], [':path', '/']]],
    ['another scheme', [[':method', 'GET'], [':scheme', 'http'], [':authority', 'localhost'], [':path', '/']]],
    ['a path twice', [...GET_FIELDS, [':path', '/b']]],
    ['a pseudo field at the end', [...GET_FIELDS.slice(0, 3), ['x', 'y'], [':path', '/']]],
    ['content-length with a request without content', [...GET_FIELDS, ['content-length', '5']]],
    ['connection', [...GET_FIELDS, ['connection', 'transfer-encoding']]],
    ['te: chunked', [...GET_FIELDS, ['te', 'chunked']]],
  ]
  for (const [name, fields] of smuggling) {
    it(`a request with ${name} never reaches the pipeline`, async () => {
      const h = await harness({ handler: holding([]) })
      const bad = await attacker(h)
      bad.socket.write(request(1, fields))
      await bad.reader.until((frames) => frames.some((one) => (one.type === FRAME.reset && one.stream === 1) || one.type === FRAME.goaway || (one.type === FRAME.headers && one.stream === 1)))
      assert.equal(h.requests.length, 0)
    })
  }
})
