/**
 * The quick door: a number which, written behind the last 32 characters of the challenge, gives a SHA-256 that begins with `bits` zero bits.
 * Those characters hold the whole tag, so the work is good for this challenge alone; together with the number they fit one block of SHA-256, which is
 * what an old telephone computes. It proves that a program ran and waited, not that it was a person. Checking costs one hash.
 */
import { hash } from 'node:crypto'
import { TOKEN_CHARACTERS } from './token-text.ts'

/** Of the challenge's text, from its end. */
export const WORK_CHARACTERS = 32
const MOST_DIGITS = 10

/** `text` holds the challenge from `from` on; its solution follows a dot, as written by the page. Any input is allowed. */
export function isSolved(text: string, from: number, bits: number): boolean {
  const dot = from + TOKEN_CHARACTERS
  const digits = text.length - dot - 1
  if (text[dot] !== '.' || digits < 1 || digits > MOST_DIGITS) return false
  for (let i = dot + 1; i < text.length; i++) if (text.charCodeAt(i) < 48 || text.charCodeAt(i) > 57) return false
  if (digits > 1 && text[dot + 1] === '0') return false
  const digest = hash('sha256', text.slice(dot - WORK_CHARACTERS, dot) + text.slice(dot + 1), 'buffer')
  return leadingZeroBits(digest) >= bits
}

function leadingZeroBits(digest: Buffer): number {
  const first = digest.readUInt32BE(0)
  return first === 0 ? 32 + Math.clz32(digest.readUInt32BE(4)) : Math.clz32(first)
}
