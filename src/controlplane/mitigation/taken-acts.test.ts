import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActOnRule, OperatorAct, TakeBack } from '../../contract/operator-act.ts'
import { SAMPLE_WORDS } from '../../contract/sample.ts'
import { setBit } from '../../kernel/bitset.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { type ControlEvent, type RuleRecord, type Rung, type WindowRows, fieldIndex } from '../evidence.ts'
import { noOrders, readOrders, writeOrders } from './kept-orders.ts'
import { HELD_MS } from './lifetime.ts'
import { mitigationOptions } from './options.ts'
import { type BookContext, RuleBook } from './rule-book.ts'
import type { Proposal } from './synthesise.ts'

const START = Date.UTC(2026, 10, 23)
const HOUR = 3_600_000
const options = { ...defaultsOf(mitigationOptions), canaryShare: 0.05 }

/** Ten seconds of 100 requests a second with one order of headers, from as many clients, none of them a visitor. */
function windowOf(headerOrder: number, rows = 1_000): WindowRows {
  const words = Math.max(1, Math.ceil(rows / 32))
  const columns = Array.from({ length: SAMPLE_WORDS }, () => new Uint32Array(words * 32))
  const [present, judged, empty] = [new Uint32Array(words), new Uint32Array(words), new Uint32Array(words)]
  for (let row = 0; row < rows; row++) {
    setBit(present, row)
    setBit(judged, row)
    columns[fieldIndex.headerOrder][row] = headerOrder
    columns[fieldIndex.clientKey][row] = row + 1
    columns[fieldIndex.clientPages][row] = 3
  }
  const count = (bits: Uint32Array): number => bits.reduce((sum, word) => sum + word.toString(2).replaceAll('0', '').length, 0)
  return {
    capacity: words * 32, columns, present, proven: empty, judged, suspicious: judged, pageOnly: judged, onePageOnly: judged, protected: empty, open: () => rows, newest: () => present, seen: () => rows, seconds: () => 10,
    weigh: count, weighCommon: (a, b) => count(a.map((word, i) => word & b[i])),
  }
}

function proposal(id: string, headerOrder: number): Proposal {
  const gates = (['G1-purity', 'G2-collateral', 'G3-coverage', 'G4-origin-strained', 'G5-visitors', 'G6-allow-list'] as const).map((gate) => ({ gate, passed: true, value: 0, limit: 1, sentence: '' }))
  return { id, when: [{ attribute: 'headerOrder', equals: headerOrder }], sentence: 's', evidence: { gates, harm: { hits: 0, sampled: 10_000, upperShare: 0.0001, level: 0.0025 }, expectedPerSecond: 0.1, matchedPerSecond: 100, excessShare: 0.9 } }
}

/** A book with one automatic rule `r` and one by hand, `mine`, under a flood of `r`. */
function desk(rung: Rung = 'block') {
  const book = new RuleBook()
  let second = 0
  const flood = windowOf(7)
  const nobody = windowOf(0, 0)
  const context = (window: WindowRows, critical: boolean): BookContext => ({
    nowWallMs: START + second * 1_000, nowMs: second * 1_000, tick: second, window, textOf: () => '', inIncident: true, options,
    ladder: { coldStart: false, critical, challengeAvailable: true, challengeHarmShare: 0.05, strongestStep: 'block' },
  })
  book.consider([proposal('r', 7)], context(flood, rung === 'block'))
  book.act({ kind: 'add', ruleId: 'mine', when: [{ attribute: 'path', glob: '/closed*' }], action: 'block', untilWallMs: START + 2 * HOUR, who: 'anna', why: 'mine' }, context(flood, false))
  return {
    now: () => START + second * 1_000,
    act: (act: Partial<OperatorAct> & { kind: OperatorAct['kind'] }): ControlEvent => book.act({ ruleId: 'r', untilWallMs: null, who: 'bert', why: 'a test', ...act } as OperatorAct, context(flood, false))[0],
    takeBack: (of: ActOnRule['kind'], more: Partial<TakeBack> = {}): ControlEvent => book.act({ kind: 'take-back', ruleId: 'r', of, actAtWallMs: null, who: 'cleo', why: 'undo', ...more }, context(flood, false))[0],
    pass: (seconds: number, { flooding = true, critical = false, proposing = false } = {}): ControlEvent[] => {
      const events: ControlEvent[] = []
      for (let i = 0; i < seconds; i++) {
        second++
        const at = context(flooding ? flood : nobody, critical)
        events.push(...book.update({}, at))
        if (proposing) events.push(...book.consider([proposal('r', 7)], at))
      }
      return events
    },
    record: (id = 'r'): RuleRecord | undefined => book.records(options).find((rule) => rule.id === id),
    plan: (id = 'r') => book.planRules(START + second * 1_000, options).find((rule) => rule.id === id),
    restarted: (): RuleBook => {
      const next = new RuleBook()
      const text = writeOrders(book.keptOrders(START + second * 1_000), 1)
      next.restoreOrders(text === '' ? noOrders : readOrders(text, 1, START + second * 1_000), START + second * 1_000, 0)
      return next
    },
  }
}

test('a step down is one step milder at once; id, evidence and end stay', () => {
  const { act, record, plan } = desk()
  const before = record()!
  assert.equal(before.action, 'block')
  const event = act({ kind: 'step-down', why: 'hits a library' })
  assert.equal(event.code, 'operator-step-down')
  assert.match(event.sentence, /^stepped down from block to limit; not raised by itself for ten minutes: .+ \(r\) \(bert: hits a library\)$/)
  const after = record()!
  assert.deepEqual([after.id, after.action, after.evidence, after.expiresAtWallMs, after.who], ['r', 'limit', before.evidence, before.expiresAtWallMs, 'bert'])
  assert.equal(plan()!.action, 'limit')
  assert.ok(plan()!.limitPerSecond! > 0)
  assert.equal(after.heldUntilWallMs, START + HELD_MS)
})

test('for ten minutes nothing raises it by itself: neither proof of its canary, nor a critical origin, nor its pattern proposed again, nor a pause of its flood', () => {
  const { act, pass, record } = desk()
  act({ kind: 'step-down' })
  pass(HELD_MS / 1_000 - 100, { critical: true, proposing: true })
  assert.equal(record()!.action, 'limit')
  pass(35, { flooding: false })
  pass(60, { critical: true, proposing: true })
  assert.equal(record()!.action, 'limit', 'back from its decay to the step it was put on, and no further')
  pass(120, { critical: true, proposing: true })
  assert.equal(record()!.action, 'block', 'afterwards it climbs as any rule does')
  assert.equal(record()!.heldUntilWallMs, undefined)
})

test('each step of the ladder has the one below it; the mildest, a rule that lets through, one that sleeps and one that is vetoed have none', () => {
  const { act, record, pass, plan } = desk()
  for (const [from, to] of [['block', 'limit'], ['limit', 'challenge'], ['challenge', 'tag'], ['tag', 'observe']] as const) {
    assert.equal(record('mine')!.action, from)
    assert.equal(act({ kind: 'step-down', ruleId: 'mine' }).code, 'operator-step-down')
    assert.equal(record('mine')!.action, to)
    if (to === 'limit') assert.equal(plan('mine')!.limitPerSecond, 1, 'a block of an operator named no limit')
  }
  assert.match(act({ kind: 'step-down', ruleId: 'mine' }).sentence, /observe is the mildest step/)
  act({ kind: 'add', ruleId: 'friends', when: [{ attribute: 'path', glob: '/x' }], action: 'allow' })
  assert.match(act({ kind: 'step-down', ruleId: 'friends' }).sentence, /lets through has no milder step/)
  assert.match(act({ kind: 'step-down', ruleId: 'nobody' }).sentence, /no such rule/)
  pass(200, { flooding: false })
  assert.equal(record()!.stage, 'dormant')
  assert.match(act({ kind: 'step-down' }).sentence, /asleep/)
  act({ kind: 'veto' })
  assert.match(act({ kind: 'step-down' }).sentence, /vetoed/)
})

test('a pinned rule stepped down stays pinned, on the milder step', () => {
  const { act, pass, record } = desk()
  act({ kind: 'pin' })
  act({ kind: 'step-down' })
  pass(2_000, { critical: true, proposing: true })
  assert.deepEqual([record()!.stage, record()!.action], ['pinned', 'limit'])
})

test('the hold outlives a restart of the control plane, and is never longer than ten minutes', () => {
  const { act, pass, restarted } = desk()
  act({ kind: 'step-down' })
  pass(60)
  const kept = restarted().records(options).find((rule) => rule.id === 'r')!
  assert.deepEqual([kept.action, kept.heldUntilWallMs], ['limit', START + HELD_MS])
})

/** What a person sees of a rule and may be undone. */
const seen = (rule: RuleRecord | undefined): unknown => rule === undefined ? null : [rule.action, rule.stage, rule.expiresAtWallMs, rule.heldUntilWallMs, rule.dryRun, rule.evidence !== null]

interface Case {
  readonly name: string
  readonly before?: ReadonlyArray<Partial<OperatorAct> & { readonly kind: OperatorAct['kind'] }>
  readonly act: Partial<ActOnRule> & { readonly kind: ActOnRule['kind'] }
}

const cases: readonly Case[] = [
  { name: 'pin', act: { kind: 'pin' } },
  { name: 'pin for a time', act: { kind: 'pin', untilWallMs: START + HOUR } },
  { name: 'pin of a vetoed rule', before: [{ kind: 'veto', untilWallMs: START + HOUR }], act: { kind: 'pin' } },
  { name: 'unpin of a pin with an end', before: [{ kind: 'pin', untilWallMs: START + HOUR }], act: { kind: 'unpin' } },
  { name: 'unpin of a veto with an end', before: [{ kind: 'veto', untilWallMs: START + HOUR }], act: { kind: 'unpin' } },
  { name: 'veto', act: { kind: 'veto' } },
  { name: 'veto of a pinned rule', before: [{ kind: 'pin', untilWallMs: START + HOUR }], act: { kind: 'veto', untilWallMs: START + 60_000 } },
  { name: 'extend', act: { kind: 'extend', untilWallMs: START + HOUR } },
  { name: 'extend by hand', act: { kind: 'extend', ruleId: 'mine', untilWallMs: START + 9 * HOUR } },
  { name: 'extend twice, the second', before: [{ kind: 'extend', untilWallMs: START + 600_000 }], act: { kind: 'extend', untilWallMs: START + HOUR } },
  { name: 'step down', act: { kind: 'step-down' } },
  { name: 'step down of a pinned rule', before: [{ kind: 'pin' }], act: { kind: 'step-down' } },
  { name: 'step down of a block by hand', act: { kind: 'step-down', ruleId: 'mine' } },
  { name: 'expire', act: { kind: 'expire' } },
  { name: 'expire of a pinned rule that only counts', before: [{ kind: 'pin' }, { kind: 'dry-run', of: { rule: 'r' }, on: true }], act: { kind: 'expire' } },
  { name: 'expire by hand', act: { kind: 'expire', ruleId: 'mine' } },
]

for (const { name, before = [], act: order } of cases) {
  test(`taken back exactly: ${name}`, () => {
    const { act, takeBack, record, plan, pass } = desk()
    for (const one of before) {
      act(one)
      pass(1)
    }
    const ruleId = order.ruleId ?? 'r'
    const [was, inPlan] = [seen(record(ruleId)), plan(ruleId)]
    const done = act(order)
    assert.notEqual(done.code, 'operator-refused', done.sentence)
    assert.notDeepEqual([seen(record(ruleId)), plan(ruleId)], [was, inPlan], 'the act changed something')
    const back = takeBack(order.kind, { ruleId, actAtWallMs: done.atWallMs })
    assert.equal(back.code, 'operator-take-back', back.sentence)
    assert.match(back.sentence, /of bert is taken back.*\(cleo: undo\)$/)
    assert.deepEqual(seen(record(ruleId)), was)
    assert.deepEqual(plan(ruleId), inPlan)
    assert.match(takeBack(order.kind, { ruleId, actAtWallMs: done.atWallMs }).code, /operator-refused/, 'once')
    pass(1)
    assert.deepEqual(plan(ruleId)?.action, inPlan?.action, 'and it stays so')
  })
}

test('a veto of a pattern that was only thought of is lifted again', () => {
  const { act, takeBack } = desk()
  act({ kind: 'veto', ruleId: 'r-thought' })
  assert.equal(takeBack('veto', { ruleId: 'r-thought' }).code, 'operator-take-back')
  assert.match(act({ kind: 'unpin', ruleId: 'r-thought' }).sentence, /no such rule/, 'it is not vetoed any more')
})

test('acts on one rule are taken back newest first, and only by their own time', () => {
  const { act, takeBack, pass, record } = desk()
  const first = act({ kind: 'extend', untilWallMs: START + 30 * 60_000 })
  pass(1)
  const second = act({ kind: 'extend', untilWallMs: START + 50 * 60_000, who: 'dora' })
  assert.match(takeBack('extend', { actAtWallMs: first.atWallMs }).sentence, /dora has done something else to it since \(extend\): take that back first/)
  takeBack('extend', { actAtWallMs: second.atWallMs })
  assert.equal(record()!.expiresAtWallMs, START + 30 * 60_000)
  takeBack('extend', { actAtWallMs: first.atWallMs })
  assert.ok(record()!.expiresAtWallMs! < START + 10 * 60_000)
})

test('what has moved on is not turned back: a rule lowered since, a pin that ran out, a rule that came back, an act of long ago', () => {
  const lowered = desk()
  lowered.act({ kind: 'step-down' })
  lowered.pass(40, { flooding: false })
  assert.match(lowered.takeBack('step-down').sentence, /moved on since: it is decaying, at challenge/)
  const ranOut = desk()
  ranOut.act({ kind: 'pin', untilWallMs: START + 5_000 })
  ranOut.act({ kind: 'unpin' })
  ranOut.pass(10)
  assert.match(ranOut.takeBack('unpin').sentence, /the pin of before is over/)
  const back = desk()
  back.act({ kind: 'expire' })
  back.pass(1, { proposing: true, critical: true })
  assert.match(back.takeBack('expire').sentence, /come back by itself/)
  const late = desk()
  late.act({ kind: 'pin' })
  late.pass(3_700)
  assert.match(late.takeBack('pin').sentence, /no act of the last hour/)
  assert.equal(late.record()!.stage, 'pinned')
})
