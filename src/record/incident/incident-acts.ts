/**
 * What a person may do with an incident: each question is judged and becomes one change. Nothing here is decided by Polder: a verdict, a claim's worth, an
 * answer to a law's question are a person's, with a name.
 */
import { credibilities, hypothesisVerdicts, sourceReliabilities, tlpMarkings } from '../../contract/incident.ts'
import { DAY_MS, MINUTE_MS } from '../../kernel/units.ts'
import { RecordError } from '../room.ts'
import type { IncidentRecord } from './apply-change.ts'
import type { IncidentChange } from './changes.ts'
import { type Asks, choiceIn, hashIn, lineIn, optionalLineIn, optionalTextIn, optionalTimeIn, textIn, timeIn } from '../read-asks.ts'

/** People look back when they say since when they knew; longer ago than this is a slip of the keyboard. */
const LONGEST_BACK_MS = 60 * DAY_MS
const MOST_ITEMS = 1_000
const MOST_ANSWERS = 200
/** Of the Incident as JSON: an answer of the control socket holds 4 MiB, figures and timeline included. */
const MOST_BYTES = 1_500_000

export interface ActContext {
  readonly nowWallMs: number
  readonly who: string
  readonly maxAddressEvidenceMs: number
}

/** Questions that are answered by one change of the incident they name. @throws RecordError when it cannot be done. */
export const acts: Readonly<Record<string, (record: IncidentRecord, asks: Asks, context: ActContext) => IncidentChange>> = {
  aware: (record, asks, { nowWallMs }) => {
    const atWallMs = timeIn(asks, 'atWallMs')
    if (atWallMs > nowWallMs + MINUTE_MS) throw new RecordError('bad-question', 'nobody can be aware in the future; say when people first knew')
    if (atWallMs < record.openedAtWallMs - LONGEST_BACK_MS) throw new RecordError('bad-question', 'that is more than 60 days before the incident; check the date')
    return { change: 'aware', atWallMs }
  },
  mark: (_record, asks) => {
    const change = {
      change: 'marked' as const,
      ...(asks['tlp'] === undefined ? {} : { tlp: choiceIn(asks, 'tlp', tlpMarkings) }),
      ...(asks['significant'] === undefined ? {} : { significant: flagIn(asks, 'significant') }),
      ...(asks['title'] === undefined ? {} : { title: lineIn(asks, 'title') }),
    }
    if (Object.keys(change).length === 1) throw new RecordError('bad-question', 'nothing to mark: name tlp, significant or title')
    return change
  },
  answer: (record, asks) => {
    const field = asks['field']
    if (typeof field !== 'string' || !/^[a-z][a-z0-9.-]{0,63}$/i.test(field)) throw new RecordError('bad-question', 'field must be the name of a question of a report: small letters, digits, - and .')
    if (Object.keys(record.answers).length >= MOST_ANSWERS && !Object.hasOwn(record.answers, field)) throw new RecordError('bad-question', `an incident holds at most ${MOST_ANSWERS} answers`)
    return { change: 'answered', field, text: textIn(asks, 'text') }
  },
  note: (record, asks) => {
    room(record.notes, 'notes')
    return { change: 'noted', text: textIn(asks, 'text') }
  },
  task: (record, asks) => {
    room(record.tasks, 'tasks')
    return { change: 'task-set', text: textIn(asks, 'text'), assignee: optionalLineIn(asks, 'assignee'), dueWallMs: optionalTimeIn(asks, 'dueWallMs') }
  },
  taskDone: (record, asks) => {
    const taskId = lineIn(asks, 'taskId')
    const task = named(record.tasks, taskId, 'task')
    if (task.doneAtWallMs !== null) throw new RecordError('bad-question', `${taskId} is done already`)
    return { change: 'task-done', taskId }
  },
  claim: (record, asks) => {
    room(record.claims, 'claims')
    const evidenceId = asks['evidenceId'] === null || asks['evidenceId'] === undefined ? null : lineIn(asks, 'evidenceId')
    if (evidenceId !== null) named(record.evidence, evidenceId, 'evidence')
    return {
      change: 'claimed',
      saidBy: lineIn(asks, 'saidBy'),
      where: lineIn(asks, 'where'),
      saidAtWallMs: optionalTimeIn(asks, 'saidAtWallMs'),
      text: textIn(asks, 'text'),
      reliability: choiceIn(asks, 'reliability', sourceReliabilities),
      credibility: choiceIn(asks, 'credibility', credibilities),
      evidenceId,
    }
  },
  hypothesis: (record, asks) => {
    room(record.hypotheses, 'hypotheses')
    return { change: 'supposed', text: textIn(asks, 'text') }
  },
  argue: (record, asks) => {
    const hypothesisId = lineIn(asks, 'hypothesisId')
    const hypothesis = named(record.hypotheses, hypothesisId, 'hypothesis')
    const side = choiceIn(asks, 'side', ['supports', 'against'] as const)
    if (hypothesis[side].length >= 100) throw new RecordError('bad-question', 'a hypothesis holds at most 100 arguments on each side')
    const reference = optionalLineIn(asks, 'reference')
    if (reference !== '' && ![...record.evidence, ...record.claims].some((one) => one.id === reference)) throw new RecordError('not-found', `there is no evidence and no claim ${reference} in this incident; polder incident show lists them`)
    return { change: 'argued', hypothesisId, side, text: textIn(asks, 'text'), reference }
  },
  judge: (record, asks, { who }) => {
    byAPerson(who, 'a verdict is a person\'s, never Polder\'s')
    const hypothesisId = lineIn(asks, 'hypothesisId')
    named(record.hypotheses, hypothesisId, 'hypothesis')
    return { change: 'judged', hypothesisId, verdict: choiceIn(asks, 'verdict', hypothesisVerdicts) }
  },
  addressEvidence: (record, asks, { nowWallMs, who, maxAddressEvidenceMs }) => {
    byAPerson(who, 'whole addresses are kept by the order of a named person only')
    const untilWallMs = timeIn(asks, 'untilWallMs')
    if (untilWallMs <= nowWallMs) {
      if (record.addressEvidence === null) throw new RecordError('bad-question', 'whole addresses are not being kept; for switching on, the end must lie in the future')
      return { change: 'addresses-ended', why: optionalTextIn(asks, 'legalNote') || 'by order' }
    }
    if (record.closedAtWallMs !== null) throw new RecordError('bad-question', 'the incident is closed: nothing more is recorded for it')
    if (untilWallMs > nowWallMs + maxAddressEvidenceMs) throw new RecordError('bad-question', `that is longer than incident.maxAddressEvidenceMs allows (${Math.round(maxAddressEvidenceMs / 3_600_000)} h)`)
    const legalNote = textIn(asks, 'legalNote')
    if (legalNote.length < 10) throw new RecordError('bad-question', 'the legal ground is too short to be one: name the law or the order, and who decided')
    return { change: 'addresses-kept', legalNote, untilWallMs }
  },
  sent: (record, asks) => {
    room(record.reports, 'sent reports')
    return { change: 'report-sent', report: lineIn(asks, 'kind'), to: lineIn(asks, 'to'), sha256: hashIn(asks, 'sha256') }
  },
}

/** Refuses what would let an incident grow beyond what can be shown. */
export function mustFit(record: IncidentRecord, change: IncidentChange): void {
  const { changes: _changes, closingFigures: _figures, closingTimeline: _timeline, ...rest } = record
  if (Buffer.byteLength(JSON.stringify(rest)) + Buffer.byteLength(JSON.stringify(change)) > MOST_BYTES) throw new RecordError('bad-question', `incident ${record.id} is full; take long texts in as evidence, or open another incident`)
}

export function byAPerson(who: string, sentence: string): void {
  if (who.trim() === '' || who === 'polder') throw new RecordError('not-allowed', sentence)
}

function flagIn(asks: Asks, name: string): boolean {
  const value = asks[name]
  if (typeof value !== 'boolean') throw new RecordError('bad-question', `${name} must be true or false`)
  return value
}

function room(items: readonly unknown[], what: string): void {
  if (items.length >= MOST_ITEMS) throw new RecordError('bad-question', `an incident holds at most ${MOST_ITEMS} ${what}`)
}

function named<T extends { readonly id: string }>(items: readonly T[], id: string, what: string): T {
  const found = items.find((item) => item.id === id)
  if (found === undefined) throw new RecordError('not-found', `there is no ${what} "${id}" in this incident${items.length === 0 ? '; it has none' : `; it has ${items.slice(-10).map((item) => item.id).join(', ')}`}`)
  return found
}
