/**
 * What may be mixed into a replayed log: floods in the patterns of known tools, made here, or taken from a log that a tool left; and a crowd made of the log's
 * own visitors. Only lines in memory: nothing is ever sent anywhere.
 */
import type { SeededRandom } from '../../kernel/random.ts'

/** One request as a log line would say it. */
export interface InjectedRequest {
  readonly method: string
  readonly target: string
  readonly version: number
  readonly status: number
  readonly referer: string
  readonly agent: string
}

export interface Flood {
  readonly name: string
  readonly note: string
  next(random: SeededRandom, client: number): InjectedRequest
}

export const floodNames = ['bypass-cache', 'random-uri', 'switching-agents', 'one-agent'] as const

/** `agents`: user agents as the log's own visitors have them. Null for a name that is none. */
export function floodNamed(name: string, agents: readonly string[]): Flood | null {
  const get = (target: string, agent: string, more: Partial<InjectedRequest> = {}): InjectedRequest => ({ method: 'GET', target, version: 11, status: 200, referer: '', agent, ...more })
  switch (name) {
    case 'bypass-cache':
      return { name, note: 'random numbers as query, search engine referers, made-up Firefox versions', next: (random) => get(`/?${digits(random, 10 + random.below(3))}`, `Mozilla/5.0 (Win 9x 4.90; rv:${20 + random.below(40)}.0) Gecko/20100101 Firefox/${20 + random.below(40)}.0`, { referer: 'https://www.google.com/search?q=x' }) }
    case 'random-uri':
      return { name, note: 'paths of six random capitals, which do not exist', next: (random) => get(`/${capitals(random, 6)}`, `Mozilla/5.0 (Windows NT 6.${random.below(4)}; rv:${30 + random.below(20)}.0) Gecko/20100101 Firefox/${30 + random.below(20)}.0`, { status: 404 }) }
    case 'switching-agents':
      return { name, note: 'the home page, each request with another user agent of the log\'s own visitors', next: (random) => get('/', agents[random.below(Math.max(1, agents.length))] ?? 'Mozilla/5.0') }
    case 'one-agent':
      return { name, note: 'the home page from many addresses, one made-up user agent', next: () => get('/', 'Mozilla/5.0 (compatible; stress)') }
    default:
      return null
  }
}

/** The pattern of a tool from lines it left: each request is one of them, its random parts drawn anew. @throws RangeError without lines. */
export function floodOfLines(name: string, lines: readonly InjectedRequest[], note: string): Flood {
  if (lines.length === 0) throw new RangeError(`${name} holds no line that can be injected`)
  return {
    name, note,
    next: (random) => {
      const line = lines[random.below(lines.length)]
      return { ...line, target: line.target.replaceAll(/\d{6,}/g, (run) => digits(random, run.length)).replaceAll(/(?<![A-Za-z])[A-Z]{6,}(?![A-Za-z])/g, (run) => capitals(random, run.length)) }
    },
  }
}

function digits(random: SeededRandom, length: number): string {
  return String(1 + random.below(9)) + Array.from({ length: length - 1 }, () => random.below(10)).join('')
}

function capitals(random: SeededRandom, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(65 + random.below(26))).join('')
}
