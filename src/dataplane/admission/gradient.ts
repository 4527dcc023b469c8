/**
 * How many requests may be in flight to the origin, learned from how long it takes to answer.
 *
 * Source: Gradient2 of Netflix concurrency-limits (Gradient2Limit.java), the tolerance of Envoy's adaptive concurrency filter, and one change of ours:
 *
 *   gradient = clamp(tolerance × (longRtt + slack) / (shortRtt + slack), 0.5, 1)
 *   limit'   = limit × 0.8 + 0.2 × (gradient × limit + sqrt(limit))
 *
 * shortRtt is the mean of the last window, longRtt what is usual. More than 10 % failures: limit' = 0.9 × limit. Fewer: no growth in that window.
 * A limit that is not half used learns nothing about the origin's capacity and stays.
 *
 * The change: in Gradient2 longRtt follows shortRtt always, so an hour-long flood teaches it that queueing is normal and the limit creeps to its maximum.
 * Here longRtt follows only while the limit is not in use. While it is, longRtt moves by experiment: the latency at two limits, one 30 % below the other, is
 * compared, every 5 to 60 s on purpose and whenever the limit fell that far by itself. If the latency is lower at the lower limit, requests were queueing
 * inside the origin: longRtt is at most 80 % of the lower one. If not, the latency is the origin's own: it is the new usual. (Envoy goes down to three
 * requests to measure; that would help an attacker, so we do not.)
 *
 * Never: fall below min, rise above max; outside experiments never move more than 10 % down and sqrt(limit) / 5 up in one window.
 */
export interface GradientState {
  limit: number
  /** 0 before the first window. Any unit, the same everywhere in this file. */
  longRtt: number
  shortRtt: number
  /** shortRtt smoothed over about 100 answers: for slow decisions. */
  smoothRtt: number
  /** Windows seen, up to WARM_WINDOWS. */
  warmWindows: number
  phase: number
  /** Where a fall or an experiment began: its limit and latency. 0: nowhere. */
  referenceLimit: number
  referenceRtt: number
  phaseAnswers: number
  phaseSum: number
  /** Windows in use since the last experiment, and before the next one. */
  windowsInUse: number
  interval: number
}

export interface GradientWindow {
  /** Answers, failures not counted. */
  readonly answers: number
  readonly failures: number
  readonly meanRtt: number
  readonly maxInFlight: number
}

export interface GradientSettings {
  readonly min: number
  readonly max: number
  readonly toleranceShare: number
  /** Differences below this are noise of our own threads. */
  readonly slackRtt: number
  /** A fixed usual latency (the total limit works on ratios, whose usual value is 1), or 0 to learn it. */
  readonly fixedLongRtt: number
}

const SMOOTHING = 0.2 // Gradient2 default
const FAILURE_SHARE = 0.1
const BACKOFF = 0.9 // AIMDLimit default of the same library
const LONG_WINDOWS = 200 // 50 s of 250 ms windows; Gradient2: 600 of 1 s
/** The first answers after a start are the short ones; until then longRtt just follows. */
const WARM_WINDOWS = 8
/** Experiments compare a limit with this share of it. */
const STEP = 0.7
/** Latency that falls less than this with the limit is the origin's own. Queueing alone gives 0.7 to 0.77. */
const SAME = 0.85
/** longRtt under queueing, as a share of the lower latency: the limit shrinks until queueing cannot be seen any more. */
const QUEUEING = 0.8
/** Answers for one mean: its standard error is about 7 % for exponential service times. */
const MEASURE_ANSWERS = 200
const INTERVAL_MIN = 20 // windows: 5 s
const INTERVAL_MAX = 240 // 60 s

const IDLE = 0
const REFERENCE = 1
const SETTLE_PURPOSE = 2
const MEASURE_PURPOSE = 3
const SETTLE_FALL = 4
// 5: the measuring after SETTLE_FALL

/** Moves `state` by one window. */
export function updateGradient(state: GradientState, window: GradientWindow, settings: GradientSettings): void {
  const { answers, failures, maxInFlight } = window
  const learns = settings.fixedLongRtt === 0
  if (failures > 0 && failures > FAILURE_SHARE * (answers + failures)) {
    state.limit = clamp(state.limit * BACKOFF, settings)
    endExperiment(state)
    return
  }
  if (answers === 0) return
  const short = window.meanRtt
  state.shortRtt = short
  state.smoothRtt = state.smoothRtt === 0 ? short : state.smoothRtt + (short - state.smoothRtt) * Math.min(0.5, answers / 100)
  const inUse = maxInFlight >= state.limit / 2
  if (learns) learnLong(state, inUse)
  else state.longRtt = settings.fixedLongRtt
  if (!inUse) {
    endExperiment(state)
    return
  }
  if (learns && experimenting(state, window, settings)) return
  const usual = (1 + settings.toleranceShare) * (state.longRtt + settings.slackRtt)
  const gradient = Math.max(0.5, Math.min(1, usual / (short + settings.slackRtt)))
  const room = failures > 0 ? 0 : Math.sqrt(state.limit)
  state.limit = clamp(state.limit * (1 - SMOOTHING) + (gradient * state.limit + room) * SMOOTHING, settings)
  if (learns) watchFall(state, gradient)
}

function learnLong(state: GradientState, inUse: boolean): void {
  if (state.warmWindows < WARM_WINDOWS) {
    state.warmWindows++
    state.longRtt = state.smoothRtt
  } else if (!inUse) {
    state.longRtt += ((state.shortRtt - state.longRtt) * 2) / (LONG_WINDOWS + 1)
  } else if (state.longRtt > 2 * state.smoothRtt) {
    state.longRtt *= 0.9 // Gradient2: back to normal after a long overload
  }
}

/** True while an experiment holds the limit. */
function experimenting(state: GradientState, window: GradientWindow, settings: GradientSettings): boolean {
  if (state.phase === IDLE) {
    state.windowsInUse++
    if (state.interval === 0) state.interval = INTERVAL_MIN
    if (state.windowsInUse < state.interval) return false
    enter(state, REFERENCE)
    return true
  }
  state.phaseAnswers += window.answers
  state.phaseSum += window.answers * window.meanRtt
  if (state.phase === REFERENCE) {
    if (state.phaseAnswers < MEASURE_ANSWERS) return true
    state.referenceLimit = state.limit
    state.referenceRtt = state.phaseSum / state.phaseAnswers
    // At the floor the comparison is with a higher limit.
    const other = state.limit * STEP >= settings.min ? state.limit * STEP : state.limit / STEP
    state.limit = clamp(other, settings)
    enter(state, SETTLE_PURPOSE)
  } else if (state.phase === SETTLE_PURPOSE || state.phase === SETTLE_FALL) {
    // Answers to requests that went out under the old limit say nothing.
    if (state.phaseAnswers >= 2 * Math.max(state.referenceLimit, state.limit)) enter(state, state.phase + 1)
  } else if (state.phaseAnswers >= MEASURE_ANSWERS) {
    judge(state, settings)
  }
  return true
}

function judge(state: GradientState, settings: GradientSettings): void {
  const here = state.phaseSum / state.phaseAnswers
  const lower = Math.min(here, state.referenceRtt)
  const onPurpose = state.phase === MEASURE_PURPOSE
  const before = state.longRtt
  const raised = state.limit > state.referenceLimit
  const same = raised ? state.referenceRtt >= SAME * here : here >= SAME * state.referenceRtt
  if (same) {
    state.longRtt = onPurpose ? here : Math.max(state.longRtt, here)
    if (onPurpose) state.limit = clamp(Math.max(state.limit, state.referenceLimit), settings)
  } else if (onPurpose) {
    state.longRtt = Math.min(state.longRtt, QUEUEING * lower)
    if (raised) state.limit = state.referenceLimit
  }
  if (onPurpose) {
    const moved = Math.abs(state.longRtt - before) > 0.05 * before
    state.interval = moved ? INTERVAL_MIN : Math.min(INTERVAL_MAX, state.interval * 2)
    state.windowsInUse = 0
  }
  enter(state, IDLE)
  state.referenceLimit = 0
}

/** A limit that fell by itself is an experiment too. */
function watchFall(state: GradientState, gradient: number): void {
  if (gradient === 1) {
    state.referenceLimit = 0
  } else if (state.referenceLimit === 0 || state.limit > state.referenceLimit || state.smoothRtt > state.referenceRtt * 1.05) {
    state.referenceLimit = state.limit
    state.referenceRtt = state.smoothRtt
  } else if (state.limit <= STEP * state.referenceLimit) {
    enter(state, SETTLE_FALL)
  }
}

/** The limit is not in use any more, or answers fail: nothing can be compared. */
function endExperiment(state: GradientState): void {
  if (state.phase === SETTLE_PURPOSE || state.phase === MEASURE_PURPOSE) state.limit = Math.min(Math.max(state.limit, state.referenceLimit), state.limit / STEP)
  enter(state, IDLE)
  state.referenceLimit = 0
  state.windowsInUse = 0
}

function enter(state: GradientState, phase: number): void {
  state.phase = phase
  state.phaseAnswers = 0
  state.phaseSum = 0
}

function clamp(limit: number, settings: GradientSettings): number {
  return Math.max(settings.min, Math.min(settings.max, limit))
}
