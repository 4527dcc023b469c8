/**
 * From a read file to Settings, or to every error in it. Each section, and each entry of listen, rules and routes, is judged on its own,
 * so that one mistake hides no other; checks across settings (sense.ts) see whatever is valid. Pure: no files, no clock, no environment.
 */
import type { Condition } from '../contract/plan.ts'
import { cacheRouteOptions, type CacheRouteSettings } from '../dataplane/cache/options.ts'
import type { WallMs } from '../kernel/clock.ts'
import { MAX_CHANNELS, channelOptions, type ChannelSettings } from '../record/alert/options.ts'
import { defaultsOf, type OptionTable } from '../kernel/option.ts'
import { isAbsolute, resolve } from 'node:path'
import type { SettingsProblem } from '../contract/settings-problem.ts'
import { Findings } from './explain.ts'
import { parseAddress } from './forms.ts'
import { leaf, map, optional, parseAs, type ParsedBy, type Shape } from './grammar.ts'
import { MAX_ROUTES, MAX_RULES, adminShape, channelShape, dataDirShape, hostShape, listenerShape, originMapShape, routeShape, ruleShape, sectionShapes, topLevelKeys, trustedProxyShape, upstreamShape, workersShape } from './schema.ts'
import { checkSense, type Judged } from './sense.ts'
import type { ListenSettings, ListenTls, OperatorRule, RouteSettings, Settings } from './settings.ts'
import { fileOptions, namedFileOptions, sectionNames, sectionTables, type SectionName } from './tables.ts'
import { dotted, type YamlSource } from './yaml-source.ts'

export interface AssemblyContext {
  /** Name of the file for messages. */
  readonly file: string
  /** Absolute folder from which relative paths start. */
  readonly folder: string
  readonly defaultDataDir: string
  readonly nowWallMs: WallMs
}

export interface Assembly {
  /** null when there is at least one error. */
  readonly settings: Settings | null
  readonly problems: readonly SettingsProblem[]
  /** More than `problems.length` when not all are listed. */
  readonly problemCount: number
}

export function assemble(source: YamlSource, context: AssemblyContext): Assembly {
  const findings = new Findings(source, context.file)
  const settings = source.value === undefined ? null : new Assembler(source, context, findings).run()
  return Object.freeze({ settings: findings.failed ? null : settings, problems: findings.sorted(), problemCount: findings.count })
}

type RawMap = Readonly<Record<string, unknown>>

/** The section alert with its channels taken out: they are judged one by one. */
function withoutChannels(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw
  return Object.assign(Object.create(null) as object, raw, { channels: undefined })
}

const anything = optional(leaf((raw) => raw, {}))
const topShape = map(Object.fromEntries(topLevelKeys.map((key) => [key, anything])))

class Assembler {
  readonly #source: YamlSource
  readonly #context: AssemblyContext
  readonly #findings: Findings

  constructor(source: YamlSource, context: AssemblyContext, findings: Findings) {
    this.#source = source
    this.#context = context
    this.#findings = findings
  }

  run(): Settings | null {
    const raw = this.#source.value
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      this.#findings.add({ code: 'wrong-type', path: '', message: 'the file must be a map of settings (key: value)', mend: 'start with "listen: 127.0.0.1:8080" on a line of its own' })
      return null
    }
    this.#refuseSubstitution(raw, [])
    const top = this.#withoutEmptySections(raw as RawMap)
    const known = parseAs(topShape, top)
    if ('issues' in known) this.#findings.addIssues(known.issues, [])

    const listen = this.#listen(top['listen'])
    const hosts = this.#each('hosts', top['hosts'], hostShape, 1_000)
    const trusted = this.#each('trustedProxies', top['trustedProxies'], trustedProxyShape, sectionTables.edge.trustedProxies.maxItems)
    const rules = this.#each('rules', top['rules'], ruleShape, MAX_RULES).map((rule, i) => (rule === null ? null : ruleOf(rule, i, this.#findings)))
    const routes = this.#each('routes', top['routes'], routeShape, MAX_ROUTES).map((route) => (route === null ? null : routeOf(route)))
    const channels = this.#channels(top['alert'])
    const admin = this.#one('admin', top['admin'], adminShape)
    const sections = {
      edge: this.#section('edge', top['edge'], { trustedProxies: Object.freeze(present(trusted)) }),
      cache: this.#section('cache', top['cache']),
      admission: this.#section('admission', top['admission']),
      admit: this.#section('admit', top['admit']),
      crawlers: this.#section('crawlers', top['crawlers']),
      detection: this.#section('detection', top['detection']),
      mitigation: this.#section('mitigation', top['mitigation']),
      networkData: this.#section('networkData', top['networkData']),
      challenge: this.#section('challenge', top['challenge']),
      lifeline: this.#section('lifeline', top['lifeline']),
      waitingRoom: this.#section('waitingRoom', top['waitingRoom']),
      site: this.#section('site', top['site']),
      log: this.#section('log', top['log']),
      journal: this.#section('journal', top['journal']),
      incident: this.#section('incident', top['incident']),
      calendar: this.#section('calendar', top['calendar']),
      statements: this.#section('statements', top['statements']),
      report: this.#section('report', top['report']),
      alert: this.#section('alert', withoutChannels(top['alert'])),
      console: this.#section('console', top['console']),
      origin: this.#origin(top['origin']),
    }
    const draft = {
      listen: Object.freeze(present(listen)),
      ...sections,
      hosts: Object.freeze(present(hosts)),
      rules: Object.freeze(present(rules)),
      routes: Object.freeze(present(routes)),
      alertChannels: Object.freeze(present(channels)),
      admin: Object.freeze({ listen: admin?.listen === undefined ? defaultAdminAddress : admin.listen }),
      workers: this.#one('workers', top['workers'], workersShape) ?? 'auto',
      dataDir: this.#absolute(this.#one('dataDir', top['dataDir'], dataDirShape) ?? this.#context.defaultDataDir),
    } as Settings
    checkSense({ draft, listen, hosts, trusted, rules, routes, channels, written: (path) => this.#source.placeOfKey(path) !== undefined, isList: (path) => Array.isArray(top[path]), nowWallMs: this.#context.nowWallMs, findings: this.#findings })
    return Object.freeze(draft)
  }

  /** `edge:` with nothing behind it, as is left when its lines are commented out. */
  #withoutEmptySections(raw: RawMap): RawMap {
    const kept: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    for (const [key, value] of Object.entries(raw)) {
      const isSection = (sectionNames as string[]).includes(key) || ['admin', 'rules', 'routes', 'hosts', 'trustedProxies'].includes(key)
      if (value === null && isSection && key !== 'origin') this.#findings.add({ severity: 'warning', code: 'empty-section', path: key, message: 'is empty and does nothing', mend: 'remove the line', atKey: true })
      else kept[key] = value
    }
    return kept
  }

  #refuseSubstitution(raw: unknown, path: readonly PropertyKey[]): void {
    if (typeof raw === 'string') {
      if (/\$\{[^}]*\}|^\$[A-Za-z_]\w*$|\$\([^)]*\)|\{\{.*\}\}|^%[A-Z_]+%$/.test(raw)) {
        this.#findings.add({ code: 'wrong-form', path: dotted(path), message: 'looks like a variable; variables are not filled in here', mend: 'write the value itself, or make this file with a template before Polder reads it' })
      }
    } else if (Array.isArray(raw)) raw.forEach((item, i) => this.#refuseSubstitution(item, [...path, i]))
    else if (typeof raw === 'object' && raw !== null) for (const [key, item] of Object.entries(raw)) if (key !== 'note') this.#refuseSubstitution(item, [...path, key])
  }

  #one<T>(key: string, raw: unknown, shape: Shape<T>): T | null {
    if (raw === undefined) return null
    const parsed = parseAs(shape, raw)
    if ('value' in parsed) return parsed.value
    this.#findings.addIssues(parsed.issues, [key])
    return null
  }

  #each<T>(key: string, raw: unknown, shape: Shape<T>, most: number, base: readonly PropertyKey[] = [key]): Judged<T> {
    if (raw === undefined) return []
    if (!Array.isArray(raw)) {
      this.#findings.add({ code: 'wrong-type', path: dotted(base), message: 'must be a list (lines that start with "- ")', mend: typeof raw === 'string' ? `did you mean [${raw}]?` : 'put "- " in front of each entry' })
      return []
    }
    if (raw.length > most) {
      this.#findings.add({ code: 'out-of-range', path: dotted(base), message: `has ${raw.length} entries`, allowed: `at most ${most}` })
      return []
    }
    return raw.map((item, i) => {
      const parsed = parseAs(shape, item)
      if ('value' in parsed) return parsed.value
      this.#findings.addIssues(parsed.issues, [...base, i])
      return null
    })
  }

  #section<S extends SectionName>(name: S, raw: unknown, given: Readonly<Record<string, unknown>> = {}): Settings[S] {
    const shape = sectionShapes[name as keyof typeof sectionShapes]
    const values = raw === undefined ? {} : (this.#one<Record<string, unknown>>(name, raw, shape) ?? {})
    return this.#filled(name, { ...values, ...given }) as unknown as Settings[S]
  }

  #filled(name: SectionName, values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const whole: Record<string, unknown> = { ...defaultsOf(sectionTables[name] as OptionTable) }
    for (const [key, value] of Object.entries(values)) if (value !== undefined) whole[key] = value
    for (const path of fileOptions) {
      const [section, key] = path.split('.') as [string, string]
      if (section !== name) continue
      const value = whole[key]
      if (Array.isArray(value)) whole[key] = value.map((path: string) => this.#absolute(path))
      else if (typeof value === 'string' && value !== '' && value !== '-') whole[key] = this.#absolute(value)
    }
    for (const path of namedFileOptions) {
      const [section, key] = path.split('.') as [string, string]
      if (section !== name) continue
      whole[key] = (whole[key] as readonly string[]).map((text) => {
        const [named, from] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]
        return /^[a-z][a-z0-9+.-]*:\/\//i.test(from) ? text : `${named}=${this.#absolute(from)}`
      })
    }
    for (const [key, value] of Object.entries(whole)) if (Array.isArray(value) && !Object.isFrozen(value)) whole[key] = Object.freeze([...(value as unknown[])])
    return Object.freeze(whole)
  }

  #channels(raw: unknown): Judged<ChannelSettings> {
    const written = typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? (raw as RawMap)['channels'] : undefined
    return this.#each('channels', written, channelShape, MAX_CHANNELS, ['alert', 'channels']).map((one) => {
      if (one === null) return null
      const whole: Record<string, unknown> = { ...defaultsOf(channelOptions) }
      for (const [key, value] of Object.entries(one)) if (value !== undefined) whole[key] = value
      for (const key of ['secretFile', 'tlsCaFile'] as const) if (whole[key] !== '') whole[key] = this.#absolute(whole[key] as string)
      for (const key of ['to', 'quiet'] as const) whole[key] = Object.freeze([...(whole[key] as string[])])
      return Object.freeze(whole) as ChannelSettings
    })
  }

  #absolute(path: string): string {
    return isAbsolute(path) ? path : resolve(this.#context.folder, path)
  }

  #origin(raw: unknown): Settings['origin'] {
    if (raw === undefined || raw === null) {
      this.#findings.add({ code: 'missing', path: 'origin', message: 'is missing: the web server that Polder protects', mend: 'add a line like "origin: http://127.0.0.1:8090"' })
      return this.#filled('origin', {}) as Settings['origin']
    }
    if (Array.isArray(raw)) {
      this.#findings.add({ code: 'wrong-type', path: 'origin', message: 'must be a URL or a map', mend: 'put the list under "upstreams:", indented below "origin:"' })
      return this.#filled('origin', {}) as Settings['origin']
    }
    if (typeof raw !== 'object') {
      const upstream = this.#one('origin', raw, upstreamShape)
      return this.#filled('origin', { upstreams: Object.freeze(upstream === null ? [] : [upstreamText(upstream)]) }) as Settings['origin']
    }
    const { upstreams: rawUpstreams, ...options } = raw as RawMap
    // The upstreams are judged one by one; the rest of the map is judged with an upstream list known to be good.
    const values = this.#one<Record<string, unknown>>('origin', Object.assign(Object.create(null) as object, options, { upstreams: [] }), originMapShape)
    const parsed = this.#each('upstreams', rawUpstreams, upstreamShape, sectionTables.origin.upstreams.maxItems, ['origin', 'upstreams'])
    if (rawUpstreams === undefined) this.#findings.add({ code: 'missing', path: 'origin.upstreams', message: 'is missing: the web servers that Polder protects', mend: 'add "upstreams: [http://127.0.0.1:8090]"' })
    else if (Array.isArray(rawUpstreams) && rawUpstreams.length === 0) this.#findings.add({ code: 'missing', path: 'origin.upstreams', message: 'is an empty list', mend: 'write at least one URL' })
    const upstreams = parsed.map((one) => (one === null ? null : upstreamText(one)))
    const firstOf = new Map<string, number>()
    upstreams.forEach((text, i) => {
      const url = text?.split(' ')[0]
      if (url === undefined) return
      const first = firstOf.get(url)
      if (first === undefined) firstOf.set(url, i)
      else this.#findings.add({ code: 'duplicate', path: `origin.upstreams[${i}]`, message: `is the same upstream as origin.upstreams[${first}]`, mend: 'keep one, with a higher weight if it is to get more' })
    })
    return this.#filled('origin', { ...values, upstreams: Object.freeze(present(upstreams)) }) as Settings['origin']
  }

  #listen(raw: unknown): Judged<ListenSettings> {
    if (raw === undefined || raw === null) {
      this.#findings.add({ code: 'missing', path: 'listen', message: 'is missing: the address where visitors connect', mend: 'add a line like "listen: 127.0.0.1:8080"' })
      return []
    }
    if (Array.isArray(raw) && raw.length === 0) {
      this.#findings.add({ code: 'missing', path: 'listen', message: 'is an empty list', mend: 'write at least one address' })
      return []
    }
    const judged = Array.isArray(raw) ? this.#each('listen', raw, listenerShape, 64) : [this.#one('listen', raw, listenerShape)]
    return judged.map((one, i) => {
      if (one === null) return null
      const at = Array.isArray(raw) ? `listen[${i}]` : 'listen'
      return Object.freeze({ address: one.address, tls: this.#tls(one.tls, `${at}.tls`), proxyProtocol: one.proxyProtocol ?? false })
    })
  }

  #tls(raw: true | { certificates: ReadonlyArray<{ cert: string; key: string; hosts?: string[] | undefined }> } | undefined, at: string): ListenTls | null {
    if (raw === undefined) return null
    if (raw === true) return Object.freeze({ kind: 'development' as const })
    if (raw.certificates.length === 0) this.#findings.add({ code: 'no-effect', path: `${at}.certificates`, message: 'is an empty list', mend: 'write at least one {cert: ..., key: ...}' })
    const certificates = raw.certificates.map(({ cert, key, hosts = [] }) => Object.freeze({ certFile: this.#absolute(cert), keyFile: this.#absolute(key), hosts: Object.freeze([...hosts]) }))
    return Object.freeze({ kind: 'files' as const, certificates: Object.freeze(certificates) })
  }
}

const defaultAdminAddress = (() => {
  const address = parseAddress('127.0.0.1:8081')
  if (!('text' in address)) throw new Error('the default admin address is not one')
  return address
})()

function present<T>(list: Judged<T>): T[] {
  return list.filter((item): item is NonNullable<typeof item> => item !== null) as T[]
}

/** In the form of the option origin.upstreams. */
function upstreamText(upstream: ParsedBy<typeof upstreamShape>): string {
  if (typeof upstream === 'string') return upstream
  const { url, weight } = upstream
  return weight === undefined || weight === 1 ? url : `${url} weight=${weight}`
}

function ruleOf(raw: ParsedBy<typeof ruleShape>, index: number, findings: Findings): OperatorRule {
  const at = `rules[${index}]`
  for (const [one, many] of [['method', 'methods'], ['prefix', 'prefixes']] as const) {
    if (raw[one] !== undefined && raw[many] !== undefined) findings.add({ code: 'conflict', path: `${at}.${many}`, message: `stands beside ${one}`, mend: `put all of them into ${many}` })
    if (raw[many]?.length === 0) findings.add({ code: 'no-effect', path: `${at}.${many}`, message: 'is an empty list: the rule could never match', mend: 'remove the line, or fill the list' })
  }
  const methods = raw.methods ?? (raw.method === undefined ? [] : [raw.method])
  const prefixes = raw.prefixes ?? (raw.prefix === undefined ? [] : [raw.prefix])
  const when: Condition[] = []
  if (raw.path !== undefined) when.push(Object.freeze({ attribute: 'path', glob: raw.path }))
  if (raw.host !== undefined) when.push(Object.freeze({ attribute: 'host', glob: raw.host }))
  if (methods.length > 0) when.push(Object.freeze({ attribute: 'method', oneOf: Object.freeze([...methods]) }))
  if (prefixes.length > 0) when.push(Object.freeze({ attribute: 'prefix', cidrs: Object.freeze([...prefixes]) }))
  const emptyList = raw.methods?.length === 0 || raw.prefixes?.length === 0
  if (when.length === 0 && !emptyList) findings.add({ code: 'no-effect', path: at, message: 'has no condition, and a rule for everyone is never applied', allowed: 'at least one of path, host, method, methods, prefix, prefixes', mend: 'add a condition; to close the whole site write "path: /*"' })
  return Object.freeze({
    id: raw.id ?? `operator-${index + 1}`,
    origin: 'operator' as const,
    action: raw.action,
    when: Object.freeze(when),
    dryRun: raw.dryRun ?? false,
    expiresAtWallMs: raw.expires ?? null,
    note: raw.note ?? '',
  })
}

function routeOf(raw: ParsedBy<typeof routeShape>): RouteSettings {
  const written = raw.cache === undefined ? {} : typeof raw.cache === 'string' ? { cache: raw.cache } : raw.cache
  const cache: Record<string, unknown> = { ...defaultsOf(cacheRouteOptions) }
  for (const [key, value] of Object.entries(written)) if (value !== undefined) cache[key] = value
  cache['queryKeys'] = Object.freeze([...(cache['queryKeys'] as string[])])
  return Object.freeze({
    path: raw.path,
    class: raw.class ?? null,
    cache: Object.freeze(cache) as CacheRouteSettings,
    maxBodyBytes: raw.maxBodyBytes ?? null,
    timeoutMs: raw.timeoutMs ?? null,
    upgrade: raw.upgrade ?? false,
    exempt: raw.exempt ?? false,
  })
}
