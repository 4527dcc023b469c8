/**
 * The console's thread: what operators see in a browser, their accounts, the history behind the charts. It hears the shield once a second and asks the main thread as
 * the control socket does. Nobody waits for it: when it is slow or dead, visitors are served, the planes think on, and it is started anew.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import type { KeptTop } from '../../contract/explore.ts'
import type { ShieldStatus } from '../../contract/control-socket.ts'
import type { JournalDraft } from '../../contract/journal.ts'
import type { ThreadOrder, ThreadReport } from '../../contract/thread.ts'
import { systemClock } from '../../kernel/clock.ts'
import { processLog } from '../../kernel/log.ts'
import { unpredictableBytes } from '../../kernel/random.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import { AccountBook } from './accounts.ts'
import { readBuiltPages } from './built-pages.ts'
import { ConsoleApi } from './console-api.ts'
import { ConsoleListener } from './console-listener.ts'
import { GuessGuard } from './guess-guard.ts'
import { HistoryMeter } from './history-meter.ts'
import { HistoryStore } from './history-store.ts'
import { History } from './history.ts'
import { KnownPlaces } from './known-places.ts'
import { LiveHub } from './live-hub.ts'
import { MainLine } from './main-line.ts'
import { OwnFigures } from './own-figures.ts'
import { outcomeRows } from './past-samples.ts'
import { SessionBook } from './sessions.ts'
import type { ConsoleStart, ConsoleThreadSettings } from './settings.ts'
import { SignIn } from './sign-in.ts'
import { FreshEvents, trimStatus } from './trim-status.ts'

/** The shield speaks every second; after three missing ones what is shown is old. */
const SILENT_MS = 3 * SECOND_MS
const TRY_LISTEN_MS = 5 * SECOND_MS

if (parentPort === null) throw new Error('the console runs as a worker thread')
const main = parentPort
const start = workerData as ConsoleStart
const log = processLog('console')
let settings: ConsoleThreadSettings = start.settings
let status: ShieldStatus | null = null
let heardAtMs = systemClock.monotonicMs()
let heardAtWallMs = systemClock.wallMs() as number
let trouble = ''
let suspended: string | null = null
let closing = false

const folder = join(start.dataDir, 'console')
const warn = (sentence: string): void => log.warn(sentence)
const note = (draft: JournalDraft): void => report({ type: 'console-note', draft })
const accounts = new AccountBook(folder, systemClock)
const places = new KnownPlaces(folder, systemClock, warn)
const guard = new GuessGuard(() => settings.console, systemClock, Buffer.from(unpredictableBytes(4)).readUInt32BE(0))
const sessions = new SessionBook(folder, () => settings.console, systemClock, warn)
const signIn = new SignIn({ accounts, places, guard, clock: systemClock, note })
const live = new LiveHub(systemClock, Buffer.from(unpredictableBytes(6)).toString('hex'))
const store = new HistoryStore(join(folder, 'history.sqlite'), (detail) => log.error(`the history of the console was broken and is begun anew; what was there is kept beside it: ${detail}`))
const history = new History(store)
const line = new MainLine((ticket, text) => report({ type: 'console-ask', ticket, line: text }))
const api = new ConsoleApi({ clock: systemClock, version: start.version, accounts, places, guard, sessions, signIn, live, history, main: line, settings: () => settings.console, view: () => settings.view, status: () => status, note })
const listener = new ConsoleListener({
  api,
  pages: readBuiltPages(fileURLToPath(new URL('assets', import.meta.url))),
  onTrouble: (sentence) => {
    if (sentence !== trouble) log.error(sentence)
    trouble = sentence
  },
})
const figures = new OwnFigures({ sessions, live, signIn, guard, api, store, history })
const meter = new HistoryMeter()
const fresh = new FreshEvents()
const unlocked = new Map<string, number>()
let takesOver = start.takesOver

main.on('message', (order: ThreadOrder<ConsoleThreadSettings>) => {
  switch (order.type) {
    case 'link':
      order.port.close()
      return
    case 'settings':
      settings = order.settings
      trouble = ''
      store.applyBound(settings.console.momentsMaxBytes)
      void openListener()
      report({ type: 'applied', version: order.version })
      return
    case 'console-second':
      second(order.status)
      return
    case 'console-answer':
      line.hear(order.ticket, order.reply)
      return
    case 'drain':
      if (!closing) void close()
      return
    default:
  }
})

function second(whole: ShieldStatus): void {
  heardAtMs = systemClock.monotonicMs()
  heardAtWallMs = systemClock.wallMs()
  const point = meter.point(whole, settings.watchZ)
  const happened = fresh.take(whole.events)
  status = trimStatus(whole)
  const wantsSamples = history.add(heardAtMs, status, point, happened)
  if (wantsSamples) void keepSamples(status)
  const trimmed = status
  live.second((seq) => ({ seq, status: trimmed, point, historySuspended: history.suspended }))
  figures.delayed(systemClock.wallMs() - whole.atWallMs)
  for (const event of happened) live.send('event', event)
}

/** What was asked and by whom, beside the moment it belongs to. */
async function keepSamples(of: ShieldStatus): Promise<void> {
  if (!of.control.alive) return
  const reply = await line.ask({ ask: 'explore', question: { kind: 'tops' } })
  const tops = reply.ok ? (reply.answer as readonly KeptTop[]) : []
  history.keepSamples(of.atWallMs, [...tops, { attribute: 'outcome', rows: outcomeRows(of.lastSeconds.ended, of.sinceStart.ended) }])
}

async function openListener(): Promise<void> {
  const before = listener.url
  await listener.apply(settings.console, takesOver)
  takesOver = false
  if (listener.url !== before && listener.url !== '') {
    trouble = ''
    log.info(`console at ${listener.url}`, { consoleUrl: listener.url })
    if (countAccounts() === 0) log.warn('nobody can sign in to the console yet: polder account add NAME --role admin')
  }
}

function countAccounts(): number {
  try {
    return accounts.list().length
  } catch (error) {
    log.error((error as Error).message)
    return 0
  }
}

function tick(): void {
  const now = systemClock.monotonicMs()
  if (now - heardAtMs > SILENT_MS) live.send('silent', { sinceWallMs: heardAtWallMs })
  live.tick((id) => api.keepAlive(id))
  signIn.tick()
  if (history.suspended !== suspended) {
    suspended = history.suspended
    if (suspended === null) log.info('history is written to the disk again')
    else log.error(suspended)
  }
  report({ type: 'console-state', url: listener.url, trouble: trouble === '' ? history.suspended : trouble, figures: figures.now() })
}

function lookAround(): void {
  listener.renewCertificate()
  try {
    const names = new Set<string>()
    for (const one of accounts.list()) {
      const name = one.name.toLowerCase()
      names.add(name)
      if ((unlocked.get(name) ?? one.unlockedAtWallMs) !== one.unlockedAtWallMs) guard.unlock(name)
      unlocked.set(name, one.unlockedAtWallMs)
    }
    places.keepOnly(names)
  } catch (error) {
    if ((error as Error).message !== trouble) log.error((error as Error).message)
    trouble = (error as Error).message
  }
}

async function close(): Promise<void> {
  closing = true
  for (const timer of timers) clearInterval(timer)
  live.close()
  await listener.close()
  sessions.save()
  history.close(systemClock.monotonicMs(), systemClock.wallMs())
  report({ type: 'drained' })
}

function report(message: ThreadReport): void {
  main.postMessage(message)
}

const timers = [
  setInterval(tick, SECOND_MS),
  setInterval(lookAround, 2 * SECOND_MS),
  setInterval(() => {
    if (!listener.isOpen) void openListener()
  }, TRY_LISTEN_MS),
]
store.applyBound(settings.console.momentsMaxBytes)
lookAround()
await openListener()
report({ type: 'ready', sockets: [] })
