/** Issue 5, Shows 2: the sample site with its origin killed, browsed in Chromium by its links; the copy says its date, works under the page's own policy, and is accessible. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, devices, type Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { freePort, lifelineSettings, polderCommand, untilCrawled } from '../support/lifeline-shield.ts'
import { NginxFolder } from '../support/nginx-folder.ts'
import { pictureDifference } from '../support/picture-difference.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { SampleSiteProcess } from '../support/sample-site-process.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Pages opened in the browser, of every kind first; all links of all pages are walked in test/scenario/lifeline.test.ts. */
const MOST_PAGES = 60
let site: SampleSiteProcess
let polder: PolderProcess
let browser: Browser

before(async () => {
  site = await SampleSiteProcess.start({ documents: 200 })
  const port = await freePort()
  polder = await PolderProcess.start(lifelineSettings(port, site.url))
  await untilCrawled(polder, 1, 240_000)
  await site.kill()
  browser = await launchChromium()
})

after(async () => {
  try {
    await browser?.close()
    await polder?.stop()
  } finally {
    await site?.kill()
  }
})

/** The kind of a page: its path without what names one thing. */
function kindOf(url: string): string {
  return new URL(url).pathname.split('/').slice(0, 2).join('/')
}

async function openAll(page: Page): Promise<{ opened: string[]; wrong: string[]; unnoticed: string[] }> {
  const wrong: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(`console: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => wrong.push(`script: ${error.message}`))
  page.on('response', (response) => {
    if (response.status() >= 400) wrong.push(`${response.status()}: ${response.url()}`)
  })
  const opened: string[] = []
  const unnoticed: string[] = []
  const perKind = new Map<string, number>()
  const waiting = [`${polder.url}/`]
  const seen = new Set(waiting)
  while (waiting.length > 0 && opened.length < MOST_PAGES) {
    waiting.sort((a, b) => (perKind.get(kindOf(a)) ?? 0) - (perKind.get(kindOf(b)) ?? 0))
    const url = waiting.shift()!
    const response = await page.goto(url, { waitUntil: 'load' })
    if (response?.headers()['content-type']?.startsWith('text/html') !== true) continue
    opened.push(url)
    perKind.set(kindOf(url), (perKind.get(kindOf(url)) ?? 0) + 1)
    if (!(await page.locator('#polder-saved-copy time').isVisible())) unnoticed.push(url)
    const links = await page.$$eval('a[href]', (all) => all.map((one) => (one as unknown as { href: string }).href.split('#')[0]))
    for (const link of links) {
      if (!link.startsWith(polder.url) || seen.has(link) || /\/(search|notifications|downloads)|\.(pdf|ics|xml|txt|json)|\/api\//.test(link)) continue
      seen.add(link)
      waiting.push(link)
    }
  }
  return { opened, wrong, unnoticed }
}

test('every kind of page opens with all it needs, by links, with its date visible, and without one error', { timeout: 240_000 }, async () => {
  const page = await browser.newPage()
  const { opened, wrong, unnoticed } = await openAll(page)
  assert.ok(opened.length >= MOST_PAGES - 5, `${opened.length} pages`)
  assert.deepEqual(wrong, [])
  assert.deepEqual(unnoticed, [])
  await page.close()
})

test('forms are marked and cannot be sent; the notice passes axe on the page, in light and dark', { timeout: 120_000 }, async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ colorScheme, bypassCSP: true })
    const page = await context.newPage()
    await page.goto(`${polder.url}/contact`)
    assert.ok(await page.getByText('This form does not work in the saved copy').first().isVisible())
    assert.equal(await page.locator('textarea').isDisabled(), true)
    assert.equal(await page.locator('form button, form input[type=submit]').first().isDisabled(), true)
    const before = page.url()
    await page.evaluate("document.querySelectorAll('form').forEach((form) => form.requestSubmit())")
    assert.equal(page.url(), before)
    await page.evaluate(axe)
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(node: unknown): Promise<{ violations: Array<{ id: string; nodes: Array<{ html: string }> }> }> } }
      return (await axe.run('#polder-saved-copy')).violations.map((one) => `${one.id}: ${one.nodes[0].html}`)
    })
    assert.deepEqual(violations, [])
    await context.close()
  }
})

test('without JavaScript the same', { timeout: 60_000 }, async () => {
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(`${polder.url}/news`)
  assert.ok(await page.locator('#polder-saved-copy time').isVisible())
  await page.locator('main a[href^="/news/"]').first().click()
  assert.ok(await page.locator('#polder-saved-copy time').isVisible())
  await context.close()
})

test('the export, served by nginx, looks the same, pixel by pixel, on a desk and on a telephone', { timeout: 240_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polder-export-'))
  const copy = join(folder, 'copy')
  let nginx: NginxFolder | null = null
  try {
    const exported = polderCommand(polder.file, 'lifeline', 'export', copy)
    assert.equal(exported.code, 0, exported.error)
    nginx = await NginxFolder.start(folder, copy)
    for (const look of [{ viewport: { width: 1_200, height: 800 } }, { ...devices['Pixel 5'], colorScheme: 'dark' as const }]) {
      const context = await browser.newContext({ ...look, reducedMotion: 'reduce' })
      const page = await context.newPage()
      let home: Buffer | null = null
      for (const path of ['/', '/news', '/members', '/contact', '/votes']) {
        let shown = await pictureOf(page, polder.url + path)
        let found = await pictureDifference(page, shown, await pictureOf(page, nginx.url + path))
        // Chromium gives an inline element a box of its own or leaves it out, by chance at each load, and with it the notice is a pixel taller or not: 4 in 10 pairs.
        for (let more = 0; more < 11 && found.plain > 0; more++) {
          shown = await pictureOf(page, polder.url + path)
          found = await pictureDifference(page, shown, await pictureOf(page, nginx.url + path))
        }
        const { plain, most } = found
        assert.equal(plain, 0, `${path}: ${plain} pixels plainly differ, the most by ${most} of 255`)
        const other = await pictureDifference(page, shown, home ?? shown)
        if (path !== '/') assert.ok(other.plain > 1_000, `${path} and the home page look the same: the comparison sees nothing`)
        home ??= shown
      }
      await context.close()
    }
  } finally {
    await nginx?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

async function pictureOf(page: Page, url: string): Promise<Buffer> {
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.evaluate('document.fonts.ready.then(() => true)')
  return page.screenshot()
}
