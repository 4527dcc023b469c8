/** Makes points of history from what the shield says each second, and coarser points from finer ones. Counts are added, the worst is kept, nothing is invented. */
import type { HistoryPoint } from '../../contract/console.ts'
import type { EndedCounts } from '../../contract/vitals.ts'
import type { ShieldStatus } from '../../contract/control-socket.ts'
import type { ControlView, RuleRecord } from '../../contract/control.ts'
import { type Fate, fateOf } from '../../contract/measure.ts'
import { shieldStates } from '../../contract/plan.ts'
import type { Reason } from '../../contract/reason.ts'
import { SECOND_MS } from '../../kernel/units.ts'

/** MAD of a normal distribution times this is its standard deviation. */
const MAD_TO_SIGMA = 1.4826
/** Less than this above the expected stands out on no site (control plane: loop). */
const LEAST_EXCESS_PER_SECOND = 5
/** A pause longer than this is a gap, not a second. */
const LONGEST_STEP_MS = 10 * SECOND_MS
const NOT_KNOWN = -1
const fromCache: readonly Reason[] = ['served-fresh', 'served-revalidated', 'served-stale', 'served-last-good']

/** Totals of the second before, to tell what is new. */
export class HistoryMeter {
  #before: { readonly startedAtWallMs: number; readonly atWallMs: number; readonly received: number; readonly bytesOut: number; readonly ended: EndedCounts } | null = null

  /** `watchZ`: where the band of usual traffic ends. */
  point(status: ShieldStatus, watchZ: number): HistoryPoint {
    const before = this.#before
    const { received, ended, bytesOut } = status.sinceStart
    this.#before = { startedAtWallMs: status.startedAtWallMs, atWallMs: status.atWallMs, received, ended, bytesOut }
    const elapsedMs = before === null ? 0 : status.atWallMs - before.atWallMs
    const same = before !== null && before.startedAtWallMs === status.startedAtWallMs && elapsedMs > 0 && elapsedMs <= LONGEST_STEP_MS
    const fresh = (reason: Reason): number => (same ? Math.max(0, (ended[reason] ?? 0) - (before.ended[reason] ?? 0)) : 0)
    const fates: Record<Fate, number> = { served: 0, refused: 0, lost: 0, asked: 0, left: 0 }
    for (const reason of Object.keys(ended) as Reason[]) fates[fateOf[reason]] += fresh(reason)
    const cached = fromCache.reduce((sum, reason) => sum + fresh(reason), 0)
    const view = status.control.alive ? status.control.view : null
    const latency = originLatency(status)
    const sum = (of: (admission: NonNullable<ShieldStatus['origin'][number]['admission']>) => number): number => status.origin.reduce((total, { admission }) => total + (admission === null ? 0 : of(admission)), 0)
    return {
      atWallMs: status.atWallMs,
      state: view?.state ?? null,
      seconds: same ? elapsedMs / SECOND_MS : 0,
      asked: same ? Math.max(0, received - before.received) : 0,
      served: fates.served, refused: fates.refused, failed: fates.lost,
      challenged: fresh('rule-challenge') + fresh('challenge-passed'),
      waiting: sum((one) => one.inLine ?? 0),
      fromCacheShare: fates.served === 0 ? NOT_KNOWN : cached / fates.served,
      lifelineShare: fates.served === 0 ? NOT_KNOWN : fresh('served-last-good') / fates.served,
      bytesOut: same ? Math.max(0, bytesOut - before.bytesOut) : 0,
      originP50Ms: latency.p50, originP99Ms: latency.p99,
      inFlight: sum((one) => one.inFlight), limit: sum((one) => one.limit), queue: sum((one) => one.waiting),
      ...bandOf(view, watchZ),
      z: view?.z ?? NOT_KNOWN,
      touchedShareBound: view === null ? NOT_KNOWN : touchedShare(view.rules),
    }
  }
}

function originLatency(status: ShieldStatus): { readonly p50: number; readonly p99: number } {
  let answers = 0
  let p50 = 0
  let p99 = NOT_KNOWN
  for (const one of status.origin) {
    if (one.answers === null || one.answers.answers === 0) continue
    answers += one.answers.answers
    p50 += one.answers.latencyP50Ms * one.answers.answers
    p99 = Math.max(p99, one.answers.latencyP99Ms)
  }
  return { p50: answers === 0 ? NOT_KNOWN : p50 / answers, p99 }
}

function bandOf(view: ControlView | null, watchZ: number): { readonly expectedRate: number; readonly bandHigh: number } {
  if (view === null || view.expectation.source === 'none') return { expectedRate: NOT_KNOWN, bandHigh: NOT_KNOWN }
  const { ratePerSecond, madLog } = view.expectation
  return { expectedRate: ratePerSecond, bandHigh: Math.max(ratePerSecond * Math.exp(watchZ * MAD_TO_SIGMA * madLog), ratePerSecond + LEAST_EXCESS_PER_SECOND) }
}

const harmless: ReadonlySet<string> = new Set(['observe', 'allow', 'tag'])

/** Shares add up at most (union bound); rules of people promised nothing and are not in it. */
function touchedShare(rules: readonly RuleRecord[]): number {
  let sum = 0
  for (const rule of rules) if ((rule.stage === 'active' || rule.stage === 'decaying' || rule.stage === 'pinned') && !rule.dryRun && !harmless.has(rule.action)) sum += rule.evidence?.harm.upperShare ?? 0
  return Math.min(1, sum)
}

/** One point of what several, oldest first, say; `atWallMs` of the last. @throws RangeError without any. */
export function mergePoints(points: readonly HistoryPoint[]): HistoryPoint {
  const last = points.at(-1)
  if (last === undefined) throw new RangeError('no points to merge')
  const sum = (of: (point: HistoryPoint) => number): number => points.reduce((total, point) => total + of(point), 0)
  const worst = (of: (point: HistoryPoint) => number): number => points.reduce((most, point) => Math.max(most, of(point)), NOT_KNOWN)
  const served = sum((point) => point.served)
  const shareOf = (of: (point: HistoryPoint) => number): number => (served === 0 ? NOT_KNOWN : sum((point) => Math.max(0, of(point)) * point.served) / served)
  return {
    atWallMs: last.atWallMs,
    state: points.reduce<HistoryPoint['state']>((most, { state }) => (rank(state) > rank(most) ? state : most), null),
    seconds: sum((point) => point.seconds),
    asked: sum((point) => point.asked), served, refused: sum((point) => point.refused), failed: sum((point) => point.failed), challenged: sum((point) => point.challenged),
    waiting: last.waiting,
    fromCacheShare: shareOf((point) => point.fromCacheShare), lifelineShare: shareOf((point) => point.lifelineShare),
    bytesOut: sum((point) => point.bytesOut),
    originP50Ms: worst((point) => point.originP50Ms), originP99Ms: worst((point) => point.originP99Ms),
    inFlight: last.inFlight, limit: last.limit, queue: last.queue,
    expectedRate: last.expectedRate, bandHigh: last.bandHigh,
    z: worst((point) => point.z),
    touchedShareBound: worst((point) => point.touchedShareBound),
  }
}

function rank(state: HistoryPoint['state']): number {
  return state === null ? -1 : shieldStates.indexOf(state)
}

/** In this order on the disk; append only. */
const numbers = [
  'seconds', 'asked', 'served', 'refused', 'failed', 'challenged', 'waiting', 'fromCacheShare', 'lifelineShare', 'bytesOut', 'originP50Ms', 'originP99Ms', 'inFlight', 'limit', 'queue', 'expectedRate', 'bandHigh', 'z', 'touchedShareBound',
] as const satisfies ReadonlyArray<keyof HistoryPoint>

/** 8 bytes a number, little-endian, the state first. */
export function encodePoint(point: HistoryPoint): Buffer {
  const bytes = Buffer.allocUnsafe((numbers.length + 1) * 8)
  bytes.writeDoubleLE(rank(point.state), 0)
  numbers.forEach((name, i) => bytes.writeDoubleLE(point[name], (i + 1) * 8))
  return bytes
}

/** null: not a point. */
export function decodePoint(atWallMs: number, bytes: Uint8Array): HistoryPoint | null {
  if (bytes.length !== (numbers.length + 1) * 8) return null
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const point: Record<string, unknown> = { atWallMs, state: shieldStates[view.readDoubleLE(0)] ?? null }
  numbers.forEach((name, i) => (point[name] = view.readDoubleLE((i + 1) * 8)))
  return point as unknown as HistoryPoint
}
