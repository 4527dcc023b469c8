import { routeClasses, visitorClasses } from '../../contract/route-class.ts'
import { ClientFlows } from './client-flows.ts'

/**
 * Who is next, when more requests want the origin than it can take. One queue per edge worker; all memory is taken at start, every operation is O(1).
 *
 * Three levels:
 * 1. Visitor classes share the origin's time 8:8:4:3:1 by start-time fair queueing (Goyal, Vin, Cheng 1996): the class with the least served cost / weight
 *    is next; a class that was idle starts level with the others, so idling saves nothing. Classes without a servable request lend their share.
 * 2. Inside a class, route classes likewise with equal weights, so that a backlog of one does not hide another.
 * 3. Inside both, clients by deficit round robin (Shreedhar, Varghese 1995), weight = what their address earned; those
 *    who ask rarely before those who always ask (client-flows.ts).
 *
 * Inside a client: oldest first; newest first when its queue is backed up, because the person behind the oldest has given up (Maurer, ACM Queue 13(8), 2015).
 * Delay control (same source): a queue (visitor × route class) that was never empty for `intervalMs` is backed up; then nobody waits longer than `targetMs`.
 *
 * When full: a client at its own bound loses its oldest request; a full queue takes a place from a worse visitor class, else from a client
 * that has more waiting; else the newcomer is refused.
 * Never: keep an overdue request in front of a fresh one, grow, throw.
 */
const CLASSES = visitorClasses.length
const ROUTES = routeClasses.length
const GROUPS = CLASSES * ROUTES
/** Shares of allowed, cleared, known, unknown, tagged (design note (e), Admission). */
export const classWeights: readonly number[] = Object.freeze([8, 8, 4, 3, 1])
/** How many clients are looked at for one with more waiting, when the queue is full. */
const LOOKS = 4

/** What to do with a waiter that will not be served. */
export type QueueLoss = 'queue-full' | 'queue-timeout' | 'queue-superseded'

export interface FairQueueSettings {
  readonly waitingPerClient: number
  readonly maxWaitMs: number
  readonly queueTargetMs: number
  readonly queueIntervalMs: number
}

/** Called for each waiter that leaves without being served, from inside an operation: it must not call the queue. */
export type LossHandler<T> = (item: T, loss: QueueLoss) => void

export class FairQueue<T> {
  readonly capacity: number
  #settings: FairQueueSettings
  readonly #onLoss: LossHandler<T>

  // Waiters: one node each, in the list of its client and in the list of its group, both in order of arrival.
  readonly #item: Array<T | null>
  readonly #enqueuedMs: Float64Array
  readonly #deadlineMs: Float64Array
  readonly #cost: Float64Array
  readonly #flowOf: Int32Array
  readonly #generation: Uint32Array
  readonly #flowPrevious: Int32Array
  readonly #flowNext: Int32Array
  readonly #groupPrevious: Int32Array
  readonly #groupNext: Int32Array
  #freeNode = 0

  readonly #flows: ClientFlows

  // Groups: visitor class × route class.
  readonly #groupHead = new Int32Array(GROUPS).fill(-1)
  readonly #groupTail = new Int32Array(GROUPS).fill(-1)
  readonly #groupCount = new Int32Array(GROUPS)
  readonly #groupEmptyMs = new Float64Array(GROUPS)
  readonly #groupQuantum = new Float64Array(GROUPS)
  readonly #groupStart = new Float64Array(GROUPS)

  readonly #classStart = new Float64Array(CLASSES)
  readonly #classCount = new Int32Array(CLASSES)
  readonly #classRoutes = new Int32Array(CLASSES)
  readonly #classVirtual = new Float64Array(CLASSES)
  #virtual = 0
  #count = 0
  /** How long the request last dequeued or cancelled had waited. */
  lastWaitMs = 0

  constructor(capacity: number, settings: FairQueueSettings, onLoss: LossHandler<T>) {
    this.capacity = capacity
    this.#settings = settings
    this.#onLoss = onLoss
    this.#item = Array.from({ length: capacity }, () => null)
    this.#enqueuedMs = new Float64Array(capacity)
    this.#deadlineMs = new Float64Array(capacity)
    this.#cost = new Float64Array(capacity)
    this.#flowOf = new Int32Array(capacity)
    this.#generation = new Uint32Array(capacity)
    this.#flowPrevious = new Int32Array(capacity)
    this.#flowNext = new Int32Array(capacity)
    this.#groupPrevious = new Int32Array(capacity)
    this.#groupNext = new Int32Array(capacity)
    this.#flows = new ClientFlows(capacity, GROUPS)
    for (let node = 0; node < capacity; node++) this.#flowNext[node] = node + 1 < capacity ? node + 1 : -1
  }

  setSettings(settings: FairQueueSettings): void {
    this.#settings = settings
  }

  get waiting(): number {
    return this.#count
  }
  waitingInRoute(route: number): number {
    let waiting = 0
    for (let visitor = 0; visitor < CLASSES; visitor++) waiting += this.#groupCount[visitor * ROUTES + route]
    return waiting
  }
  waitingInClass(visitor: number): number {
    return this.#classCount[visitor]
  }
  waitingInGroup(visitor: number, route: number): number {
    return this.#groupCount[visitor * ROUTES + route]
  }
  /** Route classes with a waiter, as bits. */
  get routesWaiting(): number {
    let routes = 0
    for (let visitor = 0; visitor < CLASSES; visitor++) routes |= this.#classRoutes[visitor]
    return routes
  }

  /** Oldest first until a group was never empty for `queueIntervalMs`. */
  backedUp(visitor: number, route: number, nowMs: number): boolean {
    const group = visitor * ROUTES + route
    return this.#groupCount[group] > 0 && nowMs - this.#groupEmptyMs[group] >= this.#settings.queueIntervalMs
  }

  /**
   * Lets `item` wait. Returns a ticket for `cancel`, or -1 when there is no place ('queue-full').
   * `cost`: expected origin milliseconds (> 0). `weight`: 1 to 16. `deadlineMs`: absolute, same clock as `nowMs`.
   */
  enqueue(item: T, visitor: number, route: number, key: number, weight: number, cost: number, nowMs: number, deadlineMs: number): number {
    const group = visitor * ROUTES + route
    const flows = this.#flows
    let flow = flows.find(key, group)
    if (flow !== -1 && flows.count[flow] >= this.#settings.waitingPerClient * flows.weight[flow]) {
      const last = flows.count[flow] === 1
      this.#lose(flows.head[flow], nowMs, 'queue-superseded')
      if (last) flow = -1
    }
    if (this.#freeNode === -1 && !this.#makePlace(visitor, flow === -1 ? 0 : flows.count[flow], nowMs)) return -1
    const quantum = Math.max(this.#groupQuantum[group], cost)
    if (flow === -1) flow = flows.open(key, group, Math.max(1, weight), quantum, nowMs)
    else flows.weight[flow] = Math.max(1, weight)

    const node = this.#freeNode
    this.#freeNode = this.#flowNext[node]
    this.#item[node] = item
    this.#enqueuedMs[node] = nowMs
    this.#deadlineMs[node] = deadlineMs
    this.#cost[node] = cost
    this.#flowOf[node] = flow
    const tail = flows.tail[flow]
    this.#flowPrevious[node] = tail
    this.#flowNext[node] = -1
    if (tail === -1) flows.head[flow] = node
    else this.#flowNext[tail] = node
    flows.tail[flow] = node
    flows.count[flow]++

    const groupTail = this.#groupTail[group]
    this.#groupPrevious[node] = groupTail
    this.#groupNext[node] = -1
    if (groupTail === -1) {
      this.#groupHead[group] = node
      this.#groupEmptyMs[group] = nowMs
      this.#groupQuantum[group] = 0
      this.#groupStart[group] = Math.max(this.#groupStart[group], this.#classVirtual[visitor])
      if (this.#classCount[visitor] === 0) this.#classStart[visitor] = Math.max(this.#classStart[visitor], this.#virtual)
      this.#classRoutes[visitor] |= 1 << route
    } else this.#groupNext[groupTail] = node
    this.#groupTail[group] = node
    this.#groupCount[group]++
    if (cost > this.#groupQuantum[group]) this.#groupQuantum[group] = cost
    this.#classCount[visitor]++
    this.#count++
    return node + this.#generation[node] * this.capacity
  }

  /** Route class of the request that is next among `routes` (bits), or -1. Changes nothing; `dequeue` with that route alone follows. */
  nextRoute(routes: number): number {
    const visitor = this.#nextClass(routes)
    return visitor === -1 ? -1 : this.#nextRouteOf(visitor, routes)
  }

  /**
   * Takes the next request among `routes` (bits). Those whose time is up are reported lost on the way; one that only waited longer than the target
   * is served, since there is a slot (invariant 8). Null when none is left.
   */
  dequeue(routes: number, nowMs: number): T | null {
    for (;;) {
      const visitor = this.#nextClass(routes)
      if (visitor === -1) return null
      const route = this.#nextRouteOf(visitor, routes)
      const group = visitor * ROUTES + route
      const node = this.#nextNode(group, nowMs)
      if (node === -1) continue
      const cost = this.#cost[node]
      this.#flows.spend(this.#flowOf[node], cost, nowMs)
      // A class or group that lagged could not be served (its own limit): it gets no credit for that.
      this.#virtual = Math.max(this.#virtual, this.#classStart[visitor])
      this.#classStart[visitor] = this.#virtual + cost / classWeights[visitor]
      this.#classVirtual[visitor] = Math.max(this.#classVirtual[visitor], this.#groupStart[group])
      this.#groupStart[group] = this.#classVirtual[visitor] + cost
      this.lastWaitMs = nowMs - this.#enqueuedMs[node]
      return this.#remove(node, nowMs)
    }
  }

  /** Forgets a waiter (its visitor went away). False when it was not waiting any more. */
  cancel(ticket: number, nowMs: number): boolean {
    const node = ticket % this.capacity
    if (ticket < 0 || this.#item[node] === null || this.#generation[node] !== Math.floor(ticket / this.capacity)) return false
    this.lastWaitMs = nowMs - this.#enqueuedMs[node]
    this.#remove(node, nowMs)
    return true
  }

  /** Reports overdue waiters lost, oldest first. Call it every few milliseconds while anybody waits. */
  expire(nowMs: number): void {
    for (let group = 0; group < GROUPS; group++) {
      for (let node = this.#groupHead[group]; node !== -1 && this.#overdue(node, group, nowMs); node = this.#groupHead[group]) {
        this.#lose(node, nowMs, 'queue-timeout')
      }
    }
  }

  /** Its visitor's time is up, served or not. */
  #outOfTime(node: number, nowMs: number): boolean {
    return nowMs >= this.#deadlineMs[node] || nowMs - this.#enqueuedMs[node] >= this.#settings.maxWaitMs
  }

  #overdue(node: number, group: number, nowMs: number): boolean {
    const settings = this.#settings
    if (this.#outOfTime(node, nowMs)) return true
    return nowMs - this.#enqueuedMs[node] >= settings.queueTargetMs && nowMs - this.#groupEmptyMs[group] >= settings.queueIntervalMs
  }

  #nextClass(routes: number): number {
    let best = -1
    for (let visitor = 0; visitor < CLASSES; visitor++) {
      if ((this.#classRoutes[visitor] & routes) === 0) continue
      if (best === -1 || this.#classStart[visitor] < this.#classStart[best]) best = visitor
    }
    return best
  }

  #nextRouteOf(visitor: number, routes: number): number {
    const open = this.#classRoutes[visitor] & routes
    let best = -1
    for (let route = 0; route < ROUTES; route++) {
      if ((open & (1 << route)) === 0) continue
      if (best === -1 || this.#groupStart[visitor * ROUTES + route] < this.#groupStart[visitor * ROUTES + best]) best = route
    }
    return best
  }

  /** The waiter whose turn it is, after dropping those out of time; -1 when the group ran empty. Each flow passed gets its quantum, so one more turn at most. */
  #nextNode(group: number, nowMs: number): number {
    const flows = this.#flows
    for (;;) {
      const flow = flows.first(group)
      if (flow === -1) return -1
      const newestFirst = nowMs - this.#groupEmptyMs[group] >= this.#settings.queueIntervalMs
      const node = newestFirst ? flows.tail[flow] : flows.head[flow]
      if (this.#outOfTime(node, nowMs)) {
        this.#lose(node, nowMs, 'queue-timeout')
        continue
      }
      if (flows.deficit[flow] >= this.#cost[node]) return node
      flows.endTurn(flow, this.#groupQuantum[group])
    }
  }

  #makePlace(visitor: number, ownCount: number, nowMs: number): boolean {
    for (let worse = CLASSES - 1; worse > visitor; worse--) {
      if (this.#classCount[worse] === 0) continue
      for (let route = 0; route < ROUTES; route++) {
        const oldest = this.#groupHead[worse * ROUTES + route]
        if (oldest === -1) continue
        this.#lose(oldest, nowMs, 'queue-superseded')
        return true
      }
    }
    for (let route = 0; route < ROUTES; route++) {
      let flow = this.#flows.firstOld(visitor * ROUTES + route)
      for (let look = 0; flow !== -1 && look < LOOKS; look++) {
        if (this.#flows.count[flow] > ownCount + 1) {
          this.#lose(this.#flows.head[flow], nowMs, 'queue-superseded')
          return true
        }
        flow = this.#flows.after(flow)
      }
    }
    return false
  }

  #lose(node: number, nowMs: number, loss: QueueLoss): void {
    const item = this.#remove(node, nowMs)
    this.#onLoss(item, loss)
  }

  #remove(node: number, nowMs: number): T {
    const item = this.#item[node] as T
    const flows = this.#flows
    const flow = this.#flowOf[node]
    const group = flows.group[flow]
    const visitor = Math.floor(group / ROUTES)
    this.#item[node] = null
    this.#generation[node]++

    const previous = this.#flowPrevious[node]
    const next = this.#flowNext[node]
    if (previous === -1) flows.head[flow] = next
    else this.#flowNext[previous] = next
    if (next === -1) flows.tail[flow] = previous
    else this.#flowPrevious[next] = previous
    this.#flowNext[node] = this.#freeNode
    this.#freeNode = node
    if (--flows.count[flow] === 0) flows.close(flow)

    const groupPrevious = this.#groupPrevious[node]
    const groupNext = this.#groupNext[node]
    if (groupPrevious === -1) this.#groupHead[group] = groupNext
    else this.#groupNext[groupPrevious] = groupNext
    if (groupNext === -1) this.#groupTail[group] = groupPrevious
    else this.#groupPrevious[groupNext] = groupPrevious
    if (--this.#groupCount[group] === 0) {
      this.#groupEmptyMs[group] = nowMs
      this.#classRoutes[visitor] &= ~(1 << (group % ROUTES))
    }
    this.#classCount[visitor]--
    this.#count--
    return item
  }
}
