/** Whatever was the last thing that reached the disk, the incidents after a restart are what the journal says. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { SimulatedClock } from '../../kernel/clock.ts'
import { RecordedLog } from '../../kernel/log.ts'
import { testFolder } from '../../kernel/test-folder.testing.ts'
import { applyEntry, type IncidentRecord } from './apply-change.ts'
import type { IncidentChange } from './changes.ts'
import { IncidentBook } from './incident-book.ts'
import { IncidentFiles } from './incident-files.ts'
import { MemoryScribe } from './incident.testing.ts'

/** Lets so many writes through; after that the process might as well be dead. */
class DyingFiles extends IncidentFiles {
  #left: number

  constructor(folder: string, writes: number) {
    super(folder)
    this.#left = writes
  }

  #one(): void {
    if (this.#left-- <= 0) throw new Error('gone')
  }

  override async write(record: IncidentRecord): Promise<void> {
    this.#one()
    return super.write(record)
  }

  override async remove(id: string): Promise<void> {
    this.#one()
    return super.remove(id)
  }

  override async writePlace(seq: number, ids: readonly string[]): Promise<void> {
    this.#one()
    return super.writePlace(seq, ids)
  }
}

const ids = ['2026-11-23-1', '2026-11-23-2', '2026-11-23-3']
const change: fc.Arbitrary<IncidentChange> = fc.oneof(
  fc.constant<IncidentChange>({ change: 'opened', title: 't', automatic: true, state: 'ATTACK', firstSeq: 1, around: [] }),
  fc.string({ maxLength: 5 }).map((text): IncidentChange => ({ change: 'noted', text })),
  fc.constant<IncidentChange>({ change: 'closed', why: 'over' }),
  fc.constantFrom(...ids).map((into): IncidentChange => ({ change: 'merged', into })),
  fc.constantFrom(...ids).map((newId): IncidentChange => ({ change: 'split', newId, atWallMs: 1_700_000_000_500, title: 's' })),
  fc.constant<IncidentChange>({ change: 'deleted' }),
)
const steps = fc.array(fc.tuple(fc.constantFrom(...ids), change), { maxLength: 25 })

test('killed at any write, with files cut or altered, the book reads what the journal says', async () => {
  await fc.assert(fc.asyncProperty(steps, fc.nat(40), fc.option(fc.nat(1_000)), async (changes, writes, damage) => {
    const folder = testFolder('book')
    const clock = new SimulatedClock()
    const scribe = new MemoryScribe(clock)
    const first = new IncidentBook(scribe, new DyingFiles(folder, writes), clock, new RecordedLog())
    await first.load()
    for (const [id, one] of changes) {
      clock.advanceMs(1_000)
      await first.change(id, one, 'ada')
    }
    const names = readdirSync(folder)
    if (damage !== null && names.length > 0) {
      const file = join(folder, names[damage % names.length])
      const content = readFileSync(file)
      writeFileSync(file, damage % 2 === 0 ? content.subarray(0, damage % (content.length + 1)) : content.map((byte, i) => (i === damage % content.length ? byte ^ 1 : byte)))
    }
    const again = new IncidentBook(scribe, new IncidentFiles(folder), clock, new RecordedLog())
    await again.load()
    const truth = new Map<string, IncidentRecord>()
    for (const entry of scribe.kept) applyEntry(truth, entry)
    assert.deepEqual(new Map(again.records), truth)
    assert.deepEqual(new Map(first.records), truth, 'and so did the one that could not write')
    // Nothing is left to do a second time.
    const log = new RecordedLog()
    const third = new IncidentBook(scribe, new IncidentFiles(folder), clock, log)
    await third.load()
    assert.deepEqual([new Map(third.records), log.lines], [truth, []])
    rmSync(folder, { recursive: true })
  }), { numRuns: 150 })
})

test('a journal that was begun anew, or lost its end, takes no incident with it, and what comes next counts', async () => {
  for (const [keep, placeLost] of [[0, false], [2, false], [0, true]] as const) {
    const folder = testFolder('book')
    const clock = new SimulatedClock()
    const scribe = new MemoryScribe(clock)
    const first = new IncidentBook(scribe, new IncidentFiles(folder), clock, new RecordedLog())
    await first.load()
    await first.change(ids[0], { change: 'opened', title: 't', automatic: true, state: 'ATTACK', firstSeq: 1, around: [] }, 'polder')
    for (const text of ['one', 'two', 'three']) await first.change(ids[0], { change: 'noted', text }, 'ada')
    const shorter = new MemoryScribe(clock, scribe.kept.slice(0, keep))
    if (placeLost) rmSync(join(folder, 'journal-place'))
    const log = new RecordedLog()
    const again = new IncidentBook(shorter, new IncidentFiles(folder), clock, log)
    await again.load()
    if (!placeLost) assert.match(log.lines[0].message, /begun anew or lost its end/)
    await again.change(ids[0], { change: 'noted', text: 'four' }, 'ada')
    const third = new IncidentBook(shorter, new IncidentFiles(folder), clock, new RecordedLog())
    await third.load()
    for (const book of [again, third]) assert.deepEqual(book.records.get(ids[0])!.notes.map((note) => note.text), ['one', 'two', 'three', 'four'])
    rmSync(folder, { recursive: true })
  }
})
