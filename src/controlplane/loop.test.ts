import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OperatorAct } from '../contract/operator-act.ts'
import { SAMPLE_WORDS, type SampleBatch, sampleFlags } from '../contract/sample.ts'
import type { Vitals } from '../contract/vitals.ts'
import { defaultsOf } from '../kernel/option.ts'
import { SeededRandom } from '../kernel/random.ts'
import { Baseline } from './detection/baseline.ts'
import { detectionOptions } from './detection/options.ts'
import { type SampleField, fieldIndex } from './evidence.ts'
import { ControlLoop, type LoopSettings, type TickResult } from './loop.ts'
import { mitigationOptions } from './mitigation/options.ts'

const START = Date.UTC(2024, 5, 5, 12)
const settings: LoopSettings = { detection: defaultsOf(detectionOptions), mitigation: defaultsOf(mitigationOptions) }

type Row = Partial<Record<SampleField, number>>

/** Everyday people: eight programs, one in twenty never fetches what belongs to a page. */
function person(random: SeededRandom): Row {
  const program = Math.floor(random.next() ** 2 * 8)
  const bare = random.next() < 0.05
  const pages = 1 + random.below(6)
  return {
    clientKey: random.below(2 ** 31), addressHigh: random.below(2 ** 31), family: 4, userAgent: 100 + program * 3 + random.below(3), userAgentShape: 200 + program, headerOrder: 300 + (program >> 1), acceptCombo: 400 + random.below(5),
    httpVersion: 20, method: 1, path: random.below(40), pathTemplate: 500 + random.below(30), refererClass: random.below(3), clientPages: pages, clientStatics: bare ? 0 : pages * 3, clientEchoes: bare ? 0 : pages, clientRequests: pages * 4,
  }
}

const bot = (random: SeededRandom): Row => ({ ...person(random), headerOrder: 4_711, httpVersion: 11, pathTemplate: 500, clientKey: random.below(2_000), clientPages: 2 + random.below(9), clientStatics: 0, clientEchoes: 0 })
const repeat = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make)

function batchOf(rows: readonly Row[], worker = 0): SampleBatch {
  const words = new Uint32Array(rows.length * SAMPLE_WORDS)
  rows.forEach((row, i) => {
    for (const [name, value] of Object.entries(row)) words[i * SAMPLE_WORDS + fieldIndex[name as SampleField]] = value
  })
  return { worker, fromWallMs: START, toWallMs: START + 1_000, seen: rows.length, weight: 1, words, strings: [[1, 'GET']] }
}

function vitalsOf(bad: boolean, worker = 0, ruleMatches: Vitals['ruleMatches'] = {}): Vitals {
  return {
    worker, fromWallMs: START, toWallMs: START, planVersion: 1, received: 100, ended: {}, bytesIn: 0, bytesOut: 0, openConnections: 0, eventLoopLagP99Ms: 2, ruleMatches,
    admission: { page: { admitted: 100, rejected: bad ? 300 : 0, inFlight: 0, limit: 6, waiting: 0, waitP90Ms: bad ? 500 : 3 } }, origin: {}, cache: { entries: 0, bytes: 0, stored: 0, collapsed: 0 },
    durations: { cache: [], origin: [], refused: [] },
  }
}

function week(seed = 9): Baseline {
  const random = new SeededRandom(seed)
  const baseline = new Baseline(random)
  for (let hour = 0; hour < 168; hour++) {
    for (let minute = 0; minute < 60; minute++) baseline.learnMinute(START + hour * 3_600_000 + minute * 60_000, 36 + random.below(9))
    for (const row of repeat(64, () => person(random))) baseline.learnRow(START + hour * 3_600_000, batchOf([row]).words)
  }
  return baseline
}

interface Second {
  readonly rows: readonly Row[]
  readonly bad: boolean
  readonly commands?: readonly OperatorAct[]
}

function floodStory(seed: number, seconds = 20, bots = 600): Second[] {
  const random = new SeededRandom(seed)
  return Array.from({ length: seconds }, (_, i) => ({ rows: [...repeat(40, () => person(random)), ...(i >= 6 ? repeat(bots, () => bot(random)) : [])], bad: i >= 6 }))
}

function live(story: readonly Second[], how: (second: Second, i: number) => SampleBatch[] = (second) => [batchOf(second.rows)], which = settings): TickResult[] {
  const loop = new ControlLoop(which, 5, week())
  return story.map((second, i) => loop.tick(START + i * 1_000, { samples: how(second, i), vitals: [vitalsOf(second.bad)], commands: second.commands ?? [] }))
}


test('invariant 18: the same events on the same clock give the same plans, events and views', () => {
  const story = floodStory(1)
  assert.deepEqual(live(story), live(story))
  assert.ok(live(story).at(-1)!.plan.rules.length > 0)
})

test('invariant 23: the order of requests within a second, and which worker saw them, changes nothing', () => {
  const story = floodStory(2, 14, 1_800) // more than a window keeps: which ones are kept must not depend on the order either
  const shuffle = new SeededRandom(77)
  const mixed = live(story, ({ rows }) => {
    const order = rows.map((row) => ({ row, at: shuffle.next() })).sort((a, b) => a.at - b.at).map(({ row }) => ({ ...row, atMs: shuffle.below(1_000) }))
    const cut = shuffle.below(order.length + 1)
    return [batchOf(order.slice(0, cut)), batchOf(order.slice(cut), 1)]
  })
  assert.deepEqual(mixed, live(story))
})

test('invariant 20: in dry-run the control plane sees and writes what it would have, and every rule only counts', () => {
  const story = floodStory(3)
  const dry = live(story, undefined, { ...settings, mitigation: { ...settings.mitigation, dryRun: true } })
  const wet = live(story)
  assert.deepEqual(dry.map((result) => [result.views.state, result.views.z, result.views.evidence, result.views.excess]), wet.map((result) => [result.views.state, result.views.z, result.views.evidence, result.views.excess]))
  assert.deepEqual(dry.at(-1)!.plan.rules.map((rule) => ({ ...rule, dryRun: false })), wet.at(-1)!.plan.rules)
  assert.ok(dry.at(-1)!.plan.rules.every((rule) => rule.dryRun))
})

test('invariant 4: on an origin that is well, any series of rates leads to WATCH at most and to no rule', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 5, maxLength: 25 }), fc.nat(1_000), fc.boolean(), (rates, seed, hostile) => {
      const random = new SeededRandom(seed)
      const results = live(rates.map((rate) => ({ rows: repeat(rate, () => (hostile ? bot(random) : person(random))), bad: false })))
      for (const { plan, views } of results) {
        assert.ok(views.state === 'NORMAL' || views.state === 'WATCH')
        assert.deepEqual(plan.rules, [])
        assert.equal(plan.preferStale, false)
      }
    }),
    { numRuns: 15 },
  )
})

test('invariant 5: the usual people in any number, asking for anything, on an origin that breaks down: strain, and not one rule', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.integer({ min: 100, max: 600 }), fc.boolean(), (seed, perSecond, tagged) => {
      const random = new SeededRandom(seed)
      const story = Array.from({ length: 25 }, (_, i) => ({
        rows: i < 5 ? repeat(40, () => person(random)) : repeat(perSecond, () => ({ ...person(random), path: 999, pathTemplate: 999, refererClass: 2, ...(tagged ? { queryShape: 77 } : {}) })),
        bad: i >= 6,
      }))
      const results = live(story)
      assert.deepEqual(results.flatMap((result) => result.plan.rules), [])
      assert.equal(results.at(-1)!.views.state, 'STRAIN', JSON.stringify(results.at(-1)!.views.evidence.map((item) => item.sentence)))
    }),
    { numRuns: 8 },
  )
})

test('invariant 3: whatever happens, every automatic rule in every plan ends within the hour', () => {
  const story = [...floodStory(4, 40), ...Array.from({ length: 60 }, () => ({ rows: [], bad: false }))]
  live(story).forEach(({ plan }, i) => {
    for (const rule of plan.rules) assert.ok(rule.expiresAtWallMs! > START + i * 1_000 && rule.expiresAtWallMs! <= START + i * 1_000 + 3_600_000)
  })
})

test('nonsense in, a plan out: it never throws', () => {
  const anyBatch = fc.record({
    worker: fc.integer(), fromWallMs: fc.double(), toWallMs: fc.double(), seen: fc.oneof(fc.double(), fc.integer({ min: 0, max: 1e7 })), weight: fc.double(),
    words: fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 200 }).map((words) => Uint32Array.from(words)), strings: fc.constant([]),
  })
  const command = fc.constantFrom<OperatorAct>(
    { kind: 'pin', ruleId: 'x', untilWallMs: null, who: '', why: '' },
    { kind: 'add', ruleId: 'y', when: [{ attribute: 'prefix', cidrs: ['not an address'] }], action: 'block', untilWallMs: null, who: '', why: '' },
    { kind: 'add', ruleId: '__proto__', when: [{ attribute: 'prefix', cidrs: ['2001:db8::/32', '::/0'] }], action: 'allow', untilWallMs: null, who: '', why: '' },
    { kind: 'nonsense' } as unknown as OperatorAct,
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.double({ min: -1e15, max: 1e15, noNaN: true }), fc.array(anyBatch, { maxLength: 3 }), fc.array(command, { maxLength: 2 })), { maxLength: 12 }), (ticks) => {
      const loop = new ControlLoop(settings, 1)
      for (const [now, samples, commands] of ticks) {
        const { plan } = loop.tick(now, { samples, vitals: [vitalsOf(true)], commands })
        assert.ok(Number.isFinite(plan.version) && plan.sampleShare > 0 && plan.sampleShare <= 1)
      }
    }),
    { numRuns: 60 },
  )
})

test('a step that fails is told, and a calm plan with only the operator\'s rules goes out', () => {
  const loop = new ControlLoop(settings, 5, week())
  const story = floodStory(6)
  const commands: OperatorAct[] = [{ kind: 'add', ruleId: 'mine', when: [{ attribute: 'path', glob: '/wp-login.php' }], action: 'block', untilWallMs: null, who: 'anna', why: 'nobody needs it' }]
  story.forEach((second, i) => loop.tick(START + i * 1_000, { samples: [batchOf(second.rows)], vitals: [vitalsOf(second.bad)], commands: i === 0 ? commands : [] }))
  const broken = { strings: [], get words(): Uint32Array { throw new Error('the ring is torn') } } as unknown as SampleBatch
  const { plan, events } = loop.tick(START + 60_000, { samples: [{ ...batchOf([]), strings: [] }, broken], vitals: [], commands: [] })
  assert.equal(plan.state, 'NORMAL')
  assert.deepEqual(plan.rules.map((rule) => rule.id), ['mine'])
  assert.match(events.find((event) => event.code === 'control-step-failed')!.sentence, /the ring is torn/)
})

test('a plan is published anew before its posture runs out, with a higher version each time', () => {
  const loop = new ControlLoop(settings, 1)
  let last = 0
  let expires = 0
  for (let i = 0; i < 60; i++) {
    const now = START + i * 1_000
    const { plan, changed } = loop.tick(now, { samples: [], vitals: [], commands: [] })
    if (changed) assert.ok(plan.version > last)
    last = plan.version
    expires = plan.postureExpiresAtWallMs
    assert.ok(expires > now + 3_000)
  }
})

test('when the clock of the machine goes back, it is told, and rules made before still end within the hour', () => {
  const loop = new ControlLoop(settings, 5, week())
  floodStory(7).forEach((second, i) => loop.tick(START + i * 1_000, { samples: [batchOf(second.rows)], vitals: [vitalsOf(second.bad)], commands: [] }))
  const back = START - 7_200_000
  const { events } = loop.tick(back, { samples: [], vitals: [], commands: [] })
  assert.equal(events[0].code, 'clock-went-back')
  const { plan } = loop.tick(back + 1_000, { samples: [], vitals: [], commands: [] })
  for (const rule of plan.rules) assert.ok(rule.expiresAtWallMs! <= back + 1_000 + 3_600_000, String(rule.expiresAtWallMs! - back))
})

test('protected requests are no part of an excess: a verified crawler in full swing is not looked at', () => {
  const random = new SeededRandom(8)
  const story = Array.from({ length: 20 }, (_, i) => ({ rows: [...repeat(40, () => person(random)), ...(i > 5 ? repeat(300, () => ({ ...bot(random), flags: sampleFlags.verifiedCrawler })) : [])], bad: i > 6 }))
  const results = live(story)
  assert.deepEqual(results.flatMap((result) => result.plan.rules), [])
  assert.ok(results.at(-1)!.views.excess!.perSecond < 60)
})

test('a source that floods although refused is named for the kernel, with an end within ten minutes, only when that is wanted', () => {
  const random = new SeededRandom(9)
  const single = (): Row => ({ ...bot(random), clientKey: 77, addressHigh: (192 << 24) >>> 0, clientPages: 9 })
  const story = Array.from({ length: 40 }, (_, i) => ({ rows: [...repeat(40, () => person(random)), ...(i > 5 ? repeat(300, single) : [])], bad: i > 6 }))
  const wanted = live(story, undefined, { ...settings, mitigation: { ...settings.mitigation, kernelDrop: true, challengeAvailable: false } })
  assert.deepEqual(wanted.at(-1)!.plan.drops?.map((drop) => drop.cidr), ['192.0.0.0/32'])
  assert.ok(wanted.at(-1)!.plan.drops!.every((drop) => drop.expiresAtWallMs <= START + 40_000 + 600_000))
  assert.ok(live(story).every((result) => result.plan.drops === undefined))
})
