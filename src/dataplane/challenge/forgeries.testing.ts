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
    const drawn = random.next()
    const kind = drawn < 0.34 ? 'challenge' : drawn < 0.67 ? 'clearance' : 'place'
    const challenge = tokens.issueChallenge(visitor, START, 12, 5)
    tokens.read('challenge', challenge, 0, visitor, START + 10_000)
    const good = kind === 'challenge' ? challenge : kind === 'clearance' ? tokens.issueClearance(visitor, START, 10, 15) : tokens.issuePlace(visitor, START, 0, i, 7, 3)
    let text = good
    let client: ClientAddress = visitor
    let now = START + 10_000
    switch (i % 9) {
      case 0: // signed with another key
        text = kind === 'challenge' ? stranger.issueChallenge(visitor, START, 12, 0) : kind === 'clearance' ? stranger.issueClearance(visitor, START, 600, 15) : stranger.issuePlace(visitor, START, 0, i, 7, 3)
        break
      case 1: // taken to another prefix
        client = v4(random.below(200), random.below(256), random.below(256), random.below(256))
        break
      case 2: // expired, or from the future
        now = random.next() < 0.5 ? START - 61_000 - random.below(1_000_000) : START + 14_400_000 + random.below(1_000_000_000)
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
        const other = kind === 'place' ? tokens.issuePlace(visitor, START, 0, i + 1, 7, 3) : tokens.issueChallenge(visitor, START, 12, 5)
        const at = 4 + random.below(47)
        text = good.slice(0, at) + other.slice(at)
        if (text === good || text.slice(4) === other.slice(4)) text = ''
        break
      }
      case 7: // one kind in the place of another
        for (const other of ['challenge', 'clearance', 'place'] as const) if (other !== kind && tokens.read(other, good, 0, client, now) === 'valid') accepted++
        text = ''
        break
      default: // spent, and a challenge presented before its time without work
        if (tokens.read('clearance', tokens.issueClearance(visitor, START, 10, 15), 0, visitor, now) === 'valid') {
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
