/**
 * One edge worker thread: its listeners, its pipeline, its line to the others. Starts when the store's line is laid, reports once a second,
 * swaps settings whole, drains when told. When it dies the main thread starts another; what it held is given back there.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import type { LinkMessage, OpenSocket, ThreadOrder, ThreadReport } from '../contract/thread.ts'
import type { ThreadName } from '../contract/thread-trouble.ts'
import type { RuleMatches, Vitals } from '../contract/vitals.ts'
import { systemClock } from '../kernel/clock.ts'
import { processLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { AccessLog } from './access-log/access-log.ts'
import { Admission } from './admission/admission.ts'
import { Cache } from './cache/cache.ts'
import { CacheShared } from './cache/cache-shared.ts'
import { CertificateStore } from './edge/certificates.ts'
import type { EdgeContext, EdgeCounts } from './edge/connection-context.ts'
import { type Listener, makeEdgeParts, openListener } from './edge/listener.ts'
import { LinkedBus, Links } from './links.ts'
import { Origin } from './origin/origin.ts'
import { Pipeline } from './pipeline.ts'
import type { DataplaneSettings } from './settings.ts'
import { Tap } from './tap/tap.ts'
import { Tally } from './telemetry/tally.ts'
import type { WorkerStart } from './worker-start.ts'

const VITALS_MS = 1_000
const SAMPLES_MS = 250
const HOUSEKEEPING_MS = 100
/** What is read is written down by the lifeline; nobody waits for it. */
const READS_MS = 5_000
const BACKLOG = 4_096
/** Old origin connections of a reload may finish for this long. */
const OLD_ORIGIN_MS = 60_000
/** The store's line comes before anything else; without it (the store is just starting anew) we begin all the same. */
const STORE_LINK_MS = 2_000

if (parentPort === null) throw new Error('an edge worker runs as a worker thread')
const main = parentPort
const start = workerData as WorkerStart
const clock = systemClock
const log = processLog(`edge-${start.index}`)
const name: ThreadName = `edge-${start.index}`

const links = new Links(hear)
const bus = new LinkedBus(links)
const early: Array<ThreadOrder<DataplaneSettings>> = []
let begun = false
let obey: (order: ThreadOrder<DataplaneSettings>) => void = (order) => early.push(order)
let storeLinked: () => void
const storeLink = new Promise<void>((resolve) => {
  storeLinked = resolve
})
setTimeout(() => storeLinked(), STORE_LINK_MS)

main.on('message', (order: ThreadOrder<DataplaneSettings>) => {
  if (order.type === 'link') {
    links.add(order.peer, order.port)
    if (order.peer === 'control' && begun) tap.tellAllAgain()
    if (order.peer === 'store') {
      storeLinked()
      if (begun) cache.joined()
    }
  } else obey(order)
})

function hear(_from: ThreadName, message: LinkMessage): void {
  if (message.type === 'cache') bus.hear(message.message)
  else if (message.type === 'wake') admission.onWake()
  else if (message.type === 'last-good') pipeline.lastGood.heard(message.ticket, message.found)
  else if (message.type === 'lifeline-ask') {
    pipeline.askForLifeline(message.ask, (answer) => links.send('lifeline', { type: 'lifeline-answer', answer }, answer.body === null ? [] : [answer.body.buffer as ArrayBuffer]))
  }
}

function report(message: ThreadReport): void {
  main.postMessage(message)
}

await storeLink
begun = true

const tally = new Tally()
const tap = new Tap(start.index, systemRandom, clock.wallMs())
const admission = new Admission(start.admission, start.index, start.settings.admission, {
  clock,
  random: systemRandom,
  wake: (worker) => links.send(`edge-${worker}`, { type: 'wake' }),
  pollLater: (delayMs) => {
    if (delayMs === 0) setImmediate(() => admission.poll())
    else setTimeout(() => admission.poll(), delayMs)
  },
})
const shared = new CacheShared(start.cache, start.hashKey)
const cache = new Cache({ worker: start.index, shared, bus, clock })
cache.joined()
const accessLog = new AccessLog(start.settings.log, clock, systemRandom, (trouble) => log.warn(trouble))
const makeOrigin = (settings: DataplaneSettings): Origin => new Origin(settings.origin, { clock, random: systemRandom, instanceId: start.instanceId })
const pipeline = new Pipeline({ clock, log, tally, tap, admission, cache, accessLog, hashKey: start.hashKey, workers: start.workers, challengeKeys: start.challengeKeys, clearances: start.clearances, waitingRoom: start.waitingRoom }, start.settings, makeOrigin(start.settings))

pipeline.lastGood.askLifeline = (ticket, key) => links.send('lifeline', { type: 'last-good-get', ticket, key })

const counts: EdgeCounts = { openConnections: 0, openRequests: 0, acceptedConnections: 0, refusedConnections: 0, bytesIn: 0, bytesOut: 0 }
const contextFor = (settings: DataplaneSettings, scheme: 'http' | 'https'): EdgeContext => ({
  clock, settings: settings.edge, onRequest: pipeline.handle, onRefusal: pipeline.refused, hashKey: start.hashKey, scheme, counts, draining: false, crowded: false,
})
const edge = makeEdgeParts(start.settings.edge, start.hashKey, systemRandom, { table: start.guardTable, worker: start.index })

const opened = await openListeners()
const sockets: OpenSocket[] = opened.map(({ listener, text }) => ({ listener: text, address: listener.address, port: listener.port, fd: listener.fd }))

async function openListeners(): Promise<Array<{ listener: Listener; text: string; scheme: 'http' | 'https' }>> {
  const found: Array<{ listener: Listener; text: string; scheme: 'http' | 'https' }> = []
  for (const plan of start.listeners) {
    const scheme = plan.certificates === null ? 'http' : 'https'
    const tls = plan.certificates === null ? undefined : { certificates: await CertificateStore.open(plan.certificates, log, clock), ticketKeys: start.ticketKeys }
    const spec = { host: plan.host, port: plan.port, protocol: scheme, reusePort: true, proxyProtocol: plan.proxyProtocol, backlog: BACKLOG, tls } as const
    const specs = plan.fds.length === 0 ? [spec] : plan.fds.map((fd) => ({ ...spec, fd }))
    for (const one of specs) found.push({ listener: await openListener(one, contextFor(start.settings, scheme), edge), text: plan.text, scheme })
  }
  return found
}

const lag = monitorEventLoopDelay({ resolution: 10 })
lag.enable()

obey = (order) => {
  switch (order.type) {
    case 'settings': {
      const old = pipeline.origin
      pipeline.applySettings(order.settings, makeOrigin(order.settings))
      setTimeout(() => void old.destroy(), OLD_ORIGIN_MS).unref()
      void old.close()
      admission.setSettings(order.settings.admission)
      accessLog.apply(order.settings.log)
      for (const { listener, scheme } of opened) listener.replaceContext(contextFor(order.settings, scheme))
      report({ type: 'applied', version: order.version })
      return
    }
    case 'plan':
      pipeline.applyPlan(order.plan)
      return
    case 'drain':
      void Promise.all(opened.map(({ listener }) => listener.drain(order.deadlineMs))).then(async (cut) => {
        const sum = cut.reduce((a, b) => a + b, 0)
        if (sum > 0) log.warn(`${sum} connections were still open after ${order.deadlineMs} ms and were cut`)
        await accessLog.close()
        sendVitals()
        report({ type: 'drained' })
      })
      return
    case 'reopen-logs':
      accessLog.reopen()
      return
    case 'ticket-keys':
      for (const { listener } of opened) listener.setTicketKeys(order.keys)
      return
    case 'rehearse-challenge':
      report({ type: 'challenge-rehearsed', trouble: pipeline.rehearseChallenge() })
      return
    case 'challenge-keys':
      pipeline.setChallengeKeys(order.keys)
      return
    case 'link':
  }
}
for (const order of early.splice(0)) obey(order)

setInterval(() => {
  cache.tick(clock.monotonicMs())
  pipeline.lastGood.tick(clock.monotonicMs())
  pipeline.waitingRoom.tick()
  accessLog.flush()
}, HOUSEKEEPING_MS)

setInterval(() => {
  const batch = tap.take(clock.wallMs())
  links.send('control', { type: 'samples', batch }, [batch.words.buffer as ArrayBuffer])
}, SAMPLES_MS)

setInterval(() => {
  const reads = pipeline.reads.take()
  if (reads !== null) links.send('lifeline', { type: 'lifeline-reads', reads })
}, READS_MS)

let vitalsFrom = clock.wallMs()
let bytesIn = 0
let bytesOut = 0

function sendVitals(): void {
  const now = clock.wallMs()
  const taken = tally.take()
  const vitals: Vitals = {
    worker: start.index, fromWallMs: vitalsFrom, toWallMs: now, planVersion: pipeline.plan.version,
    received: taken.received, ended: taken.ended, durations: taken.durations,
    bytesIn: counts.bytesIn - bytesIn, bytesOut: counts.bytesOut - bytesOut, openConnections: counts.openConnections,
    eventLoopLagP99Ms: lag.percentile(99) / 1e6,
    ruleMatches: takeRuleMatches(),
    admission: pipeline.admissionVitals(), origin: pipeline.origin.vitals(),
    cache: { entries: cache.entries, bytes: shared.usedBytes, stored: taken.stored, collapsed: taken.collapsed },
  }
  vitalsFrom = now
  bytesIn = counts.bytesIn
  bytesOut = counts.bytesOut
  lag.reset()
  report({ type: 'vitals', vitals, upstreams: pipeline.origin.upstreams().map((one) => ({ name: one.name, healthy: one.state === 'healthy', inFlight: one.inFlight, failures: one.failures })) })
  links.send('control', { type: 'vitals', vitals })
}

function takeRuleMatches(): Record<string, RuleMatches> {
  const found: Record<string, RuleMatches> = {}
  for (const rule of [...pipeline.rules.allow, ...pipeline.rules.others]) {
    if (rule.matched === 0) continue
    found[rule.id] = { matched: rule.matched, positive: rule.positive, canaryPassed: rule.canaryPassed, canaryTried: rule.canaryTried }
    rule.matched = rule.positive = rule.canaryPassed = rule.canaryTried = 0
  }
  return found
}

setInterval(sendVitals, VITALS_MS)
log.info(`${name} serves`, { sockets: sockets.map((one) => `${one.address}:${one.port}`) })
report({ type: 'ready', sockets })
