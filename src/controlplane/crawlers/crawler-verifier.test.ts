import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { SeededRandom } from '../../kernel/random.ts'
import { CrawlerVerifier } from './crawler-verifier.ts'
import type { CrawlerProof } from './forward-confirm.ts'

const HOUR = 3_600_000
const limits = { perSecond: 5, verifiedForMs: 12 * HOUR }
const yes: CrawlerProof = { verdict: 'verified', name: 'a.googlebot.com' }
const no: CrawlerProof = { verdict: 'refuted', name: '' }
const silence: CrawlerProof = { verdict: 'unknown', name: '' }

function verifierOf(answer: (address: string) => CrawlerProof): { verifier: CrawlerVerifier; asked: string[] } {
  const asked: string[] = []
  const verifier = new CrawlerVerifier(new SeededRandom(1), (address) => {
    asked.push(address)
    return Promise.resolve(answer(address))
  })
  return { verifier, asked }
}

test('a claim is asked about once; proven, it is verified until its time is up', async () => {
  const { verifier, asked } = verifierOf(() => yes)
  for (let i = 0; i < 3; i++) verifier.claim('66.249.66.1', 0)
  verifier.work(0, limits)
  verifier.claim('66.249.66.1', 0)
  await setImmediate()
  verifier.claim('66.249.66.1', 1_000)
  verifier.work(1_000, limits)
  assert.deepEqual([asked, verifier.verified(), verifier.changes], [['66.249.66.1'], ['66.249.66.1'], 1])
  verifier.work(12 * HOUR - 1, limits)
  assert.deepEqual(verifier.verified(), ['66.249.66.1'])
  verifier.work(12 * HOUR, limits)
  assert.deepEqual([verifier.verified(), verifier.changes], [[], 2])
})

test('whoever keeps coming is asked about again before its time is up, first in line, and stays verified meanwhile', async () => {
  const { verifier, asked } = verifierOf((address) => (address === 'crawler' ? yes : no))
  verifier.claim('crawler', 0)
  verifier.work(0, limits)
  await setImmediate()
  for (let i = 0; i < 100; i++) verifier.claim(`fake-${i}`, 10 * HOUR)
  verifier.claim('crawler', 10 * HOUR)
  verifier.work(10 * HOUR, { ...limits, perSecond: 1 })
  await setImmediate()
  assert.deepEqual(asked, ['crawler', 'crawler'])
  verifier.work(20 * HOUR, limits)
  assert.deepEqual([verifier.verified(), verifier.changes], [['crawler'], 1])
})

test('a clear no ends a verification at once; a silent name server does not', async () => {
  let answer: CrawlerProof = yes
  const { verifier } = verifierOf(() => answer)
  const ask = async (nowMs: number): Promise<void> => {
    verifier.claim('a', nowMs)
    verifier.work(nowMs, limits)
    await setImmediate()
  }
  await ask(0)
  answer = silence
  await ask(10 * HOUR)
  assert.deepEqual(verifier.verified(), ['a'])
  answer = no
  await ask(10 * HOUR + 120_000)
  assert.deepEqual([verifier.verified(), verifier.proofOf('a')], [[], no])
})

test('refuted, it is not asked about for an hour; without an answer, for a minute', async () => {
  for (const [answer, waitMs] of [[no, HOUR], [silence, 60_000]] as const) {
    const { verifier, asked } = verifierOf(() => answer)
    for (const nowMs of [0, waitMs - 1, waitMs]) {
      verifier.claim('a', nowMs)
      verifier.work(nowMs, limits)
      await setImmediate()
    }
    assert.equal(asked.length, 2, answer.verdict)
  }
})

test('a flood under a crawler\'s name costs a fixed number of questions, and the real one still gets its turn', async () => {
  const { verifier, asked } = verifierOf((address) => (address === 'crawler' ? yes : no))
  let fakes = 0
  let provenAfterSeconds = -1
  for (let second = 0; second < 600; second++) {
    for (let i = 0; i < 200; i++) verifier.claim(`fake-${fakes++}`, second * 1_000)
    for (let i = 0; i < 3; i++) verifier.claim('crawler', second * 1_000)
    verifier.work(second * 1_000, limits)
    await setImmediate()
    assert.ok(verifier.waiting <= 256)
    if (provenAfterSeconds < 0 && verifier.verified().length > 0) provenAfterSeconds = second
  }
  assert.ok(asked.length <= 600 * 5 + 5, String(asked.length))
  assert.ok(provenAfterSeconds >= 0, 'the crawler was never asked about')
})

test('questions without an answer are bounded too', () => {
  let asked = 0
  const verifier = new CrawlerVerifier(new SeededRandom(1), () => {
    asked++
    return new Promise(() => {})
  })
  for (let i = 0; i < 1_000; i++) verifier.claim(`a${i}`, 0)
  for (let second = 0; second < 100; second++) verifier.work(second * 1_000, { ...limits, perSecond: 100 })
  assert.equal(asked, 16)
})
