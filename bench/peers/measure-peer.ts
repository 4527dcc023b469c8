/** Measures one program with one workload. The program is started for it, checked, warmed up, loaded, checked again by the counts of the load generator, and ended. */
import { runH2load } from '../load/h2load.ts'
import { runHandshakes } from '../load/handshakes.ts'
import { runPaced } from '../load/paced.ts'
import { type LoadResult, runWrk } from '../load/wrk.ts'
import type { Placement } from '../measure/machine.ts'
import { coreBusySeconds, groupCpuSeconds, groupUse, threadCpuSeconds } from '../measure/proc.ts'
import { type Measurement, type WorkersMeasurement, perCoreOf } from './measurement.ts'
import type { Peer } from './peer.ts'
import { type Certificate, RunningPeer } from './running-peer.ts'
import type { HandshakeWorkload, H2Workload, PacedWorkload, WorkersWorkload, Workload, WrkWorkload } from './workloads.ts'

export interface Bench {
  readonly parent: string
  readonly originPort: number
  readonly certificate: Certificate
  readonly places: Placement
  readonly seconds: number
}

/** Compilers of Node programs need a few seconds of the real load. */
function warmSeconds(bench: Bench): number {
  return Math.min(4, Math.max(1, Math.round(bench.seconds * 0.6)))
}

export function measurePeer(peer: Peer, workload: Workload, run: number, bench: Bench): Promise<Measurement> {
  return workload.kind === 'workers' ? measureWorkers(peer, workload, run, bench) : measureOne(peer, workload, run, bench)
}

interface Counted extends LoadResult {
  readonly cpuSeconds: number
  readonly foreignSeconds: number
  readonly loadBusySeconds: number
}

async function measureOne(peer: Peer, workload: Exclude<Workload, WorkersWorkload>, run: number, bench: Bench): Promise<Measurement> {
  const running = await RunningPeer.start(peer, { ...bench, workers: 1, cores: bench.places.server })
  try {
    // With the fields of the load: a browser is answered with a page, a program with two lines.
    const bodyBytes = await running.verify(workload.check, workload.kind === 'wrk' ? workload.headers : [])
    let direct: Measurement['direct']
    if (workload.kind === 'paced') direct = await paced(bench, workload, bench.originPort, warmSeconds(bench)).then(() => paced(bench, workload, bench.originPort, bench.seconds))
    await loadOnce(running, workload, bench, warmSeconds(bench))
    const counted = await countCpu(running, bench.places, () => loadOnce(running, workload, bench, bench.seconds))
    expectWhole(peer, workload, counted, bodyBytes)
    const loadedBytes = groupUse(running.group.pid).residentBytes
    const perSecond = counted.requests / counted.seconds
    const perCpuSecond = counted.requests / counted.cpuSeconds
    const foreignShare = Math.max(0, counted.foreignSeconds / counted.seconds)
    const loadShare = counted.loadBusySeconds / counted.seconds
    return {
      peer: peer.name, workload: workload.id, run,
      requests: counted.requests,
      perSecond,
      perCpuSecond,
      // Paced requests and handshakes are not meant to fill the program's core.
      perCore: workload.kind === 'wrk' || workload.kind === 'h2' ? perCoreOf(perSecond, perCpuSecond, foreignShare, loadShare) : perCpuSecond,
      cpuMicrosecondsPerRequest: (counted.cpuSeconds * 1e6) / counted.requests,
      serverShare: counted.cpuSeconds / counted.seconds,
      foreignShare,
      loadShare,
      p50Ms: Number.isNaN(counted.p50Ms) ? null : counted.p50Ms,
      p99Ms: Number.isNaN(counted.p99Ms) ? null : counted.p99Ms,
      answerBytes: counted.bytes / counted.requests,
      startMs: running.startMs, idleBytes: running.idleBytes, loadedBytes, direct,
    }
  } finally {
    await running.stop()
  }
}

async function countCpu(running: RunningPeer, places: Placement, load: () => Promise<LoadResult>): Promise<Counted> {
  const cpuBefore = groupCpuSeconds(running.group.pid)
  const before = coreBusySeconds()
  const from = performance.now()
  const result = await load()
  const cpuSeconds = groupCpuSeconds(running.group.pid) - cpuBefore
  if (!(cpuSeconds > 0)) throw new Error(`${running.peer.title} used no CPU time: it is not what was measured, or it ended\n${running.group.err.slice(-1_000)}`)
  const after = coreBusySeconds()
  // The programs' own counts cover a little less than the whole time between the two looks at the cores.
  const scale = (result.seconds * 1_000) / (performance.now() - from)
  const busy = (core: string): number => (after[Number(core)] - before[Number(core)]) * scale
  return { ...result, cpuSeconds, foreignSeconds: busy(places.server) - cpuSeconds, loadBusySeconds: busy(places.load) }
}

async function loadOnce(running: RunningPeer, workload: WrkWorkload | H2Workload | HandshakeWorkload | PacedWorkload, bench: Bench, seconds: number): Promise<LoadResult> {
  const { check } = workload
  const port = running.portFor(check.scheme)
  const cores = bench.places.load
  if (workload.kind === 'wrk') return runWrk({ port, path: check.path, seconds, connections: workload.connections, cores, headers: workload.headers })
  if (workload.kind === 'h2') return runH2load({ port, path: check.path, seconds, connections: workload.connections, streams: workload.streams, cores })
  if (workload.kind === 'handshake') {
    const result = await runHandshakes({ port, path: check.path, seconds, lanes: 8, resume: workload.resume, cores })
    const wrong = workload.resume ? result.handshakes - result.resumed : result.resumed
    if (wrong > result.handshakes * 0.01) throw new Error(`${running.peer.title}: ${wrong} of ${result.handshakes} handshakes were ${workload.resume ? 'full' : 'resumed'}`)
    return { requests: result.handshakes, seconds: result.seconds, refusals: result.handshakes, errors: result.errors, bytes: 0, p50Ms: Number.NaN, p99Ms: Number.NaN }
  }
  return paced(bench, workload, port, seconds)
}

async function paced(bench: Bench, workload: PacedWorkload, port: number, seconds: number): Promise<LoadResult> {
  const result = await runPaced({ port, path: workload.check.path, perSecond: workload.perSecond, seconds, status: workload.check.status, cores: bench.places.load })
  return { requests: result.sent, seconds: result.seconds, refusals: 0, errors: result.failed, bytes: 0, p50Ms: result.p50Ms, p99Ms: result.p99Ms }
}

/** A head of an answer is not longer than this in any of the programs. */
const LONGEST_HEAD_BYTES = 1_000
/** Headers of one HTTP/2 connection and its last, cut answers. */
const SLACK_BYTES = 2_000_000

/**
 * A program that fails under load is not fast: the class of the status and the length of the answers are compared with what was checked before.
 * wrk counts a connection that the server closes between two requests as a read error; a few are normal.
 */
function expectWhole(peer: Peer, workload: Workload, result: LoadResult, bodyBytes: number): void {
  const wanted = workload.check.status >= 400 ? result.requests : 0
  if (result.requests === 0) throw new Error(`${peer.title} answered nothing`)
  if (result.refusals !== wanted) throw new Error(`${peer.title}: ${result.refusals} of ${result.requests} answers were 4xx or 5xx, expected ${wanted}`)
  if (result.errors > result.requests * 0.001) throw new Error(`${peer.title}: ${result.errors} errors for ${result.requests} requests`)
  if (workload.kind !== 'wrk' && workload.kind !== 'h2' && workload.kind !== 'workers') return
  const least = result.requests * bodyBytes
  const got = result.bodyBytes ?? result.bytes
  const most = least + (result.bodyBytes === undefined ? result.requests * LONGEST_HEAD_BYTES : 0) + SLACK_BYTES
  if (got < least - SLACK_BYTES || got > most) throw new Error(`${peer.title}: ${result.requests} answers of ${bodyBytes} bytes made ${got} bytes: not the answer that was checked`)
}

/** Two workers in one process beside two processes of one worker, on the same cores with the same load generator between them; and one worker alone. */
async function measureWorkers(peer: Peer, workload: WorkersWorkload, run: number, bench: Bench): Promise<Measurement> {
  const both = '0,1'
  const alone = await layout(peer, workload, bench, [{ workers: 1, cores: bench.places.server }], bench.places.load)
  const pair = await layout(peer, workload, bench, [{ workers: 1, cores: '0' }, { workers: 1, cores: '1' }], both)
  const two = await layout(peer, workload, bench, [{ workers: 2, cores: both }], both)
  const workers: WorkersMeasurement = {
    oneUs: alone.us, pairUs: pair.us, twoUs: two.us, onePerSecond: alone.perSecond, pairPerSecond: pair.perSecond, twoPerSecond: two.perSecond, balance: two.balance,
  }
  return {
    peer: peer.name, workload: workload.id, run, requests: two.requests, perSecond: two.perSecond, perCpuSecond: 1e6 / two.us, perCore: 1e6 / two.us, cpuMicrosecondsPerRequest: two.us,
    serverShare: two.share, foreignShare: 0, loadShare: 1, p50Ms: null, p99Ms: null, answerBytes: two.answerBytes, startMs: two.startMs, idleBytes: two.idleBytes, loadedBytes: two.loadedBytes, workers,
  }
}

interface LayoutResult {
  readonly us: number
  readonly perSecond: number
  readonly requests: number
  readonly share: number
  readonly balance: number
  readonly answerBytes: number
  readonly startMs: number
  readonly idleBytes: number
  readonly loadedBytes: number
}

async function layout(peer: Peer, workload: WorkersWorkload, bench: Bench, parts: ReadonlyArray<{ readonly workers: 1 | 2; readonly cores: string }>, loadCores: string): Promise<LayoutResult> {
  const running: RunningPeer[] = []
  try {
    for (const part of parts) running.push(await RunningPeer.start(peer, { ...bench, ...part }))
    let bodyBytes = 0
    for (const one of running) bodyBytes = await one.verify(workload.check)
    // As many load generators as there are workers in all, so that the neighbours are the same for a pair and for two.
    const lanes = loadCores.includes(',') ? 2 : 1
    const load = (seconds: number): Promise<LoadResult[]> =>
      Promise.all(Array.from({ length: lanes }, (_, i) => {
        const target = running[i % running.length]
        return runWrk({ port: target.portFor(workload.check.scheme), path: workload.check.path, seconds, connections: workload.connections / lanes, cores: lanes === 1 ? loadCores : loadCores.split(',')[i] })
      }))
    await load(warmSeconds(bench))
    const cpuBefore = running.map((one) => groupCpuSeconds(one.group.pid))
    const threadsBefore = threadCpuSeconds(running[0].group.pid)
    const results = await load(bench.seconds)
    for (const result of results) expectWhole(peer, workload, result, bodyBytes)
    const cpuSeconds = running.reduce((sum, one, i) => sum + groupCpuSeconds(one.group.pid) - cpuBefore[i], 0)
    const requests = results.reduce((sum, one) => sum + one.requests, 0)
    const seconds = results[0].seconds
    return {
      us: (cpuSeconds * 1e6) / requests, perSecond: requests / seconds, requests, share: cpuSeconds / seconds, balance: balanceOf(threadsBefore, threadCpuSeconds(running[0].group.pid)),
      answerBytes: results[0].bytes / results[0].requests, startMs: running[0].startMs, idleBytes: running[0].idleBytes, loadedBytes: groupUse(running[0].group.pid).residentBytes,
    }
  } finally {
    for (const one of running) await one.stop()
  }
}

/** The two threads that used most are the workers. */
function balanceOf(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  const used = [...after].map(([id, seconds]) => seconds - (before.get(id) ?? 0)).sort((a, b) => b - a)
  return used.length < 2 || used[0] === 0 ? Number.NaN : used[1] / used[0]
}
