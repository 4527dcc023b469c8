/** The waiting room in a real browser: whatever is switched off, the turn comes, what was asked for opens, and the next click does not wait again. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, devices, type Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { startTestShield, type TestShield } from '../support/in-process-shield.ts'

const SERVICE_MS = 250
/** Others who want pages all the time: eight pages a second are served, and these keep a line of about this many. */
const OTHERS = 60

const seen: string[] = []
const origin = createServer((request, response) => {
  seen.push(`${request.url} ${request.headers.cookie ?? ''} ${request.headers.referer ?? ''}`)
  setTimeout(() => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.setHeader('cache-control', 'no-store')
    response.end(`<!doctype html><html lang="en"><title>x</title><main><h1>Page ${request.url}</h1><a href="/next">next</a></main>`)
  }, SERVICE_MS)
})
let shield: TestShield
let browser: Browser
const over = new AbortController()
let others: Array<Promise<void>> = []
const folders: string[] = []
let addresses = 0
/** An address nobody has seen before: who behaved like a visitor once would go past the line, into the fair queue. */
const asStranger = () => ({ extraHTTPHeaders: { 'x-forwarded-for': `203.0.113.${++addresses}` } })

function ask(path: string, address: string): Promise<{ status: number; refresh: string }> {
  return new Promise((resolve, reject) => {
    const url = new URL(shield.url)
    const sent = httpRequest({ host: url.hostname, port: url.port, path, headers: { accept: 'text/html' }, localAddress: address, agent: false }, (response) => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode!, refresh: String(response.headers.refresh ?? '') }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits for a turn like a browser; then comes again as somebody else. */
async function other(id: number): Promise<void> {
  for (let round = 0; !over.signal.aborted; round++) {
    const address = `127.${3 + (round % 200)}.${id}.1`
    let where = '/other'
    for (let tries = 0; !over.signal.aborted && tries < 60; tries++) {
      const answer = await ask(where, address)
      if (answer.status === 200) break
      const refresh = /^(\d+); url=(.+)$/.exec(answer.refresh)
      if (refresh !== null) where = refresh[2]
      await pause(Number(refresh?.[1] ?? 2) * 1_000)
    }
  }
}

before(async () => {
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  shield = await startTestShield(`listen: 127.0.0.1:0
origin: http://127.0.0.1:${(origin.address() as AddressInfo).port}
workers: 2
log: { format: off }
trustedProxies: [127.0.0.1]
admission: { limitInitial: 2, limitMin: 2, limitMax: 2 }
`)
  browser = await launchChromium()
  others = Array.from({ length: OTHERS }, (_, id) => other(id))
  await pause(4_000)
})
after(async () => {
  over.abort()
  await Promise.all(others)
  await browser?.close()
  await shield?.stop()
  origin.close()
  origin.closeAllConnections()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

async function withContext(options: BrowserContextOptions, act: (context: BrowserContext) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ ...asStranger(), ...options })
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
  const context = await chromium.launchPersistentContext(folder, { ...asStranger(), ...options, executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
  try {
    await act(context)
  } finally {
    await context.close()
  }
}

/** Opens a page, waits in line, and comes to the site's own heading; then a click goes on without a second wait. */
async function waitAndRead(page: Page, path: string, language = 'en'): Promise<void> {
  const first = await page.goto(`${shield.url}${path}`, { waitUntil: 'commit' })
  assert.equal(first?.status(), 503, 'no line: the test shows nothing')
  if (language === 'en') await page.getByText('Your place in line:').waitFor({ timeout: 5_000 })
  const from = performance.now()
  await page.locator('main h1', { hasText: `Page ${path}` }).waitFor({ timeout: 60_000 })
  assert.ok(performance.now() - from > 500, 'there was a wait')
  await Promise.all([page.waitForURL(/\/next/), page.locator('a[href="/next"]').click()])
  await page.locator('main h1', { hasText: 'Page /next' }).waitFor({ timeout: 10_000 })
}

test('a desktop browser waits, gets in under the address it asked for, and reads on', { timeout: 120_000 }, async () => {
  await withContext({}, async (context) => {
    const page = await context.newPage()
    await waitAndRead(page, '/desk?from=mail')
    await page.goBack()
    await page.locator('main h1', { hasText: 'Page /desk?from=mail' }).waitFor({ timeout: 10_000 })
    assert.equal(page.url(), `${shield.url}/desk?from=mail`)
    const own = (await context.cookies()).filter((cookie) => cookie.name === 'polder-place')
    assert.deepEqual(own.map((cookie) => [cookie.httpOnly, cookie.sameSite]), [[true, 'Lax']])
  })
})

test('a telephone waits and gets in', { timeout: 120_000 }, async () => {
  await withContext({ ...devices['Pixel 5'] }, async (context) => waitAndRead(await context.newPage(), '/phone'))
})

test('a browser without JavaScript waits and gets in', { timeout: 120_000 }, async () => {
  await withContext({ javaScriptEnabled: false, userAgent: 'no script' }, async (context) => waitAndRead(await context.newPage(), '/noscript'))
})

test('a browser without cookies waits, gets in, and reads on from page to page', { timeout: 120_000 }, async () => {
  await withoutCookies({ userAgent: 'no cookies' }, async (context) => {
    const page = await context.newPage()
    await waitAndRead(page, '/nocookies')
    assert.deepEqual(await context.cookies(), [])
  })
})

test('a browser without JavaScript and without cookies waits, gets in, and reads on', { timeout: 120_000 }, async () => {
  await withoutCookies({ javaScriptEnabled: false, userAgent: 'neither' }, async (context) => waitAndRead(await context.newPage(), '/neither'))
})

test('pressing reload keeps the place, and a language once chosen stays', { timeout: 120_000 }, async () => {
  await withContext({ userAgent: 'reloads' }, async (context) => {
    const page = await context.newPage()
    await page.goto(`${shield.url}/votes`, { waitUntil: 'commit' })
    const placeOf = async (): Promise<number> => Number(/\d+/.exec((await page.locator('[role=status]').textContent({ timeout: 3_000 })) ?? '')?.[0] ?? 0)
    const first = await placeOf()
    await page.reload({ waitUntil: 'commit' })
    assert.ok((await placeOf()) <= first)
    await page.locator('summary').click()
    await page.locator('button[value=de]').click()
    await page.getByText('Ihr Platz in der Warteschlange').or(page.getByText('Sie sind an der Reihe')).waitFor({ timeout: 5_000 })
    await page.locator('main h1', { hasText: 'Page /votes' }).waitFor({ timeout: 60_000 })
  })
})

test('the site behind saw nothing of ours', () => {
  assert.ok(seen.length > 20)
  assert.deepEqual(seen.filter((one) => one.includes('polder')), [])
})
