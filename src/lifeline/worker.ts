/**
 * The lifeline thread: gathers the public site in calm times, hands out copies when an edge worker has nothing better, and tells how much of the site it holds.
 * No visitor waits for it but one who would get an error otherwise, and that one for a second at most. It may die: it is started anew and goes on where it was.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { LifelineState } from '../contract/lifeline.ts'
import type { LinkMessage, ThreadOrder, ThreadReport } from '../contract/thread.ts'
import { systemClock } from '../kernel/clock.ts'
import { processLog } from '../kernel/log.ts'
import { MINUTE_MS, SECOND_MS } from '../kernel/units.ts'
import { CrawlScope } from './crawl-scope.ts'
import { CrawlStore } from './crawl-store.ts'
import { Crawler } from './crawler.ts'
import { EdgeLines } from './edge-line.ts'
import { readState } from './lifeline-state.ts'
import type { LifelineSettings } from './options.ts'
import { Reads } from './reads.ts'

export interface LifelineStart {
  readonly settings: LifelineSettings
  /** Addresses of the sites to gather. */
  readonly sites: readonly string[]
  readonly file: string
}

/** Asked for more often, the last answer is given again: it is a walk over the whole file. */
const STATE_EVERY_MS = 2 * SECOND_MS
/** Told without being asked, for the metrics: a scraper comes every quarter of a minute or less often. */
const TELL_EVERY_MS = MINUTE_MS
const READ_PAGES = 2_000

if (parentPort === null) throw new Error('the lifeline runs as a worker thread')
const main = parentPort
const start = workerData as LifelineStart
const log = processLog('lifeline')
const clock = systemClock
let { settings } = start
let calm = false
/** The file is closed: the process ends. */
let closed = false

mkdirSync(dirname(start.file), { recursive: true, mode: 0o700 })
const store = new CrawlStore(start.file, { maxBytes: settings.diskBytes, onReplaced: (detail) => log.warn(`the lifeline's file was damaged and is begun anew: ${detail}`) })
const scope = new CrawlScope(start.sites, settings)
const reads = new Reads(store)
const lines = new EdgeLines(hear)
const crawler = new Crawler(
  {
    clock, store, scope,
    ask: (ask) => lines.ask(ask),
    isCalm: () => calm,
    readPages: () => reads.unknownPages(READ_PAGES),
    log: (message, facts) => {
      if (!closed) log.info(message, facts)
    },
  },
  settings,
)

function hear(message: LinkMessage, reply: (message: LinkMessage) => void): void {
  if (message.type === 'last-good-get') reply({ type: 'last-good', ticket: message.ticket, found: readCopy(message.key) })
  else if (message.type === 'lifeline-reads') {
    try {
      reads.add(message.reads, clock.wallMs())
    } catch {
      // A full disk: these reads are not counted, which nobody waits for.
    }
  }
}

function readCopy(key: string) {
  try {
    return store.copy(key)
  } catch {
    return null
  }
}

let lastState: LifelineState | null = null
let lastStateAtMs = Number.NEGATIVE_INFINITY

function tellState(): void {
  if (closed) return
  const now = clock.monotonicMs()
  if (lastState === null || now - lastStateAtMs >= STATE_EVERY_MS) {
    lastState = stateNow()
    // A walk over a large file is not repeated before it has paid off.
    lastStateAtMs = clock.monotonicMs() + (clock.monotonicMs() - now) * 10
  }
  report({ type: 'lifeline-state', state: lastState })
}

function stateNow(): LifelineState {
  const facts = { sites: scope.sites.map((site) => `${site.scheme}://${site.host}`), pause: crawler.pause, perSecond: crawler.perSecond, suspended: crawler.suspended, maxBytes: settings.diskBytes }
  return readState(store, facts, clock.wallMs())
}

let timer: NodeJS.Timeout | null = null

function stepAfter(ms: number): void {
  timer = setTimeout(() => {
    void crawler.step().then((waitMs) => {
      if (timer !== null) stepAfter(waitMs)
    })
  }, ms)
}

main.on('message', (order: ThreadOrder<LifelineSettings>) => {
  switch (order.type) {
    case 'link':
      lines.add(order.peer, order.port)
      return
    case 'plan':
      calm = order.plan.state === 'NORMAL'
      return
    case 'settings':
      settings = order.settings
      crawler.applySettings(settings)
      report({ type: 'applied', version: order.version })
      return
    case 'lifeline':
      if (order.order === 'crawl') crawler.order()
      tellState()
      return
    case 'drain':
      if (timer !== null) clearTimeout(timer)
      timer = null
      closed = true
      store.close()
      report({ type: 'drained' })
      return
    default:
  }
})

function report(message: ThreadReport): void {
  main.postMessage(message)
}

function tellUnasked(): void {
  try {
    tellState()
  } catch (error) {
    log.warn(`the lifeline's file cannot be read for its figures: ${(error as Error).message}`)
  }
}

stepAfter(SECOND_MS)
report({ type: 'ready', sockets: [] })
tellUnasked()
setInterval(tellUnasked, TELL_EVERY_MS)
