import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ControlBeginning, ControlTick } from '../../contract/control-tick.ts'
import type { JournalDraft, JournalEntry } from '../../contract/journal.ts'
import type { ShieldState } from '../../contract/plan.ts'
import { SAMPLE_WORDS, sampleFields } from '../../contract/sample.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { RecordedLog } from '../../kernel/log.ts'
import { DAY_MS } from '../../kernel/units.ts'
import { testFolder } from '../../kernel/test-folder.testing.ts'
import type { Scribe } from '../room.ts'
import { Blinding } from './blinding.ts'
import { reduceTick, ROWS_A_TICK } from './reduce-tick.ts'
import { type SamplePart, SampleRecorder } from './sample-recorder.ts'
import { decodeFrames, encodeFrame, FrameError } from './tick-frames.ts'

const field = (name: (typeof sampleFields)[number]): number => sampleFields.indexOf(name)
const key = (): Uint8Array => Uint8Array.from({ length: 36 }, (_, i) => i * 7)

function rowsOf(addresses: ReadonlyArray<readonly [family: number, high: number, low: number]>): Uint32Array {
  const words = new Uint32Array(addresses.length * SAMPLE_WORDS)
  addresses.forEach(([family, high, low], i) => {
    words[i * SAMPLE_WORDS + field('family')] = family
    words[i * SAMPLE_WORDS + field('addressHigh')] = high
    words[i * SAMPLE_WORDS + field('addressLow')] = low
    words[i * SAMPLE_WORDS + field('clientKey')] = i + 1
    words[i * SAMPLE_WORDS + field('userAgent')] = 100 + (i % 7)
    words[i * SAMPLE_WORDS + field('path')] = 900 + i
  })
  return words
}

function tickOf(nowWallMs: number, state: ShieldState, rows = 10): ControlTick {
  const words = rowsOf(Array.from({ length: rows }, (_, i) => [4, 0xc0000200 + i, 0] as const))
  return { nowWallMs, state, vitals: [], commands: [], posture: null, samples: [{ worker: 0, fromWallMs: nowWallMs - 1_000, toWallMs: nowWallMs, seen: rows * 2, weight: 2, words, strings: [[100, 'agent'], [900, '/secret/page'], [5, 'nobody']], crawlerClaims: [['192.0.2.1', 'bot']] }] }
}

const beginning = (): ControlBeginning => ({
  atWallMs: 1, settings: { detection: {}, mitigation: {} }, orders: null,
  baseline: { minuteLogs: Float32Array.of(1.5, 2.5), minuteCounts: Uint32Array.of(2), offered: Uint32Array.of(3), columns: sampleFields.map((name) => Uint32Array.of(name === 'family' ? 4 : name === 'addressHigh' ? 0xc0000200 : 7, 0)) },
})

const commonBits = (a: number, b: number): number => Math.clz32(a ^ b)

test('blinded addresses share exactly as many first bits as the whole ones did, and nothing else stays', () => {
  const blinding = new Blinding(key())
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.integer({ min: 0, max: 31 }), fc.constantFrom(4, 6), (high, bit, family) => {
      const other = (high ^ (1 << (31 - bit))) >>> 0
      const words = rowsOf([[family, high, 17], [family, other, 17], [family, high, 17]])
      blinding.rows(words)
      const [a, b, c] = [0, 1, 2].map((row) => words[row * SAMPLE_WORDS + field('addressHigh')])
      assert.equal(commonBits(a, b), commonBits(high, other))
      assert.equal(a, c)
    }),
  )
})

test('another key gives other addresses; the second half of an IPv6 address is bound to the first', () => {
  const one = rowsOf([[6, 0x20010db8, 5], [6, 0x20010db9, 5], [6, 0x20010db8, 4]])
  const two = one.slice()
  new Blinding(key()).rows(one)
  new Blinding().rows(two)
  assert.notDeepEqual(one, two)
  const low = (row: number): number => one[row * SAMPLE_WORDS + field('addressLow')]
  assert.notEqual(low(0), low(1))
  assert.equal(commonBits(low(0), low(2)), 31)
  assert.notEqual(one[field('clientKey')], 1)
})

test('a reduced second keeps at most so many rows, says what each stands for, and loses texts of pages and whole addresses of claims', () => {
  const tick = reduceTick(tickOf(1_000, 'ATTACK', 5_000), new Blinding(key()))
  const [batch] = tick.samples
  const rows = batch.words.length / SAMPLE_WORDS
  assert.ok(rows <= ROWS_A_TICK && rows > ROWS_A_TICK - 10)
  assert.equal(batch.seen, 10_000)
  assert.ok(Math.abs(batch.weight * rows - 10_000) < 1)
  assert.deepEqual(batch.strings, [[100, 'agent']])
  assert.equal('crawlerClaims' in batch, false)
  const whole = reduceTick(tickOf(1_000, 'ATTACK', 5), null)
  assert.equal(whole.samples[0].words[field('addressHigh')], 0xc0000200)
})

test('frames read back as they were written, and a changed byte is refused', () => {
  const tick = tickOf(5, 'WATCH')
  const { crawlerClaims: _, ...batch } = tick.samples[0]
  const bytes = Buffer.concat([encodeFrame({ kind: 'beginning', version: '1', beginning: beginning() }), encodeFrame({ kind: 'tick', tick: { ...tick, samples: [batch] } })])
  assert.deepEqual([...decodeFrames(bytes)], [{ kind: 'beginning', version: '1', beginning: beginning() }, { kind: 'tick', tick: { ...tick, samples: [batch] } }])
  for (let at = 0; at < bytes.length; at++) {
    const bad = Buffer.from(bytes)
    bad[at] ^= 1
    assert.throws(() => [...decodeFrames(bad)], FrameError, `byte ${at}`)
  }
  for (let length = 1; length < bytes.length; length += 7) {
    try {
      assert.ok([...decodeFrames(bytes.subarray(0, length))].length < 2)
    } catch (error) {
      assert.ok(error instanceof FrameError)
    }
  }
})

class Rig {
  readonly folder = join(testFolder('samples'), 'samples')
  readonly clock = new SimulatedClock()
  readonly entries: JournalEntry[] = []
  incidentId: string | null = null
  whole = false
  settings = { sampleBytes: 10_000_000, samplesKeepBytes: 10_000_000, keepMs: 400 * DAY_MS }
  wanted = 0
  readonly recorder: SampleRecorder
  readonly #scribe: Scribe = {
    write: async (draft: JournalDraft) => {
      const entry: JournalEntry = { seq: this.entries.length + 1, atWallMs: 0, ...draft, previous: '', hash: '' }
      this.entries.push(entry)
      return entry
    },
    entries: async function* (this: Rig) {
      yield* this.entries
    }.bind(this),
  }

  constructor() {
    this.recorder = new SampleRecorder({
      folder: this.folder, clock: this.clock, log: new RecordedLog(), scribe: this.#scribe, version: '1',
      settings: () => this.settings, incidentId: () => this.incidentId, wholeAddresses: () => this.whole,
      wantBeginning: () => this.wanted++,
    })
  }

  [Symbol.dispose](): void {
    rmSync(join(this.folder, '..'), { recursive: true, force: true })
  }

  second(state: ShieldState, seconds = 1, rows = 10): void {
    for (let i = 0; i < seconds; i++) {
      this.clock.advanceMs(1_000)
      this.recorder.tick(tickOf(this.clock.wallMs(), state, rows))
    }
  }

  parts(): SamplePart[] {
    return this.entries.filter((entry) => entry.kind === 'sample').map((entry) => entry.data as SamplePart)
  }

  frames(part: SamplePart): Array<'beginning' | number> {
    return [...decodeFrames(readFileSync(join(this.folder, part.file)))].map((frame) => (frame.kind === 'beginning' ? 'beginning' : frame.tick.nowWallMs))
  }
}

test('an incident is recorded from a minute and a half before it until a minute after, and named in the journal with its hash', async () => {
  using rig = new Rig()
  rig.second('NORMAL', 200)
  rig.second('WATCH', 3)
  assert.equal(rig.wanted, 1)
  rig.recorder.begin(beginning())
  rig.second('ATTACK', 20)
  rig.incidentId = '2023-11-14-1'
  rig.second('ATTACK', 20)
  rig.incidentId = null
  rig.second('NORMAL', 70)
  await rig.recorder.settled()
  const parts = rig.parts()
  assert.equal(parts.length, 1)
  const [part] = parts
  assert.deepEqual([part.incidentId, part.ticks, part.addresses, part.cutShort, part.part], ['2023-11-14-1', 90 + 43 + 61, 'blinded', null, 0])
  const frames = rig.frames(part)
  assert.equal(frames[0], 'beginning')
  assert.equal(frames.length, part.ticks + 1)
  for (let i = 2; i < frames.length; i++) assert.equal(frames[i] as number - (frames[i - 1] as number), 1_000)
})

test('unrest that never became an incident leaves nothing behind', async () => {
  using rig = new Rig()
  rig.second('WATCH', 10)
  rig.recorder.begin(beginning())
  rig.second('WATCH', 400)
  rig.second('NORMAL', 70)
  await rig.recorder.settled()
  assert.deepEqual([rig.entries, readdirSync(rig.folder)], [[], []])
})

test('a long incident comes in parts; whole addresses begin another recording and end with the order', async () => {
  using rig = new Rig()
  rig.incidentId = 'x'
  rig.second('ATTACK', 5)
  rig.recorder.begin(beginning())
  rig.second('ATTACK', 700)
  rig.whole = true
  rig.second('ATTACK', 5)
  rig.recorder.begin(beginning())
  rig.second('ATTACK', 20)
  rig.whole = false
  rig.second('ATTACK', 5)
  rig.recorder.begin(beginning())
  await rig.recorder.close()
  const parts = rig.parts()
  assert.deepEqual(parts.map((part) => [part.part, part.addresses]), [[0, 'blinded'], [1, 'blinded'], [2, 'blinded'], [0, 'whole'], [0, 'blinded']])
  assert.equal(new Set(parts.map((part) => part.recording)).size, 3)
})

test('a recording stays within its bytes and says where it ends; all recordings together stay within theirs', async () => {
  using rig = new Rig()
  rig.settings = { ...rig.settings, sampleBytes: 20_000, samplesKeepBytes: 15_000 }
  for (const id of ['a', 'b', 'c']) {
    rig.incidentId = id
    rig.second('ATTACK', 3, 200)
    rig.recorder.begin(beginning())
    for (let i = 0; i < 40; i++) {
      rig.second('ATTACK', 1, 200)
      await new Promise((resolve) => setImmediate(resolve))
    }
    rig.incidentId = null
    rig.second('NORMAL', 130)
    await rig.recorder.settled()
  }
  const parts = rig.parts()
  assert.deepEqual(parts.map((part) => part.incidentId), ['a', 'b', 'c'])
  for (const part of parts) assert.ok(part.bytes <= 20_000 && part.cutShort!.includes('journal.sampleBytes'), JSON.stringify(part))
  assert.deepEqual(readdirSync(rig.folder), [])
})

test('what a killed process left unnamed is deleted; switched off, nothing is kept', async () => {
  using rig = new Rig()
  rig.incidentId = 'x'
  rig.second('ATTACK', 2)
  rig.recorder.begin(beginning())
  await rig.recorder.close()
  writeFileSync(join(rig.folder, '1700000000000-000.samples'), 'half')
  rig.incidentId = null
  rig.second('NORMAL', 130)
  await rig.recorder.settled()
  assert.deepEqual(readdirSync(rig.folder), [rig.parts()[0].file])
  rig.settings = { ...rig.settings, sampleBytes: 0 }
  rig.second('ATTACK', 5)
  await rig.recorder.settled()
  assert.equal(rig.wanted, 1)
})

test('a folder that cannot be written ends the recording and nothing else', async () => {
  using rig = new Rig()
  writeFileSync(rig.folder, 'a file where the folder should be')
  rig.incidentId = 'x'
  rig.second('ATTACK', 2)
  rig.recorder.begin(beginning())
  await rig.recorder.settled()
  rig.second('ATTACK', 5)
  await rig.recorder.close()
  assert.deepEqual(rig.entries, [])
})
