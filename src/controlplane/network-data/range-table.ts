/**
 * Address ranges with a value each, flat in memory: 12 bytes a range (IPv4), 20 bytes (IPv6, by its first 64 bits: that is how Polder tells IPv6 clients apart).
 * Built once, in the loading thread, from ranges in any order; then only read. Where prefixes lie in one another the narrower counts, of equals the later;
 * of ranges that only partly overlap, the one that ends first.
 */
export const NOTHING = 0

/** One family's ranges: sorted, not overlapping. IPv4 has no low words. */
export interface FlatRanges {
  readonly startHigh: Uint32Array
  readonly startLow: Uint32Array | null
  readonly endHigh: Uint32Array
  readonly endLow: Uint32Array | null
  readonly values: Uint32Array
}

/** The value of the range an address lies in, or NOTHING. `low` is ignored for IPv4. Two compares a step, about 20 steps for a million ranges. */
export function findValue(ranges: FlatRanges, high: number, low: number): number {
  const { startHigh, startLow, endHigh, endLow, values } = ranges
  let from = 0
  let to = values.length - 1
  while (from <= to) {
    const middle = (from + to) >>> 1
    const start = startHigh[middle]
    if (start < high || (start === high && (startLow === null || startLow[middle] <= low))) from = middle + 1
    else to = middle - 1
  }
  if (to < 0) return NOTHING
  const end = endHigh[to]
  return high < end || (high === end && (endLow === null || low <= endLow[to])) ? values[to] : NOTHING
}

/** A first size; grows by half, so that a million ranges need no more than half as much again while loading. */
const FIRST_RANGES = 4_096

export class RangeBuilder {
  readonly #family: 4 | 6
  #columns: Uint32Array[]
  #size = 0
  #ordered = true

  constructor(family: 4 | 6) {
    this.#family = family
    this.#columns = Array.from({ length: family === 4 ? 3 : 5 }, () => new Uint32Array(FIRST_RANGES))
  }

  get size(): number {
    return this.#size
  }

  /** A range, both ends included, unsigned words. Returns false when the end lies before the start. */
  add(startHigh: number, startLow: number, endHigh: number, endLow: number, value: number): boolean {
    if (endHigh < startHigh || (endHigh === startHigh && endLow < startLow)) return false
    if (this.#size === this.#columns[0].length) this.#columns = this.#columns.map((old) => enlarged(old, Math.ceil(old.length * 1.5)))
    const at = this.#size++
    const columns = this.#columns
    columns[0][at] = startHigh
    columns[1][at] = endHigh
    columns[2][at] = value
    if (this.#family === 6) {
      columns[3][at] = startLow
      columns[4][at] = endLow
    }
    if (at > 0 && this.#ordered) this.#ordered = this.#before(at - 1, at)
    return true
  }

  /** Range a ends before range b starts. */
  #before(a: number, b: number): boolean {
    const [startHigh, endHigh, , startLow, endLow] = this.#columns
    return endHigh[a] < startHigh[b] || (endHigh[a] === startHigh[b] && this.#family === 6 && endLow[a] < startLow[b])
  }

  /** The builder is empty afterwards. Neighbours of equal value become one range. */
  finish(): FlatRanges {
    const sorted = this.#ordered ? null : this.#flattened()
    const count = sorted === null ? this.#size : sorted.size
    const columns = sorted === null ? this.#columns : sorted.columns
    const kept = joinNeighbours(columns, count, this.#family)
    const cut = columns.map((column) => column.slice(0, kept))
    this.#columns = []
    this.#size = 0
    const [startHigh, endHigh, values, startLow, endLow] = cut
    return { startHigh, endHigh, values, startLow: startLow ?? null, endLow: endLow ?? null }
  }

  /** Overlapping ranges made disjoint: a walk over the starts with the open ranges on a stack, the narrowest on top. */
  #flattened(): { columns: Uint32Array[]; size: number } {
    const [startHigh, endHigh, values, startLow, endLow] = this.#columns
    const wide = this.#family === 6
    const startOf = (i: number): bigint => (wide ? (BigInt(startHigh[i]) << 32n) | BigInt(startLow[i]) : BigInt(startHigh[i]))
    const endOf = (i: number): bigint => (wide ? (BigInt(endHigh[i]) << 32n) | BigInt(endLow[i]) : BigInt(endHigh[i]))
    const order = Array.from({ length: this.#size }, (_, i) => i)
    // By start; of equal starts the widest first; of equals in order of arrival.
    order.sort((a, b) => {
      const byStart = startHigh[a] - startHigh[b] || (wide ? startLow[a] - startLow[b] : 0)
      return byStart || endHigh[b] - endHigh[a] || (wide ? endLow[b] - endLow[a] : 0) || a - b
    })
    const out = new RangeBuilder(this.#family)
    const low = (value: bigint): number => (wide ? Number(value & 0xffff_ffffn) : 0)
    const high = (value: bigint): number => Number(wide ? value >> 32n : value)
    const emit = (from: bigint, to: bigint, i: number): void => void (from <= to && out.add(high(from), low(from), high(to), low(to), values[i]))
    const open: number[] = []
    let at = 0n
    const closeUntil = (limit: bigint): void => {
      while (open.length > 0) {
        const top = open.at(-1)!
        const end = endOf(top)
        if (end >= limit) break
        open.pop()
        emit(at, end, top)
        if (end >= at) at = end + 1n
      }
    }
    for (const i of order) {
      const start = startOf(i)
      closeUntil(start)
      if (open.length > 0 && at < start) emit(at, start - 1n, open.at(-1)!)
      at = start
      // A range that only partly overlaps stays below a narrower one: the stack is kept by width of what is left.
      let place = open.length
      while (place > 0 && endOf(open[place - 1]) < endOf(i)) place--
      open.splice(place, 0, i)
    }
    closeUntil(1n << 65n)
    return { columns: out.#columns, size: out.#size }
  }
}

function enlarged(old: Uint32Array, length: number): Uint32Array {
  const grown = new Uint32Array(length)
  grown.set(old)
  return grown
}

/** In place. Returns how many ranges are left. */
function joinNeighbours(columns: readonly Uint32Array[], count: number, family: 4 | 6): number {
  const [startHigh, endHigh, values, startLow, endLow] = columns
  let kept = 0
  for (let i = 0; i < count; i++) {
    if (kept > 0 && values[kept - 1] === values[i] && follows(endHigh[kept - 1], family === 6 ? endLow[kept - 1] : 0, startHigh[i], family === 6 ? startLow[i] : 0, family)) {
      endHigh[kept - 1] = endHigh[i]
      if (family === 6) endLow[kept - 1] = endLow[i]
      continue
    }
    for (const column of columns) column[kept] = column[i]
    kept++
  }
  return kept
}

function follows(endHigh: number, endLow: number, startHigh: number, startLow: number, family: 4 | 6): boolean {
  if (family === 4) return startHigh === endHigh + 1
  return endLow === 0xffff_ffff ? startLow === 0 && startHigh === endHigh + 1 : startHigh === endHigh && startLow === endLow + 1
}
