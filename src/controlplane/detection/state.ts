/**
 * Where the shield stands: NORMAL, WATCH, STRAIN, ATTACK, EMERGENCY.
 * Rate may only make it watch; the origin's health makes it act; attack needs evidence or a rule that passed every gate.
 * One step at a time: up after a second (three into EMERGENCY), down after a minute of health in which the reason has gone.
 * It must never rise above WATCH while the origin is well, whatever is asked of it: a crowd the origin can serve is no incident.
 */
import type { ShieldState } from '../../contract/plan.ts'
import { shieldStates } from '../../contract/plan.ts'

/** Sum of evidence from which a flood counts as proven: 20 to 1 (algorithms: states). */
export const ATTACK_EVIDENCE = Math.log(20)
const UP_DWELL_MS = 1_000
const EMERGENCY_DWELL_MS = 3_000

export interface StateInputs {
  readonly originStrained: boolean
  readonly originCritical: boolean
  /** No sign of trouble in this tick. */
  readonly originWell: boolean
  /** Traffic or its make-up stands out. */
  readonly standsOut: boolean
  /** Excess is below a fifth of what makes it stand out. */
  readonly excessGone: boolean
  /** At least one synthesised rule passes all gates now. */
  readonly rulesPass: boolean
  /** Rules of the ladder's upper half are matching now: the origin may be well because of them. */
  readonly rulesNeeded: boolean
  readonly evidence: number
}

interface Transition {
  readonly from: ShieldState
  readonly to: ShieldState
  readonly code: string
  readonly afterMs: number | 'calm-dwell'
  readonly sentence: string
  readonly when: (inputs: StateInputs) => boolean
}

const attackShown = (i: StateInputs): boolean => i.rulesPass || i.evidence > ATTACK_EVIDENCE
const relaxed = (i: StateInputs): boolean => i.originWell && !i.originStrained && (i.excessGone || !i.rulesNeeded)

/** Read from top to bottom; the first line that holds for the state, long enough, is taken. `calm-dwell` lines must hold without a break. */
export const transitions: readonly Transition[] = Object.freeze([
  { from: 'NORMAL', to: 'WATCH', code: 'traffic-stands-out', afterMs: UP_DWELL_MS, sentence: 'traffic stands out; nobody is touched', when: (i) => i.standsOut },
  { from: 'NORMAL', to: 'WATCH', code: 'origin-strained', afterMs: UP_DWELL_MS, sentence: 'the origin is strained; looking closer', when: (i) => i.originStrained },
  { from: 'WATCH', to: 'STRAIN', code: 'origin-strained', afterMs: UP_DWELL_MS, sentence: 'the origin is strained; stale copies are served and unknown clients queue', when: (i) => i.originStrained },
  { from: 'STRAIN', to: 'ATTACK', code: 'attack-shown', afterMs: UP_DWELL_MS, sentence: 'the origin is strained and a flood is shown; rules act', when: (i) => i.originStrained && attackShown(i) },
  { from: 'ATTACK', to: 'EMERGENCY', code: 'origin-critical', afterMs: EMERGENCY_DWELL_MS, sentence: 'the origin stays critical although rules act', when: (i) => i.originCritical },
  { from: 'EMERGENCY', to: 'ATTACK', code: 'origin-recovered', afterMs: 'calm-dwell', sentence: 'the origin is no longer critical', when: (i) => !i.originCritical },
  { from: 'ATTACK', to: 'STRAIN', code: 'attack-over', afterMs: 'calm-dwell', sentence: 'the origin is well and the flood has gone', when: relaxed },
  { from: 'ATTACK', to: 'STRAIN', code: 'attack-not-shown', afterMs: 'calm-dwell', sentence: 'the origin is strained, but no longer by a flood that can be told apart', when: (i) => !attackShown(i) && !i.rulesNeeded },
  { from: 'STRAIN', to: 'WATCH', code: 'strain-over', afterMs: 'calm-dwell', sentence: 'the origin is well', when: relaxed },
  { from: 'WATCH', to: 'NORMAL', code: 'traffic-normal', afterMs: 'calm-dwell', sentence: 'traffic is normal again', when: (i) => !i.standsOut && !i.originStrained },
])

export interface StateChange {
  readonly from: ShieldState
  readonly to: ShieldState
  readonly code: string
  readonly sentence: string
}

export class ShieldStateMachine {
  #state: ShieldState = 'NORMAL'
  #sinceMs = Number.NEGATIVE_INFINITY
  /** Since when the way down has been open without a break; NaN when it is not. */
  #relaxedSinceMs = Number.NaN

  get state(): ShieldState {
    return this.#state
  }

  /** `nowMs` only grows. At most one change per call. */
  step(nowMs: number, inputs: StateInputs, calmDwellMs: number): StateChange | null {
    const open = transitions.filter((transition) => transition.from === this.#state && transition.when(inputs))
    const up = open.find((transition) => transition.afterMs !== 'calm-dwell')
    if (up !== undefined) {
      this.#relaxedSinceMs = Number.NaN
      return nowMs - this.#sinceMs >= (up.afterMs as number) ? this.#change(up, nowMs) : null
    }
    const down = open.find((transition) => transition.afterMs === 'calm-dwell')
    if (down === undefined) {
      this.#relaxedSinceMs = Number.NaN
      return null
    }
    if (Number.isNaN(this.#relaxedSinceMs)) this.#relaxedSinceMs = nowMs
    return nowMs - this.#relaxedSinceMs >= calmDwellMs ? this.#change(down, nowMs) : null
  }

  #change(transition: Transition, nowMs: number): StateChange {
    this.#state = transition.to
    this.#sinceMs = nowMs
    this.#relaxedSinceMs = transition.afterMs === 'calm-dwell' ? nowMs : Number.NaN
    return { from: transition.from, to: transition.to, code: transition.code, sentence: transition.sentence }
  }
}

export function stateRank(state: ShieldState): number {
  return shieldStates.indexOf(state)
}
