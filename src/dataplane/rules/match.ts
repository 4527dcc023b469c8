/**
 * Which rule applies to a request. `allow` rules are asked first, before the tap, and win over everything; then the strictest matching rule decides,
 * the first of equals. Automatic rules are never asked about those who are always admitted (algorithms: invariant 1).
 * A rule past its expiry does nothing, whether or not a newer plan came: a dead control plane leaves no block behind.
 * Block rules see the path also in its normalised form, so that `/%62locked` is `/blocked`; allow rules and exempt paths see it only as sent, and no path
 * that climbs, so that neither `/%66eed` nor `/feed/../admin` talks its way past a block.
 */
import { positiveBehaviour } from '../../contract/sample.ts'
import type { Features } from '../features.ts'
import type { Request } from '../request.ts'
import type { CompiledCondition, CompiledRule, RuleSet } from './compile.ts'
import { climbs, normalisedPath } from './normalised-path.ts'

/** What the source table knows of the client that asks; all counts since it was first seen, decayed. */
export interface SourceFacts {
  requests(slot: number): number
  pages(slot: number): number
  statics(slot: number): number
  echoes(slot: number): number
}

/** Returns the first `allow` rule that matches, or null. Counts the match. Allocation-free. */
export function matchAllow(rules: RuleSet, request: Request, features: Features, facts: SourceFacts, nowWallMs: number): CompiledRule | null {
  const allow = rules.allow
  if (allow.length === 0) return null
  for (let i = 0; i < allow.length; i++) {
    const rule = allow[i]!
    if (rule.expiresAtWallMs <= nowWallMs || !matches(rule, request, features, facts, request.path)) continue
    if (rule.namesPath && climbs(request.path)) continue
    rule.matched++
    return rule
  }
  return null
}

/**
 * Returns the rule that decides about a request that no `allow` rule matched, or null. Counts a match for every rule that matched, dry-run ones too.
 * `operatorOnly`: automatic rules are neither asked nor counted.
 */
export function matchRules(rules: RuleSet, request: Request, features: Features, facts: SourceFacts, nowWallMs: number, operatorOnly: boolean): CompiledRule | null {
  const others = rules.others
  if (others.length === 0) return null
  const normal = normalisedPath(request.path)
  let found: CompiledRule | null = null
  for (let i = 0; i < others.length; i++) {
    const rule = others[i]!
    if (rule.expiresAtWallMs <= nowWallMs || (operatorOnly && rule.automatic)) continue
    // Whoever passed a challenge is not touched by another one, and speaks neither for nor against its rule.
    if (rule.action === 'challenge' && request.clearedBy !== '') continue
    if (!matches(rule, request, features, facts, request.path) && (normal === request.path || !matches(rule, request, features, facts, normal))) continue
    rule.matched++
    if (isPositive(request, facts)) rule.positive++
    if (!rule.dryRun && (found === null || rule.strictness > found.strictness)) found = rule
  }
  return found
}

function matches(rule: CompiledRule, request: Request, features: Features, facts: SourceFacts, path: string): boolean {
  const conditions = rule.conditions
  for (let i = 0; i < conditions.length; i++) if (!holds(conditions[i]!, request, features, facts, path)) return false
  return true
}

function holds(condition: CompiledCondition, request: Request, features: Features, facts: SourceFacts, path: string): boolean {
  switch (condition.kind) {
    case 'path':
      return condition.glob.matches(path)
    case 'host':
      return condition.glob.matches(withoutPort(request.host))
    case 'method':
      return condition.methods.includes(request.method)
    case 'prefix':
      return condition.prefixes.has(request.client.family, request.client.high, request.client.text)
    case 'feature':
      return features[condition.feature] === condition.equals
    case 'page-only':
      return (
        request.sourceSlot >= 0 &&
        facts.pages(request.sourceSlot) >= condition.pages &&
        facts.statics(request.sourceSlot) === 0 &&
        facts.echoes(request.sourceSlot) === 0
      )
    case 'query-present':
      return request.query !== ''
    case 'unproven':
      return !isPositive(request, facts)
  }
}

/** Positive behaviour as contract/sample.ts defines it, or a clearance got by work: sub-resources fetched or cookies echoed in proportion to the pages read. */
export function isPositive(request: Request, facts: SourceFacts): boolean {
  if (request.worked) return true
  const slot = request.sourceSlot
  if (slot < 0) return false
  const pages = facts.pages(slot)
  if (pages === 0) return false
  if (facts.statics(slot) >= pages * positiveBehaviour.staticsPerPage) return true
  const echoes = facts.echoes(slot)
  return echoes < facts.requests(slot) && echoes >= pages * positiveBehaviour.echoesPerPage
}

function withoutPort(host: string): string {
  const colon = host.lastIndexOf(':')
  return colon > host.lastIndexOf(']') ? host.slice(0, colon) : host
}
