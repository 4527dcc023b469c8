import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '../../kernel/random.ts'
import { Schedule } from '../schedule.ts'
import { mockSite } from '../site.ts'
import type { Answer, Ask, Wayside, World } from '../world.ts'
import { type Browser, Passage } from './passage.ts'

const TICKET = 't'.repeat(52)
const CLEARANCE = 'c'.repeat(52)
const wayside: Wayside = { kind: 'check', reference: `/news?polder=${TICKET}`, text: 'x', bits: 16, waitMs: 5_000 }
const answer = (more: Partial<Answer>): Answer => ({ status: 200, outcome: 'right', etag: '', setCookie: '', location: '', wayside: null, ...more })

/** A shield that lets through as the real one does, or never. Returns what was asked, and when the page came (or nobody waited any more). */
function visit(browser: Browser, stubborn = false): { asked: Array<{ atMs: number; target: string; cookie: string }>; endedAtMs: number; gotIt: boolean; passage: Passage; heldMs: number } {
  const schedule = new Schedule()
  let now = 0
  const world: World = {
    random: new SeededRandom(1), host: 'drill.test', site: mockSite, nowMs: () => now,
    at: (atMs, run) => schedule.add(atMs, () => {
      now = Math.max(now, atMs)
      run()
    }),
    seat: () => assert.fail(), ask: () => assert.fail(), missed: () => assert.fail(),
    solve: (_text, _bits, done) => done(41, 50_000),
  }
  const passage = new Passage(world, browser)
  const asked: Array<{ atMs: number; target: string; cookie: string }> = []
  let [endedAtMs, gotIt] = [Number.NaN, false]
  const way = passage.begin((target) => ({ method: 'GET', target, headers: ['Cookie', passage.cookie] }), 0)
  const send = (ask: Ask): void => {
    asked.push({ atMs: now, target: ask.target, cookie: ask.headers[1] })
    const heard = judge(ask)
    const end = (right: boolean): void => void ([endedAtMs, gotIt] = [now, right])
    if (!ask.follow!(heard, (next) => (next === null ? end(false) : send(next)))) end(true)
  }
  const judge = (ask: Ask): Answer => {
    if (!stubborn && ask.headers[1] !== '') return ask.target.includes('polder=') ? answer({ status: 303, location: '/news' }) : answer({})
    if (!stubborn && ask.target.includes(CLEARANCE)) return answer({})
    const passed = ask.target.endsWith(`${TICKET}.41`) || (ask.target.endsWith(TICKET) && now >= 5_000)
    if (!stubborn && passed) return answer({ status: 303, location: `/news?polder=${CLEARANCE}`, setCookie: `polder=${CLEARANCE}; Path=/` })
    return answer({ status: 429, outcome: 'blocked', wayside })
  }
  send(way.ask('/news', ''))
  schedule.runUntil(60_000)
  return { asked, endedAtMs, gotIt, passage, heldMs: way.heldMs }
}

test('with scripts and cookies: worked out at the device\'s speed, one cookie, the clean address', () => {
  const seen = visit({ scripts: true, cookies: true, hashMicros: 4 })
  assert.deepEqual(seen.asked.map((one) => [one.atMs, one.target, one.cookie !== '']), [[0, '/news', false], [200, `/news?polder=${TICKET}.41`, false], [200, `/news?polder=${CLEARANCE}`, true], [200, '/news', true]])
  assert.ok(seen.gotIt && seen.heldMs === 200)
})

test('without scripts: waited out as the page says, not a moment earlier', () => {
  const seen = visit({ scripts: false, cookies: true, hashMicros: 4 })
  assert.deepEqual([seen.gotIt, seen.endedAtMs, seen.asked.length], [true, 5_000, 4])
})

test('without cookies: the mark stays in the address and is named by the next page\'s referer', () => {
  const seen = visit({ scripts: false, cookies: false, hashMicros: 4 })
  assert.deepEqual([seen.gotIt, seen.passage.cookie], [true, ''])
  assert.equal(seen.passage.addressOf('http://drill.test/votes?year=1'), `http://drill.test/votes?year=1&polder=${CLEARANCE}`)
  assert.equal(seen.passage.addressOf('https://other.example/'), 'https://other.example/')
})

test('a device slower than the wait goes on by waiting', () => {
  assert.equal(visit({ scripts: true, cookies: true, hashMicros: 200 }).endedAtMs, 5_000)
})

test('who is asked again and again gives up at the third page', () => {
  for (const scripts of [true, false]) {
    const seen = visit({ scripts, cookies: true, hashMicros: 4 }, true)
    assert.deepEqual([seen.gotIt, seen.asked.length], [false, 3])
    assert.ok(seen.endedAtMs <= 15_000)
  }
})

test('in a waiting room the same place is asked for again until the turn comes, and it is no check', () => {
  const schedule = new Schedule()
  let now = 0
  const world = { random: new SeededRandom(1), host: 'drill.test', site: mockSite, nowMs: () => now, at: (atMs: number, run: () => void) => schedule.add(atMs, () => {
    now = Math.max(now, atMs)
    run()
  }) } as unknown as World
  const passage = new Passage(world, { scripts: true, cookies: true, hashMicros: 1 })
  const way = passage.begin((target) => ({ method: 'GET', target, headers: ['Cookie', passage.cookie] }), 0)
  const asked: Array<readonly [number, string]> = []
  const send = (ask: Ask): void => {
    asked.push([now, ask.headers[1]])
    const room = answer({ status: 503, outcome: 'busy', setCookie: `polder-place=${TICKET}; Path=/`, wayside: { kind: 'room', reference: '/news', waitMs: 2_000, text: '', bits: 0 } })
    ask.follow!(now < 5_000 ? room : answer({}), (next) => {
      assert.ok(next !== null)
      send(next)
    })
  }
  send(way.ask('/news', ''))
  schedule.runUntil(60_000)
  assert.deepEqual(asked, [[0, ''], [2_000, `polder-place=${TICKET}`], [4_000, `polder-place=${TICKET}`], [6_000, `polder-place=${TICKET}`]])
})
