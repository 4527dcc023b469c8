/**
 * The record's thread: writes down what happened, leads the incident, tells people, reads the calendar. It hears the shield once a second and is asked by
 * surfaces. Nobody waits for it but who asks it: when it is slow or dead, visitors are served and the planes think on; what it missed is told to it again.
 */
import { join } from 'node:path'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { ControlEvent } from '../contract/control.ts'
import type { IncidentExchanges } from '../contract/incident.ts'
import type { Measure } from '../contract/measure.ts'
import type { RoomName } from '../contract/record.ts'
import type { LinkMessage, ThreadOrder, ThreadReport } from '../contract/thread.ts'
import { systemClock } from '../kernel/clock.ts'
import { processLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { CalendarRoom } from './calendar/calendar-room.ts'
import { AlertRoom } from './alert/alert-room.ts'
import { Desk } from './desk.ts'
import { IncidentRoom } from './incident/incident-room.ts'
import { JournalRoom } from './journal/journal-room.ts'
import { Journal } from './journal/journal.ts'
import { DiskSegments } from './journal/segment-store.ts'
import { MeasureMeter } from './measure-meter.ts'
import { ReportRoom } from './report/report-room.ts'
import { RecordError, type RoomParts } from './room.ts'
import { SampleRecorder } from './samples/sample-recorder.ts'
import type { RecordSettings, RecordStart } from './settings.ts'
import { StatementRoom } from './statement/statement-room.ts'

const MOST_EVENTS = 100
/** More than the main thread keeps to tell again (shield/record-link.ts). */
const MOST_UNSETTLED = 1_000

if (parentPort === null) throw new Error('the record runs as a worker thread')
const main = parentPort
const start = workerData as RecordStart
const log = processLog('record')
let settings: RecordSettings = start.settings
let events: ControlEvent[] = []
let closing = false

const desk = new Desk(log)
const journalFolder = join(start.dataDir, 'journal')
const journal = new Journal({
  settings: () => settings.journal, folder: journalFolder, store: new DiskSegments(journalFolder), clock: systemClock, log,
  hear: (entry) => desk.hear(entry),
  alarm: (code, sentence) => {
    if (events.length < MOST_EVENTS) events.push({ atWallMs: systemClock.wallMs(), code, sentence })
  },
})
/** What a room is given; its own settings come from `of`. */
const parts = <S>(name: RoomName, of: () => S): RoomParts<S> => ({ settings: of, folder: join(start.dataDir, name), scribe: journal, teller: desk, clock: systemClock, log, version: start.version })

// One line a room, the journal first: it writes down what the others then hear. The alert room is also who sends alerts: desk.sendAlertsTo(...).
desk.open('journal', () => new JournalRoom(journal))
const incidents = desk.open('incident', () => new IncidentRoom(parts('incident', () => settings.incident)))
desk.open('report', () => new ReportRoom(parts('report', () => settings.report), { show: (id) => askIncidents('show', { id }), list: () => askIncidents('list', {}), changeOf: (id) => incidents?.changeOf(id) ?? 0 }))
const alerts = desk.open('alert', () => new AlertRoom({ ...parts('alert', () => settings.alert), random: systemRandom }))
desk.sendAlertsTo(alerts)
desk.open('statement', () => new StatementRoom(parts('statement', () => settings.statements)))
desk.open('calendar', () => new CalendarRoom({
  ...parts('calendar', () => settings.calendar),
  apply: (effects, untilWallMs) => report({ type: 'posture', sensitivity: effects.sensitivity, untilWallMs }),
  begin: ({ refreshLifeline, rehearseChallenge }) => report({ type: 'posture-begins', refreshLifeline, rehearseChallenge }),
}))

/** @throws RecordError when there is no such incident. */
async function askIncidents<Q extends 'show' | 'list'>(question: Q, asks: object): Promise<IncidentExchanges[Q]['answers']> {
  if (incidents === null) throw new RecordError('failed', 'the room of incidents could not be opened: see the log')
  return (await incidents.answer(question, asks as Readonly<Record<string, unknown>>, 'polder')) as IncidentExchanges[Q]['answers']
}

const meter = new MeasureMeter(meterSettings())

function meterSettings(): ConstructorParameters<typeof MeasureMeter>[0] {
  return { watchZ: settings.watchZ, quietSpanMs: settings.journal.calmMeasureMs, closeSpanMs: settings.journal.closeMeasureMs }
}

function writeMeasure(measure: Measure): void {
  const { received, peak } = measure
  void journal.note({ kind: 'measure', who: 'polder', sentence: `${received} requests in ${Math.round((measure.toWallMs - measure.fromWallMs) / SECOND_MS)} s, ${peak.requestsPerSecond} in the busiest second; state ${measure.state ?? 'not known'}`, data: measure })
}

function writeRest(): void {
  const rest = meter.rest()
  if (rest !== null) writeMeasure(rest)
}

let control: MessagePort | null = null
const recorder = new SampleRecorder({
  folder: join(journalFolder, 'samples'), clock: systemClock, log, scribe: journal, version: start.version,
  settings: () => settings.journal,
  incidentId: () => incidents?.open?.id ?? null,
  wholeAddresses: (nowWallMs) => (incidents?.wholeAddresses(nowWallMs) ?? null) !== null,
  wantBeginning: () => control?.postMessage({ type: 'control-beginning-wanted' } satisfies LinkMessage),
})

function listenToControl(port: MessagePort): void {
  if (control !== null) recorder.controlStartedAnew()
  control?.close()
  control = port
  port.on('message', (message: LinkMessage) => {
    if (message.type === 'control-tick') {
      port.postMessage({ type: 'control-tick-taken' } satisfies LinkMessage)
      if (!closing) recorder.tick(message.tick)
    } else if (message.type === 'control-beginning') recorder.begin(message.beginning)
  })
  port.on('close', () => {
    if (control !== port) return
    control = null
    recorder.controlStartedAnew()
  })
}

main.on('message', (order: ThreadOrder<RecordSettings>) => {
  switch (order.type) {
    case 'link':
      if (order.peer === 'control') listenToControl(order.port)
      else order.port.close()
      return
    case 'settings':
      settings = order.settings
      meter.applySettings(meterSettings())
      desk.settingsChanged()
      report({ type: 'applied', version: order.version })
      return
    case 'record-question':
      void desk.answer(order.question).then((reply) => report({ type: 'record-reply', ticket: order.ticket, reply }))
      return
    case 'record-note':
      // The last figures belong before the end.
      if (order.draft.kind === 'stop' || order.draft.kind === 'upgrade') writeRest()
      void journal.note(order.draft).then(() => report({ type: 'record-kept', number: order.number }))
      return
    case 'record-second':
      desk.second(order.second)
      for (const measure of meter.second(order.second, incidents !== null && incidents.open !== null)) writeMeasure(measure)
      tellWhenKept(order.number)
      return
    case 'drain':
      if (!closing) void close()
      return
    default:
  }
})

/** Seconds that wait for the disk. One wait for all of them: a journal that cannot be opened, because another process writes it, may stay so for days. */
let unsettled: number[] | null = null

function tellWhenKept(number: number): void {
  if (unsettled !== null) {
    if (unsettled.length < MOST_UNSETTLED) unsettled.push(number)
    return
  }
  const numbers = [number]
  unsettled = numbers
  void journal.settled().then(() => {
    unsettled = null
    for (const one of numbers) report({ type: 'record-kept', number: one })
  })
}

async function close(): Promise<void> {
  closing = true
  clearInterval(ticking)
  writeRest()
  await recorder.close()
  await desk.close()
  report({ type: 'drained' })
}

function report(message: ThreadReport): void {
  main.postMessage(message)
}

const ticking = setInterval(() => {
  report({ type: 'record-state', state: { journal: journal.state(), closedRooms: desk.closedRooms, alerts: alerts?.state() ?? null }, events })
  events = []
}, SECOND_MS)
report({ type: 'ready', sockets: [] })
