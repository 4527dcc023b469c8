/**
 * A flood on a real shield, a process of its own, replayed from what its record kept: `polder replay --incident` decides again what was decided.
 *
 * The same must be: the states and their order, each within STATE_MS of then; every rule made then, within RULE_MS and at a strongest step that is at most one away,
 * and no other. Chance may differ: which clients are let through to a test is drawn anew, and the record keeps a part of the rows of a great flood.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { FEATURE_KEY, HOST, baselineBytes } from '../../../bench/scenarios/baseline-week.ts'
import { IpcChild } from '../../../bench/scenarios/ipc-child.ts'
import { CONTROL_SOCKET_NAME } from '../../../src/contract/control-socket.ts'
import type { IncidentReplay } from '../../../src/contract/incident-replay.ts'
import type { IncidentSummary } from '../../../src/contract/incident.ts'
import type { RecordReply } from '../../../src/contract/record.ts'
import type { GeneratorOrder, GeneratorWord } from '../../../src/drill/generator-process.ts'
import { scaledOrigin } from '../../../src/drill/mock-origin.ts'
import type { OriginOrder, OriginWord } from '../../../src/drill/origin-process.ts'
import { askShield } from '../../../src/surfaces/control-socket/control-client.ts'
import { eventually } from '../../support/in-process-shield.ts'
import { PolderProcess } from '../../support/polder-process.ts'

const SHARE = 1 / 3
const STATE_MS = 3_000
const RULE_MS = 3_000
const steps = ['observe', 'tag', 'cache-only', 'challenge', 'limit', 'block']
const START_MS = 30_000
const phases = { warmMs: 2_500, attackMs: 14_000, afterMs: 500 }
const drill = join(import.meta.dirname, '../../../src/drill')
const program = join(import.meta.dirname, '../../../bin/polder')

let origin: IpcChild<OriginOrder, OriginWord>
let originPort = 0

before(async () => {
  origin = new IpcChild(join(drill, 'origin-process.ts'), '')
  await origin.hear('ready', START_MS)
  origin.tell({ type: 'start', options: scaledOrigin(SHARE) })
  originPort = (await origin.hear('listens', START_MS)).port
})
after(() => origin?.end())

async function incidents(folder: string): Promise<IncidentSummary[]> {
  const reply: RecordReply = await askShield(join(folder, CONTROL_SOCKET_NAME), { ask: 'record', question: { room: 'incident', question: 'list', who: 'ada', asks: {} } }, 10_000)
  if (!reply.ok) throw new Error(reply.sentence)
  return reply.answer as IncidentSummary[]
}

for (const scenario of ['A2', 'A4'] as const) {
  test(`${scenario}: what was decided live is decided again from the samples`, { timeout: 240_000 }, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'polder-replay-'))
    writeFileSync(join(folder, 'feature-key'), `${FEATURE_KEY.toString(16).padStart(8, '0')}\n`, { mode: 0o600 })
    writeFileSync(join(folder, 'baseline.bin'), baselineBytes(SHARE), { mode: 0o600 })
    const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: http://127.0.0.1:${originPort}\nworkers: 1\ndetection: {calmDwellMs: 5s}\nincident: {closeAfterCalmMs: 5s}\n`, { folder })
    const generator = new IpcChild<GeneratorOrder, GeneratorWord>(join(drill, 'generator-process.ts'), '')
    try {
      await generator.hear('ready', START_MS)
      await eventually('the record answers', START_MS, () => incidents(folder).then(() => true, () => false))
      generator.tell({ targets: [{ address: '127.0.0.1', port: Number(new URL(polder.url).port) }], plain: 0, tls: -1, host: HOST, scenario, seed: 1, share: SHARE, phases, bare503: 'busy' })
      await eventually('an incident is open', 60_000, async () => (await incidents(folder)).length > 0)
      await generator.hear('ended', phases.attackMs + 60_000)
      await eventually('it closes by itself', 90_000, async () => (await incidents(folder))[0].closedAtWallMs !== null, 500)
      const [{ id }] = await incidents(folder)
      await polder.stop({ keepFolder: true })

      const { code, text } = await polderReplay(polder.file, id)
      const replay = JSON.parse(text) as IncidentReplay
      const { live, replayed } = replay.states
      context.diagnostic(`${replay.rows} of ${replay.seen} rows of ${replay.ticks} s in ${replay.tookSeconds.toFixed(1)} s; states ${live.map((one, i) => `${one.state} ${(replayed[i]?.atWallMs ?? Number.NaN) - one.atWallMs} ms`).join(', ')}; rules ${replay.rules.map((one) => `${one.sentence} ${(one.replayedWallMs ?? Number.NaN) - (one.liveWallMs ?? Number.NaN)} ms`).join(', ')}`)
      assert.equal(replay.incidentId, id)
      assert.deepEqual(replayed.map((one) => one.state), live.map((one) => one.state))
      assert.ok(live.some((one) => one.state === 'ATTACK') && live.at(-1)!.state === 'NORMAL', live.map((one) => one.state).join(' '))
      for (const [i, one] of replayed.entries()) assert.ok(Math.abs(one.atWallMs - live[i].atWallMs) <= STATE_MS, `${one.state}: ${one.atWallMs - live[i].atWallMs} ms apart`)
      assert.ok(replay.rules.length > 0)
      const strongest = strongestSteps(folder)
      for (const rule of replay.rules) {
        assert.ok(rule.liveWallMs !== null && rule.replayedWallMs !== null && Math.abs(rule.replayedWallMs - rule.liveWallMs) <= RULE_MS, JSON.stringify(rule))
        assert.ok(Math.abs(steps.indexOf(rule.action!) - strongest.get(rule.sentence)!) <= 1, `${rule.sentence}: ${rule.action} now, ${steps[strongest.get(rule.sentence)!]} then`)
      }
      assert.deepEqual([replay.agrees, code], [true, 0])
      assert.deepEqual(replay.caveats.filter((caveat) => caveat.includes('ends before')), [], 'the incident was over when Polder ended')
    } finally {
      await Promise.all([generator.end(), polder.stop()])
    }
  })
}

/** By a rule's own sentence: the strongest step that the journal says it had. */
function strongestSteps(folder: string): ReadonlyMap<string, number> {
  const named = new Map<string, string>()
  const strongest = new Map<string, number>()
  for (const file of readdirSync(join(folder, 'journal')).filter((name) => name.endsWith('.jsonl')).sort()) {
    for (const line of readFileSync(join(folder, 'journal', file), 'utf8').split('\n').filter((one) => one !== '')) {
      const { kind, data } = JSON.parse(line) as { kind: string; data: { ruleId?: string; action?: string; rule?: { sentence: string } } | null }
      if (kind !== 'rule' || data?.ruleId === undefined) continue
      if (data.rule !== undefined) named.set(data.ruleId, data.rule.sentence)
      const step = steps.indexOf(data.action ?? '')
      const name = named.get(data.ruleId)
      if (step !== -1 && name !== undefined) strongest.set(name, Math.max(step, strongest.get(name) ?? -1))
    }
  }
  return strongest
}

function polderReplay(file: string, id: string): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, ['replay', '--incident', id, '--json', '-c', file], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 })
    let text = ''
    child.stdout.on('data', (part) => (text += String(part)))
    child.once('close', (code) => resolve({ code, text }))
  })
}
