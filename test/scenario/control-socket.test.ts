/** The control socket of a running shield: what it says, what it obeys, and that it answers when the control plane is dead. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CONTROL_SOCKET_NAME } from '../../src/contract/control-socket.ts'
import type { OperatorAct } from '../../src/contract/operator-act.ts'
import { askShield } from '../../src/surfaces/control-socket/control-client.ts'
import { type TestShield, eventually, startTestShield } from '../support/in-process-shield.ts'

let origin: Server
let running: TestShield
let socket: string
const signed = { who: 'tester', why: 'a test' }
const order = (act: OperatorAct) => askShield(socket, { ask: 'act', act }, 6_000)
const status = () => askShield(socket, { ask: 'status' }, 2_000)

/** `folder`: of an earlier shield. */
function settingsIn(folder: string | null): string {
  return `listen: 127.0.0.1:0\norigin: http://127.0.0.1:${(origin.address() as AddressInfo).port}\nworkers: 1\n${folder === null ? '' : `dataDir: ${folder}\n`}rules:\n  - { path: /secret, action: block, id: own }\n`
}

before(async () => {
  origin = createServer((_, response) => response.end('from the origin')).listen(0, '127.0.0.1')
  await new Promise((resolve) => origin.once('listening', resolve))
  running = await startTestShield(settingsIn(null))
  socket = join(running.folder, CONTROL_SOCKET_NAME)
})
after(async () => {
  await running.stop().catch(() => undefined)
  origin.close()
  origin.closeAllConnections()
})

test('status tells what was served and refused, by reason, and what the control plane sees', async () => {
  await fetch(`${running.url}/a`).then((answer) => answer.text())
  await fetch(`${running.url}/secret`).then((answer) => answer.text())
  await eventually('the counts arrive', 5_000, async () => (await status()).sinceStart.received >= 2)
  await eventually('the control plane is heard', 5_000, async () => (await status()).control.alive)
  const now = await status()
  assert.equal(now.sinceStart.ended['served-origin'], 1)
  assert.equal(now.sinceStart.ended['rule-block'], 1)
  assert.equal(now.ruleMatches['own'].matched, 1)
  assert.deepEqual(now.settingsRules.map((rule) => rule.id), ['own'])
  assert.equal(now.control.view!.state, 'NORMAL')
  assert.deepEqual([now.workers.wanted, now.workers.ready, now.pid], [1, 1, process.pid])
  const page = now.origin.find((one) => one.routeClass === 'page')!
  assert.ok(page.admission!.limit >= 1)
})

test('an added rule acts on visitors within two seconds, and ends when told', async () => {
  const added = await order({ ...signed, kind: 'add', ruleId: 'by-hand', when: [{ attribute: 'path', glob: '/closed*' }], action: 'block', untilWallMs: null })
  assert.deepEqual([added.done, added.sentence], [true, 'added at block: a test (by-hand) (tester)'])
  await eventually('the rule refuses', 2_000, async () => (await fetch(`${running.url}/closed/door`)).status === 403)
  assert.deepEqual((await status()).plan!.rules.map((rule) => rule.id), ['by-hand'])
  assert.equal((await order({ ...signed, kind: 'expire', ruleId: 'by-hand', untilWallMs: null })).done, true)
  await eventually('the rule is gone', 2_000, async () => (await fetch(`${running.url}/closed/door`)).status === 200)
})

test('an order on a rule that does not exist changes nothing and says so', async () => {
  const outcome = await order({ ...signed, kind: 'pin', ruleId: 'nobody', untilWallMs: null })
  assert.deepEqual(outcome, { done: false, sentence: 'nobody: there is no such rule' })
})

test('an address is told with what the source table holds and which rules name it', async () => {
  await order({ ...signed, kind: 'add', ruleId: 'home', when: [{ attribute: 'prefix', cidrs: ['127.0.0.0/8'] }, { attribute: 'path', glob: '/never' }], action: 'block', untilWallMs: null })
  await eventually('the rule is in the plan', 3_000, async () => (await status()).plan!.rules.some((rule) => rule.id === 'home'))
  const facts = await askShield(socket, { ask: 'address', address: '127.0.0.1' }, 2_000)
  assert.ok(facts.tracked!.requests >= 3)
  assert.equal(facts.tracked!.behavesLikeVisitor, false)
  assert.deepEqual(facts.matching, [{ ruleId: 'home', action: 'block', whole: false, others: 1 }])
  assert.equal((await askShield(socket, { ask: 'address', address: '2001:db8::1' }, 2_000)).tracked, null)
  await order({ ...signed, kind: 'expire', ruleId: 'home', untilWallMs: null })
})

test('with the control plane dead, status still answers with the last view, orders are refused, and visitors are served', async () => {
  assert.ok((await status()).control.alive)
  await running.shield.killThread('control')
  const dead = await status()
  assert.equal(dead.control.alive, false)
  assert.equal(dead.control.view!.state, 'NORMAL')
  assert.ok(dead.events.some((event) => event.code === 'control-plane-died'))
  await assert.rejects(order({ ...signed, kind: 'pin', ruleId: 'own', untilWallMs: null }), { code: 'control-plane-gone' })
  assert.equal((await fetch(`${running.url}/a`)).status, 200)
  await eventually('it is started anew', 5_000, async () => (await status()).control.alive)
  await eventually('it takes orders again', 5_000, async () => (await order({ ...signed, kind: 'pin', ruleId: 'nobody', untilWallMs: null })).sentence.includes('no such rule'))
})

test('orders survive the death of the control plane and a restart of the shield', async () => {
  const until = Date.now() + 3_600_000
  const { folder } = running
  await order({ ...signed, kind: 'add', ruleId: 'kept', when: [{ attribute: 'path', glob: '/shut*' }], action: 'block', untilWallMs: until })
  await order({ ...signed, kind: 'veto', ruleId: 'auto-00000000', untilWallMs: null })
  await order({ ...signed, kind: 'dry-run', of: 'all', on: true })
  assert.equal(statSync(join(folder, 'operator-orders.json')).mode & 0o777, 0o600)
  const refuses = async (): Promise<boolean> => (await fetch(`${running.url}/shut/door`)).status === 403
  await eventually('the rule refuses', 3_000, refuses)

  await running.shield.killThread('control')
  assert.ok(await refuses(), 'the last plan goes on')
  const known = async (): Promise<boolean> => (await status()).control.alive && (await status()).control.view!.rules.some((rule) => rule.id === 'kept' && rule.who === 'tester')
  const diedAtWallMs = Date.now()
  await eventually('the new control plane knows the rule', 8_000, async () => (await known()) && (await status()).control.heardAtWallMs! > diedAtWallMs)
  assert.ok(await refuses())

  await running.shield.close()
  running = await startTestShield(settingsIn(folder))
  await eventually('the next process knows the rule', 8_000, known)
  await eventually('its rule refuses', 3_000, refuses)
  assert.equal((await order({ ...signed, kind: 'expire', ruleId: 'kept', untilWallMs: null })).done, true)
  await order({ ...signed, kind: 'dry-run', of: 'all', on: false })
  const left = JSON.parse(readFileSync(join(folder, 'operator-orders.json'), 'utf8')) as { rules: unknown[]; vetoes: unknown[] }
  assert.deepEqual([left.rules.length, left.vetoes.length], [0, 1])
  // The socket lies in the first folder, which is the new shield's data folder too.
  await running.stop()
  rmSync(folder, { recursive: true })
})
