/**
 * What a changed settings file may change in a running process.
 * Acts on SIGHUP and when the file changed. A file with an error changes nothing. Of a good file, everything marked live is applied at once;
 * what needs a restart keeps its old value and is named in the log, because an operator under attack who adds a rule must get that rule even
 * when the same file also changes the number of workers. Never applies a mixture that would contradict itself: then the whole file waits for a restart.
 */
import { isDeepStrictEqual } from 'node:util'
import type { OptionTable } from '../kernel/option.ts'
import { contradictions } from './contradictions.ts'
import type { Settings } from './settings.ts'
import { sectionNames, sectionTables, writtenElsewhere } from './tables.ts'

export interface SettingsDifference {
  /** Dotted paths whose change acts at once. */
  readonly live: readonly string[]
  /** Dotted paths whose change waits for a restart. */
  readonly restart: readonly string[]
}

export type ReloadPlan =
  | { readonly kind: 'unchanged' }
  /** `settings`: the new values, with the old ones where only a restart can change them (named in `waiting`). */
  | { readonly kind: 'apply'; readonly settings: Settings; readonly changed: readonly string[]; readonly waiting: readonly string[] }
  /** Nothing can be applied now: only restart settings changed, or the mixture would contradict itself (then `reasons` says how). */
  | { readonly kind: 'wait'; readonly waiting: readonly string[]; readonly reasons: readonly string[] }

export function diffSettings(before: Settings, after: Settings): SettingsDifference {
  const live: string[] = []
  const restart: string[] = []
  const compare = (path: string, a: unknown, b: unknown, applies: 'live' | 'restart'): void => {
    if (!isDeepStrictEqual(a, b)) (applies === 'live' ? live : restart).push(path)
  }
  // New certificates in the same files are taken up without a reload; other files need a new listener.
  compare('listen', before.listen, after.listen, 'restart')
  compare('hosts', before.hosts, after.hosts, 'live')
  compare('rules', before.rules, after.rules, 'live')
  compare('routes', before.routes, after.routes, 'live')
  compare('alert.channels', before.alertChannels, after.alertChannels, 'live')
  compare('admin.listen', before.admin.listen, after.admin.listen, 'restart')
  compare('workers', before.workers, after.workers, 'restart')
  compare('dataDir', before.dataDir, after.dataDir, 'restart')
  for (const section of sectionNames) {
    const a = before[section] as Readonly<Record<string, unknown>>
    const b = after[section] as Readonly<Record<string, unknown>>
    for (const [key, option] of Object.entries(sectionTables[section] as OptionTable)) {
      const path = `${section}.${key}`
      compare(writtenElsewhere[path] ?? path, a[key], b[key], option.applies)
    }
  }
  return Object.freeze({ live: Object.freeze(live), restart: Object.freeze(restart) })
}

export function planReload(before: Settings, after: Settings): ReloadPlan {
  const { live, restart } = diffSettings(before, after)
  if (live.length === 0) return restart.length === 0 ? unchanged : Object.freeze({ kind: 'wait', waiting: restart, reasons: Object.freeze([]) })
  const settings = restart.length === 0 ? after : mixture(before, after, new Set(restart))
  const reasons = contradictions(settings).filter((reason) => !contradictions(before).includes(reason))
  if (reasons.length > 0) return Object.freeze({ kind: 'wait', waiting: Object.freeze([...restart, ...live]), reasons: Object.freeze(reasons) })
  return Object.freeze({ kind: 'apply', settings, changed: live, waiting: restart })
}

const unchanged: ReloadPlan = Object.freeze({ kind: 'unchanged' })

function mixture(before: Settings, after: Settings, restart: ReadonlySet<string>): Settings {
  const mixed: Record<string, unknown> = { ...after }
  if (restart.has('listen')) mixed['listen'] = before.listen
  if (restart.has('admin.listen')) mixed['admin'] = before.admin
  if (restart.has('workers')) mixed['workers'] = before.workers
  if (restart.has('dataDir')) mixed['dataDir'] = before.dataDir
  for (const section of sectionNames) {
    const old = before[section] as Readonly<Record<string, unknown>>
    const values: Record<string, unknown> = { ...after[section] }
    for (const key of Object.keys(values)) if (restart.has(`${section}.${key}`)) values[key] = old[key]
    mixed[section] = Object.freeze(values)
  }
  return Object.freeze(mixed) as unknown as Settings
}
