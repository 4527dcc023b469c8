/** Invariant 1 through the real pipeline: who is always admitted is touched by no automatic rule, and the detector is told so. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { type Condition, type Plan, type Rule, type RuleAction, calmPlan } from '../contract/plan.ts'
import type { Reason } from '../contract/reason.ts'
import { sampleFields, sampleFlags, SAMPLE_WORDS } from '../contract/sample.ts'
import { SimulatedClock } from '../kernel/clock.ts'
import { hashText } from '../kernel/hash.ts'
import { RecordedLog } from '../kernel/log.ts'
import { defaultsOf } from '../kernel/option.ts'
import { SeededRandom } from '../kernel/random.ts'
import { AccessLog } from './access-log/access-log.ts'
import { accessLogOptions } from './access-log/options.ts'
import { Admission } from './admission/admission.ts'
import { allocateAdmission } from './admission/admission-memory.ts'
import { admissionOptions } from './admission/options.ts'
import { Cache } from './cache/cache.ts'
import { allocateCache, CacheShared } from './cache/cache-shared.ts'
import { cacheOptions } from './cache/options.ts'
import { CLEARANCE_BUDGET_BYTES } from './challenge/clearance-budget.ts'
import { challengeOptions } from './challenge/options.ts'
import { clientAddress } from './edge/client-address.ts'
import { edgeOptions } from './edge/options.ts'
import { Origin } from './origin/origin.ts'
import { originOptions } from './origin/options.ts'
import { siteOptions } from './pages/options.ts'
import { Pipeline } from './pipeline.ts'
import { type PreparedAnswer, type Reply, Request, type TlsFacts } from './request.ts'
import type { DataplaneSettings } from './settings.ts'
import { Tally } from './telemetry/tally.ts'
import { Tap } from './tap/tap.ts'
import { allocateWaitingRoom } from './waiting-door.ts'
import { waitingRoomOptions } from './waiting-room/options.ts'

const KEY = 7
const SECRET = 'correct-horse-battery-staple-0123'
const clock = new SimulatedClock()

class NoReply implements Reply {
  started = false
  finished = false
  onDrain = null
  onClose = null
  sendPrepared(_answer: PreparedAnswer): void {
    this.started = this.finished = true
  }
  sendWhole(): void {
    this.started = this.finished = true
  }
  sendInformational(): void {}
  start(): void {}
  write(): boolean {
    return true
  }
  writeView(): boolean {
    return true
  }
  end(): void {}
  abort(): void {}
  takeOver(): null {
    return null
  }
}

const sharedSettings: DataplaneSettings = {
  edge: defaultsOf(edgeOptions), log: { ...defaultsOf(accessLogOptions), format: 'off' }, cache: defaultsOf(cacheOptions),
  admission: { ...defaultsOf(admissionOptions), sourceSlots: 1_024 }, origin: { ...defaultsOf(originOptions), upstreams: ['http://127.0.0.1:9'] },
  site: defaultsOf(siteOptions), challenge: defaultsOf(challengeOptions), waitingRoom: defaultsOf(waitingRoomOptions), lastGood: { noticeAfterMs: 60_000 },
  // Whatever no rule stops ends at the next step, for want of a known host: so the test needs no origin.
  hosts: ['site.example'], rules: [], routes: [], admit: { probes: [], probeSecretSha256: '' },
}
const origin = new Origin(sharedSettings.origin, { clock, random: new SeededRandom(1), instanceId: 'test', sweepMs: 0 })
after(() => origin.destroy())
const cacheMemory = allocateCache({ memoryBytes: 16_777_216 })
const admissionMemory = allocateAdmission(sharedSettings.admission, 1)

function pipelineWith(settings: Partial<DataplaneSettings>): { pipeline: Pipeline; tap: Tap } {
  const random = new SeededRandom(2)
  const tap = new Tap(0, random, clock.wallMs())
  const admission = new Admission(admissionMemory, 0, sharedSettings.admission, { clock, random, wake: () => {}, pollLater: () => {} })
  const cache = new Cache({ worker: 0, shared: new CacheShared(cacheMemory, KEY), bus: { onMessage: null, broadcast: () => {}, catchUp: () => 0 }, clock })
  const accessLog = new AccessLog(sharedSettings.log, clock, random, () => {})
  return { tap, pipeline: new Pipeline({ clock, log: new RecordedLog(), tally: new Tally(), tap, admission, cache, accessLog, hashKey: KEY, workers: 1, challengeKeys: [{ id: 1, bytes: new Uint8Array(32) }], clearances: new SharedArrayBuffer(CLEARANCE_BUDGET_BYTES), waitingRoom: allocateWaitingRoom(defaultsOf(waitingRoomOptions), 1) }, { ...sharedSettings, ...settings }, origin) }
}

interface Asking {
  readonly address?: string
  readonly target?: string
  readonly method?: string
  readonly headers?: readonly string[]
  readonly tls?: TlsFacts | null
}

function requestOf({ address = '198.51.100.9', target = '/', method = 'GET', headers = [], tls = null }: Asking): Request {
  return new Request(method, target, 'elsewhere.example', 'http', 11, headers, clientAddress(address, KEY)!, tls, null, new NoReply(), clock.monotonicMs(), '')
}

/** How the rule step ended, and what the tap told of it. */
function outcome(pipeline: Pipeline, tap: Tap, asking: Asking): { reason: Reason; flags: number; request: Request; sample: (field: (typeof sampleFields)[number]) => number } {
  const request = requestOf(asking)
  pipeline.handle(request)
  const { words } = tap.take(clock.wallMs())
  const at = words.length - SAMPLE_WORDS
  const sample = (field: (typeof sampleFields)[number]): number => words[at + sampleFields.indexOf(field)]
  return { reason: request.reason, flags: sample('flags'), request, sample }
}

let planVersion = 1
function planOf(rules: readonly Rule[], more: Partial<Plan> = {}): Plan {
  return { ...calmPlan, version: planVersion++, rules, publishedAtWallMs: clock.wallMs(), ...more }
}

function ruleOf(id: string, action: RuleAction, when: readonly Condition[], more: Partial<Rule> = {}): Rule {
  return { id, action, when, origin: 'automatic', dryRun: false, expiresAtWallMs: clock.wallMs() + 60_000, ...more }
}

const everyone: Condition = { attribute: 'path', glob: '*' }
const crawlers = (prefixes: readonly string[], version = 1): Plan['crawlers'] => ({ version, prefixes, expiresAtWallMs: clock.wallMs() + 60_000, wantClaims: true })
const settings: Partial<DataplaneSettings> = {
  admit: { probes: ['203.0.113.0/28', '2001:db8:9::/48'], probeSecretSha256: createHash('sha256').update(SECRET).digest('hex') },
  routes: [{ path: '/api/*', class: 'api', cache: null, maxBodyBytes: null, timeoutMs: null, upgrade: false, exempt: true }],
  rules: [ruleOf('staff', 'allow', [{ attribute: 'prefix', cidrs: ['192.0.2.0/24'] }], { origin: 'operator', expiresAtWallMs: null })],
}

type Kind = 'allow rule' | 'probe address' | 'probe secret' | 'exempt path' | 'crawler'
const kinds: Readonly<Record<Kind, { readonly asking: Asking; readonly flag: number }>> = {
  'allow rule': { asking: { address: '192.0.2.77' }, flag: sampleFlags.allowListed },
  'probe address': { asking: { address: '2001:db8:9::1' }, flag: sampleFlags.allowListed },
  'probe secret': { asking: { headers: ['polder-probe', SECRET] }, flag: sampleFlags.allowListed },
  'exempt path': { asking: { target: '/api/documents?page=2' }, flag: sampleFlags.exemptPath },
  crawler: { asking: { address: '66.249.66.1', headers: ['user-agent', 'Googlebot/2.1'] }, flag: sampleFlags.verifiedCrawler },
}
const someKind = fc.constantFrom(...(Object.keys(kinds) as Kind[]))

test('invariant 1: no automatic rule limits, challenges, blocks or tags who is always admitted, and the sample says so', () => {
  const { pipeline, tap } = pipelineWith(settings)
  const condition: fc.Arbitrary<Condition> = fc.oneof(
    fc.constant(everyone),
    fc.constantFrom('0.0.0.0/0', '192.0.2.77/32', '66.249.64.0/19', '::/0').map((cidr) => ({ attribute: 'prefix' as const, cidrs: [cidr] })),
    fc.constantFrom('GET', 'POST').map((method) => ({ attribute: 'method' as const, oneOf: [method] })),
    fc.constant({ attribute: 'unproven' as const }),
    fc.constant({ attribute: 'userAgent' as const, equals: hashText('Googlebot/2.1', KEY) }),
  )
  const action = fc.constantFrom<RuleAction>('tag', 'cache-only', 'challenge', 'limit', 'block')
  const automatic = fc.array(fc.tuple(action, fc.array(condition, { minLength: 1, maxLength: 3 }), fc.boolean()), { maxLength: 8 })
  const path = fc.constantFrom('/', '/search?q=1', '/api/x', '/a/../b')
  let touched = 0
  fc.assert(
    fc.property(automatic, someKind, fc.constantFrom('GET', 'POST'), path, (specs, kind, method, target) => {
      const rules = specs.map(([step, when, dryRun], i) => ruleOf(`r${i}`, step, when, { dryRun, limitPerSecond: 0 }))
      pipeline.applyPlan(planOf(rules, { crawlers: crawlers(['66.249.64.0/19']) }))
      const { asking, flag } = kinds[kind]
      const before = pipeline.rules.others.map((rule) => rule.matched)
      const seen = outcome(pipeline, tap, { target, ...asking, method })
      assert.equal(seen.reason, 'unknown-host', `${kind}: ${seen.request.ruleId}`)
      assert.notEqual(seen.flags & flag, 0)
      assert.notEqual(seen.request.visitorClass, 'tagged')
      assert.deepEqual(pipeline.rules.others.map((rule) => rule.matched), before)
      if (outcome(pipeline, tap, { method, target: target.startsWith('/api') ? '/' : target }).reason !== 'unknown-host') touched++
    }),
    { numRuns: 300 },
  )
  assert.ok(touched > 50, `the rules must bite everyone else, and did ${touched} times`)
})

test('an operator\'s own block wins over an exempt path and a verified crawler, but not over the allow-list and probes', () => {
  const own = ruleOf('closed', 'block', [everyone], { origin: 'operator', expiresAtWallMs: null })
  const { pipeline, tap } = pipelineWith({ ...settings, rules: [own, ...settings.rules!] })
  pipeline.applyPlan(planOf([], { crawlers: crawlers(['66.249.64.0/19']) }))
  const reasons = Object.fromEntries(Object.entries(kinds).map(([kind, { asking }]) => [kind, outcome(pipeline, tap, asking).reason]))
  assert.deepEqual(reasons, { 'allow rule': 'unknown-host', 'probe address': 'unknown-host', 'probe secret': 'unknown-host', 'exempt path': 'rule-block', crawler: 'rule-block' })
})

test('an allow rule that the operator adds during an incident acts with the plan that brings it', () => {
  const { pipeline, tap } = pipelineWith({})
  const block = ruleOf('b', 'block', [everyone])
  pipeline.applyPlan(planOf([block]))
  assert.equal(outcome(pipeline, tap, {}).reason, 'rule-block')
  pipeline.applyPlan(planOf([block, ruleOf('office', 'allow', [{ attribute: 'prefix', cidrs: ['198.51.100.0/24'] }], { origin: 'operator' })]))
  const seen = outcome(pipeline, tap, {})
  assert.deepEqual([seen.reason, seen.request.ruleId, seen.request.visitorClass, seen.flags], ['unknown-host', 'office', 'allowed', sampleFlags.allowListed])
})

test('a wrong, shortened or overlong probe secret opens nothing', () => {
  const { pipeline, tap } = pipelineWith(settings)
  pipeline.applyPlan(planOf([ruleOf('b', 'block', [everyone])]))
  for (const shown of ['', SECRET.slice(0, -1), `${SECRET} `, SECRET.toUpperCase(), 'x'.repeat(100_000)]) assert.equal(outcome(pipeline, tap, { headers: ['polder-probe', shown] }).reason, 'rule-block', shown.slice(0, 40))
  const open = pipelineWith({})
  open.pipeline.applyPlan(planOf([ruleOf('b', 'block', [everyone])]))
  assert.equal(outcome(open.pipeline, open.tap, { headers: ['polder-probe', ''] }).reason, 'rule-block', 'no secret set: nothing is one')
})

test('a path that climbs out of an exempt folder is not exempt', () => {
  const { pipeline, tap } = pipelineWith(settings)
  pipeline.applyPlan(planOf([ruleOf('b', 'block', [everyone])]))
  assert.equal(outcome(pipeline, tap, { target: '/api/caf%C3%A9;v=1' }).flags, sampleFlags.exemptPath)
  for (const target of ['/api/../search?q=1', '/api/%2e%2e/search', '/api/..;/search', '/api/..%2fsearch']) {
    const seen = outcome(pipeline, tap, { target })
    assert.deepEqual([seen.reason, seen.flags], ['rule-block', 0], target)
  }
})

test('who only calls itself Googlebot has no privilege and no flag, and is told to the control plane for verification', () => {
  const { pipeline, tap } = pipelineWith(settings)
  const asking = { address: '198.51.100.5', headers: ['user-agent', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'] }
  pipeline.applyPlan(planOf([], { crawlers: crawlers(['66.249.64.0/19']) }))
  for (const one of [asking, { ...asking, address: '66.249.66.1' }, { ...asking, headers: ['user-agent', 'Mozilla/5.0 (Windows NT 10.0) Firefox/140.0'] }]) pipeline.handle(requestOf(one))
  const batch = tap.take(clock.wallMs())
  assert.deepEqual(batch.crawlerClaims!.map(([address]) => address), ['198.51.100.5'], 'not the verified one, not the browser')
  pipeline.applyPlan(planOf([ruleOf('b', 'block', [everyone])], { crawlers: crawlers(['66.249.64.0/19']) }))
  assert.deepEqual(outcome(pipeline, tap, asking).reason, 'rule-block')
})

test('a crawler\'s privilege ends by itself when no plan renews it, and with a plan that no longer names it', () => {
  const { pipeline, tap } = pipelineWith({})
  const crawler = kinds.crawler.asking
  pipeline.applyPlan(planOf([ruleOf('b', 'block', [everyone], { expiresAtWallMs: null })], { crawlers: crawlers(['66.249.64.0/19']) }))
  assert.equal(outcome(pipeline, tap, crawler).flags, sampleFlags.verifiedCrawler)
  clock.advanceMs(60_000)
  assert.deepEqual([outcome(pipeline, tap, crawler).reason, outcome(pipeline, tap, crawler).flags], ['rule-block', 0])
  pipeline.applyPlan(planOf([], { crawlers: crawlers(['66.249.64.0/19']) }))
  assert.equal(outcome(pipeline, tap, crawler).flags, sampleFlags.verifiedCrawler)
  pipeline.applyPlan(planOf([], { crawlers: crawlers(['not a prefix'], 3) }))
  assert.equal(outcome(pipeline, tap, crawler).flags, sampleFlags.verifiedCrawler, 'a broken list changes nothing')
  pipeline.applyPlan(planOf([], { crawlers: crawlers([], 2) }))
  assert.equal(outcome(pipeline, tap, crawler).flags, 0)
  pipeline.applyPlan(planOf([]))
  assert.equal(outcome(pipeline, tap, crawler).flags, 0)
})

test('the TLS fingerprint of a connection is in its sample, readable, and a rule can name it', () => {
  const { pipeline, tap } = pipelineWith({})
  const ja4 = 't13d1516h2_8daaf6152771_02713d6af862'
  const tls: TlsFacts = { serverName: 'site.example', protocol: 'h2', resumed: false, ja4, ja4Hash: hashText(ja4, KEY) }
  pipeline.handle(requestOf({ tls }))
  const batch = tap.take(clock.wallMs())
  assert.equal(batch.words[sampleFields.indexOf('tlsFingerprint')], tls.ja4Hash)
  assert.deepEqual(batch.strings.find(([hash]) => hash === tls.ja4Hash), [tls.ja4Hash, ja4])
  pipeline.applyPlan(planOf([ruleOf('tool', 'block', [{ attribute: 'tlsFingerprint', equals: tls.ja4Hash }])]))
  assert.equal(outcome(pipeline, tap, { tls }).reason, 'rule-block')
  assert.equal(outcome(pipeline, tap, { tls: { ...tls, ja4: 'other', ja4Hash: 5 } }).reason, 'unknown-host')
  assert.equal(outcome(pipeline, tap, {}).reason, 'unknown-host', 'clear text has no fingerprint')
})
