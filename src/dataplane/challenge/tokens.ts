/**
 * Challenges, clearances and place tickets: words of ours that a visitor carries, so that the shield keeps no state per visitor. Each is 23 bytes of facts and a
 * 128-bit tag, HMAC-SHA-256 over the facts and the client's prefix (IPv4 /24, IPv6 /48): a token taken elsewhere is worth nothing, and it does not say
 * who its bearer is.
 *
 * A challenge is passed by waiting (`early` until its wait is over) or by a proof of work (proof-of-work.ts); the clearance made of it has its nonce, so
 * that presenting one challenge many times gives one request budget, not many.
 * `read` must never throw and never look at a field before the tag has been found right. Source: algorithms (e) Challenge.
 *
 * A place ticket names a place in the waiting room. It grants nothing by itself: what the place is good for, the line knows (waiting-room/).
 *
 * Layout: 0 kind | 16 for IPv6, 1 key id, 2-5 issued (s), 6 difficulty (bits), 7 wait (s), 8 nought, 9-10 epoch, 11-12 budget, 13-22 nonce, 23-38 tag.
 * Place: 6 line, 7-9 places before it at first, 10-12 bearer, drawn for each ticket, 13-16 number, 17-20 the line's own mark, the rest nought.
 */
import { timingSafeEqual } from 'node:crypto'
import { unpredictableBytes } from '../../kernel/random.ts'
import type { ClientAddress } from '../request.ts'
import { KeyedMac } from './keyed-mac.ts'
import { decodeToken, TOKEN_BYTES } from './token-text.ts'

const FACTS_BYTES = 23
const PREFIX_BYTES = 8
const NONCE_AT = 13
const NONCE_BYTES = 10
const BEARER_AT = 10
const BEARER_BYTES = 3
/** A client's clock plays no part; this is for several shields whose clocks differ. */
const SKEW_S = 60
const NONCE_POOL_BYTES = 8_000

export const tokenKinds = Object.freeze({ challenge: 1, clearance: 2, place: 3 })
export type TokenKind = keyof typeof tokenKinds

export interface ChallengeKey {
  /** 0 to 255; written into each token. */
  readonly id: number
  /** 32 bytes. */
  readonly bytes: Uint8Array
}

export type TokenVerdict = 'valid' | 'early' | 'expired' | 'revoked' | 'forged' | 'malformed'

export interface TokenRules {
  readonly challengeLifeMs: number
  readonly clearanceLifeMs: number
  readonly placeLifeMs: number
  readonly epoch: number
}

export class Tokens {
  /** Facts of the token last read as valid, early or expired. */
  difficultyBits = 0
  waitSeconds = 0
  budget = 0
  issuedAtSeconds = 0
  /** 32 bits of the nonce each: the two halves of a clearance's name in the budget table. */
  nonceHigh = 0
  nonceLow = 0

  /** Facts of the place ticket last read as valid. */
  line = 0
  number = 0
  lineMark = 0
  aheadAtFirst = 0
  /** Never 0. Two tickets for one place with different bearers were given to two visitors, or to one who came without the first. */
  bearer = 0

  readonly #macs = new Map<number, KeyedMac>()
  #newest = -1
  readonly #bytes = Buffer.alloc(TOKEN_BYTES)
  readonly #tag = Buffer.alloc(TOKEN_BYTES - FACTS_BYTES)
  #pool: Uint8Array = new Uint8Array(0)
  #poolAt = 0
  rules: TokenRules

  /** `keys`: newest first; the newest signs, all verify. */
  constructor(keys: readonly ChallengeKey[], rules: TokenRules) {
    this.rules = rules
    this.setKeys(keys)
  }

  setKeys(keys: readonly ChallengeKey[]): void {
    if (keys.length === 0) throw new RangeError('challenges need a key')
    this.#macs.clear()
    for (const key of keys) this.#macs.set(key.id, new KeyedMac(key.bytes, FACTS_BYTES + PREFIX_BYTES))
    this.#newest = keys[0].id
  }

  /** A challenge for this client, good by waiting so long or by so much work. */
  issueChallenge(client: ClientAddress, nowWallMs: number, difficultyBits: number, waitSeconds: number): string {
    const bytes = this.#bytes
    this.#begin(tokenKinds.challenge, client, nowWallMs)
    bytes[6] = difficultyBits
    bytes[7] = waitSeconds
    bytes.writeUInt16BE(0, 11)
    this.#draw(NONCE_AT, NONCE_BYTES)
    return this.#sign(client)
  }

  /** The clearance for the challenge read last, whose nonce it keeps. `workBits`: of the work it was got by, 0 when by waiting. */
  issueClearance(client: ClientAddress, nowWallMs: number, budget: number, workBits: number): string {
    const bytes = this.#bytes
    this.#begin(tokenKinds.clearance, client, nowWallMs)
    bytes[6] = workBits
    bytes[7] = 0
    bytes.writeUInt16BE(Math.min(0xffff, budget), 11)
    return this.#sign(client)
  }

  /** A ticket for a place in the waiting room, with what it takes to show how far it has come. */
  issuePlace(client: ClientAddress, nowWallMs: number, line: number, number: number, lineMark: number, ahead: number): string {
    const bytes = this.#bytes
    this.#begin(tokenKinds.place, client, nowWallMs)
    bytes.fill(0, 6, FACTS_BYTES)
    bytes[6] = line
    bytes.writeUIntBE(Math.min(0xff_ffff, ahead), 7, 3)
    this.#draw(BEARER_AT, BEARER_BYTES)
    if (bytes.readUIntBE(BEARER_AT, BEARER_BYTES) === 0) bytes[BEARER_AT] = 1
    bytes.writeUInt32BE(number >>> 0, NONCE_AT)
    bytes.writeUInt32BE(lineMark >>> 0, NONCE_AT + 4)
    return this.#sign(client)
  }

  /** Reads the token that starts at `from` in `text`. Any input is allowed. */
  read(kind: TokenKind, text: string, from: number, client: ClientAddress, nowWallMs: number): TokenVerdict {
    const bytes = this.#bytes
    if (!decodeToken(text, from, bytes)) return 'malformed'
    if (bytes[0] !== (tokenKinds[kind] | familyMark(client))) return 'malformed'
    const mac = this.#macs.get(bytes[1])
    if (mac === undefined) return 'forged'
    const { message } = mac
    message.set(bytes.subarray(0, FACTS_BYTES))
    writePrefix(message, client)
    const tag = this.#tag
    tag.set(mac.digest().subarray(0, tag.length))
    if (!timingSafeEqual(tag, bytes.subarray(FACTS_BYTES))) return 'forged'
    this.issuedAtSeconds = bytes.readUInt32BE(2)
    const ageMs = nowWallMs - this.issuedAtSeconds * 1_000
    if (kind === 'place') {
      this.line = bytes[6]
      this.aheadAtFirst = bytes.readUIntBE(7, 3)
      this.bearer = bytes.readUIntBE(BEARER_AT, BEARER_BYTES)
      this.number = bytes.readUInt32BE(NONCE_AT)
      this.lineMark = bytes.readUInt32BE(NONCE_AT + 4)
      return ageMs < -SKEW_S * 1_000 || ageMs >= this.rules.placeLifeMs ? 'expired' : 'valid'
    }
    this.difficultyBits = bytes[6]
    this.waitSeconds = bytes[7]
    this.budget = bytes.readUInt16BE(11)
    this.nonceHigh = bytes.readUInt32BE(NONCE_AT)
    this.nonceLow = bytes.readUInt32BE(NONCE_AT + 4)
    if (bytes.readUInt16BE(9) !== (this.rules.epoch & 0xffff)) return 'revoked'
    const lifeMs = kind === 'challenge' ? this.rules.challengeLifeMs : this.rules.clearanceLifeMs
    if (ageMs < -SKEW_S * 1_000 || ageMs >= lifeMs) return 'expired'
    return kind === 'challenge' && ageMs < this.waitSeconds * 1_000 ? 'early' : 'valid'
  }

  #begin(kind: number, client: ClientAddress, nowWallMs: number): void {
    const bytes = this.#bytes
    bytes[0] = kind | familyMark(client)
    bytes[1] = this.#newest
    bytes[8] = 0
    bytes.writeUInt32BE(Math.floor(nowWallMs / 1_000) >>> 0, 2)
    bytes.writeUInt16BE(this.rules.epoch & 0xffff, 9)
  }

  #sign(client: ClientAddress): string {
    const bytes = this.#bytes
    const mac = this.#macs.get(this.#newest)!
    const { message } = mac
    message.set(bytes.subarray(0, FACTS_BYTES))
    writePrefix(message, client)
    bytes.set(mac.digest().subarray(0, TOKEN_BYTES - FACTS_BYTES), FACTS_BYTES)
    return bytes.toString('base64url')
  }

  #draw(at: number, count: number): void {
    if (this.#poolAt + count > this.#pool.length) {
      this.#pool = unpredictableBytes(NONCE_POOL_BYTES)
      this.#poolAt = 0
    }
    this.#bytes.set(this.#pool.subarray(this.#poolAt, this.#poolAt + count), at)
    this.#poolAt += count
  }
}

function familyMark(client: ClientAddress): number {
  return client.family === 6 ? 16 : 0
}

/** The part of the address a token is bound to: people move within a provider's prefix while they read. */
function writePrefix(message: Buffer, client: ClientAddress): void {
  if (client.family === 4) {
    message.writeUInt32BE((client.high & 0xffffff00) >>> 0, FACTS_BYTES)
    message.writeUInt32BE(0, FACTS_BYTES + 4)
  } else {
    message.writeUInt32BE(client.high >>> 0, FACTS_BYTES)
    message.writeUInt32BE((client.low & 0xffff0000) >>> 0, FACTS_BYTES + 4)
  }
}
