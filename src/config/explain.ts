/** Joins what is wrong with where it stands: every complaint gets file, line, column, path, the value as written, and a mend. */
import type { SettingsProblem, SettingsProblemCode } from '../contract/settings-problem.ts'
import type { Issue } from './grammar.ts'
import { topLevelKeys } from './schema.ts'
import { isNeverShown, sectionTables } from './tables.ts'
import { dotted, type Place, type YamlSource } from './yaml-source.ts'

export interface Finding {
  readonly severity?: 'error' | 'warning'
  readonly code: SettingsProblemCode
  /** Dotted path; its nearest written ancestor gives the line. */
  readonly path: string
  readonly message: string
  readonly allowed?: string
  readonly mend?: string
  readonly atKey?: boolean
}

/** More than this helps nobody; the rest is counted. */
const MAX_PROBLEMS = 100

export class Findings {
  readonly #source: YamlSource
  readonly #file: string
  readonly #problems: SettingsProblem[] = []
  readonly #paths = new Set<string>()

  constructor(source: YamlSource, file: string) {
    this.#source = source
    this.#file = file
    for (const problem of source.problems) this.#push(problem)
  }

  add(finding: Finding): void {
    const { severity = 'error', code, path, message, allowed = '', mend = '', atKey = false } = finding
    const place = placeFor(this.#source, path, atKey)
    this.#push({ severity, code, file: this.#file, line: place.line, column: place.column, path, value: isNeverShown(path) && place.text !== '' ? '(not shown)' : place.text, message, allowed, mend })
  }

  /** Complaints of a shape about the value at `base`. A value already refused for another reason is not refused twice. */
  addIssues(issues: readonly Issue[], base: readonly PropertyKey[]): void {
    for (const issue of issues) {
      const whole = [...base, ...issue.path]
      const path = dotted(whole)
      if (this.#paths.has(path)) continue
      const mend = issue.code === 'unknown-key' ? mendForKey(whole, issue.mend) : issue.mend
      // Forty names beside the one that was meant help nobody.
      const allowed = issue.code === 'unknown-key' && mend !== '' && issue.allowed.length > 200 ? '' : issue.allowed
      this.add({ code: issue.code, path, message: issue.message, allowed, mend, atKey: issue.atKey })
    }
  }

  has(path: string): boolean {
    return this.#paths.has(path)
  }

  get failed(): boolean {
    return this.#problems.some((problem) => problem.severity === 'error')
  }

  /** In the order of the file, errors and warnings together. */
  sorted(): readonly SettingsProblem[] {
    const sorted = this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
    const errorsFirst = sorted.length > MAX_PROBLEMS ? sorted.toSorted((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning')) : sorted
    return Object.freeze(errorsFirst.slice(0, MAX_PROBLEMS).map((problem) => Object.freeze(problem)))
  }

  get count(): number {
    return this.#problems.length
  }

  #push(problem: SettingsProblem): void {
    if (problem.path !== '') this.#paths.add(problem.path)
    this.#problems.push(problem)
  }
}

const wholeFile: Place = Object.freeze({ line: 0, column: 0, text: '' })

function placeFor(source: YamlSource, path: string, atKey: boolean): Place {
  const value = source.placeOf(path)
  const key = source.placeOfKey(path)
  if (value !== undefined) return atKey && key !== undefined ? { ...key, text: value.text } : value
  if (key !== undefined) return { ...key, text: '' }
  let parent = parentOf(path)
  while (parent !== '') {
    const place = source.placeOfKey(parent) ?? source.placeOf(parent)
    if (place !== undefined) return { ...place, text: '' }
    parent = parentOf(parent)
  }
  return wholeFile
}

function parentOf(path: string): string {
  return /^(.+?)(\.[^.[\]]*|\[\d+\])$/.exec(path)?.[1] ?? ''
}

/** Words of other products, and of earlier drafts, for what Polder calls otherwise. */
const otherWords: Readonly<Record<string, string>> = {
  port: 'listen', bind: 'listen', address: 'listen', server: 'listen', sites: 'hosts', server_name: 'hosts', domains: 'hosts',
  backend: 'origin', backends: 'origin', upstream: 'origin', upstreams: 'origin.upstreams', target: 'origin', proxy_pass: 'origin',
  proxies: 'trustedProxies', set_real_ip_from: 'trustedProxies', threads: 'workers', worker_processes: 'workers', data: 'dataDir',
  allowlist: 'a rule with "action: allow"', whitelist: 'a rule with "action: allow"', blocklist: 'a rule with "action: block"', blacklist: 'a rule with "action: block"',
  certificates: 'tls: {certificates: [...]} in an entry of listen', certificate: 'tls: {certificates: [...]} in an entry of listen', cert: 'tls: {certificates: [...]} in an entry of listen', tls: 'tls in an entry of listen', https: 'tls in an entry of listen', ssl: 'tls in an entry of listen',
}
const otherWordsWithin: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  listen: { certificates: 'tls: {certificates: [...]}', cert: 'tls: {certificates: [{cert: ..., key: ...}]}', key: 'tls: {certificates: [{cert: ..., key: ...}]}', ssl: 'tls', https: 'tls', port: 'address: ":PORT"', host: 'address' },
  tls: { cert: 'certificates: [{cert: ..., key: ...}]', key: 'certificates: [{cert: ..., key: ...}]' },
  rules: { ip: 'prefix', address: 'prefix', cidr: 'prefix', source: 'prefix', url: 'path', ttl: 'expires', until: 'expires', name: 'id', comment: 'note', description: 'note', paths: 'path (one rule for each)', hosts: 'host (one rule for each)' },
  cache: { ttl: 'routes: [{path: ..., cache: {freshMs: ...}}]', ttlMs: 'routes: [{path: ..., cache: {freshMs: ...}}]', size: 'memoryBytes', path: 'diskPath' },
  'routes.cache': { ttl: 'freshMs', ttlMs: 'freshMs', maxAge: 'freshMs', bypass: '"cache: off"', enabled: '"cache: off"' },
  log: { access: 'format', path: 'file', sample: 'sampleAbovePerSecond' },
  origin: { url: 'upstreams: [URL]', servers: 'upstreams', timeout: 'firstByteTimeoutMs' },
  admin: { address: 'listen', port: 'listen' },
  channels: { password: 'secretFile', pass: 'secretFile', token: 'secretFile', secret: 'secretFile', key: 'secretFile', type: 'kind', host: 'server', smtp: 'server', port: 'server', address: 'to', recipients: 'to', sender: 'from', webhook: 'url', topic: 'room', channel: 'room', severity: 'atLeast', level: 'atLeast', minSeverity: 'atLeast', quietHours: 'quiet', escalateAfterMs: 'afterMs', username: 'user', login: 'user' },
}

function mendForKey(path: readonly PropertyKey[], nearest: string): string {
  const key = String(path.at(-1))
  const section = path.slice(0, -1).findLast((part) => typeof part === 'string')
  const within = path[0] === 'routes' && section === 'cache' ? 'routes.cache' : section
  const words = within === undefined ? otherWords : (otherWordsWithin[within] ?? {})
  if (Object.hasOwn(words, key)) return `did you mean ${words[key]}?`
  if (nearest !== '') return nearest
  const homes = Object.entries(sectionTables).filter(([name, table]) => name !== section && Object.hasOwn(table, key)).map(([name]) => name)
  if (homes.length > 0) return `it belongs under ${homes.join(' or ')}`
  if (section !== undefined && (topLevelKeys as string[]).includes(key)) return 'it belongs at the top of the file, without indentation'
  return ''
}
