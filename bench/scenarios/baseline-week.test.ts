import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBaseline } from '../../src/controlplane/detection/baseline-file.ts'
import { SeededRandom } from '../../src/kernel/random.ts'
import { FEATURE_KEY, baselineBytes } from './baseline-week.ts'

test('the synthetic week is a whole baseline of the suite\'s own everyday traffic', () => {
  const { baseline, featureKey } = parseBaseline(baselineBytes(0.25), new SeededRandom(1))
  assert.equal(featureKey, FEATURE_KEY)
  assert.equal(baseline.coldStart, false)
  assert.equal(baseline.rowsHeld, 168 * 128)
  const expected = baseline.expectedAt(Date.UTC(2024, 5, 5, 12)).ratePerSecond
  assert.ok(Math.abs(expected - 21) < 4, `half of 40 requests a second and some polls expected, not ${expected}`)
})
