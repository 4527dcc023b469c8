import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Governor, drillLimits } from './limits.ts'

test('no order of asking gets more than the limits out of the governor', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 1_500 }), fc.boolean()), { maxLength: 60 }), (steps) => {
      const governor = new Governor()
      const sent: number[] = []
      let now = 0
      for (const [waitMs, requests, attack] of steps) {
        now += waitMs
        for (let i = 0; i < requests; i++) if (governor.maySend(attack, now)) sent.push(now)
      }
      for (const at of new Set(sent)) assert.ok(sent.filter((one) => one >= at && one < at + 1_000).length <= drillLimits.requestsPerSecond)
      assert.ok(governor.attackRequests <= drillLimits.attackRequests)
    }),
    { numRuns: 30 },
  )
})

test('attacks end at their number of requests, everything at the end of the time', () => {
  const governor = new Governor()
  let sent = 0
  for (let second = 0; second < 100; second++) for (let i = 0; i < 3_000; i++) if (governor.maySend(true, second * 1_000)) sent++
  assert.equal(sent, drillLimits.attackRequests)
  assert.ok(governor.maySend(false, 110_000), 'visitors go on')
  assert.ok(!governor.maySend(false, drillLimits.wallMs + 1))
  assert.ok(governor.withheldRequests > 0)
})

test('sockets are bounded, and attackers leave some for visitors', () => {
  const governor = new Governor()
  let attackers = 0
  while (governor.mayOpen(true)) attackers++
  let visitors = 0
  while (governor.mayOpen(false)) visitors++
  assert.equal(attackers + visitors, drillLimits.sockets)
  assert.ok(visitors >= 500)
  governor.closed(true)
  assert.ok(governor.mayOpen(false))
})
