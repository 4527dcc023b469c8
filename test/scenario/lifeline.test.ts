/** Issue 5: the last good copy of the public site. A crawl of the sample site, the site killed, the copies read; nothing personal in any of it; an export that nginx serves. */
import assert from 'node:assert/strict'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { findInHtml } from '../../src/lifeline/find-links.ts'
import { eventually } from '../support/in-process-shield.ts'
import { freePort } from '../support/free-port.ts'
import { lifelineSettings, lifelineState, polderCommand, untilCrawled } from '../support/lifeline-shield.ts'
import { NginxFolder } from '../support/nginx-folder.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { SampleSiteProcess } from '../support/sample-site-process.ts'

const CRAWL_MS = 240_000
/** What a visitor with a session leaves in pages made for them alone. */
const NAME = 'Canary Wintergreen'
const EMAIL = 'canary-7f3a@example.net'
let site: SampleSiteProcess
let polder: PolderProcess
let port = 0
let secrets: string[] = []

before(async () => {
  site = await SampleSiteProcess.start({ documents: 200 })
  port = await freePort()
  polder = await PolderProcess.start(lifelineSettings(port, site.url))
  secrets = await leaveCanaries()
  await untilCrawled(polder, 1, CRAWL_MS)
  // Once more while the crawl is over, so that copies of visitors' own pages had every chance.
  secrets.push(...(await leaveCanaries()))
})

after(async () => {
  try {
    await polder?.stop()
  } finally {
    await site?.kill()
  }
})

/** A person's way through the personal pages. Returns what must never be found on disk. */
async function leaveCanaries(): Promise<string[]> {
  const first = await fetch(`${polder.url}/contact`)
  const cookie = first.headers.getSetCookie()[0].split(';')[0]
  const form = await first.text()
  const token = /name="token" value="([^"]+)"/.exec(form)![1]
  const subject = /<option>([^<]+)</.exec(form)![1]
  const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ token, name: NAME, email: EMAIL, subject, message: 'please keep this to yourself 5d1e' })
  await fetch(`${polder.url}/contact`, { method: 'POST', headers, body, redirect: 'manual' })
  for (const path of ['/contact/thanks', '/contact', '/notifications', '/notifications/digest.txt', '/visit', '/about/history', `/news?reset=secret-in-a-query-91c2`]) {
    for (let i = 0; i < 9; i++) await (await fetch(`${polder.url}${path}`, { headers: { cookie } })).arrayBuffer()
  }
  const personal = await (await fetch(`${polder.url}/contact/thanks`, { headers: { cookie } })).text()
  assert.ok(personal.includes(NAME), 'the canary is on its page')
  return [NAME, EMAIL, token, cookie.split('=')[1], 'secret-in-a-query-91c2']
}

function filesWith(folder: string, texts: readonly string[]): string[] {
  const found: string[] = []
  for (const name of globSync('**/*', { cwd: folder })) {
    const file = join(folder, name)
    if (!statSync(file).isFile()) continue
    const content = readFileSync(file, 'latin1')
    for (const text of texts) if (content.includes(text)) found.push(`${name}: ${text}`)
  }
  return found
}

/** Every public address reached from the front page by links, with its answer. */
async function walk(url: string, start: string): Promise<Map<string, { status: number; type: string; body: string }>> {
  const seen = new Map<string, { status: number; type: string; body: string }>()
  const waiting = [start]
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    if (seen.has(path)) continue
    const response = await fetch(url + path)
    const answer = { status: response.status, type: response.headers.get('content-type') ?? '', body: await response.text() }
    seen.set(path, answer)
    if (!answer.type.startsWith('text/html')) continue
    for (const { reference } of findInHtml(answer.body).links) {
      const next = URL.parse(reference, url + path)
      if (next === null || next.origin !== url) continue
      const target = next.pathname + next.search
      // Not public, or not of one piece: the search and what robots.txt forbids; filters and further pages of lists are bounded by settings.
      if (!/^\/(search|notifications|contact\/thanks|downloads|upload)/.test(target) && !seen.has(target)) waiting.push(target)
    }
  }
  return seen
}

let alive: Map<string, { status: number; type: string; body: string }>

test('with the site dead, at least 99 % of its public pages and what they need are read by links, each page with its date', { timeout: 300_000 }, async () => {
  const state = await lifelineState(polder.folder)
  const listed = [...(await (await fetch(`${site.url}/sitemap.xml`)).text()).matchAll(/<loc>([^<]+)<\/loc>/g)].map((found) => new URL(found[1]).pathname)
  await eventually('reads are counted', 20_000, async () => (await lifelineState(polder.folder)).coverage.reads > 0, 500)
  const originals = new Map<string, string>()
  for (const path of listed) originals.set(path, textOf(await (await fetch(site.url + path)).text()))
  await site.kill()
  // After kill -9, a new process without any memory of the pages, and without what visitors read: only the lifeline counts.
  await polder.end('SIGKILL')
  for (const ending of ['', '-wal', '-shm']) renameSync(join(polder.folder, `last-good.sqlite${ending}`), join(polder.folder, `kept-last-good.sqlite${ending}`))
  polder = await PolderProcess.start(lifelineSettings(port, site.url), { folder: polder.folder })
  const missing: string[] = []
  for (const path of listed) {
    let response = await fetch(polder.url + path)
    let body = await response.text()
    // Dating is rationed (last-good-desk.ts): who reads forty pages a second is shown some of them without; a person does not.
    for (let tries = 0; tries < 5 && response.status === 200 && !body.includes('id="polder-saved-copy"'); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 500))
      response = await fetch(polder.url + path)
      body = await response.text()
    }
    if (response.status !== 200 || !body.includes('id="polder-saved-copy"') || response.headers.get('age') === null) missing.push(`${path}: ${response.status}`)
    else if (textOf(body.replaceAll(/<section role="region"[\s\S]*?<\/section>|<small lang[\s\S]*?<\/small>(?:&#160;)?/g, '')) !== originals.get(path)) missing.push(`${path}: another text`)
  }
  assert.ok(missing.length <= listed.length * 0.01, `${missing.length} of ${listed.length}: ${missing.slice(0, 10).join(', ')}`)
  alive = await walk(polder.url, '/')
  const bad = [...alive].filter(([, answer]) => answer.status !== 200).map(([path, answer]) => `${path}: ${answer.status}`)
  assert.ok(alive.size > 900, `${alive.size} addresses walked`)
  assert.ok(bad.length <= alive.size * 0.01, `${bad.length} of ${alive.size}: ${bad.slice(0, 20).join(', ')}`)
  assert.ok(state.pages.kept >= 900 && state.memory.heapBytes + state.memory.externalBytes < 150 * 1_048_576)
  const contact = alive.get('/contact')!.body
  assert.match(contact, /This form does not work in the saved copy/)
  assert.match(contact, /<textarea disabled="disabled"/)
  assert.match(contact, /name="token" value=""/)
})

test('nothing personal is in the store: no name, no address, no token, no session, no query that only a reader wrote', () => {
  assert.ok(secrets.length >= 8 && secrets.every((one) => one.length > 8))
  const stores = filesWith(polder.folder, secrets).filter((one) => /lifeline|last-good/.test(one))
  assert.deepEqual(stores, [])
  assert.ok(existsSync(join(polder.folder, 'lifeline.sqlite')))
})

test('polder lifeline says what is kept and why something is not, and opens copies, with and without a shield', async () => {
  const status = polderCommand(polder.file, 'lifeline', 'status')
  assert.equal(status.code, 0, status.error)
  assert.match(status.out, /could serve\s+\d+ % of the reading of the last day/)
  assert.match(status.out, /forbidden by robots\.txt \(127\.0\.0\.1:\d+\/notifications/)
  await polder.end('SIGKILL')
  const offline = polderCommand(polder.file, 'lifeline', 'status', '--json')
  assert.equal(offline.code, 0, offline.error)
  assert.ok((JSON.parse(offline.out) as { pages: { kept: number } }).pages.kept > 900)
  const open = polderCommand(polder.file, 'lifeline', 'open', '/news')
  assert.equal(open.code, 0)
  assert.match(open.out, /\/news: kept\n\s+status\s+200/)
  const body = polderCommand(polder.file, 'lifeline', 'open', '/news', '--body')
  assert.match(body.out, /^<!doctype html>[\s\S]*polder-saved-copy/)
  const none = polderCommand(polder.file, 'lifeline', 'open', '/notifications')
  assert.equal(none.code, 1)
  assert.match(none.out, /no copy: forbidden by robots\.txt/)
})

test('the export is served by nginx as it is: the same text, all links good, nothing personal, and foreign folders are left alone', { timeout: 300_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'polder-export-'))
  const copy = join(folder, 'copy')
  let nginx: NginxFolder | null = null
  try {
    const foreign = join(folder, 'foreign')
    mkdirSync(foreign)
    writeFileSync(join(foreign, 'thesis.txt'), 'years of work')
    const refused = polderCommand(polder.file, 'lifeline', 'export', foreign)
    assert.equal(refused.code, 1)
    assert.match(refused.error, /is no earlier export/)
    assert.deepEqual(globSync('**/*', { cwd: foreign }), ['thesis.txt'])
    const first = polderCommand(polder.file, 'lifeline', 'export', copy)
    assert.equal(first.code, 0, first.error)
    // Over an earlier export it is replaced whole.
    const again = polderCommand(polder.file, 'lifeline', 'export', copy, '--json')
    assert.equal(again.code, 0, again.error)
    assert.deepEqual(globSync('.*polder*', { cwd: folder }), [])
    assert.deepEqual(filesWith(copy, secrets), [])
    nginx = await NginxFolder.start(folder, copy)
    const { url } = nginx
    const walked = await walk(url, '/')
    const bad = [...walked].filter(([path, answer]) => answer.status !== 200 && !/\/(search|notifications)/.test(path)).map(([path, answer]) => `${path}: ${answer.status}`)
    assert.deepEqual(bad, [])
    assert.ok(walked.size > 900, `${walked.size} walked`)
    for (const path of ['/', '/news', '/members', '/documents/1', '/contact', '/about/history']) {
      const shown = alive.get(path) ?? { body: '' }
      const exported = await (await fetch(url + path)).text()
      assert.equal(textOf(exported), textOf(shown.body), path)
    }
    const css = walked.get([...walked.keys()].find((path) => path.endsWith('.css'))!)!
    assert.match(css.type, /^text\/css/)
  } finally {
    await nginx?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

/** What a reader reads: the text without its markup. */
function textOf(html: string): string {
  return html.replaceAll(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ').trim()
}
