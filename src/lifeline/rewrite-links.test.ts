import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rewriteCss, rewriteHtml } from './rewrite-links.ts'
import { withoutSessionIds } from './session-ids.ts'
import { relativeAddress, StaticNames } from './static-names.ts'
import { withoutFormValues } from './without-form-values.ts'

test('addresses are replaced where they stand and nothing else changes', () => {
  const html = `<!DOCTYPE html><html><HEAD><base href="/b/"><link integrity="sha256-x" rel=stylesheet href=a.css></HEAD><body data-x='1'><a  href = '/n?a=1&amp;b=2' >Grüße</a><img src=i.png srcset="i.png 1x, j.png 2x"><p style="background:url('k.png')">a &lt; b</p><a href="#here">h</a></body></html>`
  const out = rewriteHtml(html, (reference) => (reference.startsWith('#') ? null : `new/${reference.replaceAll(/[^a-z.]/g, '')}`), '')
  assert.equal(out, `<!DOCTYPE html><html><HEAD><link integrity="" rel=stylesheet href="new/a.css"></HEAD><body data-x='1'><a  href = "new/nab" >Grüße</a><img src="new/i.png" srcset="new/i.png 1x, new/j.png 2x"><p style="background:url('new/k.png')">a &lt; b</p><a href="#here">h</a></body></html>`)
})

test('a page that leaves its encoding to the header says it itself afterwards', () => {
  assert.equal(rewriteHtml('<head><title>x</title></head>', () => null, 'utf-8'), '<head><meta charset="utf-8"><title>x</title></head>')
  assert.equal(rewriteHtml('<head><meta charset=latin1></head>', () => null, 'utf-8'), '<head><meta charset=latin1></head>')
})

test('an identity rewriting gives the same addresses back, for any page made of such pieces', () => {
  const pieces = fc.constantFrom('<a href="x.html">', "<img src='y.png'>", '<p>text', '<a href=z>', '<!-- c -->', '<script>if (a<b) "href=q"</script>', '<style>a{}</style>', '\n', '&amp;', '<br/>')
  fc.assert(fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
    const text = parts.join('')
    assert.equal(rewriteHtml(text, () => null, ''), text)
  }))
  assert.equal(rewriteCss('a{b:url(x.png)} @import "y.css";', (reference) => `q/${reference}`), 'a{b:url(q/x.png)} @import "q/y.css";')
})

test('every address gets a file of its own, inside the folder, that a file system takes and whose ending says its type', () => {
  const names = new StaticNames()
  const add = (target: string, type: string): string => names.add(`h${target}`, target, type, type === 'text/html', '')
  assert.equal(add('/', 'text/html'), 'index.html')
  assert.equal(add('/news', 'text/html'), 'news/index.html')
  assert.equal(add('/news/', 'text/html'), '_polder/' + names.of('h/news/')!.slice(8))
  assert.equal(add('/a.html', 'text/html'), 'a.html')
  assert.equal(add('/index.php', 'text/html'), 'index.php/index.html')
  assert.match(add('/news?page=2', 'text/html'), /^news\/index\.q-[0-9a-f]{12}\.html$/)
  assert.match(add('/s.css?v=3', 'text/css'), /^s\.q-[0-9a-f]{12}\.css$/)
  assert.equal(add('/logo', 'image/png'), 'logo.png')
  assert.equal(add('/style.php', 'text/css'), 'style.php.css')
  assert.equal(add('/caf%C3%A9', 'text/html'), 'café/index.html')
  assert.equal(add('/sitemap.xml', 'application/xml'), 'sitemap.xml')
  const target = fc.array(fc.constantFrom('/', 'a', '..', '.', '%2e%2e', '%00', '%2F', '%', '?', 'x.css', '%5C', 'ü', ':', 'a'.repeat(300), '_polder', '&', '"'), { maxLength: 12 }).map((parts) => `/${parts.join('')}`)
  fc.assert(
    fc.property(fc.array(fc.tuple(target, fc.constantFrom('text/html', 'text/css', 'image/png', 'application/x-odd')), { maxLength: 30 }), (list) => {
      const fresh = new StaticNames()
      const files = new Map<string, string>()
      for (const [one, type] of list) {
        const name = fresh.add(one, one, type, type === 'text/html', '')
        assert.ok(!name.startsWith('/') && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255 && !part.includes('\0') && !part.includes('\\')), name)
        assert.ok(files.get(name) === undefined || files.get(name) === one, `${name} twice`)
        files.set(name, one)
      }
      for (const name of files.keys()) for (const other of files.keys()) assert.ok(!other.startsWith(`${name}/`), `${name} is a file and a folder`)
    }),
    { numRuns: 300 },
  )
})

test('relative addresses lead from file to file', () => {
  assert.equal(relativeAddress('index.html', 'news/index.html'), 'news/index.html')
  assert.equal(relativeAddress('news/a/index.html', 'assets/x y.css'), '../../assets/x%20y.css')
  assert.equal(relativeAddress('news/a.html', 'news/b.html'), 'b.html')
  assert.equal(relativeAddress('a/b.html', 'a/c:d.html'), './c%3Ad.html'.replace('./', ''))
  fc.assert(fc.property(fc.array(fc.constantFrom('a', 'b', 'ü', 'c d', "(x)'"), { minLength: 1, maxLength: 4 }), fc.array(fc.constantFrom('a', 'b', 'ü', 'c d', "(x)'"), { minLength: 1, maxLength: 4 }), (from, to) => {
    const resolved = new URL(relativeAddress(from.join('/'), to.join('/')), `http://h/${from.map(encodeURIComponent).join('/')}`)
    assert.equal(decodeURIComponent(resolved.pathname), `/${to.join('/')}`)
  }))
})

test('hidden and password values and tokens in meta fields are gone, and nothing else', () => {
  const html = `<meta name="csrf-token" content="SECRET1"><meta name="description" content="about tokens"><form><input type="hidden" name="t" value="SECRET2"><input type=HIDDEN value=SECRET3><input value="kept" type="text"><input type='password' value='SECRET4'></form>`
  const out = withoutFormValues(html)
  assert.ok(!out.includes('SECRET'))
  assert.equal(out, `<meta name="csrf-token" content=""><meta name="description" content="about tokens"><form><input type="hidden" name="t" value=""><input type=HIDDEN value=""><input value="kept" type="text"><input type='password' value=""></form>`)
})

test('ids of sessions leave the addresses of links and forms, and nothing else changes', () => {
  const id = '0123456789ABCDEF0123456789ABCDEF'
  const html = `<a href="/news;jsessionid=${id}?page=2&amp;q=a#end">n</a><form action='/send?PHPSESSID=${id.toLowerCase()}&amp;lang=en'></form><img src=/a.png;jsessionid=${id}><a href="/s?session_id=12&amp;x=&quot;y">twelfth session</a><p>;jsessionid=${id}</p>`
  assert.equal(withoutFormValues(html), `<a href="/news?page=2&amp;q=a#end">n</a><form action="/send?lang=en"></form><img src="/a.png"><a href="/s?session_id=12&amp;x=&quot;y">twelfth session</a><p>;jsessionid=${id}</p>`)
})

test('an address loses the id of a session and keeps the rest; what is short or has another name stays', () => {
  const id = 'a1b2c3d4e5f6a7b8c9d0'
  for (const [given, wanted] of [
    [`/a;jsessionid=${id}`, '/a'], [`/a;JSESSIONID=${id}.node1/b?x=1`, '/a/b?x=1'], [`/a?sessionid=${id}`, '/a'], [`/a?x=1&ASPSESSIONIDQQ=${id}&y=2#z`, '/a?x=1&y=2#z'],
    ['/a?session_id=12', '/a?session_id=12'], [`/a?sid=${id}`, `/a?sid=${id}`], ['/a;v=1', '/a;v=1'], ['', ''], [`#?sessionid=${id}`, `#?sessionid=${id}`],
  ]) assert.equal(withoutSessionIds(given), wanted, given)
  fc.assert(fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => assert.equal(withoutSessionIds(withoutSessionIds(url)), withoutSessionIds(url))))
})
