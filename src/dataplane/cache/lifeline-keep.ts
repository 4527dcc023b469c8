import type { HeaderList } from '../../kernel/header-list.ts'
import type { WallMs } from '../../kernel/clock.ts'
import { decideStore, type NotStorableReason } from './cacheability.ts'
import type { CachePolicy } from './policy.ts'

/**
 * May an answer to the lifeline's own question be kept, to be shown while the origin fails? The question carried no cookie and no credentials, so the answer was
 * made for nobody. The cache's own decision stands, with two differences (decision 0012):
 * - words about freshness (no-cache, max-age=0, Vary: *, no validator) do not matter: such a copy never answers anything while the origin is well;
 * - where the operator named the path as public, no-store, private and Set-Cookie are taken for the carelessness they are; the cookie itself is never kept.
 * Never: keep a partial answer, one that blames the request, or one of a route that the operator switched off.
 */
const aboutFreshness: ReadonlySet<NotStorableReason> = new Set(['no-freshness', 'no-cache-no-validator', 'vary-star', 'age'])
const carelessFields: ReadonlySet<string> = new Set(['cache-control', 'pragma', 'expires', 'set-cookie', 'cdn-cache-control', 'surrogate-control'])
const KEPT_STATUS: ReadonlySet<number> = new Set([200, 203, 301, 302, 303, 307, 308])
const facts = Object.freeze({ method: 'GET', hasBody: false, hasQuery: false, hasAuthorization: false, cookies: 'none', noStore: false } as const)

/** Why not, or '' when it may be kept. `publicPath`: the operator's word. */
export function whyNotKept(status: number, headers: HeaderList, publicPath: boolean, nowWallMs: WallMs, policy: CachePolicy): string {
  if (!KEPT_STATUS.has(status)) return `status-${status}`
  const judged = publicPath ? withoutCareless(headers, policy) : headers
  const { notStorable } = decideStore(facts, status, judged, nowWallMs, 0, policy)
  return notStorable === null || aboutFreshness.has(notStorable) ? '' : notStorable
}

function withoutCareless(headers: HeaderList, policy: CachePolicy): string[] {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) if (!carelessFields.has(headers[i]) && !policy.settings.targetedControls.includes(headers[i])) kept.push(headers[i], headers[i + 1])
  return kept
}
