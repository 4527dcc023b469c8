import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HEAD_COMPLETE, HEAD_INCOMPLETE, HEAD_REFUSED, RequestHead, namesToken } from './request-head.ts'

const limits = { requestLineBytes: 8_192, headBytes: 16_384, headerFields: 128 }

function parse(text: string, bounds = limits): { result: number; head: RequestHead } {
  const head = new RequestHead()
  const bytes = Buffer.from(text, 'latin1')
  return { result: head.parse(bytes, 0, bytes.length, bounds), head }
}

function accepted(text: string): RequestHead {
  const { result, head } = parse(text)
  assert.equal(result, HEAD_COMPLETE, `${JSON.stringify(text)} refused with ${head.status} ${head.reason}`)
  return head
}

function refused(text: string, status: number, reason: string, bounds = limits): void {
  const { result, head } = parse(text, bounds)
  assert.equal(result, HEAD_REFUSED, `${JSON.stringify(text.slice(0, 200))} was not refused`)
  assert.deepEqual([head.status, head.reason], [status, reason], JSON.stringify(text.slice(0, 200)))
}

const withFields = (fields: string) => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`

test('a plain head gives method, target, host and fields in order, names in lower case, values without outer white space', () => {
  const head = accepted('GET /a?b=c HTTP/1.1\r\nHost: Example.ORG:8080\r\nX-Own: \t y z \t\r\nUSER-AGENT: \xfc\r\nEmpty:\r\n\r\nrest')
  assert.equal(head.method, 'GET')
  assert.equal(head.target, '/a?b=c')
  assert.equal(head.host, 'example.org:8080')
  assert.deepEqual(head.headers, ['host', 'Example.ORG:8080', 'x-own', 'y z', 'user-agent', '\xfc', 'empty', ''])
  assert.equal(head.contentLength, -1)
  assert.equal(head.keepAlive, true)
})

test('names next to known ones are not taken for them', () => {
  const head = accepted(withFields('Hos: 1\r\nHostx: 2\r\nX-Content-Length: 5\r\nContent-Lengt: 5\r\nContent_Length: 5\r\n'))
  assert.deepEqual(head.headers.filter((_, i) => i % 2 === 0), ['host', 'hos', 'hostx', 'x-content-length', 'content-lengt', 'content_length'])
  assert.equal(head.contentLength, -1)
})

test('one empty line before the request line is forgiven, a second one is not', () => {
  accepted('\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')
  refused('\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad-request')
  refused('\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad-request')
})

test('whatever two parsers could read differently is refused with 400', () => {
  for (const text of [
    'GET / HTTP/1.1\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\rHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n\n',
    'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1 \r\nHost: a\r\n\r\n',
    'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /\x0b HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET a HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /\r\n\r\n',
    'GET / HTTP/1\r\nHost: a\r\n\r\n',
    'GET / http/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/11.1\r\nHost: a\r\n\r\n',
    ' GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n',
    withFields('X : y\r\n'),
    withFields('X\t: y\r\n'),
    withFields(' X: y\r\n'),
    withFields('X: y\r\n z\r\n'),
    withFields(': y\r\n'),
    withFields('X\r\n'),
    withFields('X(Y): z\r\n'),
    withFields('X\xe4: z\r\n'),
    withFields('X: y\0z\r\n'),
    withFields('X: y\x01\r\n'),
    withFields('X: y\x7f\r\n'),
    withFields('X: y\rz: 1\r\n'),
  ]) refused(text, 400, 'bad-request')
})

test('lengths that are not one plain number are refused', () => {
  for (const length of ['', '+5', '-5', '5,5', '5, 5', '0x5', '5.0', '5e0', '5 5', '1234567890123456', '５']) refused(withFields(`Content-Length: ${length}\r\n`), 400, 'bad-request')
  refused(withFields('Content-Length: 5\r\nContent-Length: 5\r\n'), 400, 'bad-request')
  assert.equal(accepted(withFields('Content-Length: 123456789012345\r\n')).contentLength, 123_456_789_012_345)
  assert.equal(accepted(withFields('content-length:0\r\n')).contentLength, 0)
})

test('only chunked alone is taken as transfer coding: others 501, tricks 400, with a length 400, in HTTP/1.0 400', () => {
  assert.equal(accepted(withFields('Transfer-Encoding: Chunked\r\n')).chunked, true)
  for (const coding of ['gzip', 'gzip, chunked', 'zstd,chunked', 'cow']) refused(withFields(`Transfer-Encoding: ${coding}\r\n`), 501, 'bad-request')
  for (const coding of ['', 'chunked, chunked', 'chunked, gzip', 'identity', 'identity, chunked', 'chunked;q=1', '"chunked"', ',chunked', 'chunk ed', 'chunked ', 'chunked\t']) {
    refused(withFields(`Transfer-Encoding: ${coding}\r\n`), 400, 'bad-request')
  }
  refused(withFields('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'), 400, 'bad-request')
  refused(withFields('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'), 400, 'bad-request')
  refused(withFields('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n'), 400, 'bad-request')
  refused('POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', 400, 'bad-request')
})

test('versions other than 1.0 and 1.1 get 505, unknown methods 501, CONNECT and TRACE 405', () => {
  for (const version of ['0.9', '1.2', '2.0', '3.1']) refused(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`, 505, 'version-not-supported')
  for (const method of ['get', 'FOO', 'GETT', 'PRI', 'UNSUBSCRIBER']) refused(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`, 501, 'method-not-allowed')
  refused('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 405, 'method-not-allowed')
  refused('TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 405, 'method-not-allowed')
})

test('hosts are a name or an address with an optional port', () => {
  for (const host of ['a', 'www.example.org', 'EXAMPLE.org.', '127.0.0.1:80', '[::1]', '[2001:DB8::1]:8443', 'a_b-c', 'a'.repeat(255)]) {
    assert.equal(accepted(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).host, host.toLowerCase())
  }
  for (const host of ['', 'a b', 'a,b', 'a:', 'a:b', 'a:65536', 'a:000080', ':80', '[::1', '::1', '[::1]x', '[::1%25eth0]', '[v1.a]', 'a@b', 'a/b', 'a%20', 'ä', '[]', 'a'.repeat(300)]) {
    refused(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400, 'bad-request')
  }
})

test('the host of one request is never given to another that writes it differently', () => {
  assert.equal(accepted('GET / HTTP/1.1\r\nHost: A.example\r\n\r\n').host, 'a.example')
  assert.equal(accepted('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n').host, 'a.example')
  assert.equal(accepted('GET / HTTP/1.1\r\nHost: b.example\r\n\r\n').host, 'b.example')
  assert.equal(accepted('GET / HTTP/1.1\r\nHost: A.example\r\n\r\n').host, 'a.example')
})

test('absolute-form is reduced to origin-form and its authority replaces Host', () => {
  const head = accepted('GET http://B.example:81/x?y HTTP/1.1\r\nHost: a\r\nX: z\r\n\r\n')
  assert.equal(head.target, '/x?y')
  assert.equal(head.host, 'b.example:81')
  assert.deepEqual(head.headers, ['host', 'B.example:81', 'x', 'z'])
  assert.equal(accepted('GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n').target, '/')
  assert.equal(accepted('GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n').target, '/?q')
  assert.equal(accepted('OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n').target, '*')
  assert.deepEqual(accepted('GET http://b/ HTTP/1.0\r\n\r\n').headers, ['host', 'b'])
  for (const target of ['http://', 'http:///x', 'http://u@b/', 'ftp://b/', 'http://b,c/', 'http:/b', 'b:80']) refused(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, 400, 'bad-request')
  refused('GET http://b/ HTTP/1.1\r\n\r\n', 400, 'bad-request')
})

test('connection options, upgrade, expectation and TE are understood', () => {
  assert.equal(accepted(withFields('Connection: Keep-Alive, Close\r\n')).keepAlive, false)
  assert.equal(accepted(withFields('Connection: x ,close\r\n')).keepAlive, false)
  assert.equal(accepted(withFields('Connection: closed\r\n')).keepAlive, true)
  assert.equal(accepted('GET / HTTP/1.0\r\n\r\n').keepAlive, false)
  assert.equal(accepted('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n').keepAlive, true)
  assert.equal(accepted('GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n').keepAlive, false)
  assert.equal(accepted(withFields('Connection: Upgrade\r\nUpgrade: websocket\r\n')).upgrade, 'websocket')
  assert.equal(accepted(withFields('Upgrade: websocket\r\n')).upgrade, '')
  assert.equal(accepted(withFields('Expect: 100-Continue\r\nContent-Length: 5\r\n')).expectContinue, true)
  assert.equal(accepted(withFields('Expect: 100-continue\r\n')).expectContinue, false)
  assert.equal(accepted(withFields('TE: gzip;q=0.5, trailers\r\n')).takesTrailers, true)
  refused(withFields('Expect: 200-ok\r\n'), 417, 'expectation-failed')
  assert.equal(namesToken('a, close-to', 'close'), false)
})

test('limits: a long request line is 414, a long head or too many fields 431, at the limit all is well', () => {
  const line = (bytes: number) => `GET /${'a'.repeat(bytes - 16)} HTTP/1.1\r\n`
  accepted(`${line(8_192)}Host: a\r\n\r\n`)
  refused(`${line(8_193)}Host: a\r\n\r\n`, 414, 'uri-too-long')
  refused(`GET /${'a'.repeat(9_000)}`, 414, 'uri-too-long')
  const start = 'GET / HTTP/1.1\r\nHost: a\r\nX: '
  accepted(`${start}${'y'.repeat(16_384 - start.length - 4)}\r\n\r\n`)
  refused(`${start}${'y'.repeat(16_385 - start.length - 4)}\r\n\r\n`, 431, 'header-too-large')
  accepted(`GET / HTTP/1.1\r\nHost: a\r\n${'x: y\r\n'.repeat(127)}\r\n`)
  refused(`GET / HTTP/1.1\r\nHost: a\r\n${'x: y\r\n'.repeat(128)}\r\n`, 431, 'header-too-large')
})

test('a head that is not whole is incomplete at every byte, then complete, and leaves what follows alone', () => {
  const text = 'OPTIONS http://b/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n'
  const bytes = Buffer.from(`${text}abc`)
  const head = new RequestHead()
  for (let end = 0; end < text.length; end++) assert.equal(head.parse(bytes, 0, end, limits), HEAD_INCOMPLETE, `at ${end}`)
  assert.equal(head.parse(bytes, 0, text.length, limits), HEAD_COMPLETE)
  assert.equal(head.end, text.length)
})

test('the verdict on any bytes is that of the shortest beginning that has one, so packets cannot change it', () => {
  const piece = fc.constantFrom('GET ', 'POST ', '/', '/a#', ' HTTP/1.1\r\n', ' HTTP/1.2\r\n', 'Host: a\r\n', 'Host: b,c\r\n', 'X: y\r\n', 'X : y\r\n', '\r\n', '\n', '\r', ' ', '\0', 'Content-Length: 5\r\n', 'a'.repeat(40), ':')
  const small = { requestLineBytes: 64, headBytes: 160, headerFields: 4 }
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const bytes = Buffer.from(pieces.join(''), 'latin1')
      const verdict = (end: number) => {
        const head = new RequestHead()
        const result = head.parse(bytes, 0, end, small)
        return result === HEAD_REFUSED ? `${head.status} ${head.reason}` : result === HEAD_COMPLETE ? `${head.end} ${head.target} ${head.headers.join()}` : ''
      }
      const whole = verdict(bytes.length)
      let first = ''
      for (let end = 0; end <= bytes.length && first === ''; end++) first = verdict(end)
      assert.equal(whole, first)
    }),
    { numRuns: 3_000 },
  )
})
