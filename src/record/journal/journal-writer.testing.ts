/**
 * A process that writes a journal until it is killed: `journal-writer.testing.ts FOLDER SEED`. Says `open` once, then `SEQ HASH` for each acknowledged entry, each
 * written to the pipe before the next step, so that the other side knows of every acknowledgement that came before the kill.
 */
import { writeSync } from 'node:fs'
import { systemClock } from '../../kernel/clock.ts'
import { RecordedLog } from '../../kernel/log.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { Journal } from './journal.ts'
import { journalOptions } from './options.ts'
import { DiskSegments } from './segment-store.ts'

/** Small, so that kills also fall into new segments and into retention. */
const SEGMENT_BYTES = 24_000
const KEEP_BYTES = 150_000
const WRITERS = 6

const [folder, seed] = process.argv.slice(2)
const random = new SeededRandom(Number(seed))
const journal = new Journal({
  folder, store: new DiskSegments(folder), clock: systemClock, log: new RecordedLog(), segmentBytes: SEGMENT_BYTES,
  settings: () => ({ ...defaultsOf(journalOptions), keepBytes: KEEP_BYTES }),
  hear: () => {}, alarm: () => {},
})
await journal.opened()
writeSync(1, 'open\n')

async function writeForEver(): Promise<void> {
  for (;;) {
    const { seq, hash } = await journal.write({ kind: 'note', who: 'tester', sentence: 'a line that must not be lost', data: 'x'.repeat(random.below(600)) })
    writeSync(1, `${seq} ${hash}\n`)
  }
}

await Promise.all(Array.from({ length: WRITERS }, writeForEver))
