import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { AddressFacts } from '../contract/control-socket.ts'
import { behavesLikeVisitor } from '../controlplane/evidence.ts'
import type { ControlSettings, ControlStart } from '../controlplane/worker.ts'
import { allocateAdmission, reclaimWorker, type AdmissionMemory } from '../dataplane/admission/admission-memory.ts'
import { SlotAudit } from '../dataplane/admission/reclaim.ts'
import { HALVING_SHIFT, SourceTable } from '../dataplane/admission/source-table.ts'
import { CLEARANCE_BUDGET_BYTES } from '../dataplane/challenge/clearance-budget.ts'
import type { ChallengeKey } from '../dataplane/challenge/tokens.ts'
import { allocateCache, type CacheSharedBuffers, sweepClaims } from '../dataplane/cache/cache-shared.ts'
import { clientAddress } from '../dataplane/edge/client-address.ts'
import { forgetGuardSection, guardTableBytes } from '../dataplane/edge/connection-guard.ts'
import { allocateWaitingRoom, type WaitingRoomMemory } from '../dataplane/waiting-door.ts'
import type { StoreStart, WorkerStart } from '../dataplane/worker-start.ts'
import type { MonotonicMs } from '../kernel/clock.ts'
import { unpredictableBytes } from '../kernel/random.ts'
import type { RecordSettings } from '../record/settings.ts'
import { BASELINE_FILE, LEARNED_FILE, ORDERS_FILE } from './data-files.ts'
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
  readonly #clearances = new SharedArrayBuffer(CLEARANCE_BUDGET_BYTES)
  readonly #waitingRoom: WaitingRoomMemory
  ticketKeys: Uint8Array
  challengeKeys: readonly ChallengeKey[]

  constructor(settings: Settings, workers: number, hashKey: number, challengeKeys: readonly ChallengeKey[]) {
    this.#workers = workers
    this.#admission = allocateAdmission(settings.admission, workers)
    this.#audit = new SlotAudit(new Int32Array(this.#admission.limits))
    this.#cache = allocateCache(settings.cache)
    this.#guardTable = new SharedArrayBuffer(guardTableBytes(workers))
    this.#hashKey = hashKey
    this.#waitingRoom = allocateWaitingRoom(settings.waitingRoom, Buffer.from(unpredictableBytes(4)).readUInt32BE(0))
    this.#instanceId = Buffer.from(unpredictableBytes(4)).toString('hex')
    this.ticketKeys = unpredictableBytes(48)
    this.challengeKeys = challengeKeys
  }

  edgeStart(index: number): Omit<WorkerStart, 'settings' | 'listeners'> {
    return {
      index, workers: this.#workers, admission: this.#admission, cache: this.#cache, guardTable: this.#guardTable, hashKey: this.#hashKey, instanceId: this.#instanceId,
      ticketKeys: this.ticketKeys, challengeKeys: this.challengeKeys, clearances: this.#clearances, waitingRoom: this.#waitingRoom,
    }
  }

  storeStart(settings: Settings): StoreStart {
    return { cache: this.#cache, settings: dataplaneSettings(settings).cache, hashKey: this.#hashKey }
  }

  controlStart(settings: Settings): ControlStart {
    return { settings: controlSettings(settings), featureKey: this.#hashKey, baselineFile: join(settings.dataDir, BASELINE_FILE), learnedFile: join(settings.dataDir, LEARNED_FILE), ordersFile: join(settings.dataDir, ORDERS_FILE) }
  }

  /** Once a second: slots lost when a worker died between two steps are found and put right. Returns how many. */
  audit(): number {
    return this.#audit.audit()
  }

  /** What the source table holds of an address now; null when it holds nothing. */
  source(text: string, nowMs: MonotonicMs): { readonly countedAs: string; readonly tracked: AddressFacts['tracked'] } {
    const client = clientAddress(text, this.#hashKey)
    if (client === null) return { countedAs: text, tracked: null }
    const countedAs = client.family === 4 ? client.text : `${[client.high >>> 16, client.high & 0xffff, client.low >>> 16, client.low & 0xffff].map((group) => group.toString(16)).join(':')}::/64`
    const table = new SourceTable(this.#admission.sources, this.#admission.sourceKey)
    const slot = table.find(client)
    if (slot === -1) return { countedAs, tracked: null }
    // Counters are aged when the client comes again; until then we age what we show.
    const lastSeenMsAgo = Math.max(0, (nowMs | 0) - (table.lastSeenMs(slot) | 0))
    const halvings = Math.min(16, lastSeenMsAgo >>> HALVING_SHIFT)
    const [requests, pages, statics, echoes] = [table.requests(slot), table.pages(slot), table.statics(slot), table.echoes(slot)].map((count) => count >>> halvings)
    return {
      countedAs,
      tracked: {
        lastSeenMsAgo, requests, pages, statics, echoes,
        behavesLikeVisitor: behavesLikeVisitor(requests, pages, statics, echoes),
        errors: table.errors(slot) >>> halvings,
        validatedTokens: table.validatedTokens(slot),
        originMs: table.costMs(slot) >>> halvings,
      },
    }
  }

  /** A dead worker's slots at the origin and its claims on fetches go back, so that nobody waits for it; its connections are counted no more. */
  reclaim(index: number): void {
    forgetGuardSection(this.#guardTable, index)
    reclaimWorker(this.#admission, index)
    sweepClaims(this.#cache, index)
  }
}

export function controlSettings(settings: Settings): ControlSettings {
  return { detection: settings.detection, mitigation: settings.mitigation, crawlers: settings.crawlers, networkData: settings.networkData }
}

export function recordSettings(settings: Settings, secrets: Readonly<Record<string, string>>): RecordSettings {
  const alert = { alert: settings.alert, channels: settings.alertChannels, site: settings.site.name, secrets }
  return { alert, journal: settings.journal, incident: settings.incident, report: settings.report, calendar: settings.calendar, statements: { ...settings.statements, site: { name: settings.site.name, contact: settings.site.contact } }, watchZ: settings.detection.watchZ }
}
