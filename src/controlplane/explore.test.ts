import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ExploreAnswer, type ExploreFilter, type ExploreHarm, type KeptTop, exploreAttributes } from '../contract/explore.ts'
import { SAMPLE_WORDS } from '../contract/sample.ts'
import { SeededRandom } from '../kernel/random.ts'
import { Baseline } from './detection/baseline.ts'
import { ClientFacts } from './detection/client-facts.ts'
import { RequestWindow } from './detection/request-window.ts'
import { fieldIndex, type SampleField } from './evidence.ts'
import { explore, type ExploreSight } from './explore.ts'

const AGENT = { browser: 111, tool: 222 }
const texts = new Map([[AGENT.browser, 'Mozilla/5.0 (good)'], [AGENT.tool, 'flood/1.0 <b>'], [31, '/home'], [32, '/search*'], [41, 'GET']])

function words(fields: Partial<Record<SampleField, number>>): Uint32Array {
  const row = new Uint32Array(SAMPLE_WORDS)
  for (const [name, value] of Object.entries({ family: 4, httpVersion: 11, path: 31, method: 41, clientRequests: 3, clientPages: 1, ...fields })) row[fieldIndex[name as SampleField]] = value
  return row
}

/** 300 requests of a tool in 10.9.8.0/24 and 100 of browsers; normal times are browsers alone. */
function sight(): ExploreSight {
  const window = new RequestWindow()
  const facts = new ClientFacts()
  const baseline = new Baseline(new SeededRandom(1))
  window.begin(1, 1, 800)
  for (let i = 0; i < 400; i++) {
    const tool = i % 4 !== 0
    const row = words(tool ? { userAgent: AGENT.tool, addressHigh: 0x0a090800 + (i % 256), clientKey: i + 1, clientPages: 3 } : { userAgent: AGENT.browser, addressHigh: 0xc0000200 + (i % 256), clientKey: 10_000 + i, clientStatics: 2 })
    facts.see(row[fieldIndex.clientKey], 1, 3, row[fieldIndex.clientPages], row[fieldIndex.clientStatics], 0, false)
    window.add(row, 0)
  }
  window.judge(facts, 1)
  for (let hour = 0; hour < 20; hour++) for (let i = 0; i < 100; i++) baseline.learnRow(hour * 3_600_000, words({ userAgent: AGENT.browser, addressHigh: 0xc0000200 + i, clientKey: i, clientStatics: 2 }))
  return { window, baseline, textOf: (hash) => texts.get(hash) ?? '', networks: null }
}

const rows = (by: (typeof exploreAttributes)[number], where: readonly ExploreFilter[] = [], at = sight()): ExploreAnswer => {
  const reply = explore({ kind: 'rows', by, where }, at)
  assert.ok(reply.ok)
  return reply.answer as ExploreAnswer
}
const harm = (where: readonly ExploreFilter[]): ExploreHarm => {
  const reply = explore({ kind: 'harm', where }, sight())
  assert.ok(reply.ok)
  return reply.answer as ExploreHarm
}

test('a window is broken down by what its requests are, beside normal times, weighed to what was really asked', () => {
  const { rows: agents, total, sampled, normalKnown } = rows('userAgent')
  assert.deepEqual([total, sampled, normalKnown], [800, 400, 2_000])
  assert.deepEqual(agents.map(({ value, label, requests, share, normalShare, positiveShare }) => ({ value, label, requests, share, normalShare, positiveShare })), [
    { value: '222', label: 'flood/1.0 <b>', requests: 600, share: 0.75, normalShare: 0, positiveShare: 0 },
    { value: '111', label: 'Mozilla/5.0 (good)', requests: 200, share: 0.25, normalShare: 1, positiveShare: 1 },
  ])
})

test('filters narrow it, with the values the rows said, and prefixes of any length', () => {
  const at = sight()
  const [tool] = rows('userAgent', [], at).rows
  assert.deepEqual(rows('prefix', [{ attribute: 'userAgent', value: tool!.value }], at).rows.map(({ value }) => value), ['10.9.8.0/24'])
  assert.equal(rows('userAgent', [{ attribute: 'prefix', value: '10.0.0.0/8' }], at).total, 600)
  assert.deepEqual(rows('behaviour', [], at).rows.map(({ value, requests }) => [value, requests]), [['tool', 600], ['visitor', 200]])
  assert.equal(rows('path', [{ attribute: 'behaviour', value: 'visitor' }], at).total, 200)
  const none = rows('path', [{ attribute: 'userAgent', value: '999' }], at)
  assert.deepEqual([none.rows.length, none.total], [0, 0])
  assert.match(none.sentence, /no sampled request/)
  for (const attribute of exploreAttributes) {
    const reply = explore({ kind: 'rows', by: attribute, where: [] }, at)
    if (!reply.ok) assert.match(reply.sentence, /networkData|outcome/)
    else for (const row of (reply.answer as ExploreAnswer).rows) assert.ok(explore({ kind: 'rows', by: attribute, where: [{ attribute, value: row.value }] }, at).ok, `${attribute} ${row.value}`)
  }
})

test('the rule one could make says whom it would have touched, by the held-out half', () => {
  const flood = harm([{ attribute: 'userAgent', value: '222' }])
  assert.deepEqual(flood.when, [{ attribute: 'userAgent', equals: 222, text: 'flood/1.0 <b>' }])
  assert.equal(flood.hits, 0)
  assert.ok(flood.sampled > 900 && flood.upperShare < 0.01)
  assert.equal(flood.now.share, 0.75)
  assert.equal(flood.now.positiveShare, 0)
  const people = harm([{ attribute: 'userAgent', value: '111' }])
  assert.equal(people.upperShare, 1)
  assert.match(people.sentence, /at most 100.0 %/)
  assert.match(harm([{ attribute: 'path', value: '31' }]).sentence, /names only what is asked for/)
})

test('where no rule can be made the sentence says why', () => {
  const cases: ReadonlyArray<readonly [ExploreFilter[], RegExp]> = [
    [[], /match everybody/],
    [[{ attribute: 'pathClass', value: 'page' }], /cannot name a kind of path/],
    [[{ attribute: 'behaviour', value: 'visitor' }], /never the ones to act on/],
    [[{ attribute: 'path', value: '32' }], /not known any more/],
    [[{ attribute: 'tlsFingerprint', value: '0' }], /cannot name what is missing/],
  ]
  for (const [where, sentence] of cases) {
    const { when, sentence: said } = harm(where)
    assert.deepEqual(when, [])
    assert.match(said, sentence)
  }
  for (const value of ['', '-1', '1e3', '99999999999', 'x']) assert.equal(explore({ kind: 'harm', where: [{ attribute: 'userAgent', value }] }, sight()).ok, false)
  assert.equal(explore({ kind: 'rows', by: 'path', where: [{ attribute: 'prefix', value: 'x/y' }] }, sight()).ok, false)
  assert.equal(explore({ kind: 'rows', by: 'country', where: [] }, sight()).ok, false)
})

test('the heaviest values of each attribute, for keeping', () => {
  const reply = explore({ kind: 'tops' }, sight())
  assert.ok(reply.ok)
  const tops = reply.answer as readonly KeptTop[]
  assert.ok(tops.length >= 14)
  for (const { rows: some } of tops) assert.ok(some.length <= 6)
  assert.equal(tops.find(({ attribute }) => attribute === 'userAgent')!.rows[1]!.normalShare, 1)
})
