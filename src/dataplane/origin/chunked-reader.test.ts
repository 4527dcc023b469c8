import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChunkedReader } from './chunked-reader.ts'
import { faults } from './fault.ts'
import type { Fault } from './fault.ts'

/** Feeds `wire` in pieces cut at `cuts`; returns content, bytes taken and trailers, or the fault. */
function read(wire: Buffer, cuts: readonly number[] = []): { content: string; taken: number; trailers: string[]; done: boolean } | Fault {
  const reader = new ChunkedReader(200)
  let content = ''
  let taken = 0
  const sink = { onContent: (chunk: Uint8Array) => void (content += Buffer.from(chunk).toString('latin1')) }
  const edges = [...new Set([...cuts.map((cut) => cut % (wire.length + 1)), wire.length])].sort((a, b) => a - b)
  let from = 0
  for (const edge of edges) {
    const piece = wire.subarray(from, edge)
    const at = reader.read(piece, 0, sink)
    if (typeof at !== 'number') return at
    taken += at
    from = edge
    if (reader.done) break
  }
  return { content, taken, trailers: reader.trailers, done: reader.done }
}

const cutsArbitrary = fc.array(fc.nat(), { maxLength: 12 })

test('content and trailers come out the same however the bytes are cut, and not one byte beyond the end is taken', () => {
  const chunk = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0', ';'), minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 6 }), fc.boolean(), fc.boolean(), fc.string({ maxLength: 5 }), cutsArbitrary, (chunks, extension, trailer, rest, cuts) => {
      const end = trailer ? '0\r\nX-A: 1\r\nX-B: 2\r\n\r\n' : '0\r\n\r\n'
      const message = chunks.map((text) => `${text.length.toString(16)}${extension ? ';n="v"' : ''}\r\n${text}\r\n`).join('') + end
      const wire = Buffer.from(message + rest, 'latin1')
      const result = read(wire, cuts)
      assert.ok('content' in result, JSON.stringify(result))
      assert.equal(result.content, chunks.join(''))
      assert.equal(result.done, true)
      assert.equal(result.taken, message.length)
      assert.deepEqual(result.trailers, trailer ? ['x-a', '1', 'x-b', '2'] : [])
    }),
    { numRuns: 500 },
  )
})

test('broken chunking is refused, however it is cut', () => {
  const table: [string, Fault][] = [
    ['\r\n', faults.badChunk],
    ['g\r\n', faults.badChunk],
    ['-1\r\n', faults.badChunk],
    ['0x1\r\na\r\n', faults.badChunk],
    ['1\na\r\n', faults.badChunk],
    ['1\r\nab\r\n', faults.badChunk],
    ['1\r\na\n', faults.badChunk],
    ['1\r\na\r\r', faults.badChunk],
    ['1000000000000\r\n', faults.badChunk],
    ['1;\x01\r\n', faults.badChunk],
    [`1;${'x'.repeat(2_000)}`, faults.badChunk],
    ['0\r\nX : 1\r\n\r\n', faults.badSyntax],
    ['0\r\nX: a\nb\r\n\r\n', faults.badField],
    [`0\r\nX: ${'a'.repeat(300)}`, faults.headTooLarge],
  ]
  for (const [text, fault] of table) {
    const wire = Buffer.from(text, 'latin1')
    assert.equal(read(wire), fault, JSON.stringify(text))
    assert.equal(read(wire, Array.from({ length: wire.length }, (_, i) => i)), fault, `one by one: ${JSON.stringify(text.slice(0, 20))}`)
  }
})

test('any bytes are taken or refused without end and without exception', () => {
  const noise = fc.string({ unit: fc.constantFrom('0', '1', 'a', ';', '\r', '\n', '\r\n', ' ', 'x', '0\r\n', '2\r\n') })
  fc.assert(
    fc.property(noise, cutsArbitrary, (text, cuts) => {
      const wire = Buffer.from(text, 'latin1')
      const whole = read(wire)
      const cut = read(wire, cuts)
      assert.deepEqual(cut, whole)
    }),
    { numRuns: 2_000 },
  )
})
