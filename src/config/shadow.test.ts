import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Condition } from '../contract/plan.ts'
import type { WallMs } from '../kernel/clock.ts'
import { Glob } from '../kernel/glob.ts'
import { parsePrefix } from './forms.ts'
import { ShadowFinder } from './shadow.ts'
import type { OperatorRule } from './settings.ts'

const now = 1_000 as WallMs
const rule = (action: 'allow' | 'block', when: Condition[], more: Partial<OperatorRule> = {}): OperatorRule => ({ id: 'x', origin: 'operator', action, when, dryRun: false, expiresAtWallMs: null, note: '', ...more })
const path = (glob: string): Condition => ({ attribute: 'path', glob })
const from = (...cidrs: string[]): Condition => ({ attribute: 'prefix', cidrs })

test('an earlier, wider block hides a later one; a narrower, a dry-run or a sooner ending one does not', () => {
  const finder = new ShadowFinder(now)
  const later = rule('block', [path('/a/b')])
  assert.equal(finder.hides(rule('block', [path('/a*')]), later, true), true)
  assert.equal(finder.hides(rule('block', [path('/a*')]), later, false), false)
  assert.equal(finder.hides(rule('block', [path('/a*'), from('10.0.0.0/8')]), later, true), false)
  assert.equal(finder.hides(rule('block', [path('/a*')], { dryRun: true }), later, true), false)
  assert.equal(finder.hides(rule('block', [path('/a*')], { expiresAtWallMs: 5_000 }), later, true), false)
  assert.equal(finder.hides(rule('block', [path('/a*')], { expiresAtWallMs: 5_000 }), rule('block', [path('/a')], { expiresAtWallMs: 4_000 }), true), true)
})

test('allow hides a block wherever it stands, and is hidden by no block', () => {
  const finder = new ShadowFinder(now)
  assert.equal(finder.hides(rule('allow', [from('10.0.0.0/8')]), rule('block', [from('10.1.0.0/16', '10.2.3.4/32')]), false), true)
  assert.equal(finder.hides(rule('block', [from('10.0.0.0/8')]), rule('allow', [from('10.1.0.0/16')]), true), false)
})

test('a pattern that covers another matches every text the other matches', () => {
  const glob = fc.string({ unit: fc.constantFrom('/', 'a', 'b', '*'), minLength: 1, maxLength: 6 })
  const text = fc.string({ unit: fc.constantFrom('/', 'a', 'b'), maxLength: 8 })
  fc.assert(
    fc.property(glob, glob, fc.array(text, { minLength: 5, maxLength: 5 }), (wide, narrow, fillers) => {
      if (!new ShadowFinder(now).covers(wide, narrow)) return
      let i = 0
      const sample = narrow.replaceAll('*', () => fillers[i++ % fillers.length]!)
      assert.ok(new Glob(narrow).matches(sample))
      assert.ok(new Glob(wide).matches(sample), `${wide} covers ${narrow} but not ${sample}`)
    }),
    { numRuns: 2_000 },
  )
})

test('containment of prefixes agrees with node\'s own', () => {
  const prefix = fc.oneof(
    fc.tuple(fc.constantFrom('10.0.0.0', '10.128.0.0', '10.128.64.0', '192.0.2.128'), fc.integer({ min: 0, max: 32 })),
    fc.tuple(fc.constantFrom('2001:db8::', '2001:db8:8000::', '2001:db8::8000:0:0:0', '::1'), fc.integer({ min: 0, max: 128 })),
  ).map(([address, bits]) => `${address}/${bits}`).filter((text) => typeof parsePrefix(text) === 'string')
  fc.assert(
    fc.property(prefix, prefix, (wide, narrow) => {
      const [wideAddress, wideBits] = wide.split('/') as [string, string]
      const [address, bits] = narrow.split('/') as [string, string]
      const family = (text: string) => (text.includes(':') ? 'ipv6' : 'ipv4')
      const list = new BlockList()
      list.addSubnet(wideAddress, Number(wideBits), family(wideAddress))
      const expected = family(wideAddress) === family(address) && Number(wideBits) <= Number(bits) && list.check(address, family(address))
      const hides = new ShadowFinder(now).hides(rule('block', [from(wide)]), rule('block', [from(narrow)]), true)
      assert.equal(hides, expected, `${wide} and ${narrow}`)
    }),
    { numRuns: 1_000 },
  )
})
