/**
 * Who may sign in: names, roles, hashed passwords, second factors, in dataDir/console/accounts.json. Written by `polder account` and by the console alike, so every
 * change reads the file anew under a lock, and the console looks at the file whenever somebody signs in or a second has passed.
 * A file that cannot be read lets nobody in; it is never replaced by an empty one.
 */
import { closeSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { consoleRoles, type ConsoleRole } from '../../contract/console.ts'
import type { Clock } from '../../kernel/clock.ts'
import { unpredictableBytes } from '../../kernel/random.ts'
import { SECOND_MS } from '../../kernel/units.ts'
import { hashPassword, isPasswordHash, passwordProblem, PASSWORD_COST, type ScryptCost } from './passwords.ts'
import { makePrivateFolder, readPrivateFile, stampOf, writePrivateFile } from './private-file.ts'
import { newTotpSecret } from './totp.ts'

const FORMAT = 1
const MOST_ACCOUNTS = 256
const MOST_BYTES = 1_048_576
const LOCK_STALE_MS = 10 * SECOND_MS
/** In entries of the journal these names mean somebody else. */
const RESERVED: ReadonlySet<string> = new Set(['polder', 'root', 'nobody'])

export interface Account {
  readonly name: string
  readonly role: ConsoleRole
  readonly password: string
  /** Base32, or ''. */
  readonly totp: string
  readonly madeAtWallMs: number
  /** Another one ends the sessions of the account. */
  readonly stamp: string
  /** Whoever waits because of wrong tries before this, waits no longer. */
  readonly unlockedAtWallMs: number
}

/** Says what is wrong, for the person who asked. */
export class AccountError extends Error {}

export function nameProblem(name: string): string | null {
  if (!/^[A-Za-z0-9][A-Za-z0-9._@-]{0,39}$/.test(name)) return 'a name has letters, digits and . _ @ - (40 at most) and begins with a letter or digit'
  return RESERVED.has(name.toLowerCase()) ? `the name ${name} is taken by Polder itself` : null
}

export class AccountBook {
  readonly file: string
  readonly #clock: Clock
  readonly #cost: ScryptCost
  #stamp = '-'
  #accounts = new Map<string, Account>()

  constructor(folder: string, clock: Clock, cost: ScryptCost = PASSWORD_COST) {
    this.file = join(folder, 'accounts.json')
    this.#clock = clock
    this.#cost = cost
  }

  get cost(): ScryptCost {
    return this.#cost
  }

  /** By name, in any letters. @throws AccountError when the file cannot be read. */
  find(name: string): Account | null {
    this.#refresh()
    return this.#accounts.get(name.toLowerCase()) ?? null
  }

  list(): readonly Account[] {
    this.#refresh()
    return [...this.#accounts.values()]
  }

  async add(name: string, role: ConsoleRole, password: string): Promise<string> {
    const problem = nameProblem(name) ?? passwordProblem(password, name)
    if (problem !== null) throw new AccountError(problem)
    const hash = await hashPassword(password, this.#cost)
    this.#change((accounts) => {
      if (accounts.has(name.toLowerCase())) throw new AccountError(`there is an account ${name} already`)
      if (accounts.size >= MOST_ACCOUNTS) throw new AccountError(`there are ${MOST_ACCOUNTS} accounts already`)
      accounts.set(name.toLowerCase(), { name, role: roleOf(role), password: hash, totp: '', madeAtWallMs: this.#clock.wallMs(), stamp: newStamp(), unlockedAtWallMs: 0 })
    })
    return `${name} may sign in as ${role}`
  }

  remove(name: string): string {
    this.#change((accounts) => {
      const account = mustHave(accounts, name)
      accounts.delete(name.toLowerCase())
      mustKeepAdmin(account, accounts)
    })
    return `${name} may not sign in any more; open sessions ended`
  }

  role(name: string, role: ConsoleRole): string {
    this.#change((accounts) => {
      const account = mustHave(accounts, name)
      accounts.set(name.toLowerCase(), { ...account, role: roleOf(role) })
      mustKeepAdmin(account, accounts)
    })
    return `${name} is ${role} now`
  }

  /** Ends the sessions of the account. */
  async password(name: string, password: string): Promise<string> {
    const problem = passwordProblem(password, name)
    if (problem !== null) throw new AccountError(problem)
    const hash = await hashPassword(password, this.#cost)
    this.#change((accounts) => accounts.set(name.toLowerCase(), { ...mustHave(accounts, name), password: hash, stamp: newStamp() }))
    return `${name} has a new password; open sessions ended`
  }

  /** Returns the new secret, or '' when it was switched off. */
  totp(name: string, on: boolean): string {
    const secret = on ? newTotpSecret() : ''
    this.#change((accounts) => accounts.set(name.toLowerCase(), { ...mustHave(accounts, name), totp: secret, stamp: newStamp() }))
    return secret
  }

  unlock(name: string): string {
    this.#change((accounts) => accounts.set(name.toLowerCase(), { ...mustHave(accounts, name), unlockedAtWallMs: this.#clock.wallMs() }))
    return `${name} may try again at once`
  }

  #refresh(): void {
    const stamp = stampOf(this.file)
    if (stamp === this.#stamp) return
    this.#accounts = this.#read()
    this.#stamp = stamp
  }

  #read(): Map<string, Account> {
    let text: string | null
    try {
      text = readPrivateFile(this.file, MOST_BYTES)
    } catch (error) {
      throw new AccountError(`${this.file} cannot be read: ${(error as Error).message}`)
    }
    if (text === null) return new Map()
    const facts = statSync(this.file)
    if ((facts.mode & 0o077) !== 0) throw new AccountError(`${this.file} may be read by others (mode 0${(facts.mode & 0o777).toString(8)}): chmod 600, and change the passwords if others could have read it`)
    try {
      const whole = JSON.parse(text) as { format: unknown; accounts: unknown }
      if (whole.format !== FORMAT || !Array.isArray(whole.accounts)) throw new Error(`it is not of format ${FORMAT}`)
      return new Map(whole.accounts.map((raw) => accountOf(raw as Record<string, unknown>)).map((account) => [account.name.toLowerCase(), account]))
    } catch (error) {
      throw new AccountError(`${this.file} cannot be used: ${(error as Error).message}; nobody can sign in until it is mended or moved away`)
    }
  }

  #change(make: (accounts: Map<string, Account>) => unknown): void {
    const lock = `${this.file}.lock`
    makePrivateFolder(dirname(this.file))
    const left = statSync(lock, { throwIfNoEntry: false })
    if (left !== undefined && this.#clock.wallMs() - left.mtimeMs > LOCK_STALE_MS) rmSync(lock, { force: true })
    let descriptor: number
    try {
      descriptor = openSync(lock, 'wx', 0o600)
    } catch (error) {
      throw new AccountError((error as NodeJS.ErrnoException).code === 'EEXIST' ? 'somebody else changes the accounts at this moment; try again' : `${dirname(this.file)} cannot be written (${(error as NodeJS.ErrnoException).code})`)
    }
    try {
      const accounts = this.#read()
      make(accounts)
      writePrivateFile(this.file, `${JSON.stringify({ format: FORMAT, accounts: [...accounts.values()] }, null, 1)}\n`)
    } catch (error) {
      if (error instanceof AccountError) throw error
      throw new AccountError(`${this.file} was not changed: ${(error as Error).message}`)
    } finally {
      closeSync(descriptor)
      rmSync(lock, { force: true })
    }
    this.#refresh()
  }
}

function accountOf(raw: Record<string, unknown>): Account {
  const { name, role, password, totp, madeAtWallMs, stamp, unlockedAtWallMs } = raw
  if (typeof name !== 'string' || nameProblem(name) !== null) throw new Error('an account has no proper name')
  if (typeof password !== 'string' || !isPasswordHash(password)) throw new Error(`the account ${name} has no proper password hash`)
  if (typeof totp !== 'string' || !/^[A-Z2-7]*$/.test(totp) || typeof stamp !== 'string' || stamp === '') throw new Error(`the account ${name} lacks a field`)
  return { name, role: roleOf(role), password, totp, madeAtWallMs: Number(madeAtWallMs) || 0, stamp, unlockedAtWallMs: Number(unlockedAtWallMs) || 0 }
}

export function roleOf(raw: unknown): ConsoleRole {
  const role = consoleRoles.find((one) => one === raw)
  if (role === undefined) throw new AccountError(`there is no role ${JSON.stringify(raw)?.slice(0, 40) ?? ''}; roles: ${consoleRoles.join(', ')}`)
  return role
}

function mustHave(accounts: ReadonlyMap<string, Account>, name: string): Account {
  const account = accounts.get(name.toLowerCase())
  if (account === undefined) throw new AccountError(`there is no account ${name.slice(0, 40)}`)
  return account
}

/** The last admin stays: without one, accounts could only be changed on the machine itself. */
function mustKeepAdmin(was: Account, accounts: ReadonlyMap<string, Account>): void {
  if (was.role === 'admin' && accounts.size > 0 && ![...accounts.values()].some((one) => one.role === 'admin')) throw new AccountError(`${was.name} is the last admin; make another one first`)
}

function newStamp(): string {
  return Buffer.from(unpredictableBytes(9)).toString('base64url')
}
