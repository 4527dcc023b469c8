/** `polder journal`: what happened, in order, and the proof that nothing of it was altered. Reads the folder itself when no shield runs. */
import { dirname, join, resolve } from 'node:path'
import { type JournalEntry, type JournalKind, journalKinds, type JournalVerdict } from '../../contract/journal.ts'
import { coloursFor, paint, printable } from './colour.ts'
import { configOf, exitCodes, jsonFlag, textOf, type CliParts, type CommandSpec } from './command.ts'
import { parseWhen } from './parse-when.ts'
import { bytes, clockTime, count } from './plain-words.ts'
import { askRecord, socketFlags } from './reach-shield.ts'

type Given = Readonly<Record<string, unknown>>

const USUAL_LINES = 50
const MOST_AT_ONCE = 1_000
const FOLLOW_MS = 1_000

interface Filter {
  readonly kinds: readonly JournalKind[] | null
  readonly fromWallMs: number
  readonly toWallMs: number
  /** The newest so many; null: all. */
  readonly last: number | null
}

class Usage extends Error {}

function folderOf<S>(given: Given, parts: CliParts<S>): string {
  const named = textOf(given, 'socket')
  return join(dirname(named ?? parts.controlSocket(configOf(given)).path), 'journal')
}

function quiet<S>(parts: CliParts<S>): CliParts<S> {
  return { ...parts, error: { write: () => true } }
}

/** @throws Usage */
function filterOf<S>(given: Given, parts: CliParts<S>): Filter {
  const now = parts.clock.wallMs()
  const time = (name: 'since' | 'until', fallback: number): number => {
    const text = textOf(given, name)
    if (text === null) return fallback
    const when = parseWhen(text, now, 'ago')
    if (when === null) throw new Usage(`--${name} "${text}" is no time: write 2h, 14:05, or 2026-11-23 14:05 (UTC)`)
    return when
  }
  const kinds = textOf(given, 'kind')?.split(',').map((kind) => kind.trim()) ?? null
  const unknown = kinds?.find((kind) => !(journalKinds as readonly string[]).includes(kind))
  if (unknown !== undefined) throw new Usage(`there is no kind "${unknown}"; kinds: ${journalKinds.join(', ')}`)
  const lastText = textOf(given, 'last')
  const last = lastText === null ? null : Number(lastText)
  if (last !== null && !(Number.isInteger(last) && last >= 0 && last <= MOST_AT_ONCE)) throw new Usage(`--last "${lastText}" must be a whole number, at most ${MOST_AT_ONCE}`)
  return { kinds: kinds as JournalKind[] | null, fromWallMs: time('since', 0), toWallMs: time('until', Number.MAX_SAFE_INTEGER), last: last ?? (textOf(given, 'since') === null && given['all'] !== true ? USUAL_LINES : null) }
}

function asksOf({ kinds, fromWallMs, toWallMs }: Filter): { kinds?: readonly JournalKind[]; fromWallMs: number; toWallMs: number } {
  return { ...(kinds === null ? {} : { kinds }), fromWallMs, toWallMs }
}

async function list<S>(given: Given, parts: CliParts<S>): Promise<number> {
  let filter: Filter
  try {
    filter = filterOf(given, parts)
  } catch (error) {
    if (!(error instanceof Usage)) throw error
    parts.error.write(`polder: ${printable(error.message)}\n`)
    return exitCodes.usage
  }
  const show = (entries: readonly JournalEntry[]): void => {
    for (const entry of entries) parts.out.write(given['json'] === true ? `${JSON.stringify(entry)}\n` : entryLine(entry, given, parts))
  }
  const follow = given['follow'] === true
  const asks = asksOf(filter)
  const ask = (afterSeq: number, newest: boolean, most: number): ReturnType<typeof askRecord<'journal', 'list', S>> => askRecord(given, follow ? parts : quiet(parts), 'journal', 'list', { ...asks, afterSeq, most, newest })
  let after = 0
  const head = await askRecord(given, follow ? parts : quiet(parts), 'journal', 'head', {})
  if (head === null) return follow ? exitCodes.refused : await listFolder(given, parts, filter, show)
  if (filter.last === 0) after = head.seq
  else if (filter.last !== null) {
    const found = await ask(0, true, filter.last)
    if (found === null) return exitCodes.refused
    show(found.entries)
    after = Math.max(head.seq, found.entries.at(-1)?.seq ?? 0)
  }
  const showAllAfter = async (): Promise<boolean> => {
    for (let more = true; more; ) {
      const found = await ask(after, false, MOST_AT_ONCE)
      if (found === null) return false
      show(found.entries)
      after = found.entries.at(-1)?.seq ?? after
      ;({ more } = found)
    }
    return true
  }
  if (filter.last === null && !(await showAllAfter())) return exitCodes.refused
  if (!follow) return exitCodes.ok
  for (const stop = parts.interrupted(); ; ) {
    await pause(FOLLOW_MS, stop)
    if (stop.aborted) return exitCodes.ok
    if (!(await showAllAfter())) return exitCodes.refused
  }
}

/** Without a running shield: what is on the disk. */
async function listFolder<S>(given: Given, parts: CliParts<S>, filter: Filter, show: (entries: readonly JournalEntry[]) => void): Promise<number> {
  const folder = folderOf(given, parts)
  let newest: JournalEntry[] = []
  try {
    let any = false
    for await (const entry of parts.journal.entries(folder)) {
      any = true
      if ((filter.kinds !== null && !filter.kinds.includes(entry.kind)) || entry.atWallMs < filter.fromWallMs || entry.atWallMs > filter.toWallMs) continue
      if (filter.last === null) show([entry])
      else if (newest.push(entry) > 2 * MOST_AT_ONCE) newest = newest.slice(-MOST_AT_ONCE)
    }
    if (!any) {
      parts.error.write(`polder: no shield is running, and there is no journal in ${printable(folder)}\n`)
      return exitCodes.refused
    }
  } catch (error) {
    return unreadable(parts, folder, error as Error)
  }
  if (filter.last !== null && filter.last > 0) show(newest.slice(-filter.last))
  return exitCodes.ok
}

function entryLine<S>(entry: JournalEntry, given: Given, parts: CliParts<S>): string {
  const colours = coloursFor(parts.out, parts.noColor)
  const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ')
  const who = entry.who === 'polder' ? '' : ` (${oneLine(entry.who)})`
  const hash = given['hashes'] === true ? `  ${entry.hash}` : ''
  const kind = entry.kind === 'alarm' ? paint(colours, 'red', entry.kind.padEnd(10)) : entry.kind === 'state' ? paint(colours, 'bold', entry.kind.padEnd(10)) : entry.kind.padEnd(10)
  return `${printable(`${String(entry.seq).padStart(7)}  ${clockTime(entry.atWallMs, parts.clock.wallMs())}  ${kind}  ${oneLine(entry.sentence)}${who}${hash}`)}\n`
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (stop.aborted) return done()
    const timer = setTimeout(done, ms)
    stop.addEventListener('abort', () => {
      clearTimeout(timer)
      done()
    }, { once: true })
  })
}

function unreadable<S>(parts: CliParts<S>, folder: string, error: Error): number {
  const { code } = error as NodeJS.ErrnoException
  const mend = code === 'EACCES' || code === 'EPERM' ? ': use the account that runs Polder, or sudo' : code === 'ENOENT' ? ': name the settings file with -c FILE, or the folder' : ''
  parts.error.write(`polder: the journal in ${printable(folder)} cannot be read (${printable(code ?? error.message)})${mend}\n`)
  return exitCodes.refused
}

async function verify<S>(given: Given, parts: CliParts<S>, named: string | undefined): Promise<number> {
  const expect = textOf(given, 'expect')
  if (expect !== null && !/^[0-9a-f]{64}$/i.test(expect)) {
    parts.error.write('polder: --expect must be a SHA-256 in 64 hexadecimal digits, as the log of Polder and polder journal verify show it\n')
    return exitCodes.usage
  }
  const folder = named === undefined ? folderOf(given, parts) : resolve(named)
  // A running shield knows how far its journal goes: an end that somebody cut off is found too.
  const head = named === undefined ? await askRecord(given, quiet(parts), 'journal', 'head', {}) : null
  let verdict: JournalVerdict
  try {
    verdict = await parts.journal.verify(folder, expect ?? (head === null || head.seq === 0 ? null : head.hash))
  } catch (error) {
    return unreadable(parts, folder, error as Error)
  }
  if (given['json'] === true) parts.out.write(`${JSON.stringify({ folder, comparedWith: expect !== null ? 'hash given' : head === null ? 'nothing' : 'running shield', ...verdict }, null, 2)}\n`)
  else parts.out.write(`${printable(verdictText(folder, verdict, expect !== null ? 'the hash you gave is in it' : head !== null ? 'the running shield says the same of its end' : null, coloursFor(parts.out, parts.noColor)))}\n`)
  return verdict.faults.length === 0 ? exitCodes.ok : exitCodes.refused
}

function verdictText(folder: string, verdict: JournalVerdict, compared: string | null, colours: 'on' | 'off'): string {
  const { entries, firstSeq, lastSeq, lastHash, faults, tornBytes } = verdict
  const lines = [`journal   ${folder}`, `entries   ${entries === 0 ? 'none' : `${count(entries)} (${firstSeq} to ${lastSeq})`}`]
  if (lastHash !== null) lines.push(`newest    ${lastSeq}, hash ${lastHash}`)
  if (tornBytes > 0) lines.push(`end       ${tornBytes} bytes of an unfinished entry, as a crash leaves them (no alteration; the next start cuts them off)`)
  if (faults.length === 0) {
    lines.push(paint(colours, 'green', `Nothing was altered, removed or put in${compared === null ? '' : `; ${compared}`}.`))
    if (compared === null && entries > 0) lines.push('Whether whole entries were cut off its end only a hash noted elsewhere can show: --expect HASH (the log of Polder has them).')
  } else {
    lines.push(paint(colours, 'red', `ALTERED in ${faults.length === 100 ? 'at least ' : ''}${faults.length === 1 ? 'one place' : `${faults.length} places`}:`))
    for (const fault of faults) lines.push(`  ${fault.file}${fault.line > 0 ? `, line ${fault.line}` : ''}${fault.seq === null ? '' : `, entry ${fault.seq}`}: ${fault.sentence}`)
  }
  return lines.join('\n')
}

const listCommand: CommandSpec = {
  name: 'list', summary: 'what happened, in order', description: `What happened, oldest first: the newest ${USUAL_LINES} entries, or all --since a time. Times are UTC. --json prints one entry a line, whole.`,
  flags: [
    { flags: '--since <time>', sentence: 'from then on: 2h, 14:05, 2026-11-23, 2026-11-23 14:05' },
    { flags: '--until <time>', sentence: 'up to then' },
    { flags: '--kind <kinds>', sentence: `only these, comma-separated: ${journalKinds.join(', ')}` },
    { flags: '--last <n>', sentence: `the newest so many (${USUAL_LINES})` },
    { flags: '--all', sentence: 'everything that is kept' },
    { flags: '--follow', sentence: 'go on with what comes, until Ctrl-C' },
    { flags: '--hashes', sentence: 'with the hash of each entry' },
    ...socketFlags, jsonFlag,
  ],
  examples: [
    ['polder journal list --since 2h --kind state,rule,act', 'the last two hours without figures'],
    ['polder journal list --follow', 'watch it'],
    ['polder journal list --all --json > journal.jsonl', 'everything, for another program'],
  ],
  act: list,
}

const verifyCommand: CommandSpec = {
  name: 'verify', summary: 'prove that nothing was altered', description: 'Reads the whole journal and checks every hash. Works on the folder alone, with or without a running shield, also on a copy. Says file, line and entry of each alteration; exit code 1 when there is one.',
  words: [['[folder]', 'a copy, or another journal (else that of the settings file)']],
  flags: [{ flags: '--expect <hash>', sentence: 'a hash noted elsewhere that must stand in the chain' }, ...socketFlags, jsonFlag],
  examples: [['polder journal verify', 'that of the running shield'], ['polder journal verify ./copy --expect 5f2a…', 'a copy, against a hash from the log']],
  act: (given, parts, [folder]) => verify(given, parts, folder),
}

const exportCommand: CommandSpec = {
  name: 'export', summary: 'copy the journal as it is', description: 'Copies the journal byte by byte into a new folder that anybody can verify, and verifies the copy. Entries name people and may hold addresses: treat the copy as you treat the original.',
  words: [['<folder>', 'a folder that is not there yet']],
  flags: [...socketFlags, jsonFlag],
  examples: [['polder journal export ./journal-2026-11-23', 'for the authority, or the archive']],
  async act(given, parts, [to]) {
    const folder = folderOf(given, parts)
    try {
      const copy = await parts.journal.copy(folder, resolve(to))
      if (given['json'] === true) parts.out.write(`${JSON.stringify({ folder: resolve(to), ...copy }, null, 2)}\n`)
      else parts.out.write(`${count(copy.files)} files, ${bytes(copy.bytes)} copied\n${printable(verdictText(resolve(to), copy.verdict, null, coloursFor(parts.out, parts.noColor)))}\n`)
      return copy.verdict.faults.length === 0 ? exitCodes.ok : exitCodes.refused
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
        parts.error.write(`polder: ${printable(to)} is there already; name a new folder\n`)
        return exitCodes.refused
      }
      return unreadable(parts, folder, error as Error)
    }
  },
}

export const journalCommand: CommandSpec = {
  name: 'journal',
  summary: 'what happened and who did what, provably unaltered',
  description: 'The journal keeps what happened, in order: states, rules with their evidence, orders with who gave them, figures, reports, alarms. Each entry is bound to the one before, so that an alteration is found. docs/operator/journal.md.',
  flags: listCommand.flags,
  children: [listCommand, verifyCommand, exportCommand],
  examples: [['polder journal list --since 1h', 'the last hour'], ['polder journal verify', 'was anything altered?'], ['polder journal export ./copy', 'a copy that proves itself']],
  act: list,
}
