import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ClientAddress } from '../request.ts'
import { keyA, keyB, makeTokens, solve, START, tokenRules, v4, v6, visitor } from './challenge.testing.ts'
import { acceptedForgeries } from './forgeries.testing.ts'
import { KeyedMac } from './keyed-mac.ts'
import { isSolved } from './proof-of-work.ts'
import { decodeToken } from './token-text.ts'
import { Tokens } from './tokens.ts'

test('our keyed hash is HMAC-SHA-256 as node computes it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 64 }), fc.uint8Array({ minLength: 31, maxLength: 31 }), (key, message) => {
      const mac = new KeyedMac(key, 31)
      mac.message.set(message)
      assert.deepEqual(mac.digest(), createHmac('sha256', key).update(message).digest())
      assert.deepEqual(mac.digest(), createHmac('sha256', key).update(message).digest(), 'a second time')
    }),
    { numRuns: 200 },
  )
})

test('a challenge is early until its wait is over, valid until it expires, and its clearance is valid at once', () => {
  const tokens = makeTokens()
  const challenge = tokens.issueChallenge(visitor, START, 15, 5)
  assert.equal(challenge.length, 52)
  assert.equal(tokens.read('challenge', challenge, 0, visitor, START + 4_999), 'early')
  assert.equal(tokens.read('challenge', challenge, 0, visitor, START + 5_000), 'valid')
  assert.deepEqual([tokens.difficultyBits, tokens.waitSeconds], [15, 5])
  const nonce = [tokens.nonceHigh, tokens.nonceLow]
  const clearance = tokens.issueClearance(visitor, START + 6_000, 600, 15)
  assert.equal(tokens.read('clearance', clearance, 0, visitor, START + 6_000), 'valid')
  assert.deepEqual([tokens.nonceHigh, tokens.nonceLow, tokens.budget], [...nonce, 600], 'one challenge, one budget')
  assert.equal(tokens.read('clearance', clearance, 0, visitor, START + 6_000 + 1_799_999), 'valid')
  assert.equal(tokens.read('clearance', clearance, 0, visitor, START + 6_000 + 1_800_000), 'expired')
  assert.equal(tokens.read('challenge', challenge, 0, visitor, START + 600_000), 'expired')
  assert.equal(tokens.read('challenge', challenge, 0, visitor, START - 120_000), 'expired', 'issued in the future')
})

test('a token is good within its prefix and nowhere else', () => {
  const tokens = makeTokens()
  const clearanceFor = (client: ClientAddress): string => {
    tokens.read('challenge', tokens.issueChallenge(client, START, 12, 0), 0, client, START)
    return tokens.issueClearance(client, START, 600, 15)
  }
  const four = clearanceFor(visitor)
  assert.equal(tokens.read('clearance', four, 0, v4(203, 0, 113, 250), START), 'valid')
  assert.equal(tokens.read('clearance', four, 0, v4(203, 0, 112, 7), START), 'forged')
  const six = clearanceFor(v6(0x20010db8, 0x00170001))
  assert.equal(tokens.read('clearance', six, 0, v6(0x20010db8, 0x0017ffff), START), 'valid')
  assert.equal(tokens.read('clearance', six, 0, v6(0x20010db8, 0x00180001), START), 'forged')
  assert.equal(tokens.read('clearance', six, 0, visitor, START), 'malformed', 'the other address family')
})

test('keys rotate: an older key still verifies, a forgotten one does not, another epoch revokes', () => {
  const old = makeTokens([keyA]).issueChallenge(visitor, START, 12, 0)
  const rotated = makeTokens([keyB, keyA])
  assert.equal(rotated.read('challenge', old, 0, visitor, START), 'valid')
  assert.equal(rotated.read('challenge', rotated.issueChallenge(visitor, START, 12, 0), 0, visitor, START), 'valid')
  rotated.setKeys([keyB])
  assert.equal(rotated.read('challenge', old, 0, visitor, START), 'forged')
  const other = new Tokens([keyA], { ...tokenRules, epoch: 4 })
  assert.equal(other.read('challenge', old, 0, visitor, START), 'revoked')
})

test('no bit of a token can be changed, and a challenge is no clearance', () => {
  const tokens = makeTokens()
  const challenge = tokens.issueChallenge(visitor, START, 12, 0)
  assert.equal(tokens.read('clearance', challenge, 0, visitor, START), 'malformed')
  for (let bit = 0; bit < 312; bit++) {
    const bytes = Buffer.from(challenge, 'base64url')
    bytes[bit >> 3] ^= 1 << (bit & 7)
    assert.notEqual(tokens.read('challenge', bytes.toString('base64url'), 0, visitor, START), 'valid', `bit ${bit}`)
  }
})

test('a token has one text: what node would also decode is refused', () => {
  const tokens = makeTokens()
  const out = new Uint8Array(39)
  for (let i = 0; i < 200; i++) {
    const token = tokens.issueChallenge(visitor, START, 12, 0)
    assert.ok(decodeToken(token, 0, out))
    assert.equal(Buffer.from(out).toString('base64url'), token)
    for (const other of [token.replaceAll('-', '+'), token.replaceAll('_', '/'), ` ${token.slice(1)}`, `${token.slice(0, 51)}=`, `${token.slice(0, 30)}\u0141${token.slice(31)}`]) {
      if (other !== token) assert.equal(tokens.read('challenge', other, 0, visitor, START), 'malformed')
    }
  }
})

test('a proof of work is checked against its own challenge, and has one text', () => {
  const tokens = makeTokens()
  const token = tokens.issueChallenge(visitor, START, 12, 5)
  const solved = solve(isSolved, token, 12)
  assert.ok(isSolved(solved, 0, 12))
  const number = solved.slice(53)
  for (const wrong of [token, `${token}.`, `${token}.0${number}`, `${token}.${number} `, `${token}.-${number}`, `${token}.${number}.5`, `${token}.1e3`, `${token}.99999999999`, `${token}:${number}`]) {
    assert.ok(!isSolved(wrong, 0, 12), wrong)
  }
  let others = 0
  for (let i = 0; i < 200; i++) if (isSolved(`${tokens.issueChallenge(visitor, START, 12, 5)}.${number}`, 0, 12)) others++
  assert.ok(others <= 2, 'work for one challenge is no work for another')
})

test('of 60,000 forged, moved, expired, altered, over budget, truncated, spliced and random tokens none is accepted and none throws', () => {
  assert.equal(acceptedForgeries(60_000, 20_261_123), 0)
})
