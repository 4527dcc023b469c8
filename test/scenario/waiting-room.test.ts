/** More visitors than the origin can serve: everybody gets in, in near order of arrival, and who only reads is not held up. In a browser: test/browser/waiting-room.test.ts. */
import assert from 'node:assert/strict'
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { testFolder } from '../../src/kernel/test-folder.testing.ts'
import { metric, startTestShield, type TestShield } from '../support/in-process-shield.ts'

const SLOTS = 2
const SERVICE_MS = 250
const VISITORS = 60

let inside = 0
let mostInside = 0
const seen: Array<{ readonly url: string; readonly cookie: string; readonly referer: string }> = []
const origin = createServer((request, response) => {
  seen.push({ url: request.url!, cookie: request.headers.cookie ?? '', referer: request.headers.referer ?? '' })
  mostInside = Math.max(mostInside, ++inside)
  const stored = request.url!.startsWith('/stored')
  setTimeout(() => {
    inside--
    response.setHeader('content-type', 'text/html')
    response.setHeader('cache-control', stored ? 'max-age=600' : 'no-store')
    response.end(`<p>the page ${request.url}</p>`)
  }, stored ? 0 : SERVICE_MS)
})
let shield: TestShield
const dataDir = testFolder('line')
const settings = (): string => `listen: 127.0.0.1:0
origin: http://127.0.0.1:${(origin.address() as AddressInfo).port}
workers: 2
log: { format: off }
dataDir: ${dataDir}
admission: { limitInitial: ${SLOTS}, limitMin: ${SLOTS}, limitMax: ${SLOTS}, maxWaitMs: 500ms }
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

const asBrowser = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-dest': 'document', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' }

function ask(path: string, address: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = new URL(shield.url)
    const sent = httpRequest({ host: url.hostname, port: url.port, path, headers: { ...asBrowser, ...headers }, localAddress: address, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Visit {
  readonly id: number
  readonly inAfterMs: number
  readonly firstPlace: number
  readonly pages: number
  readonly answer: Answer
}

/** What a browser does: keeps the cookie if it has them on, follows Refresh and redirects. `impatient`: reloads the address every third of a second instead. */
async function visit(id: number, kind: 'cookies' | 'no cookies' | 'impatient', path: string, cookieOfBefore = ''): Promise<Visit> {
  const address = `127.1.${id}.1`
  const from = performance.now()
  let cookie = cookieOfBefore
  let where = path
  let firstPlace = 0
  for (let pages = 0; pages < 400; pages++) {
    const answer = await ask(where, address, cookie === '' ? {} : { cookie })
    const set = answer.headers['set-cookie']?.[0]
    if (set !== undefined && kind !== 'no cookies') cookie = set.split(';')[0]
    if (answer.status === 200) return { id, inAfterMs: performance.now() - from, firstPlace, pages, answer }
    if (answer.status === 303) {
      where = answer.headers.location!
      continue
    }
    assert.equal(answer.status, 503)
    assert.equal(answer.headers['polder-reason'], 'waiting-room')
    const refresh = /^(\d+); url=(.+)$/.exec(String(answer.headers['refresh'] ?? ''))
    if (refresh === null) {
      // Only who reloads more often than a person can gets the short answer.
      assert.equal(kind, 'impatient')
      await pause(300)
      continue
    }
    firstPlace ||= Number(/Your place in line: (\d+)/.exec(answer.text)?.[1] ?? 0)
    if (kind !== 'impatient') where = refresh[2]
    await pause(kind === 'impatient' ? 300 : Number(refresh[1]) * 1_000)
  }
  throw new Error(`visitor ${id} never got in`)
}

test(`${VISITORS} visitors and an origin with ${SLOTS} places: all get in, in near order of arrival, and reading goes on at once`, { timeout: 120_000 }, async (t) => {
  assert.equal((await ask('/stored/page', '127.0.0.9')).status, 200)
  const visits: Array<Promise<Visit>> = []
  const readings: number[] = []
  for (let id = 0; id < VISITORS; id++) {
    visits.push(visit(id + 1, id % 5 === 1 ? 'no cookies' : id % 5 === 2 ? 'impatient' : 'cookies', `/form/${id}?step=1`))
    await pause(25)
  }
  for (let i = 0; i < 20; i++) {
    const from = performance.now()
    const reading = await ask('/stored/page', `127.2.${i}.1`)
    readings.push(performance.now() - from)
    assert.deepEqual([reading.status, reading.headers['polder-reason']], [200, undefined], 'reading has no line')
    await pause(100)
  }
  assert.ok((await metric(shield.shield.adminUrl, 'polder_waiting_room{class="page"}')) > 0)
  assert.ok((await metric(shield.shield.adminUrl, 'polder_requests_ended_total{reason="waiting-room"}')) > 0)
  const done = await Promise.all(visits)
  for (const one of done) assert.match(one.answer.text, new RegExp(`the page /form/${one.id - 1}\\?step=1`))
  const inOrder = done.map((one, i) => ({ id: one.id, atMs: i * 25 + one.inAfterMs })).sort((a, b) => a.atMs - b.atMs)
  const perSecond = (SLOTS * 1_000) / SERVICE_MS
  // Who came before and went in after, at most; the first seconds, when nobody knew of a line yet, are the queue's.
  const overtaken = inOrder.map((one, i) => inOrder.slice(i + 1).filter((later) => later.id < one.id).length)
  const moved = inOrder.map((one, i) => Math.abs(one.id - 1 - i))
  t.diagnostic(`in after ${done.map((one) => Math.round(one.inAfterMs / 100) / 10).join(' ')} s; moved ${moved.join(' ')}; reading ${Math.round(Math.max(...readings))} ms at most`)
  t.diagnostic(`took ${Math.round(inOrder.at(-1)!.atMs)} ms, ${(VISITORS / perSecond).toFixed(1)} s at best; pages of an impatient one ${Math.max(...done.filter((one) => one.id % 5 === 3).map((one) => one.pages))}`)
  assert.ok(mostInside <= SLOTS, `${mostInside} at once`)
  assert.ok(Math.max(...overtaken) <= perSecond * 4, overtaken.join(' '))
  assert.ok(moved.reduce((a, b) => a + b, 0) / VISITORS <= perSecond * 1.5, moved.join(' '))
  // Nothing of ours reaches the site.
  assert.deepEqual(seen.filter((one) => `${one.url}${one.cookie}${one.referer}`.includes('polder')), [])
  assert.equal(seen.filter((one) => one.url.startsWith('/form/')).length, VISITORS)
})

test('two people with the same browser behind one address begin with one place, and have one each once both came back', { timeout: 120_000 }, async () => {
  const crowd = Array.from({ length: 60 }, (_, id) => visit(100 + id, 'cookies', `/form/${1_000 + id}`))
  const ticketOf = (answer: Answer): string => answer.headers['set-cookie']?.[0].split(';')[0] ?? ''
  await pause(1_000)
  const [first, second] = [await ask('/form/a', '127.3.1.1'), await ask('/form/b', '127.3.1.1')]
  assert.deepEqual([first.headers['polder-reason'], second.headers['polder-reason']], ['waiting-room', 'waiting-room'])
  assert.equal(/Your place in line: (\d+)/.exec(second.text)?.[1], /Your place in line: (\d+)/.exec(first.text)?.[1])
  await pause(1_100)
  const [firstAgain, secondAgain] = [await ask('/form/a', '127.3.1.1', { cookie: ticketOf(first) }), await ask('/form/b', '127.3.1.1', { cookie: ticketOf(second) })]
  assert.deepEqual([firstAgain.status, ticketOf(firstAgain)], [503, ''], 'who came back first keeps the place')
  assert.notEqual(ticketOf(secondAgain), '', 'the other is given a place of their own')
  const number = (answer: Answer): number => Number(/Your place in line: (\d+)/.exec(answer.text)![1])
  assert.ok(number(secondAgain) > number(firstAgain), `${number(secondAgain)} behind ${number(firstAgain)}`)
  assert.equal(ticketOf(await ask('/form/b', '127.3.1.1', { cookie: ticketOf(secondAgain) })), '', 'and keeps it')
  await Promise.all(crowd)
})

test('after a restart a ticket of before is a place in the new line, and its holder gets in', { timeout: 120_000 }, async () => {
  const fill = (from: number): Array<Promise<Visit | null>> => Array.from({ length: 30 }, (_, i) => visit(from + i, 'no cookies', `/fill/${from + i}`).catch(() => null))
  const before = fill(100)
  let cookie = ''
  for (let tries = 0; tries < 200 && cookie === ''; tries++) {
    const answer = await ask('/form/waits', '127.1.99.1')
    if (answer.headers['polder-reason'] === 'waiting-room') cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  }
  assert.notEqual(cookie, '')
  await shield.stop()
  await Promise.all(before)
  shield = await startTestShield(settings())
  const others = fill(140)
  const again = await visit(99, 'cookies', '/form/waits', cookie)
  assert.equal(again.answer.status, 200)
  assert.match(again.answer.text, /the page \/form\/waits/)
  await Promise.all(others)
})
