/**
 * Where an account has been used from before: addresses, as keyed hashes, and browsers, by a signed token each keeps in a cookie for half a year. Being known opens
 * nothing; it only means that strangers' wrong tries do not make one wait (guess-guard.ts). In dataDir/console/places.json, with the key that signs.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { unpredictableBytes } from '../../kernel/random.ts'
import { DAY_MS } from '../../kernel/units.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

const FORMAT = 1
const MOST_ADDRESSES = 16
const MOST_BYTES = 1_048_576
export const DEVICE_MS = 180 * DAY_MS

interface Places {
  readonly lastLoginAtWallMs: number
  /** The newest code's step, so that none counts twice. */
  readonly totpStep: number
  /** Hash and when it was last used, newest first. */
  readonly addresses: ReadonlyArray<readonly [hash: string, atWallMs: number]>
}

const NOWHERE: Places = Object.freeze({ lastLoginAtWallMs: 0, totpStep: 0, addresses: [] })

export class KnownPlaces {
  readonly #file: string
  readonly #clock: Clock
  readonly #warn: (sentence: string) => void
  #key: Buffer
  #places = new Map<string, Places>()

  constructor(folder: string, clock: Clock, warn: (sentence: string) => void) {
    this.#file = join(folder, 'places.json')
    this.#clock = clock
    this.#warn = warn
    this.#key = Buffer.from(unpredictableBytes(32))
    try {
      const text = readPrivateFile(this.#file, MOST_BYTES)
      if (text === null) return
      const whole = JSON.parse(text) as { format: number; key: string; places: Array<[string, Places]> }
      const key = Buffer.from(whole.key, 'base64url')
      if (whole.format !== FORMAT || key.length !== 32) throw new Error(`it is not of format ${FORMAT}`)
      this.#places = new Map(whole.places)
      this.#key = key
    } catch (error) {
      warn(`${this.#file} cannot be used (${(error as Error).message}): everybody counts as a stranger until signing in again`)
    }
  }

  lastLoginAtWallMs(name: string): number | null {
    return this.#places.get(name)?.lastLoginAtWallMs ?? null
  }

  totpStep(name: string): number {
    return this.#places.get(name)?.totpStep ?? 0
  }

  isKnown(name: string, address: string): boolean {
    const hash = this.#hash(name, address)
    return (this.#places.get(name) ?? NOWHERE).addresses.some(([one, at]) => one === hash && this.#clock.wallMs() - at < DEVICE_MS)
  }

  /** Somebody signed in. `totpStep` 0: without a code. */
  note(name: string, address: string, totpStep: number): void {
    const now = this.#clock.wallMs()
    const old = this.#places.get(name) ?? NOWHERE
    const hash = this.#hash(name, address)
    this.#places.set(name, { lastLoginAtWallMs: now, totpStep: Math.max(old.totpStep, totpStep), addresses: [[hash, now] as const, ...old.addresses.filter(([one]) => one !== hash)].slice(0, MOST_ADDRESSES) })
    this.#save()
  }

  /** Accounts that are no more. */
  keepOnly(names: ReadonlySet<string>): void {
    const gone = [...this.#places.keys()].filter((name) => !names.has(name))
    if (gone.length === 0) return
    for (const name of gone) this.#places.delete(name)
    this.#save()
  }

  /** For a browser that signed in: `NONCE.ENDS.SIGNATURE`. */
  deviceToken(name: string): string {
    const body = `${Buffer.from(unpredictableBytes(12)).toString('base64url')}.${(this.#clock.wallMs() + DEVICE_MS).toString(36)}`
    return `${body}.${this.#sign(name, body).toString('base64url')}`
  }

  /** The device's own name when the token is ours, for this account and not too old, else null. */
  device(name: string, token: string): string | null {
    const match = /^([\w-]{16}\.([0-9a-z]{6,12}))\.([\w-]{43})$/.exec(token)
    if (match === null) return null
    const given = Buffer.from(match[3]!, 'base64url')
    if (given.length !== 32 || !timingSafeEqual(given, this.#sign(name, match[1]!))) return null
    return Number.parseInt(match[2]!, 36) > this.#clock.wallMs() ? match[1]! : null
  }

  #sign(name: string, body: string): Buffer {
    return createHmac('sha256', this.#key).update(`device\n${name}\n${body}`).digest()
  }

  #hash(name: string, address: string): string {
    return createHmac('sha256', this.#key).update(`address\n${name}\n${address}`).digest('base64url').slice(0, 22)
  }

  #save(): void {
    try {
      writePrivateFile(this.#file, JSON.stringify({ format: FORMAT, key: this.#key.toString('base64url'), places: [...this.#places] }))
    } catch (error) {
      this.#warn(`${this.#file} was not written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}): known places are forgotten at the next start`)
    }
  }
}
