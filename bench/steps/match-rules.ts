import type { Rule } from '../../src/contract/plan.ts'
import { Features } from '../../src/dataplane/features.ts'
import { compileRules } from '../../src/dataplane/rules/compile.ts'
import { type SourceFacts, matchRules } from '../../src/dataplane/rules/match.ts'
import type { Step } from './step.ts'
import { HASH_KEY, typicalRequest } from './typical-request.ts'

const facts: SourceFacts = { requests: () => 1, pages: () => 1, statics: () => 0, echoes: () => 0 }

/** A mixture as operators and the control plane write them; none matches, so that all are tried. */
function ruleOf(i: number): Rule {
  const base = { id: `rule-${i}`, action: 'block', dryRun: false, expiresAtWallMs: null, origin: 'operator' } as const
  switch (i % 4) {
    case 0:
      return { ...base, when: [{ attribute: 'path', glob: `/wp-admin/${i}/*` }] }
    case 1:
      return { ...base, when: [{ attribute: 'prefix', cidrs: [`198.51.${i}.0/24`, `2001:db8:${i}::/48`] }, { attribute: 'path', glob: '/search*' }] }
    case 2:
      return { ...base, when: [{ attribute: 'method', oneOf: ['POST'] }, { attribute: 'path', glob: '/contact' }] }
    default:
      return { ...base, origin: 'automatic', when: [{ attribute: 'userAgentShape', equals: i }, { attribute: 'acceptCombo', equals: i }] }
  }
}

export const bench1 = matching(1)
export const bench16 = matching(16)
export const bench64 = matching(64)

function matching(count: number): Step {
  const rules = compileRules(Array.from({ length: count }, (_, i) => ruleOf(i)), [])
  const request = typicalRequest()
  const other = typicalRequest()
  const features = new Features(HASH_KEY)
  return {
    name: `rules: ${count}, none matches`,
    run(iterations) {
      // Two requests in turn, so that what is kept of one request is worked out anew each time.
      for (let i = 0; i < iterations; i++) {
        const one = i % 2 === 0 ? request : other
        if (matchRules(rules, one, features.read(one), facts, 1, false) !== null) throw new Error('a rule matched')
      }
    },
  }
}
