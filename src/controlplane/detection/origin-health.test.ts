import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Vitals } from '../../contract/vitals.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { detectionOptions } from './options.ts'
import { OriginHealthMeter } from './origin-health.ts'

const options = defaultsOf(detectionOptions)

interface Tick {
  readonly admitted?: number
  readonly rejected?: number
  readonly waitMs?: number
  readonly answers?: number
  readonly errors?: number
  readonly slow?: number
  readonly lagMs?: number
  readonly routeClass?: 'page' | 'search'
}

function vitals(tick: Tick, worker = 0): Vitals {
  const { admitted = 40, rejected = 0, waitMs = 2, answers = 40, errors = 0, slow = 1, lagMs = 2, routeClass = 'page' } = tick
  return {
    worker, fromWallMs: 0, toWallMs: 1_000, planVersion: 1, received: admitted + rejected, ended: {}, bytesIn: 0, bytesOut: 0, openConnections: 0, eventLoopLagP99Ms: lagMs, ruleMatches: {},
    admission: { [routeClass]: { admitted, rejected, inFlight: 0, limit: 10, waiting: 0, waitP90Ms: waitMs } },
    origin: { [routeClass]: { answers, serverErrors: errors, timeouts: 0, connectFailures: 0, latencyP50Ms: 20, latencyP99Ms: 60, shortRttMs: 20 * slow, longRttMs: 20 } },
    cache: { entries: 0, bytes: 0, stored: 0, collapsed: 0 },
    durations: { cache: [], origin: [], refused: [] },
  }
}

function strainedAfter(ticks: readonly Tick[]): number {
  const meter = new OriginHealthMeter()
  return ticks.findIndex((tick) => meter.assess([vitals(tick)], options, false).strained) + 1
}

const times = (count: number, tick: Tick): Tick[] => Array.from({ length: count }, () => tick)

test('a healthy origin is never strained', () => {
  assert.equal(strainedAfter(times(50, {})), 0)
})

test('each sign strains in the third bad second of five', () => {
  for (const bad of [{ waitMs: 80 }, { errors: 12 }, { slow: 3 }, { rejected: 4 }, { lagMs: 400 }]) {
    assert.equal(strainedAfter([bad, bad, bad]), 3, JSON.stringify(bad))
    assert.equal(strainedAfter([bad, {}, bad, {}, bad]), 5)
    assert.equal(strainedAfter([bad, {}, {}, bad, {}, {}, bad]), 0)
  }
})

test('when a third and more is turned away or fails, two seconds are enough, and five are critical', () => {
  const meter = new OriginHealthMeter()
  const bad = { admitted: 40, rejected: 60 }
  const seen = times(6, bad).map((tick) => meter.assess([vitals(tick)], options, false))
  assert.deepEqual(seen.map((health) => health.strained), [false, true, true, true, true, true])
  assert.deepEqual(seen.map((health) => health.critical), [false, false, false, false, true, true])
})

test('two failures of three on a quiet night are no strain', () => {
  const few = { admitted: 3, answers: 3, errors: 2 }
  assert.equal(strainedAfter([few, {}, {}, few, {}, {}, {}, few]), 0)
})

test('a flood of one class does not hide behind many good answers of another', () => {
  const meter = new OriginHealthMeter()
  let strained = false
  for (let i = 0; i < 3; i++) strained = meter.assess([vitals({ admitted: 4_000, answers: 4_000 }), vitals({ admitted: 20, rejected: 200, answers: 20, routeClass: 'search' }, 1)], options, false).strained
  assert.ok(strained)
})

test('an origin that always fails a little is judged by what is normal for it', () => {
  const meter = new OriginHealthMeter()
  const usual = { admitted: 200, answers: 200, errors: 10 }
  for (let i = 0; i < 2_000; i++) meter.assess([vitals(usual)], options, true)
  let strained = false
  for (let i = 0; i < 10; i++) strained ||= meter.assess([vitals({ ...usual, errors: 20 })], options, false).strained
  assert.ok(!strained)
  for (let i = 0; i < 5; i++) strained ||= meter.assess([vitals({ ...usual, errors: 60 })], options, false).strained
  assert.ok(strained)
})

test('without vitals nothing is claimed', () => {
  const health = new OriginHealthMeter().assess([], options, true)
  assert.deepEqual([health.strained, health.critical, health.well], [false, false, true])
})

test('every sign says in words what is wrong', () => {
  const health = new OriginHealthMeter().assess([vitals({ rejected: 60, waitMs: 200 })], options, false)
  assert.match(health.signs.map((sign) => sign.sentence).join('; '), /waits 200 ms.*60 % of the requests for the origin are turned away/)
})
