import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TimelineItem } from '../../contract/incident.ts'
import type { JournalEntry } from '../../contract/journal.ts'
import { IncidentWorld, NOON } from './incident.testing.ts'
import { timelineOf } from './timeline.ts'

const span = (world: IncidentWorld) => ({ fromWallMs: NOON, untilWallMs: world.clock.wallMs() + 1, leadInMs: 0, ongoing: true })

test('an origin that is strained every other moment is strained once, and well after a minute of it', async () => {
  const world = new IncidentWorld()
  await world.ask('open', { title: 'x' })
  await world.run(200, (i) => ({ state: 'STRAIN', well: i % 20 < 10 }))
  await world.run(120, { state: 'STRAIN', well: true })
  const items = timelineOf(world.scribe.kept, span(world), 'x', []).filter((item) => item.kind === 'origin')
  assert.deepEqual(items.map((item) => [(item.atWallMs - NOON) / 1_000, item.sentence.split(' (')[0]]), [[10, 'the origin is strained'], [200, 'the origin is no longer strained']])
  for (const item of items) assert.ok(world.scribe.kept.some((entry) => entry.seq === item.seq && entry.kind === 'measure'))
})

test('what belongs to another incident is not in it; what people did is never left out', async () => {
  const world = new IncidentWorld()
  const at = (seq: number): Pick<JournalEntry, 'seq' | 'atWallMs' | 'who' | 'previous' | 'hash'> => ({ seq, atWallMs: NOON + seq, who: 'polder', previous: '', hash: '' })
  const rules = Array.from({ length: 5_000 }, (_, i): JournalEntry => ({ ...at(i + 1), kind: 'rule', sentence: `rule ${i}`, data: {} }))
  const others: JournalEntry[] = [
    { ...at(6_000), kind: 'statement', sentence: 'ours', data: { incidentId: 'a' } },
    { ...at(6_001), kind: 'statement', sentence: 'theirs', data: { incidentId: 'b' } },
    { ...at(6_002), kind: 'note', sentence: 'incident b: note', data: { incidentId: 'b', change: 'noted', text: 'x' } },
    { ...at(6_003), kind: 'login', sentence: 'somebody looked', data: {} },
  ]
  const changes = Array.from({ length: 300 }, (_, i): TimelineItem => ({ atWallMs: NOON + i * 10, kind: 'person', sentence: `note ${i}`, who: 'ada', seq: 7_000 + i }))
  world.clock.advanceMs(10_000)
  const items = timelineOf([...rules, ...others], span(world), 'a', changes)
  assert.equal(items.length, 1_001)
  assert.match(items[0].sentence, /^4301 further entries are left out/)
  assert.equal(items.filter((item) => item.who === 'ada').length, 300)
  assert.deepEqual(items.filter((item) => item.seq >= 6_000 && item.seq < 7_000).map((item) => item.sentence), ['ours'])
  assert.ok(items.every((item, i) => i === 0 || item.atWallMs >= items[i - 1].atWallMs))
})

test('what the control plane decided stands where it was decided, not where it was written down a second later', async () => {
  const world = new IncidentWorld()
  await world.ask('open', { title: 'x' })
  const decided: number[] = []
  for (const [to, lateMs] of [['STRAIN', 1_300], ['ATTACK', 900], ['NORMAL', 20 * 60_000]] as const) {
    world.clock.advanceMs(30_000)
    decided.push(world.clock.wallMs())
    const atWallMs = world.clock.wallMs()
    world.clock.advanceMs(lateMs)
    await world.scribe.write({ kind: 'state', who: 'polder', sentence: `to ${to}`, data: { atWallMs, code: 'x', sentence: '', to } })
  }
  await world.scribe.write({ kind: 'rule', who: 'polder', sentence: 'from the future', data: { atWallMs: world.clock.wallMs() + 5_000, code: 'x', sentence: '' } })
  const { timeline, figures } = await world.ask('show', { id: 'open' })
  const at = (sentence: string): number => timeline.find((item) => item.sentence === sentence)!.atWallMs
  assert.deepEqual([at('to STRAIN'), at('to ATTACK')], decided.slice(0, 2))
  // Too late to be believed, and a clock that was set: then the writing counts.
  assert.deepEqual([at('to NORMAL'), at('from the future')], [world.clock.wallMs(), world.clock.wallMs()])
  assert.equal(figures.find((one) => one.code === 'detected')?.value, decided[0])
  assert.equal(world.scribe.kept.find((entry) => entry.sentence === 'to STRAIN')!.atWallMs, decided[0] + 1_300, 'the journal keeps both')
})
