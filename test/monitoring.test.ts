/**
 * deploy/prometheus and deploy/grafana against what Polder really says: promtool (of Debian's package prometheus) loads the rules, runs their own tests and
 * parses every query of the dashboard; every metric and every reason they name exists.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { reasons } from '../src/contract/reason.ts'
import { shieldStates } from '../src/contract/plan.ts'
import { durationBoundsMs } from '../src/contract/vitals.ts'
import { openMetrics } from '../src/surfaces/metrics/open-metrics.ts'
import { Totals } from '../src/surfaces/metrics/totals.ts'

const root = join(import.meta.dirname, '..')
const rulesFolder = join(root, 'deploy/prometheus')
const folder = mkdtempSync(join(tmpdir(), 'polder-promtool-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Runs promtool; a failure is shown with what it said. */
function promtool(...args: string[]): string {
  try {
    return execFileSync('promtool', args, { cwd: rulesFolder, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { stdout = '', stderr = '', code } = error as { stdout?: string; stderr?: string; code?: string }
    throw new Error(code === 'ENOENT' ? 'promtool is missing: script/bootstrap --test installs it' : `promtool ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error })
  }
}

interface Sample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
}

/** One sample of everything that /metrics can say: each gauge, each label. */
const said: readonly Sample[] = (() => {
  const totals = new Totals()
  const none = Array.from({ length: durationBoundsMs.length + 1 }, () => 0)
  totals.add({
    worker: 0, fromWallMs: 0, toWallMs: 1_000, planVersion: 1, received: 1, ended: {}, bytesIn: 0, bytesOut: 0, openConnections: 0, eventLoopLagP99Ms: 0, ruleMatches: { r: { matched: 1, positive: 0, canaryPassed: 0, canaryTried: 0 } },
    admission: { page: { admitted: 0, rejected: 0, inFlight: 0, limit: 1, waiting: 0, waitP90Ms: 0, inLine: 0 } },
    origin: { page: { answers: 1, serverErrors: 0, timeouts: 0, connectFailures: 0, latencyP50Ms: 1, latencyP99Ms: 1, shortRttMs: 1, longRttMs: 1 } },
    cache: { entries: 0, bytes: 0, stored: 0, collapsed: 0 }, durations: { cache: none, origin: none, refused: none },
  }, [{ name: 'http://127.0.0.1:8090', healthy: true, inFlight: 0, failures: 0 }])
  totals.state = 'NORMAL'
  totals.controlHeardAtWallMs = 1
  totals.store = { diskRows: 0, diskBytes: 0, diskFailures: 0, suspended: false, evicted: 0 }
  totals.record = {
    journal: { entries: 0, lastSeq: 0, lastHash: '', segments: 0, bytes: 0, suspended: null, waiting: 0, lost: 0, failures: 0 }, closedRooms: [],
    alerts: { open: { info: 0, warning: 0, critical: 0 }, channels: [{ name: 'duty', kind: 'mail', to: '', sent: 0, failed: 0, waiting: 0, lastSentAtWallMs: null, trouble: null }] },
  }
  totals.console = { sessions: 1, pages: 1, secondsSkipped: 0, wrongSignIns: 0, lockOuts: { device: 0, pair: 0, account: 0, address: 0 }, actsDone: 0, actsRefused: 0, historyBytes: 1, historySuspended: false, delayMs: 1 }
  totals.lifeline = {
    atWallMs: 1, sites: [], pause: 'done', pass: { number: 1, startedAtWallMs: 1, endedAtWallMs: 1, done: 1, left: 0, perSecond: 0 }, pages: { known: 1, kept: 1, missing: 0, beyondBound: 0 }, disk: { bytes: 1, maxBytes: 1, copyBytes: 1, suspended: false },
    age: { medianMs: 1, oldestMs: 1 }, coverage: { share: 1, reads: 1, days: 1, unserved: [] }, missing: [], memory: { heapBytes: 1, externalBytes: 1 },
  }
  return openMetrics(totals, '0', [['lifeline', true]]).split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => ({
    name: /^[a-z_]+/.exec(line)![0],
    labels: new Map([...line.matchAll(/([a-z_]+)="([^"]*)"/g)].map((pair) => [pair[1], pair[2]])),
  }))
})()

/** Names and labels of metrics in a query exist in what Polder says; `up`, `instance` and `job` are Prometheus's own. */
function judge(query: string, where: string): void {
  const selectors = [...query.matchAll(/\b(polder_[a-z_]+|up)\b(?:\{([^}]*)\})?/g)]
  assert.ok(selectors.length > 0, `${where} asks for nothing: ${query}`)
  for (const [, name, inner = ''] of selectors) {
    if (name === 'up') continue
    const samples = said.filter((sample) => sample.name === name)
    assert.ok(samples.length > 0, `${where}: Polder says no ${name}`)
    for (const [, label, operator, value] of inner.matchAll(/([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)) {
      if (label === 'instance' || label === 'job') continue
      const known = new Set(samples.flatMap((sample) => sample.labels.get(label) ?? []))
      assert.ok(known.size > 0, `${where}: ${name} has no label ${label}`)
      for (const word of operator.endsWith('~') ? value.split('|') : [value]) {
        const pattern = new RegExp(`^(?:${word})$`)
        const all: readonly string[] = label === 'reason' ? reasons : label === 'state' ? shieldStates : [...known, 'timeout', 'connect', 'server-error', 'rejected', 'admitted', 'sent', 'failed']
        assert.ok(all.some((one) => pattern.test(one)), `${where}: ${name} never has ${label}="${word}"`)
      }
    }
  }
  for (const [, labels] of query.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const label of labels.split(',').map((one) => one.trim())) {
      assert.ok(label === 'instance' || label === 'le' || selectors.some(([, name]) => said.some((sample) => sample.name === name && sample.labels.has(label))), `${where}: nothing has the label ${label}`)
    }
  }
}

const rules = readFileSync(join(rulesFolder, 'polder.rules.yml'), 'utf8')

test('promtool loads the alert rules, and their own tests hold', () => {
  assert.match(promtool('check', 'rules', 'polder.rules.yml'), /SUCCESS: \d+ rules found/)
  assert.match(promtool('test', 'rules', 'polder.rules.test.yml'), /SUCCESS/)
})

test('every rule names only what Polder says, and has a test of its own', () => {
  const expressions = [...rules.matchAll(/^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)/gm)].map((found) => found[1] ?? found[2])
  const names = [...rules.matchAll(/- alert: (\w+)/g)].map((found) => found[1])
  assert.equal(expressions.length, names.length)
  expressions.forEach((expression, i) => judge(expression, names[i]))
  const tested = readFileSync(join(rulesFolder, 'polder.rules.test.yml'), 'utf8')
  assert.deepEqual(names.filter((name) => !new RegExp(`alertname: ${name}\\n\\s+exp_alerts`).test(tested)), [])
})

test('a rule that names what does not exist is found', () => {
  assert.throws(() => judge('polder_stat{state="ATTACK"} == 1', 'x'), /no polder_stat/)
  assert.throws(() => judge('polder_state{state="PANIC"} == 1', 'x'), /never has state="PANIC"/)
  assert.throws(() => judge('sum by (host) (polder_state)', 'x'), /nothing has the label host/)
  assert.throws(() => judge('rate(polder_requests_ended_total{reason=~"rule-block|rule-blok"}[1m])', 'x'), /rule-blok/)
})

interface Panel {
  readonly id: number
  readonly title: string
  readonly description: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource: { readonly uid: string }
  readonly targets: ReadonlyArray<{ readonly refId: string; readonly expr: string; readonly legendFormat: string; readonly datasource: { readonly uid: string } }>
}

interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: ReadonlyArray<{ readonly name: string; readonly type: string; readonly definition?: string }> }
  readonly annotations: { readonly list: ReadonlyArray<{ readonly expr: string }> }
}

const dashboardText = readFileSync(join(root, 'deploy/grafana/polder-dashboard.json'), 'utf8')
const dashboard = JSON.parse(dashboardText) as Dashboard

test('the dashboard has the shape that Grafana imports: panels with ids of their own that do not overlap, queries through its data source variable', () => {
  assert.deepEqual([dashboard.uid, dashboard.title], ['polder', 'Polder'])
  assert.ok(dashboard.schemaVersion >= 36)
  assert.deepEqual(dashboard.templating.list.map((one) => [one.name, one.type]), [['datasource', 'datasource'], ['instance', 'query']])
  assert.equal(new Set(dashboard.panels.map((panel) => panel.id)).size, dashboard.panels.length)
  const taken = new Map<string, string>()
  for (const { title, description, type, gridPos, datasource, targets } of dashboard.panels) {
    assert.ok(['stat', 'timeseries'].includes(type) && title !== '' && description.length > 5, title)
    assert.ok(targets.length > 0 && new Set(targets.map((target) => target.refId)).size === targets.length, title)
    for (const one of [datasource, ...targets.map((target) => target.datasource)]) assert.equal(one.uid, '${datasource}', title)
    assert.ok(gridPos.x >= 0 && gridPos.w > 0 && gridPos.x + gridPos.w <= 24, `${title} leaves the grid of 24`)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.equal(taken.get(`${x} ${y}`), undefined, `${title} lies over ${taken.get(`${x} ${y}`)}`)
        taken.set(`${x} ${y}`, title)
      }
    }
  }
  const used = [...dashboardText.matchAll(/\$\{?([a-z_]+)\}?/gi)].map((found) => found[1]).filter((name) => !name.startsWith('__'))
  assert.deepEqual([...new Set(used)].sort(), ['datasource', 'instance'])
})

test('promtool parses every query of the dashboard, and each asks for what Polder says', () => {
  const queries = [...dashboard.panels.flatMap((panel) => panel.targets.map((target) => [panel.title, target.expr] as const)), ...dashboard.annotations.list.map((one) => ['annotation', one.expr] as const)]
  for (const [title, expr] of queries) judge(expr, title)
  for (const { title, targets } of dashboard.panels) {
    for (const { expr, legendFormat } of targets) {
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) assert.ok(label === 'instance' || new RegExp(`by \\([^)]*\\b${label}\\b`).test(expr), `${title}: the legend names ${label}, which the query leaves out`)
    }
  }
  const asRules = queries.map(([, expr], i) => `      - record: panel:query${i}\n        expr: ${JSON.stringify(expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'))}\n`)
  const file = join(folder, 'dashboard.yml')
  writeFileSync(file, `groups:\n  - name: dashboard\n    rules:\n${asRules.join('')}`)
  assert.match(promtool('check', 'rules', file), new RegExp(`SUCCESS: ${queries.length} rules found`))
  writeFileSync(file, `groups:\n  - name: dashboard\n    rules:\n${asRules[0].replace('max(', 'max((')}`)
  assert.throws(() => promtool('check', 'rules', file), /unclosed left parenthesis|parse error/, 'a query that cannot be parsed must be found')
})
