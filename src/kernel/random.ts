import { randomBytes } from 'node:crypto'

/** The only source of chance: uniform numbers in [0, 1). */
export interface Random {
  next(): number
}

export const systemRandom: Random = Object.freeze({ next: () => Math.random() })

/** sfc32 (Chris Doty-Humphrey, PractRand): the same seed gives the same series, on every machine. */
export class SeededRandom implements Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = 0x9e3779b9 | 0
    this.#c = 0x243f6a88 | 0
    for (let i = 0; i < 12; i++) this.next()
  }

  next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    this.#c |= 0
    return (t >>> 0) / 4_294_967_296
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }
}

/** `length` unpredictable bytes, for keys and seeds. */
export function unpredictableBytes(length: number): Uint8Array {
  return randomBytes(length)
}
