import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteClass, VisitorClass } from '../../contract/route-class.ts'
import { mix32 } from '../../kernel/hash.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { Admission, type Applicant, type Refusal } from './admission.ts'
import { allocateAdmission } from './admission-memory.ts'
import type { AdmissionSlot } from './admission-slot.ts'
import { admissionOptions } from './options.ts'
import { exponential, SimulatedOrigin, Simulation } from './simulation.ts'

/** Six servers of 20 ms, as in the scenario suite: 300 pages a second. */
const SERVERS = 6
const SERVICE_MS = 20
const CAPACITY_PER_SECOND = 300
const PATIENCE_MS = 2_000
const MEASURE_FROM_MS = 15_000
const FLOOD_FROM_MS = 5_000

interface Crowd {
  readonly clients: number
  readonly visitorClass: VisitorClass
  readonly perSecondEach: number
  readonly fromMs: number
  readonly routeClass?: RouteClass
  readonly serviceMs?: number
}
interface Outcome {
  offered: number
  good: number
  refusedAtOnce: number
  readonly servedOf: number[]
}

function play(crowds: readonly Crowd[], seconds: number, workers: number, seed: number) {
  const simulation = new Simulation()
  const random = new SeededRandom(seed)
  const settings = { ...defaultsOf(admissionOptions), sourceSlots: 4_096 }
  const memory = allocateAdmission(settings, workers)
  const origin = new SimulatedOrigin(simulation, random, SERVERS, SERVICE_MS)
  const doors: Admission[] = []
  for (let index = 0; index < workers; index++) {
    doors.push(
      new Admission(memory, index, settings, {
        clock: simulation.clock,
        random,
        wake: (other) => simulation.after(0.2, () => doors[other].onWake()),
        pollLater: (delayMs) => simulation.after(delayMs, () => doors[index].poll()),
      }),
    )
  }
  const outcomes = crowds.map((crowd, which): Outcome => {
    const outcome: Outcome = { offered: 0, good: 0, refusedAtOnce: 0, servedOf: Array.from({ length: crowd.clients }, () => 0) }
    for (let i = 0; i < crowd.clients; i++) {
      const high = which * 100_000 + i
      const client = { family: 4 as const, text: '', high, low: 0, key: mix32(high) }
      const ask = () => {
        simulation.after(exponential(random, 1_000 / crowd.perSecondEach), ask)
        const door = doors[random.below(workers)]
        const askedMs = simulation.nowMs
        const counts = askedMs >= MEASURE_FROM_MS
        if (counts) outcome.offered++
        const applicant: Applicant = {
          routeClass: crowd.routeClass ?? 'page',
          visitorClass: crowd.visitorClass,
          client,
          sourceSlot: door.sources.touch(client, askedMs),
          deadlineMs: askedMs + PATIENCE_MS,
          ticket: -1,
          bookedMs: 0,
          onSlot: (slot: AdmissionSlot) => {
            const sentMs = simulation.nowMs
            origin.ask(() => {
              slot.success(simulation.nowMs - sentMs)
              if (!counts) return
              outcome.servedOf[i]++
              if (simulation.nowMs - askedMs <= PATIENCE_MS) outcome.good++
            }, crowd.serviceMs)
          },
          onRefused: (_refusal: Refusal) => undefined,
        }
        const answer = door.admit(applicant)
        if (answer === null) return
        if ('reason' in answer) outcome.refusedAtOnce++
        else applicant.onSlot(answer)
      }
      simulation.after(crowd.fromMs + exponential(random, 1_000 / crowd.perSecondEach), ask)
    }
    return outcome
  })
  simulation.runUntil(seconds * 1_000)
  const throughput = outcomes.reduce((sum, { servedOf }) => sum + servedOf.reduce((a, b) => a + b, 0), 0) / ((seconds * 1_000 - MEASURE_FROM_MS) / 1_000)
  return { outcomes, throughput, inside: origin.maxInside, doors }
}

function goodput(outcome: Outcome): number {
  return outcome.good / outcome.offered
}
/** Jain's index: 1 when all got the same, 1/n when one got all. */
function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((a, b) => a + b, 0)
  return (sum * sum) / (shares.length * shares.reduce((a, b) => a + b * b, 0))
}

for (const workers of [1, 4]) {
  test(`a flood of 1,000 unknown clients at ten times the capacity, ${workers} worker(s): 20 known visitors keep 95 %, the origin is full, the unknown share evenly`, () => {
    for (const seed of [1, 2]) {
      const known: Crowd = { clients: 20, visitorClass: 'known', perSecondEach: 2, fromMs: 0 }
      const flood: Crowd = { clients: 1_000, visitorClass: 'unknown', perSecondEach: (10 * CAPACITY_PER_SECOND) / 1_000, fromMs: FLOOD_FROM_MS }
      const { outcomes, throughput, inside } = play([known, flood], 60, workers, seed)
      const said = JSON.stringify({ seed, known: goodput(outcomes[0]), fair: fairness(outcomes[1].servedOf), throughput, inside })
      assert.ok(goodput(outcomes[0]) >= 0.95, said)
      assert.ok(throughput >= 0.95 * CAPACITY_PER_SECOND, said)
      assert.ok(fairness(outcomes[1].servedOf) >= 0.9, said)
      assert.ok(inside <= 60, said)
    }
  })
}

test('ten clients of 100 requests a second do not drown the unknown visitors who ask once in five seconds', () => {
  const people: Crowd = { clients: 200, visitorClass: 'unknown', perSecondEach: 0.2, fromMs: 0 }
  const bots: Crowd = { clients: 10, visitorClass: 'unknown', perSecondEach: 100, fromMs: FLOOD_FROM_MS }
  const { outcomes, throughput } = play([people, bots], 40, 2, 3)
  assert.ok(goodput(outcomes[0]) >= 0.95, `people ${goodput(outcomes[0])}, throughput ${throughput}`)
  assert.ok(throughput >= 0.95 * CAPACITY_PER_SECOND, `${throughput}`)
})

test('a crowd that the origin can serve is served whole, whoever it is', () => {
  const { outcomes } = play([{ clients: 2_000, visitorClass: 'unknown', perSecondEach: 0.1, fromMs: 0 }], 40, 2, 4)
  assert.ok(goodput(outcomes[0]) >= 0.999, `${goodput(outcomes[0])}`)
})

test('eight times the visitors within a second: what the origin can serve is served', () => {
  const before: Crowd = { clients: 300, visitorClass: 'known', perSecondEach: 0.1, fromMs: 0 }
  const alert: Crowd = { clients: 2_000, visitorClass: 'unknown', perSecondEach: 0.12, fromMs: MEASURE_FROM_MS }
  const { outcomes } = play([before, alert], 40, 2, 5)
  assert.ok(goodput(outcomes[0]) >= 0.99, `${goodput(outcomes[0])}`)
  assert.ok(goodput(outcomes[1]) >= 0.95, `${goodput(outcomes[1])}`)
})

test('a flood of 300 searches a second, four times what the origin can do: pages and pictures of unknown visitors, and searches of known ones, are served', () => {
  const pages: Crowd = { clients: 64, visitorClass: 'unknown', perSecondEach: 0.125, fromMs: 0 }
  const pictures: Crowd = { clients: 64, visitorClass: 'unknown', perSecondEach: 0.5, fromMs: 0, routeClass: 'static', serviceMs: 1 }
  const searches: Crowd = { clients: 20, visitorClass: 'known', perSecondEach: 0.05, fromMs: 0, routeClass: 'search', serviceMs: 80 }
  const flood: Crowd = { clients: 1_000, visitorClass: 'unknown', perSecondEach: 0.3, fromMs: FLOOD_FROM_MS, routeClass: 'search', serviceMs: 80 }
  const { outcomes } = play([pages, pictures, searches, flood], 60, 2, 6)
  const said = outcomes.map(goodput).join(' ')
  assert.ok(goodput(outcomes[0]) >= 0.95 && goodput(outcomes[1]) >= 0.95 && goodput(outcomes[2]) >= 0.95, said)
  assert.ok(goodput(outcomes[3]) <= 0.4, said)
})
