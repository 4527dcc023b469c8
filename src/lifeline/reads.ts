import type { LifelineReads } from '../contract/lifeline.ts'
import { DAY_MS } from '../kernel/units.ts'
import type { CrawlStore } from './crawl-store.ts'

/**
 * What people read, by day and address, for a month: so that coverage is a share of real reading and not of a list of links. Counts only, no reader.
 * Bounded: the pages read most often each day; what found no room is counted together and never as covered.
 */
const DAYS = 31
const MOST_ADDRESSES_A_DAY = 20_000
/** Asked for at least this often in the month before an address is visited that no page names. */
const WORTH_A_VISIT = 3
/** The row of the reads whose address found no room. */
const OTHERS = ''

export class Reads {
  readonly #store: CrawlStore
  #today = -1
  #addresses = 0

  constructor(store: CrawlStore) {
    this.#store = store
  }

  /** @throws when the disk refuses. */
  add(reads: LifelineReads, nowWallMs: number): void {
    const day = Math.floor(nowWallMs / DAY_MS)
    this.#store.transaction(() => {
      if (day !== this.#today) this.#newDay(day)
      let others = reads.others
      for (const [key, count] of reads.counts) {
        if (this.#addresses >= MOST_ADDRESSES_A_DAY && this.#store.rows('SELECT 1 FROM reads WHERE day = ? AND key = ?', day, key).length === 0) others += count
        else this.#count(day, key, count)
      }
      if (others > 0) this.#count(day, OTHERS, others)
      this.#addresses = Number(this.#store.rows('SELECT count(*) AS n FROM reads WHERE day = ?', day)[0]['n'])
    })
  }

  /** Read often, and not known to the crawl: most read first. */
  unknownPages(most: number): readonly string[] {
    return this.#store
      .rows('SELECT reads.key AS key FROM reads LEFT JOIN page ON page.key = reads.key WHERE page.key IS NULL AND reads.key <> ? GROUP BY reads.key HAVING sum(count) >= ? ORDER BY sum(count) DESC LIMIT ?', OTHERS, WORTH_A_VISIT, most)
      .map((row) => row['key'] as string)
  }

  #newDay(day: number): void {
    this.#store.run('DELETE FROM reads WHERE day <= ?', day - DAYS)
    this.#today = day
    this.#addresses = Number(this.#store.rows('SELECT count(*) AS n FROM reads WHERE day = ?', day)[0]['n'])
  }

  #count(day: number, key: string, count: number): void {
    this.#store.run('INSERT INTO reads (day, key, count) VALUES (?, ?, ?) ON CONFLICT (day, key) DO UPDATE SET count = count + excluded.count', day, key, count)
  }
}
