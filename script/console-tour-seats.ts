/** The people of the console's tour: each in a browser window of their own, and the camera that keeps what they see. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { inFewColours } from './palette-png.ts'

export const desktop = Object.freeze({ width: 1_440, height: 900 })
export const phone = Object.freeze({ width: 360, height: 780 })
const WAIT_MS = 40_000

export interface Seat {
  readonly page: Page
  readonly context: BrowserContext
  /** What went wrong on the page: exceptions, and what its policy refused. */
  readonly faults: string[]
}

export async function takeSeat(browser: Browser, url: string, size: typeof desktop | typeof phone): Promise<Seat> {
  const onPhone = size === phone
  const context = await browser.newContext({ viewport: size, locale: 'en-GB', timezoneId: 'Europe/Brussels', colorScheme: 'light', reducedMotion: 'reduce', ...(onPhone ? { deviceScaleFactor: 2, hasTouch: true } : {}) })
  const page = await context.newPage()
  page.setDefaultTimeout(WAIT_MS)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text()) })
  await page.goto(url)
  return { page, context, faults }
}

export async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.locator('input[name=name]').fill(name)
  await page.locator('input[name=password]').fill(password)
  await page.keyboard.press('Enter')
  await page.locator('.connection.live').waitFor()
  await page.locator('.headline').waitFor()
}

/** Opens a view as a link would, and waits until nothing loads any more. */
export async function openView(page: Page, path: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${path}`)}; scrollTo(0, 0)`)
  await page.locator('main h1').first().waitFor()
  await page.locator('main .loading').first().waitFor({ state: 'detached' })
}

/** To the record through the page's own session, as its forms do it: for what no picture shows. @throws with the refusal. */
export async function tellRecord<T>(page: Page, path: string, body: object): Promise<T> {
  const answer = (await page.evaluate(`fetch('/api/session').then((r) => r.json()).then((s) => fetch('/api/record/${path}', { method: 'POST', headers: { 'content-type': 'application/json', 'x-polder-csrf': s.csrf }, body: ${JSON.stringify(JSON.stringify(body))} })).then(async (r) => ({ ok: r.ok, said: await r.json() }))`)) as { ok: boolean; said: unknown }
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(answer.said)}`)
  return answer.said as T
}

/** Notices go away before the next picture, so that each shows what it is about. */
export async function dismissNotices(page: Page): Promise<void> {
  while ((await page.locator('.notice').count()) > 0) {
    await page.locator('.notice .quiet').first().click({ timeout: 1_000 }).catch(() => {})
  }
}

export class Camera {
  readonly taken: string[] = []
  readonly #folder: string
  readonly #place: string
  readonly #tell: (line: string) => void

  /** Makes `folder` anew: it holds nothing but pictures of an earlier run. `place`, the folder of the run, is shown as /srv/polder. */
  constructor(folder: string, place: string, tell: (line: string) => void) {
    this.#folder = folder
    this.#place = place
    this.#tell = tell
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  }

  /** What the window shows: the beginning of the page; `top` says what else stands at the top, `stay` that nothing is moved, not even the pointer. */
  async take(page: Page, name: string, { top, dark = false, stay = false }: { readonly top?: Locator; readonly dark?: boolean; readonly stay?: boolean } = {}): Promise<void> {
    if (!stay) {
      await page.mouse.move(2, 2)
      await page.evaluate('scrollTo(0, 0)')
    }
    if (dark) await page.emulateMedia({ colorScheme: 'dark' })
    if (top !== undefined) {
      await top.evaluate((element: { scrollIntoView(how: object): void }) => element.scrollIntoView({ block: 'start' }))
      await page.evaluate('scrollBy(0, -72)')
    }
    await page.waitForTimeout(150)
    await page.evaluate(`for (const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walker.nextNode(); ) if (walker.currentNode.data.includes(${JSON.stringify(this.#place)})) walker.currentNode.data = walker.currentNode.data.replaceAll(${JSON.stringify(this.#place)}, '/srv/polder')`)
    writeFileSync(join(this.#folder, `${name}.png`), inFewColours(await page.screenshot({ caret: 'hide' })))
    if (dark) await page.emulateMedia({ colorScheme: 'light' })
    this.taken.push(name)
    this.#tell(`picture: ${name}`)
  }
}
