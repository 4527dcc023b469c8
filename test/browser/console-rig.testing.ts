/** The console's pages in Chromium over the made-up shield of console/mock. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { type MockConsole, type MockOptions, startMockConsole } from '../../console/mock/mock-console.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export const viewPaths: readonly string[] = ['now', 'explore', 'incidents', 'incidents/2026-11-23-1', 'statements', 'alerts', 'lifeline', 'calendar', 'journal', 'settings', 'accounts', 'nowhere']

export interface OpenConsole {
  readonly page: Page
  readonly mock: MockConsole
  /** Errors of the page: exceptions, and what the policy refused. */
  readonly errors: readonly string[]
}

export async function withConsole(browser: Browser, options: MockOptions & { readonly browser?: BrowserContextOptions; readonly signedIn?: boolean }, act: (open: OpenConsole) => Promise<void>): Promise<void> {
  const mock = await startMockConsole(options)
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, locale: 'en-GB', timezoneId: 'Europe/Brussels', reducedMotion: 'reduce', ...options.browser })
  try {
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => { if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(message.text()) })
    await page.goto(mock.url)
    if (options.signedIn !== false) await signIn(page)
    await act({ page, mock, errors })
  } finally {
    await context.close()
    await mock.stop()
  }
}

export async function signIn(page: Page, name = 'anna'): Promise<void> {
  await page.locator('input[name=name]').fill(name)
  await page.locator('input[name=password]').fill('polder')
  await page.keyboard.press('Enter')
  await page.locator('.connection.live').waitFor()
}

/** Opens a view and waits until nothing loads any more. */
export async function openView(page: Page, path: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${path}`)}`)
  await page.locator('main h1').first().waitFor()
  await page.locator('main .loading').first().waitFor({ state: 'detached' })
}

/** Faults as axe-core finds them, one line each. It is evaluated from outside: the page's own policy would rightly refuse it. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return (await page.evaluate('axe.run({ resultTypes: ["violations"] }).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join(" | ")))')) as string[]
}
