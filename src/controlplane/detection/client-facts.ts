import { mix32 } from '../../kernel/hash.ts'
import { behavesLikeTool, behavesLikeVisitor } from '../evidence.ts'

const WAYS = 8

/**
 * The newest counters seen of each client, so that a request can be judged with hindsight: a visitor's first page comes before its pictures.
 * Fixed memory, 8-way set-associative; in a full set the client unseen for longest gives way.
 */
export class ClientFacts {
  readonly #sets: number
  readonly #keys: Uint32Array
  readonly #seenAt: Uint32Array
  readonly #requests: Uint32Array
  readonly #pages: Uint32Array
  readonly #statics: Uint32Array
  readonly #echoes: Uint32Array
  readonly #proven: Uint8Array

  /** `clients` a power of two, at least 8. */
  constructor(clients = 65_536) {
    if (!Number.isInteger(Math.log2(clients)) || clients < WAYS) throw new RangeError(`clients must be a power of two of at least ${WAYS}, not ${clients}`)
    this.#sets = clients / WAYS
    this.#keys = new Uint32Array(clients)
    this.#seenAt = new Uint32Array(clients)
    this.#requests = new Uint32Array(clients)
    this.#pages = new Uint32Array(clients)
    this.#statics = new Uint32Array(clients)
    this.#echoes = new Uint32Array(clients)
    this.#proven = new Uint8Array(clients)
  }

  /** `tick` counts up from 1. `trusted`: the request carried a clearance, or stands outside all rules. */
  see(key: number, tick: number, requests: number, pages: number, statics: number, echoes: number, trusted: boolean): void {
    let at = this.find(key)
    if (at === -1) {
      const first = (mix32(key) % this.#sets) * WAYS
      at = first
      for (let i = first + 1; i < first + WAYS; i++) if (this.#seenAt[i] < this.#seenAt[at]) at = i
      this.#keys[at] = key
      this.#requests[at] = this.#pages[at] = this.#statics[at] = this.#echoes[at] = this.#proven[at] = 0
    }
    this.#seenAt[at] = tick
    // The source table's counters decay: the newest reading of a tick is the largest, an older tick's is replaced by max as well, which errs for the visitor.
    if (requests > this.#requests[at]) this.#requests[at] = requests
    if (pages > this.#pages[at]) this.#pages[at] = pages
    if (statics > this.#statics[at]) this.#statics[at] = statics
    if (echoes > this.#echoes[at]) this.#echoes[at] = echoes
    if (trusted) this.#proven[at] = 1
  }

  /** Place of a client for the readers below, or -1. */
  find(key: number): number {
    const first = (mix32(key) % this.#sets) * WAYS
    for (let at = first; at < first + WAYS; at++) if (this.#keys[at] === key && this.#seenAt[at] !== 0) return at
    return -1
  }

  provenAt(at: number): boolean {
    return this.#proven[at] === 1 || behavesLikeVisitor(this.#requests[at], this.#pages[at], this.#statics[at], this.#echoes[at])
  }

  /** It got a page, and nothing it did since is what a visitor does. */
  toolAt(at: number): boolean {
    return this.#proven[at] === 0 && behavesLikeTool(this.#requests[at], this.#pages[at], this.#statics[at], this.#echoes[at])
  }

  /** It got at least `pages` pages, and neither fetched a sub-resource nor echoed a cookie. */
  pageOnlyAt(at: number, pages: number): boolean {
    return this.#pages[at] >= pages && this.#statics[at] === 0 && this.#echoes[at] === 0 && this.#proven[at] === 0
  }

  get bytes(): number {
    return this.#keys.byteLength * 6 + this.#proven.byteLength
  }
}
