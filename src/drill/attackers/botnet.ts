/**
 * Floods of whole requests, from many addresses or one, as their tools send them (patterns of public tools, rebuilt; no tool is run). Each request goes
 * out at its own time, whatever became of the one before; no attacker fetches what belongs to a page, and none keeps a cookie or passes a short check
 * except where the plan says that it waits.
 */
import { Passage } from '../crowds/passage.ts'
import { pageHeaders, pickProgram, programs } from '../crowds/programs.ts'
import { type Ask, type Seat, type World, attackerAddress, stream } from '../world.ts'

export interface FloodPlan {
  readonly fromMs: number
  readonly untilMs: number
  readonly addresses: number
  readonly requestsPerSecond: number
  /** Connections each address keeps; 0: a new one for every request, as most flood tools do. */
  readonly lines: number
  /** Bots that wait out a short check, as its Refresh field says, and keep the clearance. */
  readonly waits?: true
  readonly build: (world: World, bot: number) => Ask
}

export function flood(world: World, plan: FloodPlan): void {
  const bots: Seat[] = Array.from({ length: plan.addresses }, () => world.seat(attackerAddress(world.random), 'attack', plan.lines))
  const passages = plan.waits === true ? bots.map(() => new Passage(world, { scripts: false, cookies: true, hashMicros: 0 })) : []
  stream(world, plan.fromMs, plan.untilMs, plan.requestsPerSecond, (atMs) => {
    const bot = world.random.below(bots.length)
    const ask = plan.build(world, bot)
    world.ask(bots[bot], atMs, passages.length === 0 ? ask : waiting(passages[bot], ask, atMs))
  })
}

function waiting(passage: Passage, ask: Ask, atMs: number): Ask {
  return passage.begin((target) => ({ ...ask, target, headers: passage.cookie === '' ? ask.headers : [...ask.headers, 'Cookie', passage.cookie] }), atMs).ask(ask.target, '')
}

type Build = FloodPlan['build']

const get = (target: string, headers: readonly string[]): Ask => ({ method: 'GET', target, headers })
const realAgent = (world: World): string => pickProgram(world.random).userAgent

/** A script with its library's own fields. */
export const scriptGet: Build = (world) => get('/', ['Host', world.host, 'User-Agent', 'python-requests/2.32.3', 'Accept-Encoding', 'gzip, deflate', 'Accept', '*/*', 'Connection', 'keep-alive'])

/** One compiled bot, one agent; `variant` changes what it looks like. */
export function fixedFingerprint(variant = 0): Build {
  const agents = ['Mozilla/5.0 (compatible; stress/1.0)', 'Mozilla/5.0 (X11; Linux i686) Gecko/2010', 'Dalvik/2.1.0 (Linux; U; Android 9)', 'okhttp/4.9.0']
  const orders = [['User-Agent', 'Accept-Encoding'], ['Accept', 'User-Agent', 'Connection'], ['Connection', 'User-Agent'], ['Accept-Encoding', 'Connection', 'User-Agent']]
  const values: Readonly<Record<string, string>> = { 'User-Agent': agents[variant % 4], 'Accept-Encoding': 'gzip', Accept: '*/*', Connection: 'Keep-Alive' }
  const fields = orders[variant % 4].flatMap((name) => [name, values[name]])
  return (world) => get(world.site.costly(world.random), ['Host', world.host, ...fields])
}

/** Agents of real browsers, in the order of fields of a tool. */
export const rotatingAgents: Build = (world) =>
  get('/', ['Host', world.host, 'Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'User-Agent', realAgent(world), 'Accept-Encoding', 'gzip, deflate', 'Accept-Language', 'en-US,en;q=0.5', 'Connection', 'close'])

/** The pattern of cc-attack: a new number behind the question mark, a made-up referer. */
export const cacheBuster: Build = (world) =>
  get(`/?${Math.floor(world.random.next() * 9e10 + 1e10)}`, ['Host', world.host, 'Connection', 'Keep-Alive', 'Cache-Control', 'max-age=0', 'User-Agent', realAgent(world), 'Accept', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', 'Referer', `https://www.google.com/search?q=${world.random.below(1e6)}`])

/** The pattern of LOIC with random paths. */
export const randomPath: Build = (world) => {
  const path = Array.from({ length: 6 }, () => String.fromCharCode(65 + world.random.below(26))).join('')
  return get(`/${path}`, ['Host', world.host, 'User-Agent', realAgent(world), 'Accept', '*/*'])
}

/** Every field as the most common browser sends it; only the behaviour is a machine's. */
export const searchAsBrowser: Build = (world) => {
  const query = Math.floor(world.random.next() * 2 ** 40).toString(36)
  return get(`/search?q=${query}`, pageHeaders(programs[0], { host: world.host, language: 'de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7', referer: `http://${world.host}/`, cookie: '', etag: '' }))
}

const postBody = 'message='.padEnd(4_096, 'x')

export const post: Build = (world) => ({
  method: 'POST', target: '/contact', body: postBody,
  headers: ['Host', world.host, 'User-Agent', 'Mozilla/5.0 (compatible; stress/1.0)', 'Content-Type', 'application/x-www-form-urlencoded', 'Content-Length', String(postBody.length), 'Accept', '*/*'],
})
