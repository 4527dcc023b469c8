import { routeClasses } from '../../contract/route-class.ts'

/**
 * Layout of the words that all edge workers share for admission. One limiter per route class, one over all of them; one row per worker.
 * Each limiter and each row fills two cache lines, so that two workers do not fight for one.
 */
export const ROUTES = routeClasses.length
/** Index of the limiter over all route classes. */
export const TOTAL = ROUTES
export const STREAM = routeClasses.indexOf('stream')
export const SEARCH = routeClasses.indexOf('search')

export const BLOCK_WORDS = 32
const LIMITERS = ROUTES + 1

/** Words of a limiter. Latencies in units of 10 µs, as a whole number, so that no reader ever sees half of a double. */
export const limiterWord = Object.freeze({
  inFlight: 0,
  limitMilli: 1,
  lock: 2,
  windowStartMs: 3,
  answers: 4,
  rttSum: 5,
  failures: 6,
  maxInFlight: 7,
  longRtt: 8,
  shortRtt: 9,
  smoothRtt: 10,
  referenceLimitMilli: 11,
  referenceRtt: 12,
  phase: 13,
  cost: 14,
  warmWindows: 15,
  windowsPressed: 16,
  interval: 17,
  phaseAnswers: 18,
  phaseSum: 19,
  /** Only in the block of TOTAL: requests waiting in all workers. May be too high by a few after a worker died, never too low. */
  waitingAll: 20,
})

/** Words of a worker's row: slots it holds per limiter, then what waits in it. */
export const rowWord = Object.freeze({
  inFlight: 0, // + route class or TOTAL
  waiting: 8, // + route class
  wakePending: 15,
})

export const WORKERS_MAX = 32

export function limitMemoryBytes(workers: number): number {
  return (LIMITERS + workers) * BLOCK_WORDS * 4
}
export function limiterAt(limiter: number): number {
  return limiter * BLOCK_WORDS
}
export function rowAt(worker: number): number {
  return (LIMITERS + worker) * BLOCK_WORDS
}
/** How many workers a memory was made for. */
export function workersIn(words: Int32Array): number {
  return words.length / BLOCK_WORDS - LIMITERS
}
