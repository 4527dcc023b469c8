/**
 * Puts a report together from the facts of an incident. It invents nothing: a figure comes with its journal entries, an answer with the person who gave it,
 * a claim as somebody's claim; everything else is "not known" and listed as missing, with the command that fills it in. It judges nothing either: not
 * whether the incident is significant, not who did it, not whether a law applies.
 */
import type { Incident } from '../../contract/incident.ts'
import type { ReportKind } from '../../contract/report.ts'
import { NOT_KNOWN } from './figure-text.ts'
import type { MeasuredCourse } from './measured-course.ts'
import type { ReportSettings } from './options.ts'
import { LONGEST_TEXT, oneLine, plainText } from './plain-text.ts'
import { lawOf, reportClocks } from './report-clocks.ts'
import type { Cell, MissingField, ReportDocument, Section } from './report-document.ts'
import { questions, type QuestionId, reportPlans } from './report-plans.ts'
import { sectionBuilders } from './report-sections.ts'
import { timeText } from '../../kernel/zoned-time.ts'

/** The brief is one page. */
const MOST_BRIEF_ANSWER = 400

export interface Facts {
  readonly incident: Incident
  readonly course: MeasuredCourse
  readonly settings: ReportSettings
  readonly nowWallMs: number
}

export const regimeWords: Readonly<Record<ReportSettings['regime'], string>> = Object.freeze({
  none: 'none set',
  'nis2-essential': 'NIS2 (Directive (EU) 2022/2555), essential entity',
  'nis2-important': 'NIS2 (Directive (EU) 2022/2555), important entity',
  'eu-body': 'Regulation (EU, Euratom) 2023/2841, body of the Union',
})

export function composeReport(facts: Facts, kind: ReportKind): ReportDocument {
  const { incident, settings, nowWallMs } = facts
  const plan = reportPlans[kind]
  const missing: MissingField[] = []
  const sections: Section[] = [aboutSection(facts, kind, missing)]
  for (const name of plan.sections) {
    if (name === 'assessment') sections.push(assessmentSection(facts, plan.questions, missing, kind === 'brief' ? MOST_BRIEF_ANSWER : LONGEST_TEXT))
    else sections.push(...sectionBuilders[name](facts))
  }
  return {
    format: 1,
    kind,
    title: plan.title,
    incidentId: incident.id,
    incidentTitle: oneLine(incident.title, kind === 'brief' ? 150 : 300),
    institution: oneLine(settings.institution, 200),
    tlp: incident.tlp,
    writtenAtWallMs: nowWallMs,
    timeZone: settings.timeZone,
    language: settings.language,
    law: plan.point === null ? null : lawOf(settings.regime, plan.point),
    clocks: reportClocks(incident, settings, nowWallMs),
    sections: missing.length === 0 ? sections : [...sections, missingSection(missing, kind)],
    missing,
  }
}

/** Whom the report goes to; '' when nobody is named. */
export function authorityOf(settings: ReportSettings): string {
  return settings.authority === '' && settings.regime === 'eu-body' ? 'CERT-EU' : settings.authority
}

function aboutSection(facts: Facts, kind: ReportKind, missing: MissingField[]): Section {
  const { incident, settings } = facts
  const zone = settings.timeZone
  const legal = reportPlans[kind].point !== null
  const rows: Cell[][] = []
  const set = (label: string, value: string, path: string): void => {
    rows.push([{ text: label }, value === '' ? gap(missing, path, label, 'This is set once, in the settings file.', `report.${path} in polder.yaml`) : { text: oneLine(value), source: { by: 'settings' } }])
  }
  // The brief has it in its heading; a missing name is asked for everywhere.
  if (kind !== 'brief' || settings.institution === '') set('Institution', settings.institution, 'institution')
  if (settings.site !== '') set('Site', settings.site, 'site')
  if (kind !== 'brief') set('Contact', settings.contact, 'contact')
  if (legal) {
    set('Reported to', authorityOf(settings), 'authority')
    set('Country', settings.country, 'country')
    rows.push([{ text: 'Legal regime' }, { text: regimeWords[settings.regime], source: { by: 'settings' } }])
  }
  if (kind !== 'brief') rows.push([{ text: 'Incident' }, { text: `${incident.id}: ${oneLine(incident.title, 300)}`, lang: settings.language }])
  if (kind !== 'brief') rows.push([{ text: 'Opened' }, { text: `${timeText(incident.openedAtWallMs, zone)}, by ${oneLine(incident.openedBy, 100)}` }])
  rows.push([{ text: 'State' }, { text: incident.closedAtWallMs === null ? 'still going on' : `closed ${timeText(incident.closedAtWallMs, zone)}, by ${oneLine(incident.closedBy ?? NOT_KNOWN, 100)}` }])
  rows.push([{ text: 'People became aware' }, incident.awareAtWallMs === null
    ? gap(missing, 'aware', 'People became aware', 'When did people of your institution become aware of the incident? The legal clocks start there.', `polder incident aware ${incident.id} --at TIME`)
    : { text: `${timeText(incident.awareAtWallMs, zone)}, as ${oneLine(incident.awareWho ?? NOT_KNOWN, 100)} says` }])
  if (legal) {
    rows.push([{ text: 'Significant (a decision of people)' }, incident.significant === null
      ? gap(missing, 'significant', 'Significant', 'Is the incident significant within the meaning of your law? Polder does not decide this.', `polder incident mark ${incident.id} --significant yes|no`)
      : { text: incident.significant ? 'yes' : 'no' }])
  }
  if (incident.mergedInto !== null) rows.push([{ text: 'Merged into' }, { text: incident.mergedInto }])
  return { id: 'about', title: 'About this report', blocks: [{ type: 'table', caption: 'What, who, when', columns: ['Field', 'Value'], rows }] }
}

function assessmentSection({ incident, settings }: Facts, asked: readonly QuestionId[], missing: MissingField[], most: number): Section {
  const rows = asked.map((id): Cell[] => {
    const { label, question } = questions[id]
    const answer = Object.hasOwn(incident.answers, id) ? incident.answers[id] : undefined
    if (answer === undefined || answer.text.trim() === '') return [{ text: label }, gap(missing, id, label, question, `polder incident answer ${incident.id} ${id} "TEXT"`)]
    return [{ text: label }, { text: plainText(answer.text, most), lang: settings.language, source: { by: 'person', who: oneLine(answer.who, 100), atWallMs: answer.atWallMs } }]
  })
  return { id: 'assessment', title: 'What people say', blocks: [{ type: 'table', caption: 'Answers of people; Polder fills in none of them', columns: ['Question', 'Answer'], rows }] }
}

function gap(missing: MissingField[], field: string, label: string, question: string, command: string): Cell {
  missing.push({ field, label, question, command })
  return { text: NOT_KNOWN, source: { by: 'missing', field } }
}

function missingSection(missing: readonly MissingField[], kind: ReportKind): Section {
  if (kind === 'brief') return { id: 'missing', title: 'Missing: to be filled in by people', blocks: [{ type: 'list', items: missing.map(({ label, command }) => ({ text: `${label}: ${command}` })) }] }
  return {
    id: 'missing', title: 'Missing: to be filled in by people',
    blocks: [{ type: 'table', caption: 'Fields without a value', columns: ['Field', 'Question', 'How'], rows: missing.map(({ label, question, command }) => [{ text: label }, { text: question }, { text: command }]) }],
  }
}
