/** docs/benchmarks/peers.md and peers.svg out of the measurements. Every figure in them comes from one session. */
import type { Machine } from '../measure/machine.ts'
import { type BarGroup, barChart } from '../report/bar-chart.ts'
import { machineLines } from '../report/machine-lines.ts'
import { figure, markdownTable, mebibytes } from '../report/markdown-table.ts'
import { type Spread, spreadOf } from '../measure/statistics.ts'
import type { Failure, Measurement } from './measurement.ts'
import type { Peer, PeerName } from './peer.ts'
import { Results } from './results.ts'
import { targets } from './targets.ts'
import { type Workload, workloads } from './workloads.ts'

export interface PeersSession {
  readonly command: string
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly runs: number
  readonly seconds: number
  readonly measurements: readonly Measurement[]
  readonly failures: readonly Failure[]
}

export function peersMarkdown(session: PeersSession, peers: readonly Peer[]): string {
  const results = new Results(session.measurements)
  const measured = workloads.filter((one) => session.measurements.some((m) => m.workload === one.id))
  const foreign = spreadOf(session.measurements.map((one) => one.foreignShare))
  return `# Polder beside nginx, HAProxy, Varnish and Node proxies

<!-- Made by \`${session.command}\`. Do not edit. -->

${machineLines(session.machine)}
${Object.entries(session.versions).map(([name, version]) => `${name} ${version}`).join(', ')}.
${session.runs} runs of ${session.seconds} s for each figure, programs taking turns within each run; medians, with the smallest and the largest run in brackets. During the measurements other programs used ${figure(foreign.median * 100)} % of the server's core (median; at most ${figure(foreign.max * 100)} %).

![Requests per second and core](peers.svg)

## What was to be reached

${markdownTable(['what', 'target', 'measured', 'holds'], targets.map((target) => {
    const value = target.value(results)
    return [target.title, target.wanted, Number.isFinite(value) ? target.show(value) : 'not measured', Number.isFinite(value) ? (target.holds(value) ? 'yes' : '**no**') : '–']
  }))}

## How to read it

- The program under test has one core, the load generator another; with two cores the origin shares the load generator's. All on one machine over loopback: there is no network in these figures.
- **Per core** means: what the program serves with one core for itself. CPU time is user and system time of its whole process tree, helper threads included. When the load generator's core was full (95 % or more), it is requests for each second of the program's CPU time; when not, the program had its chance to fill its core, and it is the smaller of that and the throughput (after giving back what other programs took of its core). A program that is not full wakes up more often for fewer requests, so one that waits for the load generator looks a little worse than it is.
- Every answer was checked before timing (status, length) and counted after it: a program that failed would not be in the table.
- Polder runs with its default settings (no access log), except for three limits that exist to stop what a load generator does from one address (handshakes per second, connections, and waiting requests of one source). nginx, HAProxy and Varnish run without access logs, with kept connections to the origin and, for nginx, an open-file cache. One worker or thread each.
- Polder's rejects carry its own page (see *bytes*); the others' carry theirs.

${measured.map((workload) => section(workload, results, peers, session.failures)).join('\n')}
${memoryAndStart(results, peers)}`
}

function section(workload: Workload, results: Results, peers: readonly Peer[], failures: readonly Failure[]): string {
  const rows = peers.filter((peer) => results.of(peer.name, workload.id).length > 0)
  const without = peers
    .filter((peer) => !rows.includes(peer))
    .map((peer) => {
      const lack = workload.needs.map((need) => peer.lacks[need]).find((why) => why !== undefined)
      return lack === undefined ? null : `${peer.title}: ${lack}`
    })
    .filter((text) => text !== null)
  const failed = failures.filter((one) => one.workload === workload.id).map((one) => `${one.peer}, run ${one.run}: ${one.why.split('\n')[0]}`)
  const table = workload.kind === 'paced' ? latencyTable(workload.id, results, rows) : workload.kind === 'workers' ? workersTable(workload.id, results, rows) : loadTable(workload, results, rows)
  return `## ${workload.title}

${workload.sentence}

${table}
${without.length > 0 ? `\nNot in the table: ${without.join('; ')}.\n` : ''}${failed.length > 0 ? `\nFailed: ${failed.join('; ')}.\n` : ''}`
}

function loadTable(workload: Workload, results: Results, peers: readonly Peer[]): string {
  const nginx = results.median('nginx', workload.id, (one) => one.perCore)
  const unit = workload.kind === 'handshake' ? 'handshakes' : 'requests'
  return markdownTable(
    ['', `${unit}/s per core`, 'of nginx', 'CPU µs each', `${unit}/s measured`, 'core used', 'load core used', 'p50 ms', 'p99 ms', 'bytes'],
    peers.map((peer) => {
      const cell = (value: (one: Measurement) => number | null): string => figure(results.median(peer.name, workload.id, value))
      return [
        peer.title,
        withSpread(results.spread(peer.name, workload.id, (one) => one.perCore)),
        figure(results.median(peer.name, workload.id, (one) => one.perCore) / nginx),
        cell((one) => one.cpuMicrosecondsPerRequest),
        cell((one) => one.perSecond),
        `${figure(results.median(peer.name, workload.id, (one) => one.serverShare) * 100)} %`,
        `${figure(results.median(peer.name, workload.id, (one) => one.loadShare) * 100)} %`,
        cell((one) => one.p50Ms),
        cell((one) => one.p99Ms),
        workload.kind === 'handshake' ? '–' : cell((one) => one.answerBytes),
      ]
    }),
  )
}

function latencyTable(id: string, results: Results, peers: readonly Peer[]): string {
  return markdownTable(
    ['', 'p99 added, ms', 'p50 added, ms', 'p99 through, ms', 'p99 direct, ms', 'CPU µs each'],
    peers.map((peer) => [
      peer.title,
      withSpread(results.spread(peer.name, id, (one) => (one.direct && one.p99Ms !== null ? one.p99Ms - one.direct.p99Ms : null))),
      withSpread(results.spread(peer.name, id, (one) => (one.direct && one.p50Ms !== null ? one.p50Ms - one.direct.p50Ms : null))),
      figure(results.median(peer.name, id, (one) => one.p99Ms)),
      figure(results.median(peer.name, id, (one) => one.direct?.p99Ms)),
      figure(results.median(peer.name, id, (one) => one.cpuMicrosecondsPerRequest)),
    ]),
  )
}

function workersTable(id: string, results: Results, peers: readonly Peer[]): string {
  return markdownTable(
    ['', 'factor against a pair', 'factor against one alone', 'CPU µs: one alone', 'pair', 'two workers', 'requests/s: one alone', 'pair', 'two workers', 'less busy worker of busier'],
    peers.map((peer) => {
      const cell = (value: (one: NonNullable<Measurement['workers']>) => number): string => figure(results.median(peer.name, id, (one) => (one.workers ? value(one.workers) : null)))
      return [
        peer.title,
        withSpread(results.spread(peer.name, id, (one) => (one.workers ? (2 * one.workers.pairUs) / one.workers.twoUs : null))),
        cell((one) => (2 * one.oneUs) / one.twoUs), cell((one) => one.oneUs), cell((one) => one.pairUs), cell((one) => one.twoUs),
        cell((one) => one.onePerSecond), cell((one) => one.pairPerSecond), cell((one) => one.twoPerSecond), cell((one) => one.balance),
      ]
    }),
  ) + '\n\nThe load generators run on the same two cores as the workers, so throughput says little here; the factor is twice the CPU time per request of the pair (or of one alone, which has its core for itself) over that of the two workers. What it cannot show: effects of a network card or of more than two cores.'
}

function memoryAndStart(results: Results, peers: readonly Peer[]): string {
  const rows = peers.flatMap((peer) => {
    const mine = results.all.filter((one) => one.peer === peer.name && one.workers === undefined)
    if (mine.length === 0) return []
    const most = mine.reduce((a, b) => (b.loadedBytes > a.loadedBytes ? b : a))
    return [[peer.title, withSpread(spreadOf(mine.map((one) => one.startMs))), mebibytes(spreadOf(mine.map((one) => one.idleBytes)).median), mebibytes(spreadOf(mine.map((one) => one.loadedBytes)).median), `${mebibytes(most.loadedBytes)} (${most.workload})`]]
  })
  return `## Start and memory

From the start of the process to its first whole answer from the origin, and memory of the whole process tree (proportional set size): after that answer, and after each load.

${markdownTable(['', 'start, ms', 'idle, MiB', 'after load, MiB', 'most, MiB'], rows)}
`
}

function withSpread(spread: Spread | null): string {
  return spread === null ? '–' : `${figure(spread.median)} [${figure(spread.min)} – ${figure(spread.max)}]`
}

const inPlot: ReadonlySet<string> = new Set(['reject', 'reject-close', 'cached8', 'proxied', 'h2-cached8', 'tls-full'])

export function peersPlot(session: PeersSession, peers: readonly Peer[]): string {
  const results = new Results(session.measurements)
  const series = new Map<PeerName, number>(peers.map((peer, i) => [peer.name, i]))
  const groups = workloads
    .filter((one) => inPlot.has(one.id))
    .map((workload): BarGroup => ({
      title: workload.title,
      bars: peers.flatMap((peer) => {
        const spread = results.spread(peer.name, workload.id, (one) => one.perCore)
        return spread === null ? [] : [{ label: peer.title, series: series.get(peer.name)!, spread, text: `${figure(spread.median)} per core` }]
      }),
    }))
    .filter((group) => group.bars.length > 0)
  const rows = groups.map((group) => `${group.title}: ${group.bars.map((bar) => `${bar.label} ${figure(bar.spread.median)}`).join(', ')}`).join('. ')
  return barChart('Requests (handshakes) per second and core', `${rows}. ${session.machine.date}, ${session.machine.cpu}.`, groups)
}
