import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '../../kernel/random.ts'
import { alertSettings, channel, message, TimedClock } from './alert.testing.ts'
import { ChannelQueue } from './channel-queue.ts'
import type { AlertMessage, SendResult } from './message.ts'
import type { AlertSettings } from './options.ts'

const refused: SendResult = { ok: false, retry: true, sentence: 'connect ECONNREFUSED' }
const fine: SendResult = { ok: true, sentence: 'taken' }

function queueWith(send: (message: AlertMessage, signal: AbortSignal) => Promise<SendResult> | SendResult, settings: Partial<AlertSettings> = {}) {
  const clock = new TimedClock()
  const ended: Array<{ readonly key: string; readonly kind: string; readonly ok: boolean; readonly tries: number; readonly title: string }> = []
  const queue = new ChannelQueue({
    channel: channel({ name: 'mail' }), clock, later: clock.later, random: new SeededRandom(1), settings: () => alertSettings(settings), newId: () => 'new',
    open: () => ({ trouble: '', sender: { to: 'somewhere', send: async (one, signal) => send(one, signal) } }),
    onEnd: ({ key, kind, title }, { ok }, tries) => ended.push({ key, kind, ok, tries, title }),
  })
  return { clock, queue, ended }
}

test('a failed message is tried again ever more rarely, then given up, and the trouble shows until something works', async () => {
  const at: number[] = []
  let result: SendResult = refused
  const { clock, queue, ended } = queueWith(() => {
    at.push(clock.wallMs())
    return result
  }, { giveUpMs: 600_000 })
  queue.offer(message())
  await clock.pass(20_000)
  assert.equal(queue.state().trouble, 'connect ECONNREFUSED')
  assert.equal(queue.state().waiting, 1)
  await clock.pass(900_000)
  const gaps = at.slice(1).map((time, i) => time - at[i])
  gaps.forEach((gap, i) => assert.ok(gap >= Math.min(300_000, 2_000 * 2 ** i) / 2 && gap <= Math.min(300_000, 2_000 * 2 ** i) + 1, `${gap} as gap ${i}`))
  assert.ok(at.at(-1)! - at[0] <= 600_000)
  assert.deepEqual(ended.map(({ ok, tries }) => [ok, tries]), [[false, at.length]])
  assert.equal(queue.state().failed, 1)
  result = fine
  queue.offer(message({ key: 'next' }))
  await clock.pass(10_000)
  assert.deepEqual([queue.state().trouble, queue.state().sent, queue.state().waiting], [null, 1, 0])
})

test('a receiver that hangs is let go after the time set, and its connection with it', async () => {
  const aborted: string[] = []
  const { clock, queue } = queueWith(({ key }, signal) => new Promise(() => signal.addEventListener('abort', () => aborted.push(key))), { timeoutMs: 5_000 })
  queue.offer(message())
  await clock.pass(4_999)
  assert.deepEqual(aborted, [])
  await clock.pass(1)
  assert.deepEqual(aborted, ['attack'])
  assert.equal(queue.state().trouble, 'no answer within 5 s')
})

test('a refusal that would come again is not tried again, and does not hold up the next message for long', async () => {
  const { clock, queue, ended } = queueWith(({ key }) => (key === 'bad' ? { ok: false, retry: false, sentence: '400' } : fine))
  queue.offer(message({ key: 'bad' }))
  queue.offer(message({ key: 'good' }))
  await clock.pass(5_000)
  assert.deepEqual(ended.map(({ key, ok, tries }) => [key, ok, tries]), [['bad', false, 1], ['good', true, 1]])
})

test('the other side may say how long to wait', async () => {
  const at: number[] = []
  const { clock, queue } = queueWith(() => {
    at.push(clock.wallMs())
    return at.length === 1 ? { ok: false, retry: true, afterMs: 120_000, sentence: '429' } : fine
  })
  queue.offer(message())
  await clock.pass(200_000)
  assert.equal(at[1] - at[0], 120_000)
})

test('a long silence ends with what is true then: one word for each key, the most severe first', async () => {
  let result: SendResult = refused
  const { clock, queue, ended } = queueWith(() => result)
  queue.offer(message({ key: 'probe', severity: 'info' }))
  await clock.pass(0)
  queue.offer(message({ key: 'origin', severity: 'warning', title: 'The origin does not answer' }))
  queue.offer(message({ key: 'attack' }))
  queue.offer(message({ key: 'origin', severity: 'warning', kind: 'over', title: 'The origin answers again' }))
  queue.offer(message({ key: 'attack', kind: 'reminder' }))
  result = fine
  await clock.pass(10_000)
  assert.deepEqual(ended.map(({ key, kind }) => `${key} ${kind}`), ['probe alert', 'attack alert', 'origin over'])
})

test('a full queue gives up the oldest of the least severity', async () => {
  const { clock, queue, ended } = queueWith(() => refused, { queueMost: 10 })
  for (let i = 0; i < 15; i++) queue.offer(message({ key: `k${i}`, severity: i === 5 ? 'info' : 'critical' }))
  await clock.pass(0)
  // One is under way, ten wait.
  assert.deepEqual(ended.map(({ key, ok }) => `${key} ${ok}`), ['k5 false', 'k1 false', 'k2 false', 'k3 false'])
  assert.equal(queue.state().waiting, 11)
})

test('a storm becomes one message; room is kept for what is critical', async () => {
  const { clock, queue, ended } = queueWith(() => fine, { stormMost: 8, stormMs: 600_000 })
  for (let i = 0; i < 40; i++) queue.offer(message({ key: `w${i}`, severity: 'warning' }))
  await clock.pass(1_000)
  assert.equal(ended.length, 6)
  queue.offer(message({ key: 'attack' }))
  await clock.pass(1_000)
  assert.equal(ended.at(-1)!.key, 'attack')
  assert.equal(queue.state().waiting, 34)
  await clock.pass(600_000)
  assert.deepEqual([ended.length, ended.at(-1)!.kind, ended.at(-1)!.title], [8, 'storm', '34 more messages, held back because they were too many'])
  assert.equal(queue.state().waiting, 0)
})

test('a test goes past the queue and says what the other side says', async () => {
  const { clock, queue } = queueWith(() => refused)
  const result = await queue.test(message({ kind: 'test', key: 'test' }), 1_000)
  assert.deepEqual([result.ok, result.sentence], [false, 'connect ECONNREFUSED'])
  assert.equal(queue.state().waiting, 0)
  await clock.pass(0)
})

test('a sender that throws is a failed try, not the end of the queue', async () => {
  let times = 0
  const { clock, queue } = queueWith(() => {
    if (times++ === 0) throw new Error('a bug')
    return fine
  })
  queue.offer(message())
  await clock.pass(0)
  assert.equal(queue.state().trouble, 'a bug')
  await clock.pass(10_000)
  assert.equal(queue.state().sent, 1)
})

test('a clock that is set back by a year holds no alert back', async () => {
  let result: SendResult = refused
  const { clock, queue, ended } = queueWith(() => result)
  queue.offer(message())
  await clock.pass(1_000)
  clock.setBack(366 * 86_400_000)
  result = fine
  queue.offer(message({ key: 'next' }))
  await clock.pass(10_000)
  assert.deepEqual(ended.map(({ key, ok }) => [key, ok]).toSorted(([a], [b]) => a!.toString().localeCompare(b!.toString())), [['attack', true], ['next', true]])
})
