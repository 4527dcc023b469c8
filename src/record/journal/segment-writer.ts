/** The file the journal is in now, and the list of all. After a failed write the file is opened anew and cut to what is known to be there. */
import type { JournalEntry } from '../../contract/journal.ts'
import type { Segment } from './retention.ts'
import { segmentFile } from './segment-files.ts'
import type { OpenSegment, SegmentStore } from './segment-store.ts'

export class SegmentWriter {
  readonly #store: SegmentStore
  readonly #segmentBytes: number
  #open: OpenSegment | null = null
  /** Oldest first. */
  segments: Segment[] = []

  constructor(store: SegmentStore, segmentBytes: number) {
    this.#store = store
    this.#segmentBytes = segmentBytes
  }

  get bytes(): number {
    return this.segments.reduce((sum, one) => sum + one.bytes, 0)
  }

  /** Resolves when these lines are on the disk; true: in a new segment. @throws a system error; then call `letGo`. */
  async append(first: JournalEntry, lines: Buffer): Promise<boolean> {
    let segment = this.segments.at(-1)
    const isNew = segment === undefined || segment.bytes + lines.length > this.#segmentBytes
    if (segment === undefined || isNew) {
      await this.#open?.close()
      this.#open = null
      segment = { file: segmentFile(first.seq), firstSeq: first.seq, previous: first.previous, firstAtWallMs: first.atWallMs, bytes: 0 }
      this.#open = await this.#store.openSegment(segment.file, true)
      this.segments.push(segment)
    } else if (this.#open === null) {
      this.#open = await this.#store.openSegment(segment.file, false)
      await this.#open.cut(segment.bytes)
    }
    await this.#open!.write(lines, segment.bytes)
    segment.bytes += lines.length
    return isNew && this.segments.length > 1
  }

  async letGo(): Promise<void> {
    const segment = this.#open
    this.#open = null
    try {
      await segment?.close()
    } catch {
      // It failed before; what is not on the disk is still in memory.
    }
  }

  /** The oldest segment, with what was cut off it. @throws a system error. */
  async removeOldest(): Promise<void> {
    const { file } = this.segments[0]
    await this.#store.remove(file)
    this.segments.shift()
    try {
      await this.#store.remove(`${file}.torn`)
    } catch {
      // Hardly any has one.
    }
  }
}
