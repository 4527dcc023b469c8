import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleFields, SAMPLE_WORDS } from '../../contract/sample.ts'
import type { MonotonicMs } from '../../kernel/clock.ts'
import { SeededRandom } from '../../kernel/random.ts'
import { Features } from '../features.ts'
import { Request, type ClientAddress, type Reply } from '../request.ts'
import { Tap, type SourceCounts } from './tap.ts'

const counts: SourceCounts = { requests: () => 9, pages: () => 4, statics: () => 3, errors: () => 2, echoes: () => 1 }
const client: ClientAddress = { family: 4, text: '192.0.2.1', high: 0xc0000201, low: 0, key: 7 }
const features = new Features(5)

function request(agent: string): Request {
  const made = new Request('GET', '/news', 'a.example', 'http', 11, ['user-agent', agent], client, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
  made.sourceSlot = 0
  return made
}

function field(words: Uint32Array, record: number, name: (typeof sampleFields)[number]): number {
  return words[record * SAMPLE_WORDS + sampleFields.indexOf(name)]
}

test('a record holds every field of the contract at its place', () => {
  const tap = new Tap(1, new SeededRandom(1), 1_000)
  const one = request('Firefox')
  tap.see(one, features.read(one), counts, 1_040, 4)
  const batch = tap.take(1_250)
  assert.equal(batch.words.length, SAMPLE_WORDS)
  assert.equal(field(batch.words, 0, 'atMs'), 40)
  assert.equal(field(batch.words, 0, 'addressHigh'), 0xc0000201)
  assert.equal(field(batch.words, 0, 'flags'), 4)
  assert.equal(field(batch.words, 0, 'clientRequests'), 9)
  assert.equal(field(batch.words, 0, 'clientEchoes'), 1)
  assert.equal(new Map(batch.strings).get(field(batch.words, 0, 'userAgent')), 'Firefox')
})

test('a string travels once, however often it is seen', () => {
  const tap = new Tap(0, new SeededRandom(1), 0)
  for (let i = 0; i < 50; i++) tap.see(request('same'), features.read(request('same')), counts, 1, 0)
  assert.equal(tap.take(250).strings.filter(([, text]) => text === 'same').length, 1)
  const again = request('same')
  tap.see(again, features.read(again), counts, 260, 0)
  assert.deepEqual(tap.take(500).strings, [])
  tap.tellAllAgain()
  tap.see(again, features.read(again), counts, 510, 0)
  assert.ok(tap.take(750).strings.some(([, text]) => text === 'same'), 'a new control plane hears it too')
})

test('in a flood every request is counted and a bounded number recorded, spread over the batch', () => {
  const tap = new Tap(0, new SeededRandom(1), 0)
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 20_000; i++) {
      const one = request('flood')
      tap.see(one, features.read(one), counts, round * 250 + i / 80, 0)
    }
    const batch = tap.take((round + 1) * 250)
    assert.equal(batch.seen, 20_000)
    const records = batch.words.length / SAMPLE_WORDS
    assert.ok(records <= 500)
    assert.ok(Math.abs(batch.weight * records - 20_000) < 1e-6)
    if (round > 0) assert.ok(field(batch.words, records - 1, 'atMs') > 200, 'records cover only the start of the batch')
  }
})
