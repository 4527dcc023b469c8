/** An operator puts the short check before every page on a normal day with an office behind one address: whoever can pass a check passes it. */
import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { polderPeer } from '../../../bench/scenarios/peers/polder.ts'
import type { ShieldPeer } from '../../../bench/scenarios/peers/shield-peer.ts'
import { runScenario } from '../../../bench/scenarios/run-scenario.ts'
import { told, whileStalled } from './short-run.ts'

const checked: ShieldPeer = {
  ...polderPeer,
  command(place) {
    const command = polderPeer.command(place)
    appendFileSync(join(place.folder, 'polder.yaml'), 'rules:\n  - {path: "/*", action: challenge, id: everyone}\n')
    return command
  },
}

/** Long enough for the five seconds of those who wait. */
const phases = { warmMs: 1_000, attackMs: 14_000, afterMs: 8_000 }

test('with scripts, without scripts, without cookies, behind one address: everybody gets through, once, and nobody gives up', async (t) => {
  const result = await whileStalled(() => runScenario({ scenario: 'B2', peer: checked, form: 'default', seed: 1, share: 1 / 3, phases, serverCores: '', generatorCores: '', workers: 1 }))
  const { challenge, harm } = result.score
  t.diagnostic(`${challenge.clients} people checked on ${challenge.requests} of their requests, ${challenge.passed} passed, median ${challenge.passMedianMs.toFixed(0)} ms; goodput ${result.score.goodput.attack.toFixed(3)}`)
  // A crawler that nobody vouched for keeps no cookie and waits for nothing: it hears 429 and counts as blocked.
  assert.deepEqual(harm.filter((one) => one.blocked > 0 && one.cohort !== 'crawler').map((one) => [one.cohort, one.blocked]), [], told(result))
  const crawlers = harm.find((one) => one.cohort === 'crawler')
  assert.equal(challenge.clientsGaveUp, 0, told(result))
  assert.ok(challenge.clients > 40 && challenge.passed === challenge.requests, JSON.stringify(challenge))
  // Somebody who asks for a second page before his check is answered is checked on that one too: the slower the machine, the more do. Were a pass not honoured,
  // every page of everybody would be one more.
  assert.ok(challenge.requests <= challenge.clients * 1.5 + 5, `nobody is asked again and again: ${JSON.stringify(challenge)}`)
  assert.ok(crawlers === undefined || crawlers.clients === 1)
})
