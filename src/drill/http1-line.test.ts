import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Heard, Http1Line } from './http1-line.ts'

class FakeSocket extends EventEmitter {
  written = ''
  destroyed = false
  write(text: string): void {
    this.written += text
  }
  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.emit('close')
  }
}

function hear(pieces: readonly string[], close: boolean): { heard: Array<Heard | null>; line: Http1Line; closed: () => number; idleWhenTold: () => boolean } {
  const socket = new FakeSocket()
  let closed = 0
  const line = new Http1Line(socket as unknown as Socket, () => closed++)
  const heard: Array<Heard | null> = []
  let idle = false
  line.send('GET / HTTP/1.1\r\n\r\n', false, (one) => {
    heard.push(one)
    idle = line.idle
  })
  for (const piece of pieces) socket.emit('data', Buffer.from(piece, 'latin1'))
  if (close) socket.destroy()
  return { heard, line, closed: () => closed, idleWhenTold: () => idle }
}

const answers = [
  'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nETag: "x"\r\n\r\nok /\nworld!',
  'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "x"\r\n\r\n5\r\nok /\n\r\n6\r\nworld!\r\n0\r\n\r\n',
]

test('an answer is heard whole and once, however it is cut into pieces', () => {
  fc.assert(
    fc.property(fc.constantFrom(...answers), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (answer, sizes) => {
      const pieces: string[] = []
      for (let at = 0, i = 0; at < answer.length; i++) {
        pieces.push(answer.slice(at, at + sizes[i % sizes.length]))
        at += sizes[i % sizes.length]
      }
      const { heard, idleWhenTold } = hear(pieces, false)
      assert.equal(heard.length, 1)
      assert.equal(heard[0]!.status, 200)
      assert.equal(heard[0]!.bytes, 11)
      assert.ok(heard[0]!.start.startsWith('ok /\n'))
      assert.equal(heard[0]!.headers.get('etag'), '"x"')
      assert.ok(idleWhenTold())
    }),
  )
})

test('a connection that ends after its answer is not idle when the answer is told', () => {
  const { heard, closed, idleWhenTold } = hear(['HTTP/1.1 503 X\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno'], false)
  assert.equal(heard[0]!.status, 503)
  assert.equal(idleWhenTold(), false)
  assert.equal(closed(), 1)
})

test('a connection that breaks before the end is told as no answer, once', () => {
  for (const start of ['', 'HTTP/1.1 200 OK\r\nContent-Le', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok']) {
    const { heard, closed } = hear(start === '' ? [] : [start], true)
    assert.deepEqual(heard, [null])
    assert.equal(closed(), 1)
  }
})

test('without a length the end of the connection is the end of the answer', () => {
  const { heard } = hear(['HTTP/1.0 200 OK\r\n\r\nok /\n', 'more'], true)
  assert.equal(heard[0]!.bytes, 9)
})
