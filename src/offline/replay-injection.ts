/** What is mixed into a replay, second by second: a flood in a tool's pattern, or a crowd of people like those of the log. */
import { existsSync } from 'node:fs'
import { readLogFile } from '../controlplane/learn/log-file.ts'
import { type LoggedRequest, LogLineReader } from '../controlplane/learn/log-line.ts'
import { type Flood, floodNamed, floodNames, floodOfLines, type InjectedRequest } from '../controlplane/replay/injections.ts'
import type { SeededRandom } from '../kernel/random.ts'
import { SECOND_MS } from '../kernel/units.ts'
import { visitsOf } from './replay-timeline.ts'

export interface Injection {
  readonly name: string
  readonly note: string
  readonly clients: number
  /** They would pass a challenge. */
  readonly people: boolean
  readonly fromSecond: number
  readonly untilSecond: number
  /** What comes in that second. */
  at(second: number, nowWallMs: number): LoggedRequest[]
}

/** Requests a second that one client of a flood sends, about: 0.2 makes many slow bots rather than few fast ones. */
const CLIENT_PER_SECOND = 0.2
const LEAST_CLIENTS = 50

/** @throws Error when the name is none and no file of that name holds usable lines. */
export async function injectionOf(name: string, times: number, before: readonly LoggedRequest[], after: readonly LoggedRequest[], random: SeededRandom): Promise<Injection> {
  const seconds = Math.max(1, (after.at(-1)!.atWallMs - after[0].atWallMs) / SECOND_MS)
  const perSecond = (times * after.length) / seconds
  const fromSecond = Math.floor(seconds * 0.25)
  const untilSecond = Math.floor(Math.min(seconds * 0.75, fromSecond + 300))
  if (name === 'crowd') return crowd(perSecond, before, fromSecond, untilSecond, random)
  const agents = [...new Set(before.map((request) => request.agent).filter((agent) => agent.startsWith('Mozilla')))]
  const flood = floodNamed(name, agents) ?? (await floodOfFile(name))
  const clients = Math.max(LEAST_CLIENTS, Math.round(perSecond / CLIENT_PER_SECOND))
  const addresses = Array.from({ length: clients }, () => anyAddress(random))
  return {
    name: flood.name, note: flood.note, clients, people: false, fromSecond, untilSecond,
    at: (second, nowWallMs) => {
      if (second < fromSecond || second >= untilSecond) return []
      return Array.from({ length: poisson(perSecond, random) }, () => {
        const client = random.below(clients)
        return logged(flood.next(random, client), addresses[client], nowWallMs)
      })
    },
  }
}

async function floodOfFile(file: string): Promise<Flood> {
  if (!existsSync(file)) throw new Error(`there is no injection "${file}" and no file of that name; injections: ${[...floodNames, 'crowd'].join(', ')}`)
  const reader = new LogLineReader()
  const lines: InjectedRequest[] = []
  let refused = 0
  await readLogFile(file, {
    onProgress: () => {},
    onLongLine: () => refused++,
    onLine: (text) => {
      if (reader.read(text) === null) {
        const { method, target, version, status, referer, agent } = reader.request
        lines.push({ method, target, version, status: status === 400 ? 200 : status, referer, agent })
      } else refused++
      return lines.length < 100_000
    },
  })
  return floodOfLines(file.split('/').at(-1)!, lines, `pattern of ${lines.length} lines that a tool left${refused === 0 ? '' : `; ${refused} more would be refused as no HTTP request`}`)
}

/** People of the log's first part, come from new addresses to one new page, with all their pages and pictures. */
function crowd(perSecond: number, before: readonly LoggedRequest[], fromSecond: number, untilSecond: number, random: SeededRandom): Injection {
  const isStatic = (request: LoggedRequest): boolean => /\.(?:css|js|png|jpe?g|gif|svg|ico|woff2?|webp)(?:\?|$)/i.test(request.target)
  const visits = visitsOf(before).filter((visit) => !isStatic(visit[0]) && visit.filter(isStatic).length >= visit.length / 4 && visit.length >= 2 && visit.length <= 60)
  if (visits.length < 10) throw new Error(`the log holds only ${visits.length} visits that look like people with a browser: too few to make a crowd of`)
  const meanLength = visits.reduce((sum, visit) => sum + visit.length, 0) / visits.length
  const coming = new Map<number, LoggedRequest[]>()
  let clients = 0
  for (let second = fromSecond; second < untilSecond; second++) {
    for (let n = poisson(perSecond / meanLength, random); n > 0; n--) {
      clients++
      const client = anyAddress(random)
      const visit = visits[random.below(visits.length)]
      visit.forEach((request, i) => {
        const at = second + Math.round((request.atWallMs - visit[0].atWallMs) / SECOND_MS)
        const list = coming.get(at) ?? []
        coming.set(at, list)
        list.push({ ...request, client, ...(i === 0 ? { target: '/live-vote-tonight', referer: random.next() < 0.5 ? '' : 'https://social.example/' } : {}) })
      })
    }
  }
  return { name: 'crowd', note: 'people of the log\'s first part from new addresses, all to one new page, with their pictures', clients, people: true, fromSecond, untilSecond, at: (second, nowWallMs) => (coming.get(second) ?? []).map((request) => ({ ...request, atWallMs: nowWallMs })) }
}

function logged(request: InjectedRequest, client: string, atWallMs: number): LoggedRequest {
  return { ...request, client, atWallMs, host: '', standsFor: 1, reason: '' }
}

/** A label, never a host to send anything to. */
function anyAddress(random: SeededRandom): string {
  return `${1 + random.below(223)}.${random.below(256)}.${random.below(256)}.${1 + random.below(254)}`
}

function poisson(mean: number, random: SeededRandom): number {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * (random.next() + random.next() + random.next() - 1.5) * 2))
  let product = random.next()
  let n = 0
  for (const limit = Math.exp(-mean); product > limit; n++) product *= random.next()
  return n
}
