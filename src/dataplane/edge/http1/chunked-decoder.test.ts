import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CHUNK_BROKEN, CHUNK_DATA, CHUNK_END, CHUNK_MORE, ChunkedDecoder } from './chunked-decoder.ts'

interface Decoded {
  content: string
  event: number
  used: number
  trailers: readonly string[] | null
}

function decode(text: string, cuts: readonly number[] = [], decoder = new ChunkedDecoder(64, 256, 8)): Decoded {
  const bytes = Buffer.from(text, 'latin1')
  let content = ''
  let event = CHUNK_MORE
  let at = 0
  for (const end of [...cuts, bytes.length]) {
    // A packet of its own, so that nothing outside of it can be read by mistake.
    const from = at
    const packet = Buffer.from(bytes.subarray(from, end))
    let position = 0
    while (position < packet.length) {
      event = decoder.next(packet, position, packet.length)
      if (event === CHUNK_BROKEN) return { content, event, used: -1, trailers: null }
      position = decoder.position
      if (event === CHUNK_DATA) content += packet.toString('latin1', decoder.dataStart, decoder.dataEnd)
      if (event === CHUNK_END) return { content, event, used: from + position, trailers: decoder.trailers }
    }
    at = Math.max(at, end)
  }
  return { content, event: CHUNK_MORE, used: at, trailers: null }
}

test('chunks give their content, and the bytes after the body are left alone', () => {
  const body = '5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n'
  assert.deepEqual(decode(`${body}GET /`), { content: 'hello0123456789', event: CHUNK_END, used: body.length, trailers: null })
})

test('extensions are read strictly and dropped; what is not one breaks the body', () => {
  for (const extension of [';a', ';a=b', ';a="b c\t;"', ';a;b=c;d="e"']) assert.equal(decode(`1${extension}\r\nx\r\n0${extension}\r\n\r\n`).event, CHUNK_END, extension)
  for (const extension of [' ;a', '; a', ';a =b', ';a= b', ';', ';=b', ';a=', ';a="b', ';a="\\""', ';a="b"c', ';a\n', ';a="\0"', ';a="b\n"', ';a\x80', ' ', '\t']) {
    assert.equal(decode(`1${extension}\r\nx\r\n0\r\n\r\n`).event, CHUNK_BROKEN, JSON.stringify(extension))
  }
})

test('extensions are bounded over the whole body', () => {
  const chunk = `1;${'a'.repeat(20)}\r\nx\r\n`
  assert.equal(decode(`${chunk.repeat(2)}0\r\n\r\n`).event, CHUNK_END)
  assert.equal(decode(`${chunk.repeat(4)}0\r\n\r\n`).event, CHUNK_BROKEN)
})

test('sizes that are not 1 to 8 hex digits, and content that does not end where it should, break the body', () => {
  for (const text of ['\r\n', '-1\r\n', '+1\r\n', '0x1\r\n', 'g\r\n', '000000001\r\nx\r\n', '1\nx', '1\rx', '1\r\r\n', '1\r\nxy', '1\r\nx\n', '1\r\nx\rz', '0\n', '0\r\n\n', '0\r\n\rx', '\x801']) {
    assert.equal(decode(text).event, CHUNK_BROKEN, JSON.stringify(text))
  }
  assert.equal(decode('FFFFFFFF\r\n').event, CHUNK_MORE)
})

test('trailers come out like header fields; those that steer anything do not, and those that frame break the body', () => {
  const ended = decode('0\r\nX-Sum: \t1\r\nSet-Cookie: a=b\r\nAuthorization: x\r\nY:2\r\n\r\n')
  assert.deepEqual(ended.trailers, ['x-sum', '1', 'y', '2'])
  assert.equal(decode('0\r\nCookie: x\r\n\r\n').trailers, null)
  for (const field of ['Content-Length: 5', 'Transfer-Encoding: chunked', 'Connection: close', 'Upgrade: x', 'X : y', ' X: y', 'X: \0', 'X']) {
    assert.equal(decode(`0\r\n${field}\r\n\r\n`).event, CHUNK_BROKEN, field)
  }
})

test('the trailer section is bounded in bytes and fields', () => {
  assert.equal(decode(`0\r\nX: ${'a'.repeat(300)}\r\n\r\n`).event, CHUNK_BROKEN)
  assert.equal(decode(`0\r\n${'a: b\r\n'.repeat(9)}\r\n`).event, CHUNK_BROKEN)
  assert.equal(decode(`0\r\n${'a: b\r\n'.repeat(8)}\r\n`).event, CHUNK_END)
})

test('any cut into packets gives the same content, end, trailers or refusal', () => {
  const part = fc.constantFrom('5\r\nhello\r\n', '1;a=b\r\nx\r\n', '10\r\n0123456789abcdef\r\n', '0\r\n', 'X: y\r\n', 'Z: 1\r\n', '\r\n', '\n', '\r', 'zz', '3\r\nabcd\r\n', ';a="q"', 'Host: x\r\n')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.array(fc.nat(90), { maxLength: 6 }), (parts, cuts) => {
      const text = parts.join('')
      const at = cuts.filter((cut) => cut <= text.length).toSorted((a, b) => a - b)
      const whole = decode(text)
      const cut = decode(text, at)
      const bytewise = decode(text, Array.from({ length: text.length }, (_, i) => i))
      assert.deepEqual(cut, whole)
      assert.deepEqual(bytewise, whole)
    }),
    { numRuns: 3_000 },
  )
})
