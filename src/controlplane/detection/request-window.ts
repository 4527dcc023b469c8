/**
 * The last ten ticks of sampled requests, and what each of their clients turned out to be.
 * A row is `proven` (its client behaves like a visitor), `judged` (it got a page, or sent a form, and did nothing else a visitor does), `silent`
 * (nothing got, nothing shown, for two ticks), or undecided. Suspicious means judged or silent: only with those do rules deal, and a page that we or the
 * origin failed to serve never makes its reader suspicious by itself.
 */
import { PAGE_ONLY_PAGES, PROTECTED_FLAGS, type WindowRows, fieldIndex } from '../evidence.ts'
import { routeClasses } from '../../contract/route-class.ts'
import { sampleFields, sampleFlags } from '../../contract/sample.ts'
import { hasBit, popCount, setBit, wordsForBits } from '../../kernel/bitset.ts'
import type { ClientFacts } from './client-facts.ts'

/** Ticks after which a client that got nothing and showed nothing counts as silent: a visitor's sub-resources follow its page within two seconds. */
const SILENT_AFTER_TICKS = 2
/** Who writes without ever having got a page filled in no form of ours. */
const WRITE = routeClasses.indexOf('write')

const TRUSTED = PROTECTED_FLAGS | sampleFlags.validClearance

export class RequestWindow implements WindowRows {
  readonly capacity: number
  readonly columns: readonly Uint32Array[]
  readonly present: Uint32Array
  readonly protected: Uint32Array
  readonly proven: Uint32Array
  readonly judged: Uint32Array
  readonly suspicious: Uint32Array
  readonly pageOnly: Uint32Array
  readonly onePageOnly: Uint32Array
  readonly #buckets: number
  readonly #rowsPerBucket: number
  readonly #wordsPerBucket: number
  readonly #filled: Uint32Array
  readonly #seen: Float64Array
  readonly #seconds: Float64Array
  readonly #tick: Uint32Array
  #current = 0
  #ticks = 0

  /** `rowsPerBucket` a multiple of 32, so that every bucket begins with a whole word. */
  constructor(buckets = 10, rowsPerBucket = 1_024) {
    if (rowsPerBucket % 32 !== 0) throw new RangeError(`rowsPerBucket must be a multiple of 32, not ${rowsPerBucket}`)
    this.#buckets = buckets
    this.#rowsPerBucket = rowsPerBucket
    this.#wordsPerBucket = wordsForBits(rowsPerBucket)
    this.capacity = buckets * rowsPerBucket
    this.columns = sampleFields.map(() => new Uint32Array(this.capacity))
    const bits = (): Uint32Array => new Uint32Array(wordsForBits(this.capacity))
    this.present = bits()
    this.protected = bits()
    this.proven = bits()
    this.judged = bits()
    this.suspicious = bits()
    this.pageOnly = bits()
    this.onePageOnly = bits()
    this.#filled = new Uint32Array(buckets)
    this.#seen = new Float64Array(buckets)
    this.#seconds = new Float64Array(buckets)
    this.#tick = new Uint32Array(buckets)
  }

  get rowsPerBucket(): number {
    return this.#rowsPerBucket
  }

  /** Begins the bucket of this tick; what it held ten ticks ago is forgotten. `seen`: all requests of the tick, sampled or not. */
  begin(tick: number, seconds: number, seen: number): void {
    this.#current = this.#ticks % this.#buckets
    this.#ticks++
    const from = this.#current * this.#wordsPerBucket
    for (const bits of [this.present, this.protected, this.proven, this.judged, this.suspicious, this.pageOnly, this.onePageOnly]) bits.fill(0, from, from + this.#wordsPerBucket)
    this.#filled[this.#current] = 0
    this.#seen[this.#current] = seen
    this.#seconds[this.#current] = seconds
    this.#tick[this.#current] = tick
  }

  /** Adds a record to the bucket begun last; false when the bucket is full. */
  add(words: Uint32Array, offset: number): boolean {
    const filled = this.#filled[this.#current]
    if (filled === this.#rowsPerBucket) return false
    const row = this.#current * this.#rowsPerBucket + filled
    for (let field = 0; field < this.columns.length; field++) this.columns[field][row] = words[offset + field]
    setBit(this.present, row)
    if ((words[offset + fieldIndex.flags] & PROTECTED_FLAGS) !== 0) setBit(this.protected, row)
    this.#filled[this.#current] = filled + 1
    return true
  }

  /** Requests that the marked rows stand for. `newestTicks` looks only at so many buckets. */
  weigh(bits: Uint32Array, newestTicks = this.#buckets): number {
    return this.#weigh(bits, bits, newestTicks)
  }

  /** Requests that the rows marked in both stand for. */
  weighCommon(a: Uint32Array, b: Uint32Array, newestTicks = this.#buckets): number {
    return this.#weigh(a, b, newestTicks)
  }

  #weigh(a: Uint32Array, b: Uint32Array, newestTicks: number): number {
    let sum = 0
    for (let back = 0; back < Math.min(newestTicks, this.#buckets, this.#ticks); back++) {
      const bucket = (this.#current - back + this.#buckets) % this.#buckets
      const filled = this.#filled[bucket]
      if (filled === 0) continue
      let count = 0
      const from = bucket * this.#wordsPerBucket
      for (let i = from; i < from + this.#wordsPerBucket; i++) count += popCount(a[i] & b[i])
      sum += (count * this.#seen[bucket]) / filled
    }
    return sum
  }

  /** All requests of the newest ticks. */
  seen(newestTicks = this.#buckets): number {
    return this.#sum(this.#seen, newestTicks)
  }

  open(newestTicks = this.#buckets): number {
    return this.seen(newestTicks) - this.weigh(this.protected, newestTicks)
  }

  seconds(newestTicks = this.#buckets): number {
    return this.#sum(this.#seconds, newestTicks)
  }

  #sum(values: Float64Array, newestTicks: number): number {
    let sum = 0
    for (let back = 0; back < Math.min(newestTicks, this.#buckets, this.#ticks); back++) sum += values[(this.#current - back + this.#buckets) % this.#buckets]
    return sum
  }

  newest(ticks: number): Uint32Array {
    const bits = new Uint32Array(this.present.length)
    for (let back = 0; back < Math.min(ticks, this.#buckets, this.#ticks); back++) {
      const from = ((this.#current - back + this.#buckets) % this.#buckets) * this.#wordsPerBucket
      bits.set(this.present.subarray(from, from + this.#wordsPerBucket), from)
    }
    return bits
  }

  /** Looks every row's client up again and marks what it is by now. */
  judge(facts: ClientFacts, tick: number): void {
    const clientKeys = this.columns[fieldIndex.clientKey]
    const flags = this.columns[fieldIndex.flags]
    const classes = this.columns[fieldIndex.pathClass]
    for (const bits of [this.proven, this.judged, this.suspicious, this.pageOnly, this.onePageOnly]) bits.fill(0)
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      const old = tick - this.#tick[bucket] >= SILENT_AFTER_TICKS
      const first = bucket * this.#rowsPerBucket
      for (let row = first; row < first + this.#filled[bucket]; row++) {
        const at = facts.find(clientKeys[row])
        if ((flags[row] & TRUSTED) !== 0 || (at !== -1 && facts.provenAt(at))) setBit(this.proven, row)
        else if (at !== -1 && facts.toolAt(at)) {
          setBit(this.judged, row)
          setBit(this.suspicious, row)
          if (facts.pageOnlyAt(at, 1)) setBit(this.onePageOnly, row)
          if (facts.pageOnlyAt(at, PAGE_ONLY_PAGES)) setBit(this.pageOnly, row)
        } else if (classes[row] === WRITE && (at === -1 || facts.pageOnlyAt(at, 0))) {
          setBit(this.judged, row)
          setBit(this.suspicious, row)
        } else if (old) setBit(this.suspicious, row)
      }
    }
  }

  /** Copies up to `most` rows, evenly spread, of the bucket about to be overwritten, with the word of hindsight in their flags. */
  takeOldest(most: number, receive: (words: Uint32Array) => void): void {
    if (this.#ticks < this.#buckets) return
    const bucket = this.#ticks % this.#buckets
    const filled = this.#filled[bucket]
    const take = Math.min(most, filled)
    const words = new Uint32Array(this.columns.length)
    for (let i = 0; i < take; i++) {
      const row = bucket * this.#rowsPerBucket + Math.floor(((i + 0.5) * filled) / take)
      for (let field = 0; field < words.length; field++) words[field] = this.columns[field][row]
      if (hasBit(this.proven, row)) words[fieldIndex.flags] |= sampleFlags.provenLater
      receive(words)
    }
  }

  get bytes(): number {
    return this.columns.length * this.capacity * 4 + this.present.byteLength * 7
  }
}
