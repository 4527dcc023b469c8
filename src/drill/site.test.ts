import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSampleSite } from '../../sample-site/start-sample-site.ts'
import { SeededRandom } from '../kernel/random.ts'
import { mockSite, sampleSite } from './site.ts'

test('every path that a visitor of the sample site asks for is there, and the flood finds what no cache can keep for it', async () => {
  const site = await startSampleSite({ port: 0, quiet: true, documentCount: 200, today: '2026-11-23' })
  try {
    const random = new SeededRandom(3)
    const paths = new Set([...sampleSite.parts, sampleSite.feed, sampleSite.api])
    for (let i = 0; i < 300; i++) paths.add(sampleSite.page(random)).add(sampleSite.crawled(random))
    const missing: string[] = []
    for (const path of paths) {
      const answer = await fetch(site.url + path)
      await answer.arrayBuffer()
      if (answer.status !== 200) missing.push(`${answer.status} ${path}`)
    }
    assert.deepEqual(missing, [])
    assert.notEqual(sampleSite.costly(random), sampleSite.costly(random))
    assert.equal((await fetch(site.url + sampleSite.costly(random))).status, 200)
  } finally {
    await site.close()
  }
})

test('the paths of the suite are drawn as before: its figures can be compared', () => {
  const random = new SeededRandom(1)
  const paths = Array.from({ length: 2_000 }, () => mockSite.page(random))
  const share = (pattern: RegExp): number => paths.filter((path) => pattern.test(path)).length / paths.length
  for (const [pattern, wanted] of [[/^\/news\/\d+$/, 0.55], [/^\/$/, 0.25], [/^\/(agenda|contact|members|votes)$/, 0.16], [/^\/search\?q=\w+$/, 0.04]] as const) {
    assert.ok(Math.abs(share(pattern) - wanted) < 0.03, `${pattern}: ${share(pattern)}`)
  }
  const before = new SeededRandom(9)
  const same = new SeededRandom(9)
  assert.equal(mockSite.costly(before), '/')
  assert.equal(before.next(), same.next(), 'nothing was drawn for it')
})
