/** docs/benchmarks/console.md out of the measurements. */
import type { Machine } from '../measure/machine.ts'
import { median, quantile } from '../measure/statistics.ts'
import { machineLines } from '../report/machine-lines.ts'
import { figure, markdownTable, mebibytes } from '../report/markdown-table.ts'
import type { Freshness, LiveRound } from './live.ts'
import type { Night } from './night.ts'
import type { TwentyRound } from './twenty.ts'

export interface ConsoleSession {
  readonly night?: { readonly machine: Machine; readonly night: Night }
  readonly live?: { readonly machine: Machine; readonly share: number; readonly rounds: readonly LiveRound[] }
  readonly twenty?: { readonly machine: Machine; readonly seconds: number; readonly consoles: number; readonly perSecond: number; readonly rounds: readonly TwentyRound[] }
}

export interface Verdict {
  readonly what: string
  readonly target: string
  readonly measured: string
  readonly holds: boolean
}

/** From one hour on nothing may grow by more; what fills up to its bound does so before. */
const MOST_GROWTH_BYTES = 1_048_576
const MOST_GROWTH_SHARE = 0.1
const FROM_SECONDS = 3_600
/** Between the quartiles of the rounds without consoles: when these differ by more, a millisecond is not to be seen. */
const MOST_NOISE_MS = 5

export function consoleVerdicts(session: ConsoleSession): Verdict[] {
  const verdicts: Verdict[] = []
  if (session.night !== undefined) verdicts.push(...nightVerdicts(session.night.night))
  if (session.live !== undefined) {
    const { rounds } = session.live
    verdicts.push(
      worst('acts offered after navigation, calm', 1_000, rounds.flatMap(({ calm }) => calm.loads.map(({ offeredMs }) => offeredMs)), 'median', 'ms'),
      worst('acts offered after navigation, while A2 runs', 1_000, rounds.flatMap(({ flood }) => flood.loads.map(({ offeredMs }) => offeredMs)), 'median', 'ms'),
      worst('oldest picture on the screen, calm', 1_500, rounds.map(({ calm }) => calm.ageMaxMs), 'median', 'ms'),
      worst('oldest picture on the screen, while A2 runs', 3_000, rounds.map(({ flood }) => flood.ageMaxMs), 'median', 'ms'),
    )
  }
  if (session.twenty !== undefined) {
    const { without, beside } = p99sOf(session.twenty.rounds, session.twenty.consoles)
    const moved = median(beside) - median(without)
    const noise = quantile(without, 0.75) - quantile(without, 0.25)
    verdicts.push({ what: `p99 of the data plane with ${session.twenty.consoles} consoles open`, target: 'moves ≤ 1 ms', measured: `${moved >= 0 ? '+' : '−'}${figure(Math.abs(moved))} ms (${range(without)} without, ${range(beside)} with)${noise > MOST_NOISE_MS ? '; too noisy to tell' : ''}`, holds: moved <= 1 && noise <= MOST_NOISE_MS })
  }
  return verdicts
}

function nightVerdicts({ weights, seconds, secondsSeen, errors }: Night): Verdict[] {
  const last = weights.at(-1)!
  const first = weights.find((one) => one.atSeconds >= FROM_SECONDS) ?? weights[0]!
  const grows = (what: string, of: (weight: (typeof weights)[number]) => number): Verdict => {
    const growth = of(last) - of(first)
    const most = Math.max(MOST_GROWTH_BYTES, of(first) * MOST_GROWTH_SHARE)
    return { what: `${what}, from ${hours(first.atSeconds)} to ${hours(last.atSeconds)}`, target: `grows ≤ ${figure(most / 1_048_576)} MiB`, measured: `${mebibytes(of(first))} to ${mebibytes(of(last))} MiB`, holds: growth <= most }
  }
  return [
    grows('JS heap of the page', (one) => one.pageHeapBytes),
    grows('heap of the console\'s server', (one) => one.serverHeapBytes),
    grows('memory of the server beside its heap', (one) => one.serverOtherBytes),
    { what: 'seconds that reached the page, without an error of the page', target: 'all but the first few, 0', measured: `${secondsSeen.toLocaleString('en-GB')} of ${seconds.toLocaleString('en-GB')}, ${errors.length}`, holds: secondsSeen >= seconds - 60 && errors.length === 0 },
  ]
}

function worst(what: string, most: number, values: readonly number[], by: 'median', unit: string): Verdict {
  return { what, target: `${by} ≤ ${most.toLocaleString('en-GB')} ${unit}`, measured: `${figure(median(values))} ${unit} (${figure(Math.min(...values))} to ${figure(Math.max(...values))}, ${values.length} times)`, holds: median(values) <= most }
}

export function consoleMarkdown(session: ConsoleSession, command: string): string {
  const parts = [`# The console

<!-- Made by \`${command}\`. Do not edit. -->

${markdownTable(['what', 'target', 'measured', 'holds'], consoleVerdicts(session).map(({ what, target, measured, holds }) => [what, target, measured, holds ? 'yes' : '**no**']))}`]
  if (session.night !== undefined) parts.push(nightPart(session.night))
  if (session.live !== undefined) parts.push(livePart(session.live))
  if (session.twenty !== undefined) parts.push(twentyPart(session.twenty))
  return `${parts.join('\n\n')}\n`
}

function nightPart({ machine, night }: NonNullable<ConsoleSession['night']>): string {
  return `## Eight hours open
${machineLines(machine)}

One Chromium page on the view *Now*, over the console's own server (listener, sign-in, live stream, history in SQLite), in ${Math.round(night.tookSeconds)} s instead of ${hours(night.seconds)}. What is compressed is the waiting: every one of the
${night.seconds.toLocaleString('en-GB')} seconds was sent whole, as the shield sends it (picture, point, and ${night.events.toLocaleString('en-GB')} events and ${night.acts} orders of a second person in between), and taken by the page's own code. The clocks of server and page are simulated: each second that comes
moves the page's clock on by one and runs the timers that are due. Seconds come in fours: the page has drawn the fourth before the next four are sent, so it draws about every second one; live, it draws each.
Four floods of 20 to 45 minutes; a colleague comes and goes; every half hour an operator looks at Explore, an incident, the journal and the lifeline and comes back (${night.walks} times). Pictures of the shield are made up (console/mock). Weighed after a full garbage collection (HeapProfiler.collectGarbage, Runtime.getHeapUsage,
Memory.getDOMCounters; \`gc()\` in the server). In the first hour the points of the range and the server's hour of seconds fill up; the page's lists of events (200 at most) and of orders (50) go on filling after it.

${markdownTable(['after', 'page heap, MiB', 'DOM nodes', 'listeners', 'timers', 'server heap, MiB', 'server beside the heap, MiB', 'history file, MiB'], night.weights.map((one) => [hours(one.atSeconds), mebibytes(one.pageHeapBytes), String(one.nodes), String(one.listeners), String(one.timers), mebibytes(one.serverHeapBytes), mebibytes(one.serverOtherBytes), mebibytes(one.historyBytes)]))}`
}

function livePart({ machine, share, rounds }: NonNullable<ConsoleSession['live']>): string {
  const rows = (['calm', 'flood'] as const).map((when) => {
    const of = (value: (one: Freshness) => number): string => spread(rounds.map((round) => value(round[when])))
    const loads = rounds.flatMap((round) => round[when].loads)
    return [when === 'calm' ? 'calm' : 'while A2 runs', of((one) => one.delayMedianMs), of((one) => one.delayP99Ms), of((one) => one.delayMaxMs), of((one) => one.ageMedianMs), of((one) => one.ageMaxMs), spread(loads.map(({ loadMs }) => loadMs)), spread(loads.map(({ offeredMs }) => offeredMs)), spread(loads.map(({ loadMs, offeredMs }) => Math.max(0, offeredMs - loadMs)))]
  })
  return `## Fresh, and quick to begin with
${machineLines(machine)}

${rounds.length} rounds. Shield (two workers), its console, the mock origin, the generator and Chromium share the machine's ${machine.cores} cores, none pinned. Calm: the suite's everyday traffic. A2: ${share === 1 ? 'full size' : `${figure(share)} of the full size`}, 2,000 requests a second from 2,000 addresses with one fingerprint beside it; the shield stood at ${[...new Set(rounds.flatMap(({ states }) => states))].join(', ')}.
Each phase: 30 s of seconds on an open page, then pages loaded one after another in a browser that is signed in. *Drawn after*: from the main thread's picture of the shield to the second frame after its coming. *Age*: how old the newest drawn picture was when the next was drawn; it holds the second between two pictures, and is what the target is judged by.
*Acts offered*: the headline and the buttons of a rule are there, from the navigation's start (the target's own "after load" is the last column). Milliseconds; medians of the rounds, with the least and the most in brackets.

${markdownTable(['', 'drawn after: median', 'p99', 'most', 'age: median', 'most', 'load event', 'acts offered', 'after load'], rows)}`
}

function twentyPart({ machine, seconds, consoles, perSecond, rounds }: NonNullable<ConsoleSession['twenty']>): string {
  const { without, beside } = p99sOf(rounds, consoles)
  const row = (name: string, of: readonly TwentyRound[], p99s: readonly number[]): string[] => [name, spread(of.map(({ load }) => load.p50Ms)), spread(p99s), spread(of.map(({ load }) => load.maxMs)), spread(of.map(({ load }) => load.lateP99Ms)), String(of.reduce((sum, { load }) => sum + load.failed, 0)), figure(median(of.map((one) => one.consoleBytesPerSecond)) / 1_024)]
  return `## Twenty consoles beside visitors
${machineLines(machine)}

${perSecond} requests a second from the memory store, at a fixed rate whatever the answers (open loop), ${seconds} s a round; rounds without and with ${consoles} open live streams take turns (ABBA). One edge worker, and with it all of Polder's threads, on one core; the load and the readers of the streams on the other. Milliseconds; medians, least and most.

${markdownTable(['', 'p50', 'p99', 'most', 'generator late, p99', 'failed', 'to the consoles, KiB/s'], [row('without', rounds.filter((one) => one.consoles === 0), without), row(`with ${consoles}`, rounds.filter((one) => one.consoles > 0), beside)])}`
}

function p99sOf(rounds: readonly TwentyRound[], consoles: number): { readonly without: number[]; readonly beside: number[] } {
  const of = (wanted: number): number[] => rounds.filter((one) => one.consoles === wanted).map(({ load }) => load.p99Ms)
  return { without: of(0), beside: of(consoles) }
}

function spread(values: readonly number[]): string {
  return `${figure(median(values))} (${figure(Math.min(...values))}–${figure(Math.max(...values))})`
}

function range(values: readonly number[]): string {
  return `${figure(median(values))}, quartiles ${figure(quantile(values, 0.25))} to ${figure(quantile(values, 0.75))}`
}

function hours(seconds: number): string {
  return seconds < 3_600 ? `${seconds / 60} min` : `${figure(seconds / 3_600).replace(/\.00?$/, '')} h`
}
