/** The whole picture of one incident: its record, with figures, timeline and events around it read from the journal now. */
import type { Incident, TimelineItem } from '../../contract/incident.ts'
import type { JournalEntry, JournalKind } from '../../contract/journal.ts'
import { HOUR_MS, MINUTE_MS } from '../../kernel/units.ts'
import type { Scribe } from '../room.ts'
import { type IncidentRecord, joinAround } from './apply-change.ts'
import type { AroundEvent } from './changes.ts'
import { figuresOf } from './figures.ts'
import type { FigureSpan } from './moments.ts'
import { timelineOf } from './timeline.ts'

export interface Composed {
  readonly incident: Incident
  /** False: the journal's retention has taken its beginning, so figures and timeline are those of its closing. */
  readonly fromJournal: boolean
}

/** Events of the calendar this long before and after are facts around it. */
const AROUND_MS = 24 * HOUR_MS
/** About six days at one measure in ten seconds; bounds the memory of one look at an incident that nobody closed. */
const MOST_ENTRIES = 60_000
const unread: ReadonlySet<JournalKind> = new Set(['sample', 'checkpoint', 'login'])

/** Reads the journal from the incident's beginning; `nowWallMs` ends one that is open. */
export async function composeIncident(record: IncidentRecord, scribe: Scribe, around: readonly AroundEvent[], nowWallMs: number): Promise<Composed> {
  const untilWallMs = record.closedAtWallMs ?? nowWallMs + 1
  const entries: JournalEntry[] = []
  let firstSeq = Number.POSITIVE_INFINITY
  let tooMany = false
  for await (const entry of scribe.entries(record.firstSeq)) {
    firstSeq = Math.min(firstSeq, entry.seq)
    if (entry.atWallMs > untilWallMs + HOUR_MS) break
    if (unread.has(entry.kind) || entry.atWallMs < record.openedAtWallMs - record.leadInMs) continue
    entries.push(asItHappened(entry))
    if (entries.length >= MOST_ENTRIES) {
      tooMany = true
      break
    }
  }
  const span: FigureSpan = { fromWallMs: record.openedAtWallMs, untilWallMs: tooMany ? entries.at(-1)!.atWallMs : untilWallMs, leadInMs: record.leadInMs, ongoing: record.closedAtWallMs === null }
  const fromJournal = firstSeq <= record.firstSeq || record.closingFigures === null
  const timeline = fromJournal ? timelineOf(entries, span, record.id, record.changes) : withLater(record.closingTimeline ?? [], record.changes)
  const cut: TimelineItem[] = tooMany ? [{ atWallMs: span.untilWallMs, kind: 'system', who: 'polder', seq: entries.at(-1)!.seq, sentence: `figures and timeline end here: the incident is too long to be read at once; polder incident split ${record.id} makes two of it` }] : []
  const near = (event: AroundEvent): boolean => event.toWallMs > record.openedAtWallMs - AROUND_MS && event.fromWallMs < untilWallMs + AROUND_MS
  const { lastSeq: _l, bornSeq: _b, firstSeq: _f, leadInMs: _i, automatic: _a, worstState: _w, changes: _c, closingFigures: _cf, closingTimeline: _ct, ...plain } = record
  return {
    fromJournal,
    incident: {
      ...plain,
      around: joinAround(record.around.filter(near), around.filter(near)),
      figures: fromJournal ? figuresOf(entries, span) : record.closingFigures!,
      timeline: [...timeline, ...cut],
    },
  }
}

const decided: ReadonlySet<JournalKind> = new Set(['state', 'rule', 'control'])
/** What the control plane decides is written down with the second it lies in, and again if the record was just started anew; a clock that was set in between is not followed. */
const LATEST_WRITTEN_MS = 10 * MINUTE_MS

/** With the time of what it tells instead of that of its writing, a second or so later. The journal itself keeps both. */
export function asItHappened(entry: JournalEntry): JournalEntry {
  if (!decided.has(entry.kind)) return entry
  const at = (entry.data as { atWallMs?: unknown } | null)?.atWallMs
  if (typeof at !== 'number' || at > entry.atWallMs || entry.atWallMs - at > LATEST_WRITTEN_MS) return entry
  return { ...entry, atWallMs: at }
}

function withLater(closing: readonly TimelineItem[], changes: readonly TimelineItem[]): TimelineItem[] {
  const known = new Set(closing.map((item) => item.seq))
  return [...closing, ...changes.filter((item) => !known.has(item.seq))].sort((a, b) => a.atWallMs - b.atWallMs || a.seq - b.seq)
}
