/** Reports as a person opens them: axe-core finds nothing, the page's own policy blocks nothing of it, and at 320 points nothing needs scrolling sideways. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { reportKinds } from '../../src/contract/report.ts'
import { composeReport } from '../../src/record/report/compose-report.ts'
import { factsOf, hostileText, richIncident, settingsFor } from '../../src/record/report/report.testing.ts'
import { writeHtml } from '../../src/record/report/write-html.ts'
import { launchChromium } from '../support/chromium.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())

test('every kind of report passes axe, shows its style, and fits a narrow screen', { timeout: 180_000 }, async () => {
  // The policy of a report allows no script; axe is one.
  const context = await browser.newContext({ bypassCSP: true })
  try {
    for (const kind of reportKinds) {
      const page = await context.newPage()
      await page.setContent(writeHtml(composeReport(factsOf(richIncident(), settingsFor({ language: 'bg' })), kind)))
      await page.evaluate(axe)
      const found = (await page.evaluate('axe.run({ resultTypes: ["violations"] }).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html).join(" | ")))')) as string[]
      assert.deepEqual(found, [], kind)
      await page.setViewportSize({ width: 320, height: 600 })
      assert.ok((await page.evaluate('document.documentElement.scrollWidth')) as number <= 320, `${kind} is wider than 320 points`)
      await page.close()
    }
  } finally {
    await context.close()
  }
})

test('the page\'s own policy lets its style through and nothing else run, whatever stands in it', { timeout: 60_000 }, async () => {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => void complaints.push(message.text()))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  const asked: string[] = []
  page.on('request', (request) => void asked.push(request.url()))
  const claims = [{ ...richIncident().claims[0]!, text: hostileText, saidBy: hostileText }]
  await page.setContent(writeHtml(composeReport(factsOf(richIncident({ title: hostileText, claims })), 'final')))
  assert.deepEqual([complaints, asked.filter((url) => !url.startsWith('data:') && url !== 'about:blank')], [[], []])
  assert.equal(await page.evaluate('getComputedStyle(document.querySelector("table")).borderCollapse'), 'collapse')
  await page.close()
})
