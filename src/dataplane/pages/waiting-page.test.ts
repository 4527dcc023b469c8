import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { MonotonicMs } from '../../kernel/clock.ts'
import { firstValue } from '../../kernel/header-list.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { type Reply, Request } from '../request.ts'
import { siteOptions } from './options.ts'
import { type PlaceShown, timeText, WaitingPages } from './waiting-page.ts'
import { languageCodes, languages } from './words/languages.ts'

const pages = new WaitingPages(defaultsOf(siteOptions))
const client = { family: 4, text: '127.0.0.1', high: 0x7f000001, low: 0, key: 1 } as const
const ticket = 'T'.repeat(52)
const place: PlaceShown = {
  ahead: 16, aheadAtFirst: 33, called: false, estimateSeconds: 120, refreshSeconds: 30, keepSeconds: 120,
  reference: `/votes?a=1&b=2&polder-place=${ticket}`, cookie: `polder-place=${ticket}; Path=/`, supportCode: '1a2b3c4d',
}

function write(change: Partial<PlaceShown> = {}, headers: readonly string[] = []) {
  const request = new Request('GET', '/votes', 'a.example', 'http', 11, headers, client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
  const answer = pages.write(request, { ...place, ...change }, 0)
  const gzip = firstValue(answer.headers, 'content-encoding') === 'gzip'
  return { answer, text: (gzip ? gunzipSync(answer.body!) : Buffer.from(answer.body!)).toString() }
}

test('the page says the place and the time, and asks again by itself, without a script, and by hand', () => {
  const { answer, text } = write()
  assert.equal(answer.status, 503)
  const field = (name: string): string | undefined => firstValue(answer.headers, name)
  assert.equal(field('refresh'), `30; url=/votes?a=1&b=2&polder-place=${ticket}`)
  assert.deepEqual([field('retry-after'), field('cache-control'), field('x-robots-tag'), field('polder-reason')], ['30', 'no-store', 'noindex', 'waiting-room'])
  assert.equal(field('set-cookie'), place.cookie)
  assert.match(text, /role="status" aria-live="polite"><strong>Your place in line: 17\. Expected wait: about 2 min\.<\/strong>/)
  assert.match(text, /<progress max="100" value="50" aria-label="You are in line">/)
  assert.match(text, /href="\/votes\?a=1&amp;b=2&amp;polder-place=T{52}"/)
  assert.match(text, /come back within 2 min/)
  assert.match(text, /waiting-room 1a2b3c4d/)
  assert.doesNotMatch(text, /<script|https?:/)
  assert.match(field('content-security-policy')!, /default-src 'none'/)
  assert.equal(firstValue(write({ cookie: '' }).answer.headers, 'set-cookie'), undefined)
})

test('when the turn has come it is said, and no time is promised', () => {
  const { text } = write({ called: true, ahead: 0, refreshSeconds: 2 })
  assert.match(text, /<strong>It is your turn\. Your page is opening\.<\/strong>/)
  assert.match(text, /value="100"/)
})

test('in every language the page takes at most 8 kB compressed, and no gap is left open', () => {
  for (const code of languageCodes) {
    const { answer, text } = write({}, ['accept-language', code, 'accept-encoding', 'gzip, deflate, br'])
    assert.ok(answer.body!.length <= 8_192, `${code}: ${answer.body!.length} bytes`)
    assert.match(text, new RegExp(`<html lang="${code}"`))
    assert.ok(text.includes(languages[code].roomPlace.replace('{n}', '17').replace('{t}', '2 min')) && !/\{[a-z]\}/.test(text), code)
  }
})

test('the bar never leaves its bounds, and times are whole', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(100_000), fc.nat(20_000), (ahead, aheadAtFirst, estimateSeconds) => {
      const { text } = write({ ahead, aheadAtFirst, estimateSeconds })
      const value = Number(/value="([^"]*)"/.exec(text)![1])
      assert.ok(Number.isInteger(value) && value >= 0 && value <= 99)
    }),
  )
  assert.deepEqual([timeText(2), timeText(59), timeText(60), timeText(61)], ['2 s', '59 s', '1 min', '2 min'])
})
