/** Issue 4, Shows 3: the control thread is killed in the middle of A2. Proxying goes on, rules run out by themselves, an alarm shows. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { FEATURE_KEY, HOST, baselineBytes } from '../../../bench/scenarios/baseline-week.ts'
import { IpcChild } from '../../../bench/scenarios/ipc-child.ts'
import { CONTROL_SOCKET_NAME, type ShieldStatus } from '../../../src/contract/control-socket.ts'
import type { GeneratorOrder, GeneratorWord } from '../../../src/drill/generator-process.ts'
import { scaledOrigin } from '../../../src/drill/mock-origin.ts'
import type { OriginOrder, OriginWord } from '../../../src/drill/origin-process.ts'
import { type Scorecard, scoreRun } from '../../../src/drill/scorecard.ts'
import { askShield } from '../../../src/surfaces/control-socket/control-client.ts'
import { type TestShield, eventually, metric, startTestShield } from '../../support/in-process-shield.ts'
import { testFolder } from '../../../src/kernel/test-folder.testing.ts'

const SHARE = 1 / 3
const START_MS = 30_000
const RULE_MS = 10_000
/** Until a rule acts, how long the control plane stays dead (longer than the rule lives), and until a rule acts again. */
const phases = { warmMs: 2_500, attackMs: 36_000, afterMs: 500 }
const drill = join(import.meta.dirname, '../../../src/drill')

let folder: string
let origin: IpcChild<OriginOrder, OriginWord>
let generator: IpcChild<GeneratorOrder, GeneratorWord>
let polder: TestShield

before(async () => {
  folder = testFolder('a2')
  writeFileSync(join(folder, 'feature-key'), `${FEATURE_KEY.toString(16).padStart(8, '0')}\n`, { mode: 0o600 })
  writeFileSync(join(folder, 'baseline.bin'), baselineBytes(SHARE), { mode: 0o600 })
  origin = new IpcChild(join(drill, 'origin-process.ts'), '')
  generator = new IpcChild(join(drill, 'generator-process.ts'), '')
  await origin.hear('ready', START_MS)
  origin.tell({ type: 'start', options: scaledOrigin(SHARE) })
  const { port } = await origin.hear('listens', START_MS)
  polder = await startTestShield(`listen: 127.0.0.1:0\norigin: http://127.0.0.1:${port}\nworkers: 1\ndataDir: ${folder}\nmitigation: {ruleTtlMs: ${RULE_MS / 1_000}s}\n`)
  await generator.hear('ready', START_MS)
})

after(async () => {
  await Promise.all([generator.end(), origin.end(), polder?.stop()])
  rmSync(folder, { recursive: true })
})

const status = (): Promise<ShieldStatus> => askShield(join(folder, CONTROL_SOCKET_NAME), { ask: 'status' }, 5_000)
const acting = (now: ShieldStatus): string[] => (now.plan?.rules ?? []).filter((rule) => ['challenge', 'limit', 'block'].includes(rule.action)).map((rule) => rule.id)
const alive = async (): Promise<boolean> => (await status()).control.alive
const refused = async (): Promise<number> => {
  const { ended } = (await status()).lastSeconds
  return (ended['rule-block'] ?? 0) + (ended['rule-limit'] ?? 0) + (ended['rule-challenge'] ?? 0)
}

/** Right answers per request of visitors between two times of the run, in whole seconds. */
function goodput(score: Scorecard, fromMs: number, untilMs: number): number {
  const seconds = score.seconds.slice(Math.ceil(fromMs / 1_000), Math.floor(untilMs / 1_000))
  return seconds.reduce((sum, one) => sum + one.right, 0) / seconds.reduce((sum, one) => sum + one.offered, 0)
}

test('the control thread dies in the middle of A2 and stays dead: visitors are served, its rules run out, an alarm shows, and it takes up its work again', async (t) => {
  const url = new URL(polder.url)
  const target = { address: '127.0.0.1', port: Number(url.port) }
  generator.tell({ targets: [target], plain: 0, tls: -1, host: HOST, scenario: 'A2', seed: 1, share: SHARE, phases, bare503: 'busy' })
  const { wallMs: beganWallMs } = await generator.hear('began', START_MS)
  const runMs = (): number => Date.now() - beganWallMs
  await eventually('a rule acts', 20_000, async () => acting(await status()).length > 0)
  await eventually('the rule refuses the flood', 5_000, async () => (await refused()) > 100)

  const diedAtMs = runMs()
  const deaths = await metric(polder.shield.adminUrl, 'polder_control_deaths_total')
  await polder.shield.killThread('control')
  const dead = await status()
  assert.equal(dead.control.alive, false)
  assert.ok(acting(dead).length > 0, 'the last plan goes on')
  assert.ok(dead.events.some((event) => event.code === 'control-plane-died'))
  await eventually('the metrics say so', 2_000, async () => (await metric(polder.shield.adminUrl, 'polder_control_deaths_total')) === deaths + 1)
  const heardAtSeconds = await metric(polder.shield.adminUrl, 'polder_control_heard_timestamp_seconds')
  assert.ok(Math.abs(heardAtSeconds - Date.now() / 1_000) < 30, String(heardAtSeconds))

  // Whenever it is started anew it dies again, before its first tick publishes a plan.
  const planBefore = dead.plan!.version
  const ends = dead.plan!.rules.map((rule) => rule.expiresAtWallMs!)
  assert.ok(ends.every((end) => end <= Date.now() + 4 * RULE_MS), 'every automatic rule has an end')
  const until = Math.max(...ends)
  while (Date.now() < until + 500) {
    await polder.shield.killThread('control')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const ranOutAtMs = runMs()
  assert.equal((await status()).plan!.version, planBefore, 'no plan came meanwhile')
  assert.match(await fetch(`${polder.url}/style.css`).then((answer) => answer.text()), /^ok/)
  // What is refused is counted over ten seconds: a second later it must be less than it was, and nothing of it by a rule that ran out.
  const count = async (): Promise<number> => {
    const { ended } = (await status()).sinceStart
    return (ended['rule-block'] ?? 0) + (ended['rule-limit'] ?? 0) + (ended['rule-challenge'] ?? 0)
  }
  await polder.shield.killThread('control')
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  const one = await count()
  await polder.shield.killThread('control')
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  assert.equal(await count(), one, 'rules that ran out refuse nobody')

  await eventually('it is alive again', 10_000, alive)
  await eventually('a rule acts again', 15_000, async () => acting(await status()).length > 0)
  assert.ok((await status()).control.view!.rules.some((rule) => rule.sentence.includes('stress/1.0')), 'the new thread knows what its hashes stand for')
  const ended = await generator.hear('ended', phases.attackMs + 30_000)
  const score = scoreRun(ended.columns, phases, [], beganWallMs)
  const withRule = goodput(score, diedAtMs, ranOutAtMs)
  const without = goodput(score, ranOutAtMs, phases.warmMs + phases.attackMs)
  t.diagnostic(`dead after ${(diedAtMs / 1_000).toFixed(1)} s, its rules gone after ${(ranOutAtMs / 1_000).toFixed(1)} s; goodput ${withRule.toFixed(3)} by the last plan, ${without.toFixed(3)} from then on; generator late by ${ended.worstLatenessMs.toFixed(0)} ms at worst`)
  assert.deepEqual(score.harm.filter((cohort) => cohort.blocked > 0), [])
  assert.equal(score.harm.reduce((sum, cohort) => sum + cohort.offered, 0) > 300, true)
  if (ended.worstLatenessMs < 500) assert.ok(withRule >= 0.9, `goodput ${withRule} while the control plane was dead`)
})
