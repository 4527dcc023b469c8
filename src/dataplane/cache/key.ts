import type { CachePolicy } from './policy.ts'

/**
 * The name under which an answer is stored (RFC 9111 section 2): scheme, host and target, byte for byte.
 * Nothing is decoded or tidied: `%2F`, `;`, `//`, dot segments and letter case stay as they came, because only the origin knows whether two
 * spellings are one page; a cache that thinks it knows serves one page's answer for another (path confusion, RFC 9111 section 7.1).
 * Where the operator asked for it, query keys are dropped or sorted, and then the origin is asked with the same reduced target:
 * an input that is not in the key must not reach the origin.
 * Only the operator's list says which keys matter; nothing is learned from traffic, because whoever sends the traffic would teach it.
 */

/** The target to put into the key and to ask the origin with; the same string when nothing had to change. `query` without `?`. */
export function canonicalTarget(target: string, path: string, query: string, policy: CachePolicy): string {
  const route = policy.route
  if (query === '' || (!route.dropUnknownQueryKeys && !route.sortQueryKeys)) return target
  let pairs = query.split('&')
  if (route.dropUnknownQueryKeys) pairs = pairs.filter((pair) => policy.queryKeys.has(queryKey(pair)))
  // Stable: values of a repeated key keep their order.
  if (route.sortQueryKeys) pairs.sort((a, b) => order(queryKey(a), queryKey(b)))
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}

/** Primary key. `host` is lower case, as the edge gives it. */
export function primaryKey(scheme: string, host: string, target: string): string {
  return `${scheme}://${host}${target}`
}

function queryKey(pair: string): string {
  const equals = pair.indexOf('=')
  return equals === -1 ? pair : pair.slice(0, equals)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
