import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimingWheel } from './timing-wheel.ts'

test('an entry comes due once, never early and at most one resolution late', () => {
  const wheel = new TimingWheel<string>(0, 250, 8)
  wheel.add('a', 1_000)
  const due: string[] = []
  wheel.advance(999, (item) => due.push(item))
  assert.equal(due.length, 0)
  wheel.advance(1_250, (item) => due.push(item))
  wheel.advance(60_000, (item) => due.push(item))
  assert.deepEqual(due, ['a'])
})

test('an entry can be scheduled again from the call that says it is due', () => {
  const wheel = new TimingWheel<{ id: number; times: number }>(0, 250, 8)
  const entry = { id: -1, times: 0 }
  entry.id = wheel.add(entry, 500)
  let now = 0
  for (now = 0; now <= 5_000; now += 250) {
    wheel.advance(now, (item) => {
      item.times++
      wheel.schedule(item.id, now + 1_000)
    })
  }
  assert.equal(entry.times, 5)
})

test('a full wheel says so and takes entries again after a removal', () => {
  const wheel = new TimingWheel<number>(0, 250, 8, 3)
  const ids = [wheel.add(1, 1), wheel.add(2, 1), wheel.add(3, 1)]
  assert.equal(wheel.add(4, 1), -1)
  wheel.remove(ids[1])
  wheel.remove(ids[1])
  assert.equal(wheel.size, 2)
  assert.ok(wheel.add(5, 1) >= 0)
  assert.equal(wheel.size, 3)
})

test('it grows past its first capacity without losing entries', () => {
  const wheel = new TimingWheel<number>(0, 250, 16, 5_000)
  for (let i = 0; i < 5_000; i++) assert.ok(wheel.add(i, (i * 37) % 9_000) >= 0)
  const seen = new Set<number>()
  for (let now = 0; now <= 10_000; now += 250) wheel.advance(now, (item) => seen.add(item))
  assert.equal(seen.size, 5_000)
})

test('after a long stop everything due comes due in one call and the rest stays', () => {
  const wheel = new TimingWheel<string>(0, 250, 8)
  wheel.add('soon', 300)
  wheel.add('later', 1_000_000)
  const due: string[] = []
  wheel.advance(900_000, (item) => due.push(item))
  assert.deepEqual(due, ['soon'])
  wheel.advance(1_000_250, (item) => due.push(item))
  assert.deepEqual(due, ['soon', 'later'])
})

test('against a plain list: any series of adds, moves, removals and steps of time gives the same entries due', () => {
  const step = fc.oneof(
    fc.record({ act: fc.constant('add' as const), delay: fc.integer({ min: 0, max: 6_000 }) }),
    fc.record({ act: fc.constant('move' as const), pick: fc.nat(50), delay: fc.integer({ min: 0, max: 6_000 }) }),
    fc.record({ act: fc.constant('remove' as const), pick: fc.nat(50) }),
    fc.record({ act: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const wheel = new TimingWheel<number>(0, 250, 8, 64)
      const model = new Map<number, number>()
      const ids: number[] = []
      let now = 0
      for (const s of steps) {
        if (s.act === 'add') {
          const name = ids.length
          const id = wheel.add(name, now + s.delay)
          if (id === -1) {
            assert.equal(model.size, 64)
            continue
          }
          ids.push(id)
          model.set(name, now + s.delay)
        } else if (s.act === 'pass') {
          now += s.ms
          wheel.advance(now, (name) => {
            const due = model.get(name)
            assert.ok(due !== undefined && due <= now, `${name} came early or was gone`)
            model.delete(name)
            wheel.remove(ids[name])
          })
          for (const [name, due] of model) assert.ok(due > now - 250, `${name} is more than a resolution late`)
        } else if (model.has(s.pick)) {
          if (s.act === 'remove') {
            wheel.remove(ids[s.pick])
            model.delete(s.pick)
          } else {
            wheel.schedule(ids[s.pick], now + s.delay)
            model.set(s.pick, now + s.delay)
          }
        }
        assert.equal(wheel.size, model.size)
      }
    }),
    { numRuns: 300 },
  )
})
