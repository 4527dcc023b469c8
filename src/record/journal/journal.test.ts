import assert from 'node:assert/strict'
import { readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { type JournalEntry, journalKinds } from '../../contract/journal.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { DAY_MS, HOUR_MS } from '../../kernel/units.ts'
import { testFolder } from '../../kernel/test-folder.testing.ts'
import { GENESIS_HASH } from './chain.ts'
import { FailingDisk, note, TestJournal } from './journal.testing.ts'
import { journalOptions } from './options.ts'
import { verifyJournal } from './verify-journal.ts'

const first = '000000000001.jsonl'
const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 2_000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(holds())
}

test('entries are numbered from one, bound to each other, on the disk when acknowledged, and heard in order', async () => {
  await using one = new TestJournal()
  const written = await Promise.all(Array.from({ length: 50 }, (_, i) => one.journal.write(note(`entry ${i}`, { i }))))
  assert.deepEqual(written.map((entry) => entry.seq), Array.from({ length: 50 }, (_, i) => i + 1))
  assert.equal(written[0].previous, GENESIS_HASH)
  for (let i = 1; i < 50; i++) assert.equal(written[i].previous, written[i - 1].hash)
  assert.deepEqual(readFileSync(join(one.folder, first), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as unknown), written)
  assert.deepEqual(one.heard, written)
  assert.deepEqual(await one.all(), written)
  assert.deepEqual((await one.all(48)).map((entry) => entry.seq), [48, 49, 50])
  const modes = [statSync(one.folder).mode & 0o777, statSync(join(one.folder, first)).mode & 0o777]
  assert.deepEqual([modes[0] & 0o077, modes[1]], [0, 0o600])
  const verdict = await one.journal.verify()
  assert.deepEqual([verdict.entries, verdict.firstSeq, verdict.lastSeq, verdict.lastHash, verdict.faults, verdict.tornBytes], [50, 1, 50, written[49].hash, [], 0])
})

test('a journal goes on after a restart where it ended', async () => {
  await using one = new TestJournal()
  const before = await one.journal.write(note('before'))
  const journal = await one.again()
  const after = await journal.write(note('after'))
  assert.deepEqual([after.seq, after.previous], [2, before.hash])
  assert.deepEqual((await journal.verify()).faults, [])
  assert.ok(one.log.lines.some((line) => line.facts['journalHash'] === before.hash), 'the newest hash is told to the log')
})

test('anything can be written: what no entry can hold is said instead, and every entry reads back as it was given', async () => {
  await using one = new TestJournal()
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...journalKinds), fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', maxLength: 300 }), fc.anything({ withBigInt: true, withNullPrototype: true }), async (kind, who, sentence, data) => {
      const entry = await one.journal.write({ kind, who, sentence, data })
      const read = await one.all(entry.seq)
      assert.deepEqual(read, [JSON.parse(JSON.stringify(entry))])
    }),
    { numRuns: 60, endOnFailure: true },
  )
  const circle: { self?: unknown } = {}
  circle.self = circle
  assert.match(JSON.stringify((await one.journal.write(note('circle', circle))).data), /cannot be written as JSON/)
  assert.deepEqual(Object.keys((await one.journal.write(note('long', 'x'.repeat(70_000)))).data as object), ['leftOut', 'bytes', 'sha256'])
  assert.deepEqual((await one.journal.verify()).faults, [])
})

test('one byte changed anywhere is found, and its place is said', async () => {
  await using one = new TestJournal({ segmentBytes: 700 })
  for (let i = 0; i < 4; i++) await one.journal.write(note(`entry ${i}`, { text: 'é "quoted" \n', n: i }))
  await one.journal.close()
  const files = readdirSync(one.folder).filter((name) => name.endsWith('.jsonl')).sort()
  assert.ok(files.length >= 2)
  let bytesTried = 0
  for (const file of files) {
    const path = join(one.folder, file)
    const good = readFileSync(path)
    for (let at = 0; at < good.length; at++) {
      for (const change of [1, 0x20, good[at] ^ 10]) {
        if (change === 0) continue
        const bad = Buffer.from(good)
        bad[at] ^= change
        writeFileSync(path, bad)
        const { faults } = await verifyJournal(one.folder)
        assert.ok(faults.length > 0, `${file} byte ${at} (${String.fromCharCode(good[at])}) changed by ${change} was not found`)
        assert.equal(faults[0].file, file)
        const line = good.subarray(0, at).toString('latin1').split('\n').length
        assert.ok(faults[0].line === line || faults[0].line === line + 1, `byte ${at} is in line ${line}, said: ${faults[0].line}`)
      }
      bytesTried++
    }
    writeFileSync(path, good)
  }
  assert.ok(bytesTried > 1_000)
  assert.deepEqual((await verifyJournal(one.folder)).faults, [])
})

test('lines removed, repeated, swapped or put in, and files removed or renamed, are found', async () => {
  await using one = new TestJournal({ segmentBytes: 2_000 })
  for (let i = 0; i < 30; i++) await one.journal.write(note(`entry ${i}`))
  await one.journal.close()
  const files = readdirSync(one.folder).filter((name) => name.endsWith('.jsonl')).sort()
  assert.ok(files.length >= 3)
  const path = join(one.folder, files[1])
  const good = readFileSync(path, 'utf8')
  const lines = good.trimEnd().split('\n')
  const found = async (changed: readonly string[]): Promise<void> => {
    writeFileSync(path, changed.map((line) => `${line}\n`).join(''))
    assert.ok((await verifyJournal(one.folder)).faults.length > 0)
    writeFileSync(path, good)
  }
  for (let i = 0; i < lines.length; i++) {
    await found(lines.toSpliced(i, 1))
    await found(lines.toSpliced(i, 0, lines[i]))
    await found(lines.toSpliced(i, 0, ''))
    if (i > 0) await found([...lines.slice(0, i - 1), lines[i], lines[i - 1], ...lines.slice(i + 1)])
  }
  await found([])
  rmSync(path)
  assert.match((await verifyJournal(one.folder)).faults[0].sentence, /are missing before this one/)
  writeFileSync(path, good)
  const oldest = join(one.folder, files[0])
  renameSync(oldest, join(one.folder, 'kept-aside'))
  assert.match((await verifyJournal(one.folder)).faults[0].sentence, /no checkpoint says/)
  renameSync(join(one.folder, 'kept-aside'), join(one.folder, '000000000000.jsonl'))
  assert.match((await verifyJournal(one.folder)).faults[0].sentence, /file's name says/)
})

test('entries cut off at the end are found by a hash that was noted elsewhere, and by the running journal', async () => {
  await using one = new TestJournal()
  for (let i = 0; i < 5; i++) await one.journal.write(note(`entry ${i}`))
  const path = join(one.folder, first)
  const lines = readFileSync(path, 'utf8').split('\n')
  const hash = (JSON.parse(lines[4]) as JournalEntry).hash
  assert.deepEqual((await verifyJournal(one.folder, { expectHash: hash.toUpperCase() })).faults, [])
  writeFileSync(path, `${lines.slice(0, 4).join('\n')}\n`)
  assert.deepEqual((await verifyJournal(one.folder)).faults, [])
  assert.match((await verifyJournal(one.folder, { expectHash: hash })).faults[0].sentence, /is not in this journal/)
  assert.equal((await one.journal.verify()).faults.length, 1)
})

test('torn at every byte: what was whole stays, the rest is kept aside and told, and the chain goes on', async () => {
  await using one = new TestJournal()
  const written: JournalEntry[] = []
  for (let i = 0; i < 4; i++) written.push(await one.journal.write(note(`entry ${i}`, { i })))
  await one.journal.close()
  const whole = readFileSync(join(one.folder, first))
  let torn = 0
  for (let length = 0; length <= whole.length; length++) {
    const folder = testFolder('torn')
    writeFileSync(join(folder, first), whole.subarray(0, length))
    const before = await verifyJournal(folder)
    assert.deepEqual(before.faults, [], `cut at ${length}`)
    await using after = new TestJournal({}, folder)
    await after.journal.opened()
    const kept = written.filter((_, i) => whole.subarray(0, length).toString().split('\n').length - 1 > i || whole.indexOf(`"hash":"${written[i].hash}"}`) + 74 <= length)
    const next = await after.journal.write(note('the chain goes on'))
    const alarm = before.tornBytes > 0 ? 1 : 0
    torn += alarm
    assert.equal(next.seq, kept.length + alarm + 1)
    const entries = await after.all()
    assert.deepEqual(entries.slice(0, kept.length), kept)
    assert.deepEqual(entries.slice(kept.length).map((entry) => entry.kind), alarm === 1 ? ['alarm', 'note'] : ['note'])
    assert.deepEqual((await after.journal.verify()).faults, [])
    const aside = readdirSync(folder).filter((name) => name.endsWith('.torn'))
    assert.equal(aside.length, alarm)
    if (alarm === 1) assert.equal(statSync(join(folder, aside[0])).size, before.tornBytes)
    assert.deepEqual(after.alarms, alarm === 1 ? ['journal-torn'] : [])
  }
  assert.ok(torn > 700, `${torn} torn ends were tried`)
})

test('zeros that a power cut leaves are cut off; a line that somebody altered is not, and goes on being told', async () => {
  await using one = new TestJournal()
  for (let i = 0; i < 3; i++) await one.journal.write(note(`entry ${i}`))
  const path = join(one.folder, first)
  await one.again(() => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(4_096)])))
  assert.deepEqual([one.alarms, (await one.all()).length, (await one.journal.verify()).faults], [['journal-torn'], 4, []])
  await one.again(() => writeFileSync(path, readFileSync(path, 'utf8').replace('entry 2', 'entry 9')))
  await one.journal.write(note('later'))
  const { faults } = await one.journal.verify()
  assert.deepEqual([faults.length, faults[0].line, faults[0].seq], [1, 3, 3])
  assert.equal(one.alarms.at(-1), 'journal-altered')
  // The last line altered: it is no torn one.
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  await one.again(() => writeFileSync(path, `${[...lines.slice(0, -1), lines.at(-1)!.replace('later', 'never')].join('\n')}\n`))
  await one.journal.write(note('after'))
  assert.deepEqual((await one.journal.verify()).faults.map((fault) => fault.line), [3, lines.length])
  assert.equal((await one.all()).some((entry) => entry.sentence === 'never'), false, 'what was altered is not given out')
})

test('segments follow each other, and what retention deletes is proved by a checkpoint', async () => {
  const settings = { ...defaultsOf(journalOptions), keepMs: 10 * DAY_MS }
  await using one = new TestJournal({ segmentBytes: 3_000, settings: () => settings })
  for (let i = 0; i < 40; i++) await one.journal.write(note(`entry ${i}`, 'x'.repeat(200)))
  const files = (): string[] => readdirSync(one.folder).filter((name) => name.endsWith('.jsonl')).sort()
  const before = files()
  assert.ok(before.length >= 5)
  // Age is not judged before the clock is trusted, nor after a jump.
  one.clock.advanceMs(HOUR_MS / 2)
  await one.journal.write(note('x', 'y'.repeat(3_000)))
  await one.journal.settled()
  assert.equal(files()[0], before[0])
  one.clock.advanceMs(11 * DAY_MS)
  one.journal.tick()
  await until(() => files()[0] === '000000000041.jsonl')
  await one.journal.settled()
  const verdict = await one.journal.verify()
  assert.deepEqual(verdict.faults, [])
  assert.equal(verdict.firstSeq, 41)
  const checkpoints = (await one.all()).filter((entry) => entry.kind === 'checkpoint')
  assert.match(checkpoints.at(-1)!.sentence, /are deleted by retention \(older than 10 days\)/)
  const journal = await one.again()
  assert.deepEqual((await journal.verify()).faults, [])
  assert.equal((await one.all())[0].seq, verdict.firstSeq)
})

test('the journal stays within its bytes', async () => {
  const settings = { ...defaultsOf(journalOptions), keepBytes: 20_000 }
  await using one = new TestJournal({ segmentBytes: 4_000, settings: () => settings })
  for (let i = 0; i < 300; i++) await one.journal.write(note(`entry ${i}`, 'x'.repeat(300)))
  await until(() => one.journal.state().bytes <= 24_000)
  assert.deepEqual((await one.journal.verify()).faults, [])
})

test('the disk fails: nobody waits, an alarm is raised, and everything is written when it works again', async () => {
  const folder = testFolder('journal')
  const disk = new FailingDisk(folder)
  await using one = new TestJournal({ store: disk }, folder)
  await one.journal.write(note('before'))
  disk.failing = 'ENOSPC'
  const during = await Promise.all(Array.from({ length: 20 }, (_, i) => one.journal.write(note(`during ${i}`))))
  assert.deepEqual(during.map((entry) => entry.seq), Array.from({ length: 20 }, (_, i) => i + 2))
  assert.match(one.journal.state().suspended!, /cannot be written \(ENOSPC\)/)
  assert.deepEqual(one.alarms, ['journal-suspended'])
  assert.deepEqual((await verifyJournal(folder)).faults, [], 'what a failed write left is no alteration')
  assert.equal((await one.all()).length, 22, 'entries in memory can be read')
  await until(() => one.journal.state().failures > 3)
  disk.failing = 'EIO'
  await one.journal.write(note('still'))
  disk.failing = null
  await until(() => one.journal.state().suspended === null)
  await one.journal.settled()
  assert.deepEqual(one.alarms, ['journal-suspended', 'journal-resumed'])
  const entries = await one.all()
  assert.deepEqual(entries.map((entry) => entry.seq), Array.from({ length: entries.length }, (_, i) => i + 1))
  assert.deepEqual(entries.filter((entry) => entry.kind === 'alarm').map((entry) => (entry.data as { over?: true }).over === true), [false, true])
  assert.deepEqual(one.heard.map((entry) => entry.seq), entries.map((entry) => entry.seq))
  assert.deepEqual((await verifyJournal(folder)).faults, [])
})

test('a disk that fails for very long: memory stays bounded, figures go first, and what was lost is counted and told', async () => {
  const folder = testFolder('journal')
  const disk = new FailingDisk(folder)
  await using one = new TestJournal({ store: disk }, folder)
  await one.journal.write(note('before'))
  disk.failing = 'EIO'
  await one.journal.write(note('the disk is gone'))
  const data = 'x'.repeat(60_000)
  for (let i = 0; i < 100; i++) await one.journal.write({ ...note('figures', data), kind: 'measure' })
  assert.equal((await one.journal.write({ ...note('figures', data), kind: 'measure' })).seq, 0)
  assert.ok((await one.journal.write(note('an act is still kept'))).seq > 0)
  for (let i = 0; i < 100; i++) await one.journal.write(note('more', data))
  assert.equal((await one.journal.write(note('too much'))).seq, 0)
  const { lost } = one.journal.state()
  assert.ok(lost > 30)
  disk.failing = null
  await until(() => one.journal.state().suspended === null)
  await one.journal.settled()
  assert.match((await one.all()).at(-1)!.sentence, new RegExp(`${lost} entries were lost`))
  assert.deepEqual((await one.journal.verify()).faults, [])
})

test('a folder that cannot be made: notes wait, who needs a number is told in time, and all goes on when it can', async () => {
  const folder = testFolder('journal')
  const disk = new FailingDisk(folder)
  disk.failing = 'EACCES'
  await using one = new TestJournal({ store: disk }, folder)
  const noted = one.journal.note(note('from the start'))
  const asked = one.journal.write(note('a person waits'))
  await until(() => one.alarms.length > 0)
  one.clock.advanceMs(11_000)
  assert.equal((await asked).seq, 0)
  assert.match(one.journal.state().suspended!, /cannot be opened \(EACCES\)/)
  disk.failing = null
  await noted
  const [entry] = await one.all()
  assert.deepEqual([entry.seq, entry.sentence], [1, 'from the start'])
})

test('a second writer of the same folder waits until the first has let go', async () => {
  await using one = new TestJournal()
  const last = await one.journal.write(note('the first process'))
  const second = new TestJournal({}, one.folder)
  const waiting = second.journal.write(note('the second process'))
  await one.journal.write(note('still the first'))
  assert.equal((await verifyJournal(one.folder)).entries, 2)
  await one.journal.close()
  assert.equal((await waiting).seq, last.seq + 2)
  await second.journal.close()
  assert.deepEqual((await verifyJournal(one.folder)).faults, [])
})

test('a clock set back changes no order, and is written down', async () => {
  let wall = 1_800_000_000_000
  const clock = { monotonicMs: () => 0 as never, wallMs: () => wall as never }
  await using one = new TestJournal({ clock })
  await one.journal.write(note('noon'))
  wall -= 3_600_000
  await one.journal.write(note('eleven'))
  await one.journal.write(note('eleven too'))
  assert.deepEqual((await one.all()).map((entry) => entry.sentence), ['noon', "the machine's clock went back by 3600 s: the numbers of the entries say the order", 'eleven', 'eleven too'])
  assert.deepEqual((await one.journal.verify()).faults, [])
})

test('an empty newest file, as a crash between making and filling it leaves, is no trouble', async () => {
  await using one = new TestJournal()
  await one.journal.write(note('a'))
  const journal = await one.again(() => writeFileSync(join(one.folder, '000000000002.jsonl'), ''))
  assert.equal((await journal.write(note('b'))).seq, 2)
  assert.deepEqual(one.alarms, [])
  await one.again(() => {
    truncateSync(join(one.folder, first), 0)
  })
  assert.equal((await one.journal.write(note('c'))).seq, 1)
})
