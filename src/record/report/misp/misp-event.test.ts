import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factsOf, hostileText, NOW, richIncident, settingsFor } from '../report.testing.ts'
import { mispEvent, type MispEvent } from './misp-event.ts'
import { assertValidMisp, validateMisp } from './misp-schema.testing.ts'

test('the validator finds what is wrong: it can fail', () => {
  const event = mispEvent(factsOf())
  assert.equal(validateMisp({ Event: { ...event.Event, published: 'no' } }), false)
  assert.throws(() => assertValidMisp({ Event: { ...event.Event, extra: 1 } }), /extra/)
})

test('a rich and an empty incident are valid MISP events', () => {
  assertValidMisp(mispEvent(factsOf()))
  assertValidMisp(mispEvent(factsOf(richIncident({ figures: [], claims: [], hypotheses: [], title: '' }), settingsFor({ institution: '' }))))
})

test('an event is a draft: not published, own organisation, no threat judged, nothing to be blocked by itself', () => {
  const { Event } = mispEvent(factsOf())
  assert.deepEqual([Event['published'], Event['distribution'], Event['threat_level_id'], Event['analysis']], [false, '0', '4', '1'])
  assert.ok(Event.Attribute.every((one) => !one.to_ids))
  assert.deepEqual(Event['Tag'], [{ name: 'tlp:amber' }, { name: 'rsit:availability="ddos"' }])
})

test('claims carry the rating of people, figures their journal entries, addresses only with evidence', () => {
  const { Event } = mispEvent(factsOf())
  const claim = Event.Attribute.find((one) => one.comment.startsWith('Claim'))!
  assert.deepEqual(claim.Tag, [{ name: 'admiralty-scale:source-reliability="e"' }, { name: 'admiralty-scale:information-credibility="4"' }])
  assert.ok(Event.Attribute.some((one) => one.type === 'AS' && one.value === '64496' && one.comment.includes('sampled; journal #12 to #400')))
  assert.ok(!JSON.stringify(Event).includes('203.0.113.'))
  const kept = mispEvent(factsOf(richIncident({ addressEvidence: { who: 'A', legalNote: 'n', fromWallMs: NOW - 1, untilWallMs: NOW + 1 } })))
  assert.ok(kept.Event.Attribute.some((one) => one.type === 'ip-src' && one.value === '203.0.113.0/24'))
  assertValidMisp(kept)
})

test('hostile text stays a value', () => {
  const event = mispEvent(factsOf(richIncident({ title: hostileText, claims: [{ ...richIncident().claims[0]!, text: hostileText }] })))
  assertValidMisp(JSON.parse(JSON.stringify(event)) as MispEvent)
  assert.equal(event.Event.Attribute.length, mispEvent(factsOf()).Event.Attribute.length)
})
