import { defaultsOf } from '../../kernel/option.ts'
import { cacheOptions, cacheRouteOptions } from './options.ts'
import type { CacheRouteSettings, CacheSettings } from './options.ts'
import { NamePatterns } from './name-patterns.ts'

/** The settings that hold for one request: general ones and those of its route, prepared once per reload. */
export interface CachePolicy {
  readonly settings: CacheSettings
  readonly route: CacheRouteSettings
  readonly queryKeys: ReadonlySet<string>
  readonly sessionCookies: NamePatterns
  readonly ignoredCookies: NamePatterns
}

const defaultSettings = defaultsOf(cacheOptions)
const defaultRoute = defaultsOf(cacheRouteOptions)

/** Call at start and on reload, once per route; the result is immutable and shared by all requests of that route. */
export function compileCachePolicy(settings: Partial<CacheSettings> = {}, route: Partial<CacheRouteSettings> = {}): CachePolicy {
  const all = { ...defaultSettings, ...settings }
  const routeAll = { ...defaultRoute, ...route }
  return Object.freeze({
    settings: Object.freeze(all),
    route: Object.freeze(routeAll),
    queryKeys: new Set(routeAll.queryKeys),
    sessionCookies: new NamePatterns(all.sessionCookies),
    ignoredCookies: new NamePatterns(all.ignoredCookies),
  })
}
