/**
 * History on the disk: points at three steps, kept moments, events. One SQLite file written by the console's thread alone: WAL with synchronous=NORMAL loses at
 * most the last writes at kill -9 and never the file (docs/decisions/0005). A file that is broken is put aside and begun anew.
 * Never: grow beyond its bound (max_page_count and a count per table), or throw: what the disk refuses is told by `trouble`, kept from the disk for a while, and tried again.
 */
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { HistoryPoint } from '../../contract/console.ts'
import type { KeptTop } from '../../contract/explore.ts'
import type { ControlEvent } from '../../contract/control.ts'
import type { ShieldStatus } from '../../contract/control-socket.ts'
import { DAY_MS, HOUR_MS, MIB, MINUTE_MS, SECOND_MS } from '../../kernel/units.ts'
import { decodePoint, encodePoint, mergePoints } from './history-meter.ts'

const SCHEMA_VERSION = 1
const PAGE_BYTES = 4_096
const SQLITE_CACHE_KIB = 2_048
/** What is kept, finest first. */
export const historySteps = Object.freeze([
  { stepMs: SECOND_MS, keptMs: HOUR_MS },
  { stepMs: 10 * SECOND_MS, keptMs: DAY_MS },
  { stepMs: MINUTE_MS, keptMs: 90 * DAY_MS },
] as const)
const MOMENTS_MS = DAY_MS
/** One every ten seconds for a day, and at events. */
const MOST_MOMENTS = 12_000
const MOST_EVENTS = 8_192
const EVENTS_MS = 90 * DAY_MS
/** A moment that is larger even when packed is not kept. */
const LONGEST_MOMENT_BYTES = 262_144
/** For the points, the events and what SQLite needs, beside the moments: 141,840 points of 160 bytes are 25 MB. */
const OTHER_BYTES = 48 * MIB
const TRY_AGAIN_MS = 60 * SECOND_MS
const MOMENTS_GONE_AT_ONCE = 200

export class HistoryStore {
  readonly #file: string
  readonly #onReplaced: (detail: string) => void
  #database: DatabaseSync | null = null
  #statements = new Map<string, StatementSync>()
  #trouble: string | null = null
  #tryAtMs = 0
  #mostPages = Math.floor((192 * MIB) / PAGE_BYTES)

  constructor(file: string, onReplaced: (detail: string) => void) {
    this.#file = file
    this.#onReplaced = onReplaced
  }

  /** Why nothing is written for now, or null. */
  get trouble(): string | null {
    return this.#trouble
  }

  /** `maxBytes` of the whole file. */
  applyBound(maxBytes: number): void {
    this.#mostPages = Math.floor(Math.max(maxBytes, OTHER_BYTES) / PAGE_BYTES)
    if (this.#database !== null) this.#guard(0, (database) => database.exec(`PRAGMA max_page_count = ${this.#mostPages}`))
  }

  /** In one transaction. `points` of a step that ends at the same moment as a kept one (a restart cut it in two) are joined with it. */
  write(nowMs: number, nowWallMs: number, what: { readonly points: ReadonlyArray<{ readonly stepMs: number; readonly point: HistoryPoint }>; readonly moments: ReadonlyArray<{ readonly status: ShieldStatus; readonly samples: readonly KeptTop[] | null }>; readonly events: readonly ControlEvent[] }): void {
    if (nowMs < this.#tryAtMs) return
    this.#guard(nowMs, () => {
      try {
        this.#transaction(() => this.#put(nowWallMs, what))
      } catch (error) {
        // Full: pages freed inside the file can be used even when the disk has none left.
        if (!/full/i.test((error as Error).message)) throw error
        this.#run('DELETE FROM moment WHERE at IN (SELECT at FROM moment ORDER BY at LIMIT ?)', MOMENTS_GONE_AT_ONCE)
        this.#transaction(() => this.#put(nowWallMs, what))
      }
      this.#trouble = null
    })
  }

  #put(nowWallMs: number, { points, moments, events }: Parameters<HistoryStore['write']>[2]): void {
    for (const { stepMs, point } of points) {
      const at = Math.ceil(point.atWallMs / stepMs) * stepMs
      const old = stepMs === SECOND_MS ? null : this.#row('SELECT body FROM point WHERE step = ? AND at = ?', stepMs, at)
      const before = old === null ? null : decodePoint(at, old['body'] as Uint8Array)
      this.#run('INSERT INTO point (step, at, body) VALUES (?, ?, ?) ON CONFLICT (step, at) DO UPDATE SET body = excluded.body', stepMs, at, encodePoint(before === null ? point : mergePoints([before, point])))
    }
    for (const { status, samples } of moments) {
      const body = pack(status)
      if (body.length > LONGEST_MOMENT_BYTES) continue
      this.#run('INSERT INTO moment (at, body, tops) VALUES (?, ?, ?) ON CONFLICT (at) DO UPDATE SET body = excluded.body, tops = excluded.tops', Math.floor(status.atWallMs), body, samples === null ? null : pack(samples))
    }
    for (const event of events) this.#run('INSERT OR IGNORE INTO happened (at, body) VALUES (?, ?)', Math.floor(event.atWallMs), JSON.stringify(event))
    // What lies in the future was written before the clock was put right.
    const soon = nowWallMs + MINUTE_MS
    for (const { stepMs, keptMs } of historySteps) this.#run('DELETE FROM point WHERE step = ? AND (at < ? OR at > ?)', stepMs, nowWallMs - keptMs, soon)
    if (moments.length > 0) {
      this.#run('DELETE FROM moment WHERE at < ? OR at > ?', nowWallMs - MOMENTS_MS, soon)
      this.#run('DELETE FROM moment WHERE at <= (SELECT at FROM moment ORDER BY at DESC LIMIT 1 OFFSET ?)', MOST_MOMENTS)
    }
    if (events.length > 0) {
      this.#run('DELETE FROM happened WHERE at < ? OR at > ?', nowWallMs - EVENTS_MS, soon)
      this.#run('DELETE FROM happened WHERE id <= (SELECT id FROM happened ORDER BY id DESC LIMIT 1 OFFSET ?)', MOST_EVENTS)
    }
  }

  points(stepMs: number, fromWallMs: number, toWallMs: number): readonly HistoryPoint[] {
    return this.#rows('SELECT at, body FROM point WHERE step = ? AND at > ? AND at <= ? ORDER BY at', stepMs, Math.floor(fromWallMs), Math.floor(toWallMs))
      .map((row) => decodePoint(row['at'] as number, row['body'] as Uint8Array)).filter((point) => point !== null)
  }

  keptFrom(stepMs: number): number | null {
    return (this.#rows('SELECT min(at) AS at FROM point WHERE step = ?', stepMs)[0]?.['at'] as number | null | undefined) ?? null
  }

  /** End of the newest kept point; 0: nothing is. */
  keptTo(stepMs: number): number {
    return (this.#rows('SELECT max(at) AS at FROM point WHERE step = ?', stepMs)[0]?.['at'] as number | null | undefined) ?? 0
  }

  /** The newest one not after `at`, or the oldest after it within a minute. */
  moment(atWallMs: number): ShieldStatus | null {
    const at = Math.floor(atWallMs)
    const row = this.#rows('SELECT at, body FROM moment WHERE at <= ? AND at > ? ORDER BY at DESC LIMIT 1', at, at - HOUR_MS)[0] ?? this.#rows('SELECT at, body FROM moment WHERE at > ? AND at <= ? ORDER BY at LIMIT 1', at, at + MINUTE_MS)[0]
    return row === undefined ? null : (unpack(row['body'] as Uint8Array) as ShieldStatus | null)
  }

  /** The newest not after `at` and not older than that; empty when there are none. */
  samplesBefore(atWallMs: number, withinMs: number): readonly KeptTop[] {
    const row = this.#rows('SELECT tops FROM moment WHERE tops IS NOT NULL AND at <= ? AND at > ? ORDER BY at DESC LIMIT 1', Math.floor(atWallMs), Math.floor(atWallMs - withinMs))[0]
    return (row === undefined ? null : (unpack(row['tops'] as Uint8Array) as readonly KeptTop[] | null)) ?? []
  }

  /** What was kept of a span, oldest first, at most so many, evenly spread. */
  samples(fromWallMs: number, toWallMs: number, most: number): { readonly kept: ReadonlyArray<{ readonly atWallMs: number; readonly tops: readonly KeptTop[] }>; readonly of: number } {
    const ats = this.#rows('SELECT at FROM moment WHERE tops IS NOT NULL AND at > ? AND at <= ? ORDER BY at', Math.floor(fromWallMs), Math.floor(toWallMs)).map((row) => row['at'] as number)
    const step = Math.max(1, ats.length / most)
    const kept: Array<{ atWallMs: number; tops: readonly KeptTop[] }> = []
    for (let i = 0; Math.floor(i) < ats.length; i += step) {
      const row = this.#rows('SELECT tops FROM moment WHERE at = ?', ats[Math.floor(i)]!)[0]
      const tops = row === undefined ? null : (unpack(row['tops'] as Uint8Array) as readonly KeptTop[] | null)
      if (tops !== null) kept.push({ atWallMs: ats[Math.floor(i)]!, tops })
    }
    return { kept, of: ats.length }
  }

  events(fromWallMs: number, toWallMs: number, most: number): readonly ControlEvent[] {
    return this.#rows('SELECT body FROM (SELECT id, at, body FROM happened WHERE at >= ? AND at <= ? ORDER BY at DESC, id DESC LIMIT ?) ORDER BY at, id', Math.floor(fromWallMs), Math.floor(toWallMs), most).map((row) => JSON.parse(row['body'] as string) as ControlEvent)
  }

  get bytes(): number {
    const [pages] = this.#rows('SELECT page_count AS n FROM pragma_page_count')
    return ((pages?.['n'] as number | undefined) ?? 0) * PAGE_BYTES
  }

  close(): void {
    this.#statements.clear()
    try {
      this.#database?.close()
    } catch {
      // Consistent at every moment: nothing to save.
    }
    this.#database = null
  }

  /** Runs it; when the disk refuses, says so and leaves it alone for a minute. */
  #guard(nowMs: number, run: (database: DatabaseSync) => void): void {
    try {
      run(this.#open())
    } catch (error) {
      this.#trouble = `history is not written to the disk: ${(error as Error).message}; the last hour is in memory, and it is tried again every minute`
      this.#tryAtMs = nowMs + TRY_AGAIN_MS
      this.close()
    }
  }

  #open(): DatabaseSync {
    if (this.#database !== null) return this.#database
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 })
    try {
      this.#database = prepare(this.#file, this.#mostPages)
    } catch (error) {
      if (!/malformed|not a database|quick_check/i.test((error as Error).message)) throw error
      const aside = `${this.#file}.broken`
      renameSync(this.#file, aside)
      for (const end of ['-wal', '-shm']) rmSync(this.#file + end, { force: true })
      this.#onReplaced(`${aside}: ${(error as Error).message}`)
      this.#database = prepare(this.#file, this.#mostPages)
    }
    return this.#database
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) this.#statements.set(sql, (statement = this.#open().prepare(sql)))
    return statement
  }

  #run(sql: string, ...values: Array<number | string | Uint8Array | null>): void {
    this.#statement(sql).run(...values)
  }

  #row(sql: string, ...values: Array<number | string>): Record<string, unknown> | null {
    return (this.#statement(sql).get(...values) as Record<string, unknown> | undefined) ?? null
  }

  /** Empty when the file cannot be read. */
  #rows(sql: string, ...values: Array<number | string>): ReadonlyArray<Record<string, unknown>> {
    try {
      return this.#statement(sql).all(...values) as Array<Record<string, unknown>>
    } catch (error) {
      this.#trouble = `history cannot be read from the disk: ${(error as Error).message}`
      this.close()
      return []
    }
  }

  #transaction(run: () => void): void {
    const database = this.#open()
    database.exec('BEGIN IMMEDIATE')
    try {
      run()
      database.exec('COMMIT')
    } catch (error) {
      // Some errors have ended it already.
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }
}

function prepare(file: string, mostPages: number): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 2_000 })
  try {
    chmodSync(file, 0o600)
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 8388608; PRAGMA cache_size = -${SQLITE_CACHE_KIB}`)
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version !== 0 && version !== SCHEMA_VERSION) throw new Error(`quick_check: version ${version} is of another Polder`)
    database.exec(`
      CREATE TABLE IF NOT EXISTS point (step INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (step, at)) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS moment (at INTEGER PRIMARY KEY, body BLOB NOT NULL, tops BLOB) STRICT;
      CREATE TABLE IF NOT EXISTS happened (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
      CREATE UNIQUE INDEX IF NOT EXISTS happenedAt ON happened (at, body);
      PRAGMA user_version = ${SCHEMA_VERSION}`)
    const { quick_check: sound } = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }
    if (sound !== 'ok') throw new Error(`quick_check: ${sound}`)
    database.exec(`PRAGMA max_page_count = ${mostPages}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function pack(value: unknown): Buffer {
  return deflateRawSync(Buffer.from(JSON.stringify(value)), { level: 3 })
}

/** null: it is broken. */
function unpack(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(inflateRawSync(bytes, { maxOutputLength: 16 * MIB }).toString()) as unknown
  } catch {
    return null
  }
}
