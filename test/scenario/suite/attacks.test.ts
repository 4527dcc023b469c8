import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ScenarioId, scenarioOf } from '../../../src/drill/scenarios.ts'
import { actingRules, assertNobodyBlocked, assertRuleMetFlood, assertServedAtEnd, shortRun, told } from './short-run.ts'

/** Least goodput of visitors in the last seconds of the short attack. */
const floods: ReadonlyArray<readonly [ScenarioId, number]> = [['A1', 0.9], ['A2', 0.75], ['A3', 0.75], ['A4', 0.75], ['A5', 0.75], ['A6', 0.75], ['A12', 0.75], ['B2b', 0.75]]

describe('floods on real sockets', () => {
  for (const [id, floor] of floods) {
    test(`${id}, ${scenarioOf(id).title}: a rule meets the flood, no visitor meets the rule, and the site is back`, async (t) => {
      const result = await shortRun(id)
      assertNobodyBlocked(result)
      assertRuleMetFlood(t, result)
      assertServedAtEnd(t, result, floor)
    })
  }

  for (const [id, floor] of [['A7', 0.9], ['A8', 0.9], ['A9', 0.9]] as const) {
    test(`${id}, ${scenarioOf(id).title}: the site stays up without any rule`, async (t) => {
      const result = await shortRun(id, true)
      assertNobodyBlocked(result)
      assertServedAtEnd(t, result, floor)
    })
  }

  for (const id of ['A10a', 'A10b'] as const) {
    test(`${id}, ${scenarioOf(id).title}: the first pulse meets a rule, and no visitor does`, async (t) => {
      const result = await shortRun(id)
      assertNobodyBlocked(result)
      assertRuleMetFlood(t, result)
      // The last of the three seconds lies after the pulse.
      assertServedAtEnd(t, result, 0.7)
    })
  }

  test('A11, perfect mimic: nobody is told apart, so nobody is blocked', async (t) => {
    const result = await shortRun('A11')
    assertNobodyBlocked(result)
    assert.deepEqual(actingRules(result), [], told(result))
    assert.equal(result.score.attack.blocked, 0, told(result))
    assertServedAtEnd(t, result, 0.4)
  })
})
