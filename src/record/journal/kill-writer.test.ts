import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { SeededRandom } from '../../kernel/random.ts'
import { killOnce } from './kill-writer.testing.ts'

/** A thousand of them: script/bench journal. */
const KILLS = 60

test(`kill -9 at ${KILLS} random moments: no acknowledged entry is lost, and the chain holds each time`, { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polder-killed-'))
  const random = new SeededRandom(7)
  let acknowledged = 0
  let torn = 0
  try {
    for (let kill = 1; kill <= KILLS; kill++) {
      const killed = await killOnce(folder, random)
      assert.deepEqual(killed.missing, [], `kill ${kill}`)
      assert.deepEqual(killed.verdict.faults, [], `kill ${kill}`)
      acknowledged += killed.acknowledged
      if (killed.verdict.tornBytes > 0) torn++
    }
    assert.ok(acknowledged > KILLS, `only ${acknowledged} entries were acknowledged: the writer hardly wrote`)
    process.stdout.write(`${KILLS} kills: ${acknowledged} entries acknowledged, none lost; ${torn} torn ends\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
