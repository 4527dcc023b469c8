/** What happened, in order, for people: from journal entries alone. The origin's bad and good times are read from the measures. */
import type { TimelineItem } from '../../contract/incident.ts'
import type { JournalEntry, JournalKind } from '../../contract/journal.ts'
import { changeOf } from './changes.ts'
import { measuresOf } from './measures-of.ts'
import type { FigureSpan } from './moments.ts'

const kinds: Readonly<Partial<Record<JournalKind, TimelineItem['kind']>>> = Object.freeze({
  start: 'system',
  stop: 'system',
  reload: 'system',
  upgrade: 'system',
  state: 'state',
  rule: 'rule',
  act: 'act',
  control: 'system',
  report: 'person',
  statement: 'statement',
  alert: 'alert',
  posture: 'calendar',
  alarm: 'system',
  lifeline: 'system',
})
/** An answer of the control socket holds about ten thousand; nobody reads a thousand. */
const MOST_ITEMS = 1_000
/** An origin that is strained every other second is strained. */
const CALM_MS = 60_000

/** `changes`: what was done with the incident itself (IncidentRecord.changes). */
export function timelineOf(entries: readonly JournalEntry[], span: FigureSpan, incidentId: string, changes: readonly TimelineItem[]): TimelineItem[] {
  const items: TimelineItem[] = []
  const within = entries.filter((entry) => entry.atWallMs >= span.fromWallMs - span.leadInMs && entry.atWallMs < span.untilWallMs)
  for (const entry of within) {
    const kind = kinds[entry.kind]
    if (kind === undefined || changeOf(entry) !== null) continue
    const of = (entry.data as { incidentId?: unknown } | null)?.incidentId
    if (typeof of === 'string' && of !== incidentId) continue
    items.push({ atWallMs: entry.atWallMs, kind, sentence: entry.sentence, who: entry.who, seq: entry.seq })
  }
  items.push(...originItems(within), ...changes)
  items.sort((a, b) => a.atWallMs - b.atWallMs || a.seq - b.seq)
  return items.length <= MOST_ITEMS ? items : shortened(items)
}

/** Strained at the first measure with a strained second; no longer after a minute without one, told for where that minute began. */
function originItems(entries: readonly JournalEntry[]): TimelineItem[] {
  const items: TimelineItem[] = []
  let strained = false
  let well: { readonly atWallMs: number; readonly seq: number } | null = null
  for (const { seq, measure } of measuresOf(entries)) {
    const { heardSeconds, strainedSeconds } = measure.health
    if (heardSeconds === 0) continue
    if (strainedSeconds > 0) {
      well = null
      if (strained) continue
      strained = true
      const failed = measure.origin.reduce((total, one) => total + one.serverErrors + one.timeouts + one.connectFailures, 0)
      items.push({ atWallMs: measure.fromWallMs, kind: 'origin', who: 'polder', seq, sentence: `the origin is strained (${strainedSeconds} of ${heardSeconds} s${failed === 0 ? '' : `, ${failed} failed answers`})` })
    } else if (strained) {
      well ??= { atWallMs: measure.fromWallMs, seq }
      if (measure.toWallMs - well.atWallMs < CALM_MS) continue
      strained = false
      items.push({ ...well, kind: 'origin', who: 'polder', sentence: 'the origin is no longer strained' })
    }
  }
  return items
}

/** Rules and the shield's own notes give way first, those in the middle; what people did stays. */
function shortened(items: readonly TimelineItem[]): TimelineItem[] {
  const minor = items.filter((item) => item.kind === 'rule' || item.kind === 'system' || item.kind === 'origin')
  const kept = Math.max(0, MOST_ITEMS - (items.length - minor.length))
  const first = Math.ceil(kept / 4)
  const away = new Set(minor.slice(first, minor.length - (kept - first)))
  const left = items.filter((item) => !away.has(item)).slice(-MOST_ITEMS)
  const gap = items.length - left.length
  return [{ atWallMs: left[0].atWallMs, kind: 'system', who: 'polder', seq: left[0].seq, sentence: `${gap} further entries are left out here; the journal has them` }, ...left]
}
