import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { Reason } from '../../contract/reason.ts'
import { firstValue } from '../../kernel/header-list.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { chooseLanguage } from './choose-language.ts'
import { contrastRatio } from './contrast.ts'
import { siteOptions } from './options.ts'
import { RefusalPages, statusOf } from './refusal-page.ts'
import { languageCodes, languages } from './words/languages.ts'

const site = defaultsOf(siteOptions)
const asker = (acceptLanguage = '', more: readonly string[] = [], method = 'GET') => ({ method, language: '', headers: ['accept', 'text/html,*/*;q=0.8', 'accept-language', acceptLanguage, ...more] })
const text = (body: Uint8Array | null): string => Buffer.from(body!).toString()

test('the page speaks the language the visitor prefers among those we have', () => {
  assert.equal(chooseLanguage('de-AT,de;q=0.9,en;q=0.8'), 'de')
  assert.equal(chooseLanguage('xx, fr;q=0.3, en;q=0.2'), 'fr')
  assert.equal(chooseLanguage('en;q=0.1, fr;q=nonsense'), 'en')
  assert.equal(chooseLanguage(''), 'en')
  assert.equal(chooseLanguage('constructor, toString'), 'en')
  for (const code of languageCodes) assert.equal(chooseLanguage(`${code}-XX`), code)
})

test('a language chosen on the page wins over what the browser says', () => {
  const answer = new RefusalPages(site).find('limit-shed', { ...asker('fr'), language: 'mt' }, 7, 0)
  assert.match(text(answer.body), /<html lang="mt"/)
})

test('all 24 languages say everything, and say it in their own words', () => {
  assert.equal(languageCodes.length, 24)
  const keys = Object.keys(languages.en) as Array<keyof typeof languages.en>
  for (const code of languageCodes) {
    assert.deepEqual(Object.keys(languages[code]), keys, code)
    for (const key of keys) {
      const said = languages[code][key]
      assert.ok(said.length > 1 && said === said.trim(), `${code}.${key}`)
      for (const mark of ['{s}', '{m}']) assert.equal(said.includes(mark), languages.en[key].includes(mark), `${code}.${key} ${mark}`)
      assert.doesNotMatch(said, /[<>&"]/, `${code}.${key} is put into HTML as it is`)
      if (code !== 'en' && said.length > 25) for (const other of languageCodes) if (other !== code) assert.notEqual(said, languages[other][key], `${code}.${key} is that of ${other}`)
    }
  }
  assert.equal(new Set(languageCodes.map((code) => languages[code].name)).size, 24)
})

test('the short answer to who is in line opens the page again by itself; no other does', () => {
  const of = (reason: Reason, more = {}) => firstValue(new RefusalPages(site).find(reason, { ...asker('fr'), ...more }, 7, 0).headers, 'refresh')
  assert.deepEqual([of('waiting-room'), of('limit-shed'), of('waiting-room', { method: 'POST' })], ['7', undefined, undefined])
})

test('a shed answer says when to come back, is never stored and never indexed', () => {
  const answer = new RefusalPages(site).find('limit-shed', asker('fr'), 7, 0)
  assert.equal(answer.status, 503)
  assert.equal(firstValue(answer.headers, 'retry-after'), '7')
  assert.equal(firstValue(answer.headers, 'cache-control'), 'no-store')
  assert.equal(firstValue(answer.headers, 'x-robots-tag'), 'noindex')
  assert.match(text(answer.body), /lang="fr"[\s\S]*limit-shed/)
})

test('a program that asks for no page gets two lines of text, so that refusing a flood is cheap', () => {
  const answer = new RefusalPages(site).find('rule-block', { method: 'GET', language: '', headers: ['accept', '*/*', 'accept-encoding', 'gzip'] }, 0, 0)
  assert.equal(answer.status, 403)
  assert.ok(answer.body!.length < 100)
  assert.match(text(answer.body), /rule-block\n$/)
  assert.equal(firstValue(answer.headers, 'content-type'), 'text/plain; charset=utf-8')
})

test('the same refusal is prepared once a second, so that a flood of them is one write each', () => {
  const pages = new RefusalPages(site)
  assert.equal(pages.find('rule-block', asker(), 0, 5_000), pages.find('rule-block', asker(), 0, 5_999))
  const later = pages.find('rule-block', asker(), 0, 6_000)
  assert.notEqual(pages.find('rule-block', asker(), 0, 5_999), later)
})

test('a block is 403, an overload is 503, a slow origin is 504', () => {
  assert.equal(statusOf('rule-block'), 403)
  assert.equal(statusOf('queue-full'), 503)
  assert.equal(statusOf('origin-timeout'), 504)
})

test('a page is sent compressed to those who take it', () => {
  const pages = new RefusalPages(site)
  const small = pages.find('origin-down', asker('en', ['accept-encoding', 'gzip, br']), 0, 0)
  assert.equal(firstValue(small.headers, 'content-encoding'), 'gzip')
  assert.ok(small.body!.length < 2_500, `${small.body!.length} bytes`)
  assert.deepEqual(gunzipSync(small.body!), Buffer.from(pages.find('origin-down', asker('en'), 0, 0).body!))
  assert.equal(firstValue(pages.find('origin-down', asker('en', ['accept-encoding', 'gzip;q=0']), 0, 0).headers, 'content-encoding'), undefined)
})

test('whoever sent a form is not asked to reload it', () => {
  const page = text(new RefusalPages(site).find('limit-shed', asker('en', [], 'POST'), 5, 0).body)
  assert.doesNotMatch(page, /<form|<a /)
})

test('the institution is named, its contact is a link, and neither can break out of the page', () => {
  const page = (contact: string): string => text(new RefusalPages({ ...site, name: 'Court & <Council>', contact }).find('rule-block', asker(), 0, 0).body)
  assert.match(page('help@other.example'), /Court &amp; &lt;Council&gt;[\s\S]*href="mailto:help@other.example"/)
  assert.match(page('+32 2 555 01 00'), /href="tel:\+3225550100"/)
  assert.match(page('https://status.example/"onclick="x'), /href="https:\/\/status.example\/&quot;onclick=&quot;x"/)
  assert.match(page('javascript:alert(1)'), /: javascript:alert\(1\)<\/p>/)
})

test('a colour that is hard to read is refused with its contrast', () => {
  assert.equal(contrastRatio('#000000', '#ffffff'), 21)
  assert.equal(siteOptions.accentColour.check(siteOptions.accentColour.default), null)
  assert.equal(siteOptions.accentDarkColour.check(siteOptions.accentDarkColour.default), null)
  assert.match(siteOptions.accentColour.check('#ffcc00')!, /contrast of 1\.5/)
  assert.match(siteOptions.accentDarkColour.check('#333333')!, /contrast/)
  assert.match(siteOptions.accentColour.check('red')!, /#rrggbb/)
})

test('a logo is a small SVG or PNG picture inside the page', () => {
  assert.equal(siteOptions.logo.check(''), null)
  assert.equal(siteOptions.logo.check('data:image/svg+xml;base64,PHN2Zy8+'), null)
  assert.match(siteOptions.logo.check('https://cdn.example/logo.svg')!, /data: URL/)
  assert.match(siteOptions.logo.check('data:text/html;base64,PHN2Zy8+')!, /SVG or PNG/)
  assert.match(siteOptions.logo.check(`data:image/png;base64,${'A'.repeat(5_000)}`)!, /too large/)
})
