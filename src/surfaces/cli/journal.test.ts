/** polder journal: with a running shield, without one, and over an altered folder. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ControlQuestion } from '../../contract/control-socket.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import { copyFolder, folderEntries, verifyFolder } from '../../offline/journal-folder.ts'
import { JournalRoom } from '../../record/journal/journal-room.ts'
import { note, TestJournal } from '../../record/journal/journal.testing.ts'
import type { CliParts } from './command.ts'
import { runCommandLine } from './program.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'polder-cli-'))
const folder = join(dataDir, 'journal')
let one: TestJournal
const written: JournalEntry[] = []

before(async () => {
  mkdirSync(folder)
  one = new TestJournal({}, folder)
  written.push(await one.journal.write({ kind: 'start', who: 'polder', sentence: 'started', data: null }))
  one.clock.advanceMs(3_600_000)
  written.push(await one.journal.write({ kind: 'act', who: 'ada', sentence: 'by-hand: added: block\u001B[31m', data: { done: true } }), await one.journal.write(note('call the provider')))
})
after(async () => {
  await one.journal.close()
  rmSync(dataDir, { recursive: true, force: true })
})

async function say(argv: string[], { runs = true, looks = 1 } = {}) {
  let out = ''
  let error = ''
  const stop = new AbortController()
  const room = new JournalRoom(one.journal)
  let lists = 0
  const parts = {
    version: '0', noColor: true, clock: one.clock, who: 'ada',
    out: { write: (text: string) => (out += text) }, error: { write: (text: string) => (error += text) },
    controlSocket: () => ({ path: join(dataDir, 'control.sock'), note: '' }),
    ask: async (_: string, question: ControlQuestion & { ask: 'record' }) => {
      if (!runs) throw Object.assign(new Error('gone'), { code: 'ENOENT' })
      const { question: name, asks } = question.question
      if (name === 'list' && ++lists > looks) stop.abort()
      return { ok: true, answer: await room.answer(name, asks) }
    },
    interrupted: () => stop.signal,
    journal: { verify: verifyFolder, entries: folderEntries, copy: copyFolder },
  } as unknown as CliParts<object>
  const code = await runCommandLine(['journal', ...argv], parts)
  return { code, out, error }
}

for (const runs of [true, false]) {
  test(`list shows what happened, ${runs ? 'asked of the running shield' : 'read from the folder when none runs'}`, async () => {
    const { code, out } = await say(['list'], { runs })
    assert.equal(code, 0)
    assert.deepEqual(out.trimEnd().split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | ')), ['1 | 22:13:20 | start | started', '2 | 23:13:20 | act | by-hand: added: block [31m (ada)', '3 | 23:13:20 | note | call the provider (tester)'])
    const json = await say(['list', '--json', '--kind', 'note,act', '--since', '30m'], { runs })
    assert.deepEqual(json.out.trim().split('\n').map((line) => JSON.parse(line) as unknown), written.slice(1))
    assert.equal((await say(['list', '--last', '1', '--hashes'], { runs })).out.includes(written[2].hash), true)
    assert.equal((await say(['list', '--until', '30m', '--json'], { runs })).out.trim().split('\n').length, 1)
  })

  test(`verify says that nothing was altered, ${runs ? 'with' : 'without'} a running shield`, async () => {
    const { code, out } = await say(['verify'], { runs })
    assert.equal(code, 0)
    assert.match(out, new RegExp(`entries {3}3 \\(1 to 3\\)\nnewest {4}3, hash ${written[2].hash}\nNothing was altered`))
    assert.equal(out.includes('the running shield says the same'), runs)
  })
}

test('list --follow goes on with what comes', async () => {
  const following = say(['list', '--follow', '--last', '1', '--json'], { looks: 2 })
  await new Promise((resolve) => setTimeout(resolve, 200))
  written.push(await one.journal.write(note('while you watch')))
  const { code, out } = await following
  assert.equal(code, 0)
  assert.deepEqual(out.trim().split('\n').map((line) => (JSON.parse(line) as JournalEntry).sentence), ['call the provider', 'while you watch'])
  assert.equal((await say(['list', '--follow'], { runs: false })).code, 1)
})

test('an alteration is named by file, line and entry, and the exit code says so', async () => {
  const file = join(folder, '000000000001.jsonl')
  const good = readFileSync(file)
  writeFileSync(file, good.toString().replace('call the provider', 'call the president'))
  try {
    const { code, out } = await say(['verify'])
    assert.equal(code, 1)
    assert.match(out, /ALTERED in one place:\n {2}000000000001\.jsonl, line 3, entry 3: this line is not what was written/)
    const json = JSON.parse((await say(['verify', '--json'])).out) as { faults: unknown[]; comparedWith: string }
    assert.deepEqual([json.faults.length, json.comparedWith], [1, 'running shield'])
    // The end cut off: only who knows how far it went can tell.
    writeFileSync(file, `${good.toString().split('\n').slice(0, 2).join('\n')}\n`)
    assert.equal((await say(['verify'])).code, 1)
    assert.equal((await say(['verify'], { runs: false })).code, 0)
    assert.equal((await say(['verify', '--expect', written.at(-1)!.hash], { runs: false })).code, 1)
  } finally {
    writeFileSync(file, good)
  }
})

test('an export verifies itself where it lies, and never overwrites', async () => {
  const to = join(dataDir, 'copy')
  assert.match((await say(['export', to])).out, /1 files, .* copied\n[^]*Nothing was altered/)
  assert.deepEqual(readFileSync(join(to, '000000000001.jsonl')), readFileSync(join(folder, '000000000001.jsonl')))
  assert.equal((await say(['verify', to, '--expect', written[1].hash])).code, 0)
  const again = await say(['export', to])
  assert.deepEqual([again.code, again.error.includes('is there already')], [1, true])
})

test('wrong use is told with what would be right', async () => {
  for (const [argv, text] of [[['list', '--kind', 'gossip'], /kinds: start, stop/], [['list', '--since', 'yesterdayish'], /is no time/], [['list', '--last', '-1'], /whole number/], [['verify', '--expect', 'abc'], /64 hexadecimal/]] as const) {
    const { code, error } = await say([...argv])
    assert.equal(code, 2)
    assert.match(error, text)
  }
  assert.equal((await say(['verify', join(dataDir, 'nowhere')])).code, 1)
})
