import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { OperatorAct } from '../../contract/operator-act.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { type KeptOrders, noOrders, readOrders, writeOrders } from './kept-orders.ts'
import { mitigationOptions } from './options.ts'
import { OrdersFile } from './orders-file.ts'
import { type BookContext, RuleBook } from './rule-book.ts'

const NOW = Date.UTC(2026, 10, 23)
const KEY = 77
const options = defaultsOf(mitigationOptions)
/** Acts ask the context for nothing but the time. */
const at = (nowWallMs: number): BookContext => ({ nowWallMs, nowMs: nowWallMs - NOW, options }) as unknown as BookContext
const signed = { who: 'anna', why: 'a reason' }

let folder: string
before(() => (folder = mkdtempSync(join(tmpdir(), 'polder-orders-'))))
after(() => rmSync(folder, { recursive: true }))

function ordered(...acts: readonly OperatorAct[]): RuleBook {
  const book = new RuleBook()
  for (const act of acts) book.act(act, at(NOW))
  return book
}

const acts: readonly OperatorAct[] = [
  { ...signed, kind: 'add', ruleId: 'by-hand', when: [{ attribute: 'path', glob: '/closed*' }, { attribute: 'prefix', cidrs: ['192.0.2.0/24', '2001:db8::/32'] }], action: 'limit', limitPerSecond: 5, untilWallMs: NOW + 3_600_000 },
  { ...signed, kind: 'add', ruleId: 'friends', when: [{ attribute: 'prefix', cidrs: ['198.51.100.7'] }], action: 'allow', untilWallMs: null },
  { ...signed, kind: 'add', ruleId: 'tool', when: [{ attribute: 'userAgent', equals: 9, text: 'tool/1' }, { attribute: 'unproven' }, { attribute: 'page-only', pages: 3 }], action: 'block', untilWallMs: null },
  { ...signed, kind: 'pin', ruleId: 'by-hand', untilWallMs: NOW + 7_200_000 },
  { ...signed, kind: 'dry-run', of: { rule: 'friends' }, on: true },
  { ...signed, kind: 'dry-run', of: { step: 'block' }, on: true },
  { ...signed, kind: 'veto', ruleId: 'auto-1', untilWallMs: null },
  { ...signed, kind: 'veto', ruleId: 'auto-2', untilWallMs: NOW + 60_000 },
]

function afterRestart(book: RuleBook, nowWallMs: number, featureKey = KEY): RuleBook {
  const next = new RuleBook()
  const text = writeOrders(book.keptOrders(nowWallMs), KEY)
  next.restoreOrders(text === '' ? noOrders : readOrders(text, featureKey, nowWallMs), nowWallMs, 0)
  return next
}

test('a book of the next life publishes the same rules and keeps the same orders', () => {
  const book = ordered(...acts)
  const next = afterRestart(book, NOW + 1_000)
  assert.deepEqual(next.planRules(NOW + 1_000, options), book.planRules(NOW + 1_000, options))
  assert.deepEqual(next.keptOrders(NOW + 1_000), book.keptOrders(NOW + 1_000))
  const record = next.records(options).find((rule) => rule.id === 'by-hand')!
  assert.deepEqual([record.who, record.why, record.stage, record.bornAtWallMs], ['anna', 'a reason', 'pinned', NOW])
})

test('what ran out meanwhile is gone: rules, pins, vetoes', () => {
  const later = afterRestart(ordered(...acts), NOW + 1_000).keptOrders(NOW + 1_000)
  const text = writeOrders(later, KEY)
  const read = readOrders(text, KEY, NOW + 8_000_000)
  assert.deepEqual(read.rules.map((rule) => rule.id), ['friends', 'tool'])
  assert.deepEqual(read.vetoes.map((veto) => veto.ruleId), ['auto-1'])
})

test('rules on hashes of another key are dropped, others stay', () => {
  assert.deepEqual(afterRestart(ordered(...acts), NOW, KEY + 1).planRules(NOW, options).map((rule) => rule.id).sort(), ['by-hand', 'friends'])
})

test('no damage to the file gets through as an order that nobody gave, and none throws anything but an Error with a sentence', () => {
  const text = writeOrders(ordered(...acts).keptOrders(NOW), KEY)
  const known = new Set(['by-hand', 'friends', 'tool'])
  fc.assert(fc.property(fc.nat(text.length - 1), fc.nat(40), fc.string({ maxLength: 4 }), (from, length, instead) => {
    const damaged = text.slice(0, from) + instead + text.slice(from + length)
    let read: KeptOrders
    try {
      read = readOrders(damaged, KEY, NOW)
    } catch (error) {
      assert.ok(error instanceof Error && error.message !== '')
      return
    }
    for (const rule of read.rules) assert.ok(rule.when.length > 0 && (known.has(rule.id) || rule.origin === 'operator'))
    new RuleBook().restoreOrders(read, NOW, 0)
  }), { numRuns: 2_000 })
  assert.throws(() => readOrders('{"format":2}', KEY, NOW), /another format/)
  const automatic = { ...ordered(...acts).keptOrders(NOW).rules.find((rule) => rule.id === 'friends')!, origin: 'automatic' as const }
  assert.throws(() => readOrders(writeOrders({ ...noOrders, rules: [automatic] }, KEY), KEY, NOW), /without an end/)
})

test('the file is written whole and for its owner alone, and goes when nothing is left to keep', () => {
  const path = join(folder, 'orders.json')
  const file = new OrdersFile(path, KEY)
  assert.deepEqual(file.read(NOW), { orders: noOrders, events: [] })
  const book = ordered(...acts)
  assert.deepEqual(file.save(book.keptOrders(NOW), NOW), [])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(new OrdersFile(path, KEY).read(NOW).orders.rules.length, 3)
  file.save(noOrders, NOW)
  assert.throws(() => statSync(path), { code: 'ENOENT' })
})

test('tidying drops what ran out, and leaves alone what a successor wrote', () => {
  const path = join(folder, 'tidy.json')
  const book = ordered(...acts)
  const file = new OrdersFile(path, KEY)
  file.save(book.keptOrders(NOW), NOW)
  file.tidy(book.keptOrders(NOW + 61_000), NOW + 61_000)
  assert.deepEqual(new OrdersFile(path, KEY).read(NOW).orders.vetoes.map((veto) => veto.ruleId), ['auto-1'])
  const successor = new OrdersFile(path, KEY)
  successor.read(NOW)
  successor.save(noOrders, NOW)
  successor.save({ ...noOrders, dryRunAll: true }, NOW)
  file.tidy(noOrders, NOW + 62_000)
  assert.equal(new OrdersFile(path, KEY).read(NOW).orders.dryRunAll, true)
})

test('a file that cannot be read is put aside and told; a folder that cannot be written is told', () => {
  const path = join(folder, 'broken.json')
  writeFileSync(path, '{"format":1,"featureKey":77,"dryRunAll":"yes"')
  const { orders, events } = new OrdersFile(path, KEY).read(NOW)
  assert.deepEqual([orders, events.map((event) => event.code)], [noOrders, ['orders-unreadable']])
  assert.match(readFileSync(`${path}.unusable`, 'utf8'), /dryRunAll/)
  const nowhere = new OrdersFile(join(folder, 'missing', 'orders.json'), KEY)
  assert.deepEqual(nowhere.save({ ...noOrders, dryRunAll: true }, NOW).map((event) => event.code), ['orders-not-saved'])
})
