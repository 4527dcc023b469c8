import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { severities } from '../../contract/alert.ts'
import { AlertBook, MAX_OPEN } from './alert-book.ts'
import { alert, alertSettings, channel } from './alert.testing.ts'

const MINUTE = 60_000
/** Friday, 2026-11-27, 12:00 UTC. */
const NOON = Date.parse('2026-11-27T12:00:00Z')
const NIGHT = Date.parse('2026-11-27T23:00:00Z')
const told = (book: AlertBook, at: number): string[] => book.due(at).map((one) => `${one.channel} ${one.kind} ${one.alert.key}`)

test('the same key is told once until it is over, then its end, then anew', () => {
  const book = new AlertBook(alertSettings(), [channel({ name: 'mail' })])
  book.tell(alert(), NOON)
  assert.deepEqual(told(book, NOON), ['mail alert attack'])
  book.tell(alert({ text: 'other words' }), NOON + 1_000)
  assert.deepEqual(told(book, NOON + 1_000), [])
  assert.equal(book.tell(alert({ resolved: true }), NOON + 2_000), 'over')
  assert.deepEqual(told(book, NOON + 2_000), ['mail over attack'])
  assert.equal(book.tell(alert({ resolved: true }), NOON + 3_000), 'unknown')
  assert.deepEqual(told(book, NOON + 3_000), [])
  book.tell(alert(), NOON + 4_000)
  assert.deepEqual(told(book, NOON + 4_000), ['mail alert attack'])
})

test('severity routes, and what grows worse is told again also to who was told before', () => {
  const book = new AlertBook(alertSettings(), [channel({ name: 'all', atLeast: 'info' }), channel({ name: 'pager', atLeast: 'critical' })])
  book.tell(alert({ severity: 'warning' }), NOON)
  assert.deepEqual(told(book, NOON), ['all alert attack'])
  assert.equal(book.tell(alert({ severity: 'critical' }), NOON + 1_000), 'worse')
  assert.deepEqual(told(book, NOON + 1_000), ['all alert attack', 'pager alert attack'])
  book.tell(alert({ severity: 'warning' }), NOON + 2_000)
  book.tell(alert({ resolved: true, severity: 'info' }), NOON + 3_000)
  assert.deepEqual(told(book, NOON + 3_000), ['all over attack', 'pager over attack'])
})

test('reminders come until somebody acknowledges; an acknowledgement does not hold for something worse', () => {
  const book = new AlertBook(alertSettings({ reminderMs: 10 * MINUTE }), [channel({ name: 'mail' })])
  book.tell(alert({ severity: 'warning' }), NOON)
  told(book, NOON)
  assert.deepEqual(told(book, NOON + 9 * MINUTE), [])
  assert.deepEqual(told(book, NOON + 10 * MINUTE), ['mail reminder attack'])
  assert.equal(book.acknowledge('attack', 'ada', NOON + 11 * MINUTE), true)
  assert.deepEqual(told(book, NOON + 60 * MINUTE), [])
  book.tell(alert({ severity: 'critical' }), NOON + 61 * MINUTE)
  assert.deepEqual(told(book, NOON + 61 * MINUTE), ['mail alert attack'])
  assert.equal(book.get('attack')!.acknowledged, null)
  assert.equal(book.acknowledge('nothing', 'ada', NOON), false)
})

test('what nobody acknowledges goes to the next channels, each after its time, and to none of them when somebody did', () => {
  const channels = [channel({ name: 'duty' }), channel({ name: 'head', afterMs: 15 * MINUTE }), channel({ name: 'director', afterMs: 60 * MINUTE })]
  const book = new AlertBook(alertSettings({ reminderMs: 0 }), channels)
  book.tell(alert(), NOON)
  assert.deepEqual(told(book, NOON), ['duty alert attack'])
  assert.deepEqual(told(book, NOON + 15 * MINUTE - 1), [])
  assert.deepEqual(told(book, NOON + 15 * MINUTE), ['head escalation attack'])
  book.acknowledge('attack', 'ada', NOON + 20 * MINUTE)
  assert.deepEqual(told(book, NOON + 120 * MINUTE), [])
  book.tell(alert({ resolved: true }), NOON + 121 * MINUTE)
  assert.deepEqual(told(book, NOON + 121 * MINUTE), ['duty over attack', 'head over attack'], 'the director never heard of it')
})

test('quiet hours hold what is not critical and tell it when they end, also that it is over by then', () => {
  const settings = alertSettings({ timeZone: 'Europe/Brussels', reminderMs: 0 })
  const book = new AlertBook(settings, [channel({ name: 'mail', quiet: ['22:00-06:30'] })])
  const morning = Date.parse('2026-11-28T05:30:00Z')
  book.tell(alert({ key: 'slow', severity: 'warning' }), NIGHT)
  book.tell(alert({ key: 'short', severity: 'warning' }), NIGHT)
  book.tell(alert({ key: 'attack', severity: 'critical' }), NIGHT)
  assert.deepEqual(told(book, NIGHT), ['mail alert attack'])
  book.tell(alert({ key: 'short', resolved: true }), NIGHT + MINUTE)
  assert.deepEqual(told(book, morning - 1), [])
  assert.deepEqual(told(book, morning), ['mail over short', 'mail alert slow'])
})

test('what comes back before anyone heard that it was over is the same alert', () => {
  const book = new AlertBook(alertSettings({ timeZone: 'Europe/Brussels', reminderMs: 0 }), [channel({ name: 'mail', quiet: ['22:00-06:30'], throughQuiet: 'nothing' })])
  book.tell(alert(), NOON)
  told(book, NOON)
  book.tell(alert({ resolved: true }), NIGHT)
  assert.deepEqual(told(book, NIGHT), [])
  book.tell(alert(), NIGHT + MINUTE)
  assert.deepEqual(told(book, NIGHT + 12 * 60 * MINUTE), [])
  assert.equal(book.open().length, 1)
})

test('a full book gives up what is least, never something for something less', () => {
  const book = new AlertBook(alertSettings(), [])
  for (let i = 0; i < MAX_OPEN; i++) book.tell(alert({ key: `k${i}`, severity: i === 0 ? 'warning' : 'critical' }), NOON)
  assert.equal(book.tell(alert({ key: 'low', severity: 'info' }), NOON), 'no-room')
  assert.equal(book.tell(alert({ key: 'high' }), NOON), 'opened')
  assert.equal(book.get('k0'), null)
  assert.equal(book.tell(alert({ key: 'higher' }), NOON), 'no-room')
  assert.equal(book.open().length, MAX_OPEN)
})

test('over any order of events a channel hears an end only after a beginning, and never the same beginning twice', () => {
  const event = fc.record({ key: fc.constantFrom('a', 'b'), severity: fc.constantFrom(...severities), resolved: fc.boolean(), passMs: fc.integer({ min: 0, max: 5 * MINUTE }), acknowledge: fc.boolean() })
  fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
    const book = new AlertBook(alertSettings({ reminderMs: 0 }), [channel({ name: 'one' }), channel({ name: 'two', afterMs: 2 * MINUTE })])
    const state = new Map<string, string>()
    let now = NOON
    for (const { key, severity, resolved, passMs, acknowledge } of events) {
      now += passMs
      book.tell(alert({ key, severity, resolved }), now)
      if (acknowledge) book.acknowledge(key, 'ada', now)
      for (const delivery of book.due(now)) {
        const at = `${delivery.channel} ${delivery.alert.key}`
        const before = state.get(at)
        if (delivery.kind === 'over') assert.notEqual(before, undefined, at)
        else assert.ok(before === undefined || severities.indexOf(delivery.alert.severity) > severities.indexOf(before as 'info'), `${at}: ${before} then ${delivery.alert.severity}`)
        if (delivery.kind === 'over') state.delete(at)
        else state.set(at, delivery.alert.severity)
      }
    }
  }), { numRuns: 200 })
})

test('after a restart nobody is told again what they were told, and what was not delivered is', () => {
  const channels = [channel({ name: 'mail' }), channel({ name: 'chat' })]
  const before = new AlertBook(alertSettings(), channels)
  before.tell(alert(), NOON)
  told(before, NOON)
  const kept = JSON.parse(JSON.stringify(before.kept((name) => name === 'chat'))) as ReturnType<AlertBook['kept']>
  const after = new AlertBook(alertSettings(), channels)
  after.restore(kept)
  assert.deepEqual(told(after, NOON + 1_000), ['chat alert attack'])
  assert.equal(after.open()[0].sinceWallMs, alert().atWallMs)
})

test('an address that an attacker wrote into a user agent is no link, and nothing steers a terminal', () => {
  const book = new AlertBook(alertSettings(), [])
  book.tell(alert({ key: 'a b\n;rm', title: 'see http://evil.example\u001B[31m', text: 'user agent "https://evil.example/\u202E"' }), NOON)
  const [{ alert: told }] = book.open()
  assert.deepEqual([told.key, told.title, told.text], ['a-b-rm', 'see http[:]//evil.example [31m', 'user agent "https[:]//evil.example/ "'])
})
