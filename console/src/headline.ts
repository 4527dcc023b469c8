/**
 * The sentence for somebody who reads only one: are visitors served, is the origin well, what holds the excess and whom it touches. It says the worst first,
 * never more than is known, and "at most" where the number is a bound.
 */
import type { HistoryPoint } from '../../src/contract/console.ts'
import type { RuleRecord } from '../../src/contract/control.ts'
import type { ShieldStatus } from '../../src/contract/control-socket.ts'
import { shieldStates, type ShieldState } from '../../src/contract/plan.ts'
import { timeOfDay } from './format.ts'
import { texts } from './texts.ts'

/** Below this share of failing answers everybody counts as served. */
const NOTICED_FAILURE_SHARE = 0.01
const MOST_FAIL_SHARE = 0.2
const BUSY_TIMES = 1.5
/** Shown as 100 %. */
const NEARLY_ALL = 0.995

const strict: ReadonlySet<string> = new Set(['block', 'limit', 'challenge', 'cache-only', 'tag'])

/** Rules as last heard; with the control plane silent only those the data plane still holds. */
export function knownRules(status: ShieldStatus): readonly RuleRecord[] {
  const known = status.control.view?.rules ?? []
  if (status.control.alive) return known
  const held = new Set(status.plan?.rules.filter((rule) => rule.expiresAtWallMs === null || rule.expiresAtWallMs > status.atWallMs).map((rule) => rule.id))
  return known.filter((rule) => held.has(rule.id) || rule.stage === 'dormant' || rule.stage === 'vetoed')
}

export const actingRules = (status: ShieldStatus): readonly RuleRecord[] =>
  knownRules(status).filter((rule) => !rule.dryRun && rule.stage !== 'dormant' && rule.stage !== 'vetoed' && strict.has(rule.action))

/** Since when the state has been STRAIN or stricter, as far as the points tell. */
export function strainedSince(points: readonly HistoryPoint[], fallback: number): number {
  let since = fallback
  for (let place = points.length - 1; place >= 0; place--) {
    const { state, atWallMs } = points[place]
    if (state === null || shieldStates.indexOf(state) < shieldStates.indexOf('STRAIN')) break
    since = Math.min(since, atWallMs)
  }
  return since
}

export function headline(status: ShieldStatus, point: HistoryPoint | null, points: readonly HistoryPoint[]): string {
  const words = texts.headline
  const { view } = status.control
  const said: string[] = []
  const wanted = point === null ? 0 : point.served + point.failed
  const failing = wanted === 0 ? 0 : point!.failed / wanted
  if (status.workers.ready === 0) said.push(words.nobody)
  else if (failing >= MOST_FAIL_SHARE) said.push(words.few(1 - failing, view?.state === 'ATTACK' || view?.state === 'EMERGENCY'))
  else if (failing >= NOTICED_FAILURE_SHARE) said.push(words.most(failing))
  else if (point !== null && point.waiting > 0) said.push(words.waiting(point.waiting))
  else said.push(words.everyone)
  if (status.draining) said.push(words.draining)
  if (view === null) return said.join(' ')
  const now = status.atWallMs
  if (view.health.critical) said.push(words.originFails(timeOfDay(strainedSince(points, view.stateSinceWallMs), now)))
  else if (view.health.strained) said.push(words.originSlow(timeOfDay(strainedSince(points, view.stateSinceWallMs), now)))
  else if (failing < MOST_FAIL_SHARE) said.push(words.originWell)
  const acting = actingRules(status)
  const own = acting.filter((rule) => rule.evidence !== null)
  if (acting.length > 0) {
    const share = Math.min(1, own.reduce((sum, rule) => sum + rule.evidence!.excessShare, 0))
    said.push(share > 0 && view.excess !== null ? words.rules(acting.length, share, own.length < acting.length && share < NEARLY_ALL) : words.rulesNoShare(acting.length))
    const touched = point?.touchedShareBound ?? -1
    said.push(touched > 0 ? words.touched(touched) : touched === 0 ? words.touchedNone : words.touched(own.reduce((sum, rule) => sum + rule.evidence!.harm.upperShare, 0)))
  } else {
    const times = view.expectation.ratePerSecond > 0 ? view.ratePerSecond / view.expectation.ratePerSecond : 0
    if (times >= BUSY_TIMES && (view.state !== 'NORMAL' || (point !== null && point.bandHigh > 0 && view.ratePerSecond > point.bandHigh))) said.push(words.busy(times))
    else if (view.state === 'NORMAL' && failing < NOTICED_FAILURE_SHARE) said.push(words.calm)
  }
  return said.join(' ')
}

/** How bad a state is, for its colour. */
export const toneOf = (state: ShieldState | null): 'calm' | 'watch' | 'strain' | 'attack' | 'unknown' =>
  state === null ? 'unknown' : ({ NORMAL: 'calm', WATCH: 'watch', STRAIN: 'strain', ATTACK: 'attack', EMERGENCY: 'attack' } as const)[state]
