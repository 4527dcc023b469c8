import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SAMPLE_WORDS, type SampleBatch, sampleFlags } from '../../contract/sample.ts'
import { routeClasses } from '../../contract/route-class.ts'
import { countBits, hasBit } from '../../kernel/bitset.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { type SampleField, fieldIndex } from '../evidence.ts'
import { ClientFacts } from './client-facts.ts'
import { orderRecords } from './intake.ts'
import { RequestWindow } from './request-window.ts'
import { SeenNetworks } from './seen-networks.ts'
import { TextStore } from './text-store.ts'
import { RateWindows } from './windows.ts'

function record(fields: Partial<Record<SampleField, number>>): Uint32Array {
  const words = new Uint32Array(SAMPLE_WORDS)
  for (const [name, value] of Object.entries(fields)) words[fieldIndex[name as SampleField]] = value
  return words
}

function batchOf(records: readonly Uint32Array[], worker = 0): SampleBatch {
  const words = new Uint32Array(records.length * SAMPLE_WORDS)
  records.forEach((one, i) => words.set(one, i * SAMPLE_WORDS))
  return { worker, fromWallMs: 0, toWallMs: 1_000, seen: records.length, weight: 1, words, strings: [] }
}

test('invariant 23: the order of arrival, and which worker saw what, leave no trace', () => {
  const anyRecord = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: SAMPLE_WORDS, maxLength: SAMPLE_WORDS }).map((values) => Uint32Array.from(values))
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 60 }), fc.nat(), fc.integer({ min: 1, max: 40 }), (records, seed, most) => {
      const random = new SeededRandom(seed)
      const shuffled = records.map((one) => ({ one: one.slice(), at: random.next() })).sort((a, b) => a.at - b.at).map(({ one }) => one)
      for (const one of shuffled) one[fieldIndex.atMs] = random.below(1_000)
      const cut = random.below(records.length + 1)
      const straight = orderRecords([batchOf(records)], most, 5)
      const mixed = orderRecords([batchOf(shuffled.slice(0, cut)), batchOf(shuffled.slice(cut), 1)], most, 5)
      for (const words of [straight.words, mixed.words]) for (let at = 0; at < words.length; at += SAMPLE_WORDS) words[at] = 0
      assert.deepEqual(straight, mixed)
    }),
  )
})

test('a broken batch loses its tail and nothing else', () => {
  const good = batchOf([record({ clientKey: 1 }), record({ clientKey: 2 })])
  const intake = orderRecords([{ ...good, words: good.words.subarray(0, SAMPLE_WORDS + 3), seen: Number.NaN }], 10, 0)
  assert.equal(intake.records, 1)
  assert.equal(intake.seen, 1)
})

function judge(history: ReadonlyArray<Partial<Record<SampleField, number>>>): { window: RequestWindow; facts: ClientFacts } {
  const window = new RequestWindow(10, 32)
  const facts = new ClientFacts(64)
  history.forEach((fields, i) => {
    const words = record({ clientKey: 9, ...fields })
    window.begin(i + 1, 1, 1)
    window.add(words, 0)
    facts.see(words[fieldIndex.clientKey], i + 1, words[fieldIndex.clientRequests], words[fieldIndex.clientPages], words[fieldIndex.clientStatics], words[fieldIndex.clientEchoes], (words[fieldIndex.flags] & sampleFlags.validClearance) !== 0)
    window.judge(facts, i + 1)
  })
  return { window, facts }
}

const marks = (window: RequestWindow): string => ['proven', 'judged', 'suspicious', 'pageOnly'].map((name) => countBits(window[name as 'proven'])).join(' ')

test('a visitor is proven with hindsight: the page came before its pictures', () => {
  const { window } = judge([{ clientPages: 0 }, { clientPages: 1, clientStatics: 3, pathClass: 1 }])
  assert.equal(marks(window), '2 0 0 0')
})

test('who gets page after page and nothing else is judged, then page-only', () => {
  assert.equal(marks(judge([{}, { clientPages: 1 }]).window), '0 2 2 0')
  assert.equal(marks(judge([{}, { clientPages: 1 }, { clientPages: 2 }, { clientPages: 3 }]).window), '0 4 4 4')
})

test('a page that failed accuses nobody: who reloads a broken site is silent, never judged', () => {
  assert.equal(marks(judge([{}]).window), '0 0 0 0')
  assert.equal(marks(judge([{}, {}, {}, {}]).window), '0 0 2 0')
})

test('one style sheet does not buy a hundred pages', () => {
  assert.equal(marks(judge([{ clientPages: 1, clientStatics: 1 }]).window), '1 0 0 0')
  assert.equal(marks(judge([{ clientPages: 100, clientStatics: 1 }, {}, {}]).window), '0 0 1 0')
})

test('a made-up cookie sent from the first request on proves nothing; one that was given and brought back does', () => {
  assert.equal(marks(judge([{ clientRequests: 1, clientEchoes: 1 }, { clientRequests: 4, clientPages: 3, clientEchoes: 4 }]).window), '0 2 2 0')
  assert.equal(marks(judge([{ clientRequests: 1 }, { clientRequests: 4, clientPages: 3, clientEchoes: 3 }]).window), '2 0 0 0')
})

test('who posts without ever having had a page is judged; a clearance proves', () => {
  assert.equal(marks(judge([{ pathClass: routeClasses.indexOf('write') }]).window), '0 1 1 0')
  assert.equal(marks(judge([{ clientPages: 9, flags: sampleFlags.validClearance }]).window), '1 0 0 0')
})

test('a window forgets after ten ticks and weighs rows by what they stand for', () => {
  const window = new RequestWindow(10, 32)
  for (let tick = 1; tick <= 25; tick++) {
    window.begin(tick, 1, 50)
    for (let i = 0; i < 40; i++) window.add(record({ clientKey: tick * 100 + i }), 0)
  }
  assert.equal(countBits(window.present), 320)
  assert.equal(window.weigh(window.present), 500)
  assert.equal(window.weigh(window.present, 2), 100)
  assert.equal(window.seen(), 500)
  assert.equal(countBits(window.newest(1)), 32)
  let oldest = 0
  window.takeOldest(4, (words) => {
    oldest++
    assert.equal(Math.floor(words[fieldIndex.clientKey] / 100), 16)
  })
  assert.equal(oldest, 4)
})

test('invariant 14: facts about clients take the same memory for a million of them, and the latest are kept', () => {
  const facts = new ClientFacts(1_024)
  const before = facts.bytes
  for (let key = 1; key <= 1_000_000; key++) facts.see(key, Math.ceil(key / 500), 1, 1, 0, 0, false)
  assert.equal(facts.bytes, before)
  let kept = 0
  for (let key = 999_500; key <= 1_000_000; key++) if (facts.find(key) !== -1) kept++
  assert.ok(kept > 450, String(kept))
})

test('a late tick is a longer span, not a peak', () => {
  const windows = new RateWindows()
  for (let i = 0; i < 30; i++) windows.push(40, 1)
  windows.push(200, 5)
  assert.equal(windows.ratePerSecond(5), 40)
  assert.equal(windows.calmRatePerSecond(0), 40)
  assert.equal(new RateWindows().calmRatePerSecond(), -1)
})

test('networks once seen are known for two weeks at least, others hardly ever by chance', () => {
  const networks = new SeenNetworks()
  for (let i = 0; i < 20_000; i++) networks.add(4, i << 12, 0, i)
  for (let i = 0; i < 20_000; i++) assert.ok(networks.has(4, (i << 12) | 255, 0))
  let wrong = 0
  for (let i = 0; i < 20_000; i++) if (networks.has(6, i, i)) wrong++
  assert.ok(wrong < 300, String(wrong))
})

test('texts of a flood of random paths do not wash away a text that was used', () => {
  const texts = new TextStore()
  texts.learn([[1, 'curl/8']])
  assert.equal(texts.textOf(1), 'curl/8')
  texts.learn(Array.from({ length: 40_000 }, (_, i) => [i + 10, `/${i}`] as const))
  assert.equal(texts.textOf(1), 'curl/8')
  assert.equal(texts.textOf(11), '')
  assert.ok(hasBit(Uint32Array.of(2), 1))
})
