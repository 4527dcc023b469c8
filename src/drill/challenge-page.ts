/** Reads the shield's short check as a browser does: where to go on from the Refresh field, what to work on from the page. */
import { gunzipSync } from 'node:zlib'
import type { Challenge } from './world.ts'

const LONGEST_PAGE_BYTES = 1_048_576

/** `content` as it came, one character per byte. Null for every other answer, and for a check that no page can pass (a script's, a form's). */
export function readChallenge(status: number, headers: ReadonlyMap<string, string>, content: string): Challenge | null {
  if (status !== 429 || headers.get('polder-reason') !== 'rule-challenge') return null
  const refresh = /^(\d+); *url=(\S+)$/.exec(headers.get('refresh') ?? '')
  if (refresh === null) return null
  const page = headers.get('content-encoding') === 'gzip' ? unzipped(content) : content
  return { reference: refresh[2], waitMs: 1_000 * Number(refresh[1]), text: /data-t="([^"]+)"/.exec(page)?.[1]?.slice(-32) ?? '', bits: Number(/data-z="(\d+)"/.exec(page)?.[1] ?? 0) }
}

/** '' for a page that came cut: a browser then has the Refresh field still. */
function unzipped(content: string): string {
  try {
    return gunzipSync(Buffer.from(content, 'latin1'), { maxOutputLength: LONGEST_PAGE_BYTES }).toString('latin1')
  } catch {
    return ''
  }
}
