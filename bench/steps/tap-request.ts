import { Features } from '../../src/dataplane/features.ts'
import { Tap } from '../../src/dataplane/tap/tap.ts'
import { SeededRandom } from '../../src/kernel/random.ts'
import type { Step } from './step.ts'
import { HASH_KEY, typicalRequest } from './typical-request.ts'

const counts = { requests: () => 1, pages: () => 1, statics: () => 0, errors: () => 0, echoes: () => 0 }

/** Every request is looked at; a batch of 500 is full long before it is taken in a flood, so both are measured. */
export const benchRecord = tapping('tap: request recorded', 500)
export const benchFull = tapping('tap: batch full, request counted', 100_000)

function tapping(name: string, perBatch: number): Step {
  const tap = new Tap(0, new SeededRandom(1), 0)
  const features = new Features(HASH_KEY)
  const request = typicalRequest()
  const other = typicalRequest()
  let seen = 0
  return {
    name,
    run(iterations) {
      for (let i = 0; i < iterations; i++) {
        const one = i % 2 === 0 ? request : other
        tap.see(one, features.read(one), counts, 1, 0)
        if (++seen === perBatch) {
          // The share is lowered after a busy batch; a batch of nothing in between makes each one record from its start.
          tap.take(1)
          tap.take(1)
          seen = 0
        }
      }
    },
  }
}
