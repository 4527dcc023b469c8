/** script/bench soak */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BenchCommand, type Flags, say } from '../command-line.ts'
import { ChildGroup } from '../measure/child-group.ts'
import { describeMachine } from '../measure/machine.ts'
import { groupUse } from '../measure/proc.ts'
import { type ShieldUnderTest, startShieldUnderTest, startVariedOrigin, stillServes } from '../measure/shield.ts'
import { mebibytes } from '../report/markdown-table.ts'
import { resultFolder, writeResults } from '../report/result-folder.ts'
import { kinds } from './lanes.ts'
import { type Counts, type Sample, type SoakSession, soakMarkdown, soakPlot, soakVerdicts } from './soak-report.ts'

const SAMPLE_MS = 5_000
/** What is judged begins here. */
const WARM_SECONDS = 60
/** Longer than every idle timeout of Polder's defaults for visitors. */
const QUIET_SECONDS = 25
/** A session that is to be published. */
const WHOLE_MINUTES = 10

/** A memory store that is full within the first minute, and a disk store that is turned over. */
const settings = `rules: [{path: /blocked, action: block}]
trustedProxies: [127.0.0.1]
edge: {tlsHandshakesPerSecond: 100000, tlsHandshakeBurst: 100000}
cache: {memoryBytes: 16MiB, diskBytes: 32MiB}`

export const soakCommand: BenchCommand = {
  description: `Mixed traffic for minutes: HTTP/1, HTTP/2, TLS, cached, proxied, blocked, uploads, not found, broken off, slow, bad. Memory and handles of the shield every 5 s.
Fails (exit code 1) when one of them grows after the first minute. Writes docs/benchmarks/soak.{md,json,svg} from ${WHOLE_MINUTES} minutes on, else run/benchmarks/.`,
  flags: {
    minutes: { kind: 'number', min: 0.1, max: 600, default: 10, sentence: 'how long' },
    kind: { kind: 'names', choices: kinds.map((one) => one.id), sentence: 'kinds of traffic, to find which of them a growth comes from' },
    rate: { kind: 'number', min: 10, max: 100_000, default: 2_500, sentence: 'requests per second wanted, all kinds together' },
    json: { kind: 'switch', sentence: 'print the samples and verdicts as JSON on standard output' },
  },
  run,
}

async function run(flags: Flags): Promise<number> {
  const minutes = flags.number('minutes')
  const seconds = minutes * 60
  const machine = describeMachine()
  const folder = mkdtempSync(join(tmpdir(), 'polder-soak-'))
  const samples: Sample[] = []
  try {
    const origin = await startVariedOrigin('')
    const shield = await startShieldUnderTest({ folder, originPort: origin.port, cores: '', goodPath: '/live/1', settings })
    const before = groupUse(shield.group.pid)
    const visitors = new ChildGroup(process.execPath, [join(import.meta.dirname, 'visitors-program.ts'), String(shield.port), String(shield.tlsPort), String(seconds), String(flags.number('rate')), flags.names('kind').join(',')])
    const start = performance.now()
    while (performance.now() - start < seconds * 1_000 && !visitors.hasEnded && !shield.group.hasEnded) {
      const next = start + (samples.length + 1) * SAMPLE_MS
      await new Promise((resolve) => setTimeout(resolve, Math.max(10, Math.min(next, start + seconds * 1_000) - performance.now())))
      samples.push(await sampleOf(shield, (performance.now() - start) / 1_000, countsOf(visitors)))
      const last = samples.at(-1)!
      if (samples.length % 6 === 0) say(`soak ${Math.round(last.second)}/${seconds} s: ${mebibytes(last.residentBytes)} MiB, ${last.handles} handles, ${sum(last.counts, 'asked').toLocaleString('en-GB')} asked, ${sum(last.counts, 'failed')} failed`)
    }
    await Promise.race([visitors.ended, new Promise((resolve) => setTimeout(resolve, 20_000))])
    const counts = countsOf(visitors)
    await visitors.end()
    say(`soak: ${QUIET_SECONDS} s of quiet, to see what is let go`)
    await new Promise((resolve) => setTimeout(resolve, QUIET_SECONDS * 1_000))
    const after = groupUse(shield.group.pid)
    const serves = await stillServes(shield, '/live/1')
    const restarts = (await shield.metrics()).get('polder_thread_restarts_total') ?? Number.NaN
    const errors = shield.group.err.split('\n').filter((line) => line.includes('"level":"error"')).slice(-5)
    await shield.group.end()
    await origin.group.end()

    const session: SoakSession = { machine, minutes, rate: flags.number('rate'), warmSeconds: WARM_SECONDS, samples, counts, before, after, serves, restarts, errors }
    const verdicts = soakVerdicts(session)
    const isWhole = minutes >= WHOLE_MINUTES && !flags.wasGiven('kind')
    const files = { 'soak.md': soakMarkdown(session, verdicts), 'soak.json': `${JSON.stringify({ ...session, verdicts }, null, 1)}\n`, 'soak.svg': soakPlot(session) }
    for (const path of writeResults(resultFolder(isWhole), files)) say(`wrote ${path}`)
    if (flags.isOn('json')) process.stdout.write(`${JSON.stringify({ ...session, verdicts })}\n`)
    for (const verdict of verdicts) say(`${verdict.holds ? 'holds' : 'FAILS'}: ${verdict.sentence}`)
    return verdicts.every((one) => one.holds) ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function sampleOf(shield: ShieldUnderTest, second: number, counts: Counts): Promise<Sample> {
  const use = groupUse(shield.group.pid)
  const metrics = await shield.metrics()
  const gauge = (name: RegExp): number | null => {
    const found = [...metrics].filter(([key]) => name.test(key))
    return found.length === 0 ? null : found.reduce((total, [, value]) => total + value, 0)
  }
  return {
    second: Math.round(second * 10) / 10, residentBytes: use.residentBytes, handles: use.handles, cpuSeconds: use.cpuSeconds,
    heapBytes: gauge(/^polder_heap_\w*bytes/), connections: gauge(/^polder_open_connections/), cacheBytes: gauge(/^polder_cache_bytes/), counts,
  }
}

function countsOf(visitors: ChildGroup): Counts {
  const line = visitors.out.trimEnd().split('\n').findLast((one) => one.startsWith('{') && one.endsWith('}'))
  return line === undefined ? {} : (JSON.parse(line) as Counts)
}

export function sum(counts: Counts, what: keyof Counts[string]): number {
  return Object.values(counts).reduce((total, one) => total + one[what], 0)
}
