import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { MonotonicMs } from '../../kernel/clock.ts'
import { firstValue } from '../../kernel/header-list.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { type Reply, Request } from '../request.ts'
import { type ChallengeAsked, ChallengePages } from './challenge-page.ts'
import { siteOptions } from './options.ts'
import { solverSource } from './solver-script.ts'
import { SplicedPage } from './spliced-gzip.ts'
import { languageCodes, languages } from './words/languages.ts'

const pages = new ChallengePages(defaultsOf(siteOptions))
const client = { family: 4, text: '127.0.0.1', high: 0x7f000001, low: 0, key: 1 } as const
const token = 'T'.repeat(52)
const asked: ChallengeAsked = { token, difficultyBits: 15, waitSeconds: 5, clearanceMinutes: 30, reference: `/news?a=1&b=2&polder=${token}`, form: undefined, withoutCookies: false, supportCode: '1a2b3c4d' }

function write(change: Partial<ChallengeAsked> = {}, headers: readonly string[] = []) {
  const request = new Request('GET', '/news', 'a.example', 'http', 11, headers, client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
  const answer = pages.write(request, { ...asked, ...change }, 0)
  const gzip = firstValue(answer.headers, 'content-encoding') === 'gzip'
  return { answer, text: (gzip ? gunzipSync(answer.body!) : Buffer.from(answer.body!)).toString() }
}

test('the page opens what was asked for with a script, without one, and by hand', () => {
  const { answer, text } = write()
  assert.equal(answer.status, 429)
  assert.equal(firstValue(answer.headers, 'refresh'), `5; url=/news?a=1&b=2&polder=${token}`)
  assert.equal(firstValue(answer.headers, 'retry-after'), '5')
  assert.equal(firstValue(answer.headers, 'cache-control'), 'no-store')
  assert.match(text, /<a class="go" id="go" data-t="T{52}" data-z="15" href="\/news\?a=1&amp;b=2&amp;polder=T{52}">Continue<\/a>/)
  assert.match(text, /rule-challenge 1a2b3c4d/)
  assert.doesNotMatch(text, /https?:/, 'nothing from anywhere else')
})

test('the policy allows the one script and the one style of the page, and nothing else', () => {
  const { answer, text } = write()
  const policy = firstValue(answer.headers, 'content-security-policy')!
  const hashOf = (tag: string): string => `'sha256-${createHash('sha256').update(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(text)![1]).digest('base64')}'`
  assert.match(policy, /default-src 'none'/)
  assert.ok(policy.includes(`script-src ${hashOf('script')}`) && policy.includes(`style-src ${hashOf('style')}`))
  assert.doesNotMatch(policy, /unsafe/)
})

test('in every language the page takes at most 8 kB compressed', () => {
  for (const code of languageCodes) {
    const { answer, text } = write({}, ['accept-language', code, 'accept-encoding', 'gzip, deflate, br'])
    assert.ok(answer.body!.length <= 8_192, `${code}: ${answer.body!.length} bytes`)
    assert.match(text, new RegExp(`<html lang="${code}"`))
    assert.ok(text.includes(`${languages[code].check.replace('{s}', '5 s')} ${languages[code].idle}`) && !text.includes('{s}') && !text.includes('{m}'))
  }
})

test('a form is kept field by field, whatever stands in it', () => {
  const fields = [['message', 'a "quoted" <b>&amp;\r\nsecond line'], ['message', 'again'], ['submit', ''], ['_x', '\u00e9\u4e00']] as const
  const { answer, text } = write({ form: { multipart: false, fields } })
  assert.equal(firstValue(answer.headers, 'refresh'), undefined, 'a Refresh would lose the form')
  assert.match(text, /<form id="go"[^>]* method="post" action="\/news/)
  assert.ok(text.includes('value="a &quot;quoted&quot; &lt;b&gt;&amp;amp;&#13;\nsecond line"'))
  assert.equal(text.match(/type="hidden"/g)!.length, 4)
  assert.match(text, new RegExp(languages.en.kept))
})

test('a form of several parts is sent again as one, with its empty file fields', () => {
  const { text } = write({ form: { multipart: true, fields: [['name', 'Zoë'], ['cv"', null]] } })
  assert.match(text, /<form id="go"[^>]* method="post" enctype="multipart\/form-data" action="\/news/)
  assert.ok(text.includes('<input type="hidden" name="name" value="Zoë"><input type="file" name="cv&quot;" hidden>'))
})

test('with a kept form the choice of language sends the form, to the same address; the page stays below 8 kB', () => {
  for (const code of languageCodes) {
    const { answer, text } = write({ form: { multipart: false, fields: [['name', 'Zoë'], ['message', 'x'.repeat(500)]] } }, ['accept-language', code, 'accept-encoding', 'gzip'])
    for (const other of languageCodes) assert.ok(text.includes(`<button form="go" formaction="/news?a=1&amp;b=2&amp;polder=${token}&amp;polder-lang=${other}" lang="${other}"`), other)
    assert.ok(answer.body!.length <= 8_192, `${code}: ${answer.body!.length} bytes`)
    assert.doesNotMatch(text, /method="get"|\0/)
  }
  assert.doesNotMatch(write({ form: { multipart: false, fields: [] }, reference: `/${'a'.repeat(1_000)}` }).text, /formaction/, 'a long address is not written 24 times')
})

test('what cannot be kept is said, and nothing is opened in its place', () => {
  const { answer, text } = write({ form: null })
  assert.match(text, /<a class="go" [^>]*data-stay/)
  assert.match(text, /<button name="polder-lang" value="de-lost" lang="de">/, 'in another language it still says so')
  assert.equal(firstValue(answer.headers, 'refresh'), undefined)
  assert.ok(text.includes(languages.en.resend))
  assert.ok(text.includes(languages.en.check.replace('{s}', '5 s')) && !text.includes(languages.en.idle), 'who has to send a form again is not told to do nothing')
})

test('a page put together from prepared parts is a right gzip stream, whatever stands between them', () => {
  const page = new SplicedPage('<p>before</p>'.repeat(50), '<p>after €</p>'.repeat(50))
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (middle) => {
      assert.deepEqual(gunzipSync(page.gzip(middle)), page.plain(middle))
    }),
  )
  assert.deepEqual(gunzipSync(page.gzip('a form '.repeat(9_000), true)), page.plain('a form '.repeat(9_000)))
  for (const length of [0, 65_535, 65_536, 200_000]) assert.deepEqual(gunzipSync(page.gzip('ä'.repeat(length))), page.plain('ä'.repeat(length)))
})

test('the script in the page finds what SHA-256 of node confirms, and misses nothing', () => {
  const solve = runInNewContext(`${solverSource};solve`) as (text: string, bits: number, from: number, count: number) => number
  for (let i = 0; i < 20; i++) {
    const text = createHash('sha256').update(String(i)).digest('base64url').slice(0, 32)
    const zeros = (n: number): number => Math.clz32(createHash('sha256').update(text + n).digest().readUInt32BE(0))
    const found = solve(text, 10, 0, 100_000)
    assert.ok(zeros(found) >= 10)
    for (let n = 0; n < found; n++) assert.ok(zeros(n) < 10, 'an earlier one was missed')
    assert.equal(solve(text, 10, 0, found), -1)
    assert.ok(zeros(solve(text, 8, 99_990, 100_000)) >= 8, 'across a change in the number of digits')
  }
})
