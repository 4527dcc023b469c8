/** Real SIGKILLs at random moments of a writing journal, and what must be there afterwards. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { JournalVerdict } from '../../contract/journal.ts'
import type { SeededRandom } from '../../kernel/random.ts'
import { readLine } from './chain.ts'
import { listSegments, readLines } from './segment-files.ts'
import { verifyJournal } from './verify-journal.ts'

const program = join(import.meta.dirname, 'journal-writer.testing.ts')
/** Node starts and the journal opens well within this; kills in it fall into recovery. */
const START_MS = 250
const WRITING_MS = 60
/** Of the kills: before the journal says that it is open, or about then. */
const EARLY_SHARE = 0.15

export interface Killed {
  readonly acknowledged: number
  /** Acknowledged, not deleted by retention, and not there: must be none. */
  readonly missing: readonly number[]
  readonly verdict: JournalVerdict
}

/** Starts a writer in this folder, kills it at a random moment, and looks what is there. */
export async function killOnce(folder: string, random: SeededRandom): Promise<Killed> {
  const child = spawn(process.execPath, ['--no-warnings', program, folder, String(random.below(2 ** 31))], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('latin1')
  const early = random.next() < EARLY_SHARE
  const delayMs = random.next() * (early ? START_MS : WRITING_MS)
  let timer = early ? setTimeout(() => child.kill('SIGKILL'), delayMs) : null
  child.stdout.on('data', (chunk: string) => {
    text += chunk
    timer ??= setTimeout(() => child.kill('SIGKILL'), delayMs)
  })
  await new Promise((resolve) => child.once('close', resolve))
  // A last line without its end was never said whole.
  const acknowledged = text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter((line) => line.includes(' ')).map((line) => line.split(' '))
  const verdict = await verifyJournal(folder)
  const hashes = new Map<number, string>()
  for (const { file } of await listSegments(folder)) {
    for await (const { bytes } of readLines(join(folder, file))) {
      const entry = readLine(bytes)
      if (entry !== null) hashes.set(entry.seq, entry.hash)
    }
  }
  const missing = acknowledged.filter(([seq, hash]) => Number(seq) >= (verdict.firstSeq ?? 1) && hashes.get(Number(seq)) !== hash).map(([seq]) => Number(seq))
  return { acknowledged: acknowledged.length, missing, verdict }
}
