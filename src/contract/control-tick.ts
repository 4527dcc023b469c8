import type { OperatorAct } from './operator-act.ts'
import type { ShieldState } from './plan.ts'
import type { SampleBatch } from './sample.ts'
import type { Vitals } from './vitals.ts'

/** One second of the control plane, as it was given to it: the same seconds from the same beginning give the same decisions. */
export interface ControlTick {
  readonly nowWallMs: number
  /** After it. */
  readonly state: ShieldState
  readonly samples: readonly SampleBatch[]
  readonly vitals: readonly Vitals[]
  readonly commands: readonly OperatorAct[]
  readonly posture: { readonly sensitivity: number; readonly untilWallMs: number } | null
}

/** What the control plane knew at one moment: with it a series of seconds can be lived through again. Plain data; who reads it knows its form. */
export interface ControlBeginning {
  readonly atWallMs: number
  /** detection and mitigation of polder.yaml. */
  readonly settings: unknown
  /** Orders of people that stood then. */
  readonly orders: unknown
  readonly baseline: BaselineArrays
}

/** The learned baseline, array by array; `columns` in the order of sampleFields. */
export interface BaselineArrays {
  readonly minuteLogs: Float32Array
  readonly minuteCounts: Uint32Array
  readonly offered: Uint32Array
  readonly columns: readonly Uint32Array[]
}
