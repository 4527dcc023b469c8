import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SeededRandom } from '../../../kernel/random.ts'
import { CountMin } from './count-min.ts'
import { HyperLogLog } from './hyper-log-log.ts'
import { PrefixHierarchy, maskWord, prefixText } from './prefix-hierarchy.ts'
import { Reservoir } from './reservoir.ts'
import { SlidingTopKeys } from './sliding-top-keys.ts'
import { SpaceSaving } from './space-saving.ts'

const stream = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 9 })), { maxLength: 400 })

function truth(pairs: ReadonlyArray<readonly [number, number]>): Map<number, number> {
  const counts = new Map<number, number>()
  for (const [key, weight] of pairs) counts.set(key, (counts.get(key) ?? 0) + weight)
  return counts
}

test('invariant 12: SpaceSaving never counts too low, at most N/m too high, and holds every key above N/m', () => {
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 24 }), (pairs, slots) => {
      const sketch = new SpaceSaving(slots)
      for (const [key, weight] of pairs) sketch.add(Math.imul(key, 0x9e3779b1) >>> 0, weight)
      const bound = sketch.total / slots
      for (const [key, weight] of truth(pairs)) {
        const hashed = Math.imul(key, 0x9e3779b1) >>> 0
        const estimate = sketch.estimate(hashed)
        assert.ok(estimate >= weight && estimate <= weight + bound + 1e-9)
        assert.ok(sketch.atLeast(hashed) <= weight)
        if (weight > bound) assert.notEqual(sketch.slotOf(hashed), -1)
      }
    }),
  )
})

test('invariant 12 holds over the panes of a sliding window, and older panes are forgotten', () => {
  fc.assert(
    fc.property(stream, stream, stream, fc.integer({ min: 2, max: 16 }), (old, first, second, slots) => {
      const window = new SlidingTopKeys(slots)
      for (const pairs of [old, first, second]) {
        window.turn()
        for (const [key, weight] of pairs) window.add(key, weight)
      }
      const bound = window.total / slots
      const heavy = new Set(window.heavierThan(0, 10_000).map((entry) => entry.key))
      const counts = truth([...first, ...second])
      assert.equal(window.total, [...counts.values()].reduce((sum, weight) => sum + weight, 0))
      for (const [key, weight] of counts) {
        const estimate = window.estimate(key)
        assert.ok(estimate >= weight && estimate <= weight + bound + 1e-9)
        if (weight > bound) assert.ok(heavy.has(key))
      }
    }),
  )
})

test('invariant 13: count-min never counts too low', () => {
  fc.assert(
    fc.property(stream, (pairs) => {
      const sketch = new CountMin(3, 32)
      for (const [key, weight] of pairs) sketch.add(key, weight)
      for (const [key, weight] of truth(pairs)) assert.ok(sketch.estimate(key) >= weight)
    }),
  )
})

test('count-min is above true + e/width x total for fewer than e^-rows of the keys', () => {
  const sketch = new CountMin(4, 1_024)
  const random = new SeededRandom(7)
  const counts = new Map<number, number>()
  for (let i = 0; i < 20_000; i++) {
    const key = Math.floor(random.next() ** 3 * 5_000)
    counts.set(key, (counts.get(key) ?? 0) + 1)
    sketch.add(key)
  }
  let above = 0
  for (const [key, count] of counts) if (sketch.estimate(key) > count + (Math.E / 1_024) * 20_000) above++
  assert.ok(above / counts.size <= Math.exp(-4))
})

test('invariant 14: no sketch grows, whatever keys come', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 2_000 }), (keys) => {
      const top = new SlidingTopKeys(16)
      const pairs = new CountMin(2, 64)
      const distinct = new HyperLogLog(6)
      const prefixes = new PrefixHierarchy(8)
      const before = [top.bytes, pairs.bytes, distinct.bytes, prefixes.bytes]
      for (const key of keys) {
        top.add(key)
        pairs.add(key)
        distinct.add(key)
        prefixes.add(key & 1 ? 4 : 6, key, key)
      }
      assert.deepEqual([top.bytes, pairs.bytes, distinct.bytes, prefixes.bytes], before)
      assert.ok(top.heavierThan(0, 10_000).length <= 32)
    }),
    { numRuns: 30 },
  )
})

test('HyperLogLog is within 5 % (three standard errors) from 10 to 1,000,000 keys, and merges', () => {
  const all = new HyperLogLog()
  for (const [from, to] of [[0, 10], [10, 1_000], [1_000, 50_000], [50_000, 1_000_000]] as const) {
    const part = new HyperLogLog()
    for (let key = from; key < to; key++) part.add(Math.imul(key, 2_654_435_761) >>> 0)
    all.merge(part)
    assert.ok(Math.abs(part.estimate() / (to - from) - 1) < 0.05)
    assert.ok(Math.abs(all.estimate() / to - 1) < 0.05, `${all.estimate()} for ${to}`)
  }
})

test('a reservoir holds each of 200 equally often', () => {
  const random = new SeededRandom(3)
  const kept = new Uint32Array(200)
  for (let round = 0; round < 4_000; round++) {
    const reservoir = new Reservoir(10, random)
    const places = new Int32Array(10)
    for (let item = 0; item < 200; item++) {
      const place = reservoir.offer()
      if (place >= 0) places[place] = item
    }
    for (const item of places) kept[item]++
  }
  for (const count of kept) assert.ok(count > 130 && count < 275, `${count} of 200 expected`) // 200 +- 5 sigma
})

test('a reservoir with a bounded memory forgets what is old', () => {
  const reservoir = new Reservoir(16, new SeededRandom(1), 64)
  const born = new Int32Array(16)
  for (let item = 0; item < 5_000; item++) {
    const place = reservoir.offer()
    if (place >= 0) born[place] = item
  }
  assert.ok(Math.min(...born) > 4_000)
})

test('a flood spread over one /24 shows at /24, its single addresses do not', () => {
  const prefixes = new PrefixHierarchy(64)
  for (let i = 0; i < 1_000; i++) {
    prefixes.add(4, 0xc0000200 + (i % 250), 0)
    prefixes.add(4, Math.imul(i, 0x9e3779b1) >>> 0, 0)
  }
  const heavy = prefixes.heavierThan(800, 4).map((p) => prefixText(p.family, p.bits, p.high, p.low))
  assert.deepEqual(heavy, ['192.0.2.0/24', '192.0.0.0/16'])
})

test('prefixes are written as a rule wants them', () => {
  assert.equal(prefixText(6, 48, 0x20010db8, maskWord(0x12345678, 16)), '2001:db8:1234:0::/48')
  assert.equal(maskWord(0xffffffff, 24), 0xffffff00)
  assert.equal(maskWord(0xffffffff, 0), 0)
})
