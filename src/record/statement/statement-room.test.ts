import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Alert } from '../../contract/alert.ts'
import type { JournalDraft } from '../../contract/journal.ts'
import type { Reason } from '../../contract/reason.ts'
import type { ShieldSecond } from '../../contract/record.ts'
import type { Statement, StatusBoard } from '../../contract/statement.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { RecordedLog } from '../../kernel/log.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import { statementOptions, type StatementSettings } from './options.ts'
import { StatementRoom } from './statement-room.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-statement-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let made = 0

interface Rig {
  readonly room: StatementRoom
  readonly clock: SimulatedClock
  readonly entries: JournalDraft[]
  readonly alerts: Alert[]
  readonly place: string
  readonly shown: () => string
}

function rig(settings: Partial<StatementSettings> = {}, place = join(folder, String(++made))): Rig {
  const clock = new SimulatedClock(Date.UTC(2026, 10, 23, 21))
  const entries: JournalDraft[] = []
  const alerts: Alert[] = []
  const room = new StatementRoom({
    settings: () => ({ ...defaultsOf(statementOptions), site: { name: 'Parliament of <Exampleland>', contact: 'press@parliament.example' }, ...settings }),
    folder: place, clock, log: new RecordedLog(), version: '0',
    scribe: { write: (draft) => (entries.push(draft), Promise.resolve({ ...draft, seq: entries.length, atWallMs: clock.wallMs(), previous: '', hash: '' })), async *entries() {} },
    teller: { tell: (alert) => void alerts.push(alert) },
  })
  return { room, clock, entries, alerts, place, shown: () => readFileSync(join(place, 'public', 'index.html'), 'utf8') }
}

const texts = (title: string, language = 'en'): Statement['texts'] => [{ language, title, know: 'It is slow.', notKnown: 'Why.', doing: 'We look.', next: 'At ten.' }]
const ask = <T>(r: Rig, question: string, asks: Record<string, unknown> = {}, who = 'ana'): Promise<T> => r.room.answer(question, asks, who) as Promise<T>
const second = (atWallMs: number, ended: Partial<Record<Reason, number>>): ShieldSecond => ({ atWallMs, traffic: { received: 0, ended, bytesOut: 0, seconds: 1 }, origin: [], upstreams: [], view: null, events: [] })

test('nothing is public before a person has drafted, approved and published it, and each step is in the journal with who', async () => {
  const r = rig()
  const { id } = await ask<Statement>(r, 'draft', { texts: texts('We are slow') })
  assert.doesNotMatch(r.shown(), /We are slow/)
  await assert.rejects(ask(r, 'publish', { id }), /must be approved first/)
  await ask(r, 'approve', { id }, 'ben')
  assert.doesNotMatch(r.shown(), /We are slow/)
  await ask(r, 'publish', { id }, 'cleo')
  assert.match(r.shown(), /We are slow/)
  assert.match(r.shown(), /Parliament of &lt;Exampleland&gt;/)
  await assert.rejects(ask(r, 'draft', { id, texts: texts('Changed') }), /what was published is not changed/)
  await ask(r, 'withdraw', { id }, 'dan')
  assert.doesNotMatch(r.shown(), /We are slow/)
  assert.deepEqual(r.entries.map((one) => [one.kind, one.who]), [['statement', 'ana'], ['statement', 'ben'], ['statement', 'cleo'], ['statement', 'dan']])
  await r.room.close()
})

test('a change after the approval takes the approval away', async () => {
  const r = rig()
  const { id } = await ask<Statement>(r, 'draft', { texts: texts('One') })
  await ask(r, 'approve', { id })
  await ask(r, 'draft', { id, texts: texts('Two') })
  await assert.rejects(ask(r, 'publish', { id }), /must be approved first/)
  await r.room.close()
})

test('with four eyes the writer cannot approve, whatever name is typed beside the login', async () => {
  const r = rig({ fourEyes: true })
  const { id } = await ask<Statement>(r, 'draft', { texts: texts('One') }, 'Ana (asampaio)')
  await assert.rejects(ask(r, 'approve', { id }, 'Ben (asampaio)'), /somebody else must approve/)
  await assert.rejects(ask(r, 'approve', { id }, 'asampaio'), /somebody else must approve/)
  assert.equal((await ask<Statement>(r, 'approve', { id }, 'Ben (bvries)')).stage, 'approved')
  // A comma of somebody else's does not make the first writer a second pair of eyes.
  await ask(r, 'draft', { id, texts: texts('One,') }, 'Cleo (cleo)')
  for (const who of ['asampaio', 'cleo']) await assert.rejects(ask(r, 'approve', { id }, who), /somebody else must approve/)
  await r.room.close()
})

test('a template comes in every language of the page, and is not approved while a bracket is open', async () => {
  const r = rig({ languages: ['fr', 'en', 'fi', 'tr'] })
  const draft = await ask<Statement>(r, 'draft', { template: 'attack' })
  assert.deepEqual(draft.texts.map((one) => one.language), ['fr', 'en', 'fi'])
  await assert.rejects(ask(r, 'approve', { id: draft.id }), /still holds \[heure\]/)
  await assert.rejects(ask(r, 'draft', { template: 'victory' }), /there is no template victory; there are first-word, attack, claim, over/)
  await r.room.close()
})

test('by itself the page says only "being investigated", after half a minute of trouble, and takes it back', async () => {
  const r = rig()
  const start = r.clock.wallMs()
  const fail = (from: number, seconds: number, ended: Partial<Record<Reason, number>>): void => {
    for (let i = 0; i < seconds; i++) r.room.second(second(start + (from + i) * SECOND_MS, ended))
  }
  const reading = async () => (await ask<StatusBoard>(r, 'board')).components.find((one) => one.name === 'reading')!
  fail(0, 30, { 'limit-shed': 50, 'served-origin': 50 })
  assert.equal((await reading()).state, 'works')
  fail(30, 2, { 'limit-shed': 50, 'served-origin': 50 })
  assert.deepEqual([(await reading()).state, (await reading()).automatic], ['investigating', true])
  assert.match(r.shown(), /being investigated/)
  fail(32, 300, { 'served-origin': 50 })
  assert.equal((await reading()).state, 'investigating')
  fail(332, 2, { 'served-origin': 50 })
  assert.equal((await reading()).state, 'works')
  assert.deepEqual(r.entries.map((one) => one.who), ['polder', 'polder'])
  await r.room.close()
})

test('what a rule refuses is no trouble of the readers, and the automatic state can be switched off', async () => {
  for (const [settings, ended] of [[{}, { 'rule-block': 5_000, 'served-fresh': 50 }], [{ automaticState: false }, { 'limit-shed': 5_000 }]] as const) {
    const r = rig(settings)
    for (let i = 0; i < 60; i++) r.room.second(second(r.clock.wallMs() + i * SECOND_MS, ended))
    assert.doesNotMatch(r.shown(), /being investigated/)
    await r.room.close()
  }
})

test('what a person says of a component goes before what Polder sees', async () => {
  const r = rig()
  for (let i = 0; i < 40; i++) r.room.second(second(r.clock.wallMs() + i * SECOND_MS, { 'limit-shed': 50 }))
  const board = await ask<StatusBoard>(r, 'component', { name: 'reading', state: 'limited' })
  assert.deepEqual(board.components.find((one) => one.name === 'reading')!.state, 'limited')
  await assert.rejects(ask(r, 'component', { name: 'reading', state: 'hacked' }), /one of works/)
  await r.room.close()
})

test('a restart keeps everything; a damaged file is put aside and told', async () => {
  const r = rig()
  const { id } = await ask<Statement>(r, 'draft', { texts: texts('Kept') })
  await ask(r, 'approve', { id })
  await ask(r, 'publish', { id })
  await r.room.close()
  assert.equal(statSync(join(r.place, 'statements.json')).mode & 0o777, 0o600)
  const again = rig({}, r.place)
  assert.match(again.shown(), /Kept/)
  await again.room.close()
  writeFileSync(join(r.place, 'statements.json'), '{"statements": [{}], "components": []}')
  const third = rig({}, r.place)
  assert.deepEqual((await ask<StatusBoard>(third, 'board')).statements, [])
  assert.ok(existsSync(join(r.place, 'statements.json.unusable')))
  await third.room.close()
})

test('a folder that cannot be written is told once, and the page is served nevertheless', async () => {
  const blocked = join(folder, 'a-file')
  writeFileSync(blocked, '')
  const r = rig({ exportFolder: join(blocked, 'x'), listen: '127.0.0.1:0' })
  const { id } = await ask<Statement>(r, 'draft', { texts: texts('Served') })
  await ask(r, 'approve', { id })
  await ask(r, 'publish', { id })
  assert.equal(r.alerts.length, 1)
  assert.match(r.alerts[0]!.text, /could not be written/)
  assert.match(await (await fetch(`http://${await r.room.listensAt()}/`)).text(), /Served/)
  await r.room.close()
})

test('the export touches its own files only, and takes away pages that are no more', async () => {
  const target = join(folder, 'public-of-others')
  mkdirSync(target)
  for (const name of ['robots.txt', 'de.html', 'photo.html']) writeFileSync(join(target, name), 'x')
  const r = rig({ exportFolder: target, languages: ['en', 'fr'] })
  assert.deepEqual(readdirSync(target).sort(), ['en.html', 'feed-en.atom', 'feed-fr.atom', 'fr.html', 'index.html', 'photo.html', 'robots.txt', 'status.json'])
  await r.room.close()
})

test('its listener knows its files and nothing else', async () => {
  const r = rig({ listen: '127.0.0.1:0' })
  const base = `http://${await r.room.listensAt()}`
  const page = await fetch(`${base}/`)
  assert.equal(page.status, 200)
  assert.match(page.headers.get('content-security-policy')!, /default-src 'none'.*frame-ancestors 'none'/)
  const again = await fetch(`${base}/`, { headers: { 'if-none-match': page.headers.get('etag')! } })
  assert.equal(again.status, 304)
  assert.equal((await fetch(`${base}/status.json`)).headers.get('content-type'), 'application/json; charset=utf-8')
  for (const path of ['/statements.json', '/%2e%2e/statements.json', '/public/', '/__proto__', '/constructor']) assert.equal((await fetch(`${base}${path}`)).status, 404, path)
  assert.equal((await fetch(`${base}/`, { method: 'POST', body: 'x' })).status, 405)
  await r.room.close()
})

test('an address that the old process of an upgrade still holds is listened on as soon as it is free', async () => {
  const old = createServer().listen(0, '127.0.0.1')
  await once(old, 'listening')
  const listen = `127.0.0.1:${(old.address() as AddressInfo).port}`
  const r = rig({ listen })
  assert.equal(await r.room.listensAt(), '', 'not yet')
  old.close()
  await once(old, 'close')
  r.clock.advanceMs(SECOND_MS)
  r.room.second(second(r.clock.wallMs(), {}))
  assert.equal(await r.room.listensAt(), '', 'not at every second')
  r.clock.advanceMs(SECOND_MS)
  r.room.second(second(r.clock.wallMs(), {}))
  assert.equal(await r.room.listensAt(), listen)
  assert.equal((await fetch(`http://${listen}/`)).status, 200)
  await r.room.close()
  r.clock.advanceMs(60 * SECOND_MS)
  r.room.second(second(r.clock.wallMs(), {}))
  assert.equal(await r.room.listensAt(), '', 'closed is closed')
})

test('a link that somebody put where a file of the page is written is not followed', () => {
  const exportFolder = join(folder, String(++made), 'web')
  const target = join(folder, `target-${made}`)
  mkdirSync(exportFolder, { recursive: true })
  writeFileSync(target, 'not ours')
  symlinkSync(target, join(exportFolder, '.index.html.new'))
  symlinkSync(target, join(exportFolder, 'en.html'))
  rig({ exportFolder })
  assert.equal(readFileSync(target, 'utf8'), 'not ours')
  assert.match(readFileSync(join(exportFolder, 'index.html'), 'utf8'), /<html/)
  assert.match(readFileSync(join(exportFolder, 'en.html'), 'utf8'), /<html/)
})
