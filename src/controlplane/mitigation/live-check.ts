/**
 * What a rule does to real visitors while it acts, measured every tick; harm lowers it at once, whatever was promised.
 * Two measures: clients its canary lets through that turn out to behave like visitors, and matches the data plane saw from such clients. Behind a tag all
 * come through; behind a challenge all may: who passed it, or behaves like a visitor since, passed, and who had the time and did not, did not.
 * A refused visitor can prove nothing, so without the canary a wrong rule would look right for ever.
 */
import type { Condition, RuleAction } from '../../contract/plan.ts'
import { hasBit, removeBits } from '../../kernel/bitset.ts'
import { fallsInShare, hashText } from '../../kernel/hash.ts'
import { wilsonLower } from '../../kernel/proportion.ts'
import { type WindowRows, fieldIndex } from '../evidence.ts'
import { markMatches, type TextOf } from './match-rows.ts'

/** Matches of clients with positive behaviour (algorithms: live part of G5). */
const POSITIVE_SHARE = 0.005
const CANARY_PASS_SHARE = 0.02
const FEW_MATCHES = 100
const FEW_PROBES = 20
/** Of the window's ten: passing by waiting takes five seconds, and a person's next request comes a little later. */
const TIME_TO_PASS_TICKS = 7
/** Ticks over which "how much does it match now" is asked: long enough for one missing batch, short enough for a pulse. */
const NOW_TICKS = 2

export interface LiveMeasure {
  readonly matchedPerSecond: number
  /** Different canary clients among the matches of the window that can be judged, and those that behave like visitors. */
  readonly canaryTried: number
  readonly canaryPassed: number
  /** Window rows it matches, for the next synthesis. Null when samples cannot tell. */
  readonly rows: Uint32Array | null
}

const nothingMeasured: LiveMeasure = Object.freeze({ matchedPerSecond: 0, canaryTried: 0, canaryPassed: 0, rows: null })

/** `canaryShare`: of a rule that refuses. `inForce`: look at the whole window; a sleeping rule only needs the newest ticks. */
export function measureLive(ruleId: string, when: readonly Condition[], action: RuleAction, canaryShare: number, window: WindowRows, inForce: boolean, textOf: TextOf): LiveMeasure {
  const seconds = window.seconds(NOW_TICKS)
  const newest = window.newest(NOW_TICKS)
  if (!inForce) {
    const rows = markMatches(window, when, textOf, newest)
    return rows === null || seconds === 0 ? nothingMeasured : { matchedPerSecond: window.weigh(rows) / seconds, canaryTried: 0, canaryPassed: 0, rows: null }
  }
  const spared = when.filter((condition) => condition.attribute !== 'unproven')
  const all = markMatches(window, spared, textOf)
  if (all === null) return nothingMeasured
  const rows = spared.length === when.length ? all : markMatches(window, [{ attribute: 'unproven' }], textOf, all)
  if (rows === null) return nothingMeasured
  const share = action === 'tag' || action === 'challenge' ? 1 : canaryShare
  const hadTime = action === 'challenge' ? removeBits(window.present.slice(), window.newest(TIME_TO_PASS_TICKS)) : null
  const { tried, passed } = countCanary(all, ruleId, share, hadTime, window)
  return { matchedPerSecond: seconds === 0 ? 0 : window.weighCommon(rows, newest) / seconds, canaryTried: tried, canaryPassed: passed, rows }
}

/** Clients, not requests: one visitor's page with twenty pictures is one witness. */
function countCanary(rows: Uint32Array, ruleId: string, share: number, hadTime: Uint32Array | null, window: WindowRows): { tried: number; passed: number } {
  const clients = window.columns[fieldIndex.clientKey]
  const salt = hashText(ruleId, 0)
  const tried = new Set<number>()
  const passed = new Set<number>()
  for (let word = 0; word < rows.length; word++) {
    for (let bits = rows[word]; bits !== 0; bits &= bits - 1) {
      const row = word * 32 + (31 - Math.clz32(bits & -bits))
      const client = clients[row]
      if (!fallsInShare(client, salt, share)) continue
      if (hasBit(window.proven, row)) passed.add(client)
      else if (!hasBit(window.judged, row) && (hadTime === null || !hasBit(hadTime, row))) continue
      tried.add(client)
    }
  }
  return { tried: tried.size, passed: passed.size }
}

export interface LiveHarm {
  readonly code: 'canary-passes' | 'visitors-match'
  readonly sentence: string
}

/** Null when nothing speaks against the rule. Lower bounds: a rule falls on evidence, not on one odd client. */
export function liveHarm(measure: Pick<LiveMeasure, 'canaryTried' | 'canaryPassed'>, matched: number, positive: number): LiveHarm | null {
  if (measure.canaryTried >= FEW_PROBES && wilsonLower(measure.canaryPassed, measure.canaryTried) > CANARY_PASS_SHARE) {
    return { code: 'canary-passes', sentence: `${measure.canaryPassed} of ${measure.canaryTried} clients let through behaved like visitors` }
  }
  if (matched >= FEW_MATCHES && wilsonLower(positive, matched) > POSITIVE_SHARE) {
    return { code: 'visitors-match', sentence: `${positive} of ${matched} matches came from clients that behave like visitors` }
  }
  return null
}
