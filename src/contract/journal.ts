import type { AsksNothing } from './asks-nothing.ts'

/** The journal: what happened, in order, each entry bound to the one before by its hash, so that an alteration is found and its place is known. */
export const journalKinds = Object.freeze([
  'start', 'stop', 'reload', 'upgrade',
  'state', 'rule', 'act', 'control', // from the control plane (data: ControlEvent): changes of state, rules, orders of people, the rest of its events
  'measure', // figures of a span of time (data: Measure, contract/measure.ts): every 10 s while the state is not normal or an incident is open, every 60 s otherwise
  'sample', // reduced samples of requests, kept beside the journal, named here with their hash
  'incident', 'claim', 'hypothesis', 'note', 'task', 'evidence', 'report',
  'statement', 'alert', 'posture', 'login', 'alarm', 'lifeline',
  'checkpoint', // the hash of everything so far, after older segments were deleted by retention
] as const)
export type JournalKind = (typeof journalKinds)[number]

export interface JournalEntry {
  /** From 1, without a gap. */
  readonly seq: number
  readonly atWallMs: number
  readonly kind: JournalKind
  /** A person's name, or `polder`. */
  readonly who: string
  /** Stands on its own. */
  readonly sentence: string
  /** Plain JSON, at most 64 KiB; null when the sentence says all. */
  readonly data: unknown
  /** SHA-256, hex, of the entry before and of this one (src/record/journal says over which bytes). */
  readonly previous: string
  readonly hash: string
}

export type JournalDraft = Omit<JournalEntry, 'seq' | 'atWallMs' | 'previous' | 'hash'>

export interface JournalFault {
  readonly file: string
  readonly line: number
  readonly seq: number | null
  readonly sentence: string
}

export interface JournalVerdict {
  readonly entries: number
  readonly firstSeq: number | null
  readonly lastSeq: number | null
  readonly lastHash: string | null
  /** Empty: nothing was altered, removed or put in. */
  readonly faults: readonly JournalFault[]
  /** A torn last line, as a crash leaves it: cut off at the next start, no fault. */
  readonly tornBytes: number
}

export interface JournalExchanges {
  /** Oldest first; `afterSeq` 0 for the beginning; `most` at most 1,000. `newest`: the newest `most` of them. */
  readonly list: { readonly asks: { readonly afterSeq: number; readonly most: number; readonly kinds?: readonly JournalKind[]; readonly fromWallMs?: number; readonly toWallMs?: number; readonly newest?: boolean }; readonly answers: { readonly entries: readonly JournalEntry[]; readonly more: boolean } }
  readonly verify: { readonly asks: AsksNothing; readonly answers: JournalVerdict }
  /** The newest entry on the disk. */
  readonly head: { readonly asks: AsksNothing; readonly answers: { readonly seq: number; readonly hash: string } }
  readonly [question: string]: { readonly asks: object; readonly answers: unknown }
}

/** What `polder journal export` made. */
export interface JournalCopy {
  readonly files: number
  readonly bytes: number
  readonly verdict: JournalVerdict
}

/** How the journal fares now; shown by status, metrics and `polder journal verify`. */
export interface JournalState {
  readonly entries: number
  readonly lastSeq: number
  /** Of the newest entry: a copy of it kept elsewhere proves everything before it. */
  readonly lastHash: string
  readonly segments: number
  readonly bytes: number
  /** Why entries are kept in memory for now, or null. */
  readonly suspended: string | null
  /** Entries in memory that are not on the disk yet. */
  readonly waiting: number
  /** Entries given up since the start, because the disk failed for so long that the memory for them was used up. */
  readonly lost: number
  readonly failures: number
}
