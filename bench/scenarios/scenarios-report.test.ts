import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fullPhases, type ScenarioId } from '../../src/drill/scenarios.ts'
import type { Form } from './peers/shield-peer.ts'
import type { RunResult } from './run-scenario.ts'
import { addRun, readResults } from './saved-results.ts'
import { scenarioFiles } from './scenarios-report.ts'
import { judgeTargets } from './scenario-targets.ts'
import { readShieldEvents } from './shield-events.ts'

function run(scenario: ScenarioId, peer: string, form: Form, seed: number, goodput: number, blocked: number, mitigatedAfterMs: number, share = 1): RunResult {
  const latency = { p50Ms: 3, p95Ms: 20, p99Ms: 10_000 }
  const human = { cohort: 'human' as const, offered: 1_000, right: 900, blocked, late: 0, clients: 100, clientsEverBlocked: blocked }
  return {
    scenario, peer, form, seed, share, phases: fullPhases, beganWallMs: 1_000, detectedAfterMs: peer === 'polder' ? 3_000 : Number.NaN, relaxedAfterMs: Number.POSITIVE_INFINITY, cpuMicrosPerReject: 50,
    score: {
      goodput: { before: 1, attack: goodput, firstTenSeconds: goodput, afterMitigation: mitigatedAfterMs === Number.POSITIVE_INFINITY ? Number.NaN : 1, after: 1 }, mitigatedAfterMs, latency, latencyOfRight: latency,
      harm: [human], challenge: { requests: 4, clients: 3, passed: 4, clientsGaveUp: 0, passMedianMs: 400 }, attack: { sent: 50_000, right: 10, passed: 0, blocked: 40_000, busy: 9_990, failed: 0 }, origin: { attackersPerSecond: 12, attackerWorkShare: 0.5 },
      seconds: Array.from({ length: 90 }, () => ({ offered: 40, right: 38, attack: 2_000 })),
    },
    events: peer === 'polder' ? [{ atWallMs: 25_000, code: 'attack-shown', sentence: 'a <b>', ruleId: null, action: null, to: 'ATTACK' }] : [],
    generator: { worstLatenessMs: 5, meanLatenessMs: 1, withheldRequests: 0, withheldSockets: 0 }, log: 'x'.repeat(1_000),
  }
}

test('results survive the disk, "never" included, and a new run of the same replaces the old one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'polder-report-'))
  const file = join(folder, 'scenarios.json')
  addRun(file, run('A2', 'polder', 'default', 1, 0.5, 0, Number.POSITIVE_INFINITY), { nginx: '1' })
  addRun(file, run('A2', 'none', 'default', 1, 0.05, 0, Number.POSITIVE_INFINITY), {})
  addRun(file, run('A2', 'polder', 'default', 2, 0.97, 0, 4_000), {})
  addRun(file, run('A2', 'polder', 'default', 1, 0.98, 0, 3_000), {})
  const results = readResults(file)
  rmSync(folder, { recursive: true })
  assert.equal(results.runs.length, 3)
  assert.equal(results.runs.find((one) => one.peer === 'none')!.score.mitigatedAfterMs, Number.POSITIVE_INFINITY)
  const files = scenarioFiles(results)
  assert.deepEqual(Object.keys(files).sort(), ['scenarios-A2.svg', 'scenarios.md'])
  assert.match(files['scenarios.md'], /\| polder, default \| full \| 2 \| 0\.975 \(0\.970\)/)
  assert.match(files['scenarios.md'], /\| none \| full \| 1 \| 0\.050 .*never/)
  assert.doesNotMatch(files['scenarios.md'] + files['scenarios-A2.svg'], /NaN|undefined|Infinity/)
})

test('a target is missed by one blocked visitor of a crowd, one late mitigation, one peer ahead', () => {
  const saved = (...runs: readonly RunResult[]) => runs.map((one) => ({ ...one, measuredOn: '2026-01-01' }))
  const holds = (rows: string[][], what: string): string => rows.find((row) => row[0].startsWith(what) && row[3] !== 'not measured')![4]
  const good = saved(run('B1a', 'polder', 'default', 1, 1, 0, 0), run('A2', 'polder', 'default', 1, 0.98, 0, 4_000, 1 / 3), run('A2', 'nginx', 'tuned', 1, 0.6, 3, Number.POSITIVE_INFINITY, 1 / 3))
  assert.equal(holds(judgeTargets(good), 'B1 to B5'), 'yes')
  assert.equal(holds(judgeTargets(good), 'A1 to A6: time'), 'yes')
  assert.equal(holds(judgeTargets(good), 'against nginx'), 'yes')
  assert.equal(judgeTargets(good).find((row) => row[0].startsWith('A12'))![3], 'not measured')
  const bad = saved(run('B1a', 'polder', 'default', 1, 1, 1, 0), run('A2', 'polder', 'default', 1, 0.5, 0, 11_000, 1 / 3), run('A2', 'nginx', 'tuned', 1, 0.6, 0, Number.POSITIVE_INFINITY, 1 / 3))
  for (const what of ['B1 to B5', 'A1 to A6: time', 'against nginx']) assert.equal(holds(judgeTargets(bad), what), '**no**', what)
})

test('a returning pulse is judged by the third and later ones, and each stands in the table', () => {
  const pulsed = (ms: readonly number[]) => {
    const one = run('A10a', 'polder', 'default', 1, 0.98, 0, 3_000)
    return [{ ...one, measuredOn: '2026-01-01', score: { ...one.score, pulsesMitigatedAfterMs: ms } }]
  }
  const judged = (ms: readonly number[]): string[] => judgeTargets(pulsed(ms)).find((row) => row[0].startsWith('A10a'))!
  assert.deepEqual(judged([4_000, 3_000, 1_900]).slice(2), ['1, 1', '1.9 s at most', 'yes'])
  assert.equal(judged([0, 0, 2_100])[4], '**no**')
  assert.equal(judged([0, 0, Number.POSITIVE_INFINITY])[4], '**no**')
  assert.equal(judged([4_000, 3_000])[3], 'not measured')
  const { machine } = readResults('/nowhere')
  assert.match(scenarioFiles({ machine, versions: {}, runs: pulsed([3_000, 1_500, 0]) })['scenarios.md'], /3\.0 s; pulse 2: 1\.5 s; pulse 3: 0\.0 s/)
})

test('the shield\'s events are read out of its log, whatever else stands there', () => {
  const log = '{"cut\n{"level":"info","msg":"ready"}\nplain text "event"\n{"event":{"atWallMs":5,"code":"strain-over","sentence":"s","to":"WATCH"}}\n'
  assert.deepEqual(readShieldEvents(log), [{ atWallMs: 5, code: 'strain-over', sentence: 's', ruleId: null, action: null, to: 'WATCH' }])
})

test('the challenge is held against its stand-in, scenario by scenario, and one visitor who gave up is one too many', () => {
  const saved = (...runs: readonly RunResult[]) => runs.map((one) => ({ ...one, measuredOn: '2026-01-01' }))
  const judged = (runs: ReturnType<typeof saved>, what: string): string[] => judgeTargets(runs).find((row) => row[0].startsWith(what))!
  const standIn = run('A6', 'polder', 'stand-in', 1, 0.9, 0, 1_000)
  assert.equal(judged(saved(run('A6', 'polder', 'default', 1, 0.9, 0, 1_000), standIn), 'A3, A6, A12 with')[4], 'yes')
  assert.equal(judged(saved(run('A6', 'polder', 'default', 1, 0.8, 0, 1_000), standIn), 'A3, A6, A12 with')[4], '**no**')
  assert.equal(judged(saved(run('A6', 'polder', 'default', 1, 0.8, 0, 1_000)), 'A3, A6, A12 with')[3], 'not measured')
  const lost = run('A6', 'polder', 'default', 1, 0.9, 0, 1_000)
  const { challenge } = lost.score
  assert.equal(judged(saved(lost), 'visitors who gave up')[4], 'yes')
  assert.equal(judged(saved({ ...lost, score: { ...lost.score, challenge: { ...challenge, clientsGaveUp: 1 } } }), 'visitors who gave up')[4], '**no**')
})
