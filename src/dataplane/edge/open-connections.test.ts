import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgeQueue, OpenConnections, type Placed, type Queued } from './open-connections.ts'

class Connection implements Placed, Queued<Connection> {
  place = -1
  before: Connection | null = null
  after: Connection | null = null
  queue: object | null = null
}

test('the open connections are those that were added and not removed, whatever comes when', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ who: fc.nat(9), add: fc.boolean() }), { maxLength: 200 }), (steps) => {
      const list = new OpenConnections<Connection>()
      const expected = new Set<Connection>()
      const all = Array.from({ length: 10 }, () => new Connection())
      for (const { who, add } of steps) {
        const one = all[who]
        if (!add) {
          list.remove(one)
          expected.delete(one)
        } else if (!expected.has(one)) {
          list.add(one)
          expected.add(one)
        }
        const seen: Connection[] = []
        list.each((each) => seen.push(each))
        assert.equal(seen.length, expected.size)
        assert.deepEqual(new Set(seen), expected)
        assert.equal(list.size, expected.size)
      }
    }),
    { numRuns: 100 },
  )
})

test('who is visited may be removed, and everybody else is still visited once', () => {
  const list = new OpenConnections<Connection>()
  const all = Array.from({ length: 7 }, () => new Connection())
  for (const one of all) list.add(one)
  const seen: Connection[] = []
  list.each((one) => {
    seen.push(one)
    if (seen.length % 2 === 0) list.remove(one)
  })
  assert.deepEqual(new Set(seen), new Set(all))
  assert.equal(seen.length, 7)
  assert.equal(list.size, 4)
})

test('a queue gives the oldest first, and forgets who left from anywhere in it', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ who: fc.nat(9), add: fc.boolean() }), { maxLength: 200 }), (steps) => {
      const [queue, other] = [new AgeQueue<Connection>(), new AgeQueue<Connection>()]
      let expected: Connection[] = []
      const all = Array.from({ length: 10 }, () => new Connection())
      for (const { who, add } of steps) {
        const one = all[who]
        other.remove(one)
        if (!add) {
          queue.remove(one)
          expected = expected.filter((each) => each !== one)
        } else if (!queue.has(one)) {
          queue.add(one)
          expected.push(one)
        }
        const seen: Connection[] = []
        for (let each = queue.oldest; each !== null; each = each.after) seen.push(each)
        assert.deepEqual(seen.map((each) => all.indexOf(each)), expected.map((each) => all.indexOf(each)))
        for (const each of all) if (!expected.includes(each)) assert.deepEqual([each.before, each.after, each.queue], [null, null, null])
      }
    }),
    { numRuns: 100 },
  )
})
