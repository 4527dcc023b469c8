import type { Condition, RuleAction, ShieldState } from './plan.ts'

/** What the control plane sees, decides and did, as plain data: read by the planes, the command line, the journal and the replay alike. Sentences stand on their own. */

export interface Expectation {
  readonly source: 'hour-of-week' | 'all-hours' | 'last-minutes' | 'none'
  readonly ratePerSecond: number
  readonly medianLog: number
  readonly madLog: number
}

export interface HealthSign {
  readonly code: 'h1-wait' | 'h2-failures' | 'h3-slower' | 'h4-turned-away' | 'h5-own-lag'
  readonly value: number
  readonly limit: number
  readonly sentence: string
}

export interface OriginHealth {
  readonly strained: boolean
  readonly critical: boolean
  /** Nothing wrong in this tick. */
  readonly well: boolean
  /** What is wrong in this tick. */
  readonly signs: readonly HealthSign[]
}

/** What came on top of the expected, and what it is made of. */
export interface ExcessPicture {
  /** Requests in the window above what is expected. */
  readonly requests: number
  readonly perSecond: number
  readonly expectedPerSecond: number
  /** Excess of clients without positive behaviour. */
  readonly suspiciousPerSecond: number
  /** Sampled rows behind these numbers. */
  readonly rows: number
  /** Of the excess whose clients can be judged: the share that got a page and did nothing else. */
  readonly judgedShare: number
  readonly judgedRows: number
  /** Of the excess of clients with two or more requests: the share that echoes cookies. */
  readonly echoShare: number
  readonly echoRows: number
  /** The client attribute value that fills most of the excess beyond its normal share. */
  readonly top: { readonly field: string; readonly value: number; readonly share: number; readonly normalShare: number } | null
  readonly newNetworkShare: number
  readonly failingShare: number
}

/** Where the suspicious requests come from, by the operator's files of countries and networks. For people to read: it decides nothing. */
export interface NetworkPicture {
  /** Heaviest first, at most eight each. */
  readonly countries: readonly NetworkShare[]
  readonly networks: readonly NetworkShare[]
  readonly prefixes: readonly PrefixOrigin[]
  /** Share of the suspicious requests whose address is in no file. */
  readonly unknownShare: number
}

export interface NetworkShare {
  /** `NL`, or `AS64496`. */
  readonly code: string
  /** Of the network operator; '' for a country. */
  readonly name: string
  /** Of the suspicious requests, 0 to 1. */
  readonly share: number
  /** Of the requests whose clients behave like visitors, as a contrast. */
  readonly visitorShare: number
}

/** `country` '' and `asn` 0: not known. */
export interface PrefixOrigin {
  readonly cidr: string
  readonly share: number
  readonly country: string
  readonly asn: number
  readonly name: string
}

/** One reason for or against an attack. Positive speaks for an attack, negative for a crowd; in natural logarithms. */
export interface EvidenceItem {
  readonly code: EvidenceCode
  readonly value: number
  readonly expectation: number
  readonly logLikelihood: number
  readonly sentence: string
}

export type EvidenceCode =
  | 'page-only-share'
  | 'cookie-echo'
  | 'fingerprint-concentration'
  | 'requests-per-client'
  | 'ramp'
  | 'new-networks'
  | 'client-faults'
  | 'error-share'
  | 'canary-passes'

/** How many real visitors a rule may touch, said beforehand. */
export interface HarmBound {
  /** Requests of the held-out sample the rule would have matched. */
  readonly hits: number
  readonly sampled: number
  /** Clopper-Pearson upper bound of the share of normal requests it touches. */
  readonly upperShare: number
  /** One-sided error probability of that bound. */
  readonly level: number
}

export type GateCode = 'G1-purity' | 'G2-collateral' | 'G3-coverage' | 'G4-origin-strained' | 'G5-visitors' | 'G6-allow-list'

export interface GateVerdict {
  readonly gate: GateCode
  readonly passed: boolean
  readonly value: number
  readonly limit: number
  readonly sentence: string
}

export interface RuleEvidence {
  readonly gates: readonly GateVerdict[]
  readonly harm: HarmBound
  /** Matches per second that normal traffic explains. */
  readonly expectedPerSecond: number
  /** Matches per second when the rule was made or last verified. */
  readonly matchedPerSecond: number
  /** Share of the suspicious excess that this rule explains. */
  readonly excessShare: number
}

export type RuleStage = 'active' | 'decaying' | 'dormant' | 'pinned' | 'vetoed'

export interface RuleHistoryEntry {
  readonly atWallMs: number
  readonly code: string
  /** What the rule does from then on. */
  readonly action: RuleAction
  readonly sentence: string
}

/** All that is known of a rule: what an operator may ask about it. The plan carries only its enforcement view. */
export interface RuleRecord {
  readonly id: string
  readonly origin: 'operator' | 'automatic'
  readonly sentence: string
  readonly when: readonly Condition[]
  readonly action: RuleAction
  readonly stage: RuleStage
  readonly dryRun: boolean
  readonly bornAtWallMs: number
  readonly expiresAtWallMs: number | null
  /** A person stepped it down: until then it is not raised by itself. Left out when nothing holds it. */
  readonly heldUntilWallMs?: number
  readonly who: string
  readonly why: string
  readonly evidence: RuleEvidence | null
  readonly since: RuleEffect
  /** Requests a second it matches now: counted, not sampled; over the last few seconds. Left out for rules of the settings file. */
  readonly matchesPerSecond?: number
  readonly history: readonly RuleHistoryEntry[]
}

/** What a rule did since it was born, counted by the data plane. */
export interface RuleEffect {
  readonly matched: number
  readonly positive: number
  readonly canaryTried: number
  readonly canaryPassed: number
}

/** A rule that was thought of, with the gates that hold it back or let it pass. */
export interface Candidate {
  readonly id: string
  readonly when: readonly Condition[]
  readonly sentence: string
  readonly evidence: RuleEvidence
}

/** Something the operator, the journal and the incident report must hear of. */
export interface ControlEvent {
  readonly atWallMs: number
  readonly code: string
  readonly sentence: string
  readonly ruleId?: string
  /** What the rule does from then on. */
  readonly action?: RuleAction
  readonly from?: ShieldState
  readonly to?: ShieldState
}

/** How much earlier than usual the shield reacts: thresholds of strain are this share of those in the settings. Runs out by itself. */
export interface Watchfulness {
  readonly sensitivity: number
  readonly untilWallMs: number
}

/** Once a second: the whole picture. */
export interface ControlView {
  readonly atWallMs: number
  readonly state: ShieldState
  readonly stateSinceWallMs: number
  readonly ratePerSecond: number
  readonly expectation: Expectation
  readonly z: number
  readonly health: OriginHealth
  readonly excess: ExcessPicture | null
  /** Left out without files of countries and networks, or when nothing stands out. */
  readonly networks?: NetworkPicture
  readonly evidence: readonly EvidenceItem[]
  readonly logLikelihood: number
  readonly rules: readonly RuleRecord[]
  /** What the last synthesis proposed, with the gates that hold it back. */
  readonly candidates: readonly Candidate[]
  /** By the calendar; left out when as usual. */
  readonly posture?: Watchfulness
  readonly baseline: { readonly minutesLearned: number; readonly rows: number; readonly coldStart: boolean }
  readonly bytes: number
}
