/** Tokens as an attacker would try them, by the thousand: `node script/forge-tokens.ts 1000000`. */
import { randomBytes } from 'node:crypto'
import { SeededRandom } from '../../kernel/random.ts'
import type { ClientAddress } from '../request.ts'
import { keyA, keyB, makeTokens, START, tokenRules, v4, visitor } from './challenge.testing.ts'
import { CLEARANCE_BUDGET_BYTES, ClearanceBudget } from './clearance-budget.ts'
import { isSolved } from './proof-of-work.ts'
import { Tokens } from './tokens.ts'

/** How many of so many were accepted. @throws whatever reading one throws. */
export function acceptedForgeries(count: number, seed: number): number {
  const random = new SeededRandom(seed)
  const tokens = makeTokens([keyB, keyA])
  const stranger = new Tokens([{ id: keyB.id, bytes: randomBytes(32) }], tokenRules)
  const budget = new ClearanceBudget(new SharedArrayBuffer(CLEARANCE_BUDGET_BYTES), seed)
  let accepted = 0
  for (let i = 0; i < count; i++) {
    const kind = random.next() < 0.5 ? 'challenge' : 'clearance'
    const challenge = tokens.issueChallenge(visitor, START, 12, 5)
    tokens.read('challenge', challenge, 0, visitor, START + 10_000)
    const good = kind === 'challenge' ? challenge : tokens.issueClearance(visitor, START, 10)
    let text = good
    let client: ClientAddress = visitor
    let now = START + 10_000
    switch (i % 9) {
      case 0: // signed with another key
        text = kind === 'challenge' ? stranger.issueChallenge(visitor, START, 12, 0) : stranger.issueClearance(visitor, START, 600)
        break
      case 1: // taken to another prefix
        client = v4(random.below(200), random.below(256), random.below(256), random.below(256))
        break
      case 2: // expired, or from the future
        now = random.next() < 0.5 ? START - 61_000 - random.below(1_000_000) : START + 1_800_000 + random.below(1_000_000_000)
        break
      case 3: { // altered
        const bytes = Buffer.from(good, 'base64url')
        bytes[random.below(39)] ^= 1 + random.below(255)
        text = bytes.toString('base64url')
        break
      }
      case 4: // truncated
        text = good.slice(0, random.below(52))
        break
      case 5: // anything
        text = String.fromCharCode(...Array.from({ length: random.below(120) }, () => random.below(i % 2 === 0 ? 128 : 65_536)))
        break
      case 6: { // two good ones spliced
        const other = tokens.issueChallenge(visitor, START, 12, 5)
        const at = 4 + random.below(47)
        text = good.slice(0, at) + other.slice(at)
        if (text === good || text.slice(4) === other.slice(4)) text = ''
        break
      }
      case 7: // a challenge in a clearance's place, or the other way round
        if (tokens.read(kind === 'challenge' ? 'clearance' : 'challenge', good, 0, client, now) === 'valid') accepted++
        text = ''
        break
      default: // spent, and a challenge presented before its time without work
        if (tokens.read('clearance', tokens.issueClearance(visitor, START, 10), 0, visitor, now) === 'valid') {
          for (let n = 0; n < 10; n++) budget.spend(tokens.nonceHigh, tokens.nonceLow, 10, now)
          if (budget.spend(tokens.nonceHigh, tokens.nonceLow, 10, now) !== 'over') accepted++
        }
        if (tokens.read('challenge', challenge, 0, visitor, START + 1_000) === 'valid' || isSolved(`${challenge}.${random.below(1_000)}`, 0, 40)) accepted++
        text = ''
    }
    if (tokens.read(kind, text, 0, client, now) === 'valid') accepted++
  }
  return accepted
}
