import type { MonotonicMs } from '../../kernel/clock.ts'
import type { Random } from '../../kernel/random.ts'
import type { Fault } from './fault.ts'
import type { Transport } from './transport.ts'
import { UpstreamHealth } from './upstream-health.ts'
import type { HealthSettings, HealthState } from './upstream-health.ts'
import type { UpstreamSpec } from './upstream-url.ts'

/** What /metrics and the admin page see of an upstream, of one worker. Counters are since start. */
export interface UpstreamState {
  readonly name: string
  readonly weight: number
  readonly state: HealthState
  readonly inFlight: number
  /** Upgraded connections. */
  readonly tunnels: number
  readonly openConnections: number
  readonly requests: number
  readonly failures: number
  readonly ejections: number
  readonly lastFailure: string
}

/** One place where the site runs: its connections, its health, and what is out to it. */
export class Upstream {
  readonly spec: UpstreamSpec
  readonly transport: Transport
  /** Connections that change protocol: apart, so that they never hold up requests. */
  readonly tunnelTransport: Transport
  readonly health: UpstreamHealth
  inFlight = 0
  tunnels = 0
  requests = 0
  failures = 0
  #lastFailure = ''

  constructor(spec: UpstreamSpec, transport: Transport, tunnelTransport: Transport, health: HealthSettings) {
    this.spec = spec
    this.transport = transport
    this.tunnelTransport = tunnelTransport
    this.health = new UpstreamHealth(health)
  }

  begin(now: MonotonicMs): void {
    this.inFlight++
    this.requests++
    this.health.sent(now)
  }

  /** The try is over, however it ended. */
  end(): void {
    this.inFlight--
  }

  /** Remembers it for the operator, without judging. */
  noteFailure(fault: Fault): void {
    this.failures++
    this.#lastFailure = fault.detail
  }

  failed(now: MonotonicMs, fault: Fault, random: Random): void {
    this.noteFailure(fault)
    this.health.failed(now, random.next())
  }

  state(): UpstreamState {
    return {
      name: this.spec.name,
      weight: this.spec.weight,
      state: this.health.state,
      inFlight: this.inFlight,
      tunnels: this.tunnels,
      openConnections: this.transport.openConnections,
      requests: this.requests,
      failures: this.failures,
      ejections: this.health.ejections,
      lastFailure: this.#lastFailure,
    }
  }
}
