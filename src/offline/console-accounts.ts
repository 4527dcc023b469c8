import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { AccountFacts } from '../contract/console.ts'
import type { Clock } from '../kernel/clock.ts'
import { AccountBook } from '../surfaces/console/accounts.ts'
import { KnownPlaces } from '../surfaces/console/known-places.ts'
import { totpUri } from '../surfaces/console/totp.ts'

/** The accounts of the console, with or without a running shield. */
export function consoleAccounts(settings: Settings, clock: Clock): AccountBook {
  return new AccountBook(join(settings.dataDir, 'console'), clock)
}

export function listAccounts(settings: Settings, clock: Clock): ReadonlyArray<Omit<AccountFacts, 'sessions' | 'lockedUntilWallMs'>> {
  const places = new KnownPlaces(join(settings.dataDir, 'console'), clock, () => {})
  return consoleAccounts(settings, clock).list().map(({ name, role, totp, madeAtWallMs }) => ({ name, role, totp: totp !== '', madeAtWallMs, lastLoginAtWallMs: places.lastLoginAtWallMs(name.toLowerCase()) }))
}

export function switchTotp(settings: Settings, clock: Clock, name: string, on: boolean): { readonly sentence: string; readonly uri: string } {
  const secret = consoleAccounts(settings, clock).totp(name, on)
  return secret === '' ? { sentence: `${name} signs in without a second factor`, uri: '' } : { sentence: `${name} signs in with a second factor from now on; open sessions ended`, uri: totpUri(secret, name, 'Polder') }
}
