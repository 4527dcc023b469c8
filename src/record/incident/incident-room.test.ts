/** The incident as its room: opened and closed by the state, led by people, kept through restarts, with the journal as the truth. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Posture } from '../../contract/calendar.ts'
import type { Incident, IncidentSummary } from '../../contract/incident.ts'
import type { WallMs } from '../../kernel/clock.ts'
import { RecordError } from '../room.ts'
import { applyEntry, type IncidentRecord } from './apply-change.ts'
import { cleanName } from './evidence-store.ts'
import { IncidentWorld, MemoryScribe, NOON } from './incident.testing.ts'

const DAY = 86_400_000
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
const refused = (code: string, words: RegExp) => (error: unknown) => error instanceof RecordError && error.code === code && words.test(error.message)
const list = async (world: IncidentWorld): Promise<IncidentSummary[]> => (await world.ask('list')) as unknown as IncidentSummary[]

test('an attack opens an incident, calm closes it, its figures stay', async () => {
  const world = new IncidentWorld()
  await world.flood(120, 70)
  const [summary] = await list(world)
  assert.deepEqual([summary.id, summary.closedAtWallMs, summary.worstState], ['2026-11-23-1', null, 'ATTACK'])
  const open = await world.ask('show', { id: 'open' })
  assert.equal(open.figures.find((one) => one.code === 'requests')?.value, 130 * 2_000)
  assert.deepEqual([open.openedBy, open.awareAtWallMs, open.significant, open.tlp], ['polder', null, null, 'amber'])
  await world.run(1_800, {})
  const closed = await world.ask('show', { id: 'last' })
  assert.equal(closed.closedBy, 'polder')
  assert.equal(closed.figures.find((one) => one.code === 'ended')?.value, NOON + 730_000)
  assert.ok(closed.timeline.some((item) => item.kind === 'origin' && /strained/.test(item.sentence)))
  assert.ok(closed.timeline.some((item) => item.kind === 'state' && /ATTACK/.test(item.sentence)))
  // Another wave later is another incident.
  await world.run(5, { state: 'ATTACK', received: 2_000, well: false })
  assert.equal((await list(world)).length, 2)
  assert.deepEqual(world.log.lines, [])
})

test('a restart in the middle, as after kill -9, loses nothing; neither does losing every file, or any one of them', async () => {
  const world = new IncidentWorld()
  await world.flood(60, 0)
  await world.ask('note', { id: 'open', text: 'the phone rings' })
  await world.ask('claim', { id: 'open', saidBy: 'a group', where: 'a channel', saidAtWallMs: null, text: 'it was us', reliability: 'E', credibility: 5, evidenceId: null })
  await world.ask('hypothesis', { id: 'open', text: 'linked to the vote' })
  const before = await world.ask('show', { id: 'open' })
  await world.restart()
  assert.deepEqual(await world.ask('show', { id: 'open' }), before)
  assert.equal(world.log.lines.length, 0, 'the files were believed')
  rmSync(world.folder, { recursive: true })
  await world.restart()
  assert.deepEqual(await world.ask('show', { id: 'open' }), before)
  for (const name of readdirSync(world.folder)) {
    if (name === 'evidence') continue
    writeFileSync(join(world.folder, name), `${readFileSync(join(world.folder, name), 'utf8').replace('rings', 'sings')} `)
    await world.restart()
    assert.deepEqual(await world.ask('show', { id: 'open' }), before, `after ${name} was altered`)
    rmSync(join(world.folder, name))
    await world.restart()
    assert.deepEqual(await world.ask('show', { id: 'open' }), before, `after ${name} was deleted`)
  }
  assert.ok(world.log.lines.some((line) => /is not believed/.test(line.message)))
  // Still the same incident: no second one is opened for the same attack.
  await world.run(20, { state: 'ATTACK', received: 2_000, well: false })
  assert.equal((await list(world)).length, 1)
})

test('the journal wins: what it knows and a file does not is taken up; what retention took comes from the file', async () => {
  const world = new IncidentWorld()
  await world.flood(60, 0)
  const old = new Map(readdirSync(world.folder).filter((name) => name !== 'evidence').map((name) => [name, readFileSync(join(world.folder, name))]))
  await world.ask('note', { id: 'open', text: 'written after the files were saved' })
  await world.ask('close', { id: 'open', why: 'over' })
  const now = await world.ask('show', { id: 'last' })
  for (const [name, content] of old) writeFileSync(join(world.folder, name), content)
  await world.restart()
  const again = await world.ask('show', { id: 'last' })
  assert.deepEqual({ ...again, timeline: [] }, { ...now, timeline: [] })
  // The journal forgets everything before now.
  world.clock.advanceMs(1_000)
  const late = new MemoryScribe(world.clock, world.scribe.kept.slice(-1))
  await world.restart(late)
  const kept = await world.ask('show', { id: 'last' })
  assert.deepEqual(kept.figures, again.figures)
  assert.deepEqual(kept.notes, again.notes)
  assert.ok(kept.timeline.some((item) => item.kind === 'state'), 'the timeline outlives the measures')
})

test('files are 0600 in a folder 0700; a disk that fails loses nothing and is told once', async () => {
  const world = new IncidentWorld()
  await world.ask('open', { title: 'a drill' })
  assert.equal(statSync(world.folder).mode & 0o777, 0o700)
  for (const name of readdirSync(world.folder)) if (name !== 'evidence') assert.equal(statSync(join(world.folder, name)).mode & 0o777, 0o600)
  const saved = world.folder
  // A folder that is a file now: every write fails, also for root.
  rmSync(saved, { recursive: true })
  writeFileSync(saved, '')
  await world.ask('note', { id: 'open', text: 'one' })
  await world.ask('note', { id: 'open', text: 'two' })
  assert.equal(world.log.lines.filter((line) => line.level === 'error').length, 1)
  rmSync(saved)
  await world.run(6, {})
  await world.room.close()
  assert.ok(existsSync(join(saved, '2026-11-23-1.incident')))
  await world.restart()
  assert.deepEqual((await world.ask('show', { id: 'open' })).notes.map((note) => note.text), ['one', 'two'])
})

test('when the journal cannot keep a change, nothing changes and the person is told', async () => {
  const world = new IncidentWorld()
  await world.ask('open', { title: 'a drill' })
  world.scribe.full = true
  await assert.rejects(world.ask('note', { id: 'open', text: 'lost?' }), refused('failed', /journal cannot keep it/))
  world.scribe.full = false
  assert.deepEqual((await world.ask('show', { id: 'open' })).notes, [])
})

test('closed by hand in the middle of the attack, it is not opened again by the same attack', async () => {
  const world = new IncidentWorld()
  await world.flood(40, 0)
  await world.ask('close', { id: 'open', why: 'handled elsewhere' })
  await world.run(60, { state: 'ATTACK', received: 2_000, well: false })
  assert.equal((await list(world)).length, 1)
  await world.run(10, {})
  await world.run(5, { state: 'ATTACK', received: 2_000, well: false })
  assert.equal((await list(world)).length, 2)
})

test('opened by hand, it takes in the attack that follows, and only a person closes it', async () => {
  const world = new IncidentWorld()
  await world.ask('open', { title: 'threat received' })
  await world.flood(60, 3_000)
  const incidents = await list(world)
  assert.deepEqual(incidents.map((one) => [one.title, one.closedAtWallMs, one.worstState]), [['threat received', null, 'ATTACK']])
})

test('a hypothesis is "not known" until a person judges; Polder may neither judge nor order addresses', async () => {
  const world = new IncidentWorld()
  const { id } = await world.ask('open', { title: 'a drill' })
  const file = join(world.dataDir, '..', `${id}-${process.pid}-post.txt`)
  writeFileSync(file, 'we did it')
  await world.ask('evidence', { id, file, provenance: 'saved from the channel' })
  await world.ask('claim', { id, saidBy: 'a group', where: 'https://example.org/post', saidAtWallMs: NOON, text: 'it was us', reliability: 'E', credibility: 6, evidenceId: 'evidence-1' })
  let incident = await world.ask('hypothesis', { id, text: 'link to the vote' })
  assert.equal(incident.hypotheses[0].verdict, 'not known')
  await world.ask('argue', { id, hypothesisId: 'hypothesis-1', side: 'supports', text: 'same evening', reference: 'claim-1' })
  incident = await world.ask('argue', { id, hypothesisId: 'hypothesis-1', side: 'against', text: 'such claims are often false', reference: '' })
  assert.deepEqual([incident.hypotheses[0].verdict, incident.hypotheses[0].supports.length, incident.hypotheses[0].against.length], ['not known', 1, 1])
  await assert.rejects(world.ask('judge', { id, hypothesisId: 'hypothesis-1', verdict: 'confirmed' }, 'polder'), refused('not-allowed', /person/))
  await assert.rejects(world.ask('argue', { id, hypothesisId: 'hypothesis-1', side: 'supports', text: 'x', reference: 'claim-9' }), refused('not-found', /claim-9/))
  incident = await world.ask('judge', { id, hypothesisId: 'hypothesis-1', verdict: 'unlikely' })
  assert.equal(incident.hypotheses[0].verdict, 'unlikely')
  assert.ok(incident.timeline.some((item) => item.kind === 'claim'))
  const judged = world.scribe.kept.at(-1)!
  assert.deepEqual([judged.kind, judged.who], ['hypothesis', 'ada'])
  rmSync(file)
})

test('whole addresses: a named person, a legal ground, an end; it turns itself off and says so', async () => {
  const world = new IncidentWorld()
  const { id } = await world.ask('open', { title: 'a drill' })
  const asks = { id, legalNote: 'GDPR Art. 6(1)(f), decided by the DPO', untilWallMs: world.clock.wallMs() + 3_600_000 }
  await assert.rejects(world.ask('addressEvidence', { ...asks, legalNote: 'ok' }), refused('bad-question', /legal ground/))
  await assert.rejects(world.ask('addressEvidence', { ...asks, untilWallMs: world.clock.wallMs() + 90 * DAY }), refused('bad-question', /maxAddressEvidenceMs/))
  await assert.rejects(world.ask('addressEvidence', asks, 'polder'), refused('not-allowed', /person/))
  assert.equal(world.room.wholeAddresses(world.clock.wallMs()), null)
  const incident = await world.ask('addressEvidence', asks)
  assert.equal(incident.addressEvidence?.who, 'ada')
  assert.equal(world.room.wholeAddresses(world.clock.wallMs())?.incidentId, id)
  world.clock.advanceMs(3_600_000)
  assert.equal(world.room.wholeAddresses(world.clock.wallMs()), null, 'off at its end, also before anybody noticed')
  await world.run(2, {})
  assert.equal((await world.ask('show', { id })).addressEvidence, null)
  assert.equal((world.scribe.kept.at(-1)!.data as { change: string }).change, 'addresses-ended')
})

test('evidence: a copy under its hash, checked when read, never from Polder\'s own folder, no pipe, not too large', async () => {
  const world = new IncidentWorld()
  world.settings = { ...world.settings, maxEvidenceBytes: 5_000 }
  const { id } = await world.ask('open', { title: 'a drill' })
  const outside = join(world.dataDir, '..', `evidence-${process.pid}`)
  mkdirSync(outside, { recursive: true })
  const file = join(outside, 'saved post (1).html')
  writeFileSync(file, 'we did it')
  const incident = await world.ask('evidence', { id, file, provenance: 'saved by ada from the channel' })
  const [item] = incident.evidence
  assert.deepEqual([item.id, item.name, item.bytes, item.sha256], ['evidence-1', 'saved post (1).html', 9, sha256('we did it')])
  const copy = join(world.folder, 'evidence', item.sha256)
  assert.equal(statSync(copy).mode & 0o777, 0o600)
  const piece = (await world.ask('evidencePiece', { id, evidenceId: 'evidence-1', offset: 0 })) as unknown as { base64: string }
  assert.equal(Buffer.from(piece.base64, 'base64').toString(), 'we did it')
  writeFileSync(join(world.dataDir, 'challenge-keys'), 'secret')
  symlinkSync(join(world.dataDir, 'challenge-keys'), join(outside, 'innocent.txt'))
  writeFileSync(join(outside, 'large'), Buffer.alloc(5_001))
  await assert.rejects(world.ask('evidence', { id, file: join(world.dataDir, 'challenge-keys'), provenance: 'x' }), refused('not-allowed', /own folder/))
  await assert.rejects(world.ask('evidence', { id, file: join(outside, 'innocent.txt'), provenance: 'x' }), refused('not-allowed', /own folder/))
  await assert.rejects(world.ask('evidence', { id, file: join(outside, 'large'), provenance: 'x' }), refused('bad-question', /maxEvidenceBytes/))
  await assert.rejects(world.ask('evidence', { id, file: outside, provenance: 'x' }), refused('bad-question', /no file/))
  await assert.rejects(world.ask('evidence', { id, file: '/dev/zero', provenance: 'x' }), refused('bad-question', /no file/))
  await assert.rejects(world.ask('evidence', { id, file: join(outside, 'nothing'), provenance: 'x' }), refused('not-found', /not there/))
  assert.deepEqual(readdirSync(join(world.folder, 'evidence')), [item.sha256], 'nothing half taken in stays')
  chmodSync(copy, 0o600)
  writeFileSync(copy, 'we did IT')
  assert.deepEqual(((await world.ask('evidenceCheck', { id })) as unknown as Array<{ state: string }>).map((one) => one.state), ['altered'])
  await assert.rejects(world.ask('evidencePiece', { id, evidenceId: 'evidence-1', offset: 0 }), refused('failed', /altered/))
  rmSync(outside, { recursive: true })
})

test('evidence in pieces arrives whole or not at all', async () => {
  const world = new IncidentWorld()
  const { id } = await world.ask('open', { title: 'a drill' })
  const content = Buffer.alloc(40_000, 'abc')
  const begin = async (): Promise<string> => ((await world.ask('evidenceBegin', { id })) as unknown as { ticket: string }).ticket
  let ticket = await begin()
  for (let at = 0; at < content.length; at += 16_000) await world.ask('evidencePart', { ticket, base64: content.subarray(at, at + 16_000).toString('base64') })
  const incident = await world.ask('evidenceEnd', { id, ticket, name: '../../etc/pass\u202Ewd', provenance: 'uploaded', sha256: sha256(content) })
  assert.deepEqual([incident.evidence[0].bytes, incident.evidence[0].name], [40_000, 'pass wd'])
  ticket = await begin()
  await world.ask('evidencePart', { ticket, base64: 'AAAA' })
  await assert.rejects(world.ask('evidenceEnd', { id, ticket, name: 'x', provenance: 'x', sha256: sha256(content) }), refused('failed', /not what was sent/))
  assert.equal((await world.ask('show', { id })).evidence.length, 1)
  for (let i = 0; i < 4; i++) await begin()
  await assert.rejects(begin(), refused('failed', /other files/))
  world.clock.advanceMs(61_000)
  await begin()
  await world.room.close()
})

test('names of files are harmless on any machine', () => {
  assert.deepEqual(['/a/b/c.txt', 'C:\\x\\y.doc', '..', '.hidden', 'a\u0000b\nc', '', 'Ünïcode ☃.pdf', 'con<>:"|?*.txt'].map(cleanName), ['c.txt', 'y.doc', 'unnamed', 'hidden', 'a_b_c', 'unnamed', 'Ünïcode _.pdf', 'con_.txt'])
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
    const clean = cleanName(name)
    assert.ok(clean.length > 0 && clean.length <= 120 && !/[/\\\p{Cc}]/u.test(clean) && !clean.startsWith('.'))
  }))
})

test('merged: one incident over both times with all that was written; split: the time is divided, nothing is counted twice', async () => {
  const world = new IncidentWorld()
  world.settings = { ...world.settings, closeAfterCalmMs: 60_000 }
  await world.flood(60, 80)
  await world.ask('note', { id: 'last', text: 'first wave' })
  await world.run(5, {})
  await world.run(40, { state: 'ATTACK', received: 1_000, well: false })
  await world.run(200, {})
  const [second, first] = await list(world)
  assert.deepEqual([first.id, second.id], ['2026-11-23-1', '2026-11-23-2'])
  await world.ask('claim', { id: first.id, saidBy: 'a group', where: 'a channel', saidAtWallMs: null, text: 'us', reliability: 'F', credibility: 6, evidenceId: null })
  const merged = await world.ask('merge', { id: first.id, into: second.id })
  assert.deepEqual([merged.id, merged.notes[0].id, merged.claims[0].id, merged.openedAtWallMs], [second.id, `${first.id}/note-1`, `${first.id}/claim-1`, first.openedAtWallMs])
  const total = merged.figures.find((one) => one.code === 'requests')!.value!
  const stub = await world.ask('show', { id: first.id })
  assert.equal(stub.mergedInto, second.id)
  assert.equal(stub.notes.length, 1, 'nothing is lost')
  await assert.rejects(world.ask('note', { id: first.id, text: 'x' }), refused('bad-question', /was merged into 2026-11-23-2/))
  await assert.rejects(world.ask('merge', { id: second.id, into: second.id }), refused('bad-question', /itself/))
  const cutWallMs = second.openedAtWallMs - 4_000
  const later = await world.ask('split', { id: second.id, atWallMs: cutWallMs, title: 'second wave' })
  const earlier = await world.ask('show', { id: second.id })
  assert.deepEqual([earlier.closedAtWallMs, later.openedAtWallMs, later.id], [cutWallMs, cutWallMs, '2026-11-23-3'])
  const requests = (incident: Incident): number => incident.figures.find((one) => one.code === 'requests')!.value!
  assert.ok(requests(earlier) + requests(later) <= total && requests(later) >= 40_000 && requests(earlier) >= 70 * 2_000)
  await assert.rejects(world.ask('split', { id: second.id, atWallMs: cutWallMs + DAY, title: 'x' }), refused('bad-question', /inside the incident/))
  const before = await list(world)
  rmSync(world.folder, { recursive: true })
  await world.restart()
  assert.deepEqual(await list(world), before)
})

test('closed incidents are deleted with their evidence when their time is over, and the journal says so', async () => {
  const world = new IncidentWorld()
  const { id } = await world.ask('open', { title: 'a drill' })
  const file = join(world.dataDir, '..', `old-${process.pid}.txt`)
  writeFileSync(file, 'x')
  await world.ask('evidence', { id, file, provenance: 'x' })
  await world.ask('close', { id, why: 'over' })
  world.clock.advanceMs(399 * DAY)
  await world.run(1, {})
  assert.equal((await list(world)).length, 1)
  world.clock.advanceMs(DAY)
  await world.run(2, {})
  assert.deepEqual(await list(world), [])
  assert.equal((world.scribe.kept.findLast((entry) => entry.kind === 'incident')!.data as { change: string }).change, 'deleted')
  assert.deepEqual([readdirSync(join(world.folder, 'evidence')), existsSync(join(world.folder, `${id}.incident`))], [[], false])
  await world.restart()
  assert.deepEqual(await list(world), [])
  rmSync(file)
})

test('a clock that is years ahead for a while deletes nothing', async () => {
  const world = new IncidentWorld()
  const { id } = await world.ask('open', { title: 'a drill' })
  await world.ask('close', { id, why: 'over' })
  await world.run(2, {})
  const right = world.clock.wallMs.bind(world.clock)
  world.clock.wallMs = () => (right() + 3_000 * DAY) as WallMs
  world.clock.advanceMs(120_000)
  await world.run(2, {})
  assert.equal((await list(world)).length, 1)
  // The same after a start with the wrong clock.
  await world.restart()
  world.clock.advanceMs(120_000)
  await world.run(2, {})
  assert.equal((await list(world)).length, 1)
  world.clock.wallMs = right
  world.clock.advanceMs(3_600_000)
  await world.run(2, {})
  assert.equal((await list(world)).length, 1)
})

test('awareness, marks, answers, tasks; and what is wrong is said with its mend', async () => {
  const world = new IncidentWorld()
  await assert.rejects(world.ask('show', { id: 'open' }), refused('not-found', /no incident is open/))
  await assert.rejects(world.ask('show', { id: '2026-01-01-1' }), refused('not-found', /there is no incident yet/))
  const { id } = await world.ask('open', { title: 'a drill' })
  await assert.rejects(world.ask('aware', { id, atWallMs: world.clock.wallMs() + DAY }), refused('bad-question', /future/))
  await assert.rejects(world.ask('mark', { id }), refused('bad-question', /tlp, significant or title/))
  await assert.rejects(world.ask('mark', { id, tlp: 'white' }), refused('bad-question', /clear, green, amber/))
  await assert.rejects(world.ask('taskDone', { id, taskId: 'task-1' }), refused('not-found', /it has none/))
  await assert.rejects(world.ask('note', { id, text: '' }), refused('bad-question', /text is missing/))
  await assert.rejects(world.ask('note', { id, text: 'x'.repeat(9_000) }), refused('bad-question', /at most 8000/))
  await assert.rejects(world.ask('nonsense', { id }), refused('unknown-question', /nonsense/))
  await assert.rejects(world.ask('constructor', { id }), refused('unknown-question', /constructor/))
  await world.ask('aware', { id, atWallMs: NOON })
  await world.ask('mark', { id, tlp: 'red', significant: true, title: 'the\u202E title\u0007' })
  await world.ask('answer', { id, field: 'cause', text: 'a flood' })
  await world.ask('task', { id, text: 'call the provider', assignee: 'ben', dueWallMs: NOON + DAY })
  await world.ask('sent', { id, kind: 'early-warning', to: 'the CSIRT', sha256: sha256('x') })
  const incident = await world.ask('taskDone', { id, taskId: 'task-1' })
  assert.deepEqual([incident.awareAtWallMs, incident.awareWho, incident.tlp, incident.significant, incident.title], [NOON, 'ada', 'red', true, 'the title'])
  assert.deepEqual([incident.answers['cause'].text, incident.tasks[0].doneAtWallMs, incident.reports[0].to], ['a flood', world.clock.wallMs(), 'the CSIRT'])
})

const voteOnBudget: Posture = {
  name: 'alert', because: 'vote on the budget', source: 'plenary', fromWallMs: NOON - 7 * 3_600_000, untilWallMs: NOON + 13 * 3_600_000,
  event: { fromWallMs: NOON - 3_600_000, untilWallMs: NOON + 3_600_000 }, effects: { sensitivity: 0.5, rehearseChallenge: true, refreshLifeline: true, tell: true },
}

test('an event of the calendar stands around it as a fact, with no word of cause', async () => {
  const world = new IncidentWorld()
  await world.scribe.write({ kind: 'posture', who: 'polder', sentence: 'posture alert begins: vote', data: { what: 'begins', ...voteOnBudget } })
  await world.scribe.write({ kind: 'posture', who: 'polder', sentence: 'posture alert begins: recess', data: { what: 'begins', ...voteOnBudget, because: 'recess', event: { fromWallMs: NOON - 9 * DAY, untilWallMs: NOON - 8 * DAY } } })
  await world.flood(40, 0)
  for (const incident of [await world.ask('show', { id: 'open' }), (await world.restart(), await world.ask('show', { id: 'open' }))]) {
    assert.deepEqual(incident.around, [{ title: 'vote on the budget', fromWallMs: NOON - 3_600_000, toWallMs: NOON + 3_600_000, postures: ['alert'] }])
    assert.deepEqual(incident.hypotheses, [])
  }
})

test('changes may be applied again, and in pieces, with the same result', async () => {
  const world = new IncidentWorld()
  world.settings = { ...world.settings, closeAfterCalmMs: 30_000 }
  await world.flood(40, 40)
  await world.ask('note', { id: 'last', text: 'a' })
  await world.ask('open', { title: 'b' })
  await world.ask('hypothesis', { id: 'last', text: 'q' })
  await world.ask('merge', { id: '2026-11-23-1', into: '2026-11-23-2' })
  await world.run(20, {})
  await world.ask('split', { id: 'last', atWallMs: world.clock.wallMs() - 10_000, title: 'c' })
  const { kept } = world.scribe
  const fold = (entries: typeof kept, records = new Map<string, IncidentRecord>()) => {
    for (const entry of entries) applyEntry(records, entry)
    return records
  }
  const whole = fold(kept)
  assert.ok(whole.size === 3)
  fc.assert(fc.property(fc.nat(kept.length), fc.nat(kept.length), (cut, back) => {
    const records = fold(kept.slice(0, cut))
    fold(kept.slice(Math.max(0, cut - back)), records)
    assert.deepEqual(records, whole)
  }), { numRuns: 40 })
})
