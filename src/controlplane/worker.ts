/**
 * The control plane's thread. It hears vitals and samples, thinks once a second, and publishes a plan.
 * The data plane never waits for it: when this thread is slow or dead, the last plan runs out by itself.
 */
import { type MessagePort, parentPort } from 'node:worker_threads'
import { calmPlan, type Plan } from '../contract/plan.ts'
import type { SampleBatch } from '../contract/sample.ts'
import type { LinkMessage, ThreadOrder, ThreadReport } from '../contract/thread.ts'
import type { Vitals } from '../contract/vitals.ts'
import { systemClock } from '../kernel/clock.ts'

const TICK_MS = 1_000
/** Batches kept for one tick: two workers send eight a second; more than this and the oldest are forgotten rather than memory grown. */
const MAX_WAITING = 256
/** A plan's posture holds this long without a newer plan. */
const POSTURE_MS = 10_000

if (parentPort === null) throw new Error('the control plane runs as a worker thread')
const main = parentPort
let vitals: Vitals[] = []
let batches: SampleBatch[] = []
let version: number = systemClock.wallMs()

main.on('message', (order: ThreadOrder<unknown>) => {
  if (order.type === 'link') listen(order.port)
  else if (order.type === 'settings') report({ type: 'applied', version: order.version })
  else if (order.type === 'drain') report({ type: 'drained' })
})

function listen(port: MessagePort): void {
  port.on('message', (message: LinkMessage) => {
    if (message.type === 'samples') keep(batches, message.batch)
    else if (message.type === 'vitals') keep(vitals, message.vitals)
  })
}

function keep<T>(list: T[], one: T): void {
  if (list.length >= MAX_WAITING) list.shift()
  list.push(one)
}

function report(message: ThreadReport): void {
  main.postMessage(message)
}

setInterval(() => {
  const now = systemClock.wallMs()
  vitals = []
  batches = []
  version = Math.max(version + 1, now)
  const plan: Plan = { ...calmPlan, version, publishedAtWallMs: now, postureExpiresAtWallMs: now + POSTURE_MS }
  report({ type: 'plan', plan })
}, TICK_MS)
report({ type: 'ready', sockets: [] })
