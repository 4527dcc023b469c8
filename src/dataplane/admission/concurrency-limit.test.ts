import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defaultsOf } from '../../kernel/option.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { allocateAdmission, reclaimWorker } from './admission-memory.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import { limiterAt, limiterWord, ROUTES, SEARCH, STREAM, TOTAL } from './limit-memory.ts'
import { admissionOptions, type AdmissionSettings } from './options.ts'
import { SlotAudit } from './reclaim.ts'
import { exponential, SimulatedOrigin, Simulation } from './simulation.ts'

const PAGE = 0
const API = 2
const settings: AdmissionSettings = { ...defaultsOf(admissionOptions), sourceSlots: 1_024 }

function limits(workers = 1, over: Partial<AdmissionSettings> = {}) {
  const used = { ...settings, ...over }
  const memory = allocateAdmission(used, workers)
  const words = new Int32Array(memory.limits)
  return { memory, views: Array.from({ length: workers }, (_, worker) => new ConcurrencyLimit(words, worker, used)) }
}

test('slots are counted over all workers, and a slot more than the limit is not given', () => {
  const { views } = limits(2, { limitInitial: 5 })
  const results = Array.from({ length: 6 }, (_, i) => views[i % 2].tryAcquire(PAGE))
  assert.deepEqual(results, ['acquired', 'acquired', 'acquired', 'acquired', 'acquired', 'class-full'])
  views[1].release(PAGE)
  assert.equal(views[0].tryAcquire(PAGE), 'acquired')
})

test('the total over all route classes holds as well, and a class slot taken in vain goes back', () => {
  const { views } = limits(1, { limitInitial: 4 })
  const [limit] = views
  for (let i = 0; i < 4; i++) assert.equal(limit.tryAcquire(PAGE), 'acquired')
  for (let i = 0; i < 4; i++) assert.equal(limit.tryAcquire(API), 'acquired')
  assert.equal(limit.tryAcquire(1), 'total-full')
  assert.equal(limit.inFlight(1), 0)
  assert.equal(limit.totalInFlight(), 8)
})

test('searches hold at most a quarter of the total', () => {
  const [limit] = limits(1, { limitInitial: 20 }).views
  let taken = 0
  while (limit.tryAcquire(SEARCH) === 'acquired') taken++
  assert.equal(taken, 10)
})

test('streams have a fixed limit of their own and leave the total alone', () => {
  const [limit] = limits(1, { streamLimit: 3 }).views
  for (let i = 0; i < 3; i++) assert.equal(limit.tryAcquire(STREAM), 'acquired')
  assert.equal(limit.tryAcquire(STREAM), 'class-full')
  assert.equal(limit.totalInFlight(), 0)
  limit.recordAnswer(STREAM, 3_600_000, 1_000)
  assert.equal(limit.longRttMs(STREAM), 0)
})

test('the slots of a dead worker come back, those of the living stay', () => {
  const { memory, views } = limits(2)
  for (let i = 0; i < 5; i++) views[0].tryAcquire(PAGE)
  views[0].tryAcquire(STREAM)
  for (let i = 0; i < 3; i++) views[1].tryAcquire(PAGE)
  assert.equal(reclaimWorker(memory, 0), 6)
  assert.equal(reclaimWorker(memory, 0), 0)
  assert.deepEqual([views[1].inFlight(PAGE), views[1].inFlight(STREAM), views[1].totalInFlight()], [3, 0, 3])
})

test('a slot lost by a death between two steps is found at the second audit; slots that are held are left alone', () => {
  const { memory, views } = limits(2)
  const words = new Int32Array(memory.limits)
  for (let i = 0; i < 3; i++) views[1].tryAcquire(PAGE)
  Atomics.add(words, limiterAt(PAGE) + limiterWord.inFlight, 1)
  Atomics.add(words, limiterAt(TOTAL) + limiterWord.inFlight, 1)
  const audit = new SlotAudit(words)
  assert.deepEqual([audit.audit(), audit.audit(), audit.audit(), audit.audit()], [0, 1, 0, 0])
  assert.deepEqual([views[0].inFlight(PAGE), views[0].totalInFlight()], [3, 3])
})

test('a worker index the memory was not made for is refused', () => {
  const { memory } = limits(2)
  assert.throws(() => new ConcurrencyLimit(new Int32Array(memory.limits), 2, settings), RangeError)
  assert.throws(() => allocateAdmission(settings, 33), RangeError)
  assert.throws(() => allocateAdmission(settings, 0), RangeError)
})

test('failures above a tenth make the limit fall to its minimum, and it grows again when answers return', () => {
  const [limit] = limits(1).views
  let nowMs = 0
  for (let i = 0; i < 2_000; i++) limit.recordFailure(PAGE, (nowMs += 10))
  assert.equal(limit.limit(PAGE), settings.limitMin)
  for (let i = 0; i < 4_000; i++) {
    while (limit.tryAcquire(PAGE) === 'acquired');
    limit.recordAnswer(PAGE, 20, (nowMs += 5))
    limit.release(PAGE)
  }
  assert.ok(limit.limit(PAGE) > 15, `${limit.limit(PAGE)}`)
})

test('a limit that is not half used does not move', () => {
  const [limit] = limits(1).views
  let nowMs = 0
  for (let i = 0; i < 2_000; i++) {
    limit.tryAcquire(PAGE)
    limit.recordAnswer(PAGE, 20 + (i % 7), (nowMs += 5))
    limit.release(PAGE)
  }
  assert.equal(limit.limit(PAGE), settings.limitInitial)
})

test('property: in flight is the sum of what was taken and not given back, never above the limit, whatever the order and the answers', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new SeededRandom(seed)
      const { views, memory } = limits(3, { limitInitial: 6 })
      const held = views.map(() => Array.from({ length: ROUTES }, () => 0))
      let nowMs = 0
      for (let step = 0; step < 800; step++) {
        const worker = random.below(3)
        const route = random.below(ROUTES)
        nowMs += random.next() * 40
        if (random.next() < 0.55) {
          const result = views[worker].tryAcquire(route)
          if (result === 'acquired') {
            held[worker][route]++
            assert.ok(views[worker].inFlight(route) <= views[worker].limit(route))
            if (route !== STREAM) assert.ok(views[worker].totalInFlight() <= views[worker].totalLimit())
          } else if (result === 'class-full') assert.ok(views[worker].inFlight(route) >= views[worker].limit(route))
          else assert.ok(views[worker].totalInFlight() >= views[worker].totalLimit())
        } else if (held[worker][route] > 0) {
          if (random.next() < 0.8) views[worker].recordAnswer(route, random.next() * 1_000, nowMs)
          else views[worker].recordFailure(route, nowMs)
          views[worker].release(route)
          held[worker][route]--
        } else if (random.next() < 0.02) {
          reclaimWorker(memory, worker)
          held[worker].fill(0)
        }
        for (let r = 0; r < ROUTES; r++) {
          assert.equal(views[0].inFlight(r), held.reduce((sum, row) => sum + row[r], 0))
          const limit = views[0].limit(r)
          assert.ok(Number.isInteger(limit) && limit >= 1 && limit <= Math.max(settings.limitMax, settings.streamLimit))
        }
      }
    }),
    { numRuns: 25 },
  )
})

/** A closed line of visitors in front of an M/M/c origin: always `load` times what it can do, at most 200 waiting. */
function drive(servers: number, serviceMs: number, load: number, seed: number) {
  const simulation = new Simulation()
  const random = new SeededRandom(seed)
  const [limit] = limits().views
  const origin = new SimulatedOrigin(simulation, random, servers, serviceMs)
  const capacityPerMs = servers / serviceMs
  let waiting = 0
  const send = () => {
    while (waiting > 0 && limit.tryAcquire(PAGE) === 'acquired') {
      waiting--
      const sentMs = simulation.nowMs
      origin.ask(() => {
        limit.recordAnswer(PAGE, simulation.nowMs - sentMs, simulation.nowMs)
        limit.release(PAGE)
        send()
      })
    }
  }
  const arrive = () => {
    waiting = Math.min(waiting + 1, 200)
    send()
    simulation.after(exponential(random, 1 / (load * capacityPerMs)), arrive)
  }
  arrive()
  /** Runs on for `seconds`: mean limit, answers / capacity, most inside the origin at once. */
  const run = (seconds: number) => {
    const servedBefore = origin.served
    origin.maxInside = origin.inside
    let sum = 0
    let lowest = Infinity
    for (let i = 0; i < seconds * 4; i++) {
      simulation.runUntil(simulation.nowMs + 250)
      sum += limit.limit(PAGE)
      lowest = Math.min(lowest, limit.limit(PAGE))
    }
    const capacity = (seconds * 1_000 * origin.servers) / origin.serviceMs
    return { limit: sum / (seconds * 4), lowest, throughput: (origin.served - servedBefore) / capacity, inside: origin.maxInside }
  }
  return { limit, origin, run }
}

for (const [servers, serviceMs] of [[6, 20], [20, 20], [60, 50]] as const) {
  test(`overload of an origin of ${servers} servers: the limit settles near ${servers}, throughput stays above 95 %, its inner line stays short`, () => {
    for (const seed of [1, 2, 3]) {
      const { run } = drive(servers, serviceMs, 5, seed)
      run(90)
      const settled = run(60)
      const said = JSON.stringify({ seed, ...settled })
      assert.ok(settled.limit >= servers * 0.95 && settled.limit <= servers * 1.5 + 8, said)
      assert.ok(settled.throughput >= 0.95, said)
      assert.ok(settled.inside <= servers * 2 + 20, said)
    }
  })
}

test('an hour of flood does not teach that queueing is normal', () => {
  const { run } = drive(6, 20, 1.5, 4)
  run(3_540)
  const last = run(60)
  assert.ok(last.limit <= 20 && last.throughput >= 0.95, JSON.stringify(last))
})

test('an origin that loses two thirds of its servers is asked for less, and for more when they return', () => {
  const { origin, run } = drive(30, 20, 4, 5)
  run(60)
  const before = run(20)
  origin.servers = 10
  run(20)
  const less = run(20)
  origin.servers = 30
  run(40)
  const after = run(20)
  assert.ok(less.limit <= before.limit * 0.7 && less.throughput >= 0.95, JSON.stringify({ before, less }))
  assert.ok(after.limit >= 28 && after.throughput >= 0.95, JSON.stringify({ after }))
})

test('an origin three times slower gets a lower limit at once, keeps its throughput, and gets it back', () => {
  const { origin, run } = drive(20, 20, 4, 6)
  run(60)
  const before = run(20)
  origin.serviceMs = 60
  const slow = run(40)
  origin.serviceMs = 20
  run(60)
  const after = run(20)
  assert.ok(slow.lowest <= before.limit * 0.8, JSON.stringify({ before, slow }))
  assert.ok(slow.throughput >= 0.8, JSON.stringify(slow))
  assert.ok(after.throughput >= 0.95 && after.limit <= before.limit * 2, JSON.stringify({ before, after }))
})

test('half the load of an origin: nothing is held back', () => {
  const { origin, run } = drive(20, 20, 0.5, 7)
  run(60)
  assert.ok(run(20).limit >= 20)
  assert.ok(origin.served > 39_000)
})
