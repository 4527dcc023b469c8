/** The record of a running shield: asked over the control socket, killed, and back without a visitor noticing. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CONTROL_SOCKET_NAME } from '../../src/contract/control-socket.ts'
import type { JournalEntry } from '../../src/contract/journal.ts'
import type { RecordReply, RoomName } from '../../src/contract/record.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { replayIncident } from '../../src/offline/replay-incident.ts'
import { askShield } from '../../src/surfaces/control-socket/control-client.ts'
import { eventually, startTestShield, type TestShield } from '../support/in-process-shield.ts'

let origin: Server
let running: TestShield
let socket: string
const ask = (room: RoomName, question: string, asks: Readonly<Record<string, unknown>>): Promise<RecordReply> => askShield(socket, { ask: 'record', question: { room, question, who: 'tester', asks } }, 10_000)

async function entries(): Promise<readonly JournalEntry[]> {
  const reply = await ask('journal', 'list', { afterSeq: 0, most: 1_000 })
  assert.ok(reply.ok)
  return (reply.answer as { entries: JournalEntry[] }).entries
}

before(async () => {
  origin = createServer((_, response) => response.end('from the origin')).listen(0, '127.0.0.1')
  await new Promise((resolve) => origin.once('listening', resolve))
  running = await startTestShield(`listen: 127.0.0.1:0\norigin: http://127.0.0.1:${(origin.address() as AddressInfo).port}\nworkers: 1\n`)
  socket = join(running.folder, CONTROL_SOCKET_NAME)
})
after(async () => {
  await running.stop()
  origin.close()
  origin.closeAllConnections()
})

const status = () => askShield(socket, { ask: 'status' }, 5_000)

test('the record starts beside the shield and has written down that it started', async () => {
  await eventually('the record is heard', 20_000, async () => (await status()).record.alive)
  const [first] = await entries()
  assert.equal(first.kind, 'start')
  assert.equal(first.seq, 1)
  assert.match(first.sentence, /^Polder test started and serves http:/)
})

test('what a person orders is written down with the name, done or not', async () => {
  await eventually('the control plane is heard', 20_000, async () => (await status()).control.alive)
  await askShield(socket, { ask: 'act', act: { kind: 'add', ruleId: 'by-hand', who: 'ada', why: 'a test', when: [{ attribute: 'path', glob: '/closed*' }], action: 'block', untilWallMs: null } }, 10_000)
  await askShield(socket, { ask: 'act', act: { kind: 'pin', ruleId: 'nobody', who: 'ada', why: 'a test', untilWallMs: null } }, 10_000)
  await eventually('both are there', 10_000, async () => (await entries()).filter((entry) => entry.kind === 'act').length === 2)
  const acts = (await entries()).filter((entry) => entry.kind === 'act')
  assert.deepEqual(acts.map((entry) => [entry.who, entry.sentence]), [['ada', 'added at block: a test (by-hand) (ada)'], ['ada', 'not done: nobody: there is no such rule']])
})

test('a question that no room knows is answered with a sentence', async () => {
  assert.deepEqual(await ask('journal', 'burn', {}), { ok: false, code: 'unknown-question', sentence: 'the journal has no question burn; it has list, verify, head' })
})

test('while an incident is open, what the control plane was given is kept, and can be lived through again', async () => {
  const opened = await ask('incident', 'open', { title: 'a rehearsal' })
  assert.ok(opened.ok, JSON.stringify(opened))
  const { id } = opened.answer as { id: string }
  for (let i = 0; i < 20; i++) await fetch(`${running.url}/page-${i}`).then((answer) => answer.text())
  const samples = join(running.folder, 'journal', 'samples')
  await eventually('a recording grows', 20_000, () => existsSync(samples) && readdirSync(samples).some((file) => statSync(join(samples, file)).size > 1_000))
  // It ends with the control plane that it is of.
  await running.shield.killThread('control')
  await eventually('its part is named in the journal', 20_000, async () => (await entries()).some((entry) => entry.kind === 'sample'))
  const replay = await replayIncident({ folder: join(running.folder, 'journal'), incidentId: id, settings: null, seed: 1, clock: systemClock })
  assert.ok(replay.ticks >= 1)
  assert.deepEqual([replay.agrees, replay.addresses, replay.states.replayed], [true, 'blinded', []])
  await eventually('the control plane is back', 20_000, async () => (await status()).control.alive)
  assert.ok((await ask('incident', 'close', { id, why: 'rehearsed' })).ok)
})

test('the record dies: visitors are served, who asks is told, and it is started anew with nothing lost', async () => {
  const before = (await entries()).length
  await running.shield.killThread('record')
  await assert.rejects(ask('journal', 'list', { afterSeq: 0, most: 10 }), { code: 'record-gone' })
  running.shield.writeDown({ kind: 'note', who: 'tester', sentence: 'written while the record was dead', data: null })
  assert.equal((await fetch(`${running.url}/a`)).status, 200)
  await eventually('it answers again', 20_000, () => entries().then(() => true, () => false))
  await eventually('what was told while it was dead is there', 10_000, async () => (await entries()).some((entry) => entry.sentence === 'written while the record was dead'))
  await eventually('its death is there', 10_000, async () => (await entries()).some((entry) => entry.sentence.includes('the thread record died')))
  assert.ok(before > 0)
})
