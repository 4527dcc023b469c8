import type { Clock, MonotonicMs } from '../../kernel/clock.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { firstValue } from '../../kernel/header-list.ts'
import type { HeaderList } from '../../kernel/header-list.ts'
import { Request } from '../request.ts'
import type { ClientAddress, PreparedAnswer, Reply, RequestBody } from '../request.ts'
import { LocalBus } from './bus.ts'
import { CacheShared, allocateCache } from './cache-shared.ts'
import { forwardStatus } from './cache-status.ts'
import { Cache, wantsPart } from './cache.ts'
import type { LastGoodStore } from './disk-store.ts'
import { CacheKeeper } from './keeper.ts'
import type { Lookup } from './lookup.ts'
import { compileCachePolicy } from './policy.ts'
import type { CachePolicy } from './policy.ts'
import { isOriginError } from './stale.ts'
import type { CacheEntry } from './stored-response.ts'

/** For tests: workers, store thread and bus in one thread, with a function as the origin. It follows the call order in the head of cache.ts. */
export interface OriginAnswer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: string | Uint8Array
}
export interface OriginRequest {
  readonly method: string
  readonly host: string
  readonly target: string
  readonly headers: HeaderList
}
/** Rejecting means that the origin gave no answer. */
export type RigOrigin = (request: OriginRequest) => Promise<OriginAnswer> | OriginAnswer

export interface Served {
  readonly status: number
  readonly headers: HeaderList
  readonly body: Uint8Array
  readonly text: string
  readonly cacheStatus: string
}

const nobody: ClientAddress = { family: 4, text: '127.0.0.1', high: 0x7f000001, low: 0, key: 1 }

export interface AskOptions {
  readonly method?: string
  readonly headers?: HeaderList
  readonly body?: boolean
  readonly host?: string
  readonly worker?: number
  readonly preferStale?: boolean
}

export class CacheRig {
  readonly clock: Clock
  readonly shared: CacheShared
  readonly bus: LocalBus
  readonly keeper: CacheKeeper
  readonly workers: readonly Cache[]
  policy: CachePolicy
  origin: RigOrigin
  /** All that reached the origin, in order. */
  readonly asked: OriginRequest[] = []
  readonly #behind: Array<Promise<unknown>> = []

  constructor(origin: RigOrigin, options: { readonly policy?: CachePolicy; readonly workers?: number; readonly memoryBytes?: number; readonly clock?: Clock; readonly lazyBus?: boolean; readonly disk?: LastGoodStore } = {}) {
    this.origin = origin
    this.policy = options.policy ?? compileCachePolicy()
    this.clock = options.clock ?? new SimulatedClock()
    this.shared = new CacheShared(allocateCache({ memoryBytes: options.memoryBytes ?? this.policy.settings.memoryBytes }), 0x5eed)
    this.bus = new LocalBus(options.lazyBus !== true)
    this.keeper = new CacheKeeper({ shared: this.shared, bus: this.bus.connect(), clock: this.clock, disk: options.disk ?? null, maxVariantsPerKey: this.policy.settings.maxVariantsPerKey })
    this.workers = Array.from({ length: options.workers ?? 1 }, (_, worker) => new Cache({ worker, shared: this.shared, bus: this.bus.connect(), clock: this.clock }))
    for (const worker of this.workers) worker.joined()
  }

  get now(): MonotonicMs {
    return this.clock.monotonicMs()
  }

  advanceMs(ms: number): void {
    ;(this.clock as SimulatedClock).advanceMs(ms)
    for (const worker of this.workers) worker.tick(this.now)
    this.keeper.tick()
  }

  /** Waits for fetches behind stale answers. */
  async settle(): Promise<void> {
    while (this.#behind.length > 0) await this.#behind.shift()
  }

  request(target: string, options: AskOptions = {}): Request {
    const body = options.body === true ? ({ declaredBytes: 1, maxBodyBytes: 0, start() {}, resume() {}, discard() {} } satisfies RequestBody) : null
    return new Request(options.method ?? 'GET', target, options.host ?? 'example.org', 'http', 11, options.headers ?? [], nobody, null, body, null as unknown as Reply, this.now, '')
  }

  async ask(target: string, options: AskOptions = {}): Promise<Served> {
    return this.serve(this.request(target, options), options.worker ?? 0, options.preferStale ?? false)
  }

  async serve(request: Request, worker = 0, preferStale = false): Promise<Served> {
    const cache = this.workers[worker]
    for (let round = 0; ; round++) {
      const lookup = cache.lookup(request, this.policy, this.now, preferStale)
      if (lookup.kind === 'fresh') return served(cache.answer(request, lookup.entry as CacheEntry, this.policy, this.now))
      if (lookup.kind === 'stale') {
        const behind = cache.refreshBehind(lookup, this.now)
        if (behind !== null) this.#behind.push(this.#fetch(cache, request, behind).catch(() => undefined))
        return served(cache.answer(request, lookup.entry as CacheEntry, this.policy, this.now))
      }
      if (lookup.kind === 'only-if-cached') return plain(504, [], '')
      if (lookup.kind === 'bypass') return this.#pass(cache, request, lookup)
      const outcome = await new Promise<string>((resolve) => {
        const claimed = cache.claim(lookup, resolve, this.now)
        if (claimed !== 'waiting') resolve(claimed)
      })
      if (outcome === 'stored' && round < 4) continue
      if (outcome === 'failed' || outcome === 'full') return this.#afterError(cache, request, lookup, 502)
      return this.#fetch(cache, request, lookup)
    }
  }

  async #fetch(cache: Cache, request: Request, lookup: Lookup): Promise<Served> {
    const headers = cache.originHeaders(request, lookup)
    const sentAt = this.now
    let answer: OriginAnswer
    try {
      answer = await this.#askOrigin({ method: request.method === 'HEAD' && lookup.anonymous ? 'GET' : request.method, host: request.host, target: lookup.originTarget, headers })
    } catch {
      cache.failed(lookup)
      return this.#afterError(cache, request, lookup, 502)
    }
    const delayMs = this.now - sentAt
    if (lookup.kind === 'validate' && answer.status === 304) {
      const entry = cache.validated(request, lookup, answer.headers, delayMs)
      if (entry !== null) return served(cache.answer(request, entry, lookup.policy, this.now), forwardStatus({ why: lookup.why, status: 304, stored: true }))
    }
    if (isOriginError(answer.status)) {
      const copy = cache.onError(lookup, this.now)
      if (copy !== null) {
        cache.failed(lookup)
        return served(cache.answer(request, copy, lookup.policy, this.now, 'origin-error'))
      }
    }
    if (request.method === 'HEAD' && !lookup.anonymous) cache.headAnswered(request, lookup, answer.status, answer.headers, delayMs)
    const writer = cache.begin(request, lookup, answer.status, answer.headers, delayMs)
    const body = bytes(answer.body)
    if (typeof writer === 'string') return plain(answer.status, [...answer.headers, 'cache-status', forwardStatus({ why: lookup.why, status: answer.status, detail: writer })], body)
    // In two chunks, as a network would.
    const half = body.length >> 1
    writer.write(body.subarray(0, half))
    writer.write(body.subarray(half))
    const stored = writer.commit()
    const status = forwardStatus({ why: lookup.why, status: answer.status, stored: stored !== null })
    if (stored !== null && writer.lengthKnown && wantsPart(request.headers)) {
      const entry = cache.entryOf(stored.id)
      if (entry !== null) return served(cache.answer(request, entry, lookup.policy, this.now), status)
    }
    return plain(answer.status, [...answer.headers, 'cache-status', status], body)
  }

  async #pass(cache: Cache, request: Request, lookup: Lookup): Promise<Served> {
    try {
      const answer = await this.#askOrigin({ method: request.method, host: request.host, target: lookup.originTarget, headers: cache.originHeaders(request, lookup) })
      cache.unsafeAnswered(request, lookup, answer.status, answer.headers)
      return plain(answer.status, [...answer.headers, 'cache-status', forwardStatus({ why: lookup.why, status: answer.status })], bytes(answer.body))
    } catch {
      return plain(502, [], '')
    }
  }

  #afterError(cache: Cache, request: Request, lookup: Lookup, status: number): Promise<Served> | Served {
    const copy = cache.onError(lookup, this.now)
    if (copy !== null) return served(cache.answer(request, copy, lookup.policy, this.now, 'origin-error'))
    return new Promise((resolve) => {
      cache.recall(request, lookup, this.now, 200, (entry) => {
        resolve(entry === null ? plain(status, [], '') : served(cache.answer(request, entry, lookup.policy, this.now, 'last-good')))
      })
    })
  }

  #askOrigin(request: OriginRequest): Promise<OriginAnswer> {
    this.asked.push(request)
    return new Promise((resolve) => resolve(this.origin(request)))
  }
}

function served(answer: PreparedAnswer, cacheStatus?: string): Served {
  const headers = cacheStatus === undefined ? answer.headers : [...answer.headers.filter((_, i) => answer.headers[i - (i % 2)] !== 'cache-status'), 'cache-status', cacheStatus]
  return plain(answer.status, headers, answer.body ?? new Uint8Array(0))
}

function plain(status: number, headers: HeaderList, body: string | Uint8Array): Served {
  const content = bytes(body)
  return { status, headers, body: content, text: Buffer.from(content).toString('latin1'), cacheStatus: firstValue(headers, 'cache-status') ?? '' }
}

function bytes(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body, 'latin1') : body
}
