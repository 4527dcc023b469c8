import type { HeaderList } from '../../kernel/header-list.ts'

/**
 * How old an answer was when it arrived (RFC 9111 section 4.2.3).
 * An Age that is not one plain number is read as "older than any lifetime": the RFC lets a cache ignore it, but then a copy of unknown age
 * would count as new; asking the origin once more is the cheaper mistake.
 */
const AGE_UNKNOWN_MS = Infinity

/** The Age header in ms: 0 when absent, AGE_UNKNOWN_MS when malformed or repeated. */
export function readAgeMs(headers: HeaderList): number {
  let found: string | null = null
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'age') continue
    if (found !== null) return AGE_UNKNOWN_MS
    found = headers[i + 1]
  }
  if (found === null) return 0
  return /^\d+$/.test(found) ? Math.min(Number(found), 2_147_483_648) * 1_000 : AGE_UNKNOWN_MS
}

/**
 * corrected_initial_age in ms. `dateMs` NaN when there is no valid Date; `responseAtWallMs` our clock at the end of the header section;
 * `delayMs` from sending the request to that moment.
 */
export function initialAgeMs(ageMs: number, dateMs: number, responseAtWallMs: number, delayMs: number): number {
  const apparentMs = Number.isNaN(dateMs) ? 0 : Math.max(0, responseAtWallMs - dateMs)
  // Date has whole seconds: less than one second of apparent age is rounding, not age.
  const apparent = apparentMs < 1_000 ? 0 : apparentMs
  return Math.max(apparent, ageMs + Math.max(0, delayMs))
}
