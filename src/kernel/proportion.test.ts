import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clopperPearsonLower, clopperPearsonUpper, wilsonLower, wilsonUpper } from './proportion.ts'

/** P(X <= hits) for X binomial, term by term; in logarithms, because (1 - share)^trials alone would vanish. */
function tail(hits: number, trials: number, share: number): number {
  let logTerm = trials * Math.log1p(-share)
  let sum = Math.exp(logTerm)
  for (let k = 1; k <= hits; k++) {
    logTerm += Math.log((trials - k + 1) / k) + Math.log(share) - Math.log1p(-share)
    sum += Math.exp(logTerm)
  }
  return sum
}

test('Clopper-Pearson meets its definition: at the bound the binomial tail is the level', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.constantFrom(0.05, 0.0025, 0.5), (trials, at, level) => {
      const hits = Math.floor(at * trials)
      assert.ok(Math.abs(tail(hits, trials, clopperPearsonUpper(hits, trials, level)) - level) < 1e-9)
      if (hits > 0) assert.ok(Math.abs(1 - tail(hits - 1, trials, clopperPearsonLower(hits, trials, level)) - level) < 1e-9)
    }),
  )
})

test('bounds agree with published tables', () => {
  assert.ok(Math.abs(clopperPearsonUpper(0, 599, 0.05 / 20) - 0.00995) < 5e-5) // about 600 samples for 1 % at 0.05/20
  assert.ok(Math.abs(clopperPearsonUpper(10, 100, 0.025) - 0.1762226) < 1e-6) // exact 95 % interval of 10/100: 0.0490 to 0.1762
  assert.ok(Math.abs(clopperPearsonLower(10, 100, 0.025) - 0.0490047) < 1e-6)
  assert.ok(Math.abs(wilsonLower(10, 100, 1.959964) - 0.0552291) < 1e-6) // Wilson 95 %: 0.0552 to 0.1744
  assert.ok(Math.abs(wilsonUpper(10, 100, 1.959964) - 0.1743657) < 1e-6)
})

test('no data means no claim', () => {
  assert.equal(clopperPearsonUpper(0, 0, 0.05), 1)
  assert.equal(wilsonLower(0, 0), 0)
  assert.equal(wilsonUpper(0, 0), 1)
  assert.throws(() => clopperPearsonUpper(3, 2, 0.05), RangeError)
})

test('an upper bound grows with hits and shrinks with trials', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 51, max: 20_000 }), (hits, trials) => {
      assert.ok(clopperPearsonUpper(hits + 1, trials, 0.0025) > clopperPearsonUpper(hits, trials, 0.0025))
      assert.ok(clopperPearsonUpper(hits, trials + 100, 0.0025) < clopperPearsonUpper(hits, trials, 0.0025))
      assert.ok(wilsonUpper(hits + 1, trials) > wilsonUpper(hits, trials))
    }),
  )
})
