/** A journal in a folder of its own, and a disk that fails when told. */
import { rmSync } from 'node:fs'
import type { JournalDraft, JournalEntry } from '../../contract/journal.ts'
import { SimulatedClock } from '../../kernel/clock.ts'
import { RecordedLog } from '../../kernel/log.ts'
import { defaultsOf } from '../../kernel/option.ts'
import { testFolder } from '../../kernel/test-folder.testing.ts'
import { Journal, type JournalParts } from './journal.ts'
import { journalOptions } from './options.ts'
import { DiskSegments, type OpenSegment, type SegmentStore } from './segment-store.ts'

export const note = (sentence: string, data: unknown = null): JournalDraft => ({ kind: 'note', who: 'tester', sentence, data })

export class TestJournal {
  readonly folder: string
  readonly clock = new SimulatedClock()
  readonly log = new RecordedLog()
  readonly heard: JournalEntry[] = []
  readonly alarms: string[] = []
  journal: Journal
  readonly #more: Partial<JournalParts>

  constructor(more: Partial<JournalParts> = {}, folder: string = testFolder('journal')) {
    this.folder = folder
    this.#more = more
    this.journal = this.#make()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #make(): Journal {
    return new Journal({
      folder: this.folder, store: new DiskSegments(this.folder), clock: this.clock, log: this.log, retryMs: 5,
      settings: () => defaultsOf(journalOptions),
      hear: (entry) => this.heard.push(entry),
      alarm: (code) => this.alarms.push(code),
      ...this.#more,
    })
  }

  /** Closes it, changes what `between` changes, and opens it again. */
  async again(between: () => void = () => {}): Promise<Journal> {
    await this.journal.close()
    between()
    this.journal = this.#make()
    await this.journal.opened()
    return this.journal
  }

  async all(fromSeq = 1): Promise<JournalEntry[]> {
    const entries: JournalEntry[] = []
    for await (const entry of this.journal.entries(fromSeq)) entries.push(entry)
    return entries
  }
}

/** A real disk on which each operation fails while `failing` says so, writes after half of their bytes. */
export class FailingDisk implements SegmentStore {
  failing: string | null = null
  readonly #real: DiskSegments

  constructor(folder: string) {
    this.#real = new DiskSegments(folder)
  }

  #check(): void {
    if (this.failing !== null) throw Object.assign(new Error(`${this.failing}: as told`), { code: this.failing })
  }

  async makeFolder(): Promise<void> {
    this.#check()
    await this.#real.makeFolder()
  }

  async openSegment(file: string, isNew: boolean): Promise<OpenSegment> {
    this.#check()
    const segment = await this.#real.openSegment(file, isNew)
    return {
      write: async (bytes, at) => {
        if (this.failing !== null) await segment.write(bytes.subarray(0, bytes.length >> 1), at)
        this.#check()
        await segment.write(bytes, at)
      },
      cut: async (length) => {
        this.#check()
        await segment.cut(length)
      },
      close: () => segment.close(),
    }
  }

  readSegment(file: string): Promise<Buffer> {
    return this.#real.readSegment(file)
  }

  async putAside(file: string, bytes: Buffer): Promise<void> {
    this.#check()
    await this.#real.putAside(file, bytes)
  }

  async remove(file: string): Promise<void> {
    this.#check()
    await this.#real.remove(file)
  }
}
