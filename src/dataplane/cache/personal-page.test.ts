import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { combinedValue, firstValue } from '../../kernel/header-list.ts'
import { CacheRig } from './cache.testing.ts'
import type { AskOptions, OriginAnswer, OriginRequest } from './cache.testing.ts'
import { compileCachePolicy } from './policy.ts'

/**
 * A personal page is never served to another visitor. The origin writes into every body, and into one header, for whom it was made; the test then looks
 * for another visitor's name in what each visitor gets. Only what the origin itself declared shared may cross.
 */
const visitors = ['ann', 'bob', 'cleo', ''] as const
const ways = ['sid', 'theme', 'authorization', 'query', 'hidden'] as const
const controls = [
  '', 'max-age=60', 'max-age=1', 'max-age=0', 'no-cache', 'no-store', 'private', 'private, max-age=60', 'max-age=60, must-revalidate', 'max-age=1, stale-while-revalidate=600',
  'max-age=1, stale-if-error=600', 'private="set-cookie", max-age=60', 'no-cache="x-for", max-age=60',
] as const
const shared = ['public, max-age=60', 's-maxage=60', 'max-age=1, s-maxage=600'] as const

interface Step {
  readonly visitor: (typeof visitors)[number]
  readonly way: (typeof ways)[number]
  readonly path: string
  readonly method: string
  readonly control: string
  readonly vary: string
  readonly setCookie: boolean
  readonly etag: boolean
  readonly lastModified: boolean
  readonly status: number
  readonly originFails: boolean
  readonly waitMs: number
  readonly worker: number
  readonly preferStale: boolean
  readonly extra: readonly string[]
}

const step = fc.record<Step>({
  visitor: fc.constantFrom(...visitors),
  way: fc.constantFrom(...ways),
  path: fc.constantFrom('/', '/', '/', '/', '/account', '/account.css', '/account/..%2fx.css', '/account;x.png'),
  method: fc.constantFrom('GET', 'GET', 'GET', 'GET', 'HEAD', 'POST'),
  control: fc.constantFrom(...controls),
  vary: fc.constantFrom('', '', 'cookie', 'accept-encoding', 'authorization, cookie', 'user-agent'),
  setCookie: fc.boolean(),
  etag: fc.boolean(),
  lastModified: fc.boolean(),
  status: fc.constantFrom(200, 200, 200, 200, 301, 404, 410, 500, 503),
  originFails: fc.constantFrom(false, false, false, true),
  waitMs: fc.constantFrom(0, 0, 500, 1_500, 5_000, 120_000),
  worker: fc.nat(1),
  preferStale: fc.boolean(),
  extra: fc.constantFrom([], [], ['range', 'bytes=0-40'], ['if-none-match', '"same"'], ['if-modified-since', 'Sun, 06 Nov 2094 08:49:37 GMT'], ['cache-control', 'max-stale=9999'], ['cookie', '_ga=1']),
})

function whoAsks(request: OriginRequest): string {
  const cookies = combinedValue(request.headers, 'cookie') ?? ''
  const credentials = firstValue(request.headers, 'authorization') ?? ''
  const query = request.target.split('?user=')[1] ?? ''
  return /(?:sid|theme)=(\w+)/.exec(cookies)?.[1] ?? (credentials.split(' ')[1] || query)
}

function askOf({ visitor, way, method, worker, preferStale, extra, path }: Step): [string, AskOptions] {
  const headers = [...extra]
  if (visitor !== '') {
    if (way === 'authorization') headers.push('authorization', `Basic ${visitor}`)
    else if (way !== 'query' && way !== 'hidden') headers.push('cookie', `${way}=${visitor}`)
  }
  return [visitor !== '' && way === 'query' ? `${path}?user=${visitor}` : path, { headers, method, worker, preferStale, body: method === 'POST' }]
}

let serial = 0

function originOf(current: () => Step, allowed: readonly string[]) {
  return (request: OriginRequest): OriginAnswer | Promise<OriginAnswer> => {
    const now = current()
    if (now.originFails) return Promise.reject(new Error('down'))
    // What is private may depend on anything, also on what no cache can see (the address, the connection).
    const who = now.control.startsWith('private') ? now.visitor : whoAsks(request)
    const headers: string[] = ['x-for', who]
    if (now.control !== '') headers.push('cache-control', now.control)
    if (now.vary !== '') headers.push('vary', now.vary)
    // A stranger is given a session of his own, which is nobody else's.
    if (now.setCookie) headers.push('set-cookie', `sid=${who || `fresh${serial++}`}`)
    // The same tag for everybody: the most careless origin.
    if (now.etag) headers.push('etag', '"same"')
    if (now.lastModified) headers.push('last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT')
    assert.ok(allowed.includes(now.control))
    if (now.etag && firstValue(request.headers, 'if-none-match') !== undefined) return { status: 304, headers, body: '' }
    return { status: now.status, headers, body: `page for [${who}] ${'.'.repeat(60)}` }
  }
}

const settings = [{}, { requestDirectives: 'honour' as const }, { staleDespite: 'must-revalidate' as const, staleWhileRevalidateMs: 60_000 }]

async function play(steps: readonly Step[], settingsIndex: number, allowed: readonly string[], check: (step: Step, seen: string[]) => void): Promise<void> {
  let current = steps[0]
  const given = new Set<string>()
  const rig = new CacheRig(originOf(() => current, allowed), { workers: 2, policy: compileCachePolicy(settings[settingsIndex]) })
  for (current of steps) {
    rig.advanceMs(current.waitMs)
    const [target, options] = askOf(current)
    const pending = rig.ask(target, options)
    // A recall from disk that nobody answers ends by time.
    const ticking = setImmediate(() => rig.advanceMs(300))
    const answer = await pending
    clearImmediate(ticking)
    await rig.settle()
    const inBody = [...answer.text.matchAll(/\[(\w+)\]/g)].map(([, name]) => name)
    const inHeaders = [firstValue(answer.headers, 'x-for') ?? '', /sid=(\w+)/.exec(firstValue(answer.headers, 'set-cookie') ?? '')?.[1] ?? '']
    const fresh = /sid=(fresh\d+)/.exec(firstValue(answer.headers, 'set-cookie') ?? '')?.[1]
    if (fresh !== undefined) {
      assert.ok(!given.has(fresh), 'a session was given twice')
      given.add(fresh)
    }
    check(current, [...inBody, ...inHeaders].filter((name) => name !== '' && !name.startsWith('fresh')))
  }
}

test('whatever the origin says short of "shared", nobody is given a page made for somebody else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 14 }), fc.nat(settings.length - 1), async (steps, settingsIndex) => {
      await play(steps, settingsIndex, controls, ({ visitor }, seen) => {
        for (const name of seen) assert.equal(name, visitor, `${visitor || 'a stranger'} was given ${name}'s page`)
      })
    }),
    { numRuns: 1_500 },
  )
})

test('with Vary: Cookie even a page declared shared stays with its cookie', async () => {
  const sharedStep = step.map((one): Step => ({ ...one, control: shared[one.waitMs % shared.length], vary: 'cookie, authorization', extra: [] }))
  await fc.assert(
    fc.asyncProperty(fc.array(sharedStep, { minLength: 2, maxLength: 14 }), fc.nat(settings.length - 1), async (steps, settingsIndex) => {
      await play(steps, settingsIndex, shared, ({ visitor }, seen) => {
        for (const name of seen) assert.equal(name, visitor)
      })
    }),
    { numRuns: 500 },
  )
})

test('a page declared shared is shared: the rule above is not kept by storing nothing', async () => {
  const rig = new CacheRig((request) => ({ status: 200, headers: ['cache-control', 'public, max-age=60'], body: `[${whoAsks(request)}]` }))
  await rig.ask('/', { headers: ['cookie', 'sid=ann'] })
  assert.equal((await rig.ask('/', { headers: ['cookie', 'sid=bob'] })).text, '[ann]')
})

test('a visitor with a session is not given the public copy of a page that is not declared shared', async () => {
  const rig = new CacheRig((request) => ({ status: 200, headers: ['cache-control', 'max-age=60'], body: `[${whoAsks(request)}]` }))
  await rig.ask('/')
  assert.equal((await rig.ask('/', { headers: ['cookie', 'sid=bob'] })).text, '[bob]')
  assert.equal((await rig.ask('/', { headers: ['authorization', 'Basic bob'] })).text, '[bob]')
  assert.equal((await rig.ask('/', { headers: ['cookie', 'theme=dark'] })).text, '[]')
})

test('visitors who ask at the same moment never share an answer that turns out personal', async () => {
  const waiting: Array<() => void> = []
  const rig = new CacheRig((request) => new Promise((resolve) => waiting.push(() => resolve({ status: 200, headers: ['cache-control', 'private'], body: `[${whoAsks(request)}]` }))))
  const names = ['ann', 'bob', 'cleo']
  const all = names.map((name) => rig.ask('/account', { headers: ['cookie', `theme=${name}`] }))
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    waiting.splice(0).forEach((answer) => answer())
  }
  assert.deepEqual((await Promise.all(all)).map(({ text }) => text), ['[ann]', '[bob]', '[cleo]'])
})

test('what a 304 says to one visitor is not written into the copy for all', async () => {
  const rig = new CacheRig((request) =>
    firstValue(request.headers, 'if-none-match') === undefined
      ? { status: 200, headers: ['cache-control', 'max-age=1', 'etag', '"1"', 'x-for', whoAsks(request)], body: 'all' }
      : { status: 304, headers: ['cache-control', 'max-age=60', 'x-for', whoAsks(request), 'set-cookie', `sid=${whoAsks(request)}`], body: '' },
  )
  await rig.ask('/')
  rig.advanceMs(2_000)
  await rig.ask('/', { headers: ['cookie', 'theme=bob'] })
  rig.origin = () => Promise.reject(new Error('down'))
  const later = await rig.ask('/')
  assert.equal(later.text, 'all')
  assert.equal(firstValue(later.headers, 'x-for'), '')
  assert.equal(firstValue(later.headers, 'set-cookie'), undefined)
})
