/** The journal as a room of the record. */
import type { JournalDraft, JournalEntry, JournalState } from '../../contract/journal.ts'
import type { ShieldSecond } from '../../contract/record.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Log } from '../../kernel/log.ts'
import { RecordError, type Room, type Scribe } from '../room.ts'
import type { JournalSettings } from './options.ts'

export interface JournalRoomParts {
  settings(): JournalSettings
  watchZ(): number
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
  /** Every entry, once it is acknowledged. */
  hear(entry: JournalEntry): void
  /** For status: something a person should look at. */
  alarm(code: string, sentence: string): void
}

export class JournalRoom implements Room {
  readonly scribe: Scribe
  readonly #entries: JournalEntry[] = []

  constructor(parts: JournalRoomParts) {
    const entries = this.#entries
    this.scribe = {
      write: async (draft) => {
        const entry: JournalEntry = { seq: entries.length + 1, atWallMs: parts.clock.wallMs(), ...draft, previous: '', hash: '' }
        entries.push(entry)
        parts.hear(entry)
        return entry
      },
      async *entries(fromSeq) {
        yield* entries.slice(fromSeq - 1)
      },
    }
  }

  async note(draft: JournalDraft): Promise<void> {
    await this.scribe.write(draft)
  }

  async settled(): Promise<void> {}

  state(): JournalState {
    return { entries: this.#entries.length, lastSeq: this.#entries.length, lastHash: '', segments: 0, bytes: 0, suspended: null, waiting: 0, lost: 0, failures: 0 }
  }

  second(second: ShieldSecond): void {
    for (const event of second.events) void this.note({ kind: 'control', who: 'polder', sentence: event.sentence, data: event })
  }

  async answer(question: string, asks: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (question !== 'list') throw new RecordError('unknown-question', `the journal has no question ${question}`)
    return { entries: this.#entries.filter((entry) => entry.seq > Number(asks['afterSeq'])), more: false }
  }

  async close(): Promise<void> {}
}
