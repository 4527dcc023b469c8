import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PolderProcess } from '../support/polder-process.ts'
import { runCacheSuite } from './http-cache-suite.ts'
import type { StartShield, SuiteKind, SuiteResult } from './http-cache-suite.ts'
import { knownFailures } from './known-failures.ts'

/** Two workers, so that every answer crosses between them; limits that a hundred tests at once from one address do not reach. */
const settings = `
workers: 2
edge: { maxConnectionsPerSource: 10000 }
admission: { waitingPerClient: 64, limitInitial: 200, limitMin: 100, totalLimitMax: 2000, maxWaitMs: 60s, queueTargetMs: 10s, clientCostMsPerSecond: 1000000, clientBurstCostMs: 1000000 }
`

const startPolder: StartShield = async (originUrl) => {
  const polder = await PolderProcess.start(`listen: 127.0.0.1:0\norigin: ${originUrl}\n${settings}`)
  return { url: polder.url, stop: () => polder.stop() }
}

function isExpected({ id, failure }: SuiteResult): boolean {
  return (failure === null) === (knownFailures[id] === undefined)
}

function passed(results: readonly SuiteResult[], kind: SuiteKind): string {
  const all = results.filter((result) => result.kind === kind)
  return `${all.filter(({ failure }) => failure === null).length} of ${all.length}`
}

test('http-cache-tests: what fails is what known-failures.ts lists, no more and no less', async (t) => {
  const results = await runCacheSuite(startPolder, isExpected)
  t.diagnostic(`required ${passed(results, 'required')}, optimal ${passed(results, 'optimal')}`)
  const ids = new Set(results.map(({ id }) => id))
  for (const id of Object.keys(knownFailures)) assert.ok(ids.has(id), `${id} is listed but not in the suite`)
  const surprising = results.filter((result) => !isExpected(result)).map(({ id, kind, failure }) => `${kind} ${id}: ${failure ?? 'passes now; take it off the list'}`)
  assert.deepEqual(surprising, [])
})
