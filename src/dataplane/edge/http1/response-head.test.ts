import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PreparedAnswer } from '../../request.ts'
import { imageOf } from './prepared-image.ts'
import { FRAMED_BY_CHUNKS, FRAMED_BY_CLOSE, LENGTH_AS_GIVEN, NO_CONTENT, writeHead, writeTrailers } from './response-head.ts'

test('a head is written as it stands, with the framing at its end', () => {
  assert.equal(writeHead(200, ['content-type', 'text/html', 'x', 'é'], 5, ''), 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nx: é\r\ncontent-length: 5\r\n\r\n')
  assert.equal(writeHead(200, [], FRAMED_BY_CHUNKS, ''), 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
  assert.equal(writeHead(200, [], FRAMED_BY_CLOSE, 'connection: close\r\n'), 'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n')
  assert.equal(writeHead(204, ['content-length', '5'], NO_CONTENT, ''), 'HTTP/1.1 204 No Content\r\n\r\n')
  assert.equal(writeHead(299, [], 0, ''), 'HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n')
})

test('an origin cannot frame our answer: its framing and connection fields are left out, a length is kept only where there is no content', () => {
  const fields = ['content-length', '9', 'Transfer-Encoding', 'chunked', 'connection', 'close', 'KEEP-ALIVE', 'x', 'content-length', '8', 'upgrade', 'h2c', 'trailer', 'x']
  assert.equal(writeHead(200, fields, 5, ''), 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n')
  assert.equal(writeHead(200, fields, LENGTH_AS_GIVEN, ''), 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n')
  assert.equal(writeHead(200, ['content-length', '5, 5'], LENGTH_AS_GIVEN, ''), 'HTTP/1.1 200 OK\r\n\r\n')
})

test('no field, however broken, splits the head: every line is one of ours', () => {
  const evil = fc.oneof(fc.string(), fc.constantFrom('a\r\nSet-Cookie: x', 'a\nb', 'a\rb', 'a\0', '\u010a', '\u010d\u010a', '', ' x', 'x y', 'a:b'))
  fc.assert(
    fc.property(fc.array(evil, { maxLength: 6 }), fc.integer({ min: -5, max: 1_200 }), (texts, status) => {
      const fields: string[] = []
      for (const text of texts) fields.push(text, 'v', 'x-name', text)
      const wire = Buffer.from(writeHead(status, fields, 0, ''), 'latin1').toString('latin1')
      const lines = wire.split('\r\n')
      assert.equal(lines.at(-1), '')
      assert.equal(lines.at(-2), '')
      assert.match(lines[0], /^HTTP\/1\.1 [0-9]{3} [A-Za-z' -]*$/)
      for (const line of lines.slice(1, -2)) assert.match(line, /^[!#$%&'*+\-.^_`|~0-9a-z]+: [\t\x20-\x7e\x80-\xff]*$/)
      assert.ok(lines.length <= 2 * texts.length + 4)
    }),
    { numRuns: 500 },
  )
})

test('trailers that may not be sent are left out', () => {
  assert.equal(writeTrailers(['x', '1', 'content-length', '5', 'y', 'a\r\nb'], new Set(['content-length'])), 'x: 1\r\n')
})

test('the image of a prepared answer is made once; a large body is not copied into it', () => {
  const small = new PreparedAnswer(403, ['x', 'y'], Buffer.from('no'))
  assert.equal(Buffer.from(imageOf(small)).toString(), 'HTTP/1.1 403 Forbidden\r\nx: y\r\ncontent-length: 2\r\n\r\nno')
  assert.equal(imageOf(small), small.wire)
  const large = new PreparedAnswer(200, [], Buffer.alloc(100_000))
  assert.equal(Buffer.from(imageOf(large)).toString(), 'HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n')
  assert.equal(Buffer.from(imageOf(new PreparedAnswer(304, ['content-length', '7', 'etag', '"a"'], null))).toString(), 'HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\netag: "a"\r\n\r\n')
})
