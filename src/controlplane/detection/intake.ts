/**
 * Puts the records of a tick into an order that only depends on what they say, so that the same second always leads to the same decisions,
 * whichever worker spoke first (invariant 23). Of too many records a part is kept that depends on nothing an attacker can choose alone.
 */
import { SAMPLE_WORDS, type SampleBatch } from '../../contract/sample.ts'
import { fieldIndex } from '../evidence.ts'

export interface Intake {
  /** Every request seen by the workers, sampled or not. */
  readonly seen: number
  /** Kept records, SAMPLE_WORDS words each. */
  readonly words: Uint32Array
  readonly records: number
}

/** `salt` changes which records are kept of too many. Batches whose words are no whole number of records lose the rest. */
export function orderRecords(batches: readonly SampleBatch[], mostRecords: number, salt: number): Intake {
  let total = 0
  let seen = 0
  for (const batch of batches) {
    const records = Math.floor(batch.words.length / SAMPLE_WORDS)
    total += records
    seen += Math.max(records, Number.isFinite(batch.seen) ? batch.seen : 0)
  }
  const all = new Uint32Array(total * SAMPLE_WORDS)
  let at = 0
  for (const batch of batches) {
    const words = batch.words.length - (batch.words.length % SAMPLE_WORDS)
    all.set(batch.words.subarray(0, words), at)
    at += words
  }
  const keys = new Float64Array(total)
  for (let i = 0; i < total; i++) keys[i] = hashRecord(all, i * SAMPLE_WORDS, salt) * 2_097_152 + i // 2^21 records at most, 53 bits in all
  keys.sort()
  const order = Uint32Array.from(keys, (key) => key % 2_097_152)
  settleTies(keys, order, all)
  const records = Math.min(total, mostRecords)
  const words = new Uint32Array(records * SAMPLE_WORDS)
  for (let i = 0; i < records; i++) words.set(all.subarray(order[i] * SAMPLE_WORDS, (order[i] + 1) * SAMPLE_WORDS), i * SAMPLE_WORDS)
  return { seen, words, records }
}

/** All fields but the moment of arrival. */
function hashRecord(words: Uint32Array, offset: number, salt: number): number {
  let h = salt | 0
  for (let field = 0; field < SAMPLE_WORDS; field++) {
    if (field === fieldIndex.atMs) continue
    h = Math.imul(h ^ words[offset + field], 0x9e3779b1)
    h ^= h >>> 15
  }
  h = Math.imul(h, 0x85ebca6b)
  return (h ^ (h >>> 13)) >>> 0
}

/** Different records of one hash are rare, but their order must not be that of arrival either. */
function settleTies(keys: Float64Array, order: Uint32Array, all: Uint32Array): void {
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    const hash = Math.floor(keys[from] / 2_097_152)
    while (to < order.length && Math.floor(keys[to] / 2_097_152) === hash) to++
    if (to - from > 1) order.subarray(from, to).sort((a, b) => compareRecords(all, a, b))
    from = to
  }
}

function compareRecords(all: Uint32Array, a: number, b: number): number {
  for (let field = 0; field < SAMPLE_WORDS; field++) {
    if (field === fieldIndex.atMs) continue
    const difference = all[a * SAMPLE_WORDS + field] - all[b * SAMPLE_WORDS + field]
    if (difference !== 0) return difference
  }
  return 0
}
