import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WallMs } from '../../kernel/clock.ts'
import { formatHttpDate } from '../../kernel/http-date.ts'
import { decideStore } from './cacheability.ts'
import type { RequestFacts } from './cacheability.ts'
import { compileCachePolicy } from './policy.ts'
import type { CachePolicy } from './policy.ts'
import { storedFlags } from './stored-response.ts'

const now = Date.UTC(2026, 10, 20, 12) as WallMs
const date = (seconds: number): string => formatHttpDate((now + seconds * 1_000) as WallMs)
const plain: RequestFacts = { method: 'GET', hasBody: false, hasQuery: false, hasAuthorization: false, cookies: 'none', noStore: false }
const strict = compileCachePolicy({ keepLastGood: false })

function decide(headers: string[], request: Partial<RequestFacts> = {}, status = 200, policy: CachePolicy = strict) {
  return decideStore({ ...plain, ...request }, status, headers, now, 0, policy)
}

test('an answer with max-age is stored for that long', () => {
  const decision = decide(['cache-control', 'max-age=60'])
  assert.equal(decision.notStorable, null)
  assert.equal(decision.lifetimeMs, 60_000)
})

test('an error that blames the request is not stored, whatever it says: an odd header of one visitor must not take the page from all', () => {
  for (const status of [400, 401, 403, 406, 412, 413, 415, 421, 429, 431]) assert.equal(decide(['cache-control', 'public, max-age=60'], {}, status).notStorable, 'status', String(status))
  for (const status of [404, 410, 414]) assert.equal(decide(['cache-control', 'public, max-age=60'], {}, status).notStorable, null, String(status))
})

test('s-maxage outweighs max-age, max-age outweighs Expires, whatever their order', () => {
  assert.equal(decide(['cache-control', 'max-age=60, s-maxage=5']).lifetimeMs, 5_000)
  assert.equal(decide(['cache-control', 's-maxage=5', 'cache-control', 'max-age=60']).lifetimeMs, 5_000)
  assert.equal(decide(['expires', date(3_600), 'date', date(0), 'cache-control', 'max-age=60']).lifetimeMs, 60_000)
})

test('Expires counts from Date, and nonsense or two different values count as past', () => {
  assert.equal(decide(['expires', date(100), 'date', date(0)]).lifetimeMs, 100_000)
  assert.equal(decide(['expires', date(300), 'date', date(400)]).notStorable, 'no-freshness')
  assert.equal(decide(['expires', '0', 'date', date(0)]).notStorable, 'no-freshness')
  assert.equal(decide(['expires', date(100), 'expires', date(200)]).notStorable, 'no-freshness')
})

test('a doubled or malformed directive is read as the smaller lifetime', () => {
  assert.equal(decide(['cache-control', 'max-age=60, max-age=5']).lifetimeMs, 5_000)
  for (const value of ['max-age=a60', 'max-age=60a', 'max-age=-60', 'max-age = 60', "max-age='60'", 'max-age=6.5', 'max-age']) {
    assert.equal(decide(['cache-control', value]).notStorable, 'no-freshness', value)
  }
  assert.equal(decide(['cache-control', 'max-age="60"']).lifetimeMs, 60_000)
  assert.equal(decide(['cache-control', 'x="max-age=3600, public", max-age=1']).lifetimeMs, 1_000)
})

test('no-store, private and Set-Cookie are never stored, whatever else is said', () => {
  assert.equal(decide(['cache-control', 'no-store, max-age=60, public']).notStorable, 'no-store')
  assert.equal(decide(['cache-control', 'No-StOrE']).notStorable, 'no-store')
  assert.equal(decide(['cache-control', 'private, s-maxage=60']).notStorable, 'private')
  assert.equal(decide(['cache-control', 'private="x-user", max-age=60']).notStorable, 'private')
  assert.equal(decide(['cache-control', 'public, max-age=60', 'set-cookie', 'a=b']).notStorable, 'set-cookie')
})

test('a route may have Set-Cookie removed, and only then is such an answer stored', () => {
  assert.equal(decide(['cache-control', 'max-age=60', 'set-cookie', 'a=b'], {}, 200, compileCachePolicy({}, { stripSetCookie: true })).notStorable, null)
})

test('an answer to a request with a cookie is stored only when it is declared shared', () => {
  for (const cookies of ['other', 'session'] as const) {
    assert.equal(decide(['cache-control', 'max-age=60'], { cookies }).notStorable, 'cookie')
    assert.equal(decide(['last-modified', date(-86_400)], { cookies }).notStorable, 'cookie')
    assert.equal(decide(['cache-control', 'public, max-age=60'], { cookies }).notStorable, null)
    assert.equal(decide(['cache-control', 's-maxage=60'], { cookies }).notStorable, null)
    assert.equal(decide(['cdn-cache-control', 'max-age=60'], { cookies }).notStorable, null)
    assert.equal(decide(['cdn-cache-control', 'must-revalidate', 'cache-control', 'max-age=60'], { cookies }).notStorable, 'cookie')
  }
})

test('an answer to a request with Authorization is stored only with public or s-maxage; must-revalidate alone is not enough', () => {
  const hasAuthorization = true
  assert.equal(decide(['cache-control', 'max-age=60'], { hasAuthorization }).notStorable, 'authorization')
  assert.equal(decide(['cache-control', 'max-age=60, must-revalidate'], { hasAuthorization }).notStorable, 'authorization')
  const shared = decide(['cache-control', 'public, max-age=60'], { hasAuthorization })
  assert.equal(shared.notStorable, null)
  assert.equal(shared.flags & storedFlags.disk, 0, 'never on disk')
})

test('only GET without content is stored', () => {
  for (const method of ['POST', 'HEAD', 'PUT', 'OPTIONS']) assert.equal(decide(['cache-control', 'max-age=60'], { method }).notStorable, 'method')
  assert.equal(decide(['cache-control', 'max-age=60'], { hasBody: true }).notStorable, 'request-body')
})

test('206, 304 and 1xx are not stored; Vary: * is not stored', () => {
  assert.equal(decide(['cache-control', 'max-age=60', 'content-range', 'bytes 0-1/5'], {}, 206).notStorable, 'partial')
  assert.equal(decide(['cache-control', 'max-age=60'], {}, 304).notStorable, 'status')
  assert.equal(decide(['cache-control', 'max-age=60', 'vary', 'accept, *']).notStorable, 'vary-star')
  assert.equal(decide(['cache-control', 'max-age=60', 'content-range', 'bytes 0-1/5']).notStorable, 'content-range')
})

test('must-understand forbids an unknown status and outweighs no-store for a known one', () => {
  assert.equal(decide(['cache-control', 'max-age=60, must-understand'], {}, 599).notStorable, 'status')
  assert.equal(decide(['cache-control', 'max-age=60, must-understand, no-store']).notStorable, null)
})

test('a targeted header replaces Cache-Control and Expires; one for another device does not', () => {
  assert.equal(decide(['cache-control', 'no-store', 'cdn-cache-control', 'max-age=60']).lifetimeMs, 60_000)
  assert.equal(decide(['cache-control', 'max-age=60', 'cdn-cache-control', 'no-store']).notStorable, 'no-store')
  assert.equal(decide(['cache-control', 'max-age=1', 'surrogate-control', 'max-age=60;polder']).lifetimeMs, 60_000)
  assert.equal(decide(['cache-control', 'max-age=1', 'surrogate-control', 'max-age=60;other']).lifetimeMs, 1_000)
  assert.equal(decide(['expires', date(3_600), 'date', date(0), 'cdn-cache-control', 'max-age=0']).notStorable, 'no-freshness')
})

test('without a word about freshness, a tenth of the time since Last-Modified is guessed, up to the bound, not for addresses with a query', () => {
  assert.equal(decide(['last-modified', date(-1_000), 'date', date(0)]).lifetimeMs, 100_000)
  assert.equal(decide(['last-modified', date(-10_000_000), 'date', date(0)]).lifetimeMs, 3_600_000)
  assert.equal(decide(['last-modified', date(-1_000)], { hasQuery: true }).lifetimeMs, 0)
  assert.equal(decide(['last-modified', date(-1_000)], {}, 503).notStorable, 'no-freshness')
  assert.equal(decide(['last-modified', date(-1_000), 'pragma', 'no-cache']).lifetimeMs, 0)
})

test('a missing page that says nothing is remembered for a moment', () => {
  assert.equal(decide([], {}, 404).lifetimeMs, 2_000)
  assert.equal(decide([], {}, 404, compileCachePolicy({ negativeMs: 0 })).notStorable, 'no-freshness')
  assert.equal(decide(['cache-control', 'max-age=0'], {}, 404).notStorable, 'no-freshness')
})

test('a server error is kept for seconds only, even when it says hours', () => {
  assert.equal(decide(['cache-control', 'max-age=3600'], {}, 500).lifetimeMs, 5_000)
  assert.equal(decide(['cache-control', 'max-age=2'], {}, 503).lifetimeMs, 2_000)
})

test('an Age that is not one plain number makes the answer stale', () => {
  for (const age of ['abc', '-1', '7200.0', '0, 0', '7200;a=b']) {
    const decision = decide(['cache-control', 'max-age=3600', 'age', age])
    assert.equal(decision.notStorable, 'no-freshness', age)
  }
  assert.equal(decide(['cache-control', 'max-age=3600', 'age', '60', 'date', date(0)]).initialAgeMs, 60_000)
  assert.equal(decide(['cache-control', 'max-age=3600', 'date', date(-100)]).initialAgeMs, 100_000)
})

test('a page that says nothing is kept as a last good copy, but not one that forbids stale use', () => {
  const policy = compileCachePolicy()
  const silent = decide([], {}, 200, policy)
  assert.equal(silent.notStorable, null)
  assert.equal(silent.lifetimeMs, 0)
  assert.notEqual(silent.flags & storedFlags.lastGoodOnly, 0)
  assert.equal(decide(['cache-control', 'max-age=0, must-revalidate'], {}, 200, policy).notStorable, 'no-freshness')
  assert.equal(decide(['cache-control', 'no-cache'], {}, 200, policy).notStorable, 'no-cache-no-validator')
  assert.equal(decide([], { cookies: 'other' }, 200, policy).notStorable, 'cookie')
})

test('an answer that allows one named origin is kept apart by Origin, whether it says Vary or not', () => {
  assert.deepEqual(decide(['cache-control', 'max-age=60', 'access-control-allow-origin', 'https://a.example']).varyNames, ['origin'])
  assert.deepEqual(decide(['cache-control', 'max-age=60', 'access-control-allow-origin', '*']).varyNames, [])
})

test('the path plays no part: the decision has no access to it', () => {
  assert.equal(decideStore.length, 6)
  assert.ok(!Object.keys(plain).some((name) => /path|target|url/i.test(name)))
})
