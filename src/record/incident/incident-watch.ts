/**
 * When an incident opens and closes by itself. Pure: told the state second by second.
 *
 * opens   at ATTACK or EMERGENCY at once; at STRAIN after it has lasted `openAfterStrainMs`; only while none is open
 * closes  after `closeAfterCalmMs` of NORMAL without a break, and only what Polder opened: what a person opened, a person closes
 * never   opens again after a person closed it, until the state has been WATCH or NORMAL in between
 *
 * A pause in which the control plane was not heard counts for neither; one longer than ten seconds starts the counting anew, as does a restart.
 */
import { type ShieldState, shieldStates } from '../../contract/plan.ts'
import { SECOND_MS } from '../../kernel/units.ts'

export interface WatchSettings {
  readonly openAfterStrainMs: number
  readonly closeAfterCalmMs: number
}

export type WatchVerdict = 'open' | 'close' | null

const PAUSE_MS = 10 * SECOND_MS

export class IncidentWatch {
  #heardWallMs = Number.NaN
  #strainedMs = 0
  #calmMs = 0
  #closedByHand = false

  /** `open`: the incident that is open, if any. `state` null: the control plane is not heard. */
  step(atWallMs: number, state: ShieldState | null, open: { readonly automatic: boolean } | null, settings: WatchSettings): WatchVerdict {
    if (state === null) return null
    const sinceMs = atWallMs - this.#heardWallMs
    this.#heardWallMs = atWallMs
    // Also the first second ever (NaN), and a clock set back.
    const together = sinceMs >= 0 && sinceMs <= PAUSE_MS
    const rank = shieldStates.indexOf(state)
    this.#strainedMs = rank < shieldStates.indexOf('STRAIN') || !together ? 0 : this.#strainedMs + sinceMs
    this.#calmMs = state !== 'NORMAL' || !together ? 0 : this.#calmMs + sinceMs
    if (rank < shieldStates.indexOf('STRAIN')) this.#closedByHand = false
    if (open !== null) return open.automatic && this.#calmMs >= settings.closeAfterCalmMs ? 'close' : null
    if (this.#closedByHand) return null
    return rank >= shieldStates.indexOf('ATTACK') || (rank === shieldStates.indexOf('STRAIN') && this.#strainedMs >= settings.openAfterStrainMs) ? 'open' : null
  }

  /** A person closed the incident: what goes on now is known. */
  closedByHand(): void {
    this.#closedByHand = true
  }
}
