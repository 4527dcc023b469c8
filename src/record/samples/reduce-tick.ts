/** What is kept of one second: at most so many rows, addresses blinded, no whole address of a crawler's claim, no text of a path or referer. Pure but for the blinding's memory. */
import type { ControlTick } from '../../contract/control-tick.ts'
import { SAMPLE_WORDS, sampleFields, type SampleBatch } from '../../contract/sample.ts'
import type { Blinding } from './blinding.ts'

/** As many as become rows of the control plane's window: decisions are made on these. */
export const ROWS_A_TICK = 1_024
/** Columns whose texts are kept: what a person needs to read a rule. Paths and referers may name what somebody reads. */
const readable = (['userAgent', 'userAgentShape', 'headerOrder', 'acceptCombo', 'tlsFingerprint', 'method', 'pathTemplate', 'queryShape'] as const).map((name) => sampleFields.indexOf(name))

/** `blinding` null: addresses stay whole, by a named person's order. `rows`: at most so many. */
export function reduceTick(tick: ControlTick, blinding: Blinding | null, rows: number = ROWS_A_TICK): ControlTick {
  const total = tick.samples.reduce((sum, batch) => sum + batch.words.length / SAMPLE_WORDS, 0)
  const every = Math.max(1, total / rows)
  let place = 0
  return { ...tick, samples: tick.samples.map((batch) => {
    const records = batch.words.length / SAMPLE_WORDS
    const kept: number[] = []
    for (let i = 0; i < records; i++, place++) if (Math.floor((place + 1) / every) > Math.floor(place / every)) kept.push(i)
    const words = new Uint32Array(kept.length * SAMPLE_WORDS)
    kept.forEach((row, i) => words.set(batch.words.subarray(row * SAMPLE_WORDS, (row + 1) * SAMPLE_WORDS), i * SAMPLE_WORDS))
    blinding?.rows(words)
    const { worker, fromWallMs, toWallMs, seen } = batch
    return { worker, fromWallMs, toWallMs, seen, weight: kept.length === 0 ? batch.weight : (batch.weight * records) / kept.length, words, strings: stringsOf(batch, words) }
  }) }
}

function stringsOf(batch: SampleBatch, kept: Uint32Array): SampleBatch['strings'] {
  if (batch.strings.length === 0) return []
  const named = new Set<number>()
  // A text comes once, with its first row, and may belong to rows of later seconds: all rows of this batch are looked at.
  for (const words of [batch.words, kept]) for (let at = 0; at < words.length; at += SAMPLE_WORDS) for (const field of readable) named.add(words[at + field])
  return batch.strings.filter(([hash]) => named.has(hash))
}
