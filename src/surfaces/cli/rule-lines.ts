/** A rule in short, for `polder status` and `polder rules`: what it does, on what evidence, what harm was promised and what it did. */
import type { RuleEffect, RuleRecord } from '../../contract/control.ts'
import type { ShieldStatus } from '../../contract/control-socket.ts'
import type { Rule } from '../../contract/plan.ts'
import { paint, type Colours } from './colour.ts'
import { clockTime, conditionInWords, count, percent, span } from './plain-words.ts'

/** A rule of the settings file, in the form of the others. */
export function recordOfSettingsRule(rule: Rule, effect: RuleEffect | undefined): RuleRecord {
  return {
    id: rule.id, origin: 'operator', sentence: rule.when.map(conditionInWords).join(', and '), when: rule.when, action: rule.action, stage: 'active', dryRun: rule.dryRun,
    bornAtWallMs: 0, expiresAtWallMs: rule.expiresAtWallMs, who: 'settings file', why: '', evidence: null,
    since: effect ?? { matched: 0, positive: 0, canaryTried: 0, canaryPassed: 0 }, history: [],
  }
}

export interface ListedRules {
  /** Strictest first. */
  readonly acting: readonly RuleRecord[]
  readonly asleep: readonly RuleRecord[]
  readonly vetoed: readonly RuleRecord[]
}

export function listRules(status: ShieldStatus): ListedRules {
  const fromSettings = status.settingsRules
    .filter((rule) => rule.expiresAtWallMs === null || rule.expiresAtWallMs > status.atWallMs)
    .map((rule) => recordOfSettingsRule(rule, status.ruleMatches[rule.id]))
  const known = status.control.view?.rules ?? []
  // With the control plane dead, its last word may be old: then only what the data plane still holds acts.
  const held = new Set(status.plan?.rules.filter((rule) => rule.expiresAtWallMs === null || rule.expiresAtWallMs > status.atWallMs).map((rule) => rule.id))
  const acting = known.filter((rule) => rule.stage !== 'dormant' && rule.stage !== 'vetoed' && (status.control.alive || held.has(rule.id)))
  const order = ['allow', 'block', 'limit', 'challenge', 'cache-only', 'tag', 'observe']
  return {
    acting: [...fromSettings, ...acting].sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action)),
    asleep: known.filter((rule) => rule.stage === 'dormant'),
    vetoed: known.filter((rule) => rule.stage === 'vetoed'),
  }
}

export function ruleLines(rule: RuleRecord, nowWallMs: number, colours: Colours): string[] {
  const marks = [rule.dryRun ? 'dry run: only counts' : '', rule.stage === 'pinned' ? 'pinned' : '', rule.stage === 'decaying' ? 'fading' : ''].filter((mark) => mark !== '')
  const colour = rule.action === 'block' || rule.action === 'limit' ? 'red' : rule.action === 'allow' ? 'green' : 'yellow'
  const lines = [`  ${paint(colours, 'bold', rule.id)}  ${paint(colours, colour, rule.action)}  ${rule.origin === 'operator' ? rule.when.map(conditionInWords).join(', and ') : rule.sentence}${marks.length === 0 ? '' : ` (${marks.join(', ')})`}`]
  const born = rule.bornAtWallMs === 0 ? 'in the settings file' : `since ${clockTime(rule.bornAtWallMs, nowWallMs)}`
  const by = rule.who !== 'polder' && rule.who !== 'settings file' ? ` by ${rule.who}: ${rule.why}` : ''
  lines.push(`      ${born}${by}, ${endText(rule, nowWallMs)}; matched ${count(rule.since.matched)}${rule.matchesPerSecond === undefined ? '' : `, now ${count(rule.matchesPerSecond)}/s`}${rule.evidence === null ? '' : `; when made ${count(rule.evidence.matchedPerSecond)}/s (normal ${count(rule.evidence.expectedPerSecond)}/s)`}`)
  if (rule.evidence !== null) {
    const { harm, gates, excessShare } = rule.evidence
    const failed = gates.filter((gate) => !gate.passed).map((gate) => gate.gate)
    lines.push(`      why: explains ${percent(excessShare)} of what is suspicious; ${failed.length === 0 ? `all ${gates.length} gates pass` : `held back by ${failed.join(', ')}`}`)
    lines.push(`      harm: promised at most ${percent(harm.upperShare)} of normal requests; so far ${harmSoFar(rule.since)}`)
  }
  return lines
}

/** What the live counts say: matches of clients that behave like visitors, and the canaries let through. */
export function harmSoFar(since: RuleEffect): string {
  const visitors = since.matched === 0 ? 'nothing matched' : `${count(since.positive)} of ${count(since.matched)} matches by clients that behave like visitors (${percent(since.positive / since.matched)})`
  return since.canaryTried === 0 ? visitors : `${visitors}, ${since.canaryPassed} of ${since.canaryTried} let through on trial were visitors`
}

export function endText(rule: RuleRecord, nowWallMs: number): string {
  if (rule.stage === 'dormant') return 'asleep'
  if (rule.stage === 'vetoed') return 'vetoed'
  if (rule.expiresAtWallMs === null) return 'no end'
  if (rule.expiresAtWallMs <= nowWallMs) return 'ended'
  const renewed = rule.origin === 'automatic' && rule.stage !== 'pinned'
  return `ends in ${span(rule.expiresAtWallMs - nowWallMs)}${renewed ? ' unless its flood goes on' : ''}`
}
