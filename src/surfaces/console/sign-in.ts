/**
 * Lets people in, and strangers not. Acts at POST /api/login only. In this order: may this place try at all (guess-guard.ts), is there room to work (scrypt costs 128 MiB
 * and a core for half a second: one at a time, and strangers get at most one in three seconds so that the site's visitors never feel it), the password, the code.
 * Must never: say whether a name exists, write down what was typed as a name (it may be a password), or take a cookie that was brought along for a session.
 */
import type { ConsoleRefusalCode } from '../../contract/console.ts'
import type { JournalDraft } from '../../contract/journal.ts'
import type { Clock } from '../../kernel/clock.ts'
import { MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'
import { type Account, type AccountBook, AccountError } from './accounts.ts'
import { type GuessGuard, type Place, placesOf } from './guess-guard.ts'
import type { KnownPlaces } from './known-places.ts'
import { isPassword } from './passwords.ts'
import { totpStep } from './totp.ts'

/** Waiting for the one place where passwords are checked. */
const MOST_WAITING = 8
const MOST_STRANGERS_WAITING = 4
const STRANGER_BURST = 10
const STRANGER_EVERY_MS = 3 * SECOND_MS

export type SignInOutcome =
  | { readonly ok: true; readonly account: Account; readonly deviceToken: string }
  | { readonly ok: false; readonly status: 401 | 429 | 503; readonly code: ConsoleRefusalCode; readonly sentence: string; readonly retryAfterSeconds?: number }

export interface SignInParts {
  readonly accounts: AccountBook
  readonly places: KnownPlaces
  readonly guard: GuessGuard
  readonly clock: Clock
  note(draft: JournalDraft): void
}

export class SignIn {
  readonly #parts: SignInParts
  #chain: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #strangersWaiting = 0
  #tokens = STRANGER_BURST
  #filledAtMs = 0
  #wrong = 0
  /** Since the start, for the metrics. */
  wrongTries = 0
  #wrongAccounts = new Set<string>()
  #wrongSources = new Set<string>()
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: SignInParts) {
    this.#parts = parts
    this.#filledAtMs = parts.clock.monotonicMs()
  }

  /** `deviceToken`: of the cookie, or ''. */
  async try(wish: { readonly name: string; readonly password: string; readonly code: string }, source: string, deviceToken: string): Promise<SignInOutcome> {
    const { guard, places, accounts } = this.#parts
    const key = wish.name.toLowerCase()
    const device = places.device(key, deviceToken)
    const known = places.isKnown(key, source)
    const at = placesOf(key, source, device, known)
    const waitMs = guard.waitMs(at)
    if (waitMs > 0) return mustWait(waitMs)
    const stranger = device === null && !known
    if (stranger && !this.#takeToken()) return { ok: false, status: 429, code: 'busy', sentence: 'many people who are not known here try to sign in at this moment; try again in a few seconds, or from where you have signed in before', retryAfterSeconds: Math.ceil(STRANGER_EVERY_MS / SECOND_MS) }
    if (this.#waiting >= MOST_WAITING || (stranger && this.#strangersWaiting >= MOST_STRANGERS_WAITING)) return { ok: false, status: 429, code: 'busy', sentence: 'others are signing in; try again in a few seconds', retryAfterSeconds: 3 }
    // One at a time: whoever sends a hundred guesses at once has the first few counted before the next is looked at.
    return this.#oneByOne(stranger, async () => {
      const stillMs = guard.waitMs(at)
      if (stillMs > 0) return mustWait(stillMs)
      let account: Account | null
      try {
        account = accounts.find(key)
      } catch (error) {
        if (!(error instanceof AccountError)) throw error
        return { ok: false, status: 503, code: 'failed', sentence: 'the accounts cannot be read; the log says why' }
      }
      const right = await isPassword(wish.password, account?.password ?? null, accounts.cost)
      if (!right || account === null) return this.#refuse(account, at, source)
      let step = 0
      if (account.totp !== '') {
        if (wish.code === '') return { ok: false, status: 401, code: 'code-needed', sentence: 'this account has a second factor: enter the six digits of your app' }
        step = totpStep(account.totp, wish.code, this.#parts.clock.wallMs(), places.totpStep(key))
        if (step === -1) return this.#refuse(account, at, source)
      }
      guard.right(at)
      places.note(key, source, step)
      this.#parts.note({ kind: 'login', who: account.name, sentence: `${account.name} (${account.role}) signed in to the console from ${source}${known || device !== null ? '' : ', a place not used before'}`, data: { done: true, role: account.role, from: source, known: known || device !== null, secondFactor: step !== 0 } })
      return { ok: true, account, deviceToken: device === null ? places.deviceToken(key) : '' }
    })
  }

  /** For a password that somebody signed in types again. */
  isRight(account: Account, password: string): Promise<boolean> {
    return this.#oneByOne(false, () => isPassword(password, account.password, this.#parts.accounts.cost))
  }

  /** Once a second: wrong tries are told once a minute, whatever their number. */
  tick(): void {
    const now = this.#parts.clock.monotonicMs()
    if (this.#wrong === 0 || now - this.#toldAtMs < MINUTE_MS) return
    this.#toldAtMs = now
    const names = [...this.#wrongAccounts]
    const sources = [...this.#wrongSources]
    this.#parts.note({ kind: 'login', who: 'polder', sentence: `${this.#wrong} wrong sign-in${this.#wrong === 1 ? '' : 's'} to the console from ${sources.length >= MOST_NAMED ? `${MOST_NAMED} or more addresses` : sources.length === 1 ? 'one address' : `${sources.length} addresses`}${names.length === 0 ? '' : `, some for ${names.join(', ')}`}`, data: { done: false, wrong: this.#wrong, accounts: names, from: sources } })
    this.#wrong = 0
    this.#wrongAccounts.clear()
    this.#wrongSources.clear()
  }

  #refuse(account: Account | null, at: readonly Place[], source: string): SignInOutcome {
    this.#wrong++
    this.wrongTries++
    // Only names that exist: what else was typed there may be somebody's password.
    if (account !== null && this.#wrongAccounts.size < MOST_NAMED) this.#wrongAccounts.add(account.name)
    if (this.#wrongSources.size < MOST_NAMED) this.#wrongSources.add(source)
    const locked = this.#parts.guard.wrong(at)
    for (const { kind } of locked) {
      if (kind === 'account' ? account !== null : kind !== 'address') this.#parts.note({ kind: 'login', who: 'polder', sentence: kind === 'account' ? `too many wrong sign-ins for ${account!.name}: strangers wait; ${account!.name} can sign in from where that was done before` : `too many wrong sign-ins for ${account?.name ?? 'an account'} from a place it has been used from: that place waits`, data: { done: false, locked: kind, account: account?.name ?? null, from: source } })
    }
    const waitMs = this.#parts.guard.waitMs(at)
    if (locked.length > 0) return mustWait(waitMs)
    return { ok: false, status: 401, code: 'wrong-login', sentence: 'name, password or code is wrong' }
  }

  async #oneByOne<T>(stranger: boolean, work: () => Promise<T>): Promise<T> {
    this.#waiting++
    if (stranger) this.#strangersWaiting++
    const mine = this.#chain.then(work)
    this.#chain = mine.catch(() => {})
    try {
      return await mine
    } finally {
      this.#waiting--
      if (stranger) this.#strangersWaiting--
    }
  }

  #takeToken(): boolean {
    const now = this.#parts.clock.monotonicMs()
    const tokens = Math.min(STRANGER_BURST, this.#tokens + (now - this.#filledAtMs) / STRANGER_EVERY_MS)
    this.#filledAtMs = now
    this.#tokens = tokens >= 1 ? tokens - 1 : tokens
    return tokens >= 1
  }
}

const MOST_NAMED = 8

function mustWait(waitMs: number): SignInOutcome {
  const seconds = Math.max(1, Math.ceil(waitMs / SECOND_MS))
  return { ok: false, status: 429, code: 'too-many-tries', sentence: `too many wrong sign-ins: wait ${seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`}, or sign in from a browser that has been used for this account before`, retryAfterSeconds: seconds }
}
