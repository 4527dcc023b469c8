import assert from 'node:assert/strict'
import { test } from 'node:test'
import { overBudget } from './budget.ts'
import { compareRuns, compareUntilSure, slowerBy } from './compare.ts'

const step = (name: string, ratio: number, bytes: number) => ({ name, ns: ratio * 100, ratio, bytes })

test('a step within its budget and tolerance passes', () => {
  assert.deepEqual(overBudget([step('parse', 1.4, 140)], { parse: { ratio: 1, bytes: 100 } }, 1.5), [])
})

test('time and bytes are over on their own', () => {
  assert.equal(overBudget([step('parse', 1.6, 100)], { parse: { ratio: 1, bytes: 100 } }, 1.5).length, 1)
  assert.equal(overBudget([step('parse', 1, 183)], { parse: { ratio: 1, bytes: 100 } }, 1.5).length, 1)
  assert.equal(overBudget([step('parse', Number.NaN, 0)], { parse: { ratio: 1, bytes: 100 } }, 1.5).length, 1)
})

test('a step without a budget and a budget without its step are found', () => {
  assert.equal(overBudget([step('new', 1, 1)], { gone: { ratio: 1, bytes: 1 } }, 1.5).length, 2)
})

test('a change is the median of turns, each against its neighbour', () => {
  const run = (ratio: number, bytes: number) => ({ calibrationNs: 100, steps: [step('parse', ratio, bytes)] })
  const [change] = compareRuns([run(1, 10), run(2, 10), run(4, 10)], [run(2, 20), run(4, 20), run(40, 20)])
  assert.equal(change.timeRatio, 2)
  assert.equal(change.largest, 10)
  assert.equal(change.bytesAfter, 20)
})

test('steps that only one side has are left out', () => {
  const run = (name: string) => ({ calibrationNs: 100, steps: [step(name, 1, 1)] })
  assert.deepEqual(compareRuns([run('a')], [run('b')]), [])
})

test('noise of one measurement is measured away, what is slower stays slower, and what is not in doubt is measured once', async () => {
  const run = (ratio: number) => ({ calibrationNs: 100, steps: [step('parse', ratio, 10)] })
  const asked: number[] = []
  const doubts: string[] = []
  const compared = async (ratiosOfBranch: ReadonlyArray<readonly number[]>) => {
    asked.length = doubts.length = 0
    const changes = await compareUntilSure(
      async (more) => {
        asked.push(more)
        return [ratiosOfBranch[more].map(() => run(1)), ratiosOfBranch[more].map(run)]
      },
      2, 2, (slower) => doubts.push(...slower.map((one) => one.name)),
    )
    return slowerBy(changes, 2).map((one) => one.name)
  }
  assert.deepEqual([await compared([[1, 1.2, 0.9]]), asked, doubts], [[], [0], []])
  assert.deepEqual([await compared([[3, 2.4, 1], [1, 1, 1, 1.1, 5, 1]]), asked, doubts], [[], [0, 1], ['parse']])
  assert.deepEqual([await compared([[2.2, 2.4, 2.1], [2.3, 2.2], [2.1, 2.5]]), asked, doubts], [['parse'], [0, 1, 2], ['parse', 'parse']])
})
