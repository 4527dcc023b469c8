/** The measurements of all runs, asked by program and workload. */
import { type Spread, spreadOf } from '../measure/statistics.ts'
import type { Measurement } from './measurement.ts'
import type { PeerName } from './peer.ts'

export class Results {
  readonly all: readonly Measurement[]

  constructor(all: readonly Measurement[]) {
    this.all = all
  }

  of(peer: PeerName, workload: string): Measurement[] {
    return this.all.filter((one) => one.peer === peer && one.workload === workload)
  }

  /** null when it was not measured. */
  spread(peer: PeerName, workload: string, value: (one: Measurement) => number | null | undefined): Spread | null {
    const values = this.of(peer, workload).map(value).filter((one): one is number => typeof one === 'number' && Number.isFinite(one))
    return values.length === 0 ? null : spreadOf(values)
  }

  median(peer: PeerName, workload: string, value: (one: Measurement) => number | null | undefined): number {
    return this.spread(peer, workload, value)?.median ?? Number.NaN
  }
}
