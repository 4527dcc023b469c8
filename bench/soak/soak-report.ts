/** docs/benchmarks/soak.md and soak.svg, and what of it holds. */
import type { Machine } from '../measure/machine.ts'
import type { GroupUse } from '../measure/proc.ts'
import { lineChart, type Panel } from '../report/line-chart.ts'
import { machineLines } from '../report/machine-lines.ts'
import { figure, markdownTable, mebibytes } from '../report/markdown-table.ts'
import { type Series, judge } from './verdict.ts'

export type Counts = Readonly<Record<string, { readonly asked: number; readonly answered: number; readonly refused: number; readonly failed: number }>>

export interface Sample {
  readonly second: number
  readonly residentBytes: number
  readonly handles: number
  readonly cpuSeconds: number
  readonly heapBytes: number | null
  readonly connections: number | null
  readonly cacheBytes: number | null
  readonly counts: Counts
}

export interface SoakSession {
  readonly machine: Machine
  readonly minutes: number
  readonly rate: number
  readonly warmSeconds: number
  readonly samples: readonly Sample[]
  readonly counts: Counts
  readonly before: GroupUse
  readonly after: GroupUse
  readonly serves: boolean
  readonly restarts: number
  readonly errors: readonly string[]
}

export interface SoakVerdict {
  readonly sentence: string
  readonly holds: boolean
}

/** Connections to the origin that stay open in the pool, and timers of the system. */
const HANDLES_KEPT = 64

/** What a quiet institution's site is asked in eight hours, for comparison: 20 requests a second. */
const EIGHT_HOURS = 8 * 3_600 * 20

export function soakVerdicts(session: SoakSession): SoakVerdict[] {
  const seconds = session.samples.map((one) => one.second)
  const verdicts: SoakVerdict[] = []
  const series: Series[] = [
    { name: 'resident memory', values: session.samples.map((one) => one.residentBytes), toleranceShare: 0.05, toleranceAmount: 8 * 1_048_576 },
    { name: 'handles', values: session.samples.map((one) => one.handles), toleranceShare: 0.05, toleranceAmount: 8 },
  ]
  const heap = session.samples.map((one) => one.heapBytes)
  if (heap.every((one) => one !== null)) series.push({ name: 'heap', values: heap as number[], toleranceShare: 0.1, toleranceAmount: 8 * 1_048_576 })
  for (const one of series) {
    if (seconds.filter((second) => second >= session.warmSeconds).length < 12) {
      verdicts.push({ sentence: `${one.name}: too short to judge; needs a minute after the first`, holds: false })
      continue
    }
    const { grows, level, trend, tolerance } = judge(seconds, one, session.warmSeconds)
    const show = one.name === 'handles' ? figure : (value: number): string => `${mebibytes(value)} MiB`
    verdicts.push({ sentence: `${one.name} does not grow after the first minute: at ${show(level)}, trend ${show(trend.growth)} over the rest (lean ${figure(trend.z)} σ; tolerance ${show(tolerance)})`, holds: !grows })
  }
  verdicts.push(
    { sentence: `handles go back when the traffic ends: ${session.before.handles} before, ${session.after.handles} after`, holds: session.after.handles <= session.before.handles + HANDLES_KEPT },
    { sentence: 'the shield serves after it', holds: session.serves },
    { sentence: `no thread died (${session.restarts} restarts)`, holds: session.restarts === 0 },
    { sentence: `no error in its log${session.errors.length === 0 ? '' : `: ${session.errors[0].slice(0, 300)}`}`, holds: session.errors.length === 0 },
  )
  return verdicts
}

export function soakMarkdown(session: SoakSession, verdicts: readonly SoakVerdict[]): string {
  const asked = Object.values(session.counts).reduce((total, one) => total + one.asked, 0)
  return `# Mixed traffic for ${session.minutes} minutes

<!-- Made by \`script/bench soak\`. Do not edit. -->

${machineLines(session.machine)}
${asked.toLocaleString('en-GB')} requests (${figure(asked / (session.minutes * 60))} a second), as many as a site with 20 requests a second gets in ${figure((asked / EIGHT_HOURS) * 8)} hours.
Visitors, origin and shield share the machine's cores. The memory store is 16 MiB, so that it is full within the first minute; each request comes from another address out of 3.7 thousand million.

![Memory and handles over time](soak.svg)

${markdownTable(['what', 'holds'], verdicts.map((one) => [one.sentence, one.holds ? 'yes' : '**no**']))}

## The traffic

*Refused*: 429 or 503. *Failed*: no whole answer, or a 5xx other than 503; the kind "origin fails" is meant to fail. A bad request is answered 400.

${markdownTable(['kind', 'asked', 'answered', 'refused', 'failed'], Object.entries(session.counts).map(([name, one]) => [name, ...[one.asked, one.answered, one.refused, one.failed].map((value) => value.toLocaleString('en-GB'))]))}

CPU of the shield: ${figure((session.samples.at(-1)?.cpuSeconds ?? 0) / (session.samples.at(-1)?.second || 1))} cores on average. Memory before the traffic ${mebibytes(session.before.residentBytes)} MiB, 25 s after it ${mebibytes(session.after.residentBytes)} MiB.
`
}

export function soakPlot(session: SoakSession): string {
  const line = (label: string, value: (one: Sample) => number | null): Panel['lines'] => {
    const values = session.samples.map(value)
    return values.every((one) => one !== null) ? [{ label, values: values as number[] }] : []
  }
  const panels: Panel[] = [
    { title: 'Memory', unit: 'MiB', lines: [...line('resident', (one) => one.residentBytes / 1_048_576), ...line('heap', (one) => (one.heapBytes === null ? null : one.heapBytes / 1_048_576)), ...line('memory store', (one) => (one.cacheBytes === null ? null : one.cacheBytes / 1_048_576))] },
    { title: 'Handles', unit: '', lines: [...line('open files', (one) => one.handles), ...line('connections', (one) => one.connections)] },
  ]
  const xs = session.samples.map((one) => one.second)
  return lineChart(`Mixed traffic for ${session.minutes} minutes`, `Resident memory and open files of the shield, every 5 s. The dashed line is where the judgement begins. ${session.machine.date}.`, xs, panels, Math.min(session.warmSeconds, xs.at(-1) ?? 0))
}
