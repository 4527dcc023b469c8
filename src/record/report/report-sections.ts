/** The parts of a report that come from the record itself: figures, course, rules, claims, hypotheses. Each says where it comes from. */
import type { Figure, FigureCode, Incident, TimelineItem } from '../../contract/incident.ts'
import type { Facts } from './compose-report.ts'
import { coursePlots } from './course-plots.ts'
import { figureText, NOT_KNOWN, numberText } from './figure-text.ts'
import { oneLine, plainText } from './plain-text.ts'
import { reportClocks } from './report-clocks.ts'
import type { Block, Cell, Section } from './report-document.ts'
import { reportPlans, type SectionName } from './report-plans.ts'
import { timeText } from '../../kernel/zoned-time.ts'

/** A report is read by people; the whole course stands in the journal and in the JSON of the incident. */
const MOST_TIMELINE = 400
const MOST_SHORT_TIMELINE = 15
const MOST_RULES = 40
const MOST_LISTED = 200
/** One page: what the leadership asks first. */
const briefCodes: ReadonlySet<FigureCode> = new Set(['start', 'mitigated', 'ended', 'duration-seconds', 'peak-requests-per-second', 'served', 'lost', 'visitors-served'])
const MOST_BRIEF_LINES = 4
const earlyCodes: ReadonlySet<FigureCode> = new Set(['start', 'detected', 'mitigated', 'ended', 'duration-seconds', 'peak-requests-per-second', 'expected-requests-per-second', 'served', 'refused', 'lost', 'visitors-served', 'origin-latency-p99-ms'])
/** What a short course leaves out first. */
const turningPoints: ReadonlySet<TimelineItem['kind']> = new Set(['state', 'origin', 'act', 'person', 'statement'])

export const sectionBuilders: Readonly<Record<Exclude<SectionName, 'assessment'>, (facts: Facts) => Section[]>> = Object.freeze({
  'early-figures': ({ incident, settings }: Facts) => figureSection(incident.figures.filter((one) => earlyCodes.has(one.code)), settings.timeZone),
  'brief-judgement': ({ incident, settings }: Facts) => {
    const items = incident.hypotheses.slice(0, MOST_BRIEF_LINES).map((one): Cell => ({ text: `${oneLine(one.text, 150)}: ${one.verdict}`, lang: settings.language }))
    if (incident.hypotheses.length > MOST_BRIEF_LINES) items.push({ text: `${incident.hypotheses.length - MOST_BRIEF_LINES} further hypotheses stand in the other reports.` })
    if (incident.claims.length > 0) items.push({ text: `${incident.claims.length} ${incident.claims.length === 1 ? 'claim' : 'claims'} of others, not checked by Polder.` })
    return [section('judgement', 'Who and why', [{ type: 'list', items: items.length === 0 ? [{ text: 'Not known. No hypothesis is recorded.' }] : items }])]
  },
  'brief-clocks': ({ incident, settings, nowWallMs }: Facts) => {
    const items = reportClocks(incident, settings, nowWallMs).map((one): Cell => ({ text: `${reportPlans[one.kind].title}: ${one.sentAtWallMs !== null ? `sent ${timeText(one.sentAtWallMs, settings.timeZone)}` : one.dueWallMs === null ? 'not started' : `due ${timeText(one.dueWallMs, settings.timeZone)}${one.state === 'late' ? ', late' : ''}`}` }))
    return items.length === 0 ? [] : [section('clocks', 'Deadlines', [{ type: 'list', items }])]
  },
  'brief-figures': ({ incident, settings }: Facts) => figureSection(incident.figures.filter((one) => briefCodes.has(one.code)), settings.timeZone),
  figures: ({ incident, settings }: Facts) => figureSection(incident.figures, settings.timeZone),
  plots: ({ course, settings }: Facts) => {
    const plots = coursePlots(course, settings.timeZone)
    return [section('plots', 'Course in pictures', plots.length === 0 ? [{ type: 'paragraph', text: 'The journal holds no measures of the time of this incident.' }] : plots.map((plot) => ({ type: 'plot', plot })))]
  },
  measures: measuresSection,
  course: ({ incident, settings }: Facts) => courseSection(incident, settings.timeZone, [...incident.timeline], MOST_TIMELINE),
  'short-course': ({ incident, settings }: Facts) => {
    const points = incident.timeline.filter((item) => turningPoints.has(item.kind))
    return courseSection(incident, settings.timeZone, points.length === 0 ? [...incident.timeline] : points, MOST_SHORT_TIMELINE)
  },
  claims: claimsSection,
  hypotheses: hypothesesSection,
  evidence: ({ incident, settings }: Facts) => {
    const rows = incident.evidence.slice(0, MOST_LISTED).map((one): Cell[] => [
      { text: one.id }, { text: oneLine(one.name, 300) }, { text: oneLine(one.provenance, 1_000), lang: settings.language }, { text: `${numberText(one.bytes)} bytes, SHA-256 ${one.sha256}` },
      { text: `${timeText(one.atWallMs, settings.timeZone)}, ${oneLine(one.who, 100)}` },
    ])
    const blocks: Block[] = [rows.length === 0 ? { type: 'paragraph', text: 'No evidence was taken in.' } : { type: 'table', caption: 'Evidence, with provenance and hash', columns: ['Id', 'Name', 'How it came here', 'Size and hash', 'Taken in'], rows }]
    const kept = incident.addressEvidence
    blocks.push({ type: 'paragraph', text: kept === null ? 'No whole addresses of visitors were kept.' : `Whole addresses were kept from ${timeText(kept.fromWallMs, settings.timeZone)} until ${timeText(kept.untilWallMs, settings.timeZone)}, by order of ${oneLine(kept.who, 100)}. Legal note: ${oneLine(kept.legalNote, 1_000)}` })
    return [section('evidence', 'Evidence', blocks)]
  },
  around: ({ incident, settings }: Facts) => [
    section('around', 'Events of the calendar around it', [
      { type: 'paragraph', text: 'These are facts of the calendar, not causes. Whether there is a link is said by people, under Hypotheses, and by nobody else.' },
      incident.around.length === 0
        ? { type: 'paragraph', text: 'None.' }
        : { type: 'table', caption: 'Calendar', columns: ['Event', 'From', 'To'], rows: incident.around.slice(0, MOST_LISTED).map((one) => [{ text: oneLine(one.title, 300), lang: settings.language }, { text: timeText(one.fromWallMs, settings.timeZone) }, { text: timeText(one.toWallMs, settings.timeZone) }]) },
    ]),
  ],
  notes: ({ incident, settings }: Facts) => [
    section('notes', 'Notes', [incident.notes.length === 0
      ? { type: 'paragraph', text: 'None.' }
      : { type: 'table', caption: 'Notes of people', columns: ['When', 'Who', 'Note'], rows: incident.notes.slice(0, MOST_LISTED).map((one) => [{ text: timeText(one.atWallMs, settings.timeZone) }, { text: oneLine(one.who, 100) }, { text: plainText(one.text), lang: settings.language }]) }]),
  ],
  tasks: ({ incident, settings }: Facts) => [
    section('tasks', 'Tasks', [incident.tasks.length === 0
      ? { type: 'paragraph', text: 'None.' }
      : { type: 'table', caption: 'Tasks', columns: ['Task', 'Who', 'Due', 'Done'], rows: incident.tasks.slice(0, MOST_LISTED).map((one) => [
        { text: oneLine(one.text, 1_000), lang: settings.language }, { text: oneLine(one.assignee, 100) },
        { text: one.dueWallMs === null ? 'no date' : timeText(one.dueWallMs, settings.timeZone) }, { text: one.doneAtWallMs === null ? 'not done' : timeText(one.doneAtWallMs, settings.timeZone) },
      ]) }]),
  ],
  sent: ({ incident, settings }: Facts) => [
    section('sent', 'Reports sent so far', [incident.reports.length === 0
      ? { type: 'paragraph', text: 'None is recorded. Polder sends no report by itself.' }
      : { type: 'table', caption: 'Sent', columns: ['Report', 'When', 'To', 'By', 'SHA-256'], rows: incident.reports.slice(0, MOST_LISTED).map((one) => [
        { text: oneLine(one.kind, 50) }, { text: timeText(one.sentAtWallMs, settings.timeZone) }, { text: oneLine(one.to, 200) }, { text: oneLine(one.who, 100) }, { text: oneLine(one.sha256, 64) },
      ]) }]),
  ],
  clocks: ({ incident, settings, nowWallMs }: Facts) => {
    const clocks = reportClocks(incident, settings, nowWallMs)
    if (clocks.length === 0) return []
    const rows = clocks.map((one): Cell[] => [
      { text: reportPlans[one.kind].title }, { text: one.dueWallMs === null ? 'not started' : timeText(one.dueWallMs, settings.timeZone) },
      { text: one.sentAtWallMs === null ? one.state : `sent ${timeText(one.sentAtWallMs, settings.timeZone)}` }, { text: one.law },
    ])
    return [section('clocks', 'Deadlines', [{ type: 'table', caption: 'Deadlines, counted by Polder; check them with your lawyers', columns: ['Report', 'Due', 'State', 'By'], rows }])]
  },
})

function section(id: string, title: string, blocks: readonly Block[]): Section {
  return { id, title, blocks }
}

function figureSection(figures: readonly Figure[], timeZone: string): Section[] {
  const rows = figures.slice(0, MOST_LISTED).map((figure): Cell[] => [
    { text: figure.of === undefined || figure.of === '' ? oneLine(figure.name, 200) : `${oneLine(figure.name, 200)}: ${oneLine(figure.of, 500)}` },
    { text: figureText(figure, timeZone), mark: figure.value === null ? 'not-known' : figure.kind, value: figure.value, unit: figure.unit, from: figure.from, source: { by: 'journal' } },
  ])
  return [section('figures', 'Figures', [rows.length === 0
    ? { type: 'paragraph', text: `No figure is known: ${NOT_KNOWN}.` }
    : { type: 'table', caption: 'Measured by Polder; numbers with # are entries of its journal', columns: ['Figure', 'Value'], rows }])]
}

function courseSection(incident: Incident, timeZone: string, items: readonly TimelineItem[], most: number): Section[] {
  const head = Math.ceil(most / 2)
  const shown = items.length <= most ? items : [...items.slice(0, head), ...items.slice(items.length - (most - head))]
  const own = `incident ${incident.id}: `
  const rows = shown.map((item): Cell[] => [{ text: timeText(item.atWallMs, timeZone) }, { text: oneLine(item.sentence.startsWith(own) ? item.sentence.slice(own.length) : item.sentence, 1_000), from: item.seq > 0 ? [item.seq] : [] }, { text: oneLine(item.who, 100) }])
  if (rows.length === 0) return [section('course', 'Course', [{ type: 'paragraph', text: 'Nothing is recorded.' }])]
  const left = incident.timeline.length - shown.length
  const note: Block[] = left > 0 ? [{ type: 'paragraph', text: `${shown.length} of ${incident.timeline.length} recorded events are shown; the others are left out from the middle. All of them: polder incident show ${incident.id}` }] : []
  return [section('course', 'Course', [{ type: 'table', caption: 'What happened, in order', columns: ['When', 'What', 'Who'], rows }, ...note])]
}

function measuresSection({ course, settings }: Facts): Section[] {
  const rules = course.rules()
  const rows = rules.slice(0, MOST_RULES).map((rule): Cell[] => [
    { text: oneLine(rule.id, 100) }, { text: oneLine(rule.sentence, 1_000) }, { text: `${rule.action}, ${rule.origin === 'automatic' ? 'by Polder' : 'by people'}` },
    { text: rule.matched === 0 && rule.matchedInDryRun > 0 ? `${numberText(rule.matchedInDryRun)} (only counted)` : numberText(rule.matched), mark: 'exact', value: rule.matched, unit: 'requests', from: [rule.from], source: { by: 'journal' } },
    { text: `${timeText(rule.firstWallMs, settings.timeZone)} to ${timeText(rule.lastWallMs, settings.timeZone)}` },
  ])
  const beyond = rules.length - rows.length + course.rulesBeyond
  const blocks: Block[] = [rows.length === 0
    ? { type: 'paragraph', text: 'The journal holds no rule that matched a request in the time of this incident.' }
    : { type: 'table', caption: 'Rules that acted, most matches first', columns: ['Rule', 'What it matches', 'Action', 'Requests matched', 'Between'], rows }]
  if (beyond > 0) blocks.push({ type: 'paragraph', text: `${numberText(beyond)} further rules with fewer matches are left out.` })
  return [section('measures', 'Rules and what they matched', blocks)]
}

function claimsSection({ incident, settings }: Facts): Section[] {
  const blocks: Block[] = [{ type: 'paragraph', text: 'Claims are what others say. Polder did not check them; letter and number are the source\'s reliability (A to F) and the credibility of what it says (1 to 6), judged by people on the Admiralty scale. F and 6: cannot be judged.' }]
  if (incident.claims.length === 0) blocks.push({ type: 'paragraph', text: 'No claim is recorded.' })
  else {
    blocks.push({ type: 'table', caption: 'Claims, quoted', columns: ['Claim', 'Said by', 'Where and when', 'Rating', 'Recorded'], rows: incident.claims.slice(0, MOST_LISTED).map((one) => [
      { text: `\u201C${plainText(one.text, 2_000)}\u201D`, lang: settings.language }, { text: oneLine(one.saidBy, 200) },
      { text: `${oneLine(one.where, 500)}, ${one.saidAtWallMs === null ? `time ${NOT_KNOWN}` : timeText(one.saidAtWallMs, settings.timeZone)}${one.evidenceId === null ? '' : ` (copy: evidence ${one.evidenceId})`}` },
      { text: `${one.reliability}${one.credibility}` }, { text: `${timeText(one.atWallMs, settings.timeZone)}, ${oneLine(one.who, 100)}` },
    ]) })
  }
  return [section('claims', 'Claims', blocks)]
}

function hypothesesSection({ incident, settings }: Facts): Section[] {
  const blocks: Block[] = []
  if (incident.hypotheses.length === 0) blocks.push({ type: 'paragraph', text: 'Who did it, and why: not known. No hypothesis is recorded.' })
  for (const one of incident.hypotheses.slice(0, MOST_LISTED)) {
    blocks.push({ type: 'table', caption: `Hypothesis: ${oneLine(one.text, 500)}`, columns: ['Part', 'Text'], rows: [
      [{ text: 'Verdict of people' }, { text: one.verdict, source: { by: 'person', who: oneLine(one.who, 100), atWallMs: one.atWallMs } }],
      ...(['supports', 'against'] as const).flatMap((side) => {
        const name = side === 'supports' ? 'Speaks for it' : 'Speaks against it'
        return one[side].length === 0
          ? [[{ text: name }, { text: 'nothing is recorded' }]]
          : one[side].map((argument): Cell[] => [{ text: name }, { text: `${oneLine(argument.text, 1_000)}${argument.reference === '' ? '' : ` (${oneLine(argument.reference, 50)})`}`, lang: settings.language, source: { by: 'person', who: oneLine(argument.who, 100), atWallMs: argument.atWallMs } }])
      }),
    ] })
  }
  return [section('hypotheses', 'Hypotheses', blocks)]
}
