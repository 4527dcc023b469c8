/**
 * Writes rules for a flood: finds the few conditions that explain the suspicious excess and hardly any normal request.
 * Contrast patterns up to three conditions (MacroBase, SIGMOD 2017; Apriori), a greedy ordered list of at most eight, every one through all gates.
 * It proposes; it never acts. Admissible are only patterns with a client or negative-behaviour condition that is itself far more common in the excess
 * than normally: a crowd made of the usual people asking for anything at all therefore never yields a rule (invariant 5).
 */
import type { Candidate as Proposal } from '../../contract/control.ts'
import type { Condition } from '../../contract/plan.ts'
import { addBits, countBits, countCommonBits, intersectBits, removeBits } from '../../kernel/bitset.ts'
import { combineHash, hashText } from '../../kernel/hash.ts'
import { type GateVerdict, type HarmBound, type HeavyRange, type HeavyValue, type RequestRows, type WindowRows } from '../evidence.ts'
import { type Item, selectItems } from './candidates.ts'
import { boundHarm, estimateShare, estimateUpperShare } from './collateral.ts'
import { friendlyRows } from './friendly-rows.ts'
import { COVERAGE, gateAllowList, gateCollateral, gateCoverage, gateOriginStrained, gatePurity, gateVisitors } from './gates.ts'
import type { TextOf } from './match-rows.ts'

export interface SynthesisInputs {
  readonly window: WindowRows
  readonly baseline: RequestRows
  /** Share of normal requests whose clients behave like visitors. */
  readonly normalProvenShare: number
  /** Share of normal requests that are always admitted. */
  readonly normalProtectedShare: number
  readonly expectedPerSecond: number
  readonly values: readonly HeavyValue[]
  readonly ranges: readonly HeavyRange[]
  /** Strained now, or still in the incident that began with strain. */
  readonly originStrained: boolean
  /** Rows that rules in force already deal with: no second rule is written for them. */
  readonly covered: Uint32Array
  readonly maxRules: number
  readonly blockHarmShare: number
  readonly canaryOf: (ruleId: string) => { readonly tried: number; readonly passed: number }
  readonly textOf: TextOf
}

export type { Proposal }

/** A pattern must explain this part of the suspicious excess. */
const MIN_SUPPORT = 0.05
const MAX_ITEMS = 3
/** How much more common the client part must be in the excess than it may normally be. A crowd with half its people on phones instead of a fifth stays below. */
const MIN_LIFT = 3
/** Patterns judged on the held-out half; the level of the bound is shared among so many. */
const MAX_JUDGED = 20
/** Ticks over which coverage is asked: what the rules would catch from now on. */
const COVERAGE_TICKS = 5
/** The mildest step, the back of the queue, may still be asked for with a bound this wide: on its first day a site has little to test on. */
const SOFT_HARM_SHARE = 0.1
/** Nothing to explain below so many suspicious requests per second. */
const MIN_EXCESS_PER_SECOND = 5

interface Pattern {
  readonly items: readonly Item[]
  readonly bits: Uint32Array
  readonly normalBits: Uint32Array
  readonly normalShare: number
  readonly normalUpper: number
}

interface Chosen {
  readonly pattern: Pattern
  readonly harm: HarmBound
  readonly gates: GateVerdict[]
  readonly excessShare: number
}

/** Proposals in order of what they explain, with their gates; G3 is about all of them together. Deterministic; no clock, no chance. */
export function synthesise(inputs: SynthesisInputs): Proposal[] {
  const { window } = inputs
  const expected = inputs.expectedPerSecond * window.seconds()
  const excess = window.open() - expected * (1 - inputs.normalProtectedShare)
  const suspiciousExcess = window.weigh(window.suspicious) - expected * (1 - inputs.normalProvenShare - inputs.normalProtectedShare)
  if (suspiciousExcess / Math.max(window.seconds(), 1e-9) < MIN_EXCESS_PER_SECOND || excess <= 0) return []
  const items = selectItems(window, inputs.baseline, inputs.values, inputs.ranges, inputs.textOf)
  const patterns = enumeratePatterns(items, inputs, expected, excess, suspiciousExcess)
  const friends = friendlyRows(window)
  const remaining = removeBits(window.suspicious.slice(), inputs.covered)
  const chosen = chooseRules(patterns.filter((pattern) => !isSoft(pattern)), remaining, friends, inputs, expected, suspiciousExcess)
  // What firm patterns leave unexplained may still go to the back of the queue.
  if (window.weigh(remaining) > (1 - COVERAGE) * suspiciousExcess) chosen.push(...chooseRules(patterns.filter(isSoft), remaining, friends, inputs, expected, suspiciousExcess))
  return chosen.length === 0 ? [] : finish(chosen, inputs)
}

function enumeratePatterns(items: readonly Item[], inputs: SynthesisInputs, expected: number, excess: number, suspiciousExcess: number): Pattern[] {
  const { window, baseline } = inputs
  const patterns: Pattern[] = []
  const grow = (from: number, parts: readonly Item[], bits: Uint32Array, normalBits: Uint32Array): void => {
    for (let i = from; i < items.length; i++) {
      const next = [...parts, items[i]]
      const both = intersectBits(new Uint32Array(bits.length), bits, items[i].bits)
      // Apriori: what is too rare stays too rare however it is narrowed.
      if (window.weighCommon(both, window.suspicious) < MIN_SUPPORT * suspiciousExcess) continue
      const normalBoth = intersectBits(new Uint32Array(normalBits.length), normalBits, items[i].normalBits)
      if (isAdmissible(next) && standsOut(next, inputs, expected, excess)) {
        patterns.push({ items: next, bits: both, normalBits: normalBoth, normalShare: estimateShare(normalBoth, baseline), normalUpper: estimateUpperShare(normalBoth, baseline) })
      }
      if (next.length < MAX_ITEMS) grow(i + 1, next, both, normalBoth)
    }
  }
  grow(0, [], openRows(window), baseline.present)
  return patterns
}

/** May such a rule limit or block at all? Content only beside behaviour, or a query shape beside a client attribute. */
export function isAdmissible(items: ReadonlyArray<Pick<Item, 'group' | 'isQueryShape'>>): boolean {
  const hasBehaviour = items.some((item) => item.group === 'B')
  const hasClient = items.some((item) => item.group === 'C')
  const content = items.filter((item) => item.group === 'K')
  if (!hasBehaviour && !hasClient) return false
  return content.length === 0 || hasBehaviour || content.some((item) => item.isQueryShape)
}

/**
 * The client and behaviour part alone, whatever is asked for, fills far more of the excess than of normal traffic; so does the behaviour part
 * without the client part, or a crowd of one new app would lose those of its people who never fetch pictures.
 */
function standsOut(items: readonly Item[], inputs: SynthesisInputs, expected: number, excess: number): boolean {
  const behaviour = items.filter((item) => item.group === 'B')
  const identity = items.filter((item) => item.group === 'C' || item.group === 'B')
  if (behaviour.length > 0 && behaviour.length < identity.length && !liftsUp(behaviour, inputs, expected, excess)) return false
  return liftsUp(identity, inputs, expected, excess)
}

function liftsUp(identity: readonly Item[], inputs: SynthesisInputs, expected: number, excess: number): boolean {
  const bits = openRows(inputs.window)
  const normal = inputs.baseline.present.slice()
  for (const item of identity) {
    intersectBits(bits, bits, item.bits)
    intersectBits(normal, normal, item.normalBits)
  }
  const share = (inputs.window.weigh(bits) - expected * estimateShare(normal, inputs.baseline)) / excess
  return share >= MIN_LIFT * estimateUpperShare(normal, inputs.baseline)
}

const isSoft = (pattern: Pattern): boolean => pattern.items.some((item) => item.soft)

/** Takes what each chosen rule explains out of `remaining`. */
function chooseRules(patterns: readonly Pattern[], remaining: Uint32Array, friends: Uint32Array, inputs: SynthesisInputs, expected: number, suspiciousExcess: number): Chosen[] {
  const { window } = inputs
  if (window.weigh(remaining) < MIN_SUPPORT * suspiciousExcess) return []
  const refused = new Set<Pattern>()
  const chosen: Chosen[] = []
  let judged = 0
  let harmOfAll = 0
  while (chosen.length < inputs.maxRules && judged < MAX_JUDGED) {
    let best: Pattern | null = null
    let bestScore = 0
    let bestCovered = 0
    for (const pattern of patterns) {
      if (refused.has(pattern) || pattern.normalUpper > SOFT_HARM_SHARE) continue
      const covered = (window.weighCommon(pattern.bits, remaining) - expected * pattern.normalShare) / suspiciousExcess
      if (covered < MIN_SUPPORT) continue
      const score = covered * (1 - 0.2 * Math.min(1, pattern.normalUpper / inputs.blockHarmShare)) - 0.001 * pattern.items.length
      if (score > bestScore) {
        best = pattern
        bestScore = score
        bestCovered = covered
      }
    }
    if (best === null) break
    refused.add(best)
    judged++
    const { gates, harm } = judgePattern(best, friends, inputs, expected)
    // A pattern that fails is dropped here; its narrower forms are patterns of their own and get their turn.
    if (!gates.every((gate) => gate.passed || mayStillTag(gate)) || harm.upperShare > SOFT_HARM_SHARE) continue
    const narrower = gates.some((gate) => gate.gate === 'G2-collateral' && !gate.passed) && judged < MAX_JUDGED ? bestNarrower(best, patterns, inputs, remaining, friends, expected, refused) : null
    const taken = narrower ?? { pattern: best, gates, harm }
    if (narrower !== null) refused.add(narrower.pattern)
    harmOfAll += taken.harm.upperShare
    chosen.push({ ...taken, excessShare: Math.min(1, bestCovered) })
    removeBits(remaining, taken.pattern.bits)
    if (window.weigh(remaining) < MIN_SUPPORT * suspiciousExcess || harmOfAll > 1) break
  }
  return chosen
}

/** Not strained yet, harm not bounded tightly enough, or those it matches not known well enough: too little to refuse anyone, no reason to forget it. */
function mayStillTag(gate: GateVerdict): boolean {
  return gate.gate === 'G4-origin-strained' || gate.gate === 'G2-collateral' || (gate.gate === 'G5-visitors' && gate.value <= gate.limit)
}

/** A form of the pattern with one more condition that passes every gate and loses at most a fifth of what the wider one explains. */
function bestNarrower(wide: Pattern, patterns: readonly Pattern[], inputs: SynthesisInputs, remaining: Uint32Array, friends: Uint32Array, expected: number, refused: ReadonlySet<Pattern>): { pattern: Pattern; gates: GateVerdict[]; harm: HarmBound } | null {
  const covers = inputs.window.weighCommon(wide.bits, remaining)
  const narrower = patterns
    .filter((pattern) => !refused.has(pattern) && pattern.items.length > wide.items.length && wide.items.every((item) => pattern.items.includes(item)))
    .map((pattern) => ({ pattern, covers: inputs.window.weighCommon(pattern.bits, remaining) }))
    .filter((candidate) => candidate.covers >= 0.8 * covers && candidate.pattern.normalUpper <= inputs.blockHarmShare)
    .sort((a, b) => a.pattern.normalUpper - b.pattern.normalUpper || b.covers - a.covers)
  for (const { pattern } of narrower.slice(0, 3)) {
    const { gates, harm } = judgePattern(pattern, friends, inputs, expected)
    if (gates.every((gate) => gate.passed || gate.gate === 'G4-origin-strained')) return { pattern, gates, harm }
  }
  return null
}

/** All gates but G3, on the held-out half and the whole window. */
function judgePattern(pattern: Pattern, friends: Uint32Array, inputs: SynthesisInputs, expected: number): { gates: GateVerdict[]; harm: HarmBound } {
  const { window } = inputs
  const harm = boundHarm(pattern.normalBits, inputs.baseline)
  const rows = countBits(pattern.bits)
  const weight = rows === 0 ? 1 : window.weigh(pattern.bits) / rows
  const arrival = window.present.slice()
  for (const item of pattern.items) intersectBits(arrival, arrival, item.arrivalBits)
  const provenRows = countCommonBits(addBits(arrival, pattern.bits), window.proven)
  return {
    harm,
    gates: [
      gatePurity(rows, (expected * pattern.normalShare) / weight),
      gateCollateral(harm, inputs.blockHarmShare),
      gateOriginStrained(inputs.originStrained),
      gateVisitors(provenRows, countCommonBits(pattern.bits, window.judged)),
      gateAllowList(countCommonBits(pattern.bits, friends), rows),
    ],
  }
}

/** What automatic rules act on: the always admitted are spared before any rule is asked. */
function openRows(window: WindowRows): Uint32Array {
  return removeBits(window.present.slice(), window.protected)
}

function finish(chosen: readonly Chosen[], inputs: SynthesisInputs): Proposal[] {
  const { window } = inputs
  const seconds = Math.max(window.seconds(COVERAGE_TICKS), 1e-9)
  const union = inputs.covered.slice()
  for (const { pattern } of chosen) addBits(union, pattern.bits)
  const normalUnion = Math.min(1, chosen.reduce((sum, { pattern }) => sum + pattern.normalShare, 0))
  const coverage = {
    covered: Math.max(0, window.weighCommon(union, window.suspicious, COVERAGE_TICKS) / seconds - inputs.expectedPerSecond * normalUnion),
    suspicious: Math.max(0, window.weigh(window.suspicious, COVERAGE_TICKS) / seconds - inputs.expectedPerSecond * (1 - inputs.normalProvenShare - inputs.normalProtectedShare)),
    excess: Math.max(0, window.open(COVERAGE_TICKS) / seconds - inputs.expectedPerSecond * (1 - inputs.normalProtectedShare)),
  }
  return chosen.map(({ pattern, harm, gates, excessShare }) => {
    const id = ruleIdOf(pattern.items.map((item) => item.condition))
    const all = [...gates, gateCoverage(coverage, inputs.canaryOf(id))].sort((a, b) => (a.gate < b.gate ? -1 : 1))
    const behaves = pattern.items.some((item) => item.group === 'B')
    return {
      id,
      // Page-only clients are unproven by definition; every other pattern spares who behaved like a visitor.
      when: [...pattern.items.map((item) => item.condition), ...(behaves ? [] : [{ attribute: 'unproven' } as const])],
      sentence: pattern.items.map((item) => item.text).join(' and '),
      evidence: {
        gates: all,
        harm,
        expectedPerSecond: inputs.expectedPerSecond * pattern.normalShare,
        matchedPerSecond: window.weigh(pattern.bits, COVERAGE_TICKS) / seconds,
        excessShare,
      },
    }
  })
}

/** The same conditions, in any order, always give the same id: a pattern that returns is recognised. */
export function ruleIdOf(when: readonly Condition[]): string {
  const parts = when.filter((condition) => condition.attribute !== 'unproven').map((condition) => conditionKey(condition))
  const id = parts.sort().reduce((hash, part) => combineHash(hash, hashText(part, 0)), 0x706f6c64)
  return `auto-${id.toString(16).padStart(8, '0')}`
}

function conditionKey(condition: Condition): string {
  return 'equals' in condition ? `${condition.attribute}=${condition.equals}` : JSON.stringify(condition)
}
