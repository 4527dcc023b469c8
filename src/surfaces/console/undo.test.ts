import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsoleAct } from '../../contract/console.ts'
import type { ControlView, RuleRecord } from '../../contract/control.ts'
import { undoOf } from './undo.ts'

const NOW = 1_700_000_000_000
const rule = (more: Partial<RuleRecord> = {}): RuleRecord => ({
  id: 'r1', origin: 'automatic', sentence: 's', when: [{ attribute: 'path', glob: '/x' }], action: 'block', stage: 'active', dryRun: false, bornAtWallMs: NOW, expiresAtWallMs: NOW + 60_000, who: '', why: '', evidence: null,
  since: { matched: 0, positive: 0, canaryTried: 0, canaryPassed: 0 }, history: [], ...more,
})
const kindOf = (act: ConsoleAct, before: RuleRecord[], plan: Parameters<typeof undoOf>[2] = []): string | null => undoOf(act, { rules: before } as unknown as ControlView, plan, NOW)?.act.kind ?? null
const on = (kind: 'pin' | 'unpin' | 'veto' | 'extend' | 'expire'): ConsoleAct => ({ kind, ruleId: 'r1', untilWallMs: kind === 'extend' ? NOW + 1 : null, why: 'because' }) as ConsoleAct

test('each act is taken back by what was so before it, or by nothing', () => {
  assert.equal(kindOf(on('pin'), [rule()]), 'unpin')
  assert.equal(kindOf(on('pin'), [rule({ stage: 'pinned' })]), null)
  assert.equal(kindOf(on('pin'), [rule({ stage: 'vetoed' })]), null)
  assert.equal(kindOf(on('unpin'), [rule({ stage: 'pinned' })]), 'pin')
  assert.equal(kindOf(on('unpin'), [rule({ stage: 'vetoed' })]), 'veto')
  assert.equal(kindOf(on('veto'), [rule()]), 'unpin')
  assert.equal(kindOf(on('veto'), [rule({ stage: 'pinned' })]), 'pin')
  assert.equal(kindOf(on('extend'), [rule()]), null)
  assert.equal(kindOf(on('expire'), [rule()]), null, 'an automatic rule comes back by itself when it is needed')
  assert.equal(kindOf(on('expire'), [rule({ origin: 'operator' })]), 'add')
  assert.equal(kindOf(on('expire'), [rule({ origin: 'operator', action: 'limit' })]), null, 'its limit is not known')
  assert.equal(kindOf(on('expire'), [rule({ origin: 'operator', action: 'limit' })], [{ id: 'r1', origin: 'operator', action: 'limit', when: [], dryRun: false, expiresAtWallMs: null, limitPerSecond: 5 }]), 'add')
  assert.equal(kindOf({ kind: 'dry-run', of: 'all', on: true, why: 'w' }, [rule()]), 'dry-run')
  assert.equal(kindOf({ kind: 'dry-run', of: 'all', on: true, why: 'w' }, [rule({ dryRun: true })]), null, 'it was so already')
  assert.equal(kindOf({ kind: 'dry-run', of: { rule: 'r1' }, on: false, why: 'w' }, [rule({ dryRun: true })]), 'dry-run')
  assert.equal(kindOf(on('pin'), []), null)
})

test('the undo of a long reason is still an order that is taken', () => {
  const undo = undoOf({ ...on('veto'), why: 'x'.repeat(500) }, { rules: [rule()] } as unknown as ControlView, [], NOW)!
  assert.ok(undo.act.why.length <= 500)
  assert.ok(!('who' in undo.act))
})
