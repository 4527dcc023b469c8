/**
 * A worker's counts since the last vitals: one array element per reason and duration bucket, no object per request.
 * Counted once per request, when it ends (invariant: received = the sum over all ways of ending, once all have ended).
 */
import { type Reason, reasons } from '../../contract/reason.ts'
import { type DurationGroup, durationBoundsMs, durationGroups } from '../../contract/vitals.ts'

const reasonIndex: ReadonlyMap<Reason, number> = new Map(reasons.map((reason, index) => [reason, index]))
const buckets = durationBoundsMs.length + 1

const groupOf: readonly number[] = reasons.map((reason) => {
  if (reason === 'served-origin' || reason === 'served-revalidated' || reason.startsWith('origin-')) return durationGroups.indexOf('origin')
  return durationGroups.indexOf(reason.startsWith('served-') ? 'cache' : 'refused')
})

export class Tally {
  readonly #ended = new Uint32Array(reasons.length)
  readonly #durations = new Uint32Array(durationGroups.length * buckets)
  received = 0
  stored = 0
  collapsed = 0

  countEnd(reason: Reason, durationMs: number): void {
    const index = reasonIndex.get(reason)!
    this.#ended[index]++
    let bucket = 0
    while (bucket < durationBoundsMs.length && durationMs > durationBoundsMs[bucket]) bucket++
    this.#durations[groupOf[index] * buckets + bucket]++
  }

  /** Reads and clears. */
  take(): TallyCounts {
    const ended: Partial<Record<Reason, number>> = {}
    for (let i = 0; i < reasons.length; i++) if (this.#ended[i] > 0) ended[reasons[i]] = this.#ended[i]
    const durations = {} as Record<DurationGroup, number[]>
    for (let g = 0; g < durationGroups.length; g++) durations[durationGroups[g]] = Array.from(this.#durations.subarray(g * buckets, (g + 1) * buckets))
    const counts: TallyCounts = { received: this.received, ended, durations, stored: this.stored, collapsed: this.collapsed }
    this.#ended.fill(0)
    this.#durations.fill(0)
    this.received = this.stored = this.collapsed = 0
    return counts
  }
}

export interface TallyCounts {
  readonly received: number
  readonly ended: Readonly<Partial<Record<Reason, number>>>
  readonly durations: Readonly<Record<DurationGroup, readonly number[]>>
  readonly stored: number
  readonly collapsed: number
}
