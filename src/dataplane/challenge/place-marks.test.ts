import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Request } from '../request.ts'
import { ask, makeTokens, START, v4, v6, visitor } from './challenge.testing.ts'
import { keptQuery } from './own-marks.ts'
import { takePlaceMarks } from './place-marks.ts'

const tokens = makeTokens()
const ticket = tokens.issuePlace(visitor, START, 0, 4_294_967_290, 77, 12)

function take(request: Request): Request {
  takePlaceMarks(request)
  return request
}

test('a place ticket names its place, within its prefix and its time', () => {
  assert.equal(tokens.read('place', ticket, 0, v4(203, 0, 113, 200), START + 60_000), 'valid')
  assert.deepEqual([tokens.line, tokens.number, tokens.lineMark, tokens.aheadAtFirst], [0, 4_294_967_290, 77, 12])
  assert.equal(tokens.read('place', ticket, 0, v4(203, 0, 114, 7), START), 'forged')
  assert.equal(tokens.read('place', ticket, 0, v6(1, 2), START), 'malformed')
  assert.equal(tokens.read('place', ticket, 0, visitor, START + 14_400_000), 'expired')
  assert.equal(tokens.read('clearance', ticket, 0, visitor, START), 'malformed', 'a place is no clearance')
})

test('cookie, address and the page a click came from: each carries the place, and the site behind sees none of it', () => {
  const cookie = take(ask('/a?x=1', ['host', 'a.example', 'cookie', `session=1; polder-place=${ticket}; theme=dark`]))
  assert.deepEqual([cookie.placeCookie, cookie.headers], [ticket, ['host', 'a.example', 'cookie', 'session=1; theme=dark']])
  assert.deepEqual(take(ask('/a', ['cookie', `polder-place=${ticket}`])).headers, [])
  const address = take(ask(`/a?x=1&polder-place=${ticket}&y=2`))
  assert.deepEqual([address.place, address.placeInAddress, address.target, keptQuery(address)], [ticket, true, '/a?x=1&y=2', `x=1&y=2&polder-place=${ticket}`])
  const click = take(ask('/b', ['referer', `http://a.example/a?x=1&polder-place=${ticket}`]))
  assert.deepEqual([click.place, click.placeInAddress, click.headers], [ticket, false, ['referer', 'http://a.example/a?x=1']])
  assert.equal(take(ask('/b', ['referer', `http://evil.example/a?polder-place=${ticket}`])).place, '')
})

test('on TLS only the cookie that is tied to the host counts', () => {
  assert.equal(take(ask('/', ['cookie', `polder-place=${ticket}`], { scheme: 'https' })).placeCookie, '')
  assert.equal(take(ask('/', ['cookie', `__Host-polder-place=${ticket}`], { scheme: 'https' })).placeCookie, ticket)
})

test('a query key of the site stays, and nothing makes the reading throw', () => {
  assert.equal(take(ask('/a?polder-place=ours')).target, '/a?polder-place=ours')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ maxLength: 80 }), (one, other) => {
      const request = take(ask(`/a?${one}polder-place=${other}&polder-place`, ['cookie', `${other}; polder-place=${one}`, 'referer', `http://a.example/?polder-place=${one}`]))
      if (request.placeCookie !== '') assert.notEqual(tokens.read('place', request.placeCookie, 0, visitor, START), 'valid')
    }),
  )
})
