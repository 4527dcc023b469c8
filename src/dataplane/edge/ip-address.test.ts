import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { parseIpAddress } from './ip-address.ts'

describe('parseIpAddress', () => {
  it('reads the same 64 bits of any IPv6 address as ipaddr.js', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        // ipaddr.js takes the old IPv4-compatible form (::192.0.2.1, RFC 4291 section 2.5.5.1) for a mapped one
        if (/^::[\d.]+$/.test(text)) return
        const expected = ipaddr.IPv6.parse(text)
        const found = parseIpAddress(text)
        assert.ok(found !== null, text)
        if (expected.isIPv4MappedAddress()) {
          assert.equal(found.family, 4)
          assert.equal(found.text, expected.toIPv4Address().toString())
          return
        }
        const [a, b, c, d] = expected.parts as [number, number, number, number]
        assert.deepEqual([found.family, found.high, found.low], [6, a * 65_536 + b, c * 65_536 + d])
      }),
      { numRuns: 500 },
    )
  })

  it('reads any IPv4 address as its number', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        const [a, b, c, d] = text.split('.').map(Number) as [number, number, number, number]
        assert.deepEqual(parseIpAddress(text), { family: 4, high: ((a * 256 + b) * 256 + c) * 256 + d, low: 0, text })
      }),
    )
  })

  it('accepts exactly what node:net accepts, and no zone on IPv4', () => {
    const almost = fc.array(fc.constantFrom('0', '1', '9', 'f', 'F', ':', '::', '.', '255', '256', '01', '%', 'g', ' '), { maxLength: 14 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(almost, (text) => {
        if (text.includes('%')) return
        assert.equal(parseIpAddress(text) !== null, isIPv4(text) || isIPv6(text), text)
      }),
      { numRuns: 5_000 },
    )
  })

  it('reduces an IPv4 address mapped into IPv6 to IPv4, so that one visitor has one key', () => {
    assert.deepEqual(parseIpAddress('::ffff:192.0.2.1'), { family: 4, high: 0xc0000201, low: 0, text: '192.0.2.1' })
    assert.deepEqual(parseIpAddress('::ffff:c000:201'), { family: 4, high: 0xc0000201, low: 0, text: '192.0.2.1' })
  })

  it('cuts off the zone of a link-local address', () => {
    assert.equal(parseIpAddress('fe80::1%eth0')?.text, 'fe80::1')
    assert.equal(parseIpAddress('192.0.2.1%eth0'), null)
  })
})
