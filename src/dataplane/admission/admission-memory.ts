import { unpredictableBytes } from '../../kernel/random.ts'
import { initialiseLimits } from './concurrency-limit.ts'
import { limitMemoryBytes, WORKERS_MAX } from './limit-memory.ts'
import type { AdmissionSettings } from './options.ts'
import { reclaimRow } from './reclaim.ts'
import { initialiseRouteCosts } from './route-cost.ts'
import { sourceTableBytes } from './source-table.ts'

/** All that the edge workers share for admission: plain data, handed to each of them when it starts. */
export interface AdmissionMemory {
  readonly workers: number
  readonly limits: SharedArrayBuffer
  readonly sources: SharedArrayBuffer
  /** Key of the source table's fingerprints. */
  readonly sourceKey: number
}

/** Takes the memory once, in the main thread, before the first worker starts. `workers`: 1 to 32. A worker that is replaced gets the same memory and index. */
export function allocateAdmission(settings: AdmissionSettings, workers: number): AdmissionMemory {
  if (!Number.isInteger(workers) || workers < 1 || workers > WORKERS_MAX) throw new RangeError(`1 to ${WORKERS_MAX} edge workers, not ${workers}`)
  const limits = new SharedArrayBuffer(limitMemoryBytes(workers))
  const words = new Int32Array(limits)
  initialiseLimits(words, settings.limitInitial)
  initialiseRouteCosts(words)
  const key = unpredictableBytes(4)
  return {
    workers,
    limits,
    sources: new SharedArrayBuffer(sourceTableBytes(settings.sourceSlots)),
    sourceKey: new DataView(key.buffer, key.byteOffset).getInt32(0),
  }
}

/** A dead worker's slots go back, so that nobody waits for it. Call in the main thread after the worker's exit event, before it is replaced. Returns how many it held. */
export function reclaimWorker(memory: AdmissionMemory, workerIndex: number): number {
  return reclaimRow(new Int32Array(memory.limits), workerIndex)
}
