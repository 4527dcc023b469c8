import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { SimulatedClock } from '../../kernel/clock.ts'
import { AccountBook, AccountError } from './accounts.ts'
import { GuessGuard, placesOf } from './guess-guard.ts'
import { KnownPlaces } from './known-places.ts'
import { hashPassword, isPassword, PASSWORD_COST, passwordProblem } from './passwords.ts'
import { csrfOf, isCsrf, SessionBook } from './sessions.ts'
import { newTotpSecret, totpCode, totpStep } from './totp.ts'
import { sourceOf } from './who-asks.ts'

const root = mkdtempSync(join(tmpdir(), 'polder-accounts-'))
after(() => rmSync(root, { recursive: true, force: true }))
let folders = 0
const folder = (): string => join(root, String(folders++))
const CHEAP = { logN: 4, r: 8, p: 1 }
const PASSWORD = 'correct horse battery'
const GUARD = { triesPerAccount: 20, triesPerAddress: 10, lockMs: 60_000, lockMaxMs: 3_600_000 }

test('a password is kept as nobody can read it, and costs what the contract says', async () => {
  const [a, b] = [await hashPassword(PASSWORD, CHEAP), await hashPassword(PASSWORD, CHEAP)]
  assert.notEqual(a, b)
  assert.ok(!a.includes('horse'))
  assert.ok(await isPassword(PASSWORD, a))
  assert.ok(await isPassword('pässword mit Umlaut'.normalize('NFD'), await hashPassword('pässword mit Umlaut'.normalize('NFC'), CHEAP)))
  assert.ok(!(await isPassword(`${PASSWORD} `, a)))
  assert.ok(!(await isPassword(PASSWORD, null, CHEAP)))
  for (const broken of ['', 'scrypt$4$8$1$x$y', a.replace('$4$', '$31$'), a.slice(0, -3)]) assert.ok(!(await isPassword(PASSWORD, broken, CHEAP)), broken)
  assert.deepEqual(PASSWORD_COST, { logN: 17, r: 8, p: 1 })
})

test('a password that is guessed first is refused with the reason', () => {
  assert.match(passwordProblem('short', 'ada')!, /at least 12/)
  assert.match(passwordProblem('aaaaaaaaaaaaaaaa', 'ada')!, /repeats/)
  assert.match(passwordProblem('margarethe-2026!', 'margarethe')!, /holds the name/)
  assert.equal(passwordProblem(PASSWORD, 'ada'), null)
})

test('codes are those of RFC 6238, appendix B, each counts once, and a clock may differ by one step', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  for (const [seconds, code] of [[59, '287082'], [1_111_111_109, '081804'], [1_111_111_111, '050471'], [1_234_567_890, '005924'], [2_000_000_000, '279037'], [20_000_000_000, '353130']] as const) assert.equal(totpCode(secret, Math.floor(seconds / 30)), code)
  const now = 1_700_000_010_000
  const step = Math.floor(now / 30_000)
  const own = newTotpSecret()
  assert.match(own, /^[A-Z2-7]{32}$/)
  for (const drift of [-1, 0, 1]) assert.equal(totpStep(own, totpCode(own, step + drift), now, 0), step + drift)
  assert.equal(totpStep(own, totpCode(own, step), now, step), -1, 'the second time')
  for (const wrong of ['', '12345', '1234567', 'abcdef', totpCode(own, step + 5)]) assert.equal(totpStep(own, wrong, now, 0), -1)
})

test('accounts are for their owner alone, and a broken file lets nobody in and is not overwritten', async () => {
  const at = folder()
  const book = new AccountBook(at, new SimulatedClock(), CHEAP)
  await book.add('Ada', 'admin', PASSWORD)
  assert.equal(statSync(book.file).mode & 0o777, 0o600)
  assert.equal(statSync(at).mode & 0o777, 0o700)
  assert.ok(!readFileSync(book.file, 'utf8').includes('horse'))
  assert.equal(book.find('ADA')?.name, 'Ada')
  await assert.rejects(book.add('ada', 'viewer', PASSWORD), /there is an account ada already/)
  for (const name of ['', 'polder', 'Root', 'a b', '../x', '__proto__', '-x', 'x'.repeat(41), 'é']) await assert.rejects(book.add(name, 'viewer', PASSWORD), AccountError, name)
  assert.throws(() => book.role('Ada', 'viewer'), /the last admin/)
  assert.throws(() => book.role('Ada', 'root' as 'admin'), /no role/)
  assert.throws(() => book.remove('nobody-here'), /no account/)
  writeFileSync(book.file, '{"format":1,"accounts":[{}]}')
  assert.throws(() => book.find('ada'), /nobody can sign in until it is mended/)
  await assert.rejects(book.add('bob', 'admin', PASSWORD), /cannot be used/)
  assert.equal(readFileSync(book.file, 'utf8'), '{"format":1,"accounts":[{}]}')
  writeFileSync(book.file, '{"format":1,"accounts":[]}')
  chmodSync(book.file, 0o644)
  assert.throws(() => book.find('ada'), /may be read by others/)
})

test('a change on the command line counts in a running console at once', async () => {
  const at = folder()
  const clock = new SimulatedClock()
  const [running, command] = [new AccountBook(at, clock, CHEAP), new AccountBook(at, clock, CHEAP)]
  assert.equal(running.find('ada'), null)
  await command.add('ada', 'admin', PASSWORD)
  const before = running.find('ada')!
  await command.password('ada', 'another horse battery')
  assert.notEqual(running.find('ada')!.stamp, before.stamp)
  await Promise.all([command.add('b1', 'viewer', PASSWORD), running.add('b2', 'viewer', PASSWORD)])
  assert.equal(running.list().length, 3, 'nobody overwrote the other')
})

test('sessions outlive a restart, their tokens are in no file, and a stolen file signs nobody in', () => {
  const at = folder()
  const clock = new SimulatedClock()
  const settings = (): { sessionMs: number; sessionIdleMs: number } => ({ sessionMs: 1_000_000, sessionIdleMs: 1_000_000 })
  const first = new SessionBook(at, settings, clock, assert.fail)
  const { token, session } = first.begin('ada', 's1')
  const text = readFileSync(join(at, 'sessions.json'), 'utf8')
  assert.ok(!text.includes(token))
  assert.equal(statSync(join(at, 'sessions.json')).mode & 0o777, 0o600)
  const second = new SessionBook(at, settings, clock, assert.fail)
  assert.equal(second.find(token, () => 's1')?.name, 'ada')
  assert.equal(second.find(session.id.slice(0, 43), () => 's1'), null)
  assert.equal(second.find(token, () => 's2'), null, 'another stamp ends it')
  assert.ok(isCsrf(token, csrfOf(token)) && !isCsrf(token, csrfOf(`${token}x`)) && !isCsrf(token, ''))
  for (let i = 0; i < 600; i++) first.begin(`p${i % 40}`, 's')
  assert.ok(first.count <= 512 && first.countOf('p1') <= 32)
})

test('a token of a browser is good for its account and its time only', () => {
  const clock = new SimulatedClock()
  const places = new KnownPlaces(folder(), clock, assert.fail)
  const token = places.deviceToken('ada')
  assert.ok(places.device('ada', token) !== null)
  assert.equal(places.device('bob', token), null)
  fc.assert(fc.property(fc.string({ maxLength: 100 }), (text) => assert.equal(places.device('ada', text), null)))
  clock.advanceMs(181 * 86_400_000)
  assert.equal(places.device('ada', token), null)
})

test('however tries are spread, few are looked at, nothing is locked longer than said, and memory does not grow', () => {
  const tries = fc.array(fc.record({ address: fc.nat(30), waitMs: fc.constantFrom(0, 10, 1_000, 60_000), known: fc.boolean() }), { minLength: 50, maxLength: 400 })
  fc.assert(
    fc.property(tries, (all) => {
      const clock = new SimulatedClock()
      const guard = new GuessGuard(() => GUARD, clock, 7)
      let strangers = 0
      let spentMs = 0
      for (const { address, waitMs, known } of all) {
        clock.advanceMs(waitMs)
        spentMs += waitMs
        const at = placesOf('ada', `192.0.2.${address}`, null, known)
        if (guard.waitMs(at) > 0) continue
        if (!known) strangers++
        guard.wrong(at)
        assert.ok(guard.waitMs(at) <= GUARD.lockMaxMs)
      }
      // 20 at first, then three for each lock; locks double from a minute on.
      assert.ok(strangers <= 20 + 3 * (1 + Math.log2(1 + spentMs / GUARD.lockMs) + spentMs / GUARD.lockMaxMs), `${strangers} in ${spentMs} ms`)
    }),
    { numRuns: 100 },
  )
})

test('an IPv6 /64 is one source, however it is written', () => {
  assert.equal(sourceOf('2001:db8::1'), sourceOf('2001:0DB8:0:0:ffff::9'))
  assert.notEqual(sourceOf('2001:db8::1'), sourceOf('2001:db8:0:1::1'))
  assert.equal(sourceOf('::1'), '0:0:0:0::/64')
  assert.equal(sourceOf('192.0.2.1'), '192.0.2.1')
})
