import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Condition, Rule } from '../../contract/plan.ts'
import type { MonotonicMs } from '../../kernel/clock.ts'
import { Features } from '../features.ts'
import { Request, type ClientAddress, type Reply } from '../request.ts'
import { compileRules } from './compile.ts'
import { matchAllow, matchRules, type SourceFacts } from './match.ts'
import { normalisedPath } from './normalised-path.ts'

const features = new Features(99)
const stranger: SourceFacts = { requests: () => 20, pages: () => 5, statics: () => 0, echoes: () => 0 }
const person: SourceFacts = { requests: () => 20, pages: () => 5, statics: () => 9, echoes: () => 2 }

function ask(target: string, { method = 'GET', address = [192, 0, 2, 1], headers = [] as string[] } = {}): Request {
  const client: ClientAddress = { family: 4, text: address.join('.'), high: ((address[0]! << 24) | (address[1]! << 16) | (address[2]! << 8) | address[3]!) >>> 0, low: 0, key: 1 }
  const request = new Request(method, target, 'a.example', 'http', 11, headers, client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
  request.sourceSlot = 3
  return request
}

function rule(id: string, action: Rule['action'], when: Condition[], more: Partial<Rule> = {}): Rule {
  return { id, action, when, origin: 'operator', dryRun: false, expiresAtWallMs: null, ...more }
}

function decide(rules: Rule[], request: Request, facts = stranger, nowWallMs = 1_000): string | null {
  const set = compileRules(rules, [])
  const read = features.read(request)
  return (matchAllow(set, request, read, facts, nowWallMs) ?? matchRules(set, request, read, facts, nowWallMs, false))?.id ?? null
}

test('a path rule blocks its path and nothing else', () => {
  const rules = [rule('b', 'block', [{ attribute: 'path', glob: '/blocked' }])]
  assert.equal(decide(rules, ask('/blocked?x=1')), 'b')
  assert.equal(decide(rules, ask('/blocked/more')), null)
})

test('a block rule also sees through encodings of its path, an allow rule does not', () => {
  const block = [rule('b', 'block', [{ attribute: 'path', glob: '/admin/*' }])]
  for (const path of ['/%61dmin/x', '//admin/x', '/a/../admin/x', '/./admin/x', '/admin;a=1/x', '/\\admin/x']) assert.equal(decide(block, ask(path)), 'b', path)
  const allow = [rule('a', 'allow', [{ attribute: 'path', glob: '/feed' }]), rule('b', 'block', [{ attribute: 'path', glob: '*' }])]
  assert.equal(decide(allow, ask('/feed')), 'a')
  assert.equal(decide(allow, ask('/%66eed')), 'b')
  const below = [rule('a', 'allow', [{ attribute: 'path', glob: '/feed/*' }]), rule('b', 'block', [{ attribute: 'path', glob: '/admin*' }])]
  assert.equal(decide(below, ask('/feed/x')), 'a')
  assert.equal(decide(below, ask('/feed/caf%C3%A9;v=1/.well-known/..x')), 'a')
  for (const path of ['/feed/../admin', '/feed/%2e%2E/admin', '/feed//../..//admin', '/feed/..%2fadmin', '/feed\\..\\admin', '/feed/..;x=1/admin', '/feed/x/../../admin']) assert.equal(decide(below, ask(path)), 'b', path)
})

test('a host rule names the host, whatever its port', () => {
  const rules = [rule('h', 'block', [{ attribute: 'host', glob: '*.example' }])]
  const request = new Request('GET', '/', 'a.example:8443', 'https', 11, [], ask('/').client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
  assert.equal(decide(rules, request), 'h')
})

test('allow wins over any block, wherever it stands', () => {
  const rules = [rule('b', 'block', [{ attribute: 'path', glob: '*' }]), rule('a', 'allow', [{ attribute: 'prefix', cidrs: ['192.0.2.0/24'] }])]
  assert.equal(decide(rules, ask('/')), 'a')
  assert.equal(decide(rules, ask('/', { address: [198, 51, 100, 1] })), 'b')
})

test('the strictest of the matching rules decides', () => {
  const rules = [rule('t', 'tag', [{ attribute: 'method', oneOf: ['POST'] }]), rule('b', 'block', [{ attribute: 'path', glob: '/x*' }])]
  assert.equal(decide(rules, ask('/xy', { method: 'POST' })), 'b')
  assert.equal(decide(rules, ask('/y', { method: 'POST' })), 't')
})

test('an expired rule does nothing even if no newer plan ever comes', () => {
  const rules = [rule('b', 'block', [{ attribute: 'path', glob: '*' }], { expiresAtWallMs: 5_000 })]
  assert.equal(decide(rules, ask('/'), stranger, 4_999), 'b')
  assert.equal(decide(rules, ask('/'), stranger, 5_000), null)
})

test('a dry-run rule counts what it would have done and does nothing', () => {
  const set = compileRules([rule('d', 'block', [{ attribute: 'path', glob: '*' }], { dryRun: true })], [])
  const request = ask('/')
  assert.equal(matchRules(set, request, features.read(request), person, 0, false), null)
  assert.equal(set.others[0]!.matched, 1)
  assert.equal(set.others[0]!.positive, 1)
})

test('page-only holds for a client that fetched nothing but pages, and ends with its first sub-resource', () => {
  const rules = [rule('p', 'block', [{ attribute: 'page-only', pages: 3 }])]
  assert.equal(decide(rules, ask('/'), stranger), 'p')
  assert.equal(decide(rules, ask('/'), person), null)
})

test('a rule without conditions is never compiled: it would match everyone', () => {
  assert.equal(decide([rule('e', 'block', [])], ask('/')), null)
})

test('the compiled matcher agrees with reading the rules one condition at a time', () => {
  const paths = fc.constantFrom('/', '/a', '/a/b', '/b?x=1', '/search?q=1')
  const condition: fc.Arbitrary<Condition> = fc.oneof(
    fc.constantFrom('/a', '/a*', '*', '/b').map((glob) => ({ attribute: 'path' as const, glob })),
    fc.subarray(['GET', 'POST'], { minLength: 1 }).map((oneOf) => ({ attribute: 'method' as const, oneOf })),
    fc.constantFrom('192.0.2.0/25', '0.0.0.0/0', '198.51.100.7/32').map((cidr) => ({ attribute: 'prefix' as const, cidrs: [cidr] })),
    fc.constant({ attribute: 'query-present' as const }),
  )
  const action = fc.constantFrom<Rule['action']>('allow', 'tag', 'limit', 'block')
  const ruleList = fc.array(fc.tuple(action, fc.array(condition, { minLength: 1, maxLength: 3 })), { maxLength: 6 })
  const plainHolds = (c: Condition, r: Request): boolean => {
    if (c.attribute === 'path') return c.glob === '*' || c.glob === r.path || (c.glob.endsWith('*') && r.path.startsWith(c.glob.slice(0, -1)))
    if (c.attribute === 'method') return c.oneOf.includes(r.method)
    if (c.attribute === 'prefix') return c.cidrs[0] === '0.0.0.0/0' || (c.cidrs[0] === '192.0.2.0/25' && r.client.text.startsWith('192.0.2.') && r.client.high % 256 < 128)
    return r.query !== ''
  }
  const strict = ['allow', 'tag', 'limit', 'block']
  fc.assert(
    fc.property(ruleList, paths, fc.constantFrom('GET', 'POST'), fc.integer({ min: 0, max: 255 }), (specs, target, method, last) => {
      const rules = specs.map(([kind, when], i) => rule(String(i), kind, when))
      const request = ask(target, { method, address: [192, 0, 2, last] })
      const hits = rules.filter((one) => one.when.every((c) => plainHolds(c, request)))
      const expected = hits.find((one) => one.action === 'allow') ?? hits.toSorted((a, b) => strict.indexOf(b.action) - strict.indexOf(a.action))[0] ?? null
      assert.equal(decide(rules, request), expected?.id ?? null)
    }),
  )
})

test('an unproven condition spares who behaves like a visitor, and one style sheet for five pages buys it', () => {
  const rules = [rule('u', 'block', [{ attribute: 'path', glob: '*' }, { attribute: 'unproven' }])]
  assert.equal(decide(rules, ask('/'), stranger), 'u')
  assert.equal(decide(rules, ask('/'), person), null)
  assert.equal(decide(rules, ask('/'), { requests: () => 1_001, pages: () => 1_000, statics: () => 1, echoes: () => 0 }), 'u')
  // A made-up cookie, sent from the first request on.
  assert.equal(decide(rules, ask('/'), { requests: () => 50, pages: () => 50, statics: () => 0, echoes: () => 50 }), 'u')
  assert.equal(decide(rules, ask('/'), { requests: () => 50, pages: () => 50, statics: () => 0, echoes: () => 49 }), null)
})

test('a limit lets its rate through and no more, whatever the bursts', () => {
  const set = compileRules([rule('l', 'limit', [{ attribute: 'path', glob: '*' }], { limitPerSecond: 10 })], [])
  let passed = 0
  for (let ms = 0; ms < 10_000; ms++) if (set.others[0].takeToken(ms, 1)) passed++
  assert.ok(passed >= 100 && passed <= 110, String(passed))
})

test('a newer plan with the same rule neither refills its limit nor forgets its counts', () => {
  const limit = rule('l', 'limit', [{ attribute: 'path', glob: '*' }], { limitPerSecond: 10 })
  const first = compileRules([], [limit])
  while (first.others[0].takeToken(0, 1));
  first.others[0].matched = 7
  const next = compileRules([], [limit, rule('m', 'limit', [{ attribute: 'path', glob: '*' }], { limitPerSecond: 10 })], first)
  assert.deepEqual(next.others.map((one) => [one.id, one.matched, one.takeToken(0, 1)]), [['l', 7, false], ['m', 0, true]])
})

test('about the asked share of clients passes as canaries, the same ones each time, and a heavy one wins only five requests a second', () => {
  const set = compileRules([rule('c', 'block', [{ attribute: 'path', glob: '*' }], { canaryShare: 0.02 })], [])
  const compiled = set.others[0]
  const chosen = Array.from({ length: 20_000 }, (_, key) => key).filter((key) => compiled.passesAsCanary(key, key * 1_000))
  assert.ok(chosen.length > 300 && chosen.length < 500, String(chosen.length))
  let passed = 0
  for (let i = 0; i < 1_000; i++) if (compiled.passesAsCanary(chosen[0], 50_000_000 + i)) passed++
  assert.equal(passed, 5)
})

test('the normalised path is stable and never throws, for any path', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('/', '.', '%', '2', 'f', 'F', 'a', ';', '\\', 'e'), maxLength: 24 }), (text) => {
      assert.ok(normalisedPath(`/${text}`).startsWith('/'))
    }),
  )
})

test('whoever passed a challenge is not touched by a challenge rule, still by a block, and counts as a visitor there', () => {
  const rules = compileRules([rule('c', 'challenge', [{ attribute: 'path', glob: '*' }]), rule('b', 'block', [{ attribute: 'path', glob: '/admin' }])], [])
  assert.ok(rules.challenges)
  const decideFor = (target: string, worked = true): string | null => {
    const request = ask(target)
    request.clearedBy = 'cookie'
    request.worked = worked
    return matchRules(rules, request, features.read(request), stranger, 1_000, false)?.id ?? null
  }
  assert.equal(decideFor('/'), null)
  assert.equal(decideFor('/admin'), 'b')
  assert.deepEqual(rules.others.map((one) => [one.id, one.matched, one.positive]), [['c', 0, 0], ['b', 1, 1]])
  // Any machine can wait: who waited is let through the challenge too, and is no witness for anybody.
  assert.deepEqual([decideFor('/', false), decideFor('/admin', false)], [null, 'b'])
  assert.deepEqual(rules.others.map((one) => [one.id, one.matched, one.positive]), [['c', 0, 0], ['b', 2, 1]])
})

test('a client of the canary share that meets the challenge is a probe, and a pass when it gets through', () => {
  const [one] = compileRules([], [rule('c', 'challenge', [{ attribute: 'path', glob: '*' }], { origin: 'automatic', expiresAtWallMs: 9e12, canaryShare: 0.02 })]).others
  for (let key = 0; key < 10_000; key++) {
    one.countChallenged(key)
    if (key % 2 === 0) one.countPassed(key)
  }
  assert.ok(one.canaryTried > 150 && one.canaryTried < 250, `${one.canaryTried}`)
  assert.ok(one.canaryPassed > 0.35 * one.canaryTried && one.canaryPassed < 0.65 * one.canaryTried)
})
