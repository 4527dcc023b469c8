import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ShieldStatus } from '../../contract/control-socket.ts'
import type { HistoryPoint } from '../../contract/console.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { type LiveSink, LiveHub } from './live-hub.ts'

class Sink implements LiveSink {
  writableLength = 0
  stuck = false
  closed = ''
  readonly got: Uint8Array[] = []
  write(bytes: Uint8Array): boolean {
    this.got.push(bytes)
    if (this.stuck) this.writableLength += bytes.length
    return !this.stuck
  }
  end(): void {
    this.closed = 'ended'
  }
  destroy(): void {
    this.closed = 'destroyed'
  }
  get text(): string {
    return this.got.map((one) => Buffer.from(one).toString()).join('')
  }
  events(): ReadonlyArray<{ readonly id: string; readonly event: string; readonly data: unknown }> {
    return this.text.split('\n\n').filter((one) => one.startsWith('id: ')).map((one) => {
      const [id, event, data] = one.split('\n').map((line) => line.slice(line.indexOf(': ') + 2)) as [string, string, string]
      return { id, event, data: JSON.parse(data) as unknown }
    })
  }
}

const second = (hub: LiveHub, bulk = ''): void => hub.second((seq) => ({ seq, status: { version: bulk } as ShieldStatus, point: {} as HistoryPoint, historySuspended: null }))
const person = (name: string): { name: string; sessionId: string } => ({ name, sessionId: name })

test('twenty pages get the same bytes, made once', () => {
  const hub = new LiveHub(new SimulatedClock(), 'run')
  const sinks = Array.from({ length: 20 }, (_, i) => {
    const sink = new Sink()
    hub.open(person(`p${i}`), sink, '')
    return sink
  })
  second(hub)
  const last = sinks.map((sink) => sink.got.at(-1)!)
  assert.ok(last.every((bytes) => bytes === last[0]))
})

test('who comes back gets what was missed, in order, and nothing twice; another run starts afresh', () => {
  const hub = new LiveHub(new SimulatedClock(), 'run')
  const first = new Sink()
  const page = hub.open(person('ada'), first, '')
  hub.send('event', { atWallMs: 1, code: 'a', sentence: 'one' })
  second(hub)
  const lastId = first.events().at(-1)!.id
  page.close()
  hub.send('event', { atWallMs: 2, code: 'b', sentence: 'two' })
  hub.send('acted', { who: 'bob', sentence: 'three', atWallMs: 3, done: true, undo: null })
  const again = new Sink()
  hub.open(person('ada'), again, lastId)
  assert.deepEqual(again.events().filter(({ event }) => event === 'event' || event === 'acted').map(({ data }) => (data as { sentence: string }).sentence), ['two', 'three'])
  const newest = again.events().findLast(({ event }) => event !== 'presence')!.id
  const third = new Sink()
  hub.open(person('ada'), third, newest)
  assert.deepEqual(third.events().filter(({ event }) => event === 'event' || event === 'acted'), [])
  for (const id of ['other-1', 'run-x', 'run--1', 'run-99999999999999999999', '\u0000']) {
    const sink = new Sink()
    hub.open(person('eve'), sink, id)
    assert.ok(sink.events().length > 0)
  }
})

test('a slow page is sent fewer seconds but every event, and one that reads nothing is cut; the others notice nothing', () => {
  const clock = new SimulatedClock()
  const hub = new LiveHub(clock, 'run')
  const [slow, quick] = [new Sink(), new Sink()]
  slow.stuck = true
  hub.open(person('slow'), slow, '')
  hub.open(person('quick'), quick, '')
  for (let i = 0; i < 25; i++) {
    clock.advanceMs(1_000)
    second(hub, 'x'.repeat(30_000))
    hub.tick(() => true)
  }
  hub.send('event', { atWallMs: 1, code: 'a', sentence: 'seen by all' })
  assert.ok(slow.writableLength < 400_000, `${slow.writableLength} bytes wait`)
  assert.ok(slow.text.includes('seen by all'))
  assert.equal(quick.events().filter(({ event }) => event === 'second').length, 25)
  assert.ok(hub.skipped > 0)
  for (let i = 0; i < 10; i++) {
    clock.advanceMs(1_000)
    hub.tick(() => true)
  }
  assert.equal(slow.closed, 'destroyed')
  assert.equal(quick.closed, '')
  assert.equal(hub.size, 1)
})

test('an idle line has a heartbeat; a session that ended ends its page with a word', () => {
  const clock = new SimulatedClock()
  const hub = new LiveHub(clock, 'run')
  const sink = new Sink()
  hub.open(person('ada'), sink, '')
  clock.advanceMs(10_000)
  hub.tick(() => true)
  assert.match(sink.text, /\n\n: here\n\n$/)
  hub.tick(() => false)
  assert.equal(sink.events().at(-1)!.event, 'bye')
  assert.equal(sink.closed, 'ended')
})

test('each sees who else is here and where they look', () => {
  const hub = new LiveHub(new SimulatedClock(), 'run')
  const ada = new Sink()
  hub.open(person('ada'), ada, '')
  const bob = hub.open(person('bob'), new Sink(), '')
  hub.looking('bob', `incident ${'x'.repeat(200)}`)
  const seen = ada.events().at(-1)!.data as Array<{ name: string; lookingAt: string }>
  assert.deepEqual(seen.map(({ name }) => name), ['ada', 'bob'])
  assert.equal(seen[1]!.lookingAt.length, 80)
  bob.close()
  assert.deepEqual((ada.events().at(-1)!.data as Array<{ name: string }>).map(({ name }) => name), ['ada'])
})

test('no text of an attacker ends a message early', () => {
  const hub = new LiveHub(new SimulatedClock(), 'run')
  const sink = new Sink()
  hub.open(person('ada'), sink, '')
  const evil = 'a\n\nevent: bye\ndata: {}\r\n\r\n\u2028\u0000'
  hub.send('event', { atWallMs: 1, code: 'a', sentence: evil })
  const events = sink.events()
  assert.equal((events.at(-1)!.data as { sentence: string }).sentence, evil)
  assert.equal(events.filter(({ event }) => event === 'bye').length, 0)
})

test('what is remembered for hours holds its own bytes and no pool of others', () => {
  const hub = new LiveHub(new SimulatedClock(), 'run')
  for (let i = 0; i < 20; i++) hub.send('event', { atWallMs: i, code: 'c', sentence: `event ${i}` })
  const sink = new Sink()
  hub.open(person('ada'), sink, '')
  const kept = sink.got.filter((one) => Buffer.from(one).toString().includes('event: event'))
  assert.equal(kept.length, 20)
  for (const bytes of kept) assert.equal(bytes.buffer.byteLength, bytes.length)
})
