/**
 * A report as tagged PDF (PDF/UA-1: structure, language, title, alternative texts). The only file that knows pdfkit. Fonts: DejaVu Sans, which has every letter of
 * the Union's languages, Greek and Bulgarian among them; a character it lacks is written as its number, never dropped.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
// oxlint-disable-next-line import/no-named-as-default -- its types know no named export
import PDFDocument from 'pdfkit'
import { RecordError } from '../room.ts'
import { plotLines, timeTicks, valueTicks } from './plot-lines.ts'
import type { Block, Cell, Plot, ReportDocument, Section } from './report-document.ts'
import { sourceText } from './source-text.ts'
import { timeText } from '../../kernel/zoned-time.ts'

interface Spacing {
  readonly margin: number
  readonly lineGap: number
  readonly padding: number
  readonly textSize: number
  readonly tableSize: number
}
/** Points. The brief is one page. */
const usualSpacing: Spacing = Object.freeze({ margin: 51, lineGap: 1.5, padding: 4, textSize: 9.5, tableSize: 8.5 })
const briefSpacings: readonly Spacing[] = Object.freeze([{ margin: 40, lineGap: 0.8, padding: 2.5, textSize: 9, tableSize: 8 }, { margin: 34, lineGap: 0, padding: 1.5, textSize: 7.5, tableSize: 7 }])
/** A third of a page. */
const LONGEST_BEGINNING = 260
const PLOT_ROOM = 200
const INK = '#1a1a1a'
const PALE_INK = '#454545'
const RULE = '#767676'
const HEAD_FILL = '#eeeeee'
/** Where Debian (fonts-dejavu-core) and the package dejavu-fonts-ttf put the files. */
const FONT_FOLDERS = ['/usr/share/fonts/truetype/dejavu', '/usr/share/fonts/dejavu', '/usr/share/fonts/TTF'] as const

export interface PdfFonts {
  readonly regular: string
  readonly bold: string
}

/** @throws RecordError when no font is installed. */
export function findFonts(): PdfFonts {
  const folders: string[] = [...FONT_FOLDERS]
  try {
    folders.unshift(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf').replace(/\/DejaVuSans\.ttf$/, ''))
  } catch {
    // Not installed: the system's own fonts do.
  }
  const folder = folders.find((one) => existsSync(`${one}/DejaVuSans.ttf`) && existsSync(`${one}/DejaVuSans-Bold.ttf`))
  if (folder === undefined) throw new RecordError('failed', 'No PDF: the fonts DejaVuSans.ttf and DejaVuSans-Bold.ttf are not installed (Debian: apt-get install fonts-dejavu-core). The forms html, markdown and json need none.')
  return { regular: `${folder}/DejaVuSans.ttf`, bold: `${folder}/DejaVuSans-Bold.ttf` }
}

export async function writePdf(report: ReportDocument, fonts: PdfFonts = findFonts()): Promise<Buffer> {
  let written: { readonly bytes: Buffer; readonly pages: number } = { bytes: Buffer.alloc(0), pages: 0 }
  for (const spacing of report.kind === 'brief' ? briefSpacings : [usualSpacing]) {
    written = await writeWith(report, fonts, spacing)
    if (written.pages === 1) break
  }
  return written.bytes
}

async function writeWith(report: ReportDocument, fonts: PdfFonts, spacing: Spacing): Promise<{ readonly bytes: Buffer; readonly pages: number }> {
  const tlp = `TLP:${report.tlp.toUpperCase()}`
  // pdfkit puts the author unescaped into the XML of the metadata: a name that XML would misread is left to the heading.
  const doc = new PDFDocument({
    size: 'A4', margin: spacing.margin, pdfVersion: '1.7', tagged: true, subset: 'PDF/UA' as never, lang: 'en', displayTitle: true, bufferPages: true,
    info: { Title: `${report.title}: ${report.incidentId} (${tlp})`, ...(/[<>&]/.test(report.institution) ? {} : { Author: report.institution }), Creator: 'Polder', Producer: 'Polder', CreationDate: new Date(report.writtenAtWallMs) },
  })
  const pieces: Buffer[] = []
  const done = new Promise<void>((resolve, reject) => {
    doc.on('data', (piece: Buffer) => void pieces.push(piece))
    doc.on('end', resolve)
    doc.on('error', reject)
  })
  doc.registerFont('regular', fonts.regular)
  doc.registerFont('bold', fonts.bold)
  new PdfReport(doc, report, spacing).write(tlp)
  const pages = doc.bufferedPageRange().count
  doc.end()
  await done
  return { bytes: Buffer.concat(pieces), pages }
}

type Pdf = PDFKit.PDFDocument
/** The types of the package miss `scope` and `placement`, which the code has. */
type Options = PDFKit.Mixins.StructureElementOptions & { scope?: 'Column' | 'Row'; placement?: string; bbox?: number[] }

class PdfReport {
  readonly #doc: Pdf
  readonly #report: ReportDocument
  readonly #spacing: Spacing
  readonly #left: number
  readonly #width: number
  readonly #faces: ReadonlyArray<{ hasGlyphForCodePoint(code: number): boolean }>

  constructor(doc: Pdf, report: ReportDocument, spacing: Spacing) {
    this.#doc = doc
    this.#spacing = spacing
    this.#report = report
    this.#left = doc.page.margins.left
    this.#width = doc.page.width - doc.page.margins.left - doc.page.margins.right
    this.#faces = ['regular', 'bold'].map((name) => (doc.font(name) as unknown as { _font: { font: { hasGlyphForCodePoint(code: number): boolean } } })._font.font)
  }

  write(tlp: string): void {
    const report = this.#report
    const root = this.#doc.struct('Document')
    this.#doc.addStructure(root)
    this.#line(root, 'P', tlp, 'bold', 10)
    this.#line(root, 'H1', report.institution === '' ? report.title : `${report.title}, ${report.institution}`, 'bold', this.#spacing.textSize * 1.8)
    this.#line(root, 'P', `Incident ${report.incidentId}: ${report.incidentTitle}`, 'regular', this.#spacing.textSize)
    this.#line(root, 'P', `Written ${timeText(report.writtenAtWallMs, report.timeZone)}${report.law === null ? '' : `. ${report.law}`}`, 'regular', this.#spacing.textSize)
    if (report.missing.length > 0) this.#line(root, 'P', `Draft: ${report.missing.length} ${report.missing.length === 1 ? 'field is' : 'fields are'} not filled in.`, 'bold', this.#spacing.textSize)
    for (const section of report.sections) this.#section(root, section)
    this.#line(root, 'P', 'Numbers with # are entries of Polder\'s journal. Polder writes drafts; people decide and send.', 'regular', 8.5)
    root.end()
    this.#footers(`${tlp}   ${report.title}, incident ${report.incidentId}`)
  }

  #section(root: PDFKit.PDFStructureElement, section: Section): void {
    const part = this.#doc.struct('Sect')
    root.add(part)
    const [first] = section.blocks
    this.#room(first?.type === 'plot' ? PLOT_ROOM + 40 : first?.type === 'table' ? this.#beginningOf(first) + 3 * this.#spacing.textSize : 7 * this.#spacing.textSize)
    this.#doc.y += this.#spacing.padding * 2
    this.#line(part, 'H2', section.title, 'bold', this.#spacing.textSize * 1.3)
    for (const block of section.blocks) this.#block(part, block)
    part.end()
  }

  #block(part: PDFKit.PDFStructureElement, block: Block): void {
    switch (block.type) {
      case 'paragraph':
        return this.#line(part, 'P', block.text, 'regular', this.#spacing.textSize, block.lang)
      case 'list': {
        const list = this.#doc.struct('L')
        part.add(list)
        for (const item of block.items) {
          const entry = this.#doc.struct('LI')
          list.add(entry)
          this.#line(entry, 'LBody', `\u2022 ${cellText(item, this.#report.timeZone)}`, 'regular', this.#spacing.textSize, item.lang)
          entry.end()
        }
        return list.end()
      }
      case 'table':
        return this.#table(part, block)
      case 'plot':
        return this.#plot(part, block.plot)
    }
  }

  #line(parent: PDFKit.PDFStructureElement, tag: string, text: string, font: 'regular' | 'bold', size: number, lang?: string): void {
    const options: Options = lang === undefined ? {} : { lang }
    const known = this.#known(text)
    parent.add(this.#doc.struct(tag, options, () => {
      this.#doc.font(font).fontSize(size).fillColor(INK).text(known, this.#left, this.#doc.y, { width: this.#width, lineGap: this.#spacing.lineGap })
    }))
    this.#doc.y += this.#spacing.padding * 0.75
  }

  #table(part: PDFKit.PDFStructureElement, block: Extract<Block, { type: 'table' }>): void {
    const doc = this.#doc
    const widths = columnWidths(block, this.#width)
    this.#room(this.#beginningOf(block))
    const table = doc.struct('Table')
    part.add(table)
    this.#line(table, 'Caption', block.caption, 'bold', 9)
    const head = doc.struct('THead')
    table.add(head)
    this.#row(head, block.columns.map((text) => ({ text })), widths, 'head')
    head.end()
    const body = doc.struct('TBody')
    table.add(body)
    for (const row of block.rows) this.#row(body, row, widths, 'body', block.columns)
    body.end()
    table.end()
    doc.y += 6
  }

  /** Caption, names of the columns and the first row stay together, unless that is much of a page. */
  #beginningOf(block: Extract<Block, { type: 'table' }>): number {
    const widths = columnWidths(block, this.#width)
    const first = this.#heightOf(block.columns.map((text) => ({ text })), widths, 'head') + (block.rows.length === 0 ? 0 : this.#heightOf(block.rows[0]!, widths, 'body'))
    return Math.min(first + 3 * this.#spacing.textSize, LONGEST_BEGINNING)
  }

  /** A row that fits no page is cut into pieces by the text itself; all others stay whole. */
  #row(parent: PDFKit.PDFStructureElement, cells: readonly Cell[], widths: readonly number[], kind: 'head' | 'body', columns: readonly string[] = []): void {
    const doc = this.#doc
    const { padding } = this.#spacing
    const texts = cells.map((cell) => this.#known(cellText(cell, this.#report.timeZone)))
    const height = this.#heightOf(cells, widths, kind)
    const page = doc.page.height - doc.page.margins.top - doc.page.margins.bottom
    if (height > page) return this.#longRow(parent, cells, texts)
    if (this.#room(height) && kind === 'body') this.#headAgain(columns, widths)
    const top = doc.y
    doc.markContent('Artifact', { type: 'Layout' })
    let x = this.#left
    for (const width of widths.slice(0, cells.length)) {
      doc.lineWidth(0.5).rect(x, top, width, height)
      if (kind === 'head') doc.fillAndStroke(HEAD_FILL, RULE)
      else doc.stroke(RULE)
      x += width
    }
    doc.endMarkedContent()
    const row = doc.struct('TR')
    parent.add(row)
    x = this.#left
    for (const [index, text] of texts.entries()) {
      const at = x
      const heading = kind === 'head' || index === 0
      const options: Options = { ...(heading ? { scope: kind === 'head' ? 'Column' : 'Row' } : {}), ...(cells[index]!.lang === undefined ? {} : { lang: cells[index]!.lang }) }
      row.add(doc.struct(heading ? 'TH' : 'TD', options, () => {
        this.#cellFont(kind, index)
        doc.fillColor(cells[index]!.source?.by === 'missing' ? PALE_INK : INK).text(text, at + padding, top + padding, { width: widths[index]! - 2 * padding, lineGap: this.#spacing.lineGap })
      }))
      x += widths[index]!
    }
    row.end()
    doc.x = this.#left
    doc.y = top + height
  }

  #heightOf(cells: readonly Cell[], widths: readonly number[], kind: 'head' | 'body'): number {
    const { padding, lineGap } = this.#spacing
    return Math.max(...cells.map((cell, index) => {
      this.#cellFont(kind, index)
      return this.#doc.heightOfString(this.#known(cellText(cell, this.#report.timeZone)), { width: widths[index]! - 2 * padding, lineGap }) + 2 * padding
    }))
  }

  #longRow(parent: PDFKit.PDFStructureElement, cells: readonly Cell[], texts: readonly string[]): void {
    const row = this.#doc.struct('TR')
    parent.add(row)
    for (const [index, text] of texts.entries()) this.#line(row, index === 0 ? 'TH' : 'TD', text, index === 0 ? 'bold' : 'regular', this.#spacing.tableSize, cells[index]!.lang)
    row.end()
  }

  #cellFont(kind: 'head' | 'body', index: number): void {
    this.#doc.font(kind === 'head' || index === 0 ? 'bold' : 'regular').fontSize(this.#spacing.tableSize)
  }

  #plot(part: PDFKit.PDFStructureElement, plot: Plot): void {
    const doc = this.#doc
    this.#room(PLOT_ROOM)
    this.#line(part, 'P', `${plot.title}, ${plot.unit}; times in UTC (${sourceText({ text: '', from: plot.from }, 'UTC')})`, 'bold', 9)
    const box = { left: this.#left + 48, top: doc.y + 6, width: this.#width - 54, height: 130 }
    const drawn = plotLines(plot, box)
    const options: Options = { alt: this.#known(plot.description), bbox: [this.#left, box.top - 8, this.#left + this.#width, box.top + box.height + 16], placement: 'Block' }
    part.add(doc.struct('Figure', options, () => {
      doc.font('regular').fontSize(7).fillColor(INK)
      for (const tick of valueTicks(plot, box)) {
        doc.lineWidth(0.4).moveTo(box.left, tick.at).lineTo(box.left + box.width, tick.at).stroke('#c8c8c8')
        doc.text(this.#known(tick.text), this.#left, tick.at - 4, { width: 44, align: 'right', lineBreak: false })
      }
      for (const [index, tick] of timeTicks(plot, box).entries()) doc.text(tick.text, tick.at - (index === 0 ? 0 : index === 4 ? 60 : 30), box.top + box.height + 4, { width: 60, align: index === 0 ? 'left' : index === 4 ? 'right' : 'center', lineBreak: false })
      for (const line of drawn) {
        doc.lineWidth(1)
        if (line.dash.length === 0) doc.undash()
        else doc.dash(line.dash[0]!, { space: line.dash[1]! })
        for (const piece of line.pieces) {
          doc.moveTo(piece[0]![0], piece[0]![1])
          for (const [x, y] of piece.slice(1)) doc.lineTo(x, y)
          doc.stroke(line.colour)
        }
        doc.undash().fillColor(line.colour).text(String(line.number), line.highest[0], Math.max(line.highest[1] - 9, box.top - 8), { lineBreak: false })
      }
    }))
    doc.x = this.#left
    doc.y = box.top + box.height + 18
    this.#line(part, 'P', drawn.map((line) => `${line.number}: ${line.name}`).join('   '), 'regular', 8)
    doc.y += 4
  }

  /** Starts a new page unless this much room is left; true when it did. */
  #room(height: number): boolean {
    const { page } = this.#doc
    if (this.#doc.y + height <= page.height - page.margins.bottom) return false
    this.#doc.addPage()
    return true
  }

  /** The names of the columns on a table's next page: for the eye only, the structure has them once. */
  #headAgain(columns: readonly string[], widths: readonly number[]): void {
    const doc = this.#doc
    const { padding } = this.#spacing
    const top = doc.y
    const texts = columns.map((text) => this.#known(text))
    doc.markContent('Artifact', { type: 'Pagination' })
    doc.font('bold').fontSize(this.#spacing.tableSize)
    const height = Math.max(...texts.map((text, index) => doc.heightOfString(text, { width: widths[index]! - 2 * padding, lineGap: this.#spacing.lineGap }))) + 2 * padding
    let x = this.#left
    for (const [index, text] of texts.entries()) {
      doc.lineWidth(0.5).rect(x, top, widths[index]!, height).fillAndStroke(HEAD_FILL, RULE)
      doc.fillColor(INK).text(text, x + padding, top + padding, { width: widths[index]! - 2 * padding, lineGap: this.#spacing.lineGap })
      x += widths[index]!
    }
    doc.endMarkedContent()
    doc.x = this.#left
    doc.y = top + height
  }

  #footers(text: string): void {
    const doc = this.#doc
    const { start, count } = doc.bufferedPageRange()
    for (let i = start; i < start + count; i++) {
      doc.switchToPage(i)
      // Below the margin: without this the text would open a new page.
      const { bottom } = doc.page.margins
      doc.page.margins.bottom = 0
      doc.markContent('Artifact', { type: 'Pagination' })
      doc.font('regular').fontSize(7.5).fillColor(PALE_INK).text(this.#known(`${text}   page ${i - start + 1} of ${count}`), this.#left, doc.page.height - 34, { width: this.#width, lineBreak: false })
      doc.endMarkedContent()
      doc.page.margins.bottom = bottom
    }
  }

  /** Characters that one of the two faces lacks, as their number. */
  #known(text: string): string {
    let known = ''
    for (const character of text) {
      const code = character.codePointAt(0)!
      known += code === 10 || this.#faces.every((face) => face.hasGlyphForCodePoint(code)) ? character : `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`
    }
    return known
  }
}

function cellText(cell: Cell, timeZone: string): string {
  const source = sourceText(cell, timeZone)
  return source === '' ? cell.text : `${cell.text} (${source})`
}

/** By the length of what stands in them, none below a tenth of the page. */
function columnWidths(block: Extract<Block, { type: 'table' }>, width: number): number[] {
  const needs = block.columns.map((name, index) => Math.min(90, Math.max(name.length, 8, ...block.rows.slice(0, 60).map((row) => (row[index]?.text.length ?? 0) ** 0.8))))
  const total = needs.reduce((sum, need) => sum + need, 0)
  const least = width * 0.11
  const raw = needs.map((need) => Math.max(least, (need / total) * width))
  const scale = width / raw.reduce((sum, one) => sum + one, 0)
  return raw.map((one) => one * scale)
}
