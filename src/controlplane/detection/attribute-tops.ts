import { type HeavyRange, type HeavyValue, fieldIndex, itemFields } from '../evidence.ts'
import { HyperLogLog } from './sketch/hyper-log-log.ts'
import { PrefixHierarchy, prefixText } from './sketch/prefix-hierarchy.ts'
import { SlidingTopKeys } from './sketch/sliding-top-keys.ts'

/** Slots per attribute: at 10,000 samples a window every value above 0.1 % is held. */
const SLOTS = 1_024
const PREFIX_SLOTS = 1_024
/** Ticks per pane; two panes make the window of ten. */
const PANE_TICKS = 5
/** Values of one attribute worth a closer look: the bound keeps the search small, 5 % of the traffic each at most 20. */
const VALUES_PER_FIELD = 4
const RANGES_PER_LEVEL = 2

/** Which values of which attributes fill the newest ten ticks, who asks from where, and how many ask for pages. */
export class AttributeTops {
  readonly #fields = itemFields.map((field) => ({ field, index: fieldIndex[field], top: new SlidingTopKeys(SLOTS) }))
  readonly #prefixes = new PrefixHierarchy(PREFIX_SLOTS)
  #clients = new HyperLogLog()
  #clientsBefore = new HyperLogLog()
  #pages = 0
  #pagesBefore = 0
  #ticks = 0

  /** Before the records of a tick. */
  begin(): void {
    if (this.#ticks++ % PANE_TICKS !== 0) return
    for (const { top } of this.#fields) top.turn()
    this.#prefixes.turn()
    const oldest = this.#clientsBefore
    this.#clientsBefore = this.#clients
    this.#clients = oldest
    oldest.clear()
    this.#pagesBefore = this.#pages
    this.#pages = 0
  }

  /** `weight`: requests the record stands for. */
  add(words: Uint32Array, offset: number, weight: number): void {
    for (const { index, top } of this.#fields) top.add(words[offset + index], weight)
    this.#prefixes.add(words[offset + fieldIndex.family], words[offset + fieldIndex.addressHigh], words[offset + fieldIndex.addressLow], weight)
    if (isPage(words[offset + fieldIndex.pathClass])) {
      this.#clients.add(words[offset + fieldIndex.clientKey])
      this.#pages++
    }
  }

  /** Values that stand for at least `share` of the requests, field by field. */
  heavyValues(share: number): HeavyValue[] {
    const found: HeavyValue[] = []
    for (const { field, top } of this.#fields) {
      for (const { key } of top.heavierThan(top.total * share, VALUES_PER_FIELD)) found.push({ field, value: key })
    }
    return found
  }

  heavyRanges(share: number): HeavyRange[] {
    const total = this.#fields[0].top.total
    return this.#prefixes.heavierThan(total * share, RANGES_PER_LEVEL).map((p) => ({ family: p.family, bits: p.bits, high: p.high, low: p.low, cidr: prefixText(p.family, p.bits, p.high, p.low) }))
  }

  /** Sampled page requests per different client, over five to ten ticks. A thin sample shows fewer repeats than there are. */
  pagesPerClient(): number {
    const all = new HyperLogLog()
    all.merge(this.#clients)
    all.merge(this.#clientsBefore)
    return (this.#pages + this.#pagesBefore) / Math.max(1, all.estimate())
  }

  get bytes(): number {
    return this.#fields.reduce((sum, { top }) => sum + top.bytes, 0) + this.#prefixes.bytes + 2 * this.#clients.bytes
  }
}

/** Page and search, as routeClasses counts them. */
function isPage(pathClass: number): boolean {
  return pathClass === 0 || pathClass === 4
}
