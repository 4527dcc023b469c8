/** Issue 2, Operator's rules: every condition written in the settings file acts on real requests, with two workers; dry-run only counts, what has expired is over, SIGHUP swaps all. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually } from '../support/in-process-shield.ts'
import { PolderProcess } from '../support/polder-process.ts'
import { exchange } from '../support/raw-exchange.ts'
import { type ScriptedOrigin, startScriptedOrigin } from '../support/scripted-origin.ts'

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString()

let origin: ScriptedOrigin
let polder: PolderProcess
let top = ''

before(async () => {
  origin = await startScriptedOrigin((request, response) => {
    request.resume()
    response.writeHead(200, { 'cache-control': 'no-store' }).end('served')
  })
  top = `listen: 127.0.0.1:0\norigin: ${origin.url}\nworkers: 2\n`
  polder = await PolderProcess.start(`${top}rules:
  - { id: by-path, path: /blocked, action: block }
  - { id: by-glob, path: "*.php", action: block }
  - { id: by-method, method: DELETE, action: block }
  - { id: by-methods, path: /form, methods: [PUT, PATCH], action: block }
  - { id: by-prefix, prefix: 127.7.0.0/16, action: block }
  - { id: by-prefixes, path: /search*, prefixes: [127.8.0.1, 127.8.1.0/24], action: block }
  - { id: by-host, host: "*.old.example", action: block }
  - { id: only-counts, path: /counted, action: block, dryRun: true }
  - { id: is-over, path: /over, action: block, expires: ${inMs(-60_000)} }
  - { id: not-over, path: /soon-over, action: block, expires: ${inMs(20_000)} }
  - { id: monitor, prefix: 127.7.7.7, action: allow }
`)
})

after(async () => {
  await polder?.stop()
  await origin?.close()
})

/** Every row by both workers: eight connections each. */
async function judge(target: string, { method = 'GET', from = '127.0.0.1', host = 'site.example' } = {}): Promise<string> {
  const length = method === 'GET' || method === 'DELETE' ? '' : 'Content-Length: 0\r\n'
  const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(polder.url, `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${length}\r\n`, { from })))
  const kinds = new Set(answers.map((answer) => (/^polder-reason: (.*)\r$/m.exec(answer)?.[1] ?? answer.slice(answer.indexOf('\r\n\r\n') + 4).replaceAll(/^6\r\n|\r\n0\r\n\r\n$/g, ''))))
  return [...kinds].join(' and ')
}

const blocked = 'rule-block'

test('each condition blocks what it names and nothing else', async () => {
  const rows: ReadonlyArray<readonly [string, Parameters<typeof judge>[1], string]> = [
    ['/blocked', {}, blocked],
    ['/blocked?x=1', {}, blocked],
    ['/%62locked', {}, blocked],
    ['/blocked/more', {}, 'served'],
    ['/a/b.php', {}, blocked],
    ['/a/b.php5', {}, 'served'],
    ['/', { method: 'DELETE' }, blocked],
    ['/form', { method: 'PATCH' }, blocked],
    ['/form', { method: 'POST' }, 'served'],
    ['/', { from: '127.7.1.2' }, blocked],
    ['/', { from: '127.6.1.2' }, 'served'],
    ['/search/x', { from: '127.8.0.1' }, blocked],
    ['/search', { from: '127.8.1.99' }, blocked],
    ['/search', { from: '127.8.0.2' }, 'served'],
    ['/', { from: '127.8.0.1' }, 'served'],
    ['/', { host: 'www.old.example' }, blocked],
    ['/', { host: 'www.new.example' }, 'served'],
    ['/over', {}, 'served'],
    ['/soon-over', {}, blocked],
    ['/blocked', { from: '127.7.7.7' }, 'served'],
  ]
  for (const [target, how, wanted] of rows) assert.equal(await judge(target, how), wanted, `${target} ${JSON.stringify(how)}`)
})

test('a dry-run rule refuses nobody and says in the metrics whom it would have', async () => {
  assert.equal(await judge('/counted'), 'served')
  await eventually('counted', 4_000, async () => (await polder.metric('polder_rule_matches_total{rule="only-counts"}')) === 8)
})

test('SIGHUP swaps all rules at once; a broken file keeps them', async () => {
  polder.rewrite(`${top}rules: [{ id: now, path: /now, action: block }]\n`)
  polder.child.kill('SIGHUP')
  await polder.until((line) => line.msg === 'settings reloaded')
  assert.equal(await judge('/now'), blocked)
  assert.equal(await judge('/blocked'), 'served')
  const refused = polder.untilNew((line) => line.msg.startsWith('the settings were not changed'))
  polder.rewrite(`${top}rules: [{ id: now, path: now, action: blok }]\n`)
  polder.child.kill('SIGHUP')
  await refused
  assert.equal(await judge('/now'), blocked)
})

test('a rule ends by itself at its time', async () => {
  polder.rewrite(`${top}rules: [{ id: short, path: /short, action: block, expires: ${inMs(2_500)} }]\n`)
  const reloaded = polder.untilNew((line) => line.msg === 'settings reloaded')
  polder.child.kill('SIGHUP')
  await reloaded
  assert.equal(await judge('/short'), blocked)
  await eventually('over', 6_000, async () => (await judge('/short')) === 'served', 200)
})
