import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { WallMs } from '../../kernel/clock.ts'
import { whyNotKept } from './lifeline-keep.ts'
import { compileCachePolicy } from './policy.ts'

const policy = compileCachePolicy()
const now = 1_700_000_000_000 as WallMs
const why = (status: number, headers: readonly string[], publicPath = false): string => whyNotKept(status, headers, publicPath, now, policy)

test('words about freshness do not matter for a copy that never answers while the origin is well', () => {
  for (const control of ['no-cache', 'max-age=0', 'max-age=0, must-revalidate', 'public, max-age=600', '']) assert.equal(why(200, control === '' ? [] : ['cache-control', control]), '', control)
  assert.equal(why(200, ['vary', '*']), '')
  assert.equal(why(200, ['expires', '0']), '')
  assert.equal(why(302, ['location', '/there']), '')
})

test('what says it is personal is not kept; the operator may call a path public, and no-one else', () => {
  assert.equal(why(200, ['cache-control', 'no-store']), 'no-store')
  assert.equal(why(200, ['cache-control', 'private, max-age=60']), 'private')
  assert.equal(why(200, ['set-cookie', 'session=1']), 'set-cookie')
  assert.equal(why(200, ['cdn-cache-control', 'private', 'cache-control', 'public']), 'private')
  for (const headers of [['cache-control', 'no-store'], ['cache-control', 'private'], ['set-cookie', 'session=1'], ['cdn-cache-control', 'no-store']]) assert.equal(why(200, headers, true), '')
  assert.equal(whyNotKept(200, [], true, now, compileCachePolicy({}, { cache: 'off' })), 'route-off')
})

test('errors, parts and refusals are no pages, whatever they say of themselves', () => {
  for (const status of [204, 206, 304, 400, 401, 403, 404, 410, 416, 429, 500, 503]) assert.equal(why(status, ['cache-control', 'public, max-age=600'], true), `status-${status}`)
  assert.equal(why(200, ['content-range', 'bytes 0-1/2']), 'content-range')
})

test('unless the path is called public, no combination of headers keeps an answer with private, no-store or a cookie', () => {
  const others = fc.constantFrom('public', 'max-age=60', 's-maxage=60', 'must-revalidate', 'no-cache', 'stale-if-error=60', 'immutable')
  fc.assert(fc.property(fc.array(others, { maxLength: 4 }), fc.constantFrom('private', 'no-store', 'cookie'), fc.nat({ max: 4 }), (words, secret, at) => {
    const control = secret === 'cookie' ? words : [...words.slice(0, at), secret, ...words.slice(at)]
    const headers = ['cache-control', control.join(', '), 'etag', '"1"', ...(secret === 'cookie' ? ['set-cookie', 'a=b'] : [])]
    assert.notEqual(why(200, headers), '')
  }))
})
