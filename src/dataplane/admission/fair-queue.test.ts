import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { visitorClasses } from '../../contract/route-class.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { classWeights, FairQueue, type QueueLoss } from './fair-queue.ts'

const [ALLOWED, , KNOWN, UNKNOWN, TAGGED] = visitorClasses.keys()
const PAGE = 0
const STATIC = 1
const ALL = 0x7f
const settings = { waitingPerClient: 4, maxWaitMs: 2_000, queueTargetMs: 200, queueIntervalMs: 500 }

function queueOf(capacity = 64, over: Partial<typeof settings> = {}) {
  const lost: Array<[string, QueueLoss]> = []
  const queue = new FairQueue<string>(capacity, { ...settings, ...over }, (item, loss) => lost.push([item, loss]))
  return { queue, lost }
}

test('one client is served in order of arrival while the queue is not backed up', () => {
  const { queue } = queueOf()
  for (const name of ['a', 'b', 'c']) queue.enqueue(name, KNOWN, PAGE, 1, 1, 20, 0, Infinity)
  assert.deepEqual([queue.dequeue(ALL, 1), queue.dequeue(ALL, 1), queue.dequeue(ALL, 1), queue.dequeue(ALL, 1)], ['a', 'b', 'c', null])
  assert.equal(queue.waiting, 0)
})

test('a queue that was never empty for the interval serves the newest first and refuses those that waited longer than the target', () => {
  const { queue, lost } = queueOf()
  for (let i = 0; i < 4; i++) queue.enqueue(`old ${i}`, UNKNOWN, PAGE, i, 1, 20, 0, Infinity)
  queue.enqueue('first', UNKNOWN, PAGE, 9, 1, 20, 400, Infinity)
  queue.enqueue('second', UNKNOWN, PAGE, 9, 1, 20, 550, Infinity)
  assert.equal(queue.backedUp(UNKNOWN, PAGE, 560), true)
  queue.expire(560)
  assert.deepEqual(lost.map(([, loss]) => loss), Array.from({ length: 4 }, () => 'queue-timeout'))
  assert.equal(queue.dequeue(ALL, 560), 'second')
})

test('a request over the target is still served when there is a slot for it', () => {
  const { queue, lost } = queueOf()
  queue.enqueue('a', UNKNOWN, PAGE, 1, 1, 20, 0, Infinity)
  assert.equal(queue.dequeue(ALL, 1_900), 'a')
  assert.equal(lost.length, 0)
})

test('nobody is served after the time its visitor gave', () => {
  const { queue, lost } = queueOf()
  queue.enqueue('a', UNKNOWN, PAGE, 1, 1, 20, 0, 100)
  queue.enqueue('b', UNKNOWN, PAGE, 2, 1, 20, 0, Infinity)
  assert.equal(queue.dequeue(ALL, 100), 'b')
  assert.deepEqual(lost, [['a', 'queue-timeout']])
})

test('visitor classes share the origin 8:8:4:3:1 while all of them wait', () => {
  const { queue } = queueOf(4_096)
  const served = visitorClasses.map(() => 0)
  for (let i = 0; i < 2_400; i++) {
    visitorClasses.forEach((name, visitor) => {
      for (let key = 0; key < 3; key++) if (queue.waitingInClass(visitor) < 3) queue.enqueue(name, visitor, PAGE, visitor * 100 + key, 1, 20, i, Infinity)
    })
    served[visitorClasses.indexOf(queue.dequeue(ALL, i) as (typeof visitorClasses)[number])]++
  }
  assert.deepEqual(served, [800, 800, 400, 300, 100])
})

test('a class that was idle does not save up a burst', () => {
  const { queue } = queueOf()
  for (let i = 0; i < 50; i++) {
    queue.enqueue('unknown', UNKNOWN, PAGE, i, 1, 20, i, Infinity)
    queue.dequeue(ALL, i)
  }
  for (let i = 0; i < 20; i++) queue.enqueue('known', KNOWN, PAGE, i, 1, 20, 50, Infinity)
  for (let i = 0; i < 20; i++) queue.enqueue('unknown', UNKNOWN, PAGE, 100 + i, 1, 20, 50, Infinity)
  const first = Array.from({ length: 14 }, () => queue.dequeue(ALL, 51))
  const known = first.filter((name) => name === 'known').length
  assert.ok(known >= 7 && known <= 9, `${known} of 14, the share is 8`)
})

test('a route class without a free slot does not hold up the others', () => {
  const { queue } = queueOf()
  queue.enqueue('page', ALLOWED, PAGE, 1, 1, 20, 0, Infinity)
  queue.enqueue('static', UNKNOWN, STATIC, 2, 1, 1, 0, Infinity)
  assert.equal(queue.nextRoute(1 << STATIC), STATIC)
  assert.equal(queue.dequeue(1 << STATIC, 0), 'static')
  assert.equal(queue.dequeue(1 << STATIC, 0), null)
  assert.equal(queue.dequeue(ALL, 0), 'page')
})

test('a client at its bound loses its oldest request to its newest', () => {
  const { queue, lost } = queueOf()
  for (let i = 0; i < 6; i++) queue.enqueue(`r${i}`, UNKNOWN, PAGE, 1, 1, 20, i, Infinity)
  assert.deepEqual(lost, [['r0', 'queue-superseded'], ['r1', 'queue-superseded']])
  assert.equal(queue.waiting, 4)
})

test('an address shared by validated visitors may let more wait, and is served more', () => {
  const { queue, lost } = queueOf(256)
  for (let i = 0; i < 12; i++) queue.enqueue('office', UNKNOWN, PAGE, 1, 3, 20, 0, Infinity)
  for (let i = 0; i < 4; i++) queue.enqueue('single', UNKNOWN, PAGE, 2, 1, 20, 0, Infinity)
  assert.equal(lost.length, 0)
  const served = Array.from({ length: 8 }, () => queue.dequeue(ALL, 1))
  assert.equal(served.filter((name) => name === 'office').length, 6)
})

test('a full queue gives a better class the place of a worse one, and refuses its own kind', () => {
  const { queue, lost } = queueOf(8)
  for (let i = 0; i < 8; i++) queue.enqueue(`u${i}`, UNKNOWN, PAGE, i, 1, 20, i, Infinity)
  assert.equal(queue.enqueue('one more', UNKNOWN, PAGE, 99, 1, 20, 10, Infinity), -1)
  assert.equal(queue.enqueue('tagged', TAGGED, PAGE, 98, 1, 20, 10, Infinity), -1)
  assert.notEqual(queue.enqueue('known', KNOWN, PAGE, 97, 1, 20, 10, Infinity), -1)
  assert.deepEqual(lost, [['u0', 'queue-superseded']])
  assert.equal(queue.waiting, 8)
})

test('a full queue takes from the client with most waiting before it refuses a new one', () => {
  const { queue, lost } = queueOf(8)
  for (let i = 0; i < 8; i++) queue.enqueue(`u${i}`, UNKNOWN, PAGE, i >> 2, 1, 20, i, Infinity)
  assert.notEqual(queue.enqueue('new', UNKNOWN, PAGE, 99, 1, 20, 10, Infinity), -1)
  assert.deepEqual(lost, [['u0', 'queue-superseded']])
})

test('a ticket cancels its own request once and never a later one', () => {
  const { queue } = queueOf(2)
  const ticket = queue.enqueue('a', UNKNOWN, PAGE, 1, 1, 20, 0, Infinity)
  assert.equal(queue.cancel(ticket, 1), true)
  assert.equal(queue.cancel(ticket, 1), false)
  queue.enqueue('b', UNKNOWN, PAGE, 1, 1, 20, 1, Infinity)
  assert.equal(queue.cancel(ticket, 1), false)
  assert.equal(queue.dequeue(ALL, 1), 'b')
})

test('a client that asks rarely goes before those that were just served', () => {
  const { queue } = queueOf()
  for (let key = 0; key < 5; key++) queue.enqueue('busy', UNKNOWN, PAGE, key, 1, 20, 0, Infinity)
  for (let key = 0; key < 5; key++) queue.dequeue(ALL, 100)
  for (let key = 0; key < 5; key++) queue.enqueue('busy', UNKNOWN, PAGE, key, 1, 20, 200, Infinity)
  queue.enqueue('rare', UNKNOWN, PAGE, 77, 1, 20, 250, Infinity)
  assert.equal(queue.dequeue(ALL, 260), 'rare')
})

test('property: clients that always wait differ in served cost / weight by at most two of the largest costs (invariant 10)', () => {
  const client = fc.record({ weight: fc.integer({ min: 1, max: 16 }), costs: fc.array(fc.double({ min: 1, max: 200, noNaN: true }), { minLength: 1, maxLength: 6 }) })
  fc.assert(
    fc.property(fc.array(client, { minLength: 2, maxLength: 6 }), fc.integer({ min: 1, max: 400 }), (clients, turns) => {
      // A fixed quantum needs the largest cost known: one waiter of a bystander carries it.
      const largest = Math.max(...clients.flatMap(({ costs }) => costs))
      const { queue } = queueOf(512, { waitingPerClient: 64, maxWaitMs: 1e9, queueTargetMs: 1e9 })
      const servedOf = clients.map(() => 0)
      const next = clients.map(() => 0)
      const add = (index: number) => {
        const { costs, weight } = clients[index]
        queue.enqueue(`${index} ${costs[next[index]++ % costs.length]}`, UNKNOWN, PAGE, index, weight, costs[(next[index] - 1) % costs.length], 0, Infinity)
      }
      queue.enqueue(`-1 ${largest}`, UNKNOWN, PAGE, 1_000, 1, largest, 0, Infinity)
      clients.forEach((_, index) => {
        for (let i = 0; i < 20; i++) add(index)
      })
      for (let turn = 0; turn < turns; turn++) {
        const [index, cost] = (queue.dequeue(ALL, 0) as string).split(' ').map(Number)
        if (index === -1) {
          queue.enqueue(`-1 ${largest}`, UNKNOWN, PAGE, 1_000, 1, largest, 0, Infinity)
          continue
        }
        servedOf[index] += cost
        add(index)
        for (let i = 0; i < clients.length; i++) {
          for (let j = 0; j < i; j++) {
            const difference = Math.abs(servedOf[i] / clients[i].weight - servedOf[j] / clients[j].weight)
            assert.ok(difference <= 2 * largest + 1e-6, `${difference} > 2 × ${largest}`)
          }
        }
      }
    }),
    { numRuns: 100 },
  )
})

test('property: whatever is asked of it, every request ends exactly once and nothing is left over (invariants 14, 21)', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 4, max: 40 }), (seed, capacity) => {
      const random = new SeededRandom(seed)
      const ends = new Map<number, string>()
      const end = (item: number, how: string) => {
        assert.equal(ends.has(item), false, `${item} ended twice: ${ends.get(item)} and ${how}`)
        ends.set(item, how)
      }
      const queue = new FairQueue<number>(capacity, settings, (item, loss) => end(item, loss))
      const tickets = new Map<number, number>()
      let nowMs = 0
      let made = 0
      for (let step = 0; step < 600; step++) {
        nowMs += random.next() * 60
        const dice = random.next()
        if (dice < 0.55) {
          const item = made++
          const ticket = queue.enqueue(item, random.below(5), random.below(7), random.below(12), 1 + random.below(3), 1 + random.below(100), nowMs, nowMs + random.below(3_000))
          if (ticket === -1) end(item, 'refused')
          else tickets.set(item, ticket)
        } else if (dice < 0.8) {
          const item = queue.dequeue(random.below(128), nowMs)
          if (item !== null) end(item, 'served')
        } else if (dice < 0.9 && made > 0) {
          const item = random.below(made)
          if (tickets.has(item) && queue.cancel(tickets.get(item) as number, nowMs)) end(item, 'cancelled')
        } else queue.expire(nowMs)
        assert.ok(queue.waiting <= capacity)
        assert.equal(queue.waiting, made - ends.size)
      }
      while (queue.waiting > 0) {
        const item = queue.dequeue(ALL, nowMs)
        if (item !== null) end(item, 'served')
      }
      assert.equal(ends.size, made)
      assert.equal(queue.routesWaiting, 0)
    }),
    { numRuns: 100 },
  )
})

test('weights are those of the design', () => {
  assert.deepEqual(classWeights, [8, 8, 4, 3, 1])
})
