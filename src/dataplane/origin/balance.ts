/**
 * Which upstream gets the next request.
 * Why: the least loaded of two picked at random is nearly as even as the least loaded of all, and many workers do not all run to the same one
 * (Mitzenmacher, The Power of Two Choices, 2001; HAProxy `balance random`, nginx `random two least_conn`).
 * Acts per request. Ejected upstreams are skipped; when every one is ejected all are used again, each for at most `panicInFlight` requests (panic):
 * a wrong ejection must never take the site down, and a dead origin must fail fast so that old copies are served.
 */
import type { MonotonicMs } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import type { Upstream } from './upstream.ts'

/** @param except the one that just failed, or null: used again only when there is no other. Null when nothing may be sent. */
export function pickUpstream(upstreams: readonly Upstream[], except: Upstream | null, now: MonotonicMs, random: Random, panicInFlight: number): Upstream | null {
  let usable = 0
  let onlyOne: Upstream | null = null
  let weight = 0
  for (const upstream of upstreams) {
    if (upstream === except || !upstream.health.accepts(now)) continue
    usable++
    onlyOne = upstream
    weight += upstream.spec.weight
  }
  if (usable === 1) return onlyOne
  if (usable === 0) return except !== null && except.health.accepts(now) ? except : leastLoaded(upstreams, panicInFlight)
  const first = draw(upstreams, except, now, random.next() * weight)
  const second = draw(upstreams, except, now, random.next() * weight)
  return load(second) < load(first) ? second : first
}

/** Requests in flight per unit of weight, counting the one to come. */
function load(upstream: Upstream): number {
  return (upstream.inFlight + 1) / upstream.spec.weight
}

function draw(upstreams: readonly Upstream[], except: Upstream | null, now: MonotonicMs, at: number): Upstream {
  let last = upstreams[0]
  for (const upstream of upstreams) {
    if (upstream === except || !upstream.health.accepts(now)) continue
    last = upstream
    at -= upstream.spec.weight
    if (at < 0) break
  }
  return last
}

function leastLoaded(upstreams: readonly Upstream[], panicInFlight: number): Upstream | null {
  let best: Upstream | null = null
  for (const upstream of upstreams) if (upstream.inFlight < panicInFlight && (best === null || load(upstream) < load(best))) best = upstream
  return best
}
