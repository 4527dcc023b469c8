import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type EvidenceInputs, shareEvidence, weighEvidence } from './crowd-or-attack.ts'
import type { ExcessPicture } from './excess.ts'
import { ATTACK_EVIDENCE } from './state.ts'

const crowdExcess: ExcessPicture = {
  requests: 20_000, perSecond: 2_000, expectedPerSecond: 40, suspiciousPerSecond: 100, rows: 8_000, judgedShare: 0.03, judgedRows: 5_000, echoShare: 0.8, echoRows: 4_000,
  top: { field: 'headerOrder', value: 7, share: 0.5, normalShare: 0.45 }, newNetworkShare: 0.7, failingShare: 0,
}
const floodExcess: ExcessPicture = { ...crowdExcess, judgedShare: 0.98, echoShare: 0, top: { field: 'headerOrder', value: 7, share: 0.99, normalShare: 0 }, newNetworkShare: 0.9 }
const inputs = (excess: ExcessPicture, more: Partial<EvidenceInputs> = {}): EvidenceInputs => ({
  excess, normalJudgedShare: 0.02, normalProvenShare: 0.8, normalEchoShare: 0.8, pagesPerClient: 1.3, calmPagesPerClient: 1.1, ramp: 12, calmNewNetworkShare: 0.4,
  clientFaultShare: 0, canaryTried: 0, canaryPassed: 0, textOf: () => '', ...more,
})

test('a vote-night crowd, sudden and new, speaks clearly for a crowd', () => {
  assert.ok(weighEvidence(inputs(crowdExcess)).logLikelihood < -2)
})

test('a push alert opened in one app, so with one fingerprint, is still no attack', () => {
  const oneApp = { ...crowdExcess, top: { field: 'headerOrder', value: 7, share: 1, normalShare: 0 }, newNetworkShare: 1 }
  assert.ok(weighEvidence(inputs(oneApp, { ramp: 50 })).logLikelihood < ATTACK_EVIDENCE)
})

test('a flood of one tool is shown', () => {
  assert.ok(weighEvidence(inputs(floodExcess, { pagesPerClient: 9 })).logLikelihood > ATTACK_EVIDENCE)
})

test('no single reason but a canary proves an attack', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (share, crowd, flood) => {
      assert.ok(Math.abs(shareEvidence(share, crowd, flood, Math.log(5))) <= Math.log(5) + 1e-9)
    }),
  )
  for (const item of weighEvidence(inputs(floodExcess, { pagesPerClient: 50, ramp: 1_000, clientFaultShare: 1 })).items) assert.ok(item.logLikelihood <= Math.log(5) + 1e-9)
})

test('more page-only clients never speak less for an attack', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.9, noNaN: true }), fc.double({ min: 0, max: 0.1, noNaN: true }), (share, more) => {
      assert.ok(shareEvidence(share + more, 0.05, 0.8, Math.log(5)) >= shareEvidence(share, 0.05, 0.8, Math.log(5)) - 1e-12)
    }),
  )
})

test('on a site without cookies the missing echo accuses nobody', () => {
  const items = weighEvidence(inputs({ ...floodExcess }, { normalEchoShare: 0.05 })).items
  assert.ok(!items.some((item) => item.code === 'cookie-echo'))
})

test('of a handful of requests nothing is said', () => {
  assert.deepEqual(weighEvidence(inputs({ ...floodExcess, rows: 20 })).items, [])
})

test('a canary that people pass outweighs everything else', () => {
  const verdict = weighEvidence(inputs(floodExcess, { pagesPerClient: 9, canaryTried: 20, canaryPassed: 16 }))
  assert.ok(verdict.logLikelihood < 0)
})

test('every reason is a sentence with what was seen and what is normal', () => {
  for (const item of weighEvidence(inputs(floodExcess, { pagesPerClient: 9, textOf: () => 'curl/8' })).items) assert.match(item.sentence, /\d/)
  assert.match(weighEvidence(inputs(floodExcess, { textOf: () => 'curl/8' })).items.find((item) => item.code === 'fingerprint-concentration')!.sentence, /99 % of the excess has one order of headers "curl\/8" \(normally 0\.0 %\)/)
})
