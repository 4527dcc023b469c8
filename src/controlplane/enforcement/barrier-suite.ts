/** What every back end promises, run against each of them (barrier.test.ts). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SourceDrop } from '../../contract/plan.ts'
import { type Barrier, LONGEST_DROP_MS, MOST_SOURCES } from './barrier.ts'
import { ownPrefixes } from './drop-list.ts'

export const NOW = 1_800_000_000_000
export const drop = (cidr: string, forMs = 60_000): SourceDrop => ({ cidr, expiresAtWallMs: NOW + forMs, ruleId: 'source' })
export const spared = [...ownPrefixes, '198.51.100.0/24', '2001:db8:5::/48', '2001:db8:7:1::9/128']

export function barrierSuite(name: string, make: () => Barrier, skip: string | false): void {
  const promise = (sentence: string, run: (barrier: Barrier) => Promise<void>): void => {
    void test(`${name}: ${sentence}`, { skip }, async () => {
      const barrier = make()
      try {
        await run(barrier)
      } finally {
        await barrier.withdraw()
      }
    })
  }
  const holds = (barrier: Barrier, ...cidrs: string[]): void => {
    assert.equal(barrier.trouble, '')
    assert.deepEqual([...barrier.sources].sort(), cidrs.sort())
  }

  promise('stops exactly the sources it is told, of both families', async (barrier) => {
    await barrier.apply([drop('192.0.2.1/32'), drop('2001:db8:0:1::/64')], NOW)
    holds(barrier, '192.0.2.1/32', '2001:db8:0:1::/64')
    await barrier.apply([drop('2001:db8:0:1::/64'), drop('192.0.2.2/32')], NOW + 1_000)
    holds(barrier, '192.0.2.2/32', '2001:db8:0:1::/64')
    await barrier.apply([], NOW + 2_000)
    holds(barrier)
  })

  promise('never stops this machine, an allow rule\'s address or a trusted proxy, nor a range that holds one', async (barrier) => {
    await barrier.apply(['127.0.0.1/32', '198.51.100.7/32', '2001:db8:5:9::/64', '2001:db8:7:1::/64', '::/64', '192.0.2.9/32'].map((cidr) => drop(cidr)), NOW)
    holds(barrier, '192.0.2.9/32')
  })

  promise('stops single sources only, and nothing that is no prefix', async (barrier) => {
    await barrier.apply(['192.0.2.0/24', '0.0.0.0/0', '2001:db8::/32', '2001:db8::1/128', 'nonsense', '', '192.0.2.3/33', '192.0.2.3; flush ruleset', '192.0.2.4/32'].map((cidr) => drop(cidr)), NOW)
    holds(barrier, '192.0.2.4/32')
  })

  promise('forgets what has expired, whatever the plan says', async (barrier) => {
    await barrier.apply([drop('192.0.2.1/32', 5_000), drop('192.0.2.2/32', -1), drop('192.0.2.3/32', 100 * LONGEST_DROP_MS)], NOW)
    holds(barrier, '192.0.2.1/32', '192.0.2.3/32')
    await barrier.reconcile(NOW + 6_000)
    holds(barrier, '192.0.2.3/32')
    await barrier.reconcile(NOW + LONGEST_DROP_MS + 1_000)
    holds(barrier)
  })

  promise('takes a renewed drop of the same source', async (barrier) => {
    await barrier.apply([drop('192.0.2.1/32', 5_000), drop('2001:db8:0:1::/64', 5_000)], NOW)
    await barrier.apply([drop('192.0.2.1/32', 90_000), drop('2001:db8:0:1::/64', 90_000)], NOW + 1_000)
    await barrier.reconcile(NOW + 20_000)
    holds(barrier, '192.0.2.1/32', '2001:db8:0:1::/64')
  })

  promise('holds a bounded number of sources', async (barrier) => {
    const many = Array.from({ length: MOST_SOURCES + 10 }, (_, i) => drop(`10.${i >>> 16}.${(i >>> 8) & 255}.${i & 255}/32`))
    await barrier.apply(many, NOW)
    assert.equal(barrier.trouble, '')
    assert.equal(barrier.sources.size, MOST_SOURCES)
  })

  promise('withdraws at once, twice without harm, and works again afterwards', async (barrier) => {
    await barrier.apply([drop('192.0.2.1/32')], NOW)
    await barrier.withdraw()
    await barrier.withdraw()
    holds(barrier)
    await barrier.apply([drop('192.0.2.2/32')], NOW)
    holds(barrier, '192.0.2.2/32')
  })

  promise('keeps its order when told many things at once', async (barrier) => {
    await Promise.all([barrier.apply([drop('192.0.2.1/32')], NOW), barrier.reconcile(NOW), barrier.apply([drop('192.0.2.2/32')], NOW), barrier.withdraw(), barrier.apply([drop('192.0.2.3/32')], NOW)])
    holds(barrier, '192.0.2.3/32')
  })
}
