import type { PeerName } from './peer.ts'

/** One program, one workload, one run. */
export interface Measurement {
  readonly peer: PeerName
  readonly workload: string
  readonly run: number
  /** Requests, or handshakes. */
  readonly requests: number
  readonly perSecond: number
  /** Requests for each second of CPU time (user and system) that the whole process tree of the program used. */
  readonly perCpuSecond: number
  /** What the program serves with one core for itself; see perCoreOf. */
  readonly perCore: number
  readonly cpuMicrosecondsPerRequest: number
  /** CPU time of the program over wall time; 1 is one core full. */
  readonly serverShare: number
  /** What else ran on the program's core, of that core. A quiet machine has about 0. */
  readonly foreignShare: number
  /** How full the load generator's core was, with all that ran on it. */
  readonly loadShare: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly answerBytes: number
  /** From the start of the process to the first whole 200 answer. */
  readonly startMs: number
  readonly idleBytes: number
  readonly loadedBytes: number
  /** added-latency only. */
  readonly direct?: { readonly p50Ms: number; readonly p99Ms: number }
  /** workers-* only. */
  readonly workers?: WorkersMeasurement
}

export interface WorkersMeasurement {
  /** CPU microseconds per request: one worker alone on its core; two processes of one worker; one process of two workers. */
  readonly oneUs: number
  readonly pairUs: number
  readonly twoUs: number
  readonly onePerSecond: number
  readonly pairPerSecond: number
  readonly twoPerSecond: number
  /** CPU time of the less busy of the two workers over that of the busier. */
  readonly balance: number
}

/** A peer that could not be measured, and why. */
export interface Failure {
  readonly peer: PeerName
  readonly workload: string
  readonly run: number
  readonly why: string
}

/** From here on the load generator's core counts as full: its rest is lost in switches. */
const FULL_SHARE = 0.95

/**
 * Requests per second with one core for itself. When the load generator's core was full, the program could not show its throughput: CPU time decides.
 * When it was not, the program had its chance, and a program that waits instead of working is slower than its CPU time says:
 * the smaller of the two, after giving back the share of the core that others took.
 */
export function perCoreOf(perSecond: number, perCpuSecond: number, foreignShare: number, loadShare: number): number {
  if (loadShare >= FULL_SHARE) return perCpuSecond
  return Math.min(perCpuSecond, perSecond / Math.max(0.05, 1 - foreignShare))
}
