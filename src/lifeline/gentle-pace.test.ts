import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MonotonicMs } from '../kernel/clock.ts'
import { GentlePace } from './gentle-pace.ts'

/** Asks as the crawler does, for `seconds`, of an origin whose latency is told by `latencyMs`. Returns requests a second over the last half. */
function crawl(pace: GentlePace, fromMs: number, seconds: number, latencyMs: (atMs: number) => number): { readonly endMs: number; readonly perSecond: number; readonly busyShare: number } {
  let now = fromMs
  let asked = 0
  let busyMs = 0
  const half = fromMs + (seconds * 1_000) / 2
  while (now < fromMs + seconds * 1_000) {
    now += pace.waitMs(now as MonotonicMs)
    pace.started(now as MonotonicMs)
    const took = latencyMs(now)
    now += took
    if (now > half) {
      asked++
      busyMs += took
    }
    pace.answered('page', took, now as MonotonicMs)
  }
  return { endMs: now, perSecond: asked / (seconds / 2), busyShare: busyMs / ((seconds * 1_000) / 2) }
}

test('a calm origin is asked faster and faster, up to the bound and no further', () => {
  const pace = new GentlePace(20, 1)
  const first = crawl(pace, 0, 10, () => 3)
  assert.ok(first.perSecond < 12, `${first.perSecond}`)
  const later = crawl(pace, first.endMs, 120, () => 3)
  assert.ok(later.perSecond > 18 && later.perSecond <= 20.1, `${later.perSecond}`)
})

test('when the origin answers slower than in its own calm the crawl falls to a fraction within seconds, and comes back', () => {
  const pace = new GentlePace(20, 1)
  const calm = crawl(pace, 0, 120, () => 10)
  assert.ok(calm.perSecond > 18)
  const strained = crawl(pace, calm.endMs, 20, () => 60)
  assert.ok(strained.perSecond < calm.perSecond / 8, `${strained.perSecond} after ${calm.perSecond}`)
  const again = crawl(pace, strained.endMs, 180, () => 10)
  assert.ok(again.perSecond > 15, `${again.perSecond}`)
})

test('whatever the origin does, it is never busy with the crawl for more than the share, and the pace stays within its bounds', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 5, maxLength: 40 }), fc.double({ min: 0.05, max: 0.9, noNaN: true }), (latencies, share) => {
      const pace = new GentlePace(1_000, share)
      let index = 0
      let now = 0
      let busyMs = 0
      for (let i = 0; i < 200; i++) {
        now += pace.waitMs(now as MonotonicMs)
        pace.started(now as MonotonicMs)
        const took = latencies[index++ % latencies.length]
        busyMs += took
        now += took
        pace.answered('page', took, now as MonotonicMs)
        assert.ok(pace.perSecond <= 1_000 && pace.perSecond >= 0.05)
      }
      now += pace.waitMs(now as MonotonicMs)
      assert.ok(busyMs / now <= share + 0.001, `${busyMs / now} above ${share}`)
    }),
    { numRuns: 100 },
  )
})

test('failures slow the crawl down like slowness does, at most once in two seconds', () => {
  const pace = new GentlePace(100, 1)
  const before = pace.perSecond
  for (let i = 0; i < 10; i++) pace.failed((1_000 + i) as MonotonicMs)
  assert.equal(pace.perSecond, before / 2)
  pace.failed(4_000 as MonotonicMs)
  assert.equal(pace.perSecond, before / 4)
})
