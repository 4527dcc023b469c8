import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { openRig, PASSWORD } from './console.testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-console-tls-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function certificate(name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { cert, key }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly subject: string
}

function ask(url: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(`${url}${path}`, { method: body === undefined ? 'GET' : 'POST', headers, agent: false, rejectUnauthorized: false }, (response) => {
      const subject = (response.socket as TLSSocket).getPeerCertificate().subject.CN as string
      response.resume().on('end', () => resolve({ status: response.statusCode!, headers: response.headers, subject }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

test('over TLS cookies are for this host alone, and a renewed certificate is taken up', async () => {
  const { cert, key } = certificate('first.example')
  const rig = await openRig({ tlsCertFile: cert, tlsKeyFile: key })
  try {
    assert.match(rig.url, /^https:/)
    await rig.parts.accounts.add('ada', 'admin', PASSWORD)
    const answer = await ask(rig.url, '/api/login', { origin: rig.url, 'content-type': 'application/json' }, JSON.stringify({ name: 'ada', password: PASSWORD }))
    assert.equal(answer.status, 200)
    assert.equal(answer.subject, 'first.example')
    assert.match(String(answer.headers['strict-transport-security']), /max-age=\d+/)
    const cookies = answer.headers['set-cookie'] as string[]
    for (const cookie of cookies) assert.match(cookie, /^__Host-polder-(console|device)=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/)
    const session = cookies[0]!.split(';')[0]!
    assert.equal((await ask(rig.url, '/api/session', { cookie: session })).status, 200)
    assert.equal((await ask(rig.url, '/api/session', { cookie: session.replace('__Host-', '') })).status, 401, 'a cookie without the prefix is none here')
    assert.equal((await ask(rig.url, '/api/login', { origin: rig.url.replace('https', 'http'), 'content-type': 'application/json' }, '{}')).status, 403)

    writeFileSync(cert, 'half a certificate')
    rig.renewCertificate()
    assert.equal((await ask(rig.url, '/')).subject, 'first.example', 'a broken file changes nothing')
    const second = certificate('second.example')
    execFileSync('cp', [second.cert, cert])
    execFileSync('cp', [second.key, key])
    rig.renewCertificate()
    assert.equal((await ask(rig.url, '/')).subject, 'second.example')
  } finally {
    await rig.close()
  }
})
