/** An incident as a page that a tired person understands: what is known and how, what is not known, what to do next. */
import type { Figure, Hypothesis, Incident, IncidentSummary } from '../../contract/incident.ts'
import type { ReportClock } from '../../contract/report.ts'
import { type Colours, paint, printable } from './colour.ts'
import { bytes, clockTime, count, percent, span } from './plain-words.ts'

/** Lines of the timeline and of each list; --all shows the rest. */
const SHOWN_LINES = 20
const SHOWN_SHARES = 3

const sources: Readonly<Record<string, string>> = { A: 'completely reliable', B: 'usually reliable', C: 'fairly reliable', D: 'not usually reliable', E: 'unreliable', F: 'reliability cannot be judged' }
const worths: Readonly<Record<number, string>> = { 1: 'confirmed by others', 2: 'probably true', 3: 'possibly true', 4: 'doubtful', 5: 'improbable', 6: 'truth cannot be judged' }

export function incidentList(incidents: readonly IncidentSummary[], nowWallMs: number, colours: Colours): string {
  if (incidents.length === 0) return 'No incident. One opens by itself at the next attack; polder incident open makes one by hand.\n'
  const rows = incidents.map((one) => [
    one.id,
    one.mergedInto !== null ? `merged into ${one.mergedInto}` : one.closedAtWallMs === null ? `open for ${span(nowWallMs - one.openedAtWallMs)}` : `closed, took ${span(one.closedAtWallMs - one.openedAtWallMs)}`,
    one.worstState,
    one.awareAtWallMs === null ? 'awareness not said' : `aware ${clockTime(one.awareAtWallMs, nowWallMs)}`,
    one.openTasks === 0 ? '' : `${one.openTasks} open ${one.openTasks === 1 ? 'task' : 'tasks'}`,
    printable(one.title),
  ])
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row, i) => {
    const line = row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()
    return `${incidents[i].closedAtWallMs === null ? paint(colours, 'bold', line) : line}\n`
  }).join('')
}

/** `clocks` null: the reports did not answer. */
export function incidentPage(incident: Incident, clocks: readonly ReportClock[] | null, nowWallMs: number, all: boolean, colours: Colours): string {
  const when = (wallMs: number): string => clockTime(wallMs, nowWallMs)
  const bold = (text: string): string => paint(colours, 'bold', text)
  const lines: string[] = [
    `${bold(`Incident ${incident.id}: ${incident.title}`)}   TLP:${incident.tlp.toUpperCase()}`,
    `times are UTC; now ${clockTime(nowWallMs, nowWallMs)}`,
    incident.mergedInto !== null
      ? `merged into ${incident.mergedInto}: polder incident show ${incident.mergedInto}`
      : incident.closedAtWallMs === null
        ? `${paint(colours, 'red', 'open')} since ${when(incident.openedAtWallMs)} (${span(nowWallMs - incident.openedAtWallMs)}), opened by ${incident.openedBy}`
        : `closed ${when(incident.closedAtWallMs)} by ${incident.closedBy}; open from ${when(incident.openedAtWallMs)} (${span(incident.closedAtWallMs - incident.openedAtWallMs)})`,
    incident.awareAtWallMs === null ? `aware          ${paint(colours, 'yellow', 'not said yet')}; legal clocks start with: polder incident aware ${incident.id}` : `aware          since ${when(incident.awareAtWallMs)} (said by ${incident.awareWho})`,
    `significant    ${incident.significant === null ? 'not judged yet: a person decides (polder incident mark)' : incident.significant ? 'yes, by a person\'s judgement' : 'no, by a person\'s judgement'}`,
    ...(incident.addressEvidence === null ? [] : [`${paint(colours, 'yellow', 'addresses')}      whole addresses are kept until ${when(incident.addressEvidence.untilWallMs)}, by order of ${incident.addressEvidence.who}: ${incident.addressEvidence.legalNote}`]),
    '',
    bold('What is known, and how'),
    ...figureLines(incident.figures, when, all),
    ...deadlineLines(incident, clocks, nowWallMs, when, colours),
    ...section(bold('Open tasks'), incident.tasks.filter((task) => task.doneAtWallMs === null).map((task) => `${task.id}: ${task.text}${task.assignee === '' ? ' (nobody yet)' : ` (${task.assignee})`}${task.dueWallMs === null ? '' : task.dueWallMs < nowWallMs ? paint(colours, 'red', ` late since ${when(task.dueWallMs)}`) : `, until ${when(task.dueWallMs)}`}`)),
    ...section(bold('Questions; only people answer them'), incident.hypotheses.flatMap((one) => hypothesisLines(one, colours))),
    ...section(bold('What others say'), incident.claims.map((claim) => `${claim.id}: ${claim.saidBy}, ${claim.where}${claim.saidAtWallMs === null ? '' : `, ${when(claim.saidAtWallMs)}`}: "${claim.text}" [${claim.reliability}${claim.credibility}: source ${sources[claim.reliability]}, ${worths[claim.credibility]}]${claim.evidenceId === null ? ' (no saved copy)' : ` (copy: ${claim.evidenceId})`}`)),
    ...section(bold('Around it in the calendar (facts, not causes)'), incident.around.map((event) => `${when(event.fromWallMs)} to ${when(event.toWallMs)}: ${event.title}${event.postures.length === 0 ? '' : ` (posture ${event.postures.join(', ')})`}`)),
    ...section(bold('Evidence'), incident.evidence.map((item) => `${item.id}: ${item.name}, ${bytes(item.bytes)}, ${item.provenance} (${item.who}, ${when(item.atWallMs)}; SHA-256 ${all ? item.sha256 : `${item.sha256.slice(0, 12)}…`})`)),
    ...section(bold('Notes'), cut(incident.notes.map((note) => `${when(note.atWallMs)} ${note.who}: ${note.text}`), all)),
    ...section(bold('Answers for the reports'), Object.entries(incident.answers).map(([field, answer]) => `${field}: ${answer.text} (${answer.who})`)),
    ...section(bold('Reports sent'), incident.reports.map((report) => `${when(report.sentAtWallMs)} ${report.kind} to ${report.to} by ${report.who}`)),
    ...section(bold('Timeline'), cut(incident.timeline.map((item) => `${when(item.atWallMs)} ${ownSentence(incident, item.sentence)}${item.who === 'polder' ? '' : ` (${item.who})`}`), all)),
  ]
  return `${printable(lines.join('\n'))}\n`
}

/** Without its own name, which the page has at its top. */
export function ownSentence({ id }: Pick<Incident, 'id'>, sentence: string): string {
  return sentence.startsWith(`incident ${id}: `) ? sentence.slice(`incident ${id}: `.length) : sentence
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line.replaceAll('\n', '\n    ')}`)]
}

/** The newest; what came before is a number. */
function cut(lines: readonly string[], all: boolean): string[] {
  return all || lines.length <= SHOWN_LINES ? [...lines] : [`(${lines.length - SHOWN_LINES} earlier: --all)`, ...lines.slice(-SHOWN_LINES)]
}

function figureLines(figures: readonly Figure[], when: (wallMs: number) => string, all: boolean): string[] {
  const shares = new Map<string, number>()
  const shown = figures.filter((figure) => {
    if (all || figure.of === undefined) return true
    const n = (shares.get(figure.code) ?? 0) + 1
    shares.set(figure.code, n)
    return n <= SHOWN_SHARES
  })
  const names = shown.map((figure) => (figure.of === undefined ? figure.name : `  ${figure.code.endsWith('-share') ? `${figure.code.replace('-share', '')} ` : ''}${figure.of}`))
  const width = Math.min(64, Math.max(...names.map((name) => name.length)))
  return shown.map((figure, i) => {
    const value = figure.value === null ? 'not known' : valueText(figure, when)
    return `  ${names[i].padEnd(width)}  ${value.padEnd(12)}  ${figure.kind === 'not-known' ? '' : figure.kind}${all && figure.from.length > 0 ? `, journal ${figure.from.map((one) => (typeof one === 'number' ? String(one) : `${one[0]} to ${one[1]}`)).join(', ')}` : ''}`.trimEnd()
  })
}

export function valueText(figure: Figure, when: (wallMs: number) => string): string {
  const value = figure.value!
  switch (figure.unit) {
    case 'time':
      return when(value)
    case 'seconds':
      return span(value * 1_000)
    case 'share':
      return percent(value)
    case 'ms':
      return `${count(value)} ms`
    case 'per-second':
      return `${count(value)}/s`
    case 'bits-per-second':
      return `${count(value / 1e6)} Mbit/s`
    default:
      return count(value)
  }
}

function deadlineLines(incident: Incident, clocks: readonly ReportClock[] | null, nowWallMs: number, when: (wallMs: number) => string, colours: Colours): string[] {
  if (clocks === null) return []
  const lines = clocks.flatMap((clock) => {
    if (clock.state === 'sent') return [`${clock.kind}: sent${clock.sentAtWallMs === null ? '' : ` ${when(clock.sentAtWallMs)}`} (${clock.law})`]
    if (clock.dueWallMs === null) return []
    const left = clock.dueWallMs - nowWallMs
    const text = `${clock.kind}: ${left < 0 ? `LATE since ${when(clock.dueWallMs)}` : `due ${when(clock.dueWallMs)}, in ${span(left)}`} (${clock.law})`
    return [left < 0 ? paint(colours, 'red', text) : clock.state === 'soon' ? paint(colours, 'yellow', text) : text]
  })
  if (lines.length === 0) return section(paint(colours, 'bold', 'Deadlines'), [incident.awareAtWallMs === null ? 'none runs: nobody said yet when people became aware' : `none runs: polder incident clocks ${incident.id} says why`])
  return section(paint(colours, 'bold', 'Deadlines'), lines)
}

function hypothesisLines(hypothesis: Hypothesis, colours: Colours): string[] {
  const argue = (side: string, items: Hypothesis['supports']): string[] => items.map((one) => `    ${side}: ${one.text}${one.reference === '' ? '' : ` [${one.reference}]`} (${one.who})`)
  return [`${hypothesis.id}: ${hypothesis.text}: ${paint(colours, 'bold', hypothesis.verdict)}`, ...argue('for', hypothesis.supports), ...argue('against', hypothesis.against)]
}
