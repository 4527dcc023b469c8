import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { ChannelState, OpenAlertState } from '../../contract/alert.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import { RecordedLog } from '../../kernel/log.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { AlertRoom, type AlertRoomSettings } from './alert-room.ts'
import { alert, alertSettings, channel, MemoryScribe, second, settle, TimedClock } from './alert.testing.ts'

interface Received {
  readonly path: string
  readonly text: string
}

let server: Server
let url: string
let received: Received[] = []
/** What the receiver does with a path: a status, or nothing at all. */
let behaviour: Record<string, number | 'hang'> = {}
let arrival = (): void => undefined
let folder: string

before(async () => {
  server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('end', () => {
      received.push({ path: request.url!, text })
      const what = behaviour[request.url!] ?? 200
      if (what !== 'hang') response.writeHead(what).end()
      arrival()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.close()
  server.closeAllConnections()
})
beforeEach(() => {
  received = []
  behaviour = {}
  folder = mkdtempSync(join(tmpdir(), 'polder-alerts-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const slack = (name: string, more = {}) => channel({ name, kind: 'slack', url: `${url}/${name}`, ...more })

function open(settings: AlertRoomSettings, clock = new TimedClock(Date.parse('2026-11-27T12:00:00Z'))) {
  const scribe = new MemoryScribe()
  const log = new RecordedLog()
  let now = settings
  const room = new AlertRoom({ settings: () => now, folder: join(folder, 'alert'), scribe, clock, log, version: '0.1.0', random: new SeededRandom(1), later: clock.later, hostname: 'shield' })
  const reload = (next: AlertRoomSettings): void => {
    now = next
    room.settingsChanged()
  }
  return { room, scribe, log, clock, reload }
}

/** Waits until so many messages came, however slow the machine; the test's own deadline is the bound. */
async function until(count: number): Promise<void> {
  while (received.length < count) {
    await new Promise<void>((resolve) => {
      arrival = resolve
    })
  }
  // The sender hears the answer a moment after the receiver gave it.
  for (let i = 0; i < 20; i++) await settle()
}

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const ask = async <T>(room: AlertRoom, question: string, asks: Readonly<Record<string, unknown>> = {}): Promise<T> => (await room.answer(question, asks, 'ada')) as T
const events = (scribe: MemoryScribe): string[] => scribe.written.map((entry) => `${entry.who} ${entry.sentence}`)

test('without a channel nothing is sent anywhere, and what is open is known all the same', async () => {
  const { room, scribe, clock } = open({ alert: alertSettings(), channels: [], site: 'Site', secrets: {} })
  room.second(second(clock.wallMs(), 'ATTACK'))
  assert.deepEqual((await ask<OpenAlertState[]>(room, 'open')).map((one) => [one.key, one.toldTo]), [['attack', []]])
  assert.deepEqual(await ask(room, 'channels'), [])
  assert.deepEqual(events(scribe), ['polder critical: Attack under way'])
  await assert.rejects(ask(room, 'test'), { code: 'not-found' })
  await room.close()
})

test('an attack is told, acknowledged and over, and the journal has each step with its channel and result', async () => {
  const { room, scribe, clock } = open({ alert: alertSettings({ calmForMs: 2_000 }), channels: [slack('duty')], site: 'Parliament', secrets: {} })
  room.hear({ seq: 1, atWallMs: 0, kind: 'incident', who: 'polder', sentence: '', data: { incidentId: '2026-11-27-1', change: 'opened' }, previous: '', hash: '' })
  const seconds = (state: 'NORMAL' | 'ATTACK', count: number): void => {
    for (let i = 0; i < count; i++) {
      room.second(second(clock.wallMs(), state))
      clock.advanceMs(1_000)
    }
  }
  seconds('ATTACK', 5)
  await until(1)
  await eventually(() => room.state().channels[0].sent === 1)
  assert.deepEqual(await ask(room, 'acknowledge', { key: 'attack' }), { sentence: 'attack is acknowledged: no reminder and no escalation, unless it grows worse. It stays open until it is over.' })
  assert.deepEqual((await ask<OpenAlertState[]>(room, 'open')).map((one) => [one.key, one.acknowledged?.who, one.toldTo, one.incidentId]), [['attack', 'ada', ['duty'], '2026-11-27-1']])
  assert.deepEqual(room.state().open, { info: 0, warning: 0, critical: 1 })
  seconds('NORMAL', 5)
  await until(2)
  await eventually(() => room.state().channels[0].sent === 2)
  assert.match(received[0].text, /Attack under way/)
  assert.match(received[0].text, /Incident: 2026-11-27-1/)
  assert.match(received[1].text, /OVER: All is calm again/)
  assert.deepEqual(events(scribe), ['polder critical: Attack under way', 'polder told duty (slack): Attack under way', 'ada acknowledged: Attack under way', 'polder over: All is calm again', 'polder told duty (slack): over: All is calm again'])
  assert.deepEqual((await ask<ChannelState[]>(room, 'channels')).map(({ to, sent, failed, waiting, trouble }) => ({ to, sent, failed, waiting, trouble })), [{ to: `${url}/…`, sent: 2, failed: 0, waiting: 0, trouble: null }])
  await assert.rejects(ask(room, 'acknowledge', { key: 'attack' }), { code: 'not-found', message: 'no alert attack is open; nothing is open' })
  await room.close()
})

test('a channel that hangs and one that refuses hold up no other, and show', async () => {
  behaviour = { '/hangs': 'hang', '/refuses': 500 }
  const { room, clock, scribe } = open({ alert: alertSettings({ timeoutMs: 5_000, giveUpMs: 60_000 }), channels: [slack('hangs'), slack('refuses'), slack('works')], site: '', secrets: {} })
  room.tell(alert({ atWallMs: clock.wallMs() }))
  await until(3)
  await eventually(() => room.state().channels[2].sent === 1 && room.state().channels[1].trouble !== null)
  assert.equal(room.state().channels[0].waiting, 1)
  await clock.pass(5_000)
  await eventually(() => room.state().channels[0].trouble !== null)
  const [hangs, refuses, works] = room.state().channels
  assert.deepEqual([hangs.trouble, works.trouble, works.sent], ['no answer within 5 s', null, 1])
  assert.match(refuses.trouble!, /answered 500/)
  assert.deepEqual(events(scribe).filter((text) => text.includes('told')), ['polder told works (slack): Attack under way'])
  await room.close()
})

test('a test goes to one channel or to all and says what each said', async () => {
  behaviour = { '/two': 404 }
  const { room, scribe } = open({ alert: alertSettings(), channels: [slack('one'), slack('two'), channel({ name: 'three', kind: 'slack', secretFile: join(folder, 'slack') })], site: '', secrets: {} })
  const all = await ask<ReadonlyArray<{ channel: string; ok: boolean; sentence: string }>>(room, 'test')
  assert.deepEqual(all.map(({ channel, ok }) => [channel, ok]), [['one', true], ['two', false], ['three', false]])
  assert.match(all[1].sentence, /answered 404/)
  assert.equal(all[2].sentence, `${join(folder, 'slack')} does not exist`)
  assert.equal(room.state().channels[2].trouble, all[2].sentence)
  writeFileSync(join(folder, 'slack'), `${url}/from-file\n`, { mode: 0o600 })
  assert.equal((await ask<ReadonlyArray<{ ok: boolean }>>(room, 'test', { channel: 'three' }))[0].ok, true, 'a secret that is mended needs no reload')
  assert.equal(received.at(-1)!.path, '/from-file')
  assert.match(received[0].text, /TEST: this is a test of the channel/)
  assert.deepEqual((await ask<unknown[]>(room, 'test', { channel: 'one' })).length, 1)
  await assert.rejects(ask(room, 'test', { channel: 'four' }), { code: 'not-found', message: 'there is no channel four; channels: one, two, three' })
  await assert.rejects(ask(room, 'dance'), { code: 'unknown-question' })
  assert.equal(scribe.written.filter((entry) => (entry.data as { event: string }).event === 'test').length, 5)
  await room.close()
})

test('a restart in the middle of an attack rings nobody again; what was not delivered is told after it', async () => {
  behaviour = { '/late': 'hang' }
  const settings: AlertRoomSettings = { alert: alertSettings(), channels: [slack('early'), slack('late')], site: '', secrets: {} }
  const first = open(settings)
  first.room.tell(alert({ atWallMs: first.clock.wallMs() }))
  await until(2)
  await eventually(() => first.room.state().channels[0].sent === 1)
  await first.room.close()
  const file = join(folder, 'alert', 'open-alerts.json')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  behaviour = {}
  const again = open(settings, first.clock)
  again.room.second(second(again.clock.wallMs(), 'ATTACK'))
  await until(3)
  await eventually(() => again.room.state().channels[1].sent === 1)
  assert.deepEqual(received.map((one) => one.path), ['/early', '/late', '/late'])
  await again.room.close()
  for (const damage of ['{', '{"format":1,"open":[{}],"ended":[]}', '{"format":2}', '']) {
    writeFileSync(file, damage)
    const { room, log } = open({ ...settings, channels: [] })
    assert.match(log.lines[0].message, /open-alerts\.json cannot be used .*; what was open before may be told again/)
    assert.deepEqual(await ask(room, 'open'), [])
    await room.close()
  }
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { format: 1, open: [], ended: [] })
})

test('a reload keeps what waits, takes a mended channel up and ends one that is gone', async () => {
  behaviour = { '/wrong': 500 }
  const { room, clock, reload } = open({ alert: alertSettings(), channels: [slack('duty', { url: `${url}/wrong` }), slack('old')], site: '', secrets: {} })
  room.tell(alert({ atWallMs: clock.wallMs() }))
  await until(2)
  await eventually(() => room.state().channels[0].trouble !== null && room.state().channels[1].sent === 1)
  reload({ alert: alertSettings(), channels: [slack('duty', { url: `${url}/right` })], site: '', secrets: {} })
  await until(3)
  await eventually(() => room.state().channels[0].sent === 1)
  assert.deepEqual(received.map((one) => one.path).sort(), ['/old', '/right', '/wrong'])
  assert.deepEqual(room.state().channels.map(({ name, trouble }) => [name, trouble]), [['duty', null]])
  await room.close()
})

test('an alarm of the journal rings, and what this room writes itself does not', async () => {
  const { room, scribe } = open({ alert: alertSettings(), channels: [slack('duty')], site: '', secrets: {} })
  const entry = (kind: JournalEntry['kind'], seq: number): JournalEntry => ({ seq, atWallMs: 0, kind, who: 'polder', sentence: 'the disk is full', data: { key: 'journal-disk' }, previous: '', hash: '' })
  room.hear(entry('alarm', 1))
  room.hear(entry('alarm', 2))
  await until(1)
  await eventually(() => room.state().channels[0].sent === 1)
  for (const one of scribe.written) room.hear(one)
  assert.deepEqual((await ask<OpenAlertState[]>(room, 'open')).map((one) => one.key), ['alarm.journal-disk'])
  assert.equal(received.length, 1)
  await room.close()
})

test('the first message of an attack names the incident that it opened', async () => {
  const { room, clock } = open({ alert: alertSettings(), channels: [slack('duty')], site: 'Parliament', secrets: {} })
  const opened: JournalEntry = { seq: 1, atWallMs: 0, kind: 'incident', who: 'polder', sentence: '', data: { incidentId: '2026-11-27-1', change: 'opened' }, previous: '', hash: '' }
  room.second(second(clock.wallMs(), 'ATTACK'))
  await settle()
  assert.equal(received.length, 0)
  room.hear(opened)
  await until(1)
  assert.match(received[0].text, /Incident: 2026-11-27-1/)
  assert.deepEqual((await ask<OpenAlertState[]>(room, 'open')).map((one) => one.incidentId), ['2026-11-27-1'])
  // One incident more changes nothing of what was told.
  room.hear({ ...opened, seq: 2, data: { incidentId: '2026-11-27-2', change: 'opened' } })
  assert.deepEqual((await ask<OpenAlertState[]>(room, 'open')).map((one) => one.incidentId), ['2026-11-27-1'])
  await room.close()
})

test('an attack without an incident is told in the next second all the same', async () => {
  const { room, clock } = open({ alert: alertSettings(), channels: [slack('night')], site: 'Parliament', secrets: {} })
  room.second(second(clock.wallMs(), 'ATTACK'))
  await settle()
  assert.equal(received.length, 0)
  clock.advanceMs(1_000)
  room.second(second(clock.wallMs(), 'ATTACK'))
  await until(1)
  assert.doesNotMatch(received[0].text, /Incident:/)
  await room.close()
})
