/**
 * Which segments go, and what is written down about each before it does. Acts when a new segment begins and once an hour. The newest segment never goes.
 * Age is judged only an hour after the start, and an hour after the clock jumped: a clock that is wrong for a while must not delete a year.
 */
import type { JournalDraft } from '../../contract/journal.ts'
import type { Clock } from '../../kernel/clock.ts'
import { DAY_MS, HOUR_MS, MIB } from '../../kernel/units.ts'
import type { JournalSettings } from './options.ts'

export interface Segment {
  readonly file: string
  readonly firstSeq: number
  /** What its first entry is bound to; null: that line was altered. */
  readonly previous: string | null
  readonly firstAtWallMs: number
  bytes: number
}

/** More would make one deletion of settings a long one. */
const MOST_AT_ONCE = 64

export class Retention {
  readonly #clock: Clock
  #offsetMs: number
  #trustedFromMs: number
  #dueMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    const now = clock.monotonicMs()
    this.#offsetMs = clock.wallMs() - now
    this.#trustedFromMs = now + HOUR_MS
    this.#dueMs = now + HOUR_MS
  }

  /** Once an hour. */
  isDue(): boolean {
    const now = this.#clock.monotonicMs()
    if (now < this.#dueMs) return false
    this.#dueMs = now + HOUR_MS
    return true
  }

  /** What is to be written down before each of the oldest segments goes, oldest first. */
  choose(segments: readonly Segment[], settings: JournalSettings): JournalDraft[] {
    const now = this.#clock.monotonicMs()
    const nowWallMs = this.#clock.wallMs()
    const offset = nowWallMs - now
    if (Math.abs(offset - this.#offsetMs) > HOUR_MS) this.#trustedFromMs = now + HOUR_MS
    this.#offsetMs = offset
    const trusted = now >= this.#trustedFromMs
    let bytes = segments.reduce((sum, one) => sum + one.bytes, 0)
    const chosen: JournalDraft[] = []
    for (let i = 0; i < segments.length - 1 && chosen.length < MOST_AT_ONCE; i++) {
      const segment = segments[i]
      const next = segments[i + 1]
      const tooMuch = bytes > settings.keepBytes
      const tooOld = trusted && next.firstAtWallMs > 0 && next.firstAtWallMs < nowWallMs - settings.keepMs
      if (!tooMuch && !tooOld) break
      bytes -= segment.bytes
      chosen.push(checkpointOf(segment, next, tooMuch ? `more than ${Math.round(settings.keepBytes / MIB)} MiB` : `older than ${Math.round(settings.keepMs / DAY_MS)} days`))
    }
    return chosen
  }
}

function checkpointOf(segment: Segment, next: Segment, why: string): JournalDraft {
  const throughSeq = next.firstSeq - 1
  return {
    kind: 'checkpoint', who: 'polder',
    sentence: `entries ${segment.firstSeq} to ${throughSeq} are deleted by retention (${why})`,
    data: { throughSeq, throughHash: next.previous ?? '', firstSeq: segment.firstSeq, file: segment.file, bytes: segment.bytes, fromWallMs: segment.firstAtWallMs, toWallMs: next.firstAtWallMs },
  }
}
