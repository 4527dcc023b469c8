import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Alert } from '../../contract/alert.ts'
import type { CalendarExchanges, Posture, PostureEffects } from '../../contract/calendar.ts'
import type { JournalDraft, JournalEntry } from '../../contract/journal.ts'
import { SimulatedClock, type WallMs } from '../../kernel/clock.ts'
import { RecordedLog } from '../../kernel/log.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { HOUR_MS, SECOND_MS } from '../../kernel/units.ts'
import { CalendarRoom } from './calendar-room.ts'
import { calendarOptions, type CalendarSettings } from './options.ts'

const noon = Date.UTC(2026, 10, 23, 12)
const folder = mkdtempSync(join(tmpdir(), 'polder-calendar-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let made = 0

const ics = (title: string, start: string, end: string): string => `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:${start}\r\nDTEND:${end}\r\nSUMMARY:${title}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`
/** A vote from 19:00 to 21:00 UTC on the day of the test. */
const vote = ics('Vote on the resolution', '20261123T190000Z', '20261123T210000Z')

interface Rig {
  readonly room: CalendarRoom
  readonly clock: SimulatedClock
  readonly entries: JournalDraft[]
  readonly alerts: Alert[]
  readonly applied: Array<readonly [sensitivity: number, untilWallMs: number]>
  readonly began: PostureEffects[]
  readonly place: string
  at(wallMs: number): void
}

function rig(settings: Partial<CalendarSettings>, place = join(folder, String(++made)), startWallMs = noon): Rig {
  const clock = new SimulatedClock(startWallMs)
  const entries: JournalDraft[] = []
  const alerts: Alert[] = []
  const applied: Array<readonly [number, number]> = []
  const began: PostureEffects[] = []
  const room = new CalendarRoom({
    settings: () => ({ ...defaultsOf(calendarOptions), alertWords: ['vote'], ...settings }),
    folder: place, clock, log: new RecordedLog(), version: '0',
    scribe: { write: (draft) => (entries.push(draft), Promise.resolve({ ...draft, seq: entries.length, atWallMs: clock.wallMs(), previous: '', hash: '' } satisfies JournalEntry)), async *entries() {} },
    teller: { tell: (alert) => void alerts.push(alert) },
    apply: ({ sensitivity }, untilWallMs) => void applied.push([sensitivity, untilWallMs]),
    begin: (effects) => void began.push(effects),
  })
  return { room, clock, entries, alerts, applied, began, place, at: (wallMs) => (clock.advanceMs(wallMs - clock.wallMs()), room.second()) }
}

const show = async (room: CalendarRoom): Promise<CalendarExchanges['show']['answers']> => (await room.answer('show', { days: 14 }, 'ana')) as CalendarExchanges['show']['answers']

test('a vote this evening raises the posture by itself six hours before and lowers it twelve hours after', async () => {
  const file = join(folder, 'vote.ics')
  writeFileSync(file, vote)
  const r = rig({ sources: [`plenary=${file}`] })
  await r.room.refresh()
  r.at(noon + 30 * 60_000)
  assert.deepEqual([r.applied, r.entries], [[], []])
  r.at(Date.UTC(2026, 10, 23, 13))
  assert.deepEqual(r.applied, [[0.5, r.clock.wallMs() + 30 * SECOND_MS]])
  assert.match(r.entries[0]!.sentence, /posture alert begins because of "Vote on the resolution" \(plenary\), until 2026-11-24 09:00 UTC/)
  // What incidents read of it: the event's own time, beside that of the posture.
  const begun = r.entries[0]!.data as Posture & { readonly what: string }
  assert.deepEqual([begun.what, begun.name, begun.because, begun.event], ['begins', 'alert', 'Vote on the resolution', { fromWallMs: Date.UTC(2026, 10, 23, 19), untilWallMs: Date.UTC(2026, 10, 23, 21) }])
  assert.deepEqual(r.began, [{ sensitivity: 0.5, rehearseChallenge: true, refreshLifeline: true, tell: true }])
  assert.equal(r.alerts.length, 1)
  const shown = await show(r.room)
  assert.deepEqual([shown.now[0]!.because, shown.next.length, shown.sources[0]!.trouble], ['Vote on the resolution', 0, null])
  r.at(r.clock.wallMs() + 9_000)
  assert.equal(r.applied.length, 1, 'not renewed before it is time')
  r.at(r.clock.wallMs() + 1_000)
  assert.equal(r.applied.length, 2, 'renewed while it lasts')
  r.at(Date.UTC(2026, 10, 24, 9))
  assert.equal(r.applied.at(-1)![0], 1)
  assert.match(r.entries.at(-1)!.sentence, /ends$/)
  assert.equal(r.alerts.at(-1)!.resolved, true)
  await r.room.close()
})

test('a restart in the middle tells nobody twice, and stays on alert though the source is gone', async () => {
  const file = join(folder, 'gone.ics')
  writeFileSync(file, vote)
  const before = rig({ sources: [`plenary=${file}`] })
  await before.room.refresh()
  before.at(Date.UTC(2026, 10, 23, 18))
  await before.room.close()
  rmSync(file)
  const r = rig({ sources: [`plenary=${file}`] }, before.place, Date.UTC(2026, 10, 23, 18, 5))
  r.room.second()
  await r.room.refresh()
  r.at(r.clock.wallMs() + SECOND_MS)
  assert.equal(r.applied.at(-1)![0], 0.5)
  assert.deepEqual(r.alerts, [])
  assert.match((await show(r.room)).sources[0]!.trouble!, /does not exist/)
  assert.match(r.entries[0]!.sentence, /could not be read: .*; the events of the last good reading stay in force/)
  assert.equal(statSync(join(r.place, 'state.json')).mode & 0o777, 0o600)
  await r.room.close()
})

test('a source by URL: fetched with its password, not again when unchanged, never shown with it; a bomb, a flood or a detour is refused', async () => {
  let answer: RequestListener = (request, response) => {
    assert.equal(request.headers.authorization, `Basic ${Buffer.from('ana:se cret').toString('base64')}`)
    if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end()
    else response.writeHead(200, { etag: '"1"' }).end(vote)
  }
  const server: Server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const r = rig({ sources: [`plenary=http://ana:se%20cret@127.0.0.1:${port}/a.ics`], maxFileBytes: 10_000, fetchTimeoutMs: 1_000 })
  try {
    const refresh = async (): Promise<string | null> => {
      await r.room.refresh()
      return (await show(r.room)).sources[0]!.trouble
    }
    assert.equal(await refresh(), null)
    assert.equal(await refresh(), null)
    assert.equal(JSON.stringify(await show(r.room)).includes('cret'), false)
    const refusals: ReadonlyArray<readonly [RequestListener, RegExp]> = [
      [(_, response) => void response.writeHead(200).end('x'.repeat(20_000)), /more than 10000 bytes/],
      [(_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(), /a place that is not taken/],
      [(request, response) => void response.writeHead(302, { location: request.url }).end(), /more than 3 times/],
      [(_, response) => void response.writeHead(500).end(), /answers 500/],
      [() => {}, /did not answer within 1 s/],
      [(_, response) => void response.writeHead(200).end('<html>not found</html>'), /not an iCalendar file/],
      [(_, response) => void response.writeHead(200).end(Buffer.from([0xff, 0xfe, 0x00])), /not UTF-8/],
    ]
    for (const [how, why] of refusals) {
      answer = how
      assert.match((await refresh())!, why)
    }
    assert.equal((await show(r.room)).next.length, 1, 'the last good reading stays in force')
  } finally {
    await r.room.close()
    server.closeAllConnections()
    server.close()
  }
})

test('entries by hand: added, in force, removed, kept over a restart; a slip is refused with a sentence', async () => {
  const r = rig({})
  await r.room.answer('add', { posture: 'alert', title: 'Claim in a forum', fromWallMs: noon, untilWallMs: noon + HOUR_MS }, 'ana')
  r.at(noon + SECOND_MS)
  assert.equal(r.applied.at(-1)![0], 0.5)
  await assert.rejects(r.room.answer('add', { posture: 'alert', title: 'Claim in a forum', fromWallMs: noon, untilWallMs: noon + HOUR_MS }, 'ana'), /already/)
  await assert.rejects(r.room.answer('add', { posture: 'alert', title: 'x', fromWallMs: noon, untilWallMs: noon - 1 }, 'ana'), /end is not after/)
  await assert.rejects(r.room.answer('add', { posture: 'panic', title: 'x', fromWallMs: noon, untilWallMs: noon + 1 }, 'ana'), /one of watch, alert/)
  await assert.rejects(r.room.answer('add', { posture: 'alert', title: 'x', fromWallMs: noon, untilWallMs: noon + 40 * 24 * HOUR_MS }, 'ana'), /31 days/)
  await assert.rejects(r.room.answer('dance', {}, 'ana'), /cannot be asked/)
  await r.room.close()
  const again = rig({}, r.place, noon + 2_000)
  assert.equal((await show(again.room)).now.length, 1)
  await again.room.answer('remove', { title: 'Claim in a forum', fromWallMs: noon }, 'ben')
  again.at(noon + 3_000)
  assert.equal((await show(again.room)).now.length, 0)
  await assert.rejects(again.room.answer('remove', { title: 'Claim in a forum', fromWallMs: noon }, 'ben'), /no entry by hand/)
  assert.deepEqual(again.entries.map((one) => one.who), ['ben', 'polder'])
  await again.room.close()
})

test('files on disk that were damaged are put aside, and the calendar goes on', async () => {
  const r = rig({})
  await r.room.answer('add', { posture: 'watch', title: 'x', fromWallMs: noon, untilWallMs: noon + HOUR_MS }, 'ana')
  await r.room.close()
  writeFileSync(join(r.place, 'state.json'), '{"entries": [')
  const again = rig({}, r.place)
  assert.equal((await show(again.room)).now.length, 0)
  assert.ok(statSync(join(r.place, 'state.json.unusable')).isFile())
  await again.room.close()
})

test('a clock that is set back does not keep the sources from being read again', async () => {
  const file = join(folder, 'set-back.ics')
  writeFileSync(file, vote)
  const r = rig({ sources: [`plenary=${file}`] })
  r.room.second()
  await r.room.refresh()
  const right = r.clock.wallMs.bind(r.clock)
  r.clock.wallMs = () => (right() - 365 * 24 * HOUR_MS) as WallMs
  writeFileSync(file, ics('Another vote', '20251124T190000Z', '20251124T210000Z'))
  r.clock.advanceMs(SECOND_MS)
  r.room.second()
  await r.room.close()
  assert.deepEqual((await show(r.room)).next.map((one) => one.because), ['Another vote'])
})
