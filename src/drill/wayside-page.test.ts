import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readWayside } from './wayside-page.ts'
import { WorkThread } from './work-thread.ts'

const token = 'A'.repeat(20) + 'b'.repeat(32)
const page = `<p><a class="go" id="go" data-t="${token}" data-z="12" href="/news?polder=${token}">on</a></p>`
const fields = new Map([['polder-reason', 'rule-challenge'], ['refresh', `5; url=/news?polder=${token}`], ['content-encoding', 'gzip']])

test('a short check is read out of its fields and its page', () => {
  const content = gzipSync(page).toString('latin1')
  assert.deepEqual(readWayside(fields, content), { kind: 'check', reference: `/news?polder=${token}`, waitMs: 5_000, text: 'b'.repeat(32), bits: 12 })
})

test('a page that came cut leaves the wait, and other refusals are none of it', () => {
  assert.equal(readWayside(fields, gzipSync(page).toString('latin1').slice(0, 30))?.text, '')
  assert.equal(readWayside(new Map([['polder-reason', 'rule-limit']]), ''), null)
  assert.equal(readWayside(new Map([['polder-reason', 'queue-full'], ['refresh', '2; url=/']]), ''), null)
  assert.equal(readWayside(new Map([['polder-reason', 'rule-challenge']]), page), null)
})

test('a place in the waiting room is asked for again when its page says so', () => {
  assert.deepEqual(readWayside(new Map([['polder-reason', 'waiting-room'], ['refresh', '2; url=/news?polder-place=x']]), ''), { kind: 'room', reference: '/news?polder-place=x', waitMs: 2_000, text: '', bits: 0 })
})

test('the work is done beside the generator', async () => {
  const thread = new WorkThread()
  const { found, tried } = await new Promise<{ found: number; tried: number }>((resolve) => thread.solve('b'.repeat(32), 12, (number, count) => resolve({ found: number, tried: count })))
  thread.end()
  assert.equal(tried, found + 1)
  assert.ok(Math.clz32(hash('sha256', `${'b'.repeat(32)}${found}`, 'buffer').readUInt32BE(0)) >= 12)
})
