/**
 * How hard a rule acts: observe, tag, cache-only, challenge, limit, block. A rule begins where its gates allow, climbs only on proof from its own
 * canary, and steps down at the first sign of harm. Nothing here looks at rates. Source: algorithms, ladder per rule.
 */
import type { Condition } from '../../contract/plan.ts'
import { PAGE_ONLY_PAGES, type GateCode, type Rung, type RuleEvidence, ladder } from '../evidence.ts'
import { canaryClean } from './gates.ts'

/** A bound this low, on an origin that is critical, may block at once. */
const FAST_LANE_SHARE = 0.001
/** A rule stays this long on a step before it climbs. */
const CLIMB_AFTER_MS = 10_000

export interface LadderContext {
  /** Less than a day of baseline: contrast proves nothing yet, and the strongest step is a challenge, or the back of the queue. */
  readonly coldStart: boolean
  readonly critical: boolean
  readonly challengeAvailable: boolean
  readonly challengeHarmShare: number
  readonly strongestStep: Rung
}

/** Where a rule with these conditions and gates begins. */
export function startingRung(when: readonly Condition[], evidence: RuleEvidence, context: LadderContext): Rung {
  const passed = (gate: GateCode): boolean => evidence.gates.some((verdict) => verdict.gate === gate && verdict.passed)
  /** No visitor among those known, but too few known: bots that ask once each are of this kind, and so are people whose pages all fail. */
  const nothingAgainst = evidence.gates.some((verdict) => verdict.gate === 'G5-visitors' && verdict.value <= verdict.limit)
  const thinBehaviour = when.some((condition) => condition.attribute === 'page-only' && condition.pages < PAGE_ONLY_PAGES)
  const soft: Rung = context.challengeAvailable && evidence.harm.upperShare <= context.challengeHarmShare ? 'challenge' : 'tag'
  let rung: Rung
  if (!passed('G1-purity') || !passed('G4-origin-strained') || !nothingAgainst || !passed('G6-allow-list')) rung = 'observe'
  else if (!passed('G5-visitors') || !passed('G3-coverage') || thinBehaviour) rung = 'tag'
  else if (context.coldStart || !passed('G2-collateral')) rung = soft
  else if (context.critical && evidence.harm.upperShare <= FAST_LANE_SHARE) rung = 'block'
  else rung = context.challengeAvailable ? 'challenge' : 'limit'
  return atMost(rung, context.strongestStep)
}

/**
 * Shows an attack: a rule that its gates let ask something of visitors. All pass, or all but the harm bound of a refusal where the challenge's own holds
 * (G2: 1 % to refuse, 5 % to challenge): a flood with the looks of a site's visitors is told apart by behaviour alone, which feed readers share with it.
 */
export function showsAttack(when: readonly Condition[], evidence: RuleEvidence, context: LadderContext): boolean {
  if (context.coldStart) return false
  return evidence.gates.every((gate) => gate.passed) || actsOnVisitors(startingRung(when, evidence, { ...context, strongestStep: 'block' }))
}

/** The step above, when the rule's own canary shows no visitor among its matches; otherwise the same. */
export function climb(rung: Rung, msOnRung: number, canary: { readonly tried: number; readonly passed: number }, context: LadderContext): Rung {
  if (context.coldStart || msOnRung < CLIMB_AFTER_MS || !canaryClean(canary)) return rung
  if (rung !== 'challenge' && rung !== 'limit') return rung
  return atMost(rung === 'challenge' ? 'limit' : 'block', context.strongestStep)
}

/** One step milder; a step that does not exist here (no challenge) is passed over. `observe` stays. */
export function stepDown(rung: Rung, challengeAvailable: boolean): Rung {
  const below = ladder[Math.max(0, ladder.indexOf(rung) - 1)]
  if (below === 'challenge' && !challengeAvailable) return 'tag'
  return below === 'cache-only' ? 'tag' : below
}

export function atMost(rung: Rung, strongest: Rung): Rung {
  return ladder.indexOf(rung) <= ladder.indexOf(strongest) ? rung : strongest
}

/** Steps that refuse visitors or ask something of them. */
export function actsOnVisitors(rung: Rung): boolean {
  return ladder.indexOf(rung) >= ladder.indexOf('challenge')
}

/** Steps whose harm counts into the sum of invariant 2. */
export function refuses(rung: Rung): boolean {
  return rung === 'limit' || rung === 'block'
}
