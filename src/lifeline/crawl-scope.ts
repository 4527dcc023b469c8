import { Glob } from '../kernel/glob.ts'
import type { LifelineSettings } from './options.ts'
import { withoutSessionIds } from './session-ids.ts'

/**
 * Which addresses belong to the site, and under which name each is known. The only judge of "own origin only": what it does not give a key to is
 * never asked for, whatever a page, a style sheet or a sitemap says. A key is host and target, as in the address without its scheme, because
 * http and https show the same page.
 */
export interface CrawlTarget {
  readonly key: string
  readonly host: string
  readonly target: string
}

export interface CrawlSite {
  scheme: 'http' | 'https'
  readonly host: string
}

const LONGEST_TARGET = 2_048
/** Deeper than any site built for people, and the shape of a link loop (a/b/a/b/…). */
const MOST_SEGMENTS = 24
const MOST_REPEATS = 3

export class CrawlScope {
  readonly sites: readonly CrawlSite[]
  readonly #byHost: ReadonlyMap<string, CrawlSite>
  #excluded: readonly Glob[] = []
  #public: readonly Glob[] = []

  /** `sites`: addresses as in lifeline.sites; doubles and what is no address are left out. */
  constructor(sites: readonly string[], settings: LifelineSettings) {
    const byHost = new Map<string, CrawlSite>()
    for (const text of sites) {
      const url = URL.parse(text)
      if (url !== null && !byHost.has(url.host)) byHost.set(url.host, { scheme: url.protocol === 'https:' ? 'https' : 'http', host: url.host })
    }
    this.#byHost = byHost
    this.sites = [...byHost.values()]
    this.applySettings(settings)
  }

  applySettings(settings: LifelineSettings): void {
    this.#excluded = settings.excludePaths.map((text) => new Glob(text))
    this.#public = settings.publicPaths.map((text) => new Glob(text))
  }

  siteOf(host: string): CrawlSite | undefined {
    return this.#byHost.get(host)
  }

  /** The operator said that this path is public whatever its headers say. */
  isPublicPath(target: string): boolean {
    const path = pathOf(target)
    return this.#public.some((glob) => glob.matches(path))
  }

  /** Null: not ours, or no page. `base`: absolute address of what names it. */
  resolve(reference: string, base: string): CrawlTarget | null {
    const text = withoutSessionIds(reference.trim())
    if (text === '' || text.startsWith('#') || text.length > LONGEST_TARGET) return null
    const url = URL.parse(text, base)
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || !this.#byHost.has(url.host)) return null
    const target = url.pathname + url.search
    if (target.length > LONGEST_TARGET || isLoop(url.pathname) || this.#excluded.some((glob) => glob.matches(url.pathname))) return null
    return { key: url.host + target, host: url.host, target }
  }

  /** Absolute address of a key. */
  address(host: string, target: string): string {
    return `${this.#byHost.get(host)?.scheme ?? 'https'}://${host}${target}`
  }
}

export function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark === -1 ? target : target.slice(0, mark)
}

function isLoop(path: string): boolean {
  const segments = path.split('/')
  if (segments.length > MOST_SEGMENTS) return true
  if (segments.length <= MOST_REPEATS + 1) return false
  const seen = new Map<string, number>()
  for (const segment of segments) {
    const count = (seen.get(segment) ?? 0) + 1
    if (segment !== '' && count > MOST_REPEATS) return true
    seen.set(segment, count)
  }
  return false
}
