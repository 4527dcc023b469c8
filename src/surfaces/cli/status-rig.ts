/** A shield in the middle of an attack, for tests of the command line. */
import type { RuleRecord } from '../../contract/control.ts'
import type { ShieldStatus } from '../../contract/control-socket.ts'

export const NOW = Date.UTC(2026, 10, 23, 14, 5, 11)

export const attackRule: RuleRecord = {
  id: 'r-1a2b', origin: 'automatic', sentence: 'user agent "stress" and page-only', action: 'block', stage: 'active', dryRun: false,
  when: [{ attribute: 'userAgent', equals: 7, text: 'stress' }, { attribute: 'page-only', pages: 3 }],
  bornAtWallMs: NOW - 65_000, expiresAtWallMs: NOW + 100_000, who: 'polder', why: '',
  evidence: {
    gates: [{ gate: 'G1-purity', passed: true, value: 0.99, limit: 0.9, sentence: 'at least 99 % of its matches come on top of normal traffic (needs 90 %)' }],
    harm: { hits: 0, sampled: 5_000, upperShare: 0.0012, level: 0.0025 },
    expectedPerSecond: 0.2, matchedPerSecond: 1_980, excessShare: 0.97,
  },
  since: { matched: 128_700, positive: 3, canaryTried: 160, canaryPassed: 0 },
  matchesPerSecond: 1_240,
  history: [{ atWallMs: NOW - 65_000, code: 'rule-born', action: 'limit', sentence: 'limit user agent "stress"' }, { atWallMs: NOW - 50_000, code: 'rule-raised', action: 'block', sentence: 'raised to block' }],
}

export const attack: ShieldStatus = {
  version: '0.1.0', pid: 4_242, startedAtWallMs: NOW - 7_200_000, atWallMs: NOW, draining: false, urls: ['http://127.0.0.1:8080'],
  workers: { wanted: 2, ready: 2, restarts: 0, notReady: [] },
  control: {
    alive: true, heardAtWallMs: NOW - 300,
    view: {
      atWallMs: NOW - 300, state: 'ATTACK', stateSinceWallMs: NOW - 66_000, ratePerSecond: 2_041, z: 17.2,
      expectation: { source: 'hour-of-week', ratePerSecond: 38, medianLog: 3.6, madLog: 0.2 },
      health: { strained: true, critical: false, well: false, signs: [{ code: 'h4-turned-away', value: 0.3, limit: 0.02, sentence: '31 % of the requests for the origin are turned away' }] },
      excess: { requests: 20_000, perSecond: 2_003, expectedPerSecond: 38, suspiciousPerSecond: 1_990, rows: 2_000, judgedShare: 0.99, judgedRows: 900, echoShare: 0, echoRows: 0, top: null, newNetworkShare: 0.9, failingShare: 0 },
      evidence: [{ code: 'page-only-share', value: 0.99, expectation: 0.2, logLikelihood: 1.6, sentence: '99 % of the excess take pages and nothing else' }],
      logLikelihood: 4.4, rules: [attackRule, { ...attackRule, id: 'r-old', stage: 'dormant' }],
      candidates: [{ id: 'r-cand', when: attackRule.when, sentence: 'path "/" and page-only', evidence: { ...attackRule.evidence!, gates: [{ gate: 'G2-collateral', passed: false, value: 0.04, limit: 0.01, sentence: 'touches at most 4.0 % of normal requests (limit 1.0 %)' }] } }],
      baseline: { minutesLearned: 9_000, rows: 21_000, coldStart: false }, bytes: 1,
    },
  },
  plan: { version: 9, state: 'ATTACK', rules: [], postureExpiresAtWallMs: NOW + 8_000, preferStale: true },
  settingsRules: [{ id: 'own', origin: 'operator', action: 'allow', when: [{ attribute: 'prefix', cidrs: ['192.0.2.0/24'] }], dryRun: false, expiresAtWallMs: null }],
  ruleMatches: { own: { matched: 12, positive: 0, canaryTried: 0, canaryPassed: 0 } },
  sinceStart: { received: 1_234_567, ended: { 'served-fresh': 300_000, 'served-origin': 30_000, 'rule-block': 128_700 }, bytesOut: 1e9 },
  lastSeconds: { seconds: 10, received: 20_410, ended: { 'served-fresh': 300, 'served-origin': 80, 'served-stale': 20, 'rule-block': 19_800, 'queue-full': 210 }, bytesOut: 5e6 },
  connections: 812, eventLoopLagP99Ms: 4.2, cache: { entries: 1_204, bytes: 92_000_000 },
  origin: [{
    routeClass: 'page',
    admission: { admitted: 80, rejected: 210, inFlight: 12, limit: 20, waiting: 3, waitP90Ms: 40, inLine: 17 },
    answers: { answers: 80, serverErrors: 2, timeouts: 0, connectFailures: 0, latencyP50Ms: 21, latencyP99Ms: 80, shortRttMs: 21, longRttMs: 20 },
  }],
  upstreams: [{ name: 'http://127.0.0.1:8090', healthy: true }],
  record: {
    alive: true,
    state: { journal: { entries: 812, lastSeq: 812, lastHash: '5f'.repeat(32), segments: 1, bytes: 412_000, suspended: null, waiting: 0, lost: 0, failures: 0 }, closedRooms: [], alerts: { open: { info: 0, warning: 0, critical: 1 }, channels: [{ name: 'duty-mail', kind: 'mail', to: 'duty@example.org by mail.example.org:587', sent: 2, failed: 0, waiting: 1, lastSentAtWallMs: NOW - 60_000, trouble: 'the mail could not be delivered: connect ECONNREFUSED' }] } },
  },
  kernelDrop: { state: 'off', sentence: 'off', sources: 0 },
  events: [{ atWallMs: NOW - 66_000, code: 'state', sentence: 'STRAIN to ATTACK: a rule passes all gates' }],
}
