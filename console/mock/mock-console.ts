/**
 * Stands in for the console's listener while its pages are worked on: the same answers, policy and stream over a made-up shield. Development and tests only.
 * `node console/mock/mock-console.ts [calm|flood|aftermath] [port]` serves the built pages; any name signs in with the password "polder".
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import type { AccountFacts, Acted, ConsoleAct, ConsoleRole, Presence } from '../../src/contract/console.ts'
import type { ExploreRow } from '../../src/contract/explore.ts'
import type { RuleRecord } from '../../src/contract/control.ts'
import { ruleActions } from '../../src/contract/plan.ts'
import { makeRooms } from './rooms.ts'
import { eventsAt, hostile, type Phase, phases, pointAt, rulesAt, secondAt, statusAt, type World } from './world.ts'

const assets = join(import.meta.dirname, '../../src/surfaces/console/assets')
const types: Readonly<Record<string, string>> = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8' }
/** As the listener sends it. */
export const POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; object-src 'none'"
const HOUR = 3_600_000

export interface MockConsole {
  readonly url: string
  /** Every order given, oldest first. */
  readonly acts: ReadonlyArray<ConsoleAct & { readonly who: string }>
  /** Cuts all streams, as a restart does. */
  readonly cut: () => void
  /** Answers nothing and takes nobody in until `back`. */
  readonly vanish: () => void
  readonly back: () => void
  /** Somebody else does something. */
  readonly actAs: (who: string, sentence: string, undo?: ConsoleAct) => void
  readonly endSessions: () => void
  readonly streams: () => number
  readonly stop: () => Promise<void>
}

export interface MockOptions {
  readonly phase?: Phase
  readonly hostile?: boolean
  readonly role?: ConsoleRole
  readonly port?: number
  readonly assetsFolder?: string
  readonly nowWallMs?: () => number
}

function worldOf(phase: Phase, start: number, dangerous: boolean): World {
  const ago = { calm: -1_000 * HOUR, flood: 400_000, aftermath: 900_000 }[phase]
  return { phase, floodAtWallMs: start - ago, floodEndsAtWallMs: phase === 'aftermath' ? start - 90_000 : start - ago + 10 * HOUR, hostile: dangerous }
}

async function bodyOf(request: IncomingMessage): Promise<any> {
  let text = ''
  for await (const piece of request) text += String(piece)
  return text === '' ? {} : JSON.parse(text)
}

export async function startMockConsole(options: MockOptions = {}): Promise<MockConsole> {
  const { phase = 'flood', hostile: dangerous = false, role = 'admin', port = 0, assetsFolder = assets, nowWallMs: now = Date.now } = options
  const start = now()
  const world = worldOf(phase, start, dangerous)
  // A flood of the calm phase lies in a future that never comes; its incident is of last week.
  const rooms = makeRooms(phase === 'calm' ? { ...world, floodAtWallMs: start - 160 * HOUR } : world, now)
  const text = (plain: string): string => (dangerous ? `${plain} ${hostile}` : plain)
  const files = new Map(readdirSync(assetsFolder).map((name) => [name, readFileSync(join(assetsFolder, name))]))
  const sessions = new Map<string, string>()
  const streams = new Map<ServerResponse, string>()
  const acts: Array<ConsoleAct & { who: string }> = []
  const changed = new Map<string, Partial<RuleRecord> | null>()
  const before = new Map<string, Partial<RuleRecord> | null | undefined>()
  const added: RuleRecord[] = []
  const acted: Acted[] = []
  const accounts = new Map<string, AccountFacts>(['anna', 'ben'].map((name, place): [string, AccountFacts] => [name, { name, role: place === 0 ? role : 'viewer', totp: place === 0, madeAtWallMs: start - 90 * 24 * HOUR, lastLoginAtWallMs: start - HOUR, sessions: 1, lockedUntilWallMs: place === 1 ? start + HOUR : null }]))
  let gone = false
  let numbers = 0

  const rules = (): RuleRecord[] => [...rulesAt(world, now()).flatMap((rule) => (changed.get(rule.id) === null ? [] : [{ ...rule, ...changed.get(rule.id) }])), ...added.map((rule) => ({ ...rule, ...changed.get(rule.id) })).filter((rule) => changed.get(rule.id) !== null)]
  const send = (to: ServerResponse, event: string, data: unknown): void => {
    to.write(`id: 1-${++numbers}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  const everybody = (event: string, data: unknown): void => {
    for (const stream of streams.keys()) send(stream, event, data)
  }
  const presence = (): Presence[] => [...[...streams.values()].map((name) => ({ name, sinceWallMs: start, lookingAt: '' })), { name: text('ben'), sinceWallMs: start, lookingAt: text('journal') }]
  const clock = setInterval(() => {
    if (!gone) everybody('second', secondAt(world, now(), rules()))
  }, 1_000)

  function perform(act: ConsoleAct, who: string): { done: boolean; sentence: string; undo: { act: ConsoleAct } | null } {
    acts.push({ ...act, who })
    let sentence: string
    let undo: ConsoleAct | null
    if (act.kind === 'add') {
      added.push({ id: act.ruleId, origin: 'operator', sentence: '', when: act.when, action: act.action, stage: 'active', dryRun: false, bornAtWallMs: now(), expiresAtWallMs: act.untilWallMs, who, why: act.why, evidence: null, since: { matched: 0, positive: 0, canaryTried: 0, canaryPassed: 0 }, history: [] })
      changed.delete(act.ruleId)
      sentence = `${act.ruleId}: acts within two seconds`
      undo = { kind: 'expire', ruleId: act.ruleId, untilWallMs: null, why: 'undone' }
    } else if (act.kind === 'dry-run') {
      const id = typeof act.of === 'object' && 'rule' in act.of ? act.of.rule : null
      if (id !== null) changed.set(id, { ...changed.get(id), dryRun: act.on })
      sentence = `${id ?? 'every automatic rule'} ${act.on ? 'only counts from now on' : 'acts again'}`
      undo = { ...act, on: !act.on, why: 'undone' }
    } else if (act.kind === 'take-back') {
      const was = before.get(act.ruleId)
      if (was === undefined) changed.delete(act.ruleId)
      else changed.set(act.ruleId, was)
      sentence = `${act.ruleId}: ${act.of} is taken back`
      undo = null
    } else {
      const known = rules().find((rule) => rule.id === act.ruleId)
      if (known === undefined) return { done: false, sentence: `there is no rule ${act.ruleId}`, undo: null }
      const stage = { pin: 'pinned', unpin: 'active', veto: 'vetoed', extend: known.stage, 'step-down': known.stage, expire: known.stage }[act.kind] as RuleRecord['stage']
      before.set(act.ruleId, changed.get(act.ruleId))
      if (act.kind === 'expire') changed.set(act.ruleId, null)
      else changed.set(act.ruleId, { ...changed.get(act.ruleId), stage, ...(act.kind === 'extend' ? { expiresAtWallMs: act.untilWallMs } : {}), ...(act.kind === 'step-down' ? { action: ruleActions[Math.max(0, ruleActions.indexOf(known.action as 'block') - 1)], heldUntilWallMs: now() + 600_000 } : {}) })
      sentence = `${act.ruleId}: ${{ pin: 'pinned', unpin: 'back to its own life', veto: 'vetoed: it no longer acts', extend: 'ends later', 'step-down': 'stepped down; not raised by itself for ten minutes', expire: 'ended' }[act.kind]}`
      undo = { kind: 'take-back', ruleId: act.ruleId, of: act.kind, actAtWallMs: now(), why: 'undone' }
    }
    const whole: Acted = { who, sentence, atWallMs: now(), done: true, undo: undo === null ? null : { act: undo } }
    acted.push(whole)
    everybody('acted', whole)
    everybody('second', secondAt(world, now(), rules()))
    return { done: true, sentence, undo: whole.undo }
  }

  function exploreRows(by: string): ExploreRow[] {
    const flood = phase === 'flood'
    const values = by === 'path' || by === 'pathTemplate' ? ['/search', '/', '/news', '/documents/2026/budget.pdf', '/members'] : by === 'country' ? ['NL', 'US', 'SG', 'DE'] : by === 'prefix' ? ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'] : ['stress/2.1', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/132.0', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) Safari/605.1', 'curl/8.10.1']
    return values.map((value, place) => ({ value, label: text(value), requests: Math.round((flood ? 18_000 : 380) / (place + 1)), share: [0.71, 0.17, 0.06, 0.03, 0.02][place], normalShare: [0.001, 0.42, 0.3, 0.02, -1][place], positiveShare: [0, 0.93, 0.95, 0.4, -1][place] }))
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://mock')
    const json = (status: number, data: unknown, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
      response.end(JSON.stringify(data))
    }
    const refuse = (status: number, code: string, sentence: string): void => json(status, { code, sentence })
    const cookie = /polder-console=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
    const who = sessions.get(cookie)
    const path = url.pathname
    if (!path.startsWith('/api/')) {
      const name = path === '/' ? 'index.html' : path.replace(/^\/assets\//, '')
      const file = files.get(name)
      if (file === undefined) return refuse(404, 'not-found', 'There is nothing here.')
      response.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream', 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': path === '/' ? 'no-store' : 'public, max-age=31536000, immutable' })
      response.end(file)
      return
    }
    const session = (name: string, token: string) => ({ name, role: accounts.get(name)?.role ?? role, csrf: `csrf-${token}`, version: '0.1.0', expiresAtWallMs: now() + 8 * HOUR })
    const asks = request.method === 'POST' ? await bodyOf(request) : {}
    if (path === '/api/login') {
      if (asks.password !== 'polder') return refuse(401, 'wrong-login', 'Name or password is wrong.')
      const token = `t${++numbers}${start.toString(36)}`
      sessions.set(token, asks.name)
      return json(200, session(asks.name, token), { 'set-cookie': `polder-console=${token}; Path=/; HttpOnly; SameSite=Strict` })
    }
    if (who === undefined) return refuse(401, 'not-signed-in', 'Please sign in.')
    if (request.method === 'POST' && request.headers['x-polder-csrf'] !== `csrf-${cookie}`) return refuse(403, 'no-token', 'This page is out of date: load it anew.')
    const mayChange = session(who, cookie).role !== 'viewer'
    if (path === '/api/session') return json(200, session(who, cookie))
    if (path === '/api/logout') {
      sessions.delete(cookie)
      return json(200, {})
    }
    if (path === '/api/looking') return json(200, {})
    if (path === '/api/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      streams.set(response, who)
      request.on('close', () => streams.delete(response))
      send(response, 'second', secondAt(world, now(), rules()))
      for (const event of eventsAt(world, now())) send(response, 'event', event)
      for (const one of acted) send(response, 'acted', one)
      everybody('presence', presence())
      return
    }
    if (path === '/api/history') {
      const [from, to, most] = ['from', 'to', 'most'].map((name) => Number(url.searchParams.get(name)))
      const whole = to - from
      const stepMs = whole <= HOUR ? 1_000 * Math.max(1, Math.ceil(whole / 1_000 / 3_600)) : whole <= 24 * HOUR ? 10_000 * Math.max(1, Math.ceil(whole / 10_000 / most)) : 60_000 * Math.max(1, Math.ceil(whole / 60_000 / most))
      const points = []
      for (let at = Math.ceil(from / stepMs) * stepMs; at <= Math.min(to, now()); at += stepMs) points.push(pointAt(world, at, stepMs))
      return json(200, { stepMs, points, keptFromWallMs: start - 90 * 24 * HOUR })
    }
    if (path === '/api/moment') {
      const at = Number(url.searchParams.get('at'))
      return json(200, { atWallMs: at, status: statusAt(world, at, rulesAt(world, at)), events: eventsAt(world, at).filter((event) => at - event.atWallMs < 120_000), samples: [{ attribute: 'userAgent', rows: exploreRows('userAgent') }, { attribute: 'path', rows: exploreRows('path') }] })
    }
    if (path === '/api/act') return mayChange ? json(200, perform(asks.act, who)) : refuse(403, 'not-allowed', 'Your role may look, not change.')
    const room = /^\/api\/record\/(\w+)\/(\w+)$/.exec(path)
    if (room !== null) {
      const question = rooms[room[1]]?.[room[2]]
      return question === undefined ? refuse(404, 'not-found', 'There is no such question.') : json(200, question(asks, who) ?? {})
    }
    if (path === '/api/lifeline' || path === '/api/lifeline/crawl') {
      return json(200, {
        atWallMs: now(), sites: ['https://www.example.org'], pause: path.endsWith('crawl') ? '' : phase === 'flood' ? 'not-calm' : 'done', pass: { number: 12, startedAtWallMs: now() - 3 * HOUR, endedAtWallMs: now() - 2 * HOUR, done: 1_180, left: 24, perSecond: 2 }, pages: { known: 1_204, kept: 1_180, missing: 24, beyondBound: 0 },
        disk: { bytes: 81_000_000, maxBytes: 1_073_741_824, copyBytes: 79_000_000, suspended: false }, age: { medianMs: 4 * HOUR, oldestMs: 26 * HOUR },
        coverage: { share: 0.973, reads: 48_210, days: 7, unserved: [{ key: text('www.example.org/search?q=budget'), reads: 811, why: 'no-store' }, { key: text('www.example.org/live'), reads: 302, why: 'set-cookie' }] }, missing: [{ why: 'no-store', pages: 18, examples: [text('/search'), '/form/contact'] }, { why: 'not-found', pages: 6, examples: ['/old/page'] }], memory: { heapBytes: 1, externalBytes: 1 },
      })
    }
    if (path === '/api/address') return json(200, { address: url.searchParams.get('address'), countedAs: url.searchParams.get('address'), tracked: { lastSeenMsAgo: 4_000, requests: 40, pages: 38, statics: 0, errors: 0, echoes: 0, validatedTokens: 0, originMs: 900, behavesLikeVisitor: false }, trustedProxy: false, matching: [{ ruleId: text('r-1a2b'), action: 'block', whole: false, others: 1 }], undecided: 2, kernelDropped: false })
    if (path === '/api/explore') return json(200, { rows: exploreRows(asks.by), total: phase === 'flood' ? 20_400 : 412, sampled: 2_040, seconds: 10, normalSampled: 300, normalKnown: 21_000, sentence: '' })
    if (path === '/api/explore/harm') return json(200, { hits: 1, sampled: 20_000, upperShare: 0.0004, sentence: text('This rule would have touched at most 0.04 % of normal requests.'), when: [{ attribute: 'userAgent', equals: 7, text: text('stress/2.1') }], now: { perSecond: 1_420, share: 0.71, positiveShare: 0 } })
    if (path === '/api/settings') return json(200, { file: '/etc/polder/polder.yaml', rows: [{ path: 'listen', value: '0.0.0.0:443', from: '/etc/polder/polder.yaml:1', applies: 'restart' }, { path: 'origin', value: 'http://127.0.0.1:8090', from: '/etc/polder/polder.yaml:2', applies: 'live' }, { path: 'cache.maxBytes', value: '1 GiB', from: 'default', applies: 'restart' }, { path: 'detection.strainFactor', value: '3', from: 'default', applies: 'live' }, { path: 'routes[0].path', value: text('/search*'), from: '/etc/polder/polder.yaml:9', applies: 'live' }] })
    if (path === '/api/accounts') return json(200, { accounts: [...accounts.values()] })
    if (path === '/api/password') return json(200, { sentence: 'Your password is changed.' })
    if (path.startsWith('/api/accounts/')) {
      const word = path.slice('/api/accounts/'.length)
      const known = accounts.get(asks.name)
      if (word === 'remove') accounts.delete(asks.name)
      else accounts.set(asks.name, { name: asks.name, role: asks.role ?? known?.role ?? 'viewer', totp: asks.on ?? known?.totp ?? false, madeAtWallMs: known?.madeAtWallMs ?? now(), lastLoginAtWallMs: known?.lastLoginAtWallMs ?? null, sessions: known?.sessions ?? 0, lockedUntilWallMs: null })
      return json(200, { sentence: `${asks.name}: ${word}`, ...(word === 'totp' && asks.on === true ? { totpUri: 'otpauth://totp/Polder:ben?secret=ABCDEFGH' } : {}) })
    }
    refuse(404, 'not-found', 'There is nothing here.')
  }

  const server = createServer((request, response) => {
    if (gone) {
      request.socket.destroy()
      return
    }
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => { server.listen(port, '127.0.0.1', resolve) })
  const cut = (): void => {
    for (const stream of streams.keys()) stream.destroy()
    streams.clear()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    acts,
    cut,
    vanish: () => { gone = true; cut() },
    back: () => { gone = false },
    actAs: (who, sentence, undo) => {
      const one: Acted = { who, sentence, atWallMs: now(), done: true, undo: undo === undefined ? null : { act: undo } }
      acted.push(one)
      everybody('acted', one)
    },
    endSessions: () => {
      sessions.clear()
      everybody('bye', { sentence: 'Your session has ended. Please sign in again.' })
    },
    streams: () => streams.size,
    stop: async () => {
      clearInterval(clock)
      cut()
      server.closeAllConnections()
      await new Promise((resolve) => { server.close(resolve) })
    },
  }
}

if (import.meta.main) {
  const phase = phases.find((one) => one === process.argv[2]) ?? 'flood'
  const mock = await startMockConsole({ phase, port: Number(process.argv[3] ?? 5_183) })
  process.stdout.write(`${mock.url} (${phase})\n`)
}
