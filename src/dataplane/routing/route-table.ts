/**
 * What kind of thing a request asks for, and the operator's wishes for that part of the site. The operator's routes are asked first, in order;
 * where they say no class, the class is guessed from method and path as most sites are built. A wrong guess costs fairness between classes, never correctness:
 * whether an answer may be stored is decided by the answer, not by the class.
 */
import { type RouteClass } from '../../contract/route-class.ts'
import { Glob } from '../../kernel/glob.ts'
import type { Request } from '../request.ts'

/** The operator's words for a part of the site; null means: not said. */
export interface RouteWish<CacheWish = unknown> {
  readonly path: string
  readonly class: RouteClass | null
  readonly cache: CacheWish | null
  readonly maxBodyBytes: number | null
  readonly timeoutMs: number | null
  readonly upgrade: boolean
  /** Never challenged, and counted apart: feeds, API, health probes. */
  readonly exempt: boolean
}

export interface Route<CacheWish = unknown> extends Omit<RouteWish<CacheWish>, 'path'> {
  readonly glob: Glob | null
}

const staticEndings: ReadonlySet<string> = new Set([
  'css', 'js', 'mjs', 'map', 'png', 'jpg', 'jpeg', 'gif', 'webp', 'avif', 'svg', 'ico', 'woff', 'woff2', 'ttf', 'otf', 'eot', 'mp4', 'webm', 'mp3', 'ogg', 'wasm', 'webmanifest', 'pdf', 'zip', 'txt',
])
const feedEndings: ReadonlySet<string> = new Set(['rss', 'atom', 'ics'])

export class RouteTable<CacheWish = unknown> {
  readonly #routes: ReadonlyArray<Route<CacheWish>>
  readonly #fallback: Route<CacheWish>

  constructor(wishes: ReadonlyArray<RouteWish<CacheWish>>) {
    this.#routes = wishes.map((wish) => ({ ...wish, glob: new Glob(wish.path) }))
    this.#fallback = { glob: null, class: null, cache: null, maxBodyBytes: null, timeoutMs: null, upgrade: false, exempt: false }
  }

  /** The first of the operator's routes that matches, or one that says nothing. */
  find(request: Request): Route<CacheWish> {
    const routes = this.#routes
    for (let i = 0; i < routes.length; i++) if (routes[i].glob!.matches(request.path)) return routes[i]
    return this.#fallback
  }
}

/** The route's class, or a guess by method, ending and the usual names. */
export function classOf(request: Request, route: Route): RouteClass {
  if (route.class !== null) return route.class
  if (request.upgrade !== '') return 'stream'
  if (request.method !== 'GET' && request.method !== 'HEAD') return 'write'
  const path = request.path
  const slash = path.lastIndexOf('/')
  const dot = path.lastIndexOf('.')
  if (dot > slash) {
    const ending = path.slice(dot + 1).toLowerCase()
    if (staticEndings.has(ending)) return 'static'
    if (feedEndings.has(ending) || (ending === 'xml' && /(?:rss|atom|feed)/.test(path))) return 'feed'
  }
  if (path.startsWith('/api/')) return 'api'
  if (path.endsWith('/feed') || path.endsWith('/feed/') || path.endsWith('/rss')) return 'feed'
  if (path.startsWith('/search') || path.startsWith('/suche') || path.startsWith('/recherche') || path.startsWith('/zoeken')) return 'search'
  return 'page'
}
