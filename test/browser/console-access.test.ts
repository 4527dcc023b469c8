/** The console for everybody: axe-core on every view, light and dark, phone and desk; keyboard alone; nothing sticks out; forced colours. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { axeFaults, openView, viewPaths, withConsole } from './console-rig.testing.ts'

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())

const overflow = async (page: Page): Promise<number> => Number(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'))

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [360, 1_440]) {
    test(`axe-core finds nothing on any view and nothing sticks out, ${colorScheme}, ${width} px`, { timeout: 240_000 }, async () => {
      await withConsole(browser, { phase: 'flood', browser: { colorScheme, viewport: { width, height: 800 } } }, async ({ page, errors }) => {
        const faults: string[] = []
        for (const path of viewPaths) {
          await openView(page, path)
          // What is folded away counts too.
          await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true')
          await page.waitForTimeout(50)
          for (const fault of await axeFaults(page)) faults.push(`${path}: ${fault}`)
          if ((await overflow(page)) > 0) faults.push(`${path} is ${await overflow(page)} px too wide`)
        }
        assert.deepEqual(faults, [])
        assert.deepEqual(errors, [])
      })
    })
  }
}

test('axe-core finds nothing in dialogs, on the door, and in the past', { timeout: 120_000 }, async () => {
  await withConsole(browser, { phase: 'flood', signedIn: false }, async ({ page }) => {
    await page.locator('main h1').waitFor()
    assert.deepEqual(await axeFaults(page), [])
  })
  for (const phase of ['calm', 'aftermath'] as const) {
    await withConsole(browser, { phase }, async ({ page }) => assert.deepEqual(await axeFaults(page), []))
  }
  await withConsole(browser, { phase: 'flood', browser: { viewport: { width: 360, height: 740 } } }, async ({ page }) => {
    for (const keys of [['Control+k'], ['?'], ['j', 'v']]) {
      for (const key of keys) await page.keyboard.press(key)
      await page.locator('dialog[open]').waitFor()
      assert.deepEqual(await axeFaults(page), [], keys.join(' '))
      assert.ok((await overflow(page)) <= 0)
      await page.keyboard.press('Escape')
      await page.locator('dialog[open]').waitFor({ state: 'detached' })
    }
    await page.getByRole('slider').first().focus()
    await page.keyboard.press('PageDown')
    await page.locator('.banner.moment').waitFor()
    assert.deepEqual(await axeFaults(page), [], 'in the past')
  })
})

test('axe-core is at work: a fault put into the page is told', async () => {
  await withConsole(browser, {}, async ({ page }) => {
    await page.evaluate('document.querySelector("main").append(document.createElement("img"))')
    assert.ok((await axeFaults(page)).some((fault) => fault.startsWith('image-alt')))
  })
})

test('every chart has a sentence and a table with the same numbers', async () => {
  await withConsole(browser, {}, async ({ page }) => {
    const charts = page.locator('figure.chart')
    assert.equal(await charts.count(), 5)
    for (let place = 0; place < 5; place++) {
      const chart = charts.nth(place)
      assert.match((await chart.locator('.summary').textContent()) ?? '', /\d/)
      await chart.locator('.as-table summary').click()
      const rows = chart.locator('tbody tr')
      await rows.first().waitFor()
      assert.ok((await rows.count()) >= 8)
      const columns = await chart.locator('thead th').count()
      assert.equal(await rows.first().locator('th, td').count(), columns)
      assert.match((await chart.getByRole('slider').getAttribute('aria-valuetext')) ?? '', /now: .*\d/)
    }
  })
})

test('a screen reader hears a change of state once, and nothing every second', { timeout: 60_000 }, async () => {
  await withConsole(browser, { phase: 'aftermath' }, async ({ page }) => {
    const said = (): Promise<unknown> => page.evaluate('[...document.querySelectorAll("[aria-live=polite], [role=status]")].map((element) => element.textContent)')
    const regions = await said()
    await page.waitForTimeout(2_500)
    assert.deepEqual(await said(), regions)
  })
})

test('with forced colours, states and what is chosen keep an edge', async () => {
  await withConsole(browser, { browser: { forcedColors: 'active' } }, async ({ page, errors }) => {
    assert.notEqual(await page.evaluate('getComputedStyle(document.querySelector(".state")).borderTopWidth'), '0px')
    assert.deepEqual(errors, [])
  })
})
