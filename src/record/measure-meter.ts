/**
 * Turns the seconds that the main thread tells into measures for the journal: one every `quietSpanMs` while all is calm, one every `closeSpanMs` otherwise, and one at once
 * when the state changes. It adds up and decides nothing; a second that never came is a gap between two measures, never a guess. Memory: one row a second of the open span.
 */
import type { ControlView } from '../contract/control.ts'
import { fateOf, type Measure, type MeasuredOrigin, type MeasuredRule, type MeasureSecond } from '../contract/measure.ts'
import { type ShieldState, shieldStates } from '../contract/plan.ts'
import type { Reason } from '../contract/reason.ts'
import type { ShieldSecond } from '../contract/record.ts'
import type { RouteClass } from '../contract/route-class.ts'
import { SECOND_MS } from '../kernel/units.ts'

export interface MeterSettings {
  /** `detection.watchZ`: deviations above which traffic stands out. */
  readonly watchZ: number
  readonly quietSpanMs: number
  readonly closeSpanMs: number
}

/** As in the journal's contract: ten seconds when something is going on, a minute otherwise. */
export const usualSpans = Object.freeze({ quietSpanMs: 60 * SECOND_MS, closeSpanMs: 10 * SECOND_MS })

/** A robust standard deviation is 1.4826 times the median absolute deviation (algorithms: z score of the logarithm). */
const MAD_TO_SIGMA = 1.4826
/** As in the control loop: less than this above the expected is no excess worth a name. */
const LEAST_EXCESS_PER_SECOND = 5
const MOST_RULES = 12
const MOST_NETWORKS = 8
/** A view older than this says nothing about this second. */
const VIEW_FRESH_MS = 3 * SECOND_MS

interface RuleCount {
  matched: number
  positive: number
}

export class MeasureMeter {
  #settings: MeterSettings
  #fromWallMs = Number.NaN
  #untilWallMs = Number.NaN
  #state: ShieldState | null = null
  #lastState: ShieldState | null = null
  #rows: MeasureSecond[] = []
  #received = 0
  #bytesOut = 0
  #ended: Partial<Record<Reason, number>> = {}
  #peakRequests = 0
  #peakBits = 0
  #heard = 0
  #strained = 0
  #critical = 0
  #expected: Measure['expected'] = null
  #origin = new Map<RouteClass, MeasuredOrigin>()
  #rules = new Map<string, MeasuredRule>()
  /** Totals of each rule when last seen: what a view counts is since the rule was born. */
  #ruleTotals: Map<string, RuleCount> | null = null
  #countries = new Map<string, { name: string; sum: number; visitor: number }>()
  #networks = new Map<string, { name: string; sum: number; visitor: number }>()
  #suspicious = 0
  #sawNetworks = false

  constructor(settings: MeterSettings) {
    this.#settings = settings
  }

  applySettings(settings: MeterSettings): void {
    this.#settings = settings
  }

  /** Takes one second; returns the measures it completes (none, one, or two at a change of state). `close`: an incident is open. */
  second(second: ShieldSecond, close: boolean): Measure[] {
    const done: Measure[] = []
    const view = second.view !== null && second.atWallMs - second.view.atWallMs <= VIEW_FRESH_MS ? second.view : null
    const fromWallMs = second.atWallMs - second.traffic.seconds * SECOND_MS
    // A clock set back, or a pause of the machine: the span under way ends where it was last heard.
    if (this.#rows.length > 0 && (second.atWallMs < this.#untilWallMs || fromWallMs > this.#untilWallMs + 5 * SECOND_MS)) done.push(this.#finish())
    const state = view?.state ?? null
    if (this.#rows.length > 0 && state !== this.#lastState) done.push(this.#finish())
    this.#lastState = state
    this.#add(second, view, fromWallMs)
    const spanMs = close || (state !== null && state !== 'NORMAL') ? this.#settings.closeSpanMs : this.#settings.quietSpanMs
    if (this.#untilWallMs - this.#fromWallMs >= spanMs - SECOND_MS / 2) done.push(this.#finish())
    return done
  }

  /** What was not yet written, at the end of the process; null: nothing. */
  rest(): Measure | null {
    return this.#rows.length === 0 ? null : this.#finish()
  }

  #add(second: ShieldSecond, view: ControlView | null, fromWallMs: number): void {
    const { traffic } = second
    if (this.#rows.length === 0) this.#fromWallMs = Number.isNaN(this.#untilWallMs) || fromWallMs < this.#untilWallMs - SECOND_MS || fromWallMs > this.#untilWallMs + 5 * SECOND_MS ? fromWallMs : this.#untilWallMs
    this.#untilWallMs = second.atWallMs
    const seconds = Math.max(traffic.seconds, 0.1)
    const fates = { served: 0, refused: 0, lost: 0, asked: 0, left: 0 }
    for (const [reason, n] of Object.entries(traffic.ended) as Array<[Reason, number]>) {
      this.#ended[reason] = (this.#ended[reason] ?? 0) + n
      fates[fateOf[reason]] += n
    }
    this.#received += traffic.received
    this.#bytesOut += traffic.bytesOut
    const perSecond = traffic.received / seconds
    const bitsOut = Math.round((traffic.bytesOut * 8) / seconds)
    this.#peakRequests = Math.max(this.#peakRequests, Math.round(perSecond * 10) / 10)
    this.#peakBits = Math.max(this.#peakBits, bitsOut)
    this.#expected = view === null ? this.#expected : bandOf(view, this.#settings.watchZ)
    const above = view === null || this.#expected === null ? -1 : perSecond > this.#expected.upperPerSecond ? 1 : 0
    this.#rows.push([second.atWallMs - this.#fromWallMs, traffic.received, fates.served, fates.refused, fates.lost, bitsOut, above, view === null ? -1 : view.health.well ? 1 : 0])
    if (view !== null) this.#addView(view)
    this.#addOrigin(second)
  }

  #addView(view: ControlView): void {
    this.#heard++
    if (view.health.strained) this.#strained++
    if (view.health.critical) this.#critical++
    if (this.#state === null || shieldStates.indexOf(view.state) > shieldStates.indexOf(this.#state)) this.#state = view.state
    const totals = new Map<string, RuleCount>()
    for (const rule of view.rules) {
      // What a rule did before this meter was born (the record thread was started anew) belongs to no span of it.
      const before = this.#ruleTotals === null ? rule.since : this.#ruleTotals.get(rule.id)
      const { matched, positive } = rule.since
      totals.set(rule.id, { matched, positive })
      // Counted from zero again: the control plane was started anew, or the rule woke.
      const more = before === undefined || matched < before.matched ? { matched, positive } : { matched: matched - before.matched, positive: Math.max(0, positive - before.positive) }
      if (more.matched === 0) continue
      const sum = this.#rules.get(rule.id)
      this.#rules.set(rule.id, {
        id: rule.id, origin: rule.origin, sentence: rule.sentence, action: rule.action, dryRun: rule.dryRun,
        matched: (sum?.matched ?? 0) + more.matched,
        positive: (sum?.positive ?? 0) + more.positive,
        harmUpperShare: rule.evidence?.harm.upperShare ?? null,
      })
    }
    this.#ruleTotals = totals
    if (view.networks === undefined || view.excess === null) return
    const weight = Math.max(0, view.excess.suspiciousPerSecond)
    this.#sawNetworks = true
    this.#suspicious += weight
    addShares(this.#countries, view.networks.countries, weight)
    addShares(this.#networks, view.networks.networks, weight)
  }

  #addOrigin(second: ShieldSecond): void {
    for (const { routeClass, admission, answers } of second.origin) {
      if (admission === null && answers === null) continue
      const sum = this.#origin.get(routeClass) ?? { routeClass, answers: 0, serverErrors: 0, timeouts: 0, connectFailures: 0, latencyP50Ms: 0, latencyP99Ms: 0, admitted: 0, rejected: 0 }
      const total = sum.answers + (answers?.answers ?? 0)
      this.#origin.set(routeClass, {
        routeClass,
        answers: total,
        serverErrors: sum.serverErrors + (answers?.serverErrors ?? 0),
        timeouts: sum.timeouts + (answers?.timeouts ?? 0),
        connectFailures: sum.connectFailures + (answers?.connectFailures ?? 0),
        latencyP50Ms: total === 0 ? 0 : Math.round(((sum.latencyP50Ms * sum.answers + (answers === null ? 0 : answers.latencyP50Ms * answers.answers)) / total) * 100) / 100,
        latencyP99Ms: Math.max(sum.latencyP99Ms, answers?.latencyP99Ms ?? 0),
        admitted: sum.admitted + (admission?.admitted ?? 0),
        rejected: sum.rejected + (admission?.rejected ?? 0),
      })
    }
  }

  #finish(): Measure {
    const calm = (this.#state === null || this.#state === 'NORMAL') && this.#rows.every((row) => row[6] !== 1 && row[4] === 0)
    const measure: Measure = {
      fromWallMs: this.#fromWallMs,
      toWallMs: this.#untilWallMs,
      state: this.#state,
      received: this.#received,
      ended: this.#ended,
      bytesOut: this.#bytesOut,
      peak: { requestsPerSecond: this.#peakRequests, bitsPerSecondOut: this.#peakBits },
      health: { heardSeconds: this.#heard, strainedSeconds: this.#strained, criticalSeconds: this.#critical },
      expected: this.#expected,
      origin: [...this.#origin.values()],
      rules: [...this.#rules.values()].sort((a, b) => b.matched - a.matched).slice(0, MOST_RULES),
      networks: this.#sawNetworks ? { countries: shares(this.#countries, this.#suspicious), networks: shares(this.#networks, this.#suspicious), suspiciousRequests: Math.round(this.#suspicious) } : null,
      seconds: calm ? [] : this.#rows,
    }
    this.#state = null
    this.#rows = []
    this.#received = this.#bytesOut = this.#peakRequests = this.#peakBits = this.#heard = this.#strained = this.#critical = this.#suspicious = 0
    this.#ended = {}
    this.#origin = new Map()
    this.#rules = new Map()
    this.#countries = new Map()
    this.#networks = new Map()
    this.#sawNetworks = false
    return measure
  }
}

/** What is usual, and where the band ends above which traffic stands out; null: nothing is known of what is usual. */
function bandOf(view: ControlView, watchZ: number): Measure['expected'] {
  const { expectation } = view
  if (expectation.source === 'none') return null
  const upper = Math.max(expectation.ratePerSecond * Math.exp(watchZ * MAD_TO_SIGMA * expectation.madLog), expectation.ratePerSecond + LEAST_EXCESS_PER_SECOND)
  return { perSecond: Math.round(expectation.ratePerSecond * 100) / 100, upperPerSecond: Math.round(upper * 100) / 100 }
}

function addShares(into: Map<string, { name: string; sum: number; visitor: number }>, of: ReadonlyArray<{ readonly code: string; readonly name: string; readonly share: number; readonly visitorShare: number }>, weight: number): void {
  for (const { code, name, share, visitorShare } of of) {
    const sum = into.get(code)
    into.set(code, { name, sum: (sum?.sum ?? 0) + share * weight, visitor: visitorShare })
  }
}

function shares(of: Map<string, { name: string; sum: number; visitor: number }>, total: number): Array<{ code: string; name: string; share: number; visitorShare: number }> {
  if (total === 0) return []
  return [...of]
    .map(([code, { name, sum, visitor }]) => ({ code, name, share: Math.round((sum / total) * 10_000) / 10_000, visitorShare: visitor }))
    .sort((a, b) => b.share - a.share)
    .slice(0, MOST_NETWORKS)
}
