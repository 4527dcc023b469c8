import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faults } from './fault.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { OriginMeter } from './meter.ts'

test('quantiles are within five per cent of the exact ones', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.1, max: 200_000, noNaN: true }), { minLength: 1, maxLength: 300 }), fc.constantFrom(0.5, 0.9, 0.99, 1), (durations, q) => {
      const histogram = new LatencyHistogram()
      for (const ms of durations) histogram.add(ms)
      const sorted = durations.toSorted((a, b) => a - b)
      const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]
      const ratio = histogram.quantile(q) / exact
      assert.ok(ratio > 0.95 && ratio < 1.05, `${ratio}`)
    }),
  )
})

test('durations outside the scale land in its ends', () => {
  const histogram = new LatencyHistogram()
  histogram.add(0)
  histogram.add(-1)
  histogram.add(1e12)
  assert.equal(histogram.total, 3)
  assert.ok(histogram.quantile(0.5) < 0.1)
  assert.ok(histogram.quantile(1) > 200_000)
})

test('a read gives each class with traffic, and begins anew except for the averages', () => {
  const meter = new OriginMeter()
  for (let i = 0; i < 100; i++) meter.answered('page', i < 5 ? 503 : 200, 20)
  meter.failed('page', faults.firstByteTimeout)
  meter.failed('page', faults.refused)
  meter.failed('search', faults.connectTimeout)
  meter.failed('api', faults.loop)
  const first = meter.read()
  assert.deepEqual(Object.keys(first), ['page', 'search'])
  assert.deepEqual([first.page?.answers, first.page?.serverErrors, first.page?.timeouts, first.page?.connectFailures], [100, 5, 1, 1])
  assert.ok(Math.abs((first.page?.latencyP99Ms ?? 0) - 20) < 1)
  assert.equal(first.page?.shortRttMs, 20)
  assert.deepEqual(meter.read(), {})
  meter.answered('page', 200, 20)
  assert.equal(meter.read().page?.longRttMs, 20)
})

test('when the origin slows down the short average leaves the long one, and when it recovers the long one follows down', () => {
  const meter = new OriginMeter()
  for (let i = 0; i < 1_000; i++) meter.answered('page', 200, 10)
  for (let i = 0; i < 50; i++) meter.answered('page', 200, 100)
  const slow = meter.read().page
  assert.ok((slow?.shortRttMs ?? 0) > 90 && (slow?.longRttMs ?? 99) < 20)
  for (let i = 0; i < 2_000; i++) meter.answered('page', 200, 100)
  for (let i = 0; i < 100; i++) meter.answered('page', 200, 10)
  assert.ok((meter.read().page?.longRttMs ?? 99) <= 21)
})
