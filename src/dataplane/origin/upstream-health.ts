/**
 * Whether one upstream gets traffic.
 * Why: requests sent to a dead upstream wait for nothing and fail; but a wrong ejection takes real capacity away.
 * Trips after `consecutiveFailures` in a row, or when at least `failureShare` of the last window's tries failed and the window held enough tries (first start is protected by that).
 * Recovers: after a backoff that doubles with each ejection, one request is let through (half-open); it works: healthy; it fails: ejected again.
 * Must never decide alone that nobody serves: with all upstreams out the balancer ignores ejections (panic, balance.ts).
 * Source: circuit breaker (Nygard, Release It!); Envoy outlier detection (consecutive 5, base time 30 s, panic threshold).
 */
import type { MonotonicMs } from '../../kernel/clock.ts'

export interface HealthSettings {
  readonly consecutiveFailures: number
  readonly failureShare: number
  readonly failureMinimum: number
  readonly failureWindowMs: number
  readonly ejectionMs: number
  readonly ejectionMaxMs: number
}

export type HealthState = 'healthy' | 'ejected' | 'half-open'

export class UpstreamHealth {
  readonly #settings: HealthSettings
  #state: HealthState = 'healthy'
  #consecutive = 0
  #windowFrom = 0
  #tries = 0
  #failures = 0
  #ejectedUntil = 0
  /** Ejections without a calm window in between: the exponent of the backoff. */
  #streak = 0
  #ejections = 0
  #probing = false
  #probeFrom = 0

  constructor(settings: HealthSettings) {
    this.#settings = settings
  }

  get state(): HealthState {
    return this.#state
  }

  /** Ejections since start, for metrics. */
  get ejections(): number {
    return this.#ejections
  }

  /** May a request be sent now? In half-open: only when no probe is out. */
  accepts(now: MonotonicMs): boolean {
    if (this.#state === 'healthy') return true
    if (this.#state === 'ejected' && now >= this.#ejectedUntil) {
      this.#state = 'half-open'
      this.#probing = false
    }
    if (this.#state !== 'half-open') return false
    // A probe whose outcome was never told (visitor left) must not block the next one for ever.
    return !this.#probing || now - this.#probeFrom >= this.#settings.ejectionMs
  }

  /** A request goes out now. */
  sent(now: MonotonicMs): void {
    if (this.#state !== 'half-open') return
    this.#probing = true
    this.#probeFrom = now
  }

  succeeded(now: MonotonicMs): void {
    this.#consecutive = 0
    this.#count(now, false)
    if (this.#state === 'healthy') return
    this.#state = 'healthy'
    this.#probing = false
    this.#tries = this.#failures = 0
    this.#windowFrom = now
  }

  /** @param jitter 0 to 1: spreads the second tries of several workers. */
  failed(now: MonotonicMs, jitter: number): void {
    this.#consecutive++
    this.#count(now, true)
    if (this.#state === 'half-open') this.#eject(now, jitter)
    else if (this.#state === 'healthy') {
      const { consecutiveFailures, failureMinimum, failureShare } = this.#settings
      const many = this.#tries >= failureMinimum && this.#failures >= failureShare * this.#tries
      if (this.#consecutive >= consecutiveFailures || many) this.#eject(now, jitter)
    }
  }

  /** The active check says it is dead. */
  eject(now: MonotonicMs, jitter: number): void {
    if (this.#state !== 'ejected') this.#eject(now, jitter)
  }

  #eject(now: MonotonicMs, jitter: number): void {
    const { ejectionMs, ejectionMaxMs } = this.#settings
    const backoff = Math.min(ejectionMs * 2 ** Math.min(this.#streak, 20), ejectionMaxMs)
    this.#state = 'ejected'
    this.#ejectedUntil = now + backoff * (0.75 + 0.5 * jitter)
    this.#streak++
    this.#ejections++
    this.#consecutive = 0
    this.#probing = false
    this.#tries = this.#failures = 0
    this.#windowFrom = now
  }

  #count(now: MonotonicMs, failure: boolean): void {
    if (now - this.#windowFrom >= this.#settings.failureWindowMs) {
      // A whole window served without ejection: the next one starts from the base time again.
      if (this.#state === 'healthy' && this.#failures === 0 && this.#tries > 0) this.#streak = 0
      this.#windowFrom = now
      this.#tries = this.#failures = 0
    }
    this.#tries++
    if (failure) this.#failures++
  }
}
