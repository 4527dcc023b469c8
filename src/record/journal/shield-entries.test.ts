import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ControlEvent, ControlView } from '../../contract/control.ts'
import type { ShieldSecond } from '../../contract/record.ts'
import { draftsOf } from './shield-entries.ts'

test('a change of state says which networks the suspicious requests come from, and no single address', () => {
  const prefix = (cidr: string) => ({ cidr, share: 0.5, country: 'NL', asn: 64_496, name: 'Example' })
  const event: ControlEvent = { atWallMs: 1, code: 'x', sentence: 'NORMAL to ATTACK', from: 'NORMAL', to: 'ATTACK' }
  const view = {
    expectation: { ratePerSecond: 1 }, health: { signs: [] },
    networks: { countries: [], networks: [], unknownShare: 0, prefixes: ['203.0.113.7/32', '203.0.113.0/24', '2001:db8:0:1::/64', '2001:db8::/48'].map(prefix) },
  } as unknown as ControlView
  const [draft] = draftsOf({ events: [event], view } as unknown as ShieldSecond)
  const { because } = draft.data as { because: { networks: { prefixes: Array<{ cidr: string }> } } }
  assert.deepEqual(because.networks.prefixes.map((one) => one.cidr), ['203.0.113.0/24', '2001:db8::/48'])
})
