/** Every setting as it will act, with where it comes from: for `polder check --effective` and the console. */
import type { Option, OptionTable } from '../kernel/option.ts'
import { channelPath, channelText } from './alert-channels.ts'
import { formatNumber } from './quantity.ts'
import type { ListenSettings, OperatorRule, RouteSettings, Settings } from './settings.ts'
import { sectionNames, sectionTables, writtenElsewhere } from './tables.ts'
import type { YamlSource } from './yaml-source.ts'

export interface EffectiveRow {
  readonly path: string
  /** As the operator would write it: `10s`, `1MiB`, `5%`. */
  readonly value: string
  /** `default`, or `polder.yaml:12`. */
  readonly from: string
  /** When a change takes effect. */
  readonly applies: 'live' | 'restart'
}

export function effectiveSettings(settings: Settings, source: YamlSource, file: string, dataDirDefault: string): readonly EffectiveRow[] {
  const rows: EffectiveRow[] = []
  const from = (path: string, otherwise = 'default'): string => {
    const place = source.placeOfKey(path) ?? source.placeOf(path)
    return place === undefined ? otherwise : `${file}:${place.line}`
  }
  const add = (path: string, value: string, applies: 'live' | 'restart', origin = from(path)): void => {
    rows.push(Object.freeze({ path, value, from: origin, applies }))
  }

  settings.listen.forEach((one, i) => add(`listen[${i}]`, listenText(one), 'restart', from(`listen[${i}]`, from('listen'))))
  add('hosts', settings.hosts.length === 0 ? 'any' : settings.hosts.join(', '), 'live')
  for (const section of sectionNames) {
    const table: OptionTable = sectionTables[section]
    const values = settings[section] as Readonly<Record<string, unknown>>
    for (const [key, option] of Object.entries(table)) {
      const path = `${section}.${key}`
      const written = writtenElsewhere[path] ?? path
      const origin = path === 'origin.upstreams' ? from(path, from('origin')) : from(written)
      add(written, optionText(option, values[key]), option.applies, origin)
    }
  }
  settings.alertChannels.forEach((channel, i) => add(channelPath(i), channelText(channel), 'live'))
  add('admin.listen', settings.admin.listen?.text ?? 'off', 'restart')
  add('workers', String(settings.workers), 'restart')
  add('dataDir', settings.dataDir, 'restart', from('dataDir', dataDirDefault))
  settings.routes.forEach((route, i) => add(`routes[${i}]`, routeText(route), 'live'))
  settings.rules.forEach((rule, i) => add(`rules[${i}]`, ruleText(rule), 'live'))
  return Object.freeze(rows)
}

export function optionText(option: Option, value: unknown): string {
  switch (option.kind) {
    case 'flag':
    case 'choice':
      return String(value)
    case 'text':
      return value === '' ? '""' : String(value)
    case 'textList':
      return (value as readonly string[]).length === 0 ? 'none' : (value as readonly string[]).join(', ')
    default:
      return formatNumber(option.kind, value as number)
  }
}

function listenText({ address, tls, proxyProtocol }: ListenSettings): string {
  const kind = tls === null ? 'http' : tls.kind === 'development' ? 'https (development certificate)' : `https (${tls.certificates.length} certificate${tls.certificates.length === 1 ? '' : 's'})`
  return `${address.text} ${kind}${proxyProtocol ? ' with PROXY protocol' : ''}`
}

function ruleText(rule: OperatorRule): string {
  const when = rule.when.map((condition) => {
    switch (condition.attribute) {
      case 'path':
      case 'host':
        return `${condition.attribute} ${condition.glob}`
      case 'method':
        return `method ${condition.oneOf.join(' or ')}`
      case 'prefix':
        return condition.cidrs.length > 3 ? `${condition.cidrs.length} prefixes` : `prefix ${condition.cidrs.join(' or ')}`
      default:
        return condition.attribute
    }
  })
  const ends = rule.expiresAtWallMs === null ? '' : ` until ${new Date(rule.expiresAtWallMs).toISOString()}`
  return `${rule.id}: ${rule.action}${rule.dryRun ? ' (dry run)' : ''} ${when.join(' and ')}${ends}`
}

function routeText(route: RouteSettings): string {
  const parts = [route.path, `class ${route.class ?? 'by request'}`]
  if (route.cache.cache === 'off') parts.push('never stored')
  if (route.cache.freshMs > 0) parts.push(`fresh for ${formatNumber('durationMs', route.cache.freshMs)}`)
  if (route.cache.dropUnknownQueryKeys) parts.push(`query keys ${route.cache.queryKeys.join(', ') || 'none'}`)
  if (route.cache.sortQueryKeys) parts.push('query keys sorted')
  if (route.cache.stripSetCookie) parts.push('Set-Cookie removed')
  if (route.maxBodyBytes !== null) parts.push(`body up to ${formatNumber('bytes', route.maxBodyBytes)}`)
  if (route.timeoutMs !== null) parts.push(`timeout ${formatNumber('durationMs', route.timeoutMs)}`)
  if (route.upgrade) parts.push('upgrade')
  if (route.exempt) parts.push('never challenged')
  return parts.join(', ')
}
