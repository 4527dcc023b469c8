import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MonotonicMs } from '../kernel/clock.ts'
import { Features } from './features.ts'
import { Request, type ClientAddress, type Reply } from './request.ts'

const client: ClientAddress = { family: 4, text: '192.0.2.1', high: 0xc0000201, low: 0, key: 7 }

function request(target: string, headers: string[] = []): Request {
  return new Request('GET', target, 'parliament.example', 'http', 11, ['host', 'parliament.example', ...headers], client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
}

const features = new Features(12_345)

test('two numbered pages of one kind share a template, two kinds do not', () => {
  const first = features.read(request('/documents/1')).pathTemplate
  assert.equal(features.read(request('/documents/40217')).pathTemplate, first)
  assert.notEqual(features.read(request('/members/1')).pathTemplate, first)
})

test('random names that a tool makes up share a template', () => {
  const first = features.read(request('/NGUHGC')).pathTemplate
  assert.equal(features.read(request('/WYGKUX')).pathTemplate, first)
  const long = features.read(request('/a81fbc92d0')).pathTemplate
  assert.equal(features.read(request('/ffe019ab77c')).pathTemplate, long)
  assert.notEqual(features.read(request('/contact')).pathTemplate, first)
})

test('a query has a shape made of its keys, not of its values', () => {
  const search = features.read(request('/search?q=abc')).queryShape
  assert.equal(features.read(request('/search?q=xyz')).queryShape, search)
  assert.notEqual(features.read(request('/search?page=xyz')).queryShape, search)
  const bust = features.read(request('/?8890121518')).queryShape
  assert.equal(features.read(request('/?139153420466')).queryShape, bust)
  assert.equal(features.read(request('/')).queryShape, 0)
})

test('a counted-up version keeps the shape of a user agent', () => {
  const a = features.read(request('/', ['user-agent', 'Mozilla/5.0 (rv:22.0) Firefox/22.0'])).userAgentShape
  const b = features.read(request('/', ['user-agent', 'Mozilla/5.0 (rv:36.0) Firefox/36.0']))
  assert.equal(b.userAgentShape, a)
  assert.notEqual(b.userAgent, a)
})

test('header order ignores what depends on the page and not on the program', () => {
  const plain = features.read(request('/', ['user-agent', 'x', 'accept', '*/*'])).headerOrder
  assert.equal(features.read(request('/', ['user-agent', 'x', 'referer', 'http://a/', 'accept', '*/*', 'cookie', 'a=b'])).headerOrder, plain)
  assert.notEqual(features.read(request('/', ['accept', '*/*', 'user-agent', 'x'])).headerOrder, plain)
})

test('the referer class tells none, same site and elsewhere apart, and a host that only begins alike is elsewhere', () => {
  assert.equal(features.read(request('/')).refererClass, 0)
  assert.equal(features.read(request('/', ['referer', 'https://parliament.example/news'])).refererClass, 1)
  assert.equal(features.read(request('/', ['referer', 'https://parliament.example'])).refererClass, 1)
  assert.equal(features.read(request('/', ['referer', 'https://parliament.example.evil/news'])).refererClass, 2)
})
