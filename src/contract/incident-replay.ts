import type { ShieldState } from './plan.ts'

/** `polder replay --incident`: the decisions of an incident made again from its samples, beside those that were made. */
export interface IncidentReplay {
  readonly incidentId: string
  readonly fromWallMs: number
  readonly toWallMs: number
  readonly ticks: number
  readonly rows: number
  /** Requests these rows stand for. */
  readonly seen: number
  readonly addresses: 'blinded' | 'whole'
  /** `file`: the settings file that was named; `recorded`: those in force then. */
  readonly settings: 'recorded' | 'file'
  readonly states: { readonly live: readonly ReplayedState[]; readonly replayed: readonly ReplayedState[] }
  readonly rules: readonly IncidentRule[]
  /** Then and now the same states were reached, and every rule made then was made now. */
  readonly agrees: boolean
  /** What must be known to read this rightly. */
  readonly caveats: readonly string[]
  readonly tookSeconds: number
}

export interface ReplayedState {
  readonly atWallMs: number
  readonly state: ShieldState
  readonly sentence: string
}

/** A rule of Polder's own; the times are of its birth, null: not made. */
export interface IncidentRule {
  readonly sentence: string
  readonly liveWallMs: number | null
  readonly replayedWallMs: number | null
  /** Strongest step reached now; null: not made. */
  readonly action: string | null
  readonly harmUpperShare: number | null
}
