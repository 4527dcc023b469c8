/**
 * Bounds what TLS handshakes may cost: how many are under way at once, and how many a network (IPv4 /24, IPv6 /64) may begin per second.
 * A full handshake costs the server 0.2 to 1 ms and the attacker almost nothing; a connection above the bound is closed before any of that.
 * It acts before the first byte of TLS. It must not grow with the number of networks: a fixed table of token buckets, four to a set; a network
 * without a place takes that of the one heard of longest ago, which at worst forgets a debt.
 * Source: design note algorithms (c), "TLS handshake"; invariant: in any time T at most burst + rate × T begin per network that keeps its place.
 */
import type { MonotonicMs } from '../../kernel/clock.ts'
import { combineHash } from '../../kernel/hash.ts'
import type { ClientAddress } from '../request.ts'
import type { EdgeSettings } from './options.ts'
import { PenaltyBox } from './penalty-box.ts'

const SETS = 4_096
const WAYS = 4

export class HandshakeLimit {
  #open = 0
  refused = 0
  #maxOpen = 0
  #perMs = 0
  #burst = 0
  #penaltyMs = 0
  readonly #penalties = new PenaltyBox()
  readonly #hashKey: number
  readonly #tags = new Uint32Array(SETS * WAYS)
  readonly #tokens = new Float32Array(SETS * WAYS)
  readonly #heardAtMs = new Float64Array(SETS * WAYS).fill(Number.NEGATIVE_INFINITY)

  constructor(settings: EdgeSettings, hashKey: number) {
    this.#hashKey = hashKey
    this.configure(settings)
  }

  configure(settings: EdgeSettings): void {
    this.#maxOpen = settings.tlsHandshakesOpen
    this.#perMs = settings.tlsHandshakesPerSecond / 1_000
    this.#burst = settings.tlsHandshakeBurst
    this.#penaltyMs = settings.abusePenaltyMs
  }

  get open(): number {
    return this.#open
  }

  /** True: a handshake may begin, and `finish` must be called once when it ended, well or not. */
  begin(client: ClientAddress, now: MonotonicMs): boolean {
    if (this.#open >= this.#maxOpen || this.#penalties.holds(client.key, now) || !this.#take(client, now)) {
      this.refused++
      return false
    }
    this.#open++
    return true
  }

  /** A connection of this address was closed for abuse: its next handshakes are refused for a while. */
  punish(client: ClientAddress, now: MonotonicMs): void {
    this.#penalties.punish(client.key, this.#penaltyMs, now)
  }

  finish(): void {
    this.#open--
  }

  #take(client: ClientAddress, now: MonotonicMs): boolean {
    const prefix = client.family === 4 ? client.high >>> 8 : client.high
    const hash = combineHash(combineHash(this.#hashKey ^ client.family, prefix), client.low)
    const tag = hash | 1
    const base = ((hash >>> 1) % SETS) * WAYS
    let slot = base
    for (let i = base; i < base + WAYS; i++) {
      if (this.#tags[i] === tag >>> 0) {
        slot = i
        break
      }
      if (this.#heardAtMs[i]! < this.#heardAtMs[slot]!) slot = i
    }
    if (this.#tags[slot] === tag >>> 0) {
      this.#tokens[slot] = Math.min(this.#burst, this.#tokens[slot]! + (now - this.#heardAtMs[slot]!) * this.#perMs)
    } else {
      this.#tags[slot] = tag
      this.#tokens[slot] = this.#burst
    }
    this.#heardAtMs[slot] = now
    if (this.#tokens[slot]! < 1) return false
    this.#tokens[slot] = this.#tokens[slot]! - 1
    return true
  }
}
