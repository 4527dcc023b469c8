import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Measurement, perCoreOf } from './measurement.ts'
import type { PeerName } from './peer.ts'
import { Results } from './results.ts'
import { targets } from './targets.ts'

test('CPU time decides when the load generator is full', () => {
  assert.equal(perCoreOf(20_000, 60_000, 0, 0.99), 60_000)
})

test('a program that waits though it could work is as slow as its throughput', () => {
  assert.equal(perCoreOf(20_000, 60_000, 0, 0.5), 20_000)
})

test('what others took of its core is given back, and never more than its CPU time says', () => {
  assert.equal(perCoreOf(20_000, 60_000, 0.5, 0.5), 40_000)
  assert.equal(perCoreOf(50_000, 60_000, 0.5, 0.5), 60_000)
})

function measured(peer: PeerName, workload: string, run: number, perCore: number, more: Partial<Measurement> = {}): Measurement {
  return {
    peer, workload, run, requests: 1_000, perSecond: perCore, perCpuSecond: perCore, perCore, cpuMicrosecondsPerRequest: 1e6 / perCore, serverShare: 1, foreignShare: 0, loadShare: 1,
    p50Ms: 1, p99Ms: 2, answerBytes: 300, startMs: 10, idleBytes: 1, loadedBytes: 2, ...more,
  }
}

test('targets are judged on medians: one lucky run changes nothing', () => {
  const results = new Results([
    ...[70_000, 72_000, 500_000].map((value, run) => measured('polder', 'reject-table', run, value)),
    ...[100_000, 100_000, 100_000].map((value, run) => measured('nginx', 'reject', run, value)),
  ])
  const target = targets.find((one) => one.title.startsWith('Reject, keep-alive'))!
  assert.equal(target.value(results), 0.72)
  assert.equal(target.holds(target.value(results)), false)
})

test('what was not measured holds nothing', () => {
  for (const target of targets) {
    const value = target.value(new Results([]))
    assert.ok(Number.isNaN(value), target.title)
    assert.equal(target.holds(value), false)
  }
})

test('CPU per request and added latency are better when smaller', () => {
  const results = new Results([
    measured('polder', 'reject-close', 1, 10_000),
    measured('nginx', 'reject-close', 1, 40_000),
    measured('polder', 'added-latency', 1, 10_000, { p99Ms: 1.5, direct: { p50Ms: 0.1, p99Ms: 0.5 } }),
  ])
  const close = targets.find((one) => one.title.startsWith('One connection'))!
  assert.equal(close.value(results), 4)
  assert.equal(close.holds(4), false)
  const added = targets.find((one) => one.title.startsWith('p99 added'))!
  assert.equal(added.value(results), 1)
  assert.ok(added.holds(1))
})
