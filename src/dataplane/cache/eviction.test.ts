import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mix32 } from '../../kernel/hash.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { CacheShared, allocateCache } from './cache-shared.ts'
import { S3Fifo } from './eviction.ts'

const BYTES = 1_024

/** A cache of `capacity` equal objects in front of a request series; returns the hit ratio of each request's class. */
function replay(capacity: number, series: Iterable<readonly [key: number, counted: boolean]>): { hotHits: number; hot: number; largest: number } {
  const shared = new CacheShared(allocateCache({ memoryBytes: 1 }), 1)
  const policy = new S3Fifo(shared)
  const held = new Map<number, number>()
  const keyOf = new Map<number, number>()
  let nextId = 1
  const result = { hotHits: 0, hot: 0, largest: 0 }
  for (const [key, counted] of series) {
    const hash = mix32(key)
    if (counted) result.hot++
    if (held.has(key)) {
      shared.countHit(hash)
      if (counted) result.hotHits++
      continue
    }
    const id = nextId++
    policy.add(id, hash, BYTES)
    held.set(key, id)
    keyOf.set(id, key)
    while (policy.bytes > capacity * BYTES) {
      const victim = policy.victim(capacity * BYTES)
      held.delete(keyOf.get(victim) as number)
      keyOf.delete(victim)
    }
    result.largest = Math.max(result.largest, policy.bytes)
  }
  return result
}

test('a scan of ten times the capacity does not push out what people read', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(200, 1_000), (seed, capacity) => {
      const random = new SeededRandom(seed)
      const hotSize = capacity / 2
      function* series(): Generator<readonly [number, boolean]> {
        for (let i = 0; i < hotSize * 8; i++) yield [random.below(hotSize), false]
        // One in two requests is for an address that nobody asks for again.
        for (let scanned = 0; scanned < capacity * 10; scanned++) {
          yield [1_000_000 + scanned, false]
          yield [random.below(hotSize), true]
        }
      }
      const { hotHits, hot } = replay(capacity, series())
      assert.ok(hotHits / hot >= 0.95, `hit ratio ${hotHits / hot}`)
    }),
    { numRuns: 12 },
  )
})

test('a scan that comes ten times as fast as the readers does not either', () => {
  const random = new SeededRandom(7)
  function* series(): Generator<readonly [number, boolean]> {
    for (let i = 0; i < 4_000; i++) yield [random.below(400), false]
    for (let scanned = 0; scanned < 10_000; scanned++) {
      yield [1_000_000 + scanned, false]
      if (scanned % 10 === 0) yield [random.below(400), true]
    }
  }
  const { hotHits, hot } = replay(1_000, series())
  assert.ok(hotHits / hot >= 0.95, `hit ratio ${hotHits / hot}`)
})

test('when interest moves, the old pages make room for the new ones', () => {
  const random = new SeededRandom(3)
  function* series(): Generator<readonly [number, boolean]> {
    for (let i = 0; i < 20_000; i++) yield [random.below(800), false]
    for (let i = 0; i < 20_000; i++) yield [10_000 + random.below(800), i > 10_000]
  }
  const { hotHits, hot } = replay(1_000, series())
  assert.ok(hotHits / hot >= 0.95, `hit ratio ${hotHits / hot}`)
})

test('sizes always add up, victims are told once, and every answer can be given up', () => {
  const command = fc.oneof(
    fc.record({ do: fc.constant('add' as const), id: fc.nat(60), bytes: fc.integer({ min: 1, max: 500 }) }),
    fc.record({ do: fc.constant('remove' as const), id: fc.nat(60) }),
    fc.record({ do: fc.constant('replace' as const), id: fc.nat(60), by: fc.integer({ min: 100, max: 160 }), bytes: fc.integer({ min: 1, max: 500 }) }),
    fc.record({ do: fc.constant('hit' as const), id: fc.nat(60) }),
    fc.record({ do: fc.constant('victim' as const) }),
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
      const shared = new CacheShared(allocateCache({ memoryBytes: 1 }), 1)
      const policy = new S3Fifo(shared)
      const model = new Map<number, number>()
      for (const one of commands) {
        if (one.do === 'add') {
          policy.add(one.id, mix32(one.id), one.bytes)
          if (!model.has(one.id)) model.set(one.id, one.bytes)
        } else if (one.do === 'remove') assert.equal(policy.remove(one.id), model.delete(one.id))
        else if (one.do === 'replace') {
          if (model.has(one.by)) continue
          policy.replace(one.id, one.by, mix32(one.id), one.bytes)
          model.delete(one.id)
          model.set(one.by, one.bytes)
        } else if (one.do === 'hit') shared.countHit(mix32(one.id))
        else {
          const victim = policy.victim(1_000)
          assert.equal(victim === -1, model.size === 0)
          if (victim !== -1) assert.ok(model.delete(victim))
        }
        assert.equal(policy.size, model.size)
        assert.equal(policy.bytes, [...model.values()].reduce((sum, bytes) => sum + bytes, 0))
      }
      for (let left = model.size; left > 0; left--) assert.ok(model.delete(policy.victim(0)))
      assert.equal(policy.victim(0), -1)
    }),
  )
})
