import type { MonotonicMs } from '../../kernel/clock.ts'
import type { CachePolicy } from './policy.ts'
import { storedFlags } from './stored-response.ts'
import type { CacheEntry } from './stored-response.ts'

/**
 * When a copy that is no longer fresh may be shown (RFC 9111 section 4.2.4, RFC 5861).
 * Why our own policy: the shield exists so that pages stay readable while the origin is down, so the operator's `neverOlderThanMs` allows
 * what the origin did not forbid. It must never show what the origin said must be validated, unless the operator chose so (`staleDespite`),
 * and never a copy older than the operator's bound, whatever the origin allows.
 */

/** The origin was asked and failed (5xx, timeout, refused, cut): may this copy be shown instead? */
export function mayServeOnError(entry: CacheEntry, nowMs: MonotonicMs, policy: CachePolicy): boolean {
  const staleness = entry.stalenessMs(nowMs)
  if (staleness >= policy.settings.neverOlderThanMs) return false
  return !forbidsStale(entry.stored.flags, entry.stored.staleIfErrorMs >= 0 || entry.stored.staleWhileRevalidateMs >= 0, policy)
}

/**
 * The origin has not been asked yet: may the copy be shown now and refreshed behind?
 * `preferStale` is the plan's wish while the origin is strained; it allows what an error would allow.
 */
export function mayServeWhileRevalidating(entry: CacheEntry, nowMs: MonotonicMs, policy: CachePolicy, preferStale: boolean): boolean {
  if (entry.invalidated) return false
  const stored = entry.stored
  const staleness = entry.stalenessMs(nowMs)
  if (staleness >= policy.settings.neverOlderThanMs) return false
  if (preferStale) return !forbidsStale(stored.flags, stored.staleIfErrorMs >= 0 || stored.staleWhileRevalidateMs >= 0, policy)
  if ((stored.flags & storedFlags.lastGoodOnly) !== 0) return false
  const allowed = stored.staleWhileRevalidateMs >= 0 ? stored.staleWhileRevalidateMs : policy.settings.staleWhileRevalidateMs
  if (staleness >= allowed) return false
  return !forbidsStale(stored.flags, stored.staleWhileRevalidateMs >= 0, policy)
}

/** `explicit`: the origin itself allowed stale use by a directive of RFC 5861, which outweighs what s-maxage only implies. */
function forbidsStale(flags: number, explicit: boolean, policy: CachePolicy): boolean {
  const despite = policy.settings.staleDespite
  if (despite === 'must-revalidate') return false
  if ((flags & (storedFlags.noCache | storedFlags.mustRevalidate | storedFlags.proxyRevalidate)) !== 0) return true
  return (flags & storedFlags.sMaxAge) !== 0 && despite === 'nothing' && !explicit
}

/** Answers of the origin for which a good copy is the better answer (RFC 5861 section 4). */
export function isOriginError(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504
}
