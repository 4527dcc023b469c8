import type { Reason } from '../../contract/reason.ts'
import { type RouteClass, routeClasses, type VisitorClass, visitorClasses } from '../../contract/route-class.ts'
import type { AdmissionVitals } from '../../contract/vitals.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import { type AdmissionMemory, reclaimWorker } from './admission-memory.ts'
import { AdmissionSlot, type SlotEnd, type SlotOwner } from './admission-slot.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import { FairQueue, type QueueLoss } from './fair-queue.ts'
import { limiterAt, limiterWord, ROUTES, rowAt, rowWord, STREAM, TOTAL } from './limit-memory.ts'
import type { AdmissionSettings } from './options.ts'
import { RouteCost } from './route-cost.ts'
import { Rate, retryAfterSeconds, wouldWaitInVain } from './shed.ts'
import { BUDGET_LEVEL_WORD, BUDGET_TIME_WORD, SLOT_WORDS, SourceTable } from './source-table.ts'
import { TokenBucket } from './token-bucket.ts'
import { WaitHistogram } from './wait-histogram.ts'

/**
 * The door to the origin: who may go now, who waits, who is refused.
 *
 * Why: the floor of protection that needs no detection (design note (e), Admission).
 * When: for every request that needs the origin. A free slot and nobody waiting: at once, without touching the queue. Otherwise it waits in the fair queue
 * of its edge worker; whenever a slot is free and somebody waits, somebody is served (invariant 8). Refused only when no slot is free: the queue's bounds,
 * its delay control, a wait that would be in vain, or a client beyond its budget of origin time that is already last in line.
 * Between workers: a worker that gives a slot back draws the worker that may use it by the numbers waiting there, and wakes it. A lost wake-up costs at most `pollMs`.
 * Never: refuse while a slot is free, finish a slot twice, call back from inside `admit`, allocate for a request that waits.
 */
export interface Refusal {
  readonly reason: Reason
  /** Whole seconds, honest: from what waits and what is served. */
  readonly retryAfterSeconds: number
}

/** A request that wants the origin. The pipeline's own object; `ticket` and `bookedMs` belong to admission. */
export interface Applicant {
  readonly routeClass: RouteClass
  readonly visitorClass: VisitorClass
  readonly client: { readonly key: number }
  /** From SourceTable.touch, or -1. */
  readonly sourceSlot: number
  /** When the visitor's time is up, monotonic ms; Infinity for the setting's longest wait alone. */
  readonly deadlineMs: number
  ticket: number
  bookedMs: number
  /** Called at most once, later, never from inside `admit`. */
  onSlot(slot: AdmissionSlot): void
  onRefused(refusal: Refusal): void
}

export interface AdmissionHooks {
  readonly clock: Clock
  readonly random: Random
  /** Make worker `index` call `onWake` soon; for its own index after the current call has returned (setImmediate). */
  wake(index: number): void
  /** Call `poll` once after `delayMs`. Never asked for again before `poll` was called. */
  pollLater(delayMs: number): void
}

const NOT_WAITING = -1
const WAITING_ALL = limiterAt(TOTAL) + limiterWord.waitingAll
const TAGGED = visitorClasses.indexOf('tagged')
const ALLOWED = visitorClasses.indexOf('allowed')
const STATIC = routeClasses.indexOf('static')
/** So many times its usual time an answer may take before the origin counts as slow (algorithms: origin health, h3). */
const USUAL_TIMES = 2
const RETRY_SECONDS_SLOTS = 256
/** What an answer is taken to need before one was seen, where too much would be promised otherwise. */
const UNKNOWN_MS = 1_000

const routeIndex = Object.freeze(Object.fromEntries(routeClasses.map((name, index) => [name, index]))) as Readonly<Record<RouteClass, number>>
const visitorIndex = Object.freeze(Object.fromEntries(visitorClasses.map((name, index) => [name, index]))) as Readonly<Record<VisitorClass, number>>

export class Admission implements SlotOwner {
  readonly sources: SourceTable
  readonly limit: ConcurrencyLimit
  readonly cost: RouteCost
  readonly #words: Int32Array
  readonly #workers: number
  readonly #worker: number
  readonly #row: number
  readonly #hooks: AdmissionHooks
  readonly #bucket: TokenBucket
  readonly #queue: FairQueue<Applicant>
  #settings: AdmissionSettings

  readonly #lost: Array<Applicant | null>
  readonly #lostReason: QueueLoss[]
  #lostCount = 0
  #telling = false
  #dispatching = false
  #dispatchAgain = false
  #pollAsked = false

  readonly #admitted = new Float64Array(ROUTES)
  readonly #rejected = new Float64Array(ROUTES)
  readonly #waits: readonly WaitHistogram[]
  readonly #served: readonly Rate[]
  readonly #refused: readonly Rate[]
  readonly #refusals = new Map<Reason, Refusal[]>()

  constructor(memory: AdmissionMemory, workerIndex: number, settings: AdmissionSettings, hooks: AdmissionHooks) {
    this.#words = new Int32Array(memory.limits)
    this.#workers = memory.workers
    this.#worker = workerIndex
    this.#row = rowAt(workerIndex)
    this.#settings = settings
    this.#hooks = hooks
    this.sources = new SourceTable(memory.sources, memory.sourceKey)
    // A worker that starts holds nothing, whatever the one before it left.
    reclaimWorker(memory, workerIndex)
    this.limit = new ConcurrencyLimit(this.#words, workerIndex, settings)
    this.cost = new RouteCost(this.#words)
    this.#bucket = new TokenBucket(this.sources.words)
    this.#lost = Array.from({ length: settings.waitingMax }, () => null)
    this.#lostReason = Array.from({ length: settings.waitingMax }, () => 'queue-timeout')
    this.#queue = new FairQueue(settings.waitingMax, settings, (applicant, loss) => {
      this.#lost[this.#lostCount] = applicant
      this.#lostReason[this.#lostCount++] = loss
    })
    const nowMs = hooks.clock.monotonicMs()
    this.#waits = routeClasses.map(() => new WaitHistogram())
    this.#served = visitorClasses.flatMap(() => routeClasses.map(() => new Rate(nowMs)))
    this.#refused = visitorClasses.flatMap(() => routeClasses.map(() => new Rate(nowMs)))
  }

  /** A reload: everything that does not change memory. */
  setSettings(settings: AdmissionSettings): void {
    this.#settings = settings
    this.limit.setSettings(settings)
    this.#queue.setSettings(settings)
    this.#dispatch()
  }

  get waiting(): number {
    return this.#queue.waiting
  }

  /** A slot: go. A refusal: answer so. null: it waits, and exactly one of `onSlot`, `onRefused` follows unless `cancel` comes first. */
  admit(applicant: Applicant): AdmissionSlot | Refusal | null {
    const route = routeIndex[applicant.routeClass]
    const own = visitorIndex[applicant.visitorClass]
    applicant.ticket = NOT_WAITING
    applicant.bookedMs = 0
    const nowMs = this.#hooks.clock.monotonicMs()
    if (this.#queue.waitingInRoute(route) === 0 && this.limit.tryAcquire(route) === 'acquired') {
      this.#waits[route].record(0)
      return this.#grant(applicant, route, nowMs)
    }
    const visitor = this.#placeOf(applicant, own, route, nowMs)
    if (visitor === -1) return this.#refuse('limit-shed', own, route, nowMs)
    if (!this.limit.hasRoom(route) && this.#inVain(visitor, route, nowMs)) {
      this.#giveBudgetBack(applicant, nowMs)
      return this.#refuse('limit-shed', visitor, route, nowMs)
    }
    const weight = this.sources.natWeight(applicant.sourceSlot)
    const cost = Math.max(0.001, this.cost.costMs(route))
    applicant.ticket = this.#queue.enqueue(applicant, visitor, route, applicant.client.key, weight, cost, nowMs, applicant.deadlineMs)
    if (applicant.ticket === NOT_WAITING) {
      this.#giveBudgetBack(applicant, nowMs)
      return this.#refuse('queue-full', visitor, route, nowMs)
    }
    this.#publishWaiting(route)
    this.#askForPoll()
    // A slot may have come free between the first try and the published number; and nothing is told from here.
    if (this.limit.hasRoom(route) || this.#lostCount > 0) this.#wake(this.#worker)
    return null
  }

  /** The visitor of a waiting request went away. False when it was not waiting any more. */
  cancel(applicant: Applicant): boolean {
    if (applicant.ticket === NOT_WAITING) return false
    const nowMs = this.#hooks.clock.monotonicMs()
    if (!this.#queue.cancel(applicant.ticket, nowMs)) return false
    applicant.ticket = NOT_WAITING
    // Who gave up waited too: a flood that hangs up after a moment would else hide a full origin, since the newest, served first, hardly wait.
    this.#waits[routeIndex[applicant.routeClass]].record(this.#queue.lastWaitMs)
    this.#giveBudgetBack(applicant, nowMs)
    this.#publishWaiting(routeIndex[applicant.routeClass])
    return true
  }

  /** Another worker left a slot for us. */
  onWake(): void {
    Atomics.store(this.#words, this.#row + rowWord.wakePending, 0)
    this.#dispatch()
  }

  /** Overdue requests are told, free slots used. Asked for by `pollLater` while anybody waits. */
  poll(): void {
    this.#pollAsked = false
    // Free slots first: nobody is told too late while one is free.
    this.#dispatch()
    if (this.#queue.waiting > 0) this.#queue.expire(this.#hooks.clock.monotonicMs())
    this.#tellLost()
    this.#askForPoll()
  }

  /** See AdmissionSlot: not to be called by others. */
  finishSlot(slot: AdmissionSlot, end: SlotEnd, originMs: number): void {
    const nowMs = this.#hooks.clock.monotonicMs()
    const route = slot.route
    if (end === 'answered') {
      this.limit.recordAnswer(route, originMs, nowMs)
      if (route !== STREAM) this.cost.record(route, originMs)
    } else if (end === 'dropped') this.limit.recordFailure(route, nowMs)
    else this.#countImpatience(route, originMs)
    if (this.sources.holds(slot.sourceSlot, slot.sourceMark)) {
      this.sources.chargeCost(slot.sourceSlot, slot.sourceMark, originMs)
      this.#charge(slot.sourceSlot, slot.weight, originMs - slot.chargedMs, nowMs)
    }
    this.limit.release(route)
    this.#handOn()
  }

  /**
   * Whoever left while the origin worked waited for it too, as far as that took longer than an answer usually may. No answer of theirs is ever timed: a flood that
   * hangs up would else keep a drowning origin looking well, its places free and its queue empty. Files are left out: who leaves half a film waits for nothing.
   */
  #countImpatience(route: number, originMs: number): void {
    if (route === STREAM || route === STATIC) return
    const usualMs = this.limit.longRttMs(route)
    const lateMs = originMs - USUAL_TIMES * usualMs
    if (usualMs > 0 && lateMs > 0) this.#waits[route].record(lateMs)
  }

  /** Turned away before it asked here, because others wait for their turn: as much a sign of a full origin as a refusal. */
  countTurnedAway(routeClass: RouteClass): void {
    this.#rejected[routeIndex[routeClass]]++
  }

  /** Room at the origin for one route class, over all workers, written into `into`. */
  readSpare(routeClass: RouteClass, into: { freeSlots: number; waiting: number; perSecond: number }): void {
    const route = routeIndex[routeClass]
    const limit = this.limit.limit(route)
    into.freeSlots = Math.max(0, Math.min(limit - this.limit.inFlight(route), this.limit.totalLimit() - this.limit.totalInFlight()))
    into.waiting = 0
    for (let worker = 0; worker < this.#workers; worker++) into.waiting += this.#waitingIn(worker, 1 << route)
    into.perSecond = (limit * 1_000) / Math.max(1, this.limit.shortRttMs(route) || UNKNOWN_MS)
  }

  /** Counts since the last call, and the state now. Route classes never used are left out. */
  readVitals(): Partial<Record<RouteClass, AdmissionVitals>> {
    const vitals: Partial<Record<RouteClass, AdmissionVitals>> = {}
    for (let route = 0; route < ROUTES; route++) {
      const waiting = this.#queue.waitingInRoute(route)
      const inFlight = this.limit.inFlight(route)
      if (this.#admitted[route] + this.#rejected[route] + waiting + inFlight === 0) continue
      vitals[routeClasses[route]] = {
        admitted: this.#admitted[route],
        rejected: this.#rejected[route],
        inFlight,
        limit: this.limit.limit(route),
        waiting,
        waitP90Ms: this.#waits[route].quantileMs(0.9),
      }
      this.#admitted[route] = 0
      this.#rejected[route] = 0
      this.#waits[route].reset()
    }
    return vitals
  }

  /** The class it waits in: its own; last when its budget is used up; -1 when it was last already. Books the cost when the budget covers it. */
  #placeOf(applicant: Applicant, visitor: number, route: number, nowMs: number): number {
    if (visitor === ALLOWED || applicant.sourceSlot < 0) return visitor
    const costMs = this.cost.costMs(route)
    const at = applicant.sourceSlot * SLOT_WORDS
    const weight = this.sources.natWeight(applicant.sourceSlot)
    const settings = this.#settings
    const rate = settings.clientCostMsPerSecond * weight
    if (this.#bucket.take(at + BUDGET_LEVEL_WORD, at + BUDGET_TIME_WORD, nowMs, rate, settings.clientBurstCostMs * weight, costMs)) {
      applicant.bookedMs = costMs
      return visitor
    }
    return visitor === TAGGED && !this.limit.hasRoom(route) ? -1 : TAGGED
  }

  #inVain(visitor: number, route: number, nowMs: number): boolean {
    return wouldWaitInVain(this.#queue.waitingInGroup(visitor, route), this.#drainPerSecond(visitor * ROUTES + route, nowMs), this.#settings.maxWaitMs)
  }

  #charge(sourceSlot: number, weight: number, costMs: number, nowMs: number): void {
    const at = sourceSlot * SLOT_WORDS
    const settings = this.#settings
    const rate = settings.clientCostMsPerSecond * weight
    this.#bucket.charge(at + BUDGET_LEVEL_WORD, at + BUDGET_TIME_WORD, nowMs, rate, settings.clientBurstCostMs * weight, costMs)
  }

  #giveBudgetBack(applicant: Applicant, nowMs: number): void {
    if (applicant.bookedMs === 0) return
    this.#charge(applicant.sourceSlot, this.sources.natWeight(applicant.sourceSlot), -applicant.bookedMs, nowMs)
    applicant.bookedMs = 0
  }

  #grant(applicant: Applicant, route: number, nowMs: number): AdmissionSlot {
    this.#admitted[route]++
    const sourceSlot = applicant.sourceSlot
    const weight = this.sources.natWeight(sourceSlot)
    let chargedMs = applicant.bookedMs
    if (chargedMs === 0 && sourceSlot >= 0) {
      chargedMs = this.cost.costMs(route)
      this.#charge(sourceSlot, weight, chargedMs, nowMs)
    }
    return new AdmissionSlot(this, route, sourceSlot, this.sources.markOf(sourceSlot), chargedMs, weight)
  }

  #handOn(): void {
    if (Atomics.load(this.#words, WAITING_ALL) === 0) return
    let routes = 0
    for (let route = 0; route < ROUTES; route++) if (this.limit.hasRoom(route)) routes |= 1 << route
    if (this.#workers === 1) {
      if ((this.#queue.routesWaiting & routes) !== 0) this.#dispatch()
      return
    }
    let all = 0
    for (let worker = 0; worker < this.#workers; worker++) all += this.#waitingIn(worker, routes)
    if (all === 0) return
    let drawn = this.#hooks.random.next() * all
    for (let worker = 0; worker < this.#workers; worker++) {
      drawn -= this.#waitingIn(worker, routes)
      if (drawn >= 0) continue
      if (worker !== this.#worker && this.#wake(worker)) return
      break
    }
    // Our own turn, or that worker is being woken anyhow.
    this.#dispatch()
  }

  /** False when it is being woken already. */
  #wake(worker: number): boolean {
    if (Atomics.compareExchange(this.#words, rowAt(worker) + rowWord.wakePending, 0, 1) !== 0) return false
    this.#hooks.wake(worker)
    return true
  }

  #waitingIn(worker: number, routes: number): number {
    const at = rowAt(worker) + rowWord.waiting
    let waiting = 0
    for (let route = 0; route < ROUTES; route++) if ((routes & (1 << route)) !== 0) waiting += Atomics.load(this.#words, at + route)
    return waiting
  }

  #dispatch(): void {
    if (this.#dispatching) {
      this.#dispatchAgain = true
      return
    }
    this.#dispatching = true
    do {
      this.#dispatchAgain = false
      this.#serveWaiting()
      this.#tellLost()
    } while (this.#dispatchAgain)
    this.#dispatching = false
  }

  #serveWaiting(): void {
    let closed = 0
    for (;;) {
      const routes = this.#queue.routesWaiting & ~closed
      const route = this.#queue.nextRoute(routes)
      if (route === -1) return
      const result = this.limit.tryAcquire(route)
      if (result === 'class-full') closed |= 1 << route
      else if (result === 'total-full') closed |= ~(1 << STREAM)
      else {
        const nowMs = this.#hooks.clock.monotonicMs()
        const applicant = this.#queue.dequeue(1 << route, nowMs)
        this.#publishWaiting(route)
        if (applicant === null) this.limit.release(route)
        else {
          applicant.ticket = NOT_WAITING
          this.#waits[route].record(this.#queue.lastWaitMs)
          this.#served[visitorIndex[applicant.visitorClass] * ROUTES + route].count(nowMs)
          applicant.onSlot(this.#grant(applicant, route, nowMs))
        }
      }
    }
  }

  #tellLost(): void {
    if (this.#telling) return
    this.#telling = true
    while (this.#lostCount > 0) {
      const applicant = this.#lost[--this.#lostCount] as Applicant
      this.#lost[this.#lostCount] = null
      const nowMs = this.#hooks.clock.monotonicMs()
      const route = routeIndex[applicant.routeClass]
      applicant.ticket = NOT_WAITING
      this.#giveBudgetBack(applicant, nowMs)
      this.#publishWaiting(route)
      applicant.onRefused(this.#refuse(this.#lostReason[this.#lostCount], visitorIndex[applicant.visitorClass], route, nowMs))
    }
    this.#telling = false
  }

  #refuse(reason: Reason, visitor: number, route: number, nowMs: number): Refusal {
    const group = visitor * ROUTES + route
    this.#rejected[route]++
    this.#refused[group].count(nowMs)
    const drain = this.#drainPerSecond(group, nowMs)
    const refused = this.#refused[group].perSecond(nowMs)
    const seconds = retryAfterSeconds(this.#queue.waitingInGroup(visitor, route), refused, drain, this.#hooks.random.next())
    return this.#refusal(reason, seconds)
  }

  #drainPerSecond(group: number, nowMs: number): number {
    const route = group % ROUTES
    const expected = (this.limit.limit(route) * 1_000) / Math.max(1, this.cost.costMs(route)) / this.#workers / 2
    return Math.max(this.#served[group].perSecond(nowMs), expected)
  }

  #refusal(reason: Reason, seconds: number): Refusal {
    let kept = this.#refusals.get(reason)
    if (kept === undefined) {
      kept = Array.from({ length: RETRY_SECONDS_SLOTS }, (_, retryAfterSeconds) => Object.freeze({ reason, retryAfterSeconds }))
      this.#refusals.set(reason, kept)
    }
    return kept[Math.min(RETRY_SECONDS_SLOTS - 1, seconds)]
  }

  #publishWaiting(route: number): void {
    const words = this.#words
    const at = this.#row + rowWord.waiting + route
    const waiting = this.#queue.waitingInRoute(route)
    const more = waiting - words[at]
    // In this order the sum is never too low, whenever a worker dies.
    if (more > 0) Atomics.add(words, WAITING_ALL, more)
    Atomics.store(words, at, waiting)
    if (more < 0) Atomics.add(words, WAITING_ALL, more)
  }

  #askForPoll(): void {
    if (this.#pollAsked || this.#queue.waiting === 0) return
    this.#pollAsked = true
    this.#hooks.pollLater(this.#settings.pollMs)
  }
}
