import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConsoleSession, consoleMarkdown, consoleVerdicts } from './console-report.ts'
import type { Freshness } from './live.ts'
import type { Weight } from './night.ts'

const machine = { date: '2026-11-23 20:00 UTC', cpu: 'cpu', cores: 2, memoryBytes: 8 * 1_073_741_824, kernel: '6', system: 's', node: '24', openssl: '3', loadBefore: '0 0 0' }
const MIB = 1_048_576
const weight = (atSeconds: number, pageMib: number, serverMib = 11, otherMib = 12): Weight => ({ atSeconds, pageHeapBytes: pageMib * MIB, nodes: 1_000, listeners: 130, timers: 3, serverHeapBytes: serverMib * MIB, serverOtherBytes: otherMib * MIB, serverResidentBytes: 0, historyBytes: 0 })
const fresh = (ageMaxMs: number, offeredMs: number): Freshness => ({ drawn: 30, delayMedianMs: 40, delayP99Ms: 90, delayMaxMs: 100, ageMedianMs: 1_040, ageMaxMs, loads: [{ loadMs: 200, offeredMs }] })
const load = (p99Ms: number) => ({ sent: 1, answered: 1, failed: 0, failures: {}, p50Ms: 1, p90Ms: 1, p99Ms, maxMs: 9, lateP99Ms: 1, seconds: 10 })
const session = (more: { page8h?: number; other8h?: number; age?: number; offered?: number; beside?: number }): ConsoleSession => ({
  night: { machine, night: { seconds: 28_800, secondsSeen: 28_797, events: 400, acts: 48, walks: 16, tookSeconds: 500, weights: [weight(900, 3), weight(3_600, 4.5), weight(28_800, more.page8h ?? 4.7, 11, more.other8h)], errors: [] } },
  live: { machine, share: 1, rounds: [{ calm: fresh(1_200, 500), flood: fresh(more.age ?? 1_900, more.offered ?? 800), states: ['Attack'], withheldRequests: 0, generatorLateMs: 5 }] },
  twenty: { machine, seconds: 10, consoles: 20, perSecond: 500, rounds: [{ consoles: 0, load: load(4), consoleBytesPerSecond: 0 }, { consoles: 20, load: load(more.beside ?? 4.5), consoleBytesPerSecond: 100_000 }] },
})
const failing = (of: ConsoleSession): string[] => consoleVerdicts(of).filter(({ holds }) => !holds).map(({ what }) => what)

test('what reaches its target holds, and what does not is named', () => {
  assert.deepEqual(failing(session({})), [])
  assert.match(failing(session({ page8h: 6 })).join(), /JS heap of the page, from 1 h to 8 h/)
  assert.match(failing(session({ other8h: 38 })).join(), /memory of the server beside its heap/)
  assert.match(failing(session({ age: 3_100 })).join(), /oldest picture on the screen, while A2 runs/)
  assert.match(failing(session({ offered: 1_001 })).join(), /acts offered after navigation, while A2 runs/)
  assert.match(failing(session({ beside: 5.1 })).join(), /p99 of the data plane with 20 consoles open/)
})

test('rounds that differ too much among themselves prove nothing', () => {
  const rounds = [3, 60, 200, 4].map((p99Ms) => ({ consoles: 0, load: load(p99Ms), consoleBytesPerSecond: 0 }))
  const [verdict] = consoleVerdicts({ twenty: { ...session({}).twenty!, rounds: [...rounds, { consoles: 20, load: load(4), consoleBytesPerSecond: 100_000 }] } })
  assert.ok(!verdict!.holds && verdict!.measured.endsWith('too noisy to tell'))
})

test('parts that were not measured are left out, and the others are told whole', () => {
  assert.deepEqual(consoleVerdicts({}), [])
  const { twenty } = session({})
  const text = consoleMarkdown({ twenty }, 'script/bench console')
  assert.ok(text.includes('## Twenty consoles') && !text.includes('## Eight hours') && !/NaN|undefined|Infinity/.test(text))
  assert.ok(!/NaN|undefined|Infinity/.test(consoleMarkdown(session({}), 'script/bench console')))
})
