import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { LoopSettings } from '../controlplane/loop.ts'
import type { ControlStart } from '../controlplane/worker.ts'
import { allocateAdmission, reclaimWorker, type AdmissionMemory } from '../dataplane/admission/admission-memory.ts'
import { SlotAudit } from '../dataplane/admission/reclaim.ts'
import { allocateCache, type CacheSharedBuffers, sweepClaims } from '../dataplane/cache/cache-shared.ts'
import { guardTableBytes } from '../dataplane/edge/connection-guard.ts'
import type { StoreStart, WorkerStart } from '../dataplane/worker-start.ts'
import { unpredictableBytes } from '../kernel/random.ts'
import { dataplaneSettings } from './dataplane-settings.ts'

/** The memory all threads of one shield share: allocated once here, fixed in size, outliving any thread. */
export class SharedState {
  readonly #workers: number
  readonly #admission: AdmissionMemory
  readonly #audit: SlotAudit
  readonly #cache: CacheSharedBuffers
  readonly #guardTable: SharedArrayBuffer
  readonly #hashKey: number
  readonly #instanceId: string
  ticketKeys: Uint8Array

  constructor(settings: Settings, workers: number, hashKey: number) {
    this.#workers = workers
    this.#admission = allocateAdmission(settings.admission, workers)
    this.#audit = new SlotAudit(new Int32Array(this.#admission.limits))
    this.#cache = allocateCache(settings.cache)
    this.#guardTable = new SharedArrayBuffer(guardTableBytes(workers))
    this.#hashKey = hashKey
    this.#instanceId = Buffer.from(unpredictableBytes(4)).toString('hex')
    this.ticketKeys = unpredictableBytes(48)
  }

  edgeStart(index: number): Omit<WorkerStart, 'settings' | 'listeners'> {
    return {
      index, workers: this.#workers, admission: this.#admission, cache: this.#cache, guardTable: this.#guardTable, hashKey: this.#hashKey, instanceId: this.#instanceId,
      ticketKeys: this.ticketKeys,
    }
  }

  storeStart(settings: Settings): StoreStart {
    return { cache: this.#cache, settings: dataplaneSettings(settings).cache, hashKey: this.#hashKey }
  }

  controlStart(settings: Settings): ControlStart {
    return { settings: controlSettings(settings), featureKey: this.#hashKey, baselineFile: join(settings.dataDir, 'baseline.bin') }
  }

  /** Once a second: slots lost when a worker died between two steps are found and put right. Returns how many. */
  audit(): number {
    return this.#audit.audit()
  }

  /** A dead worker's slots at the origin and its claims on fetches go back, so that nobody waits for it. */
  reclaim(index: number): void {
    reclaimWorker(this.#admission, index)
    sweepClaims(this.#cache, index)
  }
}

export function controlSettings(settings: Settings): LoopSettings {
  return { detection: settings.detection, mitigation: settings.mitigation }
}
