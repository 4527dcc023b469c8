/** Forms that meet the short check in a real browser: of both kinds, in another language, with a file; what the site behind gets is what was written. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { startTestShield, type TestShield } from '../support/in-process-shield.ts'

interface Sent {
  readonly url: string
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>
}

const sent: Sent[] = []
const origin = createServer((request, response) => {
  void (async () => {
    response.setHeader('content-type', 'text/html; charset=utf-8').setHeader('cache-control', 'private, max-age=60')
    const type = new URL(request.url!, 'http://x').searchParams.get('as') ?? ''
    if (request.method === 'GET') {
      response.end(`<!doctype html><html lang="en"><title>x</title><main><h1>Form ${request.url!.replaceAll('&', '&amp;')}</h1><form method="post" action="/send?to=us&amp;n=1" enctype="${type}"><input name="who"><input name="who" value="again &quot;"><textarea name="text"></textarea><input type="file" name="paper"><button name="go" value="1">Send</button></form></main>`)
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const form = await new Response(Buffer.concat(chunks), { headers: { 'content-type': request.headers['content-type']! } }).formData()
    sent.push({ url: request.url!, fields: [...form].map(([name, value]) => [name, typeof value === 'string' ? value : `file ${value.name} ${value.size}`] as const) })
    response.end('<!doctype html><html lang="en"><title>x</title><main><h1>Thank you</h1></main>')
  })()
})
let shield: TestShield
let browser: Browser
const calm = (): string => `listen: 127.0.0.1:0\norigin: http://127.0.0.1:${(origin.address() as AddressInfo).port}\nworkers: 2\nlog: { format: off }\nchallenge: { waitMs: 2s }\n`
const underAttack = (): string => `${calm()}rules:\n  - { path: "/*", action: challenge }\n`

before(async () => {
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  shield = await startTestShield(calm())
  browser = await launchChromium()
})
after(async () => {
  await browser?.close()
  await shield?.stop()
  origin.close()
  origin.closeAllConnections()
})

async function chooseFile(page: Page): Promise<void> {
  await page.locator('input[type=file]').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('content') })
}

/** A form filled in while all was calm, and sent when it no longer is. */
async function writeAndSend(javaScriptEnabled: boolean, type: string, file: boolean, act: (page: Page) => Promise<void>): Promise<void> {
  sent.length = 0
  await shield.shield.reload(shield.settings(calm()))
  const context: BrowserContext = await browser.newContext({ javaScriptEnabled })
  try {
    const page = await context.newPage()
    await page.goto(`${shield.url}/form?as=${type}`)
    await page.locator('input[name=who]').first().fill('Zoë "the" <b>&amp; 100 %22')
    await page.locator('textarea').fill('first\n--second--\n\nlast +')
    if (file) await chooseFile(page)
    await shield.shield.reload(shield.settings(underAttack()))
    await page.locator('button').click()
    await act(page)
  } finally {
    await context.close()
  }
}

function expected(type: string): Sent {
  const paper = type === 'multipart/form-data' ? 'file  0' : ''
  return { url: '/send?to=us&n=1', fields: [['who', 'Zoë "the" <b>&amp; 100 %22'], ['who', 'again "'], ['text', 'first\r\n--second--\r\n\r\nlast +'], ['paper', paper], ['go', '1']] }
}

for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data']) {
  test(`${type}: with JavaScript it arrives whole by itself`, { timeout: 60_000 }, async () => {
    await writeAndSend(true, type, false, async (page) => {
      await page.locator('h1', { hasText: 'Thank you' }).waitFor({ timeout: 20_000 })
      assert.deepEqual(sent, [expected(type)])
    })
  })

  test(`${type}: without JavaScript, read in another language, pressed too early, it arrives whole`, { timeout: 60_000 }, async () => {
    await writeAndSend(false, type, false, async (page) => {
      await page.getByText('has been kept').waitFor({ timeout: 20_000 })
      await page.locator('summary').click()
      await page.locator('button[lang=de]').click()
      await page.locator('html[lang=de]').waitFor({ timeout: 20_000, state: 'attached' })
      // Pressed before its time: the same page, still in German; after it: sent.
      for (let tries = 0; tries < 20 && (await page.locator('h1', { hasText: 'Thank you' }).count()) === 0; tries++) {
        assert.equal(await page.locator('html').getAttribute('lang'), 'de')
        await page.locator('button.go').click()
        await page.waitForTimeout(300)
        await page.waitForLoadState()
      }
      assert.deepEqual(sent, [expected(type)])
    })
  })
}

for (const javaScriptEnabled of [true, false]) {
  test(`a form with a file is not half kept: the page says so and stays, in the language chosen; back, what was typed is there (${javaScriptEnabled ? 'with' : 'without'} JavaScript)`, { timeout: 60_000 }, async () => {
    await writeAndSend(javaScriptEnabled, 'multipart/form-data', true, async (page) => {
      await page.getByText('has not been sent yet').waitFor({ timeout: 20_000 })
      // The work is done, and the link knows it; it is for the visitor to press.
      if (javaScriptEnabled) await page.locator('a.go[href*="."]').waitFor({ timeout: 20_000 })
      assert.ok(await page.getByText('has not been sent yet').isVisible())
      assert.ok(await page.getByText('choose your files again').isVisible(), 'a browser keeps what was typed, not which file was chosen')
      await page.goBack()
      assert.equal(await page.locator('textarea').inputValue(), 'first\n--second--\n\nlast +')
      await chooseFile(page)
      await page.locator('button').click()
      await page.locator('summary').click()
      await page.locator('button[value=de-lost]').click()
      await page.getByText('noch nicht gesendet').waitFor({ timeout: 20_000 })
      assert.deepEqual(sent, [])
    })
  })
}

test('as the page says: continue, back to the form, the file chosen again, and it arrives whole', { timeout: 60_000 }, async () => {
  await writeAndSend(true, 'multipart/form-data', true, async (page) => {
    await page.locator('a.go[href*="."]').click({ timeout: 20_000 })
    await page.locator('h1', { hasText: 'Form /send' }).waitFor({ timeout: 20_000 })
    // Once: the page of the check left no place of its own to come back to.
    await page.goBack()
    await page.locator('h1', { hasText: 'Form /form' }).waitFor({ timeout: 20_000 })
    assert.equal(await page.locator('textarea').inputValue(), 'first\n--second--\n\nlast +')
    await chooseFile(page)
    await page.locator('button').click()
    await page.locator('h1', { hasText: 'Thank you' }).waitFor({ timeout: 20_000 })
    const { url, fields } = expected('multipart/form-data')
    assert.deepEqual(sent, [{ url, fields: fields.map(([name, value]) => [name, name === 'paper' ? 'file a.txt 7' : value]) }])
  })
})

test('a language chosen on a page with a query keeps the query', { timeout: 60_000 }, async () => {
  await shield.shield.reload(shield.settings(underAttack()))
  const context = await browser.newContext({ javaScriptEnabled: false })
  try {
    const page = await context.newPage()
    await page.goto(`${shield.url}/search?q=tall+gr%C3%A4ss&page=2`)
    await page.locator('summary').click()
    await page.locator('button[lang=mt]').click()
    await page.locator('html[lang=mt]').waitFor({ timeout: 20_000, state: 'attached' })
    await page.locator('h1', { hasText: 'Form /search?q=tall+gr%C3%A4ss&page=2' }).waitFor({ timeout: 20_000 })
  } finally {
    await context.close()
  }
})
