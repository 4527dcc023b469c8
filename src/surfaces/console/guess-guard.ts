/**
 * Makes guessing a password hopeless without giving strangers the power to keep the owner out. Every wrong try is counted where it came from; whoever has tried
 * too often waits, twice as long each time. There are four counts:
 *   device    a browser that has signed in to this account before and shows its token (OWASP: device cookies): only its own count matters to it
 *   pair      an address this account has been used from, without such a token: the count of that account at that address, and the address's
 *   account   everybody else who names this account, together
 *   address   everybody at that address (IPv6: /64), whatever name they try
 * So an attacker who locks an account locks out strangers; its owner comes in from where she came in before. Memory is fixed: tables are indexed by a keyed hash,
 * nothing is washed out by many addresses; two that share a place share a count. Nothing is locked for longer than lockMaxMs.
 * A try that must wait is refused before any password is looked at, the right one too.
 */
import type { LockedPlace } from '../../contract/console.ts'
import type { Clock } from '../../kernel/clock.ts'
import { hashText } from '../../kernel/hash.ts'

const TABLES: Readonly<Record<LockedPlace, number>> = Object.freeze({ device: 1_024, pair: 1_024, account: 1_024, address: 8_192 })
/** After the first wait this many tries are allowed before the next. */
const TRIES_AFTER_LOCK = 3

export interface GuardSettings {
  readonly triesPerAccount: number
  readonly triesPerAddress: number
  readonly lockMs: number
  readonly lockMaxMs: number
}

export type PlaceKind = LockedPlace

export interface Place {
  readonly kind: PlaceKind
  readonly key: string
}

/** Where a try is counted. `device`: of a token that was checked, or null; `known`: the account has been used from this address. */
export function placesOf(name: string, address: string, device: string | null, known: boolean): readonly Place[] {
  if (device !== null) return [{ kind: 'device', key: `${name}\n${device}` }]
  const at: Place = { kind: 'address', key: address }
  return known ? [{ kind: 'pair', key: `${name}\n${address}` }, at] : [{ kind: 'account', key: name }, at]
}

export class GuessGuard {
  readonly #clock: Clock
  readonly #key: number
  readonly #settings: () => GuardSettings
  readonly #tables: Readonly<Record<PlaceKind, CountTable>>
  /** Since the start, for the metrics. */
  readonly lockOuts: Record<PlaceKind, number> = { device: 0, pair: 0, account: 0, address: 0 }

  /** `key`: drawn at start, so that nobody can choose addresses that share a place. */
  constructor(settings: () => GuardSettings, clock: Clock, key: number) {
    this.#settings = settings
    this.#clock = clock
    this.#key = key
    this.#tables = { device: new CountTable(TABLES.device), pair: new CountTable(TABLES.pair), account: new CountTable(TABLES.account), address: new CountTable(TABLES.address) }
  }

  /** How long this try must wait, in ms; 0: not at all. */
  waitMs(places: readonly Place[]): number {
    const now = this.#clock.monotonicMs()
    return Math.max(0, ...places.map(({ kind, key }) => this.#tables[kind].lockedUntilMs[this.#slot(kind, key)]! - now))
  }

  /** A wrong try. Returns the places that have to wait from now on. */
  wrong(places: readonly Place[]): readonly Place[] {
    const now = this.#clock.monotonicMs()
    const { lockMs, lockMaxMs, triesPerAccount, triesPerAddress } = this.#settings()
    return places.filter(({ kind, key }) => {
      const table = this.#tables[kind]
      const slot = this.#slot(kind, key)
      if (now - table.wrongAtMs[slot]! > lockMaxMs && now >= table.lockedUntilMs[slot]!) table.forget(slot)
      table.wrongAtMs[slot] = now
      table.tries[slot]!++
      const most = table.locks[slot]! > 0 ? TRIES_AFTER_LOCK : kind === 'address' ? triesPerAddress : triesPerAccount
      if (table.tries[slot]! < most) return false
      table.lockedUntilMs[slot] = now + Math.min(lockMaxMs, lockMs * 2 ** Math.min(30, table.locks[slot]!))
      table.tries[slot] = 0
      if (table.locks[slot]! < 255) table.locks[slot]!++
      this.lockOuts[kind]++
      return true
    })
  }

  /** Somebody came in there: what was counted is forgotten, except for strangers of the account and of the address, whose guesses were not hers. */
  right(places: readonly Place[]): void {
    for (const { kind, key } of places) if (kind === 'device' || kind === 'pair') this.#tables[kind].forget(this.#slot(kind, key))
  }

  unlock(name: string): void {
    this.#tables.account.forget(this.#slot('account', name))
  }

  #slot(kind: PlaceKind, key: string): number {
    return hashText(key, this.#key) % TABLES[kind]
  }
}

class CountTable {
  readonly tries: Uint16Array
  readonly locks: Uint8Array
  readonly wrongAtMs: Float64Array
  readonly lockedUntilMs: Float64Array

  constructor(slots: number) {
    this.tries = new Uint16Array(slots)
    this.locks = new Uint8Array(slots)
    this.wrongAtMs = new Float64Array(slots).fill(Number.NEGATIVE_INFINITY)
    this.lockedUntilMs = new Float64Array(slots).fill(Number.NEGATIVE_INFINITY)
  }

  forget(slot: number): void {
    this.tries[slot] = 0
    this.locks[slot] = 0
    this.wrongAtMs[slot] = this.lockedUntilMs[slot] = Number.NEGATIVE_INFINITY
  }
}
