import { combineHash, mix32 } from '../../kernel/hash.ts'
import { DAY_MS } from '../../kernel/units.ts'

const BITS = 1 << 20
const HASHES = 4
/** At this fill (about 10 bits a network) a generation is full: false hits stay near 1 %. */
const FULL = BITS / 10
const GENERATION_MS = 14 * DAY_MS

/**
 * Which networks (/24, /48) asked in calm times of the last two to four weeks: two Bloom filters, the older one forgotten when the newer is old or full.
 * Only a weak hint (cap ln 1.5): in calm halves of real logs just 22 to 58 % of the clients' networks had been seen before, so "unknown" is no accusation.
 */
export class SeenNetworks {
  #current = new Uint32Array(BITS / 32)
  #previous = new Uint32Array(BITS / 32)
  #added = 0
  #startedWallMs = Number.NaN

  add(family: number, high: number, low: number, wallMs: number): void {
    if (Number.isNaN(this.#startedWallMs)) this.#startedWallMs = wallMs
    if (this.#added >= FULL || wallMs - this.#startedWallMs > GENERATION_MS) {
      const oldest = this.#previous
      this.#previous = this.#current
      this.#current = oldest.fill(0)
      this.#added = 0
      this.#startedWallMs = wallMs
    }
    const key = networkKey(family, high, low)
    if (holds(this.#current, key)) return
    this.#added++
    for (let i = 0; i < HASHES; i++) {
      const bit = bitOf(key, i)
      this.#current[bit >>> 5] |= 1 << (bit & 31)
    }
  }

  has(family: number, high: number, low: number): boolean {
    const key = networkKey(family, high, low)
    return holds(this.#current, key) || holds(this.#previous, key)
  }
}

function networkKey(family: number, high: number, low: number): number {
  return family === 4 ? mix32((high & 0xffffff00) ^ 0x34) : combineHash(mix32(high ^ 0x36), low >>> 16)
}

function bitOf(key: number, i: number): number {
  return mix32(key + Math.imul(i, 0x9e3779b1)) % BITS
}

function holds(bits: Uint32Array, key: number): boolean {
  for (let i = 0; i < HASHES; i++) {
    const bit = bitOf(key, i)
    if ((bits[bit >>> 5] & (1 << (bit & 31))) === 0) return false
  }
  return true
}
