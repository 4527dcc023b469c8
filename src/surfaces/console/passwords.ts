/**
 * Keeps passwords as nobody can read them: scrypt (RFC 7914) with N=2^17, r=8, p=1 (OWASP Password Storage Cheat Sheet, 2023: 128 MiB and about 0.4 s each).
 * A name that does not exist costs the same work as one that does, so that answering time names nobody. Comparison does not depend on where bytes differ.
 */
import { scrypt, timingSafeEqual } from 'node:crypto'
import { unpredictableBytes } from '../../kernel/random.ts'

export interface ScryptCost {
  readonly logN: number
  readonly r: number
  readonly p: number
}

export const PASSWORD_COST: ScryptCost = Object.freeze({ logN: 17, r: 8, p: 1 })
const KEY_BYTES = 32
const SALT_BYTES = 16
/** Files are ours, but a file that asks for a terabyte must not get it. */
const MOST = Object.freeze({ logN: 20, r: 16, p: 4 })
const SHORTEST = 12
const LONGEST = 256

/** What is wrong with a password somebody wants to use, or null. Length is what counts (NIST SP 800-63B); what it is made of does not. */
export function passwordProblem(password: string, name: string): string | null {
  const length = Array.from(password).length
  if (length < SHORTEST) return `the password has ${length} characters; at least ${SHORTEST} (four words are easy to keep in mind)`
  if (length > LONGEST) return `the password has ${length} characters; at most ${LONGEST}`
  if (password.toLowerCase().includes(name.toLowerCase()) && name.length > 3) return 'the password holds the name'
  if (new Set(password).size < 5) return 'the password repeats the same few characters'
  return null
}

/** `scrypt$17$8$1$SALT$KEY`. */
export async function hashPassword(password: string, cost: ScryptCost = PASSWORD_COST): Promise<string> {
  const salt = Buffer.from(unpredictableBytes(SALT_BYTES))
  return `scrypt$${cost.logN}$${cost.r}$${cost.p}$${salt.toString('base64url')}$${(await derive(password, salt, cost)).toString('base64url')}`
}

/** `kept` null: there is no such account; the same work is done, and the answer is no. */
export async function isPassword(password: string, kept: string | null, costOfNobody: ScryptCost = PASSWORD_COST): Promise<boolean> {
  const parsed = kept === null ? null : parse(kept)
  const { cost, salt, key } = parsed ?? { cost: costOfNobody, salt: NOBODY_SALT, key: NOBODY_KEY }
  const same = timingSafeEqual(await derive(password, salt, cost), key)
  return same && parsed !== null
}

const NOBODY_SALT = Buffer.alloc(SALT_BYTES, 7)
const NOBODY_KEY = Buffer.alloc(KEY_BYTES, 7)

export function isPasswordHash(kept: string): boolean {
  return parse(kept) !== null
}

function parse(kept: string): { cost: ScryptCost; salt: Buffer; key: Buffer } | null {
  const match = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]{16,64})\$([\w-]{43})$/.exec(kept)
  if (match === null) return null
  const cost = { logN: Number(match[1]), r: Number(match[2]), p: Number(match[3]) }
  if (cost.logN < 1 || cost.r < 1 || cost.p < 1 || cost.logN > MOST.logN || cost.r > MOST.r || cost.p > MOST.p) return null
  const key = Buffer.from(match[5]!, 'base64url')
  return key.length === KEY_BYTES ? { cost, salt: Buffer.from(match[4]!, 'base64url'), key } : null
}

function derive(password: string, salt: Buffer, { logN, r, p }: ScryptCost): Promise<Buffer> {
  const N = 2 ** logN
  return new Promise((resolve, reject) => {
    // NFKC (RFC 8265): the same word from another keyboard is the same word.
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, { N, r, p, maxmem: 128 * N * r + 128 * r * p + 1_048_576 }, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}
