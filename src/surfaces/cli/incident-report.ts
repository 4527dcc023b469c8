/** `polder incident report|clocks|reported`: drafts of reports, how the deadlines stand, and the note that one was sent. Polder itself sends nothing. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import { type ReportClock, reportForms, type ReportForm, reportKinds, type WrittenReport } from '../../contract/report.ts'
import { type Colours, coloursFor, paint, printable } from './colour.ts'
import { exitCodes, jsonFlag, textOf, type CliParts, type CommandSpec } from './command.ts'
import { type Given, idWord, order, wrongUse } from './incident-orders.ts'
import { clockTime, span } from './plain-words.ts'
import { askRecord, recordFlags, socketFlags } from './reach-shield.ts'
import { UsageError } from './rule-orders.ts'

const FORM_OF_ENDING: ReadonlyArray<readonly [ending: string, form: ReportForm]> = [['.stix.json', 'stix'], ['.misp.json', 'misp'], ['.html', 'html'], ['.pdf', 'pdf'], ['.md', 'markdown'], ['.json', 'json']]

export const reportCommand: CommandSpec = {
  name: 'report',
  summary: 'write a report or an export as a draft',
  description: `Writes a draft from what is recorded. Kinds: ${reportKinds.join(', ')}. Forms: ${reportForms.join(', ')}. What only people know and nobody said yet stands as "not known" and is listed, with the command that fills it in. Nothing is sent: people check, sign and send, and say so with polder incident reported. docs/operator/reporting.md.`,
  words: [idWord],
  flags: [
    { flags: '--kind <kind>', sentence: `${reportKinds.join(', ')} (stix and misp need none)` }, { flags: '--form <form>', sentence: `${reportForms.join(', ')} (else by the ending of --out)` },
    { flags: '--out <file>', sentence: 'the file to write; - for standard output (required)' }, { flags: '--force', sentence: 'write over a file that is there' }, ...recordFlags,
  ],
  examples: [
    ['polder incident report open --kind early-warning --out warning.pdf', 'the 24-hour report'],
    ['polder incident report last --kind final --form html --out final.html', 'to print or to read'],
    ['polder incident report last --form stix --out -', 'for a threat intelligence platform'],
  ],
  async act(given, parts, [id]) {
    let wish
    try {
      wish = wishOf(given)
    } catch (error) {
      return wrongUse(error, parts)
    }
    const report = await askRecord(given, parts, 'report', 'write', { id, kind: wish.kind, form: wish.form })
    if (report === null) return exitCodes.refused
    if (wish.out === '-') parts.out.write(report.content)
    else if (!(await written(wish.out, report, given['force'] === true, parts))) return exitCodes.refused
    const lines = wish.out === '-' ? [] : [`${wish.out}: a draft, ${wish.form}, SHA-256 ${report.sha256}`]
    if (report.missing.length > 0) lines.push(`${report.missing.length} ${report.missing.length === 1 ? 'field is' : 'fields are'} missing; the report says "not known" there:`, ...report.missing.flatMap((one) => [`  ${one.field}: ${one.question}`, `      ${one.command}`]))
    if (lines.length > 0) parts.error.write(`${printable(lines.join('\n'))}\n`)
    return exitCodes.ok
  },
}

export const clocksCommand: CommandSpec = {
  name: 'clocks',
  summary: 'how the deadlines of the reports stand',
  description: 'Deadlines count from the moment people became aware (polder incident aware), under the law set in report.regime. Polder counts; whether a law applies to you is for your lawyers to say.',
  words: [idWord],
  flags: [...socketFlags, jsonFlag],
  examples: [['polder incident clocks open', 'what is due next?']],
  async act(given, parts, [id]) {
    const clocks = await askRecord(given, parts, 'report', 'clocks', { id })
    if (clocks === null) return exitCodes.refused
    parts.out.write(given['json'] === true ? `${JSON.stringify(clocks, null, 2)}\n` : `${printable(clockLines(clocks, parts.clock.wallMs(), coloursFor(parts.out, parts.noColor)))}\n`)
    return exitCodes.ok
  },
}

export const reportedCommand: CommandSpec = {
  name: 'reported',
  summary: 'say that a report was sent: its clock stops',
  description: 'Records that people sent a report: which, to whom, and the SHA-256 of what was sent, so that it can be told later what was said when. The final report is due a month after the notification is recorded here.',
  words: [idWord],
  flags: [
    { flags: '--kind <kind>', sentence: `${reportKinds.join(', ')} (required)` }, { flags: '--to <name>', sentence: 'who received it (required)' },
    { flags: '--file <file>', sentence: 'what was sent; its hash is recorded, the file is not' }, { flags: '--sha256 <hash>', sentence: 'or the hash itself' }, ...recordFlags, jsonFlag,
  ],
  examples: [['polder incident reported open --kind early-warning --to "CSIRT of Exampleland" --file warning.pdf', 'it was sent']],
  async act(given, parts, [id]) {
    try {
      const kind = kindOf(textOf(given, 'kind'))
      const to = textOf(given, 'to')?.trim() ?? ''
      if (to === '') throw new UsageError('--to is missing: who received it')
      const file = textOf(given, 'file')
      const given256 = textOf(given, 'sha256')?.trim().toLowerCase() ?? null
      if ((file === null) === (given256 === null)) throw new UsageError('give --file with what was sent, or --sha256 with its hash')
      if (given256 !== null && !/^[0-9a-f]{64}$/.test(given256)) throw new UsageError('--sha256 is 64 hexadecimal digits, as sha256sum prints them')
      const sha256 = given256 ?? (await hashOf(file!))
      return await order(given, parts, 'sent', () => ({ id, kind, to, sha256 }))
    } catch (error) {
      return wrongUse(error, parts)
    }
  },
}

function wishOf(given: Given): { readonly kind: (typeof reportKinds)[number]; readonly form: ReportForm; readonly out: string } {
  const out = textOf(given, 'out')
  if (out === null || out === '') throw new UsageError('--out is missing: name a file, or - for standard output')
  const named = textOf(given, 'form')
  const form = named === null ? FORM_OF_ENDING.find(([ending]) => out.toLowerCase().endsWith(ending))?.[1] : reportForms.find((one) => one === named)
  if (form === undefined) throw new UsageError(named === null ? `--form is missing, and the ending of ${out} does not tell it: ${reportForms.join(', ')}` : `--form "${named}" is none of ${reportForms.join(', ')}`)
  if (out === '-' && form === 'pdf') throw new UsageError('a PDF is written into a file: --out report.pdf')
  // An export holds the whole incident; the kind only says which questions are listed as missing.
  return { kind: (form === 'stix' || form === 'misp') && textOf(given, 'kind') === null ? 'final' : kindOf(textOf(given, 'kind')), form, out }
}

function kindOf(text: string | null): (typeof reportKinds)[number] {
  const kind = reportKinds.find((one) => one === text)
  if (kind === undefined) throw new UsageError(text === null ? `--kind is missing: ${reportKinds.join(', ')}` : `--kind "${text}" is none of ${reportKinds.join(', ')}`)
  return kind
}

/** Whole or not at all, readable by its owner alone. */
async function written<S>(file: string, report: WrittenReport, force: boolean, parts: CliParts<S>): Promise<boolean> {
  const bytes = Buffer.from(report.content, report.encoding)
  const beside = `${file}.part-${process.pid}`
  try {
    if (createHash('sha256').update(bytes).digest('hex') !== report.sha256) throw new Error('what arrived is not what was written: the hash differs; try again')
    if (force) {
      await writeFile(beside, bytes, { mode: 0o600, flag: 'wx', flush: true })
      await rename(beside, file)
    } else await writeFile(file, bytes, { mode: 0o600, flag: 'wx', flush: true })
    await chmod(file, 0o600)
    return true
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    await rm(beside, { force: true })
    parts.error.write(`polder: ${printable(`${file} was not written (${code === 'EEXIST' ? 'it is there already; --force writes over it' : (code ?? message)})`)}\n`)
    return false
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  return hash.digest('hex')
}

function clockLines(clocks: readonly ReportClock[], nowWallMs: number, colours: Colours): string {
  if (clocks.length === 0) return 'No clock: no law is set (report.regime in the settings file), or the incident was merged into another.'
  return clocks.map(({ kind, law, dueWallMs, sentAtWallMs, state }) => {
    const says = sentAtWallMs !== null
      ? `sent ${clockTime(sentAtWallMs, nowWallMs)}${dueWallMs !== null && sentAtWallMs > dueWallMs ? `, ${span(sentAtWallMs - dueWallMs)} after its end` : ''}`
      : dueWallMs === null
        ? 'not started'
        : state === 'late'
          ? paint(colours, 'red', `LATE by ${span(nowWallMs - dueWallMs)}, was due ${clockTime(dueWallMs, nowWallMs)}`)
          : paint(colours, state === 'soon' ? 'yellow' : 'bold', `in ${span(dueWallMs - nowWallMs)}, due ${clockTime(dueWallMs, nowWallMs)}`)
    return `${kind.padEnd(14)} ${says}\n    ${law}`
  }).join('\n')
}
