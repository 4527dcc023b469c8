/**
 * Bounds the number of open connections: over all, and per source. It acts when a connection is accepted, before anything is read.
 * When a bound is reached it closes the idle connection with the fewest completed requests (of that source, or of a random draw of all) to make
 * room: somebody who reads keeps the line, somebody who only holds it loses it. Only when nobody is idle is the new connection refused.
 * It must never close a connection with a request under way, and never count by what a visitor can choose.
 * Memory is fixed: counts live in two hashed rows per worker (count-min: a source's count is never too low), shared between workers so that
 * the bounds hold for the whole process; each worker writes only its own part.
 * Source: design note algorithms (c), "many idle connections"; count-min sketch: Cormode and Muthukrishnan 2005.
 */
import type { MonotonicMs } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import type { ClientAddress } from '../request.ts'
import type { ConnectionActivity } from './connection-context.ts'
import type { EdgeSettings } from './options.ts'

/** Two independent 16-bit parts of the 32-bit client key. */
const ROW = 65_536
const SECTION_BYTES = 8 + 2 * ROW * 2
/** Connections looked at when one must go; with 64 of them the chosen one is among the worst 5 % with probability 0.96. */
const DRAW = 64
/** A new connection's grace: its first request may still be on its way. */
const GRACE_MS = 1_000
const CROWDED_SHARE = 0.8

/** One open connection as the guard sees it; also the `activity` of its ConnectionFacts. */
export class GuardedConnection implements ConnectionActivity {
  activeRequests = 0
  completedRequests = 0
  readonly openedAtMs: MonotonicMs
  /** Closes it; called by the guard for an idle connection only. */
  readonly close: () => void
  source: ClientAddress | null = null
  index = -1
  next: GuardedConnection | null = null
  previous: GuardedConnection | null = null

  constructor(openedAtMs: MonotonicMs, close: () => void) {
    this.openedAtMs = openedAtMs
    this.close = close
  }
}

export function guardTableBytes(workers: number): number {
  return workers * SECTION_BYTES
}

/**
 * What a worker that is gone had counted: its connections went with it. Only when nothing of it runs any more; without this its visitors, who come back
 * at once to the workers that are left, would be counted twice until it has started anew, and turned away for it.
 */
export function forgetGuardSection(table: SharedArrayBuffer, section: number): void {
  new Uint8Array(table, section * SECTION_BYTES, SECTION_BYTES).fill(0)
}

export interface GuardCounts {
  refusedFull: number
  refusedSource: number
  evicted: number
}

export class ConnectionGuard {
  readonly counts: GuardCounts = { refusedFull: 0, refusedSource: 0, evicted: 0 }
  readonly #open: Int32Array
  readonly #rows: Uint16Array
  readonly #section: number
  readonly #sections: number
  readonly #random: Random
  readonly #all: GuardedConnection[] = []
  readonly #chains: Array<GuardedConnection | null> = Array.from({ length: 4_096 }, () => null)
  #maxConnections = 0
  #maxPerSource = 0
  readonly #fileLimit: number

  /**
   * `table`: guardTableBytes(workers) of shared memory, `section`: this worker's number. A worker that starts again clears what its
   * predecessor left. `fileLimit`: files this process may open.
   */
  constructor(settings: EdgeSettings, random: Random, table: SharedArrayBuffer, section: number, fileLimit: number) {
    if (table.byteLength % SECTION_BYTES !== 0 || section < 0 || (section + 1) * SECTION_BYTES > table.byteLength) throw new RangeError('the guard table does not fit the number of workers')
    this.#sections = table.byteLength / SECTION_BYTES
    this.#section = section
    this.#open = new Int32Array(table)
    this.#rows = new Uint16Array(table)
    this.#random = random
    this.#fileLimit = fileLimit
    forgetGuardSection(table, section)
    this.configure(settings)
  }

  configure(settings: EdgeSettings): void {
    // 1,024 files stay for the origin, the disk store, logs and listeners
    this.#maxConnections = Math.max(64, Math.min(settings.maxConnections, this.#fileLimit - 1_024))
    this.#maxPerSource = settings.maxConnectionsPerSource
  }

  get maxConnections(): number {
    return this.#maxConnections
  }

  /** Open connections of this worker. */
  get open(): number {
    return this.#all.length
  }

  /** More than 80 % of the allowed connections are in use: deadlines get short. */
  get crowded(): boolean {
    return this.#openInProcess() > this.#maxConnections * CROWDED_SHARE
  }

  /** Takes a place for a new connection; false when it must be closed. */
  admit(connection: GuardedConnection, now: MonotonicMs): boolean {
    if (this.#openInProcess() >= this.#maxConnections && !this.#evictAny(now)) {
      this.counts.refusedFull++
      return false
    }
    connection.index = this.#all.length
    this.#all.push(connection)
    this.#open[this.#openAt(this.#section)]!++
    return true
  }

  /** Says whose connection it is (after PROXY protocol, not for trusted hops); false when that source has too many. Call at most once. */
  assign(connection: GuardedConnection, source: ClientAddress, now: MonotonicMs): boolean {
    const allowed = this.#maxPerSource
    if (this.sourceCount(source.key) >= allowed && !this.#evictOf(source.key, now)) {
      this.counts.refusedSource++
      return false
    }
    connection.source = source
    const head = this.#chains[source.key & 4_095]!
    connection.next = head
    if (head !== null) head.previous = connection
    this.#chains[source.key & 4_095] = connection
    const base = this.#rowsAt(this.#section)
    this.#rows[base + (source.key & 0xffff)]!++
    this.#rows[base + ROW + (source.key >>> 16)]!++
    return true
  }

  /** Gives the place back; safe to call again, and for a connection that was never admitted. */
  release(connection: GuardedConnection): void {
    if (connection.index === -1) return
    const last = this.#all.pop()!
    if (last !== connection) {
      this.#all[connection.index] = last
      last.index = connection.index
    }
    connection.index = -1
    this.#open[this.#openAt(this.#section)]!--
    const source = connection.source
    if (source === null) return
    if (connection.next !== null) connection.next.previous = connection.previous
    if (connection.previous === null) this.#chains[source.key & 4_095] = connection.next
    else connection.previous.next = connection.next
    connection.next = null
    connection.previous = null
    const base = this.#rowsAt(this.#section)
    this.#rows[base + (source.key & 0xffff)]!--
    this.#rows[base + ROW + (source.key >>> 16)]!--
  }

  /** Open connections of a source in the whole process; rarely too high (another source in both of its places), never too low. */
  sourceCount(key: number): number {
    let first = 0
    let second = 0
    for (let section = 0; section < this.#sections; section++) {
      const base = this.#rowsAt(section)
      first += this.#rows[base + (key & 0xffff)]!
      second += this.#rows[base + ROW + (key >>> 16)]!
    }
    return Math.min(first, second)
  }

  #openInProcess(): number {
    let open = 0
    for (let section = 0; section < this.#sections; section++) open += this.#open[this.#openAt(section)]!
    return open
  }

  #openAt(section: number): number {
    return (section * SECTION_BYTES) >>> 2
  }

  #rowsAt(section: number): number {
    return (section * SECTION_BYTES + 8) >>> 1
  }

  #evictAny(now: MonotonicMs): boolean {
    const all = this.#all
    let victim: GuardedConnection | null = null
    if (all.length <= DRAW) for (const candidate of all) victim = worse(candidate, victim, now)
    else for (let i = 0; i < DRAW; i++) victim = worse(all[Math.floor(this.#random.next() * all.length)]!, victim, now)
    return this.#evict(victim)
  }

  #evictOf(key: number, now: MonotonicMs): boolean {
    let victim: GuardedConnection | null = null
    let looked = 0
    for (let candidate = this.#chains[key & 4_095] ?? null; candidate !== null && looked < 4 * DRAW; candidate = candidate.next) {
      looked++
      if (candidate.source!.key === key) victim = worse(candidate, victim, now)
    }
    return this.#evict(victim)
  }

  #evict(victim: GuardedConnection | null): boolean {
    if (victim === null) return false
    this.release(victim)
    this.counts.evicted++
    victim.close()
    return true
  }
}

/** Of two, the one that may rather go: idle, past its grace, fewest completed requests, then the older. */
function worse(candidate: GuardedConnection, than: GuardedConnection | null, now: MonotonicMs): GuardedConnection | null {
  if (candidate.activeRequests > 0) return than
  if (candidate.completedRequests === 0 && now - candidate.openedAtMs < GRACE_MS) return than
  if (than === null || candidate.completedRequests < than.completedRequests) return candidate
  return candidate.completedRequests === than.completedRequests && candidate.openedAtMs < than.openedAtMs ? candidate : than
}
