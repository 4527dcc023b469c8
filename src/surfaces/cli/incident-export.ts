/**
 * `polder incident export`: one folder that holds what there is of an incident, for an archive or for others. It appears whole or not at all, is never written over
 * anything, and lists the SHA-256 of every file. Written by the command, not by the shield, so that it may lie wherever the person may write.
 */
import { createHash } from 'node:crypto'
import { appendFile, mkdir, open, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Incident } from '../../contract/incident.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import { printable } from './colour.ts'
import { exitCodes, jsonFlag, textOf, type CliParts, type CommandSpec } from './command.ts'
import { type Given, idWord, wrongUse } from './incident-orders.ts'
import { incidentPage, ownSentence } from './incident-page.ts'
import { askRecord, recordFlags } from './reach-shield.ts'
import { UsageError } from './rule-orders.ts'

/** An answer of the control socket holds 4 MiB; an entry at most 64 KiB, a measure about two. */
const ENTRIES_AT_ONCE = 60

export const exportCommand: CommandSpec = {
  name: 'export',
  summary: 'write everything of one incident into a folder',
  description: 'Writes incident.json, a page to read, the timeline, the evidence, and the part of the journal it all comes from, with the hashes that bind it. The folder must not exist yet; it appears whole or not at all. The part of the journal holds everything of that time, also what belongs to other matters: read it before you hand it on.',
  words: [idWord],
  flags: [{ flags: '--out <folder>', sentence: 'the new folder (required)' }, ...recordFlags, jsonFlag],
  examples: [['polder incident export last --out incident-2026-11-23', 'for the archive'], ['cd incident-2026-11-23 && sha256sum -c SHA256SUMS', 'nothing was altered since']],
  async act(given, parts, [id]) {
    const out = textOf(given, 'out')
    if (out === null) return wrongUse(new UsageError('--out is missing: name a new folder'), parts)
    const folder = resolve(out)
    const beside = join(dirname(folder), `.${folder.split('/').at(-1)}.part-${process.pid}`)
    try {
      if ((await readdir(folder).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? null : Promise.reject(error))))?.length) throw Object.assign(new Error('it is there already and not empty; name a new folder'), { code: 'EEXIST' })
      await mkdir(beside, { recursive: false, mode: 0o700 })
      const files = await writeAll(given, parts, id, beside)
      if (files === null) return exitCodes.refused
      if ((await stat(folder).catch(() => null)) !== null) await rmdir(folder)
      await rename(beside, folder)
      await sync(dirname(folder))
      parts.out.write(given['json'] === true ? `${JSON.stringify({ folder, files }, null, 2)}\n` : printable(`${folder}: ${files} files; their hashes are in SHA256SUMS`) + '\n')
      return exitCodes.ok
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      parts.error.write(`polder: ${printable(`${folder} was not written (${code === 'EEXIST' ? message : (code ?? message)})`)}\n`)
      return exitCodes.refused
    } finally {
      await rm(beside, { recursive: true, force: true })
    }
  },
}

/** Returns how many files were written; null: the shield said why not. */
async function writeAll<S>(given: Given, parts: CliParts<S>, id: string, folder: string): Promise<number | null> {
  const incident = await askRecord(given, parts, 'incident', 'show', { id })
  if (incident === null) return null
  const sums: string[] = []
  const put = async (name: string, content: string | Uint8Array): Promise<void> => {
    await writeFile(join(folder, name), content, { mode: 0o600, flush: true })
    sums.push(`${createHash('sha256').update(content).digest('hex')}  ${name}\n`)
  }
  await put('incident.json', `${JSON.stringify(incident, null, 2)}\n`)
  await put('incident.txt', incidentPage(incident, null, parts.clock.wallMs(), true, 'off'))
  await put('timeline.md', timelineText(incident))
  if (incident.evidence.length > 0) await mkdir(join(folder, 'evidence'), { mode: 0o700 })
  for (const [i, item] of incident.evidence.entries()) {
    const name = `evidence/${String(i + 1).padStart(3, '0')}-${item.name}`
    const hash = createHash('sha256')
    await writeFile(join(folder, name), '', { mode: 0o600 })
    for (let offset = 0; offset < item.bytes || offset === 0; ) {
      const piece = await askRecord(given, parts, 'incident', 'evidencePiece', { id: incident.id, evidenceId: item.id, offset })
      if (piece === null) return null
      const bytes = Buffer.from(piece.base64, 'base64')
      if (bytes.length === 0) break
      hash.update(bytes)
      await appendFile(join(folder, name), bytes, { flush: true })
      offset += bytes.length
    }
    const sha256 = hash.digest('hex')
    if (sha256 !== item.sha256) throw new Error(`evidence ${item.id} arrived altered`)
    sums.push(`${sha256}  ${name}\n`)
  }
  const chain = await writeJournal(given, parts, incident, join(folder, 'journal.jsonl'))
  if (chain === null) return null
  sums.push(`${chain.sha256}  journal.jsonl\n`)
  await put('chain.json', `${JSON.stringify(chain.proof, null, 2)}\n`)
  await put('README.txt', readme(incident))
  await writeFile(join(folder, 'SHA256SUMS'), sums.join(''), { mode: 0o600, flush: true })
  await sync(folder)
  return sums.length + 1
}

/** Every entry from the first to the last that the incident names. */
async function writeJournal<S>(given: Given, parts: CliParts<S>, incident: Incident, file: string): Promise<{ readonly sha256: string; readonly proof: unknown } | null> {
  const seqs = [...incident.timeline.map((item) => item.seq), ...incident.figures.flatMap((figure) => figure.from.flat())]
  const [from, to] = [Math.min(...seqs), Math.max(...seqs)]
  const hash = createHash('sha256')
  await writeFile(file, '', { mode: 0o600 })
  let first: JournalEntry | null = null
  let last: JournalEntry | null = null
  let broken: number | null = null
  for (let afterSeq = from - 1; afterSeq < to; ) {
    const page = await askRecord(given, parts, 'journal', 'list', { afterSeq, most: Math.min(ENTRIES_AT_ONCE, to - afterSeq) })
    if (page === null) return null
    const entries = page.entries.filter((entry) => entry.seq <= to)
    if (entries.length === 0) break
    for (const entry of entries) {
      if (last !== null && (entry.previous !== last.hash || entry.seq !== last.seq + 1)) broken ??= entry.seq
      first ??= entry
      last = entry
    }
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
    hash.update(text)
    await appendFile(file, text, { flush: true })
    afterSeq = entries.at(-1)!.seq
  }
  const verdict = await askRecord(given, parts, 'journal', 'verify', {})
  if (verdict === null) return null
  return {
    sha256: hash.digest('hex'),
    proof: {
      wanted: { firstSeq: from, lastSeq: to },
      excerpt: first === null || last === null ? null : { firstSeq: first.seq, lastSeq: last.seq, previousOfFirst: first.previous, hashOfLast: last.hash, brokenAtSeq: broken },
      journal: verdict,
      meaning: 'Each entry names the hash of the one before; hashOfLast therefore binds the whole excerpt. journal is what a check of the whole journal found at the time of this export.',
    },
  }
}

function timelineText(incident: Incident): string {
  const lines = incident.timeline.map((item) => `| ${new Date(item.atWallMs).toISOString()} | ${item.kind} | ${cell(item.who)} | ${cell(ownSentence(incident, item.sentence))} | ${item.seq} |`)
  return `# Timeline of incident ${incident.id}\n\n| UTC | kind | who | what | journal entry |\n|---|---|---|---|---|\n${lines.join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function readme(incident: Incident): string {
  return `Incident ${incident.id}: ${incident.title}
TLP:${incident.tlp.toUpperCase()}

incident.txt    to read
incident.json   the same for machines; every figure names the journal entries it was computed from
timeline.md     what happened, in order
evidence/       copies as they were taken in; where each came from is in incident.json
journal.jsonl   the part of the journal that all of this comes from, one entry a line. It holds everything of that time,
                also what belongs to other matters: read it before you hand it on
chain.json      how the entries are bound to each other, and whether the whole journal was found unaltered
SHA256SUMS      check with: sha256sum -c SHA256SUMS

Claims are what others say. Hypotheses are questions; their verdicts are of the people named, never of the program.
`
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
