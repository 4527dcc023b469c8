import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../../kernel/clock.ts'
import { defaultsOf } from '../../kernel/option.ts'
import type { HammerMessage, HammerStart } from './admission-hammer.ts'
import { allocateAdmission, reclaimWorker } from './admission-memory.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import { limiterAt, limiterWord, TOTAL } from './limit-memory.ts'
import { admissionOptions, type AdmissionSettings } from './options.ts'

const LIMIT = 8
const REQUESTS = 400
const settings: AdmissionSettings = { ...defaultsOf(admissionOptions), sourceSlots: 1_024, limitInitial: LIMIT, limitMin: LIMIT, limitMax: LIMIT }

test('three threads ask as fast as they can and a fourth dies with five slots: never above the limit, each ends once, all comes back', { timeout: 30_000 }, async () => {
  const memory = allocateAdmission(settings, 4)
  const words = new Int32Array(memory.limits)
  const witness = new SharedArrayBuffer(8)
  const workers: Worker[] = []
  const results: Array<Extract<HammerMessage, { served: number }>> = []
  const begin = (index: number, holds: number) => {
    const start: HammerStart = { memory, settings, index, requests: REQUESTS, witness, holds }
    const worker = new Worker(new URL('./admission-hammer.ts', import.meta.url), { workerData: start })
    workers[index] = worker
    worker.on('message', (message: HammerMessage) => {
      if ('wake' in message) workers[message.wake]?.postMessage('wake')
      else if ('served' in message) results.push(message)
    })
    return worker
  }
  try {
    const beforeMs = systemClock.monotonicMs()
    const doomed = begin(3, 5)
    const living = [0, 1, 2].map((index) => begin(index, 0))
    const exits = living.map((worker) => once(worker, 'exit'))
    for (;;) {
      const [message] = (await once(doomed, 'message')) as [HammerMessage]
      if (!('holding' in message)) continue
      assert.ok(message.nowMs >= beforeMs && message.nowMs <= systemClock.monotonicMs(), 'the monotonic clock is one for all threads')
      break
    }
    await doomed.terminate()
    assert.equal(reclaimWorker(memory, 3), 5)
    await Promise.all(exits)
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  assert.equal(results.length, 3)
  for (const { served, refused, endedTwice } of results) {
    assert.equal(served + refused, REQUESTS)
    assert.equal(endedTwice, 0)
  }
  const [inside, most] = new Int32Array(witness)
  assert.equal(inside, 0)
  assert.ok(most >= 4 && most <= LIMIT, `${most} inside at once, the limit is ${LIMIT}`)
  const view = new ConcurrencyLimit(words, 0, settings)
  assert.deepEqual([view.inFlight(0), view.totalInFlight(), words[limiterAt(TOTAL) + limiterWord.waitingAll]], [0, 0, 0])
})
