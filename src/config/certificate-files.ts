/**
 * Are the files that the settings name there, readable and of use? A certificate that cannot serve is found here, before the start, not at the first visitor.
 * Says nothing about what is inside a private key but whether it belongs to its certificate.
 */
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { accessSync, constants, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { SettingsProblem } from '../contract/settings-problem.ts'
import type { WallMs } from '../kernel/clock.ts'
import { DAY_MS } from '../kernel/units.ts'
import { checkChannelFiles } from './alert-channels.ts'
import { Findings } from './explain.ts'
import type { CertificateFiles, Settings } from './settings.ts'
import type { YamlSource } from './yaml-source.ts'

/** Short enough to still act, long enough for a paper process. */
const WARN_BEFORE_EXPIRY_MS = 14 * DAY_MS

export function checkFiles(settings: Settings, source: YamlSource, file: string, nowWallMs: WallMs, secrets: Readonly<Record<string, string>>): readonly SettingsProblem[] {
  const findings = new Findings({ value: undefined, problems: [], placeOf: (path) => source.placeOf(path), placeOfKey: (path) => source.placeOfKey(path) }, file)
  settings.listen.forEach((one, i) => {
    if (one.tls?.kind !== 'files') return
    const base = source.placeOfKey(`listen[${i}].tls`) === undefined ? 'listen.tls' : `listen[${i}].tls`
    one.tls.certificates.forEach((pair, c) => checkPair(pair, `${base}.certificates[${c}]`, findings, nowWallMs))
  })
  if (settings.origin.tlsCaFile !== '') readText(settings.origin.tlsCaFile, 'origin.tlsCaFile', findings)
  settings.crawlers.rangeFiles.forEach((path, i) => checkReadable(path, `crawlers.rangeFiles[${i}]`, findings))
  for (const key of ['countryFile', 'asnFile'] as const) checkReadable(settings.networkData[key], `networkData.${key}`, findings)
  checkChannelFiles(settings.alertChannels, secrets, findings)
  return findings.sorted()
}

/** Without these files the shield serves all the same, and takes them up when they come: a warning only. */
function checkReadable(path: string, at: string, findings: Findings): void {
  if (path === '') return
  try {
    accessSync(path, constants.R_OK)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    findings.add({ severity: 'warning', code: code === 'ENOENT' ? 'file-not-found' : 'file-unreadable', path: at, message: code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`, mend: 'put the file there, readable for the user that runs Polder; it is taken up by itself' })
  }
}

function checkPair(pair: CertificateFiles, at: string, findings: Findings, nowWallMs: WallMs): void {
  const certText = readText(pair.certFile, `${at}.cert`, findings)
  const keyText = readText(pair.keyFile, `${at}.key`, findings)
  let certificate: X509Certificate | null = null
  let key: ReturnType<typeof createPrivateKey> | null = null
  if (certText !== null) {
    try {
      certificate = new X509Certificate(certText)
    } catch {
      findings.add({ code: 'certificate', path: `${at}.cert`, message: 'holds no certificate in PEM form', mend: certText.includes('PRIVATE KEY') ? 'cert and key seem to be exchanged' : 'the file must hold -----BEGIN CERTIFICATE-----' })
    }
  }
  if (keyText !== null) {
    try {
      key = createPrivateKey(keyText)
    } catch {
      const locked = /ENCRYPTED/.test(keyText)
      findings.add({ code: 'certificate', path: `${at}.key`, message: locked ? 'is locked with a passphrase, which Polder cannot ask for' : 'holds no private key in PEM form', mend: locked ? 'unlock it: openssl pkey -in OLD -out NEW, readable only for the user that runs Polder' : '' })
    }
  }
  if (certificate === null) return
  if (key !== null && !certificate.checkPrivateKey(key)) findings.add({ code: 'certificate', path: `${at}.key`, message: 'does not belong to the certificate beside it', mend: 'check that cert and key are from the same renewal' })
  const endsWallMs = certificate.validToDate.getTime()
  if (endsWallMs <= nowWallMs) findings.add({ severity: 'warning', code: 'certificate', path: `${at}.cert`, message: `expired on ${certificate.validToDate.toISOString()}: browsers will refuse it`, mend: 'renew it; Polder takes the new file by itself' })
  else if (endsWallMs - nowWallMs < WARN_BEFORE_EXPIRY_MS) findings.add({ severity: 'warning', code: 'certificate', path: `${at}.cert`, message: `expires on ${certificate.validToDate.toISOString()}`, mend: 'renew it; Polder takes the new file by itself' })
  for (const [h, host] of pair.hosts.entries()) {
    if (host.startsWith('*.') || isNameOf(certificate, host)) continue
    findings.add({ severity: 'warning', code: 'certificate', path: `${at}.hosts[${h}]`, message: `${host} is not a name in this certificate`, mend: `its names: ${certificate.subjectAltName ?? 'none'}` })
  }
}

function isNameOf(certificate: X509Certificate, host: string): boolean {
  const address = host.replaceAll(/[[\]]/g, '')
  return isIP(address) === 0 ? certificate.checkHost(host) !== undefined : certificate.checkIP(address) !== undefined
}

function readText(file: string, at: string, findings: Findings): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const why = code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read by this user' : `cannot be read (${code})`
    findings.add({ code: 'file-unreadable', path: at, message: `${file} ${why}`, mend: code === 'ENOENT' ? 'check the path; a relative one starts at the folder of the settings file' : code === 'EACCES' ? 'give the user that runs Polder the right to read it' : '' })
    return null
  }
}
