/**
 * `polder replay`: an access log lived through again, second by second on a simulated clock, by the same tap, matcher and control loop that run live.
 * The first part of the log teaches what is normal, the rest is replayed, with a flood or a crowd mixed in if asked. Nothing is sent anywhere.
 * What it cannot know (reactions of visitors, the cache, header order, TLS) is said in the result's caveats. Same log, same seed, same result.
 */
import type { Settings } from '../config/settings.ts'
import type { ControlEvent, RuleRecord } from '../contract/control.ts'
import { calmPlan, type Plan, type ShieldState } from '../contract/plan.ts'
import type { CohortTotals, ReplayedRule, ReplayResult, ReplaySecond } from '../contract/replay.ts'
import { positiveBehaviour, sampleFlags, type SampleBatch } from '../contract/sample.ts'
import type { RuleMatches, Vitals } from '../contract/vitals.ts'
import { Baseline } from '../controlplane/detection/baseline.ts'
import type { LoggedRequest } from '../controlplane/learn/log-line.ts'
import { ControlLoop } from '../controlplane/loop.ts'
import { OriginQueue, workOf } from '../controlplane/replay/origin-queue.ts'
import type { Request } from '../dataplane/request.ts'
import { compileRules, noRules, type RuleSet, strictnessOfTag } from '../dataplane/rules/compile.ts'
import { matchAllow, matchRules } from '../dataplane/rules/match.ts'
import type { Clock } from '../kernel/clock.ts'
import { SeededRandom } from '../kernel/random.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../kernel/units.ts'
import { peekLogs } from './learn-from-logs.ts'
import { LogLearner } from './log-learner.ts'
import { LoggedTraffic, LogTap } from './logged-traffic.ts'
import { type Injection, injectionOf } from './replay-injection.ts'
import { readTimeline, spread } from './replay-timeline.ts'
import { controlSettings } from '../shield/shared-state.ts'

export interface ReplayOptions {
  readonly log: string
  readonly settings: Settings
  /** A flood by name, `crowd`, or a file with lines that a tool left; null: the log alone. */
  readonly inject: string | null
  /** Times the log's own rate. */
  readonly times: number
  /** Requests a second for a log with artificial times; null keeps its times. */
  readonly spreadPerSecond: number | null
  /** Page requests the origin can answer in a second; null: twice the learned part's busiest minute. */
  readonly capacityPerSecond: number | null
  readonly seed: number
  readonly clock: Clock
  onProgress(second: number, seconds: number): void
}

const SOURCE_SLOTS = 2 ** 18
/** With its own times at most so much is replayed: the log's end. */
const LONGEST_REPLAY_MS = 24 * HOUR_MS
const QUARTER_MS = 250
/** As long as a clearance lasts. */
const CLEARED_MS = 30 * MINUTE_MS
/** Any key will do: hashes are compared only within one replay. */
const FEATURE_KEY = 0x5eed
/** The origin can do at least this: below it a handful of visitors would be a flood. */
const LEAST_CAPACITY = 5
const MOST_EVENTS = 500

interface Arrival {
  readonly logged: LoggedRequest
  readonly injected: boolean
}

/** @throws Error with what is wrong with the log or the injection. */
export async function replayLog(options: ReplayOptions): Promise<ReplayResult> {
  const started = options.clock.monotonicMs()
  const { requests: read, badLines } = await readTimeline(options.log)
  const requests = options.spreadPerSecond === null ? read : spread(read, options.spreadPerSecond)
  const first = requests[0].atWallMs
  const last = requests.at(-1)!.atWallMs
  const cut = Math.max(first + (last - first) / 2, last - LONGEST_REPLAY_MS)
  const at = requests.findIndex((request) => request.atWallMs >= cut)
  const [before, after] = [requests.slice(0, at), requests.slice(at)]
  const hosts = options.settings.hosts.length > 0 ? options.settings.hosts : (await peekLogs([options.log])).hosts
  const random = new SeededRandom(options.seed)
  const learned = learn(before, hosts, options, random)
  const injection = options.inject === null ? null : await injectionOf(options.inject, options.times, before, after, random)
  return new Replay(options, hosts, learned, before, after, injection, badLines, random).run(started)
}

interface Learned {
  readonly baseline: Baseline
  readonly rows: number
  readonly capacityPerSecond: number
}

function learn(requests: readonly LoggedRequest[], hosts: readonly string[], options: ReplayOptions, random: SeededRandom): Learned {
  const baseline = new Baseline(random)
  const isSpread = options.spreadPerSecond !== null
  let rows = 0
  const traffic = new LoggedTraffic({ featureKey: FEATURE_KEY, routes: options.settings.routes, hosts, sourceSlots: SOURCE_SLOTS })
  // Minutes of a spread log are no hours of a week: its visitors are dealt out over all of them.
  const learner = new LogLearner(traffic, (wallMs, words) => baseline.learnRow(isSpread ? wallMs + rows++ * HOUR_MS : (rows++, wallMs), words), isSpread)
  for (const request of requests) learner.learn(request)
  learner.settle()
  learner.finish((wallMs, ratePerSecond) => {
    if (!isSpread) baseline.learnMinute(wallMs, ratePerSecond)
  })
  if (isSpread) {
    const perMinute = options.spreadPerSecond! * 60
    for (let minute = 0; minute < 168 * 60; minute++) {
      const noise = (random.next() + random.next() + random.next() - 1.5) * 2 * Math.sqrt(perMinute)
      baseline.learnMinute(requests[0].atWallMs + minute * MINUTE_MS, Math.max(0, perMinute + noise) / 60)
    }
  }
  const workByMinute = new Map<number, number>()
  const probe = new LoggedTraffic({ featureKey: FEATURE_KEY, routes: options.settings.routes, hosts, sourceSlots: 1_024 })
  for (const request of requests) {
    const minute = Math.floor(request.atWallMs / MINUTE_MS)
    workByMinute.set(minute, (workByMinute.get(minute) ?? 0) + workOf[probe.arrive(request, 0).routeClass] / 60)
  }
  const busiest = Math.max(...workByMinute.values())
  return { baseline, rows, capacityPerSecond: options.capacityPerSecond ?? Math.max(LEAST_CAPACITY, 2 * busiest) }
}

class Replay {
  readonly #options: ReplayOptions
  readonly #learned: Learned
  readonly #before: readonly LoggedRequest[]
  readonly #after: readonly LoggedRequest[]
  readonly #injection: Injection | null
  readonly #badLines: number
  readonly #random: SeededRandom
  readonly #traffic: LoggedTraffic
  readonly #tap: LogTap
  readonly #queue: OriginQueue
  readonly #loop: ControlLoop
  /** Clients of the log that look like people with a browser: they would pass a challenge. */
  readonly #people: ReadonlySet<string>
  readonly #clearedUntilMs = new Map<string, number>()
  #plan: Plan = calmPlan
  #rules: RuleSet = noRules
  readonly #series: ReplaySecond[] = []
  readonly #states: Array<{ second: number; state: ShieldState }> = []
  readonly #events: ControlEvent[] = []
  readonly #own = new Cohort()
  readonly #injected = new Cohort()
  readonly #ruleCounts = new Map<string, { record: RuleRecord; ownSeen: number; ownMatched: number; injectedMatched: number }>()

  constructor(options: ReplayOptions, hosts: readonly string[], learned: Learned, before: readonly LoggedRequest[], after: readonly LoggedRequest[], injection: Injection | null, badLines: number, random: SeededRandom) {
    this.#options = options
    this.#learned = learned
    this.#before = before
    this.#after = after
    this.#injection = injection
    this.#badLines = badLines
    this.#random = random
    this.#traffic = new LoggedTraffic({ featureKey: FEATURE_KEY, routes: options.settings.routes, hosts, sourceSlots: SOURCE_SLOTS })
    this.#tap = new LogTap(random)
    this.#queue = new OriginQueue(learned.capacityPerSecond)
    this.#loop = new ControlLoop(controlSettings(options.settings), options.seed, learned.baseline)
    this.#rules = compileRules(options.settings.rules, [])
    this.#people = peopleOf([...before, ...after], this.#traffic)
    this.#traffic.forget()
  }

  run(started: number): ReplayResult {
    const from = Math.floor(this.#after[0].atWallMs / SECOND_MS) * SECOND_MS
    const seconds = Math.ceil((this.#after.at(-1)!.atWallMs + 1 - from) / SECOND_MS)
    let next = 0
    for (let second = 0; second < seconds; second++) {
      const now = from + second * SECOND_MS
      const arrivals: Arrival[] = []
      for (; next < this.#after.length && this.#after[next].atWallMs < now + SECOND_MS; next++) arrivals.push({ logged: this.#after[next], injected: false })
      for (const logged of this.#injection?.at(second, now) ?? []) arrivals.push({ logged, injected: true })
      // A log's second has no order inside; chance gives one.
      this.#second(second, now, shuffled(arrivals, this.#random))
      if (second % 10 === 0) this.#options.onProgress(second, seconds)
    }
    return this.#result(from, seconds, started)
  }

  #second(second: number, now: number, arrivals: readonly Arrival[]): void {
    const passed: Array<{ request: Request; arrival: Arrival; tagged: boolean; routeClass: Request['routeClass'] }> = []
    const counts = { own: 0, injected: 0, ownRefused: 0, ownChallenged: 0, ownShed: 0, injectedRefused: 0, injectedChallenged: 0, injectedShed: 0 }
    const batches: SampleBatch[] = []
    let quarter = 1
    arrivals.forEach((arrival, i) => {
      const atMs = now + (i / arrivals.length) * SECOND_MS
      while (atMs >= now + quarter * QUARTER_MS) batches.push(this.#tap.take(now + quarter++ * QUARTER_MS))
      const request = this.#traffic.arrive(arrival.logged, atMs)
      const cohort = arrival.injected ? this.#injected : this.#own
      counts[arrival.injected ? 'injected' : 'own']++
      cohort.arrive(request.client.key)
      this.#tap.see(request, this.#traffic, atMs, request.visitorClass === 'known' ? sampleFlags.exemptPath : 0)
      const fate = this.#judge(request, arrival, atMs)
      if (fate === 'refused') {
        counts[arrival.injected ? 'injectedRefused' : 'ownRefused']++
        cohort.refuse(request.client.key)
      } else if (fate === 'challenged') {
        counts[arrival.injected ? 'injectedChallenged' : 'ownChallenged']++
        cohort.challenge(request.client.key)
      } else passed.push({ request, arrival, tagged: request.visitorClass === 'tagged', routeClass: request.routeClass })
    })
    batches.push(this.#tap.take(now + SECOND_MS))
    const { served, vitals } = this.#queue.serve(passed, 1, () => this.#random.next())
    passed.forEach(({ request, arrival }, i) => {
      if (served[i]) return this.#traffic.answered(request, arrival.logged.status)
      counts[arrival.injected ? 'injectedShed' : 'ownShed']++
      ;(arrival.injected ? this.#injected : this.#own).shed++
    })
    const whole: Vitals = {
      worker: 0, fromWallMs: now, toWallMs: now + SECOND_MS, planVersion: this.#plan.version, received: arrivals.length, ended: {}, bytesIn: 0, bytesOut: 0, openConnections: 0, eventLoopLagP99Ms: 0,
      ruleMatches: this.#takeMatches(), cache: { entries: 0, bytes: 0, stored: 0, collapsed: 0 }, durations: { cache: [], origin: [], refused: [] }, ...vitals,
    }
    this.#think(second, now + SECOND_MS, batches, whole, counts)
  }

  #think(second: number, now: number, samples: readonly SampleBatch[], vitals: Vitals, counts: Pick<ReplaySecond, 'own' | 'injected' | 'ownRefused' | 'ownChallenged' | 'ownShed' | 'injectedRefused' | 'injectedChallenged' | 'injectedShed'>): void {
    const { plan, changed, events, views } = this.#loop.tick(now, { samples, vitals: [vitals], commands: [] })
    if (changed) {
      this.#plan = plan
      this.#rules = compileRules(this.#options.settings.rules, plan.rules, this.#rules)
      this.#tap.share = plan.sampleShare
    }
    for (const event of events) if (this.#events.length < MOST_EVENTS) this.#events.push(event)
    if (this.#states.at(-1)?.state !== views.state) this.#states.push({ second, state: views.state })
    for (const record of views.rules) {
      const known = this.#ruleCounts.get(record.id)
      if (known === undefined) this.#ruleCounts.set(record.id, { record, ownSeen: 0, ownMatched: 0, injectedMatched: 0 })
      else known.record = record
    }
    const { ratePerSecond, medianLog, madLog } = views.expectation
    const sigma = this.#options.settings.detection.watchZ * Math.sqrt((madLog * 1.4826) ** 2 + 1 / (1 + ratePerSecond * 3))
    this.#series.push({
      ...counts,
      expected: ratePerSecond, low: Math.max(0, Math.expm1(medianLog - sigma)), high: Math.expm1(medianLog + sigma),
      state: views.state, waitMs: this.#queue.waitMs,
      rules: plan.rules.filter((rule) => rule.origin === 'automatic' && !rule.dryRun && acts(rule.action)).length,
    })
  }

  /** The data plane's own answer (pipeline: obey). */
  #judge(request: Request, { logged, injected }: Arrival, now: number): 'passed' | 'refused' | 'challenged' {
    const features = this.#traffic.features.read(request)
    const { sources } = this.#traffic
    for (const rule of this.#plan.rules) {
      const count = this.#ruleCounts.get(rule.id)
      if (!injected && count !== undefined && acts(rule.action)) count.ownSeen++
    }
    if (matchAllow(this.#rules, request, features, sources, now) !== null) return 'passed'
    const rule = matchRules(this.#rules, request, features, sources, now, request.visitorClass === 'known')
    if (rule === null) return 'passed'
    const count = this.#ruleCounts.get(rule.id)
    if (count !== undefined && acts(rule.action)) count[injected ? 'injectedMatched' : 'ownMatched']++
    if (rule.strictness > strictnessOfTag && rule.passesAsCanary(request.client.key, now)) return 'passed'
    if (rule.action === 'tag') request.visitorClass = 'tagged'
    if (rule.action === 'challenge') return this.#passesChallenge(logged.client, injected, now) ? 'passed' : 'challenged'
    return rule.action === 'block' || (rule.action === 'limit' && !rule.takeToken(now, 1)) ? 'refused' : 'passed'
  }

  /** People solve it at their first request and are let through for half an hour; tools, feed readers and crawlers never do. */
  #passesChallenge(client: string, injected: boolean, now: number): boolean {
    if ((this.#clearedUntilMs.get(client) ?? 0) > now) return true
    if (injected ? this.#injection!.people : this.#people.has(client)) this.#clearedUntilMs.set(client, now + CLEARED_MS)
    return false
  }

  #takeMatches(): Record<string, RuleMatches> {
    const matches: Record<string, RuleMatches> = {}
    for (const rule of [...this.#rules.allow, ...this.#rules.others]) {
      if (rule.matched > 0) matches[rule.id] = { matched: rule.matched, positive: rule.positive, canaryTried: rule.canaryTried, canaryPassed: rule.canaryPassed }
      rule.matched = rule.positive = rule.canaryTried = rule.canaryPassed = 0
    }
    return matches
  }

  #result(from: number, seconds: number, started: number): ReplayResult {
    const injection = this.#injection
    const ruled = injection === null ? -1 : this.#series.findIndex((one, second) => second >= injection.fromSecond && one.rules > 0)
    const during = injection === null || ruled === -1 ? [] : this.#series.slice(ruled + 1, injection.untilSecond)
    const offered = during.reduce((sum, one) => sum + one.injected, 0)
    const rules: ReplayedRule[] = [...this.#ruleCounts.values()].filter(({ record }) => record.origin === 'automatic').map(({ record, ...counts }) => ({ rule: record, ...counts }))
    const { spreadPerSecond, capacityPerSecond } = this.#options
    return {
      log: this.#options.log,
      injected: injection === null ? null : { name: injection.name, times: this.#options.times, clients: injection.clients, requests: this.#injected.requests, note: injection.note },
      seed: this.#options.seed,
      learned: { requests: this.#before.length, minutes: this.#learned.baseline.minutesLearned, rows: this.#learned.baseline.rowsHeld, fromWallMs: this.#before[0].atWallMs, toWallMs: this.#before.at(-1)!.atWallMs },
      replayed: { requests: this.#after.length, seconds, fromWallMs: from, badLines: this.#badLines },
      spreadPerSecond,
      origin: { capacityPerSecond: this.#learned.capacityPerSecond, auto: capacityPerSecond === null },
      series: this.#series, states: this.#states, events: this.#events, rules,
      totals: {
        own: this.#own.totals(), injected: this.#injected.totals(),
        secondsToRule: ruled === -1 ? null : ruled - injection!.fromSecond,
        matchedShareOnceRuled: offered === 0 ? null : during.reduce((sum, one) => sum + one.injectedRefused + one.injectedChallenged, 0) / offered,
      },
      caveats: caveatsOf(spreadPerSecond, injection !== null, this.#learned.baseline.coldStart),
      tookSeconds: (this.#options.clock.monotonicMs() - started) / SECOND_MS,
    }
  }
}

function caveatsOf(spreadPerSecond: number | null, injected: boolean, coldStart: boolean): string[] {
  return [
    'Visitors in a log do not react: nobody reloads, gives up or comes back because of an answer. Who fetches pictures and scripts is taken to solve a challenge at once; who does not, never.',
    'The origin is modelled as a queue of fixed capacity without cache: relief comes from rules alone. Live, cached pages and fair queueing come before rules.',
    'A log says neither header order nor languages nor TLS nor cookies: rules live on more than was seen here.',
    ...(spreadPerSecond === null ? [] : [`The log's own times were not used: visits begin evenly at ${spreadPerSecond} requests a second, and every hour of the week was taken to be like that.`]),
    ...(injected ? ['The injected requests were made up from a pattern; their clients and times are not real.'] : []),
    ...(coldStart ? ['Less than a day was learned: in that time Polder blocks nobody by itself.'] : []),
  ]
}

/** Steps that refuse visitors or ask something of them. */
function acts(action: string): boolean {
  return action === 'block' || action === 'limit' || action === 'challenge'
}

/** Clients that fetched what belongs to their pages, over the whole log. */
function peopleOf(requests: readonly LoggedRequest[], traffic: LoggedTraffic): Set<string> {
  const seen = new Map<string, { pages: number; statics: number }>()
  for (const logged of requests) {
    const { routeClass } = traffic.arrive(logged, 0)
    const counts = seen.get(logged.client) ?? { pages: 0, statics: 0 }
    seen.set(logged.client, counts)
    if (routeClass === 'static') counts.statics++
    else counts.pages++
  }
  return new Set([...seen].filter(([, { pages, statics }]) => pages > 0 && statics >= pages * positiveBehaviour.staticsPerPage).map(([client]) => client))
}

class Cohort {
  requests = 0
  refused = 0
  challenged = 0
  shed = 0
  readonly #clients = new Set<number>()
  readonly #refusedClients = new Set<number>()
  readonly #challengedClients = new Set<number>()

  arrive(client: number): void {
    this.requests++
    this.#clients.add(client)
  }

  refuse(client: number): void {
    this.refused++
    this.#refusedClients.add(client)
  }

  challenge(client: number): void {
    this.challenged++
    this.#challengedClients.add(client)
  }

  totals(): CohortTotals {
    return { requests: this.requests, refused: this.refused, challenged: this.challenged, shed: this.shed, clients: this.#clients.size, refusedClients: this.#refusedClients.size, challengedClients: this.#challengedClients.size }
  }
}

function shuffled<T>(list: T[], random: SeededRandom): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[list[i], list[j]] = [list[j], list[i]]
  }
  return list
}
