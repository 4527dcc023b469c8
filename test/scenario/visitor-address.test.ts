/** Issue 2, Edge: who the visitor is, through the whole of Polder: trusted hops, PROXY protocol, IPv6, and what the origin and the access log are told. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { PolderProcess } from '../support/polder-process.ts'
import { exchange } from '../support/raw-exchange.ts'
import { type ScriptedOrigin, startScriptedOrigin } from '../support/scripted-origin.ts'

let origin: ScriptedOrigin
let polder: PolderProcess
let number = 0

before(async () => {
  origin = await startScriptedOrigin((request, response) => {
    response.setHeader('cache-control', request.url!.startsWith('/stored') ? 'max-age=60' : 'no-store')
    response.end(`as ${String(request.headers['x-forwarded-proto'])}`)
  })
  polder = await PolderProcess.start(`listen:
  - 127.0.0.1:0
  - { address: "127.0.0.1:0", proxyProtocol: true }
  - "[::1]:0"
  - { address: "[::1]:0", proxyProtocol: true }
origin: { upstreams: [${origin.url}], sendForwarded: true }
workers: 2
trustedProxies: [127.0.0.9, 127.0.0.10, "::1"]
hosts: [site.example]
log: { format: json, file: access.log, addresses: full }
rules:
  - { id: one-net, prefix: "2001:db8:7::/48", action: block }
`)
})

after(async () => {
  await polder?.stop()
  await origin?.close()
})

/** Asks and returns what the origin was told. */
async function told(url: string, more: string, { from = '127.0.0.1', before = '' } = {}): Promise<Readonly<Record<string, string>>> {
  const target = `/n${number++}`
  const answer = await exchange(url, `${before}GET ${target} HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n${more}\r\n`, { from })
  assert.match(answer, /^HTTP\/1\.1 200 /)
  return origin.received.find((one) => one.target === target)!.headers
}

test('an unknown peer speaks for nobody: what it says of itself neither counts nor reaches the origin', async () => {
  const headers = await told(polder.urls[0], 'X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\nForwarded: for=203.0.113.7;proto=https\r\nX-Real-IP: 203.0.113.7\r\nX-Request-Id: mine\r\nX-Original-URL: /admin\r\n')
  assert.equal(headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(headers['x-forwarded-proto'], 'http')
  assert.equal(headers['x-forwarded-host'], 'site.example')
  assert.equal(headers['forwarded'], 'for=127.0.0.1;host="site.example";proto=http')
  assert.match(headers['via'], /^1\.1 polder-[0-9a-f]{8}$/)
  assert.match(headers['x-request-id'], /^[0-9a-f]{32}$/)
  assert.equal(headers['host'], 'site.example')
  for (const name of ['x-real-ip', 'x-original-url']) assert.equal(headers[name], undefined)
})

test('a trusted hop names the visitor; what stood there before is not believed', async () => {
  const headers = await told(polder.urls[0], 'X-Forwarded-For: 198.51.100.66, 203.0.113.7\r\n', { from: '127.0.0.9' })
  assert.equal(headers['x-forwarded-for'], '203.0.113.7')
  const chain = await told(polder.urls[0], 'X-Forwarded-For: 203.0.113.7, 127.0.0.10\r\n', { from: '127.0.0.9' })
  assert.equal(chain['x-forwarded-for'], '203.0.113.7')
})

test('a trusted hop that ends TLS says so: the origin hears https, and both schemes are stored apart', async () => {
  assert.equal((await told(polder.urls[0], 'X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n', { from: '127.0.0.9' }))['x-forwarded-proto'], 'https')
  assert.equal((await told(polder.urls[0], 'X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: nonsense\r\n', { from: '127.0.0.9' }))['x-forwarded-proto'], 'http')
  const ask = (proto: string, from: string): Promise<string> => exchange(polder.urls[0], `GET /stored HTTP/1.1\r\nHost: site.example\r\nX-Forwarded-Proto: ${proto}\r\nConnection: close\r\n\r\n`, { from })
  for (let i = 0; i < 4; i++) {
    assert.match(await ask('https', '127.0.0.9'), /as https$/)
    assert.match(await ask('http', '127.0.0.9'), /as http$/)
    assert.match(await ask('https', '127.0.0.1'), /as http$/)
  }
  assert.equal(origin.count('/stored'), 2)
})

test('PROXY protocol v1 and v2 name the visitor, IPv6 too', async () => {
  const [, listener, , listener6] = polder.urls
  assert.equal((await told(listener, '', { from: '127.0.0.9', before: 'PROXY TCP4 203.0.113.8 192.0.2.1 50000 443\r\n' }))['x-forwarded-for'], '203.0.113.8')
  assert.equal((await told(listener, '', { from: '127.0.0.9', before: 'PROXY TCP6 2001:db8::8 2001:db8::1 50000 443\r\n' }))['x-forwarded-for'], '2001:db8::8')
  assert.equal((await told(listener6, '', { from: '::1', before: 'PROXY TCP4 203.0.113.9 192.0.2.1 50000 443\r\n' }))['x-forwarded-for'], '203.0.113.9')
  const v2 = Buffer.concat([
    Buffer.from('0d0a0d0a000d0a515549540a', 'hex'), Buffer.from([0x21, 0x11, 0, 12]), Buffer.from([203, 0, 113, 10, 192, 0, 2, 1]), Buffer.from('c35001bb', 'hex'),
  ]).toString('latin1')
  assert.equal((await told(listener, '', { from: '127.0.0.9', before: v2 }))['x-forwarded-for'], '203.0.113.10')
})

test('a PROXY header from who is not trusted, or none where one is wanted, ends the connection and is counted', async () => {
  const counted = async (): Promise<number> => polder.metric('polder_requests_ended_total{reason="proxy-header-refused"}')
  const before = await counted()
  const ask = 'GET / HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n'
  assert.equal(await exchange(polder.urls[1], `PROXY TCP4 203.0.113.8 192.0.2.1 50000 443\r\n${ask}`, { from: '127.0.0.1' }).catch(() => ''), '')
  assert.equal(await exchange(polder.urls[1], ask, { from: '127.0.0.9' }).catch(() => ''), '')
  for (let i = 0; i < 40 && (await counted()) < before + 2; i++) await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(await counted(), before + 2)
})

test('an IPv6 visitor is served, and matched by its prefix', async () => {
  assert.equal((await told(polder.urls[2], '', { from: '::1' }))['x-forwarded-for'], '::1')
  const blocked = await exchange(polder.urls[2], 'GET / HTTP/1.1\r\nHost: site.example\r\nX-Forwarded-For: 2001:db8:7::1\r\nConnection: close\r\n\r\n', { from: '::1' })
  assert.match(blocked, /^HTTP\/1\.1 403 [^]*polder-reason: rule-block/)
  assert.equal((await told(polder.urls[2], 'X-Forwarded-For: 2001:db8:8::1\r\n', { from: '::1' }))['x-forwarded-for'], '2001:db8:8::1')
})

test('an unknown host is refused and counted, over every listener', async () => {
  const counted = async (): Promise<number> => polder.metric('polder_requests_ended_total{reason="unknown-host"}')
  const before = await counted()
  assert.match(await exchange(polder.urls[0], 'GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 421 [^]*polder-reason: unknown-host/)
  assert.match(await exchange(polder.urls[0], 'GET / HTTP/1.1\r\nHost: SITE.example:8080\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200 /)
  for (let i = 0; i < 40 && (await counted()) < before + 1; i++) await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(await counted(), before + 1)
})

test('the access log tells the visitor, the id the origin was told, and the reason', async () => {
  const headers = await told(polder.urls[0], 'X-Forwarded-For: 203.0.113.77\r\n', { from: '127.0.0.9' })
  const file = join(polder.folder, 'access.log')
  let line: Record<string, unknown> | undefined
  for (let i = 0; i < 40 && line === undefined; i++) {
    line = readFileSync(file, 'utf8').trim().split('\n').filter((one) => one !== '').map((one) => JSON.parse(one) as Record<string, unknown>).find((one) => one['client'] === '203.0.113.77')
    if (line === undefined) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.equal(line?.['id'], headers['x-request-id'])
  assert.equal(line['reason'], 'served-origin')
  assert.equal(line['status'], 200)
  assert.equal(line['standsFor'], 1)
})
