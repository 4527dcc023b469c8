/**
 * Deadlines for very many connections with one timer for all of them.
 * Why: a timer per socket costs an allocation and a heap or list operation per request; a flood multiplies both.
 * An entry is due at or up to one resolution after its time, never before. Moving a deadline later costs one array write: the entry stays where it is
 * and is moved on when its old slot comes round. Scheduling earlier, adding and removing are O(1); memory is four numbers and a reference per entry,
 * grows by doubling up to `maxEntries`, and never more.
 * Source: Varghese and Lauck, Hashed and Hierarchical Timing Wheels, SOSP 1987, scheme 6.
 */
export class TimingWheel<T> {
  readonly resolutionMs: number
  readonly maxEntries: number
  readonly #mask: number
  readonly #firstOfSlot: Int32Array
  #next: Int32Array
  #previous: Int32Array
  /** Slot the entry is linked in, or UNLINKED, or FREE. */
  #slot: Int32Array
  /** Tick that slot stands for; the entry is looked at then, whatever its due time. */
  #tickOf: Float64Array
  #due: Float64Array
  readonly #items: (T | null)[]
  #free: number
  #size = 0
  #tick: number

  /** `slots` must be a power of two; deadlines beyond `slots * resolutionMs` only cost a look per round. */
  constructor(nowMs: number, resolutionMs = 250, slots = 256, maxEntries = 1_048_576) {
    if (!(resolutionMs > 0)) throw new RangeError(`resolution must be above 0 ms: ${resolutionMs}`)
    if (slots < 2 || (slots & (slots - 1)) !== 0) throw new RangeError(`slots must be a power of two: ${slots}`)
    if (!(maxEntries >= 1)) throw new RangeError(`a wheel needs room for one entry: ${maxEntries}`)
    this.resolutionMs = resolutionMs
    this.maxEntries = maxEntries
    this.#mask = slots - 1
    this.#firstOfSlot = new Int32Array(slots).fill(NONE)
    const capacity = Math.min(FIRST_CAPACITY, maxEntries)
    this.#next = new Int32Array(capacity)
    this.#previous = new Int32Array(capacity)
    this.#slot = new Int32Array(capacity).fill(FREE)
    this.#tickOf = new Float64Array(capacity)
    this.#due = new Float64Array(capacity)
    this.#items = []
    this.#free = NONE
    this.#chainFree(0, capacity)
    this.#tick = Math.floor(nowMs / resolutionMs)
  }

  get size(): number {
    return this.#size
  }

  /** Returns the entry's id, good until `remove`; -1 when the wheel is full. */
  add(item: T, dueMs: number): number {
    if (this.#free === NONE && !this.#grow()) return -1
    const id = this.#free
    this.#free = this.#next[id]
    this.#items[id] = item
    this.#size++
    this.#slot[id] = UNLINKED
    this.#due[id] = dueMs
    this.#link(id)
    return id
  }

  /** Sets a new due time. An entry that has come due is unlinked until it is scheduled again. */
  schedule(id: number, dueMs: number): void {
    if (this.#slot[id] === FREE) return
    this.#due[id] = dueMs
    if (this.#slot[id] === UNLINKED) this.#link(id)
    else if (Math.ceil(dueMs / this.resolutionMs) < this.#tickOf[id]) {
      this.#unlink(id)
      this.#link(id)
    }
  }

  /** Forgets the entry; its id may be given out again. Harmless when it is gone already. */
  remove(id: number): void {
    if (id < 0 || this.#slot[id] === FREE) return
    if (this.#slot[id] !== UNLINKED) this.#unlink(id)
    this.#slot[id] = FREE
    this.#items[id] = null
    this.#next[id] = this.#free
    this.#free = id
    this.#size--
  }

  /** Calls `onDue` for every entry due at `nowMs`. It may add, schedule and remove entries. Time that goes back is ignored. */
  advance(nowMs: number, onDue: (item: T) => void): void {
    const target = Math.floor(nowMs / this.resolutionMs)
    // After a long stop every slot needs one look only, not one per missed round.
    if (target - this.#tick > this.#mask + 1) this.#tick = target - (this.#mask + 1)
    while (this.#tick < target) {
      this.#tick++
      const slot = this.#tick & this.#mask
      for (let id = this.#firstOfSlot[slot]; id !== NONE; id = this.#firstOfSlot[slot]) {
        this.#unlink(id)
        if (this.#due[id] > nowMs) this.#link(id)
        else onDue(this.#items[id] as T)
      }
    }
  }

  #link(id: number): void {
    let tick = Math.ceil(this.#due[id] / this.resolutionMs)
    if (!(tick > this.#tick)) tick = this.#tick + 1
    else if (tick > this.#tick + this.#mask) tick = this.#tick + this.#mask
    const slot = tick & this.#mask
    const first = this.#firstOfSlot[slot]
    this.#tickOf[id] = tick
    this.#slot[id] = slot
    this.#next[id] = first
    this.#previous[id] = NONE
    if (first !== NONE) this.#previous[first] = id
    this.#firstOfSlot[slot] = id
  }

  #unlink(id: number): void {
    const next = this.#next[id]
    const previous = this.#previous[id]
    if (previous === NONE) this.#firstOfSlot[this.#slot[id]] = next
    else this.#next[previous] = next
    if (next !== NONE) this.#previous[next] = previous
    this.#slot[id] = UNLINKED
  }

  #grow(): boolean {
    const from = this.#next.length
    const to = Math.min(from * 2, this.maxEntries)
    if (to === from) return false
    this.#next = grown(this.#next, new Int32Array(to))
    this.#previous = grown(this.#previous, new Int32Array(to))
    this.#slot = grown(this.#slot, new Int32Array(to).fill(FREE))
    this.#tickOf = grown(this.#tickOf, new Float64Array(to))
    this.#due = grown(this.#due, new Float64Array(to))
    this.#chainFree(from, to)
    return true
  }

  #chainFree(from: number, to: number): void {
    for (let id = to - 1; id >= from; id--) {
      this.#next[id] = this.#free
      this.#free = id
      this.#items[id] = null
    }
  }
}

const NONE = -1
const UNLINKED = -1
const FREE = -2
const FIRST_CAPACITY = 1_024

function grown<A extends Int32Array | Float64Array>(from: A, into: A): A {
  into.set(from)
  return into
}
