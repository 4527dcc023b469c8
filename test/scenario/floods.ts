/** Floods as the suite describes them (A1 to A12), made of what real tools do: their agents, header orders, paths and rates. */
import { type Ask, type Browser, type Client, type World, makeClient } from './world.ts'
import { address, pickBrowser, visit } from './visitors.ts'

const tool = (name: string, order: string): Browser => ({ userAgent: name, shape: name.replaceAll(/\d+/g, '#'), headerOrder: order, accept: '*/*', version: 11 })

type Build = (world: World, client: Client) => Omit<Ask, 'client'>

/** `perSecond` requests from `bots` addresses, a fifth of them inside visitors' networks. */
function botnet(from: number, until: number, bots: number, perSecond: number, browserOf: (world: World, bot: number) => Browser, build: Build, cohort = 'bots'): (world: World) => void {
  let clients: Client[] = []
  return (world) => {
    if (world.second < from || world.second >= until) return
    if (clients.length === 0) clients = Array.from({ length: bots }, (_, i) => makeClient(world.chance(0.2) ? address(world, 10, 41) : address(world, 60, 220), browserOf(world, i), false, cohort))
    for (let n = world.poisson(perSecond); n > 0; n--) {
      const client = clients[world.random.below(clients.length)]
      world.ask({ client, ...build(world, client) })
    }
  }
}

const home = (): Omit<Ask, 'client'> => ({ path: '/', template: '/', queryShape: '', referer: 0, routeClass: 'page', method: 'GET', cost: 20 })

export const floods: Readonly<Record<string, (from: number, until: number) => (world: World) => void>> = Object.freeze({
  A1: (from, until) => botnet(from, until, 1, 2_000, () => tool('python-requests/2.31', 'requests'), home),
  A2: (from, until) => botnet(from, until, 2_000, 2_000, () => tool('Mozilla/5.0 stress', 'go-http'), home),
  /** The same with a made-up Cookie line in every request. */
  A2cookie: (from, until) => botnet(from, until, 2_000, 2_000, () => tool('Mozilla/5.0 stress', 'go-http'), (_, client) => {
    client.cookie = true
    return home()
  }),
  A3: (from, until) => botnet(from, until, 4_000, 2_000, (world) => ({ ...pickBrowser(world), headerOrder: 'tool-sorted', version: 11 }), home),
  A4: (from, until) =>
    botnet(from, until, 1_000, 1_500, (world) => ({ ...pickBrowser(world), headerOrder: 'cc-attack', version: 11 }), () => ({ ...home(), queryShape: '4', referer: 2 })),
  A5: (from, until) =>
    botnet(from, until, 1_000, 1_500, (world) => ({ ...pickBrowser(world), headerOrder: 'loic', version: 11 }), (world) => ({ ...home(), path: `/${world.random.below(1e9)}`, template: '/$', missing: true })),
  /** The top browser's agent, order and language: only behaviour tells it apart. */
  A6: (from, until) =>
    botnet(from, until, 1_000, 300, () => ({ userAgent: 'Chrome 126 Windows', shape: 'Chrome # Windows', headerOrder: 'chromium', accept: 'de,en/gzip,br', version: 20 }), (world) => ({
      path: '/search',
      template: '/search',
      queryShape: world.chance(0.5) ? 'q=2' : 'q=3',
      referer: 1,
      routeClass: 'search',
      method: 'GET',
      cost: 80,
    })),
  A7: (from, until) => botnet(from, until, 500, 200, () => tool('okhttp/4.9', 'okhttp'), () => ({ ...home(), path: '/contact', template: '/contact', routeClass: 'write', method: 'POST', cost: 120 })),
  /** A hundred thousand addresses, one request each. */
  oneEach: (from, until) => (world) => {
    if (world.second < from || world.second >= until) return
    for (let n = world.poisson(2_000); n > 0; n--) world.ask({ client: makeClient(world.random.below(2 ** 31), { ...pickBrowser(world), headerOrder: 'tool-sorted' }, false, 'bots'), ...home() })
  },
  A10a: (from, until) => pulses(evenly(from, until), until, () => 'go-http'),
  A10b: (from, until) => pulses(evenly(from, until), until, (pulse) => `morph-${pulse}`),
  /** The third pulse when the rule has stepped down. */
  A10c: (from, until) => pulses([from, from + 16, from + 90], until, () => 'go-http'),
  /** The second pulse when all is calm again and the rule asleep. */
  A10long: (from, until) => pulses([from, from + 400], until, () => 'go-http'),
  /** Real agents, each with its own browser's order of fields: only that no client ever takes what belongs to a page tells them apart. */
  A3bare: (from, until) => botnet(from, until, 2_000, 2_000, pickBrowser, home),
  /** Sessions like those of people: nothing can tell these apart. */
  A11: (from, until) => (world) => {
    if (world.second < from || world.second >= until) return
    for (let n = world.poisson(90); n > 0; n--) visit(world, makeClient(address(world, 60, 220), pickBrowser(world), false, 'mimics'), { pages: 2 + world.random.below(6) })
  },
})

function evenly(from: number, until: number): number[] {
  return Array.from({ length: Math.ceil((until - from) / 16) }, (_, pulse) => from + 16 * pulse)
}

function pulses(starts: readonly number[], until: number, orderOf: (pulse: number) => string): (world: World) => void {
  const waves = starts.map((at, pulse) => botnet(at, Math.min(until, at + 8), 2_000, 2_000, () => tool(`stress ${orderOf(pulse)}`, orderOf(pulse)), home))
  return (world) => {
    for (const wave of waves) wave(world)
  }
}

/** B2 with three infected machines: their tool asks from the office's own address. */
export function infected(seat: (browser: Browser) => Client): (world: World) => void {
  const client = seat(tool('Mozilla/5.0 stress', 'go-http'))
  return (world) => {
    for (let n = 3; n > 0; n--) world.ask({ client, ...home() })
  }
}
