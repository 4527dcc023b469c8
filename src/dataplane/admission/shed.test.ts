import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Rate, retryAfterSeconds, wouldWaitInVain } from './shed.ts'

test('a few waiting requests are never refused early, however slow the origin seems', () => {
  assert.equal(wouldWaitInVain(15, 0, 2_000), false)
  assert.equal(wouldWaitInVain(16, 0, 2_000), true)
})

test('refused early when twice as many wait as can be served in time', () => {
  assert.equal(wouldWaitInVain(400, 100, 2_000), false)
  assert.equal(wouldWaitInVain(401, 100, 2_000), true)
})

test('the time to come back is what has to be served before, at the rate it is served', () => {
  assert.equal(retryAfterSeconds(300, 2_700, 300, 0), 10)
  assert.equal(retryAfterSeconds(0, 0, 100, 0), 1)
  assert.equal(retryAfterSeconds(10_000, 0, 0, 0), 120)
})

test('property: always a whole number of seconds from 1 to 121, longer for those who draw higher', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1e5, noNaN: true }), fc.double({ min: 0, max: 1e4, noNaN: true }), fc.double({ min: 0, max: 0.999, noNaN: true }), (waiting, refused, drain, chance) => {
      const seconds = retryAfterSeconds(waiting, refused, drain, chance)
      assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 121)
      assert.ok(seconds >= retryAfterSeconds(waiting, refused, drain, 0))
    }),
  )
})

test('a rate follows what is counted and falls again when nothing comes', () => {
  const rate = new Rate(0)
  for (let ms = 0; ms < 20_000; ms += 10) rate.count(ms)
  assert.ok(Math.abs(rate.perSecond(20_000) - 100) < 5)
  assert.ok(rate.perSecond(50_000) < 1)
})
