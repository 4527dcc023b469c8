import type { HeaderList } from '../../kernel/header-list.ts'

/** Fields that belong to one connection or to the proxy itself and are never stored (RFC 9111 section 3.1, RFC 9110 section 7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authentication-info', 'proxy-authorization', 'te', 'trailer',
  'transfer-encoding', 'upgrade',
])

export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name)
}

/**
 * The header section as it is kept: without hop-by-hop fields, those named in Connection, Age (recomputed for each use), and `omit`.
 * Set-Cookie never gets through; whether its presence forbids storing was decided before (cacheability.ts).
 * Date is added when missing (RFC 9110 section 6.6.1), Content-Length set to what was received.
 */
export function headersToStore(headers: HeaderList, omit: readonly string[] | null, dateText: string, bodyBytes: number, status: number): string[] {
  const listed: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'connection') for (const name of headers[i + 1].split(',')) listed.push(name.trim().toLowerCase())
  }
  const kept: string[] = []
  let hasDate = false
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]
    if (HOP_BY_HOP.has(name) || name === 'age' || name === 'set-cookie' || name === 'content-length') continue
    if (listed.length > 0 && listed.includes(name)) continue
    if (omit !== null && omit.includes(name)) continue
    if (name === 'date') hasDate = true
    kept.push(name, headers[i + 1])
  }
  if (!hasDate) kept.push('date', dateText)
  if (status !== 204) kept.push('content-length', String(bodyBytes))
  return kept
}
