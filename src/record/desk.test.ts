import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordedLog } from '../kernel/log.ts'
import { Desk } from './desk.ts'
import type { Room } from './room.ts'

const room = (close: () => Promise<void>): Room => ({ answer: () => Promise.resolve(null), close })

test('a room that does not close keeps the journal from nobody; the journal closes last', { timeout: 10_000 }, async () => {
  const log = new RecordedLog()
  const desk = new Desk(log)
  const closed: string[] = []
  desk.open('journal', () => room(async () => void closed.push('journal')))
  desk.open('calendar', () => room(() => new Promise(() => {})))
  desk.open('alert', () => room(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    closed.push('alert')
  }))
  desk.open('incident', () => room(() => Promise.reject(new Error('disk'))))
  await desk.close(20)
  assert.deepEqual(closed, ['alert', 'journal'])
})
