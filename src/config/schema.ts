/** The shape of polder.yaml: every key that may be written, with its sentence for editors and the manual. */
import { routeClasses } from '../contract/route-class.ts'
import { cacheRouteOptions } from '../dataplane/cache/options.ts'
import { originOptions } from '../dataplane/origin/options.ts'
import { MAX_CHANNELS, channelOptions } from '../record/alert/options.ts'
import type { NumberOption } from '../kernel/option.ts'
import { addressForm, hostForm, idForm, methodForm, parseAddress, parseHost, parseId, parseMethod, parseOriginUrl, parsePathGlob, parsePrefix, parseTime, pathForm, prefixForm, timeForm } from './forms.ts'
import { either, jsonSchemaOf, leaf, list, map, optional } from './grammar.ts'
import { nearestWord } from './did-you-mean.ts'
import { numberJsonSchema, parseChoice, parseFlag, tableFields } from './option-leaf.ts'
import { numberForms, parseQuantity } from './quantity.ts'
import { Refusal, wrongKind } from './refusal.ts'
import { sectionSentences, sectionTables } from './tables.ts'

const text = (form: string, parse: (raw: unknown) => string | Refusal, description: string) => leaf(parse, { type: 'string', description: `${description} Form: ${form}.` })
const flag = (description: string) => leaf(parseFlag, { type: 'boolean', default: false, description })
const number = (option: NumberOption) => leaf((raw) => parseQuantity(option, raw), { ...numberJsonSchema(option), description: `${option.sentence} ${numberForms[option.kind]}.` })

function filePath(what: string) {
  return leaf((raw) => (typeof raw !== 'string' || raw === '' ? wrongKind(raw === '' ? null : raw, `the path of ${what}`) : raw), { type: 'string', description: `Path of ${what}; a relative one starts at the folder of this file.` })
}

// listen
const certificateShape = map({
  cert: filePath('a PEM file: the certificate, then its chain'),
  key: filePath('the PEM file of its private key'),
  hosts: optional(list(text(hostForm, parseHost, 'A name this certificate is used for.'), 256)),
})
const tlsShape = either(
  leaf(
    (raw) => {
      if (raw === true) return true
      if (raw === false) return new Refusal('no-effect', 'is false, which is what leaving it out means', 'true, or a map with certificates', 'remove this line')
      return wrongKind(raw, 'true (a certificate made for trying out) or a map with certificates')
    },
    { const: true, description: 'A certificate made at start, for trying out only.' },
  ),
  map({ certificates: list(certificateShape, 256) }, 'Certificates; the first one also serves visitors who name no known host.'),
)
export const listenerShape = either(
  leaf((raw) => {
    const address = parseAddress(raw)
    return address instanceof Refusal ? address : { address, tls: undefined, proxyProtocol: undefined }
  }, { type: 'string', description: `Form: ${addressForm}.` }),
  map({
    address: leaf(parseAddress, { type: 'string', description: `Where visitors connect. Form: ${addressForm}.` }),
    tls: optional(tlsShape),
    proxyProtocol: optional(flag('Every connection starts with a PROXY protocol header (v1 or v2); needs trustedProxies.')),
  }),
)

// origin
const weight: NumberOption = { kind: 'count', min: 1, max: 100, default: 1, applies: 'live', sentence: 'Share of the requests, relative to the other upstreams.' }
export const MAX_UPSTREAMS = originOptions.upstreams.maxItems

function parseUpstream(raw: unknown): string | Refusal {
  if (typeof raw !== 'string') return wrongKind(raw, originOptions.upstreams.form)
  const match = /^(\S+?)\s+weight=(\S+)$/.exec(raw.trim())
  const address = match?.[1] ?? raw.trim()
  const url = address.startsWith('unix:') ? address : parseOriginUrl(address)
  if (url instanceof Refusal) return url
  const whole = match === null ? url : `${url} weight=${match[2]}`
  const wrong = originOptions.upstreams.check(whole)
  return wrong === null ? whole : new Refusal('wrong-form', wrong, originOptions.upstreams.form)
}

const upstreamText = leaf(parseUpstream, { type: 'string', description: originOptions.upstreams.sentence })
export const upstreamShape = either(upstreamText, map({ url: upstreamText, weight: optional(number(weight)) }))
export const originMapShape = map({ upstreams: list(upstreamShape, MAX_UPSTREAMS), ...tableFields(originOptions, ['upstreams']) })
const originShape = either(upstreamText, originMapShape)

// rules
const possibleActions = ['allow', 'block', 'challenge'] as const
const laterActions: ReadonlySet<unknown> = new Set(['observe', 'tag', 'cache-only', 'limit'])

function parseAction(raw: unknown): (typeof possibleActions)[number] | Refusal {
  if (laterActions.has(raw)) return new Refusal('not-yet', 'cannot be chosen by a rule of this file yet', possibleActions.join(', '), raw === 'observe' ? 'use "action: block" with "dryRun: true"' : '')
  if (typeof raw === 'string' && !(possibleActions as readonly string[]).includes(raw)) {
    const meant = /^(deny|drop|reject|forbid|ban)$/i.test(raw) ? 'block' : /^(accept|pass|permit|allowlist|whitelist)$/i.test(raw) ? 'allow' : nearestWord(raw, possibleActions)
    return new Refusal('not-a-choice', 'is not an action', possibleActions.join(', '), meant === '' ? '' : `did you mean ${meant}?`)
  }
  return parseChoice(possibleActions, raw)
}

const method = text(methodForm, parseMethod, 'Requests with this method.')
const prefix = text(prefixForm, parsePrefix, 'Visitors from this address or prefix.')
const note = leaf((raw) => (typeof raw !== 'string' ? wrongKind(raw, 'text') : raw.length > 500 ? new Refusal('out-of-range', 'is too long', 'at most 500 characters') : raw), { type: 'string', description: 'Why this rule is here; shown where the rule is shown.' })

export const ruleShape = map({
  action: leaf(parseAction, { type: 'string', enum: possibleActions, description: '`block` refuses with 403; `challenge` puts a short check before pages; `allow` wins over every other rule, wherever it stands.' }),
  path: optional(text(pathForm, parsePathGlob, 'Requests for these paths.')),
  host: optional(text(hostForm, parseHost, 'Requests for this host.')),
  method: optional(method),
  methods: optional(list(method, 32)),
  prefix: optional(prefix),
  prefixes: optional(list(prefix, 10_000)),
  id: optional(text(idForm, parseId, 'Name in logs and metrics; without it operator-1, operator-2 and so on, by place.')),
  note: optional(note),
  dryRun: optional(flag('Only count what the rule would have done.')),
  expires: optional(leaf(parseTime, { type: 'string', description: `The rule ends by itself. Form: ${timeForm}.` })),
})

// routes
const routeClass = leaf((raw) => parseChoice(routeClasses, raw), { type: 'string', enum: routeClasses, description: 'What these paths are; without it Polder looks at the request.' })
const cacheModes = cacheRouteOptions.cache.choices
const routeCacheShape = either(
  leaf((raw) => {
    if (raw === false) return wrongKind(raw, 'off or a map', 'did you mean off?')
    return typeof raw === 'string' ? parseChoice(cacheModes, raw) : wrongKind(raw, `${cacheModes.join(', ')} or a map`)
  }, { type: 'string', enum: cacheModes, description: cacheRouteOptions.cache.sentence }),
  map(tableFields(cacheRouteOptions, ['cache'])),
)
export const routeNumbers = {
  maxBodyBytes: { kind: 'bytes', min: 0, max: 1_099_511_627_776, default: 0, applies: 'live', sentence: 'Largest request body here, instead of the edge\'s.' },
  timeoutMs: { kind: 'durationMs', min: 100, max: 3_600_000, default: 0, applies: 'live', sentence: 'Time until the origin begins to answer here, instead of the origin\'s.' },
} as const satisfies Readonly<Record<string, NumberOption>>

export const routeShape = map({
  path: text(pathForm, parsePathGlob, 'The paths this is about; the first route that matches counts.'),
  class: optional(routeClass),
  cache: optional(routeCacheShape),
  maxBodyBytes: optional(number(routeNumbers.maxBodyBytes)),
  timeoutMs: optional(number(routeNumbers.timeoutMs)),
  upgrade: optional(flag('Connections may change protocol here (WebSocket).')),
  exempt: optional(flag('Never challenged: feeds, APIs, machines.')),
})

// the rest
export const hostShape = text(hostForm, parseHost, 'A host this site answers to.')
export const trustedProxyShape = prefix
const workerCount: NumberOption = { kind: 'count', min: 1, max: 256, default: 1, applies: 'restart', sentence: 'Edge worker threads.' }
export const workersShape = leaf((raw) => (raw === 'auto' ? ('auto' as const) : typeof raw === 'string' && !/^\d/.test(raw) ? new Refusal('not-a-choice', 'is not a number of workers', 'auto, or 1 to 256', nearestWord(raw, ['auto']) === 'auto' ? 'did you mean auto?' : '') : parseQuantity(workerCount, raw)), {
  anyOf: [{ const: 'auto' }, { type: 'integer', minimum: 1, maximum: 256 }], default: 'auto',
})
export const dataDirShape = filePath('the folder for what must outlive a restart')
export const adminShape = map({
  listen: optional(leaf((raw) => {
    if (raw === 'off') return null
    return raw === false ? wrongKind(raw, 'an address or off', 'did you mean off?') : parseAddress(raw)
  }, { type: 'string', default: '127.0.0.1:8081', description: `Address of /metrics, /healthz and /readyz, or off. Form: ${addressForm}.` })),
})

export const channelShape = map(tableFields(channelOptions))

export const sectionShapes = {
  edge: map(tableFields(sectionTables.edge, ['trustedProxies']), sectionSentences.edge),
  cache: map(tableFields(sectionTables.cache), sectionSentences.cache),
  admission: map(tableFields(sectionTables.admission), sectionSentences.admission),
  admit: map(tableFields(sectionTables.admit), sectionSentences.admit),
  crawlers: map(tableFields(sectionTables.crawlers), sectionSentences.crawlers),
  detection: map(tableFields(sectionTables.detection), sectionSentences.detection),
  mitigation: map(tableFields(sectionTables.mitigation), sectionSentences.mitigation),
  networkData: map(tableFields(sectionTables.networkData), sectionSentences.networkData),
  challenge: map(tableFields(sectionTables.challenge), sectionSentences.challenge),
  lifeline: map(tableFields(sectionTables.lifeline), sectionSentences.lifeline),
  waitingRoom: map(tableFields(sectionTables.waitingRoom), sectionSentences.waitingRoom),
  site: map(tableFields(sectionTables.site), sectionSentences.site),
  log: map(tableFields(sectionTables.log), sectionSentences.log),
  journal: map(tableFields(sectionTables.journal), sectionSentences.journal),
  incident: map(tableFields(sectionTables.incident), sectionSentences.incident),
  calendar: map(tableFields(sectionTables.calendar), sectionSentences.calendar),
  statements: map(tableFields(sectionTables.statements), sectionSentences.statements),
  report: map(tableFields(sectionTables.report), sectionSentences.report),
  alert: map({ ...tableFields(sectionTables.alert), channels: optional(list(channelShape, MAX_CHANNELS)) }, sectionSentences.alert),
  console: map(tableFields(sectionTables.console), sectionSentences.console),
}

/** At most this many rules and routes: matching is a walk over them. */
export const MAX_RULES = 10_000
export const MAX_ROUTES = 1_000

/** What stands at the top of the file. Its sentences are in `topLevel`. */
const fileShape = map({
  listen: either(listenerShape, list(listenerShape, 64)),
  origin: originShape,
  hosts: optional(list(hostShape, 1_000)),
  trustedProxies: optional(list(trustedProxyShape, sectionTables.edge.trustedProxies.maxItems)),
  rules: optional(list(ruleShape, MAX_RULES)),
  routes: optional(list(routeShape, MAX_ROUTES)),
  edge: optional(sectionShapes.edge),
  cache: optional(sectionShapes.cache),
  admission: optional(sectionShapes.admission),
  admit: optional(sectionShapes.admit),
  crawlers: optional(sectionShapes.crawlers),
  detection: optional(sectionShapes.detection),
  mitigation: optional(sectionShapes.mitigation),
  networkData: optional(sectionShapes.networkData),
  challenge: optional(sectionShapes.challenge),
  lifeline: optional(sectionShapes.lifeline),
  waitingRoom: optional(sectionShapes.waitingRoom),
  site: optional(sectionShapes.site),
  log: optional(sectionShapes.log),
  journal: optional(sectionShapes.journal),
  incident: optional(sectionShapes.incident),
  calendar: optional(sectionShapes.calendar),
  statements: optional(sectionShapes.statements),
  report: optional(sectionShapes.report),
  alert: optional(sectionShapes.alert),
  console: optional(sectionShapes.console),
  admin: optional(adminShape),
  workers: optional(workersShape),
  dataDir: optional(dataDirShape),
})

export interface TopLevelKey {
  readonly applies: 'live' | 'restart' | 'mixed'
  readonly default: string
  readonly sentence: string
}

export const topLevel = {
  listen: { applies: 'restart', default: 'required', sentence: `Where visitors connect: one address, a list of addresses, or a list of maps with address, tls and proxyProtocol.` },
  origin: { applies: 'mixed', default: 'required', sentence: 'The web server that Polder protects: its URL, or a map with upstreams and the settings of the section origin.' },
  hosts: { applies: 'live', default: 'any', sentence: 'Hosts this site answers to; a request for any other host is refused and counted. `*.example.org` stands for every name below example.org.' },
  trustedProxies: { applies: 'live', default: 'none', sentence: 'Proxies and load balancers in front of Polder (addresses or prefixes): only these may say who the visitor is.' },
  rules: { applies: 'live', default: 'none', sentence: 'Your own rules. All conditions of a rule must hold; `allow` wins over everything, then the strictest rule that matches.' },
  routes: { applies: 'live', default: 'none', sentence: 'What is special about some paths; the first route that matches counts.' },
  edge: { applies: 'mixed', default: 'see below', sentence: sectionSentences.edge },
  cache: { applies: 'mixed', default: 'see below', sentence: sectionSentences.cache },
  admission: { applies: 'mixed', default: 'see below', sentence: sectionSentences.admission },
  admit: { applies: 'mixed', default: 'see below', sentence: sectionSentences.admit },
  crawlers: { applies: 'mixed', default: 'see below', sentence: sectionSentences.crawlers },
  detection: { applies: 'mixed', default: 'see below', sentence: sectionSentences.detection },
  mitigation: { applies: 'mixed', default: 'see below', sentence: sectionSentences.mitigation },
  networkData: { applies: 'mixed', default: 'see below', sentence: sectionSentences.networkData },
  challenge: { applies: 'live', default: 'see below', sentence: sectionSentences.challenge },
  lifeline: { applies: 'mixed', default: 'see below', sentence: sectionSentences.lifeline },
  waitingRoom: { applies: 'mixed', default: 'see below', sentence: sectionSentences.waitingRoom },
  site: { applies: 'live', default: 'see below', sentence: sectionSentences.site },
  log: { applies: 'mixed', default: 'see below', sentence: sectionSentences.log },
  journal: { applies: 'live', default: 'see below', sentence: sectionSentences.journal },
  incident: { applies: 'live', default: 'see below', sentence: sectionSentences.incident },
  calendar: { applies: 'live', default: 'see below', sentence: sectionSentences.calendar },
  statements: { applies: 'live', default: 'see below', sentence: sectionSentences.statements },
  report: { applies: 'live', default: 'see below', sentence: sectionSentences.report },
  alert: { applies: 'live', default: 'nobody is told', sentence: sectionSentences.alert },
  console: { applies: 'live', default: 'no console', sentence: sectionSentences.console },
  admin: { applies: 'restart', default: 'listen: 127.0.0.1:8081', sentence: 'The admin listener with /metrics, /healthz and /readyz: `admin: {listen: 127.0.0.1:8081}`, or `listen: off`. Keep it on loopback.' },
  workers: { applies: 'restart', default: 'auto', sentence: 'Edge worker threads: auto (one per core) or a number from 1 to 256.' },
  dataDir: { applies: 'restart', default: 'the folder systemd gives (StateDirectory=), else polder-data beside the settings file', sentence: 'Folder for what must outlive a restart.' },
} as const satisfies Readonly<Record<string, TopLevelKey>>

export const topLevelKeys = Object.keys(topLevel) as Array<keyof typeof topLevel>

/** docs/polder.schema.json. */
export function settingsJsonSchema(): Record<string, unknown> {
  const schema = jsonSchemaOf(fileShape)
  const properties = schema['properties'] as Record<string, Record<string, unknown>>
  for (const key of topLevelKeys) properties[key] = { ...properties[key], description: topLevel[key].sentence }
  return { $schema: schema['$schema'], title: 'polder.yaml', description: 'Settings of Polder. Made from the options tables by script/generate-docs; do not edit.', ...schema }
}
