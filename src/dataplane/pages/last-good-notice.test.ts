import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withNotice } from './last-good-notice.ts'
import { lastGoodWords } from './last-good-words.ts'
import { HtmlTags } from './html-tags.ts'
import { languageCodes } from './words/languages.ts'

const facts = { wallMs: Date.UTC(2026, 10, 14, 13, 5), acceptLanguage: 'fr', closed: true, xhtml: false, timeZone: 'UTC' }
const page = (body: string, attributes = ' lang="de"'): string => `<!doctype html><html${attributes}><head><title><body></title></head><body class="x">${body}</body></html>`

test('the notice stands at the top of the body, with the date, in the language of the page', () => {
  const html = withNotice(page('<p>text</p>'), facts)!
  assert.match(html, /<body class="x"><section role="region" aria-label="Gespeicherte Kopie" lang="de" dir="ltr"/)
  assert.match(html, /<time datetime="2026-11-14T13:05:00.000Z">14\. November 2026 um 13:05 UTC<\/time>/)
  assert.ok(html.endsWith('<p>text</p></body></html>'))
  assert.ok(!/style=|<style|<script/.test(html))
  assert.match(withNotice(page('', ''), facts)!, /lang="fr"/)
  assert.match(withNotice(page('', ' lang="zz"'), facts)!, /lang="fr"/)
})

test('all 24 languages have their words, the date has its place, and the page stays ASCII where it was', () => {
  assert.equal(languageCodes.length, 24)
  for (const code of languageCodes) {
    const { title, notice, form } = lastGoodWords[code]
    assert.ok(title.length > 5 && notice.split('{t}').length === 2 && form.length > 10, code)
    const html = withNotice(page('<form></form>', ` lang="${code}"`), facts)!
    // oxlint-disable-next-line no-control-regex -- ASCII is what is meant
    assert.match(html, /^[\u0000-\u007f]*$/, code)
    assert.ok(html.includes(`lang="${code}"`), code)
  }
})

test('a form keeps its looks, says that it does not work, and sends nothing', () => {
  const html = withNotice(page('<form class="f" action="/s" method=post><input name=q disabled><button>Go</button><select><option>1</select></form><button id="menu">M</button><input form="f">'), facts)!
  assert.ok(html.includes('<form method="dialog" action="" class="f" action="/s" method=post><small lang="de" dir="ltr">'))
  assert.ok(html.includes('<input name=q disabled><button disabled="disabled">Go</button><select disabled="disabled">'))
  assert.ok(html.includes('<button id="menu">M</button><input disabled="disabled" form="f">'))
  const open = withNotice(page('<form action="/s"><button>Go</button></form>'), { ...facts, closed: false })!
  assert.ok(open.includes('<form action="/s"><button>Go</button></form>') && open.includes('Gespeicherte Kopie'))
})

test('text that only looks like markup is left alone', () => {
  const body = '<script>if (a<b) document.write("<form><body>")</script><!-- <form> --><textarea><form></textarea><a title="<form>">x</a><p>a < b'
  const html = withNotice(page(body), facts)!
  assert.ok(html.includes(body))
})

test('pages without a body tag, and what is no page', () => {
  assert.match(withNotice('<!doctype html><title>x</title><meta charset=utf-8><h1>Hi</h1>', facts)!, /<meta charset=utf-8><section /)
  assert.equal(withNotice('<div>a piece</div>', facts), null)
  assert.equal(withNotice('<html><frameset></frameset></html>', facts), null)
  assert.equal(withNotice('\xff\xfe<\0h\0t\0m\0l\0', facts), null)
  assert.equal(withNotice('', facts), null)
})

test('whatever the page: taken out again, the notice leaves it as it was', () => {
  const pieces = fc.constantFrom('<body>', '<p>', '</p>', '<', '>', '"', '<a href="x>y">', '<!--', '-->', '<script>', '</script>', 'text', '\xe9', '<head>', '</head>', '<html>', '<br/>', "'")
  fc.assert(fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
    const text = `<!doctype html>${parts.join('')}`
    const html = withNotice(text, { ...facts, closed: false })
    if (html === null) return
    assert.equal(html.replace(/<section role="region".*?<\/section>/s, ''), text)
  }))
})

test('tags are found in time that grows with the length of the text', () => {
  const started = performance.now()
  for (const hostile of ['<'.repeat(300_000), '<a "'.repeat(100_000), '<script>'.repeat(50_000), '<!--'.repeat(100_000), `<a ${'b="'.repeat(100_000)}`, '</script'.repeat(50_000), '<title></'.repeat(50_000)]) {
    const tags = new HtmlTags(hostile)
    while (tags.next());
  }
  assert.ok(performance.now() - started < 5_000, `${performance.now() - started} ms`)
})
