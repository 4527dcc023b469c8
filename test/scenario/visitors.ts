/** Who comes to the site: people with browsers, text browsers, feed readers, crawlers, an office behind one address, a crowd. */
import { sampleFlags } from '../../src/contract/sample.ts'
import { type Browser, type Client, type World, makeClient } from './world.ts'

const languages = ['de,en', 'fr,en', 'en', 'nl,en', 'it,en', 'pl,en']

/** Twelve real kinds of browser with rough market shares; each program has its own order of headers, people their own language. */
const programs: ReadonlyArray<readonly [share: number, name: string, order: string, version: number, mobile: boolean]> = [
  [28, 'Chrome 126 Windows', 'chromium', 20, false],
  [12, 'Chrome 125 Windows', 'chromium', 20, false],
  [9, 'Chrome 126 Mac', 'chromium', 20, false],
  [12, 'Chrome 126 Android', 'chromium-mobile', 20, true],
  [10, 'Safari 17 iPhone', 'webkit', 20, true],
  [6, 'Safari 17 Mac', 'webkit', 20, false],
  [7, 'Edge 126', 'chromium', 20, false],
  [6, 'Firefox 127 Windows', 'gecko', 20, false],
  [3, 'Firefox 115 Linux', 'gecko', 20, false],
  [3, 'Samsung Internet 25', 'chromium-mobile', 20, true],
  [2, 'Opera 110', 'chromium', 20, false],
  [2, 'Firefox 78 old', 'gecko', 11, false],
]

export function pickBrowser(world: World, mobileShare = -1): Browser {
  const wantMobile = mobileShare >= 0 ? world.chance(mobileShare) : null
  const pool = programs.filter(([, , , , mobile]) => wantMobile === null || mobile === wantMobile)
  let at = world.random.next() * pool.reduce((sum, [share]) => sum + share, 0)
  const program = pool.find(([share]) => (at -= share) < 0) ?? pool[0]
  const language = languages[Math.min(languages.length - 1, Math.floor(world.random.next() ** 2 * languages.length))]
  return { userAgent: program[1], shape: program[1].replaceAll(/\d+/g, '#'), headerOrder: program[2], accept: `${language}/gzip,br`, version: program[3] }
}

const textBrowser: Browser = { userAgent: 'Lynx 2.9', shape: 'Lynx #', headerOrder: 'lynx', accept: 'en/gzip', version: 10 }
const pages = ['/', '/news', '/members', '/agenda', '/contact', '/votes', '/press', '/visit', '/history', '/jobs', '/law/12', '/law/13', '/law/14', '/video', '/kids']

/** Those who take pages and nothing else, and mean no harm. */
const barePages: ReadonlySet<string> = new Set(['text browser', 'small crawler'])
const crawlers: readonly Browser[] = ['SeoTool/7', 'LinkCheck 3', 'ArchiveBot/1'].map((name) => ({ userAgent: name, shape: name.replaceAll(/\d+/g, '#'), headerOrder: 'crawler', accept: '/gzip', version: 11 }))

export interface VisitOptions {
  readonly browser?: Browser
  readonly pages?: number
  readonly firstPath?: string
  readonly referer?: 0 | 1 | 2
  readonly queryShape?: string
}

/** A visit: pages with think time, sub-resources of each page that came, a reload or two when it did not. */
export function visit(world: World, client: Client, options: VisitOptions = {}): void {
  let left = options.pages ?? 1 + world.random.below(8)
  let reloads = 0
  const turn = (path: string, referer: 0 | 1 | 2, queryShape: string): void => {
    const search = path === '/search'
    world.ask({
      client,
      path,
      template: path.replaceAll(/\d+/g, '#'),
      queryShape: search ? 'q=2' : queryShape,
      referer,
      routeClass: search ? 'search' : 'page',
      method: 'GET',
      cost: search ? 80 : 20,
      ended: (served) => {
        if (!served) {
          if (reloads++ < 2 && world.chance(0.6)) world.after(2 + world.random.below(3), () => turn(path, referer, queryShape))
          return
        }
        if (!barePages.has(client.cohort)) {
          if (world.chance(0.9)) client.cookie = true
          const parts = client.pages > 1 && world.chance(0.5) ? 1 : 4
          for (let i = 0; i < parts; i++) world.ask({ client, path: `/assets/${i}.css`, template: '/assets/#.css', queryShape: '', referer: 1, routeClass: 'static', method: 'GET', cost: 0 })
        }
        if (--left > 0) world.after(Math.exp(Math.log(8) + (world.random.next() + world.random.next() - 1) * 1.2), () => turn(world.chance(0.04) ? '/search' : pages[Math.floor(world.random.next() ** 2 * pages.length)], 1, ''))
      },
    })
  }
  turn(options.firstPath ?? pages[Math.floor(world.random.next() ** 3 * pages.length)], options.referer ?? (world.chance(0.5) ? 2 : 0), options.queryShape ?? '')
}

/** Everyday traffic: about 40 requests a second from a few hundred people, one in fifty with a text browser, small crawlers that only take pages (2 % of the requests), and some feeds. */
export function everyday(visitsPerSecond = 1.7): (world: World) => void {
  const known: Client[] = []
  const readers: Client[] = []
  return (world) => {
    for (let n = world.poisson(visitsPerSecond); n > 0; n--) {
      const returning = known.length > 500 && world.chance(0.3)
      const client = returning ? known[world.random.below(known.length)] : citizen(world)
      if (!returning && known.length < 4_000) known.push(client)
      visit(world, client)
    }
    for (let n = world.poisson(0.08); n > 0; n--) {
      visit(world, makeClient(address(world, 10, 41), crawlers[world.random.below(crawlers.length)], true, 'small crawler'), { pages: 10, referer: 0 })
    }
    for (let n = world.poisson(0.5); n > 0; n--) {
      if (readers.length < 60) readers.push(makeClient(address(world, 10, 41), { userAgent: `feed reader ${readers.length % 5}`, shape: 'feed reader #', headerOrder: 'reader', accept: '/gzip', version: 11 }, true, 'feed'))
      poll(world, readers[world.random.below(readers.length)], 'feed')
    }
  }
}

function citizen(world: World): Client {
  const text = world.chance(0.02)
  return makeClient(address(world, 10, 41), text ? textBrowser : pickBrowser(world), true, text ? 'text browser' : 'people')
}

/** 127.a.x.y with a in [from, to). */
export function address(world: World, from: number, to: number): number {
  return ((127 << 24) | ((from + world.random.below(to - from)) << 16) | (world.random.below(256) << 8) | world.random.below(256)) >>> 0
}

function poll(world: World, client: Client, routeClass: 'feed' | 'api'): void {
  world.ask({ client, path: `/${routeClass}`, template: `/${routeClass}`, queryShape: '', referer: 0, routeClass, method: 'GET', cost: 2 })
}

/** B1, B4: a crowd for one new page, mostly never seen, mostly on phones, sent by social networks. `ramp`: seconds to full rate. */
export function crowd(visitsPerSecond: number, from: number, ramp: number, until: number, options: VisitOptions & { mobileShare?: number; cohort?: string } = {}): (world: World) => void {
  return (world) => {
    if (world.second < from || world.second >= until) return
    const rate = visitsPerSecond * Math.min(1, (world.second - from + 1) / ramp)
    for (let n = world.poisson(rate); n > 0; n--) {
      const where = world.chance(0.3) ? address(world, 10, 41) : address(world, 60, 200)
      const client = makeClient(where, options.browser ?? pickBrowser(world, options.mobileShare ?? 0.5), true, options.cohort ?? 'crowd')
      visit(world, client, { pages: 1 + world.random.below(2), firstPath: '/vote-night', referer: world.chance(0.7) ? 2 : 0, queryShape: world.chance(0.4) ? 'fbclid=3' : '', ...options })
    }
  }
}

/** The one address of an office. */
export function gateOf(): Client {
  return makeClient((127 << 24) | (20 << 16) | (1 << 8) | 1, { userAgent: '', shape: '', headerOrder: '', accept: '', version: 11 }, true, 'office')
}

/** B2: four hundred people behind one address, and their feed polls. */
export function office(requestsPerSecond: number, gate: Client): (world: World) => void {
  const shared = new Map<string, Client>()
  return (world) => {
    for (let n = world.poisson(requestsPerSecond / 7.5); n > 0; n--) {
      const browser = pickBrowser(world)
      const seat = shared.get(browser.userAgent) ?? sharing(gate, browser)
      shared.set(browser.userAgent, seat)
      visit(world, seat, { pages: 1 + world.random.below(3) })
    }
  }
}

/** Another program behind the same address: the shield sees one client, so the counters are those of the gate. */
export function sharing(gate: Client, browser: Browser, legit = true, cohort = gate.cohort): Client {
  const seat = { ...makeClient(gate.address, browser, legit, cohort) }
  for (const name of ['requests', 'pages', 'statics', 'errors', 'echoes'] as const) {
    Object.defineProperty(seat, name, {
      get: () => gate[name],
      set: (value: number) => {
        gate[name] = value
      },
    })
  }
  return seat
}

/** B3: a search engine's crawl from its verified range, an impostor, many feed readers and API clients. */
export function crawlersAndFeeds(): (world: World) => void {
  const crawler: Browser = { userAgent: 'Googlebot/2.1', shape: 'Googlebot/#.#', headerOrder: 'googlebot', accept: '/gzip', version: 11 }
  const verified = Array.from({ length: 8 }, (_, i) => makeClient(((127 << 24) | (30 << 16) | (5 << 8) | i) >>> 0, crawler, true, 'verified crawler'))
  for (const client of verified) client.flags = sampleFlags.verifiedCrawler
  const impostor = makeClient(((127 << 24) | (200 << 16) | 7) >>> 0, crawler, false, 'impostor')
  const readers: Client[] = []
  return (world) => {
    if (readers.length === 0) {
      for (let i = 0; i < 350; i++) readers.push(makeClient(address(world, 10, 41), { userAgent: `reader ${i % 20}`, shape: 'reader #', headerOrder: `reader${i % 3}`, accept: '/gzip', version: 11 }, true, i < 300 ? 'feed' : 'api'))
    }
    const crawl = (client: Client): void => {
      const path = `/law/${world.random.below(5_000)}`
      world.ask({ client, path, template: '/law/#', queryShape: '', referer: 0, routeClass: 'page', method: 'GET', cost: 20 })
    }
    for (let n = world.poisson(15); n > 0; n--) crawl(verified[world.random.below(8)])
    for (let n = world.poisson(15); n > 0; n--) crawl(impostor)
    for (let n = world.poisson(12); n > 0; n--) {
      const client = readers[world.random.below(readers.length)]
      poll(world, client, client.cohort === 'feed' ? 'feed' : 'api')
    }
  }
}
