import robotsParserModule from 'robots-parser'
import type { CrawlScope } from './crawl-scope.ts'

/** What robots.txt allows to our name, per host (RFC 9309). Without a file everything is allowed. The only file that knows robots-parser. */
export const CRAWLER_NAME = 'polder-lifeline'
interface Rules {
  isAllowed(url: string, userAgent: string): boolean | undefined
  getSitemaps(): string[]
}
// The package is CommonJS and its types describe an ES module.
const robotsParser = robotsParserModule as unknown as (url: string, text: string) => Rules
/** Longer files are cut there (RFC 9309 section 2.5 asks for at least 500 KiB). */
const MOST_TEXT = 524_288

export class RobotsRules {
  readonly #scope: CrawlScope
  readonly #byHost = new Map<string, Rules>()

  constructor(scope: CrawlScope) {
    this.#scope = scope
  }

  set(host: string, text: string): void {
    this.#byHost.set(host, robotsParser(this.#scope.address(host, '/robots.txt'), text.slice(0, MOST_TEXT)))
  }

  allows(host: string, target: string): boolean {
    return this.#byHost.get(host)?.isAllowed(this.#scope.address(host, target), CRAWLER_NAME) ?? true
  }

  sitemapsOf(host: string): readonly string[] {
    return this.#byHost.get(host)?.getSitemaps() ?? []
  }
}
