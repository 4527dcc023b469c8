/** The second factor: time-based one-time codes (RFC 6238: SHA-1, 30 s, six digits), as every authenticator app makes them. A code counts once. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { SECOND_MS } from '../../kernel/units.ts'
import { unpredictableBytes } from '../../kernel/random.ts'

const STEP_MS = 30 * SECOND_MS
const DIGITS = 6
const SECRET_BYTES = 20
/** One step before and after: clocks of telephones differ (RFC 6238, section 5.2). */
const DRIFT_STEPS = 1
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Base32 (RFC 4648) without padding. */
export function newTotpSecret(): string {
  let bits = 0
  let value = 0
  let text = ''
  for (const byte of unpredictableBytes(SECRET_BYTES)) {
    value = ((value << 8) | byte) & 0xffff
    bits += 8
    for (; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31]
  }
  return text
}

export function totpUri(secret: string, name: string, issuer: string): string {
  return `otpauth://totp/${encodeURIComponent(issuer)}:${encodeURIComponent(name)}?secret=${secret}&issuer=${encodeURIComponent(issuer)}`
}

export function totpCode(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', decode(secret)).update(counter).digest()
  const offset = digest[digest.length - 1]! & 15
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 10 ** DIGITS).padStart(DIGITS, '0')
}

/** The step a code belongs to, or -1: wrong, or of a step not after `usedStep`. */
export function totpStep(secret: string, code: string, nowWallMs: number, usedStep: number): number {
  const given = Buffer.from(code.replaceAll(/\s/g, ''))
  const now = Math.floor(nowWallMs / STEP_MS)
  let found = -1
  for (let step = now - DRIFT_STEPS; step <= now + DRIFT_STEPS; step++) {
    if (given.length === DIGITS && timingSafeEqual(Buffer.from(totpCode(secret, step)), given) && step > usedStep) found = step
  }
  return found
}

function decode(secret: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const letter of secret) {
    const at = ALPHABET.indexOf(letter)
    if (at === -1) throw new RangeError('a TOTP secret is base32')
    value = ((value << 5) | at) & 0xfff
    bits += 5
    if (bits >= 8) bytes.push((value >>> (bits -= 8)) & 255)
  }
  return Buffer.from(bytes)
}
