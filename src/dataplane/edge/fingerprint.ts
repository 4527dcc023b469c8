/**
 * JA4 of a TLS ClientHello: which TLS library a client speaks with, however often it changes its User-Agent. Off unless the operator asks.
 * It acts on bytes that the listener has read and will put back; it decides nothing and must never fail a handshake: what it cannot read has no
 * fingerprint. Only JA4 (TLS client), which is free to use; not JA4S, JA4H and the others.
 * Source: FoxIO JA4 technical details; the package's own `trackClientHellos` is not used because it disarms the handshake deadline.
 */
import { calculateJa4, extensionParsers } from 'read-tls-client-hello'
import { hashText } from '../../kernel/hash.ts'

/** One TLS record (RFC 8446 section 5.1): no client's hello is longer, and the listener holds no more. */
export const HELLO_MOST_BYTES = 16_384 + 5

export interface Fingerprint {
  readonly ja4: string
  /** Keyed hash of ja4, 0 when there is none. */
  readonly ja4Hash: number
}

const NONE: Fingerprint = Object.freeze({ ja4: '', ja4Hash: 0 })

/** True when the first record is here whole, or will never be a handshake record. */
export function isWholeHello(bytes: Uint8Array): boolean {
  if (bytes.length > 0 && bytes[0] !== 0x16) return true
  return bytes.length >= 5 && bytes.length >= 5 + ((bytes[3]! << 8) | bytes[4]!)
}

export function fingerprintOf(bytes: Buffer, hashKey: number): Fingerprint {
  try {
    const hello = readHello(bytes)
    if (hello === null) return NONE
    const ja4 = calculateJa4(hello)
    return { ja4, ja4Hash: hashText(ja4, hashKey) }
  } catch {
    // Reading past the end: a hello cut short or false lengths
    return NONE
  }
}

type Hello = Parameters<typeof calculateJa4>[0]

/** @throws RangeError when a length points beyond the bytes. */
function readHello(bytes: Buffer): Hello | null {
  if (bytes[0] !== 0x16 || bytes[5] !== 0x01) return null
  const end = 5 + bytes.readUInt16BE(3)
  if (bytes.readUIntBE(6, 3) !== end - 9) return null // a hello over several records: not in real clients
  const version = bytes.readUInt16BE(9)
  const random = bytes.subarray(11, 43)
  let at = 43
  const sessionId = bytes.subarray(at + 1, at + 1 + bytes.readUInt8(at))
  at += 1 + sessionId.length
  const cipherEnd = at + 2 + bytes.readUInt16BE(at)
  const cipherSuites: number[] = []
  for (at += 2; at < cipherEnd; at += 2) cipherSuites.push(bytes.readUInt16BE(at))
  const compressionMethods = [...bytes.subarray(at + 1, at + 1 + bytes.readUInt8(at))]
  at += 1 + compressionMethods.length
  const extensionsEnd = at + 2 + bytes.readUInt16BE(at)
  if (extensionsEnd !== end) return null
  const extensions: Array<{ id: number; data: unknown }> = []
  for (at += 2; at < extensionsEnd; ) {
    const id = bytes.readUInt16BE(at)
    const length = bytes.readUInt16BE(at + 2)
    extensions.push({ id, data: extensionData(id, bytes.subarray(at + 4, at + 4 + length)) })
    at += 4 + length
  }
  return { version, random, sessionId, cipherSuites, compressionMethods, extensions } as unknown as Hello
}

/** Only the three that JA4 reads; malformed content counts as absent, as in the reference implementation. */
function extensionData(id: number, content: Buffer): unknown {
  if (id !== 0x0000 && id !== 0x0010 && id !== 0x000d) return null
  try {
    return (extensionParsers as Record<number, (data: Buffer) => unknown>)[id]?.(content) ?? null
  } catch {
    return null
  }
}
