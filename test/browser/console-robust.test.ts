/** The console under bad luck and bad people: hostile strings, a restart, sleep, a reload; and quick to begin with. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { openView, signIn, viewPaths, withConsole } from './console-rig.testing.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())

test('what attackers write (paths, agents, referers, hosts, names, claims) is shown as text on every view and runs nowhere', { timeout: 120_000 }, async () => {
  await withConsole(browser, { hostile: true }, async ({ page, errors }) => {
    let seen = 0
    const check = async (where: string): Promise<void> => {
      assert.equal(await page.evaluate('window.__xss'), undefined, `something ran at ${where}`)
      assert.equal(await page.locator('main img, main script, main svg[onload], dialog img, dialog script').count(), 0, `markup was made at ${where}`)
      assert.equal((await page.locator('body').innerText()).includes('\u202E'), false, `the direction of the text is turned at ${where}`)
      seen += await page.getByText('onerror=').count()
    }
    for (const path of viewPaths) {
      await openView(page, path)
      await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true')
      await page.waitForTimeout(60)
      await check(path)
    }
    await openView(page, 'incidents/2026-11-23-1')
    await page.getByLabel('Report', { exact: true }).selectOption('early-warning')
    await page.locator('.preview').waitFor()
    await check('the preview of a report')
    await openView(page, 'explore')
    await page.locator('table.explore button').first().click()
    await page.getByRole('button', { name: 'Whom would a rule touch?' }).click()
    await page.getByRole('button', { name: 'Make a rule of this' }).click()
    await page.locator('dialog[open]').waitFor()
    await check('a rule of a selection')
    await page.keyboard.press('Escape')
    await openView(page, 'now')
    await page.locator('article.rule').first().focus()
    await page.keyboard.press('v')
    await page.locator('dialog[open]').waitFor()
    await check('a veto')
    await page.keyboard.press('Escape')
    await page.getByRole('slider').first().focus()
    await page.keyboard.press('PageDown')
    await page.locator('.banner.moment').waitFor()
    await page.waitForTimeout(300)
    await check('a moment of the past')
    for (const written of ['the path is', 'the host is', 'the user agent is', 'the page it came from is']) assert.ok((await page.getByText(written).filter({ hasText: 'onerror=' }).count()) > 0, `${written} was not shown`)
    assert.ok(seen > 40, `the strings were hardly shown (${seen}): the test shows nothing`)
    assert.deepEqual(errors, [], 'nothing was even tried against the policy')
  })
})

test('the page asks nothing of any other host and obeys its policy', { timeout: 60_000 }, async () => {
  await withConsole(browser, { signedIn: false }, async ({ page, mock, errors }) => {
    const strangers: string[] = []
    page.on('request', (request) => { if (!request.url().startsWith(mock.url) && !request.url().startsWith('blob:')) strangers.push(request.url()) })
    await page.reload()
    await signIn(page)
    for (const path of viewPaths) await openView(page, path)
    assert.deepEqual(strangers, [])
    assert.deepEqual(errors, [])
  })
})

test('after a restart of the shield the page comes back by itself and fills the gap', { timeout: 90_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock }) => {
    await page.waitForTimeout(1_500)
    const asked: string[] = []
    page.on('request', (request) => { if (request.url().includes('/api/history')) asked.push(request.url()) })
    mock.vanish()
    await page.locator('.connection.lost').waitFor({ timeout: 15_000 })
    assert.equal(await page.locator('article.rule').count() > 0, true, 'the last known stays on the screen')
    await page.waitForTimeout(2_000)
    mock.back()
    await page.locator('.connection.live').waitFor({ timeout: 15_000 })
    await page.waitForTimeout(1_500)
    assert.ok(asked.length > 0, 'the missed seconds are asked for')
    assert.equal(mock.streams(), 1, 'one stream, not two')
  })
})

test('a stream that goes silent without an end is opened anew', { timeout: 60_000 }, async () => {
  await withConsole(browser, {}, async ({ page, mock }) => {
    await page.clock.install()
    await page.reload()
    await page.locator('.connection.live').waitFor()
    const before = mock.streams()
    const reopened = page.waitForRequest((request) => request.url().endsWith('/api/live'), { timeout: 15_000 })
    // The machine slept: an hour went by in one step.
    await page.clock.fastForward(3_600_000)
    await page.locator('.connection.live').waitFor()
    await reopened
    assert.equal(before, 1)
  })
})

test('a reload stays on the view and the session', { timeout: 60_000 }, async () => {
  await withConsole(browser, {}, async ({ page }) => {
    await openView(page, 'incidents/2026-11-23-1')
    await page.reload()
    await page.locator('h1', { hasText: 'Flood on search and front page' }).waitFor()
  })
})

test('what cannot be loaded says so, with a way to try again, and the rest works', { timeout: 60_000 }, async () => {
  await withConsole(browser, {}, async ({ page }) => {
    await page.route('**/api/record/incident/**', (route) => route.fulfill({ status: 503, contentType: 'application/json', body: JSON.stringify({ code: 'record-gone', sentence: 'The record does not answer; it is being started anew.' }) }))
    await openView(page, 'incidents')
    await page.getByRole('alert').filter({ hasText: 'The incidents could not be loaded.' }).waitFor()
    await page.getByText('The record does not answer; it is being started anew.').waitFor()
    await page.unroute('**/api/record/incident/**')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('link', { name: 'Flood on search and front page' }).waitFor()
  })
})

test('the page is interactive within a second after load, and what is in it can be acted on a second later', { timeout: 240_000 }, async (t) => {
  await withConsole(browser, {}, async ({ page }) => {
    // The best of a few: the bounds are about the page, not about what else this machine does.
    let loadedMs = Number.POSITIVE_INFINITY
    let offeredMs = Number.POSITIVE_INFINITY
    for (let attempt = 0; attempt < 8 && (loadedMs >= 1_000 || offeredMs > 1_000); attempt++) {
      await page.reload({ waitUntil: 'load' })
      const from = performance.now()
      await page.locator('article.rule .acts button').first().waitFor()
      offeredMs = Math.min(offeredMs, performance.now() - from)
      await page.locator('.headline').waitFor()
      const ended = Number(await page.evaluate('performance.getEntriesByType("navigation")[0].loadEventEnd'))
      assert.ok(ended > 0)
      loadedMs = Math.min(loadedMs, ended)
    }
    t.diagnostic(`loaded after ${Math.round(loadedMs)} ms, the first act offered ${Math.round(offeredMs)} ms later`)
    assert.ok(loadedMs < 1_000, `loaded after ${Math.round(loadedMs)} ms`)
    assert.ok(offeredMs <= 1_000, `the first act is offered ${Math.round(offeredMs)} ms after load`)
  })
})

test('ninety views at one sitting leave memory flat', { timeout: 240_000 }, async () => {
  await withConsole(browser, {}, async ({ page }) => {
    const client = await page.context().newCDPSession(page)
    const heap = async (): Promise<number> => {
      await client.send('HeapProfiler.collectGarbage')
      return ((await client.send('Runtime.getHeapUsage')) as { usedSize: number }).usedSize
    }
    await page.waitForTimeout(2_000)
    const before = await heap()
    for (let round = 0; round < 30; round++) {
      for (const path of ['now', 'incidents/2026-11-23-1', 'explore']) await openView(page, path)
    }
    await openView(page, 'now')
    await page.waitForTimeout(1_000)
    const grown = (await heap()) - before
    assert.ok(grown < 4_000_000, `${Math.round(grown / 1_000)} kB more after ninety views`)
  })
})
