/**
 * Builds one running shield out of checked settings: shared memory, threads, sockets, admin listener. The only place that knows both planes.
 * It decides nothing about requests: that is dataplane/pipeline.ts, and it serves on when everything here is busy or gone.
 */
import { availableParallelism } from 'node:os'
import type { Settings } from '../config/settings.ts'
import type { JournalDraft } from '../contract/journal.ts'
import type { OpenSocket, ThreadReport } from '../contract/thread.ts'
import type { ThreadName } from '../contract/thread-trouble.ts'
import type { WorkerStart } from '../dataplane/worker-start.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { unpredictableBytes } from '../kernel/random.ts'
import { SECOND_MS } from '../kernel/units.ts'
import type { RecordStart } from '../record/settings.ts'
import type { SettingsView } from '../contract/console.ts'
import type { ConsoleStart, ConsoleThreadSettings } from '../surfaces/console/settings.ts'
import { type AdminListener, openAdminListener } from '../surfaces/admin/admin-listener.ts'
import { openMetrics, openMetricsType } from '../surfaces/metrics/open-metrics.ts'
import { type ControlServer, openControlServer } from '../surfaces/control-socket/control-server.ts'
import { Totals } from '../surfaces/metrics/totals.ts'
import { CHALLENGE_KEYS_MS, challengeKeys, hasChallengeKeys } from './challenge-keys.ts'
import { ConsoleLink } from './console-link.ts'
import { ControlDesk } from './control-desk.ts'
import { DataFolderLock } from './data-folder-lock.ts'
import { dataplaneSettings } from './dataplane-settings.ts'
import { ExploreLink } from './explore-link.ts'
import { featureKey } from './feature-key.ts'
import { listenerPlans } from './listener-plans.ts'
import { LifelineLink, lifelineStart } from './lifeline-link.ts'
import { mustBeFree } from './port-free.ts'
import { KernelDrop } from './kernel-drop.ts'
import { RecordLink } from './record-link.ts'
import { controlSettings, recordSettings, SharedState } from './shared-state.ts'
import { Threads } from './threads.ts'

/** TLS session ticket keys are replaced this often; tickets of the last period stay good for one more. */
const TICKET_KEYS_MS = 12 * 3_600_000
/** A place at the origin that no living worker holds is found after two looks. */
const SLOT_AUDIT_MS = 1_000
/** Looked at this often, so that an old process and the one that takes over from it agree soon on the keys in their common file. */
const CHALLENGE_KEYS_LOOK_MS = 600_000
/** What a shield that is closed without draining first gives its record to write down the rest. */
const RECORD_CLOSE_MS = 3_000
/** What the console gets to say goodbye to open pages and to write its history. */
const CONSOLE_CLOSE_MS = 2_000

export interface ShieldOptions {
  readonly version: string
  readonly log: Log
  /** Sockets handed over by an earlier process or by systemd, by listener text. */
  readonly inherited: ReadonlyMap<string, readonly number[]>
  /** Pid of the process that hands over to this one, else 0 or left out: its control socket may be replaced. */
  readonly successorOf?: number
  /** What is in force and where it comes from, without secrets; for the console. */
  readonly settingsView?: () => SettingsView
  /** Secrets of alert channels from the environment, by name. */
  readonly secrets?: Readonly<Record<string, string>>
}

export interface Shield {
  /** Where visitors come in, one per `listen` entry. */
  readonly urls: readonly string[]
  readonly adminUrl: string | null
  /** Every listening socket of every worker, for the next process. */
  sockets(): OpenSocket[]
  /** Swaps the settings of all threads whole; resolves when each has them. Keys that need a restart keep their old value. */
  reload(settings: Settings): Promise<void>
  reopenLogs(): void
  /** Into the journal. Whatever happens to the record, this does nothing else. */
  writeDown(draft: JournalDraft): void
  /** No new connections; resolves when what was open has ended, at the latest after the deadline. */
  drain(deadlineMs: number): Promise<void>
  /** Closes the journal; nothing is written down after it. Before draining when another process takes over: a journal has one writer. */
  closeRecord(last?: JournalDraft): Promise<void>
  close(): Promise<void>
  /** For drills and tests: ends a thread as a crash would. */
  killThread(name: ThreadName): Promise<void>
}

export async function startShield(first: Settings, options: ShieldOptions): Promise<Shield> {
  const { log, version } = options
  let settings = first
  let settingsVersion = 1
  let draining = false
  const workers = settings.workers === 'auto' ? availableParallelism() : settings.workers
  const takesOver = (options.successorOf ?? 0) !== 0
  if (!takesOver) {
    for (const [index, { address }] of settings.listen.entries()) if (!options.inherited.has(`#${index}`)) await mustBeFree(address.host, address.port)
  }
  const warn = (trouble: string): void => log.warn(trouble)
  const folderLock = await DataFolderLock.take(settings.dataDir, takesOver, warn)
  const shared = new SharedState(settings, workers, featureKey(settings.dataDir, warn), challengeKeys(settings.dataDir, systemClock.wallMs(), warn))
  const totals = new Totals()
  const plans = await listenerPlans(settings, workers, options.inherited, systemClock.wallMs()).catch((error: Error) => {
    folderLock.release()
    throw error
  })
  const sockets = new Map<ThreadName, readonly OpenSocket[]>()
  const waiting = new Set<{ readonly left: Set<ThreadName>; readonly matches: (report: ThreadReport) => boolean; readonly done: () => void }>()
  let plan: (ThreadReport & { type: 'plan' })['plan'] | null = null

  const threads = new Threads<unknown>(systemClock, log, {
    onReport: (name, report) => {
      if (report.type === 'vitals') {
        totals.add(report.vitals, report.upstreams)
        desk.hearVitals(report.vitals)
      } else if (report.type === 'control-view') {
        totals.state = report.view.state
        desk.hearView(report.view, report.events)
      }
      else if (report.type === 'store-state') totals.store = report.state
      else if (report.type === 'lifeline-state') {
        totals.lifeline = report.state
        lifeline.hear(report.state)
      }
      else if (report.type === 'challenge-rehearsed') {
        if (report.trouble === null) desk.note('challenge-rehearsed', `the short check was rehearsed in ${name}: both doors open`)
        else record.note({ kind: 'alarm', who: 'polder', sentence: `The short check does not work in ${name}: ${report.trouble}. Until it is mended: polder rules dry-run on --step challenge --why "the check fails"`, data: { key: 'challenge-rehearsal', severity: 'critical' } })
      }
      else if (report.type === 'posture') threads.send('control', report)
      else if (report.type === 'posture-begins') {
        if (report.rehearseChallenge) for (const other of edgeNames(workers)) threads.send(other, { type: 'rehearse-challenge' })
        if (report.refreshLifeline) threads.send('lifeline', { type: 'lifeline', order: 'crawl' })
      } else if (report.type === 'explored') explore.hear(report.ticket, report.reply)
      else if (name === 'console' && report.type !== 'ready') {
        if (report.type === 'console-state') totals.console = report.url === '' ? null : report.figures
        else consoleLink.hear(report)
      }
      else if (name === 'record' && report.type !== 'ready') {
        record.hear(report)
        if (report.type === 'record-state') {
          totals.record = report.state
          desk.hearRecord(report.events)
        }
      }
      else if (report.type === 'ready') {
        sockets.set(name, report.sockets)
        if (name === 'record') record.hear(report)
        if (plan !== null) threads.send(name, { type: 'plan', plan })
      } else if (report.type === 'plan') {
        plan = report.plan
        for (const other of edgeNames(workers)) threads.send(other, { type: 'plan', plan })
        threads.send('lifeline', { type: 'plan', plan })
        void kernelDrop.hear(report.plan)
      }
      for (const one of waiting) {
        if (one.matches(report)) one.left.delete(name)
        if (one.left.size === 0) {
          waiting.delete(one)
          one.done()
        }
      }
    },
    onDeath: (name, death) => {
      sockets.delete(name)
      totals.restarts++
      if (name === 'control') {
        desk.controlDied()
        explore.died()
      } else if (name === 'record') record.died()
      if (name !== 'control') desk.note('thread-died', `the thread ${name} died${death.reason === '' ? '' : ` (${death.reason})`} and is started anew${death.inMs < SECOND_MS ? '' : ` in ${Math.round(death.inMs / SECOND_MS)} s, as it died ${death.inRow} times in a row`}`)
      if (name.startsWith('edge-')) shared.reclaim(Number(name.slice(5)))
      for (const one of waiting) one.left.delete(name)
    },
  })

  const whenAll = (names: readonly ThreadName[], matches: (report: ThreadReport) => boolean): Promise<void> => {
    const left = new Set(names.filter((name) => threads.isReady(name)))
    return left.size === 0 ? Promise.resolve() : new Promise((done) => waiting.add({ left, matches, done }))
  }

  const record = new RecordLink({ clock: systemClock, isReady: () => threads.isReady('record'), send: (order) => threads.send('record', order) })
  const lifeline = new LifelineLink({ isReady: () => threads.isReady('lifeline'), trouble: () => threads.troubles().find(({ thread }) => thread === 'lifeline') ?? null, send: (order) => threads.send('lifeline', order) })
  const explore = new ExploreLink({ isReady: () => threads.isReady('control'), send: (order) => threads.send('control', order) })
  const desk = new ControlDesk({
    version, totals,
    clock: systemClock,
    settings: () => settings,
    plan: () => plan,
    urls: () => plans.urls(),
    draining: () => draining,
    edgeNames: () => edgeNames(workers),
    isReady: (name) => threads.isReady(name),
    troubles: () => threads.troubles(),
    sendAct: (act) => threads.send('control', { type: 'act', act }),
    source: (address) => shared.source(address, systemClock.monotonicMs()),
    kernelDrop: () => kernelDrop.state(),
    lifeline: (order) => lifeline.ask(order),
    explore: (question) => explore.ask(question),
    askRecord: (question) => record.ask(question),
    writeDown: (draft) => record.note(draft),
    record: () => ({ alive: record.alive, state: record.state }),
  })
  const consoleLink = new ConsoleLink({ clock: systemClock, answers: desk, isReady: () => threads.isReady('console'), send: (order) => threads.send('console', order), writeDown: (draft) => record.note(draft) })
  const consoleSettings = (): ConsoleThreadSettings => ({ console: settings.console, watchZ: settings.detection.watchZ, view: options.settingsView?.() ?? { rows: [], file: '' } })
  const kernelDrop = new KernelDrop({
    clock: systemClock, log,
    settings: () => settings,
    ports: () => [...new Set([...sockets.values()].flat().map((socket) => socket.port))].filter((port) => port > 0).sort((a, b) => a - b),
    note: (code, sentence) => desk.note(code, sentence),
  })

  let admin: AdminListener | null = null
  let control: ControlServer | null = null
  try {
    await threads.start({
      name: 'store', file: new URL('../dataplane/store-worker.ts', import.meta.url), watchHeartbeat: false,
      start: () => shared.storeStart(settings),
    })
    await threads.start({
      name: 'control', file: new URL('../controlplane/worker.ts', import.meta.url), watchHeartbeat: true,
      start: () => shared.controlStart(settings),
    })
    for (let index = 0; index < workers; index++) {
      const report = await threads.start({
        name: `edge-${index}`, file: new URL('../dataplane/worker.ts', import.meta.url), watchHeartbeat: true,
        start: (): WorkerStart => ({ ...shared.edgeStart(index), settings: dataplaneSettings(settings), listeners: plans.forWorker(index) }),
      })
      // Port 0: the first worker's choice holds for all.
      for (const socket of report.sockets) plans.settle(socket.listener, socket.port)
    }
    const at = settings.admin.listen
    if (at !== null) {
      const source = {
        metrics: () => ({ type: openMetricsType, text: openMetrics(totals, version, threads.names().map((name) => [name, threads.isReady(name)])) }),
        unhealthy: () => (edgeNames(workers).some((name) => threads.isReady(name)) ? null : 'no edge worker is running'),
        unready: () => (draining ? 'draining' : edgeNames(workers).every((name) => threads.isReady(name)) ? null : 'an edge worker is starting'),
      }
      // Visitors come first: a shield nobody can measure still protects.
      admin = await (takesOver ? Promise.resolve() : mustBeFree(at.host, at.port)).then(() => openAdminListener(at.host, at.port, source)).catch((error: Error) => {
        log.error(`no admin listener, so metrics and health cannot be asked: ${error.message}`)
        return null
      })
    }
    await kernelDrop.applySettings()
    // Visitors come first: without a control socket the shield serves all the same.
    control = await openControlServer(settings.dataDir, systemClock, desk, options.successorOf ?? 0).catch((error: Error) => {
      log.warn(`no control socket, so polder status and polder rules cannot be used: ${error.message}`)
      return null
    })
  } catch (error) {
    await threads.stop()
    folderLock.release()
    throw error
  }
  // Last, and awaited by nobody: visitors are served already.
  if (settings.lifeline.enabled) {
    void threads.start({ name: 'lifeline', file: new URL('../lifeline/worker.ts', import.meta.url), watchHeartbeat: false, optional: true, start: () => lifelineStart(settings) })
  }
  void threads.start({
    name: 'record', file: new URL('../record/worker.ts', import.meta.url), watchHeartbeat: true, optional: true,
    start: (): RecordStart => ({ settings: recordSettings(settings, options.secrets ?? {}), dataDir: settings.dataDir, version }),
  })
  let consoleStarted = false
  const startConsole = (): void => {
    if (consoleStarted || settings.console.listen === '') return
    consoleStarted = true
    void threads.start({
      name: 'console', file: new URL('../surfaces/console/worker.ts', import.meta.url), watchHeartbeat: true, optional: true,
      start: (): ConsoleStart => ({ settings: consoleSettings(), dataDir: settings.dataDir, version, takesOver }),
    })
  }
  startConsole()
  let recordClosed: Promise<void> | null = null
  record.note({ kind: 'start', who: 'polder', sentence: `Polder ${version} started and serves ${plans.urls().join(', ')}`, data: { version, node: process.versions.node, pid: process.pid, urls: plans.urls(), workers, successorOf: options.successorOf ?? 0 } })
  /** Writes down what is still to be written; bounded, because a record that hangs must hold nobody up. */
  const closeRecord = (last: JournalDraft = stopped): Promise<void> =>
    (recordClosed ??= (async () => {
      const consoleClosed = whenAll(['console'], (report) => report.type === 'drained')
      threads.send('console', { type: 'drain', deadlineMs: CONSOLE_CLOSE_MS })
      await within(consoleClosed, CONSOLE_CLOSE_MS)
      record.second(desk.second())
      record.note(last)
      record.close()
      const drained = whenAll(['record'], (report) => report.type === 'drained')
      threads.send('record', { type: 'drain', deadlineMs: RECORD_CLOSE_MS })
      await within(drained, RECORD_CLOSE_MS)
    })())

  const rotation = setInterval(() => {
    shared.ticketKeys = unpredictableBytes(48)
    threads.sendAll({ type: 'ticket-keys', keys: shared.ticketKeys })
  }, TICKET_KEYS_MS)
  rotation.unref()
  let keysSinceWallMs = systemClock.wallMs()
  const signing = setInterval(() => {
    const now = systemClock.wallMs()
    // Without a file that can be kept, what was drawn at the start serves as long as it would from the file.
    if (!hasChallengeKeys(settings.dataDir) && now - keysSinceWallMs < CHALLENGE_KEYS_MS) return
    const keys = challengeKeys(settings.dataDir, now, warn)
    if (keys[0].id === shared.challengeKeys[0].id) return
    shared.challengeKeys = keys
    keysSinceWallMs = now
    for (const name of edgeNames(workers)) threads.send(name, { type: 'challenge-keys', keys })
  }, CHALLENGE_KEYS_LOOK_MS)
  signing.unref()
  const telling = setInterval(() => {
    record.second(desk.second())
    consoleLink.second()
  }, SECOND_MS)
  telling.unref()
  const audit = setInterval(() => {
    const mended = shared.audit()
    if (mended > 0) log.warn(`${mended} lost places at the origin were put right`)
  }, SLOT_AUDIT_MS)
  audit.unref()

  return {
    urls: plans.urls(),
    adminUrl: admin?.url ?? null,
    sockets: () => [...sockets.values()].flat(),
    async reload(next) {
      settings = next
      settingsVersion++
      const applied = whenAll([...edgeNames(workers), 'control'], (report) => report.type === 'applied' && report.version === settingsVersion)
      for (const name of edgeNames(workers)) threads.send(name, { type: 'settings', version: settingsVersion, settings: dataplaneSettings(settings) })
      threads.send('control', { type: 'settings', version: settingsVersion, settings: controlSettings(settings) })
      threads.send('lifeline', { type: 'settings', version: settingsVersion, settings: settings.lifeline })
      threads.send('record', { type: 'settings', version: settingsVersion, settings: recordSettings(settings, options.secrets ?? {}) })
      threads.send('console', { type: 'settings', version: settingsVersion, settings: consoleSettings() })
      startConsole()
      await applied
      await kernelDrop.applySettings()
    },
    writeDown: (draft) => record.note(draft),
    closeRecord: (last) => closeRecord(last),
    reopenLogs: () => threads.sendAll({ type: 'reopen-logs' }),
    async drain(deadlineMs) {
      draining = true
      folderLock.release()
      const names = edgeNames(workers)
      const drained = whenAll(names, (report) => report.type === 'drained')
      for (const name of names) threads.send(name, { type: 'drain', deadlineMs })
      await drained
      const kept = whenAll(['store', 'control', 'lifeline'], (report) => report.type === 'drained')
      for (const name of ['store', 'control', 'lifeline'] as const) threads.send(name, { type: 'drain', deadlineMs })
      await kept
    },
    async close() {
      clearInterval(rotation)
      clearInterval(signing)
      clearInterval(audit)
      clearInterval(telling)
      await admin?.close()
      await control?.close()
      await kernelDrop.close()
      await closeRecord()
      await threads.stop()
      folderLock.release()
    },
    killThread: (name) => threads.kill(name),
  }
}

const stopped: JournalDraft = Object.freeze({ kind: 'stop', who: 'polder', sentence: 'this Polder ended as it should', data: null })

/** Resolves when it is done, or when the time is over. */
async function within(done: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([done, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}

function edgeNames(workers: number): ThreadName[] {
  return Array.from({ length: workers }, (_, index) => `edge-${index}` as const)
}

