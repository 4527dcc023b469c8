/** `polder incident` against a real incident room: what a person types, what they read, what is written. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ControlQuestion } from '../../contract/control-socket.ts'
import type { RecordReply } from '../../contract/record.ts'
import { IncidentWorld, NOON } from '../../record/incident/incident.testing.ts'
import { RecordError } from '../../record/room.ts'
import { type CliParts, exitCodes } from './command.ts'
import { parseWhen } from './parse-when.ts'
import { runCommandLine } from './program.ts'
import { testFolder } from '../../kernel/test-folder.testing.ts'

function commandLine(world: IncidentWorld) {
  return async (...argv: string[]): Promise<{ code: number; out: string; error: string }> => {
    let out = ''
    let error = ''
    const answer = async (question: ControlQuestion): Promise<RecordReply> => {
      assert.ok(question.ask === 'record')
      const { room, question: name, asks, who } = question.question
      // What travels is one line of JSON, bounded.
      assert.ok(JSON.stringify(asks).length < 32_768)
      try {
        if (room === 'incident') return { ok: true, answer: JSON.parse(JSON.stringify(await world.room.answer(name, asks, who))) }
        if (room === 'report') return { ok: true, answer: [{ kind: 'early-warning', law: 'NIS2 Art. 23(4)(a)', dueWallMs: world.clock.wallMs() + 3_600_000, sentAtWallMs: null, state: 'soon' }] }
        if (name === 'verify') return { ok: true, answer: { entries: world.scribe.kept.length, firstSeq: 1, lastSeq: world.scribe.kept.length, lastHash: '', faults: [], tornBytes: 0 } }
        const after = asks['afterSeq'] as number
        return { ok: true, answer: { entries: world.scribe.kept.filter(({ seq }) => seq > after).slice(0, asks['most'] as number), more: false } }
      } catch (failure) {
        if (!(failure instanceof RecordError)) throw failure
        return { ok: false, code: failure.code, sentence: failure.message }
      }
    }
    const parts = {
      version: '0', noColor: true, clock: world.clock, who: 'ada',
      out: { write: (text: string) => (out += text) },
      error: { write: (text: string) => (error += text) },
      controlSocket: () => ({ path: 'control.sock', note: '' }),
      ask: (_path: string, question: ControlQuestion) => answer(question),
    } as unknown as CliParts<object>
    const code = await runCommandLine(argv, parts)
    return { code, out, error }
  }
}

test('an attack is led from the command line, and the page says what is known, how, and what is not', async () => {
  const world = new IncidentWorld()
  const polder = commandLine(world)
  assert.match((await polder('incident', 'list')).out, /No incident/)
  await world.scribe.write({ kind: 'posture', who: 'polder', sentence: 'posture alert begins', data: { what: 'begins', name: 'alert', because: 'vote on the budget', source: 's', fromWallMs: NOON - 3_600_000, untilWallMs: NOON + 7_200_000, event: { fromWallMs: NOON, untilWallMs: NOON + 3_600_000 }, effects: {} } })
  await world.flood(60, 0)
  const saved = join(testFolder('saved'), `saved-${process.pid}.html`)
  writeFileSync(saved, 'we did it\n'.repeat(5_000))
  for (const argv of [
    ['aware', 'open', '--at', '5m'],
    ['mark', 'open', '--tlp', 'TLP:GREEN', '--significant', 'yes'],
    ['note', 'open', 'the provider', 'was called'],
    ['task', 'open', 'call the CSIRT', '--for', 'ben', '--due', '1h'],
    ['evidence', 'open', saved, '--provenance', 'saved by ada from the channel'],
    ['claim', 'open', 'it was us', '--by', 'a group', '--where', 'its channel', '--source', 'e', '--credibility', '5', '--copy', 'evidence-1'],
    ['hypothesis', 'open', 'link to the vote'],
    ['hypothesis', 'open', 'same evening', '--for', 'hypothesis-1', '--reference', 'claim-1'],
    ['answer', 'open', 'cause', 'a flood'],
    ['addresses', 'open', '--legal', 'complaint to the police, decided by the DPO', '--until', '48h'],
  ]) {
    const { code, out, error } = await polder('incident', ...argv)
    assert.deepEqual([code, error], [exitCodes.ok, ''], argv.join(' '))
    assert.match(out, /^incident 2026-11-23-1: \S.*\n$/)
  }
  const { out: page } = await polder('incident', 'show')
  for (const wanted of [
    /^Incident 2026-11-23-1: Attack of 2026-11-23, 12:10 UTC {3}TLP:GREEN$/m,
    /^open since 12:10:11 \(59 s\), opened by polder$/m,
    /^aware {10}since 12:06:10 \(said by ada\)$/m,
    /^ {2}First second above what is usual +12:10:00 +estimated$/m,
    /^ {2}Noticed by Polder .* 12:10:11 +exact$/m,
    /^ {2}Last second above what is usual +not known$/m,
    /^ {4}rule-block +\d[\d,]+ +exact$/m,
    /^ {2}early-warning: due 13:11:10, in 1 h \(NIS2/m,
    /^ {2}task-1: call the CSIRT \(ben\), until 13:11:10$/m,
    /^ {2}hypothesis-1: link to the vote: not known$/m,
    /^ {6}for: same evening \[claim-1\] \(ada\)$/m,
    /^ {2}claim-1: a group, its channel: "it was us" \[E5: source unreliable, improbable\] \(copy: evidence-1\)$/m,
    /^Around it in the calendar \(facts, not causes\)\n {2}12:00:00 to 13:00:00: vote on the budget \(posture alert\)$/m,
    /whole addresses are kept until 2026-11-25 12:11:10, by order of ada: complaint/,
    /NORMAL to ATTACK/,
  ]) assert.match(page, wanted)
  assert.doesNotMatch(page, /caused|because of the vote/)
  assert.match((await polder('incident', 'show', '--all')).out, /exact, journal \d+/)
  assert.match((await polder('incident', 'list')).out, /^2026-11-23-1 {2}open for 59 s {2}ATTACK {2}aware 12:06:10 {2}1 open task {2}Attack of/)
  await polder('incident', 'hypothesis', 'open', '--judge', 'hypothesis-1', '--verdict', 'unlikely', '--who', 'Ben Bakker')
  assert.equal(world.scribe.kept.at(-1)!.who, 'Ben Bakker (ada)')
  assert.match((await polder('incident', 'show')).out, /link to the vote: unlikely/)
  await polder('incident', 'addresses', 'open', '--off')
  assert.equal((await world.ask('show', { id: 'open' })).addressEvidence, null)
  await polder('incident', 'close', 'open', '--why', 'over')
  const shown = JSON.parse((await polder('incident', 'show', '--json')).out) as { closedBy: string }
  assert.equal(shown.closedBy, 'ada')
  // Only Polder's own words come after a sign of a terminal's.
  await polder('incident', 'note', 'last', 'bell \u0007 and \u001B[31mred')
  // eslint-disable-next-line no-control-regex -- that is what is looked for
  assert.doesNotMatch((await polder('incident', 'show')).out, /[\u0007\u001B]/)
})

test('an export is a folder that is whole, private, and proves itself; it never overwrites', async () => {
  const world = new IncidentWorld()
  const polder = commandLine(world)
  await world.flood(60, 0)
  const place = testFolder('export')
  const content = Buffer.alloc(700_000, 'evidence ')
  writeFileSync(join(place, 'big.bin'), content)
  await polder('incident', 'evidence', 'open', join(place, 'big.bin'), '--provenance', 'x')
  await polder('incident', 'close', 'open', '--why', 'over')
  const out = join(place, 'out')
  const { code, error } = await polder('incident', 'export', 'last', '--out', out)
  assert.deepEqual([code, error], [exitCodes.ok, ''])
  assert.deepEqual(readdirSync(out, { recursive: true }).map(String).sort(), ['README.txt', 'SHA256SUMS', 'chain.json', 'evidence', 'evidence/001-big.bin', 'incident.json', 'incident.txt', 'journal.jsonl', 'timeline.md'])
  assert.ok(readFileSync(join(out, 'evidence/001-big.bin')).equals(content))
  for (const line of readFileSync(join(out, 'SHA256SUMS'), 'utf8').trimEnd().split('\n')) {
    const [sum, name] = line.split('  ')
    assert.equal(createHash('sha256').update(readFileSync(join(out, name))).digest('hex'), sum, name)
    assert.equal(statSync(join(out, name)).mode & 0o077, 0)
  }
  const incident = JSON.parse(readFileSync(join(out, 'incident.json'), 'utf8')) as { figures: Array<{ from: Array<number | [number, number]> }> }
  const seqs = new Set(readFileSync(join(out, 'journal.jsonl'), 'utf8').trimEnd().split('\n').map((line) => (JSON.parse(line) as { seq: number }).seq))
  for (const seq of incident.figures.flatMap((figure) => figure.from.flat())) assert.ok(seqs.has(seq), `entry ${seq} is in the export`)
  const again = await polder('incident', 'export', 'last', '--out', out)
  assert.deepEqual([again.code, /not empty/.test(again.error)], [exitCodes.refused, true])
  // The copy was altered: nothing is left of the attempt.
  const [sha256] = readdirSync(join(world.folder, 'evidence'))
  writeFileSync(join(world.folder, 'evidence', sha256), 'other')
  const altered = await polder('incident', 'export', 'last', '--out', join(place, 'second'))
  assert.deepEqual([altered.code, /altered/.test(altered.error), existsSync(join(place, 'second')), readdirSync(place).sort()], [exitCodes.refused, true, false, ['big.bin', 'out']])
  const checked = await polder('incident', 'evidence', 'last', '--check')
  assert.deepEqual([checked.code, /evidence-1: big.bin: ALTERED/.test(checked.out)], [exitCodes.refused, true])
})

test('every wrong use says what is wrong and how it is right', async () => {
  const world = new IncidentWorld()
  const polder = commandLine(world)
  await world.ask('open', { title: 'a drill' })
  mkdirSync(join(world.dataDir, 'folder'), { recursive: true })
  for (const [argv, code, words] of [
    [['aware', 'open', '--at', 'noonish'], exitCodes.usage, /--at "noonish" is no time; write/],
    [['close', 'open'], exitCodes.usage, /--why is missing/],
    [['mark', 'open'], exitCodes.usage, /--tlp, --significant or --title/],
    [['mark', 'open', '--tlp', 'white'], exitCodes.usage, /none of clear, green/],
    [['split', 'open', '--title', 'x'], exitCodes.usage, /--at is missing/],
    [['claim', 'open', 'text', '--where', 'x'], exitCodes.usage, /--by is missing/],
    [['claim', 'open', 'text', '--by', 'x', '--where', 'x', '--source', 'G'], exitCodes.usage, /A, B, C, D, E, F/],
    [['hypothesis', 'open', '--judge', 'hypothesis-1'], exitCodes.usage, /--verdict is missing/],
    [['hypothesis', 'open', 'x', '--for', 'a', '--against', 'b'], exitCodes.usage, /at a time/],
    [['evidence', 'open'], exitCodes.usage, /name a file/],
    [['evidence', 'open', 'f'], exitCodes.usage, /--provenance is missing/],
    [['evidence', 'open', '/nowhere/at/all', '--provenance', 'x'], exitCodes.refused, /ENOENT/],
    [['evidence', 'open', join(world.dataDir, 'folder'), '--provenance', 'x'], exitCodes.usage, /tar/],
    [['addresses', 'open', '--legal', 'x'], exitCodes.usage, /--until is missing/],
    [['addresses', 'open', '--legal', 'x', '--until', '1h'], exitCodes.refused, /legal ground is too short/],
    [['export', 'open'], exitCodes.usage, /--out is missing/],
    [['note', 'open'], exitCodes.usage, /note is missing|missing required argument/],
    [['show', '2020-01-01-1'], exitCodes.refused, /no incident "2020-01-01-1"; polder incident list/],
    [['shwo'], exitCodes.usage, /has no command 'shwo'/],
  ] as const) {
    const result = await polder('incident', ...argv)
    assert.equal(result.code, code, `${argv.join(' ')}: ${result.error}`)
    assert.match(result.error, words, argv.join(' '))
  }
  assert.equal((await world.ask('show', { id: 'open' })).timeline.length, 1, 'nothing was changed by any of it')
})

test('times are read as people write them, and nonsense is none', () => {
  const now = NOON + 90_000
  for (const [text, wanted] of [['now', now], ['14:05', NOON + 125 * 60_000], ['2026-11-23 14:05', NOON + 125 * 60_000], ['2026-11-23T14:05:30Z', NOON + 125 * 60_000 + 30_000], ['2026-11-23T15:05+01:00', NOON + 125 * 60_000], ['2026-11-23', NOON - 12 * 3_600_000], ['20m', now - 20 * 60_000]] as const) assert.equal(parseWhen(text, now, 'ago'), wanted, text)
  assert.equal(parseWhen('2h', now, 'ahead'), now + 7_200_000)
  for (const text of ['', 'noon', '25:00', '2026-13-01', '2026-02-30', '23.11.2026', '14', '-5m', '2026-11-23 25:00', 'Nov 23 2026']) assert.equal(parseWhen(text, now, 'ago'), null, text)
  fc.assert(fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
    const wallMs = seconds * 1_000
    assert.equal(parseWhen(new Date(wallMs).toISOString().slice(0, 19).replace('T', ' '), now, 'ago'), wallMs)
    assert.equal(parseWhen(new Date(wallMs).toISOString(), now, 'ago'), wallMs)
  }))
})
