/** The console's pages over a real shield: hostile requests on every view, an act and its undo, two people, a moment of the past, and a shield that is killed and comes back. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { freePort } from '../support/free-port.ts'
import { launchChromium } from '../support/chromium.ts'
import { eventually } from '../support/in-process-shield.ts'
import { LoadOrigin } from '../support/load-origin.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { axeFaults, openView } from './console-rig.testing.ts'

const PASSWORD = 'correct horse battery'
const HOSTILE = '"><img src=x onerror=window.__xss=1><script>window.__xss=2</script>'

let browser: Browser
let origin: LoadOrigin
let polder: PolderProcess
let consoleUrl = ''
let yaml = ''

function account(file: string, name: string, role: string): Promise<void> {
  const child = spawn(join(import.meta.dirname, '../../bin/polder'), ['account', 'add', name, '--role', role, '--password-stdin', '-c', file], { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(PASSWORD)
  return new Promise((resolve, reject) => { child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`polder account add ended with ${code}`)))) })
}

/** Everything an attacker writes in a request, as one; once under the site's name, so that it is sampled, and once under a name that is an attack itself. Returns the status. */
function hostileRequest(url: string, host = new URL(url).host): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(`${url}/search/${encodeURIComponent(HOSTILE)}?q=${encodeURIComponent(HOSTILE)}`, { agent: false, headers: { host, 'user-agent': HOSTILE, referer: `http://${HOSTILE}/`, 'accept-language': HOSTILE } }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.on('error', () => resolve(0))
    })
    sent.on('error', () => resolve(0))
    sent.end()
  })
}

before(async () => {
  origin = await LoadOrigin.start()
  yaml = `listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 1\nconsole: { listen: "127.0.0.1:${await freePort()}" }\nlifeline: { enabled: false }\nrules:\n  - { id: press-agency, path: "/press*", action: allow }\n`
  polder = await PolderProcess.start(yaml)
  await account(polder.file, 'ada', 'admin')
  await account(polder.file, 'bob', 'viewer')
  consoleUrl = (await polder.until((line) => line.msg.startsWith('console at '), 60_000))['consoleUrl'] as string
  browser = await launchChromium()
})
after(async () => {
  await browser?.close()
  await polder?.stop()
  await origin?.close()
})

interface Seat {
  readonly page: Page
  readonly context: BrowserContext
  readonly errors: readonly string[]
}

async function seat(name: string): Promise<Seat> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, locale: 'en-GB', reducedMotion: 'reduce' })
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(message.text()) })
  await page.goto(consoleUrl)
  await page.locator('input[name=name]').fill(name)
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.locator('.connection.live').waitFor({ timeout: 30_000 })
  await page.locator('.headline').waitFor()
  return { page, context, errors }
}

test('hostile requests are shown as text, on every view, and axe-core finds nothing there', { timeout: 240_000 }, async () => {
  const ada = await seat('ada')
  try {
    const { page } = ada
    const incident = await page.evaluate(`fetch('/api/session').then((r) => r.json()).then((s) => fetch('/api/record/incident/open', { method: 'POST', headers: { 'content-type': 'application/json', 'x-polder-csrf': s.csrf }, body: JSON.stringify({ title: ${JSON.stringify(`Flood ${HOSTILE}`)} }) })).then((r) => r.json())`) as { id: string }
    // A name that carries markup, as far as a name of a host can be one, is taken by the shield and asked of the origin; the rest is refused, and counted.
    const hosts = [HOSTILE, `<img src=x onerror=window.__xss=3>.example`, `x'-window.__xss=4-'.example`]
    const statuses = await Promise.all(hosts.map((host) => hostileRequest(polder.url, host)))
    assert.ok(statuses.every((status) => status > 0), `answered: ${statuses.join(', ')}`)
    // Where a name of a host is shown: the rules, and what they are made of.
    const byHost = await page.evaluate(`fetch('/api/session').then((r) => r.json()).then((s) => fetch('/api/act', { method: 'POST', headers: { 'content-type': 'application/json', 'x-polder-csrf': s.csrf }, body: JSON.stringify({ act: { kind: 'add', ruleId: 'by-host', when: [{ attribute: 'host', glob: ${JSON.stringify(HOSTILE)} }], action: 'observe', untilWallMs: null, why: ${JSON.stringify(HOSTILE)} } }) })).then((r) => r.json())`) as { done: boolean; sentence: string }
    assert.ok(byHost.done, byHost.sentence)
    await page.locator('article[data-rule="by-host"]', { hasText: `the host is ${HOSTILE.toLowerCase().slice(0, 20)}` }).waitFor()
    let shown = 0
    for (const path of ['now', 'explore', 'incidents', `incidents/${incident.id}`, 'statements', 'alerts', 'lifeline', 'calendar', 'journal', 'settings', 'accounts']) {
      for (let sent = 0; sent < 5; sent++) await hostileRequest(polder.url)
      for (const host of hosts) await hostileRequest(polder.url, host)
      await openView(page, path)
      assert.equal(await page.locator('main .trouble').filter({ hasText: 'could not be' }).count(), 0, `${path}: ${await page.locator('main').innerText()}`)
      await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true')
      assert.equal(await page.evaluate('window.__xss'), undefined, path)
      assert.equal(await page.locator('main img, main script, dialog img, dialog script').count(), 0, `markup was made at ${path}`)
      assert.deepEqual(await axeFaults(page), [], path)
      shown += await page.getByText('onerror=').count()
    }
    await openView(page, 'explore')
    for (const by of ['path', 'pathTemplate', 'userAgent', 'userAgentShape', 'referer', 'acceptCombo', 'outcome']) {
      await page.getByLabel('Break down by').selectOption(by)
      await eventually(`${by} is shown`, 30_000, async () => {
        await hostileRequest(polder.url)
        return (await page.locator('table.explore', { hasText: 'onerror' }).count()) > 0 || !['path', 'userAgent', 'referer'].includes(by)
      }, 500)
      assert.equal(await page.evaluate('window.__xss'), undefined, by)
    }
    assert.ok(shown > 0)
    await page.locator('summary', { hasText: 'Look up one address' }).click()
    await page.getByLabel('Address of a visitor').fill('127.0.0.1')
    await page.keyboard.press('Enter')
    await page.getByText('Last seen').waitFor()
    assert.deepEqual(ada.errors, [])
  } finally {
    await ada.context.close()
  }
})

test('a rule added on one page is seen and undone on it, seen by a second person, and taken by the shield', { timeout: 120_000 }, async () => {
  const ada = await seat('ada')
  const bob = await seat('bob')
  try {
    const { page } = ada
    await page.locator('.presence', { hasText: 'bob' }).waitFor()
    await page.getByRole('button', { name: 'Add a rule' }).click()
    await page.locator('dialog input[name=path]').fill('/forbidden*')
    await page.locator('dialog input[name=unproven]').uncheck()
    await page.locator('dialog select[name=action]').selectOption('block')
    await page.locator('dialog button[type=submit]').click()
    const rule = page.locator('article.rule', { hasText: '/forbidden*' })
    await rule.waitFor()
    await bob.page.locator('article.rule', { hasText: '/forbidden*' }).waitFor()
    await bob.page.locator('.notice', { hasText: 'ada:' }).last().waitFor()
    await eventually('the rule acts', 15_000, async () => (await fetch(`${polder.url}/forbidden/x`)).status === 403)
    // One step milder, then all of it taken back.
    await rule.focus()
    await page.keyboard.press('s')
    await page.locator('dialog button[type=submit]').click()
    await page.locator('article.rule', { hasText: 'Limited' }).waitFor()
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
    await page.keyboard.press('z')
    await page.locator('article.rule', { hasText: 'Limited' }).waitFor({ state: 'detached', timeout: 15_000 })
    await page.locator('article.rule .badge', { hasText: 'Refused' }).waitFor()
    assert.deepEqual([...ada.errors, ...bob.errors], [])
  } finally {
    await ada.context.close()
    await bob.context.close()
  }
})

test('a moment of the past is shown; a shield that is killed and started again brings the page back without a new sign-in', { timeout: 180_000 }, async () => {
  const ada = await seat('ada')
  try {
    const { page } = ada
    await page.waitForTimeout(12_000)
    await page.getByRole('slider').first().focus()
    await page.keyboard.press('ArrowLeft')
    await page.locator('.banner.moment').waitFor()
    await page.locator('.top .state').waitFor({ timeout: 15_000 })
    await page.keyboard.press('Escape')
    await polder.end('SIGKILL')
    await page.locator('.connection.lost').waitFor({ timeout: 20_000 })
    polder = await PolderProcess.start(yaml, { folder: polder.folder })
    await page.locator('.connection.live').waitFor({ timeout: 60_000 })
    await page.locator('.headline').waitFor()
    assert.deepEqual(ada.errors, [])
  } finally {
    await ada.context.close()
  }
})
