/**
 * The files of the journal: segments named by the number of their first entry, each a few megabytes, so that retention can delete whole files. Reading goes in
 * pieces: no reader holds more than one piece and one line.
 */
import { createReadStream, type Dirent } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LONGEST_LINE_BYTES } from './chain.ts'

const PIECE_BYTES = 262_144
const NAME = /^(\d{12})\.jsonl$/

export interface SegmentName {
  readonly file: string
  readonly firstSeq: number
}

export interface RawLine {
  /** Without its line end; `whole` false: the file ended before one, or it is longer than any line. */
  readonly bytes: Buffer
  readonly whole: boolean
  /** From 1. */
  readonly number: number
}

export function segmentFile(firstSeq: number): string {
  return `${String(firstSeq).padStart(12, '0')}.jsonl`
}

/** Oldest first; none when there is no such folder. @throws a system error. */
export async function listSegments(folder: string): Promise<SegmentName[]> {
  let names: Dirent[]
  try {
    names = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return names.filter((one) => one.isFile() && NAME.test(one.name)).map(({ name }) => ({ file: name, firstSeq: Number(NAME.exec(name)![1]) })).sort((a, b) => a.firstSeq - b.firstSeq)
}

/** Every line of a file, the unfinished last one too. @throws a system error. */
export async function* readLines(path: string): AsyncGenerator<RawLine> {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let number = 1
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>) {
    let from = 0
    for (;;) {
      const end = piece.indexOf(10, from)
      if (end === -1) break
      const last = piece.subarray(from, end)
      yield { bytes: pendingBytes === 0 ? last : Buffer.concat([...pending, last]), whole: true, number: number++ }
      pending = []
      pendingBytes = 0
      from = end + 1
    }
    if (from < piece.length) {
      pending.push(piece.subarray(from))
      pendingBytes += piece.length - from
    }
    if (pendingBytes > 2 * LONGEST_LINE_BYTES) break
  }
  if (pendingBytes > 0) yield { bytes: Buffer.concat(pending), whole: false, number }
}

/** The first line, cut at the longest length of one; null: the file is empty. @throws a system error. */
export async function readFirstLine(path: string): Promise<Buffer | null> {
  const handle = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(LONGEST_LINE_BYTES)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
    if (bytesRead === 0) return null
    const end = buffer.subarray(0, bytesRead).indexOf(10)
    return buffer.subarray(0, end === -1 ? bytesRead : end)
  } finally {
    await handle.close()
  }
}

export async function sizeOf(folder: string, file: string): Promise<number> {
  return (await stat(join(folder, file))).size
}
