/** The measures among journal entries, in order. What does not look like a measure is left out: the journal may hold entries of another version of Polder. */
import type { JournalEntry } from '../../contract/journal.ts'
import type { Measure } from '../../contract/measure.ts'

export interface MeasureEntry {
  readonly seq: number
  readonly measure: Measure
}

export function measuresOf(entries: readonly JournalEntry[]): MeasureEntry[] {
  const found: MeasureEntry[] = []
  for (const { seq, kind, data } of entries) if (kind === 'measure' && isMeasure(data)) found.push({ seq, measure: data })
  return found
}

function isMeasure(data: unknown): data is Measure {
  if (typeof data !== 'object' || data === null) return false
  const it = data as Partial<Record<keyof Measure, unknown>>
  return (
    isCount(it.fromWallMs) && isCount(it.toWallMs) && isCount(it.received) && isCount(it.bytesOut) &&
    isObject(it.ended) && isObject(it.peak) && isObject(it.health) &&
    Array.isArray(it.origin) && Array.isArray(it.rules) && Array.isArray(it.seconds)
  )
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
