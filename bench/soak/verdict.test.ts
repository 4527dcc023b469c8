import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge } from './verdict.ts'

const seconds = Array.from({ length: 120 }, (_, i) => i * 5)
const memory = (at: (second: number) => number) => ({ name: 'memory', values: seconds.map(at), toleranceShare: 0.05, toleranceAmount: 4e6 })
const saw = (second: number): number => (second % 40) * 200_000

test('a start that swells and then breathes does not grow', () => {
  assert.equal(judge(seconds, memory((s) => 100e6 + Math.min(s, 60) * 1e6 + saw(s)), 60).grows, false)
})

test('a leak of 10 % in ten minutes is found under the breathing', () => {
  assert.equal(judge(seconds, memory((s) => 150e6 + s * 30_000 + saw(s)), 60).grows, true)
})

test('a lean within the tolerance is no growth', () => {
  assert.equal(judge(seconds, memory((s) => 150e6 + s * 3_000), 60).grows, false)
})

test('a value that falls does not grow, and too few samples are an error', () => {
  assert.equal(judge(seconds, memory((s) => 300e6 - s * 100_000), 60).grows, false)
  assert.throws(() => judge([0, 5, 10], { name: 'x', values: [1, 2, 3], toleranceShare: 0, toleranceAmount: 0 }, 60), RangeError)
})
