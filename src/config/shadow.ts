/**
 * Does one rule or route match everything that another matches? Answers yes only when that is certain.
 * A pattern with `*` covers another when it matches the other's text, its `*` taken as an ordinary letter (our patterns have no other wildcard).
 */
import { BlockList, isIPv4 } from 'node:net'
import type { Condition } from '../contract/plan.ts'
import type { WallMs } from '../kernel/clock.ts'
import { Glob } from '../kernel/glob.ts'
import type { OperatorRule, RouteSettings } from './settings.ts'

export function coversRoute(earlier: RouteSettings, later: RouteSettings): boolean {
  return new Glob(earlier.path).matches(later.path)
}

/** True when `rule` can never act because of `other`. `allow` wins wherever it stands; of the same action, the first wins. */
export function coversRule(other: OperatorRule, rule: OperatorRule, otherIsEarlier: boolean, nowWallMs: WallMs): boolean {
  if (other.dryRun || (!otherIsEarlier && other.action === rule.action) || (other.action === 'block' && rule.action === 'allow')) return false
  if (other.when.length === 0 || rule.when.length === 0) return false
  // A rule that ends earlier leaves the field to the other one.
  const otherEnds = other.expiresAtWallMs ?? Number.POSITIVE_INFINITY
  if (otherEnds <= nowWallMs || otherEnds < (rule.expiresAtWallMs ?? Number.POSITIVE_INFINITY)) return false
  // A block also meets odd spellings of its path that an allow does not; nobody writes a block for those alone, so it counts as hidden.
  return everyImplied(other, rule)
}

function everyImplied(wide: OperatorRule, narrow: OperatorRule): boolean {
  return wide.when.every((condition) => narrow.when.some((other) => implies(other, condition)))
}

/** Whoever meets `narrow` also meets `wide`. */
function implies(narrow: Condition, wide: Condition): boolean {
  if (narrow.attribute === 'path' && wide.attribute === 'path') return new Glob(wide.glob).matches(narrow.glob)
  if (narrow.attribute === 'host' && wide.attribute === 'host') return new Glob(wide.glob).matches(narrow.glob)
  if (narrow.attribute === 'method' && wide.attribute === 'method') return narrow.oneOf.every((method) => wide.oneOf.includes(method))
  if (narrow.attribute === 'prefix' && wide.attribute === 'prefix') return narrow.cidrs.every((cidr) => wide.cidrs.some((other) => contains(other, cidr)))
  return false
}

function contains(wide: string, narrow: string): boolean {
  const [wideAddress, wideBits] = wide.split('/') as [string, string]
  const [address, bits] = narrow.split('/') as [string, string]
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  if (isIPv4(wideAddress) !== isIPv4(address) || Number(wideBits) > Number(bits)) return false
  const list = new BlockList()
  list.addSubnet(wideAddress, Number(wideBits), family)
  return list.check(address, family)
}
