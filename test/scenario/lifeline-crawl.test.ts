/** A site of 1,000 pages crawled with a kill -9 in the middle; `script/bench lifeline` does the same with 10,000. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crawlMany } from '../support/crawl-many.ts'

test('memory stays flat, nothing is fetched twice after kill -9, and what did not change is not sent again', { timeout: 280_000 }, async () => {
  const figures = await crawlMany(1_000, 200, 2, () => {})
  assert.equal(figures.kept >= 1_001, true, JSON.stringify(figures))
  assert.ok(Math.max(figures.firstHalfBytes, figures.secondHalfBytes) < 150 * 1_048_576, JSON.stringify(figures))
  assert.ok(figures.secondHalfBytes < figures.firstHalfBytes + 24 * 1_048_576, JSON.stringify(figures))
  // Written pages are not asked again; the last second before a kill -9 may be lost (SQLite without a flush per page), one page was under way.
  assert.ok(figures.twice <= 2, `${figures.twice} pages asked twice`)
  assert.equal(figures.secondPass.whole, 0, JSON.stringify(figures))
})
