import { type ChallengeKey, Tokens } from '../../src/dataplane/challenge/tokens.ts'
import { ClearanceBudget, CLEARANCE_BUDGET_BYTES } from '../../src/dataplane/challenge/clearance-budget.ts'
import { Clearances } from '../../src/dataplane/challenge/clearance.ts'
import { isSolved } from '../../src/dataplane/challenge/proof-of-work.ts'
import { ChallengePages } from '../../src/dataplane/pages/challenge-page.ts'
import { siteOptions } from '../../src/dataplane/pages/options.ts'
import { defaultsOf } from '../../src/kernel/option.ts'
import { browserHead, typicalRequest } from './typical-request.ts'

const key: ChallengeKey = { id: 1, bytes: new Uint8Array(32).fill(9) }
const rules = { challengeLifeMs: 600_000, clearanceLifeMs: 1_800_000, placeLifeMs: 14_400_000, epoch: 0 }
const tokens = new Tokens([key], rules)
const { client } = typicalRequest()
const NOW = 1_700_000_000_000

/** The signed word alone. */
export const bench = {
  name: 'challenge: token issued',
  run(iterations: number): void {
    for (let i = 0; i < iterations; i++) tokens.issueChallenge(client, NOW + i, 15, 5)
  },
}

const page = typicalRequest()
const pages = new ChallengePages(defaultsOf(siteOptions))
const asked = { token: tokens.issueChallenge(client, NOW, 15, 5), difficultyBits: 15, waitSeconds: 5, clearanceMinutes: 30, reference: '', form: undefined, withoutCookies: false, supportCode: '1a2b3c4d' }

/** What a flood of browsers costs: a challenge signed, and its page put together, compressed. */
export const benchPage = {
  name: 'challenge: token issued, page written',
  run(iterations: number): void {
    for (let i = 0; i < iterations; i++) {
      const token = tokens.issueChallenge(client, NOW + i, 15, 5)
      pages.write(page, { ...asked, token, reference: `/news?polder=${token}` }, NOW + i)
    }
  },
}

const challenge = tokens.issueChallenge(client, NOW, 12, 5)
let solution = 0
while (!isSolved(`${challenge}.${solution}`, 0, 12)) solution++
const solved = `${challenge}.${solution}`

/** A challenge that comes back with its work: verified, and the clearance issued. */
export const benchPass = {
  name: 'challenge: work checked, clearance issued',
  run(iterations: number): void {
    for (let i = 0; i < iterations; i++) {
      if (tokens.read('challenge', solved, 0, client, NOW) === 'malformed' || !isSolved(solved, 0, 12)) throw new Error('not passed')
      tokens.issueClearance(client, NOW, 600, 15)
    }
  },
}

tokens.read('challenge', challenge, 0, client, NOW)
const cookie = tokens.issueClearance(client, NOW, 60_000, 15)
const cleared = typicalRequest(browserHead.replace('Connection: keep-alive', `Connection: keep-alive\r\nCookie: session=1; polder=${cookie}`))
const headers = cleared.headers
const clearances = new Clearances(tokens, new ClearanceBudget(new SharedArrayBuffer(CLEARANCE_BUDGET_BYTES), 7), () => undefined)

/** Everything a cleared visitor's request costs: cookie found and taken out, two hashes, budget counted. */
export const benchVerify = {
  name: 'clearance: cookie read and verified',
  run(iterations: number): void {
    for (let i = 0; i < iterations; i++) {
      cleared.headers = headers
      clearances.read(cleared, NOW)
    }
  },
}

const plain = typicalRequest()

/** What it costs all the others. */
export const benchNone = {
  name: 'clearance: none carried',
  run(iterations: number): void {
    for (let i = 0; i < iterations; i++) clearances.read(plain, NOW)
  },
}
