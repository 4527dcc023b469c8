import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OperatorAct } from '../../contract/operator-act.ts'
import { SAMPLE_WORDS } from '../../contract/sample.ts'
import { countBits, popCount, setBit } from '../../kernel/bitset.ts'
import { fallsInShare, hashText } from '../../kernel/hash.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { clopperPearsonUpper } from '../../kernel/proportion.ts'
import { type ControlEvent, type WindowRows, fieldIndex } from '../evidence.ts'
import { HARM_LEVEL } from './collateral.ts'
import { gateAllowList, gateCollateral, gateCoverage, gateOriginStrained, gatePurity, gateVisitors } from './gates.ts'
import { mitigationOptions } from './options.ts'
import { type BookContext, RuleBook } from './rule-book.ts'
import { type Proposal, ruleIdOf } from './synthesise.ts'

/** Without a challenge, the ladder's steps are those of a rate limit and a block. */
const options = { ...defaultsOf(mitigationOptions), challengeAvailable: false }
const START = Date.UTC(2024, 5, 5)
const HOUR = 3_600_000

/** Ten seconds of `perSecond` requests with that header order from as many clients; `visitors` of them behave like people. */
function windowOf(headerOrder: number, perSecond: number, visitors = 0): WindowRows {
  const rows = perSecond * 10
  const words = Math.max(1, Math.ceil(rows / 32))
  const columns = Array.from({ length: SAMPLE_WORDS }, () => new Uint32Array(words * 32))
  const bits = (): Uint32Array => new Uint32Array(words)
  const [present, proven, judged, empty] = [bits(), bits(), bits(), bits()]
  for (let row = 0; row < rows; row++) {
    setBit(present, row)
    setBit(row < visitors ? proven : judged, row)
    columns[fieldIndex.headerOrder][row] = headerOrder
    columns[fieldIndex.clientKey][row] = row + 1
    columns[fieldIndex.clientPages][row] = 3
  }
  return {
    capacity: words * 32, columns, present, proven, judged, suspicious: judged, pageOnly: judged, onePageOnly: judged, protected: empty, open: () => rows, newest: () => present, seen: () => rows, seconds: () => 10,
    weigh: (a) => countBits(a), weighCommon: (a, b) => a.reduce((sum, word, i) => sum + popCount(word & b[i]), 0),
  }
}

function proposal(headerOrder: number, hits = 0): Proposal {
  const when = [{ attribute: 'headerOrder', equals: headerOrder } as const, { attribute: 'unproven' } as const]
  const harm = { hits, sampled: 10_000, level: HARM_LEVEL, upperShare: clopperPearsonUpper(hits, 10_000, HARM_LEVEL) }
  const gates = [gatePurity(1_000, 0), gateCollateral(harm, 0.01), gateCoverage({ covered: 9, suspicious: 10, excess: 10 }, { tried: 0, passed: 0 }), gateOriginStrained(true), gateVisitors(0, 100), gateAllowList(0, 1_000)]
  return { id: ruleIdOf(when), when, sentence: `order of headers ${headerOrder}`, evidence: { gates, harm, expectedPerSecond: 0.1, matchedPerSecond: 100, excessShare: 0.9 } }
}

/** A book with a clock: seconds pass one by one under the same window. */
function desk(settings = options) {
  const book = new RuleBook()
  let second = 0
  const context = (window: WindowRows, more: Partial<BookContext> = {}): BookContext => ({
    nowWallMs: START + second * 1_000, nowMs: second * 1_000, tick: second, window, textOf: () => '', inIncident: true, options: settings,
    ladder: { coldStart: false, critical: false, challengeAvailable: settings.challengeAvailable, challengeHarmShare: 0.05, strongestStep: 'block' }, ...more,
  })
  const pass = (seconds: number, window: WindowRows, more: Partial<BookContext> = {}): ControlEvent[] => {
    const events: ControlEvent[] = []
    for (let i = 0; i < seconds; i++) {
      second++
      events.push(...book.update({}, context(window, more)))
    }
    return events
  }
  return { book, context, pass, now: () => START + second * 1_000, rules: () => book.planRules(START + second * 1_000, settings), codes: (events: ControlEvent[]) => events.map((event) => event.code) }
}

const none = windowOf(0, 0)
const A = proposal(7)
const flood = windowOf(7, 100)

test('a rule begins at a limit, with an end, a canary and its history', () => {
  const { book, context, rules } = desk()
  book.consider([A], context(flood))
  const [rule] = rules()
  assert.deepEqual([rule.action, rule.limitPerSecond, rule.canaryShare, rule.expiresAtWallMs], ['limit', 0.5, 0.02, START + 120_000])
  const [record] = book.records(options)
  assert.equal(record.history[0].code, 'rule-born')
  assert.equal(record.evidence?.gates.length, 6)
})

test('a rule says how many requests a second it matches now, and nothing when they stop', () => {
  const { book, context } = desk()
  book.consider([A], context(flood))
  const rateAfter = (fromSecond: number, seconds: number, matched: number): number => {
    for (let i = 0; i < seconds; i++) book.update({ [A.id]: { matched, positive: 0, canaryTried: 0, canaryPassed: 0 } }, context(flood, { nowMs: (fromSecond + i) * 1_000 }))
    return book.records(options)[0].matchesPerSecond!
  }
  assert.equal(rateAfter(0, 1, 700), 0, 'of one tick nobody knows how long it took')
  assert.ok(rateAfter(1, 1, 700) > 150)
  assert.ok(Math.abs(rateAfter(2, 20, 700) - 700) < 1)
  assert.ok(Math.abs(rateAfter(23, 1, 1_400) - 700) < 1, 'two seconds in one tick are no jump')
  assert.equal(rateAfter(24, 40, 0), 0)
})

test('it is renewed while its flood goes on, for twice as long each time, never beyond an hour', () => {
  const { book, context, pass, rules, now } = desk()
  book.consider([A], context(flood))
  let longest = 0
  for (let i = 0; i < 2 * 3_600; i++) {
    pass(1, flood)
    const [rule] = rules()
    longest = Math.max(longest, rule.expiresAtWallMs! - now())
  }
  assert.equal(longest, HOUR)
})

test('when the flood fades it goes down a step each half minute, sleeps, and wakes within a tick when the flood returns', () => {
  const { book, context, pass, rules, codes } = desk()
  book.consider([A], context(flood))
  const events = pass(100, none)
  assert.deepEqual(codes(events), ['rule-decays', 'rule-decays', 'rule-asleep'])
  assert.deepEqual(rules(), [])
  assert.deepEqual(codes(pass(1, flood)), ['rule-woken'])
  assert.equal(rules()[0].action, 'limit')
})

test('a pause shorter than half a minute changes nothing: pulses meet the rule awake', () => {
  const { book, context, pass, codes } = desk()
  book.consider([A], context(flood))
  for (let pulse = 0; pulse < 20; pulse++) assert.deepEqual(codes([...pass(8, flood), ...pass(8, none)]).filter((code) => code !== 'rule-raised'), [])
})

test('a sleeper stays asleep outside an incident, and is forgotten after a day', () => {
  const { book, context, pass, codes } = desk()
  book.consider([A], context(flood))
  pass(100, none)
  assert.deepEqual(codes(pass(5, flood, { inIncident: false })), [])
  const later = { nowWallMs: START + 26 * HOUR }
  assert.deepEqual(codes(pass(1, none, later)), ['rule-gone'])
})

test('with proof from its canary a rule climbs to block', () => {
  const { book, context, pass, rules } = desk({ ...options, canaryShare: 0.05 })
  book.consider([A], context(flood))
  pass(60, flood) // about 50 of 1,000 clients let through per window, none a visitor
  assert.equal(rules()[0].action, 'block')
})

test('live harm lowers a rule at once and keeps it down for ten minutes, whatever is proposed', () => {
  const { book, context, pass, rules, codes } = desk({ ...options, canaryShare: 0.05 })
  book.consider([A], context(flood))
  const salt = hashText(A.id, 0)
  const mixed = windowOf(7, 100)
  for (let row = 0; row < 1_000; row++) {
    if (fallsInShare(row + 1, salt, 0.05) && row % 2 === 0) {
      setBit(mixed.proven, row)
      mixed.judged[row >>> 5] &= ~(1 << (row & 31))
    }
  }
  const events = pass(1, mixed)
  assert.deepEqual(codes(events), ['rule-harmful'])
  assert.match(events[0].sentence, /clients let through behaved like visitors/)
  assert.equal(rules()[0].action, 'tag')
  for (let i = 0; i < 598; i++) {
    pass(1, flood)
    book.consider([A], context(flood))
    assert.equal(rules()[0].action, 'tag')
  }
  pass(3, flood)
  book.consider([A], context(flood))
  assert.equal(rules()[0].action, 'limit')
})

test('matches from visitors that the data plane counts lower a rule too', () => {
  const { book, context, rules } = desk()
  book.consider([A], context(flood))
  book.update({ [A.id]: { matched: 1_000, positive: 40, canaryPassed: 0, canaryTried: 0 } }, context(flood))
  assert.equal(rules()[0].action, 'tag')
})

test('invariant 2: the bounds of all refusing rules together never pass the cap', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(90), fc.boolean()), { maxLength: 40 }), (births) => {
      const { book, context, pass, rules } = desk({ ...options, canaryShare: 0.05 })
      for (const [order, hits, isThere] of births) {
        book.consider([proposal(order, hits)], context(windowOf(order, 50)))
        pass(7, isThere ? windowOf(order, 50) : none)
        const records = new Map(book.records(options).map((record) => [record.id, record]))
        const sum = rules().filter((rule) => rule.action === 'limit' || rule.action === 'block').reduce((total, rule) => total + records.get(rule.id)!.evidence!.harm.upperShare, 0)
        assert.ok(sum <= options.blockHarmOfAllShare + 1e-12, String(sum))
      }
    }),
    { numRuns: 30 },
  )
})

test('invariant 3: every automatic rule ends within the hour, and without matches it is gone', () => {
  const step = fc.record({ order: fc.integer({ min: 1, max: 4 }), seconds: fc.integer({ min: 1, max: 200 }), act: fc.constantFrom('none', 'pin', 'unpin', 'extend', 'veto', 'step-down', 'expire', 'take-back'), of: fc.constantFrom('pin', 'unpin', 'extend', 'veto', 'step-down', 'expire') })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const { book, context, pass, rules, now } = desk()
      for (const { order, seconds, act, of } of steps) {
        const one = proposal(order)
        book.consider([one], context(windowOf(order, 50)))
        if (act !== 'none') book.act({ kind: act, ruleId: one.id, untilWallMs: now() + 30 * 60_000, ...(act === 'take-back' ? { of, actAtWallMs: null } : {}), who: 'op', why: 'test' } as OperatorAct, context(none))
        pass(seconds, windowOf(order, 50))
        for (const rule of rules()) assert.ok(rule.expiresAtWallMs !== null && rule.expiresAtWallMs <= now() + HOUR)
      }
      pass(3_700, none)
      assert.deepEqual(rules(), [])
    }),
    { numRuns: 15 },
  )
})

const act = (more: Partial<OperatorAct> & { kind: OperatorAct['kind'] }): OperatorAct => ({ ruleId: A.id, untilWallMs: null, who: 'anna', why: 'a test', ...more }) as OperatorAct

test('a veto ends a rule at once and no proposal brings it back until then', () => {
  const { book, context, pass, rules, now, codes } = desk()
  book.consider([A], context(flood))
  assert.deepEqual(codes(book.act(act({ kind: 'veto', untilWallMs: now() + 60_000 }), context(flood))), ['operator-veto'])
  assert.deepEqual(rules(), [])
  pass(50, flood)
  book.consider([A], context(flood))
  assert.deepEqual(rules(), [])
  pass(11, flood)
  book.consider([A], context(flood))
  assert.equal(rules().length, 1)
})

test('a pin holds against decay and harm, and stays with who and why', () => {
  const { book, context, pass, rules, now } = desk()
  book.consider([A], context(flood))
  book.act(act({ kind: 'pin', why: 'elections' }), context(flood))
  pass(4_000, none)
  assert.equal(rules()[0].action, 'limit')
  assert.ok(rules()[0].expiresAtWallMs! <= now() + HOUR)
  const [record] = book.records(options)
  assert.deepEqual([record.stage, record.who, record.why, record.expiresAtWallMs], ['pinned', 'anna', 'elections', null])
})

test('an operator can add, extend and end a rule of their own; an automatic one is extended by an hour at most', () => {
  const { book, context, pass, rules, now, codes } = desk()
  book.act(act({ kind: 'add', ruleId: 'mine', when: [{ attribute: 'prefix', cidrs: ['192.0.2.0/24'] }], action: 'block', untilWallMs: now() + 10_000 }), context(none))
  book.act(act({ kind: 'extend', ruleId: 'mine', untilWallMs: now() + 5 * HOUR }), context(none))
  pass(100, none)
  assert.deepEqual(rules().map((rule) => [rule.id, rule.origin, rule.expiresAtWallMs]), [['mine', 'operator', START + 5 * HOUR]])
  book.consider([A], context(flood))
  book.act(act({ kind: 'extend', untilWallMs: now() + 5 * HOUR }), context(flood))
  assert.equal(rules().find((rule) => rule.id === A.id)!.expiresAtWallMs, now() + HOUR)
  book.act(act({ kind: 'expire', ruleId: 'mine' }), context(none))
  assert.ok(rules().every((rule) => rule.id !== 'mine'))
  assert.deepEqual(codes(book.act(act({ kind: 'add', ruleId: 'all', when: [], action: 'block' }), context(none))), ['operator-refused'])
  assert.deepEqual(codes(book.act(act({ kind: 'pin', ruleId: 'nobody' }), context(none))), ['operator-refused'])
})

test('dry-run of one rule, of a step, or of all: rules are published, and only count', () => {
  const { book, context, rules } = desk()
  book.consider([A], context(flood))
  const isDry = (): boolean => rules()[0].dryRun
  for (const what of [{ rule: A.id }, { step: 'limit' as const }, 'all' as const]) {
    book.act({ kind: 'dry-run', of: what, on: true, who: 'anna', why: 'first days' }, context(flood))
    assert.ok(isDry(), JSON.stringify(what))
    book.act({ kind: 'dry-run', of: what, on: false, who: 'anna', why: 'sure now' }, context(flood))
    assert.ok(!isDry(), JSON.stringify(what))
  }
  assert.ok(book.planRules(START, { ...options, dryRun: true })[0].dryRun)
})

test('no more than eight automatic rules act at once', () => {
  const { book, context, rules } = desk()
  for (let order = 1; order <= 20; order++) book.consider([proposal(order)], context(windowOf(order, 50)))
  assert.equal(rules().length, 8)
})

/** A flood's clients that were challenged: nobody got a page, so nobody is judged; `passed` of them have a clearance. */
function challenged(perSecond: number, passed: number): WindowRows {
  const window = windowOf(7, perSecond, passed)
  const empty = new Uint32Array(window.present.length)
  // The older half of the window: time enough to pass.
  return { ...window, judged: empty, newest: () => window.present.map((word, i) => (i < window.present.length / 2 ? 0 : word)) }
}

test('behind a challenge everybody is a probe: people who pass it step the rule down within seconds', () => {
  const settings = { ...options, challengeAvailable: true }
  const { book, context, pass, rules, codes } = desk(settings)
  book.consider([A], context(flood))
  assert.equal(rules()[0].action, 'challenge')
  const events = pass(2, challenged(10, 8))
  assert.ok(codes(events).includes('rule-harmful'), JSON.stringify(events))
  assert.equal(rules()[0].action, 'tag')
})

test('a challenge that hundreds had the time to pass and nobody passed is proof enough to limit', () => {
  const settings = { ...options, challengeAvailable: true }
  const { book, context, pass, rules } = desk(settings)
  book.consider([A], context(flood))
  pass(9, challenged(100, 0))
  assert.equal(rules()[0].action, 'challenge')
  pass(3, challenged(100, 0))
  assert.equal(rules()[0].action, 'limit')
})

test('who was challenged a moment ago has not failed yet', () => {
  const settings = { ...options, challengeAvailable: true }
  const { book, context, pass, rules } = desk(settings)
  book.consider([A], context(flood))
  const window = challenged(100, 0)
  pass(25, { ...window, newest: () => window.present })
  assert.equal(rules()[0].action, 'challenge')
  assert.equal(book.records(settings)[0].since.canaryTried, 0)
})

test('a challenge that does not help a critical origin becomes a block, when all gates passed and the bound is tiny, and only then', () => {
  const settings = { ...options, challengeAvailable: true }
  const critical = { coldStart: false, critical: true, challengeAvailable: true, challengeHarmShare: 0.05, strongestStep: 'block' as const }
  for (const [hits, end] of [[0, 'block'], [40, 'challenge']] as const) {
    const { book, context, pass, rules } = desk(settings)
    book.consider([proposal(7, hits)], context(flood))
    assert.equal(rules()[0].action, 'challenge')
    pass(1, challenged(100, 0), { ladder: critical })
    assert.equal(rules()[0].action, end, `${hits} hits`)
  }
})
