import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '../kernel/random.ts'
import { drillLimits } from './limits.ts'
import { isLoopback } from './loopback.ts'
import { type DrillWorld, type ScenarioId, background, scenarioIds, scenarioOf } from './scenarios.ts'
import { Schedule } from './schedule.ts'
import { mockSite } from './site.ts'
import { type Answer, type Ask, type Seat, isAttackerAddress } from './world.ts'

interface Asked {
  readonly seat: Seat
  readonly atMs: number
  readonly ask: Ask
}

/** Runs a scenario on a simulated clock; every request is answered rightly after 20 ms, and written down. */
function play(id: ScenarioId, seed: number, share: number): { asked: Asked[]; raw: number } {
  const schedule = new Schedule()
  const asked: Asked[] = []
  let now = 0
  let ids = 0
  let raw = 0
  const noSocket = (address: string): null => {
    assert.ok(isLoopback(address) && isAttackerAddress(address), address)
    raw++
    return null
  }
  const world: DrillWorld = {
    random: new SeededRandom(seed), host: 'drill.test', site: mockSite,
    nowMs: () => now,
    at: (atMs, run) => schedule.add(Math.max(atMs, now), () => {
      now = Math.max(now, atMs)
      run()
    }),
    seat: (address, cohort, lines) => ({ address, cohort, lines, id: ids++ }),
    ask(seat, atMs, ask, done) {
      asked.push({ seat, atMs, ask })
      const answer: Answer = { status: 200, outcome: 'right', etag: ask.target.includes('.') ? '"e"' : '', setCookie: '', location: '', wayside: null }
      this.at(now + 20, () => done?.(answer))
    },
    missed: () => assert.fail('nothing fails here'),
    solve: () => assert.fail('nobody is asked for work here'),
    openRaw: noSocket,
    openTls: noSocket,
  }
  background(world, 30_000, share)
  scenarioOf(id).start({ world, fromMs: 5_000, untilMs: 25_000, share })
  schedule.runUntil(30_000)
  return { asked, raw }
}

const isHolding = (id: ScenarioId): boolean => id === 'A8' || id === 'A9'

for (const id of scenarioIds) {
  test(`${id} at full size keeps to loopback, to its labels and to the caps, and is the same for the same seed`, () => {
    const { asked, raw } = play(id, 1, 1)
    for (const { seat } of asked) {
      assert.ok(isLoopback(seat.address), seat.address)
      // Machines behind a visitor's address are attackers at an odd address: the origin counts them as the office.
      assert.equal(isAttackerAddress(seat.address), seat.cohort === 'attack' && !(id === 'B2b' && seat.lines === 0 && !isAttackerAddress(seat.address)), `${seat.cohort} at ${seat.address}`)
    }
    const inAttack = asked.filter((one) => one.atMs >= 10_000 && one.atMs < 20_000)
    assert.ok(inAttack.length / 10 <= drillLimits.requestsPerSecond, `${inAttack.length / 10} requests a second`)
    const attackers = inAttack.filter((one) => one.seat.cohort === 'attack')
    if (scenarioOf(id).kind === 'attack') assert.ok(isHolding(id) ? raw > 0 : attackers.length > 500, `${attackers.length} attackers' requests`)
    else if (id !== 'B3') assert.equal(attackers.length, 0)
    if (id !== 'A11') assert.ok(attackers.every((one) => !one.ask.headers.includes('Cookie')))
    const again = play(id, 1, 1).asked
    assert.equal(again.length, asked.length)
    assert.deepEqual(again.slice(0, 500).map((one) => [one.seat.address, one.atMs, one.ask.target]), asked.slice(0, 500).map((one) => [one.seat.address, one.atMs, one.ask.target]))
  })
}

test('everyday traffic is about 40 requests a second of which most are parts of pages, and begins in full swing', () => {
  const { asked } = play('B5', 7, 1)
  const perSecond = (fromMs: number, untilMs: number): number => (1_000 * asked.filter((one) => one.atMs >= fromMs && one.atMs < untilMs).length) / (untilMs - fromMs)
  assert.ok(Math.abs(perSecond(5_000, 30_000) - 41) < 8, String(perSecond(5_000, 30_000)))
  assert.ok(Math.abs(perSecond(0, 5_000) - perSecond(5_000, 30_000)) < 15, 'a cold start')
  const parts = asked.filter((one) => /\.(?:css|js|png|woff2)$/.test(one.ask.target)).length
  assert.ok(parts / asked.length > 0.65)
})

test('a fifth of a botnet lives in the visitors\' own networks', () => {
  const bots = new Set(play('A2', 3, 0.2).asked.filter((one) => one.seat.cohort === 'attack').map((one) => one.seat.address))
  const inside = [...bots].filter((address) => Number(address.split('.')[1]) >= 10 && Number(address.split('.')[1]) <= 40).length
  assert.ok(Math.abs(inside / bots.size - 0.2) < 0.07, String(inside / bots.size))
})
