import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { sampleFields, sampleFlags } from '../../contract/sample.ts'
import { setBit } from '../../kernel/bitset.ts'
import { RequestWindow } from '../detection/request-window.ts'
import { fieldIndex } from '../evidence.ts'
import { loadNetworkFile } from './load-network-file.ts'
import { measureNetworks } from './measure-networks.ts'
import { mmdbBytes } from './mmdb.testing.ts'
import { NetworkData } from './network-data.ts'
import { lookUp, type NetworkTable } from './network-table.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-networks-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

function fileOf(content: string | Uint8Array): string {
  const path = join(folder, `file-${files++}`)
  writeFileSync(path, content)
  return path
}

const nothing = (): void => {}
const ip = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const asked = (table: NetworkTable, text: string): string => Object.values(lookUp(table, ip(text), 0, 4)).join(' ')
const bits4 = (text: string, length: number): string => ip(text).toString(2).padStart(32, '0').slice(0, length)
const bits6 = (groups: readonly number[], length: number): string => groups.map((group) => group.toString(2).padStart(16, '0')).join('').padEnd(128, '0').slice(0, length)

test('a text file is read through, gzip or not, whatever ends its lines, with progress', async () => {
  const text = Array.from({ length: 50_000 }, (_, i) => `10.${i >>> 8}.${i & 255}.0\t10.${i >>> 8}.${i & 255}.127\t${1 + (i % 7)}\tNL\tNet ${i % 7}`).join('\r\n')
  for (const bytes of [Buffer.from(text), gzipSync(text)]) {
    const shares: number[] = []
    const { table, ranges, badLines } = await loadNetworkFile(fileOf(bytes), (share) => shares.push(share))
    assert.deepEqual([ranges, badLines, asked(table, '10.195.79.9')], [50_000, 0, `NL ${1 + (49_999 % 7)} Net ${49_999 % 7}`])
    assert.ok(shares.length > 0 && shares.at(-1) === 1)
  }
})

test('a few wrong lines are named by number and left out; a file of another kind is refused whole', async () => {
  const good = Array.from({ length: 40 }, (_, i) => `10.0.${i}.0/24,NL,1,x`)
  const { ranges, badLines, problems } = await loadNetworkFile(fileOf([...good.slice(0, 20), '10.1.0.0/99,NL,1,x', ...good.slice(20), 'oops, no'].join('\n')), nothing)
  assert.deepEqual([ranges, badLines], [1, 2])
  assert.deepEqual(problems, ['line 21: "10.1.0.0/99": the prefix length is 0 to 32', 'line 42: "oops" is not an address or prefix'])
  const refused: ReadonlyArray<readonly [string | Uint8Array, RegExp]> = [
    ['', /^is empty$/],
    ['# nothing\n', /^holds no networks$/],
    ['<html>\n<body>Not Found</body>\n</html>\n', /^3 of its 3 lines cannot be read \(line 1: has neither tabs nor commas; /],
    ['x'.repeat(100_000), /^line 1 is longer than 4096 characters/],
    ['nonsense\n'.repeat(100_000), /^1000 of its first 1000 lines cannot be read/],
    [gzipSync('10.0.0.0/8,NL,1,x\n'.repeat(10_000)).subarray(0, 60), /unexpected end of file/],
    [Buffer.from('\xab\xcd\xefMaxMind.comgarbage', 'latin1'), /^is a damaged mmdb: /],
  ]
  for (const [content, message] of refused) await assert.rejects(loadNetworkFile(fileOf(content), nothing), (error: Error) => message.test(error.message) || assert.fail(`${error.message} is not ${message.source}`))
})

test('an mmdb of countries or of networks is read, IPv4 alone and inside IPv6', async () => {
  const v4 = await loadNetworkFile(fileOf(mmdbBytes(4, [[bits4('1.0.0.0', 8), { country: { iso_code: 'AU' } }], [bits4('1.2.0.0', 16), { registered_country: { iso_code: 'CN' } }]])), nothing)
  assert.deepEqual(['1.0.0.0', '1.1.255.255', '1.2.0.0', '1.2.255.255', '1.3.0.0', '2.0.0.0'].map((text) => asked(v4.table, text)), ['AU 0 ', 'AU 0 ', 'CN 0 ', 'CN 0 ', 'AU 0 ', ' 0 '])
  const asn = { autonomous_system_number: 64_496, autonomous_system_organization: 'Example' }
  const v6 = await loadNetworkFile(fileOf(mmdbBytes(6, [[bits6([0, 0, 0, 0, 0, 0], 96) + bits4('192.0.2.0', 24), asn], [bits6([0x2001, 0xdb8], 32), { asn: 'AS64497', as_name: 'Six', country_code: 'DE' }], [bits6([0x2001, 0xdb8, 1, 1, 0x8000], 80), asn]])), nothing)
  assert.equal(asked(v6.table, '192.0.2.77'), ' 64496 Example')
  assert.equal(asked(v6.table, '192.0.3.0'), ' 0 ')
  assert.deepEqual(lookUp(v6.table, 0x2001_0db8, 0x0002_0000, 6), { country: 'DE', asn: 64_497, name: 'Six' })
  assert.deepEqual(lookUp(v6.table, 0x2001_0db9, 0, 6), { country: '', asn: 0, name: '' })
})

test('country and operator come from a file each, read by a thread, and again when a file changes; a broken one takes nothing away', async () => {
  const countryFile = fileOf('192.0.2.0/24,NL\n')
  const asnFile = fileOf('192.0.0.0/16,US,64496,Example\n')
  const data = new NetworkData({ countryFile, asnFile })
  let nowMs = 0
  const look = async (): Promise<string[]> => {
    const first = data.tick((nowMs += 30_000), nowMs)
    await data.settled()
    return [...first, ...data.tick(nowMs, nowMs)].map((event) => event.sentence.replace(folder, ''))
  }
  assert.equal(data.ready, false)
  assert.deepEqual(data.lookup(ip('192.0.2.1'), 0, 4), { country: '', asn: 0, name: '' })
  assert.deepEqual(await look(), [`${countryFile.replace(folder, '')}: 1 ranges of 1 networks read, 0.0 MiB`, `${asnFile.replace(folder, '')}: 1 ranges of 1 networks read, 0.0 MiB`])
  assert.deepEqual([data.ready, data.loading], [true, []])
  assert.deepEqual(data.lookup(ip('192.0.2.1'), 0, 4), { country: 'NL', asn: 64_496, name: 'Example' })
  assert.deepEqual(data.lookup(ip('192.0.3.1'), 0, 4), { country: 'US', asn: 64_496, name: 'Example' })
  assert.deepEqual(await look(), [])
  writeFileSync(countryFile, 'gone wrong')
  utimesSync(countryFile, 1, statSync(countryFile).mtimeMs / 1_000 + 5)
  assert.deepEqual((await look()).map((sentence) => sentence.slice(countryFile.length - folder.length)), [' 1 of its 1 lines cannot be read (line 1: has neither tabs nor commas); what it said before stays in use'])
  assert.equal(data.lookup(ip('192.0.2.1'), 0, 4).country, 'NL')
  rmSync(countryFile)
  assert.match((await look())[0]!, / does not exist; what it said before stays in use$/)
  assert.deepEqual(await look(), [], 'said once')
  data.applySettings({ countryFile: '', asnFile: '' })
  assert.equal(data.ready, false)
})

test('the picture says where the suspicious requests come from, beside the visitors\', heaviest first, and leaves out who is always admitted', async () => {
  const data = new NetworkData({ countryFile: fileOf('10.0.0.0/8,NL,64496,Bots\n11.0.0.0/8,NL,64497,Homes\n12.0.0.0/8,FR,64498,Others\n'), asnFile: '' })
  data.tick(0, 0)
  await data.settled()
  const window = new RequestWindow(2, 64)
  window.begin(1, 1, 64)
  const rows: Array<readonly [address: string, kind: 'bot' | 'visitor' | 'protected']> = [
    ...Array.from({ length: 30 }, (_, i) => [`10.0.0.${i}`, 'bot'] as const), ...Array.from({ length: 9 }, (_, i) => [`12.1.2.${i}`, 'bot'] as const), ['99.0.0.1', 'bot'],
    ...Array.from({ length: 10 }, (_, i) => [i < 8 ? `11.0.0.${i}` : `12.0.0.${i}`, 'visitor'] as const), ...Array.from({ length: 5 }, (_, i) => [`10.9.9.${i}`, 'protected'] as const),
  ]
  rows.forEach(([address, kind], row) => {
    const words = new Uint32Array(sampleFields.length)
    words[fieldIndex.family] = 4
    words[fieldIndex.addressHigh] = ip(address)
    words[fieldIndex.flags] = kind === 'protected' ? sampleFlags.exemptPath : 0
    window.add(words, 0)
    setBit(kind === 'visitor' ? window.proven : window.suspicious, row)
  })
  const range = (cidr: string, bits: number): { family: 4; bits: number; high: number; low: number; cidr: string } => ({ family: 4, bits, high: ip(cidr.split('/')[0]!), low: 0, cidr })
  assert.deepEqual(measureNetworks(window, [range('12.1.2.0/24', 24), range('10.0.0.0/24', 24), range('77.0.0.0/16', 16)], data), {
    countries: [{ code: 'NL', name: '', share: 0.75, visitorShare: 0.8 }, { code: 'FR', name: '', share: 0.225, visitorShare: 0.2 }],
    networks: [{ code: 'AS64496', name: 'Bots', share: 0.75, visitorShare: 0 }, { code: 'AS64498', name: 'Others', share: 0.225, visitorShare: 0.2 }],
    prefixes: [{ cidr: '10.0.0.0/24', share: 0.75, country: 'NL', asn: 64_496, name: 'Bots' }, { cidr: '12.1.2.0/24', share: 0.225, country: 'FR', asn: 64_498, name: 'Others' }],
    unknownShare: 0.025,
  })
  assert.equal(measureNetworks(new RequestWindow(2, 64), [], data), null)
})
