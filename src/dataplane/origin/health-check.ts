import type { HeaderList } from '../../kernel/header-list.ts'
import type { MonotonicMs } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import { faults } from './fault.ts'
import type { Fault } from './fault.ts'
import type { WireReceiver, WireTry } from './transport.ts'
import type { Upstream } from './upstream.ts'

export interface HealthCheckSettings {
  readonly path: string
  readonly host: string
  readonly intervalMs: number
  readonly timeoutMs: number
  /** 0: 200 to 399. */
  readonly status: number
  readonly failures: number
}

/** Content of a check that is read so that the connection can be kept; beyond it the check is cut. */
const MAX_CONTENT_BYTES = 65_536

/**
 * Asks one upstream regularly whether it lives. Acts on its own clock, never more than one check out at a time.
 * One good answer brings an ejected upstream back at once; `failures` bad ones in a row eject it. Must never count as a visitor's request.
 */
export class HealthCheck implements WireReceiver {
  readonly #upstream: Upstream
  readonly #settings: HealthCheckSettings
  readonly #random: Random
  #try: WireTry | null = null
  #dueMs: number
  #sentMs = 0
  #now: MonotonicMs
  #failed = 0
  #bytes = 0
  #good = false

  constructor(upstream: Upstream, settings: HealthCheckSettings, random: Random, now: MonotonicMs) {
    this.#upstream = upstream
    this.#settings = settings
    this.#random = random
    this.#now = now
    // Spread over the interval, so that workers and upstreams do not all ask at once.
    this.#dueMs = now + settings.intervalMs * random.next()
  }

  sweep(now: MonotonicMs): void {
    this.#now = now
    if (this.#try !== null) {
      if (now - this.#sentMs >= this.#settings.timeoutMs) this.onFault(faults.firstByteTimeout)
      return
    }
    if (now < this.#dueMs) return
    this.#dueMs = now + this.#settings.intervalMs * (0.9 + 0.2 * this.#random.next())
    this.#sentMs = now
    this.#bytes = 0
    this.#good = false
    const headers = ['host', this.#settings.host, 'user-agent', 'polder-health-check', 'accept', '*/*']
    this.#try = this.#upstream.transport.send({ method: 'GET', target: this.#settings.path, headers, body: null, protocol: '' }, this)
  }

  stop(): void {
    this.#try?.abort()
    this.#try = null
  }

  onSending(): void {}

  onInformational(): void {}

  onHead(status: number): void {
    const { status: wanted } = this.#settings
    this.#good = wanted === 0 ? status < 400 : status === wanted
  }

  onData(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length
    if (this.#bytes > MAX_CONTENT_BYTES) {
      this.#try?.abort()
      this.onEnd([])
    }
    return true
  }

  onSwitch(): null {
    return null
  }

  onTraffic(): void {}

  onEnd(_trailers: HeaderList): void {
    if (!this.#good) return this.onFault(faults.badStatus)
    this.#try = null
    this.#failed = 0
    this.#upstream.health.succeeded(this.#now)
  }

  onFault(fault: Fault): void {
    this.#try?.abort()
    this.#try = null
    this.#failed++
    if (this.#failed < this.#settings.failures) return
    this.#failed = 0
    if (this.#upstream.health.state !== 'ejected') this.#upstream.noteFailure(fault)
    this.#upstream.health.eject(this.#now, this.#random.next())
  }
}
