import { createHash } from 'node:crypto'

/** UUID version 5 (RFC 9562, 5.5): the same name in the same namespace is always the same id. */
export function nameUuid(namespace: string, name: string): string {
  const bytes = createHash('sha1').update(Buffer.from(namespace.replaceAll('-', ''), 'hex')).update(name).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x50
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Ours, drawn once. STIX 2.1 (2.9) keeps its own namespace for observables. */
export const POLDER_NAMESPACE = '5e5b6b3f-5c0e-4c7c-9f1a-7d8f0b6d2c11'
