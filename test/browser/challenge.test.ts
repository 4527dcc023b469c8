/** The short check in a real browser: everybody gets in, whatever is switched off, and what they wanted is what they get. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, devices, type Page } from 'playwright-core'
import { median } from '../../bench/measure/statistics.ts'
import { launchChromium } from '../support/chromium.ts'
import { startTestShield, type TestShield } from '../support/in-process-shield.ts'
import { SampleSiteProcess } from '../support/sample-site-process.ts'

/** Issue 5: median on a CPU slowed six times, at normal difficulty. */
const MOST_MEDIAN_MS = 3_000
const SLOWED = 6

let site: SampleSiteProcess
let shield: TestShield
let browser: Browser
const folders: string[] = []
const calm = (): string => `listen: 127.0.0.1:0\norigin: ${site.url}\nworkers: 2\nlog: { format: off }\n`
const underAttack = (): string => `${calm()}challenge: { waitMs: 2s }\nrules:\n  - { path: "/*", action: challenge }\n`
const normalDifficulty = (): string => `${calm()}rules:\n  - { path: "/*", action: challenge }\n`

before(async () => {
  site = await SampleSiteProcess.start()
  shield = await startTestShield(underAttack())
  browser = await launchChromium()
})
after(async () => {
  await browser?.close()
  await shield?.stop()
  await site?.stop()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

async function withContext(options: BrowserContextOptions, act: (context: BrowserContext) => Promise<void>): Promise<void> {
  const context = await browser.newContext(options)
  try {
    await act(context)
  } finally {
    await context.close()
  }
}

/** A browser whose owner has forbidden all cookies in its settings. */
async function withoutCookies(options: BrowserContextOptions, act: (context: BrowserContext) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'polder-browser-'))
  folders.push(folder)
  mkdirSync(join(folder, 'Default'))
  writeFileSync(join(folder, 'Default/Preferences'), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }))
  const context = await chromium.launchPersistentContext(folder, { ...options, executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
  try {
    await act(context)
  } finally {
    await context.close()
  }
}

/** Opens a page that is challenged, and waits for the site's own heading. */
async function openThrough(page: Page, path = '/about'): Promise<void> {
  const first = await page.goto(`${shield.url}${path}`, { waitUntil: 'commit' })
  assert.equal(first?.status(), 429, 'not challenged: the test shows nothing')
  await page.locator('main h1').filter({ hasNotText: 'One moment' }).waitFor({ timeout: 20_000 })
}

async function readsOn(page: Page): Promise<void> {
  await page.locator('a[href="/news"]').first().click()
  await page.waitForURL(/\/news/)
  await page.locator('main h1').filter({ hasText: 'News' }).waitFor({ timeout: 20_000 })
}

test('a desktop browser gets in by itself, under the address it asked for, and is not asked again', async () => {
  await withContext({}, async (context) => {
    const page = await context.newPage()
    await openThrough(page, '/about?from=mail#contact')
    assert.equal(page.url(), `${shield.url}/about?from=mail#contact`)
    const cookies = await context.cookies()
    const own = cookies.filter((cookie) => cookie.name === 'polder')
    assert.equal(own.length, 1)
    assert.deepEqual([own[0].httpOnly, own[0].sameSite], [true, 'Lax'])
    await readsOn(page)
    const again = await page.reload()
    assert.equal(again?.status(), 200)
  })
})

test('a telephone gets in', async () => {
  await withContext({ ...devices['Pixel 5'] }, async (context) => {
    const page = await context.newPage()
    await openThrough(page)
    assert.equal(page.url(), `${shield.url}/about`)
  })
})

test('a browser without JavaScript gets in', async () => {
  await withContext({ javaScriptEnabled: false }, async (context) => {
    const page = await context.newPage()
    await openThrough(page)
    assert.equal(page.url(), `${shield.url}/about`)
    await readsOn(page)
  })
})

test('a browser without cookies gets in, and reads on from page to page', async () => {
  await withoutCookies({}, async (context) => {
    const page = await context.newPage()
    await openThrough(page)
    assert.match(page.url(), /\/about\?polder=/)
    await readsOn(page)
    assert.deepEqual(await context.cookies(), [])
  })
})

test('a browser without JavaScript and without cookies gets in, and reads on', async () => {
  await withoutCookies({ javaScriptEnabled: false }, async (context) => {
    const page = await context.newPage()
    await openThrough(page)
    await readsOn(page)
  })
})

test('hardened browsers: no worker, a worker that stays silent, a script that fails', async () => {
  for (const script of ['delete window.Worker', 'window.Worker = function () { this.postMessage = this.terminate = function () {} }', 'Math.pow = function () { throw new Error("hardened") }']) {
    await withContext({}, async (context) => {
      await context.addInitScript(script)
      const page = await context.newPage()
      await openThrough(page)
      assert.equal(page.url(), `${shield.url}/about`, script)
    })
  }
})

test('several tabs at once all arrive', async () => {
  await withContext({}, async (context) => {
    const pages = await Promise.all([1, 2, 3, 4].map(() => context.newPage()))
    const paths = ['/about', '/members', '/votes', '/documents']
    await Promise.all(pages.map((page, i) => openThrough(page, paths[i])))
    assert.deepEqual(pages.map((page) => new URL(page.url()).pathname), paths)
  })
})

test('back and reload never end in a circle', async () => {
  await withContext({}, async (context) => {
    const page = await context.newPage()
    await page.goto('about:blank')
    await openThrough(page)
    await readsOn(page)
    await page.goBack()
    await page.locator('main h1').filter({ hasNotText: 'One moment' }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/about')
    await page.reload()
    assert.equal(new URL(page.url()).pathname, '/about')
    await page.goBack()
    assert.equal(page.url(), 'about:blank', 'the check left nothing in the history')
  })
})

for (const javaScriptEnabled of [true, false]) {
  test(`a form written before the attack arrives whole, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
    await shield.shield.reload(shield.settings(calm()))
    try {
      await withContext({ javaScriptEnabled }, async (context) => {
        const page = await context.newPage()
        await page.goto(`${shield.url}/contact`)
        await page.locator('#name').fill('Zoë "the" Ångström')
        await page.locator('#email').fill('zoe@example.org')
        await page.locator('#message').fill('First line\nSecond & <last> line')
        await shield.shield.reload(shield.settings(underAttack()))
        await page.locator('form.letter button[type=submit]').click()
        if (!javaScriptEnabled) {
          await page.locator('h1', { hasText: 'One moment' }).waitFor()
          await page.getByText('has been kept').waitFor()
          await page.waitForTimeout(2_100)
          await page.locator('button.go').click()
        }
        await page.locator('h1', { hasText: 'Thank you, Zoë "the" Ångström' }).waitFor({ timeout: 20_000 })
        assert.equal(new URL(page.url()).pathname, '/contact/thanks')
      })
    } finally {
      await shield.shield.reload(shield.settings(underAttack()))
    }
  })
}

test('a script of an open page hears 429 and no page, and the page stays', async () => {
  await shield.shield.reload(shield.settings(calm()))
  try {
    await withContext({}, async (context) => {
      const page = await context.newPage()
      await page.goto(`${shield.url}/about`)
      await shield.shield.reload(shield.settings(underAttack()))
      const heard = await page.evaluate('fetch("/votes", { headers: { accept: "application/json" } }).then(async (r) => [r.status, r.headers.get("retry-after"), (await r.json()).reason])')
      assert.deepEqual(heard, [429, '2', 'rule-challenge'])
      assert.equal(new URL(page.url()).pathname, '/about')
    })
  } finally {
    await shield.shield.reload(shield.settings(underAttack()))
  }
})

test(`on a CPU slowed ${SLOWED} times, at normal difficulty, half of the visitors are in within ${MOST_MEDIAN_MS / 1_000} s`, async (t) => {
  await shield.shield.reload(shield.settings(normalDifficulty()))
  try {
    // Chromium slows the page's own thread, not its workers: so without a worker, where the figure is worst.
    for (const script of ['', 'delete window.Worker']) {
      const times: number[] = []
      for (let i = 0; i < 5; i++) {
        await withContext({ ...devices['Pixel 5'] }, async (context) => {
          if (script !== '') await context.addInitScript(script)
          const page = await context.newPage()
          const cdp = await context.newCDPSession(page)
          await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWED })
          const from = performance.now()
          await openThrough(page)
          times.push(performance.now() - from)
        })
      }
      t.diagnostic(`${script === '' ? 'worker' : 'main thread'}: ${times.map((ms) => Math.round(ms)).join(', ')} ms`)
      assert.ok(median(times) <= MOST_MEDIAN_MS, `${times.join(', ')} ms`)
    }
  } finally {
    await shield.shield.reload(shield.settings(underAttack()))
  }
})

test('the check is one answer: the page asks for nothing more', async () => {
  await withContext({ javaScriptEnabled: false }, async (context) => {
    const page = await context.newPage()
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(`${shield.url}/about`, { waitUntil: 'load' })
    assert.deepEqual(asked.filter((url) => !url.endsWith('/favicon.ico')), [`${shield.url}/about`])
  })
})
