import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readAnswerHead, readTrailers } from './answer-head.ts'
import type { AnswerHead } from './answer-head.ts'
import { faults } from './fault.ts'

function good(text: string, method = 'GET'): AnswerHead {
  const head = readAnswerHead(text, method)
  assert.ok('headers' in head, JSON.stringify(head))
  return head
}

test('framing follows RFC 9112 section 6.3', () => {
  const table: [string, string, AnswerHead['framing'], boolean][] = [
    ['HTTP/1.1 200 OK', 'GET', 'close', false],
    ['HTTP/1.1 200', 'GET', 'close', false],
    ['HTTP/1.1 200 \r\nContent-Length: 3', 'GET', 'length', true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0', 'GET', 'none', true],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked', 'GET', 'chunked', true],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', 'HEAD', 'none', true],
    ['HTTP/1.1 200 OK', 'HEAD', 'none', true],
    ['HTTP/1.1 204 No Content', 'GET', 'none', true],
    ['HTTP/1.1 204 No Content\r\nContent-Length: 3', 'GET', 'none', false],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 3', 'GET', 'none', true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: Foo , CLOSE', 'GET', 'length', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 3', 'GET', 'length', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive', 'GET', 'length', true],
    ['HTTP/1.1 103 Early Hints\r\nLink: x', 'GET', 'none', true],
  ]
  for (const [text, method, framing, reusable] of table) {
    const head = good(text, method)
    assert.deepEqual([head.framing, head.reusable], [framing, reusable], text)
  }
})

test('what could be read in two ways is refused', () => {
  const table: [string, keyof typeof faults][] = [
    ['', 'badSyntax'],
    ['HTTP/1.1', 'badSyntax'],
    ['HTTP/1.2 200 OK', 'badSyntax'],
    ['HTTP/2.0 200 OK', 'badSyntax'],
    ['http/1.1 200 OK', 'badSyntax'],
    ['HTTP/1.1  200 OK', 'badSyntax'],
    ['HTTP/1.1 2x0 OK', 'badSyntax'],
    ['HTTP/1.1 20', 'badSyntax'],
    ['HTTP/1.1 2000 OK', 'badSyntax'],
    ['HTTP/1.1 099 OK', 'badStatus'],
    ['HTTP/1.1 600 OK', 'badStatus'],
    ['HTTP/1.1 200 O\nK', 'badField'],
    ['HTTP/1.1 200 OK\r\n X: folded', 'badSyntax'],
    ['HTTP/1.1 200 OK\r\nX: a\r\n b', 'badSyntax'],
    ['HTTP/1.1 200 OK\r\nX : a', 'badSyntax'],
    ['HTTP/1.1 200 OK\r\n: a', 'badSyntax'],
    ['HTTP/1.1 200 OK\r\nX', 'badSyntax'],
    ['HTTP/1.1 200 OK\r\nX\r\nY: 1', 'badSyntax'],
    ['HTTP/1.1 200 OK\nX: a', 'badField'],
    ['HTTP/1.1 200 OK\r\nX: a\nY: b', 'badField'],
    ['HTTP/1.1 200 OK\r\nX: a\rY: b', 'badField'],
    ['HTTP/1.1 200 OK\r\nX: \0', 'badField'],
    ['HTTP/1.1 200 OK\r\nContent-Length: ', 'badLength'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0x10', 'badLength'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1', 'badLength'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked', 'badLength'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 'badCoding'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: identity', 'badCoding'],
    ['HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked', 'badCoding'],
  ]
  for (const [text, fault] of table) assert.equal(readAnswerHead(text, 'GET'), faults[fault], JSON.stringify(text))
})

test('values keep inner blanks and lose outer ones; empty values are values', () => {
  assert.deepEqual(good('HTTP/1.1 200 OK\r\nA: \t x  y\t \r\nB:\r\nc:d').headers, ['a', 'x  y', 'b', '', 'c', 'd'])
})

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/).filter((name) => !/^(content-length|transfer-encoding|connection|keep-alive)$/i.test(name))
const value = fc.stringMatching(/^[\x21-\x7e\xa1-\xff]([\t\x20-\x7e\xa1-\xff]{0,20}[\x21-\x7e\xa1-\xff])?$/)

test('any list of proper fields is read back as it was written', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(token, value), { maxLength: 12 }), (fields) => {
      const text = `HTTP/1.1 200 OK\r\n${fields.map(([n, v]) => `${n}:  ${v} `).join('\r\n')}`.replace(/\r\n$/, '')
      assert.deepEqual(good(text).headers, fields.flatMap(([n, v]) => [n.toLowerCase(), v]))
    }),
    { numRuns: 300 },
  )
})

test('any bytes are either refused or give only clean fields', () => {
  const noise = fc.string({ unit: fc.constantFrom('H', 'T', 'P', '/', '1', '.', ' ', '2', '0', '\r', '\n', ':', 'a', '\0', '\t', '\x7f', '\xff', 'Content-Length', 'chunked', 'HTTP/1.1 200 OK\r\n') })
  fc.assert(
    fc.property(noise, fc.boolean(), (text, prefixed) => {
      const head = readAnswerHead(prefixed ? `HTTP/1.1 200 OK\r\n${text}` : text, 'GET')
      if (!('headers' in head)) return assert.ok(Object.values(faults).includes(head))
      for (const part of head.headers) assert.ok(!/[\r\n\0]/.test(part))
    }),
    { numRuns: 2_000 },
  )
})

test('trailers are read as strictly', () => {
  assert.deepEqual(readTrailers('X-Sum: 5\r\nY:z'), ['x-sum', '5', 'y', 'z'])
  assert.equal(readTrailers('X Sum: 5'), faults.badSyntax)
  assert.equal(readTrailers('X: 5\n6'), faults.badField)
})
