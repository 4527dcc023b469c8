/** Entries of a journal that is being written, in order: from its files, then what waits in memory. What was altered on the disk is not given out. */
import { join } from 'node:path'
import type { JournalEntry } from '../../contract/journal.ts'
import { readLine } from './chain.ts'
import type { Segment } from './retention.ts'
import { readLines } from './segment-files.ts'

/** How far the writer is, at the moment it is asked. */
export interface WriterView {
  readonly segments: readonly Segment[]
  /** Chained and not on the disk yet. */
  readonly inMemory: readonly JournalEntry[]
  readonly writtenSeq: number
  readonly lastSeq: number
}

export class JournalReader {
  readonly #folder: string
  readonly #look: () => Promise<WriterView>

  constructor(folder: string, look: () => Promise<WriterView>) {
    this.#folder = folder
    this.#look = look
  }

  async *entries(fromSeq: number): AsyncGenerator<JournalEntry> {
    let next = fromSeq
    for (let view = await this.#look(); next <= view.lastSeq; view = await this.#look()) {
      const started = next
      const from = Math.max(0, view.segments.findLastIndex((one) => one.firstSeq <= next))
      for (const { file } of view.segments.slice(from)) {
        for await (const entry of this.#entriesOf(file)) {
          if (entry.seq < next) continue
          next = entry.seq + 1
          yield entry
        }
      }
      const stuck = next === started
      const now = await this.#look()
      for (const entry of now.inMemory) {
        // A gap: what is missing was written while we read, and the disk has it now; or it was altered there, and is not given out.
        if (entry.seq > next && now.writtenSeq >= next && !stuck) break
        if (entry.seq < next) continue
        next = entry.seq + 1
        yield entry
      }
      if (next === started) return
    }
  }

  async *newestFirst(): AsyncGenerator<JournalEntry> {
    const { inMemory, segments } = await this.#look()
    let before = Number.POSITIVE_INFINITY
    for (const entry of inMemory.toReversed()) {
      before = entry.seq
      yield entry
    }
    for (const { file } of segments.toReversed()) {
      const all: JournalEntry[] = []
      for await (const entry of this.#entriesOf(file)) if (entry.seq < before) all.push(entry)
      yield* all.toReversed()
      before = all[0]?.seq ?? before
    }
  }

  /** Clocks jump, so it looks one file further back. */
  async firstSeqSince(wallMs: number): Promise<number> {
    const { segments } = await this.#look()
    const at = segments.findIndex((one) => one.firstAtWallMs >= wallMs)
    const index = (at === -1 ? segments.length : at) - 2
    return segments[Math.max(0, index)]?.firstSeq ?? 1
  }

  /** None when retention has just deleted the file. */
  async *#entriesOf(file: string): AsyncGenerator<JournalEntry> {
    try {
      for await (const { bytes, whole } of readLines(join(this.#folder, file))) {
        const entry = whole ? readLine(bytes) : null
        if (entry !== null) yield entry
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}
