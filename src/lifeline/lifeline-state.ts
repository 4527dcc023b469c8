import type { LifelineMissing, LifelinePause, LifelineState } from '../contract/lifeline.ts'
import { DAY_MS } from '../kernel/units.ts'
import type { CrawlStore } from './crawl-store.ts'
import { OTHERS } from './reads.ts'

/** What of the site is kept, how old, what is missing and why, and how much of the last month's reading it could serve. Read from the file alone, so that it can be told without a running shield. */

const MOST_REASONS = 20
const EXAMPLES = 3
const MOST_UNSERVED = 20

export interface CrawlerFacts {
  readonly sites: readonly string[]
  readonly pause: LifelinePause
  readonly perSecond: number
  readonly suspended: boolean
  readonly maxBytes: number
}

export function readState(store: CrawlStore, facts: CrawlerFacts, nowWallMs: number): LifelineState {
  const pass = store.pass()
  const known = store.known
  const kept = one(store, 'SELECT count(*) AS n FROM copy')
  const left = pass.number === 0 || pass.endedAtWallMs > 0 ? 0 : store.left(pass.number)
  const memory = process.memoryUsage()
  return {
    atWallMs: nowWallMs,
    sites: facts.sites,
    pause: facts.pause,
    pass: { ...pass, done: known - left, left, perSecond: facts.perSecond },
    pages: { known, kept, missing: one(store, "SELECT count(*) AS n FROM page WHERE why <> '' AND key NOT IN (SELECT key FROM copy)"), beyondBound: Number(store.meta('beyondBound') ?? 0) },
    disk: { bytes: store.bytes(), maxBytes: facts.maxBytes, copyBytes: one(store, 'SELECT coalesce(sum(length(body)), 0) AS n FROM copy'), suspended: facts.suspended },
    age: {
      medianMs: kept === 0 ? 0 : nowWallMs - one(store, 'SELECT storedAt AS n FROM copy ORDER BY storedAt LIMIT 1 OFFSET ?', Math.floor(kept / 2)),
      oldestMs: kept === 0 ? 0 : nowWallMs - one(store, 'SELECT min(storedAt) AS n FROM copy'),
    },
    coverage: coverageOf(store, nowWallMs),
    missing: missingOf(store),
    memory: { heapBytes: memory.heapUsed, externalBytes: memory.external },
  }
}

/** What the origin itself does not have (404, 410) is no reading that a copy could serve; reads whose address no page names count as not served. */
function coverageOf(store: CrawlStore, nowWallMs: number): LifelineState['coverage'] {
  const from = Math.floor(nowWallMs / DAY_MS) - 30
  const days = one(store, 'SELECT count(DISTINCT day) AS n FROM reads WHERE day >= ?', from)
  const total = one(store, "SELECT coalesce(sum(count), 0) AS n FROM reads LEFT JOIN page ON page.key = reads.key WHERE day >= ? AND coalesce(page.why, '') NOT IN ('status-404', 'status-410')", from)
  const served = one(store, 'SELECT coalesce(sum(count), 0) AS n FROM reads JOIN copy ON copy.key = reads.key WHERE day >= ?', from)
  const unserved = store.rows(
    "SELECT reads.key AS key, sum(count) AS reads, coalesce(page.why, 'not-known') AS why FROM reads LEFT JOIN page ON page.key = reads.key LEFT JOIN copy ON copy.key = reads.key WHERE day >= ? AND copy.key IS NULL AND coalesce(page.why, '') NOT IN ('status-404', 'status-410') GROUP BY reads.key ORDER BY sum(count) DESC LIMIT ?",
    from, MOST_UNSERVED,
  )
  return {
    share: total === 0 ? -1 : served / total,
    reads: Math.round(total),
    days,
    unserved: unserved.map((row) => ({ key: row['key'] === OTHERS ? '(addresses that no page names)' : (row['key'] as string), reads: Math.round(row['reads'] as number), why: row['why'] === '' ? 'not-yet' : (row['why'] as string) })),
  }
}

function missingOf(store: CrawlStore): readonly LifelineMissing[] {
  const reasons = store.rows("SELECT why, count(*) AS n FROM page WHERE why <> '' AND key NOT IN (SELECT key FROM copy) GROUP BY why ORDER BY n DESC LIMIT ?", MOST_REASONS)
  return reasons.map((row) => ({
    why: row['why'] as string,
    pages: row['n'] as number,
    examples: store.rows("SELECT key FROM page WHERE why = ? AND key NOT IN (SELECT key FROM copy) ORDER BY depth, id LIMIT ?", row['why'] as string, EXAMPLES).map((example) => example['key'] as string),
  }))
}

function one(store: CrawlStore, sql: string, ...values: number[]): number {
  return Number(store.rows(sql, ...values)[0]?.['n'] ?? 0)
}
