import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationBoundsMs } from '../../contract/vitals.ts'
import { Tally } from './tally.ts'

test('every ending is counted once, under its reason and its duration', () => {
  const tally = new Tally()
  tally.received = 3
  tally.countEnd('served-fresh', 0.4)
  tally.countEnd('served-origin', 75)
  tally.countEnd('rule-block', 99_999)
  const counts = tally.take()
  assert.deepEqual(counts.ended, { 'served-fresh': 1, 'served-origin': 1, 'rule-block': 1 })
  assert.equal(counts.durations.cache[0], 1)
  assert.equal(counts.durations.origin[durationBoundsMs.indexOf(100)], 1)
  assert.equal(counts.durations.refused[durationBoundsMs.length], 1)
})

test('taking the counts starts them anew', () => {
  const tally = new Tally()
  tally.countEnd('rule-block', 1)
  tally.take()
  assert.deepEqual(tally.take().ended, {})
})
