import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsoleAct } from '../../contract/console.ts'
import type { ControlView, RuleRecord } from '../../contract/control.ts'
import { undoOf } from './undo.ts'

const NOW = 1_700_000_000_000
const done = { done: true, sentence: 's', atWallMs: NOW }
const view = (...rules: ReadonlyArray<Partial<RuleRecord>>): ControlView => ({ rules: rules.map((one) => ({ id: 'r1', origin: 'automatic', action: 'block', dryRun: false, ...one })) }) as unknown as ControlView
const kindOf = (act: ConsoleAct, before: ControlView | null): string | null => undoOf(act, done, before)?.act.kind ?? null

test('an act on a rule is taken back by name and time; a rule that was added is ended; what is taken back is not offered again', () => {
  for (const kind of ['pin', 'unpin', 'veto', 'extend', 'step-down', 'expire'] as const) {
    assert.deepEqual(undoOf({ kind, ruleId: 'r1', untilWallMs: null, why: 'w' }, done, null), { act: { kind: 'take-back', ruleId: 'r1', of: kind, actAtWallMs: NOW, why: 'undo: w' } })
  }
  assert.equal(kindOf({ kind: 'add', ruleId: 'r1', when: [{ attribute: 'unproven' }], action: 'block', untilWallMs: null, why: 'w' }, null), 'expire')
  assert.equal(kindOf({ kind: 'take-back', ruleId: 'r1', of: 'pin', actAtWallMs: null, why: 'w' }, null), null)
})

test('counting only is taken back unless it was so already', () => {
  assert.equal(kindOf({ kind: 'dry-run', of: 'all', on: true, why: 'w' }, view({})), 'dry-run')
  assert.equal(kindOf({ kind: 'dry-run', of: 'all', on: true, why: 'w' }, view({ dryRun: true })), null)
  assert.equal(kindOf({ kind: 'dry-run', of: { rule: 'r1' }, on: false, why: 'w' }, view({ dryRun: true })), 'dry-run')
  assert.equal(kindOf({ kind: 'dry-run', of: { step: 'block' }, on: true, why: 'w' }, view({})), 'dry-run')
})

test('what was not done has no undo, and the undo of a long reason is still an order that is taken', () => {
  const act: ConsoleAct = { kind: 'veto', ruleId: 'r1', untilWallMs: null, why: 'x'.repeat(500) }
  assert.equal(undoOf(act, { done: false, sentence: 'no' }, null), null)
  const undo = undoOf(act, done, null)!
  assert.ok(undo.act.why.length <= 500)
  assert.ok(!('who' in undo.act))
})
