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
 * Here longRtt follows only while the limit is not in use. While it is, longRtt moves by experiment: the latency at two limits, one 40 % below the other, is
 * compared, at the first use, then after every 2 to 60 s of pressure, or 1 s of severe pressure. If the latency is lower at the lower limit, requests were queueing inside the origin:
 * longRtt is at most 80 % of the lower one. If not, the latency is the origin's own: it is the new usual, and the limit returns. (Envoy goes down to three
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
  /** Limit and latency the experiment compares with. */
  referenceLimit: number
  referenceRtt: number
  phaseAnswers: number
  phaseSum: number
  /** Windows under pressure (gradient below 1) since the last experiment, severe ones five times; and how many before the next one. */
  windowsPressed: number
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
const STEP = 0.6
/** Latency that falls less than this with the limit is the origin's own. Queueing alone gives 0.6 to 0.7; the noise of two means is 10 %. */
const SAME = 0.8
/** longRtt under queueing, as a share of the lower latency: the limit shrinks until queueing cannot be seen any more. */
const QUEUEING = 0.8
/** Answers for one mean: its standard error is about 7 % for exponential service times. */
const MEASURE_ANSWERS = 200
const MOVED = 0.95
const INTERVAL_MIN = 8 // windows: 2 s
const INTERVAL_MAX = 240 // 60 s

/** At rest gradient × limit + sqrt(limit) = limit; a gradient below this share of that one is severe pressure: the origin is about twice as slow as usual. */
const SEVERE = 0.6
const SEVERE_COUNTS = 2

/** From this share on the limit holds requests back at times. */
const BINDING = 0.9

const IDLE = 0
const REFERENCE = 1
const SETTLE = 2
const MEASURE = 3

/** Moves `state` by one window. */
export function updateGradient(state: GradientState, window: GradientWindow, settings: GradientSettings): void {
  const { answers, failures, maxInFlight } = window
  const learns = settings.fixedLongRtt === 0
  if (failures > 0 && failures > FAILURE_SHARE * (answers + failures)) {
    state.limit = clamp(state.limit * BACKOFF, settings)
    breakOff(state)
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
    breakOff(state)
    return
  }
  const usual = (1 + settings.toleranceShare) * (state.longRtt + settings.slackRtt)
  const rawGradient = usual / (short + settings.slackRtt)
  if (learns && experimenting(state, window, rawGradient, settings)) return
  const gradient = Math.max(0.5, Math.min(1, rawGradient))
  const room = failures > 0 ? 0 : Math.sqrt(state.limit)
  state.limit = clamp(state.limit * (1 - SMOOTHING) + (gradient * state.limit + room) * SMOOTHING, settings)
}

function learnLong(state: GradientState, inUse: boolean): void {
  if (state.warmWindows < WARM_WINDOWS) {
    state.warmWindows++
    state.longRtt = state.smoothRtt
  } else if (!inUse) {
    state.longRtt += ((state.shortRtt - state.longRtt) * 2) / (LONG_WINDOWS + 1)
  } else if (state.longRtt > 2 * state.smoothRtt) {
    state.longRtt *= 0.9 // Gradient2: back to normal after a long overload
    state.interval = INTERVAL_MIN
  }
}

/** True while an experiment holds the limit. None begins while the limit grows freely, or holds nobody back anyway. */
function experimenting(state: GradientState, window: GradientWindow, rawGradient: number, settings: GradientSettings): boolean {
  if (state.phase === IDLE) return window.maxInFlight >= BINDING * state.limit && begins(state, rawGradient)
  state.phaseAnswers += window.answers
  state.phaseSum += window.answers * window.meanRtt
  if (state.phase === REFERENCE) {
    if (state.phaseAnswers < MEASURE_ANSWERS) return true
    state.referenceLimit = state.limit
    state.referenceRtt = state.phaseSum / state.phaseAnswers
    // At the floor the comparison is with a higher limit.
    const other = state.limit * STEP >= settings.min ? state.limit * STEP : state.limit / STEP
    state.limit = clamp(other, settings)
    enter(state, SETTLE)
  } else if (state.phase === SETTLE) {
    // Answers to requests that went out under the old limit say nothing.
    if (state.phaseAnswers >= 2 * Math.max(state.referenceLimit, state.limit)) enter(state, MEASURE)
  } else if (state.phaseAnswers >= MEASURE_ANSWERS) {
    judge(state, settings)
  }
  return true
}

function begins(state: GradientState, rawGradient: number): boolean {
  if (state.warmWindows < WARM_WINDOWS) return false
  // Started into a flood, the first latencies may all be queueing: the first experiment comes at once.
  if (state.interval === 0) {
    state.interval = INTERVAL_MIN
    state.windowsPressed = INTERVAL_MIN
  } else if (rawGradient >= 1) return false
  const severe = rawGradient < SEVERE * (1 - 1 / Math.sqrt(state.limit))
  state.windowsPressed += severe ? SEVERE_COUNTS : 1
  if (severe) state.interval = INTERVAL_MIN
  if (state.windowsPressed < state.interval) return false
  enter(state, REFERENCE)
  return true
}

function judge(state: GradientState, settings: GradientSettings): void {
  const here = state.phaseSum / state.phaseAnswers
  const raised = state.limit > state.referenceLimit
  const [lower, higher] = raised ? [state.referenceRtt, here] : [here, state.referenceRtt]
  const before = state.longRtt
  if (lower >= SAME * higher) {
    state.longRtt = here
    state.limit = clamp(Math.max(state.limit, state.referenceLimit), settings)
  } else {
    state.longRtt = Math.min(before, QUEUEING * lower)
    state.limit = clamp(Math.min(state.limit, state.referenceLimit), settings)
  }
  // While longRtt is still on its way down the next experiment comes as soon as this one did; at its true value they become rare.
  if (state.longRtt > MOVED * before) state.interval = Math.min(INTERVAL_MAX, state.interval * 2)
  state.windowsPressed = 0
  enter(state, IDLE)
}

/** The limit is not in use any more, or answers fail: nothing can be compared. */
function breakOff(state: GradientState): void {
  if (state.phase === SETTLE || state.phase === MEASURE) state.limit = Math.min(Math.max(state.limit, state.referenceLimit), state.limit / STEP)
  state.windowsPressed = 0
  enter(state, IDLE)
}

function enter(state: GradientState, phase: number): void {
  state.phase = phase
  state.phaseAnswers = 0
  state.phaseSum = 0
}

function clamp(limit: number, settings: GradientSettings): number {
  return Math.max(settings.min, Math.min(settings.max, limit))
}
