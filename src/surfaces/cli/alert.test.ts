/** `polder alert` against answers as the alert room gives them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChannelState, OpenAlertState } from '../../contract/alert.ts'
import type { ControlQuestion } from '../../contract/control-socket.ts'
import type { RecordReply } from '../../contract/record.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { type CliParts, exitCodes } from './command.ts'
import { runCommandLine } from './program.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const duty: ChannelState = { name: 'duty-mail', kind: 'mail', to: 'duty@example.org by mail.example.org:587', sent: 2, failed: 0, waiting: 0, lastSentAtWallMs: NOW - 60_000, trouble: null }
const broken: ChannelState = { ...duty, name: 'chat', kind: 'slack', to: 'https://hooks.example.org/…', sent: 0, waiting: 3, lastSentAtWallMs: null, trouble: 'hooks.example.org answered 404\u001B]0;x\u0007' }
const attack: OpenAlertState = {
  key: 'attack', severity: 'critical', title: 'Attack under way', text: 'What: a flood.\nWhat to do: nothing.', atWallMs: NOW - 65_000, sinceWallMs: NOW - 65_000, incidentId: '2026-11-27-1', resolved: false,
  acknowledged: null, toldTo: ['duty-mail'],
}

async function polder(answers: Readonly<Record<string, RecordReply>>, ...argv: string[]) {
  let out = ''
  let error = ''
  const asked: unknown[] = []
  const parts = {
    version: '0', noColor: true, clock: new SimulatedClock(NOW), who: 'ada',
    out: { write: (text: string) => (out += text) },
    error: { write: (text: string) => (error += text) },
    controlSocket: () => ({ path: 'control.sock', note: '' }),
    ask: (_: string, question: ControlQuestion) => {
      assert.ok(question.ask === 'record' && question.question.room === 'alert')
      asked.push([question.question.question, question.question.asks, question.question.who])
      return Promise.resolve(answers[question.question.question])
    },
  } as unknown as CliParts<object>
  return { code: await runCommandLine(['alert', ...argv], parts), out, error, asked }
}

test('what is open: worst words first, who has seen it, who was told', async () => {
  const { code, out } = await polder({ open: { ok: true, answer: [attack, { ...attack, key: 'origin-part', severity: 'warning', title: 'A part of the origin does not answer', acknowledged: { who: 'ada', atWallMs: NOW - 5_000 }, toldTo: [], incidentId: null }] } }, 'open')
  assert.equal(code, exitCodes.ok)
  assert.match(out, /^CRITICAL Attack under way\n {2}attack, since 11:58:55 \(1 min 5 s\); nobody has acknowledged it; told: duty-mail; incident 2026-11-27-1\n {2}What: a flood\.\n/)
  assert.match(out, /WARNING A part of the origin does not answer\n {2}origin-part, .* ada has seen it at 11:59:55; no channel was told\n/)
  assert.match((await polder({ open: { ok: true, answer: [] } })).out, /^Nothing is open\.$/m)
})

test('channels: a failing one is seen, ends with 1, and steers no terminal', async () => {
  const { code, out } = await polder({ channels: { ok: true, answer: [duty, broken] } }, 'channels')
  assert.equal(code, exitCodes.refused)
  assert.match(out, /^ok {4}duty-mail {12}mail to duty@example\.org by mail\.example\.org:587\n {6}2 sent, 0 given up, 0 waiting; last sent 11:59:00$/m)
  assert.match(out, /^fails chat .*\n {6}0 sent, 0 given up, 3 waiting; nothing sent yet\n {6}hooks\.example\.org answered 404/m)
  assert.ok(!out.includes('\u001B'))
  assert.match((await polder({ channels: { ok: true, answer: [] } }, 'channels')).out, /nobody is told, and nothing is sent anywhere/)
})

test('a test of one channel, or of all, ends with 1 when one fails', async () => {
  const answer = [{ channel: 'duty-mail', ok: true, sentence: 'the mail server took it', ms: 31.4 }, { channel: 'chat', ok: false, sentence: 'no answer within 10 s', ms: 10_000 }]
  const all = await polder({ test: { ok: true, answer } }, 'test')
  assert.deepEqual([all.code, all.asked], [exitCodes.refused, [['test', {}, 'ada']]])
  assert.match(all.out, /^sent {3}duty-mail {12}the mail server took it \(31 ms\)\nfailed chat {17}no answer within 10 s \(10,000 ms\)\n$/)
  const one = await polder({ test: { ok: true, answer: answer.slice(0, 1) } }, 'test', 'duty-mail', '--json')
  assert.deepEqual([one.code, JSON.parse(one.out), one.asked], [exitCodes.ok, answer.slice(0, 1), [['test', { channel: 'duty-mail' }, 'ada']]])
})

test('an acknowledgement carries the name; what is not open is said', async () => {
  const good = await polder({ acknowledge: { ok: true, answer: { sentence: 'attack is acknowledged' } } }, 'acknowledge', 'attack', '--who', 'Eve')
  assert.deepEqual([good.code, good.out, good.asked], [exitCodes.ok, 'attack is acknowledged\n', [['acknowledge', { key: 'attack' }, 'Eve (ada)']]])
  const bad = await polder({ acknowledge: { ok: false, code: 'not-found', sentence: 'no alert x is open' } }, 'acknowledge', 'x')
  assert.deepEqual([bad.code, bad.out, bad.error], [exitCodes.refused, '', 'polder: no alert x is open\n'])
  assert.equal((await polder({}, 'acknowledge')).code, exitCodes.usage)
})
