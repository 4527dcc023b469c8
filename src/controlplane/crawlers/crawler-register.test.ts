/** Over real DNS (UDP on loopback) and real files. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { ControlEvent } from '../../contract/control.ts'
import type { KnownCrawlers } from '../../contract/plan.ts'
import { type SampleBatch, SAMPLE_WORDS } from '../../contract/sample.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { CrawlerRegister } from './crawler-register.ts'
import { DnsServer } from './dns-server.testing.ts'
import { crawlerOptions, type CrawlerSettings } from './options.ts'

const WALL = 1_700_000_000_000
const folder = mkdtempSync(join(tmpdir(), 'polder-crawlers-'))
const servers: DnsServer[] = []
after(async () => {
  rmSync(folder, { recursive: true, force: true })
  for (const server of servers) await server.stop()
})

const dns = await DnsServer.start({
  'PTR 1.66.249.66.in-addr.arpa': ['crawl-66-249-66-1.googlebot.com'],
  'A crawl-66-249-66-1.googlebot.com': ['66.249.66.1'],
  'PTR 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.1.0.8.4.0.6.8.4.1.0.0.2.ip6.arpa': ['c6.googlebot.com'],
  'AAAA c6.googlebot.com': ['2001:4860:4801:10::1'],
  // Anyone may write this about an address of their own.
  'PTR 7.100.51.198.in-addr.arpa': ['crawl-66-249-66-1.googlebot.com'],
  'PTR 8.100.51.198.in-addr.arpa': ['host8.rented.example'],
  'A host8.rented.example': ['198.51.100.8'],
  'PTR 9.100.51.198.in-addr.arpa': 'silence',
  'PTR 10.100.51.198.in-addr.arpa': 'servfail',
  'PTR 11.100.51.198.in-addr.arpa': ['slow.googlebot.com'],
  'A slow.googlebot.com': 'silence',
})
servers.push(dns)

function settingsOf(more: Partial<CrawlerSettings>): CrawlerSettings {
  return { ...defaultsOf(crawlerOptions), dnsServers: [dns.address], reverseDnsPerSecond: 100, reverseDnsTimeoutMs: 250, ...more }
}

function claims(...addresses: string[]): SampleBatch[] {
  return [{ worker: 0, fromWallMs: WALL, toWallMs: WALL, seen: addresses.length, weight: 1, words: new Uint32Array(SAMPLE_WORDS), strings: [], crawlerClaims: addresses.map((address) => [address, 'Googlebot/2.1'] as const) }]
}

/** Ticks until `done`, at most five seconds of real time; simulated time goes ten seconds a tick. */
async function tickUntil(register: CrawlerRegister, nowMs: { at: number }, done: (crawlers: KnownCrawlers | undefined, events: readonly ControlEvent[]) => boolean): Promise<{ crawlers: KnownCrawlers | undefined; events: ControlEvent[] }> {
  const all: ControlEvent[] = []
  for (let i = 0; i < 500; i++) {
    const { crawlers, events } = register.tick((nowMs.at += 10_000), WALL + nowMs.at, [])
    all.push(...events)
    if (done(crawlers, all)) return { crawlers, events: all }
    await register.filesRead()
    await setTimeout(10)
  }
  throw new Error('not within five seconds')
}

test('over DNS, a real crawler is verified, IPv4 and IPv6; forged, foreign, nameless and unanswered ones are not', async () => {
  const register = new CrawlerRegister(settingsOf({ reverseDns: true }), new SeededRandom(1), 1)
  const fakes = ['198.51.100.7', '198.51.100.8', '198.51.100.9', '198.51.100.10', '198.51.100.11', '198.51.100.12', 'not an address']
  const first = register.tick(0, WALL, claims('66.249.66.1', '2001:4860:4801:0010:0:0:0:1', ...fakes))
  assert.deepEqual([first.crawlers?.prefixes, first.crawlers?.wantClaims], [[], true])
  const nowMs = { at: 0 }
  const { crawlers, events } = await tickUntil(register, nowMs, (list) => list!.prefixes.length === 2 && fakes.slice(0, 6).every((fake) => register.verifier.proofOf(fake) !== null))
  assert.deepEqual(crawlers!.prefixes.toSorted(), ['2001:4860:4801:10::1', '66.249.66.1'])
  assert.equal(crawlers!.expiresAtWallMs, WALL + nowMs.at + 3_600_000)
  const verdicts = fakes.slice(0, 6).map((fake) => register.verifier.proofOf(fake)!.verdict)
  assert.deepEqual(verdicts, ['refuted', 'refuted', 'unknown', 'unknown', 'unknown', 'refuted'])
  assert.ok(!dns.asked.includes('A host8.rented.example'), 'a foreign name is not asked about')
  assert.ok(events.some((event) => event.sentence === '66.249.66.1 is crawl-66-249-66-1.googlebot.com: verified by reverse DNS, forward-confirmed'))
})

test('off by default: nobody is asked, whatever the claims', async () => {
  const before = dns.asked.length
  const register = new CrawlerRegister(settingsOf({}), new SeededRandom(1), 1)
  for (let i = 0; i < 5; i++) {
    assert.equal(register.tick(i * 1_000, WALL, claims('66.249.66.1')).crawlers, undefined)
    await setTimeout(5)
  }
  assert.equal(dns.asked.length, before)
})

test('range files are read, read again when they change, and a broken download takes nothing away', async () => {
  const file = join(folder, 'googlebot.json')
  writeFileSync(file, JSON.stringify({ prefixes: [{ ipv4Prefix: '66.249.64.0/27' }] }))
  const register = new CrawlerRegister(settingsOf({ rangeFiles: [file] }), new SeededRandom(1), 1)
  const nowMs = { at: 0 }
  const first = await tickUntil(register, nowMs, (list) => list!.prefixes.length === 1)
  assert.deepEqual([first.crawlers!.prefixes, first.crawlers!.wantClaims], [['66.249.64.0/27'], false])
  const again = register.tick((nowMs.at += 10_000), WALL, [])
  assert.equal(again.crawlers!.version, first.crawlers!.version, 'the same list keeps its version')

  writeFileSync(file, '<html>503</html>')
  utimesSync(file, 1, statSync(file).mtimeMs / 1_000 + 1)
  const broken = await tickUntil(register, nowMs, (_, events) => events.length > 0)
  assert.match(broken.events[0]!.sentence, /googlebot\.json: line 1: .* is not an address or prefix .*; the 1 prefixes it held before stay in use$/)
  assert.deepEqual(broken.crawlers!.prefixes, ['66.249.64.0/27'])

  writeFileSync(file, '40.77.167.0/24\n')
  const mended = await tickUntil(register, nowMs, (list) => list!.prefixes[0] === '40.77.167.0/24')
  assert.equal(mended.crawlers!.version, first.crawlers!.version + 1)

  rmSync(file)
  const gone = await tickUntil(register, nowMs, (_, events) => events.length > 0)
  assert.match(gone.events[0]!.sentence, /does not exist; the 1 prefixes it held before stay in use$/)
  for (let i = 0; i < 10; i++) {
    assert.deepEqual(register.tick((nowMs.at += 31_000), WALL, []).events, [], 'said once')
    await register.filesRead()
  }
  register.applySettings(settingsOf({ rangeFiles: [] }))
  assert.equal(register.tick((nowMs.at += 10_000), WALL, []).crawlers, undefined)
})

test('more ranges than a plan carries are cut, and that is said', async () => {
  const file = join(folder, 'many.txt')
  writeFileSync(file, Array.from({ length: 5_000 }, (_, i) => `10.${i >>> 8}.${i & 255}.1`).join('\n'))
  const register = new CrawlerRegister(settingsOf({ rangeFiles: [file] }), new SeededRandom(1), 1)
  const { crawlers, events } = await tickUntil(register, { at: 0 }, (list) => list!.prefixes.length > 0)
  assert.equal(crawlers!.prefixes.length, 4_096)
  assert.ok(events.some((event) => event.sentence.includes('904 are left out')))
})
