/**
 * Checks that need more than one setting: what contradicts, repeats, hides or cannot act. A setting that is written and cannot act is an error,
 * because the operator believes it does (it is a warning where the operator switched the feature off in writing).
 * Judges only what was valid by itself, so that one mistake is not reported twice.
 */
import type { WallMs } from '../kernel/clock.ts'
import type { ChannelSettings } from '../record/alert/options.ts'
import { isOutOfOrder, orderedPairs, textAt } from './contradictions.ts'
import type { Findings } from './explain.ts'
import { checkChannels } from './alert-channels.ts'
import { ShadowFinder } from './shadow.ts'
import type { ListenAddress, ListenSettings, OperatorRule, RouteSettings, Settings } from './settings.ts'
import { sectionTables } from './tables.ts'
import { exposure, readConsoleListen } from '../surfaces/console/options.ts'

/** A list of values that each passed or not; index = place in the file. */
export type Judged<T> = ReadonlyArray<T | null>

export interface SenseContext {
  readonly draft: Settings
  readonly listen: Judged<ListenSettings>
  readonly hosts: Judged<string>
  readonly trusted: Judged<string>
  readonly rules: Judged<OperatorRule>
  readonly routes: Judged<RouteSettings>
  readonly channels: Judged<ChannelSettings>
  /** Is this key written in the file? */
  readonly written: (path: string) => boolean
  /** Is the value at this path a list in the file? */
  readonly isList: (path: string) => boolean
  readonly nowWallMs: WallMs
  readonly findings: Findings
}

export function checkSense(context: SenseContext): void {
  checkListen(context)
  checkOriginIsNotPolder(context)
  checkRepeats(context, 'hosts', context.hosts)
  checkRepeats(context, 'trustedProxies', context.trusted)
  checkRules(context)
  checkRoutes(context)
  checkChannels(context.channels, context.written, context.findings)
  checkConsole(context)
  checkOrder(context)
  checkPreconditions(context)
}

function listenPath(context: SenseContext, i: number): string {
  return context.isList('listen') ? `listen[${i}]` : 'listen'
}

function checkListen(context: SenseContext): void {
  const { draft, listen, findings } = context
  listen.forEach((one, i) => {
    if (one === null) return
    const at = listenPath(context, i)
    const earlier = listen.findIndex((other, j) => j < i && other !== null && collide(other.address, one.address))
    if (earlier !== -1) findings.add({ code: listen[earlier]!.address.text === one.address.text ? 'duplicate' : 'conflict', path: at, message: `listens on ${one.address.text}, which ${listenPath(context, earlier)} (${listen[earlier]!.address.text}) already covers`, mend: 'keep one of the two' })
    if (one.proxyProtocol && context.trusted.length === 0) findings.add({ code: 'no-effect', path: `${at}.proxyProtocol`, message: 'needs trustedProxies: a PROXY header is believed from no one else', mend: 'add "trustedProxies: [ADDRESS OF YOUR LOAD BALANCER]"' })
    if (one.tls?.kind === 'development' && !isLoopback(one.address.host)) findings.add({ severity: 'warning', code: 'exposed', path: `${at}.tls`, message: 'uses a certificate made for trying out, which every browser warns about', mend: 'give certificates: [{cert: ..., key: ...}]' })
    if (one.tls === null && one.address.port === 443) findings.add({ severity: 'warning', code: 'exposed', path: at, message: 'listens on port 443 without TLS', mend: 'add tls with certificates, or use another port' })
    if (one.tls?.kind === 'files') {
      const owner = new Map<string, number>()
      one.tls.certificates.forEach((certificate, c) =>
        certificate.hosts.forEach((host, h) => {
          const first = owner.get(host)
          if (first === undefined) owner.set(host, c)
          else findings.add({ code: 'duplicate', path: `${at}.tls.certificates[${c}].hosts[${h}]`, message: `${host} already has certificate ${first + 1} on this listener`, mend: 'keep one of the two' })
        }),
      )
    }
  })
  const admin = draft.admin.listen
  if (admin === null) return
  const at = context.written('admin.listen') ? 'admin.listen' : 'admin'
  const clash = listen.findIndex((one) => one !== null && collide(one.address, admin))
  if (clash !== -1) findings.add({ code: 'conflict', path: context.written('admin') ? at : listenPath(context, clash), message: context.written('admin') ? `is ${admin.text}, which ${listenPath(context, clash)} already covers` : `covers ${admin.text}, the default of the admin listener`, mend: 'give the admin listener a port of its own, for example "admin: {listen: 127.0.0.1:9081}"' })
  if (!isLoopback(admin.host)) findings.add({ severity: 'warning', code: 'exposed', path: at, message: 'can be reached from other machines; metrics are not for the public', mend: `did you mean 127.0.0.1:${admin.port}?` })
}

function checkConsole({ draft, listen, findings }: SenseContext): void {
  const { console: settings, admin } = draft
  const at = readConsoleListen(settings.listen)
  if (at === null) return
  const wrong = exposure(at.host, settings)
  if (wrong !== null) findings.add({ code: (settings.tlsCertFile === '') === (settings.tlsKeyFile === '') ? 'exposed' : 'no-effect', path: 'console.listen', message: wrong, mend: 'give both tlsCertFile and tlsKeyFile, or listen on 127.0.0.1 and reach it with ssh -L' })
  const same = (other: ListenAddress | null | undefined): boolean => other !== null && other !== undefined && collide(other, { ...at, text: settings.listen })
  if (same(admin.listen)) findings.add({ code: 'conflict', path: 'console.listen', message: `is ${settings.listen}, where the admin listener is`, mend: 'give it a port of its own, for example 127.0.0.1:8083' })
  else if (listen.some((one) => same(one?.address))) findings.add({ code: 'conflict', path: 'console.listen', message: `is ${settings.listen}, where visitors connect`, mend: 'give it a port of its own, for example 127.0.0.1:8083' })
}

function collide(a: ListenAddress, b: ListenAddress): boolean {
  return a.port !== 0 && a.port === b.port && (a.host === b.host || isEvery(a.host) || isEvery(b.host))
}

function isEvery(host: string): boolean {
  return host === '::' || host === '0.0.0.0'
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.')
}

function checkOriginIsNotPolder(context: SenseContext): void {
  const { draft, listen, findings } = context
  draft.origin.upstreams.forEach((upstream, i) => {
    const [, name, port] = /^https?:\/\/(\[[^\]]+\]|[^:/\s]+)(?::(\d+))?/.exec(upstream) ?? []
    if (name === undefined) return
    const host = name.replaceAll(/[[\]]/g, '')
    const number = port === undefined ? (upstream.startsWith('https') ? 443 : 80) : Number(port)
    const local = host === 'localhost' || isLoopback(host)
    const clash = listen.findIndex((one) => one !== null && one.address.port === number && (one.address.host === host || (local && isEvery(one.address.host))))
    if (clash !== -1) findings.add({ code: 'conflict', path: context.written(`origin.upstreams`) ? `origin.upstreams[${i}]` : 'origin', message: `is Polder itself (${listenPath(context, clash)}): every request would go round in circles`, mend: 'write the address of the web server behind Polder' })
  })
}

function checkRepeats(context: SenseContext, key: string, list: Judged<string>): void {
  list.forEach((text, i) => {
    const first = text === null ? i : list.indexOf(text)
    if (first < i) context.findings.add({ code: 'duplicate', path: `${key}[${i}]`, message: `is the same as ${key}[${first}]`, mend: 'keep one of the two' })
  })
}

function checkRules(context: SenseContext): void {
  const { rules, findings, nowWallMs } = context
  const idAt = new Map<string, number>()
  const shadows = new ShadowFinder(nowWallMs)
  rules.forEach((rule, i) => {
    if (rule === null) return
    const first = idAt.get(rule.id)
    if (first === undefined) idAt.set(rule.id, i)
    else findings.add({ code: 'duplicate', path: context.written(`rules[${i}].id`) ? `rules[${i}].id` : `rules[${i}]`, message: `has the id ${rule.id}, as rules[${first}] has`, mend: 'give each rule an id of its own' })
    if (rule.expiresAtWallMs !== null && rule.expiresAtWallMs <= nowWallMs) {
      findings.add({ severity: 'warning', code: 'no-effect', path: `rules[${i}].expires`, message: 'is in the past: the rule does nothing', mend: 'remove the rule, or give it a later end' })
      return
    }
    const host = rule.when.find((condition) => condition.attribute === 'host')?.glob
    if (host !== undefined && context.hosts.length > 0 && !context.hosts.some((known) => known === null || shadows.covers(known, host) || shadows.covers(host, known))) {
      findings.add({ severity: 'warning', code: 'no-effect', path: `rules[${i}].host`, message: 'is not one of hosts: requests for it are refused before any rule', mend: 'add it to hosts, or remove the rule' })
    }
    const cover = rules.findIndex((other, j) => other !== null && j !== i && shadows.hides(other, rule, j < i))
    if (cover === -1) return
    const by = rules[cover]!
    const why = by.action === 'allow' && rule.action === 'block' ? 'allow wins wherever it stands' : 'it is asked first'
    findings.add({ severity: 'warning', code: 'shadowed', path: `rules[${i}]`, message: `can never act: rules[${cover}] (${by.id}, ${by.action}) matches everything it matches, and ${why}`, mend: by.action === rule.action ? 'remove it' : `remove it, or make rules[${cover}] narrower` })
  })
}

function checkRoutes(context: SenseContext): void {
  const { routes, findings } = context
  const shadows = new ShadowFinder(context.nowWallMs)
  routes.forEach((route, i) => {
    if (route === null) return
    const at = `routes[${i}]`
    const says = ['class', 'cache', 'maxBodyBytes', 'timeoutMs', 'upgrade', 'exempt'].some((key) => context.written(`${at}.${key}`))
    const cover = routes.findIndex((other, j) => j < i && other !== null && shadows.covers(other.path, route.path))
    if (cover !== -1) findings.add({ severity: 'warning', code: 'shadowed', path: at, message: `can never act: routes[${cover}] (${routes[cover]!.path}) matches first`, mend: `put it before routes[${cover}], or remove it` })
    if (!says) findings.add({ severity: 'warning', code: 'no-effect', path: at, message: 'says nothing about its path; it only keeps later routes from matching', mend: 'add class, cache, maxBodyBytes, timeoutMs, upgrade or exempt' })
    const { cache } = route
    if (cache.queryKeys.length > 0 && !cache.dropUnknownQueryKeys) findings.add({ code: 'no-effect', path: `${at}.cache.queryKeys`, message: 'lists query keys, but the others are not dropped', mend: 'add "dropUnknownQueryKeys: true" beside it' })
    const changed = (['freshMs', 'queryKeys', 'dropUnknownQueryKeys', 'sortQueryKeys', 'stripSetCookie'] as const).filter((key) => context.written(`${at}.cache.${key}`))
    if (changed.length > 0 && (route.class === 'write' || route.class === 'stream')) findings.add({ code: 'no-effect', path: `${at}.cache`, message: `has cache settings, but class ${route.class} is never stored`, mend: 'remove cache, or choose another class' })
  })
}

function checkOrder({ draft, findings, written }: SenseContext): void {
  for (const [low, high] of orderedPairs) {
    if (!isOutOfOrder(draft, low, high) || findings.has(low) || findings.has(high)) continue
    const at = written(low) || !written(high) ? low : high
    const other = at === low ? high : low
    findings.add({ code: 'conflict', path: at, message: `${at === low ? 'must not be larger' : 'must not be smaller'} than ${other}, ${written(other) ? 'which is' : 'whose default is'} ${textAt(draft, other)}`, mend: 'change one of the two' })
  }
}

/** Settings that act only together with something else. */
interface Precondition {
  readonly section: keyof typeof sectionTables
  readonly keys: RegExp
  readonly except?: readonly string[]
  readonly holds: (context: SenseContext) => boolean
  readonly needs: string
  readonly mend: string
  /** When this key is written, the operator switched the feature off knowingly: a warning only. */
  readonly switchedBy?: string
}

const preconditions: readonly Precondition[] = [
  { section: 'edge', keys: /^trustedProxyHeader$/, holds: ({ trusted }) => trusted.length > 0, needs: 'trustedProxies, and none is given', mend: 'add trustedProxies, or remove this line' },
  { section: 'edge', keys: /^proxyHeaderDeadlineMs$/, holds: ({ listen }) => listen.some((one) => one?.proxyProtocol), needs: 'a listener with proxyProtocol: true', mend: 'remove this line' },
  { section: 'edge', keys: /^(tls|h2)/, holds: ({ listen }) => listen.some((one) => one?.tls !== null), needs: 'a listener with tls', mend: 'add tls to an entry of listen, or remove this line' },
  { section: 'edge', keys: /^upgradedIdleMs$/, holds: ({ routes }) => routes.some((one) => one?.upgrade), needs: 'a route with upgrade: true', mend: 'add the route, or remove this line' },
  { section: 'origin', keys: /^tls/, holds: ({ draft }) => draft.origin.upstreams.some((one) => one.startsWith('https:')), needs: 'an upstream with https://', mend: 'remove this line, or write https:// in the upstream' },
  { section: 'origin', keys: /^check/, except: ['checkPath'], holds: ({ draft }) => draft.origin.checkPath !== '', needs: 'checkPath, the page to fetch', mend: 'add "checkPath: /", or remove this line', switchedBy: 'origin.checkPath' },
  { section: 'log', keys: /./, except: ['format'], holds: ({ draft }) => draft.log.format !== 'off', needs: 'format: combined or json (it is off)', mend: 'add "format: combined", or remove this line', switchedBy: 'log.format' },
  { section: 'crawlers', keys: /^(reverseDns.|dnsServers|verifiedForMs)/, holds: ({ draft }) => draft.crawlers.reverseDns, needs: 'reverseDns: true', mend: 'add "reverseDns: true", or remove this line', switchedBy: 'crawlers.reverseDns' },
  { section: 'alert', keys: /^(?:reminder|storm|queue|timeout|giveUp)/, holds: ({ channels }) => channels.length > 0, needs: 'channels', mend: 'add a channel, or remove this line' },
  { section: 'console', keys: /./, except: ['listen'], holds: ({ draft }) => draft.console.listen !== '', needs: 'console.listen', mend: 'add "listen: 127.0.0.1:8083", or remove this line', switchedBy: 'console.listen' },
  { section: 'cache', keys: /^diskPath$/, holds: ({ draft }) => draft.cache.diskBytes > 0, needs: 'diskBytes above 0', mend: 'remove this line', switchedBy: 'cache.diskBytes' },
]

function checkPreconditions(context: SenseContext): void {
  const { findings, written } = context
  for (const { section, keys, except = [], holds, needs, mend, switchedBy } of preconditions) {
    if (holds(context)) continue
    for (const key of Object.keys(sectionTables[section])) {
      const path = `${section}.${key}`
      if (!keys.test(key) || except.includes(key) || !written(path) || findings.has(path)) continue
      findings.add({ severity: switchedBy !== undefined && written(switchedBy) ? 'warning' : 'error', code: 'no-effect', path, message: `does nothing without ${needs}`, mend })
    }
  }
}
