import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SAMPLE_WORDS, sampleFields, sampleFlags } from '../../contract/sample.ts'
import { countBits } from '../../kernel/bitset.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../kernel/units.ts'
import { Baseline, hourOfWeek, zScore } from './baseline.ts'
import { markMatches } from '../mitigation/match-rows.ts'
import { BaselineFileError, mergeBaseline, parseBaseline, serialiseBaseline } from './baseline-file.ts'

const MONDAY = Date.UTC(2024, 0, 1)

function learnt(days: number, rate: (wallMs: number) => number, seed = 1): Baseline {
  const baseline = new Baseline(new SeededRandom(seed))
  const words = new Uint32Array(SAMPLE_WORDS)
  for (let at = MONDAY; at < MONDAY + days * DAY_MS; at += MINUTE_MS) {
    baseline.learnMinute(at, rate(at))
    words[5] = at / MINUTE_MS
    baseline.learnRow(at, words)
  }
  return baseline
}

const dayAndNight = (at: number): number => 20 + 18 * Math.sin(((at % DAY_MS) / DAY_MS) * 2 * Math.PI)

test('what is kept for weeks names no visitor, and a narrow prefix still finds its network in it', () => {
  const baseline = new Baseline(new SeededRandom(1))
  const words = new Uint32Array(SAMPLE_WORDS)
  const set = (name: (typeof sampleFields)[number], value: number): void => void (words[sampleFields.indexOf(name)] = value)
  set('clientKey', 77)
  set('family', 4)
  set('addressHigh', 0xc0000263)
  baseline.learnRow(MONDAY, words)
  set('family', 6)
  set('addressHigh', 0x20010db8)
  set('addressLow', 0x00010203)
  baseline.learnRow(MONDAY, words)
  const saved = Buffer.from(serialiseBaseline(baseline, 1).buffer)
  for (const secret of [0xc0000263, 0x00010203, 77]) {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(secret)
    assert.equal(saved.indexOf(bytes), -1, secret.toString(16))
  }
  const matched = (cidr: string): number => countBits(markMatches(baseline, [{ attribute: 'prefix', cidrs: [cidr] }], () => '')!)
  assert.equal(matched('192.0.2.99/32'), 1)
  assert.equal(matched('192.0.3.99/32'), 0)
  assert.equal(matched('2001:db8:1:203::/64'), 1)
})

test('hours of the week count from Monday midnight UTC', () => {
  assert.equal(hourOfWeek(MONDAY), 0)
  assert.equal(hourOfWeek(MONDAY + 6 * DAY_MS + 23 * HOUR_MS), 167)
  assert.equal(hourOfWeek(MONDAY + 7 * DAY_MS), 0)
})

test('after a week it knows day from night', () => {
  const baseline = learnt(7, dayAndNight)
  const morning = baseline.expectedAt(MONDAY + 7 * DAY_MS + 6.5 * HOUR_MS)
  const evening = baseline.expectedAt(MONDAY + 7 * DAY_MS + 18.5 * HOUR_MS)
  assert.equal(morning.source, 'hour-of-week')
  assert.ok(Math.abs(morning.ratePerSecond - 38) < 2 && Math.abs(evening.ratePerSecond - 2) < 1)
  assert.ok(zScore(38, 10, morning) < 1 && zScore(38, 10, evening) > 6)
})

test('it is honest about what it does not know: none, then all hours, then this hour', () => {
  assert.equal(learnt(0, () => 5).expectedAt(MONDAY).source, 'none')
  assert.equal(learnt(0.25, () => 5).expectedAt(MONDAY + 3 * DAY_MS).source, 'all-hours')
  assert.equal(learnt(0.25, () => 5).expectedAt(MONDAY + HOUR_MS).source, 'hour-of-week')
  assert.ok(learnt(0.9, () => 5).coldStart && !learnt(1, () => 5).coldStart)
})

test('one spike of an hour does not move what is expected, and one hour cannot lift its own limit', () => {
  const baseline = learnt(7, () => 10)
  const noon = MONDAY + 7 * DAY_MS + 12 * HOUR_MS
  for (let i = 0; i < 30; i++) baseline.learnMinute(noon + i * MINUTE_MS, 10_000)
  const expected = baseline.expectedAt(noon)
  assert.ok(Math.abs(expected.ratePerSecond - 10) < 0.5)
  assert.ok(Math.max(...baseline.minuteLogs) < Math.log1p(10) + 0.2)
})

test('on a quiet site a second visitor is not an event', () => {
  const baseline = learnt(7, () => 0.2)
  const expected = baseline.expectedAt(MONDAY + 7 * DAY_MS)
  assert.ok(zScore(1, 10, expected) < 6, String(zScore(1, 10, expected)))
  assert.ok(zScore(100, 10, expected) > 6)
})

test('halves for choosing and for judging are of equal size and never share a row', () => {
  const baseline = learnt(7, () => 1)
  const even = baseline.present.map((word) => word & 0x55555555)
  const odd = baseline.present.map((word) => word & 0xaaaaaaaa)
  assert.ok(Math.abs(countBits(even) - countBits(odd)) <= 168)
  assert.equal(countBits(even) + countBits(odd), baseline.rowsHeld)
})

test('the sample forgets: after four more weeks most rows are younger than the first week', () => {
  const baseline = new Baseline(new SeededRandom(2))
  const words = new Uint32Array(SAMPLE_WORDS)
  for (let week = 0; week < 5; week++) {
    for (let i = 0; i < 512; i++) {
      words[5] = week
      baseline.learnRow(MONDAY + week * 7 * DAY_MS, words)
    }
  }
  const first = baseline.columns[5].subarray(0, 128).filter((week) => week === 0).length
  assert.ok(first < 64, `${first} of 128`)
})

test('what is saved comes back the same', () => {
  const baseline = learnt(3, dayAndNight)
  const back = parseBaseline(serialiseBaseline(baseline, 0xdeadbeef), new SeededRandom(9))
  assert.equal(back.featureKey, 0xdeadbeef)
  assert.deepEqual(back.baseline.minuteLogs, baseline.minuteLogs)
  assert.deepEqual(back.baseline.columns, baseline.columns)
  assert.deepEqual(back.baseline.present, baseline.present)
  assert.equal(back.baseline.rowsHeld, baseline.rowsHeld)
  assert.deepEqual(back.baseline.expectedAt(MONDAY), baseline.expectedAt(MONDAY))
})

test('any cut or flipped bit is found, with a reason', () => {
  const bytes = serialiseBaseline(learnt(1, () => 3), 1)
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const broken = bytes.slice()
      broken[bit >>> 3] ^= 1 << (bit & 7)
      assert.throws(() => parseBaseline(broken, new SeededRandom(1)), BaselineFileError)
    }),
    { numRuns: 40 },
  )
  for (const length of [0, 10, 32, bytes.length - 1]) assert.throws(() => parseBaseline(bytes.slice(0, length), new SeededRandom(1)), BaselineFileError)
})

test('two weeks learned apart are one when merged, and a sample under another key is refused', () => {
  const one = { baseline: learnt(2, () => 4), featureKey: 5 }
  const same = mergeBaseline({ baseline: new Baseline(new SeededRandom(1)), featureKey: 5 }, one)
  assert.deepEqual(same, { minutes: 2 * 1_440, rows: one.baseline.rowsHeld, rowsRefused: 0 })
  const other = mergeBaseline({ baseline: new Baseline(new SeededRandom(1)), featureKey: 6 }, one)
  assert.deepEqual(other, { minutes: 2 * 1_440, rows: 0, rowsRefused: one.baseline.rowsHeld })
})

test('what was learned from a log gives way to what is seen live, within one hour\'s sample', () => {
  const baseline = new Baseline(new SeededRandom(3))
  const row = (flags: number): Uint32Array => {
    const words = new Uint32Array(sampleFields.length)
    words[sampleFields.indexOf('flags')] = flags
    return words
  }
  for (let i = 0; i < 5_000; i++) baseline.learnRow(0, row(sampleFlags.fromLog))
  for (let i = 0; i < 128; i++) baseline.learnRow(0, row(0))
  const flags = baseline.columns[sampleFields.indexOf('flags')]
  const from = 72 * 128
  const left = flags.slice(from, from + 128).filter((flag) => flag === sampleFlags.fromLog).length
  assert.ok(left <= 8, `${left} rows of the log are left`)
  assert.equal(baseline.rowsHeld, 128)
})
