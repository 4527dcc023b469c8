import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ScenarioId, scenarioOf } from '../../../src/drill/scenarios.ts'
import { actingRules, assertNobodyBlocked, assertServedAtEnd, shortRun, told } from './short-run.ts'

/** Least goodput of visitors in the last seconds of the short attack. */
const floods: ReadonlyArray<readonly [ScenarioId, number]> = [['A1', 0.9], ['A2', 0.8], ['A3', 0.8], ['A4', 0.8], ['A5', 0.8], ['A6', 0.8], ['A12', 0.8], ['B2b', 0.8]]

describe('floods on real sockets', () => {
  for (const [id, floor] of floods) {
    test(`${id}, ${scenarioOf(id).title}: a rule meets the flood, no visitor meets the rule, and the site is back`, async () => {
      const result = await shortRun(id)
      assertNobodyBlocked(result)
      assert.ok(actingRules(result).length > 0, told(result))
      assert.ok(result.score.attack.blocked > 0, told(result))
      assertServedAtEnd(result, floor)
    })
  }

  for (const [id, floor] of [['A7', 0.9], ['A8', 0.9], ['A9', 0.9]] as const) {
    test(`${id}, ${scenarioOf(id).title}: the site stays up without any rule`, async () => {
      const result = await shortRun(id, true)
      assertNobodyBlocked(result)
      assertServedAtEnd(result, floor)
    })
  }

  for (const id of ['A10a', 'A10b'] as const) {
    test(`${id}, ${scenarioOf(id).title}: the first pulse meets a rule, and no visitor does`, async () => {
      const result = await shortRun(id)
      assertNobodyBlocked(result)
      assert.ok(actingRules(result).length > 0, told(result))
      // The last of the three seconds lies after the pulse.
      assertServedAtEnd(result, 0.7)
    })
  }

  test('A11, perfect mimic: nobody is told apart, so nobody is blocked', async () => {
    const result = await shortRun('A11')
    assertNobodyBlocked(result)
    assert.deepEqual(actingRules(result), [], told(result))
    assert.equal(result.score.attack.blocked, 0, told(result))
    assertServedAtEnd(result, 0.4)
  })
})
