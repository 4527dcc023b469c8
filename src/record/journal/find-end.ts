/** Where a journal goes on: finds the end of the chain in its folder and mends what a crash left there (recover-tail.ts). Needs the writer's lock. */
import { join } from 'node:path'
import type { JournalDraft } from '../../contract/journal.ts'
import { emptyHead, GENESIS_HASH, type Head, readLine, sha256 } from './chain.ts'
import { recoverTail } from './recover-tail.ts'
import type { Segment } from './retention.ts'
import { listSegments, readFirstLine, sizeOf } from './segment-files.ts'
import type { SegmentStore } from './segment-store.ts'

export interface JournalEnd {
  readonly segments: Segment[]
  readonly head: Head
  /** Of the last entry; 0 when there is none. */
  readonly atWallMs: number
  /** What was found and done, to be written down. */
  readonly told: readonly JournalDraft[]
}

/** @throws a system error; nothing but a torn end was changed then. */
export async function findEnd(folder: string, store: SegmentStore): Promise<JournalEnd> {
  const segments: Segment[] = []
  for (const { file, firstSeq } of await listSegments(folder)) {
    const line = await readFirstLine(join(folder, file))
    const entry = line === null ? null : readLine(line)
    segments.push({ file, firstSeq, previous: entry?.previous ?? null, firstAtWallMs: entry?.atWallMs ?? 0, bytes: await sizeOf(folder, file) })
  }
  const told: JournalDraft[] = []
  for (let segment = segments.at(-1); segment !== undefined; segment = segments.at(-1)) {
    const bytes = await store.readSegment(segment.file)
    const found = recoverTail(bytes)
    if (found.tornBytes > 0) told.push(await cutTorn(store, segment, bytes, found.keepBytes))
    if (found.alteredLines.length > 0) told.push(alteredDraft(segment.file, found.alteredLines))
    if (found.keepBytes === 0) {
      // Made for an entry that never came.
      await store.remove(segment.file)
      segments.pop()
      continue
    }
    segment.bytes = found.keepBytes
    if (found.missesLineEnd) {
      const open = await store.openSegment(segment.file, false)
      await open.write(Buffer.from('\n'), segment.bytes++)
      await open.close()
    }
    return { segments, head: found.head ?? { seq: segment.firstSeq, hash: GENESIS_HASH }, atWallMs: found.atWallMs, told }
  }
  return { segments, head: emptyHead, atWallMs: 0, told }
}

async function cutTorn(store: SegmentStore, segment: Segment, bytes: Buffer, keepBytes: number): Promise<JournalDraft> {
  const torn = bytes.subarray(keepBytes)
  const file = `${segment.file}.torn`
  await store.putAside(file, torn)
  if (keepBytes > 0) {
    const open = await store.openSegment(segment.file, false)
    await open.cut(keepBytes)
    await open.close()
  }
  return {
    kind: 'alarm', who: 'polder',
    sentence: `the last end of this Polder was no clean one: ${torn.length} bytes of an unfinished entry were cut off the journal and kept in ${file}; no acknowledged entry is lost`,
    data: { code: 'journal-torn', severity: 'warning', file, bytes: torn.length, sha256: sha256(torn) },
  }
}

function alteredDraft(file: string, lines: readonly number[]): JournalDraft {
  return {
    kind: 'alarm', who: 'polder',
    sentence: `the journal was altered while Polder did not run: ${file}, line${lines.length === 1 ? '' : 's'} ${lines.slice(0, 20).join(', ')}. polder journal verify says more`,
    data: { code: 'journal-altered', key: 'journal-altered', severity: 'critical', file, lines: lines.slice(0, 100) },
  }
}
