/**
 * The control plane's thread. It hears vitals and samples, thinks once a second, and publishes a plan.
 * The data plane never waits for it: when this thread is slow or dead, the last plan runs out by itself.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { LinkMessage, ThreadName, ThreadOrder, ThreadReport } from '../contract/thread.ts'
import type { SampleBatch } from '../contract/sample.ts'
import type { Vitals } from '../contract/vitals.ts'
import { systemClock } from '../kernel/clock.ts'
import { ControlLoop, type ControlSettings } from './loop.ts'

const TICK_MS = 1_000
/** Batches kept for one tick: two workers send eight a second; more than this and the oldest are forgotten rather than memory grown. */
const MAX_BATCHES = 256

if (parentPort === null) throw new Error('the control plane runs as a worker thread')
const main = parentPort
const loop = new ControlLoop((workerData as { settings: ControlSettings }).settings)
let vitals: Vitals[] = []
let batches: SampleBatch[] = []

main.on('message', (order: ThreadOrder<ControlSettings>) => {
  if (order.type === 'link') listen(order.peer, order.port)
  else if (order.type === 'settings') {
    loop.applySettings(order.settings)
    report({ type: 'applied', version: order.version })
  } else if (order.type === 'drain') report({ type: 'drained' })
})

function listen(_peer: ThreadName, port: MessagePort): void {
  port.on('message', (message: LinkMessage) => {
    if (message.type === 'samples') {
      if (batches.length >= MAX_BATCHES) batches.shift()
      batches.push(message.batch)
    } else if (message.type === 'vitals') {
      if (vitals.length >= MAX_BATCHES) vitals.shift()
      vitals.push(message.vitals)
    }
  })
}

function report(message: ThreadReport): void {
  main.postMessage(message)
}

setInterval(() => {
  const plan = loop.tick(systemClock.wallMs(), vitals, batches)
  vitals = []
  batches = []
  report(plan === null ? { type: 'heartbeat' } : { type: 'plan', plan })
}, TICK_MS)
report({ type: 'ready', sockets: [] })
