import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AnswerReader } from './answer-reader.ts'

const shapes = [
  { bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', status: 200, closes: false },
  { bytes: 'HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', status: 403, closes: true },
  { bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', status: 200, closes: false },
  { bytes: 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', status: 304, closes: false },
]

test('an answer ends at its last byte, however it is cut', () => {
  fc.assert(
    fc.property(fc.constantFrom(...shapes), fc.array(fc.nat(100), { maxLength: 6 }), (shape, cuts) => {
      const bytes = Buffer.from(shape.bytes)
      const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b)
      const reader = new AnswerReader()
      for (let i = 1; i < places.length; i++) {
        const done = reader.read(bytes.subarray(places[i - 1], places[i]))
        assert.equal(done, i === places.length - 1 ? 'whole' : 'more')
      }
      assert.equal(reader.status, shape.status)
      assert.equal(reader.closes, shape.closes)
    }),
  )
})

test('bytes past the end, and what is not HTTP, are broken', () => {
  assert.equal(new AnswerReader().read(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabc')), 'broken')
  assert.equal(new AnswerReader().read(Buffer.from('SSH-2.0-x\r\n\r\n')), 'broken')
})
