import type { AdmissionMemory } from './admission/admission-memory.ts'
import type { CacheSharedBuffers } from './cache/cache-shared.ts'
import type { ChallengeKey } from './challenge/tokens.ts'
import type { DataplaneSettings } from './settings.ts'
import type { WaitingRoomMemory } from './waiting-door.ts'

/** One `listen` entry as a worker opens it. */
export interface ListenerPlan {
  /** As in the settings; names the listener in reports. */
  readonly text: string
  readonly host: string
  readonly port: number
  /** null: clear text. */
  readonly certificates: ReadonlyArray<{ readonly certificate: string; readonly key: string; readonly hosts: readonly string[] }> | null
  readonly proxyProtocol: boolean
  /** Descriptors to adopt instead of opening a socket; each is listened on. */
  readonly fds: readonly number[]
}

/** What an edge worker thread is born with: settings, and the memory it shares with the others. */
export interface WorkerStart {
  readonly index: number
  readonly workers: number
  readonly settings: DataplaneSettings
  readonly listeners: readonly ListenerPlan[]
  readonly admission: AdmissionMemory
  readonly cache: CacheSharedBuffers
  /** The connection guard's table, a section for each worker. */
  readonly guardTable: SharedArrayBuffer
  /** Key of our own hash tables; unpredictable, the same in all workers. */
  readonly hashKey: number
  /** Eight hex digits that name this shield in Via. */
  readonly instanceId: string
  readonly ticketKeys: Uint8Array
  /** Newest first. */
  readonly challengeKeys: readonly ChallengeKey[]
  readonly clearances: SharedArrayBuffer
  readonly waitingRoom: WaitingRoomMemory
}

/** What the store thread is born with. */
export interface StoreStart {
  readonly cache: CacheSharedBuffers
  readonly settings: DataplaneSettings['cache']
  readonly hashKey: number
}
