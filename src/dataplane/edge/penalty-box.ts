/**
 * Remembers for a short while which addresses broke HTTP/2 on purpose, so that they do not come back at once: a connection costs its handshake and
 * some hundred streams before it is found out, and an attacker opens the next one within a millisecond (rapid reset from 50 addresses: half a core
 * and a second of waiting for everybody else, `script/bench slow`). While it lasts, the address's new TLS connections are closed before any of that.
 * It acts only after the connection itself was closed for abuse, never on a suspicion; it touches no connection that is open, so neighbours behind the
 * same address read on. It ends by itself: after `firstMs`, twice as long at each repetition, at most a minute, with a spread by address so that they do not all come back in the same moment; a quiet five minutes wipe it out.
 * Fixed memory: 16,384 addresses per worker; the one heard of longest ago gives way, which forgets a penalty and never makes one.
 * Source: design note algorithms (c), Rapid Reset: "close, mark source".
 */
import type { MonotonicMs } from '../../kernel/clock.ts'

const SETS = 4_096
const WAYS = 4
const LONGEST_MS = 60_000
const FORGET_MS = 300_000

export class PenaltyBox {
  readonly #keys = new Uint32Array(SETS * WAYS)
  readonly #times = new Uint8Array(SETS * WAYS)
  readonly #untilMs = new Float64Array(SETS * WAYS).fill(Number.NEGATIVE_INFINITY)

  /** `key`: of the client address, keyed (IPv4 /32, IPv6 /64). `firstMs` 0: no penalty at all. Returns for how long, in ms. */
  punish(key: number, firstMs: number, now: MonotonicMs): number {
    if (firstMs <= 0) return 0
    const base = (key % SETS) * WAYS
    let slot = base
    for (let i = base; i < base + WAYS; i++) {
      if (this.#keys[i] === key && this.#times[i]! > 0) {
        slot = i
        break
      }
      if (this.#untilMs[i]! < this.#untilMs[slot]!) slot = i
    }
    const known = this.#keys[slot] === key && now - this.#untilMs[slot]! < FORGET_MS
    const times = known ? Math.min(30, this.#times[slot]! + 1) : 1
    const spread = 0.5 + ((key >>> 8) & 0xff) / 255
    const forMs = Math.min(LONGEST_MS, firstMs * 2 ** (times - 1) * spread)
    this.#keys[slot] = key
    this.#times[slot] = times
    this.#untilMs[slot] = now + forMs
    return forMs
  }

  /** True: its new connections are not wanted now. */
  holds(key: number, now: MonotonicMs): boolean {
    const base = (key % SETS) * WAYS
    for (let i = base; i < base + WAYS; i++) if (this.#keys[i] === key && this.#untilMs[i]! > now) return true
    return false
  }
}
