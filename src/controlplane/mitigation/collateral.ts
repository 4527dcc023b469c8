/**
 * How many real visitors a pattern may touch, said before it acts, on samples that had no part in choosing it.
 * Rows in even places of the baseline sample choose, rows in odd places judge: a bound measured where one searched is worth nothing
 * (predicted 1.0 to 1.4 %, true 6.5 to 8.2 % in pilots, algorithms section 0.3).
 */
import type { RequestRows, HarmBound } from '../evidence.ts'
import { popCount } from '../../kernel/bitset.ts'
import { clopperPearsonUpper, wilsonUpper } from '../../kernel/proportion.ts'

const EVEN = 0x55555555
const ODD = 0xaaaaaaaa

/** 0.05 shared among at most 20 patterns judged on the same rows (Bonferroni), whether or not all 20 are used. */
export const HARM_LEVEL = 0.05 / 20

/** `bits` over the baseline's rows. Judged on the odd half. */
export function boundHarm(bits: Uint32Array, baseline: RequestRows): HarmBound {
  const hits = countUnder(bits, ODD)
  const sampled = countUnder(baseline.present, ODD)
  return { hits, sampled, upperShare: clopperPearsonUpper(hits, sampled, HARM_LEVEL), level: HARM_LEVEL }
}

/** Share on the even half, for choosing. With half a hit added so that an unseen pattern is rare, not impossible. */
export function estimateShare(bits: Uint32Array, baseline: RequestRows): number {
  return (countUnder(bits, EVEN) + 0.5) / (countUnder(baseline.present, EVEN) + 1)
}

/** Upper bound on the even half at 5 %: what the share may be, for choosing (hundreds of patterns a tick, so Wilson's formula). */
export function estimateUpperShare(bits: Uint32Array, baseline: RequestRows): number {
  return wilsonUpper(countUnder(bits, EVEN), countUnder(baseline.present, EVEN))
}

function countUnder(bits: Uint32Array, mask: number): number {
  let count = 0
  for (const word of bits) count += popCount(word & mask)
  return count
}
