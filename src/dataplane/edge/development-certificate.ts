/**
 * A certificate for trying Polder out: self-signed, ECDSA P-256, X.509 v3. Browsers rightly warn about it; a real site needs a real one.
 * Only the few DER shapes that such a certificate needs are written here. Sources: RFC 5280 section 4 (certificate), RFC 5480 (EC keys),
 * RFC 5758 section 3.2 (ecdsa-with-SHA256), X.690 (DER).
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { isIP } from 'node:net'
import type { WallMs } from '../../kernel/clock.ts'
import { unpredictableBytes } from '../../kernel/random.ts'
import { DAY_MS } from '../../kernel/units.ts'

/** Apple refuses server certificates valid for longer than 825 days; a year is enough to try. */
const VALID_DAYS = 365

export interface CertificatePair {
  readonly certPem: string
  readonly keyPem: string
}

/**
 * `hosts`: DNS names (also `*.example.org`) and addresses for the subjectAltName; the first is the common name.
 * @throws RangeError when there is none, or one is not ASCII.
 */
export function makeDevelopmentCertificate(hosts: readonly string[], now: WallMs): CertificatePair {
  if (hosts.length === 0) throw new RangeError('a certificate needs at least one host name or address')
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'der' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  const key = createPrivateKey(keys.privateKey)
  const subject = name(hosts[0]!)
  const algorithm = sequence(objectId(1, 2, 840, 10045, 4, 3, 2)) // ecdsa-with-SHA256
  const serial = unpredictableBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40 // positive, and no leading zero byte
  const toBeSigned = sequence(
    explicit(0, integer(Uint8Array.of(2))), // v3
    integer(serial),
    algorithm,
    subject,
    // an hour back, for visitors whose clock is slow
    sequence(utcTime(now - DAY_MS / 24), utcTime(now + VALID_DAYS * DAY_MS)),
    subject,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(
      extension([2, 5, 29, 17], false, sequence(...hosts.map(alternativeName))), // subjectAltName
      extension([2, 5, 29, 19], true, sequence()), // basicConstraints: not a CA
      extension([2, 5, 29, 15], true, tagged(0x03, Uint8Array.of(7, 0x80))), // keyUsage: digitalSignature
      extension([2, 5, 29, 37], false, sequence(objectId(1, 3, 6, 1, 5, 5, 7, 3, 1))), // extKeyUsage: serverAuth
    )),
  )
  const signature = sign('sha256', toBeSigned, { key, dsaEncoding: 'der' })
  const certificate = sequence(toBeSigned, algorithm, tagged(0x03, Buffer.concat([Uint8Array.of(0), signature])))
  return { certPem: pem('CERTIFICATE', certificate), keyPem: keys.privateKey }
}

function alternativeName(host: string): Uint8Array {
  const family = isIP(host)
  if (family === 0) return tagged(0x82, ascii(host))
  return tagged(0x87, family === 4 ? Uint8Array.from(host.split('.'), Number) : ipv6Bytes(host))
}

function ipv6Bytes(text: string): Uint8Array {
  const [head, tail] = text.split('::') as [string, string | undefined]
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
  return Uint8Array.from(groups.flatMap((group) => [Number.parseInt(group, 16) >>> 8, Number.parseInt(group, 16) & 255]))
}

function name(commonName: string): Uint8Array {
  return sequence(tagged(0x31, sequence(objectId(2, 5, 4, 3), tagged(0x0c, Buffer.from(commonName, 'utf8')))))
}

function extension(id: readonly number[], critical: boolean, value: Uint8Array): Uint8Array {
  const parts = [objectId(...id)]
  if (critical) parts.push(tagged(0x01, Uint8Array.of(0xff)))
  return sequence(...parts, tagged(0x04, value))
}

function utcTime(atMs: number): Uint8Array {
  // YYMMDDHHMMSSZ; RFC 5280 wants this form until 2049
  return tagged(0x17, ascii(new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '').slice(2)))
}

function objectId(...arcs: readonly number[]): Uint8Array {
  const bytes = [arcs[0]! * 40 + arcs[1]!]
  for (const arc of arcs.slice(2)) {
    const digits = [arc & 127]
    for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 127) | 128)
    bytes.push(...digits)
  }
  return tagged(0x06, Uint8Array.from(bytes))
}

function integer(bytes: Uint8Array): Uint8Array {
  return tagged(0x02, bytes)
}

function explicit(number: number, content: Uint8Array): Uint8Array {
  return tagged(0xa0 | number, content)
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(0x30, Buffer.concat(parts))
}

function tagged(tag: number, content: Uint8Array): Uint8Array {
  const length = content.length
  const head = length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >>> 8, length & 255]
  return Buffer.concat([Uint8Array.from(head), content])
}

function ascii(text: string): Uint8Array {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 126 || text.charCodeAt(i) < 33) throw new RangeError(`"${text}" is not an ASCII host name (write international names as xn--…)`)
  return Buffer.from(text, 'latin1')
}

function pem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der).toString('base64').match(/.{1,64}/g)!
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
