import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cssReferences, findInHtml, findInSitemap, refreshTarget, srcsetParts } from './find-links.ts'

const pages = (html: string): string[] => findInHtml(html).links.filter((link) => link.kind === 'page').map((link) => link.reference)
const assets = (html: string): string[] => findInHtml(html).links.filter((link) => link.kind === 'asset').map((link) => link.reference)

test('links and what a page needs to look right are told apart', () => {
  const html = `<!doctype html><html><head><base href="/deep/"><link rel=stylesheet href='a.css'><link rel="alternate" href="/feed"><link rel="preconnect" href="https://x.example">
    <style>@import "b.css"; body{background:url( "bg.png" )}</style><script src=s.js></script><script>var x = '<a href="/not-a-link">'</script></head>
    <body background="old.gif"><a href="/x?a=1&amp;b=2">x</a><A HREF=/upper>y</A><a href="/no" rel="nofollow noopener">n</a><area href="/map">
    <img src="i.png" srcset="i1.png 1x, i2.png 2x"><picture><source srcset="w.webp 400w"></picture><video src=v.mp4 poster="p.jpg"></video>
    <svg><use xlink:href="/sprite.svg#a"></use></svg><div style="background:url(d.png)"></div><!-- <a href="/commented">c</a> --><iframe src="/frame"></iframe>
    <meta http-equiv="refresh" content="5; url='/next'"></body></html>`
  const found = findInHtml(html)
  assert.equal(found.base, '/deep/')
  assert.equal(found.noArchive, false)
  assert.deepEqual(pages(html).sort(), ['/feed', '/frame', '/map', '/next', '/upper', '/x?a=1&b=2'])
  assert.deepEqual(assets(html).sort(), ['/sprite.svg#a', 'a.css', 'b.css', 'bg.png', 'd.png', 'i.png', 'i1.png', 'i2.png', 'old.gif', 'p.jpg', 's.js', 'v.mp4', 'w.webp'])
})

test('a page may forbid its copy, or following its links', () => {
  assert.equal(findInHtml('<meta name="robots" content="index, NOARCHIVE">').noArchive, true)
  assert.deepEqual(pages('<meta name=robots content=nofollow><a href="/x">x</a>'), [])
  assert.deepEqual(assets('<meta name=robots content=nofollow><img src="/x">'), ['/x'])
})

test('addresses of a style sheet are found with their places', () => {
  const css = `@import url("a.css");@import 'b.css' print;.x{background:url(c\\).png),url( 'd.png' )}.y{src:url(data:font/woff;base64,AAAA)}`
  const found = cssReferences(css)
  assert.deepEqual(found.map((one) => one.reference).slice(0, 2), ['a.css', 'b.css'])
  assert.ok(found.some((one) => one.reference === 'd.png'))
  assert.ok(!found.some((one) => one.reference.startsWith('data:')))
  for (const one of found) assert.ok(css.slice(one.from, one.to).includes(one.reference.slice(0, 1)))
})

test('srcset: candidates with and without descriptors, and data', () => {
  assert.deepEqual(srcsetParts('a.png, b.png 2x,c,d.png 3x , /e,f.png 100w').map((one) => one.reference), ['a.png', 'b.png', 'c,d.png', '/e,f.png'])
})

test('a sitemap and an index of sitemaps name pages; other XML does not', () => {
  const map = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc> https://a.example/x?p=1&amp;q=2 </loc><lastmod>2026-01-01</lastmod></url><url><loc><![CDATA[https://a.example/y]]></loc></url></urlset>'
  assert.deepEqual(findInSitemap(map), ['https://a.example/x?p=1&q=2', 'https://a.example/y'])
  assert.deepEqual(findInSitemap('<sitemapindex><sitemap><loc>https://a.example/s1.xml.gz</loc></sitemap></sitemapindex>'), ['https://a.example/s1.xml.gz'])
  assert.equal(findInSitemap('<rss><channel><loc>no</loc></channel></rss>'), null)
})

test('any text at all is read without an exception, in time that grows with its length', () => {
  const bits = fc.constantFrom('<', '>', '"', "'", '=', 'a', ' ', '<a href=', '<style>', '</', '<!--', '-->', 'url(', ')', 'srcset', '&amp;', '\u0000', 'é', '@import ', ',', '<script>', '</script>')
  fc.assert(
    fc.property(fc.array(bits, { maxLength: 60 }), (parts) => {
      const text = parts.join('')
      findInHtml(text)
      cssReferences(text)
      srcsetParts(text)
      findInSitemap(`<urlset ${text}`)
    }),
    { numRuns: 300 },
  )
  const started = performance.now()
  for (const hostile of ['url('.repeat(50_000), '@import '.repeat(50_000), 'a, '.repeat(50_000), 'url( "'.repeat(30_000), ' '.repeat(200_000), `<a srcset="${'x 1w'.repeat(30_000)}">`]) {
    cssReferences(hostile)
    srcsetParts(hostile)
    findInHtml(hostile)
  }
  assert.ok(performance.now() - started < 5_000, `${performance.now() - started} ms`)
})

test('the address of a refresh is read as one expression would read it, in time that grows with its length and no faster', () => {
  const slow = (content: string): string => /^[\d.]*[ \t\n]*[;,]?[ \t\n]*url[ \t\n]*=[ \t\n]*(["']?)(.*?)\1$/i.exec(content.trim())?.[2] ?? ''
  const parts = fc.array(fc.constantFrom('5', '.', ' ', '\t', '\n', ';', ',', 'url', 'URL', 'u', '=', "'", '"', '/there', 'x'), { maxLength: 14 })
  fc.assert(fc.property(parts, (words) => assert.equal(refreshTarget(words.join('')), slow(words.join('')))), { numRuns: 3_000 })
  fc.assert(fc.property(fc.constantFrom('5', '5;', '0; ', ''), fc.constantFrom('', '"', "'"), fc.webPath(), (before, quote, path) => assert.equal(refreshTarget(`${before}url=${quote}${path}${quote}`), path)))
  assert.deepEqual(['5; url=/a', "0;URL = '/b'", '/c', '5', 'url="', ''].map(refreshTarget), ['/a', '/b', '', '', '"', ''])
  // Of the whole of it linear work is some ten milliseconds of CPU, quadratic work ten seconds and more.
  const from = process.threadCpuUsage()
  for (let turn = 0; turn < 1_000; turn++) for (const piece of [' ', '5', '; ', 'url ']) refreshTarget(`5${piece.repeat(4_000 / piece.length)}x`)
  const { user, system } = process.threadCpuUsage(from)
  assert.ok(user + system < 1_500_000, `${(user + system) / 1_000} ms`)
})
