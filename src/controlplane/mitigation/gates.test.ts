import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clopperPearsonUpper } from '../../kernel/proportion.ts'
import type { GateVerdict, RuleEvidence } from '../evidence.ts'
import { ladder } from '../evidence.ts'
import { HARM_LEVEL } from './collateral.ts'
import { canaryClean, gateAllowList, gateCollateral, gateCoverage, gateOriginStrained, gatePurity, gateVisitors } from './gates.ts'
import { type LadderContext, climb, showsAttack, startingRung, stepDown } from './ladder.ts'
import { liveHarm } from './live-check.ts'

const count = fc.integer({ min: 0, max: 5_000 })
const harm = (hits: number, sampled: number) => ({ hits, sampled, level: HARM_LEVEL, upperShare: clopperPearsonUpper(hits, sampled, HARM_LEVEL) })
const context: LadderContext = { coldStart: false, critical: false, challengeAvailable: false, challengeHarmShare: 0.05, strongestStep: 'block' }

const byTool = [{ attribute: 'headerOrder', equals: 7 } as const]

/** Passing is 1, failing 0. */
const passes = (verdict: GateVerdict): number => (verdict.passed ? 1 : 0)

test('invariant 22: more real visitors among the matches never opens a gate', () => {
  fc.assert(
    fc.property(count, count, count, (a, b, more) => {
      assert.ok(passes(gateVisitors(a + more, b)) <= passes(gateVisitors(a, b)))
      const sampled = a + b + more + 1
      assert.ok(passes(gateCollateral(harm(a + more, sampled), 0.01)) <= passes(gateCollateral(harm(a, sampled), 0.01)))
      assert.ok(passes(gatePurity(a + b, b + more)) <= passes(gatePurity(a + b, b)))
      assert.ok(passes(gateAllowList(a + more, 5_000)) <= passes(gateAllowList(a, 5_000)))
      assert.ok(Number(canaryClean({ tried: a + b, passed: Math.min(a + b, a + more) })) <= Number(canaryClean({ tried: a + b, passed: a })))
      if (liveHarm({ canaryTried: a + b, canaryPassed: a }, a + b, a) !== null) assert.ok(liveHarm({ canaryTried: a + b, canaryPassed: Math.min(a + b, a + more) }, a + b, Math.min(a + b, a + more)) !== null)
    }),
    { numRuns: 300 },
  )
})

function evidence(hits: number, proven: number, passedCoverage: boolean, strained = true): RuleEvidence {
  const bound = harm(hits, 5_000)
  const coverage = { covered: passedCoverage ? 900 : 300, suspicious: 1_000, excess: 1_000 }
  const gates = [gatePurity(1_000, hits / 50), gateCollateral(bound, 0.01), gateCoverage(coverage, { tried: 0, passed: 0 }), gateOriginStrained(strained), gateVisitors(proven, 500), gateAllowList(0, 1_000)]
  return { gates, harm: bound, expectedPerSecond: 0, matchedPerSecond: 100, excessShare: 0.9 }
}

test('invariant 22: more real visitors never make a rule begin on a stricter step', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(60), fc.nat(300), fc.nat(60), fc.boolean(), fc.boolean(), fc.boolean(), (hits, proven, moreHits, moreProven, covered, critical, challengeAvailable) => {
      const where = { ...context, critical, challengeAvailable }
      const before = startingRung(byTool, evidence(hits, proven, covered), where)
      const after = startingRung(byTool, evidence(hits + moreHits, proven + moreProven, covered), where)
      assert.ok(ladder.indexOf(after) <= ladder.indexOf(before))
    }),
  )
})

test('a rule with every gate begins at a limit, at a challenge where there is one, and at block only on a critical origin with a tiny bound', () => {
  assert.equal(startingRung(byTool, evidence(0, 0, true), context), 'limit')
  assert.equal(startingRung(byTool, evidence(0, 0, true), { ...context, challengeAvailable: true }), 'challenge')
  assert.equal(startingRung(byTool, evidence(0, 0, true), { ...context, critical: true }), 'limit') // 0 of 5,000: 0.12 %
  assert.equal(startingRung(byTool, { ...evidence(0, 0, true), harm: harm(0, 10_752) }, { ...context, critical: true }), 'block')
  assert.equal(startingRung(byTool, evidence(0, 0, false), context), 'tag')
  assert.equal(startingRung(byTool, evidence(100, 0, true), context), 'tag')
  assert.equal(startingRung(byTool, evidence(0, 0, true, false), context), 'observe')
  assert.equal(startingRung(byTool, evidence(0, 60, true), context), 'observe')
})

test('an attack is shown by a rule with every gate, and by one whose harm is bounded only as a challenge needs it; never on the first day, never by the back of the queue', () => {
  const there = { ...context, challengeAvailable: true }
  const shows = (what: RuleEvidence, where = there, when: Parameters<typeof showsAttack>[0] = byTool): boolean => showsAttack(when, what, where)
  assert.equal(shows(evidence(0, 0, true)), true)
  assert.equal(shows(evidence(100, 0, true)), true) // 2 % of 5,000, at most 2.8 %
  assert.equal(shows(evidence(100, 0, true), { ...there, strongestStep: 'tag' }), true) // what may act is the operator's; what it is stays
  assert.equal(shows(evidence(100, 0, true), context), false)
  assert.equal(shows(evidence(300, 0, true)), false) // more than 5 %
  for (const weak of [evidence(100, 0, false), evidence(100, 0, true, false), evidence(100, 60, true)]) assert.equal(shows(weak), false)
  assert.equal(shows(evidence(0, 0, true), { ...there, coldStart: true }), false)
  assert.equal(shows(evidence(100, 0, true), there, [{ attribute: 'page-only', pages: 1 }]), false)
})

test('behaviour of a single page, or clients nobody knows yet, lead to the back of the queue and no further', () => {
  assert.equal(startingRung([{ attribute: 'page-only', pages: 1 }], evidence(0, 0, true), context), 'tag')
  assert.equal(startingRung([{ attribute: 'page-only', pages: 3 }], evidence(0, 0, true), context), 'limit')
  const known = evidence(0, 0, true)
  const gates = known.gates.map((gate) => (gate.gate === 'G5-visitors' ? gateVisitors(0, 4) : gate))
  assert.equal(startingRung(byTool, { ...known, gates }, context), 'tag')
  assert.equal(startingRung(byTool, { ...known, gates: known.gates.map((gate) => (gate.gate === 'G5-visitors' ? gateVisitors(1, 4) : gate)) }, context), 'observe')
})

test('with less than a day of baseline the strongest step is the back of the queue, or a challenge', () => {
  assert.equal(startingRung(byTool, evidence(0, 0, true), { ...context, coldStart: true, critical: true }), 'tag')
  assert.equal(startingRung(byTool, evidence(0, 0, true), { ...context, coldStart: true, challengeAvailable: true }), 'challenge')
  assert.equal(climb('limit', 1e9, { tried: 500, passed: 0 }, { ...context, coldStart: true }), 'limit')
})

test('a rule climbs only on its own canary: 150 probes and nobody among them', () => {
  assert.equal(climb('limit', 20_000, { tried: 149, passed: 0 }, context), 'limit')
  assert.equal(climb('limit', 20_000, { tried: 150, passed: 0 }, context), 'block')
  assert.equal(climb('limit', 20_000, { tried: 150, passed: 1 }, context), 'limit')
  assert.equal(climb('limit', 5_000, { tried: 150, passed: 0 }, context), 'limit')
  assert.equal(climb('tag', 20_000, { tried: 500, passed: 0 }, context), 'tag')
  assert.equal(climb('limit', 20_000, { tried: 500, passed: 0 }, { ...context, strongestStep: 'limit' }), 'limit')
})

test('the way down leads to observe', () => {
  const path = (from: 'block', challenge: boolean) => {
    const steps: string[] = [from]
    for (let rung = stepDown(from, challenge); ; rung = stepDown(rung, challenge)) {
      steps.push(rung)
      if (rung === 'observe') return steps
    }
  }
  assert.deepEqual(path('block', true), ['block', 'limit', 'challenge', 'tag', 'observe'])
  assert.deepEqual(path('block', false), ['block', 'limit', 'tag', 'observe'])
})

test('without 600 held-out samples a clean record proves nothing', () => {
  assert.ok(!gateCollateral(harm(0, 550), 0.01).passed)
  assert.match(gateCollateral(harm(0, 550), 0.01).sentence, /too few/)
  assert.ok(gateCollateral(harm(0, 600), 0.01).passed)
})

test('who never had a page cannot be called no visitor', () => {
  assert.ok(!gateVisitors(0, 29).passed)
  assert.ok(gateVisitors(0, 30).passed)
})

test('rules that relieve the origin of next to nothing do not act, however much of the suspicious they explain', () => {
  assert.ok(!gateCoverage({ covered: 100, suspicious: 100, excess: 2_000 }, { tried: 0, passed: 0 }).passed)
  assert.ok(gateCoverage({ covered: 10, suspicious: 100, excess: 200 }, { tried: 150, passed: 0 }).passed)
})
