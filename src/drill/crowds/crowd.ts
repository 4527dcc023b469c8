/** Many people at once: a flash crowd for one new page, a push alert, an office or parliament behind one address. None of them may ever be blocked. */
import { type World, strangerAddress, stream, visitorAddress } from '../world.ts'
import { pickLanguage, pickProgram } from './programs.ts'
import { Visitor } from './visit.ts'

const REQUESTS_PER_VISIT = 5

export interface CrowdPlan {
  readonly fromMs: number
  readonly untilMs: number
  readonly requestsPerSecond: number
  /** Time to the full rate, in a straight line. */
  readonly rampMs: number
  readonly path: string
}

/** One new page, 70 % of the addresses never seen, half of the people on phones, most sent by social networks; who sees an error tries once more. */
export function crowd(world: World, plan: CrowdPlan): void {
  const { random } = world
  const rate = (atMs: number): number => (plan.requestsPerSecond / REQUESTS_PER_VISIT) * Math.min(1, Math.max(0.02, (atMs - plan.fromMs) / plan.rampMs))
  stream(world, plan.fromMs, plan.untilMs, rate, (atMs) => {
    const address = random.next() < 0.7 ? strangerAddress(random) : visitorAddress(random)
    const firstReferer = random.next() < 0.6 ? ['https://t.co/x', 'https://www.facebook.com/', 'https://mastodon.example/'][random.below(3)] : ''
    const program = pickProgram(random, random.next() < 0.5)
    new Visitor(world, world.seat(address, 'crowd', 2), { program, language: pickLanguage(random), scripts: true, cookies: true, pages: 1, firstPath: plan.path, firstReferer, reloads: true }).begin(atMs)
  })
}

/** 400 people behind one IPv4 address, `requestsPerSecond` together, and 20 feed polls a minute. */
export function office(world: World, address: string, fromMs: number, untilMs: number, requestsPerSecond: number): void {
  const { random } = world
  const people = Array.from({ length: 400 }, () => ({ program: pickProgram(random, false), language: pickLanguage(random) }))
  const pages = 3
  const visit = (atMs: number): void => {
    const { program, language } = people[random.below(people.length)]
    new Visitor(world, world.seat(address, 'nat-office', 2), { program, language, scripts: true, cookies: true, pages, firstPath: null, firstReferer: '', reloads: false }).begin(atMs, fromMs)
  }
  const perSecond = requestsPerSecond / (REQUESTS_PER_VISIT * pages)
  for (let at = fromMs - 30_000; at < fromMs; at += 1_000 / perSecond) visit(at)
  stream(world, fromMs, untilMs, perSecond, visit)
  const reader = world.seat(address, 'nat-office', 1)
  stream(world, fromMs, untilMs, 20 / 60, (atMs) => {
    world.ask(reader, atMs, { method: 'GET', target: '/feed.xml', headers: ['Host', world.host, 'User-Agent', 'Outlook RSS/16.0', 'Accept', '*/*', 'Connection', 'keep-alive'] })
  })
}
