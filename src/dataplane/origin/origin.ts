import { readFileSync } from 'node:fs'
import type { RouteClass } from '../../contract/route-class.ts'
import { routeClasses } from '../../contract/route-class.ts'
import type { OriginVitals } from '../../contract/vitals.ts'
import type { Clock, MonotonicMs } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import { pickUpstream } from './balance.ts'
import type { OriginCall, OriginHandle, UpgradeCall } from './call.ts'
import { Exchange } from './exchange.ts'
import type { Deadlines, ExchangeHost } from './exchange.ts'
import { faults } from './fault.ts'
import type { Fault } from './fault.ts'
import { HealthCheck } from './health-check.ts'
import { isLoop, requestHeaders } from './hop-by-hop.ts'
import type { HeaderPolicy } from './hop-by-hop.ts'
import { OriginMeter } from './meter.ts'
import { parseClassTimeout } from './options.ts'
import type { OriginSettings } from './options.ts'
import { RetryBudget } from './retry-budget.ts'
import { H1Transport } from './h1-transport.ts'
import { Upstream } from './upstream.ts'
import type { UpstreamState } from './upstream.ts'
import { parseUpstream } from './upstream-url.ts'

/** What an Origin is given besides its settings. */
export interface OriginParts {
  readonly clock: Clock
  readonly random: Random
  /** Eight or so hex digits, the same in all workers of this Polder and different in others: our name in Via is `polder-<instanceId>`. */
  readonly instanceId: string
  /** Deadlines are looked at this often, in ms; 0: only by calling `sweep` (tests). */
  readonly sweepMs?: number
}

/** Deadlines may be late by this much; a tenth of the shortest one worth having. */
const SWEEP_MS = 100
/** Retries beyond the share after quiet times: an origin that restarts breaks some idle connections at once. */
const RETRY_BURST = 10
/** Health is judged over this window and at least this many tries. Source: Envoy outlier detection interval 10 s; its minimum of 100 is for far more traffic. */
const FAILURE_WINDOW_MS = 10_000
const FAILURE_MINIMUM = 20
/** Exchanges per connection beyond which new ones are refused: the client library's own queue has no end. */
const QUEUE_FACTOR = 2

/**
 * The origin as one edge worker sees it: upstreams, their connections, health, balance, retries and deadlines.
 * Swapped whole on reload: make a new one, then `close` the old one.
 */
export class Origin implements ExchangeHost {
  readonly policy: HeaderPolicy
  readonly tunnelIdleMs: number
  readonly meter = new OriginMeter()
  readonly #settings: OriginSettings
  readonly #clock: Clock
  readonly #random: Random
  readonly #upstreams: readonly Upstream[]
  readonly #checks: readonly HealthCheck[]
  readonly #deadlines: Readonly<Record<RouteClass, Deadlines>>
  readonly #budget: RetryBudget
  readonly #running: Exchange[] = []
  readonly #timer: NodeJS.Timeout | null
  #retries = 0
  #closed = false

  /** @throws Error when an upstream cannot be read, there is none, or the CA file is missing. */
  constructor(settings: OriginSettings, parts: OriginParts) {
    this.#settings = settings
    this.#clock = parts.clock
    this.#random = parts.random
    this.policy = Object.freeze({
      viaName: `polder-${parts.instanceId}`,
      sendVia: settings.sendVia,
      hostOverride: settings.hostOverride,
      sendForwarded: settings.sendForwarded,
      dropUnderscoreNames: settings.dropUnderscoreNames,
      hideAnswerFields: new Set(settings.hideAnswerFields),
    })
    const now = this.#clock.monotonicMs()
    this.tunnelIdleMs = settings.streamIdleTimeoutMs
    const tlsCa = settings.tlsCaFile === '' ? null : readFileSync(settings.tlsCaFile, 'utf8')
    const health = {
      consecutiveFailures: settings.ejectAfterFailures,
      failureShare: settings.ejectFailureShare,
      failureMinimum: FAILURE_MINIMUM,
      failureWindowMs: FAILURE_WINDOW_MS,
      ejectionMs: settings.ejectionMs,
      ejectionMaxMs: settings.ejectionMaxMs,
    }
    if (settings.upstreams.length === 0) throw new Error('origin: no upstream is configured')
    this.#upstreams = settings.upstreams.map((text) => {
      const spec = parseUpstream(text)
      if (typeof spec === 'string') throw new Error(`origin: upstream "${text}": ${spec}`)
      const wire = { ...settings, tlsCa }
      return new Upstream(spec, new H1Transport(spec, wire, now), new H1Transport(spec, { ...wire, connections: settings.upgradeConnections }, now), health)
    })
    this.#deadlines = deadlinesByClass(settings)
    this.#budget = new RetryBudget(settings.retryShare, RETRY_BURST)
    this.#checks = settings.checkPath === '' ? [] : this.#upstreams.map((upstream) => new HealthCheck(upstream, checkSettings(settings, upstream), this.#random, now))
    const sweepMs = parts.sweepMs ?? SWEEP_MS
    this.#timer = sweepMs === 0 ? null : setInterval(() => setImmediate(this.#sweepAfterReads), sweepMs).unref()
  }

  /**
   * Sends one request; everything about it is told to `call.sink`, never before this returns. The body is discarded when it is not (or no longer) wanted.
   * Errors: 'loop-detected' (answer 508), 'origin-down', 'limit-shed', 'draining', 'bad-request', and those of the tries (fault.ts).
   */
  forward(call: OriginCall): OriginHandle {
    const now = this.#clock.monotonicMs()
    if (this.#closed) return refuse(call, faults.closed)
    if (isLoop(call.headers, this.policy.viaName)) return refuse(call, faults.loop)
    if (call.target.charCodeAt(0) !== 0x2f && !(call.method === 'OPTIONS' && call.target === '*')) return refuse(call, faults.badRequest)
    const { panicInFlight, connections } = this.#settings
    const upstream = pickUpstream(this.#upstreams, null, now, this.#random, panicInFlight)
    if (upstream === null) return refuse(call, faults.down)
    if (upstream.inFlight >= connections * QUEUE_FACTOR) return refuse(call, faults.noConnection)
    return this.#run(call, upstream, now)
  }

  /**
   * Asks the origin to change protocol; on 101 joins the visitor's raw connection with the origin's until one of them ends or both are idle too long.
   * Any other answer comes to `call.sink` as if it had been forwarded. onEnd: the tunnel ended in peace. Errors as in `forward`, and 'upgrade-refused'.
   */
  upgrade(call: UpgradeCall): OriginHandle {
    const now = this.#clock.monotonicMs()
    if (this.#closed) return refuse(call, faults.closed)
    if (isLoop(call.headers, this.policy.viaName)) return refuse(call, faults.loop)
    if (call.method !== 'GET' || !isToken(call.protocol)) return refuse(call, faults.upgradeRefused)
    const { panicInFlight, upgradeConnections } = this.#settings
    const upstream = pickUpstream(this.#upstreams, null, now, this.#random, panicInFlight)
    if (upstream === null) return refuse(call, faults.down)
    if (upstream.tunnelTransport.openConnections >= upgradeConnections) return refuse(call, faults.noConnection)
    return this.#run(call, upstream, now)
  }

  #run(call: OriginCall, upstream: Upstream, now: MonotonicMs): OriginHandle {
    this.#budget.earn()
    let deadlines = this.#deadlines[call.routeClass]
    if (call.deadlineMs > 0) deadlines = { firstByteMs: deadlines.firstByteMs, idleMs: deadlines.idleMs, totalMs: call.deadlineMs }
    // HTTP/1.0 needs no Host; written as HTTP/1.1 an empty one would be refused by many origins.
    const named = call.host === '' ? { ...call, host: authorityOf(upstream) } : call
    const exchange = new Exchange(this, call, requestHeaders(named, this.policy), upstream, deadlines, now)
    exchange.slot = this.#running.length
    this.#running.push(exchange)
    exchange.start()
    return exchange
  }

  /** After a stall of this thread, what arrived meanwhile is read before anybody is called late. */
  readonly #sweepAfterReads = (): void => this.sweep()

  /** Ends what is over its time and runs active checks; called by the Origin's own timer. */
  sweep(): void {
    const now = this.#clock.monotonicMs()
    // Backwards: an exchange that ends is replaced by the last one, which was already looked at.
    for (let i = this.#running.length - 1; i >= 0; i--) this.#running[i].checkDeadlines(now)
    for (const upstream of this.#upstreams) {
      upstream.transport.sweep(now)
      upstream.tunnelTransport.sweep(now)
    }
    for (const check of this.#checks) check.sweep(now)
  }

  get inFlight(): number {
    return this.#running.length
  }

  /** Second tries since start. */
  get retries(): number {
    return this.#retries
  }

  /** False: no upstream is believed to answer. */
  get hasHealthy(): boolean {
    const upstreams = this.#upstreams
    for (let i = 0; i < upstreams.length; i++) if (upstreams[i].health.state === 'healthy') return true
    return false
  }

  upstreams(): readonly UpstreamState[] {
    return this.#upstreams.map((upstream) => upstream.state())
  }

  /** Vitals since the last read; see OriginMeter.read. */
  vitals(): Partial<Record<RouteClass, OriginVitals>> {
    return this.meter.read()
  }

  /** No new requests; resolves when the running ones have ended. */
  async close(): Promise<void> {
    this.#closed = true
    for (const check of this.#checks) check.stop()
    await Promise.all(this.#upstreams.flatMap((upstream) => [upstream.transport.close(), upstream.tunnelTransport.close()]))
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  /** Cuts what is running ('draining') and closes all connections. */
  async destroy(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearInterval(this.#timer)
    for (const check of this.#checks) check.stop()
    for (let i = this.#running.length - 1; i >= 0; i--) this.#running[i].fail(faults.closed)
    await Promise.all(this.#upstreams.flatMap((upstream) => [upstream.transport.destroy(), upstream.tunnelTransport.destroy()]))
  }

  now(): MonotonicMs {
    return this.#clock.monotonicMs()
  }

  pickForRetry(failed: Upstream, fault: Fault): Upstream | null {
    if (this.#closed) return null
    const next = pickUpstream(this.#upstreams, failed, this.now(), this.#random, this.#settings.panicInFlight)
    // One that could not be reached a moment ago cannot be reached now.
    if (next === null || (fault.beforeSending && next === failed) || !this.#budget.spend()) return null
    this.#retries++
    return next
  }

  onTryFailed(exchange: Exchange, upstream: Upstream, fault: Fault): void {
    if (exchange.call.unmetered !== true) this.meter.failed(exchange.call.routeClass, fault)
    upstream.failed(this.now(), fault, this.#random)
  }

  onAnswered(exchange: Exchange, upstream: Upstream, status: number, now: MonotonicMs): void {
    if (exchange.call.unmetered !== true) this.meter.answered(exchange.call.routeClass, status, now - exchange.startedMs)
    if (this.#settings.ejectOnServerErrors && status >= 502 && status <= 504) upstream.health.failed(now, this.#random.next())
    else upstream.health.succeeded(now)
  }

  onOver(exchange: Exchange): void {
    const last = this.#running.pop()
    if (last === undefined || last === exchange) return
    this.#running[exchange.slot] = last
    last.slot = exchange.slot
  }
}

/** RFC 9110 section 7.8: protocol name, optionally with a version. */
function isToken(protocol: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}(\/[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,16})?$/.test(protocol)
}

/** Rare, so a closure does no harm; after the caller has its handle, so that no sink is called from within forward. */
function refuse(call: OriginCall, fault: Fault): OriginHandle {
  if (call.body !== null && !(call.body instanceof Uint8Array)) call.body.discard()
  let told = false
  queueMicrotask(() => {
    if (told) return
    told = true
    call.sink.onError(fault.reason, fault.detail, false)
  })
  return { abort: () => void (told = true), resume: () => {} }
}

function deadlinesByClass(settings: OriginSettings): Readonly<Record<RouteClass, Deadlines>> {
  const table = {} as Record<RouteClass, Deadlines>
  for (const routeClass of routeClasses) {
    const stream = routeClass === 'stream'
    let firstByteMs = settings.firstByteTimeoutMs
    for (const text of settings.firstByteTimeoutByClass) {
      const parsed = parseClassTimeout(text)
      if (typeof parsed === 'string') throw new Error(`origin: firstByteTimeoutByClass "${text}": ${parsed}`)
      if (parsed.routeClass === routeClass) firstByteMs = parsed.ms
    }
    table[routeClass] = Object.freeze({ firstByteMs, idleMs: stream ? settings.streamIdleTimeoutMs : settings.idleTimeoutMs, totalMs: stream ? 0 : settings.totalTimeoutMs })
  }
  return Object.freeze(table)
}

/** What an upstream is called when nobody named a site. */
function authorityOf({ spec: { hostname, port, socketPath } }: Upstream): string {
  return socketPath !== '' ? 'localhost' : `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`
}

function checkSettings(settings: OriginSettings, upstream: Upstream) {
  return {
    path: settings.checkPath,
    host: settings.hostOverride === '' ? authorityOf(upstream) : settings.hostOverride,
    intervalMs: settings.checkIntervalMs,
    timeoutMs: settings.checkTimeoutMs,
    status: settings.checkStatus,
    failures: settings.checkFailures,
  }
}
