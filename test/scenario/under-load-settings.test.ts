/** Issue 2, Shows 5: settings and certificates change while Polder is under load. A mistake changes nothing; a good change loses nobody. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { makeDevelopmentCertificate } from '../../src/dataplane/edge/development-certificate.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { eventually } from '../support/in-process-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { runWrk } from '../support/wrk.ts'

let origin: LoadOrigin

before(async () => {
  origin = await LoadOrigin.start()
})

after(() => origin?.close())

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url)
  await response.arrayBuffer()
  return response.status
}

test('broken settings on reload under load: the old ones stay and the log says where the mistake is; the mended ones act at once', async () => {
  const good = `listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 2\nrules:\n  - { path: /old-rule, action: block }\n`
  const polder = await PolderProcess.start(good)
  try {
    const { url } = polder
    const flood = runWrk(`${url}/page`, { seconds: 6, connections: 16, pauseMs: 2 })
    const load = new SteadyLoad(url, { paths: ['/live', '/page'], readers: 8, pauseMs: 10 })
    assert.equal(await statusOf(`${url}/old-rule`), 403)

    // Not valid: an action that does not exist, on line 5. The file is watched; the signal asks again.
    polder.rewrite(good.replace('action: block', 'action: blok'))
    const said = await polder.untilNew((line) => line.level === 'error' && line.msg.includes('blok'))
    assert.match(said.msg, /polder\.yaml:5\b/)
    await polder.until((line) => line.msg.includes('the old settings stay in force'))
    // Not YAML at all.
    polder.rewrite(`${good}  - { path: /x, action: block\n`)
    const again = polder.untilNew((line) => line.msg.includes('the old settings stay in force'))
    polder.child.kill('SIGHUP')
    await again
    assert.equal(await statusOf(`${url}/old-rule`), 403)
    assert.equal(await statusOf(`${url}/new-rule`), 200)

    const reloaded = polder.untilNew((line) => line.msg === 'settings reloaded')
    polder.rewrite(`${good}  - { path: /new-rule, action: block }\n`)
    polder.child.kill('SIGHUP')
    await reloaded
    assert.equal(await statusOf(`${url}/new-rule`), 403)
    assert.equal(await statusOf(`${url}/old-rule`), 403)
    const seen = await flood
    const steady = await load.stop()
    process.stdout.write(`settings broken and mended: ${seen.requests + steady.requests} requests, ${seen.socketErrors + seen.notOk + steady.failures.length} failed\n`)
    assert.deepEqual(steady.failures, [])
    assert.equal(seen.socketErrors + seen.notOk, 0, seen.text)
  } finally {
    await polder.stop()
  }
})

/** Fingerprint of the certificate that a new connection is shown. */
function shownCertificate(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), servername: 'localhost', rejectUnauthorized: false }, () => {
      const shown = new X509Certificate(socket.getPeerCertificate().raw).fingerprint256
      socket.end()
      resolve(shown)
    })
    socket.once('error', reject)
  })
}

/** HTTP/2 by an independent client; what it counted. */
function runH2load(url: string, seconds: number): Promise<{ readonly requests: number; readonly failed: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('h2load', ['-c4', '-m4', `-D${seconds}`, '--warm-up-time=0', '--rps=200', url], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', () => {
      const counts = /requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(text)
      const [, done, , failed, errored, timeout] = (counts ?? []).map(Number)
      if (counts === null) reject(new Error(`h2load said: ${text}`))
      else resolve({ requests: done, failed: failed + errored + timeout + (/status codes: \d+ 2xx, 0 3xx, 0 4xx, 0 5xx/.test(text) ? 0 : 1), text })
    })
  })
}

test('the certificate is replaced under TLS load: new connections are shown the new one, and nobody is cut', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polder-certificates-'))
  const cert = join(folder, 'site.pem')
  const key = join(folder, 'site.key')
  const write = (): string => {
    const made = makeDevelopmentCertificate(['localhost', '127.0.0.1'], systemClock.wallMs())
    writeFileSync(cert, made.certPem)
    writeFileSync(key, made.keyPem)
    return new X509Certificate(made.certPem).fingerprint256
  }
  const first = write()
  const polder = await PolderProcess.start(
    `listen: { address: "127.0.0.1:0", tls: { certificates: [{ cert: ${cert}, key: ${key} }] } }\norigin: ${origin.url}\nworkers: 2\nedge: { tlsHandshakesPerSecond: 1000, tlsHandshakeBurst: 1000 }\n`,
  )
  try {
    const { url } = polder
    assert.equal(await shownCertificate(url), first)
    const h2 = runH2load(`${url}/page`, 8)
    const kept = new SteadyLoad(url, { paths: ['/live', '/page'], readers: 4, pauseMs: 10 })
    const anew = new SteadyLoad(url, { paths: ['/live', '/page'], readers: 4, pauseMs: 20, closeEach: true })
    await eventually('both loads run', 5_000, () => kept.requests > 50 && anew.requests > 50)

    const second = write()
    assert.notEqual(second, first)
    const writtenAt = performance.now()
    // Each worker has its own files to watch: many new connections in a row must all see the new one.
    await eventually('the new certificate is shown', 10_000, async () => (await Promise.all(Array.from({ length: 16 }, () => shownCertificate(url)))).every((shown) => shown === second), 100)
    const swappedMs = performance.now() - writtenAt
    const seen = await h2
    const results = [await kept.stop(), await anew.stop()]
    const failures = results.flatMap((result) => result.failures)
    const requests = seen.requests + results.reduce((sum, result) => sum + result.requests, 0)
    process.stdout.write(`certificate replaced: ${requests} requests, ${seen.failed + failures.length} failed; all workers show the new one after ${Math.round(swappedMs)} ms\n`)
    assert.deepEqual(failures, [])
    assert.equal(seen.failed, 0, seen.text)
    assert.ok(seen.requests > 500, seen.text)
  } finally {
    await polder.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
