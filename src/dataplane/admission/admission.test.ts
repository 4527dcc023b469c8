import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RouteClass, VisitorClass } from '../../contract/route-class.ts'
import { routeClasses, visitorClasses } from '../../contract/route-class.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { Admission, type Applicant, type Refusal } from './admission.ts'
import { allocateAdmission, reclaimWorker } from './admission-memory.ts'
import type { AdmissionSlot } from './admission-slot.ts'
import { admissionOptions, type AdmissionSettings } from './options.ts'

const defaults: AdmissionSettings = { ...defaultsOf(admissionOptions), sourceSlots: 1_024, waitingMax: 64 }

/** Workers of one process on one clock. Wake-ups and polls are collected until `turn`. */
function house(workers: number, over: Partial<AdmissionSettings> = {}, seed = 1) {
  const settings = { ...defaults, ...over }
  const memory = allocateAdmission(settings, workers)
  const clock = new SimulatedClock()
  const random = new SeededRandom(seed)
  const woken = new Set<number>()
  const polls = Array.from({ length: workers }, () => Infinity)
  const open = (index: number) =>
    new Admission(memory, index, settings, {
      clock,
      random,
      wake: (other) => woken.add(other),
      pollLater: (delayMs) => {
        assert.equal(polls[index], Infinity, 'a second poll was asked for before the first came')
        polls[index] = clock.monotonicMs() + delayMs
      },
    })
  const doors = Array.from({ length: workers }, (_, index) => open(index))
  /** Delivers wake-ups and due polls until none is left. */
  const turn = () => {
    for (let round = 0; round < 1_000; round++) {
      const due = polls.findIndex((atMs) => atMs <= clock.monotonicMs())
      if (woken.size === 0 && due === -1) return
      for (const index of Array.from(woken)) {
        woken.delete(index)
        doors[index].onWake()
      }
      if (due !== -1) {
        polls[due] = Infinity
        doors[due].poll()
      }
    }
    throw new Error('the workers wake each other for ever')
  }
  const advance = (byMs: number) => {
    for (let left = byMs; left > 0; left -= 10) {
      clock.advanceMs(Math.min(10, left))
      turn()
    }
  }
  return { memory, clock, doors, turn, advance, woken, polls }
}

class Visitor implements Applicant {
  ticket = -1
  bookedMs = 0
  readonly routeClass: RouteClass
  readonly visitorClass: VisitorClass
  readonly client: { readonly key: number }
  readonly sourceSlot: number
  readonly deadlineMs: number
  slot: AdmissionSlot | null = null
  refusal: Refusal | null = null
  ends = 0
  door: Admission | null = null

  constructor(key = 1, visitorClass: VisitorClass = 'unknown', routeClass: RouteClass = 'page', deadlineMs = Infinity, sourceSlot = -1) {
    this.client = { key }
    this.visitorClass = visitorClass
    this.routeClass = routeClass
    this.deadlineMs = deadlineMs
    this.sourceSlot = sourceSlot
  }
  onSlot(slot: AdmissionSlot): void {
    this.ends++
    this.slot = slot
  }
  onRefused(refusal: Refusal): void {
    this.ends++
    this.refusal = refusal
  }
  ask(door: Admission): this {
    this.door = door
    const answer = door.admit(this)
    if (answer === null) return this
    if ('reason' in answer) this.onRefused(answer)
    else this.onSlot(answer)
    return this
  }
}

test('a free slot and nobody waiting: at once', () => {
  const { doors } = house(1)
  const visitor = new Visitor().ask(doors[0])
  assert.ok(visitor.slot)
  assert.equal(doors[0].limit.inFlight(0), 1)
})

test('a slot is given back exactly once, whichever of the three ways comes first', () => {
  const { doors } = house(1)
  for (const finish of ['success', 'ignore', 'dropped'] as const) {
    const slot = new Visitor().ask(doors[0]).slot as AdmissionSlot
    assert.equal(slot[finish](5), true)
    assert.equal(slot.success(5), false)
    assert.equal(slot.ignore(), false)
    assert.equal(slot.dropped(), false)
    assert.equal(doors[0].limit.inFlight(0), 0)
    assert.equal(doors[0].limit.totalInFlight(), 0)
  }
})

test('who waits is served when a slot comes free, on the same worker at once', () => {
  const { doors } = house(1, { limitInitial: 2, limitMin: 1 })
  const first = new Visitor(1).ask(doors[0])
  new Visitor(2).ask(doors[0])
  const third = new Visitor(3).ask(doors[0])
  assert.equal(third.ends, 0)
  first.slot?.success(20)
  assert.ok(third.slot)
})

test('a slot given back on one worker wakes the worker where somebody waits', () => {
  const { doors, turn, woken } = house(2, { limitInitial: 2, limitMin: 1 })
  const held = [new Visitor(1).ask(doors[0]), new Visitor(2).ask(doors[0])]
  const waiting = new Visitor(3).ask(doors[1])
  assert.equal(waiting.ends, 0)
  held[0].slot?.success(20)
  assert.deepEqual([...woken], [1])
  turn()
  assert.ok(waiting.slot)
})

test('a lost wake-up costs no more than one poll', () => {
  const { doors, advance, woken } = house(2, { limitInitial: 1, limitMin: 1 })
  const held = new Visitor(1).ask(doors[0])
  const waiting = new Visitor(2).ask(doors[1])
  held.slot?.success(20)
  woken.clear()
  advance(defaults.pollMs)
  assert.ok(waiting.slot)
})

test('a request that has just become overdue is served when the poll that would refuse it finds a free slot', () => {
  const { doors, advance, woken } = house(2, { limitInitial: 1, limitMin: 1, queueTargetMs: 50, queueIntervalMs: 100 })
  const held = new Visitor(1).ask(doors[0])
  const waiting = new Visitor(2).ask(doors[1])
  advance(95)
  held.slot?.success(95)
  woken.clear()
  advance(10)
  assert.ok(waiting.slot)
})

test('the slots of a dead worker serve those who wait elsewhere', () => {
  const { doors, memory, advance } = house(2, { limitInitial: 2, limitMin: 1 })
  new Visitor(1).ask(doors[0])
  new Visitor(2).ask(doors[0])
  const waiting = new Visitor(4).ask(doors[1])
  assert.equal(reclaimWorker(memory, 0), 2)
  advance(defaults.pollMs)
  assert.ok(waiting.slot)
  assert.equal(doors[1].limit.inFlight(0), 1)
})

test('who hangs up while waiting counts into the waiting time: a flood of the impatient does not hide a full origin', () => {
  const { doors, clock, advance } = house(1, { limitInitial: 1, limitMin: 1, limitMax: 1 })
  const [door] = doors
  for (let i = 0; i < 5; i++) {
    const served = new Visitor(10 + i).ask(door)
    const impatient = Array.from({ length: 9 }, (_, n) => new Visitor(100 + 10 * i + n).ask(door))
    clock.advanceMs(200)
    for (const one of impatient) assert.equal(door.cancel(one), true)
    served.slot?.success(20)
    advance(10)
  }
  const { page } = door.readVitals()
  assert.ok(page !== undefined && page.admitted === 5 && page.rejected === 0)
  assert.ok(page.waitP90Ms >= 200 && page.waitP90Ms < 300, String(page.waitP90Ms))
})

test('who hangs up while the origin works counts too, as far as it took longer than usual; who leaves a file or a stream, or leaves early, does not', () => {
  const { doors, clock, advance } = house(1)
  const [door] = doors
  const go = (routeClass: RouteClass, ms: number, end: 'success' | 'ignore', times = 10): void => {
    for (let i = 0; i < times; i++) {
      const one = new Visitor(10 + i, 'unknown', routeClass).ask(door)
      clock.advanceMs(ms)
      assert.equal(one.slot!.finished, false)
      one.slot![end](ms)
      advance(10)
    }
  }
  const waitOf = (routeClass: RouteClass): number => door.readVitals()[routeClass]!.waitP90Ms
  for (const routeClass of ['page', 'static', 'stream'] as const) go(routeClass, 20, 'success', 200)
  door.readVitals()
  go('page', 700, 'ignore')
  const late = waitOf('page')
  assert.ok(late >= 600 && late < 900, String(late))
  go('page', 30, 'ignore')
  assert.equal(waitOf('page'), 0)
  for (const routeClass of ['static', 'stream'] as const) {
    go(routeClass, 5_000, 'ignore')
    assert.equal(waitOf(routeClass), 0)
  }
})

test('a visitor who leaves the queue is forgotten', () => {
  const { doors, advance } = house(1, { limitInitial: 1, limitMin: 1 })
  const first = new Visitor(1).ask(doors[0])
  const second = new Visitor(2).ask(doors[0])
  assert.equal(doors[0].cancel(second), true)
  assert.equal(doors[0].cancel(second), false)
  first.slot?.success(20)
  advance(3_000)
  assert.equal(second.ends, 0)
  assert.equal(doors[0].limit.inFlight(0), 0)
})

test('a wait that is over is refused with its reason and a time to come back', () => {
  const { doors, advance } = house(1, { limitInitial: 1, limitMin: 1 })
  new Visitor(1).ask(doors[0])
  const short = new Visitor(2, 'unknown', 'page', 100).ask(doors[0])
  const long = new Visitor(3).ask(doors[0])
  advance(150)
  assert.equal(short.refusal?.reason, 'queue-timeout')
  assert.equal(long.ends, 0)
  advance(2_000)
  assert.equal(long.refusal?.reason, 'queue-timeout')
  assert.ok((long.refusal?.retryAfterSeconds ?? 0) >= 1)
})

test('nobody is called back from inside admit, not even one who loses its place', () => {
  const { doors, turn } = house(1, { limitInitial: 1, limitMin: 1, waitingPerClient: 1 })
  new Visitor(1).ask(doors[0])
  const old = new Visitor(2).ask(doors[0])
  const fresh = new Visitor(2).ask(doors[0])
  assert.equal(old.ends, 0)
  turn()
  assert.equal(old.refusal?.reason, 'queue-superseded')
  assert.equal(fresh.ends, 0)
})

test('a client beyond its budget of origin time waits behind everybody, and is refused only if it was last already', () => {
  const { doors, clock } = house(1, { limitInitial: 1, limitMin: 1, clientBurstCostMs: 100, clientCostMsPerSecond: 10, expensiveShare: 1 })
  const [door] = doors
  const address = { family: 4 as const, text: '', high: 1, low: 0, key: 1 }
  const sourceSlot = door.sources.touch(address, clock.monotonicMs())
  const greedy = new Visitor(1, 'unknown', 'page', Infinity, sourceSlot).ask(door)
  greedy.slot?.success(5_000)
  const holder = new Visitor(9).ask(door)
  const more = new Visitor(1, 'unknown', 'page', Infinity, sourceSlot).ask(door)
  const others = [new Visitor(2).ask(door), new Visitor(3).ask(door)]
  const tagged = new Visitor(1, 'tagged', 'page', Infinity, sourceSlot).ask(door)
  assert.equal(tagged.refusal?.reason, 'limit-shed')
  holder.slot?.success(20)
  assert.equal(more.ends, 0)
  others[0].slot?.success(20)
  others[1].slot?.success(20)
  assert.ok(more.slot, 'work conservation: it is served when nobody else waits')
})

test('a budget booked for a wait in vain is given back', () => {
  const { doors, clock, advance } = house(1, { limitInitial: 1, limitMin: 1, clientBurstCostMs: 30, clientCostMsPerSecond: 1 })
  const [door] = doors
  const sourceSlot = door.sources.touch({ family: 4, text: '', high: 1, low: 0, key: 1 }, clock.monotonicMs())
  new Visitor(9).ask(door)
  for (let i = 0; i < 5; i++) {
    const visitor = new Visitor(1, 'tagged', 'page', clock.monotonicMs() + 50, sourceSlot).ask(door)
    assert.equal(visitor.ends, 0, `try ${i} was refused at once`)
    advance(100)
    assert.equal(visitor.refusal?.reason, 'queue-timeout')
  }
})

test('new settings act on what is running', () => {
  const { doors } = house(1, { limitInitial: 2, limitMin: 1 })
  for (let i = 0; i < 2; i++) new Visitor(i).ask(doors[0])
  const waiting = new Visitor(5).ask(doors[0])
  doors[0].setSettings({ ...defaults, limitMin: 10 })
  assert.ok(waiting.slot)
})

test('vitals: what was admitted and refused since the last reading, what is in flight and waiting now', () => {
  const { doors, advance } = house(1, { limitInitial: 2, limitMin: 1 })
  const visitors = Array.from({ length: 4 }, (_, i) => new Visitor(i, 'known').ask(doors[0]))
  let page = doors[0].readVitals().page
  assert.deepEqual([page?.admitted, page?.rejected, page?.inFlight, page?.limit, page?.waiting, page?.waitP90Ms], [2, 0, 2, 2, 2, 0])
  advance(100)
  visitors[0].slot?.success(100)
  advance(2_000)
  page = doors[0].readVitals().page
  assert.deepEqual([page?.admitted, page?.rejected, page?.waiting], [1, 1, 0])
  assert.ok((page?.waitP90Ms ?? 0) >= 90 && (page?.waitP90Ms ?? 0) <= 130, `${page?.waitP90Ms}`)
  assert.deepEqual(Object.keys(doors[0].readVitals()), ['page'])
})

test('property: a free slot and a waiting request never last beyond a turn; nobody is refused while a slot is free; all end once (invariants 8, 21)', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 8 }), (seed, workers, limitInitial) => {
      const { doors, clock, turn } = house(workers, { limitInitial, limitMin: 1, waitingMax: 16 }, seed)
      const random = new SeededRandom(seed)
      const all: Visitor[] = []
      const held: AdmissionSlot[] = []
      const seen = new Set<AdmissionSlot>()
      for (let step = 0; step < 400; step++) {
        const dice = random.next()
        const door = doors[random.below(workers)]
        if (dice < 0.5) {
          const routeClass = routeClasses[random.below(routeClasses.length)]
          const free = door.limit.hasRoom(routeClasses.indexOf(routeClass))
          const visitor = new Visitor(random.below(30), visitorClasses[random.below(5)], routeClass, clock.monotonicMs() + 50 + random.below(3_000)).ask(door)
          if (free) assert.equal(visitor.refusal, null)
          all.push(visitor)
        } else if (dice < 0.85 && held.length > 0) {
          const slot = held.splice(random.below(held.length), 1)[0]
          if (random.next() < 0.9) slot.success(random.next() * 200)
          else slot.dropped()
        } else if (dice < 0.9 && all.length > 0) {
          const visitor = all[random.below(all.length)]
          if (visitor.door?.cancel(visitor)) visitor.ends++
        } else clock.advanceMs(random.next() * 30)
        turn()
        for (const visitor of all) {
          if (visitor.slot !== null && !seen.has(visitor.slot)) {
            seen.add(visitor.slot)
            held.push(visitor.slot)
          }
          assert.ok(visitor.ends <= 1)
        }
        for (const each of doors) {
          const vitals = each.readVitals()
          routeClasses.forEach((name, route) => {
            if ((vitals[name]?.waiting ?? 0) > 0) assert.equal(each.limit.hasRoom(route), false, `${name} waits beside a free slot at step ${step}`)
          })
        }
      }
      for (const slot of held) slot.ignore()
      for (let i = 0; i < 400; i++) {
        clock.advanceMs(10)
        turn()
        for (const visitor of all) visitor.slot?.ignore()
      }
      assert.ok(all.every((visitor) => visitor.ends === 1))
      assert.equal(doors[0].limit.totalInFlight(), 0)
    }),
    { numRuns: 30 },
  )
})
