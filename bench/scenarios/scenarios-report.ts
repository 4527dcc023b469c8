/** docs/benchmarks/scenarios.md and a plot per scenario, out of the saved runs alone. */
import { type ScenarioId, scenarioIds, scenarioOf } from '../../src/drill/scenarios.ts'
import { median } from '../measure/statistics.ts'
import { machineLines } from '../report/machine-lines.ts'
import { markdownTable } from '../report/markdown-table.ts'
import { type SavedResults, type SavedRun, blockedClients } from './saved-results.ts'
import { scenarioPlot } from './scenario-plot.ts'
import { judgeTargets } from './scenario-targets.ts'

export const WHY_NOT_FAIL2BAN = 'it acts through the firewall of the whole machine, on addresses that here belong to every program on loopback; it would need a network namespace of its own, with program, origin and generator in it'

const peerOrder = ['polder', 'none', 'nginx', 'haproxy']

export function scenarioFiles(results: SavedResults): Record<string, string> {
  const { runs } = results
  const measured = scenarioIds.filter((id) => runs.some((run) => run.scenario === id))
  const files: Record<string, string> = { 'scenarios.md': markdown(results, runs, measured) }
  for (const id of measured) files[`scenarios-${id}.svg`] = scenarioPlot(`${id}: ${scenarioOf(id).title}`, onePerPeer(runs.filter((run) => run.scenario === id)))
  return files
}

/** The run with the smallest seed of each program and form, all of one size: the one with most programs. */
function onePerPeer(runs: readonly SavedRun[]): SavedRun[] {
  const groups = groupsOf(runs)
  const sizes = [...new Set(runs.map((run) => run.share))].sort((a, b) => groups.filter(([one]) => one.share === b).length - groups.filter(([one]) => one.share === a).length)
  return groups.map(([one]) => one).filter((one) => one.share === sizes[0])
}

function groupsOf(runs: readonly SavedRun[]): SavedRun[][] {
  const groups = new Map<string, SavedRun[]>()
  for (const run of runs) {
    const name = `${run.peer} ${run.form} ${run.share}`
    groups.set(name, [...(groups.get(name) ?? []), run])
  }
  return [...groups.values()].sort((a, b) => a[0].share - b[0].share || peerOrder.indexOf(a[0].peer) - peerOrder.indexOf(b[0].peer))
}

function markdown(results: SavedResults, runs: readonly SavedRun[], measured: readonly ScenarioId[]): string {
  return `# The scenario suite

<!-- Made by \`script/bench scenarios --save\`. Do not edit. -->

${machineLines(results.machine)} ${Object.entries(results.versions).map(([name, version]) => `${name} ${version}`).join(', ')}.

## What was to be reached

${markdownTable(['what', 'target', 'runs, seeds', 'measured', 'holds'], judgeTargets(runs))}

The targets are meant for five seeds; the table says how many were run, full size and a third together unless it says otherwise.

## How to read it

- Real sockets on one machine's loopback. Program and origin share one core, the generator has the other; every visitor and attacker has an address of its own in 127.0.0.0/8, so that every program sees real sources.
- The origin sleeps instead of computing: 6 workers, a page 20 ms, a search 80 ms, a queue of 128, 503 past it: 300 pages or 75 searches a second. Its home page and searches are made for each visitor (no-store), its news may be stored for 30 s.
- Everyday traffic of 40 requests a second goes on throughout. Length of the runs (before, attack, after): ${phasesOf(runs)}. Polder starts with a baseline of a synthetic week of the same everyday traffic.
- **Goodput**: right answers within 2 s per request offered, of visitors only; the parts of a page that never came count as offered. **From mitigation on**: from the first instant at which goodput holds 95 % of that before for 5 s. **p99**: failures count as 10 s.
- **Visitors blocked**: clients that ever got an answer that refuses them by rule or rate (403, 429, nginx's own 503), of all that came during and after the attack. Polder's and HAProxy's "full" is no block, but no goodput either.
- **Challenged**: visitors that met the short check, and of them those who gave up (15 s, or a third check); programs that cannot pass it count as blocked. Visitors pass it as a browser does: with scripts by the proof of work, on one thread for all of them and at the speed of a telephone where it is one; without by waiting; without cookies by the mark in the address. Its time is part of the request it stood before: passed by work mostly within the 2 s of goodput, passed by waiting (5 s) never, although the page came. Attackers do not follow, except in A3w, where they wait.
- In Polder's **waiting room** a visitor asks again when the page says, with the place it was given, for half a minute: a page that comes after more than 2 s is no goodput. Attackers do not come back.
- **Leak**: attackers' requests that reached the origin, per second. **CPU per reject**: of the whole program, less its idle use, per attackers' request not served; with a new connection for each, accept and close are in it.
- **Size**: rates, addresses and the origin in full, or at a third (visitors at two thirds). A flood does not wait: with at most 1,400 sockets for attackers, a program that keeps them waiting sees the oldest request given up for the next one. In full size that happens after 0.7 s, at a third after two seconds, which is as long as the queues here keep anybody. Giving up early should help programs that queue (those who hung up leave the queue); this was not measured by itself. The third was added after full-size runs in which HAProxy was ahead of Polder on A3 and A12: both sizes stand in the tables.
- **Relaxed**: from the end of the attack until the shield stands below ATTACK again; "> 7 s" when it still did not at the end of the run (it waits for a minute of calm by default).
- **Generator late**: the worst moment of the generator itself. The machine was shared with other work: hundreds of milliseconds here mean that the generator's core had no time for it. Whether the other core stalled too is not known; such a run says little about times.
- Median over the seeds, worst in brackets. One seed has no bracket. Programs that speak no HTTP/2 here have no row in A9.
- nginx and HAProxy run as their packages ship them with a proxy line (default), and as their makers' documents advise against floods (tuned; \`bench/scenarios/peers/\` says after which document). Their limits were set by calculation for B2's office and not tuned by trial: an expert may get more out of both. Polder's default is its default; tuned adds what its manual asks an operator to say about the site; stand-in has a rate limit where the default challenges.
- Not here: fail2ban, because ${WHY_NOT_FAIL2BAN}.

${measured.map((id) => section(id, runs.filter((run) => run.scenario === id))).join('\n')}`
}

/** What the rules said they would touch of normal requests, and what they did. */
function ruleQuality(run: SavedRun): string {
  const predicted = run.events.flatMap((event) => (event.code === 'rule-born' ? [Number(/at most ([\d.]+) %/.exec(event.sentence)?.[1] ?? Number.NaN)] : []))
  const offered = run.score.harm.reduce((sum, one) => sum + one.offered, 0)
  const blocked = run.score.harm.reduce((sum, one) => sum + one.blocked, 0)
  const { attack } = run.score
  const bound = predicted.reduce((sum, one) => sum + one, 0)
  return `- ${run.form}, ${sizeOf(run)}, seed ${run.seed}: ${predicted.length} ${predicted.length === 1 ? 'rule' : 'rules'}; ${((100 * attack.blocked) / Math.max(1, attack.sent)).toFixed(1)} % of all attackers' requests refused by them; of normal requests at most ${bound.toFixed(2)} % predicted, ${((100 * blocked) / Math.max(1, offered)).toFixed(2)} % true`
}

function sizeOf(run: SavedRun): string {
  return run.share === 1 ? 'full' : run.share < 0.34 && run.share > 0.33 ? 'third' : String(run.share)
}

function phasesOf(runs: readonly SavedRun[]): string {
  return [...new Set(runs.map(({ phases }) => `${phases.warmMs / 1_000} s, ${phases.attackMs / 1_000} s, ${phases.afterMs / 1_000} s`))].join('; ')
}

function section(id: ScenarioId, runs: readonly SavedRun[]): string {
  const rows = groupsOf(runs).map((group) => {
    const of = (value: (run: SavedRun) => number, worst: 'high' | 'low', show: (value: number) => string): string => spread(group.map(value), worst, show)
    return [
      `${group[0].peer}${group[0].peer === 'none' ? '' : `, ${group[0].form}`}`,
      sizeOf(group[0]),
      String(group.length),
      of((run) => run.score.goodput.attack, 'low', share),
      of((run) => run.score.goodput.firstTenSeconds, 'low', share),
      of((run) => run.score.goodput.afterMitigation ?? Number.NaN, 'low', share),
      of((run) => run.detectedAfterMs ?? Number.NaN, 'high', seconds),
      `${of((run) => run.score.mitigatedAfterMs, 'high', seconds)}${laterPulses(group)}`,
      of((run) => run.score.latency.p99Ms, 'high', seconds),
      of(blockedClients, 'high', (value) => String(value)),
      challenged(group),
      of((run) => run.score.origin.attackersPerSecond, 'high', (value) => value.toFixed(0)),
      of((run) => run.cpuMicrosPerReject ?? Number.NaN, 'high', (value) => `${value.toFixed(0)} µs`),
      of((run) => run.relaxedAfterMs ?? Number.NaN, 'high', (value) => (value === Number.POSITIVE_INFINITY ? `> ${group[0].phases.afterMs / 1_000} s` : seconds(value))),
      of((run) => run.generator.worstLatenessMs, 'high', (value) => `${value.toFixed(0)} ms`),
    ]
  })
  const harmed = runs.filter((run) => blockedClients(run) > 0).map((run) => `- ${run.peer} ${run.form}, ${sizeOf(run)}, seed ${run.seed}: ${run.score.harm.filter((one) => one.blocked > 0).map((one) => `${one.cohort} ${one.clientsEverBlocked} of ${one.clients} clients, ${one.blocked} of ${one.offered} requests`).join('; ')}`)
  const notes = runs.filter((run) => run.note !== undefined).map((run) => `- ${run.peer} ${run.form}, ${sizeOf(run)}, seed ${run.seed}: ${run.note}`)
  const quality = runs.filter((run) => run.peer === 'polder' && run.events.some((event) => event.code === 'rule-born')).map(ruleQuality)
  const rules = runs.filter((run) => run.peer === 'polder' && run.seed === 1).flatMap((run) => run.events.filter((event) => event.code === 'rule-born').map((event) => `- ${run.form}, ${sizeOf(run)}: ${event.sentence}`))
  return `## ${id}: ${scenarioOf(id).title}

![${id} over time](scenarios-${id}.svg)

${markdownTable(['program', 'size', 'seeds', 'goodput', 'first 10 s', 'from mitigation on', 'detected', 'mitigated', 'p99', 'visitors blocked', 'challenged, gave up', 'leak/s', 'CPU per reject', 'relaxed', 'generator late'], rows)}
${notes.length > 0 ? `\n${notes.join('\n')}\n` : ''}${quality.length > 0 ? `\nPolder's rules, predicted and true:\n\n${quality.join('\n')}\n` : ''}${harmed.length > 0 ? `\nBlocked visitors:\n\n${harmed.join('\n')}\n` : ''}${rules.length > 0 ? `\nRules that Polder wrote (seed 1):\n\n${rules.join('\n')}\n` : ''}`
}

/** Of a pulse wave: the second pulse, the third and so on. */
function laterPulses(group: readonly SavedRun[]): string {
  const pulses = group.flatMap((run) => (run.score.pulsesMitigatedAfterMs === undefined ? [] : [run.score.pulsesMitigatedAfterMs]))
  const most = Math.max(0, ...pulses.map((one) => one.length))
  return Array.from({ length: Math.max(0, most - 1) }, (_, i) => `; pulse ${i + 2}: ${spread(pulses.map((one) => one[i + 1] ?? Number.NaN), 'high', seconds)}`).join('')
}

/** Over all seeds; runs from before it was counted say nothing. */
function challenged(group: readonly SavedRun[]): string {
  const counted = group.filter((run) => run.peer === 'polder' && run.score.challenge !== undefined)
  const sum = (of: (run: SavedRun) => number): number => counted.reduce((total, run) => total + of(run), 0)
  return counted.length === 0 ? '–' : `${sum((run) => run.score.challenge.clients)}, ${sum((run) => run.score.challenge.clientsGaveUp)}`
}

function spread(values: readonly number[], worst: 'high' | 'low', show: (value: number) => string): string {
  const known = values.filter((value) => value !== null && !Number.isNaN(value))
  if (known.length === 0) return '–'
  const middle = known.includes(Number.POSITIVE_INFINITY) ? known.toSorted((a, b) => a - b)[Math.floor((known.length - 1) / 2)] : median(known)
  return known.length === 1 ? show(middle) : `${show(middle)} (${show(worst === 'high' ? Math.max(...known) : Math.min(...known))})`
}

function share(value: number): string {
  return value.toFixed(3)
}

function seconds(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? 'never' : ms < 1_000 && ms > 0 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
