import type { MonotonicMs } from '../../kernel/clock.ts'

/**
 * An address is made doubtful at most once a second (RFC 9111 section 4.4 asks for it after every successful unsafe request).
 * Why: POST / is answered 200 by many sites, so a flood of it would keep the home page out of the cache for good. The first one acts at once,
 * those within the next second act together when it ends; nobody sees the old page longer than that.
 */
const EVERY_MS = 1_000
/** Addresses kept apart at once; further ones act at once, each. */
const MAX_KEYS = 4_096

export class DoubtLimit {
  /** Key to the end of its second, and whether another doubt waits for it. */
  readonly #keys = new Map<string, { readonly untilMs: number; again: boolean }>()

  /** Those of `keys` to make doubtful now. */
  now(keys: readonly string[], nowMs: MonotonicMs): string[] {
    const due: string[] = []
    for (const key of keys) {
      const held = this.#keys.get(key)
      if (held !== undefined && nowMs < held.untilMs) held.again = true
      else {
        due.push(key)
        if (this.#keys.size < MAX_KEYS || held !== undefined) this.#keys.set(key, { untilMs: nowMs + EVERY_MS, again: false })
      }
    }
    return due
  }

  /** Those whose second is over and that were touched again meanwhile. */
  tick(nowMs: MonotonicMs): string[] {
    const due: string[] = []
    for (const [key, held] of this.#keys) {
      if (nowMs < held.untilMs) continue
      if (held.again) due.push(key)
      this.#keys.delete(key)
    }
    return due
  }
}
