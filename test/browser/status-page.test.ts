/** The public status page as axe-core judges it, in every language that has words, light and dark, at 400 %, and by its links. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { componentNames, componentStates, type Statement, type StatusBoard } from '../../src/contract/statement.ts'
import { templatesIn } from '../../src/record/statement/page-words.ts'
import { statusFiles } from '../../src/record/statement/status-files.ts'
import { statusLanguageCodes } from '../../src/record/statement/words/languages.ts'
import { launchChromium } from '../support/chromium.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const now = Date.UTC(2026, 10, 23, 21)
const languages = [...statusLanguageCodes, 'tr']
const statements: readonly Statement[] = templatesIn('en').map(({ name, ...english }, i) => ({
  id: `2026-11-23-s${i + 1}`, incidentId: null, stage: 'published', draftedBy: 'a', writers: ['a'], approvedBy: 'b', publishedBy: 'c', createdAtWallMs: now, publishedAtWallMs: now - i * 3_600_000,
  // The last one in English alone, so that the note for other languages is judged too.
  texts: i === 3 ? [{ language: 'en', ...english }] : statusLanguageCodes.map((language) => { const { name: _, ...text } = templatesIn(language).find((one) => one.name === name)!; return { language, ...text } }),
}))
const board: StatusBoard = {
  components: componentNames.map((name, i) => ({ name, state: componentStates[i]!, automatic: false, sinceWallMs: i === 0 ? 0 : now })), statements, automaticState: true, fourEyes: false, languages, exportedAtWallMs: null, exportFolder: '', trouble: '', listen: '',
}
const files = statusFiles(board, { name: 'Parliament of Exampleland', contact: 'press@parliament.example', timeZone: 'Europe/Brussels' }, now)

/** Words of the table that stand on two lines. */
const brokenWords = `(() => {
  const broken = []
  const walk = document.createTreeWalker(document.querySelector('table'), NodeFilter.SHOW_TEXT)
  for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
    for (const { 0: word, index } of node.data.matchAll(/[\\p{L}]{2,}/gu)) {
      const range = document.createRange()
      range.setStart(node, index)
      range.setEnd(node, index + word.length)
      if (new Set([...range.getClientRects()].map((one) => Math.round(one.top))).size > 1) broken.push(word)
    }
  }
  return broken
})()`

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe-core finds nothing on the status page, in ${languages.length} languages, ${colorScheme}`, async () => {
    const page = await browser.newPage({ colorScheme })
    try {
      for (const language of languages) {
        await page.setContent(files.get(`${language}.html`)!.body)
        await page.evaluate(axe)
        const found = (await page.evaluate('axe.run({ resultTypes: ["violations"] }).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html).join(" | ")))')) as string[]
        assert.deepEqual(found, [], language)
      }
    } finally {
      await page.close()
    }
  })
}

test('at 400 % the status page needs no scrolling sideways, and its own policy lets its style through', async () => {
  const page = await browser.newPage({ viewport: { width: 320, height: 256 } })
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  try {
    for (const language of languages) {
      await page.setContent(files.get(`${language}.html`)!.body)
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320, language)
      assert.deepEqual(await page.evaluate(brokenWords), [], `${language}: words broken in the middle`)
      assert.equal(await page.evaluate('getComputedStyle(document.body).maxWidth !== "none"'), true, language)
    }
    assert.deepEqual(complaints, [])
  } finally {
    await page.close()
  }
})
