import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { decodeContent } from './content-coding.ts'

const text = Buffer.from('words '.repeat(1_000))

test('every coding we know is undone', () => {
  for (const [coding, body] of [['gzip', gzipSync(text)], ['X-GZIP ', gzipSync(text)], ['br', brotliCompressSync(text)], ['zstd', zstdCompressSync(text)], ['deflate', deflateSync(text)], ['', text], ['identity', text]] as const) {
    assert.deepEqual(Buffer.from(decodeContent(body, coding, 10_000)!), text, coding)
  }
})

test('what is unknown, broken or larger than the bound is null', () => {
  assert.equal(decodeContent(text, 'compress', 10_000), null)
  assert.equal(decodeContent(text, 'gzip', 10_000), null)
  assert.equal(decodeContent(gzipSync(text).subarray(0, 20), 'gzip', 10_000), null)
  for (const [coding, body] of [['gzip', gzipSync(text)], ['br', brotliCompressSync(text)], ['zstd', zstdCompressSync(text)], ['deflate', deflateSync(text)]] as const) assert.equal(decodeContent(body, coding, 5_999), null, coding)
})
