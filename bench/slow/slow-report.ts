/** docs/benchmarks/slow.md */
import type { PacedResult } from '../load/paced.ts'
import type { Machine } from '../measure/machine.ts'
import { machineLines } from '../report/machine-lines.ts'
import { figure, markdownTable, mebibytes } from '../report/markdown-table.ts'

export interface AttackResult {
  readonly attack: string
  readonly title: string
  readonly sentence: string
  readonly as: string
  /** The second visitor before the attack. */
  readonly calm: PacedResult
  /** During it: on kept connections, and on new ones. */
  readonly kept: PacedResult
  readonly fresh: PacedResult
  readonly mostConnections: number
  readonly refusals: Readonly<Record<string, number>>
  readonly cpuShare: number
  readonly memoryBefore: number
  readonly memoryAfter: number
  readonly attackerSaid: string
  readonly serves: boolean
}

export interface SlowSession {
  readonly machine: Machine
  readonly seconds: number
  readonly connections: number
  readonly results: readonly AttackResult[]
  /** What could not be measured, and why. */
  readonly failures: readonly string[]
}

/** The bar: no failure, p99 at most 100 ms, and it serves afterwards. */
const P99_MS = 100

export function holds(result: AttackResult): boolean {
  return [result.kept, result.fresh].every((one) => one.failed === 0 && one.answered === one.sent && one.p99Ms <= P99_MS) && result.serves
}

export function slowMarkdown(session: SlowSession): string {
  const rows = session.results.map((one) => [
    one.title, one.as, holds(one) ? 'yes' : '**no**', `${one.kept.failed} of ${one.kept.sent}`, figure(one.kept.p99Ms), `${one.fresh.failed} of ${one.fresh.sent}`, figure(one.fresh.p99Ms),
    figure(one.calm.p99Ms), figure(one.mostConnections), figure(one.cpuShare), `${mebibytes(one.memoryBefore)} → ${mebibytes(one.memoryAfter)}`,
  ])
  const details = session.results.map((one) => {
    const refused = Object.entries(one.refusals).map(([reason, count]) => `${reason} ${count.toLocaleString('en-GB')}`).join(', ')
    const failures = [one.kept, one.fresh].flatMap((visit) => Object.entries(visit.failures).map(([how, count]) => `${count} × ${how}`)).join(', ')
    return `- **${one.title}, ${one.as}.** ${one.sentence} Polder ended with a reason other than served: ${refused || 'nothing'}. The attacker reports: ${one.attackerSaid.replaceAll(/ {2,}/g, ' ') || 'nothing'}. Slowest answer to the second visitor: ${figure(Math.max(one.kept.maxMs, one.fresh.maxMs))} ms.${failures === '' ? '' : ` Its failures: ${failures}.`}`
  })
  return `# Slow and HTTP/2 attacks, with a second visitor

<!-- Made by \`script/bench slow\`. Do not edit. -->

${machineLines(session.machine)}
Each attack lasts ${session.seconds} s with ${session.connections} connections (HTTP/2: ${Math.min(50, Math.max(4, Math.round(session.connections / 20)))}, opened again whenever they are closed) against one edge worker. Attackers, visitor, origin and shield are on one machine.
The second visitor asks 100 times a second for an uncacheable page on kept connections, and 10 times a second for a cached page on a new connection each time, from another address. It holds when none of these fails and 99 % of the answers come within ${P99_MS} ms.
*one-address*: default settings; the limit of connections for one source acts. *many-addresses*: each HTTP/2 connection has an address and a network of its own; slowhttptest knows one address only, so for it the limits by address are lifted.

${markdownTable(['attack', 'attackers', 'holds', 'failed, kept', 'p99 ms', 'failed, new', 'p99 ms', 'p99 ms before', 'most connections', 'cores used', 'memory MiB'], rows)}

## What happened

${[...details, ...session.failures.map((one) => `- **Not measured.** ${one}`)].join('\n')}
`
}
