import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { combineHash, mix32 } from '../../kernel/hash.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { SLOT_BYTES, SourceTable, sourceTableBytes } from './source-table.ts'

const KEY = 0x5eed
/** `high` names the client; the key is hashed as the edge does. */
function address(high: number, low = 0, family: 4 | 6 = 4) {
  return { family, text: '', high, low, key: combineHash(combineHash(mix32(0x1234 ^ family), high), low) }
}
function table(slots = 1_024): SourceTable {
  return new SourceTable(new SharedArrayBuffer(sourceTableBytes(slots)), KEY)
}

test('a client keeps its slot and its counts', () => {
  const sources = table()
  const slot = sources.touch(address(7), 1_000)
  assert.equal(sources.touch(address(7), 1_001), slot)
  sources.countPage(slot)
  sources.countStatic(slot)
  sources.countStatic(slot)
  sources.countError(slot)
  sources.countEcho(slot)
  sources.chargeCost(slot, sources.markOf(slot), 12.5)
  assert.deepEqual(
    [sources.requests(slot), sources.pages(slot), sources.statics(slot), sources.errors(slot), sources.echoes(slot), sources.costMs(slot)],
    [2, 1, 2, 1, 1, 13],
  )
  assert.equal(sources.find(address(7)), slot)
  assert.equal(sources.find(address(8)), -1)
})

test('an IPv4 address and an IPv6 prefix with the same bits are two clients', () => {
  const sources = table()
  assert.notEqual(sources.touch(address(7, 0, 4), 1), sources.touch(address(7, 0, 6), 1))
})

test('counts describe about the last minutes: they halve every 131 seconds and are gone after an hour', () => {
  const sources = table()
  let slot = 0
  for (let i = 0; i < 64; i++) slot = sources.touch(address(1), 1_000)
  sources.touch(address(1), 1_000 + 131_072)
  assert.equal(sources.requests(slot), 33)
  sources.touch(address(1), 3_600_000)
  assert.equal(sources.requests(slot), 1)
})

test('counters stop at 65,535 and never wrap to nothing', () => {
  const sources = table()
  let slot = 0
  for (let i = 0; i < 70_000; i++) slot = sources.touch(address(1), 5)
  assert.equal(sources.requests(slot), 65_535)
})

test('a cost is not charged to a slot that changed hands', () => {
  const sources = table()
  const slot = sources.touch(address(1), 1)
  sources.chargeCost(slot, sources.markOf(slot) ^ 1, 100)
  sources.chargeCost(-1, sources.markOf(slot), 100)
  sources.chargeCost(slot, sources.markOf(slot), Number.NaN)
  assert.equal(sources.costMs(slot), 0)
})

test('an address weighs more only through validated visitors, 16 at most', () => {
  const sources = table()
  const slot = sources.touch(address(1), 1)
  assert.equal(sources.natWeight(slot), 1)
  assert.equal(sources.natWeight(-1), 1)
  for (let i = 0; i < 7; i++) sources.countValidatedToken(slot)
  assert.equal(sources.natWeight(slot), 4)
  for (let i = 0; i < 65_000; i++) sources.countValidatedToken(slot)
  assert.equal(sources.natWeight(slot), 16)
})

test('a thousand known active clients are all still there after a storm of one-shot addresses sixteen times the table', () => {
  // The full size of the claim: 2^20 slots and 4 million addresses; here everything is divided by 64 except the known clients per slot (more of them, harder).
  const sources = table(16_384)
  const known = Array.from({ length: 1_000 }, (_, i) => address(0x0a000000 + i))
  let nowMs = 0
  for (let round = 0; round < 5; round++) for (const client of known) sources.touch(client, (nowMs += 1))
  for (const client of known) sources.countStatic(sources.find(client))
  let shot = 0x20000000
  for (let round = 0; round < 8; round++) {
    for (let i = 0; i < 32_768; i++) sources.touch(address(shot++), (nowMs += 0.25))
    for (const client of known) sources.touch(client, nowMs)
  }
  const lost = known.filter((client) => sources.find(client) === -1 || sources.statics(sources.find(client)) === 0)
  assert.equal(lost.length, 0)
})

test('property: no stream of addresses and times changes the size, leaves the table, or makes a count negative or NaN (invariants 14, 15)', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 0, max: 2 ** 32 }), (seed, distinct, startMs) => {
      const sources = table(64)
      const random = new SeededRandom(seed)
      const veteran = address(0xffffffff)
      let nowMs = startMs
      for (let i = 0; i < 10; i++) sources.touch(veteran, nowMs)
      for (let i = 0; i < 400; i++) {
        nowMs += random.next() * 100
        const slot = sources.touch(address(random.below(distinct)), random.next() < 0.1 ? nowMs - 5_000 : nowMs)
        assert.ok(Number.isInteger(slot) && slot >= 0 && slot < 64)
        for (const count of [sources.requests(slot), sources.pages(slot), sources.costMs(slot), sources.lastSeenMs(slot)]) assert.ok(count >= 0)
        assert.ok(sources.requests(slot) >= 1)
        if (i % 20 === 0) sources.touch(veteran, nowMs)
      }
      assert.equal(sources.words.byteLength, 64 * SLOT_BYTES)
    }),
    { numRuns: 60 },
  )
})

test('one-shot addresses never push out a client seen three times, whatever the set', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 10, max: 3_000 }), (seed, shots) => {
      const sources = table(8) // one set: every address collides
      for (let i = 0; i < 3; i++) sources.touch(address(1), 1_000)
      for (let i = 0; i < shots; i++) sources.touch(address((seed + 2 + i) >>> 0 || 2), 1_001 + i)
      assert.notEqual(sources.find(address(1)), -1)
    }),
    { numRuns: 50 },
  )
})

test('a size that is no power of two is refused', () => {
  assert.throws(() => new SourceTable(new SharedArrayBuffer(100 * SLOT_BYTES), KEY), RangeError)
})
