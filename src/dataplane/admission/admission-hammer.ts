import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../kernel/clock.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { Admission, type Applicant, type Refusal } from './admission.ts'
import type { AdmissionMemory } from './admission-memory.ts'
import type { AdmissionSlot } from './admission-slot.ts'
import type { AdmissionSettings } from './options.ts'

/** For admission-threads.test.ts: one edge worker that does nothing but ask for slots, as fast as it can. */
export interface HammerStart {
  readonly memory: AdmissionMemory
  readonly settings: AdmissionSettings
  readonly index: number
  readonly requests: number
  /** Word 0: inside the origin now, as the workers themselves count it. Word 1: the most that was seen. */
  readonly witness: SharedArrayBuffer
  /** Takes this many slots and keeps them for ever instead of asking. */
  readonly holds: number
}
export type HammerMessage = { readonly wake: number } | { readonly holding: number; readonly nowMs: number } | { readonly served: number; readonly refused: number; readonly endedTwice: number }

const OUTSTANDING = 40
const PAGE = 0

const start = workerData as HammerStart
const port = parentPort as NonNullable<typeof parentPort>
const witness = new Int32Array(start.witness)
const random = new SeededRandom(start.index + 1)
const tell = (message: HammerMessage) => port.postMessage(message)
const door = new Admission(start.memory, start.index, start.settings, {
  clock: systemClock,
  random,
  wake: (index) => (index === start.index ? setImmediate(() => door.onWake()) : tell({ wake: index })),
  pollLater: (delayMs) => setTimeout(() => door.poll(), delayMs),
})
port.on('message', () => door.onWake())

let asked = 0
let served = 0
let refused = 0
let endedTwice = 0

class Client implements Applicant {
  readonly routeClass = 'page'
  readonly visitorClass = 'unknown'
  readonly client = { key: random.below(50) }
  readonly sourceSlot = -1
  readonly deadlineMs = Infinity
  ticket = -1
  bookedMs = 0
  #ended = false

  onSlot(slot: AdmissionSlot): void {
    this.#end()
    const inside = Atomics.add(witness, 0, 1) + 1
    for (let most = Atomics.load(witness, 1); inside > most; most = Atomics.load(witness, 1)) Atomics.compareExchange(witness, 1, most, inside)
    const give = () => {
      Atomics.sub(witness, 0, 1)
      served++
      slot.success(1)
      next()
    }
    if (random.next() < 0.5) setImmediate(give)
    else setTimeout(give, random.below(3))
  }
  onRefused(_refusal: Refusal): void {
    this.#end()
    refused++
    setImmediate(next)
  }
  #end(): void {
    if (this.#ended) endedTwice++
    this.#ended = true
  }
}

function next(): void {
  if (asked === start.requests) {
    if (served + refused === start.requests) {
      tell({ served, refused, endedTwice })
      port.close()
    }
    return
  }
  asked++
  const client = new Client()
  const answer = door.admit(client)
  if (answer === null) return
  if ('reason' in answer) client.onRefused(answer)
  else client.onSlot(answer)
}

if (start.holds > 0) {
  for (let held = 0; held < start.holds; ) if (door.limit.tryAcquire(PAGE) === 'acquired') held++
  tell({ holding: start.holds, nowMs: systemClock.monotonicMs() })
} else for (let i = 0; i < OUTSTANDING; i++) next()
