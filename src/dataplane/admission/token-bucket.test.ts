import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SeededRandom } from '../../kernel/random.ts'
import { TokenBucket } from './token-bucket.ts'

test('zeroed memory is a full bucket', () => {
  const bucket = new TokenBucket(new Int32Array(2))
  assert.equal(bucket.available(0, 1, 123_456, 10, 50), 50)
  assert.equal(bucket.take(0, 1, 123_456, 10, 50, 50), true)
  assert.equal(bucket.take(0, 1, 123_456, 10, 50, 0.01), false)
  assert.equal(bucket.take(0, 1, 124_456, 10, 50, 10), true)
})

test('a debt is at most one burst and is paid back by waiting', () => {
  const bucket = new TokenBucket(new Int32Array(2))
  bucket.charge(0, 1, 0, 10, 50, 1e9)
  assert.equal(bucket.available(0, 1, 0, 10, 50), -50)
  assert.equal(bucket.available(0, 1, 5_000, 10, 50), 0)
  bucket.charge(0, 1, 5_000, 10, 50, -1e9)
  assert.equal(bucket.available(0, 1, 5_000, 10, 50), 50)
})

test('an impossible cost takes nothing', () => {
  const bucket = new TokenBucket(new Int32Array(2))
  assert.equal(bucket.take(0, 1, 0, 10, 50, Number.NaN), false)
  assert.equal(bucket.available(0, 1, 0, 10, 50), 50)
})

test('property: in every interval at most burst + rate × T is taken (invariant 11)', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.array(fc.record({ waitMs: fc.double({ min: 0, max: 400, noNaN: true }), cost: fc.double({ min: 0.01, max: 300, noNaN: true }) }), { maxLength: 120 }),
      fc.integer({ min: 0, max: 2 ** 32 }),
      (rate, burst, asks, startMs) => {
        const bucket = new TokenBucket(new Int32Array(2))
        const taken: Array<{ atMs: number; cost: number }> = []
        let nowMs = startMs
        for (const ask of asks) {
          nowMs += ask.waitMs
          if (bucket.take(0, 1, nowMs, rate, burst, ask.cost)) taken.push({ atMs: nowMs, cost: ask.cost })
        }
        for (let from = 0; from < taken.length; from++) {
          let sum = 0
          for (let to = from; to < taken.length; to++) {
            sum += taken[to].cost
            // 1 ms: the bucket's clock is whole milliseconds.
            const bound = burst + (rate * (taken[to].atMs - taken[from].atMs + 1)) / 1_000
            assert.ok(sum <= bound + 1e-6, `${sum} > ${bound}`)
          }
        }
      },
    ),
    { numRuns: 150 },
  )
})

test('property: a client that stays within its rate is never refused', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 2, max: 1_000 }), fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 200 }), (rate, burst, waits) => {
      const bucket = new TokenBucket(new Int32Array(2))
      let nowMs = 0
      for (const waitMs of waits) {
        nowMs += waitMs
        assert.equal(bucket.take(0, 1, nowMs, rate, burst, Math.min(burst, (rate * waitMs) / 1_000) * 0.9 - 0.01), true)
      }
    }),
    { numRuns: 100 },
  )
})

test('property: one that takes every token the moment it is there gets no more either, and not much less', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 900 }), fc.integer({ min: 1, max: 20 }), fc.integer(), (rate, burst, seed) => {
      const bucket = new TokenBucket(new Int32Array(2))
      const random = new SeededRandom(seed)
      let nowMs = 0
      let taken = 0
      for (let step = 0; step < 500; step++) {
        nowMs += 0.2 + random.next() * 3
        while (bucket.take(0, 1, nowMs, rate, burst, 0.25)) taken += 0.25
      }
      const due = (rate * nowMs) / 1_000
      assert.ok(taken <= burst + due + 1e-6, `${taken} of ${burst + due}`)
      // What a full bucket could not hold was never due; rounding to whole milliseconds and hundredths costs at most a quarter at the lowest rates.
      if (burst >= 10) assert.ok(taken >= 0.75 * due, `${taken} of ${due}`)
    }),
    { numRuns: 100 },
  )
})
