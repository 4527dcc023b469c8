import assert from 'node:assert/strict'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { HistoryPoint } from '../../contract/console.ts'
import type { ControlEvent } from '../../contract/control.ts'
import type { ShieldStatus } from '../../contract/control-socket.ts'
import { shieldStates } from '../../contract/plan.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'
import { decodePoint, encodePoint, HistoryMeter, mergePoints } from './history-meter.ts'
import { HistoryStore } from './history-store.ts'
import { History } from './history.ts'

const folder = mkdtempSync(join(tmpdir(), 'polder-history-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const fresh = (): string => join(folder, `h${files++}.sqlite`)
/** The beginning of an hour. */
const T0 = 1_700_002_800_000

function pointAt(atWallMs: number, more: Partial<HistoryPoint> = {}): HistoryPoint {
  return {
    atWallMs, state: 'NORMAL', seconds: 1, asked: 10, served: 8, refused: 1, failed: 1, challenged: 0, waiting: 0, fromCacheShare: 0.5, lifelineShare: 0, bytesOut: 1_000, originP50Ms: 5, originP99Ms: 20,
    inFlight: 1, limit: 20, queue: 0, expectedRate: 10, bandHigh: 20, z: 0, touchedShareBound: 0, ...more,
  }
}

function statusAt(atWallMs: number, more: Partial<ShieldStatus> = {}): ShieldStatus {
  return { version: '1', pid: 1, startedAtWallMs: T0, atWallMs, events: [], origin: [], control: { alive: false, heardAtWallMs: null, view: null }, sinceStart: { received: 0, ended: {}, bytesOut: 0 }, lastSeconds: { seconds: 10, received: 0, ended: {}, bytesOut: 0 }, ...more } as unknown as ShieldStatus
}

const event = (atWallMs: number, sentence = 'it happened'): ControlEvent => ({ atWallMs, code: 'test', sentence })

/** Runs so many seconds from then on. */
function live(history: History, fromWallMs: number, seconds: number, make: (i: number) => Partial<HistoryPoint> = () => ({}), events: (i: number) => readonly ControlEvent[] = () => []): void {
  for (let i = 1; i <= seconds; i++) history.add(i * SECOND_MS, statusAt(fromWallMs + i * SECOND_MS), pointAt(fromWallMs + i * SECOND_MS, make(i)), events(i))
}

const anyPoint = fc.record({ state: fc.constantFrom(null, ...shieldStates), asked: fc.nat(1e6), served: fc.nat(1e6), refused: fc.nat(1e6), failed: fc.nat(1e6), bytesOut: fc.nat(1e9), originP99Ms: fc.double({ min: -1, max: 1e5, noNaN: true }), z: fc.double({ min: -1, max: 1e3, noNaN: true }), fromCacheShare: fc.double({ min: 0, max: 1, noNaN: true }) }).map((more) => pointAt(T0, more))

test('joining points adds what is counted, keeps the worst, and does not care how they were grouped', () => {
  fc.assert(
    fc.property(fc.array(anyPoint, { minLength: 1, maxLength: 12 }), fc.nat(11), (points, cut) => {
      const whole = mergePoints(points)
      const at = 1 + (cut % points.length)
      const parts = [points.slice(0, at), points.slice(at)].filter((one) => one.length > 0).map(mergePoints)
      const again = mergePoints(parts)
      assert.deepEqual({ ...again, fromCacheShare: 0, lifelineShare: 0 }, { ...whole, fromCacheShare: 0, lifelineShare: 0 })
      assert.ok(Math.abs(again.fromCacheShare - whole.fromCacheShare) < 1e-6)
      assert.equal(whole.asked, points.reduce((sum, one) => sum + one.asked, 0))
      assert.ok(points.every((one) => one.originP99Ms <= whole.originP99Ms && shieldStates.indexOf(one.state!) <= shieldStates.indexOf(whole.state!)))
    }),
  )
})

test('a point comes back from the disk as it was', () => {
  fc.assert(fc.property(anyPoint, (point) => assert.deepEqual(decodePoint(T0, encodePoint(point)), point)))
  assert.equal(decodePoint(T0, new Uint8Array(7)), null)
})

test('a second counts what ended since the second before; a restart or a pause makes a gap and no spike', () => {
  const meter = new HistoryMeter()
  const at = (atWallMs: number, received: number, more: Partial<ShieldStatus> = {}): ShieldStatus => statusAt(atWallMs, { sinceStart: { received, ended: { 'served-fresh': received - 10, 'rule-block': 10 }, bytesOut: received * 100 }, ...more })
  assert.deepEqual([meter.point(at(T0, 1_000), 5)].map(({ asked, seconds }) => ({ asked, seconds })), [{ asked: 0, seconds: 0 }], 'of the first nothing is known')
  const second = meter.point(at(T0 + 1_000, 1_060), 5)
  assert.deepEqual([second.asked, second.served, second.refused, second.fromCacheShare, second.bytesOut, second.seconds], [60, 60, 0, 1, 6_000, 1])
  assert.equal(meter.point(at(T0 + 60_000, 9_000), 5).asked, 0, 'after a minute of silence')
  assert.equal(meter.point(at(T0 + 61_000, 5, { startedAtWallMs: T0 + 60_500 }), 5).asked, 0, 'after a restart')
})

test('an hour of seconds, a day of ten seconds: the finest that fits and is still kept is shown, and sums agree', () => {
  const history = new History(new HistoryStore(fresh(), () => {}))
  live(history, T0, 3_600)
  const now = T0 + HOUR_MS
  const fine = history.read(now - 10 * MINUTE_MS, now, 600, now)
  assert.deepEqual([fine.stepMs, fine.points.length], [1_000, 600])
  const hour = history.read(T0, now, 600, now)
  assert.deepEqual([hour.stepMs, hour.points.length], [10_000, 360])
  const wide = history.read(T0, now, 30, now)
  assert.deepEqual([wide.stepMs, wide.points.length], [120_000, 30])
  for (const { points } of [hour, wide]) assert.equal(points.reduce((sum, one) => sum + one.asked, 0), 36_000)
  assert.equal(history.read(now - 90 * DAY_MS, now, 600, now).points.reduce((sum, one) => sum + one.asked, 0), 36_000)
})

test('what was written survives the end of the process, cut off anywhere', () => {
  const file = fresh()
  const first = new History(new HistoryStore(file, () => {}))
  live(first, T0, 65, () => ({}), (i) => (i === 30 ? [event(T0 + 30_000)] : []))
  // No close: as after kill -9. What SQLite has in its files is all there is.
  const second = new History(new HistoryStore(file, () => {}))
  assert.ok(second.read(T0, T0 + HOUR_MS, 60, T0 + HOUR_MS).points.reduce((sum, one) => sum + one.asked, 0) >= 600, 'minutes that were open are made again')
  const points = second.read(T0, T0 + MINUTE_MS, 600, T0 + 2 * MINUTE_MS).points
  assert.ok(points.length >= 55, `${points.length} of 60 seconds`)
  assert.equal(second.events(T0, T0 + MINUTE_MS).length, 1)
  assert.ok(second.moment(T0 + 31_000) !== null)
})

test('a minute that a restart cut in two is whole again', () => {
  const file = fresh()
  const first = new History(new HistoryStore(file, () => {}))
  live(first, T0, 20)
  first.close(20_000, T0 + 20_000)
  const second = new History(new HistoryStore(file, () => {}))
  live(second, T0 + 20_000, 60)
  second.close(60_000, T0 + 80_000)
  const [minute] = new HistoryStore(file, () => {}).points(MINUTE_MS, T0, T0 + MINUTE_MS)
  assert.equal(minute!.asked, 600)
})

test('a torn tail of the log loses the last writes only; a broken file is put aside and told', () => {
  const file = fresh()
  const first = new History(new HistoryStore(file, () => {}))
  live(first, T0, 40)
  const wal = `${file}-wal`
  const copy = join(folder, 'torn.sqlite')
  writeFileSync(copy, readFileSync(file))
  writeFileSync(`${copy}-wal`, readFileSync(wal))
  truncateSync(`${copy}-wal`, statSync(wal).size - 1_000)
  const torn = new HistoryStore(copy, () => assert.fail('not broken'))
  assert.ok(torn.points(1_000, T0, T0 + 40_000).length >= 25)
  first.close(40_000, T0 + 40_000)

  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(8_192, 0x41), 0, 8_192, 0)
  closeSync(descriptor)
  const told: string[] = []
  const store = new HistoryStore(file, (detail) => void told.push(detail))
  const again = new History(store)
  live(again, T0 + 60_000, 12)
  assert.equal(told.length, 1)
  assert.ok(existsSync(`${file}.broken`))
  assert.equal(store.trouble, null)
  assert.ok(again.read(T0 + 60_000, T0 + 72_000, 600, T0 + 72_000).points.length === 12)
})

test('a disk that refuses is told, the last hour is shown from memory, and it is written when the disk is back', () => {
  const file = join(folder, 'nowhere', 'h.sqlite')
  writeFileSync(join(folder, 'nowhere'), 'a file where a folder should be')
  const store = new HistoryStore(file, () => {})
  const history = new History(store)
  live(history, T0, 30)
  assert.match(history.suspended!, /is not written to the disk: .*; the last hour is in memory/)
  assert.equal(history.read(T0, T0 + 30_000, 600, T0 + 30_000).points.length, 30)
  rmSync(join(folder, 'nowhere'))
  history.add(100_000, statusAt(T0 + 31_000), pointAt(T0 + 31_000), [])
  history.flush(100_000, T0 + 31_000)
  assert.equal(history.suspended, null)
  assert.ok(store.points(1_000, T0, T0 + 40_000).length >= 30, 'what waited is written')
})

test('a full disk: the oldest moments give way, points go on, and the file never passes its bound', () => {
  const file = fresh()
  const store = new HistoryStore(file, () => {})
  const bound = 48 * 1_048_576
  store.applyBound(bound)
  const noise = (i: number): string => Array.from({ length: 12_000 }, (_, k) => ((i * 7_919 + k * 104_729) % 0xffff).toString(36)).join('')
  let at = T0
  let nowMs = 0
  for (let i = 0; i < 2_400; i++) {
    at += 10_000
    nowMs += 10_000
    store.write(nowMs, at, { points: [{ stepMs: 10_000, point: pointAt(at) }], moments: [{ status: statusAt(at, { urls: [noise(i)] }), samples: null }], events: [] })
  }
  assert.equal(store.trouble, null)
  assert.ok(store.bytes <= bound, `${store.bytes} bytes`)
  assert.ok(store.bytes > bound - 2 * 1_048_576, 'the test came to the bound')
  assert.ok(store.moment(at) !== null, 'the newest is there')
  assert.equal(store.moment(T0 + 10_000), null, 'the oldest is not')
  assert.equal(store.points(10_000, at - HOUR_MS, at).length, 360)
})

test('what is too old goes, and what a clock that was wrong wrote into the future', () => {
  const store = new HistoryStore(fresh(), () => {})
  const write = (nowWallMs: number, at: number): void => store.write(1, nowWallMs, { points: [{ stepMs: 1_000, point: pointAt(at) }, { stepMs: 10_000, point: pointAt(at) }, { stepMs: 60_000, point: pointAt(at) }], moments: [{ status: statusAt(at), samples: null }], events: [event(at)] })
  write(T0, T0)
  write(T0 + DAY_MS * 365, T0 + DAY_MS * 365)
  assert.equal(store.points(60_000, 0, T0 + DAY_MS).length, 0)
  assert.equal(store.moment(T0 + 1), null)
  write(T0 + 60_000, T0 + 60_000)
  assert.equal(store.points(60_000, T0 + DAY_MS, T0 + 400 * DAY_MS).length, 0, 'the future is forgotten')
  assert.equal(store.events(0, T0 * 2, 10).length, 1)
})

test('a moment is the one kept last before it, with the samples and the events around it', () => {
  const history = new History(new HistoryStore(fresh(), () => {}))
  for (let i = 1; i <= 40; i++) {
    const wants = history.add(i * SECOND_MS, statusAt(T0 + i * SECOND_MS), pointAt(T0 + i * SECOND_MS), i === 25 ? [event(T0 + 25_000)] : [])
    if (wants) history.keepSamples(T0 + i * SECOND_MS, [{ attribute: 'path', rows: [{ value: '1', label: `/${i}`, requests: 1, share: 1, normalShare: 0, positiveShare: 0 }] }])
  }
  const kept = history.moment(T0 + 26_500)!
  assert.equal(kept.atWallMs, T0 + 25_000, 'the event made one of its own')
  assert.equal(kept.samples[0]!.rows[0]!.label, '/21')
  assert.equal(kept.events.length, 1)
  assert.equal(history.moment(T0 - 2 * HOUR_MS), null)
})
