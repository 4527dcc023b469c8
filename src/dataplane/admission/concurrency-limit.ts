import { type GradientSettings, type GradientState, type GradientWindow, updateGradient } from './gradient.ts'
import { limiterAt, limiterWord as L, rowAt, rowWord, SEARCH, STREAM, TOTAL, workersIn } from './limit-memory.ts'
import type { AdmissionSettings } from './options.ts'

/**
 * Slots towards the origin, counted exactly over all edge workers of the process.
 *
 * Why: an origin that is asked for more than it can do at once does less (design note (e): the floor needs no detection).
 * How: a slot is taken by compare-and-swap, first of the route class, then of the total; if the total is full the class slot goes back.
 * So no observer ever sees more slots taken than the limit allowed at that instant. Each worker also counts its own slots in its row,
 * so that the slots of a dead worker can be returned (reclaimRow). A search may hold at most `expensiveShare` of the total.
 * Limits: gradient.ts, one per route class; the total works on answer time / usual answer time of the class, whose usual value is 1.
 * Streams have a fixed limit of their own and no part in the total: their duration says nothing about load.
 * One worker updates a limit per window; it is chosen by whoever takes the lock word, nobody waits for it.
 * Never: return a slot twice, wait, allocate per request.
 */
/** Unit of stored latencies: 10 µs. */
const RTT_PER_MS = 100
/** Longer answers count as this: a window of 2,000 of them still fits into 32 bits. */
const RTT_MAX = 20_000 * RTT_PER_MS
const RATIO_UNIT = 1_000
/** Smoothed values are kept in 64ths of a unit, so that small steps are not rounded away. */
const FINE = 64
/** Differences of less than 3 ms come from our own event loop and the network. */
const SLACK_RTT = 3 * RTT_PER_MS
/** A window without enough answers is thrown away after this. */
const STALE_WINDOW_MS = 30_000

export type AcquireResult = 'acquired' | 'class-full' | 'total-full'

/** Sets up the limits in zeroed memory; once, in the main thread. */
export function initialiseLimits(words: Int32Array, limitInitial: number): void {
  for (let limiter = 0; limiter <= TOTAL; limiter++) {
    words[limiterAt(limiter) + L.limitMilli] = (limiter === TOTAL ? 2 : 1) * limitInitial * 1_000
  }
}

export class ConcurrencyLimit {
  readonly #words: Int32Array
  readonly #worker: number
  readonly #row: number
  readonly #state: GradientState = { limit: 0, longRtt: 0, shortRtt: 0, smoothRtt: 0, referenceLimit: 0, referenceRtt: 0, warmWindows: 0, phase: 0, phaseAnswers: 0, phaseSum: 0, windowsPressed: 0, interval: 0 }
  #settings: AdmissionSettings
  #classGradient: GradientSettings
  #totalGradient: GradientSettings

  constructor(words: Int32Array, worker: number, settings: AdmissionSettings) {
    if (!(worker >= 0 && worker < workersIn(words))) throw new RangeError(`worker ${worker} has no row: the memory was made for ${workersIn(words)} workers`)
    this.#words = words
    this.#worker = worker
    this.#row = rowAt(worker)
    this.#settings = settings
    this.#classGradient = classGradient(settings)
    this.#totalGradient = totalGradient(settings)
  }

  setSettings(settings: AdmissionSettings): void {
    this.#settings = settings
    this.#classGradient = classGradient(settings)
    this.#totalGradient = totalGradient(settings)
  }

  tryAcquire(route: number): AcquireResult {
    if (!this.#takeSlot(route)) return 'class-full'
    if (route !== STREAM && !this.#takeSlot(TOTAL)) {
      this.#giveBack(route)
      return 'total-full'
    }
    return 'acquired'
  }

  /** Gives a slot back. The caller guarantees once (see AdmissionSlot). */
  release(route: number): void {
    this.#giveBack(route)
    if (route !== STREAM) this.#giveBack(TOTAL)
  }

  /** True when a slot of this class would be had now. */
  hasRoom(route: number): boolean {
    return this.inFlight(route) < this.limit(route) && (route === STREAM || this.totalInFlight() < this.totalLimit())
  }

  limit(route: number): number {
    const settings = this.#settings
    if (route === STREAM) return settings.streamLimit
    const learned = Atomics.load(this.#words, limiterAt(route) + L.limitMilli) / 1_000
    const limit = Math.floor(Math.max(settings.limitMin, Math.min(settings.limitMax, learned)))
    return route === SEARCH ? Math.max(1, Math.min(limit, Math.floor(settings.expensiveShare * this.totalLimit()))) : limit
  }
  totalLimit(): number {
    const learned = Atomics.load(this.#words, limiterAt(TOTAL) + L.limitMilli) / 1_000
    return Math.floor(Math.max(this.#totalGradient.min, Math.min(this.#totalGradient.max, learned)))
  }
  inFlight(route: number): number {
    return Atomics.load(this.#words, limiterAt(route) + L.inFlight)
  }
  totalInFlight(): number {
    return Atomics.load(this.#words, limiterAt(TOTAL) + L.inFlight)
  }
  /** Usual and latest answer time of a route class, ms; 0 before the first answers. */
  longRttMs(route: number): number {
    return Atomics.load(this.#words, limiterAt(route) + L.longRtt) / (RTT_PER_MS * FINE)
  }
  shortRttMs(route: number): number {
    return Atomics.load(this.#words, limiterAt(route) + L.shortRtt) / (RTT_PER_MS * FINE)
  }

  /** An answer of the origin came whole (or its header did) after `rttMs`. */
  recordAnswer(route: number, rttMs: number, nowMs: number): void {
    if (!(rttMs >= 0) || route === STREAM) return
    const words = this.#words
    const rtt = Math.min(RTT_MAX, Math.max(1, Math.round(rttMs * RTT_PER_MS)))
    const at = limiterAt(route)
    const long = words[at + L.longRtt] / FINE
    const ratio = long === 0 ? RATIO_UNIT : Math.round(((rtt + SLACK_RTT) * RATIO_UNIT) / (long + SLACK_RTT))
    this.#sample(route, rtt, nowMs)
    this.#sample(TOTAL, Math.min(RTT_MAX, ratio), nowMs)
  }

  /** The origin failed to answer because it could not: time-out, refused or reset connection, 503. */
  recordFailure(route: number, nowMs: number): void {
    if (route === STREAM) return
    Atomics.add(this.#words, limiterAt(route) + L.failures, 1)
    Atomics.add(this.#words, limiterAt(TOTAL) + L.failures, 1)
    this.#closeWindow(route, nowMs)
    this.#closeWindow(TOTAL, nowMs)
  }

  #takeSlot(limiter: number): boolean {
    const words = this.#words
    const at = limiterAt(limiter)
    for (;;) {
      const taken = Atomics.load(words, at + L.inFlight)
      if (taken >= (limiter === TOTAL ? this.totalLimit() : this.limit(limiter))) return false
      if (Atomics.compareExchange(words, at + L.inFlight, taken, taken + 1) !== taken) continue
      Atomics.add(words, this.#row + rowWord.inFlight + limiter, 1)
      if (taken + 1 > words[at + L.maxInFlight]) words[at + L.maxInFlight] = taken + 1
      return true
    }
  }

  #giveBack(limiter: number): void {
    Atomics.sub(this.#words, this.#row + rowWord.inFlight + limiter, 1)
    Atomics.sub(this.#words, limiterAt(limiter) + L.inFlight, 1)
  }

  #sample(limiter: number, value: number, nowMs: number): void {
    const at = limiterAt(limiter)
    Atomics.add(this.#words, at + L.rttSum, value)
    Atomics.add(this.#words, at + L.answers, 1)
    this.#closeWindow(limiter, nowMs)
  }

  #closeWindow(limiter: number, nowMs: number): void {
    const words = this.#words
    const at = limiterAt(limiter)
    const now = Math.floor(nowMs) | 0
    const ageMs = (now - words[at + L.windowStartMs]) | 0
    if (ageMs < this.#settings.windowMs && ageMs >= 0) return
    const seen = words[at + L.answers] + words[at + L.failures]
    if (seen < this.#settings.windowSamples && ageMs < STALE_WINDOW_MS) return
    if (Atomics.compareExchange(words, at + L.lock, 0, this.#worker + 1) !== 0) return
    words[at + L.windowStartMs] = now
    const answers = Atomics.exchange(words, at + L.answers, 0)
    const sum = Atomics.exchange(words, at + L.rttSum, 0) >>> 0
    const failures = Atomics.exchange(words, at + L.failures, 0)
    const maxInFlight = Atomics.exchange(words, at + L.maxInFlight, words[at + L.inFlight])
    if (answers + failures >= this.#settings.windowSamples) {
      this.#update(limiter, { answers, failures, meanRtt: answers === 0 ? 0 : sum / answers, maxInFlight })
    }
    Atomics.store(words, at + L.lock, 0)
  }

  #update(limiter: number, window: GradientWindow): void {
    const words = this.#words
    const at = limiterAt(limiter)
    const state = this.#state
    state.limit = words[at + L.limitMilli] / 1_000
    state.longRtt = words[at + L.longRtt] / FINE
    state.shortRtt = words[at + L.shortRtt] / FINE
    state.smoothRtt = words[at + L.smoothRtt] / FINE
    state.referenceLimit = words[at + L.referenceLimitMilli] / 1_000
    state.referenceRtt = words[at + L.referenceRtt] / FINE
    state.phase = words[at + L.phase]
    state.warmWindows = words[at + L.warmWindows]
    state.windowsPressed = words[at + L.windowsPressed]
    state.interval = words[at + L.interval]
    state.phaseAnswers = words[at + L.phaseAnswers]
    state.phaseSum = words[at + L.phaseSum]
    updateGradient(state, window, limiter === TOTAL ? this.#totalGradient : this.#classGradient)
    words[at + L.longRtt] = Math.round(state.longRtt * FINE)
    words[at + L.shortRtt] = Math.round(state.shortRtt * FINE)
    words[at + L.smoothRtt] = Math.round(state.smoothRtt * FINE)
    words[at + L.referenceLimitMilli] = Math.round(state.referenceLimit * 1_000)
    words[at + L.referenceRtt] = Math.round(state.referenceRtt * FINE)
    words[at + L.phase] = state.phase
    words[at + L.warmWindows] = state.warmWindows
    words[at + L.windowsPressed] = state.windowsPressed
    words[at + L.interval] = state.interval
    words[at + L.phaseAnswers] = state.phaseAnswers
    words[at + L.phaseSum] = Math.min(0x7fff_ffff, Math.round(state.phaseSum))
    Atomics.store(words, at + L.limitMilli, Math.round(state.limit * 1_000))
  }
}

function classGradient(settings: AdmissionSettings): GradientSettings {
  const max = Math.max(settings.limitMin, settings.limitMax)
  return { min: settings.limitMin, max, toleranceShare: settings.rttToleranceShare, slackRtt: SLACK_RTT, fixedLongRtt: 0 }
}

/** Twice the class minimum, so that two classes on their floor both find room. The slack is already inside the ratios. */
function totalGradient(settings: AdmissionSettings): GradientSettings {
  const min = settings.limitMin * 2
  return { min, max: Math.max(min, settings.totalLimitMax), toleranceShare: settings.rttToleranceShare, slackRtt: 0, fixedLongRtt: RATIO_UNIT }
}
