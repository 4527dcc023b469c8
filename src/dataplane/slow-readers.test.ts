import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SlowAnswer, SlowReaders } from './slow-readers.ts'

class Reader implements SlowAnswer {
  sentBytes = 0
  gaveBack = 0
  cut = 0
  giveSlotBack(): void {
    this.gaveBack++
  }
  cutReader(): void {
    this.cut++
  }
}

function tick(readers: SlowReaders, times: number): void {
  for (let i = 0; i < times; i++) readers.tick()
}

test('a reader who makes the origin wait for two seconds has their place given back, once', () => {
  const readers = new SlowReaders()
  const reader = new Reader()
  readers.expect(reader)
  tick(readers, 3)
  readers.expect(reader)
  assert.equal(reader.gaveBack, 0)
  tick(readers, 10)
  assert.deepEqual([reader.gaveBack, reader.cut, readers.held], [1, 0, 1])
  readers.forget(reader)
  assert.equal(readers.held, 0)
})

test('an answer that ends within two seconds keeps its place', () => {
  const readers = new SlowReaders()
  const reader = new Reader()
  readers.expect(reader)
  tick(readers, 3)
  readers.forget(reader)
  tick(readers, 10)
  assert.equal(reader.gaveBack, 0)
})

test('thirty-two may wait without a place; beyond that the slowest is cut, and the quickest never', () => {
  const readers = new SlowReaders()
  const all = Array.from({ length: 80 }, (_, i) => {
    const reader = new Reader()
    reader.sentBytes = 1_000 * (80 - i)
    readers.expect(reader)
    return reader
  })
  tick(readers, 10)
  assert.equal(readers.held, 32)
  assert.deepEqual(all.map(({ cut }) => cut), all.map((_, i) => (i < 32 ? 0 : 1)))
  // Those who come later are weighed over their own time.
  const late = new Reader()
  late.sentBytes = 1_000_000
  readers.expect(late)
  tick(readers, 4)
  assert.equal(late.cut, 0)
  assert.equal(all[31].cut, 1)
  for (const reader of [...all, late]) readers.forget(reader)
  assert.equal(readers.held, 0)
})
