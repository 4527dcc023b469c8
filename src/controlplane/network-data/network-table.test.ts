import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { SKIPPED, lastAddress, readAddress, readNetworkLine } from './network-line.ts'
import { bytesOf, lookUp, NetworkTableBuilder, type NetworkTable } from './network-table.ts'

function tableOf(...lines: string[]): NetworkTable {
  const builder = new NetworkTableBuilder()
  for (const line of lines) assert.equal(readNetworkLine(line, builder), null, line)
  return builder.finish()
}

function ask(table: NetworkTable, text: string): string {
  assert.ok(readAddress(text))
  const { family, high, low } = lastAddress()
  const { country, asn, name } = lookUp(table, high, low, family)
  return [country, asn === 0 ? '' : `AS${asn}`, name].filter((part) => part !== '').join(' ')
}

test('iptoasn lines, with and without operator, are read, at their ends and not beyond', () => {
  const table = tableOf('1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET', '1.0.4.0\t1.0.7.255\t38803\tAU\tWPL-AS-AP Wirefreebroadband', '2001:200::\t2001:200:ffff:ffff:ffff:ffff:ffff:ffff\t2500\tJP\tWIDE-BB', '5.0.0.0\t5.0.255.255\tSY')
  assert.deepEqual(['0.255.255.255', '1.0.0.0', '1.0.0.255', '1.0.1.0', '1.0.5.9', '2001:200:1::5', '2001:201::', '5.0.3.3'].map((text) => ask(table, text)), [
    '', 'US AS13335 CLOUDFLARENET', 'US AS13335 CLOUDFLARENET', '', 'AU AS38803 WPL-AS-AP Wirefreebroadband', 'JP AS2500 WIDE-BB', '', 'SY',
  ])
})

test('tor-geoipdb and our own CSV are read', () => {
  const table = tableOf('16777216,16777471,AU', '2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP', '192.0.2.0/24,NL,64496,"Town, of Example ""A"""', '198.51.100.7,fr,AS64497,Host', '203.0.113.0/25,,64498,No country', '2001:db8::/33,DE')
  assert.deepEqual(['1.0.0.9', '2001:200::1', '192.0.2.255', '198.51.100.7', '198.51.100.8', '203.0.113.1', '2001:db8:7fff::1', '2001:db8:8000::1'].map((text) => ask(table, text)), [
    'AU', 'JP', 'NL AS64496 Town, of Example "A"', 'FR AS64497 Host', '', 'AS64498 No country', 'DE', '',
  ])
})

test('headings, comments, empty and unassigned ranges are skipped; each wrong line is told', () => {
  const builder = new NetworkTableBuilder()
  for (const line of ['', '  ', '# a comment, with commas', 'prefix,country,asn,name', 'network,iso', '0.0.0.0\t0.255.255.255\t0\tNone\tNot routed', '10.0.0.0/8,ZZ,0,']) assert.equal(readNetworkLine(line, builder), SKIPPED, line)
  const wrong: ReadonlyArray<readonly [string, string]> = [
    ['just text', 'has neither tabs nor commas'],
    ['1.2.3.4\t1.2.3.9', 'has fewer than three fields'],
    ['1.2.3.256\t1.2.3.9\tNL', '"1.2.3.256" is not an address'],
    ['1.2.3.4\t2001::\tNL', 'begins and ends in different kinds of addresses'],
    ['1.2.3.9\t1.2.3.4\tNL', 'ends before it begins'],
    ['192.0.2.0/33,NL,1,x', '"192.0.2.0/33": the prefix length is 0 to 32'],
    ['192.0.2.0/24,Holland,1,x', '"Holland" is not a country code of two letters'],
    ['192.0.2.0/24,NL,ASX,x', '"ASX" is not an AS number'],
    ['192.0.2.0/24,NL,4294967296,x', '"4294967296" is not an AS number'],
    ['example.org,NL,1,x', '"example.org" is not an address or prefix'],
  ]
  for (const [line, problem] of wrong) assert.equal(readNetworkLine(line, builder), problem)
  assert.equal(builder.ranges, 0)
})

test('prefixes inside one another, in any order: the longest that holds the address counts', () => {
  const v4 = fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 14, max: 32 })).map(([n, bits]) => ({ address: `10.${n >>> 14}.${(n >>> 6) & 255}.${(n & 63) * 4}`, bits, family: 'ipv4' as const }))
  const v6 = fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 30, max: 64 })).map(([n, bits]) => ({ address: `2001:db8:${(n >>> 8).toString(16)}:${(n & 255).toString(16)}::`, bits, family: 'ipv6' as const }))
  fc.assert(
    fc.property(fc.array(fc.oneof(v4, v6), { minLength: 1, maxLength: 40 }), (prefixes) => {
      const table = tableOf(...prefixes.map(({ address, bits }, i) => `${address}/${bits},,${i + 1},`))
      const sets = prefixes.map(({ address, bits, family }) => {
        const set = new BlockList()
        set.addSubnet(address, bits, family)
        return set
      })
      for (const { address, family } of prefixes) {
        let best = -1
        prefixes.forEach((one, i) => {
          if (one.family === family && sets[i].check(address, family) && (best === -1 || one.bits >= prefixes[best].bits)) best = i
        })
        assert.equal(ask(table, address), `AS${best + 1}`)
      }
    }),
    { numRuns: 300 },
  )
})

test('ranges of any kind, overlapping or not: every address finds a range that holds it, and none outside', () => {
  const range = fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 40 })).map(([start, length]) => [start, start + length] as const)
  fc.assert(
    fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
      const builder = new NetworkTableBuilder()
      ranges.forEach(([start, end], i) => builder.add(4, start, 0, end, 0, builder.recordOf('', i + 1, '')))
      const table = builder.finish()
      for (let address = 0; address < 350; address++) {
        const { asn } = lookUp(table, address, 0, 4)
        const holding = ranges.flatMap(([start, end], i) => (start <= address && address <= end ? [i + 1] : []))
        if (holding.length === 0) assert.equal(asn, 0)
        else assert.ok(holding.includes(asn), `${address}: ${asn} of ${holding.join()}`)
      }
    }),
    { numRuns: 500 },
  )
})

test('addresses are read as others read them', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      assert.ok(readAddress(text))
      const bytes = ipaddr.parse(text).toByteArray()
      const word = (i: number): number => ((bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3]) >>> 0
      assert.deepEqual(lastAddress(), bytes.length === 4 ? { family: 4, high: word(0), low: 0 } : { family: 6, high: word(0), low: word(4) })
    }),
    { numRuns: 2_000 },
  )
})

test('any line is read or refused with a sentence, never thrown at', () => {
  const piece = fc.oneof(fc.string({ maxLength: 12 }), fc.ipV4(), fc.ipV6(), fc.constantFrom('NL', '64496', '/24', '0', ''))
  const builder = new NetworkTableBuilder()
  fc.assert(fc.property(fc.array(piece, { maxLength: 6 }), fc.constantFrom('\t', ',', ' '), (pieces, separator) => void readNetworkLine(pieces.join(separator), builder)), { numRuns: 2_000 })
})

test('neighbours that say the same become one range, and a range costs 12 bytes (IPv4), 20 (IPv6)', () => {
  const joined = tableOf('192.0.2.0/25,NL,1,x', '192.0.2.128/25,NL,1,x', '192.0.3.0/24,DE,2,y')
  assert.deepEqual([joined.v4.values.length, ask(joined, '192.0.2.200')], [2, 'NL AS1 x'])
  const lines = (family: string): string[] => Array.from({ length: 2_000 }, (_, i) => `${family === '4' ? `10.${i >>> 8}.${i & 255}.0/25` : `2001:${i.toString(16)}::/33`},,${1 + (i % 2)},`)
  const base = bytesOf(tableOf('192.0.2.0/25,,1,', '192.0.3.0/25,,2,')) - 24
  assert.equal(bytesOf(tableOf(...lines('4'))) - base, 2_000 * 12)
  assert.equal(bytesOf(tableOf(...lines('6'))) - base, 2_000 * 20)
})
