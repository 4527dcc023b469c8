/** A report as Markdown (CommonMark with GitHub's tables). What people and attackers wrote stays text: no link, picture, HTML or line of a table comes of it. */
import { numberText } from './figure-text.ts'
import type { Block, Cell, ReportDocument } from './report-document.ts'
import { sourceText } from './source-text.ts'
import { timeText } from '../../kernel/zoned-time.ts'

export function writeMarkdown(report: ReportDocument): string {
  const tlp = `TLP:${report.tlp.toUpperCase()}`
  const parts = [
    `# ${escapeMarkdown(report.institution === '' ? report.title : `${report.title}, ${report.institution}`)}`,
    [tlp, `Incident ${escapeMarkdown(report.incidentId)}: ${escapeMarkdown(report.incidentTitle)}`, `Written ${timeText(report.writtenAtWallMs, report.timeZone)}`, ...(report.law === null ? [] : [escapeMarkdown(report.law)])].join('\\\n'),
  ]
  if (report.missing.length > 0) parts.push(`**Draft: ${report.missing.length} ${report.missing.length === 1 ? 'field is' : 'fields are'} not filled in.**`)
  for (const section of report.sections) parts.push(`## ${escapeMarkdown(section.title)}`, ...section.blocks.map((block) => blockText(block, report)))
  parts.push(`${tlp}. Numbers with \\# are entries of Polder's journal. Polder writes drafts; people decide and send.`)
  return `${parts.join('\n\n')}\n`
}

/**
 * Every character that CommonMark or GitHub's extensions give a meaning inside a line is escaped (CommonMark 0.31, 2.4: any ASCII punctuation may be); `<` and `&`
 * become entities, for readers that ignore the backslash. A marker at the start of a line, a scheme and `www.` lose their power too.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]#|~!@$^=]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/:(?=\/\/)/g, '\\:')
    .replaceAll(/(www)\./gi, '$1\\.')
    .replaceAll(/^( *)([-+])/gm, '$1\\$2')
    .replaceAll(/^( *\d+)([.)])/gm, '$1\\$2')
    .replaceAll(/^ +/gm, '')
}

function blockText(block: Block, report: ReportDocument): string {
  switch (block.type) {
    case 'paragraph':
      return escapeMarkdown(block.text).replaceAll('\n', '\\\n')
    case 'list':
      return block.items.map((item) => `- ${cellText(item, report)}`).join('\n')
    case 'table':
      return [`**${inCell(block.caption)}**\n`, row(block.columns.map(inCell)), row(block.columns.map(() => '---')), ...block.rows.map((cells) => row(cells.map((cell) => cellText(cell, report))))].join('\n')
    case 'plot': {
      const { plot } = block
      return `**${escapeMarkdown(`${plot.title}, ${plot.unit}`)}**: ${escapeMarkdown(plot.description)} (${escapeMarkdown(sourceText({ text: '', from: plot.from }, 'UTC'))}; upper end of the scale ${numberText(plot.top)})`
    }
  }
}

function cellText(cell: Cell, report: ReportDocument): string {
  const source = sourceText(cell, report.timeZone)
  return source === '' ? inCell(cell.text) : `${inCell(cell.text)} *(${inCell(source)})*`
}

function inCell(text: string): string {
  return escapeMarkdown(text).replaceAll('\n', '<br>')
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
