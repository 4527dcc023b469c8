import type { LifelineAnswer, LifelineAsk, LifelinePause } from '../contract/lifeline.ts'
import type { Clock, MonotonicMs } from '../kernel/clock.ts'
import { firstValue } from '../kernel/header-list.ts'
import { MINUTE_MS, SECOND_MS } from '../kernel/units.ts'
import type { CrawlScope } from './crawl-scope.ts'
import { type CrawlStore, type FrontierPage, READERS_DEPTH } from './crawl-store.ts'
import { GentlePace } from './gentle-pace.ts'
import { judgeVisit } from './judge-visit.ts'
import type { LifelineSettings } from './options.ts'
import { bytesAsText, mediaTypeOf } from './page-text.ts'
import { RobotsRules } from './robots-rules.ts'

/**
 * Walks the site, one page at a time, and keeps the frontier on disk. A pass visits every known address once: robots.txt, the front page, the sitemaps, then what
 * they name, nearest first; a page that has not changed costs a 304. It acts in calm times only, and gives way at the first sign that the origin is slower
 * than usual (gentle-pace.ts). After a crash it goes on in the same pass: what was visited in it is not asked again.
 * Never: ask for anything outside its scope, hold more than one page in memory, or touch a visitor's request.
 */
export interface CrawlerParts {
  readonly clock: Clock
  readonly store: CrawlStore
  readonly scope: CrawlScope
  /** Never rejects. */
  readonly ask: (ask: Omit<LifelineAsk, 'ticket'>) => Promise<LifelineAnswer>
  /** The shield's state is NORMAL, and known. */
  readonly isCalm: () => boolean
  /** Pages that readers ask for most, as keys; they are visited even if no page names them. */
  readonly readPages: () => readonly string[]
  readonly log: (message: string, facts?: Readonly<Record<string, unknown>>) => void
}

/** Addresses read from the frontier at once. */
const BATCH = 32
/** A page is tried this often in one pass when the origin fails on it. */
const MOST_FAILS = 3
/** The origin failed this often in a row: the crawl rests. */
const FAILS_BEFORE_REST = 3
const FIRST_REST_MS = 30 * SECOND_MS
const LONGEST_REST_MS = 10 * MINUTE_MS
const LOOK_AGAIN_MS = SECOND_MS
/** A page that was not there in so many passes makes room for another when there is none. */
const GONE_PASSES = 3

export class Crawler {
  readonly #parts: CrawlerParts
  readonly #pace: GentlePace
  readonly #robots: RobotsRules
  #settings: LifelineSettings
  #batch: FrontierPage[] = []
  #pass: number
  #running: boolean
  #asked = false
  #failsInARow = 0
  #restUntilMs = Number.NEGATIVE_INFINITY
  #restMs = FIRST_REST_MS
  #busy = false
  #doneInPass = 0
  /** The page that last told the other scheme: one that sends back and forth between the two would be asked for ever. */
  #turnedAt = ''
  #suspended = false
  #pause: LifelinePause = 'starting'

  constructor(parts: CrawlerParts, settings: LifelineSettings) {
    this.#parts = parts
    this.#settings = settings
    this.#pace = new GentlePace(settings.maxPerSecond, settings.busyShare)
    this.#robots = new RobotsRules(parts.scope)
    const { number, startedAtWallMs, endedAtWallMs } = parts.store.pass()
    this.#pass = number
    this.#running = number > 0 && startedAtWallMs > 0 && endedAtWallMs === 0
    if (this.#running) for (const { host } of parts.scope.sites) this.#robots.set(host, parts.store.meta(`robots ${host}`) ?? '')
  }

  get pause(): LifelinePause {
    return this.#pause
  }

  get perSecond(): number {
    return this.#pace.perSecond
  }

  get doneInPass(): number {
    return this.#doneInPass
  }

  /** The disk refused the last write. */
  get suspended(): boolean {
    return this.#suspended
  }

  applySettings(settings: LifelineSettings): void {
    this.#settings = settings
    this.#pace.applySettings(settings.maxPerSecond, settings.busyShare)
    this.#parts.scope.applySettings(settings)
  }

  /** A new pass as soon as it is calm; one that is under way goes on. */
  order(): void {
    this.#asked = true
    this.#restUntilMs = Number.NEGATIVE_INFINITY
  }

  /** Does the next thing, if it is time. Returns how many ms to wait before calling again. Never rejects. */
  async step(): Promise<number> {
    if (this.#busy) return LOOK_AGAIN_MS
    this.#busy = true
    try {
      return await this.#step()
    } catch (error) {
      // The disk refuses (full, gone): nothing is lost but time.
      if (!this.#suspended) this.#parts.log('the crawl cannot write its file and waits', { reason: (error as Error).message })
      this.#suspended = true
      this.#batch = []
      return MINUTE_MS
    } finally {
      this.#busy = false
    }
  }

  async #step(): Promise<number> {
    const { clock, scope, store } = this.#parts
    const now = clock.monotonicMs()
    if (scope.sites.length === 0) return this.#rest('no-site', LOOK_AGAIN_MS)
    if (!this.#running && !this.#isDue()) return this.#rest('done', LOOK_AGAIN_MS)
    if (!this.#parts.isCalm()) return this.#rest('not-calm', LOOK_AGAIN_MS)
    if (now < this.#restUntilMs) return this.#rest('origin-fails', Math.min(LOOK_AGAIN_MS, this.#restUntilMs - now))
    this.#pause = ''
    const waitMs = this.#pace.waitMs(now)
    if (waitMs > 0) return waitMs
    if (!this.#running) {
      if (!(await this.#begin())) return LOOK_AGAIN_MS
      return this.#pace.waitMs(clock.monotonicMs())
    }
    if (this.#batch.length === 0) this.#batch = [...store.next(this.#pass, BATCH)]
    const page = this.#batch.shift()
    if (page === undefined) {
      this.#end()
      return LOOK_AGAIN_MS
    }
    await this.#visit(page)
    return this.#pace.waitMs(clock.monotonicMs())
  }

  #rest(why: LifelinePause, ms: number): number {
    this.#pause = why
    return ms
  }

  #isDue(): boolean {
    const { startedAtWallMs, number } = this.#parts.store.pass()
    return this.#asked || number === 0 || this.#parts.clock.wallMs() - startedAtWallMs >= this.#settings.refreshEveryMs
  }

  /** robots.txt first: without its word nothing is asked. False: the origin cannot say now. */
  async #begin(): Promise<boolean> {
    const { store, scope, clock } = this.#parts
    for (const { host } of scope.sites) {
      const answer = await this.#ask({ host, target: '/robots.txt', etag: '', lastModified: '' }, 'robots')
      if (answer.outcome === 'put-off' || answer.outcome === 'failed') return false
      const text = answer.outcome === 'answered' && answer.status === 200 && answer.body !== null ? bytesAsText(answer.body) : ''
      this.#robots.set(host, text)
      store.setMeta(`robots ${host}`, text.slice(0, 524_288))
    }
    const before = store.pass()
    const pass = store.beginPass(clock.wallMs())
    this.#pass = pass.number
    this.#running = true
    this.#asked = false
    this.#doneInPass = 0
    this.#batch = []
    store.transaction(() => {
      store.setMeta('beyondBound', '0')
      for (const { host } of scope.sites) {
        const base = scope.address(host, '/')
        for (const reference of ['/', '/robots.txt', '/sitemap.xml', '/favicon.ico', ...this.#robots.sitemapsOf(host)]) this.#discover(reference, base, reference === '/favicon.ico' ? 1 : 0, reference === '/favicon.ico')
      }
      for (const key of this.#parts.readPages()) this.#discover(`//${key}`, scope.address(scope.sites[0].host, '/'), READERS_DEPTH, false)
    })
    if (before.number > 0) this.#forgetOutOfScope()
    return true
  }

  #end(): void {
    const { store, clock } = this.#parts
    const now = clock.wallMs()
    store.dropOlderThan(now - this.#settings.neverOlderThanMs)
    // Only where room is short: otherwise they are remembered as gone, and their reading counts as nobody's to serve.
    if (Number(store.meta('beyondBound') ?? 0) > 0) store.forgetGone(GONE_PASSES)
    store.endPass(now)
    this.#running = false
    this.#parts.log('a pass over the site is done', { pass: this.#pass, visited: this.#doneInPass, known: store.known })
  }

  async #visit(page: FrontierPage): Promise<void> {
    const { store, scope, clock } = this.#parts
    if (this.#settings.robots === 'honour' && page.target !== '/robots.txt' && !this.#robots.allows(page.host, page.target)) {
      store.visited(page, this.#pass, clock.wallMs(), { kind: 'missing', why: 'robots', dropCopy: true }, () => {})
      this.#doneInPass++
      return
    }
    const answer = await this.#ask({ host: page.host, target: page.target, etag: page.kept ? page.etag : '', lastModified: page.kept ? page.lastModified : '' }, page.isAsset ? 'asset' : 'page')
    if (answer.outcome === 'put-off') {
      this.#batch.unshift(page)
      return
    }
    const now = clock.wallMs()
    if (answer.outcome === 'failed') {
      if (store.failed(page) >= MOST_FAILS && this.#failsInARow < FAILS_BEFORE_REST) this.#done(page, { kind: 'missing', why: answer.why, dropCopy: false }, () => {})
      return
    }
    if (this.#otherScheme(page, answer)) return
    const judged = judgeVisit(page, answer, now, this.#settings.maxObjectBytes)
    this.#done(page, judged.result, () => {
      const base = scope.address(page.host, page.target)
      const start = judged.base === '' ? base : (URL.parse(judged.base, base)?.href ?? base)
      const ofStyle = mediaTypeOf(answer.headers) === 'text/css'
      for (const { reference, kind } of judged.links) this.#discover(reference, start, kind === 'asset' || ofStyle ? page.depth : page.depth + 1, kind === 'asset' || ofStyle)
    })
  }

  #done(page: FrontierPage, result: Parameters<CrawlStore['visited']>[3], discover: () => void): void {
    const { store, clock } = this.#parts
    try {
      store.visited(page, this.#pass, clock.wallMs(), result, discover)
      this.#suspended = false
    } catch (error) {
      // The file is full: what is there stays, this page is counted as missing.
      if (result.kind !== 'kept') throw error
      store.visited(page, this.#pass, clock.wallMs(), { kind: 'missing', why: 'disk-full', dropCopy: false }, () => {})
      if (!this.#suspended) this.#parts.log('the file of the lifeline is full: further pages are not kept', { page: page.key, reason: (error as Error).message })
      this.#suspended = true
    }
    this.#doneInPass++
  }

  /** A page that sends to itself under the other scheme tells us which one the site has. */
  #otherScheme(page: FrontierPage, answer: LifelineAnswer): boolean {
    const location = firstValue(answer.headers, 'location') ?? ''
    if (answer.outcome !== 'answered' || answer.status < 300 || location === '') return false
    const { scope } = this.#parts
    const url = URL.parse(location, scope.address(page.host, page.target))
    const site = scope.siteOf(page.host)
    if (url === null || site === undefined || url.host + url.pathname + url.search !== page.key) return false
    const scheme = url.protocol === 'https:' ? 'https' : 'http'
    if (scheme === site.scheme || this.#turnedAt === page.key) this.#done(page, { kind: 'missing', why: 'redirect-to-itself', dropCopy: false }, () => {})
    else {
      site.scheme = scheme
      this.#turnedAt = page.key
      this.#batch.unshift(page)
    }
    return true
  }

  #discover(reference: string, base: string, depth: number, isAsset: boolean): void {
    const { scope, store } = this.#parts
    const target = scope.resolve(reference, base)
    if (target === null) return
    if (!store.discover(target, depth, isAsset, this.#settings)) store.setMeta('beyondBound', String(Number(store.meta('beyondBound') ?? 0) + 1))
  }

  /** After a change of settings: what is excluded now, or of a site no longer named, goes. */
  #forgetOutOfScope(): void {
    const { store, scope } = this.#parts
    for (let after = 0; ; ) {
      const rows = store.keys(after, 500)
      if (rows.length === 0) return
      for (const { key, host, target } of rows) if (scope.siteOf(host) === undefined || scope.resolve(target, scope.address(host, '/')) === null) store.forget(key)
      after = rows.at(-1)!.id
    }
  }

  async #ask(what: { host: string; target: string; etag: string; lastModified: string }, kind: string): Promise<LifelineAnswer> {
    const { clock, scope } = this.#parts
    this.#pace.started(clock.monotonicMs())
    const answer = await this.#parts.ask({ ...what, scheme: scope.siteOf(what.host)?.scheme ?? 'https', maxBytes: this.#settings.maxObjectBytes, publicPath: scope.isPublicPath(what.target) })
    const now: MonotonicMs = clock.monotonicMs()
    if (answer.outcome === 'failed') {
      this.#pace.failed(now)
      this.#failsInARow++
      if (this.#failsInARow >= FAILS_BEFORE_REST) {
        this.#restUntilMs = now + this.#restMs
        this.#restMs = Math.min(LONGEST_REST_MS, this.#restMs * 2)
      }
    } else if (answer.outcome === 'put-off') this.#pace.failed(now)
    else {
      this.#failsInARow = 0
      this.#restMs = FIRST_REST_MS
      this.#pace.answered(kind, answer.originMs, now)
    }
    return answer
  }
}
