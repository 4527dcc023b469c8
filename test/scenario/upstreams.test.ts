/** Issue 2, Origin: several upstreams, a unix socket, health found passively and actively, retries only when safe, through the whole of Polder. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually } from '../support/in-process-shield.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { exchange } from '../support/raw-exchange.ts'
import { type ScriptedOrigin, startScriptedOrigin } from '../support/scripted-origin.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-upstreams-'))
let one: ScriptedOrigin
let other: ScriptedOrigin
let polder: PolderProcess
/** Resets what it is asked, after having received it. */
let oneResets = false
let oneIsIll = false

before(async () => {
  one = await startScriptedOrigin((request, response) => {
    request.resume()
    if (request.url === '/health') response.writeHead(oneIsIll ? 500 : 200).end()
    else if (oneResets) request.socket.resetAndDestroy()
    else response.writeHead(200, { 'cache-control': 'no-store' }).end('one')
  })
  other = await startScriptedOrigin((request, response) => {
    request.resume()
    response.writeHead(200, { 'cache-control': 'no-store' }).end('other')
  }, join(folder, 'other.sock'))
  polder = await PolderProcess.start(`listen: 127.0.0.1:0
origin:
  upstreams: [${one.url}, "${other.url}"]
  checkPath: /health
  checkIntervalMs: 500ms
  checkTimeoutMs: 300ms
  checkFailures: 2
  ejectionMs: 300ms
  ejectionMaxMs: 1s
workers: 2
`)
})

after(async () => {
  await polder?.stop()
  await one?.close()
  await other?.close()
  rmSync(folder, { recursive: true, force: true })
})

let visitors = 0
/** Each from an address of its own, so that nobody stands in his own way in the queue. */
const ask = (method = 'GET'): Promise<string> => {
  visitors++
  return exchange(polder.url, `${method} /page HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n${method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`, { from: `127.2.${visitors >> 7}.${1 + (visitors & 127)}` })
}
const many = (count: number, method = 'GET'): Promise<string[]> => Promise.all(Array.from({ length: count }, () => ask(method)))
const servedBy = (answers: readonly string[], who: string): number => answers.filter((answer) => answer.startsWith('HTTP/1.1 200') && answer.includes(who)).length

test('both upstreams serve, the one behind a unix socket too', async () => {
  const answers = await many(40)
  assert.ok(servedBy(answers, '\none') + servedBy(answers, 'one') > 5)
  assert.ok(servedBy(answers, 'other') > 5)
})

test('an upstream that resets: every GET is answered by the other; no POST is sent twice', async () => {
  oneResets = true
  for (const answer of await many(6)) assert.match(answer, /^HTTP\/1\.1 200 [^]*other/)
  const posts = await many(12, 'POST')
  const asked = [...one.received, ...other.received].filter((seen) => seen.method === 'POST').length
  assert.ok(asked > 0 && asked <= 12, `12 posts reached the upstreams ${asked} times`)
  for (const answer of posts) assert.match(answer, /^HTTP\/1\.1 (?:200|50[23]) /)
  await eventually('the resetting one is ejected', 5_000, async () => servedBy(await many(10), 'other') === 10)
  oneResets = false
  await eventually('it is taken again', 8_000, async () => servedBy(await many(12), 'other') < 12)
})

test('the active check ejects who answers visitors but fails its check, says so in the metrics, and brings it back', async () => {
  oneIsIll = true
  await eventually('ejected', 6_000, async () => servedBy(await many(10), 'other') === 10, 200)
  await eventually('metric', 3_000, async () => (await polder.metric('polder_upstream_healthy{upstream="0"}')) === 0)
  oneIsIll = false
  await eventually('back', 8_000, async () => servedBy(await many(10), 'other') < 10, 200)
})

test('a dead upstream costs nobody an answer, and its return is noticed', async () => {
  const port = Number(new URL(one.url).port)
  await one.close()
  for (const answer of await many(30)) assert.match(answer, /^HTTP\/1\.1 200 [^]*other/)
  one = await startScriptedOrigin((request, response) => {
    request.resume()
    response.writeHead(200, { 'cache-control': 'no-store' }).end('one')
  }, port)
  await eventually('back', 8_000, async () => servedBy(await many(10), 'other') < 10, 200)
})
