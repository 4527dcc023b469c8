/**
 * What a run was worth, from the visitors' side (algorithms, section (d)). Failures count as ten seconds, so that a quick refusal does not look good;
 * a request of a page that never came counts as offered; the time to mitigation is infinite when the visitors never got their site back.
 * A short check is part of the question it stood before: one row, whose time runs from the first asking to the page. Passed by work it is mostly right
 * (within two seconds); passed by waiting it is late, and so no goodput, although the visitor got the page and was told how long it takes.
 */
import type { OriginSecond } from './mock-origin.ts'
import type { RecordingColumns } from './recording.ts'
import type { Phases } from './scenarios.ts'
import { type Cohort, cohorts, outcomes } from './world.ts'

export interface Latencies {
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
}

export interface CohortHarm {
  readonly cohort: Cohort
  readonly offered: number
  readonly right: number
  readonly blocked: number
  /** Right, but after more than two seconds. */
  readonly late: number
  readonly clients: number
  readonly clientsEverBlocked: number
}

/** Short checks that visitors met, from the attack on. */
export interface ChallengeCount {
  readonly requests: number
  readonly clients: number
  /** Requests that got their page in the end. */
  readonly passed: number
  /** Clients that once did not. Programs that cannot pass at all (crawlers, feed readers) count as blocked instead. */
  readonly clientsGaveUp: number
  /** From the question to the page, of those that passed; NaN when nobody did. */
  readonly passMedianMs: number
}

export interface Scorecard {
  /** Goodput: right answers within two seconds per request offered. */
  readonly goodput: { readonly before: number; readonly attack: number; readonly firstTenSeconds: number; readonly afterMitigation: number; readonly after: number }
  /** First attack byte to the first instant from which every window of 2 s within 5 s has 95 % of the goodput before; Infinity when never. */
  readonly mitigatedAfterMs: number
  /** The same for each pulse that a run had room for, from its own first byte to the next; missing where the attack has none. */
  readonly pulsesMitigatedAfterMs?: readonly number[]
  /** Of visitors during the attack, failures as 10 s. */
  readonly latency: Latencies
  readonly latencyOfRight: Latencies
  readonly harm: readonly CohortHarm[]
  readonly challenge: ChallengeCount
  readonly attack: { readonly sent: number; readonly right: number; readonly passed: number; readonly blocked: number; readonly busy: number; readonly failed: number }
  readonly origin: { readonly attackersPerSecond: number; readonly attackerWorkShare: number }
  /** Second by second from the start: visitors offered and right, attackers sent. */
  readonly seconds: ReadonlyArray<{ readonly offered: number; readonly right: number; readonly attack: number }>
}

/** A request without an answer weighs as one of ten seconds: a quick refusal is no fast page. */
const MISSED_MS = 10_000
const WINDOW_MS = 2_000
const HOLD_MS = 5_000
const STEP_MS = 100
const HELD_SHARE = 0.95
/** Of the warm-up, the part in which connections and caches are not warm yet is left out. */
const COLD_SHARE = 0.25

const ATTACK = cohorts.indexOf('attack')
const RIGHT = outcomes.indexOf('right')
const LATE = outcomes.indexOf('late')
const BLOCKED = outcomes.indexOf('blocked')
const BUSY = outcomes.indexOf('busy')
const FAILED = outcomes.indexOf('failed')
const WITHHELD = outcomes.indexOf('withheld')
const GAVE_UP = outcomes.indexOf('gave-up')

/** `originSeconds` from the origin's own count, `beganWallMs` when the run began, `pulsesAtMs` when its pulses began, from the begin of the attack. */
export function scoreRun(columns: RecordingColumns, phases: Phases, originSeconds: readonly OriginSecond[], beganWallMs: number, pulsesAtMs: readonly number[] = []): Scorecard {
  const fromMs = phases.warmMs
  const untilMs = phases.warmMs + phases.attackMs
  const endMs = untilMs + phases.afterMs
  const goodput = new Goodput(columns)
  const before = goodput.between(phases.warmMs * COLD_SHARE, fromMs)
  const mitigatedAfterMs = mitigation(goodput, before, fromMs, untilMs)
  return {
    goodput: {
      before,
      attack: goodput.between(fromMs, untilMs),
      firstTenSeconds: goodput.between(fromMs, Math.min(untilMs, fromMs + 10_000)),
      afterMitigation: mitigatedAfterMs === Number.POSITIVE_INFINITY ? Number.NaN : goodput.between(fromMs + mitigatedAfterMs, untilMs),
      after: goodput.between(untilMs, endMs),
    },
    mitigatedAfterMs,
    ...(pulsesAtMs.length === 0 ? {} : { pulsesMitigatedAfterMs: pulsesAtMs.filter((at) => at + HOLD_MS <= phases.attackMs).map((at, pulse) => mitigation(goodput, before, fromMs + at, Math.min(untilMs, fromMs + (pulsesAtMs[pulse + 1] ?? Number.POSITIVE_INFINITY)))) }),
    latency: latencies(columns, fromMs, untilMs, MISSED_MS),
    latencyOfRight: latencies(columns, fromMs, untilMs, null),
    harm: harmPerCohort(columns, fromMs),
    challenge: challengesOf(columns, fromMs),
    attack: attackOutcome(columns),
    origin: originShare(originSeconds, beganWallMs + fromMs, beganWallMs + untilMs),
    seconds: goodput.seconds(Math.ceil(endMs / 1_000)),
  }
}

/** Visitors' requests, offered and right, per tenth of a second. */
class Goodput {
  readonly #offered: Float64Array
  readonly #right: Float64Array
  readonly #attack: Float64Array

  constructor(columns: RecordingColumns) {
    const last = columns.atMs.reduce((most, at) => Math.max(most, at), 0)
    const steps = Math.ceil(last / STEP_MS) + 1
    this.#offered = new Float64Array(steps)
    this.#right = new Float64Array(steps)
    this.#attack = new Float64Array(steps)
    for (let row = 0; row < columns.rows; row++) {
      const step = Math.floor(columns.atMs[row] / STEP_MS)
      if (columns.cohort[row] === ATTACK) this.#attack[step]++
      else if (columns.outcome[row] !== WITHHELD) {
        this.#offered[step]++
        if (columns.outcome[row] === RIGHT) this.#right[step]++
      }
    }
  }

  /** NaN when nobody asked. */
  between(fromMs: number, untilMs: number): number {
    return sum(this.#right, fromMs, untilMs) / sum(this.#offered, fromMs, untilMs)
  }

  seconds(count: number): Array<{ offered: number; right: number; attack: number }> {
    return Array.from({ length: count }, (_, i) => ({ offered: sum(this.#offered, i * 1_000, i * 1_000 + 1_000), right: sum(this.#right, i * 1_000, i * 1_000 + 1_000), attack: sum(this.#attack, i * 1_000, i * 1_000 + 1_000) }))
  }
}

function sum(steps: Float64Array, fromMs: number, untilMs: number): number {
  let total = 0
  for (let i = Math.round(fromMs / STEP_MS); i < Math.min(steps.length, Math.round(untilMs / STEP_MS)); i++) total += steps[i]
  return total
}

function mitigation(goodput: Goodput, before: number, fromMs: number, untilMs: number): number {
  const good = (atMs: number): boolean => {
    const g = goodput.between(atMs, atMs + WINDOW_MS)
    return Number.isNaN(g) || g >= HELD_SHARE * before
  }
  for (let at = fromMs; at + HOLD_MS <= untilMs; at += STEP_MS) {
    let held = true
    for (let window = at; held && window + WINDOW_MS <= at + HOLD_MS; window += STEP_MS) held = good(window)
    if (held) return at - fromMs
  }
  return Number.POSITIVE_INFINITY
}

/** Of the answers that were right, late ones too; a request without one counts `missedMs`, or not at all. */
function latencies(columns: RecordingColumns, fromMs: number, untilMs: number, missedMs: number | null): Latencies {
  const took: number[] = []
  let missed = 0
  for (let row = 0; row < columns.rows; row++) {
    if (columns.cohort[row] === ATTACK || columns.outcome[row] === WITHHELD || columns.atMs[row] < fromMs || columns.atMs[row] >= untilMs) continue
    const right = columns.outcome[row] === RIGHT || columns.outcome[row] === LATE
    if (right) took.push(columns.tookMs[row])
    else missed++
  }
  if (missedMs !== null) for (let i = 0; i < missed; i++) took.push(missedMs)
  took.sort((a, b) => a - b)
  const at = (share: number): number => (took.length === 0 ? Number.NaN : took[Math.min(took.length - 1, Math.floor(share * took.length))])
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) }
}

function harmPerCohort(columns: RecordingColumns, fromMs: number): CohortHarm[] {
  const blockedClients = new Set<number>()
  const clients = new Set<number>()
  const sums = cohorts.map((cohort) => ({ cohort, offered: 0, right: 0, blocked: 0, late: 0, clients: 0, clientsEverBlocked: 0 }))
  for (let row = 0; row < columns.rows; row++) {
    const cohort = columns.cohort[row]
    if (cohort === ATTACK || columns.atMs[row] < fromMs || columns.outcome[row] === WITHHELD) continue
    const to = sums[cohort]
    to.offered++
    clients.add(columns.client[row])
    if (columns.outcome[row] === RIGHT) to.right++
    else if (columns.outcome[row] === LATE) to.late++
    else if (columns.outcome[row] === BLOCKED) {
      to.blocked++
      blockedClients.add(columns.client[row])
    }
  }
  for (const client of clients) sums[columns.clientCohorts[client]].clients++
  for (const client of blockedClients) sums[columns.clientCohorts[client]].clientsEverBlocked++
  return sums.filter((one) => one.offered > 0)
}

function challengesOf(columns: RecordingColumns, fromMs: number): ChallengeCount {
  const clients = new Set<number>()
  const gaveUp = new Set<number>()
  const took: number[] = []
  let requests = 0
  for (let row = 0; row < columns.rows; row++) {
    const outcome = columns.outcome[row]
    if (columns.challenges[row] === 0 || columns.cohort[row] === ATTACK || columns.atMs[row] < fromMs || outcome === WITHHELD) continue
    requests++
    clients.add(columns.client[row])
    if (outcome === RIGHT || outcome === LATE) took.push(columns.tookMs[row])
    else if (outcome === GAVE_UP || outcome === BLOCKED) gaveUp.add(columns.client[row])
  }
  took.sort((a, b) => a - b)
  return { requests, clients: clients.size, passed: took.length, clientsGaveUp: gaveUp.size, passMedianMs: took.length === 0 ? Number.NaN : took[took.length >> 1] }
}

function attackOutcome(columns: RecordingColumns): Scorecard['attack'] {
  const found = { sent: 0, right: 0, passed: 0, blocked: 0, busy: 0, failed: 0 }
  for (let row = 0; row < columns.rows; row++) {
    if (columns.cohort[row] !== ATTACK || columns.outcome[row] === WITHHELD) continue
    found.sent++
    const outcome = columns.outcome[row]
    if (outcome === RIGHT || outcome === LATE) {
      found.right++
      if (columns.challenges[row] > 0) found.passed++
    } else if (outcome === BLOCKED || outcome === GAVE_UP) found.blocked++
    else if (outcome === BUSY) found.busy++
    else if (outcome === FAILED) found.failed++
  }
  return found
}

function originShare(seconds: readonly OriginSecond[], fromWallMs: number, untilWallMs: number): Scorecard['origin'] {
  let attackers = 0
  let attackerWork = 0
  let work = 0
  let counted = 0
  for (const second of seconds) {
    if (second.atWallMs < fromWallMs || second.atWallMs >= untilWallMs) continue
    counted++
    attackers += second.attackers
    attackerWork += second.attackerWorkMs
    work += second.attackerWorkMs + second.visitorWorkMs
  }
  return { attackersPerSecond: attackers / Math.max(1, counted), attackerWorkShare: work === 0 ? 0 : attackerWork / work }
}
