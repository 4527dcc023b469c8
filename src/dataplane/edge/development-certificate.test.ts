import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import type { WallMs } from '../../kernel/clock.ts'
import { makeDevelopmentCertificate } from './development-certificate.ts'

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0) as WallMs

describe('development certificate', () => {
  const { certPem, keyPem } = makeDevelopmentCertificate(['localhost', '*.example.org', '127.0.0.1', '::1', '2001:db8::5'], NOW)
  const certificate = new X509Certificate(certPem)

  it('is a v3 certificate that node reads, with its key and its own signature', () => {
    assert.equal(certificate.checkPrivateKey(createPrivateKey(keyPem)), true)
    assert.equal(certificate.verify(certificate.publicKey), true)
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
    assert.equal(certificate.ca, false)
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  })

  it('stands for every host it was asked for, and no other', () => {
    for (const host of ['localhost', 'www.example.org']) assert.notEqual(certificate.checkHost(host), undefined, host)
    for (const host of ['example.org', 'a.b.example.org', 'example.com']) assert.equal(certificate.checkHost(host), undefined, host)
    for (const address of ['127.0.0.1', '::1', '2001:db8::5']) assert.equal(certificate.checkIP(address), address)
    assert.equal(certificate.checkIP('127.0.0.2'), undefined)
  })

  it('is valid from an hour before to a year after', () => {
    assert.equal(certificate.validFromDate.getTime(), NOW - 3_600_000)
    assert.equal(certificate.validToDate.getTime(), NOW + 365 * 86_400_000)
  })

  it('has a positive serial number that is not used twice', () => {
    const serials = new Set(Array.from({ length: 20 }, () => new X509Certificate(makeDevelopmentCertificate(['localhost'], NOW).certPem).serialNumber))
    assert.equal(serials.size, 20)
    for (const serial of serials) assert.equal(serial.length, 32)
  })

  it('holds many and long names, whatever length bytes they need', () => {
    const hosts = Array.from({ length: 40 }, (_, i) => `${'n'.repeat(60)}.part-${i}.example.org`)
    const many = new X509Certificate(makeDevelopmentCertificate(hosts, NOW).certPem)
    for (const host of hosts) assert.notEqual(many.checkHost(host), undefined)
  })

  it('refuses no host and a host that is not ASCII', () => {
    assert.throws(() => makeDevelopmentCertificate([], NOW), RangeError)
    assert.throws(() => makeDevelopmentCertificate(['bücher.example'], NOW), /xn--/)
  })
})
