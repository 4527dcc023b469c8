/**
 * Is the origin well? Judged every tick from what the workers measured, never from how much is asked.
 * Five signs: h1 wait before the origin, h2 failed answers above their normal share, h3 answers slower than usual, h4 requests turned away by
 * the admission limit, h5 our own event loop late. STRAINED when any shows in 3 of 5 ticks, or grossly in 2 of 3: a flood that turns a third of
 * the requests away needs no third look, and a second saved is a second of mitigation. CRITICAL when failures or refusals stay gross for 5 ticks.
 * What is normal (h2) is learned only while nothing is wrong. Source: algorithms, origin health; h2 uses Wilson's lower bound, so that 2 failed of 3 on
 * a quiet night are not an outage.
 */
import type { HealthSign, OriginHealth } from '../../contract/control.ts'
import type { AdmissionVitals, OriginVitals, Vitals } from '../../contract/vitals.ts'
import type { OptionValues } from '../../kernel/option.ts'
import { wilsonLower } from '../../kernel/proportion.ts'
import type { detectionOptions } from './options.ts'

/** Share of failures or refusals that needs no second opinion (algorithms: CRITICAL). */
const GROSS_SHARE = 0.3
const LAG_MS = 200
/** Fewer answers or attempts than this in a tick say nothing about speed or refusals. */
const FEW = 5
const CRITICAL_TICKS = 5
/** Per tick: the normal failure share is known within a few minutes and follows over an hour. */
const ERROR_LEARNING = 1 / 600

export type { OriginHealth }

export const unknownHealth: OriginHealth = Object.freeze({ strained: false, critical: false, well: true, signs: Object.freeze([]) })

export class OriginHealthMeter {
  #bad = 0
  #gross = 0
  #criticalTicks = 0
  #normalErrorShare = 0.01

  /** `learn`: the shield is calm, so what is seen now is normal. Without vitals nothing is known and nothing changes. */
  assess(vitals: readonly Vitals[], options: OptionValues<typeof detectionOptions>, learn: boolean): OriginHealth {
    if (vitals.length === 0) return unknownHealth
    const seen = sumVitals(vitals)
    const signs: HealthSign[] = []
    if (seen.waitP90Ms > options.queueWaitTargetMs) {
      signs.push(sign('h1-wait', seen.waitP90Ms, options.queueWaitTargetMs, `one in ten requests waits ${Math.round(seen.waitP90Ms)} ms or more before the origin (target ${options.queueWaitTargetMs} ms)`))
    }
    const failures = Math.max(0, wilsonLower(seen.failures, seen.answers) - this.#normalErrorShare)
    if (failures > options.errorAboveNormalShare) {
      signs.push(sign('h2-failures', failures, options.errorAboveNormalShare, `${percent(seen.failures / seen.answers)} of the origin's answers fail (normal ${percent(this.#normalErrorShare)})`))
    }
    if (seen.slowdown > options.slowdownRatio) {
      signs.push(sign('h3-slower', seen.slowdown, options.slowdownRatio, `the origin answers ${seen.slowdown.toFixed(1)} times slower than usual`))
    }
    const turnedAway = wilsonLower(seen.rejected, seen.attempts)
    if (turnedAway > options.rejectedShare) {
      signs.push(sign('h4-turned-away', turnedAway, options.rejectedShare, `${percent(seen.rejected / seen.attempts)} of the requests for the origin are turned away`))
    }
    if (seen.lagMs > LAG_MS) signs.push(sign('h5-own-lag', seen.lagMs, LAG_MS, `the shield itself is ${Math.round(seen.lagMs)} ms late`))

    const bad = signs.length > 0
    const gross = failures > GROSS_SHARE || turnedAway > GROSS_SHARE
    this.#bad = ((this.#bad << 1) | (bad ? 1 : 0)) & 0b11111
    this.#gross = ((this.#gross << 1) | (gross ? 1 : 0)) & 0b111
    this.#criticalTicks = gross ? this.#criticalTicks + 1 : 0
    if (learn && !bad && seen.answers >= FEW) this.#normalErrorShare += (seen.failures / seen.answers - this.#normalErrorShare) * ERROR_LEARNING
    return {
      strained: countOnes(this.#bad) >= 3 || countOnes(this.#gross) >= 2,
      critical: this.#criticalTicks >= CRITICAL_TICKS,
      well: !bad,
      signs,
    }
  }
}

interface Sums {
  waitP90Ms: number
  answers: number
  failures: number
  slowdown: number
  attempts: number
  rejected: number
  lagMs: number
}

/** Failures and refusals of the worst route class, not of all: a flood of searches must not hide behind thousands of pictures. */
function sumVitals(vitals: readonly Vitals[]): Sums {
  const admission = new Map<string, { attempts: number; rejected: number; waitP90Ms: number }>()
  const origin = new Map<string, { answers: number; failures: number; short: number; long: number }>()
  let lagMs = 0
  for (const v of vitals) {
    lagMs = Math.max(lagMs, v.eventLoopLagP99Ms)
    for (const [name, a] of Object.entries(v.admission) as Array<[string, AdmissionVitals]>) {
      const sum = admission.get(name) ?? { attempts: 0, rejected: 0, waitP90Ms: 0 }
      sum.attempts += a.admitted + a.rejected
      sum.rejected += a.rejected
      if (a.admitted + a.rejected >= FEW) sum.waitP90Ms = Math.max(sum.waitP90Ms, a.waitP90Ms)
      admission.set(name, sum)
    }
    for (const [name, o] of Object.entries(v.origin) as Array<[string, OriginVitals]>) {
      const sum = origin.get(name) ?? { answers: 0, failures: 0, short: 0, long: 0 }
      const answers = o.answers + o.timeouts + o.connectFailures
      sum.answers += answers
      sum.failures += o.serverErrors + o.timeouts + o.connectFailures
      sum.short += o.shortRttMs * answers
      sum.long += o.longRttMs * answers
      origin.set(name, sum)
    }
  }
  const sums: Sums = { waitP90Ms: 0, answers: 0, failures: 0, slowdown: 0, attempts: 0, rejected: 0, lagMs }
  for (const a of admission.values()) {
    sums.waitP90Ms = Math.max(sums.waitP90Ms, a.waitP90Ms)
    if (wilsonLower(a.rejected, a.attempts) >= wilsonLower(sums.rejected, sums.attempts)) {
      sums.attempts = a.attempts
      sums.rejected = a.rejected
    }
  }
  for (const o of origin.values()) {
    if (wilsonLower(o.failures, o.answers) >= wilsonLower(sums.failures, sums.answers)) {
      sums.answers = o.answers
      sums.failures = o.failures
    }
    if (o.answers >= FEW && o.long > 0) sums.slowdown = Math.max(sums.slowdown, o.short / o.long)
  }
  return sums
}

function sign(code: HealthSign['code'], value: number, limit: number, sentence: string): HealthSign {
  return { code, value, limit, sentence }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
}

function countOnes(bits: number): number {
  let count = 0
  for (let b = bits; b !== 0; b &= b - 1) count++
  return count
}
