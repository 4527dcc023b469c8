/**
 * The control plane's thread. It hears vitals and samples, thinks once a second (loop.ts), publishes a plan, and keeps what it learned on disk.
 * The data plane never waits for it: when this thread is slow or dead, the last plan runs out by itself.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { ExploreQuestion, ExploreReply } from '../contract/explore.ts'
import type { ControlEvent } from '../contract/control.ts'
import type { OperatorAct } from '../contract/operator-act.ts'
import type { SampleBatch } from '../contract/sample.ts'
import type { LinkMessage, ThreadOrder, ThreadReport } from '../contract/thread.ts'
import type { Vitals } from '../contract/vitals.ts'
import { systemClock } from '../kernel/clock.ts'
import { processLog } from '../kernel/log.ts'
import { SeededRandom, systemRandom } from '../kernel/random.ts'
import { CrawlerRegister } from './crawlers/crawler-register.ts'
import type { CrawlerSettings } from './crawlers/options.ts'
import type { Baseline } from './detection/baseline.ts'
import { mergeBaseline, parseBaseline, serialiseBaseline } from './detection/baseline-file.ts'
import { ControlLoop, type LoopSettings } from './loop.ts'
import { OrdersFile } from './mitigation/orders-file.ts'
import { NetworkData } from './network-data/network-data.ts'
import type { NetworkDataSettings } from './network-data/options.ts'
import { RecordLine } from './record-line.ts'

export interface ControlSettings extends LoopSettings {
  readonly crawlers: CrawlerSettings
  readonly networkData: NetworkDataSettings
}

export interface ControlStart {
  readonly settings: ControlSettings
  /** The key that samples are hashed with; a baseline learned with another one is of no use. */
  readonly featureKey: number
  readonly baselineFile: string
  /** Where `polder learn` leaves what it learned while we run. */
  readonly learnedFile: string
  /** What people ordered, kept over a restart. */
  readonly ordersFile: string
}

const TICK_MS = 1_000
/** Batches kept for one tick: two workers send eight a second; more than this and the oldest are forgotten rather than memory grown. */
const MAX_WAITING = 256
const SAVE_MS = 10 * 60_000
const LEARNED_MS = 30_000
const TIDY_MS = 30_000

if (parentPort === null) throw new Error('the control plane runs as a worker thread')
const main = parentPort
const start = workerData as ControlStart
const log = processLog('control')
const loop = new ControlLoop(start.settings, Math.floor(systemRandom.next() * 2 ** 32), readBaseline())
const crawlers = new CrawlerRegister(start.settings.crawlers, systemRandom, systemClock.wallMs())
const networks = new NetworkData(start.settings.networkData)
let vitals: Vitals[] = []
let samples: SampleBatch[] = []
let commands: OperatorAct[] = []
let loopSettings: LoopSettings = { detection: start.settings.detection, mitigation: start.settings.mitigation }
const recordLine = new RecordLine(() => {
  const { minuteLogs, minuteCounts, columns } = loop.baseline
  const atWallMs = systemClock.wallMs()
  return { atWallMs, settings: loopSettings, orders: loop.keptOrders(atWallMs), baseline: { minuteLogs, minuteCounts, offered: loop.baseline.offeredPerHour(), columns } }
})
const ordersFile = new OrdersFile(start.ordersFile, start.featureKey)
/** Told with the next view. */
let untold: readonly ControlEvent[] = restoreOrders()

main.on('message', (order: ThreadOrder<ControlSettings>) => {
  if (order.type === 'link') {
    if (order.peer === 'record') recordLine.join(order.port)
    else listen(order.port)
  }
  else if (order.type === 'settings') {
    loop.applySettings(order.settings)
    loopSettings = { detection: order.settings.detection, mitigation: order.settings.mitigation }
    crawlers.applySettings(order.settings.crawlers)
    networks.applySettings(order.settings.networkData)
    report({ type: 'applied', version: order.version })
  } else if (order.type === 'posture') loop.posture = { sensitivity: order.sensitivity, untilWallMs: order.untilWallMs }
  else if (order.type === 'act') keep(commands, order.act)
  else if (order.type === 'explore') report({ type: 'explored', ticket: order.ticket, reply: exploreSafely(order.question) })
  else if (order.type === 'drain') {
    saveBaseline()
    report({ type: 'drained' })
  }
})

/** A person's curiosity must not end the thread. */
function exploreSafely(question: ExploreQuestion): ExploreReply {
  try {
    return loop.explore(question)
  } catch (error) {
    log.error(`samples could not be looked at: ${(error as Error).stack ?? String(error)}`)
    return { ok: false, sentence: 'the control plane could not look at its samples; the log says why' }
  }
}

function listen(port: MessagePort): void {
  port.on('message', (message: LinkMessage) => {
    if (message.type === 'samples') keep(samples, message.batch)
    else if (message.type === 'vitals') keep(vitals, message.vitals)
  })
}

function restoreOrders(): readonly ControlEvent[] {
  const nowWallMs = systemClock.wallMs()
  const { orders, events } = ordersFile.read(nowWallMs)
  loop.restoreOrders(orders, nowWallMs)
  return events
}

function keep<T>(list: T[], one: T): void {
  if (list.length >= MAX_WAITING) list.shift()
  list.push(one)
}

function report(message: ThreadReport): void {
  main.postMessage(message)
}

function readBaseline(): Baseline | undefined {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(start.baselineFile)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log.warn(`the learned baseline cannot be read: ${(error as Error).message}`)
    return undefined
  }
  try {
    const saved = parseBaseline(bytes, new SeededRandom(1))
    if (saved.featureKey === start.featureKey >>> 0) return saved.baseline
    log.warn(`${start.baselineFile} was learned with another key: it is put aside and learning begins anew`)
  } catch (error) {
    log.warn(`${start.baselineFile}: ${(error as Error).message}; it is put aside and learning begins anew`)
  }
  try {
    renameSync(start.baselineFile, `${start.baselineFile}.unusable`)
  } catch {
    // It stays where it is, and is overwritten by the first save.
  }
  return undefined
}

/** What a person had us learn from logs joins what we know; the file goes once that is saved. */
function takeLearned(): void {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(start.learnedFile)
  } catch {
    return
  }
  try {
    const merged = mergeBaseline({ baseline: loop.baseline, featureKey: start.featureKey >>> 0 }, parseBaseline(bytes, new SeededRandom(2)))
    log.info(`learned from logs: ${merged.minutes} minutes and ${merged.rows} requests`, merged)
    saveBaseline()
  } catch (error) {
    log.warn(`${start.learnedFile}: ${(error as Error).message}; it is put aside`)
  }
  rmSync(start.learnedFile, { force: true })
}

/** Written beside and renamed, so that a crash leaves the old file or the new one. */
function saveBaseline(): void {
  try {
    writeFileSync(`${start.baselineFile}.new`, serialiseBaseline(loop.baseline, start.featureKey), { mode: 0o600 })
    renameSync(`${start.baselineFile}.new`, start.baselineFile)
  } catch (error) {
    log.warn(`the learned baseline was not saved: ${(error as Error).message}`)
  }
}

function tick(): void {
  const nowMs = systemClock.monotonicMs()
  const nowWallMs = systemClock.wallMs()
  const known = crawlers.tick(nowMs, nowWallMs, samples)
  const told = networks.tick(nowMs, nowWallMs)
  loop.networkLookup = networks.ready ? networks : null
  const inputs = { vitals, samples, commands, crawlers: known.crawlers }
  vitals = []
  samples = []
  commands = []
  const { posture } = loop
  const { plan, changed, events: own, views } = loop.tick(nowWallMs, inputs)
  recordLine.tell({ nowWallMs, state: views.state, samples: inputs.samples, vitals: inputs.vitals, commands: inputs.commands, posture })
  const unsaved = inputs.commands.length === 0 ? [] : ordersFile.save(loop.keptOrders(nowWallMs), nowWallMs)
  const events = [...untold, ...known.events, ...told, ...own, ...unsaved]
  untold = []
  if (changed) report({ type: 'plan', plan })
  for (const event of events) log.info(event.sentence, { event })
  report({ type: 'control-view', view: views, events })
}

setInterval(tick, TICK_MS)
setInterval(saveBaseline, SAVE_MS)
setInterval(takeLearned, LEARNED_MS)
setInterval(() => ordersFile.tidy(loop.keptOrders(systemClock.wallMs()), systemClock.wallMs()), TIDY_MS)
takeLearned()
report({ type: 'ready', sockets: [] })
