/**
 * Addresses and client keys under a key that is drawn for one recording and never leaves memory: afterwards nobody, not even with the disk in hand, can test whether
 * an address is among the samples. Two addresses share as many first bits as before, because rules on networks must still mean something
 * (Xu, Fan, Ammar, Moon: Prefix-preserving IP address anonymization, ICNP 2002; with AES-128 as there). What that leaves open is said in docs/threat-model.md.
 */
import { type Cipheriv, createCipheriv } from 'node:crypto'
import { SAMPLE_WORDS, sampleFields } from '../../contract/sample.ts'
import { combineHash } from '../../kernel/hash.ts'
import { unpredictableBytes } from '../../kernel/random.ts'

const FAMILY = sampleFields.indexOf('family')
const CLIENT_KEY = sampleFields.indexOf('clientKey')
const HIGH = sampleFields.indexOf('addressHigh')
const LOW = sampleFields.indexOf('addressLow')
const BLOCK = 16
/** Remembered halves of addresses; then forgotten all at once. */
const MOST_KNOWN = 65_536

export class Blinding {
  readonly #cipher: Cipheriv
  readonly #padding: Buffer
  readonly #clientKey: number
  readonly #known = new Map<number, number>()
  readonly #blocks = Buffer.alloc(32 * BLOCK)

  /** `key`: 36 bytes; left out: unpredictable ones. */
  constructor(key: Uint8Array = unpredictableBytes(36)) {
    this.#cipher = createCipheriv('aes-128-ecb', key.subarray(0, 16), null).setAutoPadding(false)
    this.#padding = Buffer.from(key.subarray(16, 32))
    this.#clientKey = Buffer.from(key.subarray(32, 36)).readUInt32LE(0)
  }

  /** In place: row after row of contract/sample.ts. */
  rows(words: Uint32Array): void {
    for (let at = 0; at < words.length; at += SAMPLE_WORDS) {
      const high = words[at + HIGH]
      words[at + CLIENT_KEY] = this.clientKey(words[at + CLIENT_KEY])
      words[at + HIGH] = this.#half(high, words[at + FAMILY], 0)
      if (words[at + FAMILY] === 6) words[at + LOW] = this.#half(words[at + LOW], 6, high)
    }
  }

  /** In place: the columns of a baseline, where a row is one place in each. What is shortened stays shortened. */
  columns(columns: readonly Uint32Array[]): void {
    for (let row = 0; row < columns[HIGH].length; row++) {
      const family = columns[FAMILY][row]
      if (family === 0) continue
      const high = columns[HIGH][row]
      columns[HIGH][row] = family === 4 ? this.#half(high, 4, 0) & 0xffffff00 : this.#half(high, 6, 0)
      if (family === 6) columns[LOW][row] = this.#half(columns[LOW][row], 6, high) & 0xffff0000
    }
  }

  clientKey(key: number): number {
    return key === 0 ? 0 : combineHash(this.#clientKey, key)
  }

  /** 32 bits of an address, bound to the bits before them. */
  #half(word: number, family: number, before: number): number {
    const name = combineHash(combineHash(family, before), word) * 0x200000 + (word & 0x1fffff)
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const blocks = this.#blocks
    for (let bit = 0; bit < 32; bit++) {
      // The bits before this one, then those of the padding: what decides whether this bit turns.
      const kept = bit === 0 ? 0 : (word & (0xffffffff << (32 - bit))) >>> 0
      this.#padding.copy(blocks, bit * BLOCK)
      blocks.writeUInt32BE(kept, bit * BLOCK)
      blocks.writeUInt32BE(before >>> 0, bit * BLOCK + 4)
      blocks[bit * BLOCK + 8] ^= family
      blocks[bit * BLOCK + 9] ^= bit
    }
    const turned = this.#cipher.update(blocks)
    let blinded = 0
    for (let bit = 0; bit < 32; bit++) blinded = (blinded << 1) | (((word >>> (31 - bit)) & 1) ^ (turned[bit * BLOCK] >>> 7))
    blinded >>>= 0
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.set(name, blinded)
    return blinded
  }
}
