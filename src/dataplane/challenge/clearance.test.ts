import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Request } from '../request.ts'
import { ask, makeTokens, START, v4, v6, visitor } from './challenge.testing.ts'
import { Clearances, clearanceCookie, otherFamilyPart } from './clearance.ts'
import { CLEARANCE_BUDGET_BYTES, ClearanceBudget } from './clearance-budget.ts'
import { challengeOptions } from './options.ts'
import { sameHostReference, takeFromQuery } from './own-marks.ts'
import { defaultsOf } from '../../kernel/option.ts'

const settings = defaultsOf(challengeOptions)

function open() {
  const tokens = makeTokens()
  const fresh: number[] = []
  const clearances = new Clearances(tokens, new ClearanceBudget(new SharedArrayBuffer(CLEARANCE_BUDGET_BYTES), 99), (slot) => fresh.push(slot))
  const clearance = (client = visitor, budget = 600, workBits = 15): string => {
    tokens.read('challenge', tokens.issueChallenge(client, START, 12, 0), 0, client, START)
    return tokens.issueClearance(client, START, budget, workBits)
  }
  const read = (request: Request, now = START): Request => {
    clearances.read(request, now)
    return request
  }
  return { fresh, clearance, read }
}

test('a cookie clears its bearer, and the site behind never sees it', () => {
  const { clearance, read, fresh } = open()
  const request = read(ask('/news?page=2', ['host', 'a.example', 'cookie', `session=1; polder=${clearance()}; theme=dark`, 'accept', '*/*']))
  assert.equal(request.clearedBy, 'cookie')
  assert.deepEqual(request.headers, ['host', 'a.example', 'cookie', 'session=1; theme=dark', 'accept', '*/*'])
  const alone = read(ask('/', ['cookie', `polder=${clearance()}`]))
  assert.deepEqual(alone.headers, [])
  assert.deepEqual(fresh, [0, 0])
})

test('a clearance seen again weighs an address no second time, and is good for its budget only', () => {
  const { clearance, read, fresh } = open()
  const cookie = clearance(visitor, 10)
  const cleared = Array.from({ length: 13 }, () => read(ask('/', ['cookie', `polder=${cookie}`])).clearedBy)
  assert.deepEqual(cleared, [...Array.from({ length: 10 }, () => 'cookie'), '', '', ''])
  assert.equal(fresh.length, 1)
})

test('a clearance got by waiting lets in as well, and neither speaks for its bearer nor weighs an address', () => {
  const { clearance, read, fresh } = open()
  const waited = read(ask('/', ['cookie', `polder=${clearance(visitor, 600, 0)}`]))
  const worked = read(ask('/', ['cookie', `polder=${clearance()}`]))
  assert.deepEqual([waited.clearedBy, waited.worked, worked.clearedBy, worked.worked, fresh.length], ['cookie', false, 'cookie', true, 1])
})

test('on TLS only the cookie that is tied to the host counts', () => {
  const { clearance, read } = open()
  assert.equal(read(ask('/', ['cookie', `polder=${clearance()}`], { scheme: 'https' })).clearedBy, '')
  assert.equal(read(ask('/', ['cookie', `__Host-polder=${clearance()}`], { scheme: 'https' })).clearedBy, 'cookie')
})

test('without cookies the address carries the clearance, and a click from there names it', () => {
  const { clearance, read } = open()
  const token = clearance()
  const first = read(ask(`/news?page=2&polder=${token}&x`))
  assert.deepEqual([first.clearedBy, first.target, first.query], ['address', '/news?page=2&x', 'page=2&x'])
  const click = read(ask('/votes', ['referer', `https://a.example/news?page=2&polder=${token}`]))
  assert.deepEqual([click.clearedBy, click.ticket, click.headers[1]], ['referer', token, 'https://a.example/news?page=2'])
  assert.equal(read(ask('/votes', ['referer', `https://b.example/news?polder=${token}`])).clearedBy, '', 'another site')
})

test('a made-up ticket is taken out too, so that it makes no new page for the cache; a query key of the site stays', () => {
  const { read } = open()
  assert.equal(read(ask(`/news?polder=${'x'.repeat(52)}`)).target, '/news')
  assert.equal(read(ask(`/news?a=1&polder=${'x'.repeat(52)}.123`)).target, '/news?a=1')
  for (const query of ['polder=flevoland', `polder=${'x'.repeat(51)}`, `polders=${'x'.repeat(52)}`, 'polder-lang=english', 'polder']) assert.equal(takeFromQuery(query), null)
})

test('the language chosen on one of our pages is taken out of the page a click came from', () => {
  const { read } = open()
  const request = read(ask('/next', ['referer', 'http://a.example/votes?x=1&polder-lang=de']))
  assert.deepEqual([request.headers, request.ticket], [['referer', 'http://a.example/votes?x=1'], ''])
})

test('choosing a language on one of our pages loses nothing of the address', () => {
  const { read } = open()
  const request = read(ask('/search?polder-lang=et', ['referer', 'http://a.example/search?q=tall%20grass&page=2']))
  assert.deepEqual([request.language, request.target], ['et', '/search?q=tall%20grass&page=2'])
  assert.equal(read(ask('/search?polder-lang=et', ['referer', 'http://b.example/search?q=1'])).target, '/search')
})

test('whoever changes between IPv4 and IPv6 keeps both clearances', () => {
  const { clearance, read } = open()
  const six = v6(0x20010db8, 0x00170001)
  const first = read(ask('/', ['cookie', `polder=${clearance(six)}`]))
  assert.equal(first.clearedBy, '')
  const cookie = clearanceCookie(first, clearance(), otherFamilyPart(first), settings)
  const value = cookie.slice(0, cookie.indexOf(';'))
  assert.equal(read(ask('/', ['cookie', value])).clearedBy, 'cookie')
  assert.equal(read(ask('/', ['cookie', value], { client: six })).clearedBy, 'cookie')
  assert.equal(read(ask('/', ['cookie', value], { client: v4(198, 51, 100, 1) })).clearedBy, '')
})

test('the cookie is for this host, for the server and for half an hour', () => {
  const request = ask('/', [], { scheme: 'https' })
  assert.equal(clearanceCookie(request, 'T', '', settings), '__Host-polder=T; Path=/; Max-Age=1800; HttpOnly; SameSite=Lax; Secure')
  assert.equal(clearanceCookie(ask('/'), 'T', '', settings), 'polder=T; Path=/; Max-Age=1800; HttpOnly; SameSite=Lax')
})

test('a redirect never leaves the host it came from', () => {
  for (const [path, query] of [['//evil.example/a', ''], ['/\\evil.example', ''], ['///evil.example', 'x'], ['/a', 'b="><script>'], ['/\u00e9', '']] as const) {
    const url = new URL(sameHostReference(path, query), 'https://a.example/here')
    assert.equal(url.host, 'a.example', path)
    assert.doesNotMatch(sameHostReference(path, query), /["<>\s]/)
  }
})

test('no request makes the reading throw, and none without a clearance is cleared', () => {
  const { read } = open()
  const piece = fc.oneof(fc.string(), fc.constantFrom('polder=', '__Host-polder=', ';', '&', '.', 'http://a.example/', '?', 'x'.repeat(52)))
  const text = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, text, text, (query, cookie, referer) => {
      assert.equal(read(ask(`/p?${query}`, ['cookie', cookie, 'referer', referer])).clearedBy, '')
    }),
    { numRuns: 500 },
  )
})

test('a budget table that is full forgets its oldest clearances and refuses nobody', () => {
  const budget = new ClearanceBudget(new SharedArrayBuffer(CLEARANCE_BUDGET_BYTES), 5)
  let first = 0
  for (let i = 0; i < 200_000; i++) if (budget.spend(i, i * 7, 600, START + i) === 'first') first++
  assert.equal(first, 200_000)
  assert.equal(budget.spend(199_999, 199_999 * 7, 600, START + 200_000), 'within')
  assert.equal(budget.spend(0, 0, 600, START + 200_000), 'first')
})
