/**
 * The clients that have requests waiting, in rounds: deficit round robin (Shreedhar, Varghese 1995) with new clients first (RFC 8290, new flows).
 *
 * One record per client and group (visitor × route class), found by a hash of 8,192 buckets; as many records as requests may wait, so none is ever missing.
 * A client whose turn is over gets a quantum × weight for the next one and goes to the end of the round. One that was not served for a second goes before
 * the round, once, so that a visitor who asks rarely is not drowned by those who always ask.
 * Never: grow; take longer than the chain of one bucket.
 */
/** Buckets of the client hash: twice the records. */
const BUCKETS_PER_FLOW = 2
/** A client not served for this long counts as new. */
const FRESH_AFTER_MS = 1_000

export class ClientFlows {
  readonly group: Int32Array
  readonly weight: Float64Array
  /** Origin milliseconds it may still use in this turn. */
  readonly deficit: Float64Array
  /** First and last waiter, and how many: kept by the queue. -1 when none. */
  readonly head: Int32Array
  readonly tail: Int32Array
  readonly count: Int32Array
  readonly #key: Int32Array
  readonly #ringPrevious: Int32Array
  readonly #ringNext: Int32Array
  readonly #isNew: Uint8Array
  readonly #bucketNext: Int32Array
  readonly #buckets: Int32Array
  readonly #servedAtMs: Float64Array
  readonly #newRing: Int32Array
  readonly #oldRing: Int32Array
  #free = 0

  constructor(capacity: number, groups: number) {
    this.group = new Int32Array(capacity)
    this.weight = new Float64Array(capacity)
    this.deficit = new Float64Array(capacity)
    this.head = new Int32Array(capacity)
    this.tail = new Int32Array(capacity)
    this.count = new Int32Array(capacity)
    this.#key = new Int32Array(capacity)
    this.#ringPrevious = new Int32Array(capacity)
    this.#ringNext = new Int32Array(capacity)
    this.#isNew = new Uint8Array(capacity)
    this.#bucketNext = new Int32Array(capacity)
    for (let flow = 0; flow < capacity; flow++) this.#bucketNext[flow] = flow + 1 < capacity ? flow + 1 : -1
    const buckets = 2 ** Math.ceil(Math.log2(capacity * BUCKETS_PER_FLOW))
    this.#buckets = new Int32Array(buckets).fill(-1)
    this.#servedAtMs = new Float64Array(buckets).fill(-Infinity)
    this.#newRing = new Int32Array(groups).fill(-1)
    this.#oldRing = new Int32Array(groups).fill(-1)
  }

  /** The record of this client in this group, or -1. */
  find(key: number, group: number): number {
    let flow = this.#buckets[this.#bucketOf(key, group)]
    while (flow !== -1 && (this.#key[flow] !== (key | 0) || this.group[flow] !== group)) flow = this.#bucketNext[flow]
    return flow
  }

  /** A new record, its first turn's quantum given. The caller adds a waiter before anything else happens. */
  open(key: number, group: number, weight: number, quantum: number, nowMs: number): number {
    const bucket = this.#bucketOf(key, group)
    const flow = this.#free
    this.#free = this.#bucketNext[flow]
    this.#key[flow] = key
    this.group[flow] = group
    this.weight[flow] = weight
    this.deficit[flow] = quantum * weight
    this.head[flow] = -1
    this.tail[flow] = -1
    this.count[flow] = 0
    this.#bucketNext[flow] = this.#buckets[bucket]
    this.#buckets[bucket] = flow
    this.#isNew[flow] = nowMs - this.#servedAtMs[bucket] >= FRESH_AFTER_MS ? 1 : 0
    this.#joinRing(flow)
    return flow
  }

  /** Its last waiter left. */
  close(flow: number): void {
    this.#leaveRing(flow)
    const bucket = this.#bucketOf(this.#key[flow], this.group[flow])
    if (this.#buckets[bucket] === flow) this.#buckets[bucket] = this.#bucketNext[flow]
    else {
      let before = this.#buckets[bucket]
      while (this.#bucketNext[before] !== flow) before = this.#bucketNext[before]
      this.#bucketNext[before] = this.#bucketNext[flow]
    }
    this.#bucketNext[flow] = this.#free
    this.#free = flow
  }

  /** Whose turn it is, or -1. */
  first(group: number): number {
    const fresh = this.#newRing[group]
    return fresh === -1 ? this.#oldRing[group] : fresh
  }
  /** Any client of the group, one that was served before if there is one; and the one after it, round and round. */
  firstOld(group: number): number {
    const old = this.#oldRing[group]
    return old === -1 ? this.#newRing[group] : old
  }
  after(flow: number): number {
    return this.#ringNext[flow]
  }

  /** One of its requests is served. */
  spend(flow: number, cost: number, nowMs: number): void {
    this.deficit[flow] -= cost
    this.#servedAtMs[this.#bucketOf(this.#key[flow], this.group[flow])] = nowMs
  }

  endTurn(flow: number, quantum: number): void {
    this.deficit[flow] += quantum * this.weight[flow]
    this.#leaveRing(flow)
    this.#isNew[flow] = 0
    this.#joinRing(flow)
  }

  #bucketOf(key: number, group: number): number {
    return (key ^ Math.imul(group + 1, 0x9e3779b1)) & (this.#buckets.length - 1)
  }

  /** Appends to the circular list of its group; the list variable points at the first. */
  #joinRing(flow: number): void {
    const rings = this.#isNew[flow] === 1 ? this.#newRing : this.#oldRing
    const group = this.group[flow]
    const first = rings[group]
    if (first === -1) {
      rings[group] = flow
      this.#ringNext[flow] = flow
      this.#ringPrevious[flow] = flow
      return
    }
    const last = this.#ringPrevious[first]
    this.#ringNext[last] = flow
    this.#ringPrevious[flow] = last
    this.#ringNext[flow] = first
    this.#ringPrevious[first] = flow
  }

  #leaveRing(flow: number): void {
    const rings = this.#isNew[flow] === 1 ? this.#newRing : this.#oldRing
    const group = this.group[flow]
    const next = this.#ringNext[flow]
    if (next === flow) {
      rings[group] = -1
      return
    }
    const previous = this.#ringPrevious[flow]
    this.#ringNext[previous] = next
    this.#ringPrevious[next] = previous
    if (rings[group] === flow) rings[group] = next
  }
}
