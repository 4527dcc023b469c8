import { combineHash } from '../../../kernel/hash.ts'
import { SpaceSaving } from './space-saving.ts'

/** Bits of the two address words that count, per level, most specific first. */
const LEVELS_V4 = [32, 24, 16] as const
const LEVELS_V6 = [64, 48, 32] as const

export interface HeavyPrefix {
  readonly family: 4 | 6
  readonly bits: number
  readonly high: number
  readonly low: number
  readonly count: number
}

/**
 * Heavy address ranges: /32 /24 /16 of IPv4 and /64 /48 /32 of IPv6, each level its own pair of panes.
 * Every level is updated for every sample: the input is a sample already, so the random level of RHHH (Ben-Basat et al., SIGCOMM 2017) would only add noise.
 */
export class PrefixHierarchy {
  readonly #levels: Level[] = []

  constructor(slotsPerLevel: number) {
    for (const bits of LEVELS_V4) this.#levels.push(new Level(4, bits, slotsPerLevel))
    for (const bits of LEVELS_V6) this.#levels.push(new Level(6, bits, slotsPerLevel))
  }

  /** `high` and `low` as in contract/sample.ts: the IPv4 address and 0, or the first 64 bits of the IPv6 address. */
  add(family: number, high: number, low: number, weight = 1): void {
    for (const level of this.#levels) if (level.family === family) level.add(high, low, weight)
  }

  turn(): void {
    for (const level of this.#levels) level.turn()
  }

  /** Prefixes at or above the threshold, most specific level first, heaviest first within a level. */
  heavierThan(threshold: number, limitPerLevel: number): HeavyPrefix[] {
    return this.#levels.flatMap((level) => level.heavierThan(threshold, limitPerLevel))
  }

  get bytes(): number {
    return this.#levels.reduce((sum, level) => sum + level.bytes, 0)
  }
}

class Level {
  readonly family: 4 | 6
  readonly bits: number
  #current: Pane
  #previous: Pane

  constructor(family: 4 | 6, bits: number, slots: number) {
    this.family = family
    this.bits = bits
    this.#current = new Pane(slots)
    this.#previous = new Pane(slots)
  }

  add(high: number, low: number, weight: number): void {
    const maskedHigh = maskWord(high, this.bits)
    const maskedLow = maskWord(low, this.bits - 32)
    const pane = this.#current
    const slot = pane.keys.add(prefixKey(maskedHigh, maskedLow, this.bits), weight)
    pane.high[slot] = maskedHigh
    pane.low[slot] = maskedLow
  }

  turn(): void {
    const oldest = this.#previous
    this.#previous = this.#current
    this.#current = oldest
    oldest.keys.clear()
  }

  heavierThan(threshold: number, limit: number): HeavyPrefix[] {
    const found = new Map<number, HeavyPrefix>()
    for (const pane of [this.#current, this.#previous]) {
      for (const { key } of pane.keys.heavierThan(threshold / 2)) {
        const count = this.#current.keys.estimate(key) + this.#previous.keys.estimate(key)
        const slot = pane.keys.slotOf(key)
        if (count < threshold || found.has(key)) continue
        found.set(key, { family: this.family, bits: this.bits, high: pane.high[slot], low: pane.low[slot], count })
      }
    }
    return [...found.values()].sort((a, b) => b.count - a.count || a.high - b.high || a.low - b.low).slice(0, limit)
  }

  get bytes(): number {
    return 2 * (this.#current.keys.bytes + this.#current.high.byteLength * 2)
  }
}

class Pane {
  readonly keys: SpaceSaving
  readonly high: Uint32Array
  readonly low: Uint32Array

  constructor(slots: number) {
    this.keys = new SpaceSaving(slots)
    this.high = new Uint32Array(slots)
    this.low = new Uint32Array(slots)
  }
}

/** The first `bits` bits of a 32-bit word (none when bits <= 0). */
export function maskWord(word: number, bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? word >>> 0 : (word & (0xffffffff << (32 - bits))) >>> 0
}

/** One word is its own key (no collisions for IPv4 and for /32 of IPv6); two words are hashed. */
function prefixKey(high: number, low: number, bits: number): number {
  return bits <= 32 ? high : combineHash(high, low)
}

/** `192.0.2.0/24`, `2001:db8:0:0::/48`: as a rule's `prefix` condition wants it. */
export function prefixText(family: 4 | 6, bits: number, high: number, low: number): string {
  if (family === 4) return `${high >>> 24}.${(high >>> 16) & 255}.${(high >>> 8) & 255}.${high & 255}/${bits}`
  const groups = [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].map((group) => group.toString(16))
  return `${groups.join(':')}::/${bits}`
}
