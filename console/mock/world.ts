/** A made-up shield for working on the console and for its tests: calm, flood and aftermath of a small parliament's site, the same every time. Development only. */
import type { HistoryPoint, LiveSecond } from '../../src/contract/console.ts'
import type { ControlEvent, RuleRecord } from '../../src/contract/control.ts'
import type { ShieldStatus } from '../../src/contract/control-socket.ts'
import type { ShieldState } from '../../src/contract/plan.ts'

export const phases = ['calm', 'flood', 'aftermath'] as const
export type Phase = (typeof phases)[number]

/** Strings as an attacker writes them; each sets a mark if a page takes it for markup or script. */
export const hostile = `"><img src=x onerror="window.__xss=1"><script>window.__xss=2</script><svg/onload=window.__xss=3>javascript:window.__xss=4 '\`\${window.__xss=5}\u202Eevil`

export interface World {
  readonly phase: Phase
  /** Start of the flood; wall ms. */
  readonly floodAtWallMs: number
  readonly floodEndsAtWallMs: number
  readonly hostile: boolean
}

/** From 0 to 1, the same for the same second. */
function chance(seed: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32
}

export function pointAt(world: World, atWallMs: number, stepMs = 1_000): HistoryPoint {
  const second = Math.floor(atWallMs / 1_000)
  const usual = 38 + 8 * Math.sin(second / 400) + 6 * (chance(second) - 0.5)
  const into = (atWallMs - world.floodAtWallMs) / 1_000
  const after = (atWallMs - world.floodEndsAtWallMs) / 1_000
  const flooding = into >= 0 && after < 0
  const ramp = flooding ? Math.min(1, into / 20) : 0
  const rate = usual + ramp * (1_960 + 180 * chance(second + 7))
  const mitigated = flooding && into > 14
  const strained = flooding && into > 4 ? (mitigated ? Math.max(0.15, 1 - (into - 14) / 40) : 0.8) : after >= 0 && after < 60 ? 0.1 : 0
  const state: ShieldState = flooding ? (into < 4 ? 'WATCH' : into < 14 ? 'STRAIN' : 'ATTACK') : after >= 0 && after < 120 ? 'STRAIN' : after >= 0 && after < 400 ? 'WATCH' : 'NORMAL'
  const refusedShare = mitigated ? 0.965 : flooding ? 0.35 : 0
  const seconds = stepMs / 1_000
  const extra = (rate - usual) * seconds
  const failed = flooding && into < 14 ? extra * 0.08 : 0
  const challenged = mitigated ? extra * 0.012 : 0
  const refused = extra * refusedShare
  return {
    atWallMs, state, seconds, asked: Math.round(rate * seconds), refused: Math.round(refused), challenged: Math.round(challenged), failed: Math.round(failed),
    served: Math.round(rate * seconds - refused - challenged - failed), waiting: flooding && into > 8 && into < 60 ? Math.round(30 * strained) : 0, fromCacheShare: flooding ? 0.93 : 0.71 + 0.05 * chance(second + 3), lifelineShare: flooding ? 0.04 * strained : 0, bytesOut: rate * 18_000 * seconds,
    originP50Ms: 21 + strained * 380 + 6 * chance(second + 1), originP99Ms: 74 + strained * 2_600 + 30 * chance(second + 2), inFlight: Math.round(3 + strained * 15), limit: flooding ? 18 : 24, queue: Math.round(strained * 22),
    expectedRate: 38 + 8 * Math.sin(second / 400), bandHigh: 62 + 10 * Math.sin(second / 400), z: flooding ? 17.2 * ramp : 0.3, touchedShareBound: mitigated ? 0.0002 : 0,
  }
}

const text = (world: World, plain: string): string => (world.hostile ? `${plain} ${hostile}` : plain)

function rule(world: World, given: Partial<RuleRecord> & Pick<RuleRecord, 'id' | 'action' | 'sentence' | 'when'>, share: number, perSecond: number, harm: number, now: number): RuleRecord {
  return {
    origin: 'automatic', stage: 'active', dryRun: false, bornAtWallMs: world.floodAtWallMs + 14_000, expiresAtWallMs: now + 1_450_000, who: 'polder', why: '',
    evidence: {
      gates: [
        { gate: 'G1-purity', passed: true, value: 0.99, limit: 0.9, sentence: text(world, 'at least 99 % of its matches come on top of normal traffic (needs 90 %)') },
        { gate: 'G2-collateral', passed: true, value: harm, limit: 0.01, sentence: `touches at most ${(harm * 100).toFixed(2)} % of normal requests (limit 1 %)` },
        { gate: 'G4-origin-strained', passed: true, value: 1, limit: 1, sentence: 'the origin suffers' },
      ],
      harm: { hits: 1, sampled: 20_000, upperShare: harm, level: 0.0025 }, expectedPerSecond: 0.2, matchedPerSecond: perSecond, excessShare: share,
    },
    since: { matched: Math.round(perSecond * 65), positive: 3, canaryTried: 160, canaryPassed: 0 },
    matchesPerSecond: perSecond * 0.93,
    history: [{ atWallMs: world.floodAtWallMs + 14_000, code: 'rule-born', action: 'challenge', sentence: text(world, 'made: challenge') }, { atWallMs: world.floodAtWallMs + 22_000, code: 'rule-raised', action: given.action, sentence: `raised to ${given.action}` }],
    ...given,
  }
}

export function rulesAt(world: World, now: number): RuleRecord[] {
  const into = now - world.floodAtWallMs
  if (into < 14_000) return []
  const over = now >= world.floodEndsAtWallMs
  return [
    rule(world, { id: 'r-1a2b', action: 'block', stage: over ? 'decaying' : 'active', sentence: text(world, 'user agent “stress/2.1”, pages only'), when: [{ attribute: 'userAgent', equals: 7, text: text(world, 'stress/2.1') }, { attribute: 'page-only', pages: 3 }] }, 0.71, 1_420, 0.0001, now),
    rule(world, { id: 'r-7c40', action: 'limit', stage: over ? 'decaying' : 'active', sentence: text(world, 'path “/search”, with a query, from networks new today'), when: [{ attribute: 'path', glob: text(world, '/search*') }, { attribute: 'host', glob: text(world, 'www.example.org') }, { attribute: 'query-present' }, { attribute: 'unproven' }] }, 0.17, 340, 0.0006, now),
    rule(world, { id: 'r-e915', action: 'challenge', stage: over ? 'dormant' : 'active', sentence: text(world, 'referer “http://win.example/”'), when: [{ attribute: 'referer', equals: 99, text: text(world, 'http://win.example/') }] }, 0.06, 118, 0.0009, now),
  ]
}

export function eventsAt(world: World, now: number): ControlEvent[] {
  const at = world.floodAtWallMs
  const all: ControlEvent[] = [
    { atWallMs: at + 1_000, code: 'state', sentence: 'Calm to watch: 9 times as many requests as usual', from: 'NORMAL', to: 'WATCH' },
    { atWallMs: at + 4_000, code: 'state', sentence: 'Watch to strain: the origin takes 16 times as long as usual', from: 'WATCH', to: 'STRAIN' },
    { atWallMs: at + 14_000, code: 'rule-born', sentence: text(world, 'Rule r-1a2b: user agent “stress/2.1”, pages only'), ruleId: 'r-1a2b' },
    { atWallMs: at + 14_000, code: 'state', sentence: 'Strain to attack: a rule passes all gates', from: 'STRAIN', to: 'ATTACK' },
    { atWallMs: at + 22_000, code: 'rule-raised', sentence: 'Rule r-1a2b raised to block', ruleId: 'r-1a2b' },
    { atWallMs: world.floodEndsAtWallMs + 5_000, code: 'state', sentence: 'Attack to strain: the flood has stopped', from: 'ATTACK', to: 'STRAIN' },
  ]
  return all.filter((event) => event.atWallMs <= now)
}

export function statusAt(world: World, now: number, rules: readonly RuleRecord[]): ShieldStatus {
  const point = pointAt(world, now)
  const state = point.state!
  const flooding = state === 'ATTACK' || (state === 'STRAIN' && now < world.floodEndsAtWallMs)
  const stateSince = state === 'NORMAL' ? now - 9 * 3_600_000 : state === 'ATTACK' ? world.floodAtWallMs + 14_000 : state === 'WATCH' && now > world.floodEndsAtWallMs ? world.floodEndsAtWallMs + 120_000 : Math.max(world.floodAtWallMs, now - 30_000)
  return {
    version: '0.1.0', pid: 4_242, startedAtWallMs: now - 7 * 86_400_000, atWallMs: now, draining: false, urls: ['https://www.example.org'],
    workers: { wanted: 2, ready: 2, restarts: 0, notReady: [] },
    control: {
      alive: true, heardAtWallMs: now - 300,
      view: {
        atWallMs: now - 300, state, stateSinceWallMs: stateSince, ratePerSecond: point.asked, z: point.z, expectation: { source: 'hour-of-week', ratePerSecond: point.expectedRate, medianLog: 3.6, madLog: 0.2 },
        health: { strained: flooding || state === 'STRAIN', critical: false, well: !flooding, signs: flooding ? [{ code: 'h4-turned-away', value: 0.3, limit: 0.02, sentence: '31 % of the requests for the origin are turned away' }, { code: 'h3-slower', value: 16, limit: 3, sentence: 'the origin takes 16 times as long as usual' }] : [] },
        excess: flooding ? { requests: 20_000, perSecond: point.asked - point.expectedRate, expectedPerSecond: point.expectedRate, suspiciousPerSecond: (point.asked - point.expectedRate) * 0.98, rows: 2_000, judgedShare: 0.99, judgedRows: 900, echoShare: 0, echoRows: 0, top: null, newNetworkShare: 0.9, failingShare: 0 } : null,
        ...(flooding ? { networks: { countries: [{ code: 'NL', name: '', share: 0.22, visitorShare: 0.61 }, { code: 'US', name: '', share: 0.19, visitorShare: 0.04 }, { code: 'SG', name: '', share: 0.14, visitorShare: 0.002 }], networks: [{ code: 'AS64496', name: text(world, 'Example Hosting'), share: 0.31, visitorShare: 0.001 }, { code: 'AS64511', name: 'Example Cloud', share: 0.18, visitorShare: 0.01 }], prefixes: [], unknownShare: 0.05 } } : {}),
        evidence: flooding ? [{ code: 'page-only-share', value: 0.99, expectation: 0.2, logLikelihood: 1.6, sentence: '99 % of the excess take pages and nothing else' }, { code: 'ramp', value: 12, expectation: 90, logLikelihood: 0.9, sentence: 'it rose within 12 seconds; crowds take minutes' }] : [],
        logLikelihood: flooding ? 4.4 : 0, rules,
        candidates: flooding ? [{ id: 'r-cand', when: [{ attribute: 'path', glob: '/' }, { attribute: 'page-only', pages: 3 }], sentence: text(world, 'path “/”, pages only'), evidence: { gates: [{ gate: 'G2-collateral', passed: false, value: 0.04, limit: 0.01, sentence: 'touches at most 4.0 % of normal requests (limit 1 %)' }], harm: { hits: 40, sampled: 5_000, upperShare: 0.04, level: 0.0025 }, expectedPerSecond: 3, matchedPerSecond: 60, excessShare: 0.03 } }] : [],
        posture: flooding ? undefined : { sensitivity: 0.5, untilWallMs: now + 7_200_000 },
        baseline: { minutesLearned: 9_000, rows: 21_000, coldStart: false }, bytes: 1,
      },
    },
    plan: { version: 9, state, rules: [], postureExpiresAtWallMs: now + 8_000, preferStale: flooding },
    settingsRules: [{ id: 'press-agency', origin: 'operator', action: 'allow', when: [{ attribute: 'prefix', cidrs: ['192.0.2.0/24'] }], dryRun: false, expiresAtWallMs: null }],
    ruleMatches: { 'press-agency': { matched: 12, positive: 12, canaryTried: 0, canaryPassed: 0 } },
    sinceStart: { received: 1_234_567, ended: { 'served-fresh': 300_000, 'served-origin': 30_000, 'rule-block': 128_700 }, bytesOut: 1e9 },
    lastSeconds: { seconds: 10, received: point.asked * 10, ended: { 'served-fresh': point.served * 9, 'served-origin': point.served, 'rule-block': point.refused * 10 }, bytesOut: 5e6 },
    connections: flooding ? 812 : 96, eventLoopLagP99Ms: 2.1, cache: { entries: 1_204, bytes: 92_000_000 },
    origin: [{ routeClass: 'page', admission: { admitted: 80, rejected: 0, inFlight: point.inFlight, limit: point.limit, waiting: point.queue, waitP90Ms: 40, inLine: point.waiting }, answers: { answers: 80, serverErrors: 0, timeouts: 0, connectFailures: 0, latencyP50Ms: point.originP50Ms, latencyP99Ms: point.originP99Ms, shortRttMs: 21, longRttMs: 20 } }],
    upstreams: [{ name: 'http://127.0.0.1:8090', healthy: true }],
    record: { alive: true, state: { journal: { entries: 812, lastSeq: 812, lastHash: '5f'.repeat(32), segments: 1, bytes: 412_000, suspended: null, waiting: 0, lost: 0, failures: 0 }, closedRooms: [], alerts: { open: { info: 0, warning: 0, critical: flooding ? 1 : 0 }, channels: [] } } },
    kernelDrop: { state: 'on', sentence: '41 sources dropped by the kernel', sources: 41 },
    events: [],
  }
}

export function secondAt(world: World, now: number, rules: readonly RuleRecord[]): LiveSecond {
  return { seq: Math.floor(now / 1_000), status: statusAt(world, now, rules), point: pointAt(world, now), historySuspended: null }
}
