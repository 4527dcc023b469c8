import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NetworkPicture } from '../../contract/control.ts'
import { coloursFor } from './colour.ts'
import { ruleText } from './explain.ts'
import { networkLines } from './network-lines.ts'
import { attack, attackRule } from './status-rig.ts'
import { statusScreen } from './status-screen.ts'

const picture: NetworkPicture = {
  countries: [{ code: 'NL', name: '', share: 0.6, visitorShare: 0.7 }, { code: 'DE', name: '', share: 0.2, visitorShare: 0.25 }, { code: 'FR', name: '', share: 0.01, visitorShare: 0 }],
  networks: [{ code: 'AS64496', name: 'Example Hosting\u001B[2J', share: 0.55, visitorShare: 0.001 }],
  prefixes: [{ cidr: '203.0.113.0/24', share: 0.3, country: 'NL', asn: 64_496, name: 'Example Hosting' }, { cidr: '2001:db8::/32', share: 0.1, country: '', asn: 0, name: '' }],
  unknownShare: 0.19,
}
const withNetworks = { ...attack, control: { ...attack.control, view: { ...attack.control.view!, networks: picture } } }
const plain = coloursFor({ isTTY: false, write: () => true }, true)

test('countries and networks stand beside their share of the visitors, prefixes beside what they are', () => {
  assert.deepEqual(networkLines(picture).map((line) => line.trimEnd()), [
    '  countries    NL 60 % (visitors 70 %); DE 20 % (visitors 25 %); 19 % in no file',
    '  networks     AS64496 Example Hosting\u001B[2J 55 % (visitors 0.10 %)',
    '  prefixes     203.0.113.0/24 30 % (NL, AS64496, Example Hosting); 2001:db8::/32 10 %',
  ])
})

test('without files nothing is said of networks', () => {
  assert.deepEqual(networkLines(undefined), [])
  assert.doesNotMatch(statusScreen(attack, plain), /countries/)
  assert.doesNotMatch(ruleText(attackRule, attack, plain), /countries/)
})

test('status and explain show them, and a name from a file cannot steer the terminal', () => {
  const screen = statusScreen(withNetworks, plain)
  assert.match(screen, /AS64496 Example Hosting/)
  assert.ok(!screen.includes('\u001B'))
  assert.match(ruleText(attackRule, withNetworks, plain), /Where the suspicious requests come from[^]*203\.0\.113\.0\/24 30 %/)
})
