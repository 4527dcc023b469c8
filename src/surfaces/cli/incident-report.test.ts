/** `polder incident report|clocks|reported`: what a person types, what is asked, what is written. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ControlQuestion } from '../../contract/control-socket.ts'
import type { RecordQuestion, RecordReply } from '../../contract/record.ts'
import type { ReportClock, WrittenReport } from '../../contract/report.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { type CliParts, exitCodes } from './command.ts'
import { runCommandLine } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-report-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const NOW = Date.UTC(2026, 10, 24, 13)
const PDF = Buffer.from([0x25, 0x50, 0x44, 0x46, 0x00, 0xff, 0xfe])
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

function draft(form: WrittenReport['form'], bytes: Buffer, changes: Partial<WrittenReport> = {}): WrittenReport {
  const encoding = form === 'pdf' ? 'base64' : 'utf8'
  return { kind: 'early-warning', form, fileName: 'x', contentType: 'x', encoding, content: bytes.toString(encoding), sha256: sha256(bytes), missing: [{ field: 'cross-border', question: 'Could it affect others?\u001B[2J', command: 'polder incident answer 1 cross-border "TEXT"' }], ...changes }
}

async function polder(reply: (question: RecordQuestion) => RecordReply, ...argv: string[]): Promise<{ code: number; out: string; error: string; asked: RecordQuestion[] }> {
  let out = ''
  let error = ''
  const asked: RecordQuestion[] = []
  const parts = {
    version: '0', noColor: true, clock: new SimulatedClock(NOW), who: 'ada', out: { write: (text: string) => (out += text) }, error: { write: (text: string) => (error += text) }, controlSocket: () => ({ path: 'control.sock', note: '' }),
    ask: (_path: string, question: ControlQuestion) => {
      assert.ok(question.ask === 'record')
      asked.push(question.question)
      return Promise.resolve(reply(question.question))
    },
  } as unknown as CliParts<object>
  const code = await runCommandLine(['incident', ...argv], parts)
  return { code, out, error, asked }
}

test('a PDF arrives byte for byte, for its owner alone, and what is missing is said', async () => {
  const file = join(folder, 'warning.pdf')
  const { code, out, error, asked } = await polder(() => ({ ok: true, answer: draft('pdf', PDF) }), 'report', 'open', '--kind', 'early-warning', '--out', file)
  assert.deepEqual([code, out], [exitCodes.ok, ''])
  assert.deepEqual(asked.map(({ room, question, asks }) => ({ room, question, asks })), [{ room: 'report', question: 'write', asks: { id: 'open', kind: 'early-warning', form: 'pdf' } }])
  assert.deepEqual(readFileSync(file), PDF)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.match(error, /a draft, pdf, SHA-256 [0-9a-f]{64}\n1 field is missing; .*\n {2}cross-border: Could it affect others\?\?\[2J\n {6}polder incident answer 1 cross-border "TEXT"\n/)
})

test('nothing is written over without --force, and nothing broken is kept', async () => {
  const file = join(folder, 'there.html')
  writeFileSync(file, 'mine')
  const write = (...more: string[]) => polder(() => ({ ok: true, answer: draft('html', Buffer.from('<p>new')) }), 'report', 'open', '--kind', 'final', '--out', file, ...more)
  assert.match((await write()).error, /there already; --force/)
  assert.equal(readFileSync(file, 'utf8'), 'mine')
  assert.equal((await write('--force')).code, exitCodes.ok)
  assert.equal(readFileSync(file, 'utf8'), '<p>new')
  const altered = await polder(() => ({ ok: true, answer: draft('html', Buffer.from('x'), { sha256: sha256('y') }) }), 'report', 'open', '--kind', 'final', '--out', join(folder, 'altered.html'))
  assert.equal(altered.code, exitCodes.refused)
  assert.match(altered.error, /the hash differs/)
  assert.ok(!readdirSync(folder).some((name) => name.includes('altered') || name.includes('part')))
})

test('the ending tells the form; exports need no kind; standard output gets the content alone', async () => {
  for (const [out, form] of [['a.md', 'markdown'], ['a.stix.json', 'stix'], ['a.misp.json', 'misp'], ['a.json', 'json'], ['a.HTML', 'html']] as const) {
    const kind = form === 'stix' || form === 'misp' ? [] : ['--kind', 'brief']
    const { asked } = await polder(() => ({ ok: false, code: 'failed', sentence: 'no' }), 'report', 'last', ...kind, '--out', join(folder, out))
    assert.equal(asked[0]!.asks['form'], form)
  }
  const { out } = await polder(() => ({ ok: true, answer: draft('json', Buffer.from('{"a":1}\n'), { missing: [] }) }), 'report', 'open', '--kind', 'brief', '--form', 'json', '--out', '-')
  assert.equal(out, '{"a":1}\n')
})

test('wrong words are told with their mend and ask nothing', async () => {
  for (const [argv, wanted] of [
    [['report', 'open', '--kind', 'final'], /--out is missing/],
    [['report', 'open', '--out', 'x.html'], /--kind is missing: early-warning/],
    [['report', 'open', '--kind', 'poem', '--out', 'x.html'], /--kind "poem" is none of/],
    [['report', 'open', '--kind', 'final', '--out', 'x.docx'], /ending of x\.docx does not tell/],
    [['report', 'open', '--kind', 'final', '--form', 'pdf', '--out', '-'], /a PDF is written into a file/],
    [['reported', 'open', '--kind', 'final', '--to', 'CSIRT'], /--file with what was sent, or --sha256/],
    [['reported', 'open', '--kind', 'final', '--to', 'CSIRT', '--sha256', 'abc'], /64 hexadecimal digits/],
    [['reported', 'open', '--kind', 'final', '--file', 'x'], /--to is missing/],
    [['reported', 'open', '--kind', 'final', '--to', 'CSIRT', '--file', join(folder, 'nowhere.pdf')], /cannot be read \(ENOENT\)/],
  ] as const) {
    const { code, error, asked } = await polder(() => assert.fail('asked'), ...argv)
    assert.deepEqual([code, asked.length], [exitCodes.usage, 0], argv.join(' '))
    assert.match(error, wanted)
  }
})

test('that a report was sent is recorded with the hash of what was sent', async () => {
  const file = join(folder, 'sent.pdf')
  writeFileSync(file, PDF)
  const { asked } = await polder(() => ({ ok: false, code: 'failed', sentence: 'no' }), 'reported', 'open', '--kind', 'early-warning', '--to', 'CSIRT of Exampleland', '--file', file, '--who', 'Ada B.')
  assert.deepEqual(asked, [{ room: 'incident', question: 'sent', who: 'Ada B. (ada)', asks: { id: 'open', kind: 'early-warning', to: 'CSIRT of Exampleland', sha256: sha256(PDF) } }])
})

test('clocks say what is due, what is late, what was sent', async () => {
  const clock = (changes: Partial<ReportClock>): ReportClock => ({ kind: 'early-warning', law: 'a law', dueWallMs: null, sentAtWallMs: null, state: 'not-started', ...changes })
  const say = async (...clocks: ReportClock[]): Promise<string> => (await polder(() => ({ ok: true, answer: clocks }), 'clocks', 'open')).out
  assert.match(await say(clock({ dueWallMs: NOW + 7_200_000, state: 'soon' })), /^early-warning {2}in 2 h.*, due .*\n {4}a law\n$/)
  assert.match(await say(clock({ dueWallMs: NOW - 7_200_000, state: 'late' })), /LATE by 2 h/)
  assert.match(await say(clock({ dueWallMs: NOW - 7_200_000, sentAtWallMs: NOW - 3_600_000, state: 'sent' })), /sent .*, 1 h.* after its end/)
  assert.match(await say(clock({})), /not started/)
  assert.match(await say(), /No clock: no law is set/)
  assert.deepEqual(JSON.parse((await polder(() => ({ ok: true, answer: [clock({})] }), 'clocks', 'open', '--json')).out), [clock({})])
})
