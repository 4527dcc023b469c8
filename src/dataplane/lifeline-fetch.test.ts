import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LifelineAnswer, LifelineAsk } from '../contract/lifeline.ts'
import { SimulatedClock } from '../kernel/clock.ts'
import { firstValue } from '../kernel/header-list.ts'
import { compileCachePolicy } from './cache/policy.ts'
import type { FetchHost } from './fetch-host.ts'
import { LifelineFetch } from './lifeline-fetch.ts'
import type { OriginCall } from './origin/call.ts'
import { RouteTable } from './routing/route-table.ts'

/** One question against an origin that answers as told; `ended` says how the place at the origin was given back. */
function rig() {
  const calls: OriginCall[] = []
  const ended: string[] = []
  const aborted: string[] = []
  const slot = { ignore: () => void ended.push('ignored'), dropped: () => void ended.push('dropped'), success: () => void ended.push('success') }
  const host = {
    clock: new SimulatedClock(),
    admission: { admit: () => slot },
    origin: {
      forward: (call: OriginCall) => {
        calls.push(call)
        return { abort: () => void aborted.push(call.target) }
      },
    },
    // Whatever touches the cache fails the test.
    get cache(): never {
      throw new Error('the cache was asked')
    },
  } as unknown as FetchHost
  const policy = compileCachePolicy()
  const table = new RouteTable<never>([])
  const ask = (more: Partial<LifelineAsk> = {}, calm = true): LifelineAnswer[] => {
    const answers: LifelineAnswer[] = []
    const question: LifelineAsk = { ticket: 7, host: 'site.example', scheme: 'https', target: '/news', etag: '', lastModified: '', maxBytes: 1_000, publicPath: false, ...more }
    LifelineFetch.start(host, question, { find: (request) => ({ route: table.find(request), policy }) }, calm, (answer) => answers.push(answer))
    return answers
  }
  return { ask, calls, ended, aborted }
}

test('a page is asked of the origin in nobody’s name, never taken from what was made for a visitor', () => {
  const { ask, calls, ended } = rig()
  const answers = ask()
  const [call] = calls
  for (const name of ['cookie', 'authorization', 'referer', 'accept-language', 'x-forwarded-for']) assert.equal(firstValue(call.headers, name), undefined, name)
  call.sink.onHead(200, ['content-type', 'text/html'], false)
  call.sink.onData(Buffer.from('the '))
  call.sink.onData(Buffer.from('news'))
  call.sink.onEnd([])
  assert.deepEqual(answers.map(({ ticket, outcome, body }) => [ticket, outcome, Buffer.from(body!).toString()]), [[7, 'answered', 'the news']])
  assert.deepEqual(ended, ['ignored'])
})

test('a 304 that says that the page is public no more takes the copy away; any other vouches for it', () => {
  for (const [control, outcome] of [['private', 'not-kept'], ['no-store', 'not-kept'], ['max-age=60', 'not-modified'], ['no-cache', 'not-modified'], ['', 'not-modified']] as const) {
    const { ask, calls, ended } = rig()
    const answers = ask({ etag: '"1"' })
    calls[0].sink.onHead(304, control === '' ? [] : ['cache-control', control], false)
    calls[0].sink.onEnd([])
    assert.deepEqual(answers.map((one) => one.outcome), [outcome], control)
    assert.ok(ended.length > 0, 'its place is given back')
  }
})

test('a page that grows beyond its bound is given up at once, and its place given back', () => {
  const { ask, calls, ended, aborted } = rig()
  const answers = ask()
  calls[0].sink.onHead(200, ['content-type', 'text/html'], false)
  for (let i = 0; i < 20; i++) calls[0].sink.onData(Buffer.alloc(100))
  assert.deepEqual([answers.map(({ outcome, why, body }) => [outcome, why, body]), ended, aborted], [[['not-kept', 'too-large', null]], ['ignored'], ['/news']])
})

test('while it is not calm nothing is asked; a mistake of ours costs the page, not the worker', () => {
  const { ask, calls } = rig()
  assert.deepEqual(ask({}, false).map(({ outcome, why }) => [outcome, why]), [['put-off', 'not-calm']])
  assert.deepEqual(calls, [])
  const [answer] = ask({ target: undefined as unknown as string })
  assert.deepEqual([answer.ticket, answer.outcome], [7, 'failed'])
})
