import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { systemClock, type WallMs } from '../../kernel/clock.ts'
import { RecordedLog } from '../../kernel/log.ts'
import { certificateSet, CertificateStore, ContextsByName, readCertificates } from './certificates.ts'
import { makeDevelopmentCertificate, type CertificatePair } from './development-certificate.ts'

const now = Date.now() as WallMs
const folder = await mkdtemp(join(tmpdir(), 'polder-certificates-'))
after(() => rm(folder, { recursive: true }))
const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }

async function write(pair: CertificatePair): Promise<void> {
  await writeFile(files.certificate, pair.certPem)
  await writeFile(files.key, pair.keyPem)
}

const setOf = (...pairs: CertificatePair[]) => certificateSet(pairs.map((one) => ({ pair: files, cert: one.certPem, key: one.keyPem })))

describe('reading certificates', () => {
  it('names the file and the mistake', async () => {
    const pair = makeDevelopmentCertificate(['a.example'], now)
    const other = makeDevelopmentCertificate(['a.example'], now)
    await assert.rejects(readCertificates([{ certificate: join(folder, 'none.pem'), key: files.key }]), /none\.pem/)
    await write({ certPem: 'nonsense', keyPem: pair.keyPem })
    await assert.rejects(readCertificates([files]), /cert\.pem: is not a PEM certificate/)
    await write({ certPem: pair.certPem, keyPem: 'nonsense' })
    await assert.rejects(readCertificates([files]), /key\.pem: is not a PEM private key/)
    await write({ certPem: pair.certPem, keyPem: other.keyPem })
    await assert.rejects(readCertificates([files]), /key\.pem: is not the key of .*cert\.pem/)
    await assert.rejects(readCertificates([]), /at least one certificate/)
  })
})

describe('choosing by server name', () => {
  const contexts = new ContextsByName(
    setOf(makeDevelopmentCertificate(['first.example'], now), makeDevelopmentCertificate(['*.example.org', 'example.org'], now), makeDevelopmentCertificate(['www.example.org'], now)),
    'TLSv1.2',
  )

  it('takes the exact name before the wildcard, one label for the star, and the first for anybody else', () => {
    const exact = contexts.choose('www.example.org')
    const star = contexts.choose('news.example.org')
    assert.notEqual(exact, star)
    assert.equal(contexts.choose('WWW.EXAMPLE.ORG'), exact)
    assert.equal(contexts.choose('example.org'), star)
    for (const unknown of ['a.b.example.org', 'org', '', 'other.example', '__proto__', 'first.example']) assert.equal(contexts.choose(unknown), contexts.first, unknown)
  })

  it('takes the names the operator gives before those in the certificate', () => {
    const pair = makeDevelopmentCertificate(['inside.example'], now)
    const set = certificateSet([{ pair: files, cert: pair.certPem, key: pair.keyPem }, { pair: { ...files, hosts: ['Given.example'] }, cert: pair.certPem, key: pair.keyPem }])
    const chosen = new ContextsByName(set, 'TLSv1.2')
    assert.notEqual(chosen.choose('given.example'), chosen.choose('inside.example'))
  })

  it('holds an ECDSA and an RSA certificate for the same names side by side', () => {
    const set = setOf(makeDevelopmentCertificate(['a.example'], now), makeDevelopmentCertificate(['a.example'], now))
    assert.equal(set.identities.length, 1)
    assert.equal(set.identities[0]!.certs.length, 2)
  })
})

describe('certificate store', () => {
  it('takes over a new pair, keeps the old one when the new does not fit, and says why once', async () => {
    const first = makeDevelopmentCertificate(['a.example'], now)
    const second = makeDevelopmentCertificate(['a.example'], now)
    await write(first)
    const log = new RecordedLog()
    const store = await CertificateStore.open([files], log, systemClock)
    const swapped: string[] = []
    store.onSwap((set) => swapped.push(set.identities[0]!.certs[0]!))
    await store.reload()
    assert.deepEqual(swapped, [])

    await writeFile(files.certificate, second.certPem)
    await store.reload()
    await store.reload()
    assert.equal(store.current.identities[0]!.certs[0], first.certPem)
    assert.deepEqual(log.lines.filter((line) => line.level === 'error').length, 1)
    assert.match(String(log.lines.at(-1)!.facts['problem']), /is not the key of/)

    await writeFile(files.key, second.keyPem)
    await store.reload()
    assert.deepEqual(swapped, [second.certPem])
    store.close()
  })

  it('does not replace a valid certificate by an expired one', async () => {
    const valid = makeDevelopmentCertificate(['a.example'], now)
    await write(valid)
    const log = new RecordedLog()
    const store = await CertificateStore.open([files], log, systemClock)
    await write(makeDevelopmentCertificate(['a.example'], (now - 400 * 86_400_000) as WallMs))
    await store.reload()
    assert.equal(store.current.identities[0]!.certs[0], valid.certPem)
    assert.match(String(log.lines.at(-1)!.facts['problem']), /expired/)
    store.close()
  })

  it('starts with an expired certificate rather than not at all, and warns', async () => {
    await write(makeDevelopmentCertificate(['a.example'], (now - 400 * 86_400_000) as WallMs))
    const log = new RecordedLog()
    const store = await CertificateStore.open([files], log, systemClock)
    assert.match(log.lines.at(-1)!.message, /expired/)
    store.close()
  })

  it('notices by itself that a renewal tool put new files in place', async () => {
    await write(makeDevelopmentCertificate(['a.example'], now))
    const store = await CertificateStore.open([files], new RecordedLog(), systemClock)
    const next = makeDevelopmentCertificate(['a.example'], now)
    const swapped = new Promise<void>((resolve) => {
      store.onSwap(() => resolve())
    })
    for (const [file, text] of [[files.certificate, next.certPem], [files.key, next.keyPem]] as const) {
      await writeFile(`${file}.new`, text)
      await rename(`${file}.new`, file)
    }
    await swapped
    assert.equal(store.current.identities[0]!.certs[0], next.certPem)
    store.close()
  })

  it('refuses a key of the wrong kind', async () => {
    const pair = makeDevelopmentCertificate(['a.example'], now)
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
    await write({ certPem: pair.certPem, keyPem: rsa.privateKey })
    await assert.rejects(readCertificates([files]), /is not the key of/)
  })
})
