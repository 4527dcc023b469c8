import { combineHash } from '../../../kernel/hash.ts'

const ROW_SEEDS = [0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19, 0x6a09e667, 0xbb67ae85] as const

/**
 * How often any key came, in fixed memory, never too low: estimate >= true, and above true + e/width x total with probability at most e^-rows.
 * Conservative update raises only the smallest cells, which keeps the first promise and makes the excess smaller.
 * Sources: Cormode, Muthukrishnan, J. Algorithms 2005; Estan, Varghese, SIGCOMM 2002.
 */
export class CountMin {
  readonly #rows: number
  readonly #mask: number
  readonly #width: number
  readonly #cells: Uint32Array

  /** `width` a power of two. */
  constructor(rows = 4, width = 65_536) {
    if (!Number.isInteger(rows) || rows < 1 || rows > ROW_SEEDS.length) throw new RangeError(`rows must be 1 to ${ROW_SEEDS.length}, not ${rows}`)
    if (!Number.isInteger(Math.log2(width)) || width < 2) throw new RangeError(`width must be a power of two, not ${width}`)
    this.#rows = rows
    this.#width = width
    this.#mask = width - 1
    this.#cells = new Uint32Array(rows * width)
  }

  /** Adds a whole number (>= 1) and returns the new estimate; cells stop at 2^32-1 instead of starting again. */
  add(key: number, count = 1): number {
    const raised = Math.min(this.estimate(key) + count, 0xffffffff)
    for (let row = 0; row < this.#rows; row++) {
      const cell = row * this.#width + (combineHash(ROW_SEEDS[row], key) & this.#mask)
      if (this.#cells[cell] < raised) this.#cells[cell] = raised
    }
    return raised
  }

  estimate(key: number): number {
    let smallest = 0xffffffff
    for (let row = 0; row < this.#rows; row++) {
      const count = this.#cells[row * this.#width + (combineHash(ROW_SEEDS[row], key) & this.#mask)]
      if (count < smallest) smallest = count
    }
    return smallest
  }

  clear(): void {
    this.#cells.fill(0)
  }

  get bytes(): number {
    return this.#cells.byteLength
  }
}
