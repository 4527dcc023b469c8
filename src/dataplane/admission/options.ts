import type { OptionTable, OptionValues } from '../../kernel/option.ts'

/** Admission towards the origin. Defaults: design note algorithms (e), and what the simulations beside this file showed. */
export const admissionOptions = {
  sourceSlots: {
    kind: 'count', min: 1_024, max: 16_777_216, default: 1_048_576, applies: 'restart',
    sentence: 'How many client addresses are remembered (32 bytes each); rounded up to a power of two. Raise it only if many millions of different people visit within minutes.',
  },
  waitingMax: {
    kind: 'count', min: 16, max: 65_536, default: 4_096, applies: 'restart',
    sentence: 'How many requests may wait for the origin at once, in each edge worker.',
  },
  waitingPerClient: {
    kind: 'count', min: 1, max: 64, default: 4, applies: 'live',
    sentence: 'How many requests of one client and one route class may wait; a newer one takes the place of the oldest. Multiplied by the weight of addresses shared by several validated visitors.',
  },
  maxWaitMs: {
    kind: 'durationMs', min: 50, max: 60_000, default: 2_000, applies: 'live',
    sentence: 'Longest time a request waits for the origin while the queue is not backed up.',
    source: 'a page that takes more than two seconds counts as failed in the scenario suite',
  },
  queueTargetMs: {
    kind: 'durationMs', min: 1, max: 10_000, default: 200, applies: 'live',
    sentence: 'Longest time a request waits while the queue is backed up (see queueIntervalMs).',
    source: 'simulated flood of heavy and light clients: a rare unknown visitor got through 82 % of the time with 200/500 ms, 75 % with 50/500, 54 % with 5/100; 99 % of waits below 0.21 s',
  },
  queueIntervalMs: {
    kind: 'durationMs', min: 10, max: 60_000, default: 500, applies: 'live',
    sentence: 'A queue that was never empty for this long is backed up: newest requests first, and old ones are refused after queueTargetMs.',
    source: 'controlled delay with adaptive LIFO, Maurer, ACM Queue 13(8), 2015, scaled from 100 ms',
  },
  pollMs: {
    kind: 'durationMs', min: 1, max: 50, default: 10, applies: 'live',
    sentence: 'How often a worker with waiting requests looks for free slots and overdue requests, besides being woken.',
  },
  limitInitial: {
    kind: 'count', min: 1, max: 2_000, default: 20, applies: 'restart',
    sentence: 'Requests in flight to the origin per route class before anything was learned.',
    source: 'Netflix concurrency-limits, Gradient2Limit initialLimit 20',
  },
  limitMin: {
    kind: 'count', min: 1, max: 2_000, default: 4, applies: 'live',
    sentence: 'The learned limit of a route class never falls below this, so that recovery can be seen.',
  },
  limitMax: {
    kind: 'count', min: 1, max: 2_000, default: 200, applies: 'live',
    sentence: 'The learned limit of a route class never rises above this. Set it to what the origin is built for (its worker processes, its database connections).',
    source: 'Netflix concurrency-limits, Gradient2Limit maxConcurrency 200',
  },
  totalLimitMax: {
    kind: 'count', min: 1, max: 2_000, default: 400, applies: 'live',
    sentence: 'The learned limit over all route classes together (streams apart) never rises above this.',
  },
  streamLimit: {
    kind: 'count', min: 0, max: 100_000, default: 256, applies: 'live',
    sentence: 'Open upgraded connections and endless answers towards the origin; fixed, because their duration says nothing about load.',
  },
  expensiveShare: {
    kind: 'share', min: 0.01, max: 1, default: 0.25, applies: 'live',
    sentence: 'Searches may hold at most this share of the limit over all route classes.',
    source: 'design note algorithms (c): expensive routes in a pool of their own',
  },
  windowMs: {
    kind: 'durationMs', min: 50, max: 10_000, default: 250, applies: 'live',
    sentence: 'The limits are reconsidered this often, when enough answers were seen.',
  },
  windowSamples: {
    kind: 'count', min: 1, max: 1_000, default: 10, applies: 'live',
    sentence: 'Answers needed before a limit is reconsidered.',
    source: 'Netflix concurrency-limits, WindowedLimit windowSize 10',
  },
  rttToleranceShare: {
    kind: 'share', min: 0, max: 1, default: 0.25, applies: 'live',
    sentence: 'How much slower than usual the origin may answer before its limit shrinks.',
    source: 'Envoy adaptive concurrency, min_rtt buffer 25 %',
  },
  clientCostMsPerSecond: {
    kind: 'perSecond', min: 1, max: 1_000_000, default: 200, applies: 'live',
    sentence: 'Milliseconds of origin time one client may use per second, on average, before it waits behind everybody else. Acts only while the origin is full.',
    source: 'ten pages of 20 ms a second: 99 % of real clients peaked below 54 requests in 10 s',
  },
  clientBurstCostMs: {
    kind: 'durationMs', min: 1, max: 1_000_000, default: 4_000, applies: 'live',
    sentence: 'Milliseconds of origin time one client may use at once beyond its average.',
  },
} as const satisfies OptionTable

export type AdmissionSettings = OptionValues<typeof admissionOptions>
