/**
 * An incident as the fold of its journal entries. Pure: the same entries in the same order give the same incidents. An entry whose number an incident has
 * already seen changes nothing, so that entries may be applied again after a restart. What a change names and is not there is left alone.
 */
import type { Figure, Incident, TimelineItem } from '../../contract/incident.ts'
import { tlpMarkings } from '../../contract/incident.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import { type ShieldState, shieldStates } from '../../contract/plan.ts'
import { type AroundEvent, changeOf, type IncidentEntryData } from './changes.ts'

/** What is kept of an incident in its file; figures, timeline and events around it are read from the journal when asked. */
export interface IncidentRecord extends Omit<Incident, 'figures' | 'timeline'> {
  /** The newest entry that is in here. */
  readonly lastSeq: number
  /** The entry that made it. */
  readonly bornSeq: number
  /** Where in the journal its story begins. */
  readonly firstSeq: number
  readonly leadInMs: number
  readonly automatic: boolean
  readonly worstState: ShieldState
  /** What people and Polder did with it: also when the journal's retention has taken the entries. */
  readonly changes: readonly TimelineItem[]
  readonly closingFigures: readonly Figure[] | null
  /** The timeline as it was read when the incident was closed; not part of the fold. */
  readonly closingTimeline: readonly TimelineItem[] | null
}

export type IncidentRecords = ReadonlyMap<string, IncidentRecord>

/** A beginning is sought this far before the opening: a flood that creeps in over ten minutes is still one flood. */
export const LEAD_IN_MS = 10 * 60_000
const MOST_CHANGES = 5_000

/** Applies one entry; returns the ids of the incidents that changed (a deleted one is gone from the map). */
export function applyEntry(records: Map<string, IncidentRecord>, entry: JournalEntry): string[] {
  if (entry.kind === 'state') return applyState(records, entry)
  const change = changeOf(entry)
  if (change === null) return []
  if (change.change === 'opened') return open(records, entry, change)
  const old = records.get(change.incidentId)
  if (change.change === 'merged') return merge(records, entry, change)
  if (change.change === 'split') return split(records, entry, change)
  if (old === undefined || old.lastSeq >= entry.seq) return []
  if (change.change === 'deleted') {
    records.delete(old.id)
    return [old.id]
  }
  records.set(old.id, { ...withChange(old, entry, change), ...after(old, entry, change) })
  return [old.id]
}

/** The worst state is that of any open incident. */
function applyState(records: Map<string, IncidentRecord>, entry: JournalEntry): string[] {
  const to = (entry.data as { to?: ShieldState } | null)?.to
  if (to === undefined || !shieldStates.includes(to)) return []
  const changed: string[] = []
  for (const record of records.values()) {
    if (record.closedAtWallMs !== null || record.lastSeq >= entry.seq || shieldStates.indexOf(to) <= shieldStates.indexOf(record.worstState)) continue
    records.set(record.id, { ...record, worstState: to, lastSeq: entry.seq })
    changed.push(record.id)
  }
  return changed
}

function open(records: Map<string, IncidentRecord>, entry: JournalEntry, change: IncidentEntryData & { change: 'opened' }): string[] {
  if (records.has(change.incidentId)) return []
  const blank: IncidentRecord = {
    id: change.incidentId, title: change.title, openedAtWallMs: entry.atWallMs, openedBy: entry.who, closedAtWallMs: null, closedBy: null,
    awareAtWallMs: null, awareWho: null, tlp: 'amber', significant: null, mergedInto: null,
    claims: [], hypotheses: [], evidence: [], notes: [], tasks: [], reports: [], answers: {}, around: change.around, addressEvidence: null,
    lastSeq: 0, bornSeq: entry.seq, firstSeq: change.firstSeq, leadInMs: LEAD_IN_MS, automatic: change.automatic, worstState: change.state, changes: [], closingFigures: null, closingTimeline: null,
  }
  records.set(blank.id, withChange(blank, entry, change))
  return [blank.id]
}

function withChange(record: IncidentRecord, entry: JournalEntry, change: IncidentEntryData): IncidentRecord {
  if (change.change === 'summed') return { ...record, lastSeq: entry.seq }
  const item: TimelineItem = { atWallMs: entry.atWallMs, kind: change.change === 'claimed' ? 'claim' : entry.who === 'polder' ? 'system' : 'person', sentence: entry.sentence, who: entry.who, seq: entry.seq }
  return { ...record, lastSeq: entry.seq, changes: [...record.changes, item].slice(-MOST_CHANGES) }
}

function after(old: IncidentRecord, entry: JournalEntry, change: Exclude<IncidentEntryData, { change: 'opened' | 'merged' | 'split' | 'deleted' }>): Partial<IncidentRecord> {
  const { who, atWallMs } = entry
  const signed = { who, atWallMs }
  switch (change.change) {
    case 'closed':
      return old.closedAtWallMs === null ? { closedAtWallMs: atWallMs, closedBy: who } : {}
    case 'summed':
      return { closingFigures: change.figures }
    case 'aware':
      return { awareAtWallMs: change.atWallMs, awareWho: who }
    case 'marked':
      return { ...(change.tlp === undefined ? {} : { tlp: change.tlp }), ...(change.significant === undefined ? {} : { significant: change.significant }), ...(change.title === undefined ? {} : { title: change.title }) }
    case 'answered':
      return { answers: { ...old.answers, [change.field]: { text: change.text, ...signed } } }
    case 'noted':
      return { notes: [...old.notes, { id: nextId('note', old.notes), text: change.text, ...signed }] }
    case 'task-set':
      return { tasks: [...old.tasks, { id: nextId('task', old.tasks), text: change.text, assignee: change.assignee, dueWallMs: change.dueWallMs, doneAtWallMs: null, ...signed }] }
    case 'task-done':
      return { tasks: old.tasks.map((task) => (task.id === change.taskId ? { ...task, doneAtWallMs: task.doneAtWallMs ?? atWallMs } : task)) }
    case 'claimed': {
      const { saidBy, where, saidAtWallMs, text, reliability, credibility, evidenceId } = change
      return { claims: [...old.claims, { id: nextId('claim', old.claims), saidBy, where, saidAtWallMs, text, reliability, credibility, evidenceId, ...signed }] }
    }
    case 'supposed':
      return { hypotheses: [...old.hypotheses, { id: nextId('hypothesis', old.hypotheses), text: change.text, verdict: 'not known', supports: [], against: [], ...signed }] }
    case 'argued':
      return { hypotheses: old.hypotheses.map((one) => (one.id === change.hypothesisId ? { ...one, [change.side]: [...one[change.side], { text: change.text, reference: change.reference, ...signed }] } : one)) }
    case 'judged':
      return { hypotheses: old.hypotheses.map((one) => (one.id === change.hypothesisId ? { ...one, verdict: change.verdict } : one)) }
    case 'evidence-taken': {
      const { name, provenance, bytes, sha256 } = change
      return { evidence: [...old.evidence, { id: nextId('evidence', old.evidence), name, provenance, bytes, sha256, ...signed }] }
    }
    case 'addresses-kept':
      return { addressEvidence: { who, legalNote: change.legalNote, fromWallMs: atWallMs, untilWallMs: change.untilWallMs } }
    case 'addresses-ended':
      return { addressEvidence: null }
    case 'report-sent':
      return { reports: [...old.reports, { kind: change.report, sentAtWallMs: atWallMs, to: change.to, who, sha256: change.sha256 }] }
  }
}

/** Numbered among its own: what came in by a merge keeps the name of the incident it came from. */
function nextId(kind: string, items: ReadonlyArray<{ readonly id: string }>): string {
  return `${kind}-${items.filter((item) => !item.id.includes('/')).length + 1}`
}

/** `from` stays as it was, closed, and points to `into`, which covers the time of both and holds what was written in both. */
function merge(records: Map<string, IncidentRecord>, entry: JournalEntry, change: IncidentEntryData & { change: 'merged' }): string[] {
  const from = records.get(change.incidentId)
  const into = records.get(change.into)
  if (from === undefined || into === undefined || from === into) return []
  const changed: string[] = []
  if (into.lastSeq < entry.seq) {
    records.set(into.id, { ...withChange(into, entry, change), ...joined(from, into) })
    changed.push(into.id)
  }
  if (from.lastSeq < entry.seq) {
    records.set(from.id, { ...withChange(from, entry, change), mergedInto: into.id, closedAtWallMs: from.closedAtWallMs ?? entry.atWallMs, closedBy: from.closedBy ?? entry.who, addressEvidence: null })
    changed.push(from.id)
  }
  return changed
}

function joined(from: IncidentRecord, into: IncidentRecord): Partial<IncidentRecord> {
  const earlier = from.openedAtWallMs < into.openedAtWallMs ? from : into
  // The beginning that was found for one of them may lie before the other.
  const stillOpen = from.closedAtWallMs === null ? from : into
  const named = <T extends { readonly id: string }>(items: readonly T[]): T[] => items.map((item) => ({ ...item, id: item.id.includes('/') ? item.id : `${from.id}/${item.id}` }))
  const reference = (text: string): string => (text === '' || text.includes('/') ? text : `${from.id}/${text}`)
  const args = (items: IncidentRecord['hypotheses'][number]['supports']): IncidentRecord['hypotheses'][number]['supports'] => items.map((one) => ({ ...one, reference: reference(one.reference) }))
  const awares = [from, into].filter((one) => one.awareAtWallMs !== null).sort((a, b) => a.awareAtWallMs! - b.awareAtWallMs!)
  return {
    openedAtWallMs: earlier.openedAtWallMs,
    openedBy: earlier.openedBy,
    leadInMs: earlier.leadInMs,
    firstSeq: Math.min(from.firstSeq, into.firstSeq),
    closedAtWallMs: from.closedAtWallMs === null || into.closedAtWallMs === null ? null : Math.max(from.closedAtWallMs, into.closedAtWallMs),
    closedBy: stillOpen.closedAtWallMs === null ? null : from.closedAtWallMs! > into.closedAtWallMs! ? from.closedBy : into.closedBy,
    automatic: from.automatic && into.automatic,
    worstState: shieldStates[Math.max(shieldStates.indexOf(from.worstState), shieldStates.indexOf(into.worstState))],
    awareAtWallMs: awares[0]?.awareAtWallMs ?? null,
    awareWho: awares[0]?.awareWho ?? null,
    tlp: tlpMarkings[Math.max(tlpMarkings.indexOf(from.tlp), tlpMarkings.indexOf(into.tlp))],
    significant: from.significant === true || into.significant === true ? true : (into.significant ?? from.significant),
    claims: [...into.claims, ...named(from.claims).map((one) => ({ ...one, evidenceId: one.evidenceId === null ? null : reference(one.evidenceId) }))],
    hypotheses: [...into.hypotheses, ...named(from.hypotheses).map((one) => ({ ...one, supports: args(one.supports), against: args(one.against) }))],
    evidence: [...into.evidence, ...named(from.evidence)],
    notes: [...into.notes, ...named(from.notes)],
    tasks: [...into.tasks, ...named(from.tasks)],
    reports: [...into.reports, ...from.reports].sort((a, b) => a.sentAtWallMs - b.sentAtWallMs),
    answers: { ...from.answers, ...into.answers },
    around: joinAround(into.around, from.around),
    addressEvidence: into.addressEvidence ?? from.addressEvidence,
    closingFigures: null,
    closingTimeline: null,
  }
}

/** What was written stays with the first; the second begins with the time from the cut on, and nothing else. */
function split(records: Map<string, IncidentRecord>, entry: JournalEntry, change: IncidentEntryData & { change: 'split' }): string[] {
  const old = records.get(change.incidentId)
  if (old === undefined) return []
  const changed: string[] = []
  if (!records.has(change.newId) && old.lastSeq < entry.seq) {
    const second: IncidentRecord = {
      ...old,
      id: change.newId, title: change.title, openedAtWallMs: change.atWallMs, openedBy: entry.who,
      awareAtWallMs: null, awareWho: null, significant: null, mergedInto: null,
      claims: [], hypotheses: [], evidence: [], notes: [], tasks: [], reports: [], answers: {}, addressEvidence: null,
      bornSeq: entry.seq, leadInMs: 0, changes: [], closingFigures: null, closingTimeline: null,
    }
    records.set(second.id, withChange(second, entry, change))
    changed.push(second.id)
  }
  if (old.lastSeq < entry.seq) {
    records.set(old.id, { ...withChange(old, entry, change), closedAtWallMs: change.atWallMs, closedBy: entry.who, closingFigures: null, closingTimeline: null })
    changed.push(old.id)
  }
  return changed
}

export function joinAround(...lists: ReadonlyArray<readonly AroundEvent[]>): AroundEvent[] {
  const seen = new Map<string, AroundEvent>()
  for (const event of lists.flat()) {
    const key = `${event.fromWallMs} ${event.toWallMs} ${event.title}`
    const before = seen.get(key)
    seen.set(key, before === undefined ? event : { ...event, postures: [...new Set([...before.postures, ...event.postures])] })
  }
  return [...seen.values()].sort((a, b) => a.fromWallMs - b.fromWallMs)
}
