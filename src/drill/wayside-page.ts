/** Reads the shield's pages that lead on as a browser does: where to and when from the Refresh field, what to work on from the page of a short check. */
import { gunzipSync } from 'node:zlib'
import type { Wayside } from './world.ts'

const LONGEST_PAGE_BYTES = 1_048_576
const kinds: Readonly<Record<string, Wayside['kind']>> = { 'rule-challenge': 'check', 'waiting-room': 'room' }

/** `content` as it came, one character per byte. Null for every other answer, and for a check that no page can pass (a script's, a form's). */
export function readWayside(headers: ReadonlyMap<string, string>, content: string): Wayside | null {
  const kind = kinds[headers.get('polder-reason') ?? '']
  const refresh = /^(\d+); *url=(\S+)$/.exec(headers.get('refresh') ?? '')
  if (kind === undefined || refresh === null) return null
  const page = kind === 'room' ? '' : headers.get('content-encoding') === 'gzip' ? unzipped(content) : content
  return { kind, reference: refresh[2], waitMs: 1_000 * Number(refresh[1]), text: /data-t="([^"]+)"/.exec(page)?.[1]?.slice(-32) ?? '', bits: Number(/data-z="(\d+)"/.exec(page)?.[1] ?? 0) }
}

/** '' for a page that came cut: a browser then has the Refresh field still. */
function unzipped(content: string): string {
  try {
    return gunzipSync(Buffer.from(content, 'latin1'), { maxOutputLength: LONGEST_PAGE_BYTES }).toString('latin1')
  } catch {
    return ''
  }
}
