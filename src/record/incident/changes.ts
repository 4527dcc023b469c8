/**
 * Every change of an incident is one journal entry; this is what its data holds. An incident is nothing but the fold of its changes (apply-change.ts), so
 * that its file can be lost and made again from the journal.
 */
import type { Claim, Figure, Hypothesis, Incident, TlpMarking } from '../../contract/incident.ts'
import type { JournalDraft, JournalEntry, JournalKind } from '../../contract/journal.ts'
import type { ShieldState } from '../../contract/plan.ts'

export type AroundEvent = Incident['around'][number]

export type IncidentChange =
  /** `automatic`: by Polder, which may also close it. `firstSeq`: where in the journal its story begins. */
  | { readonly change: 'opened'; readonly title: string; readonly automatic: boolean; readonly state: ShieldState; readonly firstSeq: number; readonly around: readonly AroundEvent[] }
  | { readonly change: 'closed'; readonly why: string }
  /** Its figures when it was closed: the measures they come from may be gone from the journal before the incident is. */
  | { readonly change: 'summed'; readonly figures: readonly Figure[] }
  | { readonly change: 'merged'; readonly into: string }
  | { readonly change: 'split'; readonly newId: string; readonly atWallMs: number; readonly title: string }
  | { readonly change: 'aware'; readonly atWallMs: number }
  | { readonly change: 'marked'; readonly tlp?: TlpMarking; readonly significant?: boolean; readonly title?: string }
  | { readonly change: 'answered'; readonly field: string; readonly text: string }
  | { readonly change: 'noted'; readonly text: string }
  | { readonly change: 'task-set'; readonly text: string; readonly assignee: string; readonly dueWallMs: number | null }
  | { readonly change: 'task-done'; readonly taskId: string }
  | ({ readonly change: 'claimed' } & Omit<Claim, 'id' | 'who' | 'atWallMs'>)
  | { readonly change: 'supposed'; readonly text: string }
  | { readonly change: 'argued'; readonly hypothesisId: string; readonly side: 'supports' | 'against'; readonly text: string; readonly reference: string }
  | { readonly change: 'judged'; readonly hypothesisId: string; readonly verdict: Hypothesis['verdict'] }
  | { readonly change: 'evidence-taken'; readonly name: string; readonly provenance: string; readonly bytes: number; readonly sha256: string }
  | { readonly change: 'addresses-kept'; readonly legalNote: string; readonly untilWallMs: number }
  | { readonly change: 'addresses-ended'; readonly why: string }
  | { readonly change: 'report-sent'; readonly report: string; readonly to: string; readonly sha256: string }
  /** By retention. */
  | { readonly change: 'deleted' }

/** What the data of such an entry holds. */
export type IncidentEntryData = { readonly incidentId: string } & IncidentChange

const kinds: Readonly<Record<IncidentChange['change'], JournalKind>> = Object.freeze({
  opened: 'incident',
  closed: 'incident',
  summed: 'incident',
  merged: 'incident',
  split: 'incident',
  aware: 'incident',
  marked: 'incident',
  answered: 'incident',
  noted: 'note',
  'task-set': 'task',
  'task-done': 'task',
  claimed: 'claim',
  supposed: 'hypothesis',
  argued: 'hypothesis',
  judged: 'hypothesis',
  'evidence-taken': 'evidence',
  'addresses-kept': 'incident',
  'addresses-ended': 'incident',
  'report-sent': 'report',
  deleted: 'incident',
})

const incidentKinds: ReadonlySet<JournalKind> = new Set(Object.values(kinds))

export function draftOf(incidentId: string, change: IncidentChange, who: string): JournalDraft {
  const data: IncidentEntryData = { incidentId, ...change }
  return { kind: kinds[change.change], who, sentence: `incident ${incidentId}: ${sentenceOf(change)}`, data }
}

/** The change an entry holds, or null. What is read from the journal's own disk was written by this file; another version's changes are left out. */
export function changeOf(entry: JournalEntry): IncidentEntryData | null {
  if (!incidentKinds.has(entry.kind)) return null
  const data = entry.data as Partial<IncidentEntryData> | null
  if (typeof data !== 'object' || data === null || typeof data.incidentId !== 'string') return null
  return typeof data.change === 'string' && Object.hasOwn(kinds, data.change) ? (data as IncidentEntryData) : null
}

function sentenceOf(change: IncidentChange): string {
  switch (change.change) {
    case 'opened':
      return change.automatic ? `opened by itself, the state is ${change.state}` : `opened by hand: ${change.title}`
    case 'closed':
      return `closed: ${change.why}`
    case 'summed':
      return `its figures at the end, ${change.figures.filter((one) => one.value !== null).length} known`
    case 'merged':
      return `merged into ${change.into}`
    case 'split':
      return `split at ${new Date(change.atWallMs).toISOString()}; what came later is ${change.newId}: ${change.title}`
    case 'aware':
      return `people were aware of it from ${new Date(change.atWallMs).toISOString()}`
    case 'marked':
      return `marked ${[change.tlp === undefined ? '' : `TLP:${change.tlp.toUpperCase()}`, change.significant === undefined ? '' : change.significant ? 'significant' : 'not significant', change.title === undefined ? '' : `"${change.title}"`].filter((part) => part !== '').join(', ')}`
    case 'answered':
      return `answered ${change.field}: ${change.text}`
    case 'noted':
      return `note: ${change.text}`
    case 'task-set':
      return `task${change.assignee === '' ? '' : ` for ${change.assignee}`}: ${change.text}${change.dueWallMs === null ? '' : `, until ${new Date(change.dueWallMs).toISOString()}`}`
    case 'task-done':
      return `${change.taskId} is done`
    case 'claimed':
      return `${change.saidBy} says (${change.where}; source ${change.reliability}, credibility ${change.credibility}): ${change.text}`
    case 'supposed':
      return `question: ${change.text}: not known`
    case 'argued':
      return `${change.hypothesisId}, ${change.side === 'supports' ? 'for it' : 'against it'}: ${change.text}${change.reference === '' ? '' : ` (${change.reference})`}`
    case 'judged':
      return `${change.hypothesisId} is judged: ${change.verdict}`
    case 'evidence-taken':
      return `evidence taken in: ${change.name} (${change.bytes} bytes, SHA-256 ${change.sha256}); ${change.provenance}`
    case 'addresses-kept':
      return `whole addresses are kept as evidence until ${new Date(change.untilWallMs).toISOString()}; legal ground: ${change.legalNote}`
    case 'addresses-ended':
      return `whole addresses are no longer kept: ${change.why}`
    case 'report-sent':
      return `report ${change.report} sent to ${change.to} (SHA-256 ${change.sha256})`
    case 'deleted':
      return 'deleted, its time of keeping is over'
  }
}
