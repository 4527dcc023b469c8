import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Schedule } from './schedule.ts'

test('everything runs once, in order of time, equal times in the order they were planned, also what is added meanwhile', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 20 }))), (plans) => {
      const schedule = new Schedule()
      const ran: Array<readonly [number, number]> = []
      let order = 0
      const plan = (atMs: number, then: number): void => {
        const mine = order++
        schedule.add(atMs, () => {
          ran.push([atMs, mine])
          if (then > 10) plan(atMs + then, 0)
        })
      }
      for (const [atMs, then] of plans) plan(atMs, then)
      for (let now = 0; now <= 100; now += 7) schedule.runUntil(now)
      schedule.runUntil(100)
      assert.equal(ran.length, order)
      for (let i = 1; i < ran.length; i++) assert.ok(ran[i][0] > ran[i - 1][0] || (ran[i][0] === ran[i - 1][0] && ran[i][1] > ran[i - 1][1]))
      assert.equal(schedule.nextMs, Number.POSITIVE_INFINITY)
    }),
  )
})
