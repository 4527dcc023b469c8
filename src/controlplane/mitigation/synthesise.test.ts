import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SAMPLE_WORDS, sampleFlags } from '../../contract/sample.ts'
import { countBits, popCount, setBit, wordsForBits } from '../../kernel/bitset.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { PROTECTED_FLAGS, type HeavyValue, type RequestRows, type SampleField, type WindowRows, behavesLikeVisitor, fieldIndex, itemFields } from '../evidence.ts'
import { boundHarm } from './collateral.ts'
import { markMatches } from './match-rows.ts'
import { showsAttack } from './ladder.ts'
import { type SynthesisInputs, isAdmissible, ruleIdOf, synthesise } from './synthesise.ts'

type Row = Partial<Record<SampleField, number>>

/** Rows in a table of their own. */
function table(rows: readonly Row[]): RequestRows {
  const capacity = Math.ceil(rows.length / 32) * 32
  const columns = Array.from({ length: SAMPLE_WORDS }, () => new Uint32Array(capacity))
  const present = new Uint32Array(wordsForBits(capacity))
  rows.forEach((row, i) => {
    setBit(present, i)
    for (const [name, value] of Object.entries(row)) columns[fieldIndex[name as SampleField]][i] = value
  })
  return { capacity, columns, present }
}

/** Ten seconds in which every row is one request, judged by its own counters. */
function windowOf(rows: readonly Row[]): WindowRows {
  const base = table(rows)
  const bits = (): Uint32Array => new Uint32Array(base.present.length)
  const [proven, judged, suspicious, pageOnly, onePageOnly, sheltered] = [bits(), bits(), bits(), bits(), bits(), bits()]
  rows.forEach((row, i) => {
    if (((row.flags ?? 0) & PROTECTED_FLAGS) !== 0) return setBit(sheltered, i)
    const [pages, statics, echoes] = [row.clientPages ?? 0, row.clientStatics ?? 0, row.clientEchoes ?? 0]
    if (behavesLikeVisitor(row.clientRequests ?? 0, pages, statics, echoes)) setBit(proven, i)
    else {
      setBit(suspicious, i)
      if (pages >= 1 && statics === 0 && echoes === 0) setBit(judged, i)
      if (pages >= 1 && statics === 0 && echoes === 0) setBit(onePageOnly, i)
      if (pages >= 3 && statics === 0 && echoes === 0) setBit(pageOnly, i)
    }
  })
  const common = (a: Uint32Array, b: Uint32Array): number => a.reduce((sum, word, i) => sum + popCount(word & b[i]), 0)
  return {
    ...base, proven, judged, suspicious, pageOnly, onePageOnly, protected: sheltered,
    weigh: (a) => countBits(a), weighCommon: common, open: () => rows.length - countBits(sheltered), newest: () => base.present, seen: () => rows.length, seconds: () => 10,
  }
}

function inputsOf(baseline: readonly Row[], window: readonly Row[], expectedPerSecond: number): SynthesisInputs {
  const counts = new Map<string, number>()
  for (const row of window) for (const field of itemFields) counts.set(`${field} ${row[field] ?? 0}`, (counts.get(`${field} ${row[field] ?? 0}`) ?? 0) + 1)
  const values: HeavyValue[] = [...counts].filter(([, n]) => n >= window.length * 0.03).map(([key]) => ({ field: key.split(' ')[0] as HeavyValue['field'], value: Number(key.split(' ')[1]) }))
  const proven = baseline.filter((row) => behavesLikeVisitor(row.clientRequests ?? 0, row.clientPages ?? 0, row.clientStatics ?? 0, row.clientEchoes ?? 0)).length
  return {
    window: windowOf(window), baseline: table(baseline), normalProvenShare: proven / baseline.length, normalProtectedShare: 0, expectedPerSecond, values, ranges: [], originStrained: true,
    covered: new Uint32Array(wordsForBits(Math.ceil(window.length / 32) * 32)), maxRules: 8, blockHarmShare: 0.01, canaryOf: () => ({ tried: 0, passed: 0 }), textOf: (hash) => (hash === 1 ? 'GET' : `#${hash}`),
  }
}

/** Someone by the site's own mix of programs and behaviour: `bare` never fetches what belongs to a page. */
function someone(random: SeededRandom, bareShare: number, programs: number): Row {
  const program = Math.floor(random.next() ** 2 * programs)
  const bare = random.next() < bareShare
  const pages = 3 + random.below(4)
  return {
    clientKey: random.below(1e9), userAgent: 100 + program * 3 + random.below(3), userAgentShape: 200 + program, headerOrder: 300 + (program >> 1), acceptCombo: 400 + random.below(5), httpVersion: program % 4 === 0 ? 11 : 20,
    method: 1, pathTemplate: 500 + random.below(30), refererClass: random.below(3), queryShape: random.next() < 0.1 ? 600 : 0, clientPages: pages, clientStatics: bare ? 0 : pages * 4, clientEchoes: bare ? 0 : pages, clientRequests: pages * 5,
  }
}

const repeat = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make)
const wouldRefuse = (inputs: SynthesisInputs) => synthesise(inputs).filter((proposal) => proposal.evidence.gates.every((gate) => gate.passed))
/** Also those that could only put a challenge before whom they match. */
const wouldAct = (inputs: SynthesisInputs) => synthesise(inputs).filter((proposal) => showsAttack(proposal.when, proposal.evidence, { coldStart: false, critical: false, challengeAvailable: true, challengeHarmShare: 0.05, strongestStep: 'block' }))

test('invariant 5: a surge of the usual people yields no rule, whatever it asks for', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.double({ min: 0, max: 0.6, noNaN: true }), fc.integer({ min: 1, max: 16 }), fc.integer({ min: 2, max: 60 }), fc.nat(2), (seed, bareShare, programs, factor, kind) => {
      const random = new SeededRandom(seed)
      const baseline = repeat(6_000, () => someone(random, bareShare, programs))
      const page = { pathTemplate: 999, path: 999, refererClass: 2, referer: 77, ...(kind > 0 ? { queryShape: 888 } : {}), ...(kind > 1 ? { pathClass: 4 } : {}) }
      const surge = repeat(40 * factor, () => ({ ...someone(random, bareShare, programs), ...page }))
      const window = [...repeat(40, () => someone(random, bareShare, programs)), ...surge]
      assert.deepEqual(wouldAct(inputsOf(baseline, window, 4)).map((proposal) => proposal.sentence), [])
    }),
    { numRuns: 80 },
  )
})

test('a crowd of one new app that behaves like people yields no rule either', () => {
  const random = new SeededRandom(5)
  const baseline = repeat(6_000, () => someone(random, 0.3, 8))
  const crowd = repeat(2_000, () => ({ ...someone(random, 0.3, 8), userAgent: 9_001, userAgentShape: 9_002, headerOrder: 9_003, acceptCombo: 9_004, pathTemplate: 999 }))
  assert.deepEqual(wouldAct(inputsOf(baseline, crowd, 4)), [])
})

test('a crowd of one new app whose pages all fail, so that nobody can prove anything, yields no rule', () => {
  const random = new SeededRandom(5)
  const baseline = repeat(6_000, () => someone(random, 0.05, 8))
  const crowd = repeat(2_000, () => ({ ...someone(random, 0.05, 8), headerOrder: 9_003, clientPages: 0, clientStatics: 0, clientEchoes: 0, pathTemplate: 999 }))
  assert.deepEqual(wouldAct(inputsOf(baseline, crowd, 4)), [])
})

const bot = (random: SeededRandom, more: Row = {}): Row => ({ ...someone(random, 1, 8), clientPages: 1 + random.below(8), pathTemplate: 500, ...more })

test('a tool is found by what it is, and its harm is bounded on samples that did not choose it', () => {
  const random = new SeededRandom(6)
  const baseline = repeat(8_000, () => someone(random, 0.05, 8))
  const window = [...repeat(400, () => someone(random, 0.05, 8)), ...repeat(8_000, () => bot(random, { headerOrder: 4_711 }))]
  const inputs = inputsOf(baseline, window, 40)
  const rules = wouldRefuse(inputs)
  assert.deepEqual(rules.map((rule) => rule.when), [[{ attribute: 'headerOrder', equals: 4_711, text: '#4711' }, { attribute: 'unproven' }]])
  const matched = markMatches(inputs.window, rules[0].when, () => '')!
  assert.equal(countBits(matched), 8_000)
  assert.deepEqual(rules[0].evidence.harm, boundHarm(new Uint32Array(inputs.baseline.present.length), inputs.baseline))
  assert.equal(rules[0].evidence.gates.length, 6)
})

test('a tool with the looks of the commonest browser is found by how it behaves', () => {
  const random = new SeededRandom(7)
  const baseline = repeat(8_000, () => someone(random, 0.004, 8))
  const window = [...repeat(400, () => someone(random, 0.004, 8)), ...repeat(8_000, () => bot(random, { clientPages: 5 }))]
  const rules = wouldRefuse(inputsOf(baseline, window, 40))
  assert.ok(rules.length > 0 && rules.every((rule) => rule.when.some((condition) => condition.attribute === 'page-only')))
})

test('feed readers that ask for the same page with a query do not shield a flood on it that has none', () => {
  const random = new SeededRandom(9)
  const reader = (): Row => ({ ...someone(random, 1, 8), pathTemplate: 500, queryShape: 601, refererClass: 0 })
  const normal = (): Row => (random.next() < 0.04 ? reader() : someone(random, 0.004, 8))
  const flood = repeat(8_000, () => bot(random, { clientPages: 5, queryShape: 0, refererClass: 0 }))
  const inputs = inputsOf(repeat(12_000, normal), [...repeat(400, normal), ...flood], 40)
  const rules = wouldRefuse(inputs)
  assert.ok(rules.length > 0 && rules.every((rule) => rule.when.some((condition) => condition.attribute === 'page-only')), synthesise(inputs).map((rule) => rule.sentence).join('; '))
  assert.ok(rules.some((rule) => rule.when.some((condition) => condition.attribute === 'queryShape' && condition.equals === 0) && rule.sentence.includes('no query')), rules.map((rule) => rule.sentence).join('; '))
  for (const rule of rules) assert.equal(countBits(markMatches(table(repeat(500, reader)), rule.when, () => '')!), 0, rule.sentence)
})

test('"no query" is content like any other: beside what a client is it carries no rule', () => {
  const random = new SeededRandom(10)
  const baseline = repeat(8_000, () => ({ ...someone(random, 0.05, 8), queryShape: 600 }))
  const window = repeat(8_000, () => ({ ...someone(random, 0.05, 8), headerOrder: 4_711, queryShape: 0, clientPages: 1, clientStatics: 0, clientEchoes: 0 }))
  for (const rule of synthesise(inputsOf(baseline, window, 40))) assert.ok(rule.when.some((condition) => condition.attribute === 'page-only') || rule.when.every((condition) => condition.attribute !== 'queryShape'), rule.sentence)
})

test('what a passing rule may harm holds on normal requests nobody has seen yet', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.double({ min: 0, max: 0.06, noNaN: true }), fc.double({ min: 0, max: 0.02, noNaN: true }), (seed, sharing, bareShare) => {
      const random = new SeededRandom(seed)
      const normal = (): Row => (random.next() < sharing ? { ...someone(random, bareShare, 8), headerOrder: 4_711 } : someone(random, bareShare, 8))
      const inputs = inputsOf(repeat(8_000, normal), [...repeat(400, normal), ...repeat(8_000, () => bot(random, { headerOrder: 4_711 }))], 40)
      const fresh = table(repeat(20_000, normal))
      for (const rule of wouldRefuse(inputs)) {
        const without = rule.when.filter((condition) => condition.attribute !== 'unproven')
        const touched = countBits(markMatches(fresh, without, () => '')!) / 20_000
        assert.ok(rule.evidence.harm.upperShare <= 0.01 && touched <= 0.0115, `${rule.sentence}: ${touched}, promised ${rule.evidence.harm.upperShare}`) // 0.01 + 2 sigma of 20,000
      }
    }),
    { numRuns: 25 },
  )
})

test('a flood that looks and behaves like people gives no rule', () => {
  const random = new SeededRandom(8)
  const baseline = repeat(8_000, () => someone(random, 0.05, 8))
  assert.deepEqual(wouldRefuse(inputsOf(baseline, repeat(8_000, () => someone(random, 0.05, 8)), 40)), [])
})

/** A flood of one tool whose bots each come once; `more` of its rows are something else. */
function toolFlood(more: readonly Row[]): ReturnType<typeof wouldRefuse> {
  const random = new SeededRandom(6)
  const baseline = repeat(8_000, () => someone(random, 0.05, 8))
  baseline[0] = { ...baseline[0], headerOrder: 4_711, flags: sampleFlags.allowListed }
  let client = 1_000
  const window = repeat(8_000, () => bot(random, { headerOrder: 4_711, userAgent: 100 + random.below(24), clientPages: 1, clientKey: client++ }))
  return wouldRefuse(inputsOf(baseline, [...window, ...more], 40))
}

test('who floods with the looks of the operator\'s own monitor does not disarm the rule: the monitor\'s requests are spared anyway', () => {
  const monitor = { headerOrder: 4_711, clientPages: 1, flags: sampleFlags.allowListed }
  assert.ok(toolFlood([]).some((rule) => rule.sentence.includes('order of headers')))
  assert.ok(toolFlood(repeat(60, () => ({ ...monitor, clientKey: 1 }))).some((rule) => rule.sentence.includes('order of headers')))
  // Bots that also ask for something allowed, each once.
  assert.ok(toolFlood(Array.from({ length: 10 }, (_, i) => ({ ...monitor, clientKey: 1_000 + i }))).some((rule) => rule.sentence.includes('order of headers')))
})

test('a rule that would hit requests of clients whom the operator mostly lets in is not made', () => {
  const random = new SeededRandom(7)
  const partner = (i: number): Row[] => [sampleFlags.allowListed, 0].map((flags) => bot(random, { headerOrder: 4_711, userAgent: 100 + (i % 24), clientPages: 1, clientKey: i, flags }))
  assert.ok(toolFlood(Array.from({ length: 100 }, (_, i) => partner(i)).flat()).every((rule) => !rule.sentence.includes('order of headers')))
})

test('invariant 6: only a client or a behaviour item can carry a refusing rule; content only beside behaviour or as a query shape', () => {
  const item = fc.record({ group: fc.constantFrom('C' as const, 'B' as const, 'K' as const, 'N' as const), isQueryShape: fc.boolean() })
  fc.assert(
    fc.property(fc.array(item, { maxLength: 4 }), (items) => {
      const groups = new Set(items.map((one) => one.group))
      if (!isAdmissible(items)) return
      assert.ok(groups.has('C') || groups.has('B'))
      if (groups.has('K') && !groups.has('B')) assert.ok(items.some((one) => one.group === 'K' && one.isQueryShape))
    }),
  )
})

test('the same conditions in any order are the same rule', () => {
  const a = { attribute: 'headerOrder', equals: 5 } as const
  const b = { attribute: 'page-only', pages: 3 } as const
  assert.equal(ruleIdOf([a, b]), ruleIdOf([b, a, { attribute: 'unproven' }]))
  assert.notEqual(ruleIdOf([a]), ruleIdOf([a, b]))
})

test('a TLS fingerprint is no reason to refuse anyone before the baseline knows fingerprints; then it is one', () => {
  const random = new SeededRandom(8)
  const person = (tls: boolean): Row => ({ ...someone(random, 0.05, 8), ...(tls ? { tlsFingerprint: 7_000 + random.below(6) } : {}) })
  const flood = [...repeat(400, () => person(true)), ...repeat(8_000, () => ({ ...someone(random, 1, 8), clientPages: 1, pathTemplate: 500, tlsFingerprint: 7_777 }))]
  const namesTls = (baseline: readonly Row[]): boolean => wouldRefuse(inputsOf(baseline, flood, 40)).some((rule) => rule.when.some((condition) => condition.attribute === 'tlsFingerprint'))
  assert.equal(namesTls(repeat(8_000, () => person(false))), false)
  assert.equal(namesTls(repeat(8_000, () => person(true))), true)
})
