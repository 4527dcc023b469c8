import { countBits, setBit, wordsForBits, hasBit } from '../../kernel/bitset.ts'
import { sampleFlags } from '../../contract/sample.ts'
import { PROTECTED_FLAGS, behavesLikeTool, behavesLikeVisitor, fieldIndex } from '../evidence.ts'
import type { Baseline } from './baseline.ts'

/** How normal traffic behaves, as shares of the sampled requests. */
export interface BaselineShares {
  readonly rows: number
  /** Always admitted. */
  readonly protected: number
  /** Of the others: clients that behave like visitors, with hindsight. */
  readonly proven: number
  /** Clients that got a page and showed nothing else. */
  readonly judged: number
  /** Clients that echo cookies. */
  readonly echoing: number
  /** Clients with two or more requests, most of them answered 4xx. */
  readonly failing: number
}

const TRUSTED = sampleFlags.validClearance | sampleFlags.provenLater

/** One pass over the sample: some 21,000 rows, under a millisecond; asked for once a minute. */
export function measureBaselineShares(baseline: Baseline): BaselineShares {
  const rows = countBits(baseline.present)
  if (rows === 0) return { rows: 0, protected: 0, proven: 0, judged: 0, echoing: 0, failing: 0 }
  const column = (name: keyof typeof fieldIndex): Uint32Array => baseline.columns[fieldIndex[name]]
  const [flags, pages, statics, echoes, errors, requests] = [column('flags'), column('clientPages'), column('clientStatics'), column('clientEchoes'), column('clientErrors'), column('clientRequests')]
  const proven = new Uint32Array(wordsForBits(baseline.capacity))
  let sheltered = 0
  let judged = 0
  let echoing = 0
  let failing = 0
  for (let row = 0; row < baseline.capacity; row++) {
    if (!hasBit(baseline.present, row)) continue
    if ((flags[row] & PROTECTED_FLAGS) !== 0) {
      sheltered++
      continue
    }
    if ((flags[row] & TRUSTED) !== 0 || behavesLikeVisitor(requests[row], pages[row], statics[row], echoes[row])) setBit(proven, row)
    else if (behavesLikeTool(requests[row], pages[row], statics[row], echoes[row])) judged++
    if (echoes[row] > 0) echoing++
    if (isFailing(errors[row], requests[row])) failing++
  }
  return { rows, protected: sheltered / rows, proven: countBits(proven) / rows, judged: judged / rows, echoing: echoing / rows, failing: failing / rows }
}

/** Most of what this client asked for does not exist. */
export function isFailing(errors: number, requests: number): boolean {
  return errors >= 2 && errors * 2 >= requests
}
