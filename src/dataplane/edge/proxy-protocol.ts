/**
 * The PROXY protocol header, versions 1 and 2: what a load balancer in front says about the real visitor, before the first byte of TLS or HTTP.
 * It is read only on listeners configured for it and only from trusted peers; there it is required, because a listener that guesses lets anyone
 * choose an address. Reading is bounded in bytes here and in time by the listener; anything unusual is refused.
 * Source: https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt sections 2.1 and 2.2.
 */
import { parseIpAddress } from './ip-address.ts'

/** "a 108-byte buffer is always enough to store all the line" with its CRLF and a trailing zero (section 2.1). */
const V1_MOST_BYTES = 107
/** Addresses of a UNIX socket are 216 bytes; the rest is room for TLVs (TLS certificates' names, connection ids). */
const V2_MOST_BYTES = 16 + 4_096
const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)

export type ProxyHeader =
  /** So far right, but not whole. */
  | { readonly kind: 'more' }
  | { readonly kind: 'bad' }
  /** `source` null: the balancer speaks for itself (LOCAL, UNKNOWN, UNSPEC, UNIX): its own address counts. `bytes`: length of the header. */
  | { readonly kind: 'done'; readonly source: string | null; readonly bytes: number }

const MORE: ProxyHeader = Object.freeze({ kind: 'more' })
const BAD: ProxyHeader = Object.freeze({ kind: 'bad' })

/** Reads the header at the start of `bytes`; call again with more bytes on `more`. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (bytes.length === 0) return MORE
  if (bytes[0] === 0x50) return readV1(bytes)
  return readV2(bytes)
}

function readV1(bytes: Uint8Array): ProxyHeader {
  const limit = Math.min(bytes.length, V1_MOST_BYTES)
  let end = -1
  for (let i = 0; i < limit; i++) {
    const c = bytes[i]!
    if (i < 6 && c !== 'PROXY '.charCodeAt(i)) return BAD
    if (c === 10) {
      if (bytes[i - 1] !== 13) return BAD
      end = i + 1
      break
    }
    if (c !== 13 && (c < 0x20 || c > 0x7e)) return BAD
    if (i > 0 && bytes[i - 1] === 13) return BAD
  }
  if (end === -1) return limit === V1_MOST_BYTES ? BAD : MORE
  const words = Buffer.from(bytes.buffer, bytes.byteOffset, end - 2).toString('latin1').split(' ')
  if (words[1] === 'UNKNOWN') return { kind: 'done', source: null, bytes: end }
  if (words.length !== 6) return BAD
  const source = parseIpAddress(words[2]!)
  const destination = parseIpAddress(words[3]!)
  if (source === null || destination === null || words[2]!.includes('%') || words[3]!.includes('%')) return BAD
  const colons = words[1] === 'TCP6'
  if (!colons && words[1] !== 'TCP4') return BAD
  if (words[2]!.includes(':') !== colons || words[3]!.includes(':') !== colons) return BAD
  if (!isPortText(words[4]!) || !isPortText(words[5]!)) return BAD
  return { kind: 'done', source: words[2]!, bytes: end }
}

function isPortText(text: string): boolean {
  if (text.length === 0 || text.length > 5 || (text.length > 1 && text.startsWith('0'))) return false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c < 48 || c > 57) return false
  }
  return Number(text) <= 65_535
}

function readV2(bytes: Uint8Array): ProxyHeader {
  for (let i = 0; i < 12 && i < bytes.length; i++) if (bytes[i] !== V2_SIGNATURE[i]) return BAD
  if (bytes.length > 12) {
    const versionCommand = bytes[12]!
    if (versionCommand !== 0x20 && versionCommand !== 0x21) return BAD
  }
  if (bytes.length < 16) return MORE
  const local = bytes[12] === 0x20
  const family = bytes[13]! >>> 4
  const transport = bytes[13]! & 15
  const length = (bytes[14]! << 8) | bytes[15]!
  const total = 16 + length
  if (total > V2_MOST_BYTES || family > 3 || transport > 2) return BAD
  const addressBytes = family === 1 ? 12 : family === 2 ? 36 : family === 3 ? 216 : 0
  if (!local && length < addressBytes) return BAD
  if (bytes.length < total) return MORE
  if (local) return { kind: 'done', source: null, bytes: total }
  if (!tlvsAreWhole(bytes, 16 + addressBytes, total)) return BAD
  if (family === 1 && transport === 1) return { kind: 'done', source: `${bytes[16]}.${bytes[17]}.${bytes[18]}.${bytes[19]}`, bytes: total }
  if (family === 2 && transport === 1) {
    const parts: string[] = []
    for (let i = 16; i < 32; i += 2) parts.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16))
    return { kind: 'done', source: parts.join(':'), bytes: total }
  }
  // A stream cannot come from a datagram; UNSPEC and UNIX carry no address of ours
  if (transport === 2) return BAD
  return { kind: 'done', source: null, bytes: total }
}

/** Type, length, value triples must fill the rest exactly (section 2.2.7). Their content is not used. */
function tlvsAreWhole(bytes: Uint8Array, from: number, end: number): boolean {
  if (bytes[13] === 0) return true // UNSPEC: the receiver must ignore all of it
  let at = from
  while (at < end) {
    if (end - at < 3) return false
    at += 3 + ((bytes[at + 1]! << 8) | bytes[at + 2]!)
  }
  return at === end
}
