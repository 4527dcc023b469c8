/**
 * The cache's control block: one SharedArrayBuffer, made once, read and written by all workers and the store thread.
 * Why: one memory budget, one fetch per key and one invalidation count for the whole process, without asking another thread.
 * Slots are chosen by a keyed hash, so nobody can aim at one. What it must never do: decide which answer a visitor gets; a collision of
 * slots costs at most one extra fetch or one answer not stored.
 */
const HEADER_WORDS = 16
const SLOTS = 65_536
const FREQ_SLOTS = 262_144
/** Accounting unit: Int32 counts up to 512 GiB. */
export const UNIT_BYTES = 256
/** A worker refuses to store above this share of the budget; the evictor works below it. */
const HARD_SHARE = 1.02

/** Looks at a slot whose holder is just changing, before it counts as another key's. */
const TAG_TRIES = 1_000

const WORD = Object.freeze({ usedUnits: 0, entries: 1, budgetUnits: 2, generation: 3, refused: 4, evicted: 5, wantedUnits: 6, workers: 7 })
/** Worker indices above this share the last place of the pending table. */
const MAX_WORKERS = 256

const CONTROL_BYTES = HEADER_WORDS * 4 + MAX_WORKERS * 4 + SLOTS * 4 * 3 + FREQ_SLOTS

/** What main hands to every thread: plain, to be passed as worker data. */
export interface CacheSharedBuffers {
  readonly control: SharedArrayBuffer
}

/** Once, in the main thread. */
export function allocateCache(settings: { readonly memoryBytes: number }): CacheSharedBuffers {
  const control = new SharedArrayBuffer(CONTROL_BYTES)
  new Int32Array(control)[WORD.budgetUnits] = Math.floor(settings.memoryBytes / UNIT_BYTES)
  return { control }
}

/** Frees what a dead worker held: its claims on fetches and the memory of answers still arriving. Call before it is replaced. Returns how many claims. */
export function sweepClaims(buffers: CacheSharedBuffers, worker: number): number {
  return new CacheShared(buffers, 0).sweepClaims(worker)
}

export class CacheShared {
  readonly #header: Int32Array
  /** Units that a worker holds for answers still arriving: given back when it dies. */
  readonly #pending: Int32Array
  /** Owner word per slot: (worker index + 1) << 16 | generation; 0 is free. */
  readonly #owner: Int32Array
  /** Second hash of the key that holds the slot, so that another key in the same slot is told apart. */
  readonly #tag: Int32Array
  readonly #epoch: Int32Array
  readonly #freq: Uint8Array

  /** Key of hashText for all cache keys of this process. */
  readonly hashKey: number

  constructor(buffers: CacheSharedBuffers, hashKey: number) {
    this.hashKey = hashKey
    const buffer = buffers.control
    let at = 0
    this.#header = new Int32Array(buffer, at, HEADER_WORDS)
    at += HEADER_WORDS * 4
    this.#pending = new Int32Array(buffer, at, MAX_WORKERS)
    at += MAX_WORKERS * 4
    this.#owner = new Int32Array(buffer, at, SLOTS)
    at += SLOTS * 4
    this.#tag = new Int32Array(buffer, at, SLOTS)
    at += SLOTS * 4
    this.#epoch = new Int32Array(buffer, at, SLOTS)
    at += SLOTS * 4
    this.#freq = new Uint8Array(buffer, at, FREQ_SLOTS)
  }

  get usedBytes(): number {
    return Atomics.load(this.#header, WORD.usedUnits) * UNIT_BYTES
  }

  get budgetBytes(): number {
    return this.#header[WORD.budgetUnits] * UNIT_BYTES
  }

  get entries(): number {
    return Atomics.load(this.#header, WORD.entries)
  }

  /** How often a worker refused to store because memory was full; since start. */
  get refused(): number {
    return Atomics.load(this.#header, WORD.refused)
  }

  get evicted(): number {
    return Atomics.load(this.#header, WORD.evicted)
  }

  /** A worker began to hold an index. */
  noteWorker(worker: number): void {
    for (let known = 0; known < worker + 1; ) {
      const found = Atomics.compareExchange(this.#header, WORD.workers, known, worker + 1)
      if (found === known) return
      known = found
    }
  }

  /** How many indexes hold what is stored: one in each worker and one in the store thread. */
  get replicas(): number {
    return Atomics.load(this.#header, WORD.workers) + 1
  }

  countEvicted(count: number): void {
    Atomics.add(this.#header, WORD.evicted, count)
  }

  countEntries(delta: number): void {
    Atomics.add(this.#header, WORD.entries, delta)
  }

  /**
   * Takes memory from the budget, all or nothing. The bound holds at every moment, whatever other threads do.
   * `heldBytes`: what the same answer holds already and gives back when refused; room is made for all of it.
   */
  reserve(bytes: number, heldBytes = 0): boolean {
    const units = toUnits(bytes)
    const before = Atomics.add(this.#header, WORD.usedUnits, units)
    if (before + units <= this.#header[WORD.budgetUnits] * HARD_SHARE) return true
    Atomics.sub(this.#header, WORD.usedUnits, units)
    Atomics.add(this.#header, WORD.refused, 1)
    const wanted = units + toUnits(heldBytes)
    if (wanted > Atomics.load(this.#header, WORD.wantedUnits)) Atomics.store(this.#header, WORD.wantedUnits, wanted)
    return false
  }

  /** Where the evictor has to get to so that what was refused last finds room; Infinity when nothing was. Asking clears it. */
  takeWantedLevelBytes(): number {
    const wanted = Atomics.exchange(this.#header, WORD.wantedUnits, 0)
    return wanted === 0 ? Infinity : Math.max(0, Math.floor(this.#header[WORD.budgetUnits] * HARD_SHARE) - wanted) * UNIT_BYTES
  }

  /** The same for an answer that is still arriving in `worker`; followed by `settle`, with or without `release`. */
  reservePending(bytes: number, worker: number, heldBytes = 0): boolean {
    if (!this.reserve(bytes, heldBytes)) return false
    Atomics.add(this.#pending, Math.min(worker, MAX_WORKERS - 1), toUnits(bytes))
    return true
  }

  /** The memory is no longer pending: either stored (now the store thread's to release) or released by the caller. */
  settle(bytes: number, worker: number): void {
    Atomics.sub(this.#pending, Math.min(worker, MAX_WORKERS - 1), toUnits(bytes))
  }

  /** Takes memory without asking: only for a copy that other threads already hold. */
  reserveAnyway(bytes: number): void {
    Atomics.add(this.#header, WORD.usedUnits, toUnits(bytes))
  }

  release(bytes: number): void {
    Atomics.sub(this.#header, WORD.usedUnits, toUnits(bytes))
  }

  /** Sets the accounts to what is really stored, plus what is still arriving. For a store thread that takes over from a dead one. */
  reconcile(storedBytes: number, entries: number): void {
    let pending = 0
    for (let worker = 0; worker < MAX_WORKERS; worker++) pending += Atomics.load(this.#pending, worker)
    Atomics.add(this.#header, WORD.usedUnits, toUnits(storedBytes) + pending - Atomics.load(this.#header, WORD.usedUnits))
    Atomics.store(this.#header, WORD.entries, entries)
  }

  /** Tries to become the one worker that fetches this key. `tag` is not 0. Returns the claim, 0 when another fetch of the same key runs, -1 when the slot holds another key. */
  claim(hash: number, tag: number, worker: number): number {
    const slot = hash & (SLOTS - 1)
    const generation = (Atomics.add(this.#header, WORD.generation, 1) & 0xffff) | 1
    const word = ((worker + 1) << 16) | generation
    if (Atomics.compareExchange(this.#owner, slot, 0, word) === 0) {
      Atomics.store(this.#tag, slot, tag)
      return word
    }
    // 0: another thread is between the two words.
    for (let tries = 0; tries < TAG_TRIES && Atomics.load(this.#tag, slot) === 0; tries++);
    return Atomics.load(this.#tag, slot) === tag ? 0 : -1
  }

  /** Who holds the slot of this key now: a claim, or 0. */
  claimOf(hash: number): number {
    return Atomics.load(this.#owner, hash & (SLOTS - 1))
  }

  /** Frees the slot if it still holds this claim. */
  unclaim(hash: number, claim: number): void {
    const slot = hash & (SLOTS - 1)
    if (Atomics.load(this.#owner, slot) !== claim) return
    Atomics.store(this.#tag, slot, 0)
    Atomics.compareExchange(this.#owner, slot, claim, 0)
  }

  /** Frees what a dead worker held. Call from main when a worker ends, before it is replaced. Returns how many. */
  sweepClaims(worker: number): number {
    let freed = 0
    for (let slot = 0; slot < SLOTS; slot++) {
      const word = Atomics.load(this.#owner, slot)
      if (word >>> 16 === worker + 1 && Atomics.compareExchange(this.#owner, slot, word, 0) === word) freed++
    }
    const units = Atomics.exchange(this.#pending, Math.min(worker, MAX_WORKERS - 1), 0)
    Atomics.sub(this.#header, WORD.usedUnits, units)
    return freed
  }

  epochOf(hash: number): number {
    return Atomics.load(this.#epoch, hash & (SLOTS - 1))
  }

  /** An invalidation: fetches of this slot that began before are not stored. */
  bumpEpoch(hash: number): void {
    Atomics.add(this.#epoch, hash & (SLOTS - 1), 1)
  }

  /** One use of a stored answer. Plain and racy on purpose: a lost increment costs nothing. */
  countHit(hash: number): void {
    const slot = hash >>> 14
    const count = this.#freq[slot]
    if (count < 255) this.#freq[slot] = count + 1
  }

  hitsOf(hash: number): number {
    return this.#freq[hash >>> 14]
  }

  setHits(hash: number, count: number): void {
    this.#freq[hash >>> 14] = count
  }
}

function toUnits(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES)
}
