import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { ActAnswer } from '../../contract/console.ts'
import { cookiesOf, openRig, PASSWORD, type Rig } from './console.testing.ts'
import { exposure } from './options.ts'
import { csrfOf } from './sessions.ts'

const rigs: Rig[] = []
async function open(more: Parameters<typeof openRig>[0] = {}): Promise<Rig> {
  const rig = await openRig(more)
  rigs.push(rig)
  return rig
}
after(async () => {
  for (const rig of rigs) await rig.close()
})

const ACT = { kind: 'pin', ruleId: 'r1', untilWallMs: null, why: 'test' }
const CHANGES = ['act', 'logout', 'looking', 'password', 'explore', 'explore/harm', 'lifeline/crawl', 'accounts/add', 'accounts/remove', 'accounts/role', 'accounts/password', 'accounts/totp', 'accounts/unlock', 'record/incident/note', 'record/journal/list']
const READS = ['session', 'live', 'history', 'moment?at=1', 'lifeline', 'address?address=127.0.0.1', 'settings', 'accounts']

test('nothing but the pages and signing in is answered to a stranger', async () => {
  const rig = await open()
  for (const path of READS) assert.equal((await rig.ask('GET', `/api/${path}`)).status, 401, path)
  for (const path of CHANGES) assert.equal((await rig.ask('POST', `/api/${path}`, { body: {} })).status, 401, path)
  assert.equal((await rig.ask('GET', '/')).status, 200)
  for (const path of ['/../accounts.json', '/assets/../../accounts.json', '/%2e%2e/accounts.json', '//etc/passwd', '/accounts.json']) assert.equal((await rig.ask('GET', path)).status, 404, path)
  assert.deepEqual(rig.asked, [])
})

test('no change without the token of the session, whoever asks', async () => {
  const rig = await open()
  const admin = await rig.as('admin')
  const other = await rig.as('operator')
  for (const token of [undefined, '', 'x', other['x-polder-csrf'], csrfOf('x'.repeat(43))]) {
    for (const path of CHANGES) {
      const answer = await rig.ask('POST', `/api/${path}`, { body: { act: ACT, name: 'viewer2', role: 'admin', password: PASSWORD }, headers: { cookie: admin['cookie'], 'x-polder-csrf': token } })
      assert.equal(answer.status, 403, path)
      assert.match(answer.text, /no-token/)
    }
  }
  assert.deepEqual(rig.asked, [])
  assert.deepEqual(rig.parts.accounts.list().map(({ name }) => name), ['admin', 'operator'])
  assert.equal((await rig.ask('GET', '/api/session', { headers: { cookie: admin['cookie'] } })).status, 200, 'the session lives on')
})

test('no change without the role; a new role counts from the next request on', async () => {
  const rig = await open()
  const viewer = await rig.as('viewer')
  const operator = await rig.as('operator')
  rig.reply = ({ ask }) => (ask === 'record' ? { ok: true, answer: { entries: [] } } : { done: true, sentence: 'done' })
  const forViewer = ['looking', 'explore/harm', 'record/journal/list', 'record/incident/show', 'record/report/clocks']
  for (const path of forViewer) assert.equal((await rig.ask('POST', `/api/${path}`, { body: {}, headers: viewer })).status, 200, path)
  for (const path of ['act', 'lifeline/crawl', 'record/incident/note', 'record/incident/open', 'record/statement/publish', 'record/calendar/add', 'record/alert/test', 'record/journal/anything', 'accounts/add']) {
    assert.equal((await rig.ask('POST', `/api/${path}`, { body: { act: ACT }, headers: viewer })).status, 403, path)
  }
  assert.equal((await rig.ask('GET', '/api/accounts', { headers: operator })).status, 403)
  for (const path of ['add', 'remove', 'role', 'password', 'totp', 'unlock']) assert.equal((await rig.ask('POST', `/api/accounts/${path}`, { body: { name: 'viewer', role: 'admin', password: PASSWORD, on: true }, headers: operator })).status, 403, path)
  assert.equal((await rig.ask('POST', '/api/act', { body: { act: ACT }, headers: operator })).status, 200)
  rig.parts.accounts.role('operator', 'viewer')
  assert.equal((await rig.ask('POST', '/api/act', { body: { act: ACT }, headers: operator })).status, 403)
  assert.equal((await rig.ask('POST', '/api/record/incident/evidence', { body: { file: '/etc/shadow' }, headers: await rig.as('admin') })).status, 403, 'a browser never names a file of the machine')
})

test('orders carry the name of the account, whatever the page says', async () => {
  const rig = await open()
  const operator = await rig.as('operator')
  rig.reply = () => ({ done: true, sentence: 'r1: pinned', atWallMs: 5 })
  const answer = await rig.ask('POST', '/api/act', { body: { act: { ...ACT, who: 'somebody else' } }, headers: operator })
  assert.deepEqual(JSON.parse(answer.text), { done: true, sentence: 'r1: pinned', atWallMs: 5, undo: { act: { kind: 'take-back', ruleId: 'r1', of: 'pin', actAtWallMs: 5, why: 'undo: test' } } } satisfies ActAnswer)
  assert.equal((JSON.parse(rig.asked.at(-1)!) as { act: { who: string } }).act.who, 'operator')
  await rig.ask('POST', '/api/record/incident/note', { body: { who: 'x', id: 'i', text: 't' }, headers: operator })
  assert.equal((JSON.parse(rig.asked.at(-1)!) as { question: { who: string } }).question.who, 'operator')
})

test('a thousand guesses are locked out, and the right one among the last is not let in', async () => {
  const rig = await open()
  await rig.parts.accounts.add('ada', 'admin', PASSWORD)
  const counts: Record<number, number> = {}
  for (let i = 0; i < 1_000; i++) {
    if (i % 5 === 0) rig.clock.advanceMs(1_000)
    rig.parts.signIn.tick()
    const { status } = await rig.login('ada', i === 999 ? PASSWORD : `guess number ${i} of many`)
    counts[status] = (counts[status] ?? 0) + 1
  }
  assert.equal(counts[200], undefined)
  assert.ok(counts[401]! <= 20, `${counts[401]} were looked at`)
  assert.equal(counts[401]! + counts[429]!, 1_000)
  const told = rig.notes.filter(({ kind }) => kind === 'login')
  assert.ok(told.length > 0 && told.length < 30, `${told.length} lines in the journal`)
  assert.ok(!JSON.stringify(rig.notes).includes('guess number'))
})

test('guesses at once are counted as if they came one after the other', async () => {
  const rig = await open({ triesPerAddress: 5 })
  await rig.parts.accounts.add('ada', 'admin', PASSWORD)
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => rig.login('ada', `guess number ${i} of many`)))
  assert.ok(answers.filter(({ status }) => status === 401).length <= 5)
  assert.equal(answers.filter(({ status }) => status === 200).length, 0)
})

test('strangers who lock an account do not lock out its owner where she has been before, by address or by browser', async () => {
  const rig = await open({ trustedProxies: ['127.0.0.1'] })
  await rig.parts.accounts.add('ada', 'admin', PASSWORD)
  const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address })
  const first = await rig.login('ada', PASSWORD, from('192.0.2.1'))
  assert.equal(first.status, 200)
  for (let i = 0; i < 200; i++) {
    rig.clock.advanceMs(3_000)
    await rig.login('ada', 'wrong wrong wrong', from(`198.51.100.${i}`))
  }
  const stranger = await rig.login('ada', PASSWORD, from('203.0.113.9'))
  assert.equal(stranger.status, 429, 'a place that is not known waits, with the right password too')
  assert.ok(Number(stranger.headers['retry-after']) > 0)
  assert.equal((await rig.login('ada', PASSWORD, from('192.0.2.1'))).status, 200, 'her own address')
  const device = cookiesOf(first).split('; ').find((one) => one.startsWith('polder-device='))!
  assert.equal((await rig.login('ada', PASSWORD, { ...from('203.0.113.9'), cookie: device })).status, 200, 'her own browser, elsewhere')
  assert.equal((await rig.login('ada', PASSWORD, { ...from('203.0.113.10'), cookie: device.replace(/.{10}$/, 'AAAAAAAAAA') })).status, 429, 'a forged token is none')
  rig.clock.advanceMs(3_700_000)
  assert.equal((await rig.login('ada', PASSWORD, from('203.0.113.11'))).status, 200, 'nothing is locked for ever')
})

test('a name that does not exist is answered like a wrong password', async () => {
  const rig = await open()
  await rig.parts.accounts.add('ada', 'admin', PASSWORD)
  const [known, unknown] = [await rig.login('ada', 'wrong wrong wrong'), await rig.login('nobody-here', 'wrong wrong wrong')]
  assert.equal(known.status, unknown.status)
  assert.equal(known.text, unknown.text)
})

test('a session is new at sign-in: one that was brought along never becomes it, and the old one ends', async () => {
  const rig = await open()
  await rig.parts.accounts.add('ada', 'admin', PASSWORD)
  const planted = 'A'.repeat(43)
  const answer = await rig.login('ada', PASSWORD, { cookie: `polder-console=${planted}` })
  assert.ok(!cookiesOf(answer).includes(planted))
  assert.equal((await rig.ask('GET', '/api/session', { headers: { cookie: `polder-console=${planted}` } })).status, 401)
  const cookie = cookiesOf(answer)
  const again = await rig.login('ada', PASSWORD, { cookie })
  assert.equal((await rig.ask('GET', '/api/session', { headers: { cookie } })).status, 401)
  assert.equal((await rig.ask('GET', '/api/session', { headers: { cookie: cookiesOf(again) } })).status, 200)
  for (const one of answer.headers['set-cookie'] as string[]) assert.match(one, /; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/)
})

test('a session ends: by time, by rest, by signing out, by another password, with the account', async () => {
  const rig = await open()
  const alive = async (headers: Record<string, string>): Promise<boolean> => (await rig.ask('GET', '/api/session', { headers })).status === 200
  const signIn = (): Promise<Record<string, string>> => rig.as('admin')
  await rig.parts.accounts.add('second', 'admin', PASSWORD)
  const first = await signIn()
  for (let h = 0; h < 11; h++) {
    rig.clock.advanceMs(3_600_000)
    assert.ok(await alive(first))
  }
  rig.clock.advanceMs(3_600_001)
  assert.ok(!(await alive(first)), 'after twelve hours, however busy')
  const idle = await signIn()
  rig.clock.advanceMs(2 * 3_600_000 + 1)
  assert.ok(!(await alive(idle)), 'after two hours of rest')
  const out = await signIn()
  await rig.ask('POST', '/api/logout', { body: {}, headers: out })
  assert.ok(!(await alive(out)))
  const changed = await signIn()
  await rig.parts.accounts.password('admin', 'another horse battery')
  assert.ok(!(await alive(changed)))
  await rig.parts.accounts.password('admin', PASSWORD)
  const gone = await signIn()
  rig.parts.accounts.remove('admin')
  assert.ok(!(await alive(gone)))
})

test('a foreign name, a foreign page and a foreign form are refused', async () => {
  const rig = await open({ hosts: ['console.example.org'] })
  const admin = await rig.as('admin')
  const port = new URL(rig.url).port
  for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.nip.io', '127.0.0.1@evil', 'console.example.org.evil']) {
    assert.equal((await rig.ask('GET', '/api/session', { headers: { ...admin, host } })).status, 421, host)
    assert.equal((await rig.ask('GET', '/', { headers: { host } })).status, 421, host)
  }
  for (const host of [`localhost:${port}`, 'localhost:9000', '127.0.0.1', '[::1]:1', 'Console.Example.org']) assert.equal((await rig.ask('GET', '/api/session', { headers: { ...admin, host } })).status, 200, host)
  for (const origin of [undefined, 'null', 'http://evil.example', `https://127.0.0.1:${port}`, `http://127.0.0.1:${Number(port) + 1}`, `http://127.0.0.1:${port}.evil.example`]) {
    const answer = await rig.ask('POST', '/api/act', { body: { act: ACT }, headers: { ...admin, origin } })
    assert.equal(answer.status, 403, String(origin))
    assert.equal((await rig.ask('POST', '/api/login', { body: { name: 'admin', password: PASSWORD }, headers: { origin } })).status, 403, 'nor signed in by a foreign page')
  }
  assert.equal((await rig.ask('POST', '/api/act', { body: { act: ACT }, headers: { ...admin, 'sec-fetch-site': 'cross-site' } })).status, 403)
  assert.equal((await rig.ask('POST', '/api/act', { raw: 'act=1', headers: { ...admin, 'content-type': 'application/x-www-form-urlencoded' } })).status, 415)
  assert.deepEqual(rig.asked, [])
})

test('every answer forbids what a page of ours never needs', async () => {
  const rig = await open()
  const admin = await rig.as('admin')
  for (const path of ['/', '/nothing', '/api/session', '/api/nothing', '/api/history']) {
    const { headers } = await rig.ask('GET', path, { headers: admin })
    assert.match(String(headers['content-security-policy']), /^default-src 'self'; .*frame-ancestors 'none'$/)
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|https?:|\*|data:/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.match(String(headers['cache-control']), /no-store|no-cache/)
    assert.equal(headers['access-control-allow-origin'], undefined)
  }
})

test('hostile JSON is refused or handed on as data, and the next request is answered', async () => {
  const rig = await open()
  const operator = await rig.as('operator')
  rig.reply = () => ({ done: false, sentence: 'no' })
  const bodies = ['', '{', '[]', 'null', '1', '"x"', '{"act":1}', '{"act":null}', '{"__proto__":{"admin":true}}', '{"act":{"__proto__":{"who":"root"},"kind":"pin"}}', '{"constructor":{"prototype":{"x":1}}}', `{"act":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, '\uFEFF{}', '{"a":1}{"b":2}']
  for (const raw of bodies) {
    const answer = await rig.ask('POST', '/api/act', { raw, headers: operator })
    assert.ok([200, 400].includes(answer.status), `${answer.status} for ${raw.slice(0, 40)}`)
    JSON.parse(answer.text)
  }
  assert.equal((await rig.ask('POST', '/api/act', { raw: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), headers: operator })).status, 400, 'not UTF-8')
  assert.equal(({} as Record<string, unknown>)['admin'], undefined)
  for (const line of rig.asked) assert.equal((JSON.parse(line) as { act: { who: string } }).act.who, 'operator')
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('explore', 'explore/harm', 'looking', 'record/incident/show', 'login', 'password'), fc.jsonValue({ maxDepth: 3 }), async (path, body) => {
      const answer = await rig.ask('POST', `/api/${path}`, { raw: JSON.stringify(body), headers: operator })
      assert.ok(answer.status < 500, `${answer.status} ${answer.text}`)
    }),
    { numRuns: 60 },
  )
})

test('a body that is too long, said or not, ends with 413 and its connection', async () => {
  const rig = await open()
  const operator = await rig.as('operator')
  assert.equal((await rig.ask('POST', '/api/act', { raw: 'x'.repeat(65_537), headers: operator })).status, 413)
  const port = Number(new URL(rig.url).port)
  const text = await new Promise<string>((resolve) => {
    let got = ''
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`POST /api/login HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: ${rig.url}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`)
      for (let i = 0; i < 20; i++) socket.write(`1000\r\n${'y'.repeat(4_096)}\r\n`)
    })
    socket.setEncoding('utf8')
    socket.on('data', (part: string) => (got += part))
    socket.on('error', () => {})
    socket.on('close', () => resolve(got))
  })
  assert.match(text, /^HTTP\/1\.1 413 [\s\S]*connection: close/i)
  assert.equal((await rig.ask('GET', '/api/session', { headers: operator })).status, 200)
})

test('what attackers wrote comes back as JSON and nothing else', async () => {
  const rig = await open()
  const viewer = await rig.as('viewer')
  const evil = '</script><img src=x onerror=alert(1)>\u2028\r\nevent: second\r\ndata: {}\r\n\r\n\u0000'
  rig.reply = () => ({ rows: [{ value: '1', label: evil }], ok: true, answer: { text: evil } })
  for (const [path, body] of [['explore', { window: 'now', by: 'path', where: [{ attribute: 'userAgent', value: evil.slice(0, 100) }] }], ['record/journal/list', { text: evil }]] as const) {
    const answer = await rig.ask('POST', `/api/${path}`, { body, headers: viewer })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
    assert.ok(answer.text.includes(JSON.stringify(evil).slice(1, -1)))
  }
  const refused = await rig.ask('GET', `/api/${encodeURIComponent(evil)}`, { headers: viewer })
  assert.equal(refused.headers['content-type'], 'application/json; charset=utf-8')
  assert.ok(!refused.text.includes('onerror'))
  const login = await rig.login(evil, PASSWORD)
  assert.ok(!login.text.includes('onerror'))
  assert.ok(!JSON.stringify(rig.notes).includes('onerror'), 'what was typed as a name is not written down')
})

test('secrets are in no answer, no note and no question', async () => {
  const rig = await open()
  const admin = await rig.as('admin')
  const seen = [(await rig.ask('GET', '/api/accounts', { headers: admin })).text, (await rig.ask('GET', '/api/settings', { headers: admin })).text]
  const made = await rig.ask('POST', '/api/accounts/add', { body: { name: 'bob', role: 'viewer', password: 'another horse battery' }, headers: admin })
  assert.equal(made.status, 200)
  const totp = await rig.ask('POST', '/api/accounts/totp', { body: { name: 'bob', on: true }, headers: admin })
  const secret = /secret=([A-Z2-7]{32})/.exec(totp.text)![1]!
  assert.equal((await rig.login('bob', 'another horse battery')).status, 401, 'the second factor is asked for')
  assert.match((await rig.login('bob', 'another horse battery')).text, /code-needed/)
  seen.push(made.text, (await rig.ask('GET', '/api/accounts', { headers: admin })).text, JSON.stringify(rig.notes), rig.asked.join('\n'))
  const token = admin['cookie']!.split('=')[1]!.split(';')[0]!
  for (const text of seen) for (const one of [PASSWORD, 'another horse battery', 'scrypt$', secret, token, admin['x-polder-csrf']!]) assert.ok(!text.includes(one), text.slice(0, 200))
})

test('the account changes her own password, keeps her page and ends her other ones', async () => {
  const rig = await open()
  const [here, there] = [await rig.as('operator'), await rig.as('operator')]
  assert.equal((await rig.ask('POST', '/api/password', { body: { old: 'wrong wrong wrong', new: 'another horse battery' }, headers: here })).status, 403)
  const answer = await rig.ask('POST', '/api/password', { body: { old: PASSWORD, new: 'another horse battery' }, headers: here })
  assert.equal(answer.status, 200)
  assert.equal((await rig.ask('GET', '/api/session', { headers: there })).status, 401)
  assert.equal((await rig.ask('GET', '/api/session', { headers: { cookie: cookiesOf(answer) } })).status, 200)
})

test('an accounts file that cannot be read lets nobody do anything, and signs nobody out', async () => {
  const rig = await open()
  const admin = await rig.as('admin')
  const { file } = rig.parts.accounts
  const good = readFileSync(file)
  writeFileSync(file, '{')
  for (const path of READS) assert.equal((await rig.ask('GET', `/api/${path}`, { headers: admin })).status, 503, path)
  assert.equal((await rig.ask('POST', '/api/act', { body: { act: ACT }, headers: admin })).status, 503)
  assert.equal((await rig.login('admin')).status, 503)
  writeFileSync(file, good)
  assert.equal((await rig.ask('GET', '/api/session', { headers: admin })).status, 200)
})

test('it is not opened where passwords would travel in clear', () => {
  const bare = { tlsCertFile: '', tlsKeyFile: '', trustedProxies: [] }
  for (const host of ['127.0.0.1', '127.5.5.5', '::1', 'localhost']) assert.equal(exposure(host, bare), null)
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'console.example.org']) {
    assert.match(exposure(host, bare)!, /loopback only/)
    assert.equal(exposure(host, { ...bare, tlsCertFile: '/c', tlsKeyFile: '/k' }), null)
    assert.equal(exposure(host, { ...bare, trustedProxies: ['192.0.2.7'] }), null)
  }
  assert.match(exposure('127.0.0.1', { ...bare, tlsCertFile: '/c' })!, /belong together/)
})
