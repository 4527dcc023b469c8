import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readTrailers, RequestHead } from './request-head.ts'

const LIMITS = { requestLineBytes: 8_192, headBytes: 16_384, headerFields: 128 }
const plain = [':method', 'GET', ':scheme', 'https', ':authority', 'www.example.org', ':path', '/a?b=c']
const without = (name: string): string[] => plain.filter((_, i) => plain[i - (i % 2)] !== name)
const withValue = (name: string, value: string): string[] => plain.map((text, i) => (i % 2 === 1 && plain[i - 1] === name ? value : text))

function verdict(raw: readonly string[]): string | null {
  return new RequestHead().read(raw, 'https', LIMITS)
}

describe('HTTP/2 request head', () => {
  it('gives method, target, host and fields in order of arrival, with the authority as host', () => {
    const head = new RequestHead()
    assert.equal(head.read([...plain, 'user-agent', 'x', 'accept', 'a', 'accept', 'b', 'content-length', '12'], 'https', LIMITS), null)
    assert.deepEqual([head.method, head.target, head.host, head.contentLength], ['GET', '/a?b=c', 'www.example.org', 12])
    assert.deepEqual(head.headers, ['host', 'www.example.org', 'user-agent', 'x', 'accept', 'a', 'accept', 'b', 'content-length', '12'])
  })

  it('joins cookie crumbs where the first one stood', () => {
    const head = new RequestHead()
    assert.equal(head.read([...plain, 'cookie', 'a=1', 'x', 'y', 'cookie', 'b=2', 'cookie', 'c=3'], 'https', LIMITS), null)
    assert.deepEqual(head.headers.slice(2), ['cookie', 'a=1; b=2; c=3', 'x', 'y'])
  })

  it('takes the host field when there is no authority, and one that says the same', () => {
    const head = new RequestHead()
    assert.equal(head.read([...without(':authority'), 'host', 'WWW.example.org'], 'https', LIMITS), null)
    assert.equal(head.host, 'www.example.org')
    assert.equal(head.read([...plain, 'host', 'WWW.example.org'], 'https', LIMITS), null)
    assert.deepEqual(head.headers, ['host', 'www.example.org'])
  })

  it('takes OPTIONS *', () => {
    assert.equal(verdict([':method', 'OPTIONS', ':scheme', 'https', ':authority', 'a', ':path', '*']), null)
    assert.equal(verdict(withValue(':path', '*')), 'bad-request')
  })

  it('says what is too long, and how large it was', () => {
    const head = new RequestHead()
    assert.equal(head.read(withValue(':path', `/${'a'.repeat(9_000)}`), 'https', LIMITS), 'uri-too-long')
    assert.equal(head.read([...plain, 'x', 'y'.repeat(17_000)], 'https', LIMITS), 'header-too-large')
    assert.ok(head.fieldBytes > 17_000)
    assert.equal(verdict([...plain, ...Array.from({ length: 129 }, (_, i) => [`x-${i}`, 'y']).flat()]), 'header-too-large')
    assert.equal(verdict([...plain, ...Array.from({ length: 128 }, (_, i) => [`x-${i}`, 'y']).flat()]), null)
  })

  const bad: ReadonlyArray<readonly [name: string, raw: readonly string[], reason?: string]> = [
    ['no method', without(':method')],
    ['no path', without(':path')],
    ['no scheme', without(':scheme')],
    ['neither authority nor host', without(':authority')],
    ['a method twice', [':method', 'GET', ...plain]],
    ['a path twice', [':path', '/', ...plain]],
    ['an authority twice', [':authority', 'www.example.org', ...plain]],
    ['a scheme twice', [':scheme', 'https', ...plain]],
    ['another scheme', withValue(':scheme', 'http')],
    ['a scheme with a request in it', withValue(':scheme', 'https://a/ HTTP/1.1\r\n')],
    ['a method with a line break', withValue(':method', 'GET / HTTP/1.1\r\nX: y'), 'method-not-allowed'],
    ['an unknown method', withValue(':method', 'G3T'), 'method-not-allowed'],
    ['a lower-case method', withValue(':method', 'get'), 'method-not-allowed'],
    ['CONNECT', [':method', 'CONNECT', ':authority', 'www.example.org:443'], 'method-not-allowed'],
    ['an empty path', withValue(':path', '')],
    ['a path without slash', withValue(':path', 'a')],
    ['an absolute path', withValue(':path', 'https://other.example/')],
    ['a path with a space', withValue(':path', '/a b')],
    ['a path with a line break', withValue(':path', '/ HTTP/1.1\r\nhost: x\r\n\r\n')],
    ['a path with NUL', withValue(':path', '/\0')],
    ['a path beyond ASCII', withValue(':path', '/\xe4')],
    ['a path with a fragment', withValue(':path', '/a#b')],
    ['an authority with a user', withValue(':authority', 'u@www.example.org')],
    ['an authority with a path', withValue(':authority', 'www.example.org/x')],
    ['an authority with a space', withValue(':authority', 'www.example.org x')],
    ['an empty authority', withValue(':authority', '')],
    ['a host that differs from the authority', [...plain, 'host', 'other.example']],
    ['a host twice', [...plain, 'host', 'www.example.org', 'host', 'www.example.org']],
    ['a host twice without authority', [...without(':authority'), 'host', 'a', 'host', 'a']],
    ['an unknown pseudo field', [':protocol', 'websocket', ...plain]],
    ['a pseudo field after others', [...plain.slice(0, 6), 'x', 'y', ':path', '/']],
    ['an upper-case name', [...plain, 'X-A', 'y']],
    ['an empty name', [...plain, '', 'y']],
    ['a name with a colon', [...plain, 'x:', 'y']],
    ['a name with a space', [...plain, 'x ', 'y']],
    ['a name with a line break', [...plain, 'x\r\ny', 'z']],
    ['a value with CR', [...plain, 'x', 'a\rb']],
    ['a value with LF', [...plain, 'x', 'a\nb']],
    ['a value with NUL', [...plain, 'x', 'a\0b']],
    ['a value with another control', [...plain, 'x', 'a\x7f']],
    ['a value with a space in front', [...plain, 'x', ' a']],
    ['a value with a tab behind', [...plain, 'x', 'a\t']],
    ['transfer-encoding', [...plain, 'transfer-encoding', 'chunked']],
    ['connection', [...plain, 'connection', 'close']],
    ['keep-alive', [...plain, 'keep-alive', 'x']],
    ['proxy-connection', [...plain, 'proxy-connection', 'x']],
    ['upgrade', [...plain, 'upgrade', 'h2c']],
    ['te other than trailers', [...plain, 'te', 'gzip']],
    ['content-length twice', [...plain, 'content-length', '1', 'content-length', '1']],
    ['content-length as a list', [...plain, 'content-length', '1, 1']],
    ['content-length with a sign', [...plain, 'content-length', '+1']],
    ['an empty content-length', [...plain, 'content-length', '']],
    ['an expectation we cannot meet', [...plain, 'expect', 'magic'], 'expectation-failed'],
  ]
  for (const [name, raw, reason] of bad) {
    it(`refuses ${name}`, () => {
      assert.equal(verdict(raw), reason ?? 'bad-request')
    })
  }

  it('whatever is accepted can be written as one HTTP/1 message and no more', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'B', '/', '*', ' ', '\r', '\n', '\0', ':', '\t', ',', '\xff', '#', '?', '0', '@', '\x7f') })
    const name = fc.oneof(text, fc.constantFrom(':method', ':path', ':scheme', ':authority', 'host', 'cookie', 'te', 'content-length', 'x', 'transfer-encoding'))
    const value = fc.oneof(text, fc.constantFrom('GET', '/', 'https', 'www.example.org', 'trailers', '5'))
    fc.assert(
      fc.property(fc.boolean(), fc.array(fc.tuple(name, value), { maxLength: 8 }), (startGood, pairs) => {
        const head = new RequestHead()
        if (head.read([...(startGood ? plain : []), ...pairs.flat()], 'https', LIMITS) !== null) return
        let message = `${head.method} ${head.target} HTTP/1.1\r\n`
        for (let i = 0; i < head.headers.length; i += 2) message += `${head.headers[i]}: ${head.headers[i + 1]}\r\n`
        message += '\r\n'
        assert.match(message, /^[A-Z]+ (?:\/[!-~]*|\*) HTTP\/1\.1\r\n(?:[!-9;-@[-~]+: [\t -~\x80-\xff]*\r\n)*\r\n$/)
        assert.equal(head.headers.filter((one, i) => i % 2 === 0 && one === 'host').length, 1)
        assert.equal(message.includes('transfer-encoding'), false)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('HTTP/2 trailers', () => {
  it('are passed on in order', () => {
    assert.deepEqual(readTrailers(['x-sum', 'abc', 'grpc-status', '0']), ['x-sum', 'abc', 'grpc-status', '0'])
  })

  it('must not frame, route or authenticate', () => {
    for (const name of ['content-length', 'host', ':path', 'transfer-encoding', 'authorization', 'cookie', 'Upper', 'x y']) assert.equal(readTrailers([name, 'x']), null, name)
    assert.equal(readTrailers(['x', 'a\r\nb']), null)
  })
})
