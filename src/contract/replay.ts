import type { ControlEvent, RuleRecord } from './control.ts'
import type { ShieldState } from './plan.ts'

/** What a replay of an access log found: what Polder would have seen, decided and harmed; plain data for surfaces. */
export interface ReplayResult {
  readonly log: string
  readonly injected: { readonly name: string; readonly times: number; readonly clients: number; readonly requests: number; readonly note: string } | null
  readonly seed: number
  readonly learned: { readonly requests: number; readonly minutes: number; readonly rows: number; readonly fromWallMs: number; readonly toWallMs: number }
  readonly replayed: { readonly requests: number; readonly seconds: number; readonly fromWallMs: number; readonly badLines: number }
  /** null: the log's own times were kept. */
  readonly spreadPerSecond: number | null
  readonly origin: { readonly capacityPerSecond: number; readonly auto: boolean }
  /** One per second of the replay. */
  readonly series: readonly ReplaySecond[]
  readonly states: ReadonlyArray<{ readonly second: number; readonly state: ShieldState }>
  readonly events: readonly ControlEvent[]
  readonly rules: readonly ReplayedRule[]
  readonly totals: ReplayTotals
  /** What must be known to read these numbers rightly. */
  readonly caveats: readonly string[]
  readonly tookSeconds: number
}

export interface ReplaySecond {
  /** Requests of the log, and injected ones. */
  readonly own: number
  readonly injected: number
  /** Expected requests a second with the band in which no second stands out. */
  readonly expected: number
  readonly low: number
  readonly high: number
  readonly state: ShieldState
  /** Refused by rules; asked to prove themselves instead of served; turned away by the full origin. */
  readonly ownRefused: number
  readonly ownChallenged: number
  readonly ownShed: number
  readonly injectedRefused: number
  readonly injectedChallenged: number
  readonly injectedShed: number
  readonly waitMs: number
  readonly rules: number
}

export interface ReplayTotals {
  readonly own: CohortTotals
  readonly injected: CohortTotals
  /** First second with a rule that refuses or challenges, from the injection's start; null: never. */
  readonly secondsToRule: number | null
  /** From that second to the injection's end: share of it refused or challenged by rules. */
  readonly matchedShareOnceRuled: number | null
}

export interface CohortTotals {
  readonly requests: number
  /** By a limit or a block. */
  readonly refused: number
  /** Got a challenge instead of what they asked for. */
  readonly challenged: number
  readonly shed: number
  readonly clients: number
  readonly refusedClients: number
  readonly challengedClients: number
}

/** Predicted against true harm: the log's own requests that came while the rule refused or challenged. */
export interface ReplayedRule {
  readonly rule: RuleRecord
  readonly ownSeen: number
  readonly ownMatched: number
  readonly injectedMatched: number
}
