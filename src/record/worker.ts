/**
 * The record's thread: writes down what happened, leads the incident, tells people, reads the calendar. It hears the shield once a second and is asked by
 * surfaces. Nobody waits for it but who asks it: when it is slow or dead, visitors are served and the planes think on; what it missed is told to it again.
 */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { ControlEvent } from '../contract/control.ts'
import type { RoomName } from '../contract/record.ts'
import type { ThreadOrder, ThreadReport } from '../contract/thread.ts'
import { systemClock } from '../kernel/clock.ts'
import { processLog } from '../kernel/log.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { Desk } from './desk.ts'
import { JournalRoom } from './journal/journal-room.ts'
import type { RoomParts } from './room.ts'
import type { RecordSettings, RecordStart } from './settings.ts'

const MOST_EVENTS = 100

if (parentPort === null) throw new Error('the record runs as a worker thread')
const main = parentPort
const start = workerData as RecordStart
const log = processLog('record')
let settings: RecordSettings = start.settings
let events: ControlEvent[] = []
let closing = false

const desk = new Desk(log)
const journal = new JournalRoom({
  settings: () => settings.journal, watchZ: () => settings.watchZ, folder: join(start.dataDir, 'journal'), clock: systemClock, log,
  hear: (entry) => desk.hear(entry),
  alarm: (code, sentence) => {
    if (events.length < MOST_EVENTS) events.push({ atWallMs: systemClock.wallMs(), code, sentence })
  },
})
/** What a room is given; its own settings come from `of`. */
export const partsOf = <S>(name: RoomName, of: () => S): RoomParts<S> => ({ settings: of, folder: join(start.dataDir, name), scribe: journal.scribe, teller: desk, clock: systemClock, log, version: start.version })

// One line a room, the journal first: it writes down what the others then hear. The alert room is also who sends alerts: desk.sendAlertsTo(...).
// desk.open('incident', () => new IncidentRoom(partsOf('incident', () => settings.incident)))
desk.open('journal', () => journal)

main.on('message', (order: ThreadOrder<RecordSettings>) => {
  switch (order.type) {
    case 'link':
      order.port.close()
      return
    case 'settings':
      settings = order.settings
      desk.settingsChanged()
      report({ type: 'applied', version: order.version })
      return
    case 'record-question':
      void desk.answer(order.question).then((reply) => report({ type: 'record-reply', ticket: order.ticket, reply }))
      return
    case 'record-note':
      void journal.note(order.draft).then(() => report({ type: 'record-kept', number: order.number }))
      return
    case 'record-second':
      desk.second(order.second)
      void journal.settled().then(() => report({ type: 'record-kept', number: order.number }))
      return
    case 'drain':
      if (!closing) void close()
      return
    default:
  }
})

async function close(): Promise<void> {
  closing = true
  clearInterval(ticking)
  await desk.close()
  report({ type: 'drained' })
}

function report(message: ThreadReport): void {
  main.postMessage(message)
}

const ticking = setInterval(() => {
  report({ type: 'record-state', state: { journal: journal.state(), closedRooms: desk.closedRooms }, events })
  events = []
}, SECOND_MS)
report({ type: 'ready', sockets: [] })
