/**
 * The journal's writer. Entries are chained in the order they come, written together, synced (fdatasync), and only then acknowledged: an acknowledged entry is
 * on the disk, whatever ends the process. When the disk fails, entries are acknowledged from memory, an alarm is raised, and writing is tried again every few
 * seconds by itself; nobody waits. Memory is bounded: beyond it figures go first, then everything is refused and counted.
 */
import { join } from 'node:path'
import type { JournalDraft, JournalEntry, JournalState, JournalVerdict } from '../../contract/journal.ts'
import type { Clock } from '../../kernel/clock.ts'
import { FileLock } from '../../kernel/file-lock.ts'
import type { Log } from '../../kernel/log.ts'
import { MIB, SECOND_MS } from '../../kernel/units.ts'
import type { Scribe } from '../room.ts'
import { chain, emptyHead, type Head } from './chain.ts'
import { findEnd } from './find-end.ts'
import { JournalReader } from './journal-reader.ts'
import type { JournalSettings } from './options.ts'
import { Retention } from './retention.ts'
import type { SegmentStore } from './segment-store.ts'
import { SegmentWriter } from './segment-writer.ts'
import { UnwrittenEntries } from './unwritten-entries.ts'
import { verifyJournal } from './verify-journal.ts'
import { WaitingDrafts } from './waiting-drafts.ts'

/** A new file after this; retention deletes whole files, and the start reads the newest one whole. */
const SEGMENT_BYTES = 4 * MIB
/** One writer a journal: two chains in one folder would be none. During an upgrade the new process waits until the old one lets go. */
const LOCK_FILE = 'writer.lock'
const FIRST_RETRY_MS = SECOND_MS
const LONGEST_RETRY_MS = 5 * SECOND_MS
/** An upgrade's two processes hand the journal over well within this. */
const OPEN_PATIENCE_MS = 15 * SECOND_MS
const LOCK_LOOK_MS = 200
/** A step back of the clock smaller than this is a correction nobody needs to hear of. */
const CLOCK_STEP_MS = SECOND_MS

export interface JournalParts {
  readonly folder: string
  readonly store: SegmentStore
  readonly clock: Clock
  readonly log: Log
  settings(): JournalSettings
  /** Every entry, in order, once it is acknowledged. */
  hear(entry: JournalEntry): void
  /** For status: something a person should look at. */
  alarm(code: string, sentence: string): void
  /** For tests: smaller files, quicker second tries. */
  readonly segmentBytes?: number
  readonly retryMs?: number
}

export class Journal implements Scribe {
  readonly #parts: JournalParts
  readonly #retention: Retention
  readonly #reader: JournalReader
  readonly #writer: SegmentWriter
  /** null: not opened yet. */
  #head: Head | null = null
  /** On the disk. */
  #written: Head = emptyHead
  #lastWallMs = 0
  readonly #unopened = new WaitingDrafts()
  readonly #unwritten: UnwrittenEntries
  #pumping: Promise<void> | null = null
  #retry: NodeJS.Timeout | null = null
  #retryMs = FIRST_RETRY_MS
  #suspended: string | null = null
  #suspendedAtWallMs = 0
  #lost = 0
  #lostToldAt = 0
  #failures = 0
  #lock: FileLock | null = null
  #closed = false
  readonly #opening: Promise<void>
  #cleaning = false

  constructor(parts: JournalParts) {
    this.#parts = parts
    this.#unwritten = new UnwrittenEntries((entry) => parts.hear(entry))
    this.#writer = new SegmentWriter(parts.store, parts.segmentBytes ?? SEGMENT_BYTES)
    this.#reader = new JournalReader(parts.folder, async () => {
      await this.#opening
      return { segments: this.#writer.segments, inMemory: this.#unwritten.entries(), writtenSeq: this.#written.seq, lastSeq: this.#head?.seq ?? 0 }
    })
    this.#retention = new Retention(parts.clock)
    this.#opening = this.#open()
  }

  write(draft: JournalDraft): Promise<JournalEntry> {
    return this.#take(draft, true)
  }

  /** As write, for who needs no number: waits as long as it takes until the journal can be opened. */
  async note(draft: JournalDraft): Promise<void> {
    await this.#take(draft, false)
  }

  /** When everything taken so far is acknowledged. */
  async settled(): Promise<void> {
    await this.#opening
    while (this.#suspended === null && this.#unwritten.count > 0 && this.#pumping !== null) await this.#pumping
  }

  /** When the journal can be written and read. */
  opened(): Promise<void> {
    return this.#opening
  }

  state(): JournalState {
    const firstSeq = this.#writer.segments[0]?.firstSeq ?? 1
    const head = this.#head ?? emptyHead
    return {
      entries: Math.max(0, head.seq - firstSeq + 1), lastSeq: head.seq, lastHash: head.hash,
      segments: this.#writer.segments.length, bytes: this.#writer.bytes,
      suspended: this.#suspended, waiting: this.#unopened.count + (this.#suspended === null ? 0 : this.#unwritten.count), lost: this.#lost, failures: this.#failures,
    }
  }

  /** Once in a while: what is older than its time goes, and the newest hash is told to the log. */
  tick(): void {
    if (this.#head === null || this.#closed) return
    if (this.#retention.isDue()) {
      this.#parts.log.info(`the journal has ${this.state().entries} entries; entry ${this.#written.seq} has hash ${this.#written.hash}`, { journalSeq: this.#written.seq, journalHash: this.#written.hash })
      void this.#clean()
    }
  }

  /** The newest entry on the disk. */
  async head(): Promise<Head> {
    await this.settled()
    return this.#written
  }

  async verify(): Promise<JournalVerdict> {
    await this.#opening
    return verifyJournal(this.#parts.folder, this.#written.seq === 0 ? {} : { expectHash: this.#written.hash })
  }

  entries(fromSeq: number): AsyncGenerator<JournalEntry> {
    return this.#reader.entries(fromSeq)
  }

  /** Each file is read whole. */
  newestFirst(): AsyncGenerator<JournalEntry> {
    return this.#reader.newestFirst()
  }

  /** Number of the first entry that may be as young as this. */
  firstSeqSince(wallMs: number): Promise<number> {
    return this.#reader.firstSeqSince(wallMs)
  }

  /** Writes what is there, and lets go of the folder. */
  async close(): Promise<void> {
    if (this.#closed) return
    if (this.#head !== null) {
      if (this.#retry !== null) clearTimeout(this.#retry)
      this.#retry = null
      this.#pump()
      await this.#pumping
    }
    this.#closed = true
    if (this.#retry !== null) clearTimeout(this.#retry)
    await this.#opening
    for (const one of this.#unopened.takeAll()) one.resolve(lostEntry(one.atWallMs))
    if (this.#head !== null) {
      this.#parts.log.info(`the journal is closed with entry ${this.#written.seq}, hash ${this.#written.hash}`, { journalSeq: this.#written.seq, journalHash: this.#written.hash })
      if (this.#unwritten.count > 0) this.#parts.log.error(`${this.#unwritten.count} entries of the journal are lost: the disk failed until the end (${this.#suspended ?? ''})`)
    }
    await this.#writer.letGo()
    this.#lock?.release()
    this.#lock = null
  }

  #take(draft: JournalDraft, needsNumber: boolean): Promise<JournalEntry> {
    const atWallMs = Math.round(this.#parts.clock.wallMs())
    return new Promise((resolve) => {
      if (this.#closed) resolve(lostEntry(atWallMs))
      else if (this.#head !== null) this.#chain(draft, atWallMs, resolve)
      else if (!this.#unopened.add({ draft, atWallMs, sinceMs: this.#parts.clock.monotonicMs(), needsNumber, resolve })) this.#lose(atWallMs, resolve)
    })
  }

  #lose(atWallMs: number, resolve: (entry: JournalEntry) => void): void {
    this.#lost++
    resolve(lostEntry(atWallMs))
  }

  #chain(draft: JournalDraft, atWallMs: number, resolve: (entry: JournalEntry) => void): void {
    if (!this.#unwritten.hasRoomFor(draft.kind)) return this.#lose(atWallMs, resolve)
    if (atWallMs < this.#lastWallMs - CLOCK_STEP_MS) {
      const byMs = this.#lastWallMs - atWallMs
      this.#lastWallMs = atWallMs
      this.#append({ kind: 'control', who: 'polder', sentence: `the machine's clock went back by ${Math.round(byMs / SECOND_MS)} s: the numbers of the entries say the order`, data: { atWallMs, code: 'clock-went-back', byMs } }, atWallMs, null)
    }
    this.#lastWallMs = atWallMs
    this.#append(draft, atWallMs, resolve)
    this.#pump()
  }

  #append(draft: JournalDraft, atWallMs: number, resolve: ((entry: JournalEntry) => void) | null): void {
    const { entry, line } = chain(draft, this.#head!, atWallMs)
    this.#head = { seq: entry.seq, hash: entry.hash }
    this.#unwritten.add(entry, line, resolve ?? (() => {}))
    if (this.#suspended !== null) this.#unwritten.acknowledgeNewest()
  }

  #pump(): void {
    if (this.#pumping !== null || this.#retry !== null || this.#closed || this.#unwritten.count === 0) return
    this.#pumping = this.#writeAll().finally(() => {
      this.#pumping = null
      // Who heard of the last acknowledgement may have written again before this ran.
      this.#pump()
    })
  }

  async #writeAll(): Promise<void> {
    while (this.#unwritten.count > 0) {
      const { entries, bytes } = this.#unwritten.batch()
      try {
        if (await this.#writer.append(entries[0], bytes)) void this.#clean()
      } catch (error) {
        await this.#fail(error as Error)
        return
      }
      const acknowledge = this.#unwritten.takeWritten(entries.length)
      const last = entries.at(-1)!
      this.#written = { seq: last.seq, hash: last.hash }
      acknowledge()
      if (this.#suspended !== null) this.#resume()
    }
  }

  /** A failed write leaves an unknown end behind: the file is opened anew and cut before the next one. */
  async #fail(error: Error): Promise<void> {
    this.#failures++
    await this.#writer.letGo()
    const sentence = `the journal cannot be written (${(error as NodeJS.ErrnoException).code ?? error.message}); entries are kept in memory and written as soon as that works again`
    const isNew = this.#suspended === null
    this.#suspended = sentence
    this.#unwritten.acknowledgeAll()
    if (isNew) {
      this.#suspendedAtWallMs = this.#parts.clock.wallMs()
      this.#retryMs = this.#parts.retryMs ?? FIRST_RETRY_MS
      this.#parts.log.error(sentence, { event: 'journal-suspended', folder: this.#parts.folder })
      this.#parts.alarm('journal-suspended', sentence)
      void this.note({ kind: 'alarm', who: 'polder', sentence, data: { key: 'journal-disk', code: 'journal-suspended', severity: 'critical' } })
    }
    if (this.#closed) return
    this.#retry = setTimeout(() => {
      this.#retry = null
      this.#pump()
    }, this.#retryMs)
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2)
  }

  #resume(): void {
    this.#suspended = null
    const seconds = Math.max(0, Math.round((this.#parts.clock.wallMs() - this.#suspendedAtWallMs) / SECOND_MS))
    const lost = this.#lost - this.#lostToldAt
    this.#lostToldAt = this.#lost
    const sentence = `the journal is written again after ${seconds} s; ${lost === 0 ? 'nothing was lost' : `${lost} entries were lost, because the memory for them was used up`}`
    this.#parts.log.info(sentence, { event: 'journal-resumed' })
    this.#parts.alarm('journal-resumed', sentence)
    void this.note({ kind: 'alarm', who: 'polder', sentence, data: { key: 'journal-disk', code: 'journal-resumed', over: true, lost } })
  }

  async #open(): Promise<void> {
    const { store, clock, log } = this.#parts
    const since = clock.monotonicMs()
    let told = false
    for (;;) {
      let trouble: string
      let waitMs = this.#parts.retryMs ?? FIRST_RETRY_MS
      try {
        await store.makeFolder()
        this.#lock ??= FileLock.take(join(this.#parts.folder, LOCK_FILE))
        if (this.#lock !== null) {
          await this.#takeEnd()
          break
        }
        trouble = 'another process writes it'
        waitMs = LOCK_LOOK_MS
      } catch (error) {
        this.#failures++
        trouble = (error as NodeJS.ErrnoException).code ?? (error as Error).message
      }
      if (this.#closed) return
      const waited = clock.monotonicMs() - since
      if (!told && (waited > OPEN_PATIENCE_MS || waitMs !== LOCK_LOOK_MS)) {
        told = true
        this.#suspended = `the journal cannot be opened (${trouble}); entries wait in memory`
        this.#suspendedAtWallMs = clock.wallMs()
        log.error(this.#suspended, { event: 'journal-suspended', folder: this.#parts.folder })
        this.#parts.alarm('journal-suspended', this.#suspended)
      }
      for (const one of this.#unopened.takeImpatient(clock.monotonicMs())) this.#lose(one.atWallMs, (entry) => one.resolve(entry))
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
    log.info(`the journal has ${this.state().entries} entries; entry ${this.#written.seq} has hash ${this.#written.hash}`, { journalSeq: this.#written.seq, journalHash: this.#written.hash })
    const waiting = this.#unopened.takeAll()
    const wasSuspended = this.#suspended !== null
    this.#suspended = null
    for (const one of waiting) this.#chain(one.draft, one.atWallMs, (entry) => one.resolve(entry))
    if (wasSuspended) this.#resume()
  }

  /** @throws a system error. */
  async #takeEnd(): Promise<void> {
    const { folder, store, clock, log } = this.#parts
    const { segments, head, atWallMs, told } = await findEnd(folder, store)
    this.#writer.segments = segments
    this.#head = this.#written = head
    this.#lastWallMs = atWallMs
    for (const draft of told.toReversed()) {
      log.warn(draft.sentence)
      this.#parts.alarm((draft.data as { code: string }).code, draft.sentence)
      this.#unopened.addFirst({ draft, atWallMs: Math.round(clock.wallMs()), sinceMs: clock.monotonicMs(), needsNumber: false, resolve: () => {} })
    }
  }

  /** Every deletion is written down first, so that what is left can still be proved. */
  async #clean(): Promise<void> {
    if (this.#cleaning || this.#suspended !== null) return
    this.#cleaning = true
    try {
      for (const draft of this.#retention.choose(this.#writer.segments, this.#parts.settings())) {
        const entry = await this.write(draft)
        if (entry.seq === 0 || this.#suspended !== null || this.#closed) return
        await this.#writer.removeOldest()
      }
    } catch (error) {
      this.#parts.log.warn(`an old segment of the journal could not be deleted: ${(error as Error).message}`)
    } finally {
      this.#cleaning = false
    }
  }
}

function lostEntry(atWallMs: number): JournalEntry {
  return Object.freeze({ seq: 0, atWallMs, kind: 'alarm' as const, who: 'polder', sentence: 'this entry could not be kept', data: null, previous: '', hash: '' })
}
