import assert from 'node:assert/strict'
import { test } from 'node:test'
import { difference, fuzzHttp1, readByLlhttp, readByUs } from './http1-against-llhttp.ts'
import { escapeStream, readSeeds, unescapeStream } from './http1-inputs.ts'

test('every kept stream is read like llhttp reads it, or refused, wherever it is cut once', () => {
  for (const { name, bytes } of readSeeds()) {
    for (let cut = 0; cut <= bytes.length; cut++) {
      for (const early of [false, true]) {
        assert.equal(difference(readByUs(bytes, [cut], early), readByLlhttp(bytes, [cut]), early), null, `${name} cut at ${cut}`)
      }
    }
  }
})

test('no second request comes out of a stream that smuggles one', () => {
  const framedPlainly = new Set(['content-length-on-get', 'host-replaced-by-absolute-form'])
  for (const { name, bytes } of readSeeds()) {
    const ours = readByUs(bytes, [], false)
    if (framedPlainly.has(name)) assert.equal(ours.length, 2, name)
    else assert.ok(ours.length <= 1, `${name}: ${ours.length} requests`)
    for (const seen of ours) assert.notEqual(seen.target, '/inner', name)
  }
})

test('the comparison can fail: a request more, another target, other content and another end are all differences', () => {
  const bytes = Buffer.from('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')
  const theirs = readByLlhttp(bytes, [])
  const ours = readByUs(bytes, [], false)
  assert.equal(difference(ours, theirs, false), null)
  assert.notEqual(difference([...ours, ...ours], theirs, false), null)
  assert.notEqual(difference([{ ...ours[0], target: '/b' }], theirs, false), null)
  assert.notEqual(difference([{ ...ours[0], content: 'h' }], theirs, false), null)
  assert.notEqual(difference([{ ...ours[0], headers: [] }], theirs, false), null)
  assert.notEqual(difference(ours, [{ ...theirs[0], complete: false }], false), null)
})

test('a stream survives the way into a seed file and back', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  assert.deepEqual(unescapeStream(escapeStream(bytes)), bytes)
})

test('100,000 made-up streams: nothing taken that llhttp rejects, nothing framed differently', async () => {
  const summary = await fuzzHttp1(100_000, 1, null)
  assert.deepEqual(summary.differences.map(({ input, what }) => `${what}\n${escapeStream(input)}`), [])
  assert.equal(summary.inputs, 100_000)
  assert.ok(summary.requests > 20_000, `only ${summary.requests} requests were taken: the generator lost its way`)
})
