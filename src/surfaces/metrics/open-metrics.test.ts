import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LifelineState } from '../../contract/lifeline.ts'
import { reasons } from '../../contract/reason.ts'
import { durationBoundsMs, type Vitals } from '../../contract/vitals.ts'
import { openMetrics } from './open-metrics.ts'
import { Totals } from './totals.ts'

function vitals(worker: number, more: Partial<Vitals> = {}): Vitals {
  const none = Array.from({ length: durationBoundsMs.length + 1 }, () => 0)
  return {
    worker, fromWallMs: 0, toWallMs: 1_000, planVersion: 3, received: 10, ended: { 'served-fresh': 7, 'rule-block': 3 }, bytesIn: 100, bytesOut: 900,
    openConnections: 4, eventLoopLagP99Ms: 2, ruleMatches: { 'op"1\n': { matched: 3, positive: 0, canaryPassed: 0, canaryTried: 0 } },
    admission: { page: { admitted: 2, rejected: 1, inFlight: 1, limit: 8, waiting: 0, waitP90Ms: 0 } },
    origin: { page: { answers: 2, serverErrors: 1, timeouts: 0, connectFailures: 0, latencyP50Ms: 5, latencyP99Ms: 9, shortRttMs: 5, longRttMs: 5 } },
    cache: { entries: 5, bytes: 4_096, stored: 2, collapsed: 1 }, durations: { cache: [7, ...none.slice(1)], origin: none, refused: none }, ...more,
  }
}

/** Reads the text as a strict scraper would. Returns value by whole sample name. */
function scrape(text: string): Map<string, number> {
  const lines = text.split('\n')
  assert.equal(lines.pop(), '')
  assert.equal(lines.pop(), '# EOF')
  const types = new Map<string, string>()
  const samples = new Map<string, number>()
  let family = ''
  for (const line of lines) {
    const type = /^# TYPE ([a-z_]+) (counter|gauge|histogram|info)$/.exec(line)
    if (type !== null) {
      assert.ok(!types.has(type[1]), `family ${type[1]} twice`)
      types.set(type[1], type[2])
      family = type[1]
      continue
    }
    if (/^# (HELP|UNIT) /.test(line)) {
      assert.equal(line.split(' ')[2], family)
      if (line.startsWith('# UNIT')) assert.ok(family.endsWith(`_${line.split(' ')[3]}`), line)
      continue
    }
    const sample = /^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[\d.e+-]+)$/.exec(line)
    assert.ok(sample !== null, line)
    const suffix = sample[1].slice(family.length)
    const allowed = { counter: ['_total'], gauge: [''], histogram: ['_bucket', '_count', '_sum'], info: ['_info'] }[types.get(family)!]!
    assert.ok(sample[1].startsWith(family) && allowed.includes(suffix), line)
    const name = line.slice(0, line.lastIndexOf(' '))
    assert.ok(!samples.has(name), `${name} twice`)
    samples.set(name, Number(sample[3]))
  }
  // The reference parser (prometheus_client) refuses the whole text otherwise.
  for (const name of samples.keys()) {
    const histogram = /^([a-z_]+)_count(?=\{|$)/.exec(name)?.[1]
    if (histogram !== undefined && types.get(histogram) === 'histogram') assert.ok(samples.has(name.replace('_count', '_sum')), `${name} without its sum`)
  }
  return samples
}

test('the text is OpenMetrics that a strict scraper reads, whatever a rule is called', () => {
  const totals = new Totals()
  totals.add(vitals(0), [{ name: 'http://127.0.0.1:8090', healthy: true, inFlight: 1, failures: 0 }])
  const samples = scrape(openMetrics(totals, '0.1.0'))
  assert.equal(samples.get('polder_rule_matches_total{rule="op\\"1\\n"}'), 3)
  assert.equal(samples.get('polder_build_info{version="0.1.0"}'), 1)
})

test('counts of all workers and seconds are added up; gauges are the last word of each worker', () => {
  const totals = new Totals()
  totals.add(vitals(0), [])
  totals.add(vitals(1, { openConnections: 9 }), [])
  totals.add(vitals(0, { openConnections: 5 }), [])
  const samples = scrape(openMetrics(totals, 'x'))
  assert.equal(samples.get('polder_requests_received_total'), 30)
  assert.equal(samples.get('polder_requests_ended_total{reason="rule-block"}'), 9)
  assert.equal(samples.get('polder_open_connections{worker="0"}'), 5)
  assert.equal(samples.get('polder_open_connections{worker="1"}'), 9)
  assert.equal(samples.get('polder_request_duration_seconds_bucket{by="cache",le="+Inf"}'), 21)
})

test('every reason has a sample from the start, so that a graph never begins with a gap', () => {
  const samples = scrape(openMetrics(new Totals(), 'x', [['edge-0', true], ['lifeline', false]]))
  assert.deepEqual([samples.get('polder_thread_up{thread="edge-0"}'), samples.get('polder_thread_up{thread="lifeline"}')], [1, 0])
  for (const reason of reasons) assert.equal(samples.get(`polder_requests_ended_total{reason="${reason}"}`), 0)
})

test('a class that had no request in the last second still has its gauges, with nothing in flight', () => {
  const totals = new Totals()
  totals.add(vitals(0), [])
  totals.add(vitals(0, { admission: {} }), [])
  const samples = scrape(openMetrics(totals, 'x'))
  assert.equal(samples.get('polder_origin_in_flight{class="page"}'), 0)
  assert.equal(samples.get('polder_origin_limit{class="page"}'), 8)
})

test('the state is one of five, and each channel of alerts has its counts', () => {
  const totals = new Totals()
  assert.doesNotMatch(openMetrics(totals, 'x'), /polder_state|polder_alert/)
  totals.state = 'ATTACK'
  totals.record = {
    journal: { entries: 1, lastSeq: 1, lastHash: '', segments: 1, bytes: 1, suspended: null, waiting: 0, lost: 0, failures: 0 }, closedRooms: [],
    alerts: { open: { info: 0, warning: 0, critical: 1 }, channels: [{ name: 'duty', kind: 'mail', to: 'x', sent: 3, failed: 1, waiting: 2, lastSentAtWallMs: null, trouble: 'no answer' }] },
  }
  const samples = scrape(openMetrics(totals, 'x'))
  assert.deepEqual(['NORMAL', 'WATCH', 'STRAIN', 'ATTACK', 'EMERGENCY'].map((state) => samples.get(`polder_state{state="${state}"}`)), [0, 0, 0, 1, 0])
  assert.equal(samples.get('polder_alerts_open{severity="critical"}'), 1)
  assert.equal(samples.get('polder_alert_messages_total{channel="duty",kind="mail",result="sent"}'), 3)
  assert.equal(samples.get('polder_alert_messages_total{channel="duty",kind="mail",result="failed"}'), 1)
  assert.equal(samples.get('polder_alert_waiting{channel="duty",kind="mail"}'), 2)
  assert.equal(samples.get('polder_alert_channel_trouble{channel="duty",kind="mail"}'), 1)
})

const lifeline = {
  atWallMs: 60_000, sites: [], pause: 'done', pages: { known: 12, kept: 10, missing: 2, beyondBound: 0 }, disk: { bytes: 4_096, maxBytes: 8_192, copyBytes: 1, suspended: false },
  age: { medianMs: 1_500, oldestMs: 9_000 }, coverage: { share: 0.98, reads: 100, days: 3, unserved: [] }, missing: [], memory: { heapBytes: 1, externalBytes: 1 },
  pass: { number: 2, startedAtWallMs: 10_000, endedAtWallMs: 20_000, done: 12, left: 0, perSecond: 0 },
} satisfies LifelineState

test('the lifeline says how much of the site it holds; what it does not know yet has no figure', () => {
  const totals = new Totals()
  assert.doesNotMatch(openMetrics(totals, 'x'), /polder_lifeline/)
  totals.lifeline = lifeline
  const samples = scrape(openMetrics(totals, 'x'))
  const value = (name: string): number | undefined => samples.get(`polder_lifeline_${name}`)
  assert.deepEqual(['copies', 'missing', 'bytes', 'limit_bytes', 'coverage_share', 'age_seconds{of="median"}', 'pass_ended_timestamp_seconds', 'left'].map(value), [10, 2, 4_096, 8_192, 0.98, 1.5, 20, 0])
  totals.lifeline = { ...lifeline, coverage: { ...lifeline.coverage, share: -1 }, pages: { ...lifeline.pages, kept: 0 }, pass: { ...lifeline.pass, endedAtWallMs: 0, left: 7 } }
  const young = scrape(openMetrics(totals, 'x'))
  assert.deepEqual(['coverage_share', 'age_seconds{of="median"}', 'pass_ended_timestamp_seconds', 'copies', 'left'].map((name) => young.get(`polder_lifeline_${name}`)), [undefined, undefined, undefined, 0, 7])
})

test('rules come and go, and their counters stay bounded', () => {
  const totals = new Totals()
  for (let i = 0; i < 1_000; i++) totals.add(vitals(0, { ruleMatches: { [`auto-${i}`]: { matched: 1, positive: 0, canaryPassed: 0, canaryTried: 0 } } }), [])
  assert.equal(totals.rules.size, 256)
  assert.ok(totals.rules.has('auto-999'))
})

test('the console is in the metrics while it is open, without a name of anybody in it', () => {
  const totals = new Totals()
  assert.ok(!openMetrics(totals, 'x').includes('polder_console'))
  const figures = { sessions: 3, pages: 2, secondsSkipped: 1, wrongSignIns: 20, lockOuts: { device: 0, pair: 1, account: 2, address: 3 }, actsDone: 5, actsRefused: 1, historyBytes: 4_096, historySuspended: false, delayMs: 12 }
  totals.console = figures
  const samples = scrape(openMetrics(totals, 'x'))
  for (const [name, value] of Object.entries({
    polder_console_sessions: 3, polder_console_pages: 2, polder_console_skipped: 1, polder_console_wrong_sign_ins_total: 20, 'polder_console_lock_outs_total{place="account"}': 2, 'polder_console_lock_outs_total{place="address"}': 3,
    'polder_console_acts_total{result="done"}': 5, 'polder_console_acts_total{result="refused"}': 1, polder_console_history_bytes: 4_096, polder_console_history_suspended: 0, polder_console_delay_seconds: 0.012,
  })) assert.equal(samples.get(name), value, name)
  totals.console = { ...figures, historyBytes: -1, historySuspended: true }
  const broken = scrape(openMetrics(totals, 'x'))
  assert.equal(broken.get('polder_console_history_suspended'), 1)
  assert.ok(!broken.has('polder_console_history_bytes'), 'a size nobody knows is not said')
})
