/** One run: origin, program under test and generator started on their cores, the scenario run, everything ended, the score taken. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GeneratorOrder, GeneratorWord } from '../../src/drill/generator-process.ts'
import { fullOrigin, scaledOrigin } from '../../src/drill/mock-origin.ts'
import type { OriginOrder, OriginWord } from '../../src/drill/origin-process.ts'
import { type Phases, type ScenarioId, scenarioOf } from '../../src/drill/scenarios.ts'
import { type Scorecard, scoreRun } from '../../src/drill/scorecard.ts'
import { askUntil } from '../measure/ask.ts'
import { ChildGroup } from '../measure/child-group.ts'
import { SERVER_ADDRESS, freePort } from '../measure/loopback.ts'
import { groupCpuSeconds, namedThreadsCpuSeconds } from '../measure/proc.ts'
import { HOST } from './baseline-week.ts'
import { IpcChild } from './ipc-child.ts'
import type { Form, ShieldPeer } from './peers/shield-peer.ts'
import { type ShieldEvent, readShieldEvents } from './shield-events.ts'

export interface RunOptions {
  readonly scenario: ScenarioId
  readonly peer: ShieldPeer
  readonly form: Form
  readonly seed: number
  readonly share: number
  readonly phases: Phases
  /** Cores of program and origin, and of the generator, for taskset; '' for any. */
  readonly serverCores: string
  readonly generatorCores: string
  readonly workers: number
}

export interface RunResult {
  readonly scenario: ScenarioId
  readonly peer: string
  readonly form: Form
  readonly seed: number
  readonly share: number
  readonly phases: Phases
  readonly beganWallMs: number
  readonly score: Scorecard
  readonly events: readonly ShieldEvent[]
  /** First attack byte until the shield said STRAIN or more; Infinity when it never did, NaN for programs that say nothing. */
  readonly detectedAfterMs: number
  /** After the attack until the shield no longer acts (below ATTACK); Infinity when it still did at the end. */
  readonly relaxedAfterMs: number
  readonly cpuMicrosPerReject: number
  /** The same of Polder's edge threads alone: what thinking and writing down cost is once a second, not once a request. NaN for other programs. */
  readonly edgeCpuMicrosPerReject?: number
  readonly generator: { readonly worstLatenessMs: number; readonly meanLatenessMs: number; readonly withheldRequests: number; readonly withheldSockets: number }
  readonly log: string
}

const drill = join(import.meta.dirname, '../../src/drill')
const START_MS = 30_000

/** @throws when a part does not start or ends early. */
export async function runScenario(options: RunOptions): Promise<RunResult> {
  const folder = mkdtempSync(join(tmpdir(), 'polder-drill-'))
  const origin = new IpcChild<OriginOrder, OriginWord>(join(drill, 'origin-process.ts'), options.serverCores)
  const generator = new IpcChild<GeneratorOrder, GeneratorWord>(join(drill, 'generator-process.ts'), options.generatorCores)
  let group: ChildGroup | null = null
  try {
    await origin.hear('ready', START_MS)
    origin.tell({ type: 'start', options: options.share === 1 ? fullOrigin : scaledOrigin(options.share) })
    const { port: originPort } = await origin.hear('listens', START_MS)
    const place = { folder: join(folder, 'peer'), port: await freePort(), tlsPort: await freePort(), originPort, form: options.form, share: options.share, workers: options.workers }
    mkdirSync(place.folder)
    const command = options.peer.command(place)
    if (command !== null) group = new ChildGroup(command.program, command.args, { cores: options.serverCores, cwd: place.folder })
    const port = group === null ? originPort : place.port
    await askUntil({ port, path: '/style.css', headers: { host: HOST } }, 200, performance.now(), START_MS, () => group === null || !group.hasEnded)
    await generator.hear('ready', START_MS)
    return await measure(options, { origin, generator, group, port, tlsPort: place.tlsPort })
  } catch (error) {
    throw new Error(`${options.scenario} with ${options.peer.title}: ${(error as Error).message}\n${group === null ? '' : group.err.slice(-2_000)}`, { cause: error })
  } finally {
    await Promise.all([generator.end(), origin.end(), group?.end()])
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Parts {
  readonly origin: IpcChild<OriginOrder, OriginWord>
  readonly generator: IpcChild<GeneratorOrder, GeneratorWord>
  readonly group: ChildGroup | null
  readonly port: number
  readonly tlsPort: number
}

async function measure(options: RunOptions, { origin, generator, group, port, tlsPort }: Parts): Promise<RunResult> {
  const { phases, peer } = options
  const scenario = scenarioOf(options.scenario)
  const targets = [{ address: SERVER_ADDRESS, port }, ...(peer.http2 ? [{ address: SERVER_ADDRESS, port: tlsPort }] : [])]
  generator.tell({ targets, plain: 0, tls: peer.http2 ? 1 : -1, host: HOST, scenario: options.scenario, seed: options.seed, share: options.share, phases, bare503: peer.bare503 })
  const { wallMs: beganWallMs } = await generator.hear('began', START_MS)
  const from = performance.now()
  const until = (atMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, from + atMs - performance.now())))
  const cpu = (): number => groupCpuSeconds(group === null ? origin.pid : group.pid)
  const edgeCpu = (): number => (group === null ? 0 : namedThreadsCpuSeconds(group.pid, 'edge-'))
  await until(phases.warmMs / 2)
  const cpuWarm = cpu()
  const edgeWarm = edgeCpu()
  await until(phases.warmMs)
  const cpuFrom = cpu()
  const edgeFrom = edgeCpu()
  if (scenario.originSlowdown !== undefined) origin.tell({ type: 'slow', times: scenario.originSlowdown })
  await until(phases.warmMs + phases.attackMs)
  const cpuUntil = cpu()
  const edgeUntil = edgeCpu()
  origin.tell({ type: 'slow', times: 1 })
  const ended = await generator.hear('ended', phases.afterMs + 60_000)
  origin.tell({ type: 'report' })
  const { seconds } = await origin.hear('counts', START_MS)
  const score = scoreRun(ended.columns, phases, seconds, beganWallMs, scenario.pulsesAtMs)
  const events = group === null ? [] : readShieldEvents(group.err)
  const attackWallMs = beganWallMs + phases.warmMs
  const perReject = (warm: number, start: number, end: number): number => Math.max(0, ((end - start - ((start - warm) / (phases.warmMs / 2)) * phases.attackMs) * 1e6) / rejected)
  const rejected = score.attack.sent - score.attack.right
  return {
    scenario: options.scenario, peer: peer.name, form: options.form, seed: options.seed, share: options.share, phases, beganWallMs, score, events,
    detectedAfterMs: peer.name === 'polder' ? firstAt(events, (rank) => rank >= 2, attackWallMs) - attackWallMs : Number.NaN,
    relaxedAfterMs: peer.name === 'polder' ? relaxedAt(events, attackWallMs + phases.attackMs) - attackWallMs - phases.attackMs : Number.NaN,
    cpuMicrosPerReject: group === null || rejected < 100 ? Number.NaN : perReject(cpuWarm, cpuFrom, cpuUntil),
    edgeCpuMicrosPerReject: peer.name !== 'polder' || rejected < 100 ? Number.NaN : perReject(edgeWarm, edgeFrom, edgeUntil),
    generator: { worstLatenessMs: ended.worstLatenessMs, meanLatenessMs: ended.meanLatenessMs, withheldRequests: ended.withheldRequests, withheldSockets: ended.withheldSockets },
    log: group === null ? '' : group.err,
  }
}

const ranks = ['NORMAL', 'WATCH', 'STRAIN', 'ATTACK', 'EMERGENCY']

function firstAt(events: readonly ShieldEvent[], wanted: (rank: number) => boolean, fromWallMs: number): number {
  return events.find((event) => event.to !== null && event.atWallMs >= fromWallMs && wanted(ranks.indexOf(event.to)))?.atWallMs ?? Number.POSITIVE_INFINITY
}

/** When the shield stood below ATTACK again for good, as far as the run shows. */
function relaxedAt(events: readonly ShieldEvent[], attackEndWallMs: number): number {
  const states = events.filter((event) => event.to !== null)
  const last = states.at(-1)
  if (last === undefined || !states.some((event) => ranks.indexOf(event.to!) >= 3)) return attackEndWallMs
  return ranks.indexOf(last.to!) >= 3 ? Number.POSITIVE_INFINITY : Math.max(attackEndWallMs, last.atWallMs)
}
