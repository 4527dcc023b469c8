/** script/bench peers */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDevelopmentCertificate } from '../../src/dataplane/edge/development-certificate.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { type BenchCommand, type Flags, say } from '../command-line.ts'
import { HOST_NAME } from '../measure/ask.ts'
import { describeMachine, placement } from '../measure/machine.ts'
import { figure } from '../report/markdown-table.ts'
import { resultFolder, writeResults } from '../report/result-folder.ts'
import { haproxy } from './haproxy.ts'
import { measurePeer } from './measure-peer.ts'
import type { Failure, Measurement } from './measurement.ts'
import { fastifyProxy, httpProxy3 } from './node-proxies.ts'
import { nginx } from './nginx.ts'
import { startOrigin } from './origin.ts'
import type { Peer } from './peer.ts'
import { peersMarkdown, peersPlot, type PeersSession } from './peers-report.ts'
import { polder } from './polder.ts'
import type { Certificate } from './running-peer.ts'
import { varnish } from './varnish.ts'
import { versionOf } from './version.ts'
import { type Workload, workloadIds, workloads } from './workloads.ts'

export const allPeers: readonly Peer[] = [polder, nginx, haproxy, varnish, httpProxy3, fastifyProxy]
const peerNames = allPeers.map((one) => one.name)
/** A session that is to be published has at least so many runs of so many seconds, of everything. */
const WHOLE_RUNS = 3
const WHOLE_SECONDS = 3

export const peersCommand: BenchCommand = {
  description: `Server on core 0, load generator (and origin, with two cores) on core 1; each program serves the same workload, in turns, on loopback.
Writes docs/benchmarks/peers.{md,json,svg} when everything was measured at least ${WHOLE_RUNS} times, else run/benchmarks/.`,
  flags: {
    only: { kind: 'names', choices: peerNames, sentence: 'programs to measure' },
    workload: { kind: 'names', choices: workloadIds, sentence: 'workloads to measure' },
    runs: { kind: 'number', min: 1, max: 50, default: 3, sentence: 'runs of each' },
    seconds: { kind: 'number', min: 1, max: 120, default: 5, sentence: 'seconds of each' },
    json: { kind: 'switch', sentence: 'print the results as JSON on standard output' },
  },
  run,
}

async function run(flags: Flags): Promise<number> {
  const runs = Math.round(flags.number('runs'))
  const seconds = Math.round(flags.number('seconds'))
  const chosen = workloads.filter((one) => flags.names('workload').includes(one.id))
  const machine = describeMachine()
  const versions: Record<string, string> = {}
  const peers: Peer[] = []
  for (const peer of allPeers.filter((one) => flags.names('only').includes(one.name))) {
    const version = await peer.version()
    if (version === null) throw new Error(`${peer.title} is not installed: script/bootstrap --test installs what is measured`)
    versions[peer.title] = version
    peers.push(peer)
  }
  versions['wrk'] = (await versionOf('wrk', ['-v'], /wrk (\S+)/)) ?? 'missing'
  versions['h2load'] = (await versionOf('h2load', ['--version'], /nghttp2\/(\S+)/)) ?? 'missing'

  const parent = mkdtempSync(join(tmpdir(), 'polder-bench-'))
  const measurements: Measurement[] = []
  const failures: Failure[] = []
  try {
    const places = placement()
    const origin = await startOrigin(parent, places.origin)
    const bench = { parent, originPort: origin.port, certificate: writeCertificate(parent), places, seconds }
    say(`peers: about ${Math.ceil(estimateSeconds(chosen, peers, runs, seconds) / 60)} minutes`)
    for (let run = 1; run <= runs; run++) {
      for (const workload of chosen) {
        for (const peer of peers) {
          if (workload.needs.some((need) => peer.lacks[need] !== undefined)) continue
          try {
            const one = await measurePeer(peer, workload, run, bench)
            measurements.push(one)
            say(`run ${run}/${runs}  ${workload.id.padEnd(16)} ${peer.title.padEnd(20)} ${figure(one.perCore).padStart(9)}/s per core  ${figure(one.perSecond).padStart(9)}/s  core ${figure(one.serverShare * 100)} %, load core ${figure(one.loadShare * 100)} %${one.foreignShare > 0.05 ? `  (others used ${figure(one.foreignShare * 100)} % of it)` : ''}`)
          } catch (error) {
            failures.push({ peer: peer.name, workload: workload.id, run, why: (error as Error).message })
            say(`run ${run}/${runs}  ${workload.id.padEnd(16)} ${peer.title.padEnd(20)} FAILED: ${(error as Error).message}`)
          }
        }
      }
    }
    await origin.group.end()
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }

  const session: PeersSession = { command: 'script/bench peers', machine, versions, runs, seconds, measurements, failures }
  const isWhole = runs >= WHOLE_RUNS && seconds >= WHOLE_SECONDS && !flags.wasGiven('only') && !flags.wasGiven('workload') && failures.length === 0
  if (measurements.length > 0) {
    const files = { 'peers.md': peersMarkdown(session, allPeers), 'peers.json': `${JSON.stringify(session, null, 1)}\n`, 'peers.svg': peersPlot(session, allPeers) }
    for (const path of writeResults(resultFolder(isWhole), files)) say(`wrote ${path}`)
  }
  if (flags.isOn('json')) process.stdout.write(`${JSON.stringify(session)}\n`)
  return failures.length === 0 ? 0 : 1
}

/** Start, checks and end of a program take about 3 s; the warm-up is about half of the measurement; two workers are measured in three layouts. */
function estimateSeconds(chosen: readonly Workload[], peers: readonly Peer[], runs: number, seconds: number): number {
  const one = (workload: Workload): number => (3 + seconds * 1.6) * (workload.kind === 'workers' ? 3.5 : workload.kind === 'paced' ? 2 : 1)
  return runs * chosen.reduce((sum, workload) => sum + one(workload) * peers.filter((peer) => workload.needs.every((need) => peer.lacks[need] === undefined)).length, 0)
}

function writeCertificate(parent: string): Certificate {
  const { certPem, keyPem } = makeDevelopmentCertificate([HOST_NAME], systemClock.wallMs())
  const files = { certFile: join(parent, 'site.pem'), keyFile: join(parent, 'site.key'), bothFile: join(parent, 'both.pem') }
  writeFileSync(files.certFile, certPem)
  writeFileSync(files.keyFile, keyPem, { mode: 0o600 })
  writeFileSync(files.bothFile, certPem + keyPem, { mode: 0o600 })
  return files
}
