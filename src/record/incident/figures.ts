/**
 * The figures of an incident, from journal entries alone: pure, so that anyone who has the journal gets the same numbers. Each says how it is known and
 * from which entries it comes; a range stands for the entries of kind 'measure' in it. It invents nothing: what the entries do not hold is "not known".
 *
 * exact      counted by the shield over the whole span
 * sampled    from samples of requests
 * estimated  needs a judgement: what is usual, what counts as well, a bound, or a gap in the measures
 */
import type { Figure, FigureCode } from '../../contract/incident.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import { type Fate, fateOf, type Measure } from '../../contract/measure.ts'
import type { Reason } from '../../contract/reason.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import type { MeasureEntry } from './measures-of.ts'
import { type FigureSpan, type Moment, type Moments, momentsOf } from './moments.ts'

export type { FigureSpan } from './moments.ts'

/** Patterns, networks and countries named; the rest is in the journal. */
const MOST_SHARES = 8
/** Measures that follow each other are this close. */
const GAP_MS = 2 * SECOND_MS

type Kind = Figure['kind']
type From = Figure['from']

export function figuresOf(entries: readonly JournalEntry[], span: FigureSpan): Figure[] {
  const moments = momentsOf(entries, span)
  return [...timeFigures(moments, span), ...peakFigures(moments), ...requestFigures(moments), ...visitorFigures(moments), ...originFigures(moments), ...shareFigures(moments)]
}

function figure(code: FigureCode, name: string, unit: Figure['unit'], value: number, kind: Kind, from: From, of?: string): Figure {
  return { code, name, ...(of === undefined ? {} : { of }), value, unit, kind, from }
}

function notKnown(code: FigureCode, name: string, unit: Figure['unit']): Figure {
  return { code, name, value: null, unit, kind: 'not-known', from: [] }
}

function time(code: FigureCode, name: string, moment: Moment | null, kind: Kind): Figure {
  return moment === null ? notKnown(code, name, 'time') : figure(code, name, 'time', moment.atWallMs, kind, moment.seqs)
}

function timeFigures({ began, detected, mitigated, ended, counted }: Moments, span: FigureSpan): Figure[] {
  const first = began ?? detected
  const lastMeasure = counted.at(-1)
  const last: Moment | null = ended ?? (span.ongoing && lastMeasure !== undefined ? { atWallMs: lastMeasure.measure.toWallMs, seqs: [lastMeasure.seq] } : null)
  const durationName = ended === null && span.ongoing ? 'Duration so far, in seconds' : 'Duration, in seconds'
  return [
    time('start', 'First second above what is usual', began, 'estimated'),
    time('detected', 'Noticed by Polder (state left NORMAL)', detected, 'exact'),
    time('mitigated', 'Origin well and hardly a request lost again', mitigated, 'estimated'),
    time('ended', began === null ? 'State back to NORMAL' : 'Last second above what is usual', ended, began === null ? 'exact' : 'estimated'),
    first === null || last === null || last.atWallMs < first.atWallMs
      ? notKnown('duration-seconds', 'Duration, in seconds', 'seconds')
      : figure('duration-seconds', durationName, 'seconds', Math.round((last.atWallMs - first.atWallMs) / SECOND_MS), began === null && ended !== null ? 'exact' : 'estimated', [...new Set([...first.seqs, ...last.seqs])]),
  ]
}

function peakFigures({ began, counted }: Moments): Figure[] {
  if (counted.length === 0) return [notKnown('peak-requests-per-second', 'Most requests in one second', 'per-second'), notKnown('expected-requests-per-second', 'Usual requests per second', 'per-second'), notKnown('peak-bits-per-second-out', 'Most bits sent to visitors in one second', 'bits-per-second')]
  const busiest = highest(counted, (one) => one.measure.peak.requestsPerSecond)
  const widest = highest(counted, (one) => one.measure.peak.bitsPerSecondOut)
  const usual = counted.find((one) => one.measure.expected !== null && (began === null || one.measure.toWallMs > began.atWallMs))
  return [
    figure('peak-requests-per-second', 'Most requests in one second', 'per-second', busiest.measure.peak.requestsPerSecond, 'exact', [busiest.seq]),
    usual?.measure.expected == null ? notKnown('expected-requests-per-second', 'Usual requests per second', 'per-second') : figure('expected-requests-per-second', 'Usual requests per second, as learned', 'per-second', usual.measure.expected.perSecond, 'estimated', [usual.seq]),
    figure('peak-bits-per-second-out', 'Most bits sent to visitors in one second', 'bits-per-second', widest.measure.peak.bitsPerSecondOut, 'exact', [widest.seq]),
  ]
}

function requestFigures({ counted }: Moments): Figure[] {
  const names: ReadonlyArray<readonly [FigureCode, string, Fate]> = [
    ['served', 'Requests that got what they asked for', 'served'],
    ['refused', 'Requests turned away by a rule or a limit, or malformed', 'refused'],
    ['lost', 'Requests that the shield or the origin could not serve', 'lost'],
  ]
  if (counted.length === 0) return [notKnown('requests', 'Requests', 'requests'), ...names.map(([code, name]) => notKnown(code, name, 'requests')), notKnown('from-cache-share', 'Share of the served that came from memory or disk', 'share')]
  const from = rangeOf(counted)
  const { kind, missing } = coverage(counted)
  const ended = endedOf(counted)
  const by = (reason: Reason): number => ended.get(reason) ?? 0
  const served = fateTotal(ended, 'served')
  const challenged = by('rule-challenge')
  return [
    figure('requests', `Requests${missing}`, 'requests', sum(counted, (one) => one.measure.received), kind, from),
    ...names.flatMap(([code, name, fate]) => [
      figure(code, `${name}${missing}`, 'requests', fateTotal(ended, fate), kind, from),
      ...[...ended].filter(([reason, n]) => n > 0 && fateOf[reason] === fate).sort((a, b) => b[1] - a[1]).map(([reason, n]) => figure(code, name, 'requests', n, kind, from, reason)),
    ]),
    served === 0 ? notKnown('from-cache-share', 'Share of the served that came from memory or disk', 'share') : figure('from-cache-share', 'Share of the served that came from memory or disk', 'share', (by('served-fresh') + by('served-stale') + by('served-last-good')) / served, kind, from),
    figure('challenged', 'Requests answered with the short check', 'requests', challenged, kind, from),
    figure('challenge-passed', 'Short checks passed', 'requests', by('challenge-passed'), kind, from),
    figure('waited', 'Requests shown the waiting room', 'requests', by('waiting-room'), kind, from),
  ]
}

/**
 * Polder counts requests, not people. The share of visitors' requests served is estimated second by second from what is usual: usual requests are taken for
 * the visitors', of which in each second the same share is lost as of all that were served or lost (in truth they fare better: the queue prefers them), and
 * refused requests of clients that behave like visitors are counted against it.
 */
function visitorFigures({ counted }: Moments): Figure[] {
  const name = 'Share of the visitors\' requests served'
  const boundName = 'Normal requests touched by rules of Polder\'s own, at most'
  if (counted.length === 0) return [notKnown('visitors-served', name, 'share'), notKnown('collateral-share-bound', boundName, 'share')]
  const from = rangeOf(counted)
  const bounds = new Map<string, number>()
  let visitorsRefused = 0
  for (const { measure } of counted) {
    for (const rule of measure.rules) {
      if (rule.dryRun || rule.origin !== 'automatic' || rule.action === 'observe' || rule.action === 'tag') continue
      visitorsRefused += rule.positive
      bounds.set(rule.id, Math.max(bounds.get(rule.id) ?? 0, rule.harmUpperShare ?? 1))
    }
  }
  const usual = sum(counted, ({ measure }) => usualOf(measure, measure.toWallMs - measure.fromWallMs))
  const known = usual > 0 && counted.every((one) => one.measure.expected !== null)
  const visitorsLost = sum(counted, ({ measure }) => usualLost(measure))
  return [
    known ? figure('visitors-served', name, 'share', Math.max(0, 1 - (visitorsLost + visitorsRefused) / usual), 'estimated', from) : notKnown('visitors-served', name, 'share'),
    figure('collateral-share-bound', boundName, 'share', Math.min(1, [...bounds.values()].reduce((total, bound) => total + bound, 0)), 'estimated', from),
  ]
}

function usualOf(measure: Measure, ms: number): number {
  return ((measure.expected?.perSecond ?? 0) * ms) / SECOND_MS
}

function usualLost(measure: Measure): number {
  let before = 0
  let total = 0
  for (const [endedAtMs, , served, , lost] of measure.seconds) {
    if (lost > 0) total += (usualOf(measure, endedAtMs - before) * lost) / (served + lost)
    before = endedAtMs
  }
  return total
}

function originFigures({ counted }: Moments): Figure[] {
  const p50Name = 'Median answer time of the origin, in ms'
  const p99Name = 'Worst 99th percentile of a second, in ms'
  const rows = counted.flatMap(({ measure }) => measure.origin)
  const answers = rows.reduce((total, row) => total + row.answers, 0)
  const heard = sum(counted, ({ measure }) => measure.health.heardSeconds)
  const from = counted.length === 0 ? [] : rangeOf(counted)
  return [
    ...(answers === 0
      ? [notKnown('origin-latency-p50-ms', p50Name, 'ms'), notKnown('origin-latency-p99-ms', p99Name, 'ms')]
      : [
          figure('origin-latency-p50-ms', p50Name, 'ms', rows.reduce((total, row) => total + row.latencyP50Ms * row.answers, 0) / answers, 'estimated', from),
          figure('origin-latency-p99-ms', p99Name, 'ms', Math.max(...rows.map((row) => row.latencyP99Ms)), 'estimated', from),
        ]),
    counted.length === 0 ? notKnown('origin-errors', 'Failed answers of the origin', 'count') : figure('origin-errors', 'Failed answers of the origin', 'count', rows.reduce((total, row) => total + row.serverErrors + row.timeouts + row.connectFailures, 0), coverage(counted).kind, from),
    heard === 0 ? notKnown('origin-strained-seconds', 'Seconds in which the origin was strained', 'seconds') : figure('origin-strained-seconds', 'Seconds in which the origin was strained', 'seconds', sum(counted, ({ measure }) => measure.health.strainedSeconds), coverage(counted).kind, from),
  ]
}

function shareFigures({ counted }: Moments): Figure[] {
  if (counted.length === 0) return [notKnown('rules', 'Rules of Polder\'s own that matched', 'count')]
  const from = rangeOf(counted)
  const received = sum(counted, (one) => one.measure.received)
  const matched = new Map<string, { sentence: string; matched: number }>()
  const own = new Set<string>()
  for (const rule of counted.flatMap(({ measure }) => measure.rules)) {
    matched.set(rule.id, { sentence: rule.sentence, matched: (matched.get(rule.id)?.matched ?? 0) + rule.matched })
    if (rule.origin === 'automatic') own.add(rule.id)
  }
  const patterns = received === 0 ? [] : [...matched].sort((a, b) => b[1].matched - a[1].matched).slice(0, MOST_SHARES)
  return [
    figure('rules', 'Rules of Polder\'s own that matched', 'count', own.size, 'exact', from),
    ...patterns.map(([id, one]) => figure('pattern-share', 'Share of all requests that fit a pattern', 'share', Math.min(1, one.matched / received), 'exact', from, `${id}: ${one.sentence}`)),
    ...weighedShares(counted, 'networks').map(([of, share]) => figure('network-share', 'Share of the suspicious requests by network', 'share', share, 'sampled', from, of)),
    ...weighedShares(counted, 'countries').map(([of, share]) => figure('country-share', 'Share of the suspicious requests by country', 'share', share, 'sampled', from, of)),
  ]
}

/** Weighed by the suspicious requests of each measure. */
function weighedShares(counted: readonly MeasureEntry[], which: 'networks' | 'countries'): Array<readonly [string, number]> {
  const sums = new Map<string, number>()
  let total = 0
  for (const { measure } of counted) {
    if (measure.networks == null) continue
    total += measure.networks.suspiciousRequests
    for (const { code, name, share } of measure.networks[which]) {
      const of = name === '' ? code : `${code} ${name}`
      sums.set(of, (sums.get(of) ?? 0) + share * measure.networks.suspiciousRequests)
    }
  }
  return total === 0 ? [] : [...sums].map(([of, n]) => [of, n / total] as const).sort((a, b) => b[1] - a[1]).slice(0, MOST_SHARES)
}

function endedOf(counted: readonly MeasureEntry[]): Map<Reason, number> {
  const sums = new Map<Reason, number>()
  for (const { measure } of counted) for (const [reason, n] of Object.entries(measure.ended) as Array<[Reason, number]>) sums.set(reason, (sums.get(reason) ?? 0) + n)
  return sums
}

function fateTotal(ended: ReadonlyMap<Reason, number>, fate: Fate): number {
  let total = 0
  for (const [reason, n] of ended) if (fateOf[reason] === fate) total += n
  return total
}

/** Whether the measures cover the span without a hole; a count over a hole is a lower bound, and says so. */
function coverage(counted: readonly MeasureEntry[]): { readonly kind: Kind; readonly missing: string } {
  let holeMs = 0
  for (const [i, { measure }] of counted.entries()) if (i > 0) holeMs += Math.max(0, measure.fromWallMs - counted[i - 1].measure.toWallMs)
  return holeMs <= GAP_MS ? { kind: 'exact', missing: '' } : { kind: 'estimated', missing: ` (at least: ${Math.round(holeMs / SECOND_MS)} s were not measured)` }
}

function rangeOf(counted: readonly MeasureEntry[]): From {
  const first = counted[0].seq
  const last = counted.at(-1)!.seq
  return first === last ? [first] : [[first, last]]
}

function highest(counted: readonly MeasureEntry[], of: (one: MeasureEntry) => number): MeasureEntry {
  return counted.reduce((best, one) => (of(one) > of(best) ? one : best))
}

function sum(counted: readonly MeasureEntry[], of: (one: MeasureEntry) => number): number {
  return counted.reduce((total, one) => total + of(one), 0)
}
