import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SentReport } from '../../contract/incident.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../kernel/units.ts'
import { ClockWatch } from './clock-watch.ts'
import { reportClocks } from './report-clocks.ts'
import { OPENED, richIncident, settingsFor } from './report.testing.ts'

const aware = OPENED + 5 * MINUTE_MS
const sent = (kind: string, sentAtWallMs: number): SentReport => ({ kind, sentAtWallMs, to: 'CSIRT', who: 'Anna Vos', sha256: '00' })
const states = (now: number, changes: Parameters<typeof richIncident>[0] = {}): string[] => reportClocks(richIncident(changes), settingsFor(), now).map((one) => `${one.kind} ${one.state}`)

test('clocks run from the moment of awareness: 24 hours, 72 hours, and a month after the notification', () => {
  const clocks = reportClocks(richIncident(), settingsFor(), aware)
  assert.deepEqual(clocks.map((one) => [one.kind, one.dueWallMs, one.state]), [
    ['early-warning', aware + 24 * HOUR_MS, 'running'], ['notification', aware + 72 * HOUR_MS, 'running'], ['final', null, 'not-started'],
  ])
  const notified = Date.UTC(2027, 0, 31, 10)
  const later = reportClocks(richIncident({ reports: [sent('notification', notified)] }), settingsFor(), notified)
  assert.equal(later[2]!.dueWallMs, Date.UTC(2027, 1, 28, 10))
})

test('a clock is soon before its first notice, late after its end, and sent once a person said so', () => {
  const due = aware + 24 * HOUR_MS
  assert.equal(states(due - 6 * HOUR_MS - 1)[0], 'early-warning running')
  assert.equal(states(due - 6 * HOUR_MS)[0], 'early-warning soon')
  assert.equal(states(due)[0], 'early-warning soon')
  assert.equal(states(due + 1)[0], 'early-warning late')
  assert.equal(states(due + 1, { reports: [sent('early-warning', due + 2)] })[0], 'early-warning sent')
})

test('no clock runs while nobody is aware, when people say it is not significant, and without a law', () => {
  const still = ['early-warning not-started', 'notification not-started', 'final not-started']
  assert.deepEqual(states(aware + 99 * DAY_MS, { awareAtWallMs: null }), still)
  assert.deepEqual(states(aware + 99 * DAY_MS, { significant: false }), still)
  assert.deepEqual(reportClocks(richIncident(), settingsFor({ regime: 'none' }), aware), [])
  assert.deepEqual(states(aware, { mergedInto: '2026-11-22-1' }), [])
})

test('an incident that goes on when its final report is due: a progress report then, the final one a month after its end', () => {
  const notified = Date.UTC(2026, 10, 25, 10)
  const due = Date.UTC(2026, 11, 25, 10)
  const reports = [sent('early-warning', aware), sent('notification', notified)]
  assert.deepEqual(states(due - 1, { reports }).slice(2), ['final soon'])
  assert.deepEqual(states(due + 1, { reports }).slice(2), ['intermediate late', 'final not-started'])
  const closed = { reports: [...reports, sent('intermediate', due)], closedAtWallMs: Date.UTC(2027, 0, 10), closedBy: 'polder' }
  assert.deepEqual(states(Date.UTC(2027, 0, 11), closed).slice(2), ['intermediate sent', 'final running'])
  assert.equal(reportClocks(richIncident(closed), settingsFor(), due)[3]!.dueWallMs, Date.UTC(2027, 1, 10))
  assert.deepEqual(states(due + 1, { reports, closedAtWallMs: due - DAY_MS, closedBy: 'polder' }).slice(2), ['final late'])
})

test('laws are named; what could not be read is said', () => {
  assert.match(reportClocks(richIncident(), settingsFor(), aware)[0]!.law, /2022\/2555 .*Article 23\(4\), point \(a\)/)
  assert.match(reportClocks(richIncident(), settingsFor({ regime: 'eu-body' }), aware)[0]!.law, /2023\/2841, Article 21 .*check it/)
})

test('a deadline is called at its notices and when it is late, once each; of several missed only the latest', () => {
  const watch = new ClockWatch()
  const due = aware + 24 * HOUR_MS
  const step = (now: number, changes: Parameters<typeof richIncident>[0] = {}): string[] => watch.step([richIncident(changes)], settingsFor(), now).map((one) => `${one.resolved ? 'over ' : ''}${one.key.split(':').slice(2).join(':')} ${one.severity}`)
  assert.deepEqual(step(due - 7 * HOUR_MS), [])
  assert.deepEqual(step(due - 6 * HOUR_MS), [`early-warning:${6 * HOUR_MS} warning`])
  assert.deepEqual(step(due - 5 * HOUR_MS), [])
  assert.deepEqual(step(due - HOUR_MS), [`over early-warning:${6 * HOUR_MS} info`, `early-warning:${HOUR_MS} critical`])
  assert.deepEqual(step(due + 1), [`over early-warning:${HOUR_MS} info`, 'early-warning:late critical'])
  assert.deepEqual(step(due + 2), [])
  assert.deepEqual(step(due + 3, { reports: [sent('early-warning', due + 3)] }), ['over early-warning:late info'])
  const fresh = new ClockWatch()
  assert.deepEqual(fresh.step([richIncident()], settingsFor(), due - MINUTE_MS).map((one) => one.key), [`report-clock:2026-11-23-1:early-warning:${HOUR_MS}`])
})

test('when nobody says that people are aware, somebody is asked after an hour', () => {
  const watch = new ClockWatch()
  const unaware = richIncident({ awareAtWallMs: null, awareWho: null })
  assert.deepEqual(watch.step([unaware], settingsFor(), OPENED + HOUR_MS - 1), [])
  const [alert] = watch.step([unaware], settingsFor(), OPENED + HOUR_MS)
  assert.match(alert!.text, /polder incident aware 2026-11-23-1/)
  assert.deepEqual(watch.step([unaware], settingsFor(), OPENED + 2 * HOUR_MS), [])
  assert.equal(watch.step([richIncident({ awareAtWallMs: OPENED })], settingsFor(), OPENED + 2 * HOUR_MS).some((one) => one.resolved && one.key.endsWith(':aware')), true)
  assert.deepEqual(new ClockWatch().step([unaware], settingsFor({ regime: 'none' }), OPENED + 9 * HOUR_MS), [])
})
