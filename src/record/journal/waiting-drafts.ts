/** What is to be written before the journal could be opened: kept in order, with the time it came at, and bounded. Who needs a number is not kept waiting for long. */
import type { JournalDraft, JournalEntry } from '../../contract/journal.ts'
import { SECOND_MS } from '../../kernel/units.ts'

const MOST_DRAFTS = 2_000
/** Who must have the number of an entry is not kept waiting longer for a journal that cannot be opened. */
const NUMBER_WITHIN_MS = 10 * SECOND_MS

export interface WaitingDraft {
  readonly draft: JournalDraft
  readonly atWallMs: number
  readonly sinceMs: number
  readonly needsNumber: boolean
  resolve(entry: JournalEntry): void
}

export class WaitingDrafts {
  #drafts: WaitingDraft[] = []

  get count(): number {
    return this.#drafts.length
  }

  /** False: there is no room for it. */
  add(one: WaitingDraft): boolean {
    if (this.#drafts.length >= MOST_DRAFTS) return false
    this.#drafts.push(one)
    return true
  }

  /** Before all that wait: what was found when the journal was opened. */
  addFirst(one: WaitingDraft): void {
    this.#drafts.unshift(one)
  }

  takeAll(): readonly WaitingDraft[] {
    const all = this.#drafts
    this.#drafts = []
    return all
  }

  /** Those whose number is overdue: they are told as lost, and not written later. */
  takeImpatient(nowMs: number): readonly WaitingDraft[] {
    const isImpatient = (one: WaitingDraft): boolean => one.needsNumber && one.sinceMs <= nowMs - NUMBER_WITHIN_MS
    const gone = this.#drafts.filter(isImpatient)
    if (gone.length > 0) this.#drafts = this.#drafts.filter((one) => !isImpatient(one))
    return gone
  }
}
