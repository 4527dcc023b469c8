/** The part of http-cache-semantics that oracle.test.ts uses; the package has no types of its own. */
declare module 'http-cache-semantics' {
  export default class CachePolicy {
    constructor(
      request: { method: string; url: string; headers: Record<string, string> },
      response: { status: number; headers: Record<string, string> },
      options: { shared: boolean; cacheHeuristic: number; immutableMinTimeToLive: number },
    )
    now(): number
    storable(): boolean
    stale(): boolean
    timeToLive(): number
  }
}
