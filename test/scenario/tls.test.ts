/** Issue 2, Edge: TLS of a whole Polder with two workers: versions, names, protocols, and sessions begun with one worker that the other takes up. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { makeDevelopmentCertificate } from '../../src/dataplane/edge/development-certificate.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { type ScriptedOrigin, startScriptedOrigin } from '../support/scripted-origin.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-tls-'))
const fingerprints = new Map<string, string>()
let origin: ScriptedOrigin
let polder: PolderProcess

before(async () => {
  const entries = ['www.parliament.example', 'www.court.example'].map((name) => {
    const made = makeDevelopmentCertificate([name], systemClock.wallMs())
    writeFileSync(join(folder, `${name}.pem`), made.certPem)
    writeFileSync(join(folder, `${name}.key`), made.keyPem)
    fingerprints.set(name, new X509Certificate(made.certPem).fingerprint256)
    return `{ cert: ${join(folder, `${name}.pem`)}, key: ${join(folder, `${name}.key`)} }`
  })
  origin = await startScriptedOrigin((request, response) => response.writeHead(200, { 'cache-control': 'no-store' }).end(`over ${String(request.headers['x-forwarded-proto'])}`))
  polder = await PolderProcess.start(`listen: { address: "127.0.0.1:0", tls: { certificates: [${entries.join(', ')}] } }
origin: ${origin.url}
workers: 2
edge: { tlsHandshakesPerSecond: 1000, tlsHandshakeBurst: 1000 }
`)
})

after(async () => {
  await polder?.stop()
  await origin?.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Seen {
  readonly reused: boolean
  readonly protocol: string
  readonly alpn: string | false | null
  readonly fingerprint: string
  readonly session: Buffer | undefined
  readonly text: string
}

/** One handshake and one request on a connection of its own. */
function visit(options: ConnectionOptions = {}): Promise<Seen> {
  return new Promise((resolve, reject) => {
    let session: Buffer | undefined
    let text = ''
    let facts: Omit<Seen, 'session' | 'text'> | null = null
    const socket: TLSSocket = connect({ host: '127.0.0.1', port: Number(new URL(polder.url).port), servername: 'www.parliament.example', rejectUnauthorized: false, ...options }, () => {
      facts = { reused: socket.isSessionReused(), protocol: socket.getProtocol() ?? '', alpn: socket.alpnProtocol, fingerprint: socket.getPeerX509Certificate()?.fingerprint256 ?? '' }
      if (socket.alpnProtocol === 'h2') socket.destroy()
      else socket.write('GET / HTTP/1.1\r\nHost: www.parliament.example\r\nConnection: close\r\n\r\n')
    })
    socket.on('session', (one: Buffer) => {
      session = one
    })
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => (facts === null ? reject(new Error('closed within the handshake')) : resolve({ ...facts, session, text })))
  })
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version}: a session begun with one worker is taken up by both`, async () => {
    const first = await visit({ minVersion: version, maxVersion: version })
    assert.equal(first.protocol, version)
    assert.match(first.text, /over https/)
    assert.ok(first.session !== undefined)
    for (let i = 0; i < 16; i++) {
      const again = await visit({ minVersion: version, maxVersion: version, session: first.session })
      assert.ok(again.reused, `connection ${i}`)
      assert.match(again.text, /^HTTP\/1\.1 200 /)
    }
  })
}

test('older versions are refused', async () => {
  await assert.rejects(visit({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }))
})

test('the name asked for chooses the certificate; an unknown name gets the first', async () => {
  for (const [name, fingerprint] of fingerprints) assert.equal((await visit({ servername: name })).fingerprint, fingerprint)
  assert.equal((await visit({ servername: 'unknown.example' })).fingerprint, fingerprints.get('www.parliament.example'))
})

test('the protocol is agreed on in the handshake: h2 before HTTP/1.1, HTTP/1.1 for who asks for nothing', async () => {
  assert.equal((await visit({ ALPNProtocols: ['http/1.1', 'h2'] })).alpn, 'h2')
  assert.equal((await visit({ ALPNProtocols: ['http/1.1'] })).alpn, 'http/1.1')
  assert.match((await visit()).text, /^HTTP\/1\.1 200 /)
})
