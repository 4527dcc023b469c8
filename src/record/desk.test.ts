import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Alert } from '../contract/alert.ts'
import type { JournalEntry } from '../contract/journal.ts'
import type { RecordQuestion, ShieldSecond } from '../contract/record.ts'
import { RecordedLog } from '../kernel/log.ts'
import { Desk } from './desk.ts'
import { RecordError, type Room } from './room.ts'

const ask = (room: RecordQuestion['room'], question = 'list'): RecordQuestion => ({ room, question, who: 'ada', asks: { a: 1 } })
const second = { events: [] } as unknown as ShieldSecond
const entry = { seq: 1 } as JournalEntry

test('a question goes to its room with who asks; what the room refuses comes back as its sentence', async () => {
  const desk = new Desk(new RecordedLog())
  desk.open('incident', (): Room => ({
    answer: async (question, asks, who) => {
      if (question === 'list') return { question, asks, who }
      throw new RecordError('not-found', 'there is no such incident')
    },
    close: async () => {},
  }))
  assert.deepEqual(await desk.answer(ask('incident')), { ok: true, answer: { question: 'list', asks: { a: 1 }, who: 'ada' } })
  assert.deepEqual(await desk.answer(ask('incident', 'show')), { ok: false, code: 'not-found', sentence: 'there is no such incident' })
  assert.deepEqual(await desk.answer(ask('alert')), { ok: false, code: 'unknown-question', sentence: 'the record has no room alert; it has incident' })
})

test('a room that throws, or cannot be opened, is told and keeps nobody from the others', async () => {
  const log = new RecordedLog()
  const desk = new Desk(log)
  const heard: string[] = []
  const broken = (): never => {
    throw new Error('broken')
  }
  assert.equal(desk.open('calendar', broken), null)
  desk.open('alert', (): Room => ({ answer: async () => broken(), second: broken, hear: broken, settingsChanged: broken, close: async () => broken() }))
  desk.open('report', (): Room => ({ answer: async () => 1, second: () => heard.push('second'), hear: () => heard.push('hear'), settingsChanged: () => heard.push('settings'), close: async () => void heard.push('close') }))
  desk.second(second)
  desk.hear(entry)
  desk.settingsChanged()
  assert.deepEqual(await desk.answer(ask('calendar')), { ok: false, code: 'failed', sentence: 'the room calendar of the record could not be opened: broken' })
  assert.deepEqual(await desk.answer(ask('alert')), { ok: false, code: 'failed', sentence: 'the room alert of the record failed: broken' })
  await desk.close()
  assert.deepEqual(heard, ['second', 'hear', 'settings', 'close'])
  assert.deepEqual(desk.closedRooms, [{ room: 'calendar', sentence: 'the room calendar of the record could not be opened: broken' }])
  assert.equal(log.lines.filter((line) => line.level === 'error').length, 6)
})

test('the journal closes last, and an alert that nobody sends is in the log', async () => {
  const log = new RecordedLog()
  const desk = new Desk(log)
  const order: string[] = []
  for (const name of ['journal', 'incident', 'calendar'] as const) desk.open(name, (): Room => ({ answer: async () => null, close: async () => void order.push(name) }))
  const alert: Alert = { key: 'k', severity: 'critical', title: 'An attack', text: 'since noon', atWallMs: 1, incidentId: null, resolved: false }
  desk.tell(alert)
  const told: Alert[] = []
  desk.sendAlertsTo({ tell: (one) => told.push(one) })
  desk.tell(alert)
  assert.deepEqual([log.lines.length, log.lines[0].message, told], [1, 'An attack: since noon', [alert]])
  await desk.close()
  assert.deepEqual([order.length, order.at(-1)], [3, 'journal'])
})
