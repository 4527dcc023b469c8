/** script/bench slow */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type BenchCommand, type Flags, say } from '../command-line.ts'
import { type PacedResult, runPaced } from '../load/paced.ts'
import { ChildGroup } from '../measure/child-group.ts'
import { SECOND_ADDRESS } from '../measure/loopback.ts'
import { describeMachine, placement } from '../measure/machine.ts'
import { groupUse } from '../measure/proc.ts'
import { type ShieldUnderTest, startShieldUnderTest, startVariedOrigin, stillServes } from '../measure/shield.ts'
import { figure } from '../report/markdown-table.ts'
import { resultFolder, writeResults } from '../report/result-folder.ts'
import { type Attack, attackIds, attacks } from './attacks.ts'
import { type AttackResult, type SlowSession, holds, slowMarkdown } from './slow-report.ts'

const WHOLE_SECONDS = 60
const WHOLE_CONNECTIONS = 1_000
const PER_SECOND = 100
const NEWCOMERS_PER_SECOND = 10

/**
 * `one-address`: as shipped; all attackers come from one address, and its limit of connections stops most of them.
 * `many-addresses`: HTTP/2 connections come from an address and a network of their own each; slowhttptest knows one address, so the limits by address
 * are lifted for it: what is left must hold alone.
 */
const settingsOf: Readonly<Record<string, string>> = {
  'one-address': '',
  'many-addresses': 'edge: {maxConnectionsPerSource: 20000, tlsHandshakesPerSecond: 100000, tlsHandshakeBurst: 100000}',
}

export const slowCommand: BenchCommand = {
  description: `slowhttptest -H -B -X -R and HTTP/2 attacks from 127.0.0.1, while a second visitor reads ${PER_SECOND} pages a second on kept connections and ${NEWCOMERS_PER_SECOND} on new ones, from ${SECOND_ADDRESS}.
Holds when that visitor sees no failure and a 99th percentile of at most 100 ms. Writes docs/benchmarks/slow.{md,json} when everything ran for ${WHOLE_SECONDS} s with ${WHOLE_CONNECTIONS} connections, else run/benchmarks/.`,
  flags: {
    attack: { kind: 'names', choices: attackIds, sentence: 'attacks to try' },
    as: { kind: 'names', choices: Object.keys(settingsOf), sentence: 'where the attackers seem to come from' },
    seconds: { kind: 'number', min: 3, max: 600, default: WHOLE_SECONDS, sentence: 'length of each attack' },
    connections: { kind: 'number', min: 10, max: 8_000, default: WHOLE_CONNECTIONS, sentence: 'connections of each attack (HTTP/2: a twentieth, at most 50)' },
    json: { kind: 'switch', sentence: 'print the results as JSON on standard output' },
  },
  run,
}

async function run(flags: Flags): Promise<number> {
  const seconds = Math.round(flags.number('seconds'))
  const connections = Math.round(flags.number('connections'))
  const machine = describeMachine()
  const places = placement()
  const parent = mkdtempSync(join(tmpdir(), 'polder-slow-'))
  const results: AttackResult[] = []
  const failures: string[] = []
  try {
    const origin = await startVariedOrigin(places.origin)
    for (const as of flags.names('as')) {
      for (const attack of attacks.filter((one) => flags.names('attack').includes(one.id))) {
        say(`${attack.id}, ${as}: ${seconds} s ...`)
        let shield: ShieldUnderTest | null = null
        try {
          shield = await startShieldUnderTest({ folder: join(parent, `${attack.id}-${as}`), originPort: origin.port, cores: '', goodPath: '/live/1', settings: `workers: 1\n${attack.ownAddresses ? '' : settingsOf[as]}` })
          const result = await underAttack(shield, attack, as, seconds, connections, places.load)
          results.push(result)
          say(`${attack.id}, ${as}: ${holds(result) ? 'holds' : 'FAILS'}; second visitor ${result.kept.failed + result.fresh.failed} of ${result.kept.sent + result.fresh.sent} failed, p99 ${figure(result.kept.p99Ms)} ms kept, ${figure(result.fresh.p99Ms)} ms new`)
        } catch (error) {
          failures.push(`${attack.title}, ${as}: ${(error as Error).message.split('\n')[0]}`)
          say(`${attack.id}, ${as}: could not be measured: ${(error as Error).message}`)
        } finally {
          await shield?.group.end()
        }
      }
    }
    await origin.group.end()
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
  const session: SlowSession = { machine, seconds, connections, results, failures }
  const isWhole = seconds >= WHOLE_SECONDS && connections >= WHOLE_CONNECTIONS && !flags.wasGiven('attack') && !flags.wasGiven('as') && failures.length === 0
  for (const path of writeResults(resultFolder(isWhole), { 'slow.md': slowMarkdown(session), 'slow.json': `${JSON.stringify(session, null, 1)}\n` })) say(`wrote ${path}`)
  if (flags.isOn('json')) process.stdout.write(`${JSON.stringify(session)}\n`)
  return failures.length === 0 && results.every(holds) ? 0 : 1
}

/** The second visitor starts a second before the attack and stays a second longer, so that its first and last moments are seen too. */
async function underAttack(shield: ShieldUnderTest, attack: Attack, as: string, seconds: number, connections: number, cores: string): Promise<AttackResult> {
  const visit = (kind: 'keep' | 'close', perSecond: number, forSeconds: number): Promise<PacedResult> =>
    runPaced({ port: shield.port, path: kind === 'keep' ? '/live/2' : '/page/2', perSecond, seconds: forSeconds, status: 200, cores, from: SECOND_ADDRESS, connections: kind })
  const calm = await visit('keep', PER_SECOND, 2)
  const before = groupUse(shield.group.pid)
  const visits = Promise.all([visit('keep', PER_SECOND, seconds + 2), visit('close', NEWCOMERS_PER_SECOND, seconds + 2)])
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const { program, args } = attack.command({ port: shield.port, tlsPort: shield.tlsPort, seconds, connections, manyAddresses: as === 'many-addresses' })
  const attacker = new ChildGroup(program, args, { cores, nice: 5 })
  const limit = setTimeout(() => void attacker.end(), (seconds + 5) * 1_000)
  let mostConnections = 0
  const watch = setInterval(() => {
    void shield.metrics().then((metrics) => {
      const open = [...metrics].filter(([name]) => name.startsWith('polder_open_connections')).reduce((total, [, value]) => total + value, 0)
      mostConnections = Math.max(mostConnections, open)
    })
  }, 1_000)
  const [kept, fresh] = await visits
  clearInterval(watch)
  clearTimeout(limit)
  await attacker.end()
  const ended = [...(await shield.metrics())].flatMap(([name, value]) => {
    const reason = /^polder_requests_ended_total\{reason="(.*)"\}$/.exec(name)?.[1]
    return reason !== undefined && value > 0 && !reason.startsWith('served-') ? [[reason, value] as const] : []
  })
  const after = groupUse(shield.group.pid)
  return {
    attack: attack.id, title: attack.title, sentence: attack.sentence, as, calm, kept, fresh, mostConnections, refusals: Object.fromEntries(ended),
    cpuShare: (after.cpuSeconds - before.cpuSeconds) / (seconds + 2), memoryBefore: before.residentBytes, memoryAfter: after.residentBytes,
    attackerSaid: said(attacker.out), serves: await stillServes(shield, '/live/3'),
  }
}

function said(out: string): string {
  if (out.startsWith('{')) return out
  const plain = stripVTControlCharacters(out)
  return plain.split('\n').map((line) => line.trim()).filter((line) => /^(initializing|pending|connected|error|closed|service available|Exit status):/i.test(line)).slice(-7).join('; ')
}
