import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ScenarioId, scenarioOf } from '../../../src/drill/scenarios.ts'
import { actingRules, assertNobodyBlocked, assertServedAtEnd, shortRun, told } from './short-run.ts'

/** Least goodput in the last seconds. B5 has an origin three times slower, yet normal traffic. */
const crowds: ReadonlyArray<readonly [ScenarioId, number]> = [['B1a', 0.95], ['B1b', 0.9], ['B2', 0.95], ['B3', 0.95], ['B4', 0.95], ['B5', 0.9]]

describe('crowds on real sockets', () => {
  for (const [id, floor] of crowds) {
    test(`${id}, ${scenarioOf(id).title}: nobody is blocked`, async (t) => {
      const result = await shortRun(id, true)
      assertNobodyBlocked(result)
      assert.deepEqual(actingRules(result), [], told(result))
      assertServedAtEnd(t, result, floor)
    })
  }
})
