import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LearnSummary } from '../../contract/log-learning.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { type CliParts, exitCodes } from './command.ts'
import { runCommandLine } from './program.ts'

const learned: LearnSummary = {
  files: [{ file: 'a.log', bytes: 9, lines: 1_000, badLines: 3, format: 'combined', trouble: '' }, { file: 'b.gz', bytes: 9, lines: 5, badLines: 0, format: 'JSON, gzip', trouble: 'read only to line 5: unexpected end of file' }],
  lines: 1_005, requests: 1_002, badLines: 3, badSamples: [{ file: 'a.log', line: 7, why: 'there is no [time]', text: 'x\u001B[2J' }],
  fromWallMs: Date.UTC(2024, 5, 3), toWallMs: Date.UTC(2024, 5, 5), minutes: 2_878, gaps: 1, perSecond: { median: 0.15, p95: 0.3, busiestMinute: 2 }, rows: 900, hosts: ['a.example'],
  before: { minutes: 0, rows: 0, coldStart: true }, after: { minutes: 2_878, rows: 900, coldStart: false }, writtenTo: '/d/baseline.bin', shieldRuns: false, notes: ['addresses are shortened'], seconds: 3,
}

async function say(argv: string[], summary: LearnSummary | Error = learned, isTTY = false) {
  let out = ''
  let error = ''
  const asked: object[] = []
  const clock = new SimulatedClock()
  const parts: CliParts<object> = {
    version: '0', noColor: true, clock, who: 'ada',
    out: { isTTY, write: (text) => (out += text) },
    error: { isTTY, write: (text) => (error += text) },
    check: () => ({ settings: {}, problems: [], problemCount: 0, effective: [], file: 'p', digest: '' }),
    start: () => assert.fail(), controlSocket: () => assert.fail(), ask: () => assert.fail(), interrupted: () => assert.fail(), reasonManual: () => assert.fail(), replay: () => assert.fail(), writeFile: () => assert.fail(), replayIncident: () => assert.fail(), accounts: { list: () => assert.fail(), add: () => assert.fail(), remove: () => assert.fail(), role: () => assert.fail(), password: () => assert.fail(), totp: () => assert.fail(), unlock: () => assert.fail() }, askSecret: () => assert.fail(), readInput: () => assert.fail(), journal: { verify: () => assert.fail(), entries: () => assert.fail(), copy: () => assert.fail() }, writeBytes: () => assert.fail(), lifeline: { state: () => assert.fail(), open: () => assert.fail(), export: () => assert.fail() },
    learn: (_, options) => {
      asked.push({ files: options.files, hosts: options.hosts, dryRun: options.dryRun })
      for (const doneBytes of [0, 50, 100]) {
        clock.advanceMs(2_000)
        options.onProgress({ doneBytes, totalBytes: 100, lines: 10, file: 'a' })
      }
      return summary instanceof Error ? Promise.reject(summary) : Promise.resolve(summary)
    },
  }
  return { code: await runCommandLine(argv, parts), out, error, asked }
}

test('learn says what was read, what was bad and where, what is known now and where it lies', async () => {
  const { code, out, error, asked } = await say(['learn', 'a.log', 'b.gz', '--host', 'A.example'])
  assert.deepEqual([code, error], [exitCodes.ok, ''])
  assert.deepEqual(asked, [{ files: ['a.log', 'b.gz'], hosts: ['a.example'], dryRun: false }])
  for (const wanted of [/^a\.log: combined, 1,000 lines, 3 bad$/m, /^b\.gz: .* \(read only to line 5/m, /from 2024-06-03T00:00Z to 2024-06-05T00:00Z \(2\.0 days, 1 gap taken as not logged\)/, /1,002 requests in 3 s; a second: median 0\.15/, /3 lines \(0\.30 %\) could not be read[^]*a\.log:7: there is no \[time\]\n {6}x\?\[2J/, /note: addresses are shortened/, /0 minutes and 0 requests before, 2,878 and 900 now/, /may act from the start\nwritten to \/d\/baseline\.bin\n$/]) assert.match(out, wanted)
})

test('learn asks for a log, and an error ends with 1', async () => {
  assert.equal((await say(['learn'])).code, exitCodes.usage)
  const { code, out, error } = await say(['learn', 'x'], new Error('no line could be read'))
  assert.deepEqual([code, out, error], [exitCodes.refused, '', 'polder: nothing learned: no line could be read\n'])
})

test('the bar is for a person at a terminal and leaves nothing behind', async () => {
  const { error } = await say(['learn', 'a.log'], learned, true)
  assert.match(error, /\r████████████░{12} 50 % {2}10 lines, 13 B\/s, 4 s left/)
  assert.ok(error.endsWith('\r\u001B[K'))
  assert.deepEqual(JSON.parse((await say(['learn', '--json', 'a.log'])).out), learned)
})
