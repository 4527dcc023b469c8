/**
 * False alarms on real crowds: the 88 days of the 1998 World Cup site (Internet Traffic Archive; notice beside the data), on an origin that can serve
 * twice the largest minute of the first fortnight. Its real crowds later went to four times that: strain is right, attack would be wrong.
 * The trace holds only counts, so who asks is drawn from everyday visitors: at every rate the usual people.
 * Ticks are simulated where anything could happen (the origin near its capacity, or a steep rise); elsewhere whole minutes only teach the baseline
 * (as they would live: the amount is learned while the origin copes), and invariant 4 says that nothing rises above WATCH there.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { shieldStates } from '../../src/contract/plan.ts'
import { SAMPLE_WORDS } from '../../src/contract/sample.ts'
import type { Vitals } from '../../src/contract/vitals.ts'
import { fieldIndex } from '../../src/controlplane/evidence.ts'
import { ControlLoop } from '../../src/controlplane/loop.ts'
import { combineHash } from '../../src/kernel/hash.ts'
import { SeededRandom } from '../../src/kernel/random.ts'
import { MINUTE_MS } from '../../src/kernel/units.ts'
import { everydayRows, settings } from './run.ts'

const FORTNIGHT_MINUTES = 14 * 24 * 60
/** Sampled records per tick; the rest of the second is weight. */
const RECORDS = 60
/** One tick stands for ten seconds: dwell times are in time, not ticks, and a crowd of hours is lived through in ten thousand ticks. */
const TICKS_PER_MINUTE = 6

test('88 days of real crowds: never ATTACK, never a rule, and strain only when the origin is truly over its capacity', () => {
  const minutes = gunzipSync(readFileSync(join(import.meta.dirname, '../data/worldcup98_rpm.csv.gz')))
    .toString('utf8')
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const [minute, requests] = line.split(',') as [string, string]
      return { at: Date.parse(`${minute}:00Z`), rate: Number(requests) / 60 }
    })
  assert.ok(minutes.length > 125_000)
  const capacity = 2 * Math.max(...minutes.slice(0, FORTNIGHT_MINUTES).map(({ rate }) => rate))
  const loop = new ControlLoop(settings, 98)
  const random = new SeededRandom(98)
  const pool = everydayRows()
  const reached = new Map<string, number>()
  const alarms: string[] = []
  let rules = 0
  let overloadMinutes = 0
  let simulated = 0
  let lively = false
  minutes.forEach(({ at, rate }, index) => {
    if (index % 8 === 0) loop.baseline.learnRow(at, pool[random.below(pool.length)])
    if (rate > capacity) overloadMinutes++
    // Look ahead two minutes, so that the rise itself is lived through.
    const ahead = Math.max(rate, minutes[index + 1]?.rate ?? 0, minutes[index + 2]?.rate ?? 0)
    if (ahead < 0.9 * capacity && !lively) return loop.baseline.learnMinute(at, rate)
    for (let tick = 0; tick < TICKS_PER_MINUTE; tick++) {
      simulated++
      const now = at + tick * (MINUTE_MS / TICKS_PER_MINUTE)
      const { plan, views, events } = loop.tick(now, { samples: [batch(pool, random, rate, now)], vitals: [vitalsAt(rate, capacity, now)], commands: [] })
      reached.set(views.state, (reached.get(views.state) ?? 0) + 1)
      rules += plan.rules.length
      for (const event of events) if (event.to === 'ATTACK' || event.to === 'EMERGENCY' || event.code === 'control-step-failed') alarms.push(`${new Date(now).toISOString()} ${event.sentence}`)
      lively = shieldStates.indexOf(views.state) >= shieldStates.indexOf('STRAIN')
    }
  })
  assert.deepEqual(alarms, [])
  assert.equal(rules, 0)
  assert.ok(overloadMinutes > 1_000 && (reached.get('STRAIN') ?? 0) > overloadMinutes * TICKS_PER_MINUTE * 0.5, 'the origin was over its capacity for hours: that must show as strain')
  assert.ok(simulated > 6_000)
  assert.deepEqual([...reached.keys()].filter((state) => shieldStates.indexOf(state as 'NORMAL') > shieldStates.indexOf('STRAIN')), [])
})

function batch(pool: readonly Uint32Array[], random: SeededRandom, rate: number, now: number) {
  const words = new Uint32Array(RECORDS * SAMPLE_WORDS)
  // A stretch of real rows, so that a visitor's page and pictures stand together; new people in every tick.
  const from = random.below(pool.length - RECORDS)
  const salt = random.below(2 ** 31)
  for (let i = 0; i < RECORDS; i++) {
    words.set(pool[from + i], i * SAMPLE_WORDS)
    words[i * SAMPLE_WORDS + fieldIndex.clientKey] = combineHash(salt, pool[from + i][fieldIndex.clientKey])
    words[i * SAMPLE_WORDS + fieldIndex.pathTemplate] = 98
  }
  return { worker: 0, fromWallMs: now - 10_000, toWallMs: now, seen: Math.round(rate * 10), weight: (rate * 10) / RECORDS, words, strings: [] }
}

function vitalsAt(rate: number, capacity: number, now: number): Vitals {
  const load = rate / capacity
  const rejected = load > 1 ? rate - capacity : 0
  return {
    worker: 0, fromWallMs: now - 1_000, toWallMs: now, planVersion: 0, received: Math.round(rate), ended: {}, bytesIn: 0, bytesOut: 0, openConnections: 0, eventLoopLagP99Ms: 5, ruleMatches: {},
    admission: { page: { admitted: Math.round(rate - rejected), rejected: Math.round(rejected), inFlight: 0, limit: 100, waiting: 0, waitP90Ms: load > 1 ? 900 : load > 0.9 ? 60 : 3 } },
    origin: { page: { answers: Math.round(rate - rejected), serverErrors: 0, timeouts: 0, connectFailures: 0, latencyP50Ms: 20, latencyP99Ms: 50, shortRttMs: load > 1 ? 80 : 20, longRttMs: 20 } },
    cache: { entries: 0, bytes: 0, stored: 0, collapsed: 0 },
    durations: { cache: [], origin: [], refused: [] },
  }
}
