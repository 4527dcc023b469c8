/**
 * What each room of the record is given and gives. A room never imports another: what they must know of each other goes through the journal (`hear`),
 * through what src/record/worker.ts hands them when it builds them, or through plain data of src/contract/.
 */
import type { Alert } from '../contract/alert.ts'
import type { JournalDraft, JournalEntry } from '../contract/journal.ts'
import type { RecordRefusal, ShieldSecond } from '../contract/record.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'

/**
 * Writes down. Resolves when the entry is on the disk; when the disk fails, with the entry kept in memory and an alarm raised: it never rejects. Only when
 * the disk failed for so long that the memory for entries is used up, the entry is lost and counted: it then comes back with seq 0 and an empty hash.
 */
export interface Scribe {
  write(draft: JournalDraft): Promise<JournalEntry>
  /** Entries still kept, oldest first, for building figures; reads the disk in pieces. */
  entries(fromSeq: number): AsyncIterable<JournalEntry>
}

export interface Teller {
  tell(alert: Alert): void
}

export interface Room {
  /** @throws RecordError with a sentence for the person who asked. */
  answer(question: string, asks: Readonly<Record<string, unknown>>, who: string): Promise<unknown>
  /** After new settings were taken up (RoomParts.settings gives them); must return at once. */
  settingsChanged?(): void
  /** Once a second; must return at once. */
  second?(second: ShieldSecond): void
  /** Every entry, after it was acknowledged; must return at once. */
  hear?(entry: JournalEntry): void
  close(): Promise<void>
}

/** What src/record/worker.ts hands every room when it builds it. */
export interface RoomParts<S> {
  /** The newest settings of this room's section. */
  settings(): S
  /** The room's own folder under dataDir; made by whoever first writes there, with mode 0700. */
  readonly folder: string
  readonly scribe: Scribe
  readonly teller: Teller
  readonly clock: Clock
  readonly log: Log
  readonly version: string
}

export class RecordError extends Error {
  readonly code: RecordRefusal

  constructor(code: RecordRefusal, sentence: string) {
    super(sentence)
    this.code = code
  }
}
