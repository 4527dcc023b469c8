/** A whole shield: probes pass a site that is closed to everyone else, a crawler is verified over DNS while it asks, files of ranges and networks are taken up. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CONTROL_SOCKET_NAME, type ShieldStatus } from '../../src/contract/control-socket.ts'
import { DnsServer } from '../../src/controlplane/crawlers/dns-server.testing.ts'
import { askShield } from '../../src/surfaces/control-socket/control-client.ts'
import { eventually, startTestShield } from '../support/in-process-shield.ts'

const SECRET = 'a-secret-between-probe-and-shield'
const seenHeaders: string[] = []
const origin = createServer((asked, answer) => {
  seenHeaders.push(...asked.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()))
  answer.end('fine')
})
await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
const dns = await DnsServer.start({
  'PTR 50.0.0.127.in-addr.arpa': ['crawl-127-0-0-50.googlebot.com'],
  'A crawl-127-0-0-50.googlebot.com': ['127.0.0.50'],
  'PTR 51.0.0.127.in-addr.arpa': ['crawl-127-0-0-50.googlebot.com'],
})
const shield = await startTestShield(`
listen: 127.0.0.1:0
origin: http://127.0.0.1:${(origin.address() as AddressInfo).port}
workers: 1
rules:
  - {id: closed, action: block, path: "/*"}
admit: {probes: [127.0.0.60], probeSecretSha256: ${createHash('sha256').update(SECRET).digest('hex')}}
crawlers: {reverseDns: true, dnsServers: ["${dns.address}"], rangeFiles: [ranges.txt]}
networkData: {countryFile: networks.csv, asnFile: networks.csv}
`)
after(async () => {
  await shield.stop()
  await dns.stop()
  origin.close()
  origin.closeAllConnections()
})

function ask(from: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    request(new URL('/page', shield.url), { localAddress: from, headers, agent: false }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode!))
    }).once('error', reject).end()
  })
}

const status = (): Promise<ShieldStatus> => askShield(join(shield.folder, CONTROL_SOCKET_NAME), { ask: 'status' }, 2_000)

test('probes pass a closed site, by address or by secret, and the secret never reaches the origin', async () => {
  assert.equal(await ask('127.0.0.1'), 403)
  assert.equal(await ask('127.0.0.1', { 'polder-probe': 'a guess' }), 403)
  assert.equal(await ask('127.0.0.60'), 200)
  assert.equal(await ask('127.0.0.1', { 'polder-probe': SECRET }), 200)
  assert.ok(seenHeaders.includes('host') && !seenHeaders.includes('polder-probe'))
})

test('a crawler is verified by DNS while it asks, its imitator is not; files that come later are taken up', { timeout: 60_000 }, async () => {
  const googlebot = { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' }
  writeFileSync(join(shield.folder, 'ranges.txt'), '66.249.64.0/27\n')
  writeFileSync(join(shield.folder, 'networks.csv'), '127.0.0.0/8,NL,64496,Loopback\n')
  const seen = new Map<string, string>()
  await eventually('the crawler is verified and the files are read', 45_000, async () => {
    await ask('127.0.0.50', googlebot)
    await ask('127.0.0.51', googlebot)
    for (const event of (await status()).events) if (!seen.has(event.code) || event.code === 'crawler-verified') seen.set(event.code, event.sentence)
    return ['crawler-verified', 'crawler-ranges-read', 'network-data-read'].every((code) => seen.has(code))
  }, 500)
  assert.equal(seen.get('crawler-verified'), '127.0.0.50 is crawl-127-0-0-50.googlebot.com: verified by reverse DNS, forward-confirmed')
  assert.equal(await ask('127.0.0.50', googlebot), 403, 'the operator closed the site for crawlers too')
  await eventually('the verification is known', 5_000, () => dns.asked.filter((name) => name.startsWith('A ')).length >= 2)
})
