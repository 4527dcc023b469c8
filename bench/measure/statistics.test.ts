import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { median, quantile, spreadOf, trendOf } from './statistics.ts'

const numbers = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 60 })

test('half of the values lie on each side of the median', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const middle = median(values)
      assert.ok(values.filter((v) => v < middle).length <= values.length / 2)
      assert.ok(values.filter((v) => v > middle).length <= values.length / 2)
    }),
  )
})

test('a quantile never falls when its share rises, and ends at the extremes', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const { min, max } = spreadOf(values)
      assert.equal(quantile(values, 0), min)
      assert.equal(quantile(values, 1), max)
      let last = min
      for (const share of [0.1, 0.5, 0.9, 0.99]) {
        const now = quantile(values, share)
        assert.ok(now >= last)
        last = now
      }
    }),
  )
})

test('a straight line has its own slope and leans clearly', () => {
  const xs = Array.from({ length: 50 }, (_, i) => i)
  const trend = trendOf(xs, xs.map((x) => 3 * x + 7))
  assert.equal(trend.slope, 3)
  assert.equal(trend.growth, 147)
  assert.ok(trend.z > 5)
})

test('a flat line and a saw do not grow', () => {
  const xs = Array.from({ length: 60 }, (_, i) => i)
  assert.deepEqual(trendOf(xs, xs.map(() => 5)), { slope: 0, growth: 0, z: 0 })
  const saw = trendOf(xs, xs.map((x) => x % 6))
  assert.ok(Math.abs(saw.z) < 2.33)
})

test('a few wild points do not move the slope', () => {
  const xs = Array.from({ length: 40 }, (_, i) => i)
  const ys = xs.map((x) => (x % 10 === 3 ? 1e9 : 2 * x))
  assert.ok(Math.abs(trendOf(xs, ys).slope - 2) < 0.5)
})

test('no values, no answer', () => {
  assert.throws(() => median([]), RangeError)
  assert.throws(() => trendOf([1, 2], [1, 2]), RangeError)
})
