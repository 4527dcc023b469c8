/**
 * Does one rule or route match everything that another matches? Answers yes only when that is certain.
 * A pattern with `*` covers another when it matches the other's text, its `*` taken as an ordinary letter (our patterns have no other wildcard).
 * Work is bounded: with thousands of rules the last ones are not compared, because a late answer to `polder check` is worse than a missing warning.
 */
import { isIPv4 } from 'node:net'
import type { Condition } from '../contract/plan.ts'
import { ipv4Number } from '../kernel/cidr-set.ts'
import type { WallMs } from '../kernel/clock.ts'
import { Glob } from '../kernel/glob.ts'
import { expandIpv6 } from './forms.ts'
import type { OperatorRule } from './settings.ts'

/** About a second on one slow core. */
const MAX_COMPARISONS = 3_000_000

interface Prefix {
  readonly family: 4 | 6
  readonly bits: number
  /** 32-bit words, most significant first. */
  readonly words: readonly number[]
}

export class ShadowFinder {
  readonly #nowWallMs: WallMs
  readonly #globs = new Map<string, Glob>()
  readonly #prefixes = new Map<string, Prefix>()
  #left = MAX_COMPARISONS

  constructor(nowWallMs: WallMs) {
    this.#nowWallMs = nowWallMs
  }

  covers(widePath: string, narrowPath: string): boolean {
    if (--this.#left < 0) return false
    let glob = this.#globs.get(widePath)
    if (glob === undefined) this.#globs.set(widePath, (glob = new Glob(widePath)))
    return glob.matches(narrowPath)
  }

  /** True when `rule` can never act because of `other`. `allow` wins wherever it stands; of the same action, the first wins. */
  hides(other: OperatorRule, rule: OperatorRule, otherIsEarlier: boolean): boolean {
    if (--this.#left < 0) return false
    if (other.dryRun || (!otherIsEarlier && other.action === rule.action) || (other.action === 'block' && rule.action === 'allow')) return false
    if (other.when.length === 0 || rule.when.length === 0) return false
    // A rule that ends earlier leaves the field to the other one.
    const otherEnds = other.expiresAtWallMs ?? Number.POSITIVE_INFINITY
    if (otherEnds <= this.#nowWallMs || otherEnds < (rule.expiresAtWallMs ?? Number.POSITIVE_INFINITY)) return false
    // A block also meets odd spellings of its path that an allow does not; nobody writes a block for those alone, so it counts as hidden.
    return other.when.every((condition) => rule.when.some((narrow) => this.#implies(narrow, condition)))
  }

  /** Whoever meets `narrow` also meets `wide`. */
  #implies(narrow: Condition, wide: Condition): boolean {
    if (narrow.attribute === 'path' && wide.attribute === 'path') return this.covers(wide.glob, narrow.glob)
    if (narrow.attribute === 'host' && wide.attribute === 'host') return this.covers(wide.glob, narrow.glob)
    if (narrow.attribute === 'method' && wide.attribute === 'method') return narrow.oneOf.every((method) => wide.oneOf.includes(method))
    if (narrow.attribute === 'prefix' && wide.attribute === 'prefix') return narrow.cidrs.every((cidr) => wide.cidrs.some((other) => this.#contains(other, cidr)))
    return false
  }

  #contains(wideText: string, narrowText: string): boolean {
    if (--this.#left < 0) return false
    const wide = this.#prefix(wideText)
    const narrow = this.#prefix(narrowText)
    if (wide.family !== narrow.family || wide.bits > narrow.bits) return false
    for (let i = 0, left = wide.bits; left > 0; i++, left -= 32) {
      const shift = Math.max(0, 32 - left)
      if (wide.words[i]! >>> shift !== narrow.words[i]! >>> shift) return false
    }
    return true
  }

  #prefix(text: string): Prefix {
    const known = this.#prefixes.get(text)
    if (known !== undefined) return known
    const [address, bits] = text.split('/') as [string, string]
    const groups = isIPv4(address) ? null : expandIpv6(address)
    const words = groups === null ? [ipv4Number(address)] : [0, 2, 4, 6].map((i) => groups[i]! * 65_536 + groups[i + 1]!)
    const prefix: Prefix = { family: groups === null ? 4 : 6, bits: Number(bits), words }
    this.#prefixes.set(text, prefix)
    return prefix
  }
}
