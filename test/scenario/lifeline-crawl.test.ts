/** A site of 600 pages crawled with a kill -9 in the middle; `script/bench lifeline` does the same with 10,000. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crawlMany } from '../support/crawl-many.ts'
import { eventually, startTestShield } from '../support/in-process-shield.ts'
import { freePort } from '../support/free-port.ts'
import { lifelineState } from '../support/lifeline-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'

test('memory stays flat, nothing is fetched twice after kill -9, and what did not change is not sent again', { timeout: 280_000 }, async () => {
  const figures = await crawlMany(600, 200, 0.5, 2, () => {})
  assert.equal(figures.kept >= 601, true, JSON.stringify(figures))
  assert.ok(Math.max(figures.firstHalfBytes, figures.secondHalfBytes) < 150 * 1_048_576, JSON.stringify(figures))
  assert.ok(figures.secondHalfBytes < figures.firstHalfBytes + 24 * 1_048_576, JSON.stringify(figures))
  // Written pages are not asked again; the last second before a kill -9 may be lost (SQLite without a flush per page), one page was under way.
  assert.ok(figures.twice <= 2, `${figures.twice} pages asked twice`)
  assert.equal(figures.secondPass.whole, 0, JSON.stringify(figures))
})

test('the lifeline thread dies: visitors notice nothing, it is started anew and goes on', { timeout: 60_000 }, async () => {
  const origin = await LoadOrigin.start()
  const port = await freePort()
  const polder = await startTestShield(`listen: 127.0.0.1:${port}\norigin: ${origin.url}\nworkers: 1\nlifeline: { sites: ["http://127.0.0.1:${port}"], maxPerSecond: 100 }\n`)
  try {
    const running = async (): Promise<boolean> => (await lifelineState(polder.folder).catch(() => null)) !== null
    await eventually('the lifeline answers', 20_000, running)
    let failed = 0
    const visitor = setInterval(() => void fetch(`${polder.url}/page`).then((response) => response.arrayBuffer()).catch(() => failed++), 20)
    await polder.shield.killThread('lifeline')
    await eventually('it is back', 20_000, running)
    clearInterval(visitor)
    assert.equal(failed, 0)
    assert.equal((await fetch(`${polder.url}/page`)).status, 200)
  } finally {
    await polder.stop()
    await origin.close()
  }
})
