import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { CidrSet, cidrProblem, ipv4Number } from './cidr-set.ts'

const octet = fc.integer({ min: 0, max: 255 })
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))

test('membership agrees with BlockList for any prefixes and addresses', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })), { maxLength: 20 }), fc.array(ipv4, { minLength: 1, maxLength: 20 }), (prefixes, addresses) => {
      const list = new BlockList()
      for (const [address, bits] of prefixes) list.addSubnet(address, bits, 'ipv4')
      const set = new CidrSet(prefixes.map(([address, bits]) => `${address}/${bits}`))
      for (const address of [...addresses, ...prefixes.map((prefix) => prefix[0])]) {
        assert.equal(set.has(4, ipv4Number(address), address), list.check(address, 'ipv4'))
      }
    }),
  )
})

test('IPv6 prefixes match by their own length', () => {
  const set = new CidrSet(['2001:db8::/32', '::1'])
  assert.ok(set.has(6, 0, '2001:db8:1::5'))
  assert.ok(set.has(6, 0, '::1'))
  assert.ok(!set.has(6, 0, '2001:db9::1'))
  assert.ok(!set.has(4, ipv4Number('1.2.3.4'), '1.2.3.4'))
})

test('a wrong prefix is named with what it should look like', () => {
  assert.match(cidrProblem('10.0.0.0/33')!, /0 to 32/)
  assert.match(cidrProblem('localhost')!, /not an address/)
  assert.throws(() => new CidrSet(['10.0.0.0/8', 'x']), /"x"/)
})
