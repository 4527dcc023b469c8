import { mix32 } from '../../../kernel/hash.ts'

/**
 * How many different keys a stream held: 4,096 one-byte registers, standard error 1.04/sqrt(4096) = 1.6 %.
 * Source: Flajolet, Fusy, Gandouet, Meunier, AofA 2007; below 2.5 m the linear count of empty registers is used, as the paper says.
 * Keys are 32-bit, so above about 2^27 different ones the estimate saturates: far more than one window can hold.
 */
export class HyperLogLog {
  readonly #precision: number
  readonly #registers: Uint8Array

  constructor(precision = 12) {
    if (!Number.isInteger(precision) || precision < 4 || precision > 16) throw new RangeError(`precision must be 4 to 16, not ${precision}`)
    this.#precision = precision
    this.#registers = new Uint8Array(1 << precision)
  }

  add(key: number): void {
    const hash = mix32(key ^ 0x5bd1e995)
    const register = hash >>> (32 - this.#precision)
    const rest = (hash << this.#precision) >>> 0
    const rank = rest === 0 ? 32 - this.#precision + 1 : Math.clz32(rest) + 1
    if (rank > this.#registers[register]) this.#registers[register] = rank
  }

  estimate(): number {
    const m = this.#registers.length
    let sum = 0
    let empty = 0
    for (const rank of this.#registers) {
      sum += 2 ** -rank
      if (rank === 0) empty++
    }
    const alpha = 0.7213 / (1 + 1.079 / m)
    const raw = (alpha * m * m) / sum
    return raw <= 2.5 * m && empty > 0 ? m * Math.log(m / empty) : raw
  }

  /** Union: afterwards this one counts the keys of both. */
  merge(other: HyperLogLog): void {
    if (other.#registers.length !== this.#registers.length) throw new RangeError('only sketches of the same precision can be merged')
    for (let i = 0; i < this.#registers.length; i++) {
      if (other.#registers[i] > this.#registers[i]) this.#registers[i] = other.#registers[i]
    }
  }

  clear(): void {
    this.#registers.fill(0)
  }

  get bytes(): number {
    return this.#registers.byteLength
  }
}
