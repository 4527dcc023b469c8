/** The challenge as it goes over the wire: who is asked, who is not, and that what was asked for comes in the end. The same in a browser: test/browser/challenge.test.ts. */
import assert from 'node:assert/strict'
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { isSolved } from '../../src/dataplane/challenge/proof-of-work.ts'
import { startTestShield, type TestShield } from '../support/in-process-shield.ts'

const seen: Array<{ readonly method: string; readonly url: string; readonly cookie: string; readonly referer: string; readonly body: string }> = []
const origin = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    seen.push({ method: request.method!, url: request.url!, cookie: request.headers.cookie ?? '', referer: request.headers.referer ?? '', body: Buffer.concat(chunks).toString() })
    response.setHeader('content-type', 'text/html')
    response.setHeader('cache-control', 'no-store')
    response.end('<p>the page</p>')
  })
})
let shield: TestShield
const settings = (more = ''): string => `listen: 127.0.0.1:0
origin: http://127.0.0.1:${(origin.address() as AddressInfo).port}
workers: 2
challenge: {difficultyBits: 12, waitMs: 2s${more}}
routes: [{path: /machine/*, exempt: true}]
rules:
  - {path: "/*", action: challenge, id: everyone}
`

before(async () => {
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  shield = await startTestShield(settings())
})
after(async () => {
  await shield?.stop()
  origin.close()
})

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

const asBrowser = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin' }

function ask(path: string, headers: Readonly<Record<string, string>> = asBrowser, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = new URL(shield.url)
    const sent = httpRequest({ host: url.hostname, port: url.port, path, method, headers: body === '' ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) }, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** The way on that a page shows, with the work done. */
function workedOut(page: Answer): string {
  const reference = /(?:href|action)="([^"]*polder=[^"]*)"/.exec(page.text)![1].replaceAll('&amp;', '&')
  const token = /data-t="([^"]+)"/.exec(page.text)![1]
  const bits = Number(/data-z="(\d+)"/.exec(page.text)![1])
  let n = 0
  while (!isSolved(`${token}.${n}`, 0, bits)) n++
  return `${reference}.${n}`
}

function cookieOf(answer: Answer): string {
  return answer.headers['set-cookie']![0].split(';')[0]
}

test('a page is asked for, worked out, and opened under its own address with a cookie', async () => {
  const page = await ask('/news?year=2026&tag=a%20b')
  assert.deepEqual([page.status, page.headers['retry-after'], page.headers['cache-control'], page.headers['x-robots-tag'], page.headers['polder-reason']], [429, '2', 'no-store', 'noindex', 'rule-challenge'])
  const passed = await ask(workedOut(page))
  assert.equal(passed.status, 303)
  const cookie = cookieOf(passed)
  const clean = await ask(passed.headers.location!, { ...asBrowser, cookie })
  assert.deepEqual([clean.status, clean.headers.location], [303, '/news?year=2026&tag=a%20b'])
  seen.length = 0
  const got = await ask(clean.headers.location!, { ...asBrowser, cookie: `session=7; ${cookie}`, referer: `${shield.url}${passed.headers.location}` })
  assert.equal(got.status, 200)
  assert.deepEqual(seen, [{ method: 'GET', url: '/news?year=2026&tag=a%20b', cookie: 'session=7', referer: `${shield.url}/news?year=2026&tag=a%20b`, body: '' }])
})

test('without cookies the address carries the clearance from page to page, and nothing goes round in circles', async () => {
  const passed = await ask(workedOut(await ask('/votes')))
  const first = await ask(passed.headers.location!)
  assert.equal(first.status, 200)
  const next = await ask('/votes/12', { ...asBrowser, referer: `${shield.url}${passed.headers.location}` })
  assert.equal(next.status, 303)
  assert.equal((await ask(next.headers.location!)).status, 200)
})

test('waiting is as good as working, and pressing too early begins no new wait', async () => {
  const page = await ask('/')
  const reference = /url=(.*)$/.exec(page.headers.refresh as string)![1]
  const early = await ask(reference)
  assert.equal(early.status, 429)
  assert.ok((early.headers.refresh as string).endsWith(`url=${reference}`), 'the same challenge goes on')
  await new Promise((resolve) => setTimeout(resolve, 2_050))
  assert.equal((await ask(reference)).status, 303)
})

test('a form goes through with every byte it was sent with', async () => {
  const body = 'name=Zo%C3%AB+%26+co&message=first%0D%0Asecond&empty=&same=1&same=2'
  const form = { ...asBrowser, 'content-type': 'application/x-www-form-urlencoded' }
  const page = await ask('/contact', form, 'POST', body)
  assert.equal(page.status, 429)
  assert.equal(page.headers.refresh, undefined)
  const fields = [...page.text.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value].map(unescape) as [string, string])
  assert.equal(new URLSearchParams(fields).toString(), body, 'what the browser will send again')
  const passed = await ask(workedOut(page), form, 'POST', body)
  assert.equal(passed.status, 307)
  seen.length = 0
  assert.equal((await ask(passed.headers.location!, form, 'POST', body)).status, 200)
  assert.deepEqual(seen.map(({ method, url, body: content }) => [method, url, content]), [['POST', '/contact', body]])

  function unescape(text: string): string {
    return text.replaceAll('&#13;', '\r').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
  }
})

test('a form that another site made up is not sent again in the name of this one', async () => {
  const form = { ...asBrowser, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site', origin: 'https://other.example' }
  const page = await ask('/contact', form, 'POST', 'transfer=all')
  assert.equal(page.status, 429)
  assert.doesNotMatch(page.text, /transfer|<form id="go"/)
})

test('a file that was sent is not half kept: the page says that it was not sent', async () => {
  const page = await ask('/upload', { ...asBrowser, 'content-type': 'multipart/form-data; boundary=x' }, 'POST', '--x\r\ncontent-disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--\r\n')
  assert.equal(page.status, 429)
  assert.match(page.text, /has not been sent yet/)
})

test('feeds, API, sub-resources, HEAD, exempt paths and machines without a page are never shown a page', async () => {
  for (const [path, headers] of [
    ['/news/feed', { accept: 'application/rss+xml' }],
    ['/feed.atom', { accept: '*/*' }],
    ['/api/votes', { accept: 'application/json' }],
    ['/assets/site.css', { accept: 'text/css', 'sec-fetch-dest': 'style' }],
    ['/portrait/7.png', { accept: 'image/*', 'sec-fetch-dest': 'image' }],
    ['/machine/anything', { accept: 'text/html' }],
  ] as const) assert.equal((await ask(path, headers)).status, 200, path)
  assert.equal((await ask('/', asBrowser, 'HEAD')).status, 200)
})

test('a script of an open page gets a few words that it can read', async () => {
  const json = await ask('/votes/live', { accept: 'application/json', 'sec-fetch-dest': 'empty' })
  assert.equal(json.status, 429)
  assert.deepEqual(JSON.parse(json.text), { status: 429, reason: 'rule-challenge', retryAfterSeconds: 2 })
  const text = await ask('/votes/live', { accept: '*/*' })
  assert.ok(text.status === 429 && text.text.length < 100 && text.headers['retry-after'] === '2')
})

test('changing the epoch sends everybody back to the check, and keys outlive a restart', async () => {
  const passed = await ask(workedOut(await ask('/')))
  const cookie = cookieOf(passed)
  assert.equal((await ask('/', { ...asBrowser, cookie })).status, 200)
  const folder = shield.folder
  await shield.shield.close()
  shield = await startTestShield(`${settings()}dataDir: ${folder}\n`)
  assert.equal((await ask('/', { ...asBrowser, cookie })).status, 200, 'after a restart')
  await shield.shield.reload(shield.settings(`${settings(', epoch: 1')}dataDir: ${folder}\n`))
  assert.equal((await ask('/', { ...asBrowser, cookie })).status, 429)
})

test('who has no cookies and used up a clearance is told so once it is known, and not before', async () => {
  const folder = shield.folder
  await shield.shield.reload(shield.settings(`${settings(', clearanceRequests: 10')}dataDir: ${folder}\n`))
  const first = await ask('/votes')
  assert.doesNotMatch(first.text, /no cookie came back/)
  const passed = await ask(workedOut(first))
  for (let i = 0; i < 10; i++) assert.equal((await ask(passed.headers.location!)).status, 200)
  const again = await ask(passed.headers.location!)
  assert.equal(again.status, 429)
  assert.match(again.text, /no cookie came back/)
  const withCookie = await ask('/votes', { ...asBrowser, cookie: cookieOf(passed) })
  assert.equal(withCookie.status, 429, 'the same budget, wherever the clearance stands')
  assert.doesNotMatch(withCookie.text, /no cookie came back/)
  await shield.shield.reload(shield.settings(`${settings()}dataDir: ${folder}\n`))
})

test('a language chosen on the page changes the page, and nothing of the address is lost', async () => {
  const page = await ask('/search?polder-lang=el', { ...asBrowser, referer: `${shield.url}/search?q=%CE%B1&page=2` })
  assert.match(page.text, /<html lang="el"/)
  assert.match(page.headers.refresh as string, /url=\/search\?q=%CE%B1&page=2&polder-lang=el&polder=/)
})
