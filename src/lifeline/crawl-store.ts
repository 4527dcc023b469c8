import { chmodSync, closeSync, openSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { LifelineCopy } from '../contract/lifeline.ts'
import { type CopyRow, decodeCopy, encodeCopy } from './copy-row.ts'
import type { CrawlTarget } from './crawl-scope.ts'
import { pathOf } from './crawl-scope.ts'

/**
 * The lifeline on disk: the frontier (every address known, and how its last visit ended), the copies, and who reads what. One file, written by the lifeline
 * thread alone, read by `polder lifeline` as well. The frontier is here and not in memory so that a crawl of any size needs the same memory, and goes on
 * where it was after kill -9: WAL with synchronous=NORMAL loses at most the last second, never the file (decision 0005).
 * Never: grow beyond its bound (SQLite's max_page_count), or hand out a row whose checksum is wrong.
 */
const SCHEMA_VERSION = 1
const PAGE_BYTES = 4_096
/** SQLite's own page cache; the rest is the system's file cache, which costs this process nothing. */
const SQLITE_CACHE_KIB = 4_096

/** Pages that only readers named stand behind all that the site names: whoever asks for an address often enough must not fill the frontier. */
export const READERS_DEPTH = 1_000_000
const READERS_SHARE = 0.1

/** What a visit to one address needs to know. */
export interface FrontierPage extends CrawlTarget {
  readonly id: number
  readonly depth: number
  readonly isAsset: boolean
  readonly etag: string
  readonly lastModified: string
  /** A copy is there, so a 304 is an answer. */
  readonly kept: boolean
  readonly fails: number
}

export type VisitResult =
  | { readonly kind: 'kept'; readonly copy: LifelineCopy; readonly etag: string; readonly lastModified: string }
  /** 304, or the same bytes: the copy there is vouched for again. */
  | { readonly kind: 'unchanged' }
  /** `dropCopy`: it is public no more. */
  | { readonly kind: 'missing'; readonly why: string; readonly dropCopy: boolean }

export interface PassRow {
  readonly number: number
  readonly startedAtWallMs: number
  readonly endedAtWallMs: number
}

export class CrawlStore {
  readonly path: string
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #readOnly: boolean
  #known = -1

  /** @throws when the file cannot be opened (or, to write, replaced). `readOnly`: for the command line; the file must be there. */
  constructor(path: string, options: { readonly readOnly?: boolean; readonly maxBytes?: number; readonly onReplaced?: (detail: string) => void } = {}) {
    this.path = path
    this.#readOnly = options.readOnly === true
    this.#database = this.#readOnly ? this.#openToRead() : this.#openToWrite(options.maxBytes ?? Number.MAX_SAFE_INTEGER, options.onReplaced)
  }

  close(): void {
    try {
      this.#database.close()
    } catch {
      // Consistent at every moment: nothing to save.
    }
  }

  // Passes

  pass(): PassRow {
    return {
      number: Number(this.meta('pass') ?? 0), startedAtWallMs: Number(this.meta('passStartedAt') ?? 0), endedAtWallMs: Number(this.meta('passEndedAt') ?? 0),
    }
  }

  beginPass(nowWallMs: number): PassRow {
    const number = this.pass().number + 1
    this.transaction(() => {
      this.setMeta('pass', String(number))
      this.setMeta('passStartedAt', String(nowWallMs))
      this.setMeta('passEndedAt', '0')
    })
    return this.pass()
  }

  endPass(nowWallMs: number): void {
    this.setMeta('passEndedAt', String(nowWallMs))
  }

  meta(name: string): string | null {
    return (this.#get('SELECT value FROM meta WHERE name = ?', name) as { value: string } | undefined)?.value ?? null
  }

  setMeta(name: string, value: string): void {
    this.#run('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value', name, value)
  }

  // Frontier

  get known(): number {
    if (this.#known === -1) this.#known = this.#count('SELECT count(*) AS n FROM page')
    return this.#known
  }

  /**
   * Returns false when there is no room: too many pages, too many that differ only behind the question mark, or (from READERS_DEPTH on) too many that only
   * readers named. A page that the site itself names later stands where the site has it.
   */
  discover(target: CrawlTarget, depth: number, isAsset: boolean, bounds: { readonly maxPages: number; readonly maxQueriesPerPath: number }): boolean {
    const known = this.#get('SELECT depth FROM page WHERE key = ?', target.key) as { depth: number } | undefined
    if (known !== undefined) {
      if (known.depth >= READERS_DEPTH && depth < READERS_DEPTH) this.#run('UPDATE page SET depth = ? WHERE key = ?', depth, target.key)
      return true
    }
    if (depth >= READERS_DEPTH && this.#count(`SELECT count(*) AS n FROM page WHERE depth >= ${READERS_DEPTH}`) >= bounds.maxPages * READERS_SHARE) return false
    const path = pathOf(target.target)
    if (this.known >= bounds.maxPages) return false
    if (path !== target.target && this.#count('SELECT count(*) AS n FROM page WHERE queryOf = ?', target.host + path) >= bounds.maxQueriesPerPath) return false
    this.#run('INSERT INTO page (key, host, target, queryOf, depth, isAsset) VALUES (?, ?, ?, ?, ?, ?)', target.key, target.host, target.target, path === target.target ? null : target.host + path, depth, isAsset ? 1 : 0)
    this.#known++
    return true
  }

  /** Not yet visited in this pass, nearest to the front page first. */
  next(pass: number, most: number): readonly FrontierPage[] {
    const rows = this.#all('SELECT page.id, page.key, host, target, depth, isAsset, etag, lastModified, fails, copy.key IS NOT NULL AS kept FROM page LEFT JOIN copy ON copy.key = page.key WHERE seenPass < ? ORDER BY depth, page.id LIMIT ?', pass, most)
    return rows.map((row) => ({ ...(row as unknown as FrontierPage), isAsset: row['isAsset'] === 1, kept: row['kept'] === 1 }))
  }

  left(pass: number): number {
    return this.#count('SELECT count(*) AS n FROM page WHERE seenPass < ?', pass)
  }

  /** Writes how a visit ended and what it found, in one transaction. @throws when the disk refuses; the page stays to be visited. */
  visited(page: FrontierPage, pass: number, wallMs: number, result: VisitResult, discover: () => void): void {
    const nowWallMs = Math.round(wallMs)
    this.transaction(() => {
      if (result.kind === 'kept') {
        const row = encodeCopy(result.copy)
        this.#run('INSERT INTO copy (key, status, storedAt, headers, body, checksum) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET status = excluded.status, storedAt = excluded.storedAt, headers = excluded.headers, body = excluded.body, checksum = excluded.checksum', row.key, row.status, row.storedAt, row.headers, row.body, row.checksum)
        this.#run("UPDATE page SET seenPass = ?, checkedAt = ?, fails = 0, why = '', etag = ?, lastModified = ? WHERE id = ?", pass, nowWallMs, result.etag, result.lastModified, page.id)
      } else if (result.kind === 'unchanged') {
        const old = this.copy(page.key)
        // Rotten on disk: the page is asked for whole, as if it had never been there.
        if (old === null) {
          this.#run("UPDATE page SET etag = '', lastModified = '' WHERE id = ?", page.id)
          return
        }
        const row = encodeCopy({ ...old, storedAtWallMs: nowWallMs })
        this.#run('UPDATE copy SET storedAt = ?, checksum = ? WHERE key = ?', row.storedAt, row.checksum, row.key)
        this.#run("UPDATE page SET seenPass = ?, checkedAt = ?, fails = 0, why = '' WHERE id = ?", pass, nowWallMs, page.id)
      } else {
        if (result.dropCopy) this.#run('DELETE FROM copy WHERE key = ?', page.key)
        const forget = result.dropCopy ? ", etag = '', lastModified = ''" : ''
        this.#run(`UPDATE page SET seenPass = ?, checkedAt = ?, fails = fails + 1, why = ?${forget} WHERE id = ?`, pass, nowWallMs, result.why, page.id)
      }
      discover()
    })
  }

  /** The origin could not answer; the page is tried again later in this pass. Returns how often it has failed in a row. */
  failed(page: FrontierPage): number {
    this.#run('UPDATE page SET fails = fails + 1, depth = depth + 1 WHERE id = ?', page.id)
    return page.fails + 1
  }

  /** Copies that the origin has not vouched for since then. Returns how many went. */
  dropOlderThan(wallMs: number): number {
    return Number(this.#run('DELETE FROM copy WHERE storedAt < ?', wallMs).changes)
  }

  /** Addresses that were not there in so many passes in a row. Whoever still names one brings it back. Returns how many went. */
  forgetGone(passes: number): number {
    const { changes } = this.#run("DELETE FROM page WHERE why IN ('status-404', 'status-410') AND fails >= ? AND key NOT IN (SELECT key FROM copy)", passes)
    this.#known = -1
    return Number(changes)
  }

  /** Pages that are out of scope now (settings changed). */
  forget(key: string): void {
    this.transaction(() => {
      this.#run('DELETE FROM copy WHERE key = ?', key)
      this.#run('DELETE FROM page WHERE key = ?', key)
    })
    this.#known = -1
  }

  keys(afterId: number, most: number): ReadonlyArray<{ readonly id: number; readonly key: string; readonly host: string; readonly target: string }> {
    return this.#all('SELECT id, key, host, target FROM page WHERE id > ? ORDER BY id LIMIT ?', afterId, most) as never
  }

  // Copies

  /** Null: none, or damaged. */
  copy(key: string): LifelineCopy | null {
    const row = this.#get('SELECT key, status, storedAt, headers, body, checksum FROM copy WHERE key = ?', key)
    return row === undefined ? null : decodeCopy(row as unknown as CopyRow)
  }

  /** Keys of all copies, in order; the bodies are read one by one. */
  *copyKeys(): Generator<string> {
    let after = ''
    for (;;) {
      const rows = this.#all('SELECT key FROM copy WHERE key > ? ORDER BY key LIMIT 500', after) as unknown as Array<{ key: string }>
      if (rows.length === 0) return
      for (const { key } of rows) yield key
      after = rows.at(-1)!.key
    }
  }

  hasCopy(key: string): boolean {
    return this.#get('SELECT 1 AS there FROM copy WHERE key = ?', key) !== undefined
  }

  /** How the last visit to an address ended, for a person who asks for it. */
  visit(key: string): { readonly why: string; readonly checkedAt: number; readonly fails: number } | null {
    return (this.#get('SELECT why, checkedAt, fails FROM page WHERE key = ?', key) as never) ?? null
  }

  bytes(): number {
    return (this.#get('PRAGMA page_count') as { page_count: number }).page_count * PAGE_BYTES
  }

  // For the state (lifeline-state.ts) and for reads (reads.ts)

  rows(sql: string, ...values: Array<string | number>): ReadonlyArray<Readonly<Record<string, unknown>>> {
    return this.#all(sql, ...values)
  }

  run(sql: string, ...values: Array<string | number>): void {
    this.#run(sql, ...values)
  }

  transaction(act: () => void): void {
    if (this.#database.isTransaction) {
      act()
      return
    }
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      act()
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      this.#known = -1
      throw error
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #run(sql: string, ...values: Array<string | number | null | Uint8Array>) {
    return this.#prepared(sql).run(...values)
  }

  #get(sql: string, ...values: Array<string | number>): Record<string, unknown> | undefined {
    return this.#prepared(sql).get(...values) as Record<string, unknown> | undefined
  }

  #all(sql: string, ...values: Array<string | number>): Array<Record<string, unknown>> {
    return this.#prepared(sql).all(...values) as Array<Record<string, unknown>>
  }

  #count(sql: string, ...values: Array<string | number>): number {
    return (this.#get(sql, ...values) as { n: number }).n
  }

  #openToRead(): DatabaseSync {
    const database = new DatabaseSync(this.path, { readOnly: true, timeout: 2_000 })
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version === SCHEMA_VERSION) return database
    database.close()
    throw new Error(`${this.path} was written by another version of Polder (format ${version}, this one reads ${SCHEMA_VERSION})`)
  }

  #openToWrite(maxBytes: number, onReplaced?: (detail: string) => void): DatabaseSync {
    // How often each page was read is nobody else's business; SQLite gives its side files the same rights.
    closeSync(openSync(this.path, 'a', 0o600))
    chmodSync(this.path, 0o600)
    try {
      return prepare(new DatabaseSync(this.path, { timeout: 2_000 }), maxBytes)
    } catch (error) {
      // A full disk, a lock, rights: the file is as good as it was, and the thread tries again. Only what is damaged is given up.
      if (!isDamage(error)) throw error
      // One damaged file is enough to look at; each may be as large as diskBytes.
      const aside = `${this.path}.broken`
      renameSync(this.path, aside)
      rmSync(`${this.path}-wal`, { force: true })
      rmSync(`${this.path}-shm`, { force: true })
      closeSync(openSync(this.path, 'a', 0o600))
      onReplaced?.(`${aside}: ${(error as Error).message}`)
      return prepare(new DatabaseSync(this.path, { timeout: 2_000 }), maxBytes)
    }
  }
}

class DamagedFile extends Error {}

/** SQLITE_CORRUPT, SQLITE_NOTADB (with whatever says more in the higher bits). */
function isDamage(error: unknown): boolean {
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff
  return error instanceof DamagedFile || code === 11 || code === 26
}

function prepare(database: DatabaseSync, maxBytes: number): DatabaseSync {
  try {
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -${SQLITE_CACHE_KIB}`)
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version !== SCHEMA_VERSION) {
      // An older file only holds copies: it is begun anew.
      if (version !== 0) database.exec('DROP TABLE IF EXISTS page; DROP TABLE IF EXISTS copy; DROP TABLE IF EXISTS meta; DROP TABLE IF EXISTS reads')
      database.exec(`
        CREATE TABLE IF NOT EXISTS page (
          id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, host TEXT NOT NULL, target TEXT NOT NULL, queryOf TEXT, depth INTEGER NOT NULL, isAsset INTEGER NOT NULL,
          seenPass INTEGER NOT NULL DEFAULT 0, checkedAt INTEGER NOT NULL DEFAULT 0, fails INTEGER NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '', etag TEXT NOT NULL DEFAULT '', lastModified TEXT NOT NULL DEFAULT ''
        ) STRICT;
        CREATE INDEX IF NOT EXISTS pageDue ON page (seenPass, depth, id);
        CREATE INDEX IF NOT EXISTS pageQueryOf ON page (queryOf) WHERE queryOf IS NOT NULL;
        CREATE TABLE IF NOT EXISTS copy (key TEXT PRIMARY KEY, status INTEGER NOT NULL, storedAt INTEGER NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL, checksum BLOB NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS copyStoredAt ON copy (storedAt);
        CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS reads (day INTEGER NOT NULL, key TEXT NOT NULL, count REAL NOT NULL, PRIMARY KEY (day, key)) STRICT, WITHOUT ROWID;
        PRAGMA user_version = ${SCHEMA_VERSION}`)
    }
    const { quick_check: sound } = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }
    if (sound !== 'ok') throw new DamagedFile(`quick_check: ${sound}`)
    database.exec(`CREATE INDEX IF NOT EXISTS pageReaders ON page (depth) WHERE depth >= ${READERS_DEPTH}`)
    // Some room for the frontier even when the copies fill the file is in the nature of SQLite: a full file refuses whole transactions, nothing breaks.
    database.exec(`PRAGMA max_page_count = ${Math.max(64, Math.min(4_294_967_294, Math.floor(maxBytes / PAGE_BYTES)))}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
