/** Vitals of all workers over some time, added up for people and for the record. */
import type { ShieldStatus } from '../contract/control-socket.ts'
import type { Reason } from '../contract/reason.ts'
import { type RouteClass, routeClasses } from '../contract/route-class.ts'
import type { AdmissionVitals, OriginVitals, TrafficCounts, Vitals } from '../contract/vitals.ts'

export function sumTraffic(vitals: readonly Vitals[]): TrafficCounts {
  const ended: Partial<Record<Reason, number>> = {}
  let received = 0
  let bytesOut = 0
  for (const one of vitals) {
    received += one.received
    bytesOut += one.bytesOut
    for (const [reason, count] of Object.entries(one.ended) as Array<[Reason, number]>) ended[reason] = (ended[reason] ?? 0) + count
  }
  return { received, ended, bytesOut }
}

/** `newest`: the last vitals of each worker; `recent`: those of the time that is asked about. */
export function originOf(newest: readonly Vitals[], recent: readonly Vitals[]): ShieldStatus['origin'] {
  return routeClasses.flatMap((routeClass) => {
    const admission = sumAdmission(routeClass, newest, recent)
    const answers = sumAnswers(routeClass, recent)
    return admission === null && answers === null ? [] : [{ routeClass, admission, answers }]
  })
}

/** In flight and limit are of the whole process; the counts are those of the last seconds. */
function sumAdmission(routeClass: RouteClass, newest: readonly Vitals[], recent: readonly Vitals[]): AdmissionVitals | null {
  const last = recent.flatMap((one) => one.admission[routeClass] ?? [])
  const fresh = newest.flatMap((one) => one.admission[routeClass] ?? [])
  const now = fresh.length > 0 ? fresh : last.slice(-1)
  if (now.length === 0) return null
  return {
    admitted: last.reduce((sum, one) => sum + one.admitted, 0),
    rejected: last.reduce((sum, one) => sum + one.rejected, 0),
    inFlight: Math.max(...now.map((one) => one.inFlight)),
    limit: Math.max(...now.map((one) => one.limit)),
    waiting: now.reduce((sum, one) => sum + one.waiting, 0),
    waitP90Ms: Math.max(0, ...last.map((one) => one.waitP90Ms)),
    inLine: Math.max(...now.map((one) => one.inLine ?? 0)),
  }
}

/** Medians and round trips weighed by answers, the worst p99. */
function sumAnswers(routeClass: RouteClass, recent: readonly Vitals[]): OriginVitals | null {
  const all = recent.flatMap((one) => one.origin[routeClass] ?? []).filter((one) => one.answers + one.timeouts + one.connectFailures > 0)
  if (all.length === 0) return null
  const sum = (of: (one: OriginVitals) => number): number => all.reduce((total, one) => total + of(one), 0)
  const answers = sum((one) => one.answers)
  const mean = (of: (one: OriginVitals) => number): number => (answers === 0 ? 0 : sum((one) => of(one) * one.answers) / answers)
  return {
    answers,
    serverErrors: sum((one) => one.serverErrors),
    timeouts: sum((one) => one.timeouts),
    connectFailures: sum((one) => one.connectFailures),
    latencyP50Ms: mean((one) => one.latencyP50Ms),
    latencyP99Ms: Math.max(...all.map((one) => one.latencyP99Ms)),
    shortRttMs: mean((one) => one.shortRttMs),
    longRttMs: mean((one) => one.longRttMs),
  }
}
