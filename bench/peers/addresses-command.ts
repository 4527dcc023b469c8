/** script/bench addresses */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BenchCommand, type Flags, say } from '../command-line.ts'
import { HOST_NAME } from '../measure/ask.ts'
import { runProgram } from '../measure/child-group.ts'
import { SERVER_ADDRESS } from '../measure/loopback.ts'
import { type Machine, describeMachine, placement } from '../measure/machine.ts'
import { groupUse } from '../measure/proc.ts'
import { type ShieldUnderTest, startShieldUnderTest, startVariedOrigin } from '../measure/shield.ts'
import { machineLines } from '../report/machine-lines.ts'
import { figure, markdownTable, mebibytes } from '../report/markdown-table.ts'
import { resultFolder, writeResults } from '../report/result-folder.ts'

const script = join(import.meta.dirname, 'addresses.lua')
const PATH = '/page/1'
const CONNECTIONS = 16
const GROWTH_BYTES = 64 * 1_048_576
const SLOWEST_OF_MEDIAN = 5
const WHOLE = 1_000_000
/** Until so many are seen the round is repeated, and no longer than this. */
const LONGEST_SECONDS = 180

interface Load {
  readonly requests: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  readonly refusals: number
  readonly errors: number
}

interface AddressesSession {
  readonly machine: Machine
  readonly addresses: number
  /** The same load from 1,000 addresses, before. */
  readonly few: Load
  readonly many: Load
  readonly bytesBefore: number
  readonly bytesAfter: number
}

export const addressesCommand: BenchCommand = {
  description: `A stored page is asked for from a million different addresses (X-Forwarded-For from a trusted loopback proxy), after the same load from a thousand.
Holds when memory grows by at most 64 MiB and no request is slower than 5 times the median for it. Writes docs/benchmarks/addresses.{md,json} for a million, else run/benchmarks/.`,
  flags: {
    count: { kind: 'number', min: 1_000, max: 16_000_000, default: WHOLE, sentence: 'different addresses' },
    json: { kind: 'switch', sentence: 'print the results as JSON on standard output' },
  },
  run,
}

async function run(flags: Flags): Promise<number> {
  const addresses = Math.round(flags.number('count'))
  const machine = describeMachine()
  const places = placement()
  const parent = mkdtempSync(join(tmpdir(), 'polder-addresses-'))
  try {
    const origin = await startVariedOrigin(places.origin)
    const shield = await startShieldUnderTest({ folder: join(parent, 'shield'), originPort: origin.port, cores: places.server, goodPath: PATH, settings: 'workers: 1\ntrustedProxies: [127.0.0.1]' })
    // Compilers and heaps are warm and the table's pages untouched when the count begins.
    for (let i = 0; i < 3; i++) await load(shield, 1_000, 0, 4, places.load)
    const few = await load(shield, 1_000, 0, 8, places.load)
    const bytesBefore = groupUse(shield.group.pid).residentBytes
    say(`addresses: ${few.requests} requests from 1,000 addresses; p50 ${figure(few.p50Ms)} ms, slowest ${figure(few.maxMs)} ms; now ${addresses.toLocaleString('en-GB')}`)
    let many: Load | null = null
    const rounds: Load[] = []
    const until = performance.now() + LONGEST_SECONDS * 1_000
    for (let seen = 0; seen < addresses;) {
      if (performance.now() > until) throw new Error(`only ${seen} of ${addresses} addresses within ${LONGEST_SECONDS} s`)
      many = await load(shield, addresses, seen, 8, places.load)
      rounds.push(many)
      seen += many.requests
      say(`addresses: ${Math.min(seen, addresses).toLocaleString('en-GB')} seen, ${mebibytes(groupUse(shield.group.pid).residentBytes)} MiB`)
    }
    const bytesAfter = groupUse(shield.group.pid).residentBytes
    await shield.group.end()
    await origin.group.end()
    const session: AddressesSession = { machine, addresses, few, many: worst(rounds), bytesBefore, bytesAfter }
    for (const path of writeResults(resultFolder(addresses >= WHOLE), { 'addresses.md': markdown(session), 'addresses.json': `${JSON.stringify(session, null, 1)}\n` })) say(`wrote ${path}`)
    if (flags.isOn('json')) process.stdout.write(`${JSON.stringify(session)}\n`)
    for (const one of verdicts(session)) say(`${one.holds ? 'holds' : 'FAILS'}: ${one.sentence}`)
    return verdicts(session).every((one) => one.holds) ? 0 : 1
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
}

async function load(shield: ShieldUnderTest, many: number, first: number, seconds: number, cores: string): Promise<Load> {
  const { out } = await runProgram('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, `http://${SERVER_ADDRESS}:${shield.port}${PATH}`, '--', String(many), String(first), HOST_NAME], (seconds + 20) * 1_000, { cores })
  const line = out.split('\n').find((one) => one.startsWith('{'))
  if (line === undefined) throw new Error(`wrk gave no result:\n${out.slice(-1_000)}`)
  const result = JSON.parse(line) as Load
  if (result.refusals > 0) throw new Error(`${result.refusals} of ${result.requests} answers were not 2xx`)
  return result
}

function worst(rounds: readonly Load[]): Load {
  const most = (value: (one: Load) => number): number => Math.max(...rounds.map(value))
  return { requests: rounds.reduce((total, one) => total + one.requests, 0), p50Ms: most((r) => r.p50Ms), p99Ms: most((r) => r.p99Ms), p999Ms: most((r) => r.p999Ms), maxMs: most((r) => r.maxMs), refusals: 0, errors: most((r) => r.errors) }
}

function verdicts({ few, many, bytesBefore, bytesAfter }: AddressesSession): Array<{ readonly sentence: string; readonly holds: boolean }> {
  // A pause that is there without the addresses (a collection, a neighbour on the core) is not "for it".
  const limit = Math.max(SLOWEST_OF_MEDIAN * many.p50Ms, few.maxMs)
  return [
    { sentence: `memory grows by ${mebibytes(bytesAfter - bytesBefore)} MiB (at most 64)`, holds: bytesAfter - bytesBefore <= GROWTH_BYTES },
    { sentence: `the slowest of ${many.requests.toLocaleString('en-GB')} requests took ${figure(many.maxMs)} ms: ${figure(many.maxMs / many.p50Ms)} times the median; with 1,000 addresses ${figure(few.maxMs)} ms, ${figure(few.maxMs / few.p50Ms)} times (at most 5 times the median, or no slower than with 1,000)`, holds: many.maxMs <= limit },
  ]
}

function markdown(session: AddressesSession): string {
  const row = (name: string, one: Load): string[] => [name, one.requests.toLocaleString('en-GB'), figure(one.p50Ms), figure(one.p99Ms), figure(one.p999Ms), figure(one.maxMs)]
  return `# ${session.addresses.toLocaleString('en-GB')} client addresses

<!-- Made by \`script/bench addresses\`. Do not edit. -->

${machineLines(session.machine)}
A stored page over ${CONNECTIONS} kept connections, every request from the next address; one edge worker, full. Memory: proportional set size of the process, ${mebibytes(session.bytesBefore)} MiB before and ${mebibytes(session.bytesAfter)} MiB after.

${markdownTable(['what', 'holds'], verdicts(session).map((one) => [one.sentence, one.holds ? 'yes' : '**no**']))}

${markdownTable(['', 'requests', 'p50 ms', 'p99 ms', 'p99.9 ms', 'slowest ms'], [row('1,000 addresses', session.few), row(`${session.addresses.toLocaleString('en-GB')} addresses (worst of the rounds)`, session.many)])}
`
}
