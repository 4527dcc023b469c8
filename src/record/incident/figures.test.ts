/** Figures: what they say of a known attack, and that every number can be made again from the entries it names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Figure } from '../../contract/incident.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import { fateOf, type Measure } from '../../contract/measure.ts'
import { shieldStates } from '../../contract/plan.ts'
import type { Reason } from '../../contract/reason.ts'
import { figuresOf } from './figures.ts'
import { IncidentWorld, NOON, ruleRecord } from './incident.testing.ts'

const find = (figures: readonly Figure[], code: string, of?: string): Figure => figures.find((one) => one.code === code && one.of === of) ?? assert.fail(`no figure ${code}`)

test('a flood of two minutes, told from the journal', async () => {
  const world = new IncidentWorld()
  await world.flood(120, 80)
  const figures = figuresOf(world.scribe.kept, { fromWallMs: NOON + 611_000, untilWallMs: world.clock.wallMs(), leadInMs: 600_000, ongoing: false })
  const of = (code: string, name?: string) => [find(figures, code, name).value, find(figures, code, name).kind]
  assert.deepEqual(of('start'), [NOON + 600_000, 'estimated'])
  assert.deepEqual(of('detected'), [NOON + 611_000, 'exact'])
  assert.deepEqual(of('mitigated'), [NOON + 630_000, 'estimated'])
  assert.deepEqual(of('ended'), [NOON + 730_000, 'estimated'])
  assert.deepEqual(of('duration-seconds'), [130, 'estimated'])
  assert.deepEqual(of('peak-requests-per-second'), [2_000, 'exact'])
  assert.deepEqual(of('expected-requests-per-second'), [40, 'estimated'])
  assert.deepEqual(of('requests'), [130 * 2_000, 'exact'])
  assert.deepEqual(of('lost'), [10 * 1_000 + 20 * 900, 'exact'])
  assert.deepEqual(of('lost', 'queue-full'), [28_000, 'exact'])
  assert.deepEqual(of('refused', 'rule-block'), [20 * 100 + 100 * 1_960, 'exact'])
  assert.deepEqual(of('served'), [30 * 1_000 + 100 * 40, 'exact'])
  assert.deepEqual(of('from-cache-share'), [(30_000 + 3_000) / 34_000, 'exact'])
  assert.deepEqual(of('origin-strained-seconds'), [30, 'exact'])
  assert.deepEqual(of('rules'), [1, 'exact'])
  assert.deepEqual(of('collateral-share-bound'), [0.001, 'estimated'])
  // The rule was met when it had matched 100 already: what it did before the meter knew it is not in a measure, and not claimed.
  assert.ok(Math.abs(find(figures, 'pattern-share', 'r-1: user agent "r-1"').value! - 198_000 / 260_000) < 0.001)
  // Ten seconds at half, twenty at 900 of 1,900; 198 matches by clients that behave like visitors are more than the rest could lose.
  const positives = 198 / (130 * 40)
  assert.ok(Math.abs(find(figures, 'visitors-served').value! - (1 - (10 * 0.5 + 20 * (900 / 1_900)) / 130 - positives)) < 0.05)
})

test('without an expectation there is no beginning, and nothing is made up', async () => {
  const world = new IncidentWorld()
  await world.run(60, { expectedPerSecond: null })
  await world.run(60, { state: 'ATTACK', received: 900, expectedPerSecond: null, well: false })
  await world.run(70, { expectedPerSecond: null })
  const figures = figuresOf(world.scribe.kept, { fromWallMs: NOON + 61_000, untilWallMs: world.clock.wallMs(), leadInMs: 60_000, ongoing: false })
  for (const code of ['start', 'expected-requests-per-second', 'visitors-served']) assert.deepEqual([find(figures, code).value, find(figures, code).kind, find(figures, code).from], [null, 'not-known', []])
  assert.deepEqual([find(figures, 'ended').value, find(figures, 'ended').kind], [NOON + 121_000, 'exact'])
  assert.equal(find(figures, 'duration-seconds').value, 60)
  const none = figuresOf([], { fromWallMs: NOON, untilWallMs: NOON + 1, leadInMs: 0, ongoing: true })
  assert.ok(none.length > 10 && none.every((one) => one.value === null && one.kind === 'not-known'))
})

test('an attack that goes on has no end, and a duration so far', async () => {
  const world = new IncidentWorld()
  await world.run(60, {})
  await world.run(60, { state: 'ATTACK', received: 2_000, well: false })
  const figures = figuresOf(world.scribe.kept, { fromWallMs: NOON + 61_000, untilWallMs: world.clock.wallMs() + 1, leadInMs: 600_000, ongoing: true })
  assert.equal(find(figures, 'ended').value, null)
  assert.equal(find(figures, 'mitigated').value, null)
  assert.match(find(figures, 'duration-seconds').name, /so far/)
  assert.equal(find(figures, 'duration-seconds').value, 60)
})

test('a hole in the measures makes counts a lower bound, and says so', async () => {
  const world = new IncidentWorld()
  await world.run(20, {})
  await world.run(60, { state: 'ATTACK', received: 500, well: false })
  const holed = world.scribe.kept.filter((entry) => entry.kind !== 'measure' || (entry.data as Measure).toWallMs !== NOON + 50_000)
  assert.equal(holed.length, world.scribe.kept.length - 1)
  const requests = find(figuresOf(holed, { fromWallMs: NOON + 21_000, untilWallMs: world.clock.wallMs(), leadInMs: 60_000, ongoing: false }), 'requests')
  assert.deepEqual([requests.kind, requests.value], ['estimated', 50 * 500])
  assert.match(requests.name, /at least: 10 s were not measured/)
})

test('what was taken back before is not the detection; a burst long before is not the beginning', async () => {
  const world = new IncidentWorld()
  await world.run(60, {})
  await world.run(5, { state: 'WATCH', received: 500 })
  await world.run(200, {})
  await world.run(5, { received: 500 })
  await world.run(30, { state: 'ATTACK', received: 2_000, well: false })
  const figures = figuresOf(world.scribe.kept, { fromWallMs: NOON + 271_000, untilWallMs: world.clock.wallMs() + 1, leadInMs: 600_000, ongoing: true })
  assert.deepEqual([find(figures, 'detected').value, find(figures, 'start').value], [NOON + 271_000, NOON + 265_000])
})

const seconds = fc.array(
  fc.record({
    state: fc.option(fc.constantFrom(...shieldStates), { freq: 20 }),
    received: fc.integer({ min: 0, max: 4_000 }),
    lost: fc.integer({ min: 0, max: 100 }),
    blocked: fc.integer({ min: 0, max: 4_000 }),
    challenged: fc.integer({ min: 0, max: 50 }),
    stale: fc.integer({ min: 0, max: 50 }),
    bytesOut: fc.nat(1_000_000),
    well: fc.boolean(),
    known: fc.boolean(),
    abroad: fc.boolean(),
    repeat: fc.integer({ min: 1, max: 25 }),
  }),
  { minLength: 1, maxLength: 10 },
)

test('every number can be made again from the entries it names', async () => {
  await fc.assert(fc.asyncProperty(seconds, fc.nat(100), fc.boolean(), async (parts, fromShare, ongoing) => {
    const world = new IncidentWorld()
    let matched = 0
    for (const { state, received, lost, blocked, challenged, stale, bytesOut, well, known, abroad, repeat } of parts) {
      for (let i = 0; i < repeat; i++) {
        matched += blocked
        await world.second({
          state, well, bytesOut, received: received + lost + blocked + challenged + 2 * stale, rules: [ruleRecord('r-1', matched, Math.floor(matched / 100))], expectedPerSecond: known ? 50 : null,
          ended: { 'served-fresh': received, 'served-stale': stale, 'served-last-good': stale, 'served-origin': 1, 'queue-full': lost, 'rule-block': blocked, 'rule-challenge': challenged, 'challenge-passed': Math.floor(challenged / 2) },
          ...(abroad ? { networks: { countries: [{ code: 'XA', name: '', share: 0.5, visitorShare: 0 }], networks: [{ code: 'AS64496', name: 'Example', share: 0.25, visitorShare: 0 }], prefixes: [], unknownShare: 0.5 } } : {}),
        })
      }
    }
    const { kept } = world.scribe
    const length = world.clock.wallMs() - NOON
    for (const figure of figuresOf(kept, { fromWallMs: NOON + Math.floor((length * fromShare) / 100), untilWallMs: world.clock.wallMs() + 1, leadInMs: 60_000, ongoing })) {
      const named = kept.filter(({ seq }) => figure.from.some((one) => (typeof one === 'number' ? one === seq : seq >= one[0] && seq <= one[1])))
      assert.equal(figure.value === null, figure.kind === 'not-known', figure.code)
      assert.equal(figure.value === null, named.length === 0, figure.code)
      if (figure.value !== null) assert.ok(again(figure, named).some((value) => Math.abs(value - figure.value!) < 1e-9), `${figure.code} ${figure.of ?? ''}: ${figure.value} is not ${again(figure, named).join(' or ')}`)
    }
  }), { numRuns: 60 })
})

/** The numbers that the named entries allow: one, or for moments each second of them. Written without the code under test. */
function again({ code, of }: Figure, named: readonly JournalEntry[]): number[] {
  const measures = named.filter((entry) => entry.kind === 'measure').map((entry) => entry.data as Measure)
  const sum = (get: (one: Measure) => number): number => measures.reduce((total, one) => total + get(one), 0)
  const reason = (name: string): number => sum((one) => one.ended[name as Reason] ?? 0)
  const fate = (name: string): number => sum((one) => Object.entries(one.ended).reduce((total, [r, n]) => total + (fateOf[r as Reason] === name ? n : 0), 0))
  const bounds = measures.flatMap((one) => one.seconds.flatMap((row, i, rows) => [one.fromWallMs + row[0], one.fromWallMs + (rows[i - 1]?.[0] ?? 0)]))
  const moments = [...bounds, ...measures.map((one) => one.toWallMs), ...named.filter((entry) => entry.kind === 'state').map((entry) => entry.atWallMs)]
  const rows = measures.flatMap((one) => one.origin)
  const answers = rows.reduce((total, one) => total + one.answers, 0)
  const suspicious = sum((one) => one.networks?.suspiciousRequests ?? 0)
  const usual = sum((one) => ((one.expected?.perSecond ?? 0) * (one.toWallMs - one.fromWallMs)) / 1_000)
  switch (code) {
    case 'start':
    case 'detected':
    case 'mitigated':
    case 'ended':
      return moments
    case 'duration-seconds':
      return moments.flatMap((a) => moments.map((b) => Math.round((b - a) / 1_000)))
    case 'peak-requests-per-second':
      return measures.map((one) => one.peak.requestsPerSecond)
    case 'peak-bits-per-second-out':
      return measures.map((one) => one.peak.bitsPerSecondOut)
    case 'expected-requests-per-second':
      return measures.map((one) => one.expected!.perSecond)
    case 'requests':
      return [sum((one) => one.received)]
    case 'served':
    case 'refused':
    case 'lost':
      return [of === undefined ? fate(code) : reason(of)]
    case 'from-cache-share':
      return [(reason('served-fresh') + reason('served-stale') + reason('served-last-good')) / fate('served')]
    case 'challenged':
      return [reason('rule-challenge')]
    case 'challenge-passed':
      return [reason('challenge-passed')]
    case 'waited':
      return [reason('waiting-room')]
    case 'visitors-served': {
      const positives = sum((one) => one.rules.reduce((total, rule) => total + rule.positive, 0))
      const lost = sum((one) => one.seconds.reduce((total, [at, , served, , gone], i, all) => total + (gone === 0 ? 0 : (((at - (all[i - 1]?.[0] ?? 0)) / 1_000) * one.expected!.perSecond * gone) / (served + gone)), 0))
      return [Math.max(0, 1 - (lost + positives) / usual)]
    }
    case 'collateral-share-bound':
      return [measures.some((one) => one.rules.length > 0) ? 0.001 : 0]
    case 'origin-latency-p50-ms':
      return [rows.reduce((total, one) => total + one.latencyP50Ms * one.answers, 0) / answers]
    case 'origin-latency-p99-ms':
      return [Math.max(...rows.map((one) => one.latencyP99Ms))]
    case 'origin-errors':
      return [rows.reduce((total, one) => total + one.serverErrors + one.timeouts + one.connectFailures, 0)]
    case 'origin-strained-seconds':
      return [sum((one) => one.health.strainedSeconds)]
    case 'rules':
      return [new Set(measures.flatMap((one) => one.rules.map((rule) => rule.id))).size]
    case 'pattern-share':
      return [Math.min(1, sum((one) => one.rules.reduce((total, rule) => total + rule.matched, 0)) / sum((one) => one.received))]
    case 'network-share':
    case 'country-share':
      return [sum((one) => (one.networks === null ? 0 : [...one.networks.networks, ...one.networks.countries].filter((n) => of!.startsWith(n.code)).reduce((total, n) => total + n.share * one.networks!.suspiciousRequests, 0))) / suspicious]
  }
}
