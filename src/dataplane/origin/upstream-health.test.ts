import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MonotonicMs } from '../../kernel/clock.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { pickUpstream } from './balance.ts'
import { faults } from './fault.ts'
import { RetryBudget } from './retry-budget.ts'
import type { Transport } from './transport.ts'
import { Upstream } from './upstream.ts'
import { UpstreamHealth } from './upstream-health.ts'
import { parseUpstream } from './upstream-url.ts'
import type { UpstreamSpec } from './upstream-url.ts'

const settings = { consecutiveFailures: 3, failureShare: 0.5, failureMinimum: 20, failureWindowMs: 10_000, ejectionMs: 1_000, ejectionMaxMs: 8_000 }
const at = (ms: number) => ms as MonotonicMs
/** 0.5: no jitter. */
const EVEN = 0.5

test('three failures in a row eject; one request probes after the time out, and its outcome decides', () => {
  const health = new UpstreamHealth(settings)
  for (let i = 0; i < 2; i++) health.failed(at(i), EVEN)
  assert.equal(health.state, 'healthy')
  health.failed(at(2), EVEN)
  assert.equal(health.state, 'ejected')
  assert.equal(health.accepts(at(1_001)), false)
  assert.equal(health.accepts(at(1_002)), true)
  health.sent(at(1_002))
  assert.equal(health.accepts(at(1_003)), false, 'one probe only')
  health.failed(at(1_010), EVEN)
  assert.equal(health.accepts(at(3_009)), false, 'the time out has doubled')
  assert.equal(health.accepts(at(3_010)), true)
  health.sent(at(3_010))
  health.succeeded(at(3_011))
  assert.equal(health.state, 'healthy')
})

test('a probe whose visitor left does not block the next one for ever', () => {
  const health = new UpstreamHealth(settings)
  for (let i = 0; i < 3; i++) health.failed(at(0), EVEN)
  assert.equal(health.accepts(at(1_000)), true)
  health.sent(at(1_000))
  assert.equal(health.accepts(at(1_999)), false)
  assert.equal(health.accepts(at(2_000)), true)
})

test('half of at least twenty tries failing ejects, fewer tries never do', () => {
  const health = new UpstreamHealth(settings)
  for (let i = 0; i < 9; i++) {
    health.failed(at(i), EVEN)
    health.succeeded(at(i))
  }
  assert.equal(health.state, 'healthy')
  health.failed(at(10), EVEN)
  health.failed(at(10), EVEN)
  assert.equal(health.state, 'ejected')
})

test('the time out is never longer than its maximum plus a quarter', () => {
  const health = new UpstreamHealth(settings)
  let now = 0
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < 3; i++) health.failed(at(now), 1)
    let waited = 0
    while (!health.accepts(at(now))) {
      now += 100
      waited += 100
    }
    assert.ok(waited <= 8_000 * 1.25 + 100, `${waited}`)
    health.sent(at(now))
  }
})

const idle: Transport = { send: () => assert.fail('not in this test'), sweep() {}, openConnections: 0, close: async () => {}, destroy: async () => {} }
const upstream = (text: string) => new Upstream(parseUpstream(text) as UpstreamSpec, idle, idle, settings)

test('load follows weight', () => {
  const random = new SeededRandom(1)
  const all = [upstream('http://127.0.0.1:1 weight=3'), upstream('http://127.0.0.1:2')]
  for (let i = 0; i < 400; i++) pickUpstream(all, null, at(0), random, 16)?.begin(at(0))
  assert.ok(Math.abs(all[0].inFlight - 300) <= 12, `${all[0].inFlight}`)
})

test('an ejected upstream is left out; with all ejected each takes a few and no more', () => {
  const random = new SeededRandom(1)
  const all = [upstream('http://127.0.0.1:1'), upstream('http://127.0.0.1:2')]
  const eject = (one: Upstream) => {
    for (let i = 0; i < 3; i++) one.failed(at(0), faults.refused, random)
  }
  eject(all[0])
  for (let i = 0; i < 50; i++) assert.equal(pickUpstream(all, null, at(1), random, 4), all[1])
  eject(all[1])
  for (let i = 0; i < 8; i++) pickUpstream(all, null, at(1), random, 4)?.begin(at(1))
  assert.deepEqual(all.map((one) => one.inFlight), [4, 4])
  assert.equal(pickUpstream(all, null, at(1), random, 4), null)
})

test('the one that failed is taken again only when there is no other', () => {
  const random = new SeededRandom(1)
  const all = [upstream('http://127.0.0.1:1'), upstream('http://127.0.0.1:2')]
  for (let i = 0; i < 20; i++) assert.equal(pickUpstream(all, all[0], at(0), random, 4), all[1])
  assert.equal(pickUpstream([all[0]], all[0], at(0), random, 4), all[0])
})

test('retries never exceed their share plus the burst, over any order of events', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 500 }), fc.constantFrom(0, 0.05, 0.1, 0.5), (events, share) => {
      const budget = new RetryBudget(share, 10)
      let requests = 0
      let retries = 0
      for (const isRequest of events) {
        if (isRequest) {
          requests++
          budget.earn()
        } else if (budget.spend()) retries++
        assert.ok(retries <= (share === 0 ? 0 : 10) + share * requests + 1e-9)
      }
    }),
  )
})
