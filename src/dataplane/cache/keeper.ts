import type { Clock } from '../../kernel/clock.ts'
import { RESPONSES_PER_MESSAGE, STORE_THREAD } from './bus.ts'
import type { CacheBus, CacheMessage } from './bus.ts'
import type { LastGoodStore } from './disk-store.ts'
import { S3Fifo } from './eviction.ts'
import { MemoryIndex } from './memory-index.ts'
import type { CacheShared } from './cache-shared.ts'
import { CacheEntry, storedFlags } from './stored-response.ts'
import type { StoredResponse } from './stored-response.ts'

/**
 * The store thread's part: it knows every stored answer, gives memory back, chooses what goes when memory is short, and keeps the disk store.
 * Why one thread: memory is given back exactly once, by one owner. When this thread is gone nothing is evicted, so workers soon refuse to store
 * anew; they go on serving what they hold. It must never hold up a worker: all talk is one-way messages.
 */

/** Evict down to this share, so that a burst of newcomers finds room. */
const LOW_WATER_SHARE = 0.97
/** After a store thread died: the new one trusts the workers' word about what is stored, once all had time to speak. */
const RECONCILE_AFTER_MS = 2_000

export class CacheKeeper {
  readonly #shared: CacheShared
  readonly #bus: CacheBus
  readonly #clock: Clock
  readonly #disk: LastGoodStore | null
  readonly #maxVariants: number
  readonly #index = new MemoryIndex()
  readonly #policy: S3Fifo
  #nextId: number
  #reconcileAtMs: number

  constructor(parts: { readonly shared: CacheShared; readonly bus: CacheBus; readonly clock: Clock; readonly disk: LastGoodStore | null; readonly maxVariantsPerKey: number }) {
    this.#shared = parts.shared
    this.#bus = parts.bus
    this.#clock = parts.clock
    this.#disk = parts.disk
    this.#maxVariants = parts.maxVariantsPerKey
    this.#policy = new S3Fifo(parts.shared)
    // Ids of copies from disk are negative; the start time keeps those of a restarted store thread apart.
    this.#nextId = (Math.floor(parts.clock.wallMs() / 1_000) % 2 ** 24) * 2 ** 26 + 1
    this.#reconcileAtMs = parts.shared.usedBytes > 0 ? parts.clock.monotonicMs() + RECONCILE_AFTER_MS : Infinity
    parts.bus.onMessage = (message) => this.#receive(message)
  }

  get entries(): number {
    return this.#index.size
  }

  /** Call whenever a line to a worker is there: asks what it holds. */
  joined(): void {
    if (this.#reconcileAtMs !== Infinity) this.#bus.broadcast({ kind: 'inventory-wanted' })
  }

  /** Loads the most useful copies from disk into memory, up to `budgetBytes`. Call before the workers listen. Returns how many. */
  warmStart(budgetBytes: number): number {
    let loaded = 0
    for (const response of this.#disk?.warmStart(budgetBytes) ?? []) if (this.#adopt(response)) loaded++
    return loaded
  }

  /** Call about ten times a second: evicts and lets the disk store write. */
  tick(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs >= this.#reconcileAtMs) {
      this.#reconcileAtMs = Infinity
      this.#shared.reconcile(this.#policy.bytes, this.#index.size)
    }
    this.#evict()
    this.#disk?.tick(nowMs)
  }

  /** Writes what waits; closes the file. */
  close(): void {
    this.#disk?.close()
  }

  #receive(message: CacheMessage): void {
    switch (message.kind) {
      case 'add':
        return this.#added(message.response, message.reuses)
      case 'evict':
        for (const id of message.ids) this.#forget(id)
        return
      case 'invalidate':
        for (const key of message.keys) this.#doubt(key)
        return
      case 'purge':
        return this.#purge(message.prefix)
      case 'recall': {
        let found = false
        for (const response of this.#disk?.get(message.key) ?? []) if (this.#adopt(response)) found = true
        this.#bus.broadcast({ kind: 'recalled', key: message.key, found })
        return
      }
      case 'snapshot-wanted':
        return this.#sendSnapshot(message.from)
      case 'inventory':
        for (const response of message.responses) this.#takeOver(response)
        return
      default:
        return
    }
  }

  /** The copies stay, to be shown only while the origin fails; on disk too, without a lifetime, so that a restart does not make them fresh. */
  #doubt(key: string): void {
    for (const entry of this.#index.variants(key) ?? []) {
      entry.invalidated = true
      if ((entry.stored.flags & storedFlags.disk) !== 0) {
        this.#disk?.put({ ...entry.stored, lifetimeMs: 0, flags: entry.stored.flags | storedFlags.lastGoodOnly })
      }
    }
  }

  #added(response: StoredResponse, reuses: number): void {
    const old = reuses === 0 ? undefined : this.#index.get(reuses)
    if (reuses !== 0 && old === undefined) {
      // What it was made from is gone and given back already: its memory has to be taken again.
      if (!this.#shared.reserve(response.accountedBytes)) {
        this.#bus.broadcast({ kind: 'evict', ids: [response.id] })
        return
      }
    }
    if (this.#shared.epochOf(response.hash) !== response.epoch) {
      this.#shared.release(response.accountedBytes)
      if (old !== undefined) this.#forgetWithoutRelease(old)
      this.#bus.broadcast({ kind: 'evict', ids: [response.id, reuses] })
      return
    }
    if (old !== undefined) {
      this.#policy.replace(reuses, response.id, response.hash, response.accountedBytes)
      this.#index.remove(reuses)
      this.#shared.countEntries(-1)
    } else {
      this.#policy.add(response.id, response.hash, response.accountedBytes)
    }
    this.#shared.countEntries(1)
    this.#place(response)
    if ((response.flags & storedFlags.disk) !== 0) this.#disk?.put(response)
    this.#evict()
  }

  /** Puts an answer into the index; variants that give way to it are given back and told to all. */
  #place(response: StoredResponse): void {
    const gone = this.#index.add(new CacheEntry(response, this.#clock.monotonicMs(), this.#clock.wallMs()), this.#maxVariants)
    if (gone.length === 0) return
    const ids: number[] = []
    for (const entry of gone) {
      this.#policy.remove(entry.stored.id)
      this.#shared.release(entry.stored.accountedBytes)
      this.#shared.countEntries(-1)
      ids.push(entry.stored.id)
    }
    this.#bus.broadcast({ kind: 'evict', ids })
  }

  #forget(id: number): void {
    const entry = this.#index.remove(id)
    if (entry === null) return
    this.#policy.remove(id)
    this.#shared.release(entry.stored.accountedBytes)
    this.#shared.countEntries(-1)
  }

  #forgetWithoutRelease(entry: CacheEntry): void {
    this.#index.remove(entry.stored.id)
    this.#policy.remove(entry.stored.id)
    this.#shared.countEntries(-1)
  }

  #evict(): void {
    const budget = this.#shared.budgetBytes
    // A large answer may be refused although the budget is not used up: without this the rest of it would stay empty for ever.
    const wantedLevel = this.#shared.takeWantedLevelBytes()
    if (this.#shared.usedBytes <= Math.min(budget, wantedLevel)) return
    const level = Math.min(budget * LOW_WATER_SHARE, wantedLevel)
    const ids: number[] = []
    while (this.#shared.usedBytes > level) {
      const id = this.#policy.victim(budget)
      if (id === -1) break
      const entry = this.#index.remove(id)
      if (entry === null) continue
      this.#shared.release(entry.stored.accountedBytes)
      this.#shared.countEntries(-1)
      ids.push(id)
    }
    if (ids.length === 0) return
    this.#shared.countEvicted(ids.length)
    this.#bus.broadcast({ kind: 'evict', ids })
  }

  /** An answer that a worker holds since before this thread began; its memory is counted already. */
  #takeOver(response: StoredResponse): void {
    // Later, an inventory could name what was evicted meanwhile.
    if (this.#reconcileAtMs === Infinity || this.#index.has(response.id)) return
    this.#policy.add(response.id, response.hash, response.accountedBytes)
    const gone = this.#index.add(new CacheEntry(response, this.#clock.monotonicMs(), this.#clock.wallMs()), this.#maxVariants)
    for (const entry of gone) this.#policy.remove(entry.stored.id)
    if (gone.length > 0) this.#bus.broadcast({ kind: 'evict', ids: gone.map((entry) => entry.stored.id) })
  }

  /** A copy from disk becomes a stored answer again. */
  #adopt(fromDisk: StoredResponse): boolean {
    if (!this.#shared.reserve(fromDisk.accountedBytes)) return false
    // Negative ids are the store thread's own.
    const response = { ...fromDisk, id: -this.#nextId++, epoch: this.#shared.epochOf(fromDisk.hash) }
    this.#policy.add(response.id, response.hash, response.accountedBytes)
    this.#shared.countEntries(1)
    this.#place(response)
    this.#bus.broadcast({ kind: 'add', from: STORE_THREAD, response, reuses: 0 })
    return true
  }

  #purge(prefix: string): void {
    for (const entry of this.#index.entries()) if (entry.stored.key.startsWith(prefix)) this.#forget(entry.stored.id)
    this.#disk?.purge(prefix)
  }

  #sendSnapshot(worker: number): void {
    let chunk: StoredResponse[] = []
    for (const entry of this.#index.entries()) {
      chunk.push(entry.stored)
      if (chunk.length < RESPONSES_PER_MESSAGE) continue
      this.#bus.broadcast({ kind: 'snapshot', to: worker, responses: chunk })
      chunk = []
    }
    if (chunk.length > 0) this.#bus.broadcast({ kind: 'snapshot', to: worker, responses: chunk })
  }
}
