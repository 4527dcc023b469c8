/**
 * A rehearsal of the short check without a visitor: with the keys in force, issue, wait, work, clear, and be refused where one must be. The calendar asks for
 * it before an evening that matters, so that a wrong clock or key is found hours before anybody stands before the door. It touches no visitor and no count.
 * What it cannot show is a browser: that is for the tests of each release.
 */
import type { ClientAddress } from '../request.ts'
import { isSolved } from './proof-of-work.ts'
import type { Tokens } from './tokens.ts'

/** 256 tries on average: enough to see that work is counted, at a thousandth of a second. */
const REHEARSED_BITS = 8
const MOST_TRIES = 20_000

/** `somebody` and `stranger` must not share a prefix. Returns what is wrong, in a sentence, or null. */
export function rehearse(tokens: Tokens, somebody: ClientAddress, stranger: ClientAddress, waitSeconds: number, budget: number, nowWallMs: number): string | null {
  const challenge = tokens.issueChallenge(somebody, nowWallMs, REHEARSED_BITS, waitSeconds)
  const later = nowWallMs + waitSeconds * 1_000 + 1_000
  if (waitSeconds > 0 && tokens.read('challenge', challenge, 0, somebody, nowWallMs) !== 'early') return 'a check that was issued just now is not seen as too early to come back'
  if (tokens.read('challenge', challenge, 0, somebody, later) !== 'valid') return 'the door of waiting does not open'
  if (tokens.read('challenge', challenge, 0, stranger, later) !== 'forged') return 'somebody else\'s check is taken'
  let tries = 0
  while (!isSolved(`${challenge}.${tries}`, 0, REHEARSED_BITS)) if (++tries > MOST_TRIES) return 'the door of work does not open'
  tokens.read('challenge', challenge, 0, somebody, nowWallMs)
  const clearance = tokens.issueClearance(somebody, nowWallMs, budget, REHEARSED_BITS)
  if (tokens.read('clearance', clearance, 0, somebody, nowWallMs) !== 'valid') return 'a clearance that was issued just now is not taken'
  if (tokens.read('clearance', clearance, 0, stranger, nowWallMs) !== 'forged') return 'somebody else\'s clearance is taken'
  return null
}
