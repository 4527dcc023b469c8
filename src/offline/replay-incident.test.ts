/** An attack on a control loop, recorded as the record does it, and lived through again: the same states, the same rules. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ControlView } from '../contract/control.ts'
import { SAMPLE_WORDS, type SampleBatch, sampleFields } from '../contract/sample.ts'
import type { ShieldSecond } from '../contract/record.ts'
import type { Vitals } from '../contract/vitals.ts'
import { Baseline } from '../controlplane/detection/baseline.ts'
import { detectionOptions } from '../controlplane/detection/options.ts'
import { ControlLoop, type LoopSettings } from '../controlplane/loop.ts'
import { mitigationOptions } from '../controlplane/mitigation/options.ts'
import { SimulatedClock } from '../kernel/clock.ts'
import { RecordedLog } from '../kernel/log.ts'
import { defaultsOf } from '../kernel/option.ts'
import { SeededRandom } from '../kernel/random.ts'
import { DAY_MS } from '../kernel/units.ts'
import { testFolder } from '../kernel/test-folder.testing.ts'
import { draftsOf } from '../record/journal/shield-entries.ts'
import { TestJournal } from '../record/journal/journal.testing.ts'
import { SampleRecorder } from '../record/samples/sample-recorder.ts'
import { replayIncident } from './replay-incident.ts'

const START = Date.UTC(2024, 5, 5, 12)
const settings: LoopSettings = { detection: defaultsOf(detectionOptions), mitigation: defaultsOf(mitigationOptions) }
type Row = Partial<Record<(typeof sampleFields)[number], number>>

function person(random: SeededRandom): Row {
  const program = Math.floor(random.next() ** 2 * 8)
  const bare = random.next() < 0.05
  const pages = 1 + random.below(6)
  return {
    clientKey: 1 + random.below(2 ** 31), addressHigh: random.below(2 ** 31), family: 4, userAgent: 100 + program * 3 + random.below(3), userAgentShape: 200 + program, headerOrder: 300 + (program >> 1), acceptCombo: 400 + random.below(5),
    httpVersion: 20, method: 1, path: random.below(40), pathTemplate: 500 + random.below(30), refererClass: random.below(3), clientPages: pages, clientStatics: bare ? 0 : pages * 3, clientEchoes: bare ? 0 : pages, clientRequests: pages * 4,
  }
}
const bot = (random: SeededRandom): Row => ({ ...person(random), headerOrder: 4_711, httpVersion: 11, pathTemplate: 500, clientKey: 1 + random.below(2_000), clientPages: 2 + random.below(9), clientStatics: 0, clientEchoes: 0 })
const repeat = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make)

function batchOf(rows: readonly Row[]): SampleBatch {
  const words = new Uint32Array(rows.length * SAMPLE_WORDS)
  rows.forEach((row, i) => {
    for (const [name, value] of Object.entries(row)) words[i * SAMPLE_WORDS + sampleFields.indexOf(name as (typeof sampleFields)[number])] = value
  })
  return { worker: 0, fromWallMs: START, toWallMs: START + 1_000, seen: rows.length, weight: 1, words, strings: [[1, 'GET'], [4_711, 'host,accept'], [500, '/']] }
}

function vitalsOf(bad: boolean): Vitals {
  return {
    worker: 0, fromWallMs: START, toWallMs: START, planVersion: 1, received: 100, ended: {}, bytesIn: 0, bytesOut: 0, openConnections: 0, eventLoopLagP99Ms: 2, ruleMatches: {},
    admission: { page: { admitted: 100, rejected: bad ? 300 : 0, inFlight: 0, limit: 6, waiting: 0, waitP90Ms: bad ? 500 : 3 } }, origin: {}, cache: { entries: 0, bytes: 0, stored: 0, collapsed: 0 },
    durations: { cache: [], origin: [], refused: [] },
  }
}

function week(): Baseline {
  const random = new SeededRandom(9)
  const baseline = new Baseline(random)
  for (let hour = 0; hour < 168; hour++) {
    for (let minute = 0; minute < 60; minute++) baseline.learnMinute(START + hour * 3_600_000 + minute * 60_000, 36 + random.below(9))
    for (const row of repeat(64, () => person(random))) baseline.learnRow(START + hour * 3_600_000, batchOf([row]).words)
  }
  return baseline
}

const folder = testFolder('incident-replay')
const CALM = 120
const FLOOD = 60
let sampled = ''

before(async () => {
  mkdirSync(folder, { recursive: true })
  const clock = new SimulatedClock(START)
  await using one = new TestJournal({ clock }, testFolder('journal'))
  const loop = new ControlLoop(settings, 5, week())
  let incidentId: string | null = null
  const recorder = new SampleRecorder({
    folder: join(folder, 'samples'), clock, log: new RecordedLog(), scribe: one.journal, version: 'test',
    settings: () => ({ sampleBytes: 1e8, samplesKeepBytes: 1e9, keepMs: 400 * DAY_MS }),
    incidentId: () => incidentId, wholeAddresses: () => false,
    wantBeginning: () => {
      const { minuteLogs, minuteCounts, columns } = structuredClone({ minuteLogs: loop.baseline.minuteLogs, minuteCounts: loop.baseline.minuteCounts, columns: loop.baseline.columns })
      recorder.begin({ atWallMs: clock.wallMs(), settings, orders: loop.keptOrders(clock.wallMs()), baseline: { minuteLogs, minuteCounts, offered: loop.baseline.offeredPerHour(), columns } })
    },
  })
  const random = new SeededRandom(3)
  for (let i = 0; i < CALM + FLOOD; i++) {
    clock.advanceMs(1_000)
    const flood = i >= CALM
    const inputs = { samples: [batchOf([...repeat(40, () => person(random)), ...(flood ? repeat(1_500, () => bot(random)) : [])])], vitals: [vitalsOf(flood && i > CALM + 2)], commands: [] }
    const { events, views } = loop.tick(clock.wallMs(), inputs)
    for (const draft of draftsOf({ events, view: views as ControlView } as unknown as ShieldSecond)) await one.journal.write(draft)
    if (views.state === 'ATTACK') incidentId = '2024-06-05-1'
    recorder.tick({ nowWallMs: clock.wallMs(), state: views.state, ...inputs, posture: null })
  }
  await recorder.close()
  await one.journal.settled()
  assert.equal(one.journal.state().suspended, null)
  for await (const entry of one.journal.entries(1)) if (entry.kind === 'sample') sampled = (entry.data as { file: string }).file
  writeFileSync(join(folder, '000000000001.jsonl'), readFileSync(join(one.folder, '000000000001.jsonl')))
})
after(() => rmSync(folder, { recursive: true, force: true }))

const options = (more: Partial<Parameters<typeof replayIncident>[0]> = {}) => ({ folder, incidentId: 'last', settings: null, seed: 1, clock: new SimulatedClock(), ...more })

test('the decisions of an incident are made again from its samples: the same states, the same rules', async () => {
  const replay = await replayIncident(options())
  assert.equal(replay.incidentId, '2024-06-05-1')
  assert.deepEqual(replay.states.replayed.map((one) => one.state), replay.states.live.map((one) => one.state))
  assert.ok(replay.states.live.some((one) => one.state === 'ATTACK'))
  for (const [i, one] of replay.states.replayed.entries()) assert.ok(Math.abs(one.atWallMs - replay.states.live[i].atWallMs) <= 3_000, `${one.state}: ${one.atWallMs - replay.states.live[i].atWallMs} ms apart`)
  const rule = replay.rules.find((one) => one.liveWallMs !== null)!
  assert.ok(rule.replayedWallMs !== null && Math.abs(rule.replayedWallMs - rule.liveWallMs!) <= 3_000, JSON.stringify(replay.rules))
  assert.equal(replay.agrees, true, JSON.stringify(replay.rules))
  assert.ok(replay.ticks > 90 + FLOOD - 5 && replay.ticks <= 90 + FLOOD)
  assert.ok(replay.rows < replay.seen)
})

test('other settings give other decisions, and the replay says that it is no longer the same', async () => {
  const replay = await replayIncident(options({ settings: { ...settings, mitigation: { ...settings.mitigation, maxAutomaticRules: 0 } } }))
  assert.equal(replay.settings, 'file')
  assert.ok(replay.rules.every((rule) => rule.replayedWallMs === null), JSON.stringify(replay.rules))
  assert.equal(replay.agrees, false)
})

test('samples that are not what was written are refused, and an incident without samples is told with those that have some', async () => {
  await assert.rejects(replayIncident(options({ incidentId: '1999-01-01-1' })), /no samples of incident 1999-01-01-1 in .*; there are of 2024-06-05-1/)
  const file = join(folder, 'samples', sampled)
  const good = readFileSync(file)
  const bad = Buffer.from(good)
  bad[bad.length >> 1] ^= 1
  writeFileSync(file, bad)
  await assert.rejects(replayIncident(options()), /is not what was written: its SHA-256 is/)
  writeFileSync(file, good)
})
