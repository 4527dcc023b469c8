/** A report as one HTML file: no script, nothing fetched, readable on paper and by screen readers. Everything in it is escaped here, whoever wrote it. */
import { createHash } from 'node:crypto'
import { plotLines, timeTicks, valueTicks } from './plot-lines.ts'
import type { Block, Cell, Plot, ReportDocument, Section } from './report-document.ts'
import { sourceText } from './source-text.ts'
import { timeText } from '../../kernel/zoned-time.ts'

const STYLE = `
:root{color-scheme:light}
body{font:1rem/1.45 system-ui,"DejaVu Sans","Liberation Sans",sans-serif;color:#1a1a1a;background:#fff;max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;margin:.2rem 0}h2{font-size:1.2rem;margin:1.6rem 0 .4rem;border-bottom:1px solid #767676}
table{border-collapse:collapse;width:100%;margin:.6rem 0}caption{text-align:left;font-weight:600;padding:.2rem 0}
th,td{text-align:left;vertical-align:top;border:1px solid #767676;padding:.25rem .5rem;overflow-wrap:anywhere}thead th{background:#eee}
small{color:#454545}.missing{background:#fff3c4;outline:1px dashed #7a5b00}.tlp{font-weight:700}figure{margin:.8rem 0}svg{width:100%;height:auto;border:1px solid #767676}
ol.legend{list-style:none;margin:.3rem 0;padding:0}.skip{position:absolute;left:-99rem}.skip:focus{position:static}
@page{size:A4;margin:18mm}
@media print{body{max-width:none;padding:0;font-size:10pt}.skip{display:none}h2{break-after:avoid}tr,figure{break-inside:avoid}thead{display:table-header-group}}
`
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`

export function writeHtml(report: ReportDocument): string {
  const heading = report.institution === '' ? report.title : `${report.title}, ${report.institution}`
  const tlp = `TLP:${report.tlp.toUpperCase()}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(`${report.title}: ${report.incidentId} (${tlp})`)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#report">To the report</a>
<header>
<p class="tlp">${escapeHtml(tlp)}</p>
<h1>${escapeHtml(heading)}</h1>
<p>Incident ${escapeHtml(report.incidentId)}: ${langSpan(report.incidentTitle, report.language)}<br>
Written ${escapeHtml(timeText(report.writtenAtWallMs, report.timeZone))}${report.law === null ? '' : `<br>\n${escapeHtml(report.law)}`}</p>
${report.missing.length === 0 ? '' : `<p><strong>Draft: ${report.missing.length} ${report.missing.length === 1 ? 'field is' : 'fields are'} not filled in.</strong> <a href="#missing">See what is missing</a></p>\n`}</header>
<nav aria-label="Sections">
<ul>
${report.sections.map((one) => `<li><a href="#${escapeHtml(one.id)}">${escapeHtml(one.title)}</a></li>`).join('\n')}
</ul>
</nav>
<main id="report">
${report.sections.map((one) => sectionHtml(one, report)).join('\n')}
</main>
<footer>
<p>${escapeHtml(tlp)}. Numbers with # are entries of Polder's journal. Polder writes drafts; people decide and send.</p>
</footer>
</body>
</html>
`
}

/** For text and for attributes in double or single quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll('\'', '&#39;')
}

function sectionHtml(section: Section, report: ReportDocument): string {
  const id = escapeHtml(section.id)
  return `<section aria-labelledby="${id}">\n<h2 id="${id}">${escapeHtml(section.title)}</h2>\n${section.blocks.map((block) => blockHtml(block, report)).join('\n')}\n</section>`
}

function blockHtml(block: Block, report: ReportDocument): string {
  switch (block.type) {
    case 'paragraph':
      return `<p${langAttribute(block.lang)}>${lines(block.text)}</p>`
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${cellHtml(item, report)}</li>`).join('\n')}\n</ul>`
    case 'table':
      return `<table>\n<caption>${escapeHtml(block.caption)}</caption>\n<thead><tr>${block.columns.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('')}</tr></thead>\n<tbody>\n${block.rows.map((row) => `<tr>${row.map((cell, index) => (index === 0 ? `<th scope="row">${cellHtml(cell, report)}</th>` : `<td>${cellHtml(cell, report)}</td>`)).join('')}</tr>`).join('\n')}\n</tbody>\n</table>`
    case 'plot':
      return plotHtml(block.plot)
  }
}

function cellHtml(cell: Cell, report: ReportDocument): string {
  const text = cell.source?.by === 'missing' ? `<span class="missing">${escapeHtml(cell.text)}</span>` : cell.lang === undefined ? lines(cell.text) : langSpan(cell.text, cell.lang)
  const source = sourceText(cell, report.timeZone)
  return source === '' ? text : `${text} <small>(${escapeHtml(source)})</small>`
}

function langSpan(text: string, lang: string): string {
  return lang === 'en' ? lines(text) : `<span${langAttribute(lang)}>${lines(text)}</span>`
}

function langAttribute(lang: string | undefined): string {
  return lang === undefined || lang === 'en' ? '' : ` lang="${escapeHtml(lang)}"`
}

function lines(text: string): string {
  return escapeHtml(text).replaceAll('\n', '<br>')
}

/** Points of the drawing, not of the paper. */
const BOX = { left: 70, top: 14, width: 660, height: 190 }

function plotHtml(plot: Plot): string {
  const id = escapeHtml(plot.id)
  const drawn = plotLines(plot, BOX)
  const right = BOX.left + BOX.width
  const bottom = BOX.top + BOX.height
  const grid = valueTicks(plot, BOX).map((tick) => `<line x1="${BOX.left}" y1="${tick.at}" x2="${right}" y2="${tick.at}" stroke="#c8c8c8"/><text x="${BOX.left - 6}" y="${tick.at + 4}" text-anchor="end">${escapeHtml(tick.text)}</text>`)
  const moments = timeTicks(plot, BOX).map((tick, index, all) => `<text x="${tick.at}" y="${bottom + 16}" text-anchor="${index === 0 ? 'start' : index === all.length - 1 ? 'end' : 'middle'}">${escapeHtml(tick.text)}</text>`)
  const paths = drawn.map((line) => `<path fill="none" stroke="${line.colour}" stroke-width="1.6"${line.dash.length === 0 ? '' : ` stroke-dasharray="${line.dash.join(' ')}"`} d="${line.pieces.map((piece) => `M${piece.map(([x, y]) => `${x} ${y}`).join('L')}`).join('')}"/><text x="${line.highest[0]}" y="${Math.max(line.highest[1] - 3, 11)}" fill="${line.colour}">${line.number}</text>`)
  return `<figure>
<svg role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 750 230" font-family="sans-serif" font-size="11">
<title id="${id}-title">${escapeHtml(`${plot.title}, ${plot.unit}`)}</title>
<desc id="${id}-desc">${escapeHtml(plot.description)}</desc>
${grid.join('')}${moments.join('')}${paths.join('')}
</svg>
<figcaption>${escapeHtml(`${plot.title}, ${plot.unit}; times in UTC.`)}
<ol class="legend">${drawn.map((line) => `<li>${line.number}: ${escapeHtml(line.name)}</li>`).join('')}</ol>
<small>(${escapeHtml(sourceText({ text: '', from: plot.from }, 'UTC'))})</small></figcaption>
</figure>`
}
