/**
 * A normal day: about 40 requests a second, of people with browsers (a fifth of them behind the shared addresses of mobile networks, 3 % without scripts,
 * * 3 % without cookies), feed readers, clients of the site's interface, a small crawler that announces itself. Begins in full swing.
 */
import { type World, stream, visitorAddress } from '../world.ts'
import { pickLanguage, pickProgram, textBrowser } from './programs.ts'
import { Visitor } from './visit.ts'

const PAGES = 4
/** 8 page views a second of 5 requests each. */
const PAGE_VIEWS_PER_SECOND = 8
/** A visit of four pages lasts about half a minute: begin this long before the run. */
const LEAD_MS = 60_000
/** Exits of mobile networks, each shared by many. */
const MOBILE_EXITS = 24

/** `share`: of the full rate. */
export function everyday(world: World, untilMs: number, share: number): void {
  const visitsPerSecond = (PAGE_VIEWS_PER_SECOND * share) / PAGES
  const exits = Array.from({ length: MOBILE_EXITS }, () => visitorAddress(world.random))
  const begin = (atMs: number): void => person(world, exits).begin(atMs)
  for (let at = -LEAD_MS; at < 0; at += 1_000 / visitsPerSecond) begin(at + 500 * world.random.next())
  stream(world, 0, untilMs, visitsPerSecond, begin)
  pollers(world, untilMs, share)
}

function person(world: World, exits: readonly string[]): Visitor {
  const { random } = world
  const kind = random.next()
  const pages = 1 + random.below(2 * PAGES - 1)
  const firstReferer = random.next() < 0.5 ? ['https://www.google.com/', 'https://duckduckgo.com/', 'https://www.bing.com/'][random.below(3)] : ''
  const usual = { language: pickLanguage(random), pages, firstPath: null, firstReferer, reloads: false }
  if (kind < 0.01) return new Visitor(world, world.seat(visitorAddress(random), 'human-no-js', 1), { ...usual, program: textBrowser, scripts: false, cookies: false })
  if (kind < 0.03) return new Visitor(world, world.seat(visitorAddress(random), 'human-no-js', 2), { ...usual, program: pickProgram(random), scripts: false, cookies: true })
  if (kind < 0.22) return new Visitor(world, world.seat(exits[random.below(exits.length)], 'mobile-cgnat', 2), { ...usual, program: pickProgram(random, true), scripts: true, cookies: true })
  return new Visitor(world, world.seat(visitorAddress(random), 'human', 2), { ...usual, program: pickProgram(random), scripts: true, cookies: kind < 0.98 })
}

function pollers(world: World, untilMs: number, share: number): void {
  feedReaders(world, untilMs, 40, 1 * share)
  apiClients(world, untilMs, 20, 0.7 * share)
  crawl(world, untilMs, visitorAddress(world.random), 'Mozilla/5.0 (compatible; ArchiveBot/3.2; +https://archive.example/bot)', 0.4 * share)
}

const readers = ['FeedFetcher/2.1', 'Tiny Tiny RSS/24.06', 'NetNewsWire/6.1', 'Feedly/1.0 (+http://www.feedly.com/fetcher.html)', 'Miniflux/2.2.9']

/** `clients` readers that ask `perSecond` times together, without cookies or scripts. */
export function feedReaders(world: World, untilMs: number, clients: number, perSecond: number): void {
  const seats = Array.from({ length: clients }, (_, i) => ({ seat: world.seat(visitorAddress(world.random), 'feed', 1), agent: readers[i % readers.length] }))
  stream(world, world.nowMs(), untilMs, perSecond, (atMs) => {
    const { seat, agent } = seats[world.random.below(seats.length)]
    world.ask(seat, atMs, { method: 'GET', target: world.site.feed, headers: ['Host', world.host, 'User-Agent', agent, 'Accept', 'application/rss+xml, application/atom+xml, */*', 'Accept-Encoding', 'gzip', 'Connection', 'keep-alive'] })
  })
}

export function apiClients(world: World, untilMs: number, clients: number, perSecond: number): void {
  const seats = Array.from({ length: clients }, () => world.seat(visitorAddress(world.random), 'api', 1))
  stream(world, world.nowMs(), untilMs, perSecond, (atMs) => {
    const seat = seats[world.random.below(seats.length)]
    world.ask(seat, atMs, { method: 'GET', target: world.site.api, headers: ['Host', world.host, 'Accept', 'application/json', 'User-Agent', 'votes-monitor/1.4', 'Accept-Encoding', 'gzip'] })
  })
}

/** A crawler that takes pages one by one and nothing that belongs to them. */
export function crawl(world: World, untilMs: number, address: string, userAgent: string, perSecond: number, cohort: 'crawler' | 'attack' = 'crawler'): void {
  const seat = world.seat(address, cohort, 4)
  stream(world, world.nowMs(), untilMs, perSecond, (atMs) => {
    const headers = ['Host', world.host, 'Connection', 'keep-alive', 'Accept', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', 'From', 'bot@search.example', 'User-Agent', userAgent, 'Accept-Encoding', 'gzip, deflate, br']
    world.ask(seat, atMs, { method: 'GET', target: world.site.crawled(world.random), headers })
  })
}
