/** A report in one of its forms, with its hash and file name. Pure but for the fonts of the PDF. */
import { createHash } from 'node:crypto'
import type { ReportForm, ReportKind, WrittenReport } from '../../contract/report.ts'
import { RecordError } from '../room.ts'
import { composeReport, type Facts } from './compose-report.ts'
import { mispEvent } from './misp/misp-event.ts'
import { stixBundle } from './stix/stix-bundle.ts'
import { writeHtml } from './write-html.ts'
import { writeMarkdown } from './write-markdown.ts'
import { writePdf } from './write-pdf.ts'

/** The control socket carries answers of 4 MiB; base64 and JSON take their share. */
const MOST_CONTENT_BYTES = 3 * 1_048_576

const forms: Readonly<Record<ReportForm, { readonly extension: string; readonly contentType: string }>> = Object.freeze({
  html: { extension: 'html', contentType: 'text/html; charset=utf-8' },
  pdf: { extension: 'pdf', contentType: 'application/pdf' },
  markdown: { extension: 'md', contentType: 'text/markdown; charset=utf-8' },
  json: { extension: 'json', contentType: 'application/json' },
  stix: { extension: 'stix.json', contentType: 'application/stix+json;version=2.1' },
  misp: { extension: 'misp.json', contentType: 'application/json' },
})

/** @throws RecordError when it is too large to carry, or a PDF has no font. */
export async function writeReport(facts: Facts, kind: ReportKind, form: ReportForm): Promise<WrittenReport> {
  const report = composeReport(facts, kind)
  const exported = form === 'stix' || form === 'misp'
  const bytes = await bytesOf()
  const encoding = form === 'pdf' ? 'base64' : 'utf8'
  const content = bytes.toString(encoding)
  if (content.length > MOST_CONTENT_BYTES) throw new RecordError('failed', `The report has ${Math.ceil(content.length / 1_048_576)} MiB, more than the control socket carries (3 MiB). Split the incident (polder incident split), or take the form markdown.`)
  const name = `${facts.incident.id.replaceAll(/[^A-Za-z0-9-]/g, '_')}-${exported ? 'export' : kind}.${forms[form].extension}`
  return {
    kind: exported ? 'export' : kind, form, fileName: name, contentType: forms[form].contentType, encoding, content,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    missing: report.missing.map(({ field, question, command }) => ({ field, question, command })),
  }

  async function bytesOf(): Promise<Buffer> {
    switch (form) {
      case 'html':
        return Buffer.from(writeHtml(report))
      case 'markdown':
        return Buffer.from(writeMarkdown(report))
      case 'json':
        return Buffer.from(`${JSON.stringify(report, null, 2)}\n`)
      case 'pdf':
        return await writePdf(report)
      case 'stix':
        return Buffer.from(`${JSON.stringify(stixBundle(facts), null, 2)}\n`)
      case 'misp':
        return Buffer.from(`${JSON.stringify(mispEvent(facts), null, 2)}\n`)
    }
  }
}
