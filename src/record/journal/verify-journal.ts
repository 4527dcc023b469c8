/**
 * Reads a journal from its first byte to its last and says whether it is what was written. Needs the folder alone: no running shield, no lock, no key.
 * Finds every altered byte, every line removed, put in or moved, and every segment that is gone without a checkpoint that says so. It cannot know of whole
 * entries cut off at the end, or of a journal written anew from some point on: for that give it a hash noted elsewhere (the process log has them).
 */
import { join } from 'node:path'
import type { JournalEntry, JournalFault, JournalVerdict } from '../../contract/journal.ts'
import { emptyHead, type Head, readLine } from './chain.ts'
import { listSegments, readLines, type SegmentName } from './segment-files.ts'

const MOST_FAULTS = 100
/** A running journal deletes old segments while we read. */
const MOST_TRIES = 3

/** A hash that must stand in the chain. */
export interface VerifyOptions {
  readonly expectHash?: string
}

/** What a checkpoint entry says (retention): everything through `throughSeq`, which had this hash, was deleted by rule. */
export interface CheckpointData {
  readonly throughSeq: number
  readonly throughHash: string
}

/** @throws a system error when the folder cannot be read. */
export async function verifyJournal(folder: string, options: VerifyOptions = {}): Promise<JournalVerdict> {
  for (let tries = 1; ; tries++) {
    try {
      return await new Verification(folder, options).run()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === MOST_TRIES) throw error
    }
  }
}

class Verification {
  readonly #folder: string
  readonly #expectHash: string | null
  #expectSeen = false
  #entries = 0
  #firstSeq: number | null = null
  /** null after a fault: the next good line says where the chain goes on. */
  #head: Head | null = emptyHead
  #last: Head | null = null
  #tornBytes = 0
  readonly #faults: JournalFault[] = []
  readonly #checkpoints = new Map<number, string>()
  /** The first entry's place and what it is bound to, when it is not the first of all. */
  #beginning: { readonly file: string; readonly seq: number; readonly previous: string } | null = null

  constructor(folder: string, options: VerifyOptions) {
    this.#folder = folder
    this.#expectHash = options.expectHash?.toLowerCase() ?? null
  }

  async run(): Promise<JournalVerdict> {
    const segments = await listSegments(this.#folder)
    for (const [i, segment] of segments.entries()) await this.#readSegment(segment, i === segments.length - 1)
    const start = this.#beginning
    if (start !== null && this.#checkpoints.get(start.seq - 1) !== start.previous) {
      this.#fault(start.file, 1, start.seq, `the journal begins with entry ${start.seq}, and no checkpoint says that what came before was deleted by retention`)
    }
    if (this.#expectHash !== null && !this.#expectSeen) {
      this.#fault(segments.at(-1)?.file ?? '', 0, null, `the hash ${this.#expectHash.slice(0, 16)}… is not in this journal: it was written anew, its end was cut off, or the hash is older than what is kept`)
    }
    return { entries: this.#entries, firstSeq: this.#firstSeq, lastSeq: this.#last?.seq ?? null, lastHash: this.#last?.hash ?? null, faults: this.#faults, tornBytes: this.#tornBytes }
  }

  async #readSegment({ file, firstSeq }: SegmentName, isLast: boolean): Promise<void> {
    let first = true
    let line = 0
    for await (const { bytes, whole, number } of readLines(join(this.#folder, file))) {
      line = number
      if (!whole) this.#readTorn(file, number, bytes, isLast)
      else {
        const entry = readLine(bytes)
        if (entry === null) this.#bad(file, number)
        else {
          if (first && entry.seq !== firstSeq) this.#fault(file, number, entry.seq, `the file's name says that it begins with entry ${firstSeq}, and it begins with ${entry.seq}`)
          this.#take(file, number, entry)
        }
      }
      first = false
    }
    if (line === 0 && !isLast) this.#fault(file, 1, firstSeq, 'the file is empty, and it is not the last one')
  }

  #bad(file: string, number: number): void {
    const seq = this.#head === null ? null : this.#head.seq + 1
    this.#fault(file, number, seq, `this line is not what was written${seq === null ? '' : ` (entry ${seq})`}`)
    this.#head = null
  }

  /** A crash leaves the beginning of a line at the very end. Anything else without a line end was put there. */
  #readTorn(file: string, number: number, bytes: Buffer, isLast: boolean): void {
    if (!isLast) return this.#fault(file, number, null, 'the file ends within a line, and it is not the last one')
    for (let more = 0; more <= 1; more++) {
      const entry = readLine(bytes.subarray(0, bytes.length - more))
      if (entry === null) continue
      if (more === 1) return this.#fault(file, number, entry.seq, 'the end of this line is not what was written')
      // Whole but for its line end.
      return this.#take(file, number, entry)
    }
    const last = bytes.subarray(0, bytes.length - 1)
    if (last.includes(0) || isBeginningOfLine(bytes)) this.#tornBytes = bytes.length
    else this.#bad(file, number)
  }

  #take(file: string, number: number, entry: JournalEntry): void {
    this.#entries++
    if (this.#firstSeq === null) {
      this.#firstSeq = entry.seq
      if (entry.seq > 1 && this.#head !== null) {
        this.#beginning = { file, seq: entry.seq, previous: entry.previous }
        this.#head = null
      }
    }
    const head = this.#head
    if (head !== null && (entry.seq !== head.seq + 1 || entry.previous !== head.hash)) this.#fault(file, number, entry.seq, this.#breakText(entry, head))
    this.#head = this.#last = { seq: entry.seq, hash: entry.hash }
    if (entry.hash === this.#expectHash) this.#expectSeen = true
    if (entry.kind === 'checkpoint' && typeof entry.data === 'object' && entry.data !== null) {
      const { throughSeq, throughHash } = entry.data as Partial<CheckpointData>
      if (typeof throughSeq === 'number' && typeof throughHash === 'string') this.#checkpoints.set(throughSeq, throughHash)
    }
  }

  #breakText(entry: JournalEntry, head: Head): string {
    if (entry.seq > head.seq + 1) return `entries ${head.seq + 1} to ${entry.seq - 1} are missing before this one`
    if (entry.seq <= head.seq) return `entry ${entry.seq} stands after entry ${head.seq}: a line was put in, or moved`
    return `entry ${entry.seq} is bound to another entry ${head.seq} than the one before it`
  }

  #fault(file: string, line: number, seq: number | null, sentence: string): void {
    if (this.#faults.length < MOST_FAULTS) this.#faults.push({ file, line, seq, sentence })
  }
}

/** Whether this could be the beginning of a line: the fixed beginning every line has, as far as it goes. */
function isBeginningOfLine(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, 64)
  const start = '{"seq":'
  return text.length <= start.length ? start.startsWith(text) : text.startsWith(start)
}
