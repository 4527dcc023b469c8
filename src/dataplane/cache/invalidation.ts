import type { HeaderList } from '../../kernel/header-list.ts'
import { primaryKey } from './key.ts'

/**
 * What a successful unsafe request makes doubtful (RFC 9111 section 4.4): its own address, and those named by Location and
 * Content-Location on the same scheme and host. Unknown methods count as unsafe (RFC 9110 section 9.2.1 lists the safe ones).
 * Doubtful means: ask the origin before showing the copy again. The copy is kept for the case that the origin fails, because otherwise
 * a flood of POST / would empty the cache just before the origin breaks.
 */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'])

/** Primary keys to invalidate; `target` is the canonical target. Empty when the method is safe or the status is an error. */
export function keysToInvalidate(method: string, scheme: string, host: string, target: string, status: number, headers: HeaderList): string[] {
  if (SAFE.has(method) || status < 200 || status >= 400) return []
  const keys = [primaryKey(scheme, host, target)]
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'location' && headers[i] !== 'content-location') continue
    const key = sameHostKey(headers[i + 1], scheme, host, target)
    if (key !== null && !keys.includes(key)) keys.push(key)
  }
  return keys
}

function sameHostKey(reference: string, scheme: string, host: string, target: string): string | null {
  try {
    const base = new URL(`${scheme}://${host}${target.startsWith('/') ? target : '/'}`)
    const resolved = new URL(reference, base)
    if (resolved.protocol !== base.protocol || resolved.host !== base.host) return null
    // An absolute path is taken as written: URL would tidy dot segments that the key keeps.
    const written = reference.startsWith('/') && !reference.startsWith('//') ? reference.split('#')[0] : resolved.pathname + resolved.search
    return primaryKey(scheme, host, written)
  } catch {
    return null
  }
}
