import { clientAddress } from '../../src/dataplane/edge/client-address.ts'
import type { Step } from './step.ts'
import { HASH_KEY } from './typical-request.ts'

export const benchV4 = keying('client key: IPv4 address', Array.from({ length: 1_024 }, (_, i) => `203.0.${i >> 8}.${i & 255}`))
export const benchV6 = keying('client key: IPv6 address', Array.from({ length: 1_024 }, (_, i) => `2001:db8:${i.toString(16)}:17:8a2e:370:7334:${i}`))

function keying(name: string, addresses: readonly string[]): Step {
  return {
    name,
    run(iterations) {
      for (let i = 0; i < iterations; i++) if (clientAddress(addresses[i & 1_023], HASH_KEY) === null) throw new Error('not an address')
    },
  }
}
