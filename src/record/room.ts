/**
 * What each room of the record is given and gives. A room never imports another: what they must know of each other goes through the journal (`hear`),
 * through what src/record/worker.ts hands them when it builds them, or through plain data of src/contract/.
 */
import type { Alert } from '../contract/alert.ts'
import type { JournalDraft, JournalEntry } from '../contract/journal.ts'
import type { RecordRefusal, ShieldSecond } from '../contract/record.ts'

/** Writes down. Resolves when the entry is on the disk; when the disk fails, with the entry kept in memory and an alarm raised: it never rejects. */
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
  /** Once a second; must return at once. */
  second?(second: ShieldSecond): void
  /** Every entry, after it was acknowledged; must return at once. */
  hear?(entry: JournalEntry): void
  close(): Promise<void>
}

export class RecordError extends Error {
  readonly code: RecordRefusal

  constructor(code: RecordRefusal, sentence: string) {
    super(sentence)
    this.code = code
  }
}
