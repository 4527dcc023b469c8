import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../kernel/clock.ts'
import { RecordedLog } from '../kernel/log.ts'
import { type Death, restartDelayMs, Threads } from './threads.ts'

test('who dies again and again waits longer: up to 5 s when visitors need it, up to five minutes when nobody does', () => {
  const delays = (optional: boolean): number[] => [1, 2, 3, 6, 7, 8, 12, 13, 1_000].map((deaths) => restartDelayMs(deaths, optional))
  assert.deepEqual(delays(false), [100, 200, 400, 3_200, 5_000, 5_000, 5_000, 5_000, 5_000])
  assert.deepEqual(delays(true), [100, 200, 400, 3_200, 6_400, 12_800, 204_800, 300_000, 300_000])
})

test('a thread that dies at every start is told of with what it died of, and no more once it has been started and stays', async () => {
  const deaths: Death[] = []
  let heard: () => void = () => {}
  let broken = true
  const threads = new Threads<null>(systemClock, new RecordedLog(), {
    onReport: () => heard(),
    onDeath: (_name, death) => {
      deaths.push(death)
      heard()
    },
  })
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((resolve) => (heard = resolve))
  }
  try {
    const program = "import { parentPort, workerData } from 'node:worker_threads'; if (workerData) throw new Error('the file is gone'); parentPort.postMessage({ type: 'ready', sockets: [] }); setInterval(() => {}, 1000)"
    void threads.start({ name: 'lifeline', file: new URL(`data:text/javascript,${encodeURIComponent(program)}`), watchHeartbeat: false, optional: true, start: () => broken })
    await until(() => deaths.length === 2)
    assert.deepEqual(threads.troubles(), [], 'two may be an accident')
    await until(() => deaths.length === 3)
    const [trouble] = threads.troubles()
    assert.deepEqual({ ...trouble, startsAgainInMs: 0 }, { thread: 'lifeline', deaths: 3, reason: 'the file is gone', startsAgainInMs: 0 })
    assert.ok(trouble.startsAgainInMs > 0 && trouble.startsAgainInMs <= 400)
    assert.deepEqual(deaths.map(({ inRow, inMs }) => [inRow, inMs]), [[1, 100], [2, 200], [3, 400]])
    assert.equal(threads.isReady('lifeline'), false)
    broken = false
    await until(() => threads.isReady('lifeline'))
    assert.equal(threads.troubles()[0].startsAgainInMs, 0, 'until it has run for long it may die again')
    assert.equal(deaths.length, 3)
  } finally {
    await threads.stop()
  }
})
