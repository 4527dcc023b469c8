import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rehearse } from './rehearse.ts'
import { Tokens } from './tokens.ts'

const rules = { epoch: 0, challengeLifeMs: 600_000, clearanceLifeMs: 1_800_000, placeLifeMs: 600_000 }
const address = (high: number) => ({ family: 4, text: '', high, low: 0, key: 1 }) as const
const now = Date.UTC(2026, 10, 23, 14)

test('with whole keys both doors open, and a stranger stays outside', () => {
  const tokens = new Tokens([{ id: 1, bytes: Buffer.alloc(32, 7) }], rules)
  assert.equal(rehearse(tokens, address(0xc0000201), address(0xc6336401), 5, 100, now), null)
  assert.equal(rehearse(tokens, address(0xc0000201), address(0xc6336401), 0, 100, now), null)
})

test('lives that are too short to come back in are found', () => {
  const tokens = new Tokens([{ id: 1, bytes: Buffer.alloc(32, 7) }], { ...rules, challengeLifeMs: 3_000 })
  assert.match(rehearse(tokens, address(0xc0000201), address(0xc6336401), 5, 100, now)!, /door of waiting/)
})

test('addresses that share a prefix are no strangers', () => {
  const tokens = new Tokens([{ id: 1, bytes: Buffer.alloc(32, 7) }], rules)
  assert.match(rehearse(tokens, address(0xc0000201), address(0xc0000299), 5, 100, now)!, /somebody else/)
})
