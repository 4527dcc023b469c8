import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Condition } from '../../../contract/plan.ts'
import { tlpMarkings } from '../../../contract/incident.ts'
import { nameUuid } from '../name-uuid.ts'
import { factsOf, hostileText, NOW, richIncident, settingsFor } from '../report.testing.ts'
import { canonicalJson, observableId } from './observables.ts'
import { patternLiteral, rulePattern } from './rule-pattern.ts'
import { type StixBundle, stixBundle, type StixObject } from './stix-bundle.ts'
import { assertValidStix } from './stix-schemas.testing.ts'
import { tlpMarking } from './tlp-markings.ts'

const of = (bundle: StixBundle, type: string): StixObject[] => bundle.objects.filter((one) => one.type === type)

test('the validator finds what is wrong: it can fail', () => {
  const bundle = stixBundle(factsOf())
  const { pattern_type: _, ...broken } = of(bundle, 'indicator')[0]!
  assert.throws(() => assertValidStix({ ...bundle, objects: [...bundle.objects.filter((one) => one.id !== broken.id), broken as StixObject] }), /pattern_type/)
})

test('a rich incident is valid against the schemas of OASIS', () => {
  const bundle = stixBundle(factsOf())
  assertValidStix(bundle)
  assert.deepEqual([...new Set(bundle.objects.map((one) => one.type))].sort(), ['autonomous-system', 'domain-name', 'identity', 'incident', 'indicator', 'marking-definition', 'network-traffic', 'note', 'observed-data', 'opinion', 'report', 'sighting'])
  const report = of(bundle, 'report')[0]!
  assert.equal((report['object_refs'] as string[]).length, bundle.objects.length - 2)
})

test('an empty incident, one without settings, and every TLP marking are valid too', () => {
  const bare = richIncident({ title: '', figures: [], timeline: [], claims: [], hypotheses: [], awareAtWallMs: null, awareWho: null })
  assertValidStix(stixBundle(factsOf(bare, settingsFor({ institution: '', site: '', contact: '' }))))
  for (const tlp of tlpMarkings) assertValidStix(stixBundle(factsOf(richIncident({ tlp }))))
})

test('TLP 2.0 markings are the objects OASIS publishes', () => {
  assert.deepEqual(tlpMarking('amber+strict'), {
    type: 'marking-definition', spec_version: '2.1', id: 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003', created: '2022-10-01T00:00:00.000Z', name: 'TLP:AMBER+STRICT',
    extensions: { 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d': { extension_type: 'property-extension', tlp_2_0: 'amber+strict' } },
  })
  assert.deepEqual(tlpMarkings.map((one) => tlpMarking(one).id.slice(20, 28)), ['94868c89', 'bab4a63c', '55d920b0', '939a9414', 'e828b379'])
})

test('addresses appear only while a person keeps them as evidence', () => {
  const text = (changes: Parameters<typeof richIncident>[0]): string => JSON.stringify(stixBundle(factsOf(richIncident(changes))))
  const kept = { who: 'Anna Vos', legalNote: 'Order 7', fromWallMs: NOW - 1, untilWallMs: NOW + 1 }
  assert.ok(!text({}).includes('203.0.113.'))
  assert.ok(text({}).includes('r-range (it names addresses'))
  assert.ok(text({ addressEvidence: kept }).includes('network-traffic:src_ref.value ISSUBSET \'203.0.113.0/24\''))
  assert.ok(!text({ addressEvidence: { ...kept, untilWallMs: NOW - 1 } }).includes('203.0.113.'))
  assertValidStix(stixBundle(factsOf(richIncident({ addressEvidence: kept }))))
})

test('a claim is quoted as one, a hypothesis without a verdict gets no opinion, nobody is accused', () => {
  const bundle = stixBundle(factsOf())
  const claim = of(bundle, 'note').find((one) => String(one['abstract']).startsWith('Claim'))
  assert.equal(claim!['confidence'], 30)
  assert.match(String(claim!['content']), /Rated E4 \(Admiralty scale\)/)
  assert.equal(of(bundle, 'opinion').length, 1)
  assert.equal(of(bundle, 'opinion')[0]!['opinion'], 'agree')
  for (const type of ['threat-actor', 'intrusion-set', 'campaign', 'relationship']) assert.equal(of(bundle, type).length, 0)
})

test('a second export updates the first: same ids, later modified', () => {
  const first = stixBundle(factsOf())
  const second = stixBundle(factsOf(richIncident(), settingsFor(), NOW + 1_000))
  const stable = (bundle: StixBundle): string[] => bundle.objects.filter((one) => one.type !== 'network-traffic').map((one) => one.id)
  assert.deepEqual(stable(second).filter((id) => !stable(first).includes(id)), [])
  assert.ok((of(second, 'incident')[0]!['modified'] as string) > (of(first, 'incident')[0]!['modified'] as string))
})

test('observables have the ids of the standard', () => {
  // The example of STIX 2.1, 2.9.
  assert.equal(observableId('ipv4-addr', { value: '198.51.100.3' }), 'ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4')
  assert.equal(canonicalJson({ b: [1, 'x"\n'], a: { d: true, c: 'é' } }), '{"a":{"c":"é","d":true},"b":[1,"x\\"\\n"]}')
  // RFC 9562, A.4.
  assert.equal(nameUuid('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com'), '2ed6657d-e927-568b-95e1-2665a8aea6a2')
})

test('conditions become patterns, or none at all', () => {
  const pattern = (when: readonly Condition[], addresses = false): unknown => rulePattern(when, addresses)
  assert.deepEqual(pattern([{ attribute: 'path', glob: '/search*' }, { attribute: 'method', oneOf: ['GET'] }]), {
    pattern: '[network-traffic:extensions.\'http-request-ext\'.request_value MATCHES \'^/search.*(?:\\\\?.*)?$\' AND network-traffic:extensions.\'http-request-ext\'.request_method IN (\'get\')]', spares: false,
  })
  assert.deepEqual(pattern([{ attribute: 'unproven' }]), { withheld: 'no-words' })
  assert.deepEqual(pattern([{ attribute: 'path', glob: '/a' }, { attribute: 'headerOrder', equals: 3 }]), { withheld: 'no-words' })
  assert.deepEqual(pattern([{ attribute: 'prefix', cidrs: ['192.0.2.0/24'] }]), { withheld: 'addresses' })
  assert.deepEqual(pattern([]), { withheld: 'not-known' })
  assert.deepEqual(rulePattern(null, true), { withheld: 'not-known' })
})

/** The strings of a pattern, and the pattern with each of them as `''`; fails when a string does not end. */
function literalsOf(pattern: string): { readonly literals: string[]; readonly frame: string } {
  const literals: string[] = []
  let frame = ''
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] !== '\'') {
      frame += pattern[i]
      continue
    }
    let text = ''
    for (i++; pattern[i] !== '\''; i++) {
      assert.ok(i < pattern.length, 'a string does not end')
      if (pattern[i] === '\\') i++
      text += pattern[i]
    }
    literals.push(text)
    frame += '\'\''
  }
  return { literals, frame }
}

test('nothing in a request can leave its string in a pattern', () => {
  const harmless = literalsOf((rulePattern([{ attribute: 'userAgent', equals: 1, text: 'x' }, { attribute: 'path', glob: '/x' }, { attribute: 'host', glob: 'x' }], false) as { pattern: string }).pattern)
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(hostileText), fc.stringMatching(/^[\\'\][ ANDOR*%_]{0,20}$/)), (text) => {
    assert.deepEqual(literalsOf(patternLiteral(text)).literals, [text.toWellFormed()])
    const { pattern } = rulePattern([{ attribute: 'userAgent', equals: 1, text }, { attribute: 'path', glob: text }, { attribute: 'host', glob: text }], false) as { pattern: string }
    const { literals, frame } = literalsOf(pattern)
    assert.equal(frame, harmless.frame)
    // The path's regular expression matches the literal text and nothing that differs in one character.
    const plain = text.toWellFormed().replaceAll('*', '')
    const expression = new RegExp(literals[4]!, 's')
    assert.ok(expression.test(plain))
    if (!text.includes('*')) assert.ok(!expression.test(`z${plain}`))
  }), { numRuns: 300 })
})

test('hostile text stays text, and the bundle stays valid', () => {
  const claims = [{ ...richIncident().claims[0]!, text: hostileText, saidBy: hostileText, where: hostileText }]
  const bundle = stixBundle(factsOf(richIncident({ title: hostileText, claims }), settingsFor({ institution: hostileText.slice(0, 100) })))
  const back = JSON.parse(JSON.stringify(bundle)) as StixBundle
  assertValidStix(back)
  assert.ok(JSON.stringify(back).includes('<script>1</script>'), 'what was said is kept')
  for (const steering of ['\u202E', '\\u001b', '\\u0000', '\\ud800']) assert.ok(!JSON.stringify(back).includes(steering))
})
