/**
 * One line of the journal: JSON up to `,"hash":"`, then the SHA-256 of exactly those bytes, in which the hash of the line before stands. So every byte of a line
 * is bound, and every line binds all before it (a hash chain; compare Schneier and Kelsey, Secure Audit Logs, 1999, without their secret: whoever can write the
 * file can also rewrite all of it, which only a copy of a later hash kept elsewhere shows).
 */
import { createHash } from 'node:crypto'
import { type JournalDraft, type JournalEntry, journalKinds } from '../../contract/journal.ts'

/** What the first entry is bound to. */
export const GENESIS_HASH = '0'.repeat(64)
/** JSON of an entry's data; what is longer is replaced by its size and hash. */
export const LONGEST_DATA_BYTES = 65_536
const LONGEST_SENTENCE = 4_000
const LONGEST_WHO = 200
/** `,"hash":"` + 64 + `"}` */
const TAIL_BYTES = 75
/** With every character of a sentence escaped. */
export const LONGEST_LINE_BYTES = LONGEST_DATA_BYTES + 6 * (LONGEST_SENTENCE + LONGEST_WHO) + 512

export interface ChainedEntry {
  readonly entry: JournalEntry
  /** With its line end. */
  readonly line: Buffer
}

export interface Head {
  readonly seq: number
  readonly hash: string
}

export const emptyHead: Head = Object.freeze({ seq: 0, hash: GENESIS_HASH })

/** The entry after `head`. Never throws: what cannot be written as it is, is written as what was wrong with it. */
export function chain(draft: JournalDraft, head: Head, atWallMs: number): ChainedEntry {
  const data = plainData(draft.data)
  const bare = { seq: head.seq + 1, atWallMs, kind: draft.kind, who: draft.who.slice(0, LONGEST_WHO), sentence: draft.sentence.slice(0, LONGEST_SENTENCE), data: data.value, previous: head.hash }
  const text = JSON.stringify(bare).slice(0, -1)
  const hash = sha256(text)
  return { entry: Object.freeze({ ...bare, hash }), line: Buffer.from(`${text},"hash":"${hash}"}\n`) }
}

/** A whole line without its line end; null: it is not what was written. */
export function readLine(line: Buffer): JournalEntry | null {
  const cut = line.length - TAIL_BYTES
  if (cut < 2) return null
  const tail = line.toString('latin1', cut)
  if (!tail.startsWith(',"hash":"') || !tail.endsWith('"}')) return null
  const hash = tail.slice(9, 73)
  const text = line.subarray(0, cut)
  if (sha256(text) !== hash) return null
  try {
    const entry = JSON.parse(`${text.toString('utf8')},"hash":"${hash}"}`) as JournalEntry
    return Number.isSafeInteger(entry.seq) && typeof entry.previous === 'string' && (journalKinds as readonly string[]).includes(entry.kind) ? entry : null
  } catch {
    return null
  }
}

/** The hash that stands at the end of a line, whether or not it is right. */
export function statedHash(line: Buffer): string | null {
  return /,"hash":"([0-9a-f]{64})"\}$/.exec(line.toString('latin1', Math.max(0, line.length - TAIL_BYTES)))?.[1] ?? null
}

export function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function plainData(data: unknown): { readonly value: unknown } {
  if (data === null || data === undefined) return { value: null }
  try {
    const text = JSON.stringify(data)
    if (text === undefined) return { value: null }
    const bytes = Buffer.byteLength(text)
    if (bytes > LONGEST_DATA_BYTES) return { value: { leftOut: 'too long for an entry', bytes, sha256: sha256(text) } }
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { value: { leftOut: `cannot be written as JSON: ${(error as Error).message}` } }
  }
}
