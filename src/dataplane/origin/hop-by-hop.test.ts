import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { combinedValue, firstValue, hasHeader } from '../../kernel/header-list.ts'
import { answerHeaders, isLoop, requestHeaders, trailerFields } from './hop-by-hop.ts'
import type { HeaderPolicy } from './hop-by-hop.ts'
import { RecordingSink, callOf } from './origin.testing.ts'

const policy: HeaderPolicy = {
  viaName: 'polder-0a1b2c3d', sendVia: true, hostOverride: '', sendForwarded: false, dropUnderscoreNames: true, hideAnswerFields: new Set(['alt-svc']),
}
const sink = new RecordingSink()
const dress = (headers: string[], over: Parameters<typeof callOf>[1] = {}, changed: Partial<HeaderPolicy> = {}) =>
  requestHeaders(callOf(sink, { headers, ...over }), { ...policy, ...changed })

test('hop-by-hop fields and those Connection names end here', () => {
  const out = dress([
    'connection', 'keep-alive, X-Mine , close', 'x-mine', '1', 'keep-alive', 'timeout=5', 'proxy-connection', 'keep-alive', 'proxy-authorization', 'Basic x', 'transfer-encoding', 'chunked',
    'content-length', '5', 'upgrade', 'h2c', 'http2-settings', 'x', 'trailer', 'x', 'te', 'gzip', 'expect', '100-continue', 'proxy', 'http://evil', 'host', 'evil', 'x-kept', '1',
  ])
  assert.deepEqual(out, [
    'host', 'www.example.org', 'x-kept', '1', 'x-forwarded-for', '192.0.2.7', 'x-forwarded-proto', 'https', 'x-forwarded-host', 'www.example.org',
    'via', '1.1 polder-0a1b2c3d', 'x-request-id', '0123456789abcdef0123456789abcdef',
  ])
})

test('Connection cannot take away what caches and the origin decide by, nor what we add', () => {
  const named = 'cookie, authorization, accept-language, range, x-forwarded-for, x-request-id, via, host'
  const out = dress(['connection', named, 'cookie', 'a=1', 'authorization', 'b', 'accept-language', 'nl', 'range', 'bytes=0-1'])
  for (const name of ['cookie', 'authorization', 'accept-language', 'range', 'x-forwarded-for', 'x-request-id', 'via', 'host']) assert.ok(hasHeader(out, name), name)
})

test('TE is reduced to trailers and named by Connection', () => {
  const out = dress(['te', 'gzip;q=0.5, Trailers'])
  assert.equal(combinedValue(out, 'te'), 'trailers')
  assert.equal(combinedValue(out, 'connection'), 'te')
})

test('a visitor\'s forwarding fields never pass, whatever their name', () => {
  const forged = ['forwarded', 'for=6.6.6.6', 'x-forwarded-for', '6.6.6.6', 'x-forwarded-proto', 'http', 'x-forwarded-host', 'evil', 'x-forwarded-port', '1', 'x-forwarded-prefix', '/evil', 'x-real-ip', '6.6.6.6',
    'true-client-ip', '6.6.6.6', 'cf-connecting-ip', '6.6.6.6', 'x-original-url', '/admin', 'x-rewrite-url', '/admin', 'x_forwarded_for', '6.6.6.6', 'x-request-id', 'forged']
  const text = dress(forged, {}, { sendForwarded: true }).join('\n')
  assert.doesNotMatch(text, /6\.6\.6\.6|evil|admin|forged/)
  assert.match(text, /forwarded\nfor=192\.0\.2\.7;host="www\.example\.org";proto=https/)
})

test('a trusted hop\'s fields pass and the hop is added', () => {
  const out = dress(['x-forwarded-for', '198.51.100.1', 'x-forwarded-proto', 'http', 'forwarded', 'for=198.51.100.1'], { trustedHop: true, peerAddress: '2001:db8::1', clientAddress: '198.51.100.1' }, { sendForwarded: true })
  assert.equal(combinedValue(out, 'x-forwarded-for'), '198.51.100.1, 2001:db8::1')
  assert.equal(combinedValue(out, 'x-forwarded-proto'), 'http')
  assert.equal(combinedValue(out, 'forwarded'), 'for=198.51.100.1, for="[2001:db8::1]";host="www.example.org";proto=https')
})

test('cookies split by HTTP/2 are one field again', () => {
  assert.equal(combinedValue(dress(['cookie', 'a=1', 'accept', '*/*', 'cookie', 'b=2']), 'cookie'), 'a=1; b=2')
})

test('Via is added after others, and our own in it is a loop', () => {
  assert.equal(combinedValue(dress(['via', '1.0 fred']), 'via'), '1.0 fred, 1.1 polder-0a1b2c3d')
  assert.equal(isLoop(['via', '1.0 fred, 1.1 polder-0a1b2c3d (x)'], policy.viaName), true)
  assert.equal(isLoop(['via', '1.1 polder-ffffffff'], policy.viaName), false)
  assert.equal(hasHeader(dress([], {}, { sendVia: false }), 'via'), false)
})

test('the host may be overridden; the visitor\'s stays visible', () => {
  const out = dress([], {}, { hostOverride: 'intern:81' })
  assert.deepEqual(out.slice(0, 2), ['host', 'intern:81'])
  assert.equal(firstValue(out, 'x-forwarded-host'), 'www.example.org')
})

test('names with an underscore pass only when allowed', () => {
  assert.equal(hasHeader(dress(['my_field', '1']), 'my_field'), false)
  assert.equal(hasHeader(dress(['my_field', '1'], {}, { dropUnderscoreNames: false }), 'my_field'), true)
})

test('answers lose what is meant for this connection, and keep order and repeats', () => {
  const headers = ['date', 'x', 'connection', 'close, X-Hop, Set-Cookie', 'x-hop', '1', 'set-cookie', 'a', 'set-cookie', 'b', 'keep-alive', 'timeout=5', 'transfer-encoding', 'chunked', 'proxy-authenticate', 'x', 'upgrade', 'h2', 'alt-svc', 'h3', 'trailer', 'x', 'server', 's']
  assert.deepEqual(answerHeaders(headers, policy), ['date', 'x', 'set-cookie', 'a', 'set-cookie', 'b', 'server', 's'])
})

test('trailers never carry framing, routing or authentication', () => {
  assert.deepEqual(trailerFields(['x-sum', '1', 'content-length', '1', 'set-cookie', 'a', 'transfer-encoding', 'chunked', 'host', 'x']), ['x-sum', '1'])
  assert.equal(trailerFields(['content-length', '1']), null)
})

test('whatever a visitor sends, the origin gets one host, no framing, our address, and no hop-by-hop field', () => {
  const name = fc.oneof(
    fc.constantFrom('connection', 'host', 'content-length', 'transfer-encoding', 'x-forwarded-for', 'forwarded', 'via', 'te', 'cookie', 'upgrade', 'proxy', 'proxy-x', 'keep-alive', 'x-request-id', ':path', 'accept', 'x-a'),
    fc.stringMatching(/^[a-z-]{1,8}$/),
  )
  const value = fc.oneof(fc.constantFrom('close', 'x-a, accept', 'host, via, x-forwarded-for', 'trailers', 'chunked', '1'), fc.stringMatching(/^[a-z, ]{0,12}$/))
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), (fields) => {
      const out = dress(fields.flat())
      const count = (wanted: string) => out.filter((part, i) => i % 2 === 0 && part === wanted).length
      assert.equal(out[0], 'host')
      for (const once of ['host', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-request-id']) assert.equal(count(once), 1, once)
      for (const never of ['content-length', 'transfer-encoding', 'upgrade', 'keep-alive', 'proxy', 'proxy-x', 'forwarded', ':path', 'expect']) assert.equal(count(never), 0, never)
      assert.ok(count('connection') === 0 || combinedValue(out, 'connection') === 'te')
      assert.ok(count('cookie') <= 1)
      assert.equal(firstValue(out, 'x-forwarded-for'), '192.0.2.7')
    }),
    { numRuns: 1_000 },
  )
})
