/**
 * READ FIRST: the life of a request. `handle` reads as the list it is; each step either lets the request on or ends it.
 *
 *   count     one more received
 *   know      who asks (source table), what kind of thing is asked for (routes)
 *   admit     who is let through whatever the automatic rules say: allow-list, probes, verified crawlers, exempt paths
 *   watch     the tap: seen before anything acts, so that a limit never hides what it limits
 *   pass      a challenge that comes back waited or worked out: a clearance, and on to what was asked for
 *   obey      the rules: block, limit, challenge, tag
 *   host      a site we do not serve is refused cheaply
 *   cache     a stored answer ends the request here; that is what most visitors of a flooded site get
 *   origin    everything else: the waiting room, admission, origin, store (origin-fetch.ts)
 *
 * Synchronous until admission. It must never throw: a fault of ours ends one request with `shield-error`, never the worker.
 */
import { calmPlan, type Plan } from '../contract/plan.ts'
import type { Reason } from '../contract/reason.ts'
import type { RouteClass } from '../contract/route-class.ts'
import { sampleFlags } from '../contract/sample.ts'
import type { AdmissionVitals, Vitals } from '../contract/vitals.ts'
import type { Clock, MonotonicMs, WallMs } from '../kernel/clock.ts'
import { hasHeader } from '../kernel/header-list.ts'
import type { Log } from '../kernel/log.ts'
import type { AccessLog } from './access-log/access-log.ts'
import type { Admission } from './admission/admission.ts'
import type { Cache } from './cache/cache.ts'
import { type CachePolicy, compileCachePolicy } from './cache/policy.ts'
import { Features } from './features.ts'
import { ChallengeDoor } from './challenge-door.ts'
import { ClearanceBudget } from './challenge/clearance-budget.ts'
import { takePlaceMarks } from './challenge/place-marks.ts'
import type { ChallengeKey } from './challenge/tokens.ts'
import type { FetchHost } from './fetch-host.ts'
import { LastGoodDesk } from './last-good-desk.ts'
import type { LifelineAnswer, LifelineAsk } from '../contract/lifeline.ts'
import { LifelineFetch } from './lifeline-fetch.ts'
import { HostTable } from './routing/host-table.ts'
import type { Origin } from './origin/origin.ts'
import { OriginFetch } from './origin-fetch.ts'
import { RefusalPages } from './pages/refusal-page.ts'
import type { ClientAddress, PreparedAnswer, Request } from './request.ts'
import { classOf, type Route, RouteTable } from './routing/route-table.ts'
import { ALWAYS_ADMITTED, AlwaysAdmitted, CrawlerSet } from './rules/always-admitted.ts'
import { type CompiledRule, compileRules, noRules, type RuleSet, strictnessOfTag } from './rules/compile.ts'
import { isPositive, matchAllow, matchRules } from './rules/match.ts'
import { climbs } from './rules/normalised-path.ts'
import type { DataplaneSettings } from './settings.ts'
import { SlowReaders } from './slow-readers.ts'
import type { Tap } from './tap/tap.ts'
import { ReadCounter } from './telemetry/read-counter.ts'
import type { Tally } from './telemetry/tally.ts'
import { GatherBudget } from './upload/gathered-body.ts'
import { WaitingDoor, type WaitingRoomMemory } from './waiting-door.ts'

export interface PipelineParts {
  readonly clock: Clock
  readonly log: Log
  readonly tally: Tally
  readonly tap: Tap
  readonly admission: Admission
  readonly cache: Cache
  readonly accessLog: AccessLog
  readonly hashKey: number
  readonly workers: number
  readonly challengeKeys: readonly ChallengeKey[]
  readonly clearances: SharedArrayBuffer
  readonly waitingRoom: WaitingRoomMemory
}

/** What one version of the settings means, compiled; swapped whole on a reload. */
interface Site {
  readonly settings: DataplaneSettings
  readonly routes: RouteTable<CachePolicy>
  readonly hosts: HostTable
  readonly policy: CachePolicy
  readonly admitted: AlwaysAdmitted
  readonly refusals: RefusalPages
  readonly origin: Origin
}

export class Pipeline implements FetchHost {
  readonly clock: Clock
  readonly cache: Cache
  readonly admission: Admission
  readonly gatherBudget = new GatherBudget()
  readonly slowReaders = new SlowReaders()
  readonly tally: Tally
  readonly lastGood: LastGoodDesk
  readonly reads = new ReadCounter()
  readonly waitingRoom: WaitingDoor
  readonly #parts: PipelineParts
  readonly #features: Features
  readonly #ruleShare: number
  readonly #crawlers = new CrawlerSet()
  readonly #door: ChallengeDoor
  #site: Site
  #rules: RuleSet = noRules
  plan: Plan = calmPlan

  constructor(parts: PipelineParts, settings: DataplaneSettings, origin: Origin) {
    this.#parts = parts
    this.clock = parts.clock
    this.cache = parts.cache
    this.admission = parts.admission
    this.tally = parts.tally
    this.#features = new Features(parts.hashKey)
    this.#ruleShare = 1 / parts.workers
    this.lastGood = new LastGoodDesk(parts.clock, settings.lastGood.noticeAfterMs)
    this.#site = compileSite(settings, origin)
    this.#rules = compileRules(settings.rules, [])
    this.waitingRoom = new WaitingDoor({ clock: parts.clock, keys: parts.challengeKeys, admission: parts.admission, memory: parts.waitingRoom, hashKey: parts.hashKey }, settings)
    this.#door = new ChallengeDoor(
      {
        clock: parts.clock, keys: parts.challengeKeys, budget: new ClearanceBudget(parts.clearances, parts.hashKey), gatherBudget: this.gatherBudget,
        onNewClearance: (slot) => this.admission.sources.countValidatedToken(slot),
      },
      settings,
    )
  }

  get origin(): Origin {
    return this.#site.origin
  }

  get settings(): DataplaneSettings {
    return this.#site.settings
  }

  get rules(): RuleSet {
    return this.#rules
  }

  /** A reload: requests under way end with what they began with. */
  applySettings(settings: DataplaneSettings, origin: Origin): void {
    this.#site = compileSite(settings, origin)
    this.#rules = compileRules(settings.rules, this.plan.rules, this.#rules)
    this.#door.applySettings(settings)
    this.lastGood.noticeAfterMs = settings.lastGood.noticeAfterMs
    this.waitingRoom.applySettings(settings)
  }

  /** What is wrong with the short check, in a sentence, or null. */
  rehearseChallenge(): string | null {
    return this.#door.rehearse(this.clock.wallMs())
  }

  setChallengeKeys(keys: readonly ChallengeKey[]): void {
    this.#door.setKeys(keys)
    this.waitingRoom.setKeys(keys)
  }

  /** The control plane's word. An older plan than the one in force is ignored. */
  applyPlan(plan: Plan): void {
    if (plan.version <= this.plan.version) return
    this.plan = plan
    this.#rules = compileRules(this.#site.settings.rules, plan.rules, this.#rules)
    this.#crawlers.replace(plan.crawlers)
    this.#parts.tap.share = plan.sampleShare
    this.#parts.tap.wantClaims = plan.crawlers?.wantClaims ?? false
  }

  /** Given to the edge. */
  readonly handle = (request: Request): void => {
    try {
      this.#handle(request)
    } catch (error) {
      this.fault(request, error)
    }
  }

  #handle(request: Request): void {
    const now = request.receivedAtMs
    const wallNow = this.clock.wallMs()
    this.tally.received++
    const route = this.#know(request, now, wallNow)
    const admitted = this.#admit(request, route, wallNow)
    this.#parts.tap.see(request, this.#features.read(request), this.admission.sources, wallNow, admitted | (request.worked ? sampleFlags.validClearance : 0))
    if (this.#pass(request, admitted, wallNow)) return
    if (this.#obey(request, admitted, now, wallNow)) return
    if (!this.#site.hosts.knows(request.host)) return this.refuse(request, 'unknown-host', 0)
    if (this.waitingRoom.tidy(this, request)) return
    if (request.method === 'OPTIONS' && request.target === '*') return this.#answerOptions(request)
    if (request.upgrade !== '' && route.upgrade) return this.#toOrigin(request, route)
    if (this.#serveStored(request, route, now)) return
    this.#toOrigin(request, route)
  }

  #know(request: Request, now: MonotonicMs, wallNow: WallMs): Route<CachePolicy> {
    const sources = this.admission.sources
    const slot = sources.touch(request.client, now)
    request.sourceSlot = slot
    const route = this.#site.routes.find(request)
    const routeClass = classOf(request, route)
    request.routeClass = routeClass
    if (routeClass === 'static') sources.countStatic(slot)
    this.#door.read(request, wallNow)
    takePlaceMarks(request)
    if (request.worked || hasHeader(request.headers, 'cookie')) sources.countEcho(slot)
    if (request.worked) request.visitorClass = 'cleared'
    else if (routeClass === 'feed' || isPositive(request, sources)) request.visitorClass = 'known'
    return route
  }

  /** Flags of contract/sample.ts: why the automatic rules do not apply to this request; 0 when they do. */
  #admit(request: Request, route: Route<CachePolicy>, wallNow: number): number {
    let flags = 0
    if (route.exempt && !climbs(request.path)) flags |= sampleFlags.exemptPath
    if (this.#crawlers.has(request.client, wallNow)) flags |= sampleFlags.verifiedCrawler
    if (flags !== 0 && !request.worked) request.visitorClass = 'known'
    const rule = matchAllow(this.#rules, request, this.#features.read(request), this.admission.sources, wallNow)
    if (rule !== null) request.ruleId = rule.id
    if (rule !== null || this.#site.admitted.isProbe(request)) {
      flags |= sampleFlags.allowListed
      request.visitorClass = 'allowed'
    }
    request.exempt = flags !== 0
    return flags
  }

  /** True when a rule ended the request. */
  #obey(request: Request, admitted: number, now: MonotonicMs, wallNow: WallMs): boolean {
    if ((admitted & sampleFlags.allowListed) !== 0) return false
    const rule = matchRules(this.#rules, request, this.#features.read(request), this.admission.sources, wallNow, (admitted & ALWAYS_ADMITTED) !== 0)
    if (rule === null) return false
    request.ruleId = rule.id
    if (rule.strictness > strictnessOfTag && rule.passesAsCanary(request.client.key, now)) return false
    switch (rule.action) {
      case 'tag':
        if (!request.worked) request.visitorClass = 'tagged'
        return false
      case 'block':
        this.refuse(request, 'rule-block', 0)
        return true
      case 'challenge':
        return (admitted & ALWAYS_ADMITTED) === 0 && this.#challenge(request, rule, now, wallNow)
      case 'limit':
        if (rule.takeToken(now, this.#ruleShare)) return false
        this.refuse(request, 'rule-limit', 5)
        return true
      case 'cache-only':
        if (this.#serveStored(request, this.#site.routes.find(request), now)) return true
        this.refuse(request, 'posture-shed', 10)
        return true
      case 'allow':
      case 'observe':
        return false
    }
  }

  /** True when the request came with a challenge that is done, and was sent on. */
  #pass(request: Request, admitted: number, wallNow: WallMs): boolean {
    if (request.ticket === '' || !this.#site.hosts.knows(request.host)) return false
    const outcome = this.#door.pass(this, request, this.#rules.challenges, wallNow)
    if (outcome === 'worked' && this.#rules.challenges) {
      const rule = matchRules(this.#rules, request, this.#features.read(request), this.admission.sources, wallNow, (admitted & ALWAYS_ADMITTED) !== 0)
      if (rule?.action === 'challenge') rule.countPassed(request.client.key)
    }
    return outcome !== 'no'
  }

  /**
   * True when the request was answered with a challenge, or from the store in its place. What no person opens is never challenged: sub-resources go on,
   * feeds, API and HEAD are held to the rule's rate if it has one, as they would be by the step above.
   */
  #challenge(request: Request, rule: CompiledRule, now: MonotonicMs, wallNow: WallMs): boolean {
    const { routeClass, method } = request
    if (routeClass === 'static') return false
    if (routeClass === 'feed' || routeClass === 'api' || method === 'HEAD' || method === 'OPTIONS') {
      if (rule.limitPerSecond === 0 || rule.takeToken(now, this.#ruleShare)) return false
      this.refuse(request, 'rule-limit', 5)
      return true
    }
    const withoutCookies = this.#door.isWithoutCookies(request, wallNow)
    // Who cannot keep a clearance may read what is stored without being asked again.
    if (withoutCookies && method === 'GET') {
      if (this.#serveStored(request, this.#site.routes.find(request), now)) return true
      this.#fetch = null
    }
    rule.countChallenged(request.client.key)
    this.#door.ask(this, request, this.plan, withoutCookies, wallNow)
    return true
  }

  /** True when a stored answer served the request, or it wanted a stored one only. */
  #serveStored(request: Request, route: Route<CachePolicy>, now: MonotonicMs): boolean {
    const policy = route.cache ?? this.#site.policy
    const preferStale = this.plan.preferStale && this.plan.postureExpiresAtWallMs > this.clock.wallMs()
    const lookup = this.cache.lookup(request, policy, now, preferStale)
    switch (lookup.kind) {
      case 'fresh':
        this.send(request, this.cache.answer(request, lookup.entry!, policy, now), 'served-fresh')
        return true
      case 'stale': {
        // Shown because the origin is spared, not because it asked for it: then its date is said.
        this.send(request, (preferStale ? this.lastGood.dated(request, lookup.entry!, !this.#site.origin.hasHealthy, now) : null) ?? this.cache.answer(request, lookup.entry!, policy, now, 'stale'), 'served-stale')
        const behind = this.cache.refreshBehind(lookup, now)
        if (behind !== null) OriginFetch.behind(this, request, route, behind)
        return true
      }
      case 'only-if-cached':
        this.refuse(request, 'only-if-cached', 0)
        return true
      default:
        this.#fetch = lookup
        return false
    }
  }

  /** The lookup of the request in hand, from #serveStored to #toOrigin: one request at a time, no second lookup. */
  #fetch: ReturnType<Cache['lookup']> | null = null

  #toOrigin(request: Request, route: Route<CachePolicy>): void {
    const lookup = this.#fetch ?? this.cache.lookup(request, route.cache ?? this.#site.policy, request.receivedAtMs, false)
    this.#fetch = null
    OriginFetch.forVisitor(this, request, route, lookup)
  }

  #answerOptions(request: Request): void {
    request.status = 204
    request.reply.sendWhole(204, ['date', new Date(this.clock.wallMs()).toUTCString(), 'allow', 'GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE'], null)
    this.ended(request, 'served-fresh')
  }

  /** A stored answer whose cache entry is known; also used by OriginFetch after a wait. */
  send(request: Request, answer: PreparedAnswer, reason: Reason): void {
    request.body?.discard()
    request.status = answer.status
    request.bytesSent = answer.body === null || request.method === 'HEAD' ? 0 : answer.body.length
    request.reply.sendPrepared(answer)
    this.ended(request, answer.status === 416 ? 'range-refused' : reason)
  }

  /** Ends a request with a page that says why; one write. `retryAfterSeconds` 0: do not invite a retry. */
  refuse(request: Request, reason: Reason, retryAfterSeconds: number): void {
    this.send(request, this.#site.refusals.find(reason, request, retryAfterSeconds, this.clock.wallMs()), reason)
  }

  turnAway(request: Request, reason: Reason, retryAfterSeconds: number): void {
    if (!this.waitingRoom.send(this, request, reason)) this.refuse(request, reason, retryAfterSeconds)
  }

  /** Admission's counts, with those who wait in the waiting room. */
  admissionVitals(): Vitals['admission'] {
    const vitals: Partial<Record<RouteClass, AdmissionVitals>> = {}
    for (const [routeClass, one] of Object.entries(this.admission.readVitals()) as Array<[RouteClass, AdmissionVitals]>) {
      const inLine = this.waitingRoom.waiting(routeClass)
      vitals[routeClass] = inLine === 0 ? one : { ...one, inLine }
    }
    return vitals
  }

  /** Counts a request as ended, once, whatever happens afterwards. */
  ended(request: Request, reason: Reason): void {
    if (request.ended) return
    request.ended = true
    request.reason = reason
    this.#countSource(request.sourceSlot, request.routeClass, request.status, reason)
    this.tally.countEnd(reason, this.clock.monotonicMs() - request.receivedAtMs)
    this.#parts.accessLog.write(request)
    if (request.status === 200 && request.routeClass === 'page' && request.method === 'GET' && (request.visitorClass !== 'unknown' || this.plan.state === 'NORMAL')) this.reads.count(request)
  }

  /** What an answer says about its client: a refused or failed page proves nothing against its reader (contract/sample.ts). */
  #countSource(slot: number, routeClass: RouteClass, status: number, reason: Reason): void {
    if (slot < 0 || !reason.startsWith('served-')) return
    if (status < 500 && (routeClass === 'page' || routeClass === 'search')) this.admission.sources.countPage(slot)
    if (status >= 400 && status < 500) this.admission.sources.countError(slot)
  }

  /** The lifeline asks for a page in nobody's name (lifeline-fetch.ts). */
  askForLifeline(ask: LifelineAsk, done: (answer: LifelineAnswer) => void): void {
    const { routes, policy } = this.#site
    const find = (request: Request) => {
      const route = routes.find(request)
      return { route, policy: route.cache ?? policy }
    }
    LifelineFetch.start(this, ask, { find }, this.plan.state === 'NORMAL', done)
  }

  /** Input that never became a request, from the edge. */
  readonly refused = (_client: ClientAddress | null, reason: Reason): void => {
    this.tally.received++
    this.tally.countEnd(reason, 0)
  }

  /** A mistake of ours: said once in the log with its place; the visitor gets an honest page. */
  fault(request: Request, error: unknown): void {
    this.#parts.log.error('a request failed inside the shield', { method: request.method, path: request.path.slice(0, 200), error: error instanceof Error ? error.stack : String(error) })
    try {
      if (!request.reply.started) this.refuse(request, 'shield-error', 5)
      else request.reply.abort('shield-error')
    } catch {
      // The reply is beyond help; the edge closes the connection.
    }
    this.ended(request, 'shield-error')
  }
}

function compileSite(settings: DataplaneSettings, origin: Origin): Site {
  return {
    settings,
    origin,
    hosts: new HostTable(settings.hosts),
    refusals: new RefusalPages(settings.site),
    policy: compileCachePolicy(settings.cache),
    admitted: new AlwaysAdmitted(settings.admit),
    routes: new RouteTable(settings.routes.map((route) => ({ ...route, cache: route.cache === null ? null : compileCachePolicy(settings.cache, route.cache) }))),
  }
}
