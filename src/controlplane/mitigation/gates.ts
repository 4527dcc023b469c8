/**
 * The six questions a rule must answer before it may limit or block. Each is a pure function of counts, and each gets stricter, never milder,
 * the more real visitors are among the matches. Source: algorithms, gates G1 to G6.
 */
import type { GateVerdict, HarmBound } from '../evidence.ts'
import { clopperPearsonUpper, wilsonLower } from '../../kernel/proportion.ts'

const PURITY = 0.9
export const COVERAGE = 0.8
/** Rules that relieve the origin of less than this part of all excess are not worth any harm. */
const WORTHWHILE = 0.15
const VISITOR_SHARE = 0.02
const FRIEND_SHARE = 0.005
/** Matches whose clients got a page and had the chance to behave like visitors; below it nothing is known about them. */
const JUDGED_ROWS = 30
const CANARY_PROBES = 150

/** G1: nearly all that it matches comes on top of the expected. `expected` and `matched` in sampled rows. */
export function gatePurity(matched: number, expected: number): GateVerdict {
  const share = matched <= 0 ? 0 : Math.max(0, 1 - expected / matched)
  const value = wilsonLower(share * matched, matched)
  return verdict('G1-purity', value >= PURITY, value, PURITY, `at least ${percent(value)} of its matches come on top of normal traffic (needs ${percent(PURITY)})`)
}

/** G2: the bound of its harm, measured on held-out normal requests. */
export function gateCollateral(harm: HarmBound, limit: number): GateVerdict {
  const few = harm.hits === 0 && harm.upperShare > limit
  const sentence = few
    ? `only ${harm.sampled} normal requests are known to test it on; too few to promise at most ${percent(limit)}`
    : `touches at most ${percent(harm.upperShare)} of normal requests (${harm.hits} of ${harm.sampled} held-out samples; limit ${percent(limit)})`
  return verdict('G2-collateral', harm.upperShare <= limit, harm.upperShare, limit, sentence)
}

export interface Coverage {
  /** Requests per second. */
  readonly covered: number
  readonly suspicious: number
  readonly excess: number
}

/** G3: the rules together explain most of the suspicious excess, and enough of all excess to matter; or this rule's own canary passed. */
export function gateCoverage(coverage: Coverage, canary: { readonly tried: number; readonly passed: number }): GateVerdict {
  const value = coverage.suspicious <= 0 ? 0 : Math.min(1, coverage.covered / coverage.suspicious)
  const worthwhile = coverage.excess > 0 && coverage.covered >= WORTHWHILE * coverage.excess
  if (canaryClean(canary)) return verdict('G3-coverage', true, value, COVERAGE, `none of ${canary.tried} matches let through behaved like a visitor`)
  const sentence = worthwhile
    ? `the rules explain ${percent(value)} of the suspicious excess (need ${percent(COVERAGE)})`
    : `the rules explain only ${percent(coverage.excess <= 0 ? 0 : coverage.covered / coverage.excess)} of all excess: not worth any harm`
  return verdict('G3-coverage', worthwhile && value >= COVERAGE, value, COVERAGE, sentence)
}

/** G4: the origin is not well. Rate alone never acts. */
export function gateOriginStrained(strained: boolean): GateVerdict {
  return verdict('G4-origin-strained', strained, strained ? 1 : 0, 1, strained ? 'the origin is strained' : 'the origin is well: nothing acts')
}

/** G5: those it matches are not visitors. Counts are sampled rows: `proven` behave like visitors by now, `judged` got a page and do not. */
export function gateVisitors(proven: number, judged: number): GateVerdict {
  const value = proven + judged === 0 ? 0 : proven / (proven + judged)
  if (judged < JUDGED_ROWS) return verdict('G5-visitors', false, value, VISITOR_SHARE, `too little is known of those it matches (${judged} of ${JUDGED_ROWS} needed)`)
  return verdict('G5-visitors', value <= VISITOR_SHARE, value, VISITOR_SHARE, `${percent(value)} of its matches come from clients that behave like visitors (limit ${percent(VISITOR_SHARE)})`)
}

/**
 * G6: it does not hit whom the operator lets in. The data plane spares their allow-listed requests whatever a rule says, so only requests it would act on
 * count: `friends` of the `matched` come from clients most of whose requests are allow-listed. A share, or one machine that also asks for something
 * allowed (a health path, the agent of the operator's own monitor) would disarm every rule against its flood.
 */
export function gateAllowList(friends: number, matched: number): GateVerdict {
  const value = matched === 0 ? 0 : friends / matched
  const sentence = friends === 0 ? 'no client that the operator lets in is touched' : `${percent(value)} of its matches come from clients whose other requests the operator lets in (limit ${percent(FRIEND_SHARE)})`
  return verdict('G6-allow-list', value <= FRIEND_SHARE, value, FRIEND_SHARE, sentence)
}

/** At least 150 let through and none turned out to be a visitor: the share of visitors is below 2 % with 95 % certainty. */
export function canaryClean(canary: { readonly tried: number; readonly passed: number }): boolean {
  return canary.tried >= CANARY_PROBES && clopperPearsonUpper(canary.passed, canary.tried, 0.05) <= VISITOR_SHARE
}

function verdict(gate: GateVerdict['gate'], passed: boolean, value: number, limit: number, sentence: string): GateVerdict {
  return Object.freeze({ gate, passed, value, limit, sentence })
}

function percent(share: number): string {
  const points = share * 100
  return `${points.toFixed(points < 1 ? 2 : points < 10 ? 1 : 0)} %`
}
