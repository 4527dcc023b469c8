import type { LifelineReads } from '../contract/lifeline.ts'
import { DAY_MS } from '../kernel/units.ts'
import type { CrawlStore } from './crawl-store.ts'

/**
 * What people read, by day and address, for a month: so that coverage is a share of real reading and not of a list of links.
 * Never: write down an address that only a reader named. It may hold a secret (a reset link, an e-mail address in a query), so only addresses that the crawl has
 * found by itself are counted by name; all others are counted together, as not served. An address without a query that very many read is a page in spite of
 * that: it is kept in mind, not on disk, and visited in the next pass. Nobody's one-time link is read fifty times.
 */
const DAYS = 31
const WORTH_A_VISIT = 50
const MOST_CANDIDATES = 4_096
/** The row of the reads whose address no page names. */
export const OTHERS = ''

export class Reads {
  readonly #store: CrawlStore
  readonly #candidates = new Map<string, number>()
  #today = -1

  constructor(store: CrawlStore) {
    this.#store = store
  }

  /** @throws when the disk refuses. */
  add(reads: LifelineReads, nowWallMs: number): void {
    const day = Math.floor(nowWallMs / DAY_MS)
    this.#store.transaction(() => {
      if (day !== this.#today) {
        this.#store.run('DELETE FROM reads WHERE day <= ?', day - DAYS)
        this.#today = day
      }
      let { others } = reads
      for (const [key, count] of reads.counts) {
        if (this.#store.visit(key) !== null) this.#count(day, key, count)
        else {
          others += count
          this.#remember(key, count)
        }
      }
      if (others > 0) this.#count(day, OTHERS, others)
    })
  }

  /** Read often, and not known to the crawl: most read first. */
  unknownPages(most: number): readonly string[] {
    const worth = [...this.#candidates].filter(([, count]) => count >= WORTH_A_VISIT).toSorted((a, b) => b[1] - a[1])
    return worth.slice(0, most).map(([key]) => key)
  }

  #remember(key: string, count: number): void {
    // A parameter of a path may hold a session (;jsessionid=…) as well as a query may.
    if (key.includes('?') || key.includes(';')) return
    const before = this.#candidates.get(key)
    if (before === undefined && this.#candidates.size >= MOST_CANDIDATES) {
      // Halved: what is read often stays, what was read once goes.
      for (const [old, reads] of this.#candidates) if (reads < WORTH_A_VISIT / 2) this.#candidates.delete(old)
      if (this.#candidates.size >= MOST_CANDIDATES) return
    }
    this.#candidates.set(key, (before ?? 0) + count)
  }

  #count(day: number, key: string, count: number): void {
    this.#store.run('INSERT INTO reads (day, key, count) VALUES (?, ?, ?) ON CONFLICT (day, key) DO UPDATE SET count = count + excluded.count', day, key, count)
  }
}
