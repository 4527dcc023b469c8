/**
 * Starts the shield's threads, links each with each by a direct port, and starts a thread anew when it dies or hangs.
 * Why direct ports: the main thread must not sit in the path of cache messages, and its death or slowness must not be felt by a visitor.
 * A thread that dies again and again waits longer each time: 100 ms doubling to 5 s, to five minutes when no visitor waits for it; the others serve on.
 */
import { MessageChannel, Worker } from 'node:worker_threads'
import type { ThreadOrder, ThreadReport } from '../contract/thread.ts'
import type { ThreadName, ThreadTrouble } from '../contract/thread-trouble.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'

const FIRST_RESTART_MS = 100
const LONGEST_RESTART_MS = 5_000
/** What fails at every start, as with a file that cannot be opened, is mended by a person: until then it is told of, not hammered on. */
const LONGEST_OPTIONAL_RESTART_MS = 300_000
/** Deaths in a row that are no accident any more. */
const TROUBLE_DEATHS = 3
/** A thread that ran this long was healthy: the next restart is quick again. */
const HEALTHY_AFTER_MS = 30_000
/** Edge threads report every second; ten missing reports mean that the event loop hangs. */
const HANG_MS = 10_000
const CHECK_MS = 1_000

/**
 * Heap of each thread. Young: a semi-space of 4 MB instead of V8's 16 to 32, because four threads that keep theirs unswept cost 300 MB for nothing
 * (measured with `script/bench soak --kind cached`: 722 MiB with the default, with a store of 16 MiB). Old: what 20,000 connections need at 20 KB each,
 * with room; V8 sweeps the more lazily the higher this is.
 */
const HEAP = Object.freeze({ maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 768 })
/**
 * An edge thread works per request: with 4 MB a proxied request outlives two sweeps, is kept as if for ever, and a fifth of the thread's time goes into
 * sweeping. A semi-space of 16 MB takes that to 2 %, for 24 (proxied) to 60 MiB (cached churn) more of resident memory a thread (docs/decisions/0013-proxied-path.md).
 */
const EDGE_HEAP = Object.freeze({ ...HEAP, maxYoungGenerationSizeMb: 48 })

export interface ThreadSpec {
  readonly name: ThreadName
  readonly file: URL
  /** Asked at every start, so that a restarted thread gets today's settings. */
  readonly start: () => unknown
  readonly watchHeartbeat: boolean
  /** Nobody waits for it: when it dies before it was ready it is started anew like at any other time, and `start` never rejects. */
  readonly optional?: boolean
}

interface Running {
  readonly spec: ThreadSpec
  worker: Worker | null
  startedAtMs: number
  heardAtMs: number
  restarts: number
  /** Deaths since it last ran for long. */
  deaths: number
  reason: string
  startsAgainAtMs: number
  ready: boolean
}

export interface Death {
  /** What it died of; '' when it did not say. */
  readonly reason: string
  /** Since it last ran for long, this one included. */
  readonly inRow: number
  /** Until it is started anew. */
  readonly inMs: number
}

/** Until a thread is started anew after so many deaths in a row. */
export function restartDelayMs(deaths: number, optional: boolean): number {
  return Math.min(optional ? LONGEST_OPTIONAL_RESTART_MS : LONGEST_RESTART_MS, FIRST_RESTART_MS * 2 ** (deaths - 1))
}

export interface ThreadHooks<Settings> {
  onReport(name: ThreadName, report: ThreadReport): void
  /** Before a restart: give back what the dead thread held. */
  onDeath(name: ThreadName, death: Death): void
  readonly order?: ThreadOrder<Settings>
}

export class Threads<Settings> {
  readonly #clock: Clock
  readonly #log: Log
  readonly #hooks: ThreadHooks<Settings>
  readonly #threads = new Map<ThreadName, Running>()
  readonly #restartTimers = new Set<NodeJS.Timeout>()
  readonly #check: NodeJS.Timeout
  #stopping = false

  constructor(clock: Clock, log: Log, hooks: ThreadHooks<Settings>) {
    this.#clock = clock
    this.#log = log
    this.#hooks = hooks
    this.#check = setInterval(() => this.#killHanging(), CHECK_MS)
    this.#check.unref()
  }

  /** Starts a thread and resolves with its first `ready`; rejects when it dies before. */
  start(spec: ThreadSpec): Promise<ThreadReport & { type: 'ready' }> {
    const running: Running = { spec, worker: null, startedAtMs: 0, heardAtMs: 0, restarts: 0, deaths: 0, reason: '', startsAgainAtMs: 0, ready: false }
    this.#threads.set(spec.name, running)
    return new Promise((resolve, reject) => this.#launch(running, resolve, spec.optional === true ? undefined : reject))
  }

  #launch(running: Running, onReady?: (report: ThreadReport & { type: 'ready' }) => void, onFailure?: (error: Error) => void): void {
    const { spec } = running
    const worker = new Worker(spec.file, { name: spec.name, workerData: spec.start(), stdout: false, stderr: false, resourceLimits: spec.name.startsWith('edge-') ? EDGE_HEAP : HEAP })
    running.worker = worker
    running.ready = false
    running.startedAtMs = running.heardAtMs = this.#clock.monotonicMs()
    for (const other of this.#threads.values()) {
      if (other === running || other.worker === null) continue
      const { port1, port2 } = new MessageChannel()
      worker.postMessage({ type: 'link', peer: other.spec.name, port: port1 }, [port1])
      other.worker.postMessage({ type: 'link', peer: spec.name, port: port2 }, [port2])
    }
    let failure: Error | null = null
    worker.on('message', (report: ThreadReport) => {
      running.heardAtMs = this.#clock.monotonicMs()
      if (report.type === 'ready') {
        running.ready = true
        onReady?.(report)
      }
      this.#hooks.onReport(spec.name, report)
    })
    worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error))
    })
    worker.on('exit', (code) => {
      running.worker = null
      if (this.#stopping) return
      const first = !running.ready && onFailure !== undefined
      const now = this.#clock.monotonicMs()
      running.deaths = now - running.startedAtMs > HEALTHY_AFTER_MS ? 1 : running.deaths + 1
      running.reason = failure?.message ?? ''
      const inMs = restartDelayMs(running.deaths, spec.optional === true)
      running.startsAgainAtMs = now + inMs
      this.#hooks.onDeath(spec.name, { reason: running.reason, inRow: running.deaths, inMs })
      if (first) {
        this.#threads.delete(spec.name)
        onFailure(failure ?? new Error(`thread ${spec.name} ended with code ${code} before it was ready`))
        return
      }
      running.restarts++
      this.#log.error(`thread ${spec.name} died and starts anew`, { code, reason: failure?.message, restarts: running.restarts, inMs })
      const timer = setTimeout(() => {
        this.#restartTimers.delete(timer)
        if (!this.#stopping) this.#launch(running)
      }, inMs)
      this.#restartTimers.add(timer)
    })
  }

  #killHanging(): void {
    const now = this.#clock.monotonicMs()
    for (const running of this.#threads.values()) {
      if (running.worker === null || !running.ready || !running.spec.watchHeartbeat || now - running.heardAtMs < HANG_MS) continue
      this.#log.error(`thread ${running.spec.name} has not been heard for ${Math.round(now - running.heardAtMs)} ms: ended`)
      running.heardAtMs = now
      void running.worker.terminate()
    }
  }

  send(name: ThreadName, order: ThreadOrder<Settings>): void {
    this.#threads.get(name)?.worker?.postMessage(order)
  }

  sendAll(order: ThreadOrder<Settings>): void {
    for (const running of this.#threads.values()) running.worker?.postMessage(order)
  }

  names(): ThreadName[] {
    return [...this.#threads.keys()]
  }

  /** Alive and ready now. */
  isReady(name: ThreadName): boolean {
    const running = this.#threads.get(name)
    return running !== undefined && running.worker !== null && running.ready
  }

  /** Threads that die again and again, and have not run for long since. */
  troubles(): ThreadTrouble[] {
    const now = this.#clock.monotonicMs()
    const found: ThreadTrouble[] = []
    for (const { spec, worker, deaths, reason, startedAtMs, startsAgainAtMs } of this.#threads.values()) {
      if (deaths < TROUBLE_DEATHS || (worker !== null && now - startedAtMs > HEALTHY_AFTER_MS)) continue
      found.push({ thread: spec.name, deaths, reason, startsAgainInMs: worker === null ? Math.max(0, Math.round(startsAgainAtMs - now)) : 0 })
    }
    return found
  }

  /** Ends one thread at once, as a crash would (drills and tests). */
  async kill(name: ThreadName): Promise<void> {
    await this.#threads.get(name)?.worker?.terminate()
  }

  /** Ends all threads; nothing starts anew. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearInterval(this.#check)
    for (const timer of this.#restartTimers) clearTimeout(timer)
    await Promise.all([...this.#threads.values()].map(async (running) => running.worker?.terminate()))
  }
}
