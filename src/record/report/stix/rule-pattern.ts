/**
 * The conditions of a rule as a STIX pattern (STIX 2.1, 9). All conditions of a rule hold together, so all must be said: a rule with one condition that STIX has no
 * words for, or with addresses while none may leave the house, gets no pattern: one that matches more than the rule did would be a false accusation. The one
 * exception is said beside the pattern (`spares`): "the client has shown no positive behaviour" is a memory of Polder, and never a reason to act by itself.
 */
import type { Condition } from '../../../contract/plan.ts'

const REQUEST = 'network-traffic:extensions.\'http-request-ext\''

export type PatternOutcome = { readonly pattern: string; readonly spares: boolean } | { readonly withheld: 'addresses' | 'no-words' | 'not-known' }

export function rulePattern(when: readonly Condition[] | null, addressesAllowed: boolean): PatternOutcome {
  if (when === null || when.length === 0) return { withheld: 'not-known' }
  const tests: string[] = []
  let spares = false
  for (const condition of when) {
    if (condition.attribute === 'prefix' && !addressesAllowed) return { withheld: 'addresses' }
    if (condition.attribute === 'unproven') {
      spares = true
      continue
    }
    const test = conditionTest(condition)
    if (test === null) return { withheld: 'no-words' }
    tests.push(test)
  }
  return tests.length === 0 ? { withheld: 'no-words' } : { pattern: `[${tests.join(' AND ')}]`, spares }
}

/** STIX 2.1, 9.5: backslash and apostrophe are escaped by a backslash. */
export function patternLiteral(text: string): string {
  return `'${text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\'', '\\\'')}'`
}

function conditionTest(condition: Condition): string | null {
  switch (condition.attribute) {
    case 'path':
      return globTest(`${REQUEST}.request_value`, condition.glob, '(?:\\?.*)?')
    case 'host':
      return globTest(`${REQUEST}.request_header.Host`, condition.glob, '')
    case 'method':
      // "as a lowercase string" (STIX 2.1, 6.12.3).
      return `${REQUEST}.request_method IN (${condition.oneOf.map((one) => patternLiteral(one.toLowerCase())).join(', ')})`
    case 'prefix':
      return `(${condition.cidrs.map((cidr) => `network-traffic:src_ref.value ISSUBSET ${patternLiteral(cidr)}`).join(' OR ')})`
    case 'query-present':
      return `${REQUEST}.request_value MATCHES '\\\\?'`
    case 'userAgent':
      return condition.text === undefined ? null : `${REQUEST}.request_header.'User-Agent' = ${patternLiteral(condition.text)}`
    case 'referer':
      return condition.text === undefined ? null : `${REQUEST}.request_header.Referer = ${patternLiteral(condition.text)}`
    default:
      return null
  }
}

/** A regular expression (PCRE): LIKE has no way to write a real % or _. `*` stands for any characters, `?` is itself. */
function globTest(path: string, glob: string, tail: string): string {
  const expression = glob.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('.*')
  return `${path} MATCHES ${patternLiteral(`^${expression}${tail}$`)}`
}
