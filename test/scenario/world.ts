/**
 * A small institution's website, its visitors, its origin and its attackers, second by second and without sockets: what the data plane would report
 * to the control plane, and what the control plane's plan would then do to each request. Pessimistic on purpose: no cache, no fair queue; an origin
 * past its capacity turns away anyone at random, so that only rules can bring relief.
 */
import type { Condition, Plan, Rule } from '../../src/contract/plan.ts'
import { routeClasses, type RouteClass } from '../../src/contract/route-class.ts'
import { SAMPLE_WORDS, type SampleBatch, sampleFields, sampleFlags } from '../../src/contract/sample.ts'
import type { Vitals } from '../../src/contract/vitals.ts'
import { behavesLikeVisitor } from '../../src/controlplane/evidence.ts'
import { fallsInShare, hashText, mix32 } from '../../src/kernel/hash.ts'
import type { SeededRandom } from '../../src/kernel/random.ts'

const KEY = 0x1234567
export const h = (text: string): number => hashText(text, KEY)

export interface Browser {
  readonly userAgent: string
  readonly shape: string
  readonly headerOrder: string
  readonly accept: string
  readonly version: number
}

export interface Client {
  readonly key: number
  readonly address: number
  readonly browser: Browser
  readonly legit: boolean
  readonly cohort: string
  requests: number
  pages: number
  statics: number
  errors: number
  echoes: number
  cookie: boolean
  refused: boolean
  flags: number
}

export interface Ask {
  readonly client: Client
  readonly path: string
  readonly template: string
  readonly queryShape: string
  readonly referer: 0 | 1 | 2
  readonly routeClass: RouteClass
  readonly method: string
  /** Origin time in ms. */
  readonly cost: number
  readonly missing?: boolean
  /** Called in the same second with how it ended. */
  readonly ended?: (served: boolean) => void
}

export interface Counts {
  offered: number
  served: number
  refused: number
  shed: number
  clients: Set<Client>
  refusedClients: Set<Client>
}

const WORKERS = 6
/** Programs that show a page and go where it leads: they pass a challenge. */
const opensPages: ReadonlySet<string> = new Set(['people', 'text browser', 'crowd', 'office', 'mimics'])
const CAPACITY_MS = WORKERS * 1_000

export function makeClient(address: number, browser: Browser, legit: boolean, cohort: string): Client {
  return { key: mix32(address ^ 0x7777), address, browser, legit, cohort, requests: 0, pages: 0, statics: 0, errors: 0, echoes: 0, cookie: false, refused: false, flags: 0 }
}

export class World {
  readonly random: SeededRandom
  readonly counts = new Map<string, Counts>()
  second = 0
  slowdown = 1
  /** Longest round trip seen so far, for the health signs. */
  #asks: Ask[] = []
  readonly #later = new Map<number, Array<() => void>>()
  readonly #told = new Set<number>()
  readonly #limitLeft = new Map<string, number>()
  #canaryLeft = new Map<string, number>()

  constructor(random: SeededRandom) {
    this.random = random
  }

  ask(ask: Ask): void {
    this.#asks.push(ask)
  }

  /** Runs something so many whole seconds from now. */
  after(seconds: number, run: () => void): void {
    const at = this.second + Math.max(1, Math.round(seconds))
    const list = this.#later.get(at)
    if (list === undefined) this.#later.set(at, [run])
    else list.push(run)
  }

  chance(share: number): boolean {
    return this.random.next() < share
  }

  /** A whole number with this mean: sums of such are Poisson enough. */
  poisson(mean: number): number {
    if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * (this.random.next() + this.random.next() + this.random.next() - 1.5) * 2))
    let product = this.random.next()
    let count = 0
    const limit = Math.exp(-mean)
    while (product > limit) {
      product *= this.random.next()
      count++
    }
    return count
  }

  /** One second: everyone asks, the plan acts, the origin works. Returns what the workers would report. */
  run(plan: Plan, nowWallMs: number, actors: ReadonlyArray<(world: World) => void>): { samples: SampleBatch[]; vitals: Vitals[] } {
    this.second++
    for (const run of this.#later.get(this.second) ?? []) run()
    this.#later.delete(this.second)
    for (const actor of actors) actor(this)
    this.#limitLeft.clear()
    this.#canaryLeft.clear()
    const words: number[] = []
    const strings: Array<readonly [number, string]> = []
    const passed: Ask[] = []
    const matches: Record<string, { matched: number; positive: number; canaryPassed: number; canaryTried: number }> = {}
    const rules = plan.rules.filter((rule) => rule.expiresAtWallMs === null || rule.expiresAtWallMs > nowWallMs)
    let received = 0
    // A page's sub-resources come in the same second: the list grows while it is worked off.
    let work = 0
    const shedShare = this.#shedShare(rules)
    const byClass = new Map<RouteClass, { admitted: number; rejected: number; answers: number }>()
    for (let i = 0; i < this.#asks.length; i++) {
      const ask = this.#asks[i]
      received++
      const client = ask.client
      client.requests++
      if (ask.routeClass === 'static') client.statics++
      if (client.cookie) client.echoes++
      this.#sample(ask, words, strings)
      const counts = this.#countsOf(client)
      counts.offered++
      counts.clients.add(client)
      if (this.#refusedBy(rules, ask, matches)) {
        counts.refused++
        counts.refusedClients.add(client)
        client.refused = true
        ask.ended?.(false)
        continue
      }
      passed.push(ask)
      const sums = byClass.get(ask.routeClass) ?? { admitted: 0, rejected: 0, answers: 0 }
      byClass.set(ask.routeClass, sums)
      if (ask.cost > 0 && (work > CAPACITY_MS / this.slowdown || this.chance(shedShare))) {
        sums.rejected++
        counts.shed++
        ask.ended?.(false)
        continue
      }
      work += ask.cost
      sums.admitted++
      sums.answers++
      counts.served++
      if (ask.missing === true) client.errors++
      if (ask.routeClass === 'page' || ask.routeClass === 'search') client.pages++
      ask.ended?.(true)
    }
    this.#asks = []
    const busy = (work * this.slowdown) / CAPACITY_MS
    const admission: Record<string, object> = {}
    const origin: Record<string, object> = {}
    for (const [name, sums] of byClass) {
      admission[name] = { admitted: sums.admitted, rejected: sums.rejected, inFlight: 0, limit: 6, waiting: 0, waitP90Ms: busy > 0.97 ? 800 : busy > 0.85 ? 60 : 2 }
      const shortRttMs = 20 * this.slowdown * (busy > 0.97 ? 4 : 1)
      origin[name] = { answers: sums.answers, serverErrors: 0, timeouts: 0, connectFailures: 0, latencyP50Ms: shortRttMs, latencyP99Ms: 3 * shortRttMs, shortRttMs, longRttMs: 20 }
    }
    const records = words.length / SAMPLE_WORDS
    const vitals: Vitals = {
      worker: 0,
      fromWallMs: nowWallMs - 1_000,
      toWallMs: nowWallMs,
      planVersion: plan.version,
      received,
      ended: {},
      bytesIn: 0,
      bytesOut: 0,
      openConnections: 0,
      eventLoopLagP99Ms: 2,
      ruleMatches: matches,
      admission,
      origin,
      cache: { entries: 0, bytes: 0, stored: 0, collapsed: 0 },
      durations: { cache: [], origin: [], refused: [] },
    }
    return { vitals: [vitals], samples: [{ worker: 0, fromWallMs: nowWallMs - 1_000, toWallMs: nowWallMs, seen: received, weight: received / Math.max(1, records), words: Uint32Array.from(words), strings }] }
  }

  /** How much of what asks for the origin must go, were all of it to come at once: the queue does not favour who is early in the second. */
  #shedShare(rules: readonly Rule[]): number {
    let work = 0
    for (const ask of this.#asks) if (ask.cost > 0 && !rules.some((rule) => (rule.action === 'block' || rule.action === 'limit' || (rule.action === 'challenge' && !opensPages.has(ask.client.cohort))) && !rule.dryRun && rule.when.every((condition) => holds(condition, ask)))) work += ask.cost
    work *= this.slowdown
    return work <= CAPACITY_MS ? 0 : 1 - CAPACITY_MS / work
  }

  #refusedBy(rules: readonly Rule[], ask: Ask, matches: Record<string, { matched: number; positive: number; canaryPassed: number; canaryTried: number }>): boolean {
    if ((ask.client.flags & (sampleFlags.allowListed | sampleFlags.verifiedCrawler | sampleFlags.exemptPath)) !== 0) return false
    for (const rule of rules) {
      if (!rule.when.every((condition) => holds(condition, ask))) continue
      // As the data plane has it: whoever passed a challenge is not counted by another one, files are never challenged.
      if (rule.action === 'challenge' && ((ask.client.flags & sampleFlags.validClearance) !== 0 || ask.routeClass === 'static')) continue
      const count = (matches[rule.id] ??= { matched: 0, positive: 0, canaryPassed: 0, canaryTried: 0 })
      count.matched++
      if (isProven(ask.client)) count.positive++
      if (rule.dryRun || (rule.action !== 'challenge' && rule.action !== 'limit' && rule.action !== 'block')) continue
      const canary = this.#canaryLeft.get(rule.id) ?? 5
      if (canary > 0 && fallsInShare(ask.client.key, hashText(rule.id, 0), rule.canaryShare ?? 0)) {
        this.#canaryLeft.set(rule.id, canary - 1)
        continue
      }
      if (rule.action === 'block') return true
      if (rule.action === 'challenge' && ask.routeClass !== 'feed' && ask.routeClass !== 'api') {
        if (!opensPages.has(ask.client.cohort)) return true
        ask.client.flags |= sampleFlags.validClearance
        continue
      }
      const left = this.#limitLeft.get(rule.id) ?? rule.limitPerSecond ?? 0
      if (left < 1) return true
      this.#limitLeft.set(rule.id, left - 1)
    }
    return false
  }

  #sample(ask: Ask, words: number[], strings: Array<readonly [number, string]>): void {
    const { client } = ask
    const { browser } = client
    const record: Record<(typeof sampleFields)[number], number> = {
      atMs: this.random.below(1_000),
      clientKey: client.key,
      addressHigh: client.address,
      addressLow: 0,
      family: 4,
      userAgent: this.#tell(browser.userAgent, strings),
      userAgentShape: h(browser.shape),
      headerOrder: h(browser.headerOrder),
      acceptCombo: h(browser.accept),
      httpVersion: browser.version,
      tlsFingerprint: 0,
      method: this.#tell(ask.method, strings),
      path: h(ask.path),
      pathTemplate: h(ask.template),
      queryShape: ask.queryShape === '' ? 0 : h(ask.queryShape),
      referer: ask.referer === 0 ? 0 : h(`ref${ask.referer}`),
      refererClass: ask.referer,
      pathClass: routeClasses.indexOf(ask.routeClass),
      flags: client.flags | (client.cookie ? sampleFlags.hasCookie : 0),
      clientRequests: client.requests,
      clientPages: client.pages,
      clientStatics: client.statics,
      clientErrors: client.errors,
      clientEchoes: client.echoes,
    }
    for (const field of sampleFields) words.push(record[field])
  }

  #tell(text: string, strings: Array<readonly [number, string]>): number {
    const hash = h(text)
    if (!this.#told.has(hash)) {
      this.#told.add(hash)
      strings.push([hash, text])
    }
    return hash
  }

  #countsOf(client: Client): Counts {
    let counts = this.counts.get(client.cohort)
    if (counts === undefined) {
      counts = { offered: 0, served: 0, refused: 0, shed: 0, clients: new Set(), refusedClients: new Set() }
      this.counts.set(client.cohort, counts)
    }
    return counts
  }
}

function isProven(client: Client): boolean {
  return behavesLikeVisitor(client.requests, client.pages, client.statics, client.echoes)
}

/** The data plane's matcher, in words. */
function holds(condition: Condition, ask: Ask): boolean {
  const { client } = ask
  switch (condition.attribute) {
    case 'page-only':
      return client.pages >= condition.pages && client.statics === 0 && client.echoes === 0
    case 'unproven':
      return !isProven(client)
    case 'query-present':
      return ask.queryShape !== ''
    case 'method':
      return condition.oneOf.includes(ask.method)
    case 'prefix':
      return condition.cidrs.some((cidr) => inRange(client.address, cidr))
    case 'userAgent':
      return condition.equals === h(client.browser.userAgent)
    case 'userAgentShape':
      return condition.equals === h(client.browser.shape)
    case 'headerOrder':
      return condition.equals === h(client.browser.headerOrder)
    case 'acceptCombo':
      return condition.equals === h(client.browser.accept)
    case 'httpVersion':
      return condition.equals === client.browser.version
    case 'tlsFingerprint':
      return condition.equals === 0
    case 'pathTemplate':
      return condition.equals === h(ask.template)
    case 'queryShape':
      return condition.equals === (ask.queryShape === '' ? 0 : h(ask.queryShape))
    case 'refererClass':
      return condition.equals === ask.referer
    case 'referer':
      return condition.equals === (ask.referer === 0 ? 0 : h(`ref${ask.referer}`))
    default:
      return false
  }
}

function inRange(address: number, cidr: string): boolean {
  const [text, bits] = cidr.split('/') as [string, string]
  const base = text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(bits))
  return Math.floor(address / size) === Math.floor(base / size)
}
