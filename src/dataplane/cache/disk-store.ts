import { chmodSync, closeSync, openSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import type { MonotonicMs, WallMs } from '../../kernel/clock.ts'
import { decodeRow, encodeRow } from './disk-row.ts'
import type { DiskRow } from './disk-row.ts'
import type { StoredResponse } from './stored-response.ts'

/**
 * Last good copies of public pages on disk, so that a restarted process can serve at once, even while the origin is down.
 * Runs in the store thread only. It must never stop serving: every failure of the disk is counted, told once, and waited out.
 *
 * WAL with synchronous=NORMAL: a crash of the process or of the machine leaves a consistent file and may lose the last second of writes
 * (FULL would add a flush per batch to save copies that the origin can give again). Each row carries a checksum over all of it, so a torn or
 * rotten row is dropped, never served. A file that SQLite cannot read is moved aside and a new one begun.
 */
export interface LastGoodStore {
  /** Queues a copy; written with others within a second. */
  put(response: StoredResponse): void
  /** All variants of a key. */
  get(key: string): readonly StoredResponse[]
  /** The most useful copies, best first, until `budgetBytes` of memory would be used. */
  warmStart(budgetBytes: number): Iterable<StoredResponse>
  purge(prefix: string): void
  tick(nowMs: MonotonicMs): void
  close(): void
}

/** Raise when the table changes; an older file is begun anew, since it only holds copies. */
const SCHEMA_VERSION = 1
const PAGE_BYTES = 4_096
const BATCH_MS = 1_000
const MAX_QUEUED = 2_048
/** Bytes of bodies that may wait for writing; beyond, the oldest waiting copies are forgotten. */
const MAX_QUEUED_BYTES = 64 * 1_048_576
const FIRST_BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 60_000
/** When the file has reached its bound, these shares of the rows go, the oldest first, until the batch fits. */
const TRIM_SHARES = [0.1, 0.4, 1]
/** The file counts as full from this share of its bound on; below it, it is the disk that is full, and giving up copies would not help. */
const FULL_SHARE = 0.9

export interface DiskStoreParts {
  readonly path: string
  readonly maxBytes: number
  readonly hashKey: number
  readonly wallMs: () => WallMs
  /** Told of what an operator should know; rare. */
  readonly log: (event: DiskEvent, detail: string) => void
}

export type DiskEvent = 'disk-store-begun-anew' | 'disk-store-suspended' | 'disk-store-resumed' | 'disk-store-row-dropped'

class DamagedFile extends Error {}

export class DiskStore implements LastGoodStore {
  readonly #parts: DiskStoreParts
  #database: DatabaseSync
  #insert!: StatementSync
  #select!: StatementSync
  readonly #queue = new Map<string, StoredResponse>()
  #queuedBytes = 0
  #nextWriteMs = 0
  #backoffMs = 0
  /** Why the last act of #guarded failed. */
  #failure = ''
  /** Failed batches and reads, rows dropped for a wrong checksum, copies forgotten because writing lagged; since start. */
  readonly counts = { failedBatches: 0, failedReads: 0, droppedRows: 0, forgotten: 0, written: 0 }

  /** @throws when the file cannot be opened and cannot be replaced either (a directory that is missing or not ours). */
  constructor(parts: DiskStoreParts) {
    this.#parts = parts
    this.#database = this.#open()
  }

  put(response: StoredResponse): void {
    const name = `${response.key}\n${response.varyKey}`
    this.#unqueue(name)
    this.#queue.set(name, response)
    this.#queuedBytes += response.accountedBytes
    while (this.#queue.size > MAX_QUEUED || this.#queuedBytes > MAX_QUEUED_BYTES) {
      this.#unqueue(this.#queue.keys().next().value as string)
      this.counts.forgotten++
    }
  }

  get(key: string): readonly StoredResponse[] {
    // What waits is written first, so that there is one truth to read; when the disk refuses, the older copy is better than none.
    if (this.#queue.size > 0 && this.#backoffMs === 0) this.flush()
    const found: StoredResponse[] = []
    try {
      for (const row of this.#select.all(key)) {
        const response = this.#decode(row as unknown as DiskRow)
        if (response !== null) found.push(response)
      }
    } catch (error) {
      this.counts.failedReads++
      if (this.counts.failedReads === 1) this.#parts.log('disk-store-suspended', (error as Error).message)
    }
    return found
  }

  *warmStart(budgetBytes: number): Generator<StoredResponse> {
    let used = 0
    // Pages before large files, and what was seen last before what was not.
    const rows = this.#database.prepare('SELECT rowid AS row, length(body) AS bytes FROM copy ORDER BY (length(body) > 262144), storedAt DESC').all()
    const read = this.#database.prepare('SELECT key, varyKey, status, storedAt, meta, body, checksum FROM copy WHERE rowid = ?')
    for (const { row, bytes } of rows as Array<{ row: number; bytes: number }>) {
      if (used + bytes > budgetBytes) continue
      const response = this.#decode(read.get(row) as unknown as DiskRow)
      if (response === null) continue
      used += response.accountedBytes
      if (used > budgetBytes) return
      yield response
    }
  }

  purge(prefix: string): void {
    for (const key of this.#queue.keys()) if (key.startsWith(prefix)) this.#unqueue(key)
    this.#guarded(() => this.#database.prepare('DELETE FROM copy WHERE substr(key, 1, ?) = ?').run(prefix.length, prefix))
  }

  tick(nowMs: MonotonicMs): void {
    if (this.#queue.size === 0 || nowMs < this.#nextWriteMs) return
    if (this.flush()) {
      this.#nextWriteMs = nowMs + BATCH_MS
      if (this.#backoffMs > 0) this.#parts.log('disk-store-resumed', this.#parts.path)
      this.#backoffMs = 0
      return
    }
    if (this.#backoffMs === 0) this.#parts.log('disk-store-suspended', this.#failure)
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(FIRST_BACKOFF_MS, this.#backoffMs * 2))
    this.#nextWriteMs = nowMs + this.#backoffMs
  }

  /** Writes all that waits, in one transaction. False when it failed; the copies stay queued. */
  flush(): boolean {
    if (this.#queue.size === 0) return true
    if (this.#guarded(() => this.#writeQueue(0)) || (this.#isFull() && TRIM_SHARES.some((share) => this.#guarded(() => this.#writeQueue(share))))) {
      this.counts.written += this.#queue.size
      this.#queue.clear()
      this.#queuedBytes = 0
      return true
    }
    this.counts.failedBatches++
    return false
  }

  /** For metrics: rows and bytes of the file now, and whether writing waits for the disk to recover. */
  state(): { readonly rows: number; readonly bytes: number; readonly suspended: boolean } {
    let rows = 0
    let bytes = 0
    this.#guarded(() => {
      rows = (this.#database.prepare('SELECT count(*) AS rows FROM copy').get() as { rows: number }).rows
      bytes = (this.#database.prepare('PRAGMA page_count').get() as { page_count: number }).page_count * PAGE_BYTES
    })
    return { rows, bytes, suspended: this.#backoffMs > 0 }
  }

  close(): void {
    this.flush()
    try {
      this.#database.close()
    } catch {
      // Nothing is lost that was not already: the file is consistent at every moment.
    }
  }

  /** `trimShare` of the rows is given up in the same transaction: when the batch does not fit even so, nothing is lost. */
  #writeQueue(trimShare: number): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      if (trimShare > 0) {
        const { rows } = this.#database.prepare('SELECT count(*) AS rows FROM copy').get() as { rows: number }
        this.#database.prepare('DELETE FROM copy WHERE rowid IN (SELECT rowid FROM copy ORDER BY storedAt LIMIT ?)').run(Math.ceil(rows * trimShare))
      }
      for (const response of this.#queue.values()) {
        const row = encodeRow(response)
        this.#insert.run(row.key, row.varyKey, row.status, row.storedAt, row.meta, row.body, row.checksum)
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      // A full disk may have rolled back by itself already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #isFull(): boolean {
    try {
      const { page_count: pages } = this.#database.prepare('PRAGMA page_count').get() as { page_count: number }
      return pages * PAGE_BYTES >= this.#parts.maxBytes * FULL_SHARE
    } catch {
      return false
    }
  }

  #unqueue(name: string): void {
    const waiting = this.#queue.get(name)
    if (waiting === undefined) return
    this.#queue.delete(name)
    this.#queuedBytes -= waiting.accountedBytes
  }

  #guarded(act: () => void): boolean {
    try {
      act()
      return true
    } catch (error) {
      this.#failure = (error as Error).message
      return false
    }
  }

  #decode(row: DiskRow): StoredResponse | null {
    const response = decodeRow(row, this.#parts.hashKey)
    if (response !== null) return response
    this.counts.droppedRows++
    this.#parts.log('disk-store-row-dropped', row.key)
    this.#guarded(() => this.#database.prepare('DELETE FROM copy WHERE key = ? AND varyKey = ?').run(row.key, row.varyKey))
    return null
  }

  #open(): DatabaseSync {
    this.#forUsAlone()
    try {
      return this.#prepare(new DatabaseSync(this.#parts.path, { timeout: 2_000 }))
    } catch (error) {
      // A full disk, a lock, rights: the copies are as good as they were. Only a file that is damaged is given up: SQLITE_CORRUPT, SQLITE_NOTADB, or quick_check said so.
      const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff
      if (code !== 11 && code !== 26 && !(error instanceof DamagedFile)) throw error
      const aside = `${this.#parts.path}.broken-${this.#parts.wallMs()}`
      renameSync(this.#parts.path, aside)
      rmSync(`${this.#parts.path}-wal`, { force: true })
      rmSync(`${this.#parts.path}-shm`, { force: true })
      this.#parts.log('disk-store-begun-anew', `${aside}: ${(error as Error).message}`)
      this.#forUsAlone()
      return this.#prepare(new DatabaseSync(this.#parts.path, { timeout: 2_000 }))
    }
  }

  /** Which pages were asked for is nobody else's business; SQLite gives its side files the same rights. */
  #forUsAlone(): void {
    closeSync(openSync(this.#parts.path, 'a', 0o600))
    chmodSync(this.#parts.path, 0o600)
  }

  #prepare(database: DatabaseSync): DatabaseSync {
    try {
      database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864; PRAGMA auto_vacuum = NONE`)
      const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
      if (version !== SCHEMA_VERSION) {
        if (version !== 0) database.exec('DROP TABLE IF EXISTS copy')
        database.exec(`
          CREATE TABLE IF NOT EXISTS copy (key TEXT NOT NULL, varyKey TEXT NOT NULL, status INTEGER NOT NULL, storedAt INTEGER NOT NULL, meta TEXT NOT NULL, body BLOB NOT NULL, checksum BLOB NOT NULL, PRIMARY KEY (key, varyKey)) STRICT;
          CREATE INDEX IF NOT EXISTS copyStoredAt ON copy (storedAt);
          PRAGMA user_version = ${SCHEMA_VERSION}`)
      }
      const { quick_check: sound } = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }
      if (sound !== 'ok') throw new DamagedFile(`quick_check: ${sound}`)
      // The bound on the file holds whatever is written; the WAL beside it is bounded by one batch.
      database.exec(`PRAGMA max_page_count = ${Math.max(16, Math.floor(this.#parts.maxBytes / PAGE_BYTES))}`)
      this.#insert = database.prepare('INSERT INTO copy (key, varyKey, status, storedAt, meta, body, checksum) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key, varyKey) DO UPDATE SET status = excluded.status, storedAt = excluded.storedAt, meta = excluded.meta, body = excluded.body, checksum = excluded.checksum')
      this.#select = database.prepare('SELECT key, varyKey, status, storedAt, meta, body, checksum FROM copy WHERE key = ?')
      return database
    } catch (error) {
      database.close()
      throw error
    }
  }
}
