/**
 * How a visitor's address is written down. Shortened: IPv4 /24, IPv6 /48. Hashed: HMAC-SHA-256 with a key that lives for one day and is never stored,
 * so that lines of a day belong together and nobody can go back to the address afterwards.
 */
import { createHmac } from 'node:crypto'
import { unpredictableBytes } from '../../kernel/random.ts'
import { DAY_MS } from '../../kernel/units.ts'
import type { ClientAddress } from '../request.ts'

export type AddressForm = 'shortened' | 'hashed' | 'full'

export class AddressWriter {
  #key = unpredictableBytes(32)
  #keyDay = -1

  write(client: ClientAddress, form: AddressForm, nowWallMs: number): string {
    if (form === 'full') return client.text
    if (form === 'shortened') return shortened(client)
    const day = Math.floor(nowWallMs / DAY_MS)
    if (day !== this.#keyDay) {
      this.#key = unpredictableBytes(32)
      this.#keyDay = day
    }
    return createHmac('sha256', this.#key).update(client.text).digest('hex').slice(0, 16)
  }
}

/** IPv4 as its /24, IPv6 as its /48, in plain address notation. */
export function shortened(client: ClientAddress): string {
  if (client.family === 4) return `${client.high >>> 24}.${(client.high >>> 16) & 255}.${(client.high >>> 8) & 255}.0`
  return `${(client.high >>> 16).toString(16)}:${(client.high & 0xffff).toString(16)}:${(client.low >>> 16).toString(16)}::`
}
