import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openRig, PASSWORD, type Rig } from './console.testing.ts'
import { OwnFigures } from './own-figures.ts'

const rigs: Rig[] = []
after(() => Promise.all(rigs.map((rig) => rig.close())))

async function open(): Promise<{ rig: Rig; figures: OwnFigures }> {
  const rig = await openRig()
  rigs.push(rig)
  return { rig, figures: new OwnFigures(rig.parts) }
}

test('sessions, wrong sign-ins, who had to wait, and acts are counted as they happen', async () => {
  const { rig, figures } = await open()
  const operator = await rig.as('operator')
  assert.deepEqual([figures.now().sessions, figures.now().pages, figures.now().wrongSignIns], [1, 0, 0])
  rig.reply = () => ({ done: true, sentence: 'r1: pinned' })
  await rig.ask('POST', '/api/act', { body: { act: { kind: 'pin', ruleId: 'r1', untilWallMs: null, why: 'test' } }, headers: operator })
  rig.reply = () => ({ done: false, sentence: 'r1: there is no such rule' })
  await rig.ask('POST', '/api/act', { body: { act: { kind: 'pin', ruleId: 'r1', untilWallMs: null, why: 'test' } }, headers: operator })
  await rig.parts.accounts.add('ada', 'admin', PASSWORD)
  for (let i = 0; i < 60; i++) {
    rig.clock.advanceMs(3_000)
    await rig.login('ada', `guess number ${i} of many`)
  }
  const { actsDone, actsRefused, wrongSignIns, lockOuts } = figures.now()
  assert.deepEqual([actsDone, actsRefused], [1, 1])
  assert.ok(wrongSignIns > 0 && wrongSignIns < 60, `${wrongSignIns} were looked at, the others waited`)
  assert.ok(lockOuts.pair + lockOuts.account + lockOuts.address > 0)
})

test('an open page is counted until it is closed', async () => {
  const { rig, figures } = await open()
  const page = rig.parts.live.open({ name: 'ada', sessionId: 's' }, { writableLength: 0, write: () => true, end: () => {}, destroy: () => {} }, '')
  assert.equal(figures.now().pages, 1)
  page.close()
  assert.equal(figures.now().pages, 0)
})

test('the delay is the worst of the last ten seconds, and never negative', async () => {
  const { figures } = await open()
  assert.equal(figures.now().delayMs, 0)
  figures.delayed(400)
  for (let i = 0; i < 9; i++) figures.delayed(3)
  assert.equal(figures.now().delayMs, 400)
  figures.delayed(-5_000)
  assert.equal(figures.now().delayMs, 3)
})

test('the size of the history is that of its file', async () => {
  const { figures } = await open()
  const { historyBytes, historySuspended } = figures.now()
  assert.ok(historyBytes >= 4_096, String(historyBytes))
  assert.equal(historySuspended, false)
})
