import type { ShieldState } from './plan.ts'
import type { AsksNothing } from './asks-nothing.ts'

/**
 * An incident: evidence, claims and judgements, kept apart. Evidence is what Polder or a person recorded; a claim is what somebody says; a hypothesis is a
 * question of the people who lead the incident, and its answer is theirs: Polder never fills it in, and the default is "not known".
 */
export interface Incident {
  /** `2026-11-23-1`: day of its opening (UTC) and a number. */
  readonly id: string
  readonly title: string
  readonly openedAtWallMs: number
  readonly openedBy: string
  readonly closedAtWallMs: number | null
  readonly closedBy: string | null
  /** When people became aware: the legal clocks start here. null: nobody said so yet. */
  readonly awareAtWallMs: number | null
  readonly awareWho: string | null
  readonly tlp: TlpMarking
  /** By a person; Polder says nothing about severity in law. */
  readonly significant: boolean | null
  /** Merged into this incident, or null. */
  readonly mergedInto: string | null
  readonly figures: readonly Figure[]
  readonly timeline: readonly TimelineItem[]
  readonly claims: readonly Claim[]
  readonly hypotheses: readonly Hypothesis[]
  readonly evidence: readonly EvidenceItemOfIncident[]
  readonly notes: readonly IncidentNote[]
  readonly tasks: readonly IncidentTask[]
  readonly reports: readonly SentReport[]
  /** Answers of a person to what a report asks and Polder cannot know (contract/report.ts names them). */
  readonly answers: Readonly<Record<string, { readonly text: string; readonly who: string; readonly atWallMs: number }>>
  /** Events of the calendar around it: facts, not causes. */
  readonly around: ReadonlyArray<{ readonly title: string; readonly fromWallMs: number; readonly toWallMs: number; readonly postures: readonly string[] }>
  /** Whole addresses are kept as evidence: by whose order, on which legal ground, until when. */
  readonly addressEvidence: { readonly who: string; readonly legalNote: string; readonly fromWallMs: number; readonly untilWallMs: number } | null
}

/** TLP 2.0 (FIRST). */
export const tlpMarkings = Object.freeze(['clear', 'green', 'amber', 'amber+strict', 'red'] as const)
export type TlpMarking = (typeof tlpMarkings)[number]

export type FigureCode =
  | 'start' | 'detected' | 'mitigated' | 'ended' | 'duration-seconds'
  | 'peak-requests-per-second' | 'expected-requests-per-second' | 'requests' | 'served' | 'refused' | 'lost'
  | 'from-cache-share' | 'challenged' | 'challenge-passed' | 'waited'
  | 'collateral-share-bound' | 'visitors-served'
  | 'origin-latency-p50-ms' | 'origin-latency-p99-ms' | 'origin-errors' | 'origin-strained-seconds'
  | 'peak-bits-per-second-out' | 'rules'
  | 'pattern-share' | 'network-share' | 'country-share'

/** One number with where it comes from: nothing is said that cannot be traced. */
export interface Figure {
  readonly code: FigureCode
  /** In plain words, with its unit. */
  readonly name: string
  /** Of what, for shares: the pattern, network or country. */
  readonly of?: string
  /** Times in milliseconds since 1970; shares 0 to 1. null: not known. */
  readonly value: number | null
  readonly unit: 'time' | 'seconds' | 'per-second' | 'requests' | 'share' | 'ms' | 'bits-per-second' | 'count'
  readonly kind: 'exact' | 'sampled' | 'estimated' | 'not-known'
  /** Journal entries it was computed from: single numbers or [first, last] ranges. */
  readonly from: ReadonlyArray<number | readonly [number, number]>
}

export interface TimelineItem {
  readonly atWallMs: number
  readonly kind: 'state' | 'rule' | 'act' | 'origin' | 'alert' | 'statement' | 'claim' | 'person' | 'calendar' | 'system'
  readonly sentence: string
  readonly who: string
  readonly seq: number
}

/** Admiralty scale (NATO STANAG 2511): reliability of the source A to F, credibility of what it says 1 to 6. F and 6: cannot be judged. */
export const sourceReliabilities = Object.freeze(['A', 'B', 'C', 'D', 'E', 'F'] as const)
export const credibilities = Object.freeze([1, 2, 3, 4, 5, 6] as const)

export interface Claim {
  readonly id: string
  readonly saidBy: string
  readonly where: string
  readonly saidAtWallMs: number | null
  readonly text: string
  readonly reliability: (typeof sourceReliabilities)[number]
  readonly credibility: (typeof credibilities)[number]
  /** Of a saved copy among the evidence. */
  readonly evidenceId: string | null
  readonly who: string
  readonly atWallMs: number
}

export const hypothesisVerdicts = Object.freeze(['not known', 'unlikely', 'possible', 'likely', 'confirmed', 'refuted'] as const)

export interface Hypothesis {
  readonly id: string
  readonly text: string
  readonly verdict: (typeof hypothesisVerdicts)[number]
  readonly supports: readonly Argument[]
  readonly against: readonly Argument[]
  readonly who: string
  readonly atWallMs: number
}

export interface Argument {
  readonly text: string
  /** An evidence or claim id, or ''. */
  readonly reference: string
  readonly who: string
  readonly atWallMs: number
}

export interface EvidenceItemOfIncident {
  readonly id: string
  readonly name: string
  /** How it came here, in a sentence. */
  readonly provenance: string
  readonly bytes: number
  /** SHA-256, hex, of the file as it was taken in. */
  readonly sha256: string
  readonly who: string
  readonly atWallMs: number
}

export interface IncidentNote {
  readonly id: string
  readonly text: string
  readonly who: string
  readonly atWallMs: number
}

export interface IncidentTask {
  readonly id: string
  readonly text: string
  readonly assignee: string
  readonly dueWallMs: number | null
  readonly doneAtWallMs: number | null
  readonly who: string
  readonly atWallMs: number
}

export interface SentReport {
  readonly kind: string
  readonly sentAtWallMs: number
  readonly to: string
  readonly who: string
  readonly sha256: string
}

export interface IncidentSummary {
  readonly id: string
  readonly title: string
  readonly openedAtWallMs: number
  readonly closedAtWallMs: number | null
  readonly awareAtWallMs: number | null
  readonly tlp: TlpMarking
  readonly worstState: ShieldState
  readonly mergedInto: string | null
  readonly openTasks: number
}

type Id = { readonly id: string }

export interface IncidentExchanges {
  readonly list: { readonly asks: AsksNothing; readonly answers: readonly IncidentSummary[] }
  /** `id` 'open' or 'last' names the one that is open, or the newest. */
  readonly show: { readonly asks: Id; readonly answers: Incident }
  readonly open: { readonly asks: { readonly title: string }; readonly answers: Incident }
  readonly close: { readonly asks: Id & { readonly why: string }; readonly answers: Incident }
  readonly merge: { readonly asks: Id & { readonly into: string }; readonly answers: Incident }
  /** What happened from `atWallMs` on goes into a new incident. */
  readonly split: { readonly asks: Id & { readonly atWallMs: number; readonly title: string }; readonly answers: Incident }
  readonly aware: { readonly asks: Id & { readonly atWallMs: number }; readonly answers: Incident }
  readonly mark: { readonly asks: Id & { readonly tlp?: TlpMarking; readonly significant?: boolean; readonly title?: string }; readonly answers: Incident }
  readonly answer: { readonly asks: Id & { readonly field: string; readonly text: string }; readonly answers: Incident }
  readonly note: { readonly asks: Id & { readonly text: string }; readonly answers: Incident }
  readonly task: { readonly asks: Id & { readonly text: string; readonly assignee: string; readonly dueWallMs: number | null }; readonly answers: Incident }
  readonly taskDone: { readonly asks: Id & { readonly taskId: string }; readonly answers: Incident }
  readonly claim: { readonly asks: Id & Omit<Claim, 'id' | 'who' | 'atWallMs'>; readonly answers: Incident }
  readonly hypothesis: { readonly asks: Id & { readonly text: string }; readonly answers: Incident }
  readonly argue: { readonly asks: Id & { readonly hypothesisId: string; readonly side: 'supports' | 'against'; readonly text: string; readonly reference: string }; readonly answers: Incident }
  readonly judge: { readonly asks: Id & { readonly hypothesisId: string; readonly verdict: Hypothesis['verdict'] }; readonly answers: Incident }
  /** The file lies on this machine; it is copied in. */
  readonly evidence: { readonly asks: Id & { readonly file: string; readonly provenance: string }; readonly answers: Incident }
  /** The same in pieces, for a file that only the asking command may read: a ticket, pieces of at most 16 KiB, and the end, which takes in all or nothing. */
  readonly evidenceBegin: { readonly asks: Id; readonly answers: { readonly ticket: string } }
  readonly evidencePart: { readonly asks: { readonly ticket: string; readonly base64: string }; readonly answers: { readonly taken: number } }
  readonly evidenceEnd: { readonly asks: Id & { readonly ticket: string; readonly name: string; readonly provenance: string; readonly sha256: string }; readonly answers: Incident }
  /** Reads every copy and compares its hash. */
  readonly evidenceCheck: { readonly asks: Id; readonly answers: ReadonlyArray<{ readonly id: string; readonly name: string; readonly sha256: string; readonly state: 'whole' | 'altered' | 'missing' }> }
  /** A piece of a copy, checked against its hash first. */
  readonly evidencePiece: { readonly asks: Id & { readonly evidenceId: string; readonly offset: number }; readonly answers: { readonly base64: string; readonly bytes: number } }
  /** An end that has passed switches it off. */
  readonly addressEvidence: { readonly asks: Id & { readonly legalNote: string; readonly untilWallMs: number }; readonly answers: Incident }
  readonly sent: { readonly asks: Id & { readonly kind: string; readonly to: string; readonly sha256: string }; readonly answers: Incident }
  readonly [question: string]: { readonly asks: object; readonly answers: unknown }
}
