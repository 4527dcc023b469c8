/** The journal as a room of the record: writes down what the shield did in each second, and answers what is in it. */
import { type JournalEntry, journalKinds, type JournalKind } from '../../contract/journal.ts'
import type { ShieldSecond } from '../../contract/record.ts'
import { RecordError, type Room } from '../room.ts'
import type { Journal } from './journal.ts'
import { draftsOf } from './shield-entries.ts'

const MOST_LISTED = 1_000
/** Of the answer: the control socket carries four MiB. */
const LISTED_BYTES = 3 * 1_048_576

interface ListAsks {
  readonly afterSeq: number
  readonly most: number
  readonly kinds: ReadonlySet<JournalKind> | null
  readonly fromWallMs: number
  readonly toWallMs: number
  readonly newest: boolean
}

export class JournalRoom implements Room {
  readonly #journal: Journal

  constructor(journal: Journal) {
    this.#journal = journal
  }

  second(second: ShieldSecond): void {
    for (const draft of draftsOf(second)) void this.#journal.note(draft)
    this.#journal.tick()
  }

  async answer(question: string, asks: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (question === 'list') return this.#list(listAsks(asks))
    if (question === 'verify') return this.#journal.verify()
    if (question === 'head') return this.#journal.head()
    throw new RecordError('unknown-question', `the journal has no question ${question}; it has list, verify, head`)
  }

  async #list(asks: ListAsks): Promise<{ entries: JournalEntry[]; more: boolean }> {
    const entries: JournalEntry[] = []
    let bytes = 0
    let more = false
    const from = Math.max(asks.afterSeq + 1, asks.fromWallMs > 0 ? await this.#journal.firstSeqSince(asks.fromWallMs) : 1)
    for await (const entry of asks.newest ? this.#journal.newestFirst() : this.#journal.entries(from)) {
      if (asks.newest && entry.seq <= asks.afterSeq) break
      if ((asks.kinds !== null && !asks.kinds.has(entry.kind)) || entry.atWallMs < asks.fromWallMs || entry.atWallMs > asks.toWallMs) continue
      bytes += JSON.stringify(entry).length
      if (entries.length === asks.most || (entries.length > 0 && bytes > LISTED_BYTES)) {
        more = true
        break
      }
      entries.push(entry)
    }
    return { entries: asks.newest ? entries.reverse() : entries, more }
  }

  close(): Promise<void> {
    return this.#journal.close()
  }
}

function listAsks(asks: Readonly<Record<string, unknown>>): ListAsks {
  const { kinds } = asks
  if (kinds !== undefined && (!Array.isArray(kinds) || kinds.length === 0 || !kinds.every((kind) => (journalKinds as readonly unknown[]).includes(kind)))) {
    throw new RecordError('bad-question', `kinds must be a list of: ${journalKinds.join(', ')}`)
  }
  return {
    afterSeq: number(asks, 'afterSeq', 0, Number.MAX_SAFE_INTEGER, 0),
    most: number(asks, 'most', 1, MOST_LISTED, MOST_LISTED),
    kinds: kinds === undefined ? null : new Set(kinds as JournalKind[]),
    fromWallMs: number(asks, 'fromWallMs', 0, Number.MAX_SAFE_INTEGER, 0),
    toWallMs: number(asks, 'toWallMs', 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    newest: asks['newest'] === true,
  }
}

function number(asks: Readonly<Record<string, unknown>>, name: string, least: number, most: number, fallback: number): number {
  const value = asks[name] ?? fallback
  if (typeof value !== 'number' || !(value >= least && value <= most)) throw new RecordError('bad-question', `${name} must be a number from ${least} to ${most}`)
  return value
}
