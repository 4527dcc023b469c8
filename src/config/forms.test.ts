import assert from 'node:assert/strict'
import { isIPv6 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { CidrSet } from '../kernel/cidr-set.ts'
import { expandIpv6, parseAddress, parseHost, parseOriginUrl, parsePathGlob, parsePrefix, parseTime } from './forms.ts'
import { Refusal } from './refusal.ts'

test('an address is host and port; only a port means every address of both families', () => {
  assert.deepEqual(parseAddress('127.0.0.1:8080'), { text: '127.0.0.1:8080', host: '127.0.0.1', port: 8080 })
  assert.deepEqual(parseAddress('[::1]:8080'), { text: '[::1]:8080', host: '::1', port: 8080 })
  assert.deepEqual(parseAddress(':8443'), { text: ':8443', host: '::', port: 8443 })
  assert.deepEqual(parseAddress('*:8443'), { text: ':8443', host: '::', port: 8443 })
  assert.deepEqual(parseAddress('127.0.0.1:0'), { text: '127.0.0.1:0', host: '127.0.0.1', port: 0 })
})

test('a prefix always has its length and one spelling', () => {
  assert.equal(parsePrefix('192.0.2.7'), '192.0.2.7/32')
  assert.equal(parsePrefix('192.0.2.0/24'), '192.0.2.0/24')
  assert.equal(parsePrefix('2001:DB8:0:0::/32'), '2001:db8::/32')
  assert.equal(parsePrefix('::/0'), '::/0')
  assert.equal(parsePrefix('0.0.0.0/0'), '0.0.0.0/0')
})

test('every prefix that is accepted is one the matcher accepts', () => {
  const anyPrefix = fc.oneof(fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 33 })), fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 129 }))).map(([address, bits]) => `${address}/${bits}`)
  fc.assert(
    fc.property(anyPrefix, (text) => {
      const first = parsePrefix(text)
      const mended = first instanceof Refusal ? /did you mean (\S+) \(the network\)/.exec(first.mend)?.[1] : first
      if (mended === undefined) return
      assert.equal(parsePrefix(mended), mended, 'what the mend names is accepted')
      assert.doesNotThrow(() => new CidrSet([mended]))
    }),
  )
})

test('the groups of an IPv6 address do not depend on its spelling', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
      const text = groups.map((group) => group.toString(16)).join(':')
      assert.ok(isIPv6(text))
      assert.deepEqual(expandIpv6(text), groups)
    }),
  )
})

test('a host is lower case and ASCII, without a port', () => {
  assert.equal(parseHost('WWW.Parliament.Example'), 'www.parliament.example')
  assert.equal(parseHost('www.parliament.example.'), 'www.parliament.example')
  assert.equal(parseHost('*.parliament.example'), '*.parliament.example')
  assert.equal(parseHost('münchen.example'), 'xn--mnchen-3ya.example')
  assert.equal(parseHost('127.0.0.1'), '127.0.0.1')
  for (const bad of ['', ' ', 'a b', 'a/b', 'a..b', '-a.example', 'a.*', '**.a', 'a:b:c', 'x'.repeat(64)]) assert.ok(parseHost(bad) instanceof Refusal, bad)
})

test('an origin is scheme, host and port and nothing else', () => {
  assert.equal(parseOriginUrl('http://127.0.0.1:8090/'), 'http://127.0.0.1:8090')
  assert.equal(parseOriginUrl('HTTPS://Origin.Example'), 'https://origin.example')
  for (const bad of ['127.0.0.1', 'http://', 'ftp://a', 'http://a/b', 'http://a?b', 'http://a#b', 'http://u@a', 'http://a:0', 'javascript://a']) assert.ok(parseOriginUrl(bad) instanceof Refusal, bad)
})

test('a path pattern can match a path', () => {
  for (const good of ['/', '/a*', '*', '*.pdf', '/%C3%9F']) assert.equal(parsePathGlob(good), good)
  assert.equal(parsePathGlob('/a/**'), '/a/*')
  for (const bad of ['', 'a', '/a?b', '/a b', '/ß', 'http://a/b', '/a#b']) assert.ok(parsePathGlob(bad) instanceof Refusal, bad)
})

test('a time names its zone and exists', () => {
  assert.equal(parseTime('2026-12-01T18:00:00Z'), Date.UTC(2026, 11, 1, 18))
  assert.equal(parseTime('2026-12-01T19:00+01:00'), Date.UTC(2026, 11, 1, 18))
  assert.equal(parseTime('2028-02-29 00:00:30-0130'), Date.UTC(2028, 1, 29, 1, 30, 30))
  for (const bad of ['2026-12-01', '2026-12-01T18:00', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-12-01T24:01:00Z', '2026-12-01T00:00:00+15:00', 'soon', 5]) assert.ok(parseTime(bad) instanceof Refusal, String(bad))
})

test('no text makes a parser throw', () => {
  const nasty = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.anything(), fc.webUrl(), fc.ipV6().map((address) => `[${address}]:80`))
  fc.assert(
    fc.property(nasty, (raw) => {
      for (const parse of [parseAddress, parsePrefix, parseHost, parseOriginUrl, parsePathGlob, parseTime]) parse(raw)
    }),
    { numRuns: 500 },
  )
})
