import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import type { LifelineAnswer, LifelineAsk } from '../contract/lifeline.ts'
import { SimulatedClock } from '../kernel/clock.ts'
import { defaultsOf } from '../kernel/option.ts'
import { CrawlScope } from './crawl-scope.ts'
import { CrawlStore } from './crawl-store.ts'
import { Crawler } from './crawler.ts'
import { readState } from './lifeline-state.ts'
import { lifelineOptions, type LifelineSettings } from './options.ts'
import { Reads } from './reads.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-crawler-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

type Page = { readonly status?: number; readonly type?: string; readonly body?: string; readonly etag?: string; readonly location?: string; readonly toOtherScheme?: boolean; readonly why?: string; readonly fails?: boolean }

/** A crawler over a site that is a table; time passes only while it waits. */
class Rig {
  readonly clock = new SimulatedClock()
  readonly asked: LifelineAsk[] = []
  readonly logged: string[] = []
  pages: Record<string, Page>
  calm = true
  file: string
  store: CrawlStore
  crawler: Crawler
  readonly settings: LifelineSettings

  constructor(pages: Record<string, Page>, settings: Partial<LifelineSettings> = {}, file = join(folder, `${++files}.sqlite`)) {
    this.pages = pages
    this.settings = { ...defaultsOf(lifelineOptions), maxPerSecond: 1_000, busyShare: 1, ...settings }
    this.file = file
    this.store = new CrawlStore(file, { maxBytes: this.settings.diskBytes })
    this.crawler = this.#make()
  }

  #make(): Crawler {
    const scope = new CrawlScope(['https://site.example'], this.settings)
    const reads = new Reads(this.store)
    this.reads = reads
    return new Crawler(
      { clock: this.clock, store: this.store, scope, isCalm: () => this.calm, readPages: () => reads.unknownPages(100), log: (message, facts) => this.logged.push(`${message} ${JSON.stringify(facts)}`), ask: async (ask) => this.#answer({ ...ask, ticket: 1 }) },
      this.settings,
    )
  }

  reads!: Reads

  /** As after kill -9: the file is opened again, nothing else is left. */
  restart(): void {
    this.store.close()
    this.store = new CrawlStore(this.file, { maxBytes: this.settings.diskBytes })
    this.crawler = this.#make()
  }

  #answer(ask: LifelineAsk): LifelineAnswer {
    this.asked.push(ask)
    this.clock.advanceMs(5)
    const page = this.pages[ask.target]
    const base = { ticket: 1, why: '', headers: [] as string[], body: null, originMs: 5 }
    if (page?.fails === true) return { ...base, outcome: 'failed', why: 'status-503', status: 503 }
    if (page === undefined) return { ...base, outcome: 'not-kept', why: 'status-404', status: 404 }
    if (page.why !== undefined) return { ...base, outcome: 'not-kept', why: page.why, status: 200 }
    if (page.etag !== undefined && ask.etag === page.etag) return { ...base, outcome: 'not-modified', status: 304 }
    const location = page.toOtherScheme === true ? `${ask.scheme === 'https' ? 'http' : 'https'}://${ask.host}${ask.target}` : page.location
    const headers = ['content-type', page.type ?? 'text/html; charset=utf-8', ...(page.etag === undefined ? [] : ['etag', page.etag]), ...(location === undefined ? [] : ['location', location]), 'set-cookie', 'never=kept']
    return { ...base, outcome: 'answered', status: page.status ?? 200, headers, body: Buffer.from(page.body ?? '') }
  }

  /** Steps until the pass is over, or `most` steps. Returns what was asked for. */
  async pass(most = 10_000): Promise<string[]> {
    const from = this.asked.length
    for (let i = 0; i < most; i++) {
      this.clock.advanceMs(Math.max(1, await this.crawler.step()))
      const { number, endedAtWallMs } = this.store.pass()
      if (number > 0 && endedAtWallMs > 0 && this.crawler.pause !== 'starting' && i > 0) break
    }
    return this.asked.slice(from).map((ask) => ask.target)
  }

  state() {
    return readState(this.store, { sites: [], pause: this.crawler.pause, perSecond: 1, suspended: false, maxBytes: 1 }, this.clock.wallMs())
  }
}

const site: Record<string, Page> = {
  '/robots.txt': { type: 'text/plain', body: 'User-agent: *\nDisallow: /secret\nSitemap: https://site.example/map.xml' },
  '/': { body: '<a href="/a">a</a><a href="https://elsewhere.example/x">x</a><a href="//site.example/b?x=1&amp;y=2#f">b</a><link rel=stylesheet href="/s.css"><a href="/secret/1">s</a>', etag: '"1"' },
  '/map.xml': { type: 'application/xml', body: '<urlset><url><loc>https://site.example/orphan</loc></url></urlset>' },
  '/a': { body: '<a href="b?x=1&y=2">', etag: '"2"' },
  '/b?x=1&y=2': { body: 'b' },
  '/s.css': { type: 'text/css', body: '@import "t.css"; a{background:url(i.png)}' },
  '/t.css': { type: 'text/css', body: '' },
  '/i.png': { type: 'image/png', body: 'png' },
  '/orphan': { body: '<a href="/private">p</a><a href="/old">o</a>' },
  '/private': { why: 'private' },
  '/old': { status: 301, location: '/a' },
}

test('a pass keeps what links, style sheets and the sitemap name, of this site only, and says why the rest is missing', async () => {
  const rig = new Rig(site)
  const asked = await rig.pass()
  assert.deepEqual(rig.logged.filter((line) => line.includes('cannot')), [])
  assert.ok(!asked.some((target) => target.startsWith('/secret')), 'robots.txt is honoured')
  assert.ok(rig.asked.every((ask) => ask.host === 'site.example' && ask.scheme === 'https'))
  for (const target of ['/', '/a', '/b?x=1&y=2', '/s.css', '/t.css', '/i.png', '/orphan', '/old', '/map.xml', '/robots.txt']) assert.ok(rig.store.hasCopy(`site.example${target}`), target)
  const { missing, pages } = rig.state()
  assert.deepEqual(Object.fromEntries(missing.map((one) => [one.why, one.examples])), { robots: ['site.example/secret/1'], private: ['site.example/private'], 'status-404': ['site.example/sitemap.xml', 'site.example/favicon.ico'] })
  assert.equal(pages.kept, 10)
  assert.ok(!rig.store.copy('site.example/')!.headers.includes('set-cookie'))
})

test('the second pass asks with what it knows, and an unchanged page stays without being sent', async () => {
  const rig = new Rig(site)
  await rig.pass()
  rig.clock.advanceMs(7 * 3_600_000)
  const before = rig.store.copy('site.example/a')!.storedAtWallMs
  await rig.pass()
  const second = rig.asked.filter((ask) => ask.target === '/a')
  assert.deepEqual(second.map((ask) => ask.etag), ['', '"2"'])
  assert.ok(rig.store.copy('site.example/a')!.storedAtWallMs > before)
})

test('after a crash in the middle, what was visited in this pass is not asked again', async () => {
  const pages: Record<string, Page> = { '/': { body: Array.from({ length: 300 }, (_, i) => `<a href="/p${i}">`).join('') }, ...Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`/p${i}`, { body: `page ${i}` }])) }
  const rig = new Rig(pages)
  const first = await rig.pass(150)
  assert.ok(first.length > 50 && first.length < 290, `${first.length}`)
  rig.restart()
  const second = await rig.pass()
  const doubled = second.filter((target) => first.includes(target) && target !== '/robots.txt')
  assert.deepEqual(doubled, [])
  assert.equal(new Set([...first, ...second]).size, 304)
})

test('it rests while the shield is not calm, and while the origin fails, and says so', async () => {
  const rig = new Rig(site)
  rig.calm = false
  await rig.pass(20)
  assert.equal(rig.asked.length, 0)
  assert.equal(rig.crawler.pause, 'not-calm')
  rig.calm = true
  for (const key of Object.keys(rig.pages)) rig.pages = { ...rig.pages, [key]: { fails: true } }
  await rig.pass(30)
  const failed = rig.asked.length
  assert.ok(failed <= 5, `${failed} while it fails`)
  assert.equal(rig.crawler.pause, 'origin-fails')
  rig.pages = site
  await rig.pass()
  assert.ok(rig.store.hasCopy('site.example/orphan'))
})

test('what the origin takes back goes: at once when it says so, at the second pass for a 404; a failure takes nothing away', async () => {
  const rig = new Rig({ ...site, '/gone': { body: 'x' }, '/lost': { body: 'y' }, '/flaky': { body: 'z' }, '/': { body: '<a href=/gone><a href=/lost><a href=/flaky>' } })
  await rig.pass()
  rig.pages = { ...rig.pages, '/gone': { why: 'status-410' }, '/flaky': { fails: true } }
  delete rig.pages['/lost']
  rig.crawler.order()
  await rig.pass()
  assert.equal(rig.store.hasCopy('site.example/gone'), false)
  assert.equal(rig.store.hasCopy('site.example/lost'), true)
  rig.crawler.order()
  await rig.pass()
  assert.equal(rig.store.hasCopy('site.example/lost'), false)
  assert.equal(rig.store.hasCopy('site.example/flaky'), true)
})

test('endless calendars and link loops end at the bounds, which are counted', async () => {
  const rig = new Rig({}, { maxQueriesPerPath: 5, maxPages: 100 })
  rig.pages = new Proxy({} as Record<string, Page>, {
    get: (_t, target) => (typeof target === 'string' && target.startsWith('/cal') ? { body: `<a href="/cal?m=${Number(/\d+/.exec(target)?.[0] ?? 0) + 1}"><a href="${target.split('?')[0]}/cal/">` } : target === '/' ? { body: '<a href="/cal">' } : undefined),
  })
  const asked = await rig.pass()
  assert.ok(asked.filter((target) => target.includes('?')).length <= 30, asked.join(' '))
  assert.ok(asked.length < 110)
  assert.ok(rig.state().pages.beyondBound > 0)
})

test('a damaged row is nothing: the page is asked for whole again', async () => {
  const rig = new Rig(site)
  await rig.pass()
  const other = new DatabaseSync(rig.file)
  other.exec("UPDATE copy SET body = x'00' WHERE key = 'site.example/a'")
  other.close()
  assert.equal(rig.store.copy('site.example/a'), null)
  rig.crawler.order()
  await rig.pass()
  assert.equal(Buffer.from(rig.store.copy('site.example/a')!.body).toString(), site['/a'].body)
})

test('a full file keeps what it has and says disk-full; a damaged file is begun anew', async () => {
  const big = 'x'.repeat(60_000)
  const pages: Record<string, Page> = { '/': { body: Array.from({ length: 40 }, (_, i) => `<a href="/p${i}">`).join('') }, ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`/p${i}`, { body: big }])) }
  const rig = new Rig(pages, { diskBytes: 1_048_576 })
  await rig.pass()
  const { missing, disk } = rig.state()
  assert.ok(missing.some((one) => one.why === 'disk-full' && one.pages > 10), JSON.stringify(missing))
  assert.ok(disk.bytes <= 1_048_576)
  assert.ok(rig.store.hasCopy('site.example/p1'))
  rig.store.close()
  const broken = join(folder, 'broken.sqlite')
  const { writeFileSync } = await import('node:fs')
  writeFileSync(broken, 'this is no database at all, but long enough to look at'.repeat(100))
  let said = ''
  const store = new CrawlStore(broken, { onReplaced: (detail) => (said = detail) })
  assert.match(said, /broken\.sqlite\.broken:/)
  assert.equal(store.known, 0)
  store.close()
})

test('coverage is a share of what was read; an address that only readers named is never written down, and visited once very many read it', async () => {
  const rig = new Rig({ ...site, '/hidden': { body: 'known to readers only' } })
  await rig.pass()
  rig.reads.add({ counts: [['site.example/', 80], ['site.example/private', 10], ['site.example/reset/canary-token', 8], ['site.example/x?mail=canary@example.net', 400], ['site.example/hidden', 102]], others: 0 }, rig.clock.wallMs())
  const { coverage } = rig.state()
  assert.equal(coverage.reads, 600)
  assert.ok(Math.abs(coverage.share - 80 / 600) < 1e-9)
  assert.ok(coverage.unserved.every((one) => !one.key.includes('canary')))
  assert.deepEqual(rig.reads.unknownPages(10), ['site.example/hidden'])
  rig.crawler.order()
  await rig.pass()
  assert.ok(rig.store.hasCopy('site.example/hidden'))
  rig.store.close()
  const { readFileSync } = await import('node:fs')
  assert.ok(!readFileSync(rig.file, 'latin1').includes('canary'))
})

test('a file that cannot be opened now (locked, disk full, no rights) is left as it is: only damage gives it up', async () => {
  const rig = new Rig({ '/': { body: 'front' } })
  await rig.pass()
  rig.store.close()
  const holder = new DatabaseSync(rig.file)
  holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  assert.throws(() => new CrawlStore(rig.file, { onReplaced: () => assert.fail('nothing is damaged') }), /locked/)
  holder.close()
  const again = new CrawlStore(rig.file, { onReplaced: () => assert.fail('nothing is damaged') })
  assert.notEqual(again.copy('site.example/'), null)
  again.close()
})

test('readers may name a tenth of the pages at most, and these are visited last; what the site names later stands where the site has it', async () => {
  const pages: Record<string, Page> = { '/': { body: '<a href="/a">a</a>' }, '/a': { body: '<a href="/b">b</a>' }, '/b': { body: 'b' } }
  for (let i = 0; i < 60; i++) pages[`/flood-${i}`] = { body: `<a href="/flood-${i}/more">more</a>` }
  const rig = new Rig(pages, { maxPages: 100 })
  await rig.pass()
  rig.reads.add({ counts: [...Array.from({ length: 60 }, (_, i): [string, number] => [`site.example/flood-${i}`, 1_000]), ['site.example/b', 60]], others: 0 }, rig.clock.wallMs())
  rig.crawler.order()
  const asked = await rig.pass()
  assert.equal(asked.filter((target) => target.startsWith('/flood')).length, 10)
  assert.ok(asked.indexOf('/b') < asked.findIndex((target) => target.startsWith('/flood')))
  pages['/b'] = { body: '<a href="/flood-59">it is a page of ours</a>' }
  pages['/flood-0'] = { body: '' }
  rig.crawler.order()
  const again = await rig.pass()
  assert.ok(again.includes('/flood-59'))
  assert.ok(rig.store.hasCopy('site.example/flood-59'))
})

test('when room is short, addresses that are gone for good make room for new ones', async () => {
  const links = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `<a href="/${from + i}">x</a>`).join('')
  const pages: Record<string, Page> = { '/': { body: links(0, 90) } }
  const rig = new Rig(pages, { maxPages: 100 })
  for (let i = 0; i < 90; i++) pages[`/${i}`] = { body: 'old' }
  await rig.pass()
  for (let i = 0; i < 90; i++) delete pages[`/${i}`]
  for (let i = 100; i < 190; i++) pages[`/${i}`] = { body: 'new' }
  pages['/'] = { body: links(100, 190) }
  for (let pass = 0; pass < 4; pass++) {
    rig.crawler.order()
    await rig.pass()
  }
  assert.equal(rig.store.hasCopy('site.example/189'), true)
  assert.equal(rig.store.visit('site.example/0'), null)
})

test('a page that sends back and forth between http and https ends nobody’s pass', async () => {
  const rig = new Rig({ '/': { body: '<a href="/turn">t</a><a href="/after">a</a>' }, '/turn': { status: 302, toOtherScheme: true }, '/after': { body: 'after' } })
  const asked = await rig.pass(200)
  assert.equal(asked.filter((target) => target === '/turn').length, 2)
  assert.ok(rig.store.hasCopy('site.example/after'))
})

test('the file and its side files are their owner’s alone, also one that was not', async () => {
  const rig = new Rig({ '/': { body: 'front' } })
  await rig.pass()
  const modes = () => ['', '-wal', '-shm'].map((ending) => statSync(rig.file + ending).mode & 0o777)
  assert.deepEqual(modes(), [0o600, 0o600, 0o600])
  rig.store.close()
  chmodSync(rig.file, 0o644)
  rig.restart()
  assert.deepEqual(modes(), [0o600, 0o600, 0o600])
})

test('a site that writes a new session into every link is gathered once, without the session, and a page that only leads to itself for one is no copy', async () => {
  const id = (number: number): string => `0123456789abcdef${String(number).padStart(16, '0')}`
  const pages = (number: number): Record<string, Page> => ({
    '/': { body: `<a href="/a;jsessionid=${id(number)}">a</a><a href="/b?PHPSESSID=${id(number)}&amp;x=1">b</a><a href="/begin">c</a><script>var csrf = "of the crawl"</script>` },
    '/a': { body: 'a' }, '/b?x=1': { body: 'b' }, '/begin': { status: 302, location: `/begin;jsessionid=${id(number)}` }, '/old': { status: 302, location: `/a;jsessionid=${id(number)}` },
  })
  const rig = new Rig({ ...pages(1), '/map.xml': site['/map.xml'] })
  await rig.pass()
  const known = rig.store.known
  rig.pages = pages(2)
  rig.reads.add({ counts: [[`site.example/old`, 90], [`site.example/a;jsessionid=${id(3)}`, 400]], others: 0 }, rig.clock.wallMs())
  assert.deepEqual(rig.reads.unknownPages(10), ['site.example/old'])
  rig.clock.advanceMs(7 * 3_600_000)
  rig.crawler.order()
  await rig.pass()
  for (const target of ['/', '/a', '/b?x=1', '/old']) assert.ok(rig.store.hasCopy(`site.example${target}`), target)
  assert.equal(rig.store.known, known + 1, 'the page that readers named, and none because of a session')
  assert.ok(!rig.store.hasCopy('site.example/begin'))
  assert.equal(rig.store.copy('site.example/old')!.headers.join(' '), 'content-type text/html; charset=utf-8 location /a')
  assert.ok(!Buffer.from(rig.store.copy('site.example/')!.body).includes('0123456789abcdef'))
})
