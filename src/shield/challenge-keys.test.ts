import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CHALLENGE_KEYS_MS, challengeKeys } from './challenge-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-keys-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const START = 1_700_000_000_000
const quiet = (message: string): never => assert.fail(message)
const hex = (keys: ReturnType<typeof challengeKeys>) => keys.map((key) => Buffer.from(key.bytes).toString('hex'))

test('keys outlive a restart, change every half day, and the last ones stay good', () => {
  const first = challengeKeys(folder, START, quiet)
  assert.equal(first.length, 1)
  assert.equal(statSync(join(folder, 'challenge-keys')).mode & 0o777, 0o600)
  assert.deepEqual(hex(challengeKeys(folder, START + CHALLENGE_KEYS_MS - 1, quiet)), hex(first))
  const second = challengeKeys(folder, START + CHALLENGE_KEYS_MS, quiet)
  assert.deepEqual(second.map((key) => key.id), [(first[0].id + 1) & 0xff, first[0].id])
  const fourth = [2, 3].map((n) => challengeKeys(folder, START + n * CHALLENGE_KEYS_MS, quiet)).at(-1)!
  assert.equal(new Set(hex(fourth)).size, 3)
  assert.ok(!hex(fourth).includes(hex(first)[0]))
})

test('a damaged file, or one that cannot be written, is said and does not stop the start', () => {
  const said: string[] = []
  const file = join(folder, 'challenge-keys')
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, 40))
  assert.equal(challengeKeys(folder, START, (message) => said.push(message)).length, 1)
  assert.match(said[0], /damaged/)
  assert.equal(challengeKeys('/dev/null/nowhere', START, (message) => said.push(message)).length, 1)
  assert.match(said.at(-1)!, /cannot be written/)
})
