/**
 * Who is signed in. The browser holds 32 unpredictable bytes in a cookie; here only their SHA-256 is kept, in memory and in dataDir/console/sessions.json, so that
 * a restart of the shield signs nobody out and whoever steals the file can sign nobody in. A session is always new at sign-in: a cookie brought along never becomes
 * one (session fixation). Bounded: 512 in all, 32 an account; the least used goes.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { unpredictableBytes } from '../../kernel/random.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import { readPrivateFile, stampOf, writePrivateFile } from './private-file.ts'

const FORMAT = 1
const MOST_SESSIONS = 512
const MOST_PER_ACCOUNT = 32
const MOST_BYTES = 1_048_576
/** The time of last use may be this old on the disk. */
const SAVE_USE_MS = 60 * SECOND_MS
const LOOK_MS = SECOND_MS
const TOKEN = /^[\w-]{43}$/

export interface Session {
  readonly id: string
  /** In the letters of the account. */
  readonly name: string
  /** Of the account when it began; another one ends it. */
  readonly stamp: string
  readonly madeAtWallMs: number
  usedAtWallMs: number
}

export interface SessionSettings {
  readonly sessionMs: number
  readonly sessionIdleMs: number
}

export class SessionBook {
  readonly #file: string
  readonly #clock: Clock
  readonly #settings: () => SessionSettings
  readonly #warn: (sentence: string) => void
  #sessions = new Map<string, Session>()
  #stamp = ''
  #savedAtMs = Number.NEGATIVE_INFINITY
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(folder: string, settings: () => SessionSettings, clock: Clock, warn: (sentence: string) => void) {
    this.#file = join(folder, 'sessions.json')
    this.#settings = settings
    this.#clock = clock
    this.#warn = warn
    this.#load()
  }

  /** Returns the token for the cookie; it is nowhere else. */
  begin(name: string, stamp: string): { readonly token: string; readonly session: Session } {
    const token = Buffer.from(unpredictableBytes(32)).toString('base64url')
    const now = this.#clock.wallMs()
    const session: Session = { id: idOf(token), name, stamp, madeAtWallMs: now, usedAtWallMs: now }
    this.#makeRoom(name)
    this.#sessions.set(session.id, session)
    this.#save()
    return { token, session }
  }

  /** null: there is none, or it has ended. `stampOf`: the account's stamp now, null when it is no more. Being asked for is using it. */
  find(token: string, stampOfAccount: (name: string) => string | null): Session | null {
    if (!TOKEN.test(token)) return null
    const id = idOf(token)
    let session = this.#sessions.get(id)
    if (session === undefined) {
      this.#look()
      session = this.#sessions.get(id)
      if (session === undefined) return null
    }
    if (!this.isGood(session, stampOfAccount)) {
      this.end(session.id)
      return null
    }
    session.usedAtWallMs = this.#clock.wallMs()
    if (this.#clock.monotonicMs() - this.#savedAtMs > SAVE_USE_MS) this.#save()
    return session
  }

  isGood(session: Session, stampOfAccount: (name: string) => string | null): boolean {
    const now = this.#clock.wallMs()
    const { sessionMs, sessionIdleMs } = this.#settings()
    // A clock that went back makes a session no younger than it is.
    if (Math.abs(now - session.madeAtWallMs) > sessionMs || Math.abs(now - session.usedAtWallMs) > sessionIdleMs) return false
    return this.#sessions.get(session.id) === session && stampOfAccount(session.name) === session.stamp
  }

  endsAtWallMs(session: Session): number {
    return session.madeAtWallMs + this.#settings().sessionMs
  }

  /** An open page is use. Returns whether the session is still good. */
  keepAlive(id: string, stampOfAccount: (name: string) => string | null): boolean {
    const session = this.#sessions.get(id)
    if (session === undefined || !this.isGood(session, stampOfAccount)) return false
    session.usedAtWallMs = this.#clock.wallMs()
    return true
  }

  end(id: string): void {
    if (this.#sessions.delete(id)) this.#save()
  }

  countOf(name: string): number {
    let count = 0
    for (const session of this.#sessions.values()) if (session.name.toLowerCase() === name.toLowerCase()) count++
    return count
  }

  get count(): number {
    return this.#sessions.size
  }

  save(): void {
    this.#save()
  }

  #makeRoom(name: string): void {
    const own = [...this.#sessions.values()].filter((one) => one.name === name)
    const oldest = (of: readonly Session[]): Session => of.reduce((least, one) => (one.usedAtWallMs < least.usedAtWallMs ? one : least))
    if (own.length >= MOST_PER_ACCOUNT) this.#sessions.delete(oldest(own).id)
    if (this.#sessions.size >= MOST_SESSIONS) this.#sessions.delete(oldest([...this.#sessions.values()]).id)
  }

  /** Another process of Polder may have begun it while one hands over to the other. */
  #look(): void {
    const now = this.#clock.monotonicMs()
    if (now - this.#lookedAtMs < LOOK_MS) return
    this.#lookedAtMs = now
    if (stampOf(this.#file) !== this.#stamp) this.#load()
  }

  #load(): void {
    try {
      this.#stamp = stampOf(this.#file)
      const text = readPrivateFile(this.#file, MOST_BYTES)
      if (text === null) return
      const whole = JSON.parse(text) as { format: number; sessions: Session[] }
      if (whole.format !== FORMAT || !Array.isArray(whole.sessions)) throw new Error(`it is not of format ${FORMAT}`)
      for (const one of whole.sessions.slice(0, MOST_SESSIONS)) {
        if (!/^[0-9a-f]{64}$/.test(one.id) || typeof one.name !== 'string' || typeof one.stamp !== 'string' || !Number.isFinite(one.madeAtWallMs) || !Number.isFinite(one.usedAtWallMs)) throw new Error('a session in it lacks a field')
        if (!this.#sessions.has(one.id)) this.#sessions.set(one.id, { ...one })
      }
    } catch (error) {
      this.#warn(`${this.#file} cannot be used (${(error as Error).message}): everybody signs in again`)
    }
  }

  #save(): void {
    this.#savedAtMs = this.#clock.monotonicMs()
    try {
      writePrivateFile(this.#file, JSON.stringify({ format: FORMAT, sessions: [...this.#sessions.values()] }))
      this.#stamp = stampOf(this.#file)
    } catch (error) {
      this.#warn(`${this.#file} was not written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}): people sign in again after the next start`)
    }
  }
}

/** What a page must send back with every change. Bound to the session's token, which no page can read. */
export function csrfOf(token: string): string {
  return createHmac('sha256', token).update('polder console change').digest('base64url')
}

export function isCsrf(token: string, given: string): boolean {
  const [wanted, got] = [csrfOf(token), given].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer]
  return timingSafeEqual(wanted, got)
}

function idOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
