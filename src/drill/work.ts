/** The thread behind work-thread.ts: one piece of work after the other. */
import { hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { WorkDone, WorkOrder } from './work-thread.ts'

if (parentPort === null) throw new Error('the work is done in a worker thread')
const main = parentPort

main.on('message', ({ id, text, bits }: WorkOrder) => {
  let n = 0
  while (leadingZeroBits(hash('sha256', `${text}${n}`, 'buffer')) < bits) n++
  main.postMessage({ id, found: n, tried: n + 1 } satisfies WorkDone)
})

/** Of the first 32, more than any check asks for. */
function leadingZeroBits(digest: Buffer): number {
  return Math.clz32(digest.readUInt32BE(0))
}
