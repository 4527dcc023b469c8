import type { Incident } from '../../contract/incident.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import type { Measure } from '../../contract/measure.ts'
import type { Condition } from '../../contract/plan.ts'
import { defaultsOf } from '../../kernel/option.ts'
import type { Facts } from './compose-report.ts'
import { MeasuredCourse } from './measured-course.ts'
import { reportOptions, type ReportSettings } from './options.ts'

/** The evening of a vote: 23 November 2026, 18:40 UTC. */
export const OPENED = Date.UTC(2026, 10, 23, 18, 40, 12)
export const NOW = OPENED + 5 * 3_600_000
const HASH = '0'.repeat(64)

export function settingsFor(changes: Partial<ReportSettings> = {}): ReportSettings {
  return {
    ...defaultsOf(reportOptions), institution: 'Parliament of Exampleland', site: 'www.parliament.example', contact: 'Duty desk, +32 2 000 00 00, duty@parliament.example',
    regime: 'nis2-essential', country: 'BE', authority: 'CSIRT of Exampleland', timeZone: 'Europe/Brussels', ...changes,
  }
}

export const ruleConditions: Readonly<Record<string, readonly Condition[]>> = {
  'r-search': [{ attribute: 'path', glob: '/search*' }, { attribute: 'query-present' }, { attribute: 'unproven' }],
  'r-tool': [{ attribute: 'userAgent', equals: 9, text: 'floodtool/2.1 (it\'s "free")' }],
  'r-range': [{ attribute: 'prefix', cidrs: ['203.0.113.0/24', '2001:db8:7::/48'] }],
  'r-order': [{ attribute: 'headerOrder', equals: 77 }],
}

/** Everything an incident can hold, with text in Greek and Bulgarian. */
export function richIncident(changes: Partial<Incident> = {}): Incident {
  const min = 60_000
  return {
    id: '2026-11-23-1', title: 'Наводнение от заявки към търсенето / Επίθεση στην αναζήτηση', openedAtWallMs: OPENED, openedBy: 'polder', closedAtWallMs: null, closedBy: null,
    awareAtWallMs: OPENED + 5 * min, awareWho: 'Anna Vos', tlp: 'amber', significant: null, mergedInto: null,
    figures: [
      { code: 'start', name: 'First second above the usual', value: OPENED - 9_000, unit: 'time', kind: 'exact', from: [12] },
      { code: 'detected', name: 'Detected', value: OPENED, unit: 'time', kind: 'exact', from: [13] },
      { code: 'mitigated', name: 'Mitigated', value: OPENED + 40_000, unit: 'time', kind: 'exact', from: [17] },
      { code: 'ended', name: 'Ended', value: null, unit: 'time', kind: 'not-known', from: [] },
      { code: 'duration-seconds', name: 'Lasted so far', value: 18_009, unit: 'seconds', kind: 'exact', from: [[12, 400]] },
      { code: 'peak-requests-per-second', name: 'Most requests in a second', value: 21_344, unit: 'per-second', kind: 'exact', from: [88] },
      { code: 'refused', name: 'Turned away', value: 91_000_231, unit: 'requests', kind: 'exact', from: [[12, 400]] },
      { code: 'lost', name: 'Lost', value: 812, unit: 'requests', kind: 'exact', from: [[12, 400]] },
      { code: 'visitors-served', name: 'Visitors served', value: 18_000, unit: 'count', kind: 'estimated', from: [[12, 400]] },
      { code: 'from-cache-share', name: 'Answered from the cache', value: 0.8312, unit: 'share', kind: 'exact', from: [[12, 400]] },
      { code: 'peak-bits-per-second-out', name: 'Most data out', value: 431_000_000, unit: 'bits-per-second', kind: 'exact', from: [88] },
      { code: 'origin-latency-p99-ms', name: 'Slowest answers of the origin (p99)', value: 12_345, unit: 'ms', kind: 'exact', from: [14] },
      { code: 'network-share', name: 'Share of the suspicious requests', of: 'AS64496 Example Hosting', value: 0.41, unit: 'share', kind: 'sampled', from: [[12, 400]] },
      { code: 'country-share', name: 'Share of the suspicious requests', of: 'NL', value: 0.22, unit: 'share', kind: 'sampled', from: [[12, 400]] },
    ],
    timeline: [
      { atWallMs: OPENED, kind: 'state', sentence: 'NORMAL to ATTACK: requests far above the usual.', who: 'polder', seq: 13 },
      { atWallMs: OPENED + 30_000, kind: 'rule', sentence: 'Rule r-search: asks /search* with a query for the short check.', who: 'polder', seq: 16 },
      { atWallMs: OPENED + 5 * min, kind: 'person', sentence: 'Anna Vos became aware.', who: 'Anna Vos', seq: 40 },
      { atWallMs: OPENED + 6 * min, kind: 'claim', sentence: 'A claim was recorded.', who: 'Anna Vos', seq: 41 },
    ],
    claims: [{ id: 'c1', saidBy: 'A channel named "Noname"', where: 'https://t.example/post/1', saidAtWallMs: OPENED + 2 * min, text: 'We did it. <script>alert(1)</script>', reliability: 'E', credibility: 4, evidenceId: 'e1', who: 'Anna Vos', atWallMs: OPENED + 6 * min }],
    hypotheses: [
      { id: 'h1', text: 'Linked to the vote of this evening', verdict: 'not known', supports: [{ text: 'The time', reference: 'c1', who: 'Anna Vos', atWallMs: OPENED + 8 * min }], against: [], who: 'Anna Vos', atWallMs: OPENED + 7 * min },
      { id: 'h2', text: 'A rented botnet', verdict: 'likely', supports: [], against: [{ text: 'Few networks', reference: '', who: 'Jan Peeters', atWallMs: OPENED + 9 * min }], who: 'Jan Peeters', atWallMs: OPENED + 9 * min },
    ],
    evidence: [{ id: 'e1', name: 'post.png', provenance: 'Screenshot by Anna Vos', bytes: 48_213, sha256: 'ab'.repeat(32), who: 'Anna Vos', atWallMs: OPENED + 6 * min }],
    notes: [{ id: 'n1', text: 'Провайдърът е уведомен.\nОчакваме отговор.', who: 'Jan Peeters', atWallMs: OPENED + 10 * min }],
    tasks: [{ id: 't1', text: 'Call the provider', assignee: 'Jan Peeters', dueWallMs: OPENED + 60 * min, doneAtWallMs: null, who: 'Anna Vos', atWallMs: OPENED + 10 * min }],
    reports: [],
    answers: { 'suspected-malicious': { text: 'Ναι: η κίνηση δεν μοιάζει με επισκέπτες.', who: 'Anna Vos', atWallMs: OPENED + 12 * min } },
    around: [{ title: 'Plenary: vote on the budget', fromWallMs: OPENED - 60 * min, toWallMs: OPENED + 120 * min, postures: ['alert'] }],
    addressEvidence: null,
    ...changes,
  }
}

export function measureOf(fromWallMs: number, toWallMs: number, received: number, rules: Measure['rules'] = []): Measure {
  const refused = Math.floor(received * 0.8)
  return {
    fromWallMs, toWallMs, state: 'ATTACK', received, ended: { 'served-origin': received - refused, 'rule-block': refused }, bytesOut: received * 900,
    peak: { requestsPerSecond: received / 5, bitsPerSecondOut: received * 1_500 }, health: { heardSeconds: 10, strainedSeconds: 2, criticalSeconds: 0 }, expected: { perSecond: 40, upperPerSecond: 80 },
    origin: [{ routeClass: 'page', answers: 120, serverErrors: 1, timeouts: 0, connectFailures: 0, latencyP50Ms: 35.5, latencyP99Ms: 900, admitted: 120, rejected: 4 }],
    rules, networks: null, seconds: [],
  }
}

export function entry(seq: number, atWallMs: number, kind: JournalEntry['kind'], data: unknown): JournalEntry {
  return { seq, atWallMs, kind, who: 'polder', sentence: kind, data, previous: HASH, hash: HASH }
}

/** One measure every ten seconds from the opening on. */
export function measureEntries(count: number, firstSeq = 12): JournalEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const from = OPENED + i * 10_000
    const rules: Measure['rules'] = Object.keys(ruleConditions).map((id) => ({ id, origin: 'automatic', sentence: `Requests that rule ${id} matches.`, action: 'block', dryRun: false, matched: 100 + i, positive: 1, harmUpperShare: 0.004 }))
    return entry(firstSeq + i, from + 10_000, 'measure', measureOf(from, from + 10_000, 5_000 + ((i * 977) % 9_000), i % 2 === 0 ? rules : []))
  })
}

export function factsOf(incident: Incident = richIncident(), settings: ReportSettings = settingsFor(), nowWallMs = NOW): Facts {
  const course = new MeasuredCourse(OPENED - 600_000, nowWallMs)
  for (const one of measureEntries(200)) course.add(one)
  for (const [id, when] of Object.entries(ruleConditions)) course.know(id, when)
  return { incident, course, settings, nowWallMs }
}

/** Text as an attacker would write it for each form at once. */
export const hostileText = '<img src=x onerror=alert(1)>"\'`|](javascript:alert(1))![x](http://evil.example/a.png) **b** _c_ # h\n- item\n1. one\n| a | b |\n' +
  '<!-- --> </title><script>1</script> &amp; \u0000\u001B[31m \u202Egnp.exe \u2028 \uD800 \\\' ] OR [file:name = \'x\'] %s ${1} {{2}} www.evil.example a@b.example https://evil.example 😀'
