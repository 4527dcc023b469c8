import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { estimateSeconds, refreshSeconds, turnsDue } from './turns-due.ts'

test('no turn is called while those called already wait for the origin, or have yet to come', () => {
  assert.equal(turnsDue({ freeSlots: 2, waiting: 11, perSecond: 10 }, 0, 0), 0)
  assert.equal(turnsDue({ freeSlots: 2, waiting: 0, perSecond: 10 }, 32, 0), 0)
  assert.equal(turnsDue({ freeSlots: 2, waiting: 0, perSecond: 10 }, 0, 0), 32)
})

test('those inside use the capacity first', () => {
  assert.equal(turnsDue({ freeSlots: 0, waiting: 0, perSecond: 10 }, 0, 10), 0)
  assert.equal(turnsDue({ freeSlots: 1, waiting: 0, perSecond: 10 }, 0, 30), 1)
})

test('the estimate is never below the time the place takes, and rounded to what one can know', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.double({ min: 0.01, max: 1_000, noNaN: true }), (ahead, perSecond) => {
      const estimate = estimateSeconds(ahead, perSecond)
      assert.ok(Number.isInteger(estimate) && estimate >= Math.min(14_400, (ahead + 1) / perSecond) - 1e-9)
      assert.ok(refreshSeconds(estimate) >= 2 && refreshSeconds(estimate) <= 30)
    }),
  )
  assert.deepEqual([estimateSeconds(0, 0), estimateSeconds(14, 1), estimateSeconds(61, 1), estimateSeconds(0, 100)], [1_020, 20, 120, 2])
})
