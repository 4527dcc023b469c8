/**
 * A flood of many addresses (A2) becomes an incident by itself, keeps what a person writes when the record's thread dies in the middle, closes after the calm, and
 * every figure of it can be found in the journal. A new shield on the same folder still has it.
 */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { FEATURE_KEY, HOST, baselineBytes } from '../../../bench/scenarios/baseline-week.ts'
import { IpcChild } from '../../../bench/scenarios/ipc-child.ts'
import { CONTROL_SOCKET_NAME } from '../../../src/contract/control-socket.ts'
import type { Figure, Incident, IncidentSummary } from '../../../src/contract/incident.ts'
import type { JournalEntry } from '../../../src/contract/journal.ts'
import type { Measure } from '../../../src/contract/measure.ts'
import type { RecordReply, RoomName } from '../../../src/contract/record.ts'
import type { GeneratorOrder, GeneratorWord } from '../../../src/drill/generator-process.ts'
import { scaledOrigin } from '../../../src/drill/mock-origin.ts'
import type { OriginOrder, OriginWord } from '../../../src/drill/origin-process.ts'
import { askShield } from '../../../src/surfaces/control-socket/control-client.ts'
import { type TestShield, eventually, startTestShield } from '../../support/in-process-shield.ts'
import { testFolder } from '../../../src/kernel/test-folder.testing.ts'

const SHARE = 1 / 3
const START_MS = 30_000
const phases = { warmMs: 2_500, attackMs: 14_000, afterMs: 500 }
const drill = join(import.meta.dirname, '../../../src/drill')

let folder: string
let yaml: string
let origin: IpcChild<OriginOrder, OriginWord>
let generator: IpcChild<GeneratorOrder, GeneratorWord>
let polder: TestShield

before(async () => {
  folder = testFolder('incident')
  writeFileSync(join(folder, 'feature-key'), `${FEATURE_KEY.toString(16).padStart(8, '0')}\n`, { mode: 0o600 })
  writeFileSync(join(folder, 'baseline.bin'), baselineBytes(SHARE), { mode: 0o600 })
  origin = new IpcChild(join(drill, 'origin-process.ts'), '')
  generator = new IpcChild(join(drill, 'generator-process.ts'), '')
  await origin.hear('ready', START_MS)
  origin.tell({ type: 'start', options: scaledOrigin(SHARE) })
  const { port } = await origin.hear('listens', START_MS)
  yaml = `listen: 127.0.0.1:0\norigin: http://127.0.0.1:${port}\nworkers: 1\ndataDir: ${folder}\ndetection: {calmDwellMs: 5s}\nincident: {closeAfterCalmMs: 5s}\n`
  polder = await startTestShield(yaml)
  await generator.hear('ready', START_MS)
})

after(async () => {
  await Promise.all([generator.end(), origin.end(), polder?.stop()])
  rmSync(folder, { recursive: true, force: true })
})

async function ask<T>(room: RoomName, question: string, asks: Readonly<Record<string, unknown>> = {}): Promise<T> {
  const reply: RecordReply = await askShield(join(folder, CONTROL_SOCKET_NAME), { ask: 'record', question: { room, question, who: 'ada', asks } }, 10_000)
  if (!reply.ok) throw new Error(reply.sentence)
  return reply.answer as T
}
const answers = (): Promise<boolean> => ask('incident', 'list').then(() => true, () => false)
const list = (): Promise<IncidentSummary[]> => ask('incident', 'list')
const show = (): Promise<Incident> => ask('incident', 'show', { id: 'last' })

async function journal(): Promise<JournalEntry[]> {
  const all: JournalEntry[] = []
  for (;;) {
    const { entries } = await ask<{ entries: JournalEntry[] }>('journal', 'list', { afterSeq: all.at(-1)?.seq ?? 0, most: 100 })
    if (entries.length === 0) return all
    all.push(...entries)
  }
}

test('a flood opens an incident within ten seconds; it outlives the death of the record, closes after the calm, and its figures are in the journal', async (t) => {
  await eventually('the record answers', START_MS, answers)
  generator.tell({ targets: [{ address: '127.0.0.1', port: Number(new URL(polder.url).port) }], plain: 0, tls: -1, host: HOST, scenario: 'A2', seed: 1, share: SHARE, phases, bare503: 'busy' })
  const { wallMs: beganWallMs } = await generator.hear('began', START_MS)
  const attackWallMs = beganWallMs + phases.warmMs
  await eventually('an incident is open', 25_000, async () => (await list()).some((one) => one.closedAtWallMs === null))
  const [opened] = await list()
  const openedAfterMs = opened.openedAtWallMs - attackWallMs
  await ask('incident', 'note', { id: 'open', text: 'the provider was called' })
  await ask('incident', 'hypothesis', { id: 'open', text: 'link to the vote' })
  await ask('incident', 'aware', { id: 'open', atWallMs: opened.openedAtWallMs })
  await polder.shield.killThread('record')
  await eventually('the record is back', 20_000, answers)
  const after = await show()
  assert.deepEqual([after.id, after.notes.map((note) => note.text), after.hypotheses.map((one) => one.verdict)], [opened.id, ['the provider was called'], ['not known']])
  const ended = await generator.hear('ended', phases.attackMs + 60_000)

  await eventually('it closes by itself', 60_000, async () => (await list())[0].closedAtWallMs !== null, 500)
  assert.equal((await list()).length, 1)
  const incident = await show()
  assert.equal(incident.closedBy, 'polder')
  assert.equal(incident.openedBy, 'polder')
  const entries = await journal()
  const figure = (code: string, of?: string): Figure => incident.figures.find((one) => one.code === code && one.of === of) ?? assert.fail(code)
  const measuresOf = ({ from }: Figure): Measure[] => entries.filter(({ seq, kind }) => kind === 'measure' && from.some((one) => (typeof one === 'number' ? one === seq : seq >= one[0] && seq <= one[1]))).map((entry) => entry.data as Measure)
  const requests = figure('requests')
  assert.equal(requests.value, measuresOf(requests).reduce((sum, one) => sum + one.received, 0))
  assert.ok(requests.value! > 1_000)
  for (const code of ['served', 'refused', 'lost']) assert.ok(figure(code).value !== null && measuresOf(figure(code)).length > 0, code)
  const peak = figure('peak-requests-per-second')
  assert.ok(measuresOf(peak).some((one) => one.peak.requestsPerSecond === peak.value))
  const detected = figure('detected')
  assert.ok(entries.some((entry) => entry.seq === detected.from[0] && entry.kind === 'state' && (entry.data as { readonly atWallMs: number }).atWallMs === detected.value))
  const start = figure('start')
  assert.ok(start.value === null || Math.abs(start.value - attackWallMs) < 5_000, `begins ${start.value} for ${attackWallMs}`)
  assert.ok(incident.timeline.some((item) => item.kind === 'state' && /ATTACK/.test(item.sentence)))
  assert.ok(incident.timeline.some((item) => item.kind === 'rule'))
  t.diagnostic(`open ${openedAfterMs} ms after the first attack byte; ${incident.figures.filter((one) => one.of === undefined).map((one) => `${one.code} ${one.value ?? 'not known'} (${one.kind})`).join(', ')}; generator late by ${ended.worstLatenessMs.toFixed(0)} ms at worst`)
  if (ended.worstLatenessMs < 500) assert.ok(openedAfterMs <= 10_000, `open after ${openedAfterMs} ms`)

  await polder.shield.close()
  polder = await startTestShield(yaml)
  await eventually('the new shield answers', 20_000, answers)
  const again = await show()
  assert.deepEqual({ ...again, timeline: [] }, { ...incident, timeline: [] })
})
