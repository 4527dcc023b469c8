/** Every page of ours, in every language, light and dark, as axe-core judges it; at 400 % and with forced colours. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type ChallengeAsked, ChallengePages } from '../../src/dataplane/pages/challenge-page.ts'
import { siteOptions } from '../../src/dataplane/pages/options.ts'
import { RefusalPages } from '../../src/dataplane/pages/refusal-page.ts'
import { WaitingPages } from '../../src/dataplane/pages/waiting-page.ts'
import { languageCodes } from '../../src/dataplane/pages/words/languages.ts'
import { type Reply, Request } from '../../src/dataplane/request.ts'
import type { MonotonicMs } from '../../src/kernel/clock.ts'
import { defaultsOf } from '../../src/kernel/option.ts'
import { launchChromium } from '../support/chromium.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const logo = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48"><circle cx="24" cy="24" r="24" fill="#1a4f8b"/></svg>').toString('base64')}`
const site = { ...defaultsOf(siteOptions), name: 'Parliament of Exampleland', contact: 'help@elsewhere.example', logo }
const refusals = new RefusalPages(site)
const challenges = new ChallengePages(site)
const rooms = new WaitingPages(site)
const client = { family: 4, text: '127.0.0.1', high: 0x7f000001, low: 0, key: 1 } as const
const asked: ChallengeAsked = {
  token: 'T'.repeat(52), difficultyBits: 15, waitSeconds: 5, clearanceMinutes: 30, reference: `/news?polder=${'T'.repeat(52)}`, form: undefined, withoutCookies: false, supportCode: '1a2b3c4d',
}

function challenge(language: string, change: Partial<ChallengeAsked>): string {
  const request = new Request('GET', '/news', 'a.example', 'http', 11, [], client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
  request.language = language
  // As it stands while it works: the bar is shown. The script itself would lead away from the page under test.
  return Buffer.from(challenges.write(request, { ...asked, ...change }, 0).body!).toString().replace(/<script>[\s\S]*<\/script>/, '').replace(' hidden></progress>', '></progress>')
}

function room(language: string, called: boolean): string {
  const request = new Request('GET', '/news', 'a.example', 'http', 11, [], client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
  request.language = language
  const reference = `/news?polder-place=${'T'.repeat(52)}`
  return Buffer.from(rooms.write(request, { ahead: 1_233, aheadAtFirst: 2_000, called, estimateSeconds: 1_500, refreshSeconds: 30, keepSeconds: 120, reference, cookie: '', supportCode: '1a2b3c4d' }, 0).body!).toString()
}

function refusal(language: string, reason: 'limit-shed' | 'origin-down' | 'rule-block' | 'bad-request'): string {
  return Buffer.from(refusals.find(reason, { method: 'GET', language, headers: ['accept', 'text/html'] }, 5, 0).body!).toString()
}

const kinds: Readonly<Record<string, (language: string) => string>> = {
  challenge: (language) => challenge(language, { withoutCookies: true }),
  'challenge, form kept': (language) => challenge(language, { form: { multipart: true, fields: [['name', 'Zoë'], ['file', null]] } }),
  'challenge, form not kept': (language) => challenge(language, { form: null }),
  'in line': (language) => room(language, false),
  'in line, called': (language) => room(language, true),
  busy: (language) => refusal(language, 'limit-shed'),
  down: (language) => refusal(language, 'origin-down'),
  refused: (language) => refusal(language, 'rule-block'),
  bad: (language) => refusal(language, 'bad-request'),
}

let browser: Browser
before(async () => {
  browser = await launchChromium()
})
after(() => browser?.close())

async function withPage(act: (page: Page) => Promise<void>): Promise<void> {
  const page = await browser.newPage()
  try {
    await act(page)
  } finally {
    await page.close()
  }
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return (await page.evaluate('axe.run({ resultTypes: ["violations"] }).then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html).join(" | ")))')) as string[]
}

test('axe-core is at work: a page with faults is told', async () => {
  await withPage(async (page) => {
    await page.setContent(refusal('en', 'limit-shed').replace('lang="en"', '').replace('var(--t)', '#ccc'))
    const found = await violations(page)
    assert.ok(found.some((one) => one.startsWith('html-has-lang')) && found.some((one) => one.startsWith('color-contrast')), found.join('\n'))
  })
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe-core finds nothing on any page, in 24 languages, ${colorScheme}`, async () => {
    await withPage(async (page) => {
      await page.emulateMedia({ colorScheme })
      for (const language of languageCodes) {
        for (const [name, write] of Object.entries(kinds)) {
          await page.setContent(write(language))
          // The list of languages is judged open.
          await page.evaluate('document.querySelectorAll("details").forEach((one) => { one.open = true })')
          assert.deepEqual(await violations(page), [], `${name}, ${language}`)
        }
      }
    })
  })
}

test('at 400 % nothing needs scrolling sideways, in any language', async () => {
  await withPage(async (page) => {
    await page.setViewportSize({ width: 320, height: 256 })
    for (const language of languageCodes) {
      for (const [name, write] of Object.entries(kinds)) {
        await page.setContent(write(language))
        await page.evaluate('document.querySelectorAll("details").forEach((one) => { one.open = true })')
        assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320, `${name}, ${language}`)
      }
    }
  })
})

test('with forced colours and reduced motion the way on is still seen and nothing moves', async () => {
  await withPage(async (page) => {
    await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
    await page.setContent(challenge('en', {}))
    assert.deepEqual(await violations(page), [])
    const border = await page.evaluate('getComputedStyle(document.querySelector(".go")).borderTopWidth')
    assert.equal(border, '2px')
    assert.equal(await page.evaluate('document.getAnimations().length'), 0)
  })
})

test('by keyboard alone: the way on and the languages are reached in order, and the focus is seen', async () => {
  await withPage(async (page) => {
    await page.setContent(challenge('en', {}))
    const order: unknown[] = []
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Tab')
      order.push(await page.evaluate('document.activeElement.tagName'))
      assert.equal(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid')
      if (i === 2) await page.keyboard.press('Enter')
    }
    assert.deepEqual(order, ['A', 'A', 'SUMMARY', 'BUTTON'])
  })
})

test('without its style the page reads from top to bottom: whose site, what is happening, how to go on', async () => {
  await withPage(async (page) => {
    await page.setContent(challenge('en', {}).replace(/<style>[\s\S]*?<\/style>/, ''))
    const text = (await page.evaluate('document.body.innerText')) as string
    const at = ['Parliament of Exampleland', 'One moment, please', 'a short check', 'Continue', 'Code: rule-challenge', 'help@elsewhere.example', 'Language'].map((words) => text.indexOf(words))
    assert.ok(at.every((place, i) => place >= 0 && (i === 0 || place > at[i - 1])), `${at.join(' ')}\n${text}`)
  })
})
