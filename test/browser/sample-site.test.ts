/** Issue 2, Shows 1: a browser loads every kind of page of the sample site through Polder, over http, https and HTTP/2, and nothing goes wrong. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { eventually } from '../support/in-process-shield.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { SampleSiteProcess } from '../support/sample-site-process.ts'

const QUIET_MS = 80
let site: SampleSiteProcess
let polder: PolderProcess
let plainUrl = ''
let secureUrl = ''

before(async () => {
  site = await SampleSiteProcess.start()
  polder = await PolderProcess.start(`listen:\n  - 127.0.0.1:0\n  - { address: "127.0.0.2:0", tls: true }\norigin: ${site.url}\nworkers: 2\n`)
  plainUrl = polder.urls[0]
  secureUrl = polder.urls[1]
})

after(async () => {
  await polder?.stop()
  await site?.kill()
})

/** What a page's visitor would see go wrong: errors in the console, requests that failed, answers that are no success. */
class Watched {
  readonly page: Page
  readonly wrong: string[] = []
  readonly protocols = new Set<string>()
  #underWay = 0
  #lastChangeMs = 0
  /** From leaving one page until the next one is there. */
  #leaving = false

  private constructor(page: Page) {
    this.page = page
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.wrong.push(`console: ${message.text()} (${message.location().url})`)
    })
    page.on('pageerror', (error) => this.wrong.push(`script: ${error.message}`))
    for (const [event, change] of [['request', 1], ['requestfinished', -1], ['requestfailed', -1]] as const) {
      page.on(event as 'request', () => {
        this.#underWay += change
        this.#lastChangeMs = performance.now()
      })
    }
    page.on('requestfailed', (request) => {
      const error = request.failure()?.errorText
      // A picture that came into view just as we left its page: the browser itself gives it up.
      if (error !== 'net::ERR_ABORTED' || !this.#leaving) this.wrong.push(`failed: ${request.url()} ${error}`)
    })
    page.on('framenavigated', () => {
      this.#leaving = false
    })
    page.on('response', (response) => {
      if (response.status() >= 400) this.wrong.push(`${response.status()}: ${response.url()}`)
    })
  }

  static async open(context: BrowserContext): Promise<Watched> {
    const watched = new Watched(await context.newPage())
    const cdp = await context.newCDPSession(watched.page)
    await cdp.send('Network.enable')
    cdp.on('Network.responseReceived', ({ response }) => {
      // What comes out of the browser's own cache says nothing of the wire.
      if (response.protocol !== undefined && response.url.startsWith('http') && response.fromDiskCache !== true) watched.protocols.add(response.protocol)
    })
    return watched
  }

  /** @throws when the page does not load with status 200. */
  async load(url: string): Promise<void> {
    this.#leaving = true
    const response = await this.page.goto(url, { waitUntil: 'load' })
    assert.equal(response?.status(), 200, url)
    // Pictures that load lazily would be broken off by the next page.
    await eventually(`${url} is quiet`, 10_000, () => this.#underWay === 0 && performance.now() - this.#lastChangeMs > QUIET_MS, 20)
  }

  /** First link on the page whose address begins like that. */
  async linkTo(start: string): Promise<string> {
    const links = await this.page.evaluate<string[]>('Array.from(document.links, (link) => link.getAttribute("href") ?? "")')
    const found = links.find((href) => href.startsWith(start) && href.length > start.length)
    assert.ok(found !== undefined, `no link to ${start}... on ${this.page.url()}`)
    return found
  }
}

const standing = [
  '/about', '/about/history', '/about/opening-hours', '/about/press', '/about/open-data', '/visit', '/accessibility', '/privacy', '/contact', '/notifications', '/search?q=water', '/votes/latest', '/rss.xml', '/api/v1',
]
/** List, and how a link to one of its kind begins. */
const lists = [['/', '/news/'], ['/news', '/news/'], ['/plenary', '/plenary/2'], ['/votes', '/votes/'], ['/members', '/members/'], ['/documents', '/documents/']] as const
const files = ['/plenary/calendar.ics', '/documents/1.pdf', '/notifications/digest.txt', '/sitemap.xml', '/robots.txt', '/atom.xml']

async function loadEverything(browser: Browser, base: string): Promise<Watched> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const watched = await Watched.open(context)
  for (const [list, start] of lists) {
    await watched.load(base + list)
    await watched.load(base + (await watched.linkTo(start)))
  }
  for (const path of standing) await watched.load(base + path)
  await watched.load(`${base}/`)
  for (const path of files) {
    const status = await watched.page.evaluate(async (address) => {
      const response = await fetch(address)
      return response.status === 200 && (await response.arrayBuffer()).byteLength > 0 ? 200 : response.status
    }, path)
    assert.equal(status, 200, path)
  }
  const images = await watched.page.evaluate<boolean[]>('Array.from(document.images, (image) => image.complete && image.naturalWidth > 0)')
  assert.ok(images.length > 0 && images.every(Boolean), 'every picture of the home page is drawn')
  return watched
}

async function inBrowser(flags: readonly string[], act: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await launchChromium(...flags)
  try {
    await act(browser)
  } finally {
    await browser.close()
  }
}

test('every kind of page over http', () =>
  inBrowser([], async (browser) => {
    const { wrong, protocols } = await loadEverything(browser, plainUrl)
    assert.deepEqual(wrong, [])
    assert.deepEqual([...protocols], ['http/1.1'])
  }))

test('every kind of page over https with HTTP/1.1', () =>
  inBrowser(['--disable-http2'], async (browser) => {
    const { wrong, protocols } = await loadEverything(browser, secureUrl)
    assert.deepEqual(wrong, [])
    assert.deepEqual([...protocols], ['http/1.1'])
  }))

test('every kind of page over HTTP/2, with TLS 1.3', () =>
  inBrowser([], async (browser) => {
    const { wrong, protocols, page } = await loadEverything(browser, secureUrl)
    assert.deepEqual(wrong, [])
    assert.deepEqual([...protocols], ['h2'])
    const response = await page.goto(`${secureUrl}/news`)
    assert.equal((await response!.securityDetails())?.protocol, 'TLS 1.3')
  }))

test('the contact form goes round, and its personal page is never seen by another visitor, not even when the origin is dead', () =>
  inBrowser([], async (browser) => {
    const name = 'Wilhelmina Ottoline van der Zandschulp'
    const writer = await Watched.open(await browser.newContext({ ignoreHTTPSErrors: true }))
    await writer.load(`${secureUrl}/contact`)
    await writer.page.fill('[name=name]', name)
    await writer.page.fill('[name=email]', 'w.zandschulp@example.org')
    await writer.page.fill('[name=message]', 'When is the next guided tour of the chamber, please?')
    const posted = writer.page.waitForResponse((response) => response.request().method() === 'POST')
    await writer.page.click('form[action*="contact"] button, form[method=post] button')
    assert.equal((await posted).status(), 303)
    await writer.page.waitForURL(`${secureUrl}/contact/thanks`)
    assert.match(await writer.page.content(), new RegExp(name))
    assert.deepEqual(writer.wrong, [])

    const stranger = await Watched.open(await browser.newContext({ ignoreHTTPSErrors: true }))
    await stranger.page.goto(`${secureUrl}/contact/thanks`)
    assert.equal(new URL(stranger.page.url()).pathname, '/contact', 'a stranger is sent to the form')
    assert.doesNotMatch(await stranger.page.content(), new RegExp(name))
    // The writer comes again, so that whatever could be kept is kept.
    await writer.page.reload()
    await stranger.load(`${secureUrl}/`)

    await site.kill()
    const other = await Watched.open(await browser.newContext({ ignoreHTTPSErrors: true }))
    for (const visitor of [stranger, other]) {
      const response = await visitor.page.goto(`${secureUrl}/contact/thanks`)
      assert.ok(response!.status() >= 500, `${response!.status()} while the origin is dead`)
      assert.doesNotMatch(await visitor.page.content(), new RegExp(name))
      assert.doesNotMatch(await visitor.page.content(), /name="token"/)
      const home = await visitor.page.goto(`${secureUrl}/`)
      assert.equal(home!.status(), 200, 'the home page is still readable')
    }
  }))
