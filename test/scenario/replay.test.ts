/** The real log of a blog, replayed with each DoS tool's own pattern at ten times its rate, and with a crowd: what rules match, and whom they touch. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readEnvironment, settingsFrom } from '../../src/config/load.ts'
import type { ReplayResult } from '../../src/contract/replay.ts'
import { SimulatedClock } from '../../src/kernel/clock.ts'
import { replayLog } from '../../src/offline/replay-log.ts'
import { replayPage } from '../../src/surfaces/cli/replay-page.ts'

const data = join(import.meta.dirname, '../data')
const settings = settingsFrom(Buffer.from('listen: 127.0.0.1:0\norigin: http://127.0.0.1:1\n'), '/polder.yaml', readEnvironment({}), 0 as never).settings!
const replay = (inject: string | null, seed = 1, times = 10, capacityPerSecond: number | null = null): Promise<ReplayResult> =>
  replayLog({ log: join(data, 'semicomplete_2015-05.anon.log.gz'), settings, inject, times, spreadPerSecond: 20, capacityPerSecond, seed, clock: new SimulatedClock(), onProgress: () => {} })

const share = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`

/**
 * Flood, the least share of it rules must stop once they act. 0: visitors' own agents on the home page, on a log a third of which is feed readers and crawlers
 * that behave no differently: until the bots have got three pages each nothing tells them apart, and this origin serves them one in a dozen.
 */
const floods: ReadonlyArray<readonly [string, number]> = [
  [join(data, 'dos-tools/http_dos_bypass_cache.log'), 0.3],
  [join(data, 'dos-tools/http_dos_random_uri.log'), 0.9],
  [join(data, 'dos-tools/http-dos-switching-ua.log'), 0],
  [join(data, 'dos-tools/http-dos-invalid-http-versions.log'), 0.9],
  ['bypass-cache', 0.9], ['random-uri', 0.9], ['switching-agents', 0], ['one-agent', 0.9],
]
for (const [flood, least] of floods) {
  test(`${flood.split('/').at(-1)} at ten times the log's rate: rules touch next to nobody else`, async (context) => {
    for (const seed of [1, 2, 3]) {
      const { totals, states, rules } = await replay(flood, seed)
      const { own, injected } = totals
      context.diagnostic(`seed ${seed}: matched ${share(totals.matchedShareOnceRuled ?? 0, 1)} of the flood after ${totals.secondsToRule} s, refused ${share(own.refused, own.requests)} and challenged ${share(own.challenged, own.requests)} of the rest (${own.refusedClients} and ${own.challengedClients} of ${own.clients} clients); ${states.map(({ second, state }) => `${state}@${second}`).join(' ')}`)
      assert.ok(injected.requests > 20_000)
      assert.ok(states.some(({ state }) => state === 'ATTACK' || state === 'STRAIN'), 'ten times the rate cannot go unseen')
      assert.ok(own.refused / own.requests <= 0.0044, `seed ${seed}: refused ${own.refused} of ${own.requests}`)
      assert.ok(own.challenged / own.requests <= 0.05, `seed ${seed}: challenged ${own.challenged} of ${own.requests}`)
      assert.ok((totals.matchedShareOnceRuled ?? 0) >= least, `seed ${seed}: matched ${totals.matchedShareOnceRuled}`)
      // Rules that may refuse keep their promise; of those that only challenge (5 %) the log's second half, with crawlers of its own, may ask half as much again.
      for (const rule of rules) assert.ok(rule.ownSeen < 200 || rule.ownMatched / rule.ownSeen <= rule.rule.evidence!.harm.upperShare * (rule.rule.evidence!.harm.upperShare > 0.01 ? 1.5 : 1), `${rule.rule.sentence}: promised ${rule.rule.evidence!.harm.upperShare}, true ${rule.ownMatched / rule.ownSeen}`)
    }
  })
}

test('visitors\' own agents on the home page meet a rule by how they behave where the origin serves them pages at all', async (context) => {
  for (const seed of [1, 2, 3]) {
    const { totals, rules } = await replay('switching-agents', seed, 10, 80)
    const { own } = totals
    context.diagnostic(`seed ${seed}: matched ${share(totals.matchedShareOnceRuled ?? 0, 1)} after ${totals.secondsToRule} s, refused ${share(own.refused, own.requests)} and challenged ${share(own.challenged, own.requests)} of the rest`)
    assert.ok((totals.matchedShareOnceRuled ?? 0) >= 0.7, `seed ${seed}: matched ${totals.matchedShareOnceRuled}`)
    assert.ok(own.refused / own.requests <= 0.0044 && own.challenged / own.requests <= 0.0044, `seed ${seed}: ${own.refused} refused, ${own.challenged} challenged`)
    for (const { rule } of rules) assert.ok(!['challenge', 'limit', 'block'].includes(rule.action) || rule.when.some((condition) => condition.attribute === 'page-only'), rule.sentence)
  }
})

test('a crowd of the log\'s own people at ten and thirty times its rate meets no rule', async () => {
  for (const [times, seed] of [[10, 1], [10, 2], [30, 3]] as const) {
    const { totals, states } = await replay('crowd', seed, times)
    assert.deepEqual([totals.injected.refused, totals.own.refused, totals.injected.challenged, totals.own.challenged], [0, 0, 0, 0])
    assert.ok(totals.injected.requests > 10_000 && states.every(({ state }) => state !== 'ATTACK' && state !== 'EMERGENCY'), JSON.stringify(states))
  }
})

test('the log alone is calm, and every request of it is accounted for', async () => {
  const { totals, states, series, replayed, learned } = await replay(null)
  assert.deepEqual(states.map(({ state }) => state), ['NORMAL'])
  assert.deepEqual([totals.own.requests, totals.own.refused, totals.own.shed], [replayed.requests, 0, 0])
  assert.equal(learned.requests + replayed.requests, 10_000)
  assert.equal(series.reduce((sum, one) => sum + one.own, 0), replayed.requests)
})

test('the same log and seed give the same result, and the page of it holds no script and nothing unescaped', async () => {
  const [first, second] = [await replay('bypass-cache', 5), await replay('bypass-cache', 5)]
  assert.deepEqual(first, second)
  const evil = { ...first, events: [{ atWallMs: 0, code: 'x', sentence: '<script>alert(1)</script> & "' }] }
  const page = replayPage(evil)
  assert.ok(!/<script|http-equiv|\bsrc=|\bon\w+=|url\(/.test(page) && page.includes('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;'))
  assert.equal(page.match(/<svg /g)!.length, 4)
  assert.ok(page.includes('prefers-color-scheme:dark') && !/NaN|undefined|Infinity/.test(page))
})

test('what cannot be replayed is said', async () => {
  await assert.rejects(replay('no-such-thing'), /there is no injection "no-such-thing" and no file of that name; injections: bypass-cache, random-uri, switching-agents, one-agent, crowd/)
  await assert.rejects(replayLog({ log: join(data, 'dos-tools/http_dos_random_uri.log'), settings, inject: null, times: 1, spreadPerSecond: null, capacityPerSecond: null, seed: 1, clock: new SimulatedClock(), onProgress: () => {} }), /has 66 readable requests: too few to replay/)
})
