/** `polder incident evidence`: takes a file in as evidence, or checks the copies. The command reads the file, because the shield may not (ProtectHome). */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { printable } from './colour.ts'
import { exitCodes, jsonFlag, textOf, type CliParts, type CommandSpec } from './command.ts'
import { type Given, idWord, tellDone, wrongUse } from './incident-orders.ts'
import { ProgressBar } from './progress.ts'
import { askRecord, recordFlags } from './reach-shield.ts'
import { UsageError } from './rule-orders.ts'

const PIECE_BYTES = 16 * 1_024

export const evidenceCommand: CommandSpec = {
  name: 'evidence',
  summary: 'take a file in as evidence, or check the copies',
  description: 'Copies a file into the incident, under its SHA-256 and with a sentence on how it came here. The copy is compared with its hash whenever it is read. Without a file, --check compares all of them. Size limit: incident.maxEvidenceBytes.',
  words: [idWord, ['[file]', 'the file to take in']],
  flags: [{ flags: '--provenance <sentence>', sentence: 'how it came here: who saved it, from where, how (required with a file)' }, { flags: '--check', sentence: 'read every copy and compare its hash' }, ...recordFlags, jsonFlag],
  examples: [
    ['polder incident evidence open post.html --provenance "saved by ada from the group\'s channel, 14:20"', 'a saved copy'],
    ['polder incident evidence last --check', 'are the copies still what was taken in?'],
  ],
  async act(given, parts, [id, file]) {
    if (given['check'] === true) return check(given, parts, id)
    if (file === undefined) return wrongUse(new UsageError('name a file to take in, or --check'), parts)
    const provenance = textOf(given, 'provenance')
    if (provenance === null || provenance.trim() === '') return wrongUse(new UsageError('--provenance is missing: how did it come here? Who saved it, from where, how'), parts)
    return take(given, parts, id, file, provenance)
  },
}

async function check<S>(given: Given, parts: CliParts<S>, id: string): Promise<number> {
  const states = await askRecord(given, parts, 'incident', 'evidenceCheck', { id })
  if (states === null) return exitCodes.refused
  if (given['json'] === true) parts.out.write(`${JSON.stringify(states, null, 2)}\n`)
  else if (states.length === 0) parts.out.write('there is no evidence\n')
  else for (const { id: evidenceId, name, state, sha256 } of states) parts.out.write(printable(`${evidenceId}: ${name}: ${state === 'whole' ? 'is what was taken in' : state === 'altered' ? 'ALTERED: no longer what was taken in' : 'MISSING'} (${sha256})`) + '\n')
  return states.every((one) => one.state === 'whole') ? exitCodes.ok : exitCodes.refused
}

async function take<S>(given: Given, parts: CliParts<S>, id: string, file: string, provenance: string): Promise<number> {
  let source
  try {
    source = await open(file, 'r')
  } catch (error) {
    parts.error.write(`polder: ${printable(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}); check the name, or use the account that may read it`)}\n`)
    return exitCodes.refused
  }
  try {
    const about = await source.stat()
    if (!about.isFile()) return wrongUse(new UsageError(`${file} is no file; pack a folder into one file first (tar)`), parts)
    const begun = await askRecord(given, parts, 'incident', 'evidenceBegin', { id })
    if (begun === null) return exitCodes.refused
    const hash = createHash('sha256')
    const piece = Buffer.alloc(PIECE_BYTES)
    const bar = new ProgressBar(parts)
    let done = 0
    for (;;) {
      const { bytesRead } = await source.read(piece, 0, PIECE_BYTES, null)
      if (bytesRead === 0) break
      const part = piece.subarray(0, bytesRead)
      hash.update(part)
      if ((await askRecord(given, parts, 'incident', 'evidencePart', { ticket: begun.ticket, base64: part.toString('base64') })) === null) return exitCodes.refused
      done += bytesRead
      bar.show(done, Math.max(1, about.size), done, 'bytes')
    }
    bar.end()
    const incident = await askRecord(given, parts, 'incident', 'evidenceEnd', { id, ticket: begun.ticket, name: basename(file), provenance, sha256: hash.digest('hex') })
    if (incident === null) return exitCodes.refused
    tellDone(given, parts, incident)
    return exitCodes.ok
  } finally {
    await source.close()
  }
}
