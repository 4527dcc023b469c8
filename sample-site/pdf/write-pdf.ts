import { textWidth } from './font-widths.ts';
import type { PdfFont } from './font-widths.ts';

/**
 * A small writer of PDF 1.4 (ISO 32000-1): A4 pages, two of the standard fonts that every reader has (Helvetica-Bold
 * and Times-Roman), text in WinAnsi. The same input gives the same bytes, so that ETag and Range stay true.
 */
export interface PdfBlock {
  readonly kind: 'title' | 'heading' | 'small' | 'text' | 'page-break';
  readonly text: string;
}

export interface PdfMeta {
  readonly title: string;
  readonly author: string;
  readonly date: Date;
  /** Set at the foot of each page, before the page number. */
  readonly footer: string;
}

interface Line {
  readonly font: PdfFont;
  readonly size: number;
  readonly y: number;
  readonly text: string;
}

const PAGE_WIDTH = 595;
const PAGE_HEIGHT = 842;
const MARGIN = 68;
const COLUMN_WIDTH = PAGE_WIDTH - 2 * MARGIN;
const BOTTOM = 84;

const SET: Record<Exclude<PdfBlock['kind'], 'page-break'>, { font: PdfFont; size: number; leading: number; before: number }> = {
  title: { font: 'helvetica-bold', size: 20, leading: 26, before: 0 },
  heading: { font: 'helvetica-bold', size: 12.5, leading: 17, before: 16 },
  small: { font: 'times', size: 10, leading: 14, before: 4 },
  text: { font: 'times', size: 11.5, leading: 16, before: 7 },
};

export function writePdf(meta: PdfMeta, blocks: readonly PdfBlock[]): Buffer {
  const pages = layOut(blocks);
  const objects: string[] = [];
  const pageIds = pages.map((_, index) => 6 + index * 2);
  objects.push(
    '<< /Type /Catalog /Pages 2 0 R /Lang (en) >>',
    `<< /Type /Pages /Kids [${pageIds.map((id) => `${id} 0 R`).join(' ')}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>',
    `<< /Title ${pdfString(meta.title)} /Author ${pdfString(meta.author)} /Producer (Parliament of Exampleland) /CreationDate (D:${meta.date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z) >>`,
  );
  for (const [index, lines] of pages.entries()) {
    const content = pageContent(lines, `${meta.footer} · page ${index + 1} of ${pages.length}`);
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE_WIDTH} ${PAGE_HEIGHT}] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents ${7 + index * 2} 0 R >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    );
  }
  return serialise(objects);
}

function layOut(blocks: readonly PdfBlock[]): Line[][] {
  const pages: Line[][] = [[]];
  let y = PAGE_HEIGHT - MARGIN;
  const turn = (): void => {
    pages.push([]);
    y = PAGE_HEIGHT - MARGIN;
  };
  for (const block of blocks) {
    if (block.kind === 'page-break') {
      turn();
      continue;
    }
    const { font, size, leading, before } = SET[block.kind];
    const lines = wrap(block.text, font, size);
    const keep = block.kind === 'heading' ? 3 : Math.min(2, lines.length);
    if (y - before - keep * leading < BOTTOM) turn();
    else if (pages[pages.length - 1].length > 0) y -= before;
    for (const text of lines) {
      if (y - leading < BOTTOM) turn();
      y -= leading;
      pages[pages.length - 1].push({ font, size, y, text });
    }
  }
  return pages;
}

function wrap(text: string, font: PdfFont, size: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, font, size) > COLUMN_WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

function pageContent(lines: readonly Line[], footer: string): string {
  const parts = lines.map(({ font, size, y, text }) => `/${font === 'times' ? 'F2' : 'F1'} ${size} Tf 1 0 0 1 ${MARGIN} ${y} Tm ${pdfString(text)} Tj`);
  return [
    `0.72 0.53 0.17 RG 0.8 w ${MARGIN} ${BOTTOM - 18} m ${PAGE_WIDTH - MARGIN} ${BOTTOM - 18} l S`,
    'BT', ...parts, `/F2 9 Tf 1 0 0 1 ${MARGIN} ${BOTTOM - 34} Tm ${pdfString(footer)} Tj`, 'ET',
  ].join('\n');
}

/** Every character becomes one WinAnsi byte, so string length is byte length. */
function pdfString(text: string): string {
  let bytes = '';
  for (const character of text) bytes += WIN_ANSI[character] ?? (character.charCodeAt(0) < 256 && character.length === 1 ? character : '?');
  return `(${bytes.replaceAll(/[\\()]/g, '\\$&')})`;
}

const WIN_ANSI: Readonly<Record<string, string>> = {
  '’': '\u0092', '‘': '\u0091', '“': '\u0093', '”': '\u0094', '–': '\u0096', '—': '\u0097', '…': '\u0085', '€': '\u0080', '•': '\u0095',
};

function serialise(objects: readonly string[]): Buffer {
  let file = '%PDF-1.4\n%\u00e2\u00e3\u00cf\u00d3\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  for (const offset of offsets) file += `${String(offset).padStart(10, '0')} 00000 n \n`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 5 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}
