/** What the tests of this folder share. */
import type { MonotonicMs } from '../../kernel/clock.ts'
import { type ClientAddress, type Reply, Request } from '../request.ts'
import { type ChallengeKey, Tokens } from './tokens.ts'

export const START = 1_700_000_000_000
export const keyA: ChallengeKey = { id: 7, bytes: Buffer.alloc(32, 1) }
export const keyB: ChallengeKey = { id: 8, bytes: Buffer.alloc(32, 2) }
export const tokenRules = { challengeLifeMs: 600_000, clearanceLifeMs: 1_800_000, placeLifeMs: 14_400_000, epoch: 3 }

export function v4(a: number, b: number, c: number, d: number): ClientAddress {
  return { family: 4, text: `${a}.${b}.${c}.${d}`, high: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, low: 0, key: d }
}

export function v6(high: number, low: number): ClientAddress {
  return { family: 6, text: '2001:db8::1', high, low, key: low }
}

export const visitor = v4(203, 0, 113, 7)

export function makeTokens(keys: readonly ChallengeKey[] = [keyA]): Tokens {
  return new Tokens(keys, tokenRules)
}

export interface AskOptions {
  readonly client?: ClientAddress
  readonly scheme?: 'http' | 'https'
  readonly method?: string
}

export function ask(target: string, headers: readonly string[] = [], { client = visitor, scheme = 'http', method = 'GET' }: AskOptions = {}): Request {
  const request = new Request(method, target, 'a.example', scheme, 11, headers, client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
  request.sourceSlot = 0
  return request
}

/** What the page in the browser does, slowly. */
export function solve(isSolved: (text: string, from: number, bits: number) => boolean, token: string, bits: number): string {
  for (let n = 0; ; n++) if (isSolved(`${token}.${n}`, 0, bits)) return `${token}.${n}`
}
