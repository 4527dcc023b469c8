import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import { afterEach, describe, it } from 'node:test'
import { SimulatedClock } from '../../../kernel/clock.ts'
import { PreparedAnswer, type BodySink, type Request } from '../../request.ts'
import { FLAG, FRAME, frame, FrameReader, GET_FIELDS, PREFACE, request, u32 } from './raw-frames.ts'
import { openHarness, type Harness, type HarnessOptions } from '../edge.testing.ts'

let open: Harness[] = []
async function harness(options: HarnessOptions = {}): Promise<Harness> {
  const made = await openHarness(options)
  open.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()))
  open = []
})

interface Answer {
  readonly headers: IncomingHttpHeaders & { ':status'?: number }
  readonly body: Buffer
  readonly trailers: IncomingHttpHeaders | null
  readonly code: number
}

async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}, body?: Buffer): Promise<Answer> {
  const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return answerOf(stream)
}

/** Without node's symbol for fields that are never indexed. */
function plain<F extends object>(fields: F): F {
  return Object.fromEntries(Object.entries(fields)) as F
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const chunks: Buffer[] = []
  let answer: Answer['headers'] = {}
  let trailers: IncomingHttpHeaders | null = null
  stream.on('error', () => {})
  stream.on('response', (headers) => {
    answer = plain(headers)
  })
  stream.on('trailers', (fields) => {
    trailers = plain(fields)
  })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => {
    stream.once('close', resolve)
  })
  return { headers: answer, body: Buffer.concat(chunks), trailers, code: stream.rstCode }
}

/** Collects a request's content. */
class Sink implements BodySink {
  readonly chunks: Buffer[] = []
  ended = false
  trailers: readonly string[] | null = null
  failed: string | null = null
  pauseAfter = Number.POSITIVE_INFINITY
  onDone: () => void = () => {}

  onData(chunk: Uint8Array): boolean {
    this.chunks.push(Buffer.from(chunk))
    return this.chunks.length < this.pauseAfter
  }

  onEnd(trailers: readonly string[] | null): void {
    this.ended = true
    this.trailers = trailers
    this.onDone()
  }

  onError(reason: string): void {
    this.failed = reason
    this.onDone()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }
}

const echo = (request: Request): void => {
  if (request.body === null) {
    request.reply.sendWhole(200, [], Buffer.from('none'))
    return
  }
  const sink = new Sink()
  sink.onDone = () => request.reply.sendWhole(200, ['x-trailers', (sink.trailers ?? []).join(',')], sink.bytes)
  request.body.start(sink)
}

async function tick(times = 5): Promise<void> {
  for (let i = 0; i < times; i++) await new Promise((resolve) => setImmediate(resolve))
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await tick(1)
}

describe('HTTP/2 answers', () => {
  it('a whole answer has its length and its fields, none of them a connection\'s', async () => {
    const h = await harness({ handler: ({ reply }) => reply.sendWhole(200, ['content-type', 'text/plain', 'connection', 'close', 'keep-alive', 'x', 'transfer-encoding', 'chunked', 'set-cookie', 'a=1', 'set-cookie', 'b=2', 'x-bad', 'a\r\nb: c'], Buffer.from('hello')) })
    const { headers, body } = await ask(await h.h2())
    assert.deepEqual(headers, { ':status': 200, 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'], 'content-length': '5' })
    assert.equal(body.toString(), 'hello')
  })

  it('a prepared answer goes out again and again, from shared memory too', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(200_000)).fill(65)
    const small = new PreparedAnswer(200, ['etag', '"x"'], shared.subarray(0, 100))
    const large = new PreparedAnswer(200, [], shared)
    const h = await harness({ handler: ({ path, reply }) => reply.sendPrepared(path === '/small' ? small : large) })
    const session = await h.h2()
    for (let i = 0; i < 3; i++) {
      const answer = await ask(session, { ':path': '/small' })
      assert.deepEqual([answer.headers['etag'], answer.headers['content-length'], answer.body.toString()], ['"x"', '100', 'A'.repeat(100)])
      assert.equal((await ask(session, { ':path': '/large' })).body.length, 200_000)
    }
  })

  it('HEAD, 204 and 304 carry no content, whatever is written', async () => {
    const h = await harness({ handler: ({ path, reply }) => {
      if (path === '/whole') reply.sendWhole(200, [], Buffer.from('hello'))
      else if (path === '/given') reply.sendWhole(200, ['content-length', '77'], null)
      else if (path === '/stream') {
        reply.start(200, [], 5)
        reply.write(Buffer.from('hello'))
        reply.end(null)
      } else reply.sendWhole(Number(path.slice(1)), ['content-length', '9', 'etag', '"x"'], path === '/204' ? Buffer.from('x') : null)
    } })
    const session = await h.h2()
    const lengths: unknown[] = []
    for (const path of ['/whole', '/given', '/stream']) {
      const answer = await ask(session, { ':method': 'HEAD', ':path': path })
      assert.equal(answer.body.length, 0)
      lengths.push(answer.headers['content-length'])
    }
    assert.deepEqual(lengths, ['5', '77', '5'])
    const none = await ask(session, { ':path': '/204' })
    assert.deepEqual([none.headers[':status'], none.headers['content-length'], none.body.length], [204, undefined, 0])
    const same = await ask(session, { ':path': '/304' })
    assert.deepEqual([same.headers[':status'], same.headers['content-length'], same.headers['etag']], [304, '9', '"x"'])
  })

  it('streams with back-pressure: no more is taken than the visitor reads', async () => {
    let written = 0
    let drains = 0
    const chunk = Buffer.alloc(32_768, 1)
    const total = 64 * chunk.length
    const h = await harness({ handler: ({ reply }) => {
      reply.start(200, [], total)
      const pump = (): void => {
        while (written < total) {
          written += chunk.length
          if (!reply.write(chunk)) return
        }
        reply.end(null)
      }
      reply.onDrain = () => {
        drains++
        pump()
      }
      pump()
    } })
    const session = await h.h2()
    const stream = session.request({ ':path': '/' })
    await once(stream, 'response')
    await tick(50)
    assert.ok(written < total, `${written} bytes were taken although nothing was read`)
    const { body } = await answerOf(stream)
    assert.equal(body.length, total)
    assert.ok(drains > 0)
  })

  it('trailers announced by the answer follow its content', async () => {
    const h = await harness({ handler: ({ reply }) => {
      reply.start(200, ['trailer', 'x-sum'], -1)
      reply.write(Buffer.from('a'))
      reply.end(['x-sum', '42', 'connection', 'close'])
    } })
    const { body, trailers } = await ask(await h.h2())
    assert.equal(body.toString(), 'a')
    assert.deepEqual(trailers, { 'x-sum': '42' })
  })

  it('an answer whose trailers were announced and did not come still ends', async () => {
    const h = await harness({ handler: ({ reply }) => {
      reply.start(200, ['trailer', 'x-sum'], -1)
      reply.write(Buffer.from('a'))
      reply.end(null)
    } })
    assert.equal((await ask(await h.h2())).body.toString(), 'a')
  })

  it('early hints go ahead of the answer', async () => {
    const h = await harness({ handler: ({ reply }) => {
      reply.sendInformational(103, ['link', '</a.css>; rel=preload'])
      reply.sendWhole(200, [], Buffer.from('x'))
    } })
    const session = await h.h2()
    const stream = session.request({ ':path': '/' })
    const [hints] = (await once(stream, 'headers')) as [IncomingHttpHeaders]
    assert.deepEqual([hints[':status'], hints['link']], [103, '</a.css>; rel=preload'])
    assert.equal((await answerOf(stream)).body.toString(), 'x')
  })

  for (const when of ['at once', 'later', 'before any content', 'in a long answer'] as const) {
    it(`an answer aborted ${when} is seen to be cut: a reset, never an end`, async () => {
      const h = await harness({ handler: ({ reply }) => {
        reply.start(200, [], -1)
        if (when !== 'before any content') reply.write(when === 'in a long answer' ? Buffer.alloc(300_000) : Buffer.from('half'))
        if (when === 'later' || when === 'in a long answer') setImmediate(() => reply.abort('origin-reset'))
        else reply.abort('origin-reset')
      } })
      const socket = await h.tls({ ALPNProtocols: ['h2'] })
      const reader = new FrameReader(socket)
      socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), request(1)]))
      assert.equal(await reader.until((frames) => frames.some((one) => one.type === FRAME.reset)), true)
      assert.equal(reader.frames.some((one) => one.stream === 1 && one.type <= 1 && (one.flags & FLAG.endStream) !== 0), false)
      assert.deepEqual(h.refusals, [])
    })
  }

  it('an answer that HTTP/2 cannot say is cut, and the connection goes on', async () => {
    const h = await harness({ handler: ({ path, reply }) => reply.sendWhole(path === '/bad' ? 799 : 200, path === '/name' ? ['bad name', 'x'] : [], Buffer.from('x')) })
    const session = await h.h2()
    assert.notEqual((await ask(session, { ':path': '/bad' })).code, 0)
    assert.notEqual((await ask(session, { ':path': '/name' })).code, 0)
    assert.equal((await ask(session)).headers[':status'], 200)
  })
})

describe('the end of an exchange', () => {
  it('is told exactly once: whole answers as served, given-up ones as gone', async () => {
    const told: string[] = []
    const h = await harness({ handler: ({ path, reply }) => {
      reply.onClose = (gone) => told.push(`${path} ${gone}`)
      if (path === '/whole') reply.sendWhole(200, [], Buffer.alloc(100_000))
      else if (path === '/head') reply.sendWhole(200, [], Buffer.from('x'))
      else if (path === '/cut') reply.abort('origin-reset')
    } })
    const session = await h.h2()
    await ask(session, { ':path': '/whole' })
    await ask(session, { ':path': '/head', ':method': 'HEAD' })
    await ask(session, { ':path': '/cut' })
    const stream = session.request({ ':path': '/left' })
    stream.on('error', () => {})
    await until(() => h.requests.length === 4)
    stream.close(8)
    await until(() => told.length === 4)
    const second = session.request({ ':path': '/lost' })
    second.on('error', () => {})
    await until(() => h.requests.length === 5)
    session.destroy()
    await until(() => told.length === 5)
    await tick()
    assert.deepEqual(told, ['/whole false', '/head false', '/cut true', '/left true', '/lost true'])
    assert.equal(h.context.counts.openRequests, 0)
  })

  it('a HEAD that the visitor gives up before its answer is gone', async () => {
    let gone: boolean | null = null
    const h = await harness({ handler: ({ reply }) => {
      reply.onClose = (value) => {
        gone = value
      }
    } })
    const session = await h.h2()
    const stream = session.request({ ':path': '/', ':method': 'HEAD' })
    stream.on('error', () => {})
    await until(() => h.requests.length === 1)
    stream.close(8)
    await until(() => gone !== null)
    assert.equal(gone, true)
  })

  it('writes after the visitor left do nothing', async () => {
    let left = false
    let late: () => void = () => {}
    const h = await harness({ handler: ({ reply }) => {
      reply.onClose = () => {
        left = true
      }
      late = () => {
        reply.sendInformational(103, [])
        reply.start(200, [], -1)
        reply.write(Buffer.from('x'))
        reply.end(['a', 'b'])
        reply.abort('shield-error')
        reply.sendWhole(200, [], null)
        assert.equal(reply.takeOver(), null)
      }
    } })
    const session = await h.h2()
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => {})
    await until(() => h.requests.length === 1)
    stream.close(8)
    await until(() => left)
    late()
    assert.equal(h.requests[0]!.reply.finished, true)
  })
})

describe('HTTP/2 content', () => {
  it('arrives whole, with trailers', async () => {
    const h = await harness({ handler: echo })
    const session = await h.h2()
    const body = Buffer.alloc(300_000, 7)
    assert.deepEqual((await ask(session, { ':method': 'POST' }, body)).body, body)
    const stream = session.request({ ':path': '/', ':method': 'POST' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }))
    stream.end('abc')
    const answer = await answerOf(stream)
    assert.deepEqual([answer.body.toString(), answer.headers['x-trailers']], ['abc', 'x-sum,1'])
  })

  it('an empty body ends, with its declared length', async () => {
    const h = await harness({ handler: echo })
    const session = await h.h2()
    assert.equal((await ask(session, { ':method': 'POST', 'content-length': '0' }, Buffer.alloc(0))).body.length, 0)
    assert.equal(h.requests[0]!.body?.declaredBytes, 0)
    assert.equal((await ask(session, { ':method': 'POST', 'content-length': '0' })).body.toString(), 'none')
  })

  it('is held back while the sink is full: no more than a window arrives', async () => {
    const sink = new Sink()
    sink.pauseAfter = 1
    const h = await harness({ handler: ({ body, reply }) => {
      sink.onDone = () => reply.sendWhole(200, [], Buffer.from(String(sink.bytes.length)))
      body!.start(sink)
    } })
    const session = await h.h2()
    const stream = session.request({ ':path': '/', ':method': 'POST' })
    stream.end(Buffer.alloc(1_000_000))
    await until(() => sink.chunks.length === 1)
    await tick(50)
    assert.equal(sink.chunks.length, 1)
    sink.pauseAfter = Number.POSITIVE_INFINITY
    h.requests[0]!.body!.resume()
    assert.equal((await answerOf(stream)).body.toString(), '1000000')
  })

  it('100 Continue is sent when the content is wanted, not before', async () => {
    let start: () => void = () => {}
    const h = await harness({ handler: (request) => {
      start = () => echo(request)
    } })
    const session = await h.h2()
    const stream = session.request({ ':path': '/', ':method': 'POST', expect: '100-continue' })
    let continued = false
    stream.on('continue', () => {
      continued = true
      stream.end('now')
    })
    await until(() => h.requests.length === 1)
    await tick(20)
    assert.equal(continued, false)
    start()
    assert.equal((await answerOf(stream)).body.toString(), 'now')
  })

  it('an early answer needs no content: it goes out whole and the rest is refused without error', async () => {
    let gone: boolean | null = null
    const h = await harness({ handler: ({ body, reply }) => {
      reply.onClose = (value) => {
        gone = value
      }
      body!.discard()
      reply.sendWhole(413, [], Buffer.from('too much'))
    } })
    const session = await h.h2()
    const { headers, body } = await ask(session, { ':method': 'POST' }, Buffer.alloc(2_000_000))
    assert.deepEqual([headers[':status'], body.toString()], [413, 'too much'])
    await until(() => gone !== null)
    assert.equal(gone, false)
  })

  it('an answer in the middle of content that is being read ends the exchange too', async () => {
    const h = await harness({ handler: ({ body, reply }) => {
      let started = false
      body!.start({ onData: () => {
        if (!started) reply.sendWhole(400, [], Buffer.from('stop'))
        started = true
        body!.discard()
        return true
      }, onEnd: () => {}, onError: () => {} })
    } })
    const { headers, body } = await ask(await h.h2(), { ':method': 'POST' }, Buffer.alloc(2_000_000))
    assert.deepEqual([headers[':status'], body.toString()], [400, 'stop'])
  })

  it('a visitor who leaves in the middle is told to the sink, once', async () => {
    const sink = new Sink()
    const h = await harness({ handler: ({ body }) => body!.start(sink) })
    // Not node's client: its close() ends the content before it resets the stream
    const socket = await h.tls({ ALPNProtocols: ['h2'] })
    const fields: Array<readonly [string, string]> = [[':method', 'POST'], ...GET_FIELDS.slice(1)]
    socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), request(1, fields, false), frame(FRAME.data, 0, 1, Buffer.from('some'))]))
    await until(() => sink.chunks.length === 1)
    socket.write(frame(FRAME.reset, 0, 1, u32(8)))
    await until(() => sink.failed !== null)
    assert.deepEqual([sink.failed, sink.ended], ['client-aborted', false])
  })

  it('a body that is started after the visitor left fails, and not inside start', async () => {
    const h = await harness({ handler: () => {} })
    const session = await h.h2()
    const stream = session.request({ ':path': '/', ':method': 'POST' })
    stream.on('error', () => {})
    await until(() => h.requests.length === 1)
    stream.close(8)
    await until(() => h.requests[0]!.reply.finished)
    const sink = new Sink()
    h.requests[0]!.body!.start(sink)
    await tick()
    assert.equal(sink.ended, false)
  })
})

describe('the pace of an HTTP/2 visitor', () => {
  async function drip(h: Harness, clock: SimulatedClock, session: ClientHttp2Session, sink: Sink, bytes: number, seconds: number): Promise<ClientHttp2Stream> {
    const stream = session.request({ ':path': '/', ':method': 'POST' })
    stream.on('error', () => {})
    for (let i = 0; i < seconds && sink.failed === null; i++) {
      const before = sink.bytes.length
      stream.write(Buffer.alloc(bytes))
      await until(() => sink.bytes.length === before + bytes)
      clock.advanceMs(1_000)
      h.listener.sweep(clock.monotonicMs())
    }
    return stream
  }

  it('content that drips (R.U.D.Y.) is told to the sink, and the request can still be answered', async () => {
    const clock = new SimulatedClock()
    const sink = new Sink()
    const h = await harness({ clock, handler: (request) => {
      sink.onDone = () => request.reply.sendWhole(408, [], Buffer.from(sink.failed!))
      request.body!.start(sink)
    } })
    const stream = await drip(h, clock, await h.h2(), sink, 10, 10)
    const { headers, body } = await answerOf(stream)
    assert.deepEqual([headers[':status'], body.toString(), h.refusals], [408, 'body-too-slow', []])
  })

  it('content that drips is cut when nobody answers, and the second visitor is served', async () => {
    const clock = new SimulatedClock()
    const sink = new Sink()
    let gone: boolean | null = null
    const h = await harness({ clock, handler: ({ body, reply }) => {
      reply.onClose = (value) => {
        gone = value
      }
      if (body === null) reply.sendWhole(200, [], null)
      else body.start(sink)
    } })
    const session = await h.h2()
    await drip(h, clock, session, sink, 10, 10)
    assert.equal(sink.failed, 'body-too-slow')
    for (let i = 0; i < 7; i++) {
      clock.advanceMs(1_000)
      h.listener.sweep(clock.monotonicMs())
    }
    await until(() => gone === true)
    assert.equal((await ask(session)).headers[':status'], 200)
  })

  it('content that comes steadily but would take for ever ends at the body deadline', async () => {
    const clock = new SimulatedClock()
    const sink = new Sink()
    const h = await harness({ clock, handler: ({ body }) => body!.start(sink) })
    await drip(h, clock, await h.h2(), sink, 1_000, 200)
    assert.equal(sink.failed, 'body-timeout')
    assert.ok(sink.bytes.length >= 60_000 && sink.bytes.length <= 90_000, `${sink.bytes.length} bytes`)
  })

  it('more content than the route takes is told to the sink: declared at once, undeclared when it comes', async () => {
    const failed: string[] = []
    const h = await harness({ settings: { bodyBytes: 1_000 }, handler: ({ path, body, reply }) => {
      const sink = new Sink()
      if (path === '/large') body!.maxBodyBytes = 10_000
      sink.onDone = () => {
        failed.push(sink.failed ?? 'ended')
        reply.sendWhole(413, [], null)
      }
      body!.start(sink)
    } })
    const session = await h.h2()
    await ask(session, { ':method': 'POST', 'content-length': '5000' }, Buffer.alloc(5_000))
    await ask(session, { ':method': 'POST' }, Buffer.alloc(5_000))
    await ask(session, { ':method': 'POST', ':path': '/large' }, Buffer.alloc(5_000))
    assert.deepEqual(failed, ['body-too-large', 'body-too-large', 'ended'])
  })

  it('time while we hold the content back does not count', async () => {
    const clock = new SimulatedClock()
    const sink = new Sink()
    sink.pauseAfter = 1
    const h = await harness({ clock, handler: ({ body }) => body!.start(sink) })
    const session = await h.h2()
    const stream = session.request({ ':path': '/', ':method': 'POST' })
    stream.write(Buffer.alloc(60_000))
    await until(() => sink.chunks.length === 1)
    for (let i = 0; i < 120; i++) {
      clock.advanceMs(1_000)
      h.listener.sweep(clock.monotonicMs())
    }
    await tick()
    assert.equal(sink.failed, null)
  })

  it('an answer that is not read is cut (slow read)', async () => {
    const clock = new SimulatedClock()
    let gone: boolean | null = null
    const h = await harness({ clock, handler: ({ reply }) => {
      reply.onClose = (value) => {
        gone = value
      }
      reply.sendWhole(200, [], Buffer.alloc(4_000_000))
    } })
    const session = await h.h2()
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => {})
    await once(stream, 'response')
    await tick(50)
    let seconds = 0
    const isOver = (): boolean => gone !== null
    for (; !isOver() && seconds < 200; seconds++) {
      clock.advanceMs(1_000)
      h.listener.sweep(clock.monotonicMs())
      await tick()
    }
    assert.equal(gone, true)
    assert.ok(seconds >= 20 && seconds < 100, `${seconds} s`)
  })

  it('a connection that asks nothing is closed at the header deadline, an idle one at the idle limit', async () => {
    const clock = new SimulatedClock()
    const h = await harness({ clock })
    const silent = await h.h2()
    const user = await h.h2()
    await ask(user)
    clock.advanceMs(10_100)
    h.listener.sweep(clock.monotonicMs())
    await until(() => silent.closed || silent.destroyed)
    assert.equal((await ask(user)).headers[':status'], 200)
    h.listener.sweep(clock.monotonicMs())
    clock.advanceMs(60_100)
    h.listener.sweep(clock.monotonicMs())
    await until(() => user.closed || user.destroyed)
    assert.deepEqual(h.refusals.map((one) => one.reason), ['header-timeout'])
  })
})

describe('a visitor who ends the connection with an error code', () => {
  it('is no abuser: nothing is counted, and whoever shares the address comes in at once', async () => {
    const h = await harness()
    for (let i = 0; i < 5; i++) {
      const session = await h.h2()
      assert.equal((await ask(session)).headers[':status'], 200)
      session.on('error', () => {})
      session.goaway(2)
      await until(() => h.listener.connections === 0)
    }
    assert.deepEqual(h.refusals, [])
  })
})

describe('draining HTTP/2', () => {
  it('finishes what is under way and closes', async () => {
    let finish: () => void = () => {}
    const h = await harness({ handler: ({ reply }) => {
      finish = () => reply.sendWhole(200, [], Buffer.from('done'))
    } })
    const session = await h.h2()
    const pending = ask(session)
    await until(() => h.requests.length === 1)
    const drained = h.listener.drain(5_000)
    await once(session, 'goaway')
    finish()
    assert.equal((await pending).body.toString(), 'done')
    assert.equal(await drained, 0)
    assert.equal(h.listener.connections, 0)
  })

  it('counts open connections, requests and bytes back to where they were', async () => {
    const h = await harness()
    const sessions = await Promise.all([h.h2(), h.h2(), h.h2()])
    await Promise.all(sessions.flatMap((session) => Array.from({ length: 20 }, () => ask(session))))
    assert.equal(h.context.counts.openConnections, 3)
    for (const session of sessions) session.destroy()
    await until(() => h.listener.connections === 0)
    const { openConnections, openRequests, acceptedConnections, bytesIn, bytesOut } = h.context.counts
    assert.deepEqual([openConnections, openRequests, acceptedConnections], [0, 0, 3])
    assert.ok(bytesIn > 60 && bytesOut > 300)
    assert.equal(h.parts.guard.open, 0)
  })
})
