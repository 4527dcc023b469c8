/** A journal's folder, read without a running shield: for `polder journal`. It writes nothing but a copy. All reject with system errors. */
import { mkdir, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { JournalCopy, JournalEntry, JournalVerdict } from '../contract/journal.ts'
import { readLine } from '../record/journal/chain.ts'
import { listSegments, readLines } from '../record/journal/segment-files.ts'
import { verifyJournal } from '../record/journal/verify-journal.ts'

/** @throws a system error, also when there is no such folder: an empty verdict over the wrong place would calm the wrong person. */
export async function verifyFolder(folder: string, expectHash: string | null): Promise<JournalVerdict> {
  await stat(folder)
  return verifyJournal(folder, expectHash === null ? {} : { expectHash })
}

export async function* folderEntries(folder: string): AsyncGenerator<JournalEntry> {
  for (const { file } of await listSegments(folder)) {
    for await (const { bytes, whole } of readLines(join(folder, file))) {
      const entry = whole ? readLine(bytes) : null
      if (entry !== null) yield entry
    }
  }
}

/** Line by line and byte by byte; an unfinished last line stays behind. The copy is verified where it lies now. */
export async function copyFolder(folder: string, to: string): Promise<JournalCopy> {
  const segments = await listSegments(folder)
  if (segments.length === 0) throw Object.assign(new Error(`there is no journal in ${folder}`), { code: 'ENOENT' })
  await mkdir(to, { mode: 0o700 })
  let copied = 0
  for (const { file } of segments) {
    const handle = await open(join(to, file), 'wx', 0o600)
    try {
      let pending: Buffer[] = []
      let pendingBytes = 0
      const flush = async (): Promise<void> => {
        await handle.appendFile(Buffer.concat(pending))
        copied += pendingBytes
        pending = []
        pendingBytes = 0
      }
      for await (const { bytes, whole } of readLines(join(folder, file))) {
        if (!whole) break
        pending.push(bytes, newline)
        pendingBytes += bytes.length + 1
        if (pendingBytes > 1_048_576) await flush()
      }
      await flush()
      await handle.datasync()
    } finally {
      await handle.close()
    }
  }
  return { files: segments.length, bytes: copied, verdict: await verifyJournal(to) }
}

const newline = Buffer.from('\n')
