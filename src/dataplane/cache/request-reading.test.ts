import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cookieClassOf, withoutIgnoredCookies } from './cookies.ts'
import { listMatches, stronglyEqual, weaklyEqual } from './entity-tag.ts'
import { keysToInvalidate } from './invalidation.ts'
import { canonicalTarget, primaryKey } from './key.ts'
import { headersForStorableFetch } from './origin-request.ts'
import { compileCachePolicy } from './policy.ts'
import { parseRanges } from './range.ts'
import { canonicalAcceptEncoding, canonicalAcceptLanguage, varyKeyOf, varyNamesOf } from './vary.ts'

const policy = compileCachePolicy()
const listed = compileCachePolicy({}, { queryKeys: ['q', 'page'], dropUnknownQueryKeys: true, sortQueryKeys: true })

function canonical(target: string, used = listed): string {
  const mark = target.indexOf('?')
  return canonicalTarget(target, mark === -1 ? target : target.slice(0, mark), mark === -1 ? '' : target.slice(mark + 1), used)
}

test('the key keeps every byte of the path: encodings, dots, slashes, semicolons and case are different pages', () => {
  const paths = ['/a/b', '/a%2Fb', '/a%2fb', '/a//b', '/a/./b', '/a/../b', '/a;x/b', '/A/b', '/a/b/', '/a/b%00', '/a/b?', '/a/b#']
  const keys = new Set(paths.map((path) => primaryKey('http', 'example.org', canonical(path, policy))))
  assert.equal(keys.size, paths.length)
})

test('host and scheme are part of the key', () => {
  assert.notEqual(primaryKey('http', 'a.example', '/'), primaryKey('https', 'a.example', '/'))
  assert.notEqual(primaryKey('http', 'a.example', '/'), primaryKey('http', 'b.example', '/'))
})

test('query keys that are not listed are dropped and the rest sorted, values of one key in their order', () => {
  assert.equal(canonical('/s?x=1&q=b&page=2&q=a'), '/s?page=2&q=b&q=a')
  assert.equal(canonical('/s?1234567890'), '/s')
  assert.equal(canonical('/s?Q=1&%71=2'), '/s')
  assert.equal(canonical('/s?x=1', policy), '/s?x=1')
})

test('reducing a target twice changes nothing more', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('q', 'page', 'x', '', 'Q', '%71'), fc.string({ maxLength: 4 })), { maxLength: 6 }), (pairs) => {
      const once = canonical(`/s?${pairs.map(([key, value]) => `${key}=${value.replace(/[&?#]/g, '_')}`).join('&')}`)
      assert.equal(canonical(once), once)
    }),
  )
})

test('cookies: analytics do not count, session names and unknown names do', () => {
  assert.equal(cookieClassOf([], policy), 'none')
  assert.equal(cookieClassOf(['cookie', '_ga=GA1; _pk_id.1=x; ; '], policy), 'none')
  assert.equal(cookieClassOf(['cookie', '_ga=1; theme=dark'], policy), 'other')
  for (const name of ['PHPSESSID', 'JSESSIONID', 'connect.sid', 'wordpress_logged_in_1', '__Host-x', 'auth_token', 'laravel_session', 'ASP.NET_SessionId']) {
    assert.equal(cookieClassOf(['cookie', `theme=dark; ${name}=1`], policy), 'session', name)
  }
  assert.equal(cookieClassOf(['cookie', 'theme=dark', 'cookie', 'sid=1'], policy), 'session')
  assert.equal(cookieClassOf(['cookie', 'lonely'], policy), 'other')
})

test('what is left of a cookie header after the ignored ones are gone is as it was', () => {
  assert.equal(withoutIgnoredCookies('_ga=1; theme=dark; _gid=2; a="b; c"', policy), 'theme=dark; a="b; c"')
  assert.equal(withoutIgnoredCookies('_ga=1', policy), '')
})

test('a request whose answer may be stored carries nothing that the key does not say', () => {
  const asked = ['host', 'x', 'x-forwarded-host', 'evil', 'x-original-url', '/admin', 'if-none-match', '"a"', 'range', 'bytes=0-1', 'cookie', '_ga=1', 'accept-encoding', 'gzip;q=0.8, br', 'user-agent', 'u']
  const sent = headersForStorableFetch(asked, null, false, policy)
  assert.deepEqual(sent, ['host', 'x', 'user-agent', 'u', 'accept-encoding', 'br, gzip', 'surrogate-capability', 'polder="Surrogate/1.0"'])
})

test('a fetch in nobody’s name carries no cookie, no credentials and no referer', () => {
  const sent = headersForStorableFetch(['cookie', 'sid=1', 'authorization', 'Basic x', 'referer', 'http://a/', 'accept', '*/*'], null, true, policy)
  for (const name of ['cookie', 'authorization', 'referer']) assert.ok(!sent.includes(name), name)
})

test('Accept-Encoding has eight spellings, and q=0 is a refusal', () => {
  assert.equal(canonicalAcceptEncoding('gzip, deflate, br, zstd'), 'zstd, br, gzip')
  assert.equal(canonicalAcceptEncoding('gzip;q=0, br'), 'br')
  assert.equal(canonicalAcceptEncoding('*'), 'zstd, br, gzip')
  assert.equal(canonicalAcceptEncoding('*;q=0, gzip'), 'gzip')
  assert.equal(canonicalAcceptEncoding('*, br;q=0'), 'zstd, gzip')
  assert.equal(canonicalAcceptEncoding(undefined), 'identity')
  fc.assert(fc.property(fc.string(), (text) => canonicalAcceptEncoding(canonicalAcceptEncoding(text)) === canonicalAcceptEncoding(text)))
})

test('Accept-Language is equal up to case, space and order within a weight; another weight is another value', () => {
  assert.equal(canonicalAcceptLanguage('en, de'), canonicalAcceptLanguage('de,EN'))
  assert.notEqual(canonicalAcceptLanguage('en, de;q=0.5'), canonicalAcceptLanguage('de, en;q=0.5'))
  assert.equal(canonicalAcceptLanguage('de-CH,de;q=0.9,en;q=0.8'), 'de-ch,de;q=0.9,en;q=0.8')
  fc.assert(fc.property(fc.string(), (text) => canonicalAcceptLanguage(canonicalAcceptLanguage(text)) === canonicalAcceptLanguage(text)))
})

test('Vary: names are read from all lines, a star anywhere means never', () => {
  assert.deepEqual(varyNamesOf(['vary', 'B, a', 'vary', 'b,']), ['a', 'b'])
  assert.equal(varyNamesOf(['vary', '', 'vary', '*']), null)
  assert.deepEqual(varyNamesOf([]), [])
})

test('a missing selecting header differs from an empty one; several lines are one value', () => {
  assert.notEqual(varyKeyOf(['foo'], [], policy), varyKeyOf(['foo'], ['foo', ''], policy))
  assert.equal(varyKeyOf(['foo'], ['foo', '1', 'foo', '2'], policy), varyKeyOf(['foo'], ['foo', ' 1,2'.trim()], policy))
  assert.notEqual(varyKeyOf(['cookie'], ['cookie', 'a=1'], policy), varyKeyOf(['cookie'], ['cookie', 'a=2'], policy))
})

test('two selecting headers cannot be confused with each other', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
      const clean = [a, b, c, d].map((text) => text.replace(/[\n\r\0]/g, '').replace(/[\s,"]/g, '_'))
      const left = varyKeyOf(['x', 'y'], ['x', clean[0], 'y', clean[1]], policy)
      const right = varyKeyOf(['x', 'y'], ['x', clean[2], 'y', clean[3]], policy)
      assert.equal(left === right, clean[0] === clean[2] && clean[1] === clean[3])
    }),
  )
})

test('entity tags: weak and strong comparison as in RFC 9110, commas within quotes', () => {
  assert.ok(weaklyEqual('W/"1"', '"1"'))
  assert.ok(!stronglyEqual('W/"1"', 'W/"1"'))
  assert.ok(stronglyEqual('"1"', '"1"'))
  assert.ok(listMatches('"a,b", W/"c"', '"c"'))
  assert.ok(listMatches('"a,b"', '"a,b"'))
  assert.ok(!listMatches('"a,b"', '"b"'))
  assert.ok(listMatches('*', ''))
  assert.ok(!listMatches('"a"', ''))
})

test('ranges: single, open, suffix, several; nonsense is the whole; abuse and nothing satisfiable is refused', () => {
  assert.deepEqual(parseRanges('bytes=0-1', 10, 4), [{ first: 0, last: 1 }])
  assert.deepEqual(parseRanges('bytes=8-', 10, 4), [{ first: 8, last: 9 }])
  assert.deepEqual(parseRanges('bytes=-3', 10, 4), [{ first: 7, last: 9 }])
  assert.deepEqual(parseRanges('bytes=-30', 10, 4), [{ first: 0, last: 9 }])
  assert.deepEqual(parseRanges('bytes=0-0, 5-9', 10, 4), [{ first: 0, last: 0 }, { first: 5, last: 9 }])
  for (const text of ['items=0-1', 'bytes=', 'bytes=a-b', 'bytes=5-2', 'bytes=-', 'nonsense']) assert.equal(parseRanges(text, 10, 4), 'whole', text)
  for (const text of ['bytes=10-', 'bytes=-0', 'bytes=0-5,3-9', 'bytes=0-,0-', 'bytes=0-0,2-2,4-4,6-6,8-8', `bytes=${'0-,'.repeat(1_000)}`]) {
    assert.equal(parseRanges(text, 10, 4), 'refused', text.slice(0, 40))
  }
})

test('ranges never reach outside the content and never overlap', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), fc.array(fc.tuple(fc.option(fc.nat(60)), fc.option(fc.nat(60))), { maxLength: 6 }), (length, specs) => {
      const chosen = parseRanges(`bytes=${specs.map(([a, b]) => `${a ?? ''}-${b ?? ''}`).join(',')}`, length, 4)
      if (typeof chosen === 'string') return
      assert.ok(chosen.length <= 4)
      let total = 0
      for (const { first, last } of chosen) {
        assert.ok(first >= 0 && first <= last && last < length)
        total += last - first + 1
      }
      assert.ok(total <= length)
    }),
  )
})

test('an unsafe method touches its own address and same-host Location and Content-Location, only on success', () => {
  const headers = ['location', '/b', 'content-location', 'http://example.org/c?x']
  assert.deepEqual(keysToInvalidate('POST', 'http', 'example.org', '/a', 303, headers), ['http://example.org/a', 'http://example.org/b', 'http://example.org/c?x'])
  assert.deepEqual(keysToInvalidate('M-SEARCH', 'http', 'example.org', '/a', 200, []), ['http://example.org/a'])
  assert.deepEqual(keysToInvalidate('POST', 'http', 'example.org', '/a', 500, headers), [])
  assert.deepEqual(keysToInvalidate('GET', 'http', 'example.org', '/a', 200, headers), [])
  assert.deepEqual(keysToInvalidate('PUT', 'http', 'example.org', '/a', 201, ['location', 'https://other.example/x', 'content-location', '//evil.example/']), ['http://example.org/a'])
})
