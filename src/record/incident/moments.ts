/**
 * When it began, when Polder noticed, when the site was well again, when it ended. Told from measures (one row a second) and changes of state alone, so
 * that anybody with the journal finds the same moments.
 *
 * began      the first second above the expected band, of the run of such seconds that leads to the detection (pauses of up to a minute belong to it)
 * detected   the change of state away from NORMAL that led into the incident
 * mitigated  after the detection: the first of five seconds in a row in which nothing was wrong with the origin and at most 2 % of those served or
 *            lost were lost
 * ended      the end of the last second above the band, once a minute has passed without another
 *
 * What cannot be told is null: without an expectation there is no beginning.
 */
import type { JournalEntry } from '../../contract/journal.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import { measuresOf, type MeasureEntry } from './measures-of.ts'

/** The time an incident covers: half-open. `leadInMs`: how far back its beginning may lie. */
export interface FigureSpan {
  readonly fromWallMs: number
  readonly untilWallMs: number
  readonly leadInMs: number
  /** Still open. */
  readonly ongoing: boolean
}

export interface Moment {
  readonly atWallMs: number
  /** Entries it was read from. */
  readonly seqs: readonly number[]
}

export interface Moments {
  readonly began: Moment | null
  readonly detected: Moment | null
  readonly mitigated: Moment | null
  readonly ended: Moment | null
  /** From the beginning to the end, or as far as known: what counts are taken over. */
  readonly counted: readonly MeasureEntry[]
}

const PAUSE_MS = 60 * SECOND_MS
const WELL_SECONDS = 5
const LOST_SHARE = 0.02

interface Second {
  readonly seq: number
  readonly fromWallMs: number
  readonly toWallMs: number
  readonly served: number
  readonly lost: number
  readonly above: number
  readonly well: number
}

export function momentsOf(entries: readonly JournalEntry[], span: FigureSpan): Moments {
  const earliest = span.fromWallMs - span.leadInMs
  const measures = measuresOf(entries).filter(({ measure }) => measure.fromWallMs >= earliest && measure.fromWallMs < span.untilWallMs)
  const seconds = measures.flatMap(secondsOf)
  const above = seconds.filter((one) => one.above === 1)
  const detected = detectedAt(entries, span, earliest)
  const began = beganAt(above, detected?.atWallMs ?? span.fromWallMs)
  const ended = endedAt(entries, above, measures, began, detected, span)
  const fromWallMs = began?.atWallMs ?? detected?.atWallMs ?? span.fromWallMs
  const untilWallMs = ended?.atWallMs ?? span.untilWallMs
  return {
    began, detected, ended,
    mitigated: detected === null ? null : mitigatedAt(seconds.filter((one) => one.toWallMs > detected.atWallMs && one.fromWallMs < untilWallMs + PAUSE_MS), detected),
    counted: measures.filter(({ measure }) => measure.toWallMs > fromWallMs && measure.fromWallMs < untilWallMs),
  }
}

function secondsOf({ seq, measure }: MeasureEntry): Second[] {
  let before = 0
  return measure.seconds.map(([endedAtMs, , served, , lost, , above, well]) => {
    const second = { seq, fromWallMs: measure.fromWallMs + before, toWallMs: measure.fromWallMs + endedAtMs, served, lost, above, well }
    before = endedAtMs
    return second
  })
}

/** A change away from NORMAL that was taken back before the incident began is not its detection. */
function detectedAt(entries: readonly JournalEntry[], span: FigureSpan, earliest: number): Moment | null {
  let found: Moment | null = null
  for (const entry of entries) {
    if (entry.kind !== 'state' || entry.atWallMs < earliest || entry.atWallMs >= span.untilWallMs) continue
    const to = (entry.data as { to?: unknown } | null)?.to
    if (to === 'NORMAL' && entry.atWallMs < span.fromWallMs) found = null
    else if (to !== 'NORMAL' && typeof to === 'string') found ??= { atWallMs: entry.atWallMs, seqs: [entry.seq] }
  }
  return found
}

function beganAt(above: readonly Second[], anchorWallMs: number): Moment | null {
  let at = above.findLastIndex((one) => one.fromWallMs <= anchorWallMs)
  // Nothing above the band led here: it came later, or never.
  if (at < 0 || anchorWallMs - above[at].toWallMs > PAUSE_MS) return above[at + 1] === undefined ? null : { atWallMs: above[at + 1].fromWallMs, seqs: [above[at + 1].seq] }
  while (at > 0 && above[at].fromWallMs - above[at - 1].toWallMs <= PAUSE_MS) at--
  return { atWallMs: above[at].fromWallMs, seqs: [above[at].seq] }
}

function mitigatedAt(seconds: readonly Second[], detected: Moment): Moment | null {
  let run: Second[] = []
  for (const second of seconds) {
    const good = second.well === 1 && second.lost <= LOST_SHARE * (second.served + second.lost)
    run = good ? [...run, second] : []
    if (run.length === WELL_SECONDS) return { atWallMs: Math.max(run[0].fromWallMs, detected.atWallMs), seqs: [...new Set(run.map((one) => one.seq))] }
  }
  return null
}

function endedAt(entries: readonly JournalEntry[], above: readonly Second[], measures: readonly MeasureEntry[], began: Moment | null, detected: Moment | null, span: FigureSpan): Moment | null {
  const last = above.at(-1)
  const heardWallMs = measures.at(-1)?.measure.toWallMs ?? span.fromWallMs
  if (began !== null && last !== undefined) return span.ongoing && heardWallMs - last.toWallMs < PAUSE_MS ? null : { atWallMs: last.toWallMs, seqs: [last.seq] }
  if (detected === null) return null
  const calm = entries.findLast((entry) => entry.kind === 'state' && entry.atWallMs > detected.atWallMs && entry.atWallMs <= span.untilWallMs)
  return calm !== undefined && (calm.data as { to?: unknown } | null)?.to === 'NORMAL' ? { atWallMs: calm.atWallMs, seqs: [calm.seq] } : null
}
