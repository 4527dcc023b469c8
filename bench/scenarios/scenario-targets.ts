/** What the suite must reach, and whether the saved runs of Polder (default form) do. */
import { type ScenarioId, scenarioIds, scenarioOf } from '../../src/drill/scenarios.ts'
import { median } from '../measure/statistics.ts'
import { type SavedRun, blockedClients } from './saved-results.ts'

const floods: readonly ScenarioId[] = ['A1', 'A2', 'A3', 'A4', 'A5', 'A6']
const ruled: readonly ScenarioId[] = ['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8', 'A9', 'A10a', 'A10b', 'A10c']
const ranked: readonly ScenarioId[] = ['A2', 'A3', 'A4', 'A5', 'A6', 'A10a', 'A10b', 'A11', 'A12', 'B1a', 'B1b', 'B2']

/** Half a point of goodput is the noise of two runs of the same. */
const NOISE = 0.005

/** Rows of what, target, runs and seeds, measured, holds. */
export function judgeTargets(all: readonly SavedRun[]): string[][] {
  const polder = all.filter((run) => run.peer === 'polder' && run.form === 'default')
  const of = (ids: readonly ScenarioId[]): SavedRun[] => polder.filter((run) => ids.includes(run.scenario))
  const crowds = of(scenarioIds.filter((id) => scenarioOf(id).kind === 'crowd'))
  const flooded = of(floods)
  const times = flooded.map((run) => run.score.mitigatedAfterMs)
  const after = flooded.map((run) => run.score.goodput.afterMitigation).filter((value) => Number.isFinite(value))
  const pulsed = of(['A10a', 'A10c']).filter((run) => (run.score.pulsesMitigatedAfterMs?.length ?? 0) >= 3)
  const returning = pulsed.flatMap((run) => run.score.pulsesMitigatedAfterMs!.slice(2))
  const harmed = of(ruled)
  const visitors = harmed.reduce((sum, run) => sum + run.score.harm.reduce((s, one) => s + one.clients, 0), 0)
  const blocked = harmed.reduce((sum, run) => sum + blockedClients(run), 0)
  const a12 = of(['A12'])
  const a12Blocked = a12.map((run) => blockedClients(run) / run.score.harm.reduce((s, one) => s + one.clients, 0))
  const a11 = of(['A11'])
  const full = (ids: readonly ScenarioId[]): SavedRun[] => of(ids).filter((run) => run.share === 1)
  const rejectCost = (ids: readonly ScenarioId[], cost: (run: SavedRun) => number = (run) => run.cpuMicrosPerReject): number[] => full(ids).map(cost).filter((value) => Number.isFinite(value) && value > 0)
  const kept = rejectCost(['A1'])
  const fresh = rejectCost(['A2', 'A3', 'A4', 'A5'])
  const edgeFresh = rejectCost(['A2', 'A3', 'A4', 'A5'], (run) => run.edgeCpuMicrosPerReject ?? Number.NaN)
  return [
    row('B1 to B5: visitors blocked', '0 in every run', crowds, `${Math.max(0, ...crowds.map(blockedClients))} at most`, crowds.every((run) => blockedClients(run) === 0)),
    row('A1 to A6: goodput from mitigation on', '≥ 0.95', flooded, `${least(after).toFixed(3)} at least`, after.length === flooded.length && least(after) >= 0.95),
    row('A1 to A6: time to mitigate', 'median ≤ 5 s, worst ≤ 10 s', flooded, `${seconds(times.length === 0 ? 0 : middle(times))}, ${seconds(Math.max(...times))}`, middle(times) <= 5_000 && Math.max(...times) <= 10_000),
    row('A10a, A10c: time to mitigate a returning pulse (the third), 16 s and 74 s after the one before', '≤ 2 s', pulsed, `${seconds(Math.max(0, ...returning))} at most`, returning.every((ms) => ms <= 2_000)),
    row('A12: goodput, visitors blocked', '≥ 0.8, ≤ 1 %', a12, `${least(a12.map((run) => run.score.goodput.attack)).toFixed(3)}, ${(100 * Math.max(0, ...a12Blocked)).toFixed(2)} %`, a12.every((run) => run.score.goodput.attack >= 0.8) && a12Blocked.every((value) => value <= 0.01)),
    row('A11: attackers blocked, goodput', 'none; ≥ 0.4 (visitors\' share of what the origin can do)', a11, `${Math.max(0, ...a11.map((run) => run.score.attack.blocked))} requests, ${least(a11.map((run) => run.score.goodput.attack)).toFixed(3)}`, a11.every((run) => run.score.attack.blocked === 0 && run.score.goodput.attack >= 0.4)),
    row('A1 to A10: real visitors ever blocked', '≤ 0.1 %', harmed, `${blocked} of ${visitors}`, blocked <= visitors / 1_000),
    row('CPU per rejected request in process, connections kept (A1), full size', '≤ 60 µs', full(['A1']), `${kept.length === 0 ? '' : median(kept).toFixed(0)} µs`, kept.length > 0 && median(kept) <= 60),
    row('the same with a new connection for each (A2 to A5), full size', '≤ 60 µs', full(['A2', 'A3', 'A4', 'A5']), `${fresh.length === 0 ? '' : median(fresh).toFixed(0)} µs`, fresh.length > 0 && median(fresh) <= 60),
    row('of that, in the edge threads', '', full(['A2', 'A3', 'A4', 'A5']), edgeFresh.length === 0 ? 'not measured' : `${median(edgeFresh).toFixed(0)} µs`, true),
    ...againstStandIn(all),
    ...againstPeers(all),
  ]
}

const withStandIn: readonly ScenarioId[] = ['A3', 'A6', 'A12']

/** The challenge against the rate limit that would stand in its place, full size and a third apart; and nobody who gave up, in any scenario. */
function againstStandIn(all: readonly SavedRun[]): string[][] {
  const rows = [true, false].map((full) => {
    const behind: string[] = []
    const compared: SavedRun[] = []
    for (const id of withStandIn) {
      const of = (form: string): SavedRun[] => all.filter((run) => run.scenario === id && run.peer === 'polder' && run.form === form && (run.share === 1) === full && run.score.challenge !== undefined)
      const [challenge, standIn] = [of('default'), of('stand-in')]
      if (challenge.length === 0 || standIn.length === 0) continue
      compared.push(...challenge)
      const goodput = (runs: readonly SavedRun[]): number => median(runs.map((run) => run.score.goodput.attack))
      if (goodput(challenge) < goodput(standIn) - NOISE) behind.push(`${id} (${goodput(challenge).toFixed(3)} against ${goodput(standIn).toFixed(3)})`)
    }
    const scenarios = [...new Set(compared.map((run) => run.scenario))].join(', ')
    return row(`A3, A6, A12 with the challenge step, ${full ? 'full size' : 'a third of the size'}`, 'goodput no lower than with the rate-limit stand-in', compared, behind.length === 0 ? `not behind on ${scenarios}` : `behind on ${behind.join(', ')}; compared: ${scenarios}`, behind.length === 0)
  })
  const counted = all.filter((run) => run.peer === 'polder' && run.form === 'default' && run.score.challenge !== undefined)
  const sum = (of: (run: SavedRun) => number): number => counted.reduce((total, run) => total + of(run), 0)
  const gaveUp = sum((run) => run.score.challenge.clientsGaveUp)
  return [...rows, row('visitors who gave up at the challenge, all scenarios', '0', counted, `${gaveUp} of ${sum((run) => run.score.challenge.clients)} challenged`, gaveUp === 0)]
}

/** Scenario by scenario: goodput and blocked visitors of Polder against each tuned peer; full size and a third apart (scenarios-report.ts says what they differ in). */
function againstPeers(all: readonly SavedRun[]): string[][] {
  return ['nginx', 'haproxy'].flatMap((peer) => [false, true].map((full) => againstPeer(all.filter((run) => (run.share === 1) === full), peer, full ? 'full size' : 'a third of the size')))
}

function againstPeer(all: readonly SavedRun[], peer: string, size: string): string[] {
  const behind: string[] = []
  const compared: SavedRun[] = []
  for (const id of ranked) {
    const ours = all.filter((run) => run.scenario === id && run.peer === 'polder' && run.form === 'default')
    const theirs = all.filter((run) => run.scenario === id && run.peer === peer && run.form === 'tuned')
    if (ours.length === 0 || theirs.length === 0) continue
    compared.push(...theirs)
    const goodput = (runs: readonly SavedRun[]): number => median(runs.map((run) => run.score.goodput.attack))
    const harm = (runs: readonly SavedRun[]): number => median(runs.map(blockedClients))
    if (goodput(ours) < goodput(theirs) - NOISE || harm(ours) > harm(theirs)) behind.push(`${id} (goodput ${goodput(ours).toFixed(3)} against ${goodput(theirs).toFixed(3)}, blocked ${harm(ours)} against ${harm(theirs)})`)
  }
  const scenarios = [...new Set(compared.map((run) => run.scenario))].join(', ')
  return row(`against ${peer} as tuned, ${size}: goodput and visitors blocked`, 'not behind on A2 to A6, A10 to A12, B1, B2', compared, behind.length === 0 ? `not behind on ${scenarios}` : `behind on ${behind.join(', ')}; compared: ${scenarios}`, behind.length === 0)
}

function row(what: string, target: string, runs: readonly SavedRun[], text: string, holds: boolean): string[] {
  if (runs.length === 0) return [what, target, '0', 'not measured', '–']
  return [what, target, `${runs.length}, ${new Set(runs.map((run) => run.seed)).size}`, text, target === '' ? '–' : holds ? 'yes' : '**no**']
}

function least(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Math.min(...values)
}

/** Also of values that hold Infinity. */
function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN
}

function seconds(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? 'never' : `${(ms / 1_000).toFixed(1)} s`
}
