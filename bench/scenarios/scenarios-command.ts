/** `script/bench scenarios`: the fixed suite against Polder and its peers, on real sockets of this machine's loopback. */
import { fullPhases, phasesFor, quickPhases, type ScenarioId, scenarioIds, scenarioOf, shortPhases } from '../../src/drill/scenarios.ts'
import { join } from 'node:path'
import { type BenchCommand, UsageError } from '../command-line.ts'
import { haproxyPeer } from './peers/haproxy.ts'
import { nginxPeer } from './peers/nginx.ts'
import { nonePeer } from './peers/none.ts'
import { polderPeer } from './peers/polder.ts'
import type { Form, ShieldPeer } from './peers/shield-peer.ts'
import { versionOf } from '../peers/version.ts'
import { resultFolder, writeResults } from '../report/result-folder.ts'
import { type RunResult, runScenario } from './run-scenario.ts'
import { addRun, readResults } from './saved-results.ts'
import { WHY_NOT_FAIL2BAN, scenarioFiles } from './scenarios-report.ts'

const peers: Readonly<Record<string, ShieldPeer>> = { polder: polderPeer, none: nonePeer, nginx: nginxPeer, haproxy: haproxyPeer }
const THIRD = 1 / 3

export const scenariosCommand: BenchCommand = {
  description: 'The fixed suite (A1 to A12 floods, B1 to B5 crowds) on real sockets. One run lasts 90 s, with --third 32 s, with --short 12 s; those that need more time (pulses) take it.',
  flags: {
    peer: { kind: 'names', choices: [...Object.keys(peers), 'fail2ban'], sentence: 'Programs to run, comma-separated.' },
    only: { kind: 'names', choices: scenarioIds, sentence: 'Scenarios to run, comma-separated.' },
    default: { kind: 'switch', sentence: 'Programs as shipped (this is what runs when neither is said).' },
    tuned: { kind: 'switch', sentence: 'Programs as their own documents advise against floods.' },
    'without-challenge': { kind: 'switch', sentence: 'Polder with a rate limit in the place of the challenge: rows of their own, to compare with the challenge.' },
    seeds: { kind: 'number', min: 1, max: 20, default: 1, sentence: 'How many seeds, from 1.' },
    third: { kind: 'switch', sentence: 'A third of the rates and of the origin, 32 s a run: attackers can then hold their sockets as long as a queue keeps them.' },
    short: { kind: 'switch', sentence: 'A third of the rates and of the origin, 12 s a run.' },
    'both-cores': { kind: 'switch', sentence: 'Let program, origin and generator share all cores.' },
    workers: { kind: 'number', min: 1, max: 8, default: 1, sentence: 'Edge workers of Polder.' },
    events: { kind: 'switch', sentence: 'Print what the shield said.' },
    save: { kind: 'switch', sentence: 'Add the runs (not short ones) to docs/benchmarks/scenarios.json and make the report anew.' },
    'report-only': { kind: 'switch', sentence: 'Run nothing: only make the report anew.' },
  },
  async run(flags) {
    const short = flags.isOn('short')
    const third = flags.isOn('third')
    const standIn = flags.isOn('without-challenge')
    const forms: Form[] = [...(flags.isOn('default') || !(flags.isOn('tuned') || standIn) ? ['default' as const] : []), ...(flags.isOn('tuned') ? ['tuned' as const] : []), ...(standIn ? ['stand-in' as const] : [])]
    if (flags.wasGiven('peer') && flags.names('peer').includes('fail2ban')) throw new UsageError(`fail2ban is not run: ${WHY_NOT_FAIL2BAN}`)
    const folder = resultFolder(!short)
    const file = join(folder, 'scenarios.json')
    const save = flags.isOn('save')
    if (flags.isOn('report-only')) {
      writeResults(folder, scenarioFiles(readResults(file)))
      return 0
    }
    const versions = { nginx: (await versionOf('nginx', ['-v'], /nginx\/(\S+)/)) ?? '', HAProxy: (await versionOf('haproxy', ['-v'], /version (\S+)/)) ?? '' }
    for (const id of flags.names('only') as readonly ScenarioId[]) {
      for (const name of flags.names('peer').filter((one) => one !== 'fail2ban')) {
        for (const form of forms) {
          const peer = peers[name]
          if ((scenarioOf(id) as { http2?: true }).http2 && !peer.http2) continue
          if ((name === 'none' && form === 'tuned') || (name !== 'polder' && form === 'stand-in')) continue
          for (let seed = 1; seed <= flags.number('seeds'); seed++) {
            const both = flags.isOn('both-cores')
            const result = await runScenario({
              scenario: id, peer, form, seed, share: short || third ? THIRD : 1, phases: short ? shortPhases : phasesFor(id, third ? quickPhases : fullPhases),
              serverCores: both ? '' : '0', generatorCores: both ? '' : '1', workers: flags.number('workers'),
            })
            if (save) writeResults(folder, scenarioFiles(addRun(file, result, versions)))
            process.stdout.write(`${lineOf(result)}\n`)
            if (flags.isOn('events')) for (const event of result.events) process.stdout.write(`    ${((event.atWallMs - result.events[0].atWallMs) / 1_000).toFixed(1)} ${event.code} ${event.sentence}\n`)
          }
        }
      }
    }
    return 0
  },
}

/** One line for whoever waits. */
function lineOf(r: RunResult): string {
  const { goodput: g, harm, challenge, attack, origin, latency } = r.score
  const blocked = harm.reduce((sum, one) => sum + one.clientsEverBlocked, 0)
  const clients = harm.reduce((sum, one) => sum + one.clients, 0)
  const f = (value: number): string => value.toFixed(3)
  const s = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)}s` : String(ms))
  return `${r.scenario.padEnd(5)} ${r.peer} ${r.form} seed ${r.seed}: G0 ${f(g.before)} G ${f(g.attack)} first10 ${f(g.firstTenSeconds)} steady ${f(g.afterMitigation)} after ${f(g.after)} | TTD ${s(r.detectedAfterMs)} TTM ${s(r.score.mitigatedAfterMs)}${r.score.pulsesMitigatedAfterMs === undefined ? '' : ` (each pulse ${r.score.pulsesMitigatedAfterMs.map(s).join(', ')})`} | p99 ${latency.p99Ms.toFixed(0)} | visitors blocked ${blocked}/${clients} challenged ${challenge.clients} (${challenge.requests} requests, ${challenge.passed} passed in ${challenge.passMedianMs.toFixed(0)} ms, ${challenge.clientsGaveUp} gave up) | attack sent ${attack.sent} right ${attack.right} passed ${attack.passed} blocked ${attack.blocked} busy ${attack.busy} failed ${attack.failed} | leak ${origin.attackersPerSecond.toFixed(0)}/s ${f(origin.attackerWorkShare)} | cpu/reject ${r.cpuMicrosPerReject.toFixed(0)}us | gen late ${r.generator.meanLatenessMs.toFixed(1)}/${r.generator.worstLatenessMs.toFixed(0)} withheld ${r.generator.withheldRequests}/${r.generator.withheldSockets}`
}
