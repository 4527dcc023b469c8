import { UNIT_BYTES } from './cache-shared.ts'
import type { CacheShared } from './cache-shared.ts'

/**
 * Collects one answer's content on shared memory while it streams to the visitor who asked for it.
 * Memory is taken from the budget before it is used. Gives up silently for the visitor, never for the store: what is not whole is not stored.
 */
export type AbandonReason = 'too-large' | 'memory' | 'aborted' | 'length-mismatch' | 'invalidated'

/** First block for a body of unknown length; doubles from there. */
const FIRST_BLOCK_BYTES = 16_384

/** What a stored answer counts for: content and header section, in whole accounting units. */
export function accountedBytesFor(bodyBytes: number, overheadBytes: number): number {
  return Math.ceil((bodyBytes + overheadBytes) / UNIT_BYTES) * UNIT_BYTES
}

export class BodyCollector {
  readonly #shared: CacheShared
  readonly #worker: number
  readonly #maxBytes: number
  readonly #declaredBytes: number
  #blocks: Uint8Array[] = []
  #used = 0
  #inLast = 0
  #reservedBytes = 0
  #failed: AbandonReason | null = null

  /** `declaredBytes` -1 when the length is not known. */
  constructor(shared: CacheShared, worker: number, declaredBytes: number, maxBytes: number, overheadBytes: number) {
    this.#shared = shared
    this.#worker = worker
    this.#maxBytes = maxBytes
    this.#declaredBytes = declaredBytes
    if (declaredBytes > maxBytes) {
      this.#failed = 'too-large'
      return
    }
    const firstBytes = Math.max(0, declaredBytes)
    if (!this.#reserve(firstBytes + overheadBytes)) return
    if (declaredBytes > 0) this.#blocks.push(new Uint8Array(new SharedArrayBuffer(declaredBytes)))
  }

  /** Why collecting ended, or null. */
  get failed(): AbandonReason | null {
    return this.#failed
  }

  get receivedBytes(): number {
    return this.#used
  }

  /** Copies the chunk. Returns false when the answer will not be stored (any more). */
  write(chunk: Uint8Array): boolean {
    if (this.#failed !== null) return false
    if (this.#used + chunk.length > (this.#declaredBytes === -1 ? this.#maxBytes : this.#declaredBytes)) {
      this.fail(this.#declaredBytes === -1 ? 'too-large' : 'length-mismatch')
      return false
    }
    let at = 0
    while (at < chunk.length) {
      let last = this.#blocks.at(-1)
      if (last === undefined || this.#inLast === last.length) {
        const bytes = Math.min(this.#maxBytes, Math.max(FIRST_BLOCK_BYTES, this.#used))
        if (!this.#reserve(bytes)) return false
        last = new Uint8Array(new SharedArrayBuffer(bytes))
        this.#blocks.push(last)
        this.#inLast = 0
      }
      const take = Math.min(chunk.length - at, last.length - this.#inLast)
      last.set(chunk.subarray(at, at + take), this.#inLast)
      this.#inLast += take
      this.#used += take
      at += take
    }
    return true
  }

  /** The whole content on one block, or null when it is not whole. Memory stays taken for `accountedBytes(used)`, see accountedBytesFor. */
  finish(overheadBytes: number): Uint8Array | null {
    if (this.#failed !== null) return null
    if (this.#declaredBytes !== -1 && this.#used !== this.#declaredBytes) {
      this.fail('length-mismatch')
      return null
    }
    const body = this.#inOneBlock()
    this.#shared.settle(this.#reservedBytes, this.#worker)
    // Blocks of an answer of unknown length are larger than what they hold; a small answer never took less than it counts for.
    this.#shared.release(this.#reservedBytes - accountedBytesFor(this.#used, overheadBytes))
    this.#reservedBytes = 0
    this.#blocks = []
    return body
  }

  /** Gives all memory back. Safe to call at any time, more than once. */
  fail(reason: AbandonReason): void {
    this.#failed ??= reason
    if (this.#reservedBytes > 0) {
      this.#shared.settle(this.#reservedBytes, this.#worker)
      this.#shared.release(this.#reservedBytes)
      this.#reservedBytes = 0
    }
    this.#blocks = []
  }

  #inOneBlock(): Uint8Array {
    if (this.#blocks.length === 1 && this.#blocks[0].length === this.#used) return this.#blocks[0]
    const whole = new Uint8Array(new SharedArrayBuffer(this.#used))
    let at = 0
    for (const block of this.#blocks) {
      const take = Math.min(block.length, this.#used - at)
      whole.set(block.subarray(0, take), at)
      at += take
    }
    return whole
  }

  #reserve(bytes: number): boolean {
    // In whole units, so that what is given back equals what was taken.
    const rounded = accountedBytesFor(bytes, 0)
    if (!this.#shared.reservePending(rounded, this.#worker, this.#reservedBytes)) {
      this.fail('memory')
      return false
    }
    this.#reservedBytes += rounded
    return true
  }
}
