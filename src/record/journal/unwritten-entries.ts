/**
 * Chained entries between memory and disk, in order. Bounded: beyond half of the room figures are refused, beyond all of it everything. An entry is acknowledged
 * once, and told to who hears in the order of the chain, also when somebody who hears writes the next one meanwhile.
 */
import type { JournalEntry } from '../../contract/journal.ts'
import { MIB } from '../../kernel/units.ts'

/** Written and synced at once. */
const BATCH_BYTES = MIB
/** Entries that wait for the disk. */
const WAITING_BYTES = 8 * MIB
const WAITING_ENTRIES = 20_000

interface Unwritten {
  readonly entry: JournalEntry
  readonly line: Buffer
  /** null: acknowledged already, from memory. */
  resolve: ((entry: JournalEntry) => void) | null
}

export class UnwrittenEntries {
  readonly #hear: (entry: JournalEntry) => void
  #entries: Unwritten[] = []
  #bytes = 0
  #unheard: JournalEntry[] = []
  #telling = false

  /** `hear`: every entry, in order, once it is acknowledged. */
  constructor(hear: (entry: JournalEntry) => void) {
    this.#hear = hear
  }

  get count(): number {
    return this.#entries.length
  }

  entries(): JournalEntry[] {
    return this.#entries.map(({ entry }) => entry)
  }

  hasRoomFor(kind: JournalEntry['kind']): boolean {
    const share = kind === 'measure' || kind === 'sample' ? 0.5 : 1
    return this.#bytes <= WAITING_BYTES * share && this.#entries.length <= WAITING_ENTRIES * share
  }

  add(entry: JournalEntry, line: Buffer, resolve: (entry: JournalEntry) => void): void {
    this.#entries.push({ entry, line, resolve })
    this.#bytes += line.length
  }

  /** What to write next, oldest first: as much as goes into one write, at least one entry. Only when there are some. */
  batch(): { readonly entries: readonly JournalEntry[]; readonly bytes: Buffer } {
    let count = 0
    let bytes = 0
    while (count < this.#entries.length && (count === 0 || bytes + this.#entries[count].line.length <= BATCH_BYTES)) bytes += this.#entries[count++].line.length
    const batch = this.#entries.slice(0, count)
    return { entries: batch.map(({ entry }) => entry), bytes: Buffer.concat(batch.map(({ line }) => line)) }
  }

  /** The oldest so many are on the disk: to be acknowledged by the caller, once it has said so. */
  takeWritten(count: number): () => void {
    const written = this.#entries.splice(0, count)
    for (const { line } of written) this.#bytes -= line.length
    return () => {
      for (const one of written) this.#acknowledge(one)
    }
  }

  /** From memory: the disk fails. They stay to be written. */
  acknowledgeAll(): void {
    for (const one of this.#entries.slice()) this.#acknowledge(one)
  }

  /** The same of the one that came last, while all before it are acknowledged already. */
  acknowledgeNewest(): void {
    this.#acknowledge(this.#entries.at(-1)!)
  }

  #acknowledge(one: Unwritten): void {
    if (one.resolve === null) return
    one.resolve(one.entry)
    one.resolve = null
    this.#unheard.push(one.entry)
    if (this.#telling) return
    this.#telling = true
    for (let entry = this.#unheard.shift(); entry !== undefined; entry = this.#unheard.shift()) this.#hear(entry)
    this.#telling = false
  }
}
