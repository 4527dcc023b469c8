import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '../../kernel/clock.ts'
import type { MonotonicMs } from '../../kernel/clock.ts'
import { firstValue } from '../../kernel/header-list.ts'
import { CacheRig } from './cache.testing.ts'
import type { OriginAnswer, OriginRequest } from './cache.testing.ts'
import { compileCachePolicy } from './policy.ts'

const ok = (body: string, ...headers: string[]): OriginAnswer => ({ status: 200, headers, body })
/** An origin whose answers are released one by one. */
function held() {
  const waiting: Array<{ request: OriginRequest; answer: (answer: OriginAnswer) => void; fail: () => void }> = []
  const origin = (request: OriginRequest): Promise<OriginAnswer> => new Promise((resolve, reject) => waiting.push({ request, answer: resolve, fail: () => reject(new Error('down')) }))
  return { waiting, origin }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a fresh answer is served from memory with Age and Cache-Status, and the origin is asked once', async () => {
  const rig = new CacheRig(() => ok('hello', 'cache-control', 'max-age=60', 'content-type', 'text/plain'))
  const first = await rig.ask('/')
  assert.equal(first.cacheStatus, 'Polder; fwd=uri-miss; fwd-status=200; stored')
  rig.advanceMs(5_500)
  const second = await rig.ask('/')
  assert.equal(second.text, 'hello')
  assert.equal(firstValue(second.headers, 'age'), '5')
  assert.equal(second.cacheStatus, 'Polder; hit; ttl=55')
  assert.equal(firstValue(second.headers, 'content-length'), '5')
  assert.equal(rig.asked.length, 1)
})

test('within one second the same prepared answer is given again', async () => {
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=60'))
  await rig.ask('/')
  const cache = rig.workers[0]
  const request = rig.request('/')
  const prepared = () => cache.answer(request, cache.lookup(request, rig.policy, rig.now, false).entry!, rig.policy, rig.now)
  const one = prepared()
  rig.advanceMs(400)
  assert.equal(prepared(), one)
  rig.advanceMs(700)
  assert.notEqual(prepared(), one)
})

test('images of prepared answers are bounded: beyond the bound answers are made and forgotten, and a second later there is room again', async () => {
  const rig = new CacheRig(() => ok('x'.repeat(16_000), 'cache-control', 'max-age=600'))
  const cache = rig.workers[0]
  const image = (i: number) => {
    const request = rig.request(`/${i}`)
    return cache.answer(request, cache.lookup(request, rig.policy, rig.now, false).entry!, rig.policy, rig.now)
  }
  for (let i = 0; i < 1_500; i++) await rig.ask(`/${i}`)
  const kept = (): number => Array.from({ length: 1_500 }, (_, i) => image(i) === image(i)).filter(Boolean).length
  const first = kept()
  assert.ok(first > 850 && first < 1_000, `${first} kept`)
  rig.advanceMs(1_100)
  assert.equal(image(1_499), image(1_499))
})

test('an answer stops being served at the end of its lifetime', async () => {
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=10'))
  await rig.ask('/')
  rig.advanceMs(9_999)
  await rig.ask('/')
  assert.equal(rig.asked.length, 1)
  rig.advanceMs(1)
  await rig.ask('/')
  assert.equal(rig.asked.length, 2)
})

test('the wall clock may jump: freshness runs on the clock that never does', async () => {
  const clock = new SimulatedClock()
  let jumpMs = 0
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=10'), {
    clock: { monotonicMs: () => clock.monotonicMs(), wallMs: () => (clock.wallMs() + jumpMs) as never },
  })
  await rig.ask('/')
  jumpMs = 86_400_000
  await rig.ask('/')
  assert.equal(rig.asked.length, 1)
})

test('a hundred visitors of a cold page are one fetch', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin)
  const all = Array.from({ length: 100 }, () => rig.ask('/'))
  await turn()
  assert.equal(waiting.length, 1)
  waiting[0].answer(ok('once', 'cache-control', 'max-age=60'))
  const served = await Promise.all(all)
  assert.ok(served.every(({ text }) => text === 'once'))
  assert.equal(rig.asked.length, 1)
})

test('one fetch for the whole process: the other workers wait for it and serve the same bytes', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin, { workers: 4, lazyBus: true })
  rig.bus.deliver()
  const all = Array.from({ length: 40 }, (_, i) => rig.ask('/', { worker: i % 4 }))
  await turn()
  assert.equal(waiting.length, 1)
  waiting[0].answer(ok('once', 'cache-control', 'max-age=60'))
  await turn()
  rig.bus.deliver()
  const served = await Promise.all(all)
  assert.ok(served.every(({ text }) => text === 'once'))
  assert.equal(rig.asked.length, 1)
  const copies = rig.workers.map((worker) => worker.lookup(rig.request('/'), rig.policy, rig.now, false).entry!.stored.body.buffer)
  assert.ok(copies.every((buffer) => buffer === copies[0]), 'one copy of the body')
})

test('when the answer is not storable, those who wait go on at once, and later ones do not wait', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin)
  const all = Array.from({ length: 5 }, () => rig.ask('/'))
  await turn()
  waiting[0].answer(ok('mine', 'cache-control', 'private'))
  await turn()
  assert.equal(waiting.length, 5, 'all asked the origin together')
  for (const { answer } of waiting.slice(1)) answer(ok('mine', 'cache-control', 'private'))
  await Promise.all(all)
  const late = [rig.ask('/'), rig.ask('/')]
  await turn()
  assert.equal(waiting.length, 7, 'no queue while the mark lasts')
  for (const { answer } of waiting.slice(5)) answer(ok('now public', 'cache-control', 'max-age=60'))
  await Promise.all(late)
  assert.equal((await rig.ask('/')).text, 'now public', 'a mark does not stop storing')
})

test('when the fetch fails, those who wait fall to the stale copy, or fail with it, and nobody asks again for them', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin, { workers: 2 })
  const cold = [rig.ask('/'), rig.ask('/', { worker: 1 })]
  await turn()
  waiting[0].fail()
  await turn()
  rig.advanceMs(300)
  assert.deepEqual((await Promise.all(cold)).map(({ status }) => status), [502, 502])
  const first = rig.ask('/')
  await turn()
  waiting[1].answer(ok('good', 'cache-control', 'max-age=1'))
  await first
  rig.advanceMs(5_000)
  const later = [rig.ask('/'), rig.ask('/', { worker: 1 })]
  await turn()
  assert.equal(waiting.length, 3)
  waiting[2].fail()
  for (const { text, cacheStatus } of await Promise.all(later)) {
    assert.equal(text, 'good')
    assert.equal(cacheStatus, 'Polder; hit; ttl=-4; detail=origin-error')
  }
})

test('waiting has an end in time: the waiter asks the origin itself', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin)
  const first = rig.ask('/')
  const second = rig.ask('/')
  await turn()
  rig.advanceMs(10_000)
  await turn()
  assert.equal(waiting.length, 2)
  for (const { answer } of waiting) answer(ok('x', 'cache-control', 'max-age=60'))
  await Promise.all([first, second])
})

test('the number of those who wait has an end: the rest is told so', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin, { policy: compileCachePolicy({ maxWaitersPerKey: 2 }) })
  const all = Array.from({ length: 4 }, () => rig.ask('/'))
  await turn()
  rig.advanceMs(300)
  assert.equal((await all[3]).status, 502)
  waiting[0].answer(ok('x', 'cache-control', 'max-age=60'))
  assert.equal((await all[2]).text, 'x')
})

test('the claims of a dead worker are swept, and those who wait for it are told that it failed', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin, { workers: 2 })
  void rig.ask('/', { worker: 0 })
  await turn()
  const waiters = [1, 1, 1].map((worker) => rig.ask('/', { worker }))
  await turn()
  assert.equal(waiting.length, 1)
  assert.equal(rig.shared.sweepClaims(0), 1)
  rig.advanceMs(100)
  rig.advanceMs(100)
  for (const one of waiters) assert.equal((await one).status, 502)
  const next = rig.ask('/', { worker: 1 })
  await turn()
  waiting[1].answer(ok('alive', 'cache-control', 'max-age=60'))
  assert.equal((await next).text, 'alive')
})

test('a claim given back whose outcome is still on its way: a newcomer reads the outcome instead of asking the origin again', async () => {
  const rig = new CacheRig(() => ok('once', 'cache-control', 'max-age=60'), { workers: 2, lazyBus: true })
  await rig.ask('/', { worker: 0 })
  assert.equal((await rig.ask('/', { worker: 1 })).text, 'once')
  assert.equal(rig.asked.length, 1)
})

test('a claim given back whose outcome is still on its way does not send those who wait to the origin', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin, { workers: 2, lazyBus: true })
  const all = [0, 1, 1, 1, 1].map((worker) => rig.ask('/', { worker }))
  await turn()
  waiting[0].answer(ok('once', 'cache-control', 'max-age=60'))
  await all[0]
  rig.advanceMs(100)
  for (const one of await Promise.all(all)) assert.equal(one.text, 'once')
  assert.equal(rig.asked.length, 1)
})

test('a copy renewed by another worker, its word still on the way, is not renewed again', async () => {
  const rig = new CacheRig(() => ok('page', 'cache-control', 'max-age=1, stale-while-revalidate=60'), { workers: 2, lazyBus: true })
  await rig.ask('/', { worker: 0 })
  rig.bus.deliver()
  rig.advanceMs(2_000)
  await rig.ask('/', { worker: 0 })
  await rig.settle()
  assert.equal(rig.asked.length, 2)
  assert.equal((await rig.ask('/', { worker: 1 })).text, 'page')
  await rig.settle()
  assert.equal(rig.asked.length, 2)
})

test('memory of an answer still arriving in a worker that dies is given back', () => {
  const rig = new CacheRig(() => ok(''))
  const cache = rig.workers[0]
  const request = rig.request('/')
  const lookup = cache.lookup(request, rig.policy, rig.now, false)
  cache.claim(lookup, () => {}, rig.now)
  cache.begin(request, lookup, 200, ['cache-control', 'max-age=60', 'content-length', '100000'], 0)
  assert.ok(rig.shared.usedBytes >= 100_000)
  rig.shared.sweepClaims(0)
  assert.equal(rig.shared.usedBytes, 0)
})

test('a stale answer with a validator is asked for, and a 304 makes it fresh for all workers, with the headers it brings', async () => {
  const rig = new CacheRig((request) => {
    if (firstValue(request.headers, 'if-none-match') === '"1"') return { status: 304, headers: ['cache-control', 'max-age=60', 'x-note', 'new', 'content-encoding', 'wrong', 'content-length', '999'], body: '' }
    return ok('body', 'cache-control', 'max-age=1', 'etag', '"1"', 'x-note', 'old', 'x-kept', 'yes')
  }, { workers: 2 })
  await rig.ask('/')
  rig.advanceMs(2_000)
  const renewed = await rig.ask('/', { worker: 1 })
  assert.equal(renewed.text, 'body')
  assert.equal(renewed.cacheStatus, 'Polder; fwd=stale; fwd-status=304; stored')
  const hit = await rig.ask('/')
  assert.equal(hit.cacheStatus, 'Polder; hit; ttl=60')
  assert.equal(firstValue(hit.headers, 'x-note'), 'new')
  assert.equal(firstValue(hit.headers, 'x-kept'), 'yes')
  assert.equal(firstValue(hit.headers, 'content-encoding'), undefined)
  assert.equal(firstValue(hit.headers, 'content-length'), '4')
  assert.equal(rig.asked.length, 2)
})

test('a 304 that says no-store takes the copy away', async () => {
  let note = 'max-age=1'
  const rig = new CacheRig((request) => (firstValue(request.headers, 'if-none-match') === undefined ? ok('x', 'cache-control', note, 'etag', '"1"') : { status: 304, headers: ['cache-control', 'no-store'], body: '' }))
  await rig.ask('/')
  rig.advanceMs(2_000)
  note = 'no-store'
  assert.equal((await rig.ask('/')).text, 'x')
  assert.equal(rig.workers[0].entries, 0)
  assert.equal(rig.shared.usedBytes, 0)
})

test('a 304 with another strong tag does not renew the copy (RFC 9111 section 4.3.4)', async () => {
  const rig = new CacheRig((request) => (firstValue(request.headers, 'if-none-match') === undefined ? ok('x', 'cache-control', 'max-age=1', 'etag', '"1"') : { status: 304, headers: ['cache-control', 'max-age=60', 'etag', '"2"'], body: '' }))
  await rig.ask('/')
  rig.advanceMs(2_000)
  await rig.ask('/')
  await rig.ask('/')
  assert.equal(rig.asked.length, 3)
  assert.equal(firstValue(rig.asked[2].headers, 'if-none-match'), undefined, 'asks for the whole')
})

test('stale-while-revalidate: the old answer at once, one fetch behind, in nobody’s name', async () => {
  let body = 'one'
  const rig = new CacheRig(() => ok(body, 'cache-control', 'max-age=10, stale-while-revalidate=60'))
  await rig.ask('/')
  rig.advanceMs(20_000)
  body = 'two'
  const [a, b] = [await rig.ask('/', { headers: ['cookie', 'theme=1'] }), await rig.ask('/')]
  assert.equal(a.text, 'one')
  assert.equal(a.cacheStatus, 'Polder; hit; ttl=-10')
  await rig.settle()
  assert.equal(rig.asked.length, 2)
  assert.equal(firstValue(rig.asked[1].headers, 'cookie'), undefined)
  assert.ok(b.text === 'one' || b.text === 'two')
  assert.equal((await rig.ask('/')).text, 'two')
})

test('under strain any copy that an error would allow is served at once', async () => {
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=10'))
  await rig.ask('/')
  rig.advanceMs(20_000)
  assert.equal((await rig.ask('/', { preferStale: true })).cacheStatus, 'Polder; hit; ttl=-10')
})

test('when the origin fails or says 503, the stale copy is shown, until the operator’s bound', async () => {
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=10'), { policy: compileCachePolicy({ neverOlderThanMs: 3_600_000 }) })
  await rig.ask('/')
  rig.advanceMs(60_000)
  rig.origin = () => ({ status: 503, headers: [], body: 'busy' })
  assert.equal((await rig.ask('/')).text, 'x')
  rig.origin = () => Promise.reject(new Error('down'))
  assert.equal((await rig.ask('/')).text, 'x')
  rig.advanceMs(3_600_000)
  const late = rig.ask('/')
  await turn()
  rig.advanceMs(300)
  assert.equal((await late).status, 502)
})

test('what must be validated is not shown unvalidated; s-maxage alone does not forbid it unless the operator says so', async () => {
  const cases: Array<[string, Parameters<typeof compileCachePolicy>[0], number]> = [
    ['max-age=1, must-revalidate', {}, 502],
    ['max-age=1, proxy-revalidate', {}, 502],
    ['max-age=1, no-cache', {}, 502],
    ['s-maxage=1', {}, 200],
    ['s-maxage=1', { staleDespite: 'nothing' }, 502],
    ['s-maxage=1, stale-if-error=60', { staleDespite: 'nothing' }, 200],
    ['max-age=1, must-revalidate', { staleDespite: 'must-revalidate' }, 200],
  ]
  for (const [control, settings, status] of cases) {
    const rig = new CacheRig(() => ok('x', 'cache-control', control, 'etag', '"1"'), { policy: compileCachePolicy(settings) })
    await rig.ask('/')
    rig.advanceMs(5_000)
    rig.origin = () => Promise.reject(new Error('down'))
    const answer = rig.ask('/')
    await turn()
    rig.advanceMs(300)
    assert.equal((await answer).status, status, `${control} ${JSON.stringify(settings)}`)
  }
})

test('a page that says nothing goes to the origin each time, and is still readable when the origin is down', async () => {
  const rig = new CacheRig(() => ok('home'))
  await rig.ask('/')
  await rig.ask('/')
  assert.equal(rig.asked.length, 2)
  rig.origin = () => Promise.reject(new Error('down'))
  rig.advanceMs(60_000)
  const shown = await rig.ask('/')
  assert.equal(shown.text, 'home')
  assert.equal(firstValue(shown.headers, 'age'), '60')
})

test('visitors of a page without lifetime do not wait for each other', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin)
  const first = rig.ask('/')
  await turn()
  waiting[0].answer(ok('a'))
  await first
  const more = [rig.ask('/'), rig.ask('/')]
  await turn()
  assert.equal(waiting.length, 3)
  waiting[1].answer(ok('b'))
  waiting[2].answer(ok('c'))
  assert.deepEqual((await Promise.all(more)).map(({ text }) => text), ['b', 'c'])
})

test('POST makes the copy doubtful everywhere: asked again at once, but still there when the origin breaks', async () => {
  const rig = new CacheRig((request) => (request.method === 'POST' ? { status: 303, headers: ['location', '/b'], body: '' } : ok(`${request.target} ${rig.asked.length}`, 'cache-control', 'max-age=600')), { workers: 2 })
  await rig.ask('/a')
  await rig.ask('/b')
  await rig.ask('/c')
  await rig.ask('/a', { method: 'POST', body: true, worker: 1 })
  assert.equal((await rig.ask('/a')).text, '/a 5')
  assert.equal((await rig.ask('/b')).text, '/b 6')
  assert.equal((await rig.ask('/c')).text, '/c 3')
  await rig.ask('/a', { method: 'POST', body: true })
  rig.origin = () => Promise.reject(new Error('down'))
  assert.equal((await rig.ask('/a')).text, '/a 5')
})

test('a flood of POST / does not keep the page out of the cache: it is made doubtful once a second, and once more at the end', async () => {
  const rig = new CacheRig(({ method }) => (method === 'POST' ? { status: 200, headers: [], body: '' } : ok('x', 'cache-control', 'max-age=600')))
  const gets = (): number => rig.asked.filter(({ method }) => method === 'GET').length
  await rig.ask('/')
  for (let i = 0; i < 100; i++) {
    await rig.ask('/', { method: 'POST', body: true })
    await rig.ask('/')
    rig.advanceMs(9)
  }
  assert.equal(gets(), 2)
  rig.advanceMs(1_000)
  await rig.ask('/')
  assert.equal(gets(), 3, 'the last POST is not forgotten')
  rig.advanceMs(5_000)
  await rig.ask('/')
  assert.equal(gets(), 3)
})

test('one odd answer does not keep those who read a storable page from sharing a fetch', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin)
  const first = rig.ask('/')
  await turn()
  waiting[0].answer(ok('x', 'cache-control', 'max-age=1'))
  await first
  rig.advanceMs(5_000)
  const odd = rig.ask('/', { headers: ['accept', 'x/y'] })
  await turn()
  waiting[1].answer({ status: 406, headers: [], body: '' })
  await odd
  const crowd = Array.from({ length: 10 }, () => rig.ask('/'))
  await turn()
  assert.equal(waiting.length, 3)
  waiting[2].answer(ok('y', 'cache-control', 'max-age=60'))
  assert.ok((await Promise.all(crowd)).every(({ text }) => text === 'y'))
})

test('a POST that fails changes nothing', async () => {
  const rig = new CacheRig((request) => (request.method === 'POST' ? { status: 500, headers: [], body: '' } : ok('x', 'cache-control', 'max-age=600')))
  await rig.ask('/')
  await rig.ask('/', { method: 'POST', body: true })
  await rig.ask('/')
  assert.equal(rig.asked.length, 2)
})

test('a fetch that began before an invalidation is not stored, in whatever order the messages arrive', async () => {
  const { waiting, origin } = held()
  const rig = new CacheRig(origin, { workers: 3, lazyBus: true })
  rig.bus.deliver()
  const old = rig.ask('/', { worker: 0 })
  await turn()
  const post = rig.ask('/', { worker: 1, method: 'POST', body: true })
  await turn()
  waiting[1].answer({ status: 200, headers: [], body: '' })
  await post
  waiting[0].answer(ok('old', 'cache-control', 'max-age=600'))
  await old
  rig.bus.deliver()
  for (const worker of rig.workers) assert.equal(worker.entries, 0)
  assert.equal(rig.shared.usedBytes, 0)
})

test('an add and an invalidation that cross on the way leave no worker with the old answer', async () => {
  const rig = new CacheRig(() => ok('old', 'cache-control', 'max-age=600'), { workers: 3, lazyBus: true })
  rig.bus.deliver()
  await rig.ask('/', { worker: 0 })
  // Worker 1 has not heard of it yet.
  await rig.ask('/', { worker: 1, method: 'POST', body: true })
  rig.bus.deliver()
  for (let worker = 0; worker < 3; worker++) {
    const { kind } = rig.workers[worker].lookup(rig.request('/'), rig.policy, rig.now, false)
    assert.notEqual(kind, 'fresh', `worker ${worker}`)
  }
  assert.ok(rig.shared.usedBytes >= 0)
})

test('a GET with content is neither served from the store nor stored', async () => {
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=600'))
  await rig.ask('/', { body: true })
  assert.equal(rig.workers[0].entries, 0)
  await rig.ask('/')
  await rig.ask('/', { body: true })
  assert.equal(rig.asked.length, 3)
})

test('a request that overrides its method in a header passes by the store', async () => {
  const rig = new CacheRig((request) => ok(firstValue(request.headers, 'x-http-method-override') ?? 'plain', 'cache-control', 'max-age=600'))
  await rig.ask('/', { headers: ['x-http-method-override', 'DELETE'] })
  assert.equal((await rig.ask('/')).text, 'plain')
})

test('an unkeyed header never reaches the origin on a fetch that is stored', async () => {
  const rig = new CacheRig((request) => ok(firstValue(request.headers, 'x-forwarded-host') ?? 'clean', 'cache-control', 'max-age=600'))
  await rig.ask('/', { headers: ['x-forwarded-host', 'evil.example'] })
  assert.equal((await rig.ask('/')).text, 'clean')
})

test('dropped query keys are dropped towards the origin too', async () => {
  const rig = new CacheRig((request) => ok(request.target, 'cache-control', 'max-age=600'), { policy: compileCachePolicy({}, { dropUnknownQueryKeys: true, queryKeys: ['page'] }) })
  assert.equal((await rig.ask('/list?page=2&callback=evil')).text, '/list?page=2')
  assert.equal((await rig.ask('/list?utm=1&page=2')).text, '/list?page=2')
  assert.equal(rig.asked.length, 1)
})

test('a range of a page not yet stored fetches the whole, and is cut from it', async () => {
  const rig = new CacheRig(() => ok('0123456789', 'cache-control', 'max-age=60', 'content-length', '10', 'content-type', 'text/plain'))
  const part = await rig.ask('/', { headers: ['range', 'bytes=2-4'] })
  assert.equal(part.status, 206)
  assert.equal(part.text, '234')
  assert.equal(firstValue(part.headers, 'content-range'), 'bytes 2-4/10')
  assert.equal(firstValue(part.headers, 'content-length'), '3')
  assert.equal(firstValue(rig.asked[0].headers, 'range'), undefined)
  const two = await rig.ask('/', { headers: ['range', 'bytes=0-1,-2'] })
  assert.match(firstValue(two.headers, 'content-type')!, /^multipart\/byteranges; boundary=/)
  const boundary = firstValue(two.headers, 'content-type')!.split('boundary=')[1]
  assert.equal(two.text, `\r\n--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--${boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--${boundary}--\r\n`)
  assert.equal((await rig.ask('/', { headers: ['range', 'bytes=50-'] })).status, 416)
  assert.equal((await rig.ask('/', { headers: ['range', 'bytes=0-5,1-6'] })).status, 416)
  assert.equal(rig.asked.length, 1)
})

test('If-Range: the part only when the visitor’s copy is the stored one', async () => {
  const rig = new CacheRig(() => ok('0123456789', 'cache-control', 'max-age=60', 'etag', '"1"', 'last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT'))
  await rig.ask('/')
  const status = async (condition: string): Promise<number> => (await rig.ask('/', { headers: ['range', 'bytes=0-1', 'if-range', condition] })).status
  assert.equal(await status('"1"'), 206)
  assert.equal(await status('"2"'), 200)
  assert.equal(await status('W/"1"'), 200)
  assert.equal(await status('Sun, 06 Nov 1994 08:49:37 GMT'), 206)
  assert.equal(await status('Sun, 06 Nov 1994 08:49:38 GMT'), 200)
})

test('a visitor who has the page gets 304 with Age and validators, no content', async () => {
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=60', 'etag', 'W/"1"', 'content-type', 'text/html', 'x-other', '1', 'last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT'))
  await rig.ask('/')
  const same = await rig.ask('/', { headers: ['if-none-match', '"0", "1"'] })
  assert.equal(same.status, 304)
  assert.equal(same.body.length, 0)
  assert.equal(firstValue(same.headers, 'etag'), 'W/"1"')
  assert.equal(firstValue(same.headers, 'content-type'), undefined)
  assert.equal(firstValue(same.headers, 'age'), '0')
  assert.equal((await rig.ask('/', { headers: ['if-none-match', '"2"', 'if-modified-since', 'Sun, 06 Nov 2094 08:49:37 GMT'] })).status, 200, 'If-None-Match decides alone')
  assert.equal((await rig.ask('/', { headers: ['if-modified-since', 'Sun, 06 Nov 1994 08:49:37 GMT'] })).status, 304)
  assert.equal((await rig.ask('/', { headers: ['if-modified-since', 'Sun, 06 Nov 1994 08:49:36 GMT'] })).status, 200)
  assert.equal(rig.asked.length, 1)
})

test('HEAD is answered from the stored GET: the reply tells the length of its content and sends none', async () => {
  const rig = new CacheRig(() => ok('hello', 'cache-control', 'max-age=60'))
  await rig.ask('/')
  const head = await rig.ask('/', { method: 'HEAD' })
  assert.equal(head.body.length, 5)
  assert.equal(rig.asked.length, 1)
})

test('the answer to a HEAD renews the stored GET, or makes it doubtful when it speaks of other content', async () => {
  let tag = '"1"'
  const rig = new CacheRig((request) => ({ status: 200, headers: ['cache-control', 'max-age=10', 'etag', tag, 'x-n', String(rig.asked.length)], body: request.method === 'HEAD' ? '' : 'hello' }))
  await rig.ask('/')
  rig.advanceMs(11_000)
  await rig.ask('/', { method: 'HEAD' })
  const renewed = await rig.ask('/')
  assert.equal(renewed.text, 'hello')
  assert.equal(firstValue(renewed.headers, 'x-n'), '2')
  rig.advanceMs(11_000)
  tag = '"2"'
  await rig.ask('/', { method: 'HEAD' })
  await rig.ask('/')
  assert.equal(rig.asked.length, 4)
})

test('visitors cannot pass the cache with Cache-Control or Pragma, unless the operator lets them', async () => {
  for (const [settings, asked] of [[{}, 1], [{ requestDirectives: 'honour' as const }, 4]] as const) {
    const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=60'), { policy: compileCachePolicy(settings) })
    await rig.ask('/')
    for (const header of [['cache-control', 'no-cache'], ['cache-control', 'max-age=0'], ['pragma', 'no-cache']]) await rig.ask('/', { headers: header })
    assert.equal(rig.asked.length, asked)
  }
})

test('only-if-cached is answered 504 when nothing is stored; no-store keeps the answer out of the store', async () => {
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=60'))
  assert.equal((await rig.ask('/', { headers: ['cache-control', 'only-if-cached'] })).status, 504)
  await rig.ask('/', { headers: ['cache-control', 'no-store'] })
  assert.equal(rig.workers[0].entries, 0)
})

test('variants are kept apart by Vary, and their number has an end', async () => {
  const rig = new CacheRig((request) => ok(firstValue(request.headers, 'foo') ?? 'none', 'cache-control', 'max-age=60', 'vary', 'Foo'), { policy: compileCachePolicy({ maxVariantsPerKey: 3 }) })
  for (const foo of ['1', '2', '3', '1']) assert.equal((await rig.ask('/', { headers: ['foo', foo] })).text, foo)
  assert.equal(rig.asked.length, 3)
  assert.equal((await rig.ask('/')).text, 'none')
  assert.equal(rig.workers[0].entries, 3)
  assert.equal(rig.keeper.entries, 3)
})

test('an answer larger than the bound passes through and leaves no memory behind', async () => {
  for (const headers of [['content-length', '5000'], []]) {
    const rig = new CacheRig(() => ok('x'.repeat(5_000), 'cache-control', 'max-age=60', ...headers), { policy: compileCachePolicy({ maxObjectBytes: 4_096 }) })
    assert.equal((await rig.ask('/')).body.length, 5_000)
    assert.equal(rig.workers[0].entries, 0)
    assert.equal(rig.shared.usedBytes, 0)
  }
})

test('an answer shorter or longer than it said is not stored', async () => {
  for (const length of ['9', '11']) {
    const rig = new CacheRig(() => ok('0123456789', 'cache-control', 'max-age=60', 'content-length', length))
    await rig.ask('/')
    assert.equal(rig.workers[0].entries, 0)
    assert.equal(rig.shared.usedBytes, 0)
  }
})

test('hop-by-hop fields, those named in Connection, and those of no-cache="…" are not stored', async () => {
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=60, no-cache="x-secret"', 'connection', 'x-hop', 'x-hop', '1', 'keep-alive', 'a', 'proxy-authenticate', 'b', 'x-secret', 's', 'x-kept', 'k'))
  await rig.ask('/')
  const { headers } = await rig.ask('/')
  for (const name of ['connection', 'x-hop', 'keep-alive', 'proxy-authenticate', 'x-secret']) assert.equal(firstValue(headers, name), undefined, name)
  assert.equal(firstValue(headers, 'x-kept'), 'k')
  assert.ok(firstValue(headers, 'date') !== undefined)
})

test('memory never goes above the bound, and room is made for newcomers', async () => {
  const rig = new CacheRig(() => ok('x'.repeat(20_000), 'cache-control', 'max-age=600'), { memoryBytes: 4 * 1_048_576 })
  for (let i = 0; i < 1_000; i++) {
    await rig.ask(`/${i}`)
    assert.ok(rig.shared.usedBytes <= 4 * 1_048_576 * 1.02)
  }
  assert.ok(rig.shared.evicted > 500)
  assert.equal(rig.workers[0].entries, rig.keeper.entries)
  await rig.ask('/999')
  assert.equal(rig.asked.length, 1_000)
})

test('an answer too large for the room that is left is stored when it is asked for again', async () => {
  const rig = new CacheRig(() => ok('x'.repeat(100_000), 'cache-control', 'max-age=86400'), { memoryBytes: 4 * 1_048_576 })
  for (let i = 0; i < 200; i++) {
    await rig.ask(`/${i}`)
    // Refused once, it is left alone for uncacheableMarkMs.
    rig.advanceMs(5_001)
    await rig.ask(`/${i}`)
    const asked = rig.asked.length
    await rig.ask(`/${i}`)
    assert.equal(rig.asked.length, asked, `/${i} is stored`)
    assert.ok(rig.shared.usedBytes <= 4 * 1_048_576 * 1.02)
  }
})

test('without the store thread workers soon refuse to store, and go on serving', async () => {
  const rig = new CacheRig(() => ok('x'.repeat(20_000), 'cache-control', 'max-age=600'), { memoryBytes: 4 * 1_048_576, lazyBus: true })
  for (let i = 0; i < 400; i++) assert.equal((await rig.ask(`/${i}`)).status, 200)
  assert.ok(rig.shared.usedBytes <= 4 * 1_048_576 * 1.02)
  assert.ok(rig.shared.refused > 0)
  await rig.ask('/0')
  assert.equal(rig.asked.length, 400)
})

test('a worker that starts late is given all that is stored', async () => {
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=600'), { workers: 1 })
  for (let i = 0; i < 1_200; i++) await rig.ask(`/${i}`)
  const late = new CacheRig(() => ok('never'), { clock: rig.clock })
  const { Cache } = await import('./cache.ts')
  const worker = new Cache({ worker: 7, shared: rig.shared, bus: rig.bus.connect(), clock: rig.clock })
  worker.joined()
  assert.equal(worker.entries, 1_200)
  assert.equal(worker.lookup(late.request('/5'), rig.policy, rig.now, false).kind, 'fresh')
})

test('a store thread that takes over learns what the workers hold, and the accounts are right again', async () => {
  const rig = new CacheRig(() => ok('x'.repeat(1_000), 'cache-control', 'max-age=600'), { workers: 2 })
  for (let i = 0; i < 50; i++) await rig.ask(`/${i}`, { worker: i % 2 })
  const before = rig.shared.usedBytes
  rig.shared.reserveAnyway(123_456)
  const { CacheKeeper } = await import('./keeper.ts')
  const heir = new CacheKeeper({ shared: rig.shared, bus: rig.bus.connect(), clock: rig.clock, disk: null, maxVariantsPerKey: 16 })
  heir.joined()
  assert.equal(heir.entries, 50)
  ;(rig.clock as SimulatedClock).advanceMs(2_000)
  heir.tick()
  assert.equal(rig.shared.usedBytes, before)
})

test('purge removes what begins with the prefix, everywhere, and nothing else', async () => {
  const rig = new CacheRig(() => ok('x', 'cache-control', 'max-age=600'), { workers: 2 })
  for (const path of ['/news/1', '/news/2', '/about']) await rig.ask(path)
  rig.workers[1].purge('http://example.org/news/')
  assert.deepEqual(rig.workers.map((worker) => worker.entries), [1, 1])
  assert.equal(rig.keeper.entries, 1)
})

test('a validated copy keeps its memory account: a thousand renewals do not fill the store', async () => {
  const rig = new CacheRig((request) => (firstValue(request.headers, 'if-none-match') === undefined ? ok('x'.repeat(10_000), 'cache-control', 'max-age=1', 'etag', '"1"') : { status: 304, headers: ['cache-control', 'max-age=1'], body: '' }), { workers: 2 })
  await rig.ask('/')
  rig.advanceMs(1_500)
  await rig.ask('/')
  const before = rig.shared.usedBytes
  for (let i = 0; i < 1_000; i++) {
    rig.advanceMs(1_500)
    await rig.ask('/', { worker: i % 2 })
  }
  assert.equal(rig.shared.usedBytes, before)
  assert.equal(rig.shared.entries, 1)
})

test('time passed to a lookup is all it knows of time', () => {
  const rig = new CacheRig(() => ok('x'))
  assert.equal(rig.workers[0].lookup(rig.request('/'), rig.policy, 5 as MonotonicMs, false).kind, 'miss')
})
