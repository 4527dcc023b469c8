import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import type { LifelineCopy } from '../contract/lifeline.ts'
import { type MonotonicMs, SimulatedClock } from '../kernel/clock.ts'
import { firstValue, hasHeader } from '../kernel/header-list.ts'
import { sampleResponse } from './cache/sample-response.ts'
import { CacheEntry } from './cache/stored-response.ts'
import { LastGoodDesk } from './last-good-desk.ts'
import { type PreparedAnswer, type Reply, Request } from './request.ts'

const html = '<!doctype html><html lang="fi"><head></head><body><form action="/s"><input name="q"></form></body></html>'
const nobody = { family: 4, text: '127.0.0.1', high: 0, low: 0, key: 1 } as const

function ask(target: string, headers: readonly string[] = []): Request {
  return new Request('GET', target, 'site.example', 'https', 11, headers, nobody, null, null, null as unknown as Reply, 0 as MonotonicMs, '')
}

function rig(noticeAfterMs = 60_000) {
  const clock = new SimulatedClock(1_700_000_000_000)
  const desk = new LastGoodDesk(clock, noticeAfterMs)
  const asked: Array<readonly [number, string]> = []
  desk.askLifeline = (ticket, key) => asked.push([ticket, key]) > 0
  return { clock, desk, asked }
}

function entryOf(clock: SimulatedClock, body: Uint8Array | string, headers: readonly string[] = []): CacheEntry {
  const stored = { ...sampleResponse('https://site.example/', typeof body === 'string' ? body : Buffer.from(body).toString('latin1')) }
  return new CacheEntry({ ...stored, headers: [...stored.headers, 'etag', '"1"', 'cache-control', 'max-age=60', ...headers] }, clock.monotonicMs(), clock.wallMs())
}

test('a young copy, and what is no page, are shown as they are; an older page says its date and loses what spoke of its bytes', () => {
  const { clock, desk } = rig()
  const page = entryOf(clock, html)
  assert.equal(desk.dated(ask('/'), page, true, clock.monotonicMs()), null)
  clock.advanceMs(61_000)
  const answer = desk.dated(ask('/'), page, true, clock.monotonicMs())!
  const text = Buffer.from(answer.body!).toString()
  assert.match(text, /Tallennettu kopio/)
  assert.match(text, /disabled="disabled" name="q"/)
  assert.equal(firstValue(answer.headers, 'content-length'), String(answer.body!.length))
  assert.equal(firstValue(answer.headers, 'age'), '61')
  assert.ok(!hasHeader(answer.headers, 'etag') && firstValue(answer.headers, 'cache-control') === 'no-cache')
  const open = Buffer.from(desk.dated(ask('/'), page, false, clock.monotonicMs())!.body!).toString()
  assert.ok(open.includes('Tallennettu kopio') && !open.includes('disabled'))
  const stored = sampleResponse('https://site.example/a.css', 'a{}')
  const style = new CacheEntry({ ...stored, headers: ['content-type', 'text/css'] }, clock.monotonicMs(), clock.wallMs())
  clock.advanceMs(100_000)
  assert.equal(desk.dated(ask('/a.css'), style, true, clock.monotonicMs()), null)
})

test('the same bytes serve every visitor of a second; a compressed copy stays compressed as it was', () => {
  const { clock, desk } = rig(0)
  for (const [coding, press, open] of [['gzip', gzipSync, gunzipSync], ['br', brotliCompressSync, brotliDecompressSync]] as const) {
    const stored = sampleResponse(`https://site.example/${coding}`, press(html).toString('latin1'), { id: coding.length * 100 })
    const entry = new CacheEntry({ ...stored, headers: [...stored.headers, 'content-encoding', coding] }, clock.monotonicMs(), clock.wallMs())
    clock.advanceMs(1_000)
    const first = desk.dated(ask('/'), entry, true, clock.monotonicMs())!
    assert.equal(firstValue(first.headers, 'content-encoding'), coding)
    assert.match(open(first.body!).toString(), /Tallennettu kopio/)
    assert.equal(desk.dated(ask('/'), entry, true, clock.monotonicMs()), first)
    clock.advanceMs(1_000)
    const later = desk.dated(ask('/'), entry, true, clock.monotonicMs())!
    assert.equal(later.body, first.body)
    assert.equal(firstValue(later.headers, 'age'), String(Number(firstValue(first.headers, 'age')) + 1))
  }
})

test('a broken or endless compressed copy is shown as it is, and never opened twice', () => {
  const { clock, desk } = rig(0)
  const bomb = gzipSync(Buffer.alloc(64 * 1_048_576))
  for (const [id, body] of [[1_001, bomb], [1_002, Buffer.from('not gzip')]] as const) {
    const stored = sampleResponse(`https://site.example/${id}`, body.toString('latin1'), { id })
    const entry = new CacheEntry({ ...stored, headers: [...stored.headers, 'content-encoding', 'gzip'] }, clock.monotonicMs(), clock.wallMs())
    clock.advanceMs(1_000)
    assert.equal(desk.dated(ask('/'), entry, true, clock.monotonicMs()), null)
  }
})

test('the lifeline is asked for the page, then for the page without what only says where the reader came from', () => {
  const { clock, desk, asked } = rig(0)
  const copy: LifelineCopy = { key: 'site.example/news', status: 200, storedAtWallMs: clock.wallMs() - 3_600_000, headers: ['content-type', 'text/html', 'etag', '"x"'], body: Buffer.from(html.repeat(20)) }
  const got: Array<PreparedAnswer | null> = []
  desk.recall(ask('/news?utm_source=mail&fbclid=1', ['accept-encoding', 'gzip, br']), true, clock.monotonicMs(), 1_000, (answer) => got.push(answer))
  assert.deepEqual(asked.map(([, key]) => key), ['site.example/news?utm_source=mail&fbclid=1'])
  desk.heard(asked[0][0], null)
  assert.equal(asked[1][1], 'site.example/news')
  desk.heard(asked[1][0], copy)
  const answer = got[0]!
  assert.equal(firstValue(answer.headers, 'content-encoding'), 'gzip')
  assert.match(gunzipSync(answer.body!).toString(), /Tallennettu kopio/)
  assert.equal(firstValue(answer.headers, 'age'), '3600')
  assert.ok(!hasHeader(answer.headers, 'etag'))
  // Now from the shelf; after a minute the lifeline is asked again.
  desk.recall(ask('/news?utm_source=mail&fbclid=1', ['accept-encoding', 'gzip, br']), true, clock.monotonicMs(), 1_000, (again) => got.push(again))
  assert.equal(asked.length, 2)
  assert.equal(got[1]!.body, answer.body)
  clock.advanceMs(61_000)
  desk.recall(ask('/news?utm_source=mail&fbclid=1', ['accept-encoding', 'gzip, br']), true, clock.monotonicMs(), 1_000, () => {})
  assert.equal(asked.length, 3)
})

test('who waits for the lifeline waits a bounded time, and nobody waits when there is no line to it', () => {
  const { clock, desk, asked } = rig(0)
  const got: Array<PreparedAnswer | null> = []
  desk.recall(ask('/x'), true, clock.monotonicMs(), 1_000, (answer) => got.push(answer))
  desk.tick(clock.monotonicMs())
  assert.deepEqual([...got], [])
  clock.advanceMs(1_001)
  desk.tick(clock.monotonicMs())
  assert.deepEqual([...got], [null])
  // Its late answer is nobody's.
  desk.heard(asked[0][0], null)
  desk.askLifeline = () => false
  desk.recall(ask('/y'), true, clock.monotonicMs(), 1_000, (answer) => got.push(answer))
  assert.deepEqual([...got], [null, null])
})

test('the shelf has a fixed size, whatever is asked for', () => {
  const { clock, desk, asked } = rig(0)
  const body = Buffer.alloc(300_000, 97)
  for (let i = 0; i < 200; i++) {
    desk.recall(ask(`/${i}`), true, clock.monotonicMs(), 1_000, () => {})
    desk.heard(asked.at(-1)![0], { key: `site.example/${i}`, status: 200, storedAtWallMs: clock.wallMs(), headers: ['content-type', 'image/png'], body })
  }
  assert.ok(desk.shelfBytes <= 24 * 1_048_576 && desk.shelfBytes > 20 * 1_048_576, `${desk.shelfBytes}`)
})

test('made-up tracking queries share one copy: they cost neither the shelf nor the work', () => {
  const { clock, desk, asked } = rig(0)
  const copy: LifelineCopy = { key: 'site.example/', status: 200, storedAtWallMs: clock.wallMs(), headers: ['content-type', 'text/html'], body: Buffer.from(html) }
  const got: Array<PreparedAnswer | null> = []
  for (let i = 0; i < 500; i++) {
    desk.recall(ask(`/?utm_source=${i}`), true, clock.monotonicMs(), 1_000, (answer) => got.push(answer))
    while (asked.length > 0) {
      const [ticket, key] = asked.pop()!
      desk.heard(ticket, key === 'site.example/' ? copy : null)
    }
  }
  assert.equal(new Set(got.map((answer) => answer!.body)).size, 1)
  assert.ok(desk.shelfBytes < 10_000, `${desk.shelfBytes}`)
})

test('when the lifeline is too busy or dead, what is on the shelf is shown; when it says that a page is gone, it is gone from the shelf too', () => {
  const { clock, desk, asked } = rig(0)
  const copy: LifelineCopy = { key: 'site.example/a', status: 200, storedAtWallMs: clock.wallMs(), headers: ['content-type', 'text/html'], body: Buffer.from(html) }
  const got: Array<PreparedAnswer | null> = []
  const recall = (target: string) => desk.recall(ask(target), true, clock.monotonicMs(), 1_000, (answer) => got.push(answer))
  recall('/a')
  desk.heard(asked[0][0], copy)
  clock.advanceMs(120_000)
  // A flood of addresses that nobody knows takes all the waiting there is.
  for (let i = 0; i < 2_000; i++) desk.recall(ask(`/${i}`), true, clock.monotonicMs(), 1_000, () => {})
  recall('/a')
  assert.equal(got[1]!.body, got[0]!.body)
  clock.advanceMs(1_001)
  desk.tick(clock.monotonicMs())
  recall('/a')
  clock.advanceMs(1_001)
  desk.tick(clock.monotonicMs())
  assert.equal(got[2]!.body, got[0]!.body)
  recall('/a')
  desk.heard(asked.at(-1)![0], null)
  desk.askLifeline = () => false
  recall('/a')
  assert.deepEqual(got.slice(3), [null, null])
})

test('whoever asks for every page in every language gets copies as they are, once a worker has dated enough of them', () => {
  const { clock, desk } = rig(0)
  const big = html.replace('</body>', `${'<p>words</p>'.repeat(40_000)}</body>`)
  const entries = Array.from({ length: 200 }, (_, i) => {
    const stored = sampleResponse(`https://site.example/${i}`, big, { id: 5_000 + i })
    return new CacheEntry(stored, clock.monotonicMs(), clock.wallMs())
  })
  clock.advanceMs(1_000)
  const dated = () => entries.filter((entry) => desk.dated(ask('/'), entry, false, clock.monotonicMs()) !== null).length
  const first = dated()
  assert.ok(first >= 10 && first < 40, `${first} of 200`)
  clock.advanceMs(1_000)
  assert.ok(dated() > first, 'the next second dates more')
})
