import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MonotonicMs } from '../../kernel/clock.ts'
import { PenaltyBox } from './penalty-box.ts'

const at = (ms: number): MonotonicMs => ms as MonotonicMs

test('holds an address for the time said, and no other', () => {
  const box = new PenaltyBox()
  assert.equal(box.punish(7, 2_000, at(0)), 1_000)
  assert.equal(box.holds(7, at(999)), true)
  assert.equal(box.holds(7, at(1_000)), false)
  assert.equal(box.holds(8, at(1)), false)
  assert.equal(box.holds(7 + 4_096, at(1)), false, 'another address of the same set')
})

test('doubles with each repetition, up to a minute, and forgets after five quiet minutes', () => {
  const box = new PenaltyBox()
  let now = 0
  const lengths: number[] = []
  for (let i = 0; i < 8; i++) {
    lengths.push(box.punish(9, 2_000, at(now)))
    now += lengths.at(-1)! + 1
  }
  assert.deepEqual(lengths, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  assert.equal(box.punish(9, 2_000, at(now + 300_000)), 1_000)
})

test('addresses punished in the same moment come back in different ones', () => {
  const box = new PenaltyBox()
  const lengths = Array.from({ length: 50 }, (_, i) => box.punish(i * 0x1000 + 1, 2_000, at(0)))
  assert.ok(Math.min(...lengths) >= 1_000 && Math.max(...lengths) <= 3_000)
  assert.ok(new Set(lengths.map((ms) => Math.floor(ms / 100))).size > 5)
})

test('off means off', () => {
  const box = new PenaltyBox()
  assert.equal(box.punish(1, 0, at(0)), 0)
  assert.equal(box.holds(1, at(0)), false)
})

test('never holds an address that was not punished, and never longer than a minute', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(0xffffffff), fc.nat(600_000)), { maxLength: 200 }), fc.nat(0xffffffff), (events, other) => {
      const box = new PenaltyBox()
      let now = 0
      for (const [key, laterMs] of events) {
        now += laterMs
        assert.ok(box.punish(key, 2_000, at(now)) <= 60_000)
        assert.ok(box.holds(key, at(now)))
        assert.ok(!box.holds(key, at(now + 60_000)))
      }
      if (!events.some(([key]) => key === other)) assert.ok(!box.holds(other, at(now)))
    }),
  )
})
