import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControlEvent } from '../contract/control.ts'
import type { JournalDraft } from '../contract/journal.ts'
import type { RecordQuestion, ShieldSecond } from '../contract/record.ts'
import type { ThreadOrder } from '../contract/thread.ts'
import { SimulatedClock } from '../kernel/clock.ts'
import { RecordLink } from './record-link.ts'

const question: RecordQuestion = { room: 'journal', question: 'list', who: 'ada', asks: {} }
const draft = (sentence: string): JournalDraft => ({ kind: 'note', who: 'polder', sentence, data: null })
const second = (events: readonly ControlEvent[] = []): ShieldSecond => ({ events }) as unknown as ShieldSecond
const event: ControlEvent = { atWallMs: 1, code: 'x', sentence: 'x' }

class Rig {
  ready = true
  readonly clock = new SimulatedClock()
  readonly sent: Array<ThreadOrder<never>> = []
  readonly link = new RecordLink({ clock: this.clock, isReady: () => this.ready, send: (order) => this.sent.push(order) })

  take(): Array<ThreadOrder<never>> {
    return this.sent.splice(0)
  }
}

test('what the record has not confirmed is told again when it is back, in order; what it has confirmed is not', () => {
  const rig = new Rig()
  rig.ready = false
  rig.link.note(draft('a'))
  rig.link.second(second())
  rig.link.second(second([event]))
  rig.link.note(draft('b'))
  assert.deepEqual(rig.take(), [], 'nobody is there')
  rig.ready = true
  rig.link.hear({ type: 'ready', sockets: [] })
  const first = rig.take()
  assert.deepEqual(first.map((order) => order.type), ['record-note', 'record-second', 'record-note'])
  rig.link.hear({ type: 'record-kept', number: (first[0] as { number: number }).number })
  rig.link.died()
  rig.link.hear({ type: 'ready', sockets: [] })
  assert.deepEqual(rig.take(), first.slice(1))
})

test('a question is answered once, and with an error when the record dies, is not there, or the process ends', async () => {
  const rig = new Rig()
  const asked = rig.link.ask(question)
  const [order] = rig.take() as Array<{ ticket: number }>
  rig.link.hear({ type: 'record-reply', ticket: order.ticket, reply: { ok: true, answer: 5 } })
  rig.link.hear({ type: 'record-reply', ticket: order.ticket, reply: { ok: true, answer: 6 } })
  assert.deepEqual(await asked, { ok: true, answer: 5 })
  const dying = rig.link.ask(question)
  rig.link.died()
  await assert.rejects(dying, /died before it answered/)
  rig.ready = false
  await assert.rejects(rig.link.ask(question), /is not running/)
  rig.ready = true
  const last = rig.link.ask(question)
  rig.link.close()
  await assert.rejects(last, /is ending/)
  await assert.rejects(rig.link.ask(question), /has closed its record/)
  rig.link.note(draft('too late'))
  assert.deepEqual(rig.take().filter((one) => one.type === 'record-note'), [])
})

test('memory stays bounded while the record is gone, and too many questions are refused', async () => {
  const rig = new Rig()
  rig.ready = false
  for (let i = 0; i < 3_000; i++) {
    rig.link.note(draft(`note ${i}`))
    rig.link.second(second([event]))
  }
  rig.ready = true
  rig.link.hear({ type: 'ready', sockets: [] })
  const kept = rig.take()
  assert.deepEqual([kept.filter((one) => one.type === 'record-note').length, kept.filter((one) => one.type === 'record-second').length], [1_000, 120])
  const asked = Array.from({ length: 32 }, () => rig.link.ask(question))
  await assert.rejects(rig.link.ask(question), /too many questions/)
  rig.link.died()
  assert.equal((await Promise.allSettled(asked)).filter((one) => one.status === 'rejected').length, 32)
})

test('alive means heard within five seconds', () => {
  const rig = new Rig()
  assert.equal(rig.link.alive, false)
  rig.link.hear({ type: 'record-state', state: {} as never, events: [] })
  assert.equal(rig.link.alive, true)
  rig.clock.advanceMs(5_001)
  assert.equal(rig.link.alive, false)
})
