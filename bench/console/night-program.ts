/**
 * The console's own server (listener, live picture, history on disk, accounts) on a simulated clock, as a process of its own so that its memory is its own. Its parent
 * tells it how many seconds to pass; each is a whole second of a shield: picture, history point, and at a night's usual rate events, orders of a second person and
 * people who come and go. What the main thread would answer is made up (console/mock).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { makeRooms } from '../../console/mock/rooms.ts'
import { eventsAt, pointAt, rulesAt, statusAt, type World } from '../../console/mock/world.ts'
import type { ControlEvent } from '../../src/contract/control.ts'
import type { ShieldStatus } from '../../src/contract/control-socket.ts'
import { SimulatedClock } from '../../src/kernel/clock.ts'
import { defaultsOf } from '../../src/kernel/option.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/units.ts'
import { AccountBook } from '../../src/surfaces/console/accounts.ts'
import { readBuiltPages } from '../../src/surfaces/console/built-pages.ts'
import { ConsoleApi } from '../../src/surfaces/console/console-api.ts'
import { ConsoleListener } from '../../src/surfaces/console/console-listener.ts'
import { GuessGuard } from '../../src/surfaces/console/guess-guard.ts'
import { HistoryStore } from '../../src/surfaces/console/history-store.ts'
import { History } from '../../src/surfaces/console/history.ts'
import { KnownPlaces } from '../../src/surfaces/console/known-places.ts'
import { type LivePage, LiveHub } from '../../src/surfaces/console/live-hub.ts'
import { MainLine } from '../../src/surfaces/console/main-line.ts'
import { consoleOptions } from '../../src/surfaces/console/options.ts'
import { SessionBook } from '../../src/surfaces/console/sessions.ts'
import { SignIn } from '../../src/surfaces/console/sign-in.ts'
import { FreshEvents, trimStatus } from '../../src/surfaces/console/trim-status.ts'
import { NIGHT_PASSWORD, type NightOrder, type NightWord } from './night-words.ts'

/** Begin and end of the floods, from the begin of the night: in the morning, in the middle, late; calm at every whole hour that is weighed. */
const floods: ReadonlyArray<readonly [fromMs: number, untilMs: number]> = [[20, 40], [140, 170], [290, 335], [420, 440]].map(([from, until]) => [from! * MINUTE_MS, until! * MINUTE_MS] as const)
const FLOOD_EVENT_EVERY_SECONDS = 20
const CALM_EVENT_EVERY_SECONDS = 300
const ACT_EVERY_SECONDS = 600
const VISITOR_EVERY_SECONDS = 900
/** Of events a shield remembers (shield/control-desk.ts). */
const REMEMBERED_EVENTS = 200

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const folder = mkdtempSync(join(tmpdir(), 'polder-night-'))
const clock = new SimulatedClock()
const beganWallMs = clock.wallMs() as number
const settings = { ...defaultsOf(consoleOptions), listen: '127.0.0.1:0' }

/** The flood of that moment, or the last one, or one that is far away. */
function worldAt(nowWallMs: number): World {
  const into = nowWallMs - beganWallMs
  const [from, until] = floods.findLast(([begin]) => begin <= into) ?? [-300 * HOUR_MS, -299 * HOUR_MS]
  return { phase: into < until ? 'flood' : 'aftermath', floodAtWallMs: beganWallMs + from, floodEndsAtWallMs: beganWallMs + until, hostile: false }
}

const accounts = new AccountBook(folder, clock, { logN: 4, r: 8, p: 1 })
const places = new KnownPlaces(folder, clock, () => {})
const guard = new GuessGuard(() => settings, clock, 1)
const sessions = new SessionBook(folder, () => settings, clock, () => {})
const signIn = new SignIn({ accounts, places, guard, clock, note: () => {} })
const live = new LiveHub(clock, 'night')
const store = new HistoryStore(join(folder, 'history.sqlite'), (detail) => { throw new Error(detail) })
store.applyBound(settings.momentsMaxBytes)
const history = new History(store)
const fresh = new FreshEvents()
const rooms = makeRooms({ ...worldAt(beganWallMs), floodAtWallMs: beganWallMs - 160 * HOUR_MS }, () => clock.wallMs())
let status: ShieldStatus | null = null
let remembered: ControlEvent[] = []
let passed = 0
let events = 0
let acts = 0
let visitor: LivePage | null = null

const main: MainLine = new MainLine((ticket, line) => main.hear(ticket, JSON.stringify({ format: 1, ok: true, answer: answerTo(JSON.parse(line) as Record<string, any>) })))
const api = new ConsoleApi({ clock, version: '0', accounts, places, guard, sessions, signIn, live, history, main, settings: () => settings, view: () => ({ rows: [], file: 'polder.yaml' }), status: () => status, note: () => {} })
const listener = new ConsoleListener({ api, pages: readBuiltPages(join(import.meta.dirname, '../../src/surfaces/console/assets')), onTrouble: (sentence) => { throw new Error(sentence) } })

function answerTo(question: Record<string, any>): unknown {
  if (question['ask'] === 'record') return { ok: true, answer: rooms[question['question'].room]?.[question['question'].question]?.(question['question'].asks, question['question'].who) ?? {} }
  if (question['ask'] === 'explore') return { rows: [{ value: '/', label: '/', requests: 300, share: 0.7, normalShare: 0.7, positiveShare: 0.9 }], total: 420, sampled: 420, seconds: 10, normalSampled: 300, normalKnown: 20_000, sentence: '' }
  if (question['ask'] === 'lifeline') {
    return {
      atWallMs: clock.wallMs(), sites: ['http://127.0.0.1:8080'], pause: 'done', pass: { number: 12, startedAtWallMs: 1, endedAtWallMs: 2, done: 1_180, left: 24, perSecond: 2 }, pages: { known: 1_204, kept: 1_180, missing: 24, beyondBound: 0 },
      disk: { bytes: 81_000_000, maxBytes: 1_073_741_824, copyBytes: 79_000_000, suspended: false }, age: { medianMs: HOUR_MS, oldestMs: 9 * HOUR_MS }, coverage: { share: 0.97, reads: 48_210, days: 7, unserved: [] }, missing: [], memory: { heapBytes: 1, externalBytes: 1 },
    }
  }
  return { done: true, sentence: 'done', atWallMs: clock.wallMs() }
}

/** One second of the shield, as worker.ts takes it. */
function second(): void {
  clock.advanceMs(SECOND_MS)
  passed++
  // Before this second's bytes: what lies in a connection now has lain there for a second.
  live.tick((id) => id === '' || api.keepAlive(id))
  signIn.tick()
  const now = clock.wallMs() as number
  const world = worldAt(now)
  const flooding = now < world.floodEndsAtWallMs && now >= world.floodAtWallMs
  const happened: ControlEvent[] = eventsAt(world, now).filter((event) => event.atWallMs > now - SECOND_MS)
  if (passed % (flooding ? FLOOD_EVENT_EVERY_SECONDS : CALM_EVENT_EVERY_SECONDS) === 0) happened.push({ atWallMs: now, code: flooding ? 'rule-raised' : 'baseline-saved', sentence: flooding ? `r-7c40: raised to limit at second ${passed}: none of 160 clients let through behaved like a visitor` : `what is usual was written down (${passed})`, ...(flooding ? { ruleId: 'r-7c40' } : {}) })
  remembered = [...remembered, ...happened].slice(-REMEMBERED_EVENTS)
  const whole: ShieldStatus = { ...statusAt(world, now, rulesAt(world, now)), events: remembered }
  const point = pointAt(world, now)
  const told = fresh.take(whole.events)
  status = trimStatus(whole)
  const trimmed = status
  if (history.add(clock.monotonicMs(), status, point, told)) history.keepSamples(now, [{ attribute: 'path', rows: [{ value: '/', label: '/', requests: 300, share: 0.7, normalShare: 0.7, positiveShare: 0.9 }] }])
  live.second((seq) => ({ seq, status: trimmed, point, historySuspended: history.suspended }))
  for (const event of told) live.send('event', event)
  events += told.length
  if (passed % ACT_EVERY_SECONDS === 0) {
    acts++
    live.send('acted', { who: 'ben', sentence: `r-7c40: extended (ben: still coming, ${passed})`, atWallMs: now, done: true, undo: { act: { kind: 'take-back', ruleId: 'r-7c40', of: 'extend', actAtWallMs: now, why: 'undo' } } })
  }
  if (passed % VISITOR_EVERY_SECONDS === 0) {
    visitor?.close()
    visitor = visitor === null ? live.open({ name: 'ben', sessionId: '' }, { writableLength: 0, write: () => true, end: () => {}, destroy: () => {} }, '') : null
  }
}

function say(word: NightWord): void {
  process.send!(word)
}

if (process.send === undefined) throw new Error('the night is started by script/bench console')
process.on('message', (order: NightOrder) => {
  if (order.type === 'pass') {
    for (let i = 0; i < order.seconds; i++) second()
    say({ type: 'passed', atWallMs: clock.wallMs(), seconds: passed, events, acts, skipped: live.skipped })
    return
  }
  collect()
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  say({ type: 'weighed', heapBytes: heapUsed, otherBytes: external, residentBytes: rss, historyBytes: store.bytes })
})
process.once('disconnect', () => process.exit(0))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
await accounts.add('anna', 'admin', NIGHT_PASSWORD)
await listener.apply(settings, false)
say({ type: 'ready', url: listener.url, atWallMs: clock.wallMs() })
